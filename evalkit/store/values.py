"""What is read of a run: how far samples are, what was used, records, events, changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalkit.task import Answer, Verdict


@dataclass(frozen=True, slots=True)
class State:
    """How far a sample is: how its last rollout ended, and the official verdict on that, if any."""

    ended: str = ""  # "", answered, error, not_run
    reason: str = ""  # of error and not_run
    verdict: str = ""  # "", or an outcome
    verdict_reason: str = ""

    @property
    def answered(self) -> bool:
        return self.ended == "answered"

    @property
    def judged(self) -> bool:
        """Done for good: a verdict of `error` is judged again."""
        return self.verdict not in ("", "error")


@dataclass(frozen=True)
class Totals:
    """What a run has used so far. Calls without a known price are counted, never taken as free.

    Tokens are of the calls that reported them; None where none did. `cost` is of completed calls,
    `failed_cost` what attempts that gave no reply are known to have been billed.
    """

    calls: int
    attempts: int
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cost: float
    failed_cost: float
    unpriced: int


@dataclass(frozen=True)
class Record:
    """One planned sample with all that counts: its row of `samples`, the answer, verdicts by policy.

    The verdicts are without their logs, the answer's files are empty: either may be megabytes. See
    `Reader.logs` and `Reader.answer_of`.
    """

    row: dict[str, Any]
    answer: Answer | None = None
    info: dict[str, Any] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """One line of a rollout's log. `at` is Unix time in seconds."""

    id: int
    kind: str
    at: float
    payload: Any
    artifacts: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A sample on which two verdict sets differ; "" is no verdict."""

    task_id: str
    sample: int
    policy: str
    before: str
    after: str
