"""The plug-in contract: what a benchmark has to say about itself.

A suite is one folder with a `suite.toml` (facts: title, source, licence, citation) and a `suite.py`
whose `Suite` subclass is called `Suite`. See docs/adding-a-suite.md.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from evalkit.assignment import Assignment
from evalkit.files import read_records
from evalkit.interaction import Budget, Encounter
from evalkit.protocol import Protocol
from evalkit.recipe import Build, Context, Recipe
from evalkit.samples import Ran, Sampled, SampleRecord, folder_rows, read_rows
from evalkit.task import Answer, Task, Verdict

Part = Literal["run", "verdict", "none"]


def option(
    default: Any,
    help: str,
    *,
    part: Part = "run",
    choices: Sequence[str] = (),
    within: tuple[float, float] | None = None,
) -> Any:
    """A field of a suite's `Options` dataclass, and its flag on the command line.

    `part` says what a change of the value changes: "run" (which rollouts are made: another run),
    "verdict" (how they are judged: another set of verdicts of the same run), or "none". `within`: the least
    and the greatest number that it may be.
    """
    metadata = {"help": help, "part": part, "choices": tuple(choices), "within": within}
    return field(default=default, metadata=metadata)


# what programs may be given: less than this and none can run, more and the sandbox cannot count it
SECONDS = (0.1, 86_400)
MIB = (64, 1 << 20)


def options_of(options: Any, part: Part) -> dict[str, Any]:
    """The options that belong to one part of the identity, by name."""
    return {
        f.name: getattr(options, f.name)
        for f in dataclasses.fields(options)
        if f.metadata.get("part", "run") == part
    }


@dataclass(frozen=True)
class CommonOptions:
    """What every suite can be told; a suite's own Options inherit from it.

    `truncated`: a chat reply that the token limit or a filter cut is not the model's answer, so it fails as
    `truncated` or `refused` whatever is left of it. Official scorers never see the finish reason and judge
    what there is: "judge" does the same. Completions, which stops and limits always cut, are judged anyway.
    """

    truncated: str = option(
        "fail",
        "a chat reply cut by the token limit or a filter: fail it, or judge what is left",
        part="verdict",
        choices=("fail", "judge"),
    )


@dataclass(frozen=True)
class Hub:
    """A data set of the Hugging Face hub. An empty `revision` is resolved when loading, and recorded."""

    dataset: str
    revision: str = ""
    config: str | None = None
    split: str = "test"
    files: tuple[str, ...] = ()  # JSON lines to read as they are, instead of what `datasets` makes of it all


@dataclass(frozen=True)
class Checkout:
    """A git repository at a commit. Each folder that `tasks` matches (`*/exercises/practice/*`) is a record:
    see evalkit.checkout.

    `elsewhere`: patterns that are tried in turn where a folder at hand is laid out otherwise. `marks`: only a
    folder that holds one of these files is a record; () is no such rule. An empty `git` or `commit` is not
    known: then the data has to be at hand.
    """

    git: str
    commit: str
    tasks: str
    elsewhere: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


Record = Mapping[str, Any]


@dataclass(frozen=True)
class DataFile:
    """A file that records came from. `size`: bytes."""

    name: str
    size: int
    records: int


@dataclass(frozen=True)
class Data:
    """Records with where they came from. `revision`: a commit of the hub or of a checkout; empty for a file.

    `pinned`: known to be what the suite was made for: the hub's at the suite's own revision, the suite's own
    file, or of a known fingerprint. Anything else may hold a stranger's tests. `files` in the order in which
    they were read; none where the hub's client made the records.
    """

    records: tuple[Record, ...]
    source: str
    revision: str
    fingerprint: str
    pinned: bool = False
    files: tuple[DataFile, ...] = ()


@dataclass(frozen=True)
class SuiteInfo:
    """The facts of `suite.toml`."""

    name: str
    title: str
    folder: Path
    licence: str = ""
    citation: str = ""
    homepage: str = ""
    headline: str = "pass@1"
    group: str = ""  # what a report puts it under: "Agentic Coding", "Code Generation", ...
    errors_fail: bool = (
        False  # whether the authors count what broke as failed: then their number is shown too
    )
    local: tuple[str, ...] = ()  # file names looked for in --data DIR and EVALKIT_DATA
    parts: tuple[tuple[str, ...], ...] = ()  # data in several files, each with the names that it may have
    large: tuple[str, ...] = ()  # fields to leave in their file until they are needed: see evalkit.files.Left
    fingerprints: tuple[str, ...] = ()  # of data that is known to be the authors': see Data.pinned
    hub: Hub | None = None
    checkout: Checkout | None = None
    # gold that fails officially too: why
    exceptions: Mapping[str, str] = field(default_factory=dict, hash=False)
    # gold that may fail on a machine, for want of what the task asks of it: then nobody solves the task there
    may_fail: Mapping[str, str] = field(default_factory=dict, hash=False)
    # tasks that are solved officially by what is there from the start: why
    passes_untouched: Mapping[str, str] = field(default_factory=dict, hash=False)
    notes: str = ""


@dataclass(frozen=True)
class Scorer:
    """Who judges, as part of a verdict's key: change `version` when verdicts may change."""

    name: str
    version: str


class Suite(ABC):
    """A benchmark's adapter. Instances are cheap, hold no state but these three, and do no work."""

    Options: ClassVar[type] = CommonOptions
    required_fields: ClassVar[tuple[str, ...]] = ("task_id",)
    default_limits: ClassVar[Mapping[str, float]] = {}
    tests_are_data: ClassVar[bool] = False  # the judge executes nothing of them, whoever wrote them
    official_array: ClassVar[bool] = False  # official samples are one JSON array with a row a task
    scaffold: ClassVar[str] = "one-turn"  # how its tasks are driven where the user does not say
    workspaces: ClassVar[bool] = False  # `score` and `meet` get a WorkspaceSandbox
    answers_alone: ClassVar[bool] = False  # no world is met for answers that are there already: AsGiven
    known_tasks_only: ClassVar[bool] = False  # an answer to a task that the data lacks stops a replay
    budget: ClassVar[Budget] = Budget()  # of a rollout, where neither user nor scaffold say
    roles: ClassVar[tuple[str, ...]] = ()  # whom its partner asks beside the tested model: user, judge

    def __init__(self, info: SuiteInfo, options: Any = None) -> None:
        self.info = info
        self.options = options if options is not None else self.Options()

    # -- where its data is -------------------------------------------------------------------------
    def source(self) -> SuiteInfo:
        """Where the data lies that the options ask for: `info`, with other files or another hub config."""
        return self.info

    def complete(self, record: Record, folder: Path) -> Record:
        """A record of a file in `folder` with what other files there say of its task."""
        return record

    def other_data(self) -> Mapping[str, str]:
        """Fingerprints, by name, of data beside its own that tasks are made from: part of the identity."""
        return {}

    # -- what to ask ---------------------------------------------------------------------------
    @abstractmethod
    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        """Turn the data's records into tasks, in the official order."""

    @abstractmethod
    def protocol(self) -> Protocol:
        """The named protocol that `options` chose: prompt, stops, extractor and assembly."""

    def settled(self, task: Task) -> Answer | None:
        """An answer that is taken over without asking the model; None for a task that it is asked."""
        return None

    def scope(self, data: Data) -> str:
        """Which part of the benchmark the options ask for (a release, a window): beside every score."""
        return ""

    def doubts(self, tasks: Sequence[Task], data: Data) -> tuple[str, ...]:
        """Why a score over these tasks cannot be compared with published ones; () where it can."""
        return ()

    def remarks(self, tasks: Sequence[Task]) -> tuple[str, ...]:
        """What else has to stand beside every score of a run over these tasks."""
        return ()

    # -- how to judge --------------------------------------------------------------------------
    @abstractmethod
    def scorer(self) -> Scorer: ...

    def judging_doubts(self) -> tuple[str, ...]:
        """As `doubts`, but of how the options have answers judged, which may change in a run."""
        return ()

    def conditions(self) -> Mapping[str, str]:
        """Under what rollouts and tests run, whatever it is set to ({"network": "off"}): each row of a report
        names it, and what is known of gold on this machine holds only where it is the same."""
        return {}

    @abstractmethod
    async def score(self, task: Task, answer: Answer, sandbox: Any) -> Verdict:
        """Judge one answer. A broken sandbox raises; everything the model did is a verdict.

        `sandbox` is a ProgramSandbox, with `workspaces` a WorkspaceSandbox. `answer` has been extracted by
        the protocol and is not blank: its form is "solution" or "completion". Where nothing was extracted the
        engine records failed/no_answer by itself. One of the form "patch" comes as it is, also if empty.
        """

    # -- interactive tasks ---------------------------------------------------------------------
    @property
    def minds_context(self) -> bool:
        """Whether its partner goes by the length of the model's context: that is a setting of a run then."""
        return False

    async def meet(self, task: Task, sandbox: Any) -> Encounter:
        """The world, partner and budget of a task's rollout, for the scaffold "interactive".

        `sandbox` is a WorkspaceSandbox where the suite has `workspaces`, else None: a world may be all here.
        """
        raise NotImplementedError(f"{self.info.name} has no interactive tasks")

    def assignment(self, task: Task) -> Assignment:
        """The task as work in a workspace, for scaffolds that bring an agent of their own."""
        raise NotImplementedError(f"{self.info.name} has no work for an agent of another's")

    def lost(self, why: str) -> Answer:
        """What is left of a rollout whose workspace ended with its own programs: `why` is a reason of
        `failed`. It is judged as any other."""
        return Answer("", "patch") if self.workspaces else Answer("")

    def recipe(self) -> Recipe | None:
        """How its image is built (`evalkit sandbox build SUITE`), where it has one of its own."""
        return None

    dockerfiles: bool = False  # whether `build` gives Contexts: runs build them when they first need them

    def build(self, task: Task, folder: Path | None) -> Build | Context | None:
        """How the image of one task is built, where no registry has it; None where that is not known. A
        Context is built when a run first needs its image, a Build by `evalkit sandbox build` only.

        `folder` is where the data file lies, for what other files there say of the task. DataError where
        these are needed and missing.
        """
        return None

    def image(self, task: Task) -> str:
        """The image of a task's workspace: a reference, or the name of the suite's recipe."""
        recipe = self.recipe()
        return recipe.name if recipe else ""

    def statistics(self, samples: Iterable[Sampled]) -> Mapping[str, float | None]:
        """What the authors report beside the score, by name, in their order; None is unknown."""
        return {}

    # -- formats -------------------------------------------------------------------------------
    def read_answers(self, path: Path) -> Iterator[SampleRecord]:
        """Answers from a samples file, or from a folder of folders, one a task. DataError."""
        return self.read_samples(folder_rows(path) if path.is_dir() else read_records(path))

    def read_samples(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[SampleRecord]:
        """Answers from the rows of a samples file: task_id with solution, completion, reply or patch."""
        return read_rows(rows, patches=self.workspaces)

    def official_sample(self, task: Task, answer: Answer, verdict: Verdict | None) -> dict[str, Any]:
        """One row of the suite's official samples format; `read_samples` reads it back."""
        code = self.protocol().extract(task, answer)
        return {"task_id": task.id, code.form: code.text} if code else {"task_id": task.id, "solution": ""}

    def signed(self, row: dict[str, Any], model: str) -> dict[str, Any]:
        """A row of the official samples format with the model's name, where the format has a place for it."""
        return row

    def official_report(self, run: Ran, folder: Path) -> None:
        """Write the authors' own report files of a run into the folder, which is empty."""
        raise NotImplementedError(f"{self.info.name} has no report files of its authors'")

    def official_row(self, task: Task, answers: Sequence[Answer | None]) -> dict[str, Any]:
        """Where `official_array`: the row of a task, None for an answer that is missing."""
        raise NotImplementedError(f"{self.info.name} has no row for a task")
