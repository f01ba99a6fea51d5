"""vLLM. Its arguments: docs.vllm.ai, "vllm serve", 0.32, read 2026-11."""

from __future__ import annotations

from typing import Any

from evalkit.servers.engine import Command, Engine, Place, Wanted, flags


def command(wanted: Wanted, place: Place) -> Command:
    words = flags(
        host=place.host,
        port=place.port,
        served_model_name=served(wanted),
        revision=wanted.revision,
        max_model_len=wanted.context,
        tensor_parallel_size=wanted.parallel,
        quantization=wanted.quantization,
        gpu_memory_utilization=wanted.gpu_memory,
        tool_call_parser=wanted.tool_parser,
        enable_auto_tool_choice=bool(wanted.tool_parser),
        reasoning_parser=wanted.reasoning_parser,
        chat_template=wanted.chat_template,
        seed=wanted.seed,
    )
    return Command(("vllm", "serve", wanted.model, *words, *wanted.extra), {"VLLM_API_KEY": place.key})


def served(wanted: Wanted) -> str:
    return wanted.served_name or wanted.model


def context(models: Any) -> int | None:
    found = models["data"][0].get("max_model_len")
    return int(found) if found is not None else None


VLLM = Engine(
    "vllm",
    program="vllm",
    package="vllm",
    command=command,
    served=served,
    install="pip install vllm",
    context=("/v1/models", context),
    version=("/version", lambda said: str(said["version"])),
    unsupported=("device",),
    source="docs.vllm.ai, vllm serve, 0.32, read 2026-11",
)
