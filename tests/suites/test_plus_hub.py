"""HumanEval+ and MBPP+ in the hub's form: the inputs come out of the test program's text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.data import load_data
from evalkit.errors import DataError
from evalkit.program import Judgement
from evalkit.registry import open_suite
from evalkit.task import Answer
from tests.suites.told import Told

TEST = """
def assertion(out, exp, atol):
    assert out == exp

def check(candidate):
    inputs = [[1, (2, 'x')], [-1.5, {3}], [{'a': [inf, set()]}, 1+2j]]
    results = [1, 2, 3]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assertion(candidate(*inp), exp, 1e-06)
"""
HUMANEVAL = {
    "task_id": "HumanEval/1",
    "prompt": "def f(a, b):\n",
    "entry_point": "f",
    "canonical_solution": "    return a\n",
    "test": TEST,
}
MBPP = {
    "task_id": 2,
    "code": "def f(a, b):\n    return a",
    "prompt": "Return the first.",
    "source_file": "x.ipynb",
    "test_imports": [],
    "test_list": ["assert f(1, 2) == 1"],
    "test": TEST.replace("candidate", "f"),
}
INPUTS = [[1, [2, "x"]], [-1.5, [3]], [{"a": [float("inf"), []]}, "(1+2j)"]]


def test_humaneval_plus_from_the_hub() -> None:
    [task] = open_suite("humaneval-plus").tasks([HUMANEVAL])
    assert (task.id, task.gold) == ("HumanEval/1", Answer("    return a\n", "completion"))
    assert (task.data["base_input"], task.data["plus_input"], task.data["atol"]) == ([], INPUTS, 1e-6)


def test_mbpp_plus_from_the_hub() -> None:
    [task] = open_suite("mbpp-plus").tasks([MBPP])
    assert (task.id, task.data["entry_point"]) == ("Mbpp/2", "f")
    assert task.data["prompt"] == '"""\nReturn the first.\nassert f(1, 2) == 1\n"""\n'
    assert task.data["plus_input"] == INPUTS


async def test_base_is_not_known_there() -> None:
    suite = open_suite("humaneval-plus")
    [task] = suite.tasks([HUMANEVAL])
    told = Told(Judgement("passed", data={"base": "pass", "plus": "pass"}))
    verdict = await suite.score(task, Answer("x", "solution"), told)
    assert (verdict.parts, verdict.official) == ({"plus": True}, "plus: pass")


@pytest.mark.parametrize(
    ("name", "record", "said"),
    [
        (
            "humaneval-plus",
            {**HUMANEVAL, "test": "x = 1"},
            "HumanEval/1: cannot read .* no assignment to inputs",
        ),
        ("humaneval-plus", {**HUMANEVAL, "test": "inputs = [open('x')]"}, "is no literal"),
        ("humaneval-plus", {**HUMANEVAL, "test": "inputs = ["}, "HumanEval/1: cannot read"),
        (
            "humaneval-plus",
            {"task_id": "HumanEval/1", "prompt": ""},
            "missing entry_point, canonical_solution, test",
        ),
        ("mbpp-plus", {"task_id": 2, "prompt": ""}, "2: missing code, test_list, test"),
        ("humaneval-plus", {**HUMANEVAL, "plus_input": []}, "missing base_input, atol"),
    ],
)
def test_what_is_missing_is_named(name: str, record: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        open_suite(name).tasks([record])


@pytest.mark.parametrize(
    ("name", "hub_file", "hub_inputs", "inputs"),
    [
        ("humaneval-plus", "HumanEvalPlus-OriginFmt-v0.1.10.jsonl.gz", 123_981, 124_253),
        ("mbpp-plus", "MbppPlus-OriginFmt-v0.2.0.jsonl.gz", 40_634, 41_015),
    ],
)
def test_the_official_files_agree(
    data_dir: Path, name: str, hub_file: str, hub_inputs: int, inputs: int
) -> None:
    """Every input of the hub's form is one of the release's, but for how two MBPP tasks write numbers."""
    suite = open_suite(name)
    hub = suite.tasks(load_data(suite, data_dir / name / hub_file).records)
    release = suite.tasks(load_data(suite, data_dir).records)
    assert [task.id for task in hub] == [task.id for task in release]
    assert sum(len(task.data["plus_input"]) for task in hub) == hub_inputs
    assert sum(len(t.data["base_input"]) + len(t.data["plus_input"]) for t in release) == inputs
    foreign = set()
    for ours, theirs in zip(hub, release, strict=True):
        assert ours.data["entry_point"] == theirs.data["entry_point"]
        assert ours.data["atol"] == theirs.data["atol"]
        known = {json.dumps(i) for i in [*theirs.data["base_input"], *theirs.data["plus_input"]]}
        if any(json.dumps(i) not in known for i in ours.data["plus_input"]):
            foreign.add(ours.id)
    assert foreign <= {"Mbpp/124", "Mbpp/252"}
