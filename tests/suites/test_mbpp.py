"""MBPP and MBPP+: splits, worked examples, prompts as sent, programs as judged, samples as exchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.humaneval_plus.plus import judge_text
from evalkit_suites.mbpp_plus.suite import Suite as MbppPlus
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.data import load_data, read_records
from evalkit.errors import DataError
from evalkit.program import Judgement
from evalkit.protocol import Prompt
from evalkit.registry import open_suite
from evalkit.run.plan import make_plan
from evalkit.run.settings import Knobs, Settings
from evalkit.suite import Suite
from evalkit.task import Answer, Task
from tests.suites.told import Told


def record(task_id: int, **other: Any) -> dict[str, Any]:
    """A problem in the original's form; its function is f followed by the id."""
    return {
        "task_id": task_id,
        "text": f"Write a function to return {task_id}.",
        "code": f"def f{task_id}():\r\n\treturn {task_id}",
        "test_list": [
            f"assert f{task_id}() == {task_id}",
            f"assert f{task_id}() > 0",
            f"assert f{task_id}()",
        ],
        "test_setup_code": "",
        "challenge_test_list": [],
    } | other


WHOLE_DATA = [record(n) for n in (1, 2, 3, 4, 11, 510, 511, 600, 601, 974)]
NAMES = ("evalplus", "evalplus-local", "evalplus-base", "paper-3-shot", "lm-eval", "bigcode", "deepseek")
PLUS_NAMES = ("evalplus", "evalplus-local", "evalplus-base", "paper-3-shot", "lm-eval", "bigcode")
DOCSTRING = '"""\nWrite a function to return 11.\nassert f11() == 11\n"""'


@cache
def suite(name: str = "mbpp", **options: Any) -> Suite:
    return open_suite(name, options)


def task(protocol: str = "evalplus", records: Sequence[Mapping[str, Any]] = WHOLE_DATA) -> Task:
    return suite(protocol=protocol).tasks(records)[0]


def asked(protocol: str) -> Prompt:
    return suite(protocol=protocol).protocol().prompt(task(protocol))


def program(protocol: str, reply: str) -> str | None:
    """What is judged of a raw reply; None where the protocol finds no code."""
    chosen = suite(protocol=protocol).protocol()
    code = chosen.extract(task(protocol), Answer(reply))
    return chosen.assemble(task(protocol), code) if code else None


# -- tasks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "ids"),
    [
        ("test", ["11", "510"]),
        ("prompt", ["1", "2", "3", "4"]),
        ("validation", ["511", "600"]),
        ("train", ["601", "974"]),
    ],
)
def test_splits_go_by_id(split: str, ids: list[str]) -> None:
    assert [t.id for t in suite(split=split).tasks(WHOLE_DATA)] == ids
    assert len(suite(split="all").tasks(WHOLE_DATA)) == len(WHOLE_DATA)


def test_a_split_that_the_data_lacks_is_named() -> None:
    with pytest.raises(DataError, match="no task of split train"):
        suite(split="train").tasks(WHOLE_DATA[:5])


def test_both_forms_of_record_make_the_same_task() -> None:
    sanitized = {
        "source_file": "x.ipynb",
        "task_id": 11,
        "prompt": "Write a function to return 11.",
        "code": "def f11(): return 11",
        "test_imports": ["import math"],
        "test_list": ["assert f11() == 11"],
    }
    [only] = suite(variant="sanitized").tasks([sanitized])
    assert only.data["text"] == "Write a function to return 11."
    assert only.data["prompt"] == DOCSTRING + "\n"
    assert (only.data["test_imports"], only.data["test_setup_code"]) == (["import math"], "")
    assert only.gold == Answer("def f11(): return 11", "solution")


@pytest.mark.parametrize("missing", ["text", "test_list"])
def test_a_missing_field_is_named(missing: str, tmp_path: Path) -> None:
    bad = {key: value for key, value in record(11).items() if key != missing}
    (tmp_path / "mbpp.jsonl").write_text(json.dumps(bad) + "\n")
    with pytest.raises(DataError, match=f"missing {missing}"):
        suite().tasks(load_data(suite(), tmp_path).records)


@pytest.mark.parametrize(
    ("code", "tests", "name"),
    [
        ("def g(): pass\ndef f(x): return g()", ["assert set(f(1)) == set()"], "f"),
        ("def helper(): pass", ["assert math.isclose(area(1), helper(2))"], "helper"),
        ("", ["assert sorted(f(1)) == [1]"], "f"),
        ("def sum(a, b): return a", ["assert sum(1, 2) == 1"], "sum"),
        ("class Pair: pass", ["assert Pair(1)"], "Pair"),
        ("not python", ["nor this"], ""),
    ],
)
def test_the_entry_point_is_what_the_tests_call(code: str, tests: list[str], name: str) -> None:
    [only] = suite().tasks([record(11, code=code, test_list=tests)])
    assert only.data["entry_point"] == name


# -- prompts -----------------------------------------------------------------------------------------


def test_evalplus_asks_with_a_docstring_of_text_and_first_assert() -> None:
    [message] = asked("evalplus").messages
    assert message.content.startswith("Please provide a self-contained Python script that solves")
    assert message.content.endswith(f"```python\n{DOCSTRING}\n```")
    assert asked("evalplus-base").text == DOCSTRING + "\n"
    assert asked("bigcode").text == DOCSTRING + "\n"
    assert asked("evalplus-local").messages[0].content.endswith(f"```\n{DOCSTRING}\n```\n")


def test_the_papers_prompt_shows_tasks_2_3_and_4() -> None:
    text = asked("paper-3-shot").text
    assert text is not None
    first, second, third, last = text.split("[BEGIN]\n")[:4]
    assert first == (
        "You are an expert Python programmer, and here is your task: Write a function to return 2. Your code "
        "should pass these tests:\n\nassert f2() == 2\nassert f2() > 0\nassert f2()\n"
    )
    assert second.startswith("def f2():\r\n\treturn 2\n[DONE]\n\nYou are an expert")  # CR LF as in the data
    assert "return 3." in second
    assert "return 4." in third
    assert "return 11." in last
    assert text.endswith("assert f11()\n[BEGIN]\n")


def test_lm_eval_shows_them_as_a_conversation() -> None:
    messages = asked("lm-eval").messages
    assert [m.role for m in messages] == ["user", "assistant"] * 4
    assert messages[0].content == (
        "You are an expert Python programmer, and here is your task:\nWrite a function to return 2.\n"
        "Your code should pass these tests:\nassert f2() == 2\nassert f2() > 0\nassert f2()"
    )
    assert messages[1].content == "\n```python\ndef f2():\r\n\treturn 2\n```"
    assert messages[7].content == "\n```python\n"


def test_deepseek_shows_them_in_one_message() -> None:
    [message] = asked("deepseek").messages
    assert message.content.startswith(
        "Please refer the given examples and generate a python function for my problem.\n"
        "Examples are listed as follows:\n- Example 1:\n>>> Problem:\nWrite a function to return 2.\n"
        ">>> Test Cases:\nassert f2() == 2\n"
        "assert f2() > 0\nassert f2()\n\n>>> Code:\n```python\ndef f2():\n    return 2\n```\n\n- Example 2:\n"
    )
    assert message.content.endswith(
        "Here is my problem:\n>>> Problem:\nWrite a function to return 11.\n>>> Test Cases:\n"
        "assert f11() == 11\nassert f11() > 0\nassert f11()\n"
    )


@pytest.mark.parametrize("protocol", ["paper-3-shot", "lm-eval", "deepseek"])
def test_worked_examples_must_be_in_the_data(protocol: str) -> None:
    with pytest.raises(DataError, match="tasks 2, 3 and 4"):
        suite(protocol=protocol).protocol().prompt(task(protocol, WHOLE_DATA[4:]))


def test_only_three_of_many_asserts_are_shown() -> None:
    many = [*WHOLE_DATA[:4], record(11, test_list=[f"assert f11() != {n}" for n in range(5)])]
    text = suite(protocol="paper-3-shot").protocol().prompt(task("paper-3-shot", many)).text
    assert text is not None
    assert "assert f11() != 2\n[BEGIN]" in text


# -- from reply to program ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "reply", "kept"),
    [
        (
            "evalplus",
            "Yes:\n```python\ndef f11():\n    return 11\nprint(f11())\n```",
            "def f11():\n    return 11",
        ),
        ("evalplus-local", "def f11():\n\treturn 11\n```\nx\ny", "def f11():\n    return 11"),
        ("evalplus-base", "def f11():\n\treturn 11\n\nassert f11()", "def f11():\n    return 11"),
        ("paper-3-shot", "def f11():\n    return 11\n[DONE]\n\nYou are an", "def f11():\n    return 11\n"),
        ("lm-eval", "def f11():\n    return 11\n```\nIt", "def f11():\n    return 11"),
        ("lm-eval", "\ndef f11():\n    return 11\n```", "def f11():\n    return 11"),
        ("lm-eval", "import os\ndef f11(): return 11\n```", "import os\ndef f11(): return 11"),
        ("bigcode", "def f11():\n    return 11\nprint(1)", DOCSTRING + "\ndef f11():\n    return 11"),
        ("deepseek", "a\n```Python\ndef f11(): 1\n```\n```python\nx\n```", "def f11(): 1\n"),
        ("deepseek", "def f11(): 1", "def f11(): 1"),
    ],
)
def test_what_is_judged(protocol: str, reply: str, kept: str) -> None:
    assert program(protocol, reply) == kept + "\n"


@pytest.mark.parametrize("reply", ["```python\ndef f11(): 1\n```", "def f11(): return 'cut", ""])
def test_lm_eval_finds_nothing_in_a_block_of_its_own_or_one_never_closed(reply: str) -> None:
    assert program("lm-eval", reply) is None


PIECES = [
    "```",
    "```python\n",
    "\n",
    "\r\n",
    "[DONE]",
    "</think>",
    "def f11():\n",
    "    return 1\n",
    "\0",
    "\ud800",
    '"""',
]


@settings(max_examples=50, deadline=None)
@given(reply=st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=20).map("".join))
def test_no_protocol_fails_on_any_reply(reply: str) -> None:
    for protocol in NAMES:
        kept = program(protocol, reply)
        assert kept is None or isinstance(kept, str)


# -- samples and judging -----------------------------------------------------------------------------


def test_ids_of_any_harness_are_read(tmp_path: Path) -> None:
    rows = [{"task_id": i, "solution": "x"} for i in (2, "2", "Mbpp/2", "MBPP/2")]
    assert [s.task_id for s in suite().read_samples(rows)] == ["2"] * 4
    assert [s.task_id for s in suite("mbpp-plus").read_samples(rows[:3])] == ["Mbpp/2"] * 3
    (tmp_path / "generations.json").write_text('[["a"], ["b"]]')
    found = list(suite().read_samples(read_records(tmp_path / "generations.json")))
    assert [s.task_id for s in found] == ["11", "12"]
    with pytest.raises(DataError, match="past the last task"):
        list(suite().read_samples([{"samples": ["a"]}] * 501))
    with pytest.raises(DataError, match="cannot be matched"):
        list(suite("mbpp-plus").read_samples([{"samples": ["a"]}]))


def test_official_samples_hold_the_judged_program() -> None:
    row = suite().official_sample(task(), Answer("```python\ndef f11():\n    return 11\n```"), None)
    assert row == {"task_id": 11, "solution": "def f11():\n    return 11\n"}
    assert suite().official_sample(task(), Answer(""), None) == {"task_id": 11, "solution": ""}


@pytest.mark.parametrize(("protocol", "setup"), [("evalplus", "root = 1"), ("bigcode", ""), ("lm-eval", "")])
async def test_set_up_code_runs_but_where_the_harness_forgets_it(protocol: str, setup: str) -> None:
    told = Told(Judgement("passed"))
    with_setup = task(protocol, [*WHOLE_DATA[:4], record(11, test_setup_code="root = 1")])
    verdict = await suite(protocol=protocol).score(with_setup, Answer("def f11(): 1", "solution"), told)
    [job] = told.jobs
    assert job.task == {
        "task_id": 11,
        "test_list": record(11)["test_list"],
        "test_imports": [],
        "entry_point": "f11",
        "code": record(11)["code"],
        "test_setup_code": setup,
    }
    assert (job.program, job.limits.wall_s, job.guard) == ("def f11(): 1\n", 3.0, "human-eval")
    assert verdict.official == "passed"


@pytest.mark.parametrize(
    ("protocol", "excepted"), [("evalplus", ["123"]), ("paper-3-shot", ["123", "367", "927"])]
)
def test_gold_that_needs_the_set_up_is_excepted_there(
    data_dir: Path, protocol: str, excepted: list[str]
) -> None:
    chosen = suite(protocol=protocol, split="all")
    assert sorted(chosen.info.exceptions) == excepted
    with_setup = [
        t.id for t in chosen.tasks(load_data(chosen, data_dir).records) if t.data["test_setup_code"]
    ]
    assert with_setup == ["367", "927"]


# -- the official data -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "split", "count"),
    [("full", "all", 974), ("full", "test", 500), ("sanitized", "all", 427), ("sanitized", "test", 257)],
)
def test_the_official_counts(data_dir: Path, variant: str, split: str, count: int) -> None:
    chosen = suite(variant=variant, split=split)
    tasks = chosen.tasks(load_data(chosen, data_dir).records)
    assert len(tasks) == count
    assert all(t.gold and t.data["entry_point"] for t in tasks)
    assert len(tasks[0].data["shots"]) == 3


def test_gold_answers_survive_the_sanitizer(data_dir: Path) -> None:
    chosen = suite(split="all")
    lost = []
    for t in chosen.tasks(load_data(chosen, data_dir).records):
        assert t.gold is not None
        code = chosen.protocol().extract(t, Answer(f"Here it is:\n```python\n{t.gold.text}\n```"))
        if code is None or t.data["entry_point"] not in code.text:
            lost.append(t.id)
    assert lost == []


@pytest.mark.parametrize(("subset", "inputs"), [("full", 105), ("noextreme", 105)])
def test_the_official_plus_data(data_dir: Path, subset: str, inputs: int) -> None:
    plus = suite("mbpp-plus", subset=subset)
    tasks = plus.tasks(load_data(plus, data_dir).records)
    assert len(tasks) == 378
    assert sum(len(t.data["plus_input"]) for t in tasks) / 378 == pytest.approx(inputs, abs=1)


@pytest.mark.parametrize("protocol", PLUS_NAMES)
def test_plus_prompts(data_dir: Path, monkeypatch: pytest.MonkeyPatch, protocol: str) -> None:
    monkeypatch.setenv("EVALKIT_DATA", str(data_dir))
    plus = suite("mbpp-plus", protocol=protocol)
    first = plus.tasks(load_data(plus).records)[0]
    prompt = plus.protocol().prompt(first)
    text = prompt.text if prompt.text is not None else "".join(m.content for m in prompt.messages)
    assert "find the shared elements from the given two lists." in text  # sanitized: its own text
    assert "assert set(similar_elements(" in text
    if protocol == "paper-3-shot":
        assert "find the similar elements from the given two tuple lists." in text  # examples: the original's
    if protocol == "lm-eval":
        assert text.endswith("Here is a solution to this programming problem:\n```python\n")


def test_plus_judges_with_mbpps_own_rules_behind_the_common_ones() -> None:
    text = judge_text(MbppPlus.judges)
    compile(text, "judge.py", "exec")  # one module: `from __future__` at its top only
    assert text.rindex("def restored(") > text.index("def judge(")


def test_mbpps_own_data_is_part_of_what_an_mbpp_plus_run_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the protocol shows its text: else other prompts would continue the same run."""

    def identities(text: str) -> list[str]:
        for name in ("mbpp.jsonl", "sanitized-mbpp.json"):
            (tmp_path / name).write_text(json.dumps(record(2, text=text)))
        made = (
            Settings("mbpp-plus", "null", {"protocol": name}, data=str(tmp_path / "plus.jsonl"))
            for name in ("lm-eval", "evalplus")
        )
        return [make_plan(settings, Knobs()).folder_name for settings in made]

    monkeypatch.setenv("EVALKIT_DATA", str(tmp_path))
    plus = {"task_id": "Mbpp/2", "entry_point": "f2", "prompt": "", "canonical_solution": "", "assertion": ""}
    (tmp_path / "plus.jsonl").write_text(json.dumps({**plus, "base_input": [], "plus_input": [], "atol": 0}))
    before, after = identities("Do this."), identities("Do that.")
    assert before[0] != after[0]
    assert before[1] == after[1]
