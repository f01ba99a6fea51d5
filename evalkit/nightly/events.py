"""Alarms of a series -> events in days: with what was said of them, and how they ended.

Beside the alarms that a series' watch raises there are two kinds that it cannot: those that an expected
change did away with, and drops from a level that had dropped already, while that alarm is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from evalkit.nightly.dating import Dated, date_alarm
from evalkit.nightly.standing import Event, State
from evalkit.nightly.states import Expectation, States
from evalkit.nightly.watch import Alarm, Watched, watch
from evalkit.stats.baseline import LEAST_NIGHTS

BACK = "the old level is back"
EXPECTED = "expected: "  # what the reason of such a baseline begins with
EARLY = 3  # nights by which somebody may set a new baseline before the change that was expected


def events_of(watched: Watched, states: States, day: date) -> tuple[Event, ...]:
    """Newest first, as of `day`."""
    wanted = states.expectations(watched.series.id)
    found: list[Event] = []
    for alarm in watched.alarms:
        event = _event(watched, alarm, states, day)
        found += _with_further(watched, alarm, event, states, day)
    ids = {event.id for event in found}
    found += [one for one in _expected(watched, wanted) if one.id not in ids]
    return tuple(sorted(found, key=lambda event: (event.raised, event.id), reverse=True))


def _event(watched: Watched, alarm: Alarm, states: States, day: date) -> Event:
    """An alarm with its state. What was said of it stays with it when it is over."""
    event = _in_days(watched, date_alarm(watched, alarm), alarm)
    note = states.note_of(event, watched.series.id, watched.series.suite, day)
    if alarm.over is None:
        known = note is not None and (note.until is None or day <= note.until)
        return replace(event, state="acknowledged" if known else "new", note=note)
    why = watched.epochs.get(alarm.over, "")
    over = watched.series.nights[alarm.over].day
    if why.startswith(EXPECTED):
        wanted = states.expectations(watched.series.id)
        said = next((one.note for one in reversed(wanted) if one.begin <= over), note)
        return replace(event, state="expected", note=said, over=over, ended=why)
    state: State = "fixed" if not why and alarm.direction == "drop" else "closed"
    back = None if alarm.back is None else watched.series.nights[alarm.back].day
    return replace(event, state=state, note=note, over=over, back=back, ended=why or BACK)


def _in_days(watched: Watched, dated: Dated, alarm: Alarm) -> Event:
    nights = watched.series.nights
    raised = nights[alarm.at].day
    return Event(
        id=f"{watched.series.id}--{alarm.direction}--{raised}",
        direction=alarm.direction,
        raised=raised,
        first=nights[dated.first].day,
        low=nights[dated.low].day,
        high=nights[dated.high].day,
        before=dated.before,
        after=dated.after,
        difference=dated.difference,
        interval=dated.interval,
        state="new",
        differs=dated.differs,
        moved=dated.moved,
    )


# -- drops while a drop is open --------------------------------------------------------------------


def _with_further(watched: Watched, alarm: Alarm, event: Event, states: States, day: date) -> list[Event]:
    """A drop that is known must not hide that it became worse: its nights, watched with their own level as
    the baseline, once that is learned. All of it is over when the first drop is."""
    nights = watched.series.nights
    end = len(nights) if alarm.over is None else alarm.over
    known = sum(night.day >= event.first and not night.hollow for night in nights[:end])
    if alarm.direction != "drop" or known <= LEAST_NIGHTS:
        return [event]
    wanted = states.expectations(watched.series.id)
    within = watch(
        replace(watched.series, nights=nights[:end]),
        apart=watched.apart,
        expected={one.begin: one.note.why for one in wanted if one.begin < event.first}
        | {event.first: "the level of the open drop"},
        table=watched.table,
    )
    found: list[Event] = []
    for worse in within.alarms:
        if worse.at > alarm.at and worse.direction == "drop":
            more = _event(within, worse, states, day)
            if worse.over is None:
                event = _until(event, watched, alarm, more.first)
                if event.over:
                    more = replace(more, state=event.state, over=event.over)
                    more = replace(more, back=event.back, ended=event.ended)
            found += _with_further(within, worse, more, states, day)
    return [event, *found]


def _until(event: Event, watched: Watched, alarm: Alarm, stop: date) -> Event:
    """The same event, its size by the nights before `stop`."""
    end = next(number for number, night in enumerate(watched.series.nights) if night.day == stop)
    stopped = replace(alarm, over=max(end, alarm.at + 1), back=None)
    dated = _in_days(watched, date_alarm(watched, stopped), alarm)
    return replace(
        event, after=dated.after, difference=dated.difference, interval=dated.interval, moved=dated.moved
    )


# -- what was expected -----------------------------------------------------------------------------


def _expected(watched: Watched, wanted: Sequence[Expectation]) -> list[Event]:
    """The alarms that would have been raised, had nobody said that the new level is what is wanted."""
    found = []
    for number, one in enumerate(wanted):
        stop = wanted[number + 1].begin if number + 1 < len(wanted) else date.max
        nights = tuple(night for night in watched.series.nights if night.day < stop)
        begin = next((i for i, night in enumerate(nights) if night.day >= one.begin), None)
        if begin is None:
            continue
        without = watch(
            replace(watched.series, nights=nights),
            apart=watched.apart,
            table=watched.table,
            expected={before.begin: before.note.why for before in wanted[:number]},
        )
        for alarm in without.alarms:
            if alarm.at < begin:  # this one is there as it is, ended by the new baseline
                continue
            dated = date_alarm(without, alarm)
            if dated.low - EARLY <= begin:
                event = _in_days(without, dated, alarm)
                over, ended = nights[begin].day, f"{EXPECTED}{one.note.why}"
                found.append(replace(event, state="expected", note=one.note, over=over, ended=ended))
                break
    return found
