"""Who judges, and what is owed: a run has a set of verdicts for each way that its answers were judged in.

One set is the run's own, and its score is read from that. A set of another scorer, or of other options that
verdicts depend on, becomes the run's own once it holds a verdict on every answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from evalkit.outcome import EXCLUDED
from evalkit.run.manifest import now
from evalkit.run.plan import Plan
from evalkit.run.summary import Summary
from evalkit.run.watch import Watch
from evalkit.run.work import Work
from evalkit.store import Reader, Store
from evalkit.suite import Scorer, options_of


async def verdict_set(store: Store, plan: Plan, *, again: bool = False) -> int:
    """The set of verdicts of this scorer, with these options; `again` makes a further one."""
    options = judging_options(plan)
    if again:
        options |= {"again": len(store.verdict_sets())}
    info = {"judged": now(), "doubts": list(plan.suite.judging_doubts())}
    return await store.verdict_set(plan.suite.scorer(), options, info)


async def current_set(store: Store, plan: Plan) -> int:
    """The run's own set where it was judged in this very way, else the set of this way."""
    return made_set(store, plan) or await verdict_set(store, plan)


def made_set(store: Reader, plan: Plan) -> int:
    """`current_set` where there is one already; else 0, the set in which nothing is judged."""
    sets, own = store.verdict_sets(), store.default_set
    way = (plan.suite.scorer(), judging_options(plan))
    for set_id in filter(None, (own, *sets)):
        made = sets[set_id]
        # the run's own set may come from judging again: that is the same way
        options = {k: v for k, v in made["options"].items() if k != "again" or set_id != own}
        if (Scorer(made["scorer"], made["version"]), options) == way:
            return set_id
    return 0


def with_unjudged(summary: Summary, store: Reader, plan: Plan) -> Summary:
    """The summary; where it is still by another set than the one asked for, with how much that lacks."""
    set_id = made_set(store, plan)
    left = len(outstanding(store, plan, set_id).answers)
    if set_id == store.default_set or not left:
        return summary
    note = f"{way_of(plan)} could not judge {left:,} answers: this score is still an earlier one's"
    return dataclasses.replace(summary, unjudged=left, notes=(*summary.notes, note))


async def make_own(store: Store, set_id: int, plan: Plan, watch: Watch) -> None:
    """Read the run's score from this set from now on."""
    if set_id == store.default_set:
        return
    await store.set_default(set_id)
    watch.say(f"the run's score is now that of verdict set {set_id}: {way_of(plan)}")


def way_of(plan: Plan) -> str:
    """Who judges and how, for people."""
    by, options = plan.suite.scorer(), judging_options(plan)
    return f"{by.name} {by.version} ({', '.join(f'{k}={v}' for k, v in options.items())})"


def judging_options(plan: Plan) -> dict[str, Any]:
    extractor = plan.suite.protocol().extractor
    return {
        **options_of(plan.suite.options, "verdict"),
        "extractor": f"{extractor.name} {extractor.version}",
    }


def own_options(store: Reader) -> dict[str, Any]:
    """The verdict options of the run's own set; {} where nothing is judged yet."""
    made = store.verdict_sets().get(store.default_set or 0)
    return dict(made["options"]) if made else {}


def as_judged(plan: Plan, options: Mapping[str, Any]) -> Plan:
    """The plan with the verdict options of the run's own set: `score` may have changed them since."""
    known = options_of(plan.suite.options, "verdict")
    chosen = dataclasses.replace(plan.suite.options, **{k: v for k, v in options.items() if k in known})
    return dataclasses.replace(plan, suite=type(plan.suite)(plan.suite.info, chosen))


# -- what is owed ----------------------------------------------------------------------------------


def outstanding(store: Reader, plan: Plan, set_id: int | None = None) -> Work:
    """Everything planned less what is finished: errors are owed again, finished and excluded ones never."""
    tasks = {task.id: task for task in plan.tasks}
    rollouts, answers = [], []
    for (task_id, sample), known in store.state(set_id).items():
        if known.reason == EXCLUDED:
            continue
        if not known.answered:
            rollouts.append((tasks[task_id], sample))
        elif not known.judged:
            answers.append((tasks[task_id], sample))
    return Work(rollouts, answers)
