"""Whole runs of SWE-bench by the command line: an agent's work in a container, its patch, its verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.store import read_run
from tests.run.command import Done, ended, here, start
from tests.run.talk import requests
from tests.suites import swebench_stories as stories
from tests.suites.swebench_command import assert_told, ends, only, own, parted, swebench, told
from tests.suites.swebench_set import gold, images, row, rows
from tests.suites.swebench_stories import Story

pytestmark = [pytest.mark.docker]
ALL = {each["instance_id"] for each in rows()}


@pytest.fixture(autouse=True)
def knows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine has found out about gold is not believed: both verdicts are made here."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def whole_set(docker_engine: object) -> None:
    images()


@pytest.fixture(scope="module")
def two(docker_engine: object) -> None:
    images(["tally", "dates"])


def tell(folder: Path, told_of: Sequence[Story], *more: str, server: Sequence[str] = ()) -> Done:
    """A run in which each story is told, and comes to what it should."""
    with told(folder, told_of, *server) as url:
        done = here(*swebench(url, folder / "results", *only(told_of), *more))
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], told_of)
    return done


@pytest.mark.usefixtures("two")
def test_two_are_solved_by_function_calls(tmp_path: Path) -> None:
    """By commands and the editor, and by a commit of the agent's own above the environment's edits."""
    done = tell(tmp_path, [stories.BY_HAND, stories.COMMITTED])
    assert {entry["status"] for entry in requests(tmp_path)} == {200}, "every conversation was valid"
    with read_run(Path(done.summary["run"])) as store:
        record = store.record("own__dates-8", 0)
        assert record.answer is not None
        assert record.answer.text.count("diff --git") == 1, "the environment's edits are no part of it"
        assert record.verdicts["official"].official == "resolved"
        assert b">>>>> Test Exit Code: 0" in store.logs("own__dates-8", 0)["official"]
        first = next(
            e for e in store.events(store.rollouts("own__tally-1", 0)[0][0]) if e.kind == "model_call"
        )
    asked = json.dumps(first.payload["request"]["messages"])
    assert "most() gives the rarest words" in asked
    assert "sorted() sorts upwards" not in asked, "hints are no part of the task"
    assert "reverse=True" not in asked


@pytest.mark.full
@pytest.mark.usefixtures("two")
def test_one_is_solved_in_text(tmp_path: Path) -> None:
    tell(tmp_path, stories.IN_TEXT[:1], "--tools", "text")


@pytest.mark.full
@pytest.mark.usefixtures("whole_set")
def test_all_by_function_calls(tmp_path: Path) -> None:
    tell(tmp_path, stories.WITH_TOOLS)
    assert {entry["status"] for entry in requests(tmp_path)} == {200}


@pytest.mark.full
@pytest.mark.usefixtures("whole_set")
def test_all_in_text(tmp_path: Path) -> None:
    tell(tmp_path, stories.IN_TEXT, "--tools", "text")
    assert {entry["status"] for entry in requests(tmp_path)} == {200}


@pytest.mark.full
@pytest.mark.usefixtures("whole_set")
def test_whoever_runs_into_a_limit_ends_for_it(tmp_path: Path) -> None:
    """Turns, money, malformed calls, empty replies, replies that are cut: what is done by then is judged."""
    tell(tmp_path, stories.INTO_LIMITS, "--turns", "12", "--rollout-cost", "0.9")


@pytest.mark.full
@pytest.mark.usefixtures("whole_set")
def test_full_contexts_loops_and_commands_that_end_their_workspace(tmp_path: Path) -> None:
    tell(tmp_path, stories.FULL, server=("--context", "6000"))


# -- without a model of its own --------------------------------------------------------------------
@pytest.mark.full
@pytest.mark.usefixtures("whole_set")
def test_the_set_is_valid(tmp_path: Path) -> None:
    """Gold resolves all, an empty patch none."""
    done = here(*own("validate", "--force", "--results", str(tmp_path)))
    assert done.code == 0, done.stderr
    for model, end in (("oracle", "passed"), ("null", "failed/empty_patch")):
        (folder,) = (path.parent for path in tmp_path.glob(f"**/swebench--{model}--*/run.sqlite"))
        assert ends(str(folder)) == dict.fromkeys(ALL, end)
        assert parted(str(folder)) == {}


@pytest.mark.full
@pytest.mark.usefixtures("whole_set")
def test_predictions_are_graded_as_they_are(tmp_path: Path) -> None:
    """Each official class by a prediction of somebody's."""
    patches = {
        "own__tally-1": gold("tally"),
        "own__prices-2": "",
        "own__shelf-3": None,
        "own__sums-4": gold("tally"),  # does not apply there
        "own__pages-5": gold("pages").rstrip("\n"),  # corrupt without its last newline
        "own__units-6": row("units")["test_patch"],
        "own__notes-7": gold("notes"),
        "own__dates-8": gold("dates").replace("+ (month > 2", "+ (month > 12"),
    }
    file = tmp_path / "preds.jsonl"
    made = ({"instance_id": k, "model_patch": v, "model_name_or_path": "m"} for k, v in patches.items())
    file.write_text("".join(json.dumps(each) + "\n" for each in made))
    done = here(*own("run", "--model", f"replay:{file}", "--results", str(tmp_path / "results"), "--json"))
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert ends(done.summary["run"]) == {
        "own__tally-1": "passed",
        "own__prices-2": "failed/empty_patch",
        "own__shelf-3": "failed/empty_patch",
        "own__sums-4": "failed/patch_apply",
        "own__pages-5": "failed/patch_apply",
        "own__units-6": "failed/wrong",
        "own__notes-7": "passed",
        "own__dates-8": "failed/wrong",
    }


@pytest.mark.usefixtures("two")
def test_who_hands_in_a_whole_answer_gets_no_workspace(docker_engine: Any, tmp_path: Path) -> None:
    """An empty patch is graded without one, too: no container is made for it at all."""
    since = int(time.time())
    process = start(
        *own("run", "--model", "null", "--tasks", "own__tally-1", "--results", str(tmp_path), "--json")
    )
    done = ended(process)
    assert (done.code, done.summary["reasons"]) == (0, {"failed/empty_patch": 1}), done.stderr
    asked = {"type": "container", "event": "create"}
    made = docker_engine.events(since=since, until=int(time.time()) + 1, decode=True, filters=asked)
    assert [e for e in made if f"/{process.pid}/" in e["Actor"]["Attributes"].get("evalkit.owner", "")] == []
