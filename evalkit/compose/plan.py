"""What a compose file comes to: plain values, with nothing left to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


class Refused(Exception):
    """Why a compose file is not followed, in words that name the service and the key."""


@dataclass(frozen=True)
class Build:
    """Paths are relative to the compose file's folder; "" is that folder itself."""

    context: str
    dockerfile: str  # relative to the context
    args: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Mount:
    """`source`: a path in the compose file's folder, a volume's name, or "" of one in memory."""

    kind: Literal["folder", "volume", "memory"]
    source: str
    at: str
    read_only: bool = False


@dataclass(frozen=True)
class Service:
    """`image` names what it is made of, or `build` says how; both: the image is called so once it is built.

    `networks`: name -> other names of the service there. `after`: services that are started before it, and
    what is waited for: "service_started", "service_healthy" or "service_completed_successfully". `settings`
    are passed on as they are.
    """

    name: str
    image: str = ""
    build: Build | None = None
    env: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """`main` is the workspace's own service, `others` stand beside it. `networks`: of these `internal` ones
    lead nowhere outside."""

    main: Service
    others: tuple[Service, ...]
    networks: tuple[str, ...] = ()
    internal: frozenset[str] = frozenset()
    volumes: tuple[str, ...] = ()

    @property
    def shared(self) -> tuple[Mount, ...]:
        """What the main service has in common with others; all else lies in its own container."""
        theirs = {mount.source for service in self.others for mount in service.mounts if mount.source}
        return tuple(mount for mount in self.main.mounts if mount.source in theirs)
