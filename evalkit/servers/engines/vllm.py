"""vLLM. Its arguments and what it says: 0.32 as it ran on CPUs, and the source of 0.33, 2026-11."""

from __future__ import annotations

from typing import Any

from evalkit.servers.engine import Ask, Body, Command, Engine, Place, Wanted, filled, flags, label, metric

# what of a request makes its prompt
PROMPT = (
    *("model", "prompt", "messages", "tools", "chat_template", "chat_template_kwargs"),
    *("add_special_tokens", "add_generation_prompt", "continue_final_message"),
)


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


def speak(body: Body) -> Body:
    """What is not sent it takes from the model's generation_config.json."""
    neutral = {"top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    return filled(body, temperature=1.0, presence_penalty=0.0, frequency_penalty=0.0, **neutral)


def count(ask: Ask, body: Body) -> int | None:
    """By /tokenize, which takes a prompt or messages, and all that the template is given."""
    asked = {key: body[key] for key in PROMPT if key in body}
    status, said = ask("/tokenize", asked)
    return int(said["count"]) if status == 200 else None


def kv_tokens(metrics: Any) -> int | None:
    """As newer ones say: with layers of several kinds it is not the blocks times their size."""
    if (said := label(metrics, "vllm:cache_config_info", "kv_cache_size_tokens")).isdigit():
        return int(said)
    blocks, size = (label(metrics, "vllm:cache_config_info", key) for key in ("num_gpu_blocks", "block_size"))
    return int(blocks) * int(size) if blocks.isdigit() and size.isdigit() else None


VLLM = Engine(
    "vllm",
    program="vllm",
    package="vllm",
    command=command,
    served=served,
    install="pip install vllm",
    context=("/v1/models", context),
    version=("/version", lambda said: str(said["version"])),
    kv_tokens=("/metrics", kv_tokens),
    preempted=("/metrics", lambda said: metric(said, "vllm:num_preemptions_total")),
    speak=speak,
    count=count,
    gpu=True,
    unsupported=("device",),
    source="vllm serve --help, 0.32, and vllm/engine/arg_utils.py, 0.33, read 2026-11",
)
