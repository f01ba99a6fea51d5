"""SGLang. Its arguments: docs.sglang.ai, "Server arguments", read 2026-11; not run by us."""

from __future__ import annotations

import sys
from typing import Any

from evalkit.servers.engine import Body, Command, Engine, Place, Wanted, filled, flags, metric


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
        enable_metrics=True,
    )
    return Command((sys.executable, "-m", "sglang.launch_server", *words, *wanted.extra))


def served(wanted: Wanted) -> str:
    return wanted.served_name or wanted.model


def context(models: Any) -> int | None:
    found = models["data"][0].get("max_model_len")
    return int(found) if found is not None else None


def speak(body: Body) -> Body:
    neutral = {"top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    return filled(body, temperature=1.0, presence_penalty=0.0, frequency_penalty=0.0, **neutral)


def retracted(metrics: Any) -> float | None:
    """It has been called in three ways."""
    names = ("num_retracted_requests_total", "num_retracted_reqs_total", "num_retracted_reqs")
    found = (metric(metrics, f"sglang:{name}") for name in names)
    return next((value for value in found if value is not None), None)


SGLANG = Engine(
    "sglang",
    program="",
    package="sglang",
    command=command,
    served=served,
    install='pip install "sglang[all]"',
    context=("/v1/models", context),
    version=("/get_server_info", lambda said: str(said["version"])),
    kv_tokens=("/get_server_info", lambda said: int(said["max_total_num_tokens"])),
    preempted=("/metrics", retracted),
    speak=speak,
    gpu=True,
    source="docs.sglang.ai, server arguments, read 2026-11",
)
