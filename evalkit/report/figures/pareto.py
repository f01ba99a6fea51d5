"""Cost and score of the runs of one suite, and the line of those that none beats in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.report.content import RunFacts
from evalkit.report.figures.legend import LINE, draw_legend, lined, lines_of, marked
from evalkit.report.figures.runs import names
from evalkit.report.figures.sheet import ONE_COLUMN, PLAIN, SMALL, Sheet
from evalkit.report.labels import Labels
from evalkit.report.palette import Mark, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, TOP, WIDTH, HEIGHT = 0.4, 0.43, 2.85, 1.75


@dataclass(frozen=True)
class Point:
    """`cost`: dollars of a sample; `score` in points."""

    run: RunFacts
    cost: float
    score: float


def points(runs: Sequence[RunFacts]) -> list[Point]:
    """Of the runs whose cost is known and not zero, and that have a score."""
    found = []
    for run in runs:
        asked = run.summary.planned - run.accounts.get("not_run", 0)
        if run.summary.cost and run.score is not None and asked:
            found.append(Point(run, run.summary.cost / asked, run.score))
    return found


def front(found: Sequence[Point]) -> list[Point]:
    """Complete runs that no other complete one beats in cost and score, cheapest first."""
    best: list[Point] = []
    for point in sorted((p for p in found if not p.run.state), key=lambda p: (p.cost, -p.score)):
        if not best or point.score > best[-1].score:
            best.append(point)
    return best


def pareto(runs: Sequence[RunFacts], marks: Mapping[str, Mark], said: Labels, theme: Theme) -> Sheet | None:
    """None where fewer than two runs have a known cost. `runs` are of one suite."""
    found = points(runs)
    if len(found) < 2:
        return None
    called = names([point.run for point in found])
    entries = [
        marked(called[point.run.id], marks[point.run.model.id], "pale" if point.run.state else "full")
        for point in found
    ]
    entries += [lined(said["key.interval"])]
    if len(front(found)) > 1:
        entries.append(lined(said["cost.front"], "--"))
    if any(point.run.state for point in found):
        entries.append(lined(said["key.bounds"], ":"))
    lines = len(lines_of(entries, ONE_COLUMN - 0.1, Sheet(ONE_COLUMN, 1.0, theme)))
    sheet = Sheet(ONE_COLUMN, TOP + HEIGHT + 0.41 + LINE * lines, theme)
    sheet.text(0.05, 0.13, found[0].run.summary.title, bold=True, size=PLAIN, fit=ONE_COLUMN - 0.1)
    sheet.text(0.05, TOP - 0.13, said["cost.score"], size=SMALL, colour=sheet.muted)
    axes = scale(sheet, found, said)
    best = front(found)
    if len(best) > 1:
        axes.plot(
            [p.cost for p in best],
            [p.score for p in best],
            color=sheet.muted,
            lw=1.0,
            ls="--",
            drawstyle="steps-post",
            zorder=1,
        )
    for point in found:
        draw(sheet, axes, point, marks[point.run.model.id])
    sheet.text(
        LEFT + WIDTH / 2,
        TOP + HEIGHT + 0.25,
        said["cost.axis"],
        size=SMALL,
        colour=sheet.muted,
        side="center",
    )
    draw_legend(sheet, entries, 0.05, TOP + HEIGHT + 0.45, ONE_COLUMN - 0.1)
    return sheet


def draw(sheet: Sheet, axes: Axes, point: Point, mark: Mark) -> None:
    colour, interval = mark.colour_on(sheet.theme), point.run.interval
    if point.run.state:
        low, high = (100 * end for end in point.run.summary.bounds)
        axes.plot([point.cost] * 2, [low, high], color=colour, lw=0.9, ls=":")
    elif interval:
        axes.plot(
            [point.cost] * 2,
            [interval.low, interval.high],
            color=colour,
            lw=0.9,
            alpha=0.6,
        )
    sheet.mark(mark, point.cost, point.score, fill="pale" if point.run.state else "full", axes=axes)


def scale(sheet: Sheet, found: Sequence[Point], said: Labels) -> Axes:
    axes = sheet.axes(LEFT, TOP, WIDTH, HEIGHT)
    axes.set_xscale("log")
    costs = [point.cost for point in found]
    room = max((max(costs) / min(costs)) ** 0.12, 1.25)
    low, high = min(costs) / room, max(costs) * room
    axes.set_xlim(low, high)
    axes.minorticks_off()
    ticks = money_ticks(low, high)
    axes.set_xticks(ticks, [f"${tick:g}" for tick in ticks])
    ends = [point.score for point in found]
    ends += [
        end
        for p in found
        if p.run.interval
        for end in (p.run.interval.low, p.run.interval.high, *(100 * b for b in p.run.summary.bounds))
    ]
    step = next(step for step in (1, 2, 5, 10, 20) if (max(ends) - min(ends)) / step <= 5 or step == 20)
    bottom = max(0, step * int(min(ends) // step))
    top = min(100, step * -int(-max(ends) // step))
    axes.set_ylim(bottom, top + 0.02 * (top - bottom))
    scores = list(range(bottom, top + 1, step))
    axes.set_yticks(scores, [str(score) for score in scores])
    for score in scores:
        axes.axhline(score, color=sheet.hair, lw=0.6, zorder=0, clip_on=False)
    return axes


def money_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between two costs, at most six of them."""
    edge = (high / low) ** 0.07  # a number at the very edge would lie over the other scale's
    every = [digit * 10.0**power for power in range(-7, 6) for digit in (1, 2, 5)]
    inside = [round(tick, 9) for tick in every if low * edge <= tick <= high / edge]
    while len(inside) > 6:
        inside = inside[::3] if len(inside) > 12 else inside[::2]
    return inside
