"""From a plan to nodes that are ready for its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from evalkit.run.cluster.code import code_digest
from evalkit.run.cluster.crew import Crew
from evalkit.run.cluster.join import join
from evalkit.run.cluster.messages import Job
from evalkit.run.plan import Plan
from evalkit.run.settings import Knobs
from evalkit.scaffolds.as_given import AsGiven
from evalkit.task import Task


async def open_crew(
    plan: Plan, tasks: Sequence[Task], knobs: Knobs, label: str, say: Callable[[str], None]
) -> Crew:
    """The nodes of the cluster that `knobs.workers` names, ready to make rollouts of `tasks` and judge them.
    UsageError, SandboxError: there is none, or none that can."""
    joined = await join(knobs.workers or "", knobs.workspaces, say)
    crew = Crew(joined, plan.suite, job_of(plan, tasks, knobs, label), say)
    try:
        await crew.start()
    except BaseException:
        await crew.close()
        raise
    return crew


def job_of(plan: Plan, tasks: Sequence[Task], knobs: Knobs, label: str) -> Job:
    suite = plan.suite
    given = knobs.judges != Knobs().judges  # else each node's cores decide
    return Job(
        run=label,
        settings=plan.settings,
        options=dict(vars(suite.options)) if suite.options else {},
        as_given=isinstance(plan.scaffold, AsGiven),
        knobs=replace(knobs, judges=knobs.judges if given else 0),
        trusted=plan.data.pinned or suite.tests_are_data,
        code=code_digest(suite.info.folder),
        tasks=tuple(tasks) if suite.workspaces else (),
        samples=Counter(suite.image(task) for task in tasks for _ in range(plan.samples))
        if suite.workspaces
        else {},
    )
