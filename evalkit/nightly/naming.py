"""Alarms, series, suites and tasks by what a person types: a name, or a beginning that only one has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from evalkit.errors import UsageError
from evalkit.nightly.plan import Plan
from evalkit.nightly.standing import Event, Outlook, Standing
from evalkit.registry import did_you_mean

T = TypeVar("T")


def find_series(outlook: Outlook, name: str) -> Standing:
    return _one(name, {one.series.id: one for one in outlook.standings}, "series")


def find_event(outlook: Outlook, name: str) -> tuple[Standing, Event]:
    """An alarm's name or its beginning; or those of a series, of which one alarm is open. UsageError names
    what there is."""
    events = {event.id: (one, event) for one in outlook.standings for event in one.events}
    if name in events:
        return events[name]
    series = {one.series.id: one for one in outlook.standings}
    open_now = {event.id: (one, event) for one in outlook.standings for event in one.open}
    begin = f"{name}--" if name in series else name  # `mini--a` is not the beginning of `mini--ab`
    alike = _beginning(begin, open_now) or _beginning(begin, events)
    if len(alike) == 1:
        return events[alike[0]]
    if alike:
        raise UsageError(f"{name!r} is the beginning of {len(alike)} alarms", ", ".join(alike[:6]))
    if name in series or len(_beginning(name, series)) == 1:
        raise UsageError(f"{name}: no alarm was ever raised there", _open(open_now))
    raise UsageError(f"no alarm or series {name!r}", _hint(name, [*events, *series], _open(open_now)))


def _open(events: Mapping[str, object]) -> str:
    return f"open now: {', '.join(list(events)[:6])}" if events else "no alarm is open"


def find_suite(plan: Plan, outlook: Outlook, name: str) -> str:
    """The suite's label, by that or by its name where only one label has it."""
    labels = {one.series.suite for one in outlook.standings} | {cell.suite for cell in plan.cells}
    named = {cell.suite for cell in plan.cells if cell.words and cell.words[0] == name}
    if name not in labels and len(named) == 1:
        return named.pop()
    return _one(name, {label: label for label in (*labels, *named)}, "suite")


def find_task(outlook: Outlook, suite: str, name: str) -> str:
    """Of those that any night of the suite had. Only whole names: what is said of a task should name it."""
    tasks = {
        task
        for one in outlook.standings
        if one.series.suite == suite
        for night in one.series.nights
        for task in night.tasks
    }
    if not tasks:
        raise UsageError(f"no night has any task of {suite} yet", "evalkit nightly run")
    if name not in tasks:
        raise UsageError(f"{suite} has no task {name!r}", did_you_mean(name, tasks))
    return name


def _one(name: str, known: Mapping[str, T], kind: str) -> T:
    if name in known:
        return known[name]
    alike = _beginning(name, known)
    if len(alike) > 1:
        raise UsageError(f"{name!r} is the beginning of {len(alike)} {kind}", ", ".join(alike[:6]))
    if not alike:
        raise UsageError(f"the plan has no {kind} {name!r}", did_you_mean(name, known))
    return known[alike[0]]


def _beginning(name: str, known: Mapping[str, object]) -> list[str]:
    return [key for key in known if name and key.startswith(name)]


def _hint(name: str, known: Sequence[str], otherwise: str) -> str:
    hint = did_you_mean(name, known)
    return hint if hint.startswith("did") else otherwise
