"""What `evalkit doctor` says about the sandbox: each thing that can be missing, and how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import SandboxError

DISK = 2 << 30  # bytes that images and containers want
SELF_TEST = """
import ctypes, json, os
def number(path):
    try: return open(path).read().strip()
    except OSError: return ""
libc = ctypes.CDLL(None)
print(json.dumps({
    "memory": number("/sys/fs/cgroup/memory/memory.limit_in_bytes") or number("/sys/fs/cgroup/memory.max"),
    "processes": number("/sys/fs/cgroup/pids/pids.max") or number("/sys/fs/cgroup/pids.max"),
    "landlock": libc.syscall(444, None, ctypes.c_size_t(0), 1),
    "seccomp": next((l.split()[1] for l in open("/proc/self/status") if l.startswith("Seccomp:")), ""),
}))
"""
MEMORY, PROCESSES = 64 << 20, 32


@dataclass(frozen=True)
class Check:
    """`needed`: nothing can be judged without it. `fix` is a command or a hint."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    needed: bool = False


def checks() -> list[Check]:
    """Engine, image, limits, isolation, disk. Starts one short-lived container if it can."""
    from evalkit.sandbox.engine import docker_client
    from evalkit.sandbox.image import image_tag

    try:
        client = docker_client(timeout=30)
    except SandboxError as e:
        return [Check("Docker engine", False, e.message, e.hint, needed=True)]
    try:
        found = [*_engine(client), _image(client)]
        if found[-1].ok:
            found += _inside(client, image_tag())
        return found
    finally:
        client.close()


def _engine(client: Any) -> Iterator[Check]:
    version, info = client.version(), client.info()
    parts = {c.get("Name"): c.get("Version", "") for c in version.get("Components", [])}
    detail = (
        f"{version.get('Version')} on {version.get('KernelVersion')}, runc {parts.get('runc', 'unknown')}"
    )
    yield Check("Docker engine", True, detail, needed=True)
    cgroup, swap = info.get("CgroupVersion", "1"), info.get("SwapLimit")
    driver = info.get("CgroupDriver", "unknown")
    yield Check(
        "control groups",
        driver != "none",
        f"version {cgroup}, driver {driver}, swap {'limited' if swap else 'not limited'}",
        "run the engine with control groups, else programs' memory is limited one by one only",
    )
    root = Path(info.get("DockerRootDir", "/"))
    if root.exists():  # else the engine is on another machine
        free = shutil.disk_usage(root).free
        yield Check("disk of the engine", free >= DISK, f"{free >> 30} GB free", "docker system prune")
    local = info.get("KernelVersion") == platform.release()
    yield Check("engine's machine", True, "this one" if local else f"{info.get('Name')}", "")


def _image(client: Any) -> Check:
    from evalkit.sandbox.image import find_image, image_tag

    found = find_image(client)
    detail = f"{image_tag()} ({found[7:19]})" if found else f"{image_tag()} is not in the engine"
    return Check("judge image", found is not None, detail, "evalkit sandbox build", needed=True)


def _inside(client: Any, image: str) -> Iterator[Check]:
    """What a container of ours really gets: limits that hold, filters that filter."""
    import json

    import docker.errors

    from evalkit.sandbox.engine import labels
    from evalkit.sandbox.seccomp import profile

    try:
        output = client.containers.run(
            image,
            ["python3", "-c", SELF_TEST],
            remove=True,
            network_mode="none",
            ipc_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            user="65534:65534",
            mem_limit=MEMORY,
            memswap_limit=MEMORY,
            pids_limit=PROCESSES,
            security_opt=["no-new-privileges", f"seccomp={profile()}"],
            labels=labels("doctor"),
        )
        told = json.loads(output)
    except (docker.errors.DockerException, ValueError) as e:
        text = (str(e).splitlines() or ["?"])[0][:200]
        yield Check("locked-down container", False, text, "see docs/judge.md, Requirements", needed=True)
        return
    yield Check("locked-down container", True, "starts", needed=True)
    held = told["memory"] == str(MEMORY) and told["processes"] == str(PROCESSES)
    yield Check(
        "limits",
        held,
        "memory and processes are limited" if held else f"not in force: {told}",
        "enable the memory and pids controllers of the host's control groups",
    )
    yield Check(
        "system call filter", told["seccomp"] == "2", "in force", "use a kernel with seccomp", needed=True
    )
    landlock = int(told["landlock"])
    yield Check(
        "Landlock",
        landlock > 0,
        f"version {landlock}"
        if landlock > 0
        else "not there: each program that runs takes containers of its own",
        "Linux 5.13 or newer with lsm=...,landlock",
    )
    cores = os.cpu_count() or 1
    yield Check("processors", cores >= 2, f"{cores}", "with one, judging and answering take turns")
