"""ack, expect and quarantine: files that people read, written by a command or by hand."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cli import main as command
from evalkit.cli import nightly_ack, nightly_expect, nightly_notes, nightly_quarantine
from evalkit.cli.nightly import main
from evalkit.errors import DataError, EvalkitError, UsageError
from evalkit.nightly.look import look
from evalkit.nightly.naming import find_event
from evalkit.nightly.notes import _value
from evalkit.nightly.plan import read_plan
from evalkit.nightly.record import Record, write_record
from evalkit.nightly.standing import Event
from evalkit.nightly.states import read_states

from .nights import shares, simulated

DAY = timedelta(days=1)
TODAY = date(2026, 11, 26)
ALL = shares(100)
LOW = [p if i % 5 else p * 0.2 for i, p in enumerate(ALL)]
PLAN = """
[night]
results = "{results}"
[[models]]
name = "oracle"
label = "qwen3"
[[suites]]
name = "mini"
label = "Mini one"
[[suites]]
name = "humaneval"
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty nights of humaneval, which fell on the 31st. Its first three tasks: passed always, failed always,
    every other night."""
    made = tmp_path_factory.mktemp("results")
    for number, night in enumerate(simulated(50, lambda night: LOW if night >= 30 else ALL)):
        tasks = {**night.tasks, "task-0": (1, 1), "task-1": (0, 1), "task-2": (number % 2, 1)}
        folder = made / "coding" / night.day.isoformat()
        folder.mkdir(parents=True)
        write_record(
            Record(replace(night, run="", tasks=tasks), "humaneval--qwen3", "humaneval", "qwen3"), folder
        )
    return made


@pytest.fixture
def plan(tmp_path: Path, results: Path) -> Path:
    path = tmp_path / "coding.toml"
    path.write_text(PLAN.format(results=results))
    return path


class Day(date):
    @classmethod
    def today(cls) -> Day:
        return cls(TODAY.year, TODAY.month, TODAY.day)


@pytest.fixture(autouse=True)
def no_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (nightly_ack, nightly_expect, nightly_notes, nightly_quarantine):
        monkeypatch.setattr(module, "date", Day)


def event(plan: Path) -> Event:
    [found] = [event for one in look(read_plan(plan)).standings for event in one.events]
    return found


def states(plan: Path, kind: str) -> dict[str, Any]:
    [path] = (plan.parent / "coding-states" / kind).iterdir()
    return tomllib.loads(path.read_text())


def test_an_ack(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alarm = event(plan)
    assert look(read_plan(plan)).code == 10
    why = 'vLLM "moved"\\ to\n0.11\x7f'
    last = alarm.raised + 60 * DAY
    for words in (
        ["--why", "first"],
        ["--why", why, "--who", "Lena", "--issue", "#12", "--until", str(last)],
    ):
        assert main(["ack", str(plan), "humaneval", *words]) == 0
    assert "qwen3 lost" in capsys.readouterr().out
    assert states(plan, "acks") == {
        "series": "humaneval--qwen3",
        "direction": "drop",
        "first": alarm.low,
        "raised": alarm.raised,
        "who": "Lena",
        "why": why,
        "on": TODAY,
        "issue": "#12",
        "until": last,
    }
    found = look(read_plan(plan))
    assert (event(plan).state, event(plan).note and event(plan).note.issue) == ("acknowledged", "#12")  # type: ignore[union-attr]
    assert found.code == 3  # the other suite has no night

    assert main(["ack", str(plan), "--list"]) == 0
    listed = capsys.readouterr().out
    assert f"{alarm.id}  {alarm.first}  " in listed
    assert "acknowledged  Lena" in listed
    assert main(["ack", str(plan), alarm.id, "--remove"]) == 0
    assert (event(plan).state, look(read_plan(plan)).code) == ("new", 10)


def test_who_says_it_is_who_git_knows(plan: Path) -> None:
    subprocess.run(["git", "init", "-q", str(plan.parent)], check=True)
    subprocess.run(["git", "-C", str(plan.parent), "config", "user.name", "Lena L"], check=True)
    main(["ack", str(plan), event(plan).id[:22], "--why", "known"])
    assert states(plan, "acks")["who"] == "Lena L"


def test_a_new_baseline_from_the_alarms_first_night(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alarm = event(plan)
    assert main(["expect", str(plan), "humaneval", "--why", "half the turns", "--who", "Lena"]) == 0
    assert states(plan, "expected")["from"] == alarm.first
    assert (event(plan).state, event(plan).over) == ("expected", alarm.first)
    main(["expect", str(plan), "--list"])
    assert f"humaneval--qwen3  {alarm.first}  Lena" in capsys.readouterr().out
    assert main(["expect", str(plan), "humaneval--qwen3", "--remove"]) == 0
    assert event(plan).state == "new"


def test_a_new_baseline_without_an_alarm(plan: Path) -> None:
    with pytest.raises(UsageError, match="no alarm was ever raised there"):
        main(["expect", str(plan), "Mini", "--why", "x"])
    assert main(["expect", str(plan), "Mini", "--from", "2026-12-01", "--why", "x"]) == 0
    assert states(plan, "expected")["from"] == date(2026, 12, 1)
    assert states(plan, "expected")["series"].startswith("Mini-one--qwen3")


def test_a_quarantine(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["quarantine", str(plan), "humaneval", "task-2", "--reason", "odd nights", "--owner", "lena"]
    assert main(words) == 0
    assert "49 flips in 50 nights (1.00)" in capsys.readouterr().out
    assert states(plan, "quarantine") == {
        "suite": "humaneval",
        "task": "task-2",
        "reason": "odd nights",
        "owner": "lena",
        "since": TODAY,
        "until": TODAY + 45 * DAY,
    }
    assert main([*words, "--until", "30d"]) == 0
    assert states(plan, "quarantine")["until"] == TODAY + 30 * DAY
    main(["quarantine", str(plan), "--list"])
    assert "task-2  humaneval  1.00" in capsys.readouterr().out
    gone = plan.parent / "coding-states" / "quarantine" / "by-hand.toml"
    gone.write_text(GOOD["quarantine"])
    main(["quarantine", str(plan), "--list"])
    assert "no such task" in capsys.readouterr().out
    gone.unlink()
    assert [one.task for one in look(read_plan(plan)).standings[1].quarantined] == ["task-2"]
    assert main(["quarantine", str(plan), "humaneval", "task-2", "--remove"]) == 0
    assert look(read_plan(plan)).standings[1].quarantined == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ack PLAN", "ALARM is missing"),
        ("ack PLAN humaneval", "--why is missing"),
        ("ack PLAN humaneval --why=", "--why is missing"),
        ("ack PLAN humanevel--qwen3 --why x", "did you mean humaneval--qwen3"),
        ("ack PLAN Mini --why x", "no alarm was ever raised there"),
        ("ack PLAN humaneval --why x --until 2025-01-01", "before the last night"),
        ("ack PLAN humaneval --why x --until soon", "is no day"),
        ("ack PLAN humaneval --remove", "nobody has spoken for"),
        ("ack PLAN humaneval --why \udcff", "why is no text"),
        ("expect PLAN humaneval --remove", "no new baseline was ever set"),
        ("quarantine PLAN humaneval task-2 --reason x", "--owner is missing"),
        ("quarantine PLAN humaneval task-2 --owner x", "--reason is missing"),
        ("quarantine PLAN humanevel task-2 --owner x --reason y", "did you mean humaneval"),
        ("quarantine PLAN humaneval tusk-2 --owner x --reason y", "did you mean task-2"),
        ("quarantine PLAN humaneval task-0 --owner x --reason y", "passed on all of 50 nights"),
        ("quarantine PLAN humaneval task-1 --owner x --reason y", "failed on all of 50 nights"),
        ("quarantine PLAN mini task-1 --owner x --reason y", "no night has any task of Mini one"),
        ("quarantine PLAN humaneval task-2 --remove", "is in no quarantine"),
    ],
)
def test_what_cannot_be_said(plan: Path, words: str, said: str) -> None:
    with pytest.raises(EvalkitError) as error:
        main([str(plan) if word == "PLAN" else word for word in words.split(" ")])
    assert said in str(error.value)
    assert not (plan.parent / "coding-states").exists()


def test_a_series_is_named_whole_though_another_begins_so(plan: Path) -> None:
    found = look(read_plan(plan))
    [event] = found.standings[1].events
    other = replace(event, id=event.id.replace("qwen3", "qwen3-big"))
    twin = replace(found.standings[1], series=replace(found.standings[1].series, id="humaneval--qwen3-big"))
    both = replace(found, standings=(*found.standings, replace(twin, events=(other,))))
    assert find_event(both, "humaneval--qwen3")[1] == event
    assert find_event(both, "humaneval--qwen3-b")[1] == other
    with pytest.raises(UsageError, match="is the beginning of 2 alarms"):
        find_event(both, "humaneval")


def test_where_nothing_can_be_written(plan: Path) -> None:
    (plan.parent / "coding-states").write_text("a file")
    with pytest.raises(DataError, match="cannot be looked into"):
        main(["ack", str(plan), "humaneval", "--why", "x"])


def test_a_damaged_note_is_one_clear_error(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = plan.parent / "coding-states" / "acks" / "x.toml"
    note.parent.mkdir(parents=True)
    note.write_text('series = "x"')
    assert command(["nightly", "ack", str(plan), "--list"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"evalkit: error: {note}: direction is missing",
        "  docs/nightly.md says what such a file holds",
    ]


GOOD = {
    "acks": 'series="a"\ndirection="drop"\nraised=2026-01-02\nwho="w"\nwhy="y"\non="2026-01-03"\n',
    "expected": 'series="a"\nfrom=2026-01-02\nwho="w"\nwhy="y"\non=2026-01-03\n',
    "quarantine": ('suite="a"\ntask="t"\nreason="r"\nowner="o"\nsince=2026-01-02\nuntil=2026-01-03\n'),
}


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        ("acks", 'who="w"\n', "", "who is missing"),
        ("acks", 'who="w"', 'who=" "', "who is ' ', not a text"),
        ("acks", 'who="w"', "who=1", "who is 1, not a text"),
        ("acks", '"drop"', '"down"', "neither drop nor rise"),
        ("acks", "raised=2026-01-02", "raised=2026-01-02T10:00:00", "not a day"),
        ("acks", '"2026-01-03"', '"tomorrow"', "on is 'tomorrow', not a day"),
        ("acks", "raised", "first=2026-01-09\nraised", "after the alarm was raised"),
        ("expected", "from", "form", "no field 'form'"),
        ("expected", '"y"', '"y', "is no TOML"),
        ("expected", '"y"', "[" * 9999, "is no TOML"),
        ("quarantine", "until=2026-01-03", "until=45", "until is 45, not a day"),
        ("quarantine", 'owner="o"\n', "", "owner is missing"),
    ],
)
def test_a_file_by_hand_is_read_or_named(tmp_path: Path, kind: str, old: str, new: str, said: str) -> None:
    for name, text in GOOD.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "by hand.toml").write_text(text)
        (tmp_path / name / "notes.txt").write_text("not one of them")
    read = read_states(tmp_path)
    assert (len(read.acks), len(read.expected), len(read.quarantined)) == (1, 1, 1)
    path = tmp_path / kind / "by hand.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    left = read_states(tmp_path)
    [damaged] = left.damaged
    assert str(path) in damaged.why
    assert said in damaged.why
    assert len(left.acks) + len(left.expected) + len(left.quarantined) == 2  # the others are read


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back_from_toml(text: str) -> None:
    assert tomllib.loads(f"why = {_value('why', text)}\n") == {"why": text}
