"""History and what people said of it -> how everything stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from evalkit.nightly.events import events_of
from evalkit.nightly.history import Series
from evalkit.nightly.ledger import Ledger, read_ledger
from evalkit.nightly.plan import Plan
from evalkit.nightly.records import nights_of, read_history
from evalkit.nightly.standing import Outlook, Quarantined, Standing
from evalkit.nightly.states import States, read_states
from evalkit.nightly.watch import watch
from evalkit.stats.cusum import false_alarms

NOTHING = States()


def look(plan: Plan, day: date | None = None) -> Outlook:
    """As of the night of `day`, or of the last one that there is."""
    read, states = read_history(plan), read_states(plan.states)
    history = [_called(series, plan) for series in read.series]
    if day is None:
        days = [night.day for series in history for night in series.nights]
        day = max([*days, *(day for _, day in nights_of(plan))], default=date.today())
    planned = tuple(cell.series for cell in plan.cells)
    made = outlook(plan.name, history, states, day, planned=planned)
    missing = _missing(made, read_ledger(plan.folder / day.isoformat()), planned)
    return replace(made, missing=missing, damaged=(*read.damaged, *states.damaged))


def _called(series: Series, plan: Plan) -> Series:
    """By the label, where the plan gives one: it tells two settings of a suite apart."""
    named = {cell.series: cell.suite for cell in plan.cells if cell.words[:1] != (cell.suite,)}
    return replace(series, title=named.get(series.id, series.title))


def outlook(
    name: str,
    history: Sequence[Series],
    states: States = NOTHING,
    day: date | None = None,
    *,
    planned: Sequence[str] | None = None,
) -> Outlook:
    """As of the night of `day`, or of the last one that there is. `planned`: the series that the plan has;
    None for all of these. The `missing` ones are those of them that have no whole night on the day."""
    last = max((night.day for series in history for night in series.nights), default=date.today())
    day = day or last
    standings = tuple(
        _standing(series, states, day, ended=planned is not None and series.id not in planned)
        for series in (_until(series, day) for series in history)
        if series.nights or planned is None or series.id in planned
    )
    going = [one for one in standings if not one.ended]
    made = Outlook(name, day, standings, {}, false_alarms(len(going)))
    ids = tuple(planned) if planned is not None else tuple(one.series.id for one in going)
    return replace(made, missing=_missing(made, Ledger(), ids))


def _until(series: Series, day: date) -> Series:
    return replace(series, nights=tuple(night for night in series.nights if night.day <= day))


# -- one series ------------------------------------------------------------------------------------


def _standing(series: Series, states: States, day: date, *, ended: bool) -> Standing:
    quarantined = states.quarantine_of(series.suite)
    apart = frozenset(one.task for one in quarantined if not one.expired(day))
    wanted = states.expectations(series.id)
    watched = watch(series, apart=apart, expected={one.begin: one.note.why for one in wanted})
    return Standing(series, watched, events_of(watched, states, day), _sorted(quarantined), ended)


def _sorted(quarantined: Sequence[Quarantined]) -> tuple[Quarantined, ...]:
    return tuple(sorted(quarantined, key=lambda one: (one.until, one.task)))


# -- the night -------------------------------------------------------------------------------------


def _missing(outlook: Outlook, ledger: Ledger, planned: Sequence[str]) -> dict[str, str]:
    """Series with no whole run on the day, and why: as the night's ledger says, and as their records do."""
    known = {one.series.id: one for one in outlook.standings}
    planned = [series for series in planned if not ledger.planned or series in ledger.planned]
    found: dict[str, str] = {}
    for series in planned:
        nights = known[series].series.nights if series in known else ()
        night = nights[-1] if nights and nights[-1].day == outlook.day else None
        entry = ledger.entries.get(series)
        if entry and not entry.complete:
            found[series] = entry.why or "its run is not complete"
        elif night is None:
            found[series] = "it has not been run"
        elif night.hollow:
            found[series] = night.hollow
    return found
