"""What stands large at the top of a report: counts over its own values, each with what it counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from evalkit.report.content import Finding, Forest
from evalkit.report.published import Conflict
from evalkit.report.values import Model, Table, Value


def findings(
    main: Table,
    subject: Model | None,
    forests: Sequence[Forest],
    conflicts: Sequence[Conflict],
    benchmarks: Mapping[str, str],
) -> tuple[Finding, ...]:
    found: list[Finding] = []
    if subject:
        found += best_in_group(main, subject)
        found += beyond_noise(forests)
    found += disagreement(conflicts, benchmarks, {model.id: model for model in main.models})
    return tuple(found)


def best_in_group(table: Table, subject: Model) -> Iterator[Finding]:
    """In how many settings that the subject has a score in, none of its column group (all, where there are
    no groups) has a better one. Rows in which it stands alone are no contest."""
    heading, group = next(
        ((name, ids) for name, ids in table.columns_by.items() if subject.id in ids and len(ids) > 1),
        ("", tuple(model.id for model in table.models)),
    )
    contests = best = 0
    for row in table.rows:
        own = table.cells.get((row.id, subject.id))
        rivals = [table.cells.get((row.id, other)) for other in group if other != subject.id]
        theirs = [value for rival in rivals if (value := shown(rival, own)) is not None]
        mine = shown(own, own)
        if mine is not None and theirs:
            contests += 1
            best += mine >= max(theirs)
    if contests:
        among = f"the {heading[0].lower()}{heading[1:]}" if heading else "all that are shown"
        yield Finding(
            f"{best} of {contests}",
            f"settings in which {subject.display} and a rival have scores, and none of {among} has a "
            "higher one.",
        )


def shown(value: Value | None, beside: Value | None) -> float | None:
    """The number of a value that may be ranked beside another."""
    if value is None or beside is None or not value.complete or not value.setting.comparable(beside.setting):
        return None
    return value.value


def beyond_noise(forests: Sequence[Forest]) -> Iterator[Finding]:
    """Against the rival that is closest or ahead: how many differences have an interval without 0."""
    rivals = [f for f in forests if any(d.interval for d in f.differences)]
    if not rivals:
        return
    most = max(sum(d.interval is not None for d in f.differences) for f in rivals)
    rivals = [f for f in rivals if 2 * sum(d.interval is not None for d in f.differences) >= most]
    forest = min(rivals, key=lambda f: math.fsum(d.delta for d in f.differences) / len(f.differences))
    known = [d.interval for d in forest.differences if d.interval]
    clear = sum(interval.low > 0 or interval.high < 0 for interval in known)
    yield Finding(
        f"{clear} of {len(known)}",
        f"settings with a known number of tasks in which the difference between {forest.a.display} and "
        f"{forest.b.display} exceeds 95% sampling noise.",
    )


def disagreement(
    conflicts: Sequence[Conflict], benchmarks: Mapping[str, str], models: Mapping[str, Model]
) -> Iterator[Finding]:
    """The widest gap between what documents state for one model and one benchmark."""
    measured = [c for c in conflicts if c.spread is not None and c.models[0] in models]
    if not measured:
        return
    widest = max(measured, key=lambda c: c.spread or 0.0)
    benchmark = benchmarks.get(widest.benchmark, widest.benchmark)
    yield Finding(
        f"{widest.spread:.1f} points",
        f"between what is stated of one model, {models[widest.models[0]].display}, on {benchmark}, "
        "by scaffold and by document.",
    )
