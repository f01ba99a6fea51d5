"""What a run would do, and about what it would cost. Sends nothing, writes nothing.

Prompt tokens are projected as one for every four characters of the prompts, rounded up per call: a
rule of thumb for English and code, stated wherever the figure is shown. Completion tokens are bounded by
the token limit, where there is one. A scaffold of several turns makes at least these calls: what they cost
in all is bounded by nothing, unless by --rollout-cost; calls of other roles cannot be foreseen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evalkit.errors import SandboxError
from evalkit.model import Hosted, Model
from evalkit.run.images import build_plan, image_plan
from evalkit.run.models import SILENT
from evalkit.run.plan import Plan
from evalkit.run.settings import Knobs, given_limits
from evalkit.scaffolds.one_turn import OneTurn
from evalkit.store import holds_run, read_run
from evalkit.task import Task

CHARACTERS_PER_TOKEN = 4
RULE = f"{CHARACTERS_PER_TOKEN} characters each"


@dataclass(frozen=True)
class Projection:
    """`cost_at_most` is US dollars with every reply at its limit; None where price or limit is unknown, or a
    rollout makes as many calls as it likes. `calls` are rollouts to make, `turns` the calls of one at most.
    """

    run: str
    suite: str
    scope: str
    model: str
    protocol: str
    scaffold: str
    continues: bool  # the folder is there already
    tasks: int
    of: int
    samples: int
    planned: int
    scored: int
    calls: int
    to_judge: int
    unavailable: int
    prompt_tokens: int
    completion_tokens_at_most: int | None
    price: dict[str, float] | None  # US dollars per million tokens
    prompt_cost: float | None
    cost_at_most: float | None
    sends: bool  # False for the oracle and others that answer by themselves
    turns: int | None = 1
    budget: dict[str, float] = field(default_factory=dict)  # as given: Budget's fields
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)  # model and price, by role
    images: dict[str, Any] | None = None  # to pull: PullPlan.to_json; None where all are built here
    builds: dict[str, Any] | None = None  # from Dockerfiles: see context_plan.py; None where there are none
    server: dict[str, Any] | None = None  # on this machine: Hosted.facts, of a model that has one
    rule: str = RULE

    def to_json(self) -> dict[str, Any]:
        """The object that `run --dry-run --json` prints: docs/machine-interface.md."""
        return {"dry_run": True, **asdict(self)}


def project(plan: Plan, knobs: Knobs) -> Projection:
    folder = knobs.results / plan.folder_name
    rollouts, to_judge, scored = _owed(plan, folder)
    owed = [task for task, _ in rollouts if not task.unavailable]
    asked = [task for task in owed if not plan.suite.settled(task)]
    once = list({task.id: task for task in owed}.values())
    lengths: dict[str, int] = {}
    for task in asked:
        if task.id not in lengths:
            lengths[task.id] = prompt_tokens(plan, task)
    prompt = sum(lengths[task.id] for task in asked)
    limit = plan.sampling.max_tokens
    turns = 1 if isinstance(plan.scaffold, OneTurn) else plan.limits.turns
    completion = None if limit is None or turns is None else limit * turns * len(asked)
    price = _price(plan.model)
    prompt_cost = None if price is None else prompt * price["input"] / 1e6
    cost = None
    if price is not None and prompt_cost is not None and completion is not None and turns == 1:
        cost = prompt_cost + completion * price["output"] / 1e6
    return Projection(
        run=str(folder),
        suite=plan.suite.info.name,
        scope=plan.scope,
        model=plan.settings.model,
        protocol=plan.protocol.name,
        scaffold=plan.scaffold.name,
        continues=holds_run(folder),
        tasks=len(plan.tasks),
        of=plan.of,
        samples=plan.samples,
        planned=len(plan.planned),
        scored=scored,
        calls=len(asked),
        to_judge=to_judge + len(owed) - len(asked),
        unavailable=sum(bool(task.unavailable) for task in plan.tasks),
        prompt_tokens=prompt,
        completion_tokens_at_most=completion,
        price=price,
        prompt_cost=prompt_cost,
        cost_at_most=cost,
        sends=_sends(plan.model),
        turns=turns,
        budget=given_limits(plan.budget),
        roles={
            role: {"model": plan.settings.roles[role]["model"], "price": _price(model)}
            for role, model in plan.others.items()
        },
        server=plan.model.facts() if isinstance(plan.model, Hosted) else None,
        images=_asked(lambda: _pulls(plan, once, knobs)),
        builds=_asked(lambda: build_plan(plan.suite, once, knobs)),
    )


def _asked(found: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
    """What becomes of the tasks' images: engine and registries are asked, nothing is pulled or built."""
    try:
        return found()
    except SandboxError as e:
        return {"summary": f"unknown: {e.message}"}


def _pulls(plan: Plan, tasks: list[Task], knobs: Knobs) -> dict[str, Any] | None:
    found = image_plan(plan.suite, tasks, knobs)
    return found.to_json() if found else None


def _owed(plan: Plan, folder: Path) -> tuple[list[tuple[Task, int]], int, int]:
    """Rollouts to make, answers to judge, and samples that are scored already."""
    if not holds_run(folder):
        tasks = {task.id: task for task in plan.tasks}
        return [(tasks[task_id], k) for task_id, k in plan.planned], 0, 0
    from evalkit.run.verdict_sets import made_set, outstanding

    with read_run(folder) as store:
        work = outstanding(store, plan, made_set(store, plan))
    scored = len(plan.planned) - len(work.rollouts) - len(work.answers)
    return work.rollouts, len(work.answers), scored


def prompt_tokens(plan: Plan, task: Task) -> int:
    """Tokens of the task's first prompt, by the rule above."""
    prompt = plan.protocol.prompt(task)
    characters = sum(len(m.content) for m in prompt.messages) + len(prompt.text or "")
    return -(-characters // CHARACTERS_PER_TOKEN)


def _sends(model: Model) -> bool:
    return model.describe().get("backend") not in SILENT


def _price(model: Model) -> dict[str, float] | None:
    """Of models that have one; what is not sent costs nothing."""
    if not _sends(model):
        return {"input": 0.0, "output": 0.0}
    price = getattr(model, "price", None)
    return None if price is None else {"input": float(price.input), "output": float(price.output)}
