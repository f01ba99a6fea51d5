"""A record or a note that nobody can read is named everywhere, and no alarm comes of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evalkit.nightly.feed import feed
from evalkit.nightly.job import summary
from evalkit.nightly.look import look
from evalkit.nightly.page import page
from evalkit.nightly.plan import Cell, Plan
from evalkit.nightly.record import Record, path_of, write_record
from evalkit.nightly.standing import Outlook
from evalkit.nightly.words import headline
from tests.nightly.alerted import Teller, alarmed, history
from tests.nightly.receivers import hook

ACK = """\
series = "{series}"
direction = "drop"
raised = {raised}
who = "ann"
why = "known"
on = {raised}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Of two series; the last night is the one at which one of them alarms."""
    cells = (Cell("suite", "model", ("suite",)), Cell("suite", "other", ("suite",)))
    plan = Plan("coding", cells, tmp_path, tmp_path / "states", alerts={"webhook": "env:HOOK"})
    for number, night in enumerate(history().nights[: alarmed()]):
        folder = plan.folder / f"{night.day}"
        folder.mkdir(parents=True)
        write_record(Record(night, "suite--model", "suite", "model"), folder)
        well = replace(history().nights[number % 14], day=night.day)
        write_record(Record(well, "suite--other", "suite", "other"), folder)
    return plan


def note(plan: Plan, kind: str, text: str) -> Path:
    path = plan.states / kind / "said.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def said_everywhere(found: Outlook, why: str) -> None:
    assert why in " ".join(feed(found)["damaged"])
    assert why in page(found)
    assert why.replace("_", "\\_") in summary(found).replace("\\-", "-").replace("\\.", ".")
    assert "cannot be read" in headline(found)


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("acks", "<<<<<<< HEAD", 3),
        ("acks", ACK.replace("drop", "down"), 3),
        ("acks", ACK.replace("--model", "").replace("{series}", "suite--other").replace("who", "whom"), 10),
        ("expected", 'series = "suite--model"', 3),
        ("quarantine", 'suite = "suite"', 3),
        ("quarantine", 'suite = "another"', 10),
        ("quarantine", "suite = 3", 3),
    ],
)
def test_a_note_that_may_speak_for_an_alarm_keeps_it_from_being_new(
    plan: Plan, kind: str, text: str, code: int
) -> None:
    whole = look(plan)
    event = whole.standings[0].events[0]
    assert (whole.code, event.state) == (10, "new")
    path = note(plan, kind, text.format(series="suite--model", raised=event.raised))
    found = look(plan)
    assert found.code == code
    assert found.standings[0].events[0].state == ("acknowledged" if code == 3 else "new")
    said_everywhere(found, path.name)
    path.unlink()
    assert look(plan).code == 10


def test_people_are_told_of_the_file_once_and_of_the_drop_when_it_is_mended(plan: Plan) -> None:
    path = note(plan, "acks", "<<<<<<< HEAD")
    with hook() as receiver:
        told = Teller(plan, HOOK=receiver.url)
        assert [told(look(plan)), told(look(plan))] == [1, 0]
        path.unlink()
        assert told(look(plan)) == 1
    damaged, drop = (got.body for got in receiver.got)
    assert (damaged["kind"], drop["kind"]) == ("incomplete", "drop")
    assert damaged["title"].endswith("one file that cannot be read")
    assert str(path) in damaged["text"]
    assert "suite--model" not in damaged["text"]


def test_a_damaged_record_costs_its_own_night_and_no_other(plan: Plan) -> None:
    whole = look(plan).standings[0]
    number = alarmed() - 6
    path = path_of(plan.folder / f"{whole.series.nights[number].day}", "suite--model")
    path.write_bytes(path.read_bytes()[:200])
    found = look(plan)
    points = found.standings[0].watched.points
    assert [i for i, point in enumerate(points) if point.hollow] == [number]
    assert [event.direction for event in found.standings[0].events] in ([], ["drop"])
    assert found.standings[1].stands == "steady"
    assert found.code in (3, 10)
    said_everywhere(found, path.name)
    last = path_of(plan.folder / f"{found.day}", "suite--other")
    last.write_text("")
    assert look(plan).missing == {"suite--other": "its record cannot be read"}


def test_a_folder_of_notes_that_nobody_may_read_is_damaged(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what people said of alarms would be as if nobody had said it."""
    folder = note(plan, "acks", "").parent
    listed: Callable[[Path], object] = Path.iterdir

    def refused(self: Path) -> object:
        if self == folder:
            raise PermissionError(13, "Permission denied")
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", refused)
    found = look(plan)
    assert found.code == 3
    assert [one.why for one in found.damaged] == [f"{folder} cannot be looked into: Permission denied"]


def test_a_pipe_among_the_notes_keeps_nobody_waiting(plan: Plan) -> None:
    path = note(plan, "acks", "")
    path.unlink()
    os.mkfifo(path)
    assert [one.why for one in look(plan).damaged] == [f"cannot read {path}: it is no regular file"]


def test_a_night_whose_record_is_whole_again_says_nothing_of_it(plan: Plan) -> None:
    day = history().nights[5].day
    path = path_of(plan.folder / f"{day}", "suite--model")
    text = path.read_text()
    path.write_text("{")
    assert look(plan, day + timedelta(1)).code == 3
    assert headline(look(plan, day + timedelta(1))) == "One file cannot be read"
    path.write_text(text)
    assert look(plan, day + timedelta(1)).code == 0
