"""Images that tasks name by reference: what pulling them costs a run, and in which order it works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.recipe import Context
from evalkit.run.settings import Knobs
from evalkit.run.work import Equipment, Work
from evalkit.suite import Suite
from evalkit.task import Task
from evalkit.workspace import ImageSupply

if TYPE_CHECKING:
    from evalkit.sandbox.pull_plan import PullPlan
    from evalkit.sandbox.pulls import Supply


def supply_of(sandbox: Equipment) -> ImageSupply | None:
    """Programs' sandboxes have one image, and it is built; a cluster's nodes have supplies of their own."""
    return getattr(sandbox, "supply", None)


def by_image(work: Work, suite: Suite, supply: ImageSupply | None) -> Work:
    """The same work with that on an image together, images in the supply's order: else each would be pulled
    again for every sample. The supply is told what to expect."""
    if supply is None:
        return work
    places = {reference: place for place, reference in enumerate(supply.order)}

    def place(item: tuple[Task, int]) -> int:
        return places.get(suite.image(item[0]), -1)

    supply.need(Counter(suite.image(task) for task, _ in (*work.rollouts, *work.answers)))
    return Work(sorted(work.rollouts, key=place), sorted(work.answers, key=place))


async def open_images(
    suite: Suite, tasks: Sequence[Task], knobs: Knobs, label: str, say: Callable[[str], None]
) -> Supply | None:
    """The supply of the tasks' images; None where all of them are built here. SandboxError, UsageError."""
    if not _asked(suite, tasks, knobs):
        return None
    from evalkit.sandbox.open_supply import open_supply

    supply = await open_supply(**_how(suite, tasks, knobs), keep=knobs.keep_images, run_label=label, say=say)
    if supply.plan.pulls:
        say(f"images: {supply.plan.sentence()}")
    return supply


def image_plan(suite: Suite, tasks: Sequence[Task], knobs: Knobs) -> PullPlan | None:
    """What pulling them costs; asks the registries, pulls nothing. None where all are built here."""
    if not _asked(suite, tasks, knobs):
        return None
    from evalkit.sandbox.open_supply import plan_images

    return plan_images(**_how(suite, tasks, knobs))


def _asked(suite: Suite, tasks: Sequence[Task], knobs: Knobs) -> bool:
    if not suite.workspaces:
        return False
    named = {suite.image(task) for task in tasks if not task.unavailable} - _built(suite, tasks)
    return bool(named) or knobs.image_map is not None


def _built(suite: Suite, tasks: Sequence[Task]) -> set[str]:
    """Names of images that are built here, not pulled."""
    recipe = suite.recipe()
    return {*([recipe.name] if recipe else []), *contexts_of(suite, tasks)}


def contexts_of(suite: Suite, tasks: Sequence[Task]) -> dict[str, Callable[[], Context]]:
    """How images are built from the tasks' Dockerfiles, by name."""
    if not suite.dockerfiles:
        return {}
    found: dict[str, Callable[[], Context]] = {}
    for task in tasks:
        context = suite.build(task, None)
        if isinstance(context, Context):
            found[suite.image(task)] = partial(_context, suite, task)
            found |= {o.image: partial(_context, suite, task, n) for n, o in enumerate(context.others)}
    return found


def build_plan(suite: Suite, tasks: Sequence[Task], knobs: Knobs) -> dict[str, Any] | None:
    """What will be built from the tasks' Dockerfiles; None where they have none. SandboxError."""
    contexts = contexts_of(suite, tasks)
    if not contexts:
        return None
    from evalkit.sandbox.context_plan import plan_builds

    return plan_builds(contexts, map_of(knobs))


def _bases(suite: Suite, tasks: Sequence[Task]) -> frozenset[str]:
    """What their Dockerfiles begin with."""
    from evalkit.sandbox.context_bases import bases_of

    return frozenset(name for make in contexts_of(suite, tasks).values() for name in bases_of(make()))


def _context(suite: Suite, task: Task, other: int | None = None) -> Context:
    context = suite.build(task, None)
    assert isinstance(context, Context), "only such tasks are asked"
    return context if other is None else context.others[other]


def map_of(knobs: Knobs) -> dict[str, str]:
    """The local images that the user supplies, by what they stand for. UsageError."""
    from evalkit.sandbox.image_map import read_image_map

    return read_image_map(Path(knobs.image_map)) if knobs.image_map is not None else {}


def _how(suite: Suite, tasks: Sequence[Task], knobs: Knobs) -> dict[str, Any]:
    images: dict[str, list[str]] = {}
    for task in tasks:
        if task.unavailable and not suite.image(task):
            continue
        images.setdefault(suite.image(task), []).append(task.id)
    return {
        "images": images,
        "image_map": knobs.image_map,
        "budget": knobs.disk_budget,
        "width": min(knobs.concurrency, knobs.workspaces),
        "built": _built(suite, tasks),
        "bases": _bases(suite, tasks) if knobs.image_map is not None else frozenset(),
    }
