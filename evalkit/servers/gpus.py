"""What GPUs there are and who holds their memory, as the driver's own `nvidia-smi` says."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

ASK_S = 20.0


@dataclass(frozen=True)
class Gpu:
    """Sizes in bytes."""

    index: int
    name: str
    driver: str
    total: int
    free: int


def gpus() -> tuple[Gpu, ...]:
    """None where there is no driver."""
    rows = _ask("--query-gpu=index,name,driver_version,memory.total,memory.free")
    return tuple(
        Gpu(int(index), name, driver, _bytes(total), _bytes(free))
        for index, name, driver, total, free in rows
    )


def held_by(pids: Iterable[int]) -> int:
    """Bytes of GPU memory that these processes hold."""
    mine = set(pids)
    rows = _ask("--query-compute-apps=pid,used_memory")
    return sum(_bytes(used) for pid, used in rows if pid.isdigit() and int(pid) in mine)


def _ask(query: str) -> list[list[str]]:
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", query, "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=ASK_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [[word.strip() for word in line.split(",")] for line in said.splitlines() if line.strip()]


def _bytes(mebibytes: str) -> int:
    return int(mebibytes) << 20 if mebibytes.isdigit() else 0
