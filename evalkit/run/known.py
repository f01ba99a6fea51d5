"""What is known of tasks before a run does any work, from certificates (evalkit.run.certificates).

Tasks whose gold answer fails on this machine are excluded by name: no model could be told right from wrong.
Where gold passes officially but not strictly, the strict verdict is not available for that task. Both lists
are in the run's manifest, so that a run keeps those that it began with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from evalkit.outcome import EXCLUDED, Outcome
from evalkit.run.certificates import (
    OF_MODEL,
    Certificate,
    Certificates,
    Kind,
    certificates_of,
    failed_strictly,
)
from evalkit.run.manifest import now
from evalkit.run.plan import Plan
from evalkit.run.work import Equipment
from evalkit.store import Store
from evalkit.task import WORK, Answer, Task, Verdict


@dataclass(frozen=True)
class Known:
    """Why, by task id."""

    excluded: Mapping[str, str] = field(default_factory=dict)
    unproven: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """A run that makes certificates: of gold, or of empty answers. `anew`: also of what has one."""

    certificates: Certificates
    kind: Kind
    anew: bool

    def known(self, task: Task) -> Certificate | None:
        return None if self.anew else self.certificates.read(task, self.kind)

    def keep(self, task: Task, verdict: Verdict) -> None:
        self.certificates.write(task, self.kind, verdict, now())


def proof_of(plan: Plan, sandbox: Equipment, *, anew: bool) -> Proof | None:
    """Of a run with gold or with empty answers, where its suite has certificates."""
    certificates, kind = certificates_of(plan, sandbox), OF_MODEL.get(plan.settings.model)
    return Proof(certificates, kind, anew) if certificates and kind else None


def known_of(plan: Plan, sandbox: Equipment) -> Known:
    """From the certificates of the plan's tasks; nothing where the settings ask for all tasks.

    What the suite lists as failing officially too stays in: it counts in the official number. So does the
    strict verdict of tasks that officially pass as they are.
    """
    certificates = None if plan.settings.all_tasks else certificates_of(plan, sandbox)
    excluded, unproven = {}, {}
    for task in plan.tasks if certificates else ():
        found = certificates.read(task, "gold") if certificates else None
        if found is None or task.id in plan.suite.info.exceptions:
            continue
        if found.verdict.outcome is Outcome.FAILED:
            excluded[task.id] = f"its gold answer fails here ({found.verdict.reason}, tried {found.at})"
        elif task.id in plan.suite.info.passes_untouched:
            continue
        elif failed_strictly(found.verdict) and found.verdict.strict:
            why = found.verdict.strict.reason
            unproven[task.id] = f"its gold answer does not pass strictly here ({why}, tried {found.at})"
    return Known(excluded, unproven)


async def settle(store: Store, plan: Plan, set_id: int, proof: Proof | None) -> None:
    """End what is excluded, and take over what is certified: neither is work any more."""
    excluded, tasks = store.manifest.get("excluded", {}), {task.id: task for task in plan.tasks}
    taken = []
    for (task_id, sample), state in store.state(set_id).items():
        if state.ended:
            continue
        if why := excluded.get(task_id):
            rollout = await store.begin(task_id, sample)
            await store.fail(rollout, Outcome.NOT_RUN, EXCLUDED, why)
        elif proof and (found := proof.known(tasks[task_id])):
            await store.answer(await store.begin(task_id, sample), answer_of(tasks[task_id], proof.kind))
            if found.verdict.strict:
                await store.verdict(set_id, task_id, sample, "strict", found.verdict.strict)
            verdict = dataclasses.replace(found.verdict, strict=None)
            await store.verdict(set_id, task_id, sample, "official", verdict)
            taken.append(found.at)
    if taken:
        await store.note("certificates", {"taken": len(taken), "oldest": min(taken), "newest": max(taken)})


def answer_of(task: Task, kind: Kind) -> Answer:
    """What the oracle answers, or the null model."""
    if kind == "gold" and task.gold:
        return task.gold
    return Answer("", task.gold.form) if task.gold and task.gold.form in WORK else Answer("")
