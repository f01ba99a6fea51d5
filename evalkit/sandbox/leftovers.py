"""What evalkit left in the engine: found by its labels, removed when its owner is gone."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evalkit.sandbox.engine import OWNED, docker_client, owner_alive

UNKNOWN_S = 24 * 3600.0  # things of an owner that cannot be asked after count as in use for so long


@dataclass(frozen=True)
class Leftover:
    """A thing of ours in the engine. `kind`: container, volume or image; `size` in bytes or 0."""

    kind: str
    id: str
    purpose: str
    run: str
    alive: bool  # whether the process that made it still runs, as far as can be known
    size: int = 0


def list_leftovers(client: Any = None) -> list[Leftover]:
    """Every container, volume and image that carries evalkit's label."""
    client = client or docker_client()
    only = {"label": OWNED}
    found = []
    for box in client.api.containers(all=True, filters=only):
        found.append(_leftover("container", box["Id"], box["Labels"], made=box["Created"]))
    for volume in client.api.volumes(filters=only)["Volumes"] or []:
        made = datetime.datetime.fromisoformat(volume["CreatedAt"]).timestamp()
        found.append(_leftover("volume", volume["Name"], volume["Labels"], made=made))
    for image in client.api.images(filters=only):
        size = int(image.get("Size", 0))
        found.append(_leftover("image", image["Id"], image["Labels"], size, made=image["Created"]))
    return found


def _leftover(kind: str, name: str, marks: dict[str, str], size: int = 0, *, made: float) -> Leftover:
    alive = owner_alive(marks.get("evalkit.owner", ""))
    if alive is None:
        alive = kind != "image" and time.time() - made < UNKNOWN_S
    return Leftover(kind, name, marks.get(OWNED, ""), marks.get("evalkit.run", ""), alive, size)


def remove_leftovers(things: list[Leftover], client: Any = None) -> list[Leftover]:
    """Remove them, containers first; returns what could not be removed."""
    import docker.errors

    client = client or docker_client()
    remove: dict[str, Callable[[str], Any]] = {
        "container": lambda name: client.api.remove_container(name, force=True, v=True),
        "volume": lambda name: client.api.remove_volume(name, force=True),
        "image": lambda name: client.api.remove_image(name, force=True),
    }
    failed = []
    for kind, act in remove.items():
        for thing in things:
            if thing.kind != kind:
                continue
            try:
                act(thing.id)
            except docker.errors.NotFound:
                pass
            except docker.errors.APIError:
                failed.append(thing)
    return failed


def reap(client: Any = None) -> int:
    """Remove the containers and volumes whose owner is gone; how many there were."""
    client = client or docker_client()
    dead = [t for t in list_leftovers(client) if t.kind != "image" and not t.alive]
    with contextlib.suppress(OSError):
        remove_leftovers(dead, client)
    return len(dead)
