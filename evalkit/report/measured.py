"""Differences of the subject's runs from other models' runs, task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalkit.errors import DataError
from evalkit.report.content import Difference
from evalkit.report.labels import Labels
from evalkit.report.pairs import Pair, compare
from evalkit.report.repeats import Shown, value_of
from evalkit.report.setting import differing
from evalkit.report.values import Interval, Model, Setting


def measured_differences(
    cells: Sequence[Shown], subject: Model, labels: Mapping[Setting, str], said: Labels
) -> list[tuple[Model, Difference]]:
    """One for each setting of the subject's and each other model: paired where both have runs in it, else
    with a run of another setting of the benchmark, if there is one, and then marked as not comparable."""
    found = []
    own = [cell for cell in cells if cell.model.id == subject.id and cell.side.tasks]
    rivals: dict[str, list[Shown]] = {}
    for cell in cells:
        if cell.model.id != subject.id and cell.side.tasks and not cell.model.reference:
            rivals.setdefault(cell.model.id, []).append(cell)
    for theirs in rivals.values():
        for one in own:
            alike = [cell for cell in theirs if cell.setting.suite == one.setting.suite]
            if alike:
                other = min(alike, key=lambda cell: len(differing(one.setting, cell.setting, said)))
                found.append((other.model, difference(one, other, labels[one.setting], said)))
    return found


def difference(one: Shown, other: Shown, label: str, said: Labels) -> Difference:
    reason = why_not(one, other, said)
    if not reason:
        try:
            return paired(compare(one.side, other.side), one, other, label)
        except DataError as e:
            reason = e.message
    a, b = (value_of(cell, ()).value or 0.0 for cell in (one, other))
    return Difference(label, one.setting, a, b, None, a - b, incomparable=reason, runs=ids(one, other))


def why_not(one: Shown, other: Shown, said: Labels) -> str:
    if not one.setting.comparable(other.setting):
        return "; ".join(differing(one.setting, other.setting, said))
    for cell in (one, other):
        if cell.newest.facts.state:
            return f"{cell.model.display}: {cell.newest.facts.state}"
    return ""


def paired(pair: Pair, one: Shown, other: Shown, label: str) -> Difference:
    low, high = pair.interval
    return Difference(
        label,
        one.setting,
        100 * pair.mean_a,
        100 * pair.mean_b,
        pair.shared,
        100 * pair.delta,
        Interval(100 * low, 100 * high),
        None if pair.detectable is None else 100 * pair.detectable,
        pair.p,
        paired=True,
        method=pair.method,
        better=len(pair.better),
        worse=len(pair.worse),
        runs=ids(one, other),
    )


def ids(one: Shown, other: Shown) -> tuple[str, str]:
    return one.newest.facts.id, other.newest.facts.id
