"""Models without a server: oracle, null, and answers from a file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import DataError, NoSample, UsageError
from evalkit.model import CallAttempt, Model, Request
from evalkit.models import open_model
from evalkit.protocol import Protocol
from evalkit.suite import Scorer, Suite, SuiteInfo
from evalkit.task import Answer, Task, Verdict, passed

ROWS = [
    {"task_id": "a", "solution": "one"},
    {"task_id": "b", "completion": "two"},
    {"task_id": "a", "reply": "three"},
]


class Plain(Suite):
    """A suite that only reads samples."""

    def tasks(self, records: Sequence[Any]) -> list[Task]:
        return [Task(r["task_id"], r) for r in records]

    def protocol(self) -> Protocol:
        raise NotImplementedError

    def scorer(self) -> Scorer:
        return Scorer("plain", "1")

    async def score(self, task: Task, answer: Answer, sandbox: Any) -> Verdict:
        return passed()


SUITE = Plain(SuiteInfo("plain", "Plain", Path()))


async def answer(model: Model, task: Task, sample: int = 0) -> Answer:
    seen: list[CallAttempt] = []
    reply = await model.complete(Request(task, sample), seen.append)
    assert tuple(seen) == reply.attempts
    assert len(seen) == 1
    assert reply.usage.cost == 0
    return Answer(reply.text, reply.form)


async def test_the_oracle_gives_gold_in_its_form() -> None:
    oracle = open_model("oracle")
    gold = Answer("    return 1\n", "completion")
    assert await answer(oracle, Task("a", {}, gold=gold)) == gold
    assert oracle.describe() == {"backend": "oracle"}


async def test_the_oracle_without_gold_says_so() -> None:
    with pytest.raises(NoSample, match="no gold answer for a") as caught:
        await open_model("oracle").complete(Request(Task("a", {}), 0))
    assert not caught.value.retryable


async def test_the_null_model_says_nothing() -> None:
    assert await answer(open_model("null"), Task("a", {}, gold=Answer("x"))) == Answer("")
    work = Answer("diff", "patch")
    assert await answer(open_model("null"), Task("a", {}, gold=work)) == Answer("", "patch")


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    else:
        path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.mark.parametrize("name", ["s.jsonl", "s.jsonl.gz", "s.json"])
async def test_sample_k_is_the_kth_row_of_its_task(tmp_path: Path, name: str) -> None:
    model = open_model(f"replay:{written(tmp_path / name, ROWS)}", suite=SUITE)
    assert await answer(model, Task("a", {}), 0) == Answer("one", "solution")
    assert await answer(model, Task("a", {}), 1) == Answer("three", "reply")
    assert await answer(model, Task("b", {}), 0) == Answer("two", "completion")
    assert getattr(model, "samples_per_task")() == {"a": 2, "b": 1}  # noqa: B009  (not in the protocol)
    described = model.describe()
    assert described["file"] == name
    assert len(described["sha256"]) == 64


async def test_a_folder_a_task_is_read_as_evalplus_writes_it(tmp_path: Path) -> None:
    for task, number, text in (
        ("X_1", 0, "a = 1"),
        ("X_1", 10, "a = 3"),
        ("X_1", 2, "a = 2\r\n"),
        ("Y_2", 0, ""),
    ):
        folder = tmp_path / "samples" / task
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.py").write_bytes(text.encode())
    (tmp_path / "samples" / "eval_results.json").write_text("{}")
    model = open_model(f"replay:{tmp_path / 'samples'}", suite=SUITE)
    texts = [(await answer(model, Task("X/1", {}), k)).text for k in range(3)]
    assert texts == ["a = 1", "a = 2\r\n", "a = 3"]
    assert await answer(model, Task("Y/2", {})) == Answer("", "solution")
    before = model.describe()["sha256"]
    (tmp_path / "samples" / "Y_2" / "0.py").write_text("b = 1")
    assert open_model(f"replay:{tmp_path / 'samples'}", suite=SUITE).describe()["sha256"] != before
    (tmp_path / "samples" / "Y_2" / "0.py").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"0\.py"):
        open_model(f"replay:{tmp_path / 'samples'}", suite=SUITE)


async def test_a_sample_that_the_file_lacks_is_told_apart(tmp_path: Path) -> None:
    model = open_model(f"replay:{written(tmp_path / 's.jsonl', ROWS)}", suite=SUITE)
    for task, sample in (("c", 0), ("b", 1)):
        with pytest.raises(NoSample, match=task) as caught:
            await model.complete(Request(Task(task, {}), sample))
        assert not caught.value.retryable


async def test_an_export_keeps_places_and_cut_replies(tmp_path: Path) -> None:
    missing = {"task_id": "a", "sample": 0, "outcome": "error", "answer": None, "form": None}
    cut = {"task_id": "a", "sample": 1, "outcome": "failed", "answer": "one", "form": "reply"}
    rows = [missing, {**cut, "finish_reason": "length"}]
    model = open_model(f"replay:{written(tmp_path / 's.jsonl', rows)}", suite=SUITE)
    with pytest.raises(NoSample, match="sample 0 of a"):
        await model.complete(Request(Task("a", {}), 0))
    assert (await model.complete(Request(Task("a", {}), 1))).finish_reason == "length"
    with pytest.raises(DataError, match="no answers"):
        open_model(f"replay:{written(tmp_path / 'none.jsonl', [missing])}", suite=SUITE)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b'{"task_id": "a"}', b'{"solution": "x"}', b"[1]"]
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError):
        open_model(f"replay:{path}", suite=SUITE)


def test_what_replay_needs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        open_model(f"replay:{tmp_path}/nowhere.jsonl", suite=SUITE)
    with pytest.raises(UsageError, match="needs a file"):
        open_model("replay:", suite=SUITE)
    with pytest.raises(UsageError, match="needs a suite"):
        open_model("replay:x.jsonl")


def test_a_file_of_another_suite_is_found_out(tmp_path: Path) -> None:
    model = open_model(f"replay:{written(tmp_path / 's.jsonl', ROWS)}", suite=SUITE)
    check = getattr(model, "check_tasks")  # noqa: B009
    check(["a", "z"])
    with pytest.raises(DataError, match="none of this suite's tasks"):
        check(["x", "z"])
