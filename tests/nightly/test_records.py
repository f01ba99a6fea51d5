"""History as it is read: from runs, from records that outlive them, and from records that people wrote."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import DataError
from evalkit.nightly.measure import record_run
from evalkit.nightly.plan import Cell, Plan
from evalkit.nightly.record import read_record, text_of, write_record
from evalkit.nightly.records import read_history
from evalkit.outcome import Outcome
from evalkit.store import create_run, open_run
from evalkit.suite import Scorer
from evalkit.task import Verdict
from tests.cli.stored import HOSTILE, PLAN, make_run, manifest

DAY = date(2026, 11, 26)
CELL = Cell("mini", "a", ("mini", "--model", "a"))
ENTRY = {"cell": "mini--a", "suite": "mini", "model": "a"}  # of a ledger
HAND: Mapping[str, Any] = {
    "format": 1,
    "series": "mini--a",
    "suite": "mini",
    "model": "a",
    "planned": 3,
    "tasks": {"one": [1, 1], "two": [0, 1]},
    "simulated": True,
}


def plan(tmp_path: Path, *cells: Cell) -> Plan:
    return Plan("coding", cells or (CELL,), results=tmp_path)


def night(tmp_path: Path, day: str = "2026-11-26") -> Path:
    folder = tmp_path / "coding" / day
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def by_hand(tmp_path: Path, day: str = "2026-11-26", **fields: Any) -> Path:
    raw = {**HAND, **fields}
    path = night(tmp_path, day) / f"{HAND['series']}.record.json"
    path.write_text(json.dumps({name: value for name, value in raw.items() if value is not ...}))
    return path


# -- runs ------------------------------------------------------------------------------------------


def test_a_run_is_recorded_sample_by_sample(tmp_path: Path) -> None:
    record = record_run(make_run(night(tmp_path) / "run"), CELL)
    found = record.night
    assert (found.day, found.run, found.planned, found.errors) == (DAY, "run", 8, 2)
    assert found.tasks == {"t/0": (2, 2), "t/1": (0, 2)}
    assert found.ends == {"error/api": 2, "failed/wrong": 2, "not_run/budget": 2, "passed": 2}
    assert found.reasons == {"t/1": "failed/wrong", "t/2": "error/api", "t/3": "not_run/budget"}
    assert found.used == {
        "cost": 1.0,
        "input_tokens": 40,
        "output_tokens": 80,
        "seconds": 12.5,
        "latency": 1.5,
    }
    assert (record.title, record.samples, record.suite, record.model) == ("Mini", 2, "mini", "a")
    key = json.loads(found.key)
    assert key == {
        "suite": "mini",
        "data": "of-other-dat",
        "scaffold": "one-turn 1",
        "protocol": "mini 1",
        "samples": "2",
        "scorer": "mini 1",
    }
    assert found.facts["endpoint"] == "http://127.0.0.1:1/v1"
    assert [series.nights for series in read_history(plan(tmp_path)).series] == [(found,)]


def test_facts_are_of_every_session_and_of_what_served(tmp_path: Path) -> None:
    gpu = {"name": "H100", "driver": "570.1", "bytes": 1}
    server = {
        "engine": "vllm",
        "version": "",
        "dtype": "bfloat16",
        "arguments": ["/home/me/model"],
        "gpus": [gpu],
    }

    async def make() -> None:
        with create_run(night(tmp_path) / "run", {**manifest(), "server": server}, PLAN) as store:
            await store.note("session", {"evalkit": {"version": "1.0", "commit": "abc"}, "server": server})
            await store.note("server", {"engine": "vllm", "version": "0.11.1", "context": 9})
            await store.note("session", {"evalkit": {"version": "1.1", "commit": "def"}, "server": server})
            await store.note(
                "session_end", {"end": "done", "wall_s": 1.0, "images": {"a": "sha256:" + "1" * 64}}
            )

    asyncio.run(make())
    facts = record_run(night(tmp_path) / "run", CELL).night.facts
    assert facts["evalkit"] == "1.0, commit abc / 1.1, commit def"
    assert (facts["server"], facts["precision"], facts["GPUs"]) == (
        "vllm, 0.11.1",
        "bfloat16",
        "1 x H100, 570.1",
    )
    assert facts["images"] == "sha256:111111111111"
    assert "/home" not in json.dumps(facts)
    assert "scorer" not in facts


def test_what_a_hostile_endpoint_says_is_kept_short_and_can_be_read_again(tmp_path: Path) -> None:
    record = record_run(make_run(night(tmp_path) / "run", text=HOSTILE), CELL)
    assert "\ud800" not in json.dumps(record.night.facts, ensure_ascii=False)
    assert read_history(plan(tmp_path)).series[0].nights == (record.night,)


def test_a_record_follows_a_run_that_was_judged_again(tmp_path: Path) -> None:
    run = make_run(night(tmp_path) / "run")
    record_run(run, CELL)

    async def judge_again() -> None:
        with open_run(run) as store:
            judged = await store.verdict_set(Scorer("mini", "2"), {})
            for sample in range(2):
                await store.verdict(judged, "t/1", sample, "official", Verdict(Outcome.PASSED))
                await store.verdict(judged, "t/0", sample, "official", Verdict(Outcome.PASSED))
            await store.set_default(judged)

    asyncio.run(judge_again())
    [again] = read_history(plan(tmp_path)).series[0].nights
    assert again.tasks == {"t/0": (2, 2), "t/1": (2, 2)}
    assert json.loads(again.key)["scorer"] == "mini 2"
    written = (night(tmp_path) / "mini--a.record.json").stat().st_mtime_ns
    assert read_history(plan(tmp_path)).series[0].nights == (again,)
    assert (night(tmp_path) / "mini--a.record.json").stat().st_mtime_ns == written, "it was made anew in vain"


def test_a_run_may_be_thrown_away_and_its_record_stays(tmp_path: Path) -> None:
    run = make_run(night(tmp_path) / "run")
    record = record_run(run, CELL)
    shutil.rmtree(run)
    # and names no run that nobody can look at any more
    assert read_history(plan(tmp_path)).series[0].nights == (replace(record.night, run=""),)


def test_a_night_that_died_before_its_record_has_it_made(tmp_path: Path) -> None:
    make_run(night(tmp_path) / "run")
    ledger = {"runs": [{**ENTRY, "run": "run"}, {**ENTRY, "cell": "mini--b", "run": ""}], "done": False}
    (night(tmp_path) / "night.json").write_text(json.dumps(ledger))
    [found] = read_history(plan(tmp_path)).series[0].nights
    assert found.planned == 8
    assert (night(tmp_path) / "mini--a.record.json").exists()


def test_a_run_that_nobody_can_read_is_a_hollow_night_and_says_why(tmp_path: Path) -> None:
    run = make_run(night(tmp_path) / "run")
    (run / "run.sqlite").write_bytes(b"not a database" * 400)
    (night(tmp_path) / "night.json").write_text(json.dumps({"runs": [{**ENTRY, "run": "run"}]}))
    [found] = read_history(plan(tmp_path)).series[0].nights
    assert "its run cannot be read" in found.hollow
    assert str(run) in found.hollow


def test_a_run_at_work_is_no_night_yet(tmp_path: Path) -> None:
    make_run(night(tmp_path) / "run")
    assert read_history(plan(tmp_path)).series[0].nights == ()


# -- records ---------------------------------------------------------------------------------------


def test_nights_are_in_the_order_of_days_and_other_folders_are_none(tmp_path: Path) -> None:
    for day in ("2026-12-01", "2026-11-30", "2026-11-28", "20261127", "2026-11-29.bak"):
        by_hand(tmp_path, day)
    [series] = read_history(plan(tmp_path)).series
    assert [str(found.day) for found in series.nights] == ["2026-11-28", "2026-11-30", "2026-12-01"]
    assert all(found.simulated for found in series.nights)
    assert read_history(plan(tmp_path / "nothing")).series[0].nights == ()


def test_series_that_the_plan_no_longer_has_come_last(tmp_path: Path) -> None:
    by_hand(tmp_path)
    other = Cell("mini", "b", ("mini", "--model", "b"))
    assert [(s.id, len(s.nights)) for s in read_history(plan(tmp_path, other)).series] == [
        ("mini--b", 0),
        ("mini--a", 1),
    ]


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = read_record(by_hand(tmp_path, key='{"data": "1"}', used={"cost": None, "seconds": 2}), DAY)
    write_record(record, night(tmp_path))
    path = night(tmp_path) / "mini--a.record.json"
    assert read_record(path, DAY) == record
    assert path.read_text() == text_of(record)
    assert list(night(tmp_path).iterdir()) == [path]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": 2}, "format is 2, not 1: a newer evalkit wrote it"),
        ({"format": ...}, "format is missing"),
        ({"planned": ...}, "planned is missing"),
        ({"planned": 1}, "planned is 1, but 2 samples have a verdict"),
        ({"planned": True}, "planned is no count"),
        ({"errors": -1}, "errors is no count"),
        ({"samples": 0}, "samples must be more than 0"),
        ({"tasks": []}, "tasks is no object"),
        ({"tasks": {"one": [2, 1]}}, r"tasks of 'one' is \[2, 1\], not \[passed, scored\]"),
        ({"tasks": {"one": 1}}, "tasks of 'one' is 1, not"),
        ({"tasks": {"one": [0.5, 1]}}, "tasks of 'one'"),
        ({"ends": {"failed/timout": 1}}, "ends has a name 'failed/timout': did you mean failed/timeout"),
        ({"reasons": {"one": "wrong"}}, "reasons of 'one' is 'wrong', which is no outcome"),
        ({"facts": {"endpoint": 1}}, "facts of 'endpoint' is no text"),
        ({"used": {"costs": 1}}, "used has a name 'costs': did you mean cost"),
        ({"used": {"cost": float("nan")}}, "NaN is no number"),
        ({"used": {"cost": 10**400}}, "used of 'cost' is neither a number from 0 on nor null"),
        ({"simulated": 1}, "simulated is neither true nor false"),
        ({"simulatd": True}, "it has a field 'simulatd': did you mean simulated"),
        ({"series": "mini--b"}, "series is 'mini--b', not what the file is called"),
        ({"run": "../../else"}, "run is '../../else', which is no folder in the night's"),
        ({"suite": " "}, "suite is empty"),
        ({"title": "half \ud800"}, "surrogates not allowed"),
    ],
)
def test_a_malformed_record_is_one_error_that_names_file_and_field(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    path = by_hand(tmp_path, **fields)
    with pytest.raises(DataError, match=said) as caught:
        read_record(path, DAY)
    assert str(path) in caught.value.message
    assert "docs/nightly.md" in caught.value.hint
    read = read_history(plan(tmp_path))
    assert [one.why for one in read.damaged] == [caught.value.message]
    assert [night.hollow for night in read.series[0].nights] == ["its record cannot be read"]


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"format": 1', "\xff"])
def test_what_is_no_json_object_is_said(tmp_path: Path, text: str) -> None:
    (night(tmp_path) / "mini--a.record.json").write_text(text, encoding="latin-1")
    read = read_history(plan(tmp_path))
    assert [one.path for one in read.damaged] == [night(tmp_path) / "mini--a.record.json"]


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    "make",
    [make_pipe, Path.mkdir, lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to("no")],
    ids=["pipe", "folder", "device", "dangling link"],
)
def test_what_is_no_file_is_one_clear_error_and_keeps_nobody_waiting(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    by_hand(tmp_path, "2026-11-25", planned=2)
    path = night(tmp_path) / "mini--a.record.json"
    make(path)
    make(night(tmp_path) / "night.json")
    read = read_history(plan(tmp_path))
    [damaged] = read.damaged
    assert damaged.why.startswith(f"cannot read the record {path}: ")
    assert [night.hollow for night in read.series[0].nights] == ["", "its record cannot be read"]


def test_a_record_that_is_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    path = by_hand(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert len(read_history(plan(tmp_path)).series[0].nights) == 1


def test_a_damaged_record_is_made_again_where_its_run_is_there(tmp_path: Path) -> None:
    record = record_run(make_run(night(tmp_path) / "run"), CELL)
    path = night(tmp_path) / "mini--a.record.json"
    path.write_bytes(path.read_bytes()[:99])  # the power went
    assert read_history(plan(tmp_path)).damaged  # nothing says which run is its own
    (night(tmp_path) / "night.json").write_text(json.dumps({"runs": [{**ENTRY, "run": "run"}]}))
    read = read_history(plan(tmp_path))
    assert (read.damaged, read.series[0].nights) == ((), (record.night,))
    assert read_record(path, DAY) == record


def test_a_damaged_record_of_no_series_of_the_plan_is_named_and_makes_none(tmp_path: Path) -> None:
    by_hand(tmp_path)
    (night(tmp_path) / "what.record.json").write_text("{")
    read = read_history(plan(tmp_path))
    assert [series.id for series in read.series] == ["mini--a"]
    assert [one.path.name for one in read.damaged] == ["what.record.json"]
