"""A compose file as a Plan. What it may ask for is listed here, key by key: anything else is refused by name,
and so is all that leads to the host or out of the file's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.compose.filling import fill
from evalkit.compose.mounts import mounts
from evalkit.compose.parts import env_of, inside, names, table
from evalkit.compose.plan import Build, Plan, Refused, Service
from evalkit.workspace import Beside

FILE_BYTES = 1 << 20
DEFAULT = "default"
# passed on to the engine: what a container does inside its own walls
PASSED = (
    *("command", "entrypoint", "user", "working_dir", "healthcheck", "hostname", "stdin_open", "tty"),
    *(
        "stop_signal",
        "stop_grace_period",
        "init",
        "read_only",
        "shm_size",
        "extra_hosts",
        "dns",
        "dns_search",
    ),
    *("cap_drop",),
)
READ = (
    *("image", "build", "environment", "env_file", "volumes", "tmpfs", "networks", "network_mode"),
    *("depends_on", "container_name", "profiles"),
)
# of no concern here: ports are open between services anyway, limits are the workspace's own
IGNORED = (
    *("ports", "expose", "labels", "restart", "deploy", "pull_policy", "logging", "attach", "annotations"),
    *("platform", "mem_limit", "memswap_limit", "mem_reservation", "mem_swappiness", "cpus", "cpu_shares"),
    *(
        "cpu_quota",
        "cpu_period",
        "cpu_count",
        "cpu_percent",
        "cpuset",
        "pids_limit",
        "oom_score_adj",
        "scale",
    ),
    *("ulimits", "develop", "links"),
)
# what the engine gives every container: to ask for it asks for nothing
USUAL = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


def read(beside: Beside) -> Plan:
    """The plan of a compose file, filled in with nothing but `beside.env`. Refused."""
    files = dict(beside.files)
    whole = fill(_loaded(files, beside.compose), dict(beside.env))
    listed = table(whole.get("services"), "services")
    for key in whole:
        if key not in ("services", "networks", "volumes", "version", "name") and not key.startswith("x-"):
            raise Refused(f"the compose file asks for {key!r}, which is not followed")
    if beside.main not in listed:
        raise Refused(f"the compose file has no service {beside.main!r}")
    volumes = _volumes(whole.get("volumes"))
    networks, internal = _networks(whole.get("networks"))
    found = {}
    for name, raw in listed.items():
        settings = table(raw, f"service {name!r}")
        if name == beside.main or not settings.get("profiles"):
            found[name] = _service(name, settings, files, volumes)
    for service in found.values():
        _known(service, found, {*networks, DEFAULT})
    used = {net for service in found.values() for net in service.networks}
    main = found.pop(beside.main)  # made of the workspace's image, whatever the file says
    for service in found.values():
        if not (service.image or service.build):
            raise Refused(f"service {service.name!r} has neither image nor build")
    return Plan(
        main, tuple(_without(s, beside.main) for s in found.values()), tuple(sorted(used)), internal, volumes
    )


def _loaded(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    import yaml

    data = files.get(name)
    if data is None:
        raise Refused(f"there is no compose file {name!r}")
    if len(data) > FILE_BYTES:
        raise Refused("the compose file is too large")
    try:
        return table(yaml.safe_load(data.decode()), "the compose file")
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as e:
        raise Refused(f"{name} is no YAML: {' '.join(str(e).split())[:200]}") from None


def _volumes(raw: Any) -> tuple[str, ...]:
    found = table(raw, "volumes")
    for name, settings in found.items():
        for key, value in table(settings, f"volume {name!r}").items():
            if key not in ("labels", "name") and (key, value) not in (
                ("driver", "local"),
                ("external", False),
            ):
                raise Refused(f"volume {name!r} asks for {key!r}")
    return tuple(found)


def _networks(raw: Any) -> tuple[tuple[str, ...], frozenset[str]]:
    found, internal = table(raw, "networks"), set()
    for name, settings in found.items():
        for key, value in table(settings, f"network {name!r}").items():
            if key == "ipam" and table(value, "ipam"):
                raise Refused(
                    f"network {name!r} has addresses of its own, which two trials at once would share"
                )
            allowed = (("driver", "bridge"), ("external", False), ("enable_ipv6", False))
            if (
                key not in ("labels", "name", "internal", "attachable", "ipam")
                and (key, value) not in allowed
            ):
                raise Refused(f"network {name!r} asks for {key!r}")
        if (settings or {}).get("internal"):
            internal.add(name)
    return tuple(found), frozenset(internal)


def _service(name: str, raw: dict[str, Any], files: Mapping[str, bytes], volumes: tuple[str, ...]) -> Service:
    who = f"service {name!r}"
    for key, value in raw.items():
        if key not in (*READ, *PASSED, *IGNORED) and not key.startswith("x-"):
            _strange(who, key, value)
    settings = {key: raw[key] for key in PASSED if raw.get(key) is not None}
    if isinstance(settings.get("healthcheck"), dict):  # older engines do not know it
        settings["healthcheck"].pop("start_interval", None)
    if "host-gateway" in str(settings.get("extra_hosts", "")):
        raise Refused(f"{who} asks for the host's own address")
    return Service(
        name,
        image=str(raw.get("image") or ""),
        build=_build(who, raw.get("build"), files),
        env=env_of(who, raw, files),
        mounts=mounts(who, raw, files, volumes),
        networks=_joined(who, raw),
        after=_after(who, raw.get("depends_on")),
        settings=settings,
    )


def _strange(who: str, key: str, value: Any) -> None:
    """Of keys that are not followed, those whose value asks for nothing pass."""
    if key == "cap_add" and {word.removeprefix("CAP_") for word in names(value, f"{who}: {key}")} <= USUAL:
        return
    if key == "security_opt" and set(names(value, f"{who}: {key}")) <= {
        "no-new-privileges",
        "no-new-privileges:true",
    }:
        return
    if not value:
        return
    raise Refused(f"{who} asks for {key!r}, which is not given")


def _build(who: str, raw: Any, files: Mapping[str, bytes]) -> Build | None:
    if raw is None:
        return None
    settings = {"context": raw} if isinstance(raw, str) else table(raw, f"{who}: build")
    for key, value in settings.items():
        known = (
            "context",
            "dockerfile",
            "args",
            "labels",
            "tags",
            "pull",
            "no_cache",
            "cache_from",
        )
        if key not in known and value:
            raise Refused(f"{who} asks for {key!r} in its build")
    context = inside(str(settings.get("context") or "."), f"{who}: build")
    dockerfile = inside(str(settings.get("dockerfile") or "Dockerfile"), f"{who}: build")
    if "/".join(filter(None, (context, dockerfile))) not in files:
        raise Refused(f"{who} has no {dockerfile} in its folder to be built from")
    args = env_of(who, {"environment": settings.get("args")}, files)
    return Build(context, dockerfile, args)


def _joined(who: str, raw: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    mode = raw.get("network_mode") or "bridge"
    if mode == "none":
        return {}
    if mode != "bridge":
        raise Refused(f"{who} asks for the network of {mode!r}")
    other = (str(raw["container_name"]),) if raw.get("container_name") else ()
    asked = raw.get("networks") or [DEFAULT]
    if isinstance(asked, list):
        return dict.fromkeys(names(asked, f"{who}: networks"), other)
    found = {}
    for name, settings in table(asked, f"{who}: networks").items():
        inner = table(settings, f"{who}: network {name!r}")
        for key in inner:
            if key not in ("aliases", "priority"):
                raise Refused(f"{who} asks for {key!r} in network {name!r}, which two trials would share")
        found[name] = (*names(inner.get("aliases"), f"{who}: aliases"), *other)
    return found


def _after(who: str, raw: Any) -> dict[str, str]:
    if raw is None or isinstance(raw, list):
        return dict.fromkeys(names(raw, f"{who}: depends_on"), CONDITIONS[0])
    found = {}
    for name, settings in table(raw, f"{who}: depends_on").items():
        inner = table(settings, f"{who}: depends_on")
        found[name] = str(inner.get("condition") or CONDITIONS[0])
        if found[name] not in CONDITIONS:
            raise Refused(f"{who} waits for {found[name]!r} of {name!r}, which is not known")
    return found


def _known(service: Service, services: Mapping[str, Service], networks: set[str]) -> None:
    for name in service.after:
        if name not in services:
            raise Refused(f"service {service.name!r} depends on {name!r}, which is not there")
    for name in service.networks:
        if name not in networks:
            raise Refused(f"service {service.name!r} joins {name!r}, a network that is not there")


def _without(service: Service, main: str) -> Service:
    """The main service is started last, whoever would wait for it."""
    return replace(service, after={name: how for name, how in service.after.items() if name != main})
