"""What the manifest says of a server: all that a reader needs to have the same one again. Never a key."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from evalkit.servers.engine import Place, Wanted
from evalkit.servers.gpus import gpus
from evalkit.serving.answering import Answering, Door
from evalkit.serving.host import Host
from evalkit.serving.installed import package_version, packages

KEY = "KEY"  # in the place of a server's key, and of its port 0
ENVIRONMENT = ("VLLM_", "SGLANG_", "CUDA_VISIBLE", "HF_HUB_OFFLINE", "LLAMA_", "GGML_", "NCCL_", "OLLAMA_")
SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def static_facts(door: Door) -> dict[str, Any]:
    """Known before it is started."""
    if not isinstance(door, Host):
        return {"engine": door.name, "started": False}
    engine, asked = door.engine, door.asked
    weights = asked.weights
    return {
        "engine": engine.name,
        "started": True,
        "version": package_version(engine),
        "packages": packages(engine),
        "model": asked.wanted.model,
        "revision": asked.wanted.revision or weights.revision or asked.found.revision,
        "hashes": weights.hashes or {},
        "dtype": weights.dtype,
        "quantization": asked.wanted.quantization or weights.quantized,
        "command": list(engine.command(asked.wanted, Place("127.0.0.1", 0, KEY)).argv),
        "environment": environment(),
        "determinism": determinism(asked.wanted),
        "gpus": [{"name": gpu.name, "driver": gpu.driver, "bytes": gpu.total} for gpu in gpus()],
        **({"unknown": asked.found.why} if asked.found.why else {}),
    }


def live_facts(server: Answering, concurrency: int) -> dict[str, Any]:
    """Known once it answers."""
    facts = {k: v for k, v in dataclasses.asdict(server.facts).items() if v not in (None, "")}
    started = getattr(server, "started_s", None)
    return {
        "engine": server.engine.name,
        **facts,
        **({"started_s": started} if started else {}),
        **({"log": str(log)} if (log := getattr(server, "log", None)) else {}),
        "limit": concurrency,
    }


def environment() -> dict[str, str]:
    """Variables that engines read, but for keys."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(ENVIRONMENT) and not any(word in name for word in SECRET)
    }


def determinism(wanted: Wanted) -> str:
    """What it promises: nothing, the same sampling for the same seed, or the same replies at any load."""
    on = os.environ.get("VLLM_BATCH_INVARIANT", "0") not in ("", "0")
    if on or "--enable-deterministic-inference" in wanted.extra:
        return "batch_invariant"
    return "seeded" if wanted.seed is not None else "none"
