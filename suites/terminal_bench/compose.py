"""What a task's compose file says of the container in which the work is done, and what stands beside it.

Where it says no more of that container than how it is built, the file is not needed: the container is made
as any other. docs/terminal-bench.md names what of a compose file is understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Any

from evalkit.compose.filling import filled as fill
from evalkit.compose.plan import Refused
from evalkit.errors import DataError

from .beside import refusal
from .fields import Fields, read_yaml, shown

# what core's harness gives to compose; its folders of the host are the engine's own affair here
GIVEN = {
    "T_BENCH_TEST_DIR": "/tests",
    "T_BENCH_CONTAINER_LOGS_PATH": "/logs",
    "T_BENCH_CONTAINER_AGENT_LOGS_PATH": "/agent-logs",
    "T_BENCH_TASK_DOCKER_CLIENT_CONTAINER_NAME": "client",
    "T_BENCH_TASK_DOCKER_CLIENT_IMAGE_NAME": "client",
    "T_BENCH_TASK_DOCKER_NAME_PREFIX": "task",
    "T_BENCH_TASK_LOGS_PATH": "/task-logs",
    "T_BENCH_TASK_AGENT_LOGS_PATH": "/task-agent-logs",
}
CLIENT = "T_BENCH_TASK_DOCKER_CLIENT_CONTAINER_NAME"
LOGS = ("/logs", "/agent-logs")

# of the main service: without effect on the work (the rest is understood below, or needs what we lack)
IDLE = {
    "command",
    "container_name",
    "depends_on",
    "expose",
    "hostname",
    "init",
    "labels",
    "logging",
    "networks",
    "platform",
    "ports",
    "pull_policy",
    "restart",
    "stdin_open",
    "stop_grace_period",
    "tty",
}
UNDERSTOOD = {
    "build",
    "cpus",
    "deploy",
    "environment",
    "image",
    "mem_limit",
    "network_mode",
    "user",
    "volumes",
    "working_dir",
}


@dataclass(frozen=True)
class Main:
    """Of the main service `name`. `build`: how its image is made (folder, Dockerfile), None where it is not;
    `services` are the others. `offline`: its network is off. `needs`: what of it cannot be had."""

    name: str
    services: tuple[str, ...] = ()
    build: tuple[str, str] | None = None
    image: str = ""
    env: tuple[tuple[str, str], ...] = ()
    user: str = ""
    workdir: str = ""
    cpus: float | None = None
    memory_bytes: int | None = None
    offline: bool = False
    needs: tuple[str, ...] = ()


def read_compose(files: Mapping[str, Any], path: str, task: str, main: str = "") -> Main:
    """`main` is the main service's name; "" is core's rule: whose container has the client's name.
    DataError."""
    try:
        return _read(files, path, task, main)
    except Refused as e:
        raise DataError(f"{task}: {path}: {e}") from None


def _read(files: Mapping[str, Any], path: str, task: str, main: str) -> Main:
    document = read_yaml(files, path, task)
    where = f"{task}: {path}"
    if not isinstance(document, Mapping):
        raise DataError(f"{where}: no compose file: {shown(document)}")
    services = Fields(where, document).table("services")
    if not services.values and not main:
        raise DataError(f"{where}: services is missing")
    name = main or client_of(services)
    others = tuple(each for each in services.values if each != name)
    found = services.table(name)
    build, folder = build_of(found, path)
    cpus, memory = limits_of(found)
    needs = [f"{need} of the service {name}" for need in needs_of(found)]
    if others:  # then the file itself is followed
        why = refusal(files, path, name, "harbor" if main else "core")
        needs = [f"another compose file ({why})"] if why else []
    needs += [f"a Dockerfile in the compose file of the service {name}"] if folder else []
    return Main(
        name,
        others,
        build,
        filled(found.text("image", "")),
        environment_of(found),
        found.user(),
        filled(found.text("working_dir", "")),
        cpus,
        memory,
        found.get("network_mode") == "none",
        tuple(needs),
    )


def client_of(services: Fields) -> str:
    """The service whose container is called as core's harness calls the agent's."""
    for name in services.values:
        container = services.table(name).get("container_name")
        if isinstance(container, str) and CLIENT in container:
            return name
    if "client" in services.values:
        return "client"
    raise DataError(f"{services.where}: no service has the client's container name (${{{CLIENT}}})")


def build_of(service: Fields, path: str) -> tuple[tuple[str, str] | None, bool]:
    """((folder, Dockerfile), whether the Dockerfile stands in the compose file itself)."""
    value = service.get("build")
    if value is None:
        return None, False
    here = path.rpartition("/")[0]
    if isinstance(value, str):
        return (inside(here, filled(value), service, "build"), "Dockerfile"), False
    build = service.table("build")
    folder = inside(here, filled(build.text("context", ".")), build, "context")
    dockerfile = inside(folder, filled(build.text("dockerfile", "Dockerfile")), build, "dockerfile")
    return (folder, dockerfile.removeprefix(f"{folder}/" if folder else "")), build.has("dockerfile_inline")


def inside(folder: str, path: str, fields: Fields, key: str) -> str:
    """The path in the task's folder; "" is that folder itself."""
    whole = normpath(join(folder or ".", path or "."))
    if whole.startswith(("..", "/")):
        fields.wrong(key, f"lies outside the task's folder: {shown(path)}")
    return "" if whole == "." else whole


def environment_of(service: Fields) -> tuple[tuple[str, str], ...]:
    """Variables as a table or a list of NAME=VALUE; a NAME alone is the host's, and left out."""
    value = service.get("environment")
    if value is None:
        return ()
    if isinstance(value, list):
        if not all(isinstance(each, str) for each in value):
            service.wrong("environment", f"is no list of texts: {shown(value)}")
        pairs = [each.partition("=") for each in value]
        return tuple((name, filled(text)) for name, sign, text in pairs if sign)
    table = service.table("environment").values
    return tuple((name, filled(worded(text))) for name, text in table.items() if text is not None)


def worded(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def limits_of(service: Fields) -> tuple[float | None, int | None]:
    """CPUs and bytes of memory, as either way of compose says them."""
    limits = service.table("deploy").table("resources").table("limits")
    cpus = service.number("cpus", limits.number("cpus"))
    for fields, key in ((limits, "memory"), (service, "mem_limit")):
        if fields.has(key):
            return cpus, size_of(fields, key)
    return cpus, None


def size_of(fields: Fields, key: str) -> int:
    """Bytes: a number, or one with b, k, m or g behind it."""
    value = fields.get(key)
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([bkmg]?)i?b?", str(value).strip().lower())
    if isinstance(value, bool) or not found:
        fields.wrong(key, f"is no size: {shown(value)}")
    return int(float(found[1]) * {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[found[2]])


def needs_of(service: Fields) -> list[str]:
    """What of the main service no workspace gives."""
    needs = [key for key in service.values if key not in IDLE | UNDERSTOOD]
    if service.get("network_mode") not in (None, "none", "bridge"):
        needs.append(f"network_mode {shown(service.get('network_mode'))}")
    strange = (volume for volume in volumes_of(service) if not of_logs(volume))
    return [*needs, *(f"the volume {shown(volume)}" for volume in strange)]


def volumes_of(service: Fields) -> list[Any]:
    value = service.get("volumes")
    if value is not None and not isinstance(value, list):
        service.wrong("volumes", f"is no list: {shown(value)}")
    return value or []


def of_logs(volume: Any) -> bool:
    """Whether it is the harness's own, for logs."""
    target = volume.get("target") if isinstance(volume, Mapping) else str(volume).rpartition(":")[2]
    return filled(str(target)) in LOGS


def filled(text: str) -> str:
    """With compose's variables replaced: by core's harness's values, or what the file says otherwise."""
    return fill(text, GIVEN)
