"""What stands large at the top of a report: counts over its own values, each with what it counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from evalkit.report.cells import heading_in
from evalkit.report.content import Finding, Forest
from evalkit.report.labels import Labels
from evalkit.report.published import Conflict
from evalkit.report.ranks import has_rank
from evalkit.report.runs import Measured
from evalkit.report.values import Model, Table, Value
from evalkit.report.words import coverage

SHOWN = 3
BEST = {  # whether settings are printed ones, and whether the contest is within a group of columns
    (True, True): "finding.best.printed.group",
    (True, False): "finding.best.printed",
    (False, True): "finding.best.measured.group",
    (False, False): "finding.best.measured",
}


def findings(
    main: Table,
    subject: Model | None,
    forests: Sequence[Forest],
    conflicts: Sequence[Conflict],
    benchmarks: Mapping[str, str],
    runs: Sequence[Measured],
    said: Labels,
) -> tuple[Finding, ...]:
    """The first SHOWN of those that there is something to say of."""
    found: list[Finding] = []
    if subject:
        found += best_in_group(main, subject, said)
        found += beyond_noise(forests, said)
    found += disagreement(conflicts, benchmarks, {model.id: model for model in main.models}, said)
    if runs:
        found.append(Finding(said("finding.of", **part(**coverage(runs))), said["finding.scored"]))
    return tuple(found[:SHOWN])


def part(scored: int, planned: int) -> dict[str, int]:
    return {"part": scored, "whole": planned}


def best_in_group(table: Table, subject: Model, said: Labels) -> Iterator[Finding]:
    """In how many printed settings that the subject has a score in, none of its column group (all, where
    there are no groups) has a better one; in how many measured ones where nothing is printed. Rows in which
    it stands alone are no contest."""
    heading, group = next(
        ((name, ids) for name, ids in table.columns_by.items() if subject.id in ids and len(ids) > 1),
        ("", tuple(model.id for model in table.models)),
    )
    printed = [row for row in table.rows if row.origin == "published"]
    contests = best = 0
    for row in printed or table.rows:
        own = table.cells.get((row.id, subject.id))
        rivals = [table.cells.get((row.id, other)) for other in group if other != subject.id]
        theirs = [value for rival in rivals if (value := shown(rival, own)) is not None]
        mine = shown(own, own)
        if mine is not None and theirs:
            contests += 1
            best += mine >= max(theirs)
    if contests:
        words = said(
            BEST[bool(printed), bool(heading)], subject=subject.display, group=heading_in(heading, said)
        )
        yield Finding(said("finding.of", part=best, whole=contests), words)


def shown(value: Value | None, beside: Value | None) -> float | None:
    """The number of a value that may be ranked beside another."""
    if value is None or beside is None or not has_rank(value) or value.reference:
        return None
    if not value.setting.comparable(beside.setting):
        return None
    return value.value


def beyond_noise(forests: Sequence[Forest], said: Labels) -> Iterator[Finding]:
    """Against the rival that is closest or ahead: how many differences have an interval without 0."""
    rivals = [f for f in forests if any(d.interval for d in f.differences)]
    if not rivals:
        return
    most = max(sum(d.interval is not None for d in f.differences) for f in rivals)
    rivals = [f for f in rivals if 2 * sum(d.interval is not None for d in f.differences) >= most]
    forest = min(rivals, key=lambda f: math.fsum(d.delta for d in f.differences) / len(f.differences))
    known = [d.interval for d in forest.differences if d.interval]
    clear = sum(interval.low > 0 or interval.high < 0 for interval in known)
    words = said("finding.noise", a=forest.a.display, b=forest.b.display)
    yield Finding(said("finding.of", part=clear, whole=len(known)), words)


def disagreement(
    conflicts: Sequence[Conflict], benchmarks: Mapping[str, str], models: Mapping[str, Model], said: Labels
) -> Iterator[Finding]:
    """The widest gap between what documents state for one model and one benchmark."""
    measured = [c for c in conflicts if c.spread is not None and c.models[0] in models]
    if not measured:
        return
    widest = max(measured, key=lambda c: c.spread or 0.0)
    benchmark = benchmarks.get(widest.benchmark, widest.benchmark)
    model = models[widest.models[0]].display
    words = said("finding.spread", model=model, suite=benchmark)
    yield Finding(said("count.points", n=widest.spread or 0.0), words)
