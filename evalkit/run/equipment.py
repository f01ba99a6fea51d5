"""What a run is carried out in: a sandbox here, or the nodes of a cluster with theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from evalkit.run.cluster.crew import Crew
from evalkit.run.hands import Hands, Here
from evalkit.run.plan import Plan
from evalkit.run.settings import Knobs
from evalkit.run.spread import open_sandbox
from evalkit.run.work import Equipment, Sandbox, Work


async def open_equipment(
    plan: Plan, knobs: Knobs, label: str, say: Callable[[str], None], work: Work | None = None
) -> Equipment:
    """For all of the plan's tasks, or those of the work that is left."""
    left = {task.id for task, _ in (*work.rollouts, *work.answers)} if work else None
    tasks = [task for task in plan.tasks if left is None or task.id in left]
    if knobs.workers:
        from evalkit.run.cluster.open import open_crew

        return await open_crew(plan, tasks, knobs, label, say)
    trusted = plan.data.pinned or plan.suite.tests_are_data
    return await open_sandbox(plan.suite, tasks, knobs, label, say, trusted=trusted)


def hands_of(plan: Plan, knobs: Knobs, sandbox: Equipment) -> Hands:
    """A cluster's nodes have sandboxes of their own; else all is done here."""
    if isinstance(sandbox, Crew):
        return sandbox
    return Here(plan.suite, plan.scaffold, cast(Sandbox, sandbox), knobs.workspaces)


async def images_met(equipment: Equipment) -> Any:
    """Images by name, of those that tasks have met by now."""
    if isinstance(equipment, Crew):
        await equipment.refresh()
    return equipment.describe().get("images")
