"""The engines that evalkit can start, by name. Another one is another file here."""

from __future__ import annotations

from evalkit.errors import UsageError
from evalkit.servers.engine import Engine
from evalkit.servers.engines.llamacpp import LLAMACPP
from evalkit.servers.engines.sglang import SGLANG
from evalkit.servers.engines.transformers import TRANSFORMERS
from evalkit.servers.engines.vllm import VLLM

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (VLLM, SGLANG, LLAMACPP, TRANSFORMERS)}


def find_engine(name: str) -> Engine:
    if name not in ENGINES:
        raise UsageError(f"no engine is called {name!r}", f"there are {', '.join(ENGINES)}")
    return ENGINES[name]
