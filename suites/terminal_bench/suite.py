"""Terminal-Bench: an agent works in a container's terminal, and the task's own tests say whether it is done.

Officially verified as terminal-bench 0.2.18 (core) and harbor 0.25.0 (2.0 and later) do, and strictly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import suite
from evalkit.assignment import Assignment
from evalkit.errors import DataError, UsageError
from evalkit.interaction import Encounter
from evalkit.outcome import Outcome
from evalkit.protocol import Protocol
from evalkit.recipe import Context
from evalkit.registry import did_you_mean
from evalkit.samples import Sampled, SampleRecord
from evalkit.suite import CommonOptions, Data, Scorer, SuiteInfo, option
from evalkit.task import Answer, Task, Verdict
from evalkit.workspace import WorkspaceSandbox

from .datasets import DEFAULT, NAMES, OWN, facts_of, titled
from .protocols import TOOLS, minds_context, protocol
from .reading import tasks_of, trial_of
from .statistics import statistics
from .trial import Trial

if TYPE_CHECKING:
    from .verify import How

NETWORKS = ("task", "off")
IMAGES = ("build", "prebuilt")


@dataclass(frozen=True)
class Options(CommonOptions):
    dataset: str = option(DEFAULT, "which set of tasks", choices=NAMES)
    difficulty: str = option("", "only tasks of these difficulties, with commas between")
    tag: str = option("", "only tasks with one of these tags or categories, with commas between")
    tools: str = option(TOOLS[0], "how evalkit's own agent works", choices=TOOLS)
    network: str = option(
        "task", "what agents and tests reach: as the task says, or nothing", choices=NETWORKS
    )
    timeout_factor: float = option(1.0, "what the tasks' time limits are multiplied by", within=(0.01, 1000))
    images: str = option(
        "build", "of tasks that name a prebuilt one: build it from the Dockerfile, or pull it", choices=IMAGES
    )


class Suite(suite.Suite):
    Options = Options
    required_fields = ("task_id", "files")
    scaffold = "interactive"
    workspaces = True
    dockerfiles = True
    answers_alone = True
    known_tasks_only = True

    def source(self) -> SuiteInfo:
        return facts_of(self.info, self.options.dataset)

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        everything = [task for record in records for task in tasks_of(record)]
        return self.chosen(everything)

    def chosen(self, tasks: Sequence[Task]) -> list[Task]:
        """Those that --difficulty and --tag leave. UsageError for a name that no task has."""
        difficulties, tags = names_in(self.options.difficulty), names_in(self.options.tag)
        if not difficulties and not tags:
            return list(tasks)
        trials = [trial_of(task.data) for task in tasks]
        known(difficulties, {trial.difficulty for trial in trials}, "difficulty")
        known(tags, {tag for trial in trials for tag in marks_of(trial)}, "tag")
        return [
            task
            for task, trial in zip(tasks, trials, strict=True)
            if (not difficulties or trial.difficulty in difficulties)
            and (not tags or not tags.isdisjoint(marks_of(trial)))
        ]

    def scope(self, data: Data) -> str:
        parts = (*sorted(names_in(self.options.difficulty)), *sorted(names_in(self.options.tag)))
        return titled(self.options.dataset, data, parts)

    def doubts(self, tasks: Sequence[Task], data: Data) -> tuple[str, ...]:
        doubts = []
        if self.options.dataset == OWN:
            doubts.append("tasks of one's own")
        elif not data.pinned:
            doubts.append("not known to be the benchmark's own tasks, unchanged")
        if self.options.timeout_factor != 1:
            doubts.append(f"time limits {self.options.timeout_factor:g} times the tasks' own")
        return tuple(doubts)

    def remarks(self, tasks: Sequence[Task]) -> tuple[str, ...]:
        remarks = []
        if self.options.dataset not in (DEFAULT, OWN):
            remarks.append("another set of tasks than core 0.1.1, which scores of mid-2025 are over")
        if self.options.network == "off":
            remarks.append("without a network, which officially is open")
        return tuple(remarks)

    def protocol(self) -> Protocol:
        return protocol(self.options.tools)

    def conditions(self) -> Mapping[str, str]:
        return {
            "network": "per task" if self.options.network == "task" else "off",
            "timeout_factor": f"×{self.options.timeout_factor:g}",
            "images": "built" if self.options.images == "build" else "prebuilt",
        }

    @cached_property
    def _images(self) -> dict[str, str]:
        return {}

    # -- images ------------------------------------------------------------------------------------
    def build(self, task: Task, folder: Path | None) -> Context | None:
        """From its Dockerfile; None for a task that has none, or whose prebuilt image is asked for."""
        from .build import context_of

        trial = trial_of(task.data)
        if task.unavailable:  # its compose file may be one that nothing follows
            return None
        pulled = trial.environment.image and self.options.images == "prebuilt"
        if pulled or not trial.environment.dockerfile:
            return None
        context: Context = context_of(trial)
        return context

    def image(self, task: Task) -> str:
        """Asked for often, and its name needs all files: told once."""
        if task.id not in self._images:
            context = self.build(task, None)
            self._images[task.id] = context.image if context else trial_of(task.data).environment.image
        return self._images[task.id]

    # -- a rollout and its verdict -----------------------------------------------------------------
    def how(self, task: Task) -> How:
        from .verify import How

        return How(
            self.image(task), factor=self.options.timeout_factor, network=self.options.network == "task"
        )

    def assignment(self, task: Task) -> Assignment:
        from .workplace import assignment_of

        assignment: Assignment = assignment_of(trial_of(task.data), self.how(task))
        return assignment

    async def meet(self, task: Task, sandbox: WorkspaceSandbox) -> Encounter:
        from .agents import meet

        return await meet(trial_of(task.data), self.assignment(task), sandbox, self.options.tools)

    @property
    def minds_context(self) -> bool:
        return minds_context(self.options.tools)

    def lost(self, why: str) -> Answer:
        from .state import lost

        answer: Answer = lost(why)
        return answer

    def scorer(self) -> Scorer:
        return Scorer("terminal-bench-0.2.18-harbor-0.25.0", "1")

    async def score(self, task: Task, answer: Answer, sandbox: WorkspaceSandbox) -> Verdict:
        from .judge import score

        verdict: Verdict = await score(trial_of(task.data), answer, sandbox, self.how(task))
        return verdict

    # -- formats -----------------------------------------------------------------------------------
    def read_answers(self, path: Path) -> Iterator[SampleRecord]:
        raise DataError(
            "answers of Terminal-Bench cannot be replayed: each was verified in the container it was made in",
            "`evalkit score RUN` judges what a run has kept again",
        )

    def official_sample(self, task: Task, answer: Answer, verdict: Verdict | None) -> dict[str, Any]:
        """As the row of a trial in the harness's results, as far as it is about the tests."""
        if trial_of(task.data).format == "core":
            resolved = verdict.outcome is Outcome.PASSED if verdict and verdict.scored else None
            return {"task_id": task.id, "is_resolved": resolved}
        reward = verdict.measured.get("reward") if verdict else None
        result = None if reward is None else {"rewards": {"reward": reward}}
        return {"task_name": task.id, "verifier_result": result}

    def statistics(self, samples: Iterable[Sampled]) -> Mapping[str, float | None]:
        return statistics(samples, self.options.dataset)


def marks_of(trial: Trial) -> frozenset[str]:
    """By what --tag chooses it."""
    return frozenset(mark.lower() for mark in (*trial.tags, trial.category) if mark)


def names_in(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())


def known(names: frozenset[str], there: set[str], what: str) -> None:
    if unknown := sorted(names - there):
        raise UsageError(f"--{what}: no task has {unknown[0]!r}", did_you_mean(unknown[0], there))
