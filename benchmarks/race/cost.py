"""CPU time and memory of all that works for a contender: its client, the engine, what the engine starts.

/proc/PID/stat has the time of a process and of the children that it waited for; control groups have that of
a container. A `docker exec` is a child of its container's shim. A container for each sample is gone before
anybody can look: its shim, which waited for it, was reaped by the process that gets the machine's
orphans, and is found in that one's account (other orphans, too: measure on a quiet machine).
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
ENGINE = ("dockerd", "containerd")
SHIM = "containerd-shim"


@dataclass(frozen=True)
class Process:
    pid: int
    name: str
    parent: int
    state: str
    own_s: float
    children_s: float  # of children that ended and were waited for
    faults: int  # pages given or copied, of both

    @property
    def all_s(self) -> float:
        return self.own_s + self.children_s


@dataclass(frozen=True)
class Scope:
    """Where to look. `containers`: id to the side that it is; `execs`: samples are execs in these."""

    client: int
    containers: dict[str, str] = field(default_factory=dict)
    execs: tuple[str, ...] = ()
    orphans: bool = False
    engine: bool = True


def process(pid: int) -> Process | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name, rest = text[text.index("(") + 1 :].rsplit(")", 1)
    f = rest.split()
    user, system, child_user, child_system = (int(f[n]) / TICK for n in (11, 12, 13, 14))
    times = user + system, child_user + child_system
    return Process(pid, name, int(f[1]), f[0], *times, int(f[7]) + int(f[8]))


def processes() -> list[Process]:
    found = (process(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [p for p in found if p is not None]


def shims(running: list[Process]) -> dict[str, Process]:
    """By the id of the container that they look after."""
    found = {}
    for p in running:
        if p.name.startswith(SHIM[:15]):
            with contextlib.suppress(OSError, ValueError):
                words = Path(f"/proc/{p.pid}/cmdline").read_text().split("\0")
                found[words[words.index("-id") + 1]] = p
    return found


def cpu(scope: Scope) -> dict[str, float]:
    """Seconds used so far, by part."""
    if scope.orphans:
        settle()
    running = processes()
    by_container = shims(running)
    client = process(scope.client)
    parts = {"client": client.all_s if client else 0.0}
    if scope.engine:
        parts["daemon"] = sum(p.all_s for p in running if p.name in ENGINE)
    for container, side in scope.containers.items():
        shim = shim_of(container, by_container)
        parts["shims"] = parts.get("shims", 0.0) + shim.all_s
        parts[side] = parts.get(side, 0.0) + container_cpu(container, running, shim)
    for container in scope.execs:
        parts["shims and samples"] = shim_of(container, by_container).all_s
    if scope.orphans:
        reaper = process(next(iter(by_container.values())).parent)
        parts["shims and samples"] = reaper.children_s if reaper else 0.0
    return parts


def faults(scope: Scope) -> dict[str, int]:
    """Page faults so far, of the client and of each side's processes: most of what a fork costs."""
    running = processes()
    by_container = shims(running)
    mains = [("client", scope.client)]
    for container, side in scope.containers.items():
        mains.append((side, main_process(running, shim_of(container, by_container))))
    parts: dict[str, int] = {}
    for part, pid in mains:
        found = process(pid)
        parts[part] = parts.get(part, 0) + (found.faults if found else 0)
    return parts


def shim_of(container: str, by_container: dict[str, Process]) -> Process:
    if container not in by_container:
        raise SystemExit(
            f"container {container[:12]} is not to be seen: it was removed, its pair was replaced, or the "
            "Docker engine's processes are not this machine's"
        )
    return by_container[container]


def settle() -> None:
    """Wait until no ended shim waits for its reaper: until then its time is in nobody's account."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if not any(p.state == "Z" and p.name.startswith(SHIM[:15]) for p in processes()):
            return
        time.sleep(0.1)


def groups(pid: int) -> dict[str, Path]:
    """The folders of a process's control group: by controller (version 1), or under "" (version 2)."""
    found = {}
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            folder = Path("/sys/fs/cgroup") / controller / path.lstrip("/")
            if folder.is_dir():
                found[controller] = folder
    return found


def main_process(running: list[Process], shim: Process) -> int:
    return next(p.pid for p in running if p.parent == shim.pid)


def container_cpu(container: str, running: list[Process], shim: Process) -> float:
    where = groups(main_process(running, shim))
    if "cpuacct" in where:
        return int((where["cpuacct"] / "cpuacct.usage").read_text()) / 1e9
    for line in (where[""] / "cpu.stat").read_text().splitlines():
        if line.startswith("usage_usec "):
            return int(line.split()[1]) / 1e6
    raise RuntimeError(f"no CPU account of container {container[:12]}")


def container_memory(container: str) -> int:
    """Bytes that the kernel holds for a container: processes, files in memory, page tables and the rest."""
    running = processes()
    where = groups(main_process(running, shim_of(container, shims(running))))
    if "memory" in where:
        return int((where["memory"] / "memory.usage_in_bytes").read_text())
    return int((where[""] / "memory.current").read_text())


def memory(scope: Scope, before: frozenset[str]) -> int:
    """Bytes of all processes, shared pages counted once (PSS), the engine's own left out.

    `before`: ids of containers that have nothing to do with the contender.
    """
    running = processes()
    by_container = shims(running)
    roots = {scope.client}
    ours = by_container.keys() - before if scope.orphans else {*scope.containers, *scope.execs}
    roots |= {by_container[name].pid for name in ours if name in by_container}
    return sum(pss(pid) for pid in with_descendants(roots, running))


def with_descendants(roots: set[int], running: list[Process]) -> set[int]:
    found = set(roots)
    while more := {p.pid for p in running if p.parent in found} - found:
        found |= more
    return found


def pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0  # it has ended, or is another user's and we are not root


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
