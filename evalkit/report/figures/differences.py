"""Differences of two models, setting by setting: a forest plot with its numbers beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.report.content import Difference, Forest
from evalkit.report.figures.legend import LINE, Entry, draw_legend, lined, lines_of, ringed
from evalkit.report.figures.sheet import PLAIN, SMALL, TWO_COLUMNS, Sheet, plain
from evalkit.report.labels import Labels
from evalkit.report.palette import Mark, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 0.195
NAME, COUNT, DELTA = 0.05, 2.78, 3.16  # name's left end; right ends of n and of the difference
LEFT, WIDTH = 3.26, 2.22  # of the plot
INTERVAL, DETECTABLE = 6.52, 6.95  # right ends
STEPS = (1, 2, 5, 10, 20, 25, 50, 100)


def differences(forest: Forest, marks: Mapping[str, Mark], said: Labels, theme: Theme) -> Sheet | None:
    """None where there is no difference."""
    found = forest.differences
    if not found:
        return None
    entries, body = key(found, said), ROW * len(found)
    lines = len(lines_of(entries, LEFT - 0.1, Sheet(TWO_COLUMNS, 1.0, theme)))
    head, foot = 0.62, 0.28 + LINE * max(lines, 1)
    sheet = Sheet(TWO_COLUMNS, head + body + foot, theme)
    title = said("forest.title", a=forest.a.display, b=forest.b.display)
    sheet.text(NAME, 0.14, title, size=PLAIN + 1, bold=True, fit=TWO_COLUMNS - 0.1)
    headings(sheet, forest, said)
    sheet.rule(NAME, head - 0.07, TWO_COLUMNS - 0.1, heavy=True)
    sheet.rule(NAME, head + body + 0.04, TWO_COLUMNS - 0.1, heavy=True)
    axes = scale(sheet, head, body, found, said)
    for i, difference in enumerate(found):
        y = head + ROW * (i + 0.5)
        if i:
            sheet.rule(NAME, y - ROW / 2, LEFT - NAME - 0.1)
            sheet.rule(LEFT + WIDTH + 0.06, y - ROW / 2, TWO_COLUMNS - 0.05 - LEFT - WIDTH - 0.06)
        numbers(sheet, difference, y, said)
        draw(sheet, axes, difference, ROW * (i + 0.5), marks[forest.a.id])
    sheet.text(
        LEFT + WIDTH / 2,
        head + body + 0.31,
        said["forest.axis"],
        size=SMALL,
        colour=sheet.muted,
        side="center",
    )
    draw_legend(sheet, entries, NAME, head + body + 0.31, LEFT - 0.1)
    return sheet


def headings(sheet: Sheet, forest: Forest, said: Labels) -> None:
    y = 0.46
    for x, text, side in (
        (NAME, said["table.setting"], "left"),
        (COUNT, "n", "right"),
        (DELTA, said["forest.delta"], "right"),
        (INTERVAL, said["table.interval"], "right"),
        (DETECTABLE, said["forest.detectable"], "right"),
    ):
        sheet.text(x, y, text, size=SMALL, colour=sheet.muted, side="left" if side == "left" else "right")
    names = [plain(model.display) for model in (forest.b, forest.a)]
    words = [said("forest.higher", model=name) for name in names]
    room = WIDTH / 2 - 0.2
    if max(sheet.wide(word, SMALL) for word in words) > room:
        words = [sheet.cut(name, room, SMALL) for name in names]
    x = LEFT + WIDTH / 2
    sheet.text(x - 0.06, y, f"← {words[0]}", size=SMALL, colour=sheet.muted, side="right")
    sheet.text(x + 0.06, y, f"{words[1]} →", size=SMALL, colour=sheet.muted)


def scale(sheet: Sheet, top: float, body: float, found: Sequence[Difference], said: Labels) -> Axes:
    """Points across, the same far on both sides of zero."""
    ends = [abs(d.delta) for d in found]
    ends += [abs(end) for d in found if d.interval for end in (d.interval.low, d.interval.high)]
    reach = max(1.0, 1.04 * max(ends))
    step = next((step for step in STEPS if reach / step <= 3.2), 100)
    ticks = [step * i for i in range(-int(reach // step), int(reach // step) + 1)]
    axes = sheet.axes(LEFT, top, WIDTH, body + 0.04)
    axes.set_xlim(-reach, reach)
    axes.tick_params(axis="x", pad=3.5)
    axes.set_xticks(ticks, [said.signed(tick, 0) for tick in ticks])
    for tick in ticks:
        zero = tick == 0
        axes.axvline(tick, color=sheet.ink if zero else sheet.hair, lw=0.7 if zero else 0.5, zorder=0)
    return axes


def numbers(sheet: Sheet, difference: Difference, y: float, said: Labels) -> None:
    d = difference
    count = said.count(d.n) if d.n else said["value.missing"]
    used = sheet.wide(count, SMALL)
    sheet.text(NAME, y, d.label, fit=COUNT - NAME - used - 0.12)
    sheet.text(COUNT, y, count, size=SMALL, colour=sheet.muted, side="right")
    sheet.text(DELTA, y, said.signed(d.delta), side="right", bold=True)
    if d.interval:
        ends = f"[{said.signed(d.interval.low)}, {said.signed(d.interval.high)}]"
        sheet.text(INTERVAL, y, ends, size=SMALL, side="right")
    else:
        why = said["table.incomparable.short"] if d.incomparable else said["value.missing"]
        sheet.text(INTERVAL, y, why, size=SMALL, colour=sheet.muted, side="right")
    least = said["value.missing"] if d.detectable is None else said.number(d.detectable)
    sheet.text(DETECTABLE, y, least, size=SMALL, colour=sheet.muted, side="right")


def draw(sheet: Sheet, axes: Axes, difference: Difference, y: float, mark: Mark) -> None:
    colour = sheet.muted if difference.incomparable else mark.colour_on(sheet.theme)
    if difference.interval:
        ends = [difference.interval.low, difference.interval.high]
        axes.plot(ends, [y, y], color=colour, lw=1.0, alpha=0.7, solid_capstyle="butt")
    sheet.mark(
        mark, difference.delta, y, fill="full" if difference.paired else "none", axes=axes, colour=colour
    )


def key(found: Sequence[Difference], said: Labels) -> list[Entry]:
    entries = []
    if any(not d.paired for d in found):
        entries.append(ringed(said["forest.unpaired"], "none"))
    if any(d.paired for d in found):
        entries.append(ringed(said["forest.paired"], "full"))
    if any(d.interval for d in found):
        entries.append(lined(said["key.interval"]))
    return entries
