"""llama-server of llama.cpp. Its arguments: tools/server/README.md of ggml-org/llama.cpp, read 2026-11."""

from __future__ import annotations

from typing import Any

from evalkit.servers.engine import Ask, Body, Command, Engine, Place, Wanted, filled, flags

SLOTS = 4


def command(wanted: Wanted, place: Place) -> Command:
    """Its slots, requests that it works on at once, share the context that it is given."""
    slots = slots_of(wanted)
    words = flags(
        host=place.host,
        port=place.port,
        alias=served(wanted),
        ctx_size=wanted.context and wanted.context * slots,
        reasoning_format=wanted.reasoning_parser,
        chat_template_file=wanted.chat_template,
        seed=wanted.seed,
        metrics=True,
        jinja=True,
        parallel=None if asked_slots(wanted) else slots,
    )
    model = "--model" if wanted.model.endswith(".gguf") else "--hf-repo"  # REPOSITORY[:QUANTISATION]
    return Command(("llama-server", model, wanted.model, *words, *wanted.extra), {"LLAMA_API_KEY": place.key})


def slots_of(wanted: Wanted) -> int:
    return asked_slots(wanted) or SLOTS


def asked_slots(wanted: Wanted) -> int | None:
    """What --server-arg says: `--parallel 8`, `--parallel=8` or `-np 8`."""
    words = [part for word in wanted.extra for part in word.split("=")]
    for flag in ("--parallel", "-np"):
        if flag in words[:-1] and words[words.index(flag) + 1].isdigit():
            return int(words[words.index(flag) + 1])
    return None


def served(wanted: Wanted) -> str:
    return wanted.served_name or wanted.model.rpartition("/")[2]


def context(props: Any) -> int | None:
    return int(props["default_generation_settings"]["n_ctx"])


def speak(body: Body) -> Body:
    """Its own are top_k 40, top_p 0.95 and min_p 0.05; a repetition penalty has another name here."""
    said = dict(body)
    if "repetition_penalty" in said:
        said["repeat_penalty"] = said.pop("repetition_penalty")
    if said.get("top_k") == -1:
        said["top_k"] = 0
    neutral = {"top_p": 1.0, "top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
    return filled(said, temperature=1.0, presence_penalty=0.0, frequency_penalty=0.0, **neutral)


def count(ask: Ask, body: Body) -> int | None:
    """The template is applied by one path, and what it gives is counted by another."""
    text = body.get("prompt")
    if text is None:
        asked = {key: body[key] for key in ("messages", "tools") if key in body}
        status, said = ask("/apply-template", asked)
        if status != 200:
            return None
        text = said["prompt"]
    status, said = ask("/tokenize", {"content": text, "add_special": True, "parse_special": True})
    return len(said["tokens"]) if status == 200 else None


LLAMACPP = Engine(
    "llamacpp",
    program="llama-server",
    package="",
    command=command,
    served=served,
    install="https://github.com/ggml-org/llama.cpp: its releases, or cmake --build",
    context=("/props", context),
    version=("/props", lambda said: str(said["build_info"])),
    slots=("/props", lambda said: int(said["total_slots"])),
    grace_s=10.0,
    speak=speak,
    count=count,
    unsupported=("revision", "parallel", "quantization", "gpu_memory", "tool_parser", "device"),
    source="ggml-org/llama.cpp, tools/server/README.md, read 2026-11",
)
