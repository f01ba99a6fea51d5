"""Differences of the subject to each other model, as forest plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.content import Difference, Forest
from evalkit.report.labels import Labels
from evalkit.report.page.looks import Looks
from evalkit.report.page.marks.forest import axis, difference, head


@dataclass(frozen=True)
class Line:
    """All in words but for the plot. `flips`: ids of the two runs, "A B", where they are paired."""

    label: str
    n: str
    a: str
    b: str
    delta: str
    sort: str
    plot: Markup
    interval: str
    why: bool  # there is none, and `interval` says why
    detectable: str
    p: str
    flips: str
    changed: str
    apart: bool  # the interval leaves out zero


@dataclass(frozen=True)
class Versus:
    """One forest. Some line has a p (`tested`), is of two runs (`paired`), has a family's p (`adjusted`)."""

    title: str
    tab: str
    a: str
    b: str
    head: Markup
    style: str
    lines: Sequence[Line]
    family: str
    tested: bool
    paired: bool
    adjusted: bool


def versus(forest: Forest, looks: Looks, labels: Labels) -> Versus:
    ends = [end for d in forest.differences if d.interval for end in (d.interval.low, d.interval.high)]
    scale = axis([*ends, *(d.delta for d in forest.differences)])
    look = looks.of[forest.a.id]
    a, b = named(forest)

    def line(d: Difference) -> Line:
        low, high = (d.interval.low, d.interval.high) if d.interval else (None, None)
        said = labels.between(d.interval.low, d.interval.high) if d.interval else without(d, labels)
        p = d.p if d.adjusted is None else d.adjusted
        return Line(
            d.label,
            labels.count(d.n) if d.n else "–",
            labels.number(d.a),
            labels.number(d.b),
            labels.signed(d.delta),
            f"{d.delta:g}",
            difference(scale, look, d.delta, low, high, paired=d.paired),
            said,
            bool(d.incomparable),
            "–" if d.detectable is None else labels.number(d.detectable),
            "–" if p is None else small(p),
            " ".join(d.runs) if d.runs else "",
            "" if d.better is None or d.worse is None else f"{d.better:,} : {d.worse:,}",
            d.interval is not None and (d.interval.low > 0 or d.interval.high < 0),
        )

    title = labels("forest.title", a=a, b=b)
    higher = [labels("forest.higher", model=name) for name in (b, a)]
    return Versus(
        title,
        labels("forest.against", model=b) if forest.a.id == looks.subject else title,
        a,
        b,
        head(scale, *higher),
        scale.style,
        tuple(line(d) for d in forest.differences),
        labels("forest.family", family=forest.family) if forest.family else "",
        any(d.p is not None for d in forest.differences),
        any(d.paired for d in forest.differences),
        any(d.adjusted is not None for d in forest.differences),
    )


def without(d: Difference, labels: Labels) -> str:
    return d.incomparable or labels("table.n.unknown")


def named(forest: Forest) -> tuple[str, str]:
    """Both names, with their versions where the names alone are the same."""
    if forest.a.display != forest.b.display:
        return forest.a.display, forest.b.display
    return f"{forest.a.display} {forest.a.detail}", f"{forest.b.display} {forest.b.detail}"


def small(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
