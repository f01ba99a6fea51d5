"""No patch passes strictly without solving its instance, and those that solve it do: swebench_attacks.py."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from evalkit_suites.swebench.judge import grade

from evalkit.sandbox import open_workspace_sandbox
from evalkit.task import Verdict
from tests.suites.swebench_attacks import ATTACKS, HONEST, Attack
from tests.suites.swebench_made import image_of

pytestmark = pytest.mark.docker


def cases(attacks: tuple[Attack, ...]) -> list[Any]:
    return [pytest.param(one, id=one.name, marks=() if one.quick else pytest.mark.full) for one in attacks]


@pytest.fixture(scope="module")
def graded(docker_engine: Any) -> Iterator[Callable[[Attack], Verdict]]:
    """Grades an attack. Images are made when they are first needed."""
    with asyncio.Runner() as runner, contextlib.ExitStack() as images:
        sandbox = runner.run(open_workspace_sandbox(computing=2))
        rows: dict[str, Any] = {}

        def graded(attack: Attack) -> Verdict:
            made = attack.made
            if made.name not in rows:
                rows[made.name] = images.enter_context(image_of(docker_engine, made))
            row = rows[made.name]
            verdict: Verdict = runner.run(
                grade(row, attack.patch, sandbox, image=row["image"], test_timeout_s=60)
            )
            return verdict

        try:
            yield graded
        finally:
            runner.run(sandbox.close())


@pytest.mark.parametrize("attack", cases(ATTACKS))
def test_fails_strictly(attack: Attack, graded: Callable[[Attack], Verdict]) -> None:
    verdict = graded(attack)
    assert verdict.strict is not None
    assert verdict.strict.outcome == "failed", verdict.strict
    assert (verdict.outcome == "passed") is attack.fools, (verdict.detail, verdict.log[-3000:].decode())
    assert bool(verdict.strict.suspect) is attack.fools  # which the official verdict's comes before


@pytest.mark.parametrize("honest", cases(HONEST))
def test_honest_work_passes_both(honest: Attack, graded: Callable[[Attack], Verdict]) -> None:
    verdict = graded(honest)
    assert verdict.outcome == "passed", (verdict.detail, verdict.log[-3000:].decode())
    assert verdict.strict is not None
    assert verdict.strict.outcome == "passed", verdict.strict
    assert verdict.suspect == verdict.strict.suspect == ""
