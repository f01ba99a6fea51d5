"""A workspace's container: how it is locked down, and who its user is.

The image's user, root and files, default capabilities less the raw network, the engine's own seccomp
profile, no new privileges, no network, nothing of the host but bundles of programs, limits on memory,
processes, files and descriptors, no log. docs/workspaces.md has the reasons.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.errors import SandboxError
from evalkit.sandbox import keeper
from evalkit.sandbox.engine import OWNED, SHARED, labels
from evalkit.workspace import Bundle, WorkspaceSpec

PURPOSE = "workspace"
OPEN = "evalkit-open"
APART = {"com.docker.network.bridge.enable_icc": "false"}
CONFLICT = 409
DESCRIPTORS = 65_536
KEEPERS = 8  # processes beside the workspace's own: init, the keeper, an exec that is starting


@dataclass(frozen=True)
class Owner:
    """The user who owns what is written, as the image numbers it."""

    uid: int
    gid: int


ROOT = Owner(0, 0)


@dataclass(frozen=True)
class Place:
    """Where a container stands among services beside it: networks that it joins, with its names there, and
    volumes that it shares, by the place where it has them; `memory`: places that are in memory. `hosts` and
    `dns` as compose files have them."""

    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    env: tuple[tuple[str, str], ...] = ()
    volumes: Mapping[str, str] = field(default_factory=dict)
    memory: tuple[str, ...] = ()
    hosts: Any = ()
    dns: Any = ()


@dataclass(frozen=True)
class Engine:
    """What an engine can do for a container: be its process 1, bound its descriptors, and give it so many
    cores (0: not known), which is all that it may be asked for."""

    init: bool = True
    descriptors: bool = True
    cpus: int = 0

    def less(self, problem: str) -> Engine:
        """What is left of it after a container did not start: itself where that was for other reasons."""
        if "rlimit" in problem:  # one that may not raise limits has lower ones itself, which hold as well
            return replace(self, descriptors=False)
        return replace(self, init=False) if "docker-init" in problem else self


def open_network(client: Any) -> str:
    """The network of all workspaces that may have one: they reach the world, but not each other. It is made
    once and stays: of one that was made for a run, an engine under load now and then never believes that its
    last container has left it."""
    import docker.errors

    try:
        made = client.api.create_network(
            OPEN, driver="bridge", options=APART, check_duplicate=True, labels={OWNED: SHARED}
        )
        return str(made["Id"])
    except docker.errors.APIError as e:
        if e.status_code != CONFLICT:
            raise
    found = client.api.inspect_network(OPEN)
    if any(found["Options"].get(name) != value for name, value in APART.items()):
        raise SandboxError(f"the engine's network {OPEN} is not evalkit's", f"docker network rm {OPEN}")
    return str(found["Id"])


def join(client: Any, network: str, container: str, on: bool) -> None:
    """Have a running container join a network, or leave it at once, with whatever it has open there."""
    if on:
        client.api.connect_container_to_network(container, network)
    else:
        client.api.disconnect_container_from_network(container, network, force=True)


def create(
    client: Any, image: str, spec: WorkspaceSpec, run: str, network: str, engine: Engine, place: Place
) -> str:
    """Create (not start) a container of a spec; its id. Engine errors pass through."""
    limits = spec.limits
    joined = dict(place.networks) | ({network: ()} if network != "none" or not place.networks else {})
    first = next(iter(joined))
    ulimits = {"core": 0, "fsize": limits.disk_bytes}
    if engine.descriptors:
        ulimits["nofile"] = DESCRIPTORS
    host = client.api.create_host_config(
        auto_remove=True,
        init=engine.init,
        network_mode=first,
        cap_drop=["NET_RAW"],
        security_opt=["no-new-privileges"],
        mem_limit=limits.memory_bytes,
        memswap_limit=limits.memory_bytes,
        pids_limit=limits.processes + KEEPERS,
        nano_cpus=int(min(limits.cpus, engine.cpus or limits.cpus) * 1e9) if limits.cpus else None,
        ulimits=[{"Name": name, "Soft": n, "Hard": n} for name, n in ulimits.items()],
        log_config={"type": "none"},
        mounts=[*map(_mount, spec.bundles), *(_shared(at, name) for at, name in place.volumes.items())],
        tmpfs=dict.fromkeys(place.memory, "") or None,
        extra_hosts=place.hosts or None,
        dns=[place.dns] if isinstance(place.dns, str) else list(place.dns) or None,
    )
    names = client.api.create_endpoint_config(aliases=list(joined[first])) if joined[first] else None
    made = client.api.create_container(
        image,
        [],
        entrypoint=list(keeper.COMMAND),
        user="0:0",  # the keeper's; commands run as the image's user
        environment={**dict(place.env), **dict(spec.env)},
        hostname="workspace",
        working_dir="/",
        stdin_open=True,
        healthcheck={"test": ["NONE"]},
        host_config=host,
        networking_config=client.api.create_networking_config({first: names}) if names else None,
        labels=labels(PURPOSE, run),
    )
    for name, others in joined.items():
        if name != first:
            client.api.connect_container_to_network(made["Id"], name, aliases=list(others) or None)
    return str(made["Id"])


def _mount(bundle: Bundle) -> Any:
    from docker.types import Mount

    return Mount(bundle.at, bundle.folder, type="bind", read_only=True)


def _shared(at: str, volume: str) -> Any:
    from docker.types import Mount

    return Mount(at, volume, type="volume")


def remove(client: Any, container: str) -> None:
    """Be rid of it, and know that it is gone. Never raises for what is gone already, or an engine that is."""
    import docker.errors
    import requests

    gone = (docker.errors.APIError, requests.RequestException, OSError)
    try:
        client.api.remove_container(container, force=True, v=True)
    except docker.errors.NotFound:
        return
    except gone:
        pass  # its own end is removing it already
    with contextlib.suppress(*gone):
        client.api.wait(container, timeout=30, condition="removed")


def owner(user: str, passwd: str, group: str) -> Owner:
    """uid and gid of "name", "uid", "name:group" or "uid:gid". ValueError where the image has no such one."""
    name, _, group_name = user.partition(":")
    rows = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 3]
    groups = [line.split(":") for line in group.splitlines() if line.count(":") >= 2]
    row = next((r for r in rows if r[0] == name or (name.isdigit() and r[2] == name)), None)
    if not name:
        uid, gid = 0, 0
    elif row is not None and row[2].isdigit() and row[3].isdigit():
        uid, gid = int(row[2]), int(row[3])
    elif name.isdigit():
        uid, gid = int(name), 0
    else:
        raise ValueError(f"no user {name!r}")
    if group_name:
        found = next((g[2] for g in groups if g[0] == group_name), group_name)
        if not found.isdigit():
            raise ValueError(f"no group {group_name!r}")
        gid = int(found)
    return Owner(uid, gid)
