"""Joining a Ray cluster, or starting one of this machine alone. Ray is imported here, and nowhere earlier."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evalkit.errors import UsageError
from evalkit.run.cluster.address import address_of

DOCS = "docs/scale.md"
DOCKER = "docker"  # the resource of a node that has an engine; its amount: workspaces at once
ANSWERS_S = 5.0
STORE_BYTES = 512 << 20  # shared memory of a cluster of our own: answers on their way
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"  # and no settings
SETTINGS = 4  # the kind of frame that whoever speaks gRPC answers with


@dataclass(frozen=True)
class Joined:
    """`ours`: whether it is left at the end."""

    ray: Any
    address: str
    ours: bool

    async def leave(self) -> None:
        if self.ours:
            await asyncio.to_thread(self.ray.shutdown)


async def join(workers: str, docker: int, say: Callable[[str], None]) -> Joined:
    """The cluster that `workers` names. Without an address the one that this machine is part of, else one of
    this machine alone, with `docker` workspaces at once. UsageError says why there is none."""
    address = address_of(workers)
    ray = _ray()
    if ray.is_initialized():  # by whoever calls us from Python
        return Joined(ray, address or "this one", ours=False)
    found = address if address not in ("", "auto") else await asyncio.to_thread(_running)
    if found and address not in ("", "auto"):
        await asyncio.to_thread(_answers, found)
    elif not found and address == "auto":
        raise UsageError("no Ray cluster runs on this machine", f"ray start --head, or its address: {DOCS}")
    how: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if found:
        how["address"] = found
    else:
        say("no Ray cluster runs here: starting one of this machine alone, for this run")
        how |= {"address": "local", "num_cpus": 1, "resources": {DOCKER: docker}}
        how |= {"include_dashboard": False, "object_store_memory": STORE_BYTES}
    try:
        await asyncio.to_thread(ray.init, **how)
    except (ConnectionError, RuntimeError, ValueError, OSError) as e:
        text = next(iter(str(e).splitlines()), type(e).__name__)
        raise UsageError(
            f"cannot join the Ray cluster at {found or 'this machine'}: {text}",
            f"this machine must be one of its own, with the same Ray and Python: {DOCS}",
        ) from None
    _quiet()
    return Joined(ray, found or "this machine", ours=True)


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told of runs
    try:
        import ray
    except ImportError:
        raise UsageError(
            "--workers ray needs Ray, which is not installed",
            f"pip install 'evalkit[ray]', on every machine: {DOCS}",
        ) from None
    return ray


def _running() -> str:
    """The address of a cluster that this machine is part of; "" where there is none that answers."""
    try:
        from ray._private.services import canonicalize_bootstrap_address_or_die

        found = str(canonicalize_bootstrap_address_or_die("auto"))
        _answers(found)
    except (ImportError, ConnectionError, ValueError, OSError, UsageError):
        return ""
    return found


def _answers(address: str) -> None:
    """UsageError unless someone there speaks gRPC: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    start = "ray start --head --resources='{\"docker\": 8}'"
    hint = f"start one there ({start}), or give the address that it printed: {DOCS}"
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWERS_S) as line:
            line.sendall(PREFACE)
            head = line.recv(9)
    except (OSError, OverflowError) as e:
        raise UsageError(f"no Ray cluster answers at {address} ({e})", hint) from None
    if len(head) < 4 or head[3] != SETTINGS:
        raise UsageError(f"what answers at {address} is no Ray cluster", hint)


def _quiet() -> None:
    """Ray's last words on a process that died go to stdout: ours is for results. We say it ourselves."""
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None
