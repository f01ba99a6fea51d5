"""docs/machine-interface.md against what the commands really print: every key, both ways."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evalkit import cli
from evalkit.cli import outcome
from evalkit.errors import EvalkitError, SandboxError, StoreError, UsageError
from evalkit.nightly.standing import REGRESSED
from evalkit.outcome import Outcome
from tests.cli.conftest import Evalkit
from tests.cli.stored import make_run

PAGE = Path(__file__).parents[2] / "docs" / "machine-interface.md"
NOWHERE = "http://localhost:9/v1"  # nothing listens there; a dry run does not notice
NOWHERE = "http://localhost:9/v1"  # nothing listens there; a dry run does not notice
SOMETIMES = {
    "local",
    "statistics",
    "excluded",
    "budget",
    "roles",
    "pass@5",
    *(f"pass^{k}" for k in (2, 3, 4, 5, 10, 100)),
    "pass@10",
    "pass@100",
    "strict",
    "authors",
    "notes",
    "scope",
    "doubts",
}  # summaries without them are whole


def section(heading: str) -> str:
    """The page's text from a heading to the next of any level."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section {heading!r}"
    return found[1]


def keys(text: str) -> set[str]:
    """The names in the first column of tables."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def documented(heading: str, after: str = "") -> set[str]:
    """The keys of a section's first table, or of the first one after the words `after`."""
    text = section(heading).partition(after)[2] if after else section(heading)
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table
    return keys(table[0])


SUMMARY = documented("A run's summary")


def test_the_summary_of_a_stored_run(called: Evalkit, tmp_path: Path) -> None:
    make_run(tmp_path / "results" / "stored")
    shown = called("show", "stored", "--json").json
    assert set(shown) | SOMETIMES == SUMMARY
    assert set(shown["counts"]) == set(map(str, Outcome))
    assert sum(shown["counts"].values()) == shown["planned"] == 8
    assert shown["scored"] == 4
    assert shown["interval"][0] < shown["pass@1"] < shown["interval"][1]
    assert shown["bounds"] == [0.25, 0.75]
    assert shown["end"] == "cost"
    assert set(shown["strict"]) == set(
        re.findall(r"`([\w@]+)`", _value(section("A run's summary"), "strict"))
    )
    assert shown["strict"]["counts"] == shown["counts"]  # t/1 fails by both
    assert shown["strict"]["suspect"] == 1


def test_the_record_of_a_sample(called: Evalkit, tmp_path: Path) -> None:
    make_run(tmp_path / "results" / "stored")
    text = section("`export`")
    for line in called("export", "stored").stdout.splitlines():
        record = json.loads(line)
        assert set(record) == documented("`export`")
        assert set(record["usage"]) == set(re.findall(r"`(\w+)`", _value(text, "usage")))
        assert set(record["times"]) == set(re.findall(r"`(\w+)`", _value(text, "times")))
        for test in record["tests"]:
            assert set(test) == set(re.findall(r"`(\w+)`", _value(text, "tests"))) - {"passed"}
    one = called("show", "stored", "t/1", "--json").json
    assert one == json.loads(called("export", "stored").stdout.splitlines()[1])


def _value(text: str, key: str) -> str:
    return next(line.split("|")[2] for line in text.splitlines() if line.startswith(f"| `{key}` |"))


def test_the_dry_run(called: Evalkit, tmp_path: Path) -> None:
    done = called(
        "run", "mini", "--model", "oracle", "--model", "null", "--limit", "3", "--dry-run", "--json"
    )
    assert done.code == 0
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert [o["model"] for o in objects] == ["oracle", "null"]
    for projected in objects:
        assert set(projected) == documented("`run --dry-run`")
        assert (projected["planned"], projected["calls"], projected["sends"]) == (3, 3, False)
    assert list(tmp_path.iterdir()) == []


def test_the_dry_run_projects_cost_from_the_catalog(called: Evalkit, tmp_path: Path) -> None:
    """One token for four characters of the prompts, and every reply at its limit."""
    entry = f'[models.m]\nid = "m"\nbase_url = "{NOWHERE}"\n[models.m.price]\ninput = 2.0\noutput = 4.0\n'
    (tmp_path / "models.toml").write_text(entry)
    words = ("--limit", "5", "--samples", "2", "--max-tokens", "1000", "--dry-run", "--json")
    projected = called("run", "mini", "--model", "m", *words).json
    assert projected["calls"] == 10
    assert projected["completion_tokens_at_most"] == 10_000
    assert projected["prompt_cost"] == pytest.approx(projected["prompt_tokens"] * 2e-6)
    assert projected["cost_at_most"] == pytest.approx(projected["prompt_cost"] + 0.04)
    unpriced = called("run", "mini", "--model", "x", "--base-url", NOWHERE, *words).json
    assert (unpriced["price"], unpriced["cost_at_most"]) == (None, None)


def test_exit_codes() -> None:
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)}
    of_errors = {e.exit_code for e in (UsageError, StoreError, SandboxError)}
    ours = {0, 1, outcome.MISSING, REGRESSED, cli.INTERRUPTED, cli.BROKEN_PIPE} | of_errors
    assert rows == ours
    assert EvalkitError.exit_code == 1


def test_doctor_keys(called: Evalkit) -> None:
    done = called("doctor", "--json")
    assert set(done.json) == documented("`doctor`")
    named = set(re.findall(r"`(\w+)`", _value(section("`doctor`"), "checks")))
    assert {frozenset(check) for check in done.json["checks"]} == {frozenset(named)}
    assert done.code == (0 if done.json["ok"] else 1)
