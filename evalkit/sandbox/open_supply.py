"""From what a run's tasks name to its supply of images: looked up, planned, cleaned up after the dead."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping, Sequence, Set
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from evalkit.cache import cache_folder
from evalkit.errors import SandboxError
from evalkit.sandbox.engine import docker_client, engine_failures
from evalkit.sandbox.image_map import map_images, read_image_map
from evalkit.sandbox.pull_plan import PullPlan, Quota
from evalkit.sandbox.pull_records import PullRecords, records_of
from evalkit.sandbox.pulling import DELAYS_S, Say, pull, remove_image
from evalkit.sandbox.pulls import Supply
from evalkit.sandbox.registry import RegistryError
from evalkit.sandbox.survey import registries, survey

ENGINE_PATIENCE_S = 900.0  # for a line about a pull: unpacking a large layer says nothing


async def open_supply(
    images: Mapping[str, Sequence[str]],
    *,
    image_map: str | None = None,
    budget: int | None = None,
    keep: bool = False,
    width: int = 1,
    built: Set[str] = frozenset(),
    bases: Set[str] = frozenset(),
    run_label: str = "",
    say: Say = lambda line: None,
    delays: tuple[float, ...] = DELAYS_S,
) -> Supply:
    """The supply of these images: reference -> tasks, in the order of the tasks. SandboxError, UsageError.

    `width`: tasks at work at once; `built`: names of images that are built here, not pulled; `bases`: those
    in their FROM lines, for which the map may name others, too.
    """

    def look() -> Supply:
        client = docker_client(timeout=ENGINE_PATIENCE_S)
        plan = plan_images(
            images,
            image_map=image_map,
            budget=budget,
            width=width,
            built=built,
            bases=bases,
            client=client,
            say=say,
        )
        records = records_of(client, run_label)
        sweep(client, records, spare=plan.order)
        asked = registries(client)

        def quota(reference: str) -> Quota:
            try:
                return asked.head(reference)[1]
            except RegistryError as e:
                return e.quota

        def fetch(reference: str, stop: threading.Event) -> str:
            left = partial(quota, reference)
            return pull(client, reference, say=say, stop=stop, quota=left, delays=delays)

        return Supply(client, plan, records, fetch, keep=keep)

    with engine_failures():
        return await asyncio.to_thread(look)


def plan_images(
    images: Mapping[str, Sequence[str]],
    *,
    image_map: str | None = None,
    budget: int | None = None,
    width: int = 1,
    built: Set[str] = frozenset(),
    bases: Set[str] = frozenset(),
    client: Any = None,
    say: Say = lambda line: None,
) -> PullPlan:
    """The plan alone. Pulls nothing. SandboxError, UsageError."""
    supplied: dict[str, str] = {}
    if image_map is not None:
        tasks = {task: reference for reference, named in images.items() for task in named}
        supplied, unused = map_images(read_image_map(Path(image_map)), tasks)
        unused = [key for key in unused if not any(fnmatchcase(base, key) for base in bases)]
        if unused:
            say(f"--image-map: nothing here is called {', '.join(unused[:5])}{' ...' if unused[5:] else ''}")
    client = client or docker_client()
    cache = cache_folder()
    images = {name: tasks for name, tasks in images.items() if name in supplied or name not in built}
    with engine_failures():
        return survey(client, images, supplied=supplied, width=width, budget=budget, cache=cache)


def sweep(client: Any, records: PullRecords, spare: Sequence[str] = ()) -> list[str]:
    """Remove what evalkits that are gone had pulled, but what is wanted now and what was to be kept."""
    kept = records.kept()
    gone = []
    for reference, used in records.all().items():
        if not used and reference not in spare and reference not in kept:
            with contextlib.suppress(SandboxError), records.leave(reference) as last:  # busy: the next time
                if last:
                    remove_image(client, reference, tries=1)
                    gone.append(reference)
    return gone
