"""From settings to a plan: suite, data, tasks, model, identity and folder, all looked up and checked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.data import Data, load_data, tasks_of
from evalkit.errors import UsageError
from evalkit.interaction import Budget
from evalkit.model import Message, Model, Sampling
from evalkit.models.replay import Replay
from evalkit.protocol import Prompt, Protocol
from evalkit.registry import did_you_mean, open_scaffold, open_suite
from evalkit.run.models import SILENT, open_models
from evalkit.run.settings import Knobs, Settings, digest, given_limits
from evalkit.scaffold import Outspoken, Scaffold, Suited
from evalkit.scaffolds.as_given import AsGiven
from evalkit.scaffolds.interactive import Interactive
from evalkit.serving import looks_local
from evalkit.suite import Suite, options_of
from evalkit.task import Task

PROVIDED: frozenset[str] = frozenset()  # what tasks may need and get: short programs have no network


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs, opened. `sampling` is what will be sent, by precedence: the user's
    flags, the model's catalog entry, the protocol's own settings."""

    settings: Settings
    suite: Suite
    data: Data
    tasks: tuple[Task, ...]
    of: int  # tasks that --tasks and --limit chose these from
    scope: str
    model: Model
    scaffold: Scaffold
    sampling: Sampling
    samples: int
    identity: dict[str, Any]
    others: Mapping[str, Model] = field(default_factory=dict)  # models of other roles: user, judge

    @property
    def protocol(self) -> Protocol:
        return protocol_of(self.suite, self.scaffold)

    @property
    def models(self) -> dict[str, Model]:
        """Who answers in which role."""
        return {"tested": self.model, **self.others}

    @property
    def context(self) -> int | None:
        """Tokens that the tested model's context holds; None is not known."""
        return context_of(self.settings, self.model)

    @property
    def budget(self) -> Budget:
        return self.settings.budget

    @property
    def limits(self) -> Budget:
        """The budget that holds for most tasks: the user's, else the scaffold's, else the suite's. An answer
        that is there already had another, which nobody knows."""
        if isinstance(self.scaffold, AsGiven):
            return self.budget
        own: Budget = getattr(self.scaffold, "budget", Budget())
        return self.budget.within(own.within(self.suite.budget))

    @property
    def folder_name(self) -> str:
        parts = [self.suite.info.name, slug(self.settings.model), self.protocol.name]
        if self.settings.label:
            parts.append(slug(self.settings.label))
        return "--".join([*parts, digest(self.identity)[:8]])

    @property
    def planned(self) -> list[tuple[str, int]]:
        """(task id, sample) in the order of work: every task's first sample before any second."""
        return [(task.id, k) for k in range(self.samples) for task in self.tasks]


def protocol_of(suite: Suite, scaffold: Scaffold) -> Protocol:
    """The suite's; where the scaffold asks in its own words, one that is called so."""
    if not isinstance(scaffold, Outspoken):
        return suite.protocol()
    return dataclasses.replace(
        suite.protocol(),
        name=scaffold.asks,
        version=scaffold.version,
        prompt=lambda task: Prompt((Message("user", suite.assignment(task).problem),)),
        source=f"{scaffold.name} {scaffold.version}",
        notes="",
    )


def slug(name: str) -> str:
    """A name that is safe as part of a folder's."""
    if name.startswith("replay:"):
        name = "replay-" + Path(name[7:]).name.split(".")[0]
    elif looks_local(name):
        name = Path(name).name
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[:60] or "model"


def make_plan(settings: Settings, knobs: Knobs, *, sends: bool = True) -> Plan:
    """Look everything up. Raises UsageError, DataError: nothing has been written or sent by then.

    `sends` False: the model is only to be described, and may lack a key.
    """
    suite = open_suite(settings.suite, settings.options)
    scaffold = open_scaffold(settings.scaffold or suite.scaffold)
    if isinstance(scaffold, Suited):
        scaffold = scaffold.suited(suite)
    if isinstance(scaffold, Interactive) and type(suite).meet is Suite.meet:
        raise UsageError(
            f"{suite.info.name} has no interactive tasks",
            f"its own scaffold is {suite.scaffold}: leave out --scaffold",
        )
    other = suite.other_data()  # read before the benchmark's own, which may be gigabytes from the hub
    data = load_data(suite, Path(settings.data) if settings.data else None)
    all_tasks = tasks_of(suite, data)
    scope = suite.scope(data)
    tasks = select(all_tasks, settings)
    if not suite.workspaces:  # what a workspace's image holds is known when it is there
        tasks = [available(task) for task in tasks]
    model, others = open_models(settings, suite, knobs, sends=sends)
    if not settings.scaffold and suite.answers_alone and model.describe().get("backend") in SILENT:
        scaffold = AsGiven()
    protocol = protocol_of(suite, scaffold)
    if isinstance(model, Replay):
        model.check_tasks(task.id for task in all_tasks)
    sampling = with_defaults(
        model.sampling,
        temperature=protocol.temperature,
        top_p=protocol.top_p,
        max_tokens=protocol.max_tokens,
    )
    samples = settings.samples or _recorded_samples(model, tasks) or protocol.samples
    identity = {
        "suite": suite.info.name,
        "options": options_of(suite.options, "run"),
        "data": data.fingerprint,
        "tasks": _task_identity(tasks, data),
        "samples": samples,
        "model": model.describe(),
        "sampling": _sent(sampling),
        "scaffold": {"name": scaffold.name, "version": scaffold.version},
        "protocol": {"name": protocol.name, "version": protocol.version},
        "label": settings.label,
        **_where_given(other, settings.budget, others, settings.all_tasks),
        **_where_minded(suite, scaffold, context_of(settings, model)),
    }
    return Plan(
        settings,
        suite,
        data,
        tuple(tasks),
        len(all_tasks),
        scope,
        model,
        scaffold,
        sampling,
        samples,
        identity,
        others,
    )


def select(tasks: Sequence[Task], settings: Settings) -> list[Task]:
    """The tasks that --tasks and --limit leave; UsageError for an id that does not exist."""
    chosen = list(tasks)
    if settings.tasks:
        by_id = {task.id: task for task in tasks}
        # "12" is enough for "HumanEval/12", where it is unique
        for task in tasks:
            by_id.setdefault(task.id.rpartition("/")[2], task)
        for name in settings.tasks:
            if name not in by_id:
                raise UsageError(f"no task {name!r} in this suite", did_you_mean(name, [t.id for t in tasks]))
        wanted = {by_id[name].id for name in settings.tasks}
        chosen = [task for task in tasks if task.id in wanted]
    if settings.limit is not None:
        chosen = chosen[: settings.limit]
    if not chosen:
        raise UsageError("no tasks are left to run", "check --tasks, --limit and the suite's options")
    return chosen


def available(task: Task) -> Task:
    """The task; marked as unavailable where it needs what is not there."""
    missing = [need for need in task.needs if need not in PROVIDED]
    if not missing or task.unavailable:
        return task
    return dataclasses.replace(task, unavailable=f"needs {', '.join(missing)}")


def with_defaults(sampling: Sampling, **defaults: Any) -> Sampling:
    """`sampling` with its unset values taken from `defaults`."""
    unset = {k: v for k, v in defaults.items() if v is not None and getattr(sampling, k) is None}
    return dataclasses.replace(sampling, **unset)


def _where_given(
    other: Mapping[str, str], budget: Budget, others: Mapping[str, Model], all_tasks: bool
) -> dict[str, Any]:
    """Parts of an identity that most runs do not have: theirs stays what it was before there were such."""
    parts: dict[str, Any] = {
        "other_data": dict(other),
        "budget": given_limits(budget),
        "roles": {role: _role(model) for role, model in others.items()},
        "all_tasks": all_tasks,
    }
    return {name: value for name, value in parts.items() if value}


def _where_minded(suite: Suite, scaffold: Scaffold, context: int | None) -> dict[str, Any]:
    """The context's length, where what is asked goes by it."""
    minded = suite.minds_context and isinstance(scaffold, Interactive) and context is not None
    return {"context": context} if minded else {}


def context_of(settings: Settings, model: Model) -> int | None:
    """As the user says it, else as the catalog does: a backend of a plug-in need not know."""
    known: int | None = getattr(model, "context", None)
    return settings.context or known


def _role(model: Model) -> dict[str, Any]:
    return {**model.describe(), "sampling": _sent(model.sampling)}


def _sent(sampling: Sampling) -> dict[str, Any]:
    return {k: v for k, v in dataclasses.asdict(sampling).items() if v not in (None, (), {})}


def _task_identity(tasks: Sequence[Task], data: Data) -> dict[str, Any]:
    return {"count": len(tasks), "of": len(data.records), "ids": digest([task.id for task in tasks])}


def _recorded_samples(model: Model, tasks: Sequence[Task]) -> int | None:
    """How many answers a task has where the model is a file of answers: the most that any task has."""
    if not isinstance(model, Replay):
        return None
    per_task = model.samples_per_task()
    return max((per_task.get(task.id, 0) for task in tasks), default=0) or 1
