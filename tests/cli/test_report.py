"""`evalkit report` and `evalkit table`: what cannot be shown is said in one line that names it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.report.published import load_published
from tests.cli.conftest import Evalkit
from tests.cli.stored import make_run
from tests.report.test_published import LAUNCH

VERBS = pytest.mark.parametrize("verb", ["report", "table"])


def own_file(folder: Path, **change: object) -> Path:
    """The shipped values as a file of somebody's own, with one thing changed."""
    path = folder / "own.json"
    path.write_text(json.dumps(json.loads(LAUNCH.read_text(encoding="utf-8")) | change), encoding="utf-8")
    return path


@VERBS
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ("--published launch",)),
        (("--published", "lanch"), ("no published values 'lanch'", "did you mean launch?")),
        (("--published", "./nowhere.json"), ("cannot read nowhere.json",)),
        (("--published", "launch", "--models", "gpt-4.2"), ("no model 'gpt-4.2'", "did you mean")),
        (("--published", "launch", "--suites", "webarnea"), ("no benchmark 'webarnea'", "webarena")),
        (("--published", "launch", "--models", "gpt-4o"), ("nothing is left of this selection",)),
        (("--published", "launch", "--same", "mine"), ("'mine' does not say", "MODEL=PUBLISHED")),
        (("--published", "launch", "--same", "mine=gpt-4.1"), ("no run of a model 'mine'",)),
        (("nothing-here",), ("no run 'nothing-here'",)),
    ],
)
def test_what_is_not_there(called: Evalkit, verb: str, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    called(verb, *words).refused(2, *said)


@VERBS
def test_a_damaged_run(called: Evalkit, tmp_path: Path, verb: str) -> None:
    folder = make_run(tmp_path / "results" / "hurt")
    data = bytearray((folder / "run.sqlite").read_bytes())
    data[100:4000] = b"\xff" * 3900
    (folder / "run.sqlite").write_bytes(data)
    called(verb, "hurt", "--published", "launch").refused(2, "hurt", "damaged")


@VERBS
def test_values_that_are_no_published_values(called: Evalkit, tmp_path: Path, verb: str) -> None:
    called(verb, "--published", own_file(tmp_path, schema="other")).refused(
        2, "own.json", "evalkit.published/1"
    )


@VERBS
def test_two_values_for_one_cell(called: Evalkit, tmp_path: Path, verb: str) -> None:
    raw = json.loads(LAUNCH.read_text(encoding="utf-8"))["tables"]
    raw[0]["cells"].append({**raw[0]["cells"][0], "id": "again", "printed": "40.0", "value": 40.0})
    called(verb, "--published", own_file(tmp_path, tables=raw)).refused(2, "cell again", "a second value")


def test_values_of_ones_own_that_contradict_the_shipped_ones(called: Evalkit, tmp_path: Path) -> None:
    raw = json.loads(LAUNCH.read_text(encoding="utf-8"))["tables"][:1]
    raw[0]["cells"][0] |= {"printed": "40.0", "value": 40.0}
    mine = own_file(tmp_path, id="mine", tables=raw, conflicts=[], specifications=[])
    done = called("report", "--published", "launch", "--published", mine, "-o", "both.html")
    assert done.code == 0, done.stderr
    page = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert "37.5 in An analysis" in page
    assert "40.0 in An analysis" in page
    assert load_published("launch").tables[0].title in page
