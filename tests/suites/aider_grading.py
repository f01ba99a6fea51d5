"""Aider-Polyglot's exercises, graded in workspaces of its image, for tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from evalkit_suites.aider_polyglot.exercises import Exercise, exercise_from
from evalkit_suites.aider_polyglot.grading import grade
from evalkit_suites.aider_polyglot.recipe import RECIPE

from evalkit.data import load_data
from evalkit.patch import make_patch
from evalkit.registry import open_suite
from evalkit.sandbox import open_workspace_sandbox
from evalkit.task import Verdict
from evalkit.workspace import Tree, WorkspaceSandbox

OWN = Path(__file__).parent / "aider_polyglot_set"

Grader = Callable[[Exercise, str], Verdict]


@cache
def exercises(folder: Path = OWN) -> Mapping[str, Exercise]:
    records = load_data(open_suite("aider-polyglot"), folder).records
    return {exercise.id: exercise for exercise in map(exercise_from, records)}


def solved(exercise: Exercise) -> str:
    """The reference, as a patch."""
    return make_patch(exercise.start, Tree({**exercise.start.files, **exercise.reference}))


@contextlib.contextmanager
def running() -> Iterator[tuple[asyncio.Runner, WorkspaceSandbox]]:
    """A loop with a sandbox of the suite's image, which is built once (three minutes), then in the cache."""
    with asyncio.Runner() as runner:
        sandbox = runner.run(open_workspace_sandbox(images=(RECIPE.name,), recipes=(RECIPE,), computing=2))
        try:
            yield runner, sandbox
        finally:
            runner.run(sandbox.close())


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """Grades a patch of an exercise."""
    with running() as (runner, sandbox):
        yield lambda exercise, patch: runner.run(grade(exercise, patch, sandbox, image=RECIPE.name))
