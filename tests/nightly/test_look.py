"""History and notes -> how everything stands: which alarms are open, known, mended, wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from evalkit.nightly.history import Night, Series
from evalkit.nightly.ledger import Entry, Ledger, write_ledger
from evalkit.nightly.look import look, outlook
from evalkit.nightly.plan import Cell, Plan
from evalkit.nightly.record import Record, write_record
from evalkit.nightly.standing import Event, Note, Outlook, Quarantined
from evalkit.nightly.states import Ack, Expectation, Put, States

from .nights import FIRST, shares, simulated

ALL = shares(300)
LOW = [p if i % 10 else p * 0.2 for i, p in enumerate(ALL)]
DAY = timedelta(days=1)


def fallen(at: int = 30, until: int = 999) -> Series:
    nights = simulated(
        50,
        lambda night: LOW if at <= night < until else ALL,
        facts=lambda night: {"vLLM": "0.11.1" if night >= at else "0.11.0"},
    )
    return Series("swebench", "qwen3", tuple(nights), id="swebench--qwen3", title="SWE-bench Verified")


def only(found: Outlook) -> Event:
    [event] = found.standings[0].events
    return event


def note(until: date | None = None) -> Note:
    return Note("lena", "vLLM moved", FIRST + 33 * DAY, "#12", until)


def ack(event: Event, until: date | None = None) -> States:
    return States(acks=(Ack("swebench--qwen3", event.direction, event.low, event.raised, note(until)),))


def test_a_drop_is_new_until_somebody_speaks_for_it_and_again_when_that_ends() -> None:
    found = outlook("n", [fallen()])
    event = only(found)
    assert (found.code, found.standings[0].stands, event.state) == (10, "regressed", "new")
    assert event.id == f"swebench--qwen3--drop--{event.raised}"
    assert event.low <= FIRST + 30 * DAY <= event.high
    assert event.differs == (("vLLM", "0.11.0", "0.11.1"),)
    for until, code, state in (
        (None, 0, "acknowledged"),
        (found.day, 0, "acknowledged"),
        (found.day - DAY, 10, "new"),
    ):
        spoken = outlook("n", [fallen()], ack(event, until))
        assert (spoken.code, only(spoken).state) == (code, state)
        assert only(spoken).note == note(until)


def test_an_ack_stays_with_its_alarm_when_that_moves_by_a_night_and_goes_to_no_other() -> None:
    event = only(outlook("n", [fallen()]))
    moved = replace(event, first=event.first + DAY, low=event.low + DAY, raised=event.raised + DAY)
    states = ack(event)
    assert states.ack_of(moved, "swebench--qwen3")
    assert not states.ack_of(replace(moved, direction="rise"), "swebench--qwen3")
    assert not states.ack_of(event, "swebench--kimi")
    later = replace(
        event, first=event.first + 9 * DAY, low=event.low + 9 * DAY, raised=event.raised + 9 * DAY
    )
    assert not states.ack_of(later, "swebench--qwen3")


def test_a_drop_that_is_mended_is_fixed_and_keeps_what_was_said_of_it() -> None:
    series = fallen(25, until=32)
    event = only(outlook("n", [series]))
    assert (event.state, event.ended) == ("fixed", "the old level is back")
    assert event.over
    assert event.over > FIRST + 32 * DAY
    found = outlook("n", [series], ack(event))
    assert (only(found).state, only(found).note, found.code) == ("fixed", note(), 0)
    open_then = outlook("n", [series], day=event.raised)  # the night it was raised
    assert (open_then.code, only(open_then).state, open_then.day) == (10, "new", event.raised)


@pytest.mark.parametrize("begin", [30, 33, 40])
def test_what_was_expected_is_no_alarm_and_shown_as_expected(begin: int) -> None:
    """Set from before the alarm was raised or after it."""
    before = only(outlook("n", [fallen()]))
    states = States(expected=(Expectation("swebench--qwen3", FIRST + begin * DAY, note()),))
    found = outlook("n", [fallen()], states)
    event = only(found)
    assert (event.state, event.note, event.id) == ("expected", note(), before.id)
    assert (event.over, event.ended) == (FIRST + begin * DAY, "expected: vLLM moved")
    assert (found.code, found.standings[0].open) == (0, ())
    assert found.standings[0].watched.epochs == {begin: "expected: vLLM moved"}


def test_a_new_baseline_where_nothing_happened_is_no_event_and_hides_no_later_drop() -> None:
    states = States(expected=(Expectation("swebench--qwen3", FIRST + 10 * DAY, note()),))
    assert [e.state for e in outlook("n", [fallen()], states).standings[0].events] == ["new"]
    assert [e.state for e in outlook("n", [fallen(60)], states).standings[0].events] == []


def test_runs_that_are_no_longer_comparable_close_a_drop() -> None:
    nights = [replace(n, key="v2" if i >= 40 else "v1") for i, n in enumerate(fallen().nights)]
    found = outlook("n", [replace(fallen(), nights=tuple(nights))])
    assert (only(found).state, only(found).over, found.code) == ("closed", FIRST + 40 * DAY, 0)
    assert "comparable" in only(found).ended


def test_quarantine_holds_until_its_last_day() -> None:
    made = simulated(60, lambda night: [*ALL, *([1.0] * 30 if night < 30 else [0.0] * 30)])
    series = Series("suite", "model", tuple(made), id="suite--model")
    last = made[-1].day

    def held(until: date, suite: str = "suite") -> Outlook:
        tasks = [Quarantined(suite, f"task-{i}", "flaky", "lena", FIRST, until) for i in range(300, 330)]
        return outlook("n", [series], States(quarantined=tuple(Put(one) for one in tasks)))

    assert held(last).code == 0
    assert held(last - DAY).code == 10
    assert len(held(last - DAY).standings[0].quarantined) == 30
    assert held(last, "other").standings[0].quarantined == ()


def test_a_night_without_a_whole_run_is_incomplete_and_a_drop_goes_before_it() -> None:
    nights = fallen(60).nights
    last = nights[-1]
    steady = replace(fallen(60), id="a")
    lost = replace(last, tasks=dict(list(last.tasks.items())[20:]), errors=20)
    hollow = replace(fallen(60), id="b", nights=(*nights[:-1], lost))
    gap = replace(fallen(60), id="c", nights=nights[:-1])
    found = outlook("n", [steady, hollow, gap], planned=("a", "b", "c", "d"))
    assert found.missing == {
        "b": "6.7% of its samples broke by infrastructure",
        "c": "it has not been run",
        "d": "it has not been run",
    }
    assert found.code == 3
    assert outlook("n", [replace(fallen(), id="a"), gap]).code == 10
    assert outlook("n", [steady]).code == 0


def test_a_series_that_the_plan_has_no_more_is_no_news() -> None:
    found = outlook("n", [fallen()], planned=())
    assert (found.standings[0].stands, found.code, found.missing, found.false_alarms) == ("ended", 0, {}, 0)


def test_the_rate_of_false_alarms_is_what_the_simulation_found() -> None:
    """18 series: 0.48 to 0.70 a month there; 0.58 by the chain."""
    many = outlook("n", [Series("s", str(i), (), id=str(i)) for i in range(18)])
    assert many.false_alarms == pytest.approx(0.58, abs=0.005)


def test_no_night_at_all() -> None:
    found = outlook("n", [Series("s", "m", (), id="s--m")])
    assert (found.standings[0].stands, found.missing) == ("learning", {"s--m": "it has not been run"})
    empty: list[Night] = []
    assert found.standings[0].series.nights == tuple(empty)


def test_a_plan_on_disk(tmp_path: Path) -> None:
    """Records, the night's ledger and notes as files; the last night is one of which nothing came."""
    cells = tuple(Cell(suite, "qwen3", (suite,)) for suite in ("swebench", "mini", "later"))
    cells = (*cells[:2], replace(cells[2], words=("mini", "--samples=3")))  # a label, not the suite's name
    plan = Plan("coding", cells, results=tmp_path, states=tmp_path / "states")
    assert look(plan).missing == {cell.series: "it has not been run" for cell in cells}
    for number, night in enumerate(fallen().nights):
        folder = plan.folder / night.day.isoformat()
        folder.mkdir(parents=True)
        write_record(Record(night, "swebench--qwen3", "swebench", "qwen3"), folder)
        if number < 5:
            write_record(Record(night, "gone--qwen3", "gone", "qwen3"), folder)
    found = look(plan)
    assert [one.stands for one in found.standings] == ["regressed", "learning", "learning", "ended"]
    assert (found.code, found.day) == (10, fallen().nights[-1].day)
    assert [one.series.title for one in found.standings[1:3]] == ["", "later"]

    event = found.standings[0].events[0]
    acks = tmp_path / "states" / "acks"
    acks.mkdir(parents=True)
    text = f'series = "swebench--qwen3"\ndirection = "drop"\nraised = {event.raised}\n'
    (acks / "by-hand.toml").write_text(f'{text}who = "lena"\nwhy = "known"\non = {event.raised}\n')
    dead = found.day + DAY
    (plan.folder / dead.isoformat()).mkdir()
    entry = Entry("swebench--qwen3", "swebench", "qwen3", (), "", 3, False, "the endpoint is dead")
    ledger = Ledger("coding", ("swebench--qwen3", "mini--qwen3"), {"swebench--qwen3": entry})
    write_ledger(plan.folder / dead.isoformat(), ledger)
    found = look(plan)
    assert (found.day, found.code, found.standings[0].stands) == (dead, 3, "acknowledged")
    assert found.missing == {"swebench--qwen3": "the endpoint is dead", "mini--qwen3": "it has not been run"}
    assert look(plan, FIRST + 20 * DAY).standings[0].stands == "steady"


def test_a_drop_that_is_known_does_not_hide_that_it_became_worse() -> None:
    worse = [p if i % 5 else p * 0.1 for i, p in enumerate(LOW)]

    def series(until: int) -> Series:
        of = {0: ALL, 1: LOW, 2: worse}
        nights = simulated(110, lambda n: of[0] if n < 30 or n >= until else of[1] if n < 60 else of[2])
        return replace(fallen(), nights=tuple(nights))

    known = ack(
        next(e for e in outlook("n", [series(999)]).standings[0].events if e.raised < FIRST + 40 * DAY)
    )
    found = outlook("n", [series(999)], known)
    second, first = found.standings[0].events
    assert (first.state, second.state, found.code) == ("acknowledged", "new", 10)
    assert second.low <= FIRST + 60 * DAY <= second.high
    true = (sum(worse) - sum(LOW)) / 300
    assert second.interval[0] <= true <= second.interval[1]
    both = States(acks=(*known.acks, *ack(second).acks))
    assert outlook("n", [series(999)], both).code == 0

    mended = outlook("n", [series(90)], known).standings[0].events
    assert [(e.state, e.id) for e in mended] == [("fixed", second.id), ("fixed", first.id)]


@pytest.mark.parametrize(("begin", "end"), [(29, 38), pytest.param(14, 100, marks=pytest.mark.full)])
def test_an_event_keeps_its_name_and_what_was_said_of_it_night_after_night(begin: int, end: int) -> None:
    """Seen each night anew, as reports do, an alarm is never another one, and nothing is forgotten."""
    nights = simulated(end, lambda night: LOW if 28 <= night < 70 else ALL, seed=3)
    series, states, names = replace(fallen(), nights=tuple(nights)), States(), list[str]()
    for night in nights[begin:]:
        events = outlook("n", [series], states, night.day).standings[0].events
        assert [event.id for event in reversed(events)][: len(names)] == names
        assert all(e.first <= e.raised and e.low <= e.first <= e.high for e in events)
        for event in events[: len(events) - len(names)]:
            assert (event.state, event.raised) == ("new", night.day)  # said on the very night
            names.append(event.id)
            states = States(acks=(*states.acks, *ack(event).acks))
        assert all(event.state != "new" for event in events[-len(names) :] if event.raised < night.day)
    assert names
