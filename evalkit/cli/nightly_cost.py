"""evalkit nightly run PLAN --dry-run: the night in a table, and what it comes to."""

from __future__ import annotations

import sys
from datetime import date

from evalkit.cli.text import Style, count, duration, money, one_line, table
from evalkit.nightly.cost import Foreseen, foresee, total
from evalkit.nightly.plan import Plan

USAGE = 2


def show_cost(plan: Plan, day: date) -> int:
    """0, or 2 where the night could not run as it is planned."""
    found = []
    for number, one in enumerate(foresee(plan, day), 1):
        if sys.stderr.isatty():
            print(f"\r\x1b[2K{number}/{len(plan.cells)}", end="", file=sys.stderr, flush=True)
        found.append(one)
    if sys.stderr.isatty():
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
    print(f"{one_line(plan.name)}, the night of {day}: would do this (nothing was sent or written)")
    print(table([HEAD, *map(row, found), sums(found)], right=frozenset((2, 3, 4, 5, 6, 7))))
    for line in limits(plan, found):
        print(line)
    style = Style(sys.stderr)
    for one in found:
        if one.trouble:
            print(style.bad(f"{name(one)}: {one_line(one.trouble)}"), file=sys.stderr)
    return USAGE if any(one.trouble for one in found) else 0


HEAD = ["suite", "model", "tasks", "samples", "calls", "at most", "as before", "time"]


def name(one: Foreseen) -> str:
    return one_line(f"{one.cell.suite} x {one.cell.model}", 100)


def row(one: Foreseen) -> list[str]:
    said = one.projection
    labels = [one_line(one.cell.suite, 40), one_line(one.cell.model, 40)]
    if one.whole:
        return [*labels, "whole already", "", "0", money(0), "", ""]
    if not said:
        return [*labels, "refused", "", "", "", "", ""]
    return [
        *labels,
        count(said["tasks"]),
        count(said["planned"]),
        count(said["calls"]),
        money(one.at_most),
        _before(one),
        "unknown" if one.seconds is None else duration(one.seconds),
    ]


def _before(one: Foreseen) -> str:
    return "unknown" if one.money is None else money(one.money)


def sums(found: list[Foreseen]) -> list[str]:
    """Of what is left to do; what is not known is said, not taken for 0."""
    left = [one for one in found if one.projection]
    counted = [str(count(sum(one.projection[key] for one in left))) for key in ("tasks", "planned", "calls")]
    figures = []
    for values, shown in (
        ([one.at_most for one in left], money),
        ([one.money for one in left], money),
        ([one.seconds for one in left], duration),
    ):
        sum_of = total(values)
        if sum_of.unknown == len(left):
            figures.append("unknown")
        else:
            figures.append(shown(sum_of.known) + (f" + {sum_of.unknown} unknown" if sum_of.unknown else ""))
    return ["all", "", *counted, *figures]


def limits(plan: Plan, found: list[Foreseen]) -> list[str]:
    """What the plan allows, and whether that is too little for what is known."""
    lines = []
    nights = max((one.nights for one in found), default=0)
    lines.append("at most: by the catalog's prices, every reply at its limit")
    lines.append(
        f"as before, time: the median of the last {nights} night{'s' if nights > 1 else ''}"
        if nights
        else "as before, time: no night has told yet"
    )
    if plan.money is not None:
        before = total([one.money for one in found if one.projection])
        over = ": too little for what nights before took" if before.known > plan.money else ""
        lines.append(f"the night may take {money(plan.money)}{over}")
        why = "the catalog has no price for it, and money is limited"
        lines += [f"{name(one)} will stop at its first call: {why}" for one in found if one.unpriced]
    if plan.hours is not None:
        before = total([one.seconds for one in found if one.projection])
        over = ": too little for what nights before took" if before.known > plan.hours * 3600 else ""
        lines.append(f"the night may take {duration(plan.hours * 3600)}{over}")
    return lines
