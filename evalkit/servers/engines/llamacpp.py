"""llama-server of llama.cpp. Its arguments: tools/server/README.md of ggml-org/llama.cpp, read 2026-11."""

from __future__ import annotations

from typing import Any

from evalkit.servers.engine import Command, Engine, Place, Wanted, flags


def command(wanted: Wanted, place: Place) -> Command:
    words = flags(
        host=place.host,
        port=place.port,
        alias=served(wanted),
        ctx_size=wanted.context,
        reasoning_format=wanted.reasoning_parser,
        chat_template_file=wanted.chat_template,
        seed=wanted.seed,
        metrics=True,
        jinja=True,
    )
    return Command(
        ("llama-server", "--model", wanted.model, *words, *wanted.extra), {"LLAMA_API_KEY": place.key}
    )


def served(wanted: Wanted) -> str:
    return wanted.served_name or wanted.model.rpartition("/")[2]


def context(props: Any) -> int | None:
    return int(props["default_generation_settings"]["n_ctx"])


LLAMACPP = Engine(
    "llamacpp",
    program="llama-server",
    package="",
    command=command,
    served=served,
    install="https://github.com/ggml-org/llama.cpp: its releases, or cmake --build",
    context=("/props", context),
    version=("/props", lambda said: str(said["build_info"])),
    unsupported=("revision", "parallel", "quantization", "gpu_memory", "tool_parser", "device"),
    source="ggml-org/llama.cpp, tools/server/README.md, read 2026-11",
)
