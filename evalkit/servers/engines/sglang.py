"""SGLang. Its arguments and what it says: the source of 0.5.23, and that as it ran on CPUs, 2026-11.

Its program is `sglang`, of 0.5.6 or newer. It wants other packages than evalkit does, so
that the two are never in one Python.
"""

from __future__ import annotations

from typing import Any

from evalkit.servers.engine import Ask, Body, Command, Engine, Place, Wanted, filled, flags, metric

# what of a request makes its prompt
PROMPT = (
    *("model", "prompt", "messages", "tools", "tool_choice", "reasoning_effort", "chat_template_kwargs"),
    *("add_special_tokens", "continue_final_message"),
)


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
    return Command(("sglang", "serve", *words, *wanted.extra))


def served(wanted: Wanted) -> str:
    return wanted.served_name or wanted.model


def context(models: Any) -> int | None:
    found = models["data"][0].get("max_model_len")
    return int(found) if found is not None else None


def speak(body: Body) -> Body:
    neutral = {"top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    return filled(body, temperature=1.0, presence_penalty=0.0, frequency_penalty=0.0, **neutral)


def count(ask: Ask, body: Body) -> int | None:
    """By /tokenize, which renders messages as a completion does; older ones take prompts only."""
    status, said = ask("/tokenize", {key: body[key] for key in PROMPT if key in body})
    return int(said["count"]) if status == 200 else None


def retracted(metrics: Any) -> float | None:
    """It has been called in three ways."""
    names = ("num_retracted_requests_total", "num_retracted_reqs_total", "num_retracted_reqs")
    found = (metric(metrics, f"sglang:{name}") for name in names)
    return next((value for value in found if value is not None), None)


SGLANG = Engine(
    "sglang",
    program="sglang",
    package="sglang",
    command=command,
    served=served,
    install="pip install sglang, in an environment of its own",
    context=("/v1/models", context),
    version=("/server_info", lambda said: str(said["version"])),
    kv_tokens=("/server_info", lambda said: int(said["max_total_num_tokens"])),
    preempted=("/metrics", retracted),
    asks_version=("version",),
    speak=speak,
    count=count,
    gpu=True,
    source="sglang 0.5.23, srt/arg_groups and srt/entrypoints, read 2026-11",
)
