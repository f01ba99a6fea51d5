"""Differences of the subject from every other model, setting by setting, with what noise allows to say.

Printed scores are taken as independent (their tasks are not known): Newcombe's hybrid interval and the
test of two shares, only where the number of tasks is known and both numbers are exact. Runs are compared
task by task (pairs.py). Only values of one setting meet.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from evalkit.report.content import Difference, Forest
from evalkit.report.labels import Labels
from evalkit.report.setting import differing
from evalkit.report.values import Interval, Model, Table, Value
from evalkit.stats.many import benjamini_hochberg, holm
from evalkit.stats.paired import newcombe_unpaired, two_shares
from evalkit.stats.power import detectable_unpaired

PRINTED = "Newcombe, score test of two shares"


def forests(
    tables: Sequence[Table],
    subject: Model,
    said: Labels,
    measured: Sequence[tuple[Model, Difference]] = (),
) -> tuple[Forest, ...]:
    """One a model that shares a setting with the subject, in the order of columns.

    `measured` are the paired differences of runs, each with the other model. All paired tests together
    are one family (Holm: few, and chosen before), all of printed scores another (Benjamini-Hochberg).
    """
    found: dict[str, tuple[Model, list[Difference]]] = {}
    for table in tables:
        for other in table.models:
            if other.id != subject.id:
                differences = found.setdefault(other.id, (other, []))[1]
                differences += printed_differences(table, subject, other, said)
    for other, difference in measured:
        found.setdefault(other.id, (other, []))[1].append(difference)
    lines = [(other, differences) for other, differences in found.values() if differences]
    return tuple(
        Forest(subject, other, tuple(sorted(adjusted, key=lambda d: -d.delta)), family(lines, said))
        for (other, _), adjusted in zip(lines, adjust([d for _, d in lines]), strict=True)
    )


def printed_differences(table: Table, a: Model, b: Model, said: Labels) -> list[Difference]:
    """Of two columns of published rows, where both have a number."""
    labels = labels_of(table)
    pairs = [(row, table.cells.get((row.id, a.id)), table.cells.get((row.id, b.id))) for row in table.rows]
    return [
        printed_difference(labels[row.id], one, other, said)
        for row, one, other in pairs
        if row.origin == "published" and one and other and one.value is not None and other.value is not None
    ]


def labels_of(table: Table) -> dict[str, str]:
    """A row's full name by its id: a row under a heading takes the heading's with it."""
    labels, above = {}, ""
    for row in table.rows:
        above = row.label if not row.level else above
        labels[row.id] = f"{above}, {row.label}" if row.level and above else row.label
    return labels


def printed_difference(label: str, one: Value, other: Value, said: Labels) -> Difference:
    a, b = number_of(one), number_of(other)
    # printed scores have a digit or two: so does what is left of them
    plain = Difference(label, one.setting, a, b, one.n, round(a - b, 6))
    if not one.setting.comparable(other.setting):
        return dataclasses.replace(plain, incomparable="; ".join(differing(one.setting, other.setting, said)))
    if one.approximate or other.approximate:
        return dataclasses.replace(plain, method=said["value.approximate"])
    if not one.n or one.n != other.n:
        return dataclasses.replace(plain, n=None, method=said["table.n.unknown"])
    n = one.n
    low, high = newcombe_unpaired(a * n / 100, n, b * n / 100, n)
    return dataclasses.replace(
        plain,
        interval=Interval(100 * low, 100 * high, implied=True),
        detectable=100 * detectable_unpaired(n, (a + b) / 200),
        p=two_shares(a * n / 100, n, b * n / 100, n),
        method=PRINTED,
    )


def number_of(value: Value) -> float:
    assert value.value is not None
    return value.value


def adjust(groups: Sequence[Sequence[Difference]]) -> list[list[Difference]]:
    """The same with p-values adjusted, over all groups together."""
    every = [difference for group in groups for difference in group]
    corrected: dict[int, float] = {}
    for paired, correct in ((True, holm), (False, benjamini_hochberg)):
        tested = [(i, d.p) for i, d in enumerate(every) if d.p is not None and d.paired == paired]
        corrected |= dict(zip((i for i, _ in tested), correct([p for _, p in tested]), strict=True))
    done = iter([dataclasses.replace(d, adjusted=corrected.get(i)) for i, d in enumerate(every)])
    return [[next(done) for _ in group] for group in groups]


def family(lines: Sequence[tuple[Model, Sequence[Difference]]], said: Labels) -> str:
    tested = [d for _, differences in lines for d in differences if d.p is not None]
    paired = sum(d.paired for d in tested)
    words = {"gather.family.paired": paired, "gather.family.printed": len(tested) - paired}
    return "; ".join(said(key, n=n) for key, n in words.items() if n)
