"""What validate finds is kept on the machine: tried once, and gold that fails is no part of later scores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.report.gather import gather
from evalkit.report.labels import labels
from evalkit.store import read_run
from tests import workspace_image as images
from tests.cli.conftest import Ended, Evalkit

pytestmark = pytest.mark.docker
SUITE = Path(__file__).with_name("proving")
KINDS = {"a": "passes", "b": "fails", "c": "officially", "d": "passes"}


class Proving:
    """The suite's data, its cache, and how often each answer was judged."""

    def __init__(self, evalkit: Evalkit, folder: Path, image: str) -> None:
        self.evalkit, self.folder = evalkit, folder
        self.lines, self.data, self.map = (folder / name for name in ("lines", "proving.jsonl", "map.json"))
        self.write(KINDS)
        self.use(image)

    def write(self, kinds: dict[str, str]) -> None:
        rows = [{"task_id": task, "kind": kind, "lines": str(self.lines)} for task, kind in kinds.items()]
        self.data.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def use(self, image: str) -> None:
        self.map.write_text(json.dumps({"proving": image}))

    def __call__(self, verb: str, *words: str) -> Ended:
        return self.evalkit(*self.words(verb, *words), EVALKIT_CACHE=str(self.folder / "cache"))

    def words(self, verb: str, *words: str) -> tuple[Path | str, ...]:
        return (verb, SUITE, *words, "--data", self.data, "--image-map", self.map, "--json")

    def validate(self, *words: str) -> Ended:
        self.lines.write_text("")
        return self("validate", *words)

    @property
    def judged(self) -> list[str]:
        return sorted(self.lines.read_text().splitlines())

    def replay(self, answers: dict[str, str], *words: str) -> Any:
        file = self.folder / "answers.jsonl"
        file.write_text("".join(json.dumps({"task_id": t, "patch": a}) + "\n" for t, a in answers.items()))
        done = self("run", "--model", f"replay:{file}", *words)
        assert done.code in (0, 3), done
        return done


@pytest.fixture(scope="module")
def other_image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, images.PROGRAMS, "LABEL other=yes") as image:
        yield image


@pytest.fixture
def proving(called: Evalkit, workspace_image: str, tmp_path: Path) -> Proving:
    return Proving(called, tmp_path, workspace_image)


def both(*tasks: str) -> list[str]:
    return sorted(f"{task} {answer}" for task in tasks for answer in ("empty", "gold"))


def test_what_was_tried_is_not_tried_again(proving: Proving, other_image: str) -> None:
    """Not with the same image; and what is tried for want of a certificate is only that."""
    first = proving.validate()
    assert first.code == 1, "gold that fails is said, not hidden"
    assert proving.judged == both("a", "b", "c", "d")
    assert first.json["failing"] == {"b": "wrong"}
    assert first.json["unproven"] == {"c": "nobody saw it"}
    assert first.json["certified"] == {}
    again = proving.validate()
    assert (again.code, proving.judged) == (1, [])
    same = ("ok", "pass@1", "counts", "strict", "wrong", "failing", "unproven")
    assert {key: again.json[key] for key in same} == {key: first.json[key] for key in same}
    assert [again.json["certified"][kind]["taken"] for kind in ("gold", "empty")] == [4, 4]
    assert "certified      4 gold answers, tried before" in again.stderr
    assert "excluded  b from later runs here: gold fails (wrong)" in again.stderr
    proving.write({"a": "passes", "b": "passes", "e": "breaks"})
    assert proving.validate().code == 1, "what broke is no proof"
    assert proving.judged == both("b", "e"), "another record is another task"
    assert proving.validate("--tasks", "b,a").code == 0
    assert proving.judged == []
    proving.validate("--tasks", "a", "--force")
    assert proving.judged == both("a")
    proving.use(other_image)
    proving.validate("--tasks", "a")
    assert proving.judged == both("a"), "another image is another environment"


def test_gold_that_fails_is_no_part_of_a_score(proving: Proving, tmp_path: Path) -> None:
    answers = {"a": "other", "b": "other", "c": "other", "d": "mistaken"}
    before = proving.replay(answers).json
    assert (before["planned"], before["scored"], before["pass@1"]) == (4, 4, 0.5)
    proving.validate()
    ended = proving.replay(answers, "--label", "after")
    after = ended.json
    assert ended.code == 0, "what is excluded is not missing"
    assert list(after["excluded"]) == ["b"]
    assert after["excluded"]["b"].startswith("its gold answer fails here (wrong, tried 20")
    assert (after["planned"], after["scored"], after["tasks"], after["of"]) == (4, 3, 3, 4)
    assert (after["complete"], after["pass@1"], after["bounds"]) == (True, 2 / 3, [2 / 3, 2 / 3])
    assert after["counts"] == {"passed": 2, "failed": 1, "error": 0, "not_run": 1}
    assert after["reasons"]["not_run/excluded"] == 1
    assert (before["statistics"], after["statistics"]) == ({"counted": 4}, {"counted": 3})
    assert before["strict"]["suspect"] == 1
    assert after["strict"]["suspect"] == 0, "what not even gold can do raises no suspicion"
    assert after["strict"]["pass@1"] == 0.5
    assert "3 of 3 samples scored, 1 task excluded" in ended.stderr
    assert "excluded    b: its gold answer fails here" in ended.stderr
    all_tasks = proving.replay(answers, "--label", "all", "--all-tasks").json
    assert (all_tasks["scored"], "excluded" in all_tasks, all_tasks["strict"]["suspect"]) == (4, False, 1)

    resumed = proving.evalkit("resume", after["run"], "--json", EVALKIT_CACHE=str(tmp_path / "elsewhere"))
    assert resumed.json["counts"] == after["counts"], "a run keeps those that it began with"
    with read_run(tmp_path / after["run"]) as store:
        assert len(store.rollouts("b", 0)) == 1
        assert store.record("c", 0).verdicts["strict"].reason == "unavailable"
    listed = proving.evalkit("list").stdout
    assert "3/3" in listed
    assert "4/4" in listed

    runs = [tmp_path / before["run"], tmp_path / after["run"]]
    report = gather(runs[1:], (), said=labels())
    (value,) = report.tables[0].cells.values()
    assert (value.n, value.scored, value.planned, value.complete) == (3, 3, 3, True)
    notes = [report.tables[0].notes[note] for note in value.notes]
    assert any("1 task is excluded" in note and note.endswith(": b.") for note in notes)
    (row,) = (row for row in report.tables[0].rows if row.origin == "measured")
    assert row.label == "Gold of all kinds, 3/4 tasks, one-turn 1, network off"
    assert "network off" in report.runs[0].label
    compared = proving.evalkit("compare", *runs, "--json").json
    assert (compared["shared"], compared["b"]["missing"]) == (3, 0)


def test_a_killed_validation_goes_on_where_it_was(proving: Proving) -> None:
    """What had come out by then is kept, and is not tried again."""
    proving.write({"a": "passes", "b": "waits"})
    command = [sys.executable, "-m", "evalkit", *map(str, proving.words("validate")), "--quiet"]
    environment = {**os.environ, "EVALKIT_CACHE": str(proving.folder / "cache")}
    started = subprocess.Popen(command, cwd=proving.folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        while not list((proving.folder / "cache").rglob("a-*.gold.json")):
            assert started.poll() is None
            time.sleep(0.05)
    finally:
        started.kill()
        started.wait()
    Path(f"{proving.lines}.go").touch()
    again = proving.validate()
    assert again.code == 0
    assert proving.judged == ["a empty", *both("b")]


def test_nothing_is_left(proving: Proving) -> None:
    """Where the gold of all tasks fails, a run scores none, and says so."""
    proving.write({"b": "fails"})
    proving.validate()
    left = proving.replay({"b": "other"}).json
    assert (left["scored"], left["complete"], left["pass@1"], left["excluded"].keys()) == (
        0,
        True,
        None,
        {"b"},
    )
