"""SWE-bench: issues of real repositories. An agent works in the instance's container, and its patch is graded
in a fresh one: officially as swebench 5.0.2 grades it, and strictly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import suite
from evalkit.assignment import Assignment
from evalkit.errors import DataError
from evalkit.interaction import Encounter
from evalkit.protocol import Protocol
from evalkit.recipe import Build, Recipe
from evalkit.samples import Ran, Sampled, SampleRecord
from evalkit.suite import SECONDS, CommonOptions, Data, Scorer, SuiteInfo, option
from evalkit.task import Answer, Task, Verdict
from evalkit.workspace import WorkspaceSandbox

from . import answers, live, workplace
from .build import build_of
from .instances import read_instance
from .live import is_live
from .protocols import protocol
from .statistics import statistics
from .subsets import DEFAULT, NAMES, facts_of, subsets

TIMEOUT_S = 1800.0  # the official default
KNOWN = ("verified", "lite", "multilingual")  # subsets whose data is known by its fingerprint


@dataclass(frozen=True)
class Options(CommonOptions):
    subset: str = option(DEFAULT, "which of the data sets", choices=NAMES)
    tools: str = option(
        "tools",
        "how evalkit's own agent works: function calls with an editor, with bash alone, or commands in text",
        choices=tuple(workplace.TOOLS),
    )
    network: str = option("off", "whether agents and tests reach a network", choices=("off", "on"))
    test_timeout: float = option(
        TIMEOUT_S, "seconds for the tests (Live: 9000 a command)", part="verdict", within=SECONDS
    )


class Suite(suite.Suite):
    Options = Options
    required_fields = ("instance_id", "problem_statement", "base_commit")
    scaffold = "interactive"
    workspaces = True
    answers_alone = True
    known_tasks_only = True
    budget = workplace.BUDGET

    def source(self) -> SuiteInfo:
        return facts_of(self.info, self.options.subset)

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        if not self.live and (found := next(filter(is_live, records), None)):
            raise DataError(f"{found.get('instance_id')}: a row of SWE-bench-Live", "--subset live")
        return [task_of(record) for record in records]

    def scope(self, data: Data) -> str:
        return subsets()[self.options.subset].title

    def doubts(self, tasks: Sequence[Task], data: Data) -> tuple[str, ...]:
        if data.pinned or self.options.subset not in KNOWN:
            return ()
        return (f"other instances than those of {self.scope(data)}, or changed ones",)

    def judging_doubts(self) -> tuple[str, ...]:
        limit = self.options.test_timeout
        return (f"{limit:g} s for the tests, officially {TIMEOUT_S:g} s",) if limit != TIMEOUT_S else ()

    def remarks(self, tasks: Sequence[Task]) -> tuple[str, ...]:
        by_live = ("no strict verdicts: Live's parsers read what tests print",) if self.live else ()
        if self.network:
            return ("the network is on: what was done about an issue can be looked up there", *by_live)
        return ("without a network, which officially is open", *by_live)

    @property
    def live(self) -> bool:
        return bool(self.options.subset == "live")

    def protocol(self) -> Protocol:
        return protocol(self.options.tools)

    def image(self, task: Task) -> str:
        return live.image_of(task.data) if is_live(task.data) else str(task.data["image"])

    def recipe(self) -> Recipe | None:
        """Only where rows bring parsers as code: the image that those are run in."""
        return live.PARSER if self.live else None

    def build(self, task: Task, folder: Path | None) -> Build | None:
        return build_of(task.data, folder)

    # -- a rollout and its verdict -----------------------------------------------------------------
    def assignment(self, task: Task) -> Assignment:
        return workplace.assignment_of(task.data, image=self.image(task), network=self.network)

    def conditions(self) -> Mapping[str, str]:
        return {"network": self.options.network}

    @property
    def network(self) -> bool:
        return bool(self.options.network == "on")

    async def meet(self, task: Task, sandbox: WorkspaceSandbox) -> Encounter:
        return await workplace.meet(self.assignment(task), sandbox, self.options.tools)

    def scorer(self) -> Scorer:
        return Scorer("swebench-live-70ec57e" if self.live else "swebench-5.0.2", "1")

    async def score(self, task: Task, answer: Answer, sandbox: WorkspaceSandbox) -> Verdict:
        if is_live(task.data):
            return await self.score_live(task, answer, sandbox)
        from .judge import grade

        verdict: Verdict = await grade(
            task.data,
            answer.text,
            sandbox,
            image=self.image(task),
            test_timeout_s=self.options.test_timeout,
            network=self.network,
        )
        return verdict

    async def score_live(self, task: Task, answer: Answer, sandbox: WorkspaceSandbox) -> Verdict:
        from .live_run import COMMAND_S, grade_live

        limit = self.options.test_timeout
        return await grade_live(
            task.data,
            answer.text,
            sandbox,
            image=self.image(task),
            command_s=COMMAND_S if limit == TIMEOUT_S else limit,
            network=self.network,
        )

    def statistics(self, samples: Iterable[Sampled]) -> Mapping[str, float | None]:
        return statistics(samples)

    # -- formats -----------------------------------------------------------------------------------
    def read_answers(self, path: Path) -> Iterator[SampleRecord]:
        return answers.read_answers(path)

    def read_samples(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[SampleRecord]:
        return answers.records((f"row {number}", row) for number, row in enumerate(rows, 1))

    def official_sample(self, task: Task, answer: Answer, verdict: Verdict | None) -> dict[str, Any]:
        return {"instance_id": task.id, "model_patch": answer.text if answer.form == "patch" else ""}

    def signed(self, row: dict[str, Any], model: str) -> dict[str, Any]:
        return {**row, "model_name_or_path": model}

    def official_report(self, run: Ran, folder: Path) -> None:
        if self.live:
            raise DataError("Live's evaluator has files of its own", "--format official, logs or jsonl")
        hub = self.source().hub
        answers.write_report(run, hub.split if hub else "test", folder)


def task_of(record: Mapping[str, Any]) -> Task:
    """DataError for a row of another schema, or of a revision before 5.0."""
    instance = live.read_live(record) if is_live(record) else read_instance(record)
    tags = {"repo": instance.repo}
    if difficulty := record.get("difficulty"):
        tags["difficulty"] = str(difficulty)
    gold = record.get("patch")
    return Task(
        instance.id, record, Answer(gold, "patch") if isinstance(gold, str) and gold else None, tags=tags
    )
