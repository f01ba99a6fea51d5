"""People are told once of an event."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from evalkit.nightly.history import Series
from evalkit.nightly.standing import Note, Quarantined
from evalkit.nightly.states import Ack, Put, States
from tests.nightly.alerted import DROP, Teller, after, alarmed, history, plan
from tests.nightly.nights import FIRST, shares, simulated
from tests.nightly.receivers import hook


def test_a_drop_is_told_once_however_many_nights_it_lasts_and_its_end_once(tmp_path: Path) -> None:
    found = alarmed()
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK", page="https://ci.example.org/n/"), HOOK=receiver.url)
        sent = [told(after(n)) for n in range(DROP - 2, 45)]
    assert sum(sent) == 2
    assert sent[: found - DROP + 3] == [0] * (found - DROP + 2) + [1]
    drop, fixed = (got.body for got in receiver.got)
    assert (drop["schema"], drop["kind"], fixed["kind"]) == ("evalkit.alert/1", "drop", "fixed")
    assert drop["title"].startswith("Regression: model on suite, −")
    assert "lost" in drop["text"]
    assert drop["link"] == "https://ci.example.org/n/#series-suite--model"
    assert drop["event"]["state"] == "new"
    assert drop["event"]["difference"] < 0
    assert drop["event"]["id"] == fixed["event"]["id"]
    assert drop["id"] != fixed["id"]
    assert drop["series"]["state"] == "regressed"
    assert told.said == []


def test_each_series_has_its_own_message_and_each_channel_gets_all(tmp_path: Path) -> None:
    both = history("one"), history("two")
    with hook() as a, hook() as b:
        told = Teller(plan(tmp_path, webhook=["env:A", "env:B"]), A=a.url, B=b.url)
        assert told(after(alarmed() + 1, *both)) == 4
        assert told(after(alarmed() + 2, *both)) == 0
    for receiver in (a, b):
        assert [got.body["series"]["model"] for got in receiver.got] == ["one", "two"]


def test_nothing_is_told_where_nobody_is_named(tmp_path: Path) -> None:
    assert Teller(plan(tmp_path))(after(alarmed())) == 0
    assert not (tmp_path / "coding").exists()


def test_what_is_acknowledged_or_mended_before_anyone_was_told_is_no_news(tmp_path: Path) -> None:
    n = alarmed()
    event = after(n).standings[0].events[0]
    note = Note("ann", "known", event.raised, until=event.raised + timedelta(3))
    known = States(acks=(Ack("suite--model", "drop", event.first, event.raised, note),))
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        assert told(after(n, states=known)) == 0
        assert told(after(n + 4, states=known)) == 1  # it ended, and the drop is there still
        assert told(after(n + 5, states=known)) == 0
        late = Teller(plan(tmp_path / "late", webhook="env:HOOK"), HOOK=receiver.url)
        assert late(after(44)) == 0
    [got] = receiver.got
    assert got.body["title"].startswith("Regression again: ")


def test_an_event_whose_days_move_is_the_same(tmp_path: Path) -> None:
    n = alarmed()
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        assert told(after(n)) == 1
        moved = after(n + 1)
        event = moved.standings[0].events[0]
        other = replace(event, id=f"{event.id}x", raised=event.raised + timedelta(1))
        assert told(replace(moved, standings=(replace(moved.standings[0], events=(other,)),))) == 0
        march = date(2026, 3, 1)
        much_later = replace(event, id="y", first=march, low=march, high=march, raised=march)
        assert told(replace(moved, standings=(replace(moved.standings[0], events=(much_later,)),))) == 1


def test_a_drop_within_a_drop_is_another(tmp_path: Path) -> None:
    n = alarmed()
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        assert told(after(n)) == 1
        later = after(n + 2)
        [event] = later.standings[0].events
        known = replace(event, state="acknowledged", note=Note("ann", "known", event.raised))
        deeper = replace(event, id=f"{event.id}--2", raised=event.raised + timedelta(2))
        both = replace(later.standings[0], events=(deeper, known))
        assert told(replace(later, standings=(both,))) == 1
        assert told(replace(later, standings=(both,))) == 0
    assert [got.body["event"]["id"] for got in receiver.got] == [event.id, deeper.id]


def test_a_rise_is_told_where_the_plan_wants_it(tmp_path: Path) -> None:
    level = shares(150)
    better = [p + (1 - p) * 0.3 for p in level]
    nights = simulated(30, lambda night: better if night >= DROP else level)
    series = Series("suite", "model", tuple(nights), id="suite--model")
    with hook() as receiver:
        for on in (["drop"], ["rise"]):
            told = Teller(plan(tmp_path / on[0], webhook="env:HOOK", on=on), HOOK=receiver.url)
            for n in range(DROP, 30):
                told(after(n, series))
    [got] = receiver.got
    assert (got.body["kind"], got.body["title"][:12]) == ("rise", "Improvement:")


def test_a_night_that_is_not_whole_is_told_when_it_begins_not_each_night(tmp_path: Path) -> None:
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        nights = [(15, False), (16, True), (16, True), (17, True), (18, False), (19, True)]
        assert [told(after(n, hollow=hollow)) for n, hollow in nights] == [0, 1, 0, 0, 0, 1]
        both = after(19, history("model"), history("other"), hollow=True)
        assert told(both) == 1  # one more series
    last = receiver.got[-1].body
    assert last["title"] == f"Incomplete night {both.day}: 2 of 2 series"
    assert set(last["missing"]) == {"suite--model", "suite--other"}
    assert "broke by infrastructure" in last["text"]


def test_a_quarantine_that_ended_is_told_once_where_the_plan_wants_it(tmp_path: Path) -> None:
    until = FIRST + timedelta(14)
    flaky = Quarantined("suite", "task-3", "network", "bob", FIRST, until, "#9")
    states = States(quarantined=(Put(flaky),))
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK", on=["quarantine"]), HOOK=receiver.url)
        assert [told(after(n, states=states)) for n in (15, 16, 17)] == [0, 1, 0]
    body = receiver.got[0].body
    assert body["title"] == "Quarantine ended: task-3 of suite"
    assert "bob" in body["text"]
    assert "#9" in body["text"]


def test_a_night_of_the_past_tells_nothing(tmp_path: Path) -> None:
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        assert told(after(45)) == 0
        assert told(after(alarmed())) == 0
    assert receiver.got == []
