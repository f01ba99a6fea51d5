"""A model server of our own that behaves badly on demand: `python stub.py --port N --model NAME FAULT...`.

slow=S        listens after S seconds            loading=S     then /health says 503 for S seconds
hang          takes requests, answers none       exit=N        ends with N while loading, saying `says`
says=TEXT     printed at the start               stubborn      ignores SIGTERM
orphan        leaves a process behind in a session of its own, whose number it prints
other         serves another model               endless       answers /health, never a completion
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--model")
    parser.add_argument("faults", nargs="*")
    given = parser.parse_args()
    faults = dict(fault.partition("=")[::2] for fault in given.faults)
    print(faults.get("says", "loading"), flush=True)
    if "stubborn" in faults:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "orphan" in faults:
        orphan = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        print(f"orphan {orphan.pid}", flush=True)
    time.sleep(float(faults.get("slow", 0)))
    if "exit" in faults:
        return int(faults["exit"])
    server = ThreadingHTTPServer(("127.0.0.1", given.port), handler(given.model, faults, time.monotonic()))
    server.daemon_threads = True
    server.serve_forever()
    return 0


def handler(model: str, faults: dict[str, str], began: float) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.patient()
            loading = time.monotonic() - began < float(faults.get("loading", 0))
            if self.path == "/version":
                self.say(200, {"version": "1.2.3"})
            elif self.path == "/v1/models":
                self.say(
                    200, {"data": [{"id": "liar" if "liar" in faults else model, "max_model_len": 4096}]}
                )
            else:
                self.say(503 if loading else 200, {})

        def do_POST(self) -> None:
            self.patient()
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["Authorization"] != f"Bearer {os.environ['STUB_KEY']}":
                self.say(401, {"error": "no key"})
                return
            if asked["model"] != model or "other" in faults:
                self.say(404, {"error": f"there is no model {asked['model']}"})
                return
            if "endless" in faults:
                time.sleep(1000)
            message = {"role": "assistant", "content": "Hi"}
            self.say(200, {"choices": [{"index": 0, "finish_reason": "length", "message": message}]})

        def patient(self) -> None:
            if "hang" in faults:
                time.sleep(1000)

        def say(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *words: Any) -> None:
            pass

    return Handler


if __name__ == "__main__":
    sys.exit(main())
