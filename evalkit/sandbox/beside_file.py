"""The compose file that is really run: the other services of a plan, within walls of ours.

Nothing of the task's own file is passed on but what evalkit.compose has read and allowed. Each service has
the workspace's limits, no new privileges, no raw network, no port on the host. Networks lead nowhere and
end at no address of the host; where services may reach the world, one more does, without the main service.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from evalkit.compose import Mount, Plan, Service
from evalkit.compose.mounts import exists
from evalkit.workspace import WorkspaceLimits, WorkspaceSpec

OUTSIDE = "evalkit-outside"
# a bridge without an address of the host's: what listens there is out of reach
NOWHERE = {"com.docker.network.bridge.inhibit_ipv4": "true"}
LOG = {"driver": "json-file", "options": {"max-size": "1m", "max-file": "1"}}


def compose_file(
    plan: Plan,
    project: str,
    images: Mapping[str, str],
    files: Mapping[str, bytes],
    folder: str,
    marks: Mapping[str, str],
    spec: WorkspaceSpec,
) -> dict[str, Any]:
    """The file as compose reads it (JSON is YAML). `images`: service -> id in the engine. `folder`: where
    what is mounted of `files` lies. `marks`: labels of all that is made."""
    networks: dict[str, Any] = {name: {"internal": True, "driver_opts": NOWHERE} for name in plan.networks}
    services, outside = {}, False
    for service in plan.others:
        joined = {name: {"aliases": list(others)} for name, others in service.networks.items()}
        if spec.network and any(name not in plan.internal for name in joined):
            joined[OUTSIDE], outside = {"aliases": []}, True
        services[service.name] = {
            **_service(service, files, folder, spec.limits),
            **({"networks": joined} if joined else {"network_mode": "none"}),
            "image": images[service.name],
            "labels": dict(marks),
        }
    if outside:
        networks[OUTSIDE] = {}
    volumes: dict[str, Any] = {name: {} for name in _volumes(plan, files)}
    for made in (networks, volumes):
        for name in made:
            made[name] |= {"name": f"{project}_{name}", "labels": dict(marks)}
    found: dict[str, Any] = _literal({"services": services, "networks": networks, "volumes": volumes})
    return found


def _service(
    service: Service, files: Mapping[str, bytes], folder: str, limits: WorkspaceLimits
) -> dict[str, Any]:
    return {
        **service.settings,
        "environment": dict(service.env),
        "volumes": [_mounted(m, files, folder) for m in service.mounts if m.kind != "memory"],
        "tmpfs": [m.at for m in service.mounts if m.kind == "memory"],
        "depends_on": {name: {"condition": how} for name, how in service.after.items()},
        "cap_drop": sorted({*service.settings.get("cap_drop", ()), "NET_RAW"}),
        "security_opt": ["no-new-privileges"],
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,
        "pids_limit": limits.processes,
        **({"cpus": limits.cpus} if limits.cpus else {}),
        "logging": LOG,
        "restart": "no",
    }


def _mounted(mount: Mount, files: Mapping[str, bytes], folder: str) -> dict[str, Any]:
    """What is there is mounted read-only, whatever the file says: it lies on this host."""
    if mount.kind == "folder" and exists(mount, files):
        source = f"{folder}/{mount.source}".rstrip("/")
        return {"type": "bind", "source": source, "target": mount.at, "read_only": True}
    name = volume(mount)
    found: dict[str, Any] = {"type": "volume", "target": mount.at, "read_only": mount.read_only}
    return found | ({"source": name} if name else {})


def volume(mount: Mount) -> str:
    """The volume that a mount is of: a folder that is not there yet becomes one. "" is one without a name."""
    if mount.kind == "folder":
        return f"folder-{hashlib.sha256(mount.source.encode()).hexdigest()[:12]}"
    return mount.source


def of_main(plan: Plan, files: Mapping[str, bytes]) -> dict[str, str]:
    """Place in the main service -> volume that it shares with others."""
    return {
        mount.at: volume(mount) for mount in plan.shared if mount.kind == "volume" or not exists(mount, files)
    }


def _volumes(plan: Plan, files: Mapping[str, bytes]) -> list[str]:
    mounts = [mount for service in plan.others for mount in service.mounts if mount.kind != "memory"]
    found = {volume(m) for m in mounts if m.kind == "volume" or not exists(m, files)}
    return sorted(found - {""})


def _literal(value: Any) -> Any:
    """Nothing in it is a variable any more."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _literal(inner) for key, inner in value.items()}
    return [_literal(inner) for inner in value] if isinstance(value, list) else value
