"""No answer passes strictly without solving its exercise, in any of six languages: see aider_attacks.py."""

from __future__ import annotations

import pytest

from evalkit.patch import make_patch
from evalkit.workspace import File, Tree
from tests.suites.aider_attacks import ATTACKS, Attack
from tests.suites.aider_grading import Grader, exercises, grader  # noqa: F401

CASES = [
    pytest.param(
        one,
        id=f"{one.exercise.partition('/')[0]}: {one.name}",
        marks=() if one.quick else pytest.mark.full,
    )
    for one in ATTACKS
]


@pytest.mark.docker
@pytest.mark.parametrize("attack", CASES)
def test_fails_strictly(attack: Attack, grader: Grader) -> None:  # noqa: F811
    exercise = exercises()[attack.exercise]
    files = {path: File(text.encode()) for path, text in attack.files.items()}
    verdict = grader(exercise, make_patch(exercise.start, Tree({**exercise.start.files, **files})))
    assert verdict.strict is not None
    assert verdict.strict.outcome == "failed", verdict.strict
    assert (verdict.outcome == "passed") is attack.fools, verdict.detail
    assert bool(verdict.suspect) is attack.fools
