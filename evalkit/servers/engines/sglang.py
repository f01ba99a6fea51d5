"""SGLang. Its arguments: docs.sglang.ai, "Server arguments", read 2026-11; not run by us."""

from __future__ import annotations

import sys
from typing import Any

from evalkit.servers.engine import Command, Engine, Place, Wanted, flags


def command(wanted: Wanted, place: Place) -> Command:
    words = flags(
        model_path=wanted.model,
        host=place.host,
        port=place.port,
        served_model_name=served(wanted),
        api_key=place.key,
        revision=wanted.revision,
        context_length=wanted.context,
        tp_size=wanted.parallel,
        quantization=wanted.quantization,
        mem_fraction_static=wanted.gpu_memory,
        tool_call_parser=wanted.tool_parser,
        reasoning_parser=wanted.reasoning_parser,
        chat_template=wanted.chat_template,
        random_seed=wanted.seed,
        device=wanted.device,
    )
    return Command((sys.executable, "-m", "sglang.launch_server", *words, *wanted.extra))


def served(wanted: Wanted) -> str:
    return wanted.served_name or wanted.model


def context(models: Any) -> int | None:
    found = models["data"][0].get("max_model_len")
    return int(found) if found is not None else None


SGLANG = Engine(
    "sglang",
    program="",
    package="sglang",
    command=command,
    served=served,
    install='pip install "sglang[all]"',
    context=("/v1/models", context),
    version=("/get_server_info", lambda said: str(said["version"])),
    source="docs.sglang.ai, server arguments, read 2026-11",
)
