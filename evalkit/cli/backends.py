"""`evalkit doctor --backend NAME`: what a model that is served on this machine needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evalkit.cli.text import size
from evalkit.errors import UsageError
from evalkit.sandbox.doctor import Check

ROOM = 20_000_000_000  # bytes: the weights of a model of 8 billion parameters, about


def backend_checks(name: str) -> Iterator[Check]:
    """UsageError where there is no such backend."""
    from evalkit.registry import did_you_mean
    from evalkit.serving import SERVED, STARTED

    if name not in SERVED:
        raise UsageError(f"unknown backend {name!r}", did_you_mean(name, SERVED))
    if name in STARTED:
        yield from engine_checks(name)
    elif name == "hf":
        yield from package_checks()
    else:
        yield neighbour_check(name)
        return
    yield from gpu_checks(needed=name in ("vllm", "sglang"))
    yield from hub_checks()
    yield servers_check()


def engine_checks(name: str) -> Iterator[Check]:
    from evalkit.servers.engines import ENGINES
    from evalkit.servers.preflight import check_installed
    from evalkit.serving.installed import package_version

    engine = ENGINES[name]
    what = f"engine {name}"
    try:
        check_installed(engine)
    except UsageError as e:
        yield Check(what, False, e.message, e.hint, needed=True)
        return
    where = shutil.which(engine.program) if engine.program else "in this Python"
    told = package_version(engine) or "version unknown"
    yield Check(what, True, f"{told}, {where}", needed=True)


def package_checks() -> Iterator[Check]:
    for package in ("torch", "transformers"):
        try:
            yield Check(package, True, version(package), needed=True)
        except PackageNotFoundError:
            yield Check(
                package, False, "not in evalkit's environment", 'pip install "evalkit[hf]"', needed=True
            )


def gpu_checks(*, needed: bool) -> Iterator[Check]:
    """Another maker's GPU does not show here, so that none is no reason to give up."""
    from evalkit.servers.gpus import gpus

    found = gpus()
    if not found:
        slow = "this engine is made for one" if needed else "it works without one, slowly"
        yield Check("GPU", False, f"none of NVIDIA's: {slow}", "nvidia-smi says what there is")
    for gpu in found:
        free = f"{size(gpu.free)} of {size(gpu.total)} free, driver {gpu.driver}"
        yield Check(f"GPU {gpu.index}", gpu.free > gpu.total // 2, f"{gpu.name}, {free}", "evalkit server ps")


def hub_checks() -> Iterator[Check]:
    from evalkit.servers.hub import home

    folder = home()
    there = folder
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    yield Check("models", free > ROOM, f"{folder}, {size(free)} free", "HF_HOME names another folder")
    if os.environ.get("HF_HUB_OFFLINE"):
        yield Check("hub", True, "HF_HUB_OFFLINE: only what is there already is used")
        return
    signed = os.environ.get("HF_TOKEN") or (folder / "token").exists()
    words = "a token is there" if signed else "no token: gated models are not given out"
    yield Check("hub", bool(signed), words, "export HF_TOKEN=..., where a model asks for it")


def servers_check() -> Check:
    from evalkit.servers.records import records

    found = records()
    names = ", ".join(f"{r.name} ({Path(r.model).name}, {r.state})" for r in found) or "none runs"
    odd = [record.name for record in found if record.state == "unguarded"]
    return Check("our servers", not odd, names, f"evalkit server stop {' '.join(odd)}")


def neighbour_check(name: str) -> Check:
    """Whether it answers, and with which models."""
    from evalkit.serving.connect import NEIGHBOURS, listed

    place, models, why = listed(name)
    start = NEIGHBOURS[name].start
    if why:
        return Check(name, False, f"nothing at {place.root}: {why}", start, needed=True)
    return Check(name, True, f"{place.root}: {', '.join(models)[:300] or 'no models yet'}", needed=True)
