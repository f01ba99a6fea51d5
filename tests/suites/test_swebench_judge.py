"""Patches of a small instance graded in real workspaces: each end by its own reason and official class."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from evalkit_suites.swebench.judge import grade
from evalkit_suites.swebench.wheels import wheels

from evalkit.sandbox import open_workspace_sandbox
from evalkit.task import Verdict
from tests.suites.swebench_made import Made, image_of

pytestmark = pytest.mark.docker

OLD = "def test_old():\n    assert len('tea') == 3\n"
TEA = Made(
    "tea",
    files={"tea.py": "def cups(pots):\n    return 0\n", "test_tea.py": OLD},
    tests={"test_tea.py": f"from tea import cups\n\n\n{OLD}\n\ndef test_new():\n    assert cups(2) == 8\n"},
    solution={"tea.py": "def cups(pots):\n    return 4 * pots\n"},
    fail_to_pass=("test_tea.py::test_new",),
    pass_to_pass=("test_tea.py::test_old",),
)
Grade = Callable[..., Verdict]


@pytest.fixture(scope="module")
def tea(docker_engine: Any) -> Iterator[Grade]:
    """Grades a patch of TEA."""
    with asyncio.Runner() as runner, image_of(docker_engine, TEA) as row:
        sandbox = runner.run(open_workspace_sandbox(computing=2))
        try:
            yield lambda patch, **told: runner.run(grade(row, patch, sandbox, image=row["image"], **told))
        finally:
            runner.run(sandbox.close())


def test_a_patch_that_solves_it(tea: Grade) -> None:
    verdict = tea(TEA.patch(TEA.solution))
    assert (verdict.outcome, verdict.reason, verdict.official) == ("passed", "", "resolved")
    assert {test.name: test.status for test in verdict.tests} == {
        "test_tea.py::test_new": "passed",
        "test_tea.py::test_old": "passed",
    }
    # both streams in the order in which they were written, and nothing of ours between
    marks = [line for line in verdict.log.decode().splitlines() if ">>>>>" in line and line[0] != "+"]
    assert marks == [">>>>> Test Exit Code: 0"]
    assert verdict.log.index(b"Start Test Output") < verdict.log.index(b"PASSED test_tea.py::test_new")
    assert verdict.log.index(b"PASSED test_tea.py::test_new") < verdict.log.index(b"End Test Output")


BAD = "--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-a\n+b\n"
KILLER = "import os, signal\nos.kill(-1, signal.SIGKILL)\n"
ENDS = {
    "wrong": (TEA.patch({"tea.py": "def cups(pots):\n    return 4\n"}), "wrong", "unresolved"),
    "does not import": (TEA.patch({"tea.py": "def cups(pots)"}), "wrong", "unresolved"),
    "empty": ("", "empty_patch", "empty_patch"),
    "does not apply": (BAD, "patch_apply", "error"),
    "blank": ("\n", "patch_apply", "error"),
    "no UTF-8": (TEA.patch(TEA.solution) + "\ud83d", "patch_apply", "error"),
    "late": (TEA.patch({"tea.py": "import time\ntime.sleep(60)\n"}), "test_timeout", "error"),
    "ends its workspace": (TEA.patch({"tea.py": KILLER}), "crashed", "error"),
}


SLOW = ("does not import", "blank")  # as another, by another way
CASES = [pytest.param(name, marks=pytest.mark.full if name in SLOW else ()) for name in ENDS]


@pytest.mark.parametrize("name", CASES)
def test_ends(tea: Grade, name: str) -> None:
    patch, reason, official = ENDS[name]
    verdict = tea(patch, **({"test_timeout_s": 2} if name == "late" else {}))
    assert (verdict.outcome, verdict.reason, verdict.official) == ("failed", reason, official), verdict.detail
    if name == "late":
        assert verdict.log.endswith(b"\n\nTimeout error: 2 seconds exceeded.")


@pytest.mark.full
def test_a_patch_that_only_applies_with_fuzz(tea: Grade) -> None:
    """The fourth way of applying it, as officially."""
    patch = TEA.patch(TEA.solution).replace(" def cups(pots):", " def cups(jars):")
    assert "jars" in patch
    assert tea(patch).official == "resolved"


@pytest.mark.full
def test_wheels_for_the_installation_are_fetched_before(docker_engine: Any) -> None:
    """An isolated build at grading, without a network, in an image that has no wheels."""
    build = "[build-system]\nrequires = ['setuptools>=60']\nbuild-backend = 'setuptools.build_meta'\n"
    setup = "from setuptools import setup\n\nsetup(name='tea', version='1', py_modules=['tea'])\n"
    files = {**TEA.files, "pyproject.toml": build, "setup.py": setup}
    made = replace(TEA, name="isolated", files=files, install="python -m pip install -e .")

    async def graded(row: dict[str, Any]) -> tuple[list[str], Verdict]:
        sandbox = await open_workspace_sandbox(computing=1)
        try:
            got = sorted(await wheels(sandbox, row["image"]))
            return got, await grade(row, made.patch(made.solution), sandbox, image=row["image"])
        finally:
            await sandbox.close()

    with image_of(docker_engine, made) as row:
        got, verdict = asyncio.run(graded(row))
    assert verdict.official == "resolved"
    if not got:
        pytest.skip("no package index within reach of a container with a network")
    assert any(name.startswith("setuptools-") for name in got)
    assert b"Successfully installed tea-1" in verdict.log
