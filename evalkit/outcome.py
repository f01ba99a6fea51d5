"""Outcomes: one closed list for every suite. They sum to what was planned, always.

`docs/outcomes.md` maps the official scorers' words to these.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"  # the model's doing: counts in the score
    ERROR = "error"  # harness, sandbox or API: retried, then shown as missing, never a wrong answer
    NOT_RUN = "not_run"  # planned, but neither attempted nor broken


REASONS: dict[Outcome, tuple[str, ...]] = {
    Outcome.PASSED: (),
    Outcome.FAILED: (
        "wrong",
        "crashed",
        "timeout",
        "cpu",
        "memory",
        "output",
        "no_answer",
        "malformed",
        "truncated",
        "context",
        "turns",
        "tokens",
        "money",
        "agent_timeout",
        "refused",
        "empty_patch",
        "patch_apply",
        "test_timeout",
    ),
    Outcome.ERROR: ("api", "sandbox", "grader", "build", "no_reward", "host"),
    Outcome.NOT_RUN: ("unavailable", "excluded", "interrupted", "budget"),
}

EXCLUDED = "excluded"  # a reason of not_run: such samples are no part of what a score is of
SCORED = (Outcome.PASSED, Outcome.FAILED)


def check_reason(outcome: Outcome, reason: str) -> None:
    """Raise ValueError unless `reason` belongs to `outcome` (`passed` has none)."""
    if outcome is Outcome.PASSED:
        if reason:
            raise ValueError(f"a passed sample has no reason, got {reason!r}")
    elif reason not in REASONS[outcome]:
        raise ValueError(f"{reason!r} is no reason of {outcome}: {', '.join(REASONS[outcome])}")
