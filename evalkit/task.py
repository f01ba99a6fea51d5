"""The values that flow through a run: task, answer, verdict. Frozen, typed, JSON-able."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evalkit.outcome import SCORED, Outcome, check_reason

Form = Literal["reply", "completion", "solution", "patch", "state"]
WORK: tuple[Form, ...] = ("patch", "state")  # of a workspace, judged as they come, also if empty


@dataclass(frozen=True)
class Answer:
    """What a rollout ended with.

    `form` says how much is still to be done: "reply" is a raw reply, the protocol extracts code from
    it; "completion" continues the task's prompt as it stands; "solution" is a whole program; "patch" is what
    became of a workspace's files, in git's format (evalkit.patch); "state" is what a suite wrote down of a
    workspace (plain JSON) while it was there. `files` go with it, by name: an archive of what was changed, a
    recording ("session.cast"). They are kept once, as they are.
    """

    text: str
    form: Form = "reply"
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One problem of a suite. `data` is the canonical record, as the official data has it."""

    id: str
    data: Mapping[str, Any]
    gold: Answer | None = None
    tags: Mapping[str, str] = field(default_factory=dict)  # breakdowns: difficulty, language, split
    needs: tuple[str, ...] = ()  # what must be present ("network"); absent: not_run/unavailable
    unavailable: str = ""  # a reason why this task cannot be run here


@dataclass(frozen=True)
class TestResult:
    """One test of a sample. `status` is a reason of `failed`, or "passed"."""

    __test__ = False  # not a test class of pytest's

    name: str
    status: str
    detail: str = ""
    wall_s: float | None = None


@dataclass(frozen=True)
class Verdict:
    """What scoring one rollout gave.

    `official` holds the official scorer's own word for it, `parts` sub-scores that the authors
    report beside the headline (EvalPlus: base, plus), `extracted` the code that was judged.
    `strict`: where official tests run beside the answer or link with it, the verdict that no answer can talk
    itself into. Both are kept; the headline is the official one.
    `measured` are facts about the judging (wall_s, cpu_s, ...), never part of the verdict. `log`: what the
    tests printed, whole, where a suite keeps it; kept once, beside the verdict.
    """

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    official: str = ""
    parts: Mapping[str, bool] = field(default_factory=dict)
    tests: tuple[TestResult, ...] = ()
    extracted: str | None = None
    suspect: str = ""  # evidence that official and strict verdicts part ways; "" is none
    measured: Mapping[str, float] = field(default_factory=dict)
    strict: Verdict | None = None
    log: bytes = b""

    def __post_init__(self) -> None:
        check_reason(self.outcome, self.reason)

    @property
    def scored(self) -> bool:
        return self.outcome in SCORED


def passed(**kwargs: Any) -> Verdict:
    return Verdict(Outcome.PASSED, **kwargs)


def failed(reason: str, detail: str = "", **kwargs: Any) -> Verdict:
    return Verdict(Outcome.FAILED, reason, detail, **kwargs)


def error(reason: str, detail: str = "", **kwargs: Any) -> Verdict:
    return Verdict(Outcome.ERROR, reason, detail, **kwargs)


def not_run(reason: str, detail: str = "") -> Verdict:
    return Verdict(Outcome.NOT_RUN, reason, detail)
