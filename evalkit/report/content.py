"""What a report shows, in the order in which a page shows it: values only, nothing of how it looks.

`gather` (report/gather.py) makes one from runs and published values; page, figures and formats draw it.
Points are of 0..100, fractions 0..1, times seconds, costs US dollars. None is unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.report.published import Conflict, Specification
from evalkit.report.values import Interval, Model, Setting, Table
from evalkit.run.summary import Summary


@dataclass(frozen=True)
class Finding:
    """One of the large figures at the top: `figure` ("14 of 14"), and what it counts, in a sentence."""

    figure: str
    sentence: str


@dataclass(frozen=True)
class Difference:
    """One line of a forest plot: a less b in one setting, in points.

    `paired`: from two runs, task by task; else from two printed scores (Newcombe's hybrid), and then only
    where both have the same number of tasks. `interval` None where n is not stated. `detectable`: the least
    difference with 80% power at 5%. `p` as tested, `adjusted` by the family's correction (`Forest.family`).
    `incomparable` says why the two must not be compared; then there is no interval. `better`, `worse`: tasks
    that changed sides, where paired.
    """

    label: str
    setting: Setting
    a: float
    b: float
    n: int | None
    delta: float
    interval: Interval | None = None
    detectable: float | None = None
    p: float | None = None
    adjusted: float | None = None
    paired: bool = False
    method: str = ""
    incomparable: str = ""
    better: int | None = None
    worse: int | None = None
    runs: tuple[str, str] | None = None  # ids of two RunFacts, where paired


@dataclass(frozen=True)
class Forest:
    """Differences of one pair of models, largest first. `family`: how many tests were adjusted together and
    how ("Holm over 12")."""

    a: Model
    b: Model
    differences: tuple[Difference, ...]
    family: str = ""


@dataclass(frozen=True)
class Spread:
    """What several samples a task say: pass@k and pass^k by k, over `tasks` with that many samples."""

    tasks: int
    samples: int
    pass_at: Mapping[int, float]
    pass_hat: Mapping[int, float]
    standard_error: float | None = None  # of pass@1 over tasks like these, fraction
    run_error: float | None = None  # of pass@1 over repeats of these very tasks, fraction


@dataclass(frozen=True)
class RunFacts:
    """One run. `id` is short, unique in the report and good for a link; `folder` where its samples are.

    `state`: "" where it is complete, else what is missing, in words ("in progress: 40 of 164 scored").
    `accounts`: samples by class of outcome, in the order of `ACCOUNTS`; they sum to `summary.planned`.
    `command` repeats the run; `environment`: names and values in words (evalkit, commit, image, host, dates).
    """

    id: str
    folder: Path
    model: Model
    setting: Setting
    label: str
    summary: Summary
    accounts: Mapping[str, int]
    score: float | None
    interval: Interval | None
    spread: Spread | None
    state: str = ""
    command: str = ""
    created: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


# classes of outcome in the order in which they are drawn; every outcome and reason is of exactly one
ACCOUNTS = (
    "passed",
    "failed",
    "no_answer",
    "truncated",
    "timeout",
    "refused",
    "error",
    "not_run",
)


@dataclass(frozen=True)
class Report:
    """Everything. `tables[0]` is the main one, with the measured rows under the published ones of the same
    benchmark; the others are the documents' further tables. `warnings` stand at the top: incomplete runs,
    other data, what was left out. `made`: how this page is made again, as a command. `models`: by id, also
    those that no table has a column of."""

    title: str
    lead: str
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...] = ()
    forests: tuple[Forest, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    specifications: tuple[Specification, ...] = ()
    runs: tuple[RunFacts, ...] = ()
    warnings: tuple[str, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(
        default_factory=dict
    )  # subject, settings, measured, source: beside the title
    made: str = ""
    models: Mapping[str, Model] = field(default_factory=dict)
