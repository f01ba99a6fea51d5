"""The twelve exercises of our own: references pass, stubs fail, and what was made can be judged again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.run.command import Done, here

from .aider_command import records
from .aider_stories import OWN

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("polyglot_image")]
EACH_LANGUAGE = (
    *("cpp/bead-string", "go/lift-stops", "java/coin-pouch"),
    *("javascript/stamp-book", "python/tide-table", "rust/kite-tail"),
)
PARTS = [
    pytest.param(EACH_LANGUAGE, id="one of each language"),
    pytest.param((), id="all", marks=pytest.mark.full),
]


def evalkit(*words: str) -> Done:
    done = here(*words)
    assert done.code == 0, done.stderr
    return done


@pytest.fixture(scope="module", params=PARTS)
def validated(
    request: pytest.FixtureRequest, polyglot_image: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Done, int]:
    """The command, and how many exercises of each language it had."""
    results = tmp_path_factory.mktemp("results")
    words = ["validate", "aider-polyglot", "--data", str(OWN), "--results", str(results), "--json", "--force"]
    only = ["--tasks", ",".join(request.param)] if request.param else []
    return here(*words, *only), 1 if only else 2


def test_references_pass_and_stubs_fail(validated: tuple[Done, int]) -> None:
    done, each = validated
    assert done.code == 0, done.stderr
    assert (done.summary["ok"], done.summary["wrong"], done.summary["untried"]) == (True, [], 0)
    found = done.summary["tasks"], done.summary["pass@1"], done.summary["null"]["pass@1"]
    assert found == (6 * each, 1.0, 0.0)
    by_language = {name: tuple(cell) for name, cell in done.summary["breakdown"]["language"].items()}
    languages = ("cpp", "go", "java", "javascript", "python", "rust")
    assert by_language == dict.fromkeys(languages, (each, each))
    assert done.summary["strict"]["suspect"] == 0


def test_patches_are_exported_replayed_and_judged_again(validated: tuple[Done, int], tmp_path: Path) -> None:
    """Of one language: the judging itself is tried above."""
    done, each = validated
    patches = tmp_path / "patches.jsonl"
    evalkit("export", done.summary["run"], "--format", "official", "-o", str(patches))
    rows = [json.loads(line) for line in patches.read_text().splitlines()]
    assert len(rows) == 6 * each
    assert all(row["patch"].startswith("diff --git ") for row in rows)
    task = "python/tide-table"
    words = ("run", "aider-polyglot", "--data", str(OWN), "--model", f"replay:{patches}")
    replayed = evalkit(*words, "--tasks", task, "--results", str(tmp_path), "--json")
    assert (replayed.summary["complete"], replayed.summary["pass@1"]) == (True, 1.0)
    first = records(done.summary["run"])
    assert {name: record["answer"] for name, record in records(replayed.summary["run"]).items()} == {
        task: first[task]["answer"]
    }
    again = evalkit("score", replayed.summary["run"], "--json")
    assert (again.summary["complete"], again.summary["pass@1"]) == (True, 1.0)
    shown = evalkit("show", replayed.summary["run"], "tide-table", "--json").summary
    assert (shown["outcome"], shown["strict"], shown["form"]) == ("passed", "passed", "patch")
    names = [test["name"] for test in shown["tests"]]
    assert any("test_a_rise_and_a_fall_have_one_high_water" in name for name in names), names
