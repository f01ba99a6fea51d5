"""Best and second of a row, among values that may be compared at all.

Ranked are plain numbers of complete samples in the row's own setting. What is missing, approximate, a range
or only words has no rank; and where such a value, or a run that is not complete, could be above a ranked
one, that one is not called best or second either. One value alone is not the best of anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from evalkit.report.published import digits_of
from evalkit.report.values import Interval, Row, Table, Value

Rank = Literal["best", "second"]
Ranks = Mapping[tuple[str, str], Rank]


def ranks(table: Table, *, tied: bool = False) -> Ranks:
    """By (row id, model id), over the columns that the table has. `tied`: all that cannot be told apart from
    the highest are "best" (`apart`)."""
    found: dict[tuple[str, str], Rank] = {}
    for row in table.rows:
        values = [table.cells[row.id, m.id] for m in table.models if (row.id, m.id) in table.cells]
        for model, rank in rank_row(row, values, tied=tied).items():
            found[row.id, model] = rank
    return found


def rank_row(row: Row, values: list[Value], *, tied: bool = False) -> dict[str, Rank]:
    """By model id. Exact ties are all best, and then there is no second."""
    here = [value for value in values if value.setting.comparable(row.setting) and not value.reference]
    scores = {value.model: score(value) for value in here if has_rank(value)}
    if len(scores) < 2:
        return {}
    above = max((highest(value) for value in here if not has_rank(value)), default=-math.inf)
    top = max(scores.values())
    if above > top:
        return {}
    best = [model for model, points in scores.items() if points == top]
    if tied:
        first = next(value for value in here if value.model == best[0])
        if first.interval is None:
            return {}
        best = [value.model for value in here if value.model in scores and not apart(first, value)]
    found: dict[str, Rank] = dict.fromkeys(best, "best")
    second = max((points for model, points in scores.items() if model not in best), default=-math.inf)
    if len(best) == 1 and second >= above:
        found.update({model: "second" for model, points in scores.items() if points == second})
    return found


def has_rank(value: Value) -> bool:
    return (
        value.kind == "number" and value.value is not None and not value.approximate and bool(value.complete)
    )


def score(value: Value) -> float:
    """As it is shown: what reads the same is a tie."""
    assert value.value is not None
    return round(value.value, digits_of(value.printed))


def highest(value: Value) -> float:
    """The most that a value without a rank could be, in points."""
    if not value.complete:
        return value.bounds[1] if value.bounds else math.inf
    if value.kind in ("missing", "not_disclosed", "text"):
        return -math.inf
    if value.kind == "range" and value.high is not None and not value.approximate:
        return value.high
    return math.inf


def apart(one: Value, other: Value) -> bool:
    """Whether two scores can be told apart: the 95% interval of their difference leaves out zero.

    It is made from both scores' intervals (Newcombe's hybrid, square and add), as for independent samples:
    pairs of runs are compared better task by task (`evalkit compare`). Without an interval: not.
    """
    high, low = (one, other) if score(one) >= score(other) else (other, one)
    if high.interval is None or low.interval is None or high.value is None or low.value is None:
        return False
    down, up = reach(high.value, high.interval)[0], reach(low.value, low.interval)[1]
    return high.value - low.value > math.hypot(down, up)


def reach(points: float, interval: Interval) -> tuple[float, float]:
    """From a score down and up to the ends of its interval."""
    return points - interval.low, interval.high - points
