"""SWE-bench-Live: its rows, its rules, and whole verdicts on an instance of our own in a real container."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from evalkit_suites.swebench.live import PARSER, by_pytest, cleaned, live_report, read_live
from evalkit_suites.swebench.live_run import grade_live

from evalkit.api import run
from evalkit.errors import DataError
from evalkit.sandbox import open_workspace_sandbox
from evalkit.task import Verdict
from evalkit.workspace import WorkspaceSandbox
from tests.suites.swebench_made import Made, image_of

SUM = "def add(a, b):\n    return a - b\n"
GOOD = "def add(a, b):\n    return a + b\n"
OLD = "from sums import add\n\n\ndef test_zero():\n    assert add(1, 0) == 1\n"
NEW = OLD + "\n\ndef test_two():\n    assert add(1, 1) == 2\n"
MADE = Made(
    "live",
    {"sums.py": SUM, "test_sums.py": OLD},
    {"test_sums.py": NEW},
    {"sums.py": GOOD},
    ("test_sums.py::test_two",),
    ("test_sums.py::test_zero", "test_sums.py::test_gone"),
)
CODE = """
import re

def parser(log: str) -> dict[str, str]:
    print("what a parser prints is nobody's")
    words = {"PASSED": "pass", "FAILED": "fail", "ERROR": "fail"}
    return {name: words[word] for word, name in re.findall(r"^(PASSED|FAILED|ERROR) (\\S+)", log, re.M)}
"""


def row(**more: Any) -> dict[str, Any]:
    return {
        "instance_id": "own__live-1",
        "repo": "own/live",
        "base_commit": "0" * 40,
        "problem_statement": "Sums are wrong.",
        "patch": "",
        "test_patch": "",
        "test_cmds": ["pytest -rA"],
        "log_parser": "pytest",
        "FAIL_TO_PASS": ["a"],
        "PASS_TO_PASS": ["b"],
        **more,
    }


# -- rows and rules ----------------------------------------------------------------------------------


def test_rows() -> None:
    read = read_live(row(test_cmds=["cd x", "make test"], rebuild_cmds=["make"], print_cmds=["cat log"]))
    assert (read.test, read.rebuild, read.show) == ("cd x ; make test", "make", "cat log")
    assert read.image == "starryzhang/sweb.eval.x86_64.own_1776_live-1"
    assert read_live(row(docker_image="own/image:1")).image == "own/image:1"
    first = {key: value for key, value in row(parser="pytest").items() if key != "log_parser"}
    assert read_live(first).parser == "pytest"
    assert read_live(row(FAIL_TO_PASS='["a"]')).fail_to_pass == ("a",)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"instance_id": "../x"}, "no name of an instance"),
        ({"log_parser": ""}, "own__live-1: no log_parser"),
        ({"log_parser": None, "parser": 3}, "no log_parser"),
        ({"test_cmds": []}, "says nothing to run"),
        ({"test_cmds": "make test"}, "test_cmds is no list of commands"),
        ({"print_cmds": [1]}, "print_cmds is no list of commands"),
        ({"test_patch": None}, "test_patch is no text"),
        ({"PASS_TO_PASS": None}, "PASS_TO_PASS is no list"),
    ],
)
def test_rows_that_are_none(more: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_live(row(**more))


@pytest.mark.parametrize(
    ("statuses", "resolved"),
    [
        ({"a": "pass", "b": "pass"}, True),
        ({"a": "pass"}, True),  # who is absent is not seen failing
        ({"a": "pass", "b": "skip"}, True),
        ({"a": "pass", "b": "fail"}, False),
        ({"b": "pass"}, False),
        ({"a": "skip", "b": "pass"}, False),
        ({"a": "fail", "b": "pass"}, False),
        ({"a": "PASSED", "b": "XFAIL"}, False),
        ({"a": "pass", "c": "fail"}, True),
        ({}, False),
    ],
)
def test_what_resolves(statuses: Mapping[str, str], resolved: bool) -> None:
    assert live_report(read_live(row()), statuses)["resolved"] is resolved


def test_no_test_to_solve_is_solved_at_once() -> None:
    """As officially."""
    assert live_report(read_live(row(FAIL_TO_PASS=[])), {})["resolved"]


def test_pytest_in_its_words() -> None:
    log = (
        "PASSED a.py::x\nFAILED a.py::y - assert 1\nSKIPPED [1] a.py:3\nERROR b.py\nXFAIL a.py::z\nPASSED\n x"
    )
    assert by_pytest(log) == {
        "a.py::x": "pass",
        "a.py::y": "fail",
        "[1]": "skip",
        "b.py": "fail",
        "a.py::z": "fail",
    }
    assert cleaned(b"\x1b[32mPASSED\x1b[0m a\r\n\xff\x1bMb") == "PASSED a\nb"


# -- in containers -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def live(docker_engine: Any) -> Iterator[dict[str, Any]]:
    with image_of(docker_engine, MADE) as made:
        kept = ("patch", "test_patch", "base_commit", "FAIL_TO_PASS", "PASS_TO_PASS")
        yield row(docker_image=made["image"], **{key: made[key] for key in kept})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(docker_engine: Any) -> AsyncIterator[WorkspaceSandbox]:
    sandbox = await open_workspace_sandbox(recipes=(PARSER,), computing=2, run_label="live")
    yield sandbox
    await sandbox.close()


pytestmark = pytest.mark.docker
LOOP = pytest.mark.asyncio(loop_scope="session")  # the sandbox's
SHOWN = {
    "rebuild_cmds": ["export WHERE=/tmp/tests.log", "cd /testbed"],
    "test_cmds": ['python -m pytest -rA --color=yes >"$WHERE" 2>&1'],
    "print_cmds": ['cat "$WHERE"'],
    "log_parser": CODE,
}


async def graded(sandbox: WorkspaceSandbox, live: dict[str, Any], patch: str, **how: Any) -> Verdict:
    verdict: Verdict = await grade_live(live, patch, sandbox, image=live["docker_image"], **how)
    return verdict


def told(verdict: Verdict) -> tuple[str, str, str]:
    return str(verdict.outcome), verdict.reason, verdict.official


@LOOP
async def test_gold_empty_wrong_and_broken(sandbox: WorkspaceSandbox, live: dict[str, Any]) -> None:
    """With a parser of the row's, whose code is run in a container; a variable of one command is there in the
    next."""
    live = {**live, **SHOWN, "print_cmds": ['sed "s/\\x1b\\[[0-9;]*m//g" "$WHERE"']}
    gold = await graded(sandbox, live, live["patch"])
    assert told(gold) == ("passed", "", "resolved")
    assert b"PASSED test_sums.py::test_two" in gold.log
    assert b"WHERE" not in gold.log, "the log is what is shown, without commands and prompts"
    assert [(test.name, test.status) for test in gold.tests] == [
        ("test_sums.py::test_two", "passed"),
        ("test_sums.py::test_zero", "passed"),
    ]
    assert told(await graded(sandbox, live, " \n")) == ("failed", "empty_patch", "empty_patch")
    wrong = await graded(sandbox, live, MADE.patch({"sums.py": "def add(a, b):\n    return 2\n"}))
    assert told(wrong) == ("failed", "wrong", "unresolved")
    assert wrong.detail == "1 PASS_TO_PASS seen failing: test_sums.py::test_zero"
    lost = await graded(sandbox, live, "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
    assert told(lost) == ("failed", "patch_apply", "unresolved")


@pytest.mark.full
@LOOP
async def test_the_first_rows_have_no_command_that_shows(
    sandbox: WorkspaceSandbox, live: dict[str, Any]
) -> None:
    live = {**live, "test_cmds": ["cd /testbed", "python -m pytest -rA"]}
    assert told(await graded(sandbox, live, live["patch"])) == ("passed", "", "resolved")
    late = {**live, "test_cmds": [*live["test_cmds"], "sleep 1000"]}
    assert told(await graded(sandbox, late, live["patch"], command_s=8.0)) == ("passed", "", "resolved")
    never = {**live, "test_cmds": ["sleep 1000"]}
    verdict = await graded(sandbox, never, live["patch"], command_s=3.0)
    assert told(verdict) == ("failed", "test_timeout", "unresolved")


@LOOP
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def parser(log):\n    raise KeyError('no summary')", "KeyError: 'no summary'"),
        pytest.param("def other(log):\n    return {}", "KeyError: 'parser'", marks=pytest.mark.full),
        pytest.param("def parser(log):\n    return {'a': 1}", "TypeError", marks=pytest.mark.full),
        pytest.param("def parser(log", "SyntaxError", marks=pytest.mark.full),
        ("import os\n\ndef parser(log):\n    os._exit(0)", "it printed"),
        pytest.param(
            "import sys\n\ndef parser(log):\n    sys.exit('bye')", "SystemExit", marks=pytest.mark.full
        ),
    ],
)
async def test_a_parser_that_breaks_is_officially_an_error(
    sandbox: WorkspaceSandbox, live: dict[str, Any], code: str, said: str
) -> None:
    verdict = await graded(sandbox, {**live, "test_cmds": ["true"], "log_parser": code}, live["patch"])
    assert told(verdict) == ("failed", "wrong", "error")
    assert said in verdict.detail


def test_a_run_of_its_subset(live: dict[str, Any], tmp_path: Path) -> None:
    data = tmp_path / "live.jsonl"
    data.write_text(json.dumps({**live, **SHOWN}) + "\n")
    made = run("swebench", "oracle", data=str(data), subset="live", results=tmp_path / "results")
    assert made.summary.pass_1 == 1.0
    assert made.summary.scorer == "swebench-live-70ec57e 1"
    assert made.summary.scope == "Live"
    with pytest.raises(DataError, match="own__live-1: a row of SWE-bench-Live"):
        run("swebench", "oracle", data=str(data), results=tmp_path / "results")
