"""The Docker engine: how to reach it, what to say when it is not there, and what is ours in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalkit.errors import SandboxError

SHARED = "shared"  # what all runs use, and no end of one takes away
OWNED = "evalkit"  # the label that everything of ours carries; its value says what the thing is for


def docker_client(timeout: float = 60) -> Any:
    """A docker.DockerClient of the engine that DOCKER_HOST names. SandboxError where none answers."""
    import docker
    import docker.errors

    try:
        client = docker.from_env(timeout=int(timeout))
        client.ping()
    except docker.errors.DockerException as e:
        raise unreachable(e) from None
    return client


def unreachable(e: BaseException) -> SandboxError:
    """Why no engine answers, and the way out."""
    text = str(e)
    if "Permission denied" in text or "PermissionError" in text:
        return SandboxError(
            "no permission to use the Docker engine", "add yourself to the group docker, then log in again"
        )
    if "FileNotFoundError" in text or "No such file" in text:
        return SandboxError(
            "no Docker engine found", "install it (Debian: apt-get install docker.io) or set DOCKER_HOST"
        )
    return SandboxError(
        f"the Docker engine does not answer ({(text.splitlines() or ['?'])[0][:160]})",
        "start it (systemctl start docker), then resume the run",
    )


@contextmanager
def engine_failures() -> Iterator[None]:
    """What docker-py raises inside, as SandboxError."""
    import docker.errors
    import requests
    import urllib3.exceptions

    try:
        yield
    except docker.errors.APIError as e:
        raise SandboxError(f"the Docker engine refused: {str(e.explanation or e)[:300]}") from None
    except (docker.errors.DockerException, requests.RequestException, urllib3.exceptions.HTTPError) as e:
        raise unreachable(e) from None


def boot_id() -> str:
    """Distinguishes this host's processes from those before a restart, or of another machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def process_start(pid: int) -> str:
    """When a process started, in clock ticks since boot; "" where it does not run."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rsplit(")", 1)[1].split()[19]


def pid_space() -> str:
    """Which process numbers this process sees: another container's evalkit has numbers of its own."""
    try:
        return str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return "unknown"


def labels(purpose: str, run: str = "") -> dict[str, str]:
    """Labels of something made by this process: enough to tell later that its owner is gone."""
    pid = os.getpid()
    return {
        OWNED: purpose,
        "evalkit.run": run,
        "evalkit.owner": f"{boot_id()}/{pid_space()}/{pid}/{process_start(pid)}",
    }


def owner_alive(owner: str) -> bool | None:
    """Whether the process that made a thing still runs; None where that cannot be known from here.

    An engine may serve several machines and containers, each with process numbers of its own.
    """
    boot, space, pid, start = [*owner.split("/"), "", "", "", ""][:4]
    if (boot, space) != (boot_id(), pid_space()) or not pid.isdigit():
        return None
    return bool(start) and process_start(int(pid)) == start
