"""A model server of our own that behaves badly on demand: `python stub.py --port N --model NAME FAULT...`.

slow=S        listens after S seconds            loading=S     then /health says 503 for S seconds
hang          takes requests, answers none       exit=N        ends with N while loading, saying `says`
says=TEXT     printed at the start               stubborn      ignores SIGTERM
tidies=S      takes S seconds to end when it is told to, and makes the file `file` then
orphan        leaves a process behind in a session of its own, whose number it prints
other         serves another model               endless       answers /health, never a completion
liar          lists another model than it answers to

Of one that answers, as vLLM does (a token is four characters):

dies=N        ends at the Nth completion         dies_once=F   the same, unless the file F is there; makes it
cuts=N        reads N tokens of a prompt, and says so, without a word
goes_on       answers prompts beyond its context and counts them right
miscounts     says another usage than it read    deaf          heeds neither max_tokens nor stop
texts         makes tool calls as texts          toolless      takes no tools: 400
mute          makes no tool calls                preempts      puts requests off more and more often
thinks        what it writes is thought before an answer
garbled       writes bytes that are no text, and heeds no stop among them
context=N     tokens of its context (4,096)      kv=N          tokens that its cache holds
asked=FILE    each body that it is sent goes there, a line each
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SAYS = "one two three four five six seven eight nine ten eleven twelve thirteen "


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--model")
    parser.add_argument("--served-model-name")
    given, faults_given = parser.parse_known_args()
    words = [*faults_given, *os.environ.get("STUB_FAULTS", "").split()]
    faults = dict(fault.partition("=")[::2] for fault in words)
    print(faults.get("says", "loading"), flush=True)
    if "stubborn" in faults:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "tidies" in faults:
        signal.signal(
            signal.SIGTERM, lambda number, frame: tidy(float(faults["tidies"]), Path(faults["file"]))
        )
    if "orphan" in faults:
        orphan = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        print(f"orphan {orphan.pid}", flush=True)
    time.sleep(float(faults.get("slow", 0)))
    if "exit" in faults:
        return int(faults["exit"])
    model = given.served_model_name or given.model
    server = ThreadingHTTPServer(("127.0.0.1", given.port), handler(model, faults, time.monotonic()))
    server.daemon_threads = True
    server.serve_forever()
    return 0


def tidy(seconds: float, file: Path) -> None:
    time.sleep(seconds)
    file.touch()
    os._exit(0)


def text_of(asked: dict[str, Any]) -> str:
    return str(asked.get("prompt") or "".join(str(m["content"]) for m in asked.get("messages", ())))


def handler(model: str, faults: dict[str, str], began: float) -> type[BaseHTTPRequestHandler]:
    completions = [0]
    looks = [0]
    lock = threading.Lock()
    context = int(faults.get("context", 4096))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.patient()
            loading = time.monotonic() - began < float(faults.get("loading", 0))
            if self.path == "/version":
                self.say(200, {"version": "1.2.3"})
            elif self.path == "/metrics":
                looks[0] += "preempts" in faults
                blocks = int(faults.get("kv", 160_000)) // 16
                cache = f'vllm:cache_config_info{{block_size="16",num_gpu_blocks="{blocks}"}} 1.0'
                self.say(200, f'{cache}\nvllm:num_preemptions_total{{engine="0"}} {looks[0]}.0\n')
            elif self.path == "/v1/models":
                self.say(
                    200, {"data": [{"id": "liar" if "liar" in faults else model, "max_model_len": context}]}
                )
            else:
                self.say(503 if loading else 200, {})

        def do_POST(self) -> None:
            self.patient()
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = os.environ.get("STUB_KEY") or os.environ["VLLM_API_KEY"]
            if self.headers["Authorization"] != f"Bearer {key}":
                self.say(401, {"error": "no key"})
            elif asked["model"] != model or "other" in faults:
                self.say(404, {"error": f"there is no model {asked['model']}"})
            elif self.path == "/tokenize":
                self.say(200, {"count": len(text_of(asked)) // 4})
            else:
                self.complete(asked)

        def complete(self, asked: dict[str, Any]) -> None:
            if "endless" in faults:
                time.sleep(1000)
            with lock:
                completions[0] += 1
                self.dies()
                if "asked" in faults:
                    with Path(faults["asked"]).open("a") as file:
                        file.write(json.dumps(asked) + "\n")
            prompt = len(text_of(asked)) // 4
            if prompt >= context and "goes_on" not in faults and "cuts" not in faults:
                message = f"maximum context length is {context} tokens, {prompt} in the messages"
                self.say(400, {"error": {"message": message}})
                return
            if asked.get("tools") and "toolless" in faults:
                self.say(400, {"error": {"message": '"auto" tool choice requires --enable-auto-tool-choice'}})
                return
            self.say(200, self.reply(asked, prompt))

        def reply(self, asked: dict[str, Any], prompt: int) -> dict[str, Any]:
            text, finish = SAYS * 20, "stop"
            if "deaf" not in faults:
                limit = 4 * int(asked.get("max_tokens") or 100)
                text, finish = text[:limit], "length" if limit < len(text) else "stop"
                for stop in asked.get("stop") or ():
                    if stop in text:
                        text, finish = text[: text.index(stop)], "stop"
            if "garbled" in faults:
                text, finish = "\x03X\0\ufffdon\ufffdn", "length"
            message: dict[str, Any] = {"role": "assistant", "content": text}
            if asked.get("tools") and "texts" in faults:
                message["content"] = '<tool_call>{"name": "report_number", "arguments": {}}</tool_call>'
            elif asked.get("tools") and "mute" not in faults:
                name = asked["tools"][0]["function"]["name"]
                call = {"id": "a", "type": "function", "function": {"name": name, "arguments": "{}"}}
                message |= {"content": None, "tool_calls": [call]}
            if "thinks" in faults:
                message |= {"content": None, "reasoning": text}
            read = min(prompt, int(faults.get("cuts", prompt)))
            read += 1000 if "miscounts" in faults else 0
            usage = {"prompt_tokens": read, "completion_tokens": len(text) // 4}
            choice = {"index": 0, "finish_reason": finish, "message": message}
            return {"choices": [choice], "usage": usage, "model": model}

        def dies(self) -> None:
            once = Path(faults["dies_once"]) if "dies_once" in faults else None
            if once is not None and not once.exists() and completions[0] >= 6:
                once.touch()
                os._exit(7)
            if "dies" in faults and completions[0] >= int(faults["dies"]):
                print("CUDA error: an illegal memory access was encountered", flush=True)
                os._exit(7)

        def patient(self) -> None:
            if "hang" in faults:
                time.sleep(1000)

        def say(self, status: int, body: Any) -> None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *words: Any) -> None:
            pass

    return Handler


if __name__ == "__main__":
    sys.exit(main())
