"""What evalkit left in the engine: found by its labels, or by the records of what it pulled; removed when its
owner is gone."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalkit.sandbox.engine import OWNED, SHARED, docker_client, owner_alive
from evalkit.sandbox.pull_records import records_of
from evalkit.sandbox.workspace_pause import unpause

KINDS = ("container", "volume", "network", "image")
HALF_BUILT = "build"  # the purpose of an image that is not finished
PULLED = "pulled"  # the purpose of such images
PATIENCE_S = 5.0
UNKNOWN_S = 24 * 3600.0  # things of an owner that cannot be asked after count as in use for so long


@dataclass(frozen=True)
class Leftover:
    """A thing of ours in the engine. `kind`: one of KINDS; `size` in bytes or 0. The `id` of an
    image that was pulled is what it was pulled by; the `purpose` of one that was built is its name."""

    kind: str
    id: str
    purpose: str
    run: str
    alive: bool  # whether the process that made it still runs, as far as can be known
    size: int = 0


def list_leftovers(client: Any = None) -> list[Leftover]:
    """Every container, volume, network and image with evalkit's label, and every image that it pulled."""
    client = client or docker_client()
    only = {"label": OWNED}
    found = []
    for box in client.api.containers(all=True, filters=only):
        found.append(_leftover("container", box["Id"], box["Labels"], made=box["Created"]))
    for volume in client.api.volumes(filters=only)["Volumes"] or []:
        made = datetime.datetime.fromisoformat(volume["CreatedAt"]).timestamp()
        found.append(_leftover("volume", volume["Name"], volume["Labels"], made=made))
    for network in client.api.networks(filters=only):
        if network["Labels"].get(OWNED) == SHARED:
            continue
        made = datetime.datetime.fromisoformat(network["Created"]).timestamp()
        found.append(_leftover("network", network["Id"], network["Labels"], made=made))
    for image in client.api.images(filters=only):
        size = int(image.get("Size", 0))
        names = [name for name in image["RepoTags"] or [] if not name.startswith("<none>")]
        marks = image["Labels"] | ({OWNED: names[0]} if names else {})
        found.append(_leftover("image", image["Id"], marks, size, made=image["Created"]))
    return [*found, *_pulled(client)]


def _pulled(client: Any) -> Iterator[Leftover]:
    import docker.errors

    records = records_of(client)
    for reference, used in records.all().items():
        try:
            size = int(client.api.inspect_image(reference).get("Size", 0))
        except docker.errors.NotFound:
            continue
        yield Leftover("image", reference, PULLED, records.run_of(reference), used, size)


def _leftover(kind: str, name: str, marks: dict[str, str], size: int = 0, *, made: float) -> Leftover:
    alive = owner_alive(marks.get("evalkit.owner", ""))
    if alive is None:
        alive = (kind != "image" or marks.get(OWNED) == HALF_BUILT) and time.time() - made < UNKNOWN_S
    return Leftover(kind, name, marks.get(OWNED, ""), marks.get("evalkit.run", ""), alive, size)


def remove_leftovers(things: list[Leftover], client: Any = None) -> list[Leftover]:
    """Remove them, containers first; returns what could not be removed.

    An engine that is about to remove a container by itself holds on to its volumes until then: what fails is
    tried again for a while, images apart.
    """
    client = client or docker_client()
    end = time.monotonic() + PATIENCE_S
    failed = _removed(things, client)
    while any(thing.kind != "image" for thing in failed) and time.monotonic() < end:
        time.sleep(0.2)
        failed = _removed(failed, client)
    return failed


def _removed(things: list[Leftover], client: Any) -> list[Leftover]:
    """One try at each; what could not be removed."""
    import docker.errors

    failed = []
    for thing in sorted(things, key=lambda thing: KINDS.index(thing.kind)):
        try:
            _remove(thing, client)
        except docker.errors.NotFound:
            pass
        except docker.errors.APIError:
            failed.append(thing)
            continue
        if thing.purpose == PULLED:
            records_of(client).forget(thing.id)
    return failed


def _remove(thing: Leftover, client: Any) -> None:
    if thing.kind == "container":
        unpause(client, thing.id)  # one whose process died while it stood still
        client.api.remove_container(thing.id, force=True, v=True)
    elif thing.kind == "volume":
        client.api.remove_volume(thing.id, force=True)
    elif thing.kind == "network":
        client.api.remove_network(thing.id)
    else:  # others may have given a pulled one names, or use it
        client.api.remove_image(thing.id, force=thing.purpose != PULLED)


def reap(client: Any = None) -> int:
    """Remove what nobody uses: containers, volumes, networks, unfinished images; how many there were."""
    client = client or docker_client()
    goes = [t for t in list_leftovers(client) if t.kind != "image" or t.purpose == HALF_BUILT]
    dead = [t for t in goes if not t.alive]
    with contextlib.suppress(OSError):
        remove_leftovers(dead, client)
    return len(dead)
