"""What can be known before an engine is started: that it is there, its model, a port, and enough memory."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from evalkit.errors import UsageError
from evalkit.servers import records
from evalkit.servers.engine import Engine, Place, Wanted, flag_of
from evalkit.servers.gpus import Gpu, held_by
from evalkit.servers.weights import Weights

MODEL_HINT = "a folder, a file, or an id of the hub"
SHARE = 0.9  # of a GPU's memory that vLLM and SGLang take where nothing is said, about
OVERHEAD = 1 << 30  # bytes on each GPU: context of the driver, graphs, activations
# what weights in 16 bits come to, by what they are turned into while they are loaded
SHRINKS = {"fp8": 0.5, "bnb-8bit": 0.5, "bitsandbytes": 0.3, "bnb-4bit": 0.3, "int8": 0.5, "w8a8_fp8": 0.5}
SMALLEST = 0.25  # by one that is not known here, at the best


def check(engine: Engine, wanted: Wanted) -> None:
    """UsageError where it is not installed, has no argument for what is asked, or lacks the model's files."""
    check_installed(engine)
    if odd := [flag_of(name) for name in engine.unsupported if getattr(wanted, name)]:
        raise UsageError(
            f"{engine.name} has no argument for {', '.join(odd)}", "leave it out, or use --server-arg"
        )
    if looks_local(wanted.model) and not Path(wanted.model).expanduser().exists():
        raise UsageError(f"there is no model at {wanted.model}", MODEL_HINT)


def check_installed(engine: Engine) -> None:
    if engine.program and shutil.which(engine.program) is None:
        raise UsageError(f"{engine.name} is not installed: there is no {engine.program}", engine.install)
    if not engine.program and find_spec(engine.package) is None:
        raise UsageError(f"{engine.name} is not installed", engine.install)


def looks_local(model: str) -> bool:
    """Whether this is meant as a path, whatever lies there; an id of the hub begins with a word."""
    return model.startswith(("/", "./", "../", "~")) or model.endswith(".gguf")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def check_port(place: Place) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((place.host, place.port))
        except OSError as e:
            raise UsageError(
                f"port {place.port} cannot be used: {e.strerror}", "leave out --port, or name a free one"
            ) from None


# -- memory ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Need:
    """Bytes of GPU memory, over all GPUs: weights as they will lie there, and one context of cache."""

    weights: int
    cache: int

    @property
    def total(self) -> int:
        return self.weights + self.cache


def need(weights: Weights, wanted: Wanted) -> Need | None:
    """About how much it takes at least; None where the weights' size is not known."""
    if not weights.size:
        return None
    shrinks = 1.0
    if wanted.quantization and not weights.quantized:
        shrinks = SHRINKS.get(wanted.quantization, SMALLEST)
    tokens = wanted.context or weights.context or 0
    return Need(int(weights.size * shrinks), tokens * (weights.kv_bytes or 0))


def check_memory(engine: Engine, wanted: Wanted, needed: Need | None, there: Sequence[Gpu]) -> None:
    """UsageError where the GPUs' free memory cannot hold it, naming what of ours holds some. Weights alone
    decide: how much cache there has to be is the engine's to say."""
    if not there or needed is None or wanted.device == "cpu" or not engine.gpu:
        return
    mine = sorted(visible(there), key=lambda gpu: -gpu.free)[: wanted.parallel or 1]
    if len(mine) < (wanted.parallel or 1):
        raise UsageError(
            f"--tensor-parallel {wanted.parallel}, and {len(mine)} GPU{'s' * (len(mine) != 1)} are here"
        )
    share = wanted.gpu_memory or SHARE
    room = sum(min(gpu.free, int(share * gpu.total)) - OVERHEAD for gpu in mine)
    if needed.weights > room:
        held = leftovers()
        free = ", ".join(f"{gpu.free / 1e9:.0f} of {gpu.total / 1e9:.0f} GB" for gpu in mine)
        raise UsageError(
            f"{wanted.model} has {needed.weights / 1e9:.1f} GB of weights, and free on the GPU: {free}",
            "\n".join([*held, "quantised weights, or more GPUs: --tensor-parallel N"]),
        )


def visible(there: Sequence[Gpu]) -> list[Gpu]:
    """Those that CUDA_VISIBLE_DEVICES leaves; a device named otherwise than by number leaves all."""
    asked = os.environ.get("CUDA_VISIBLE_DEVICES")
    if asked is None:
        return list(there)
    names = [name.strip() for name in asked.split(",") if name.strip()]
    if not all(name.isdigit() for name in names):
        return list(there)
    return [gpu for gpu in there if str(gpu.index) in names]


def leftovers() -> list[str]:
    """A line for each server of ours that holds GPU memory."""
    lines = []
    for record in records.records():
        if held := held_by(record.processes):
            lines.append(f"{record.name} holds {held / 1e9:.1f} GB: evalkit server stop {record.name}")
    return lines
