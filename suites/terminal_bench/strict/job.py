"""What a strict run verifies of a task: its script, its tests, and whether they are of a shape for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.checkout import unpacked
from evalkit.workspace import File

from ..trial import Trial
from .shape import Shape, shape_of

DAY_S = 86_400.0  # of tests without a limit
CORE, TEST_DIR = "run-tests.sh", (("TEST_DIR", "/tests"),)


@dataclass(frozen=True)
class Job:
    """`script` is a path below /tests, `tests` what lies there. `env` are variables of the verifier's beside
    the image's, `user` is whose they run as ("" is the image's own). `rewards`: whether the script writes
    one."""

    shape: Shape
    script: str
    tests: Mapping[str, File]
    timeout_s: float
    env: tuple[tuple[str, str], ...] = ()
    user: str = ""
    rewards: bool = True


def job_of(trial: Trial, factor: float = 1.0) -> Job | str:
    """Or why there can be no strict verdict on the task, in words."""
    if len(trial.steps) != 1:
        return "its work is verified in several steps"
    if trial.same_shell:
        return "its tests run in the agent's own session"
    if trial.format == "core" and trial.parser != "pytest":
        return f"its tests are read by the parser {trial.parser}"
    step = trial.steps[0]
    tests: dict[str, File] = {}
    for folder in step.tests:
        tests |= _below(trial, folder)
    script = step.script.removeprefix("/tests/")
    if trial.format == "core":
        script = CORE
        tests[CORE] = _below(trial, "")[CORE]
    shape = shape_of(script, tests)
    if shape.why:
        return shape.why
    return Job(
        shape,
        script,
        tests,
        timeout_s=DAY_S if step.verifier.timeout_s is None else step.verifier.timeout_s * factor,
        env=step.verifier.env + (TEST_DIR if trial.format == "core" else ()),
        user="0" if trial.format == "core" else step.verifier.user,
        rewards=trial.format == "harbor",
    )


def _below(trial: Trial, folder: str) -> dict[str, File]:
    prefix = f"{folder}/" if folder else ""
    return {
        path[len(prefix) :]: File(unpacked(content), bool(content.get("executable")))
        for path, content in trial.files.items()
        if path.startswith(prefix)
    }
