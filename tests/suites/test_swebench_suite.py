"""The suite: which rows it takes, what a workspace gets of them, predictions in and official files out."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.swebench.subsets import NAMES, subsets
from evalkit_suites.swebench.suite import Suite

from evalkit.data import load_data, tasks_of
from evalkit.errors import DataError
from evalkit.models.replay import Replay, open_replay
from evalkit.registry import open_suite
from evalkit.run.plan import make_plan
from evalkit.run.settings import Knobs, Settings
from evalkit.samples import Ran, Sampled
from evalkit.task import Answer, Task
from tests.run.command import here
from tests.suites.swebench_set import INSTANCES, rows

FIRST = rows()[0]


def suite(**options: Any) -> Suite:
    found = open_suite("swebench", options)
    assert isinstance(found, Suite)
    return found


def own() -> dict[str, Task]:
    return {task.id: task for task in tasks_of(suite(), load_data(suite(), INSTANCES))}


# -- data ----------------------------------------------------------------------------------------------
def test_each_subset_has_a_file_and_a_data_set_of_the_hub() -> None:
    assert tuple(subsets()) == NAMES
    for name in NAMES:
        facts = suite(subset=name).source()
        assert facts.local[0] == f"{name}.jsonl"
        assert facts.hub
        assert facts.hub.split == "test"
    assert suite().source().hub == suite(subset="verified").source().hub


@pytest.mark.parametrize(("name", "count", "first"), [
    ("verified", 500, "astropy__astropy-12907"),
    ("lite", 300, "astropy__astropy-12907"),
    ("multilingual", 300, "apache__druid-13704"),
])  # fmt: skip
def test_the_authors_rows(name: str, count: int, first: str, data_dir: Path) -> None:
    adapter = suite(subset=name)
    data = load_data(adapter, data_dir / "swebench")
    tasks = tasks_of(adapter, data)
    assert (len(tasks), tasks[0].id) == (count, first)
    assert data.pinned
    assert adapter.doubts(tasks, data) == ()
    for task in tasks:
        assert task.gold
        assert task.gold.form == "patch"
        assert task.tags["repo"] == task.data["repo"]
        assert adapter.image(task).endswith(":latest")


def test_rows_before_5_are_refused_by_name(tmp_path: Path) -> None:
    old = {key: value for key, value in FIRST.items() if key not in ("image", "eval_script", "log_parser")}
    (tmp_path / "old.jsonl").write_text(json.dumps(old) + "\n")
    with pytest.raises(DataError, match=r"a revision before SWE-bench 5\.0") as refused:
        tasks_of(suite(), load_data(suite(), tmp_path / "old.jsonl"))
    assert FIRST["instance_id"] in refused.value.message


def test_parquet_holds_the_same_tasks(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="evalkit[hub] is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(rows()), tmp_path / "verified.parquet")
    tasks = tasks_of(suite(), load_data(suite(), tmp_path))
    assert [(task.id, task.gold) for task in tasks] == [(task.id, task.gold) for task in own().values()]


def test_a_changed_row_is_doubted(data_dir: Path, tmp_path: Path) -> None:
    lines = (data_dir / "swebench" / "verified.jsonl").read_text().splitlines()
    (tmp_path / "verified.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    data = load_data(suite(), tmp_path)
    assert suite().doubts(tasks_of(suite(), data), data) == (
        "other instances than those of Verified, or changed ones",
    )


# -- what a workspace gets -----------------------------------------------------------------------------
def test_an_assignment_is_the_issue_and_no_more() -> None:
    secret = {"hints_text": "SECRET", "test_patch": "SECRET", "patch": "SECRET", "FAIL_TO_PASS": ["SECRET"]}
    task = tasks_of(suite(), load_data(suite(), INSTANCES))[0]
    task = Task(task.id, {**task.data, **secret}, task.gold)
    assignment = suite().assignment(task)
    assert assignment.problem == task.data["problem_statement"]
    assert (assignment.spec.image, assignment.spec.root) == (task.data["image"], "/testbed")
    assert not assignment.spec.network
    assert suite(network="on").assignment(task).spec.network
    for tools in ("tools", "bash-only", "text"):
        prompt = suite(tools=tools).protocol().prompt(task)
        assert "SECRET" not in repr((assignment.spec, prompt))
        assert assignment.problem in prompt.messages[1].content


def test_network_and_time_are_said() -> None:
    assert suite().remarks([]) == ("without a network, which officially is open",)
    assert "can be looked up" in suite(network="on").remarks([])[0]
    assert suite(test_timeout=60.0).judging_doubts() == ("60 s for the tests, officially 1800 s",)
    assert suite().judging_doubts() == ()


# -- predictions in ------------------------------------------------------------------------------------
A, B = list(own())[:2]


def prediction(name: str, patch: str | None, **more: Any) -> dict[str, Any]:
    return {"instance_id": name, "model_patch": patch, "model_name_or_path": "org/model", **more}


def written(path: Path, content: Any) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in content))
    else:
        path.write_text(json.dumps(content, indent=2))
    return path


def replayed(path: Path) -> Replay:
    return open_replay(f"replay:{path}", suite())


def answers(path: Path) -> dict[str, Answer | None]:
    return {record.task_id: record.answer for record in suite().read_answers(path)}


FORMATS: Mapping[str, Callable[[list[dict[str, Any]]], Any]] = {
    "lines.jsonl": lambda rows: rows,
    "list.json": lambda rows: rows,
    "preds.json": lambda rows: {row["instance_id"]: row for row in rows},
    "by-other-keys.json": lambda rows: {f"x{n}": row for n, row in enumerate(rows)},
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_official_format(name: str, tmp_path: Path) -> None:
    given = [prediction(A, "diff --git a/x b/x\r\n no newline"), prediction(B, None, cost=1)]
    path = written(tmp_path / name, FORMATS[name](given))
    assert answers(path) == {
        A: Answer("diff --git a/x b/x\r\n no newline", "patch"),  # to the byte
        B: Answer("", "patch"),
    }
    model = replayed(path)
    model.check_tasks(own())
    assert model.describe()["answers_of"] == "org/model"


def test_the_last_of_several_counts(tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", [prediction(A, "1"), prediction(B, "2"), prediction(A, "3")])
    assert answers(path) == {A: Answer("3", "patch"), B: Answer("2", "patch")}


def test_a_stranger_stops_the_whole_run(tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", [prediction(A, "1"), prediction("no__such-1", "2")])
    with pytest.raises(DataError, match=r"no tasks of this data: no__such-1"):
        replayed(path).check_tasks(own())


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    nameless = {key: value for key, value in prediction(A, "1").items() if key != "model_name_or_path"}
    cases = {
        "nameless.jsonl": ([prediction(B, ""), nameless], f"line 2 ({A}): no model_name_or_path"),
        "number.json": ([prediction(A, None) | {"model_patch": 5}], "model_patch is a text or null, not int"),
        "text.json": ("diff", "neither a list of predictions nor an object"),
        "words.json": (["diff"], "a prediction is an object, not str"),
    }
    for name, (content, said) in cases.items():
        with pytest.raises(DataError) as refused:
            answers(written(tmp_path / name, content))
        assert said in str(refused.value)
    with pytest.raises(DataError, match=r"predictions are a \.json or \.jsonl file in it"):
        answers(tmp_path)


def test_evalkits_own_rows_are_read_too(tmp_path: Path) -> None:
    path = written(tmp_path / "own.jsonl", [{"task_id": A, "patch": "x"}, {"task_id": A, "patch": "y"}])
    found = [record.answer for record in suite().read_answers(path)]
    assert found == [Answer("x", "patch"), Answer("y", "patch")]


def test_what_goes_out_comes_back(tmp_path: Path) -> None:
    random.seed(8)
    patch = "".join(map(chr, random.choices([*range(9, 14), *range(32, 127), 0xE9, 0x2028, 0x1F600], k=4000)))
    task = own()[A]
    row = suite().signed(suite().official_sample(task, Answer(patch, "patch"), None), "org/model")
    assert list(row) == ["instance_id", "model_patch", "model_name_or_path"]
    assert answers(written(tmp_path / "out.jsonl", [row])) == {A: Answer(patch, "patch")}


# -- figures and official files ------------------------------------------------------------------------
def test_everything_planned_is_in_the_denominator() -> None:
    ends = [("passed", 20, 0.5), ("failed", 100, 1.5), ("error", 0, 0.1)]
    planned = [Sampled("x", 0, end, {"turns": turns}, cost, 1.0) for end, turns, cost in ends]
    missing = Sampled("x", 0, "not_run", {}, None, None)
    assert suite().statistics([*planned, missing]) == {
        "total_instances": 4.0,
        "resolved_instances": 1.0,
        "resolved_rate": 25.0,
        "cost_per_instance": pytest.approx(0.7),
        "turns_per_instance": 40.0,
    }
    unknown = Sampled("x", 0, "passed", {}, None, None)
    assert suite().statistics([*planned, unknown])["turns_per_instance"] is None
    assert list(suite().statistics([unknown])) == ["total_instances", "resolved_instances", "resolved_rate"]


def test_a_suite_without_official_files_says_so() -> None:
    with pytest.raises(NotImplementedError, match="no report files"):
        open_suite("mini").official_report(Ran("x", "m", "d", []), Path())


def test_replays_answer_with_the_patch(tmp_path: Path) -> None:
    from evalkit.model import Request, Sampling

    model = replayed(written(tmp_path / "p.jsonl", [prediction(A, "x")]))
    reply = asyncio.run(model.complete(Request(own()[A], 0, (), None, Sampling(), (), 0)))
    assert (reply.text, reply.form, reply.served_model) == ("x", "patch", "org/model")


def test_the_row_says_who_asks_the_model() -> None:
    """evalkit's own agent by the suite's protocol, others in their own words, nobody for answers as given."""
    knobs = Knobs()
    settings = Settings("swebench", "oracle", data=str(INSTANCES))
    given = make_plan(settings, knobs)
    ours = make_plan(replace(settings, scaffold="interactive"), knobs)
    theirs = make_plan(replace(settings, scaffold="mini-swe-agent"), knobs)
    names = [(plan.scaffold.name, plan.protocol.name) for plan in (given, ours, theirs)]
    assert names == [
        ("as-given", "as-given"),
        ("interactive", "evalkit-shell-tools"),
        ("mini-swe-agent", "mini-swebench"),
    ]
    assert theirs.identity["protocol"]["name"] == "mini-swebench"
    assert "mini-swebench" in theirs.folder_name
    task = theirs.tasks[0]
    assert [message.content for message in theirs.protocol.prompt(task).messages] == [
        task.data["problem_statement"]
    ]


def test_a_dry_run_counts_calls_as_they_will_be_made(tmp_path: Path) -> None:
    data = ("--data", str(INSTANCES), "--results", str(tmp_path), "--dry-run", "--json", "--limit", "3")
    given = here("run", "swebench", "--model", "oracle", *data).summary
    asked = here("run", "swebench", "--model", "m", "--base-url", "http://127.0.0.1:9/v1", *data).summary
    assert [(told["calls"], told["turns"]) for told in (given, asked)] == [(3, 1), (3, 100)]
