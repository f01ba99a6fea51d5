"""Scores by benchmark: a row a setting, a mark a model, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.report.figures.legend import LINE, Entry, draw_legend, lined, lines_of, marked, ringed
from evalkit.report.figures.sheet import PLAIN, SMALL, TWO_COLUMNS, Fill, Sheet
from evalkit.report.labels import Labels
from evalkit.report.palette import Mark, Theme
from evalkit.report.values import Row, Table, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, RIGHT = 2.3, 0.16  # inches beside the scale
LANE, EDGE = 0.066, 0.075  # a model's line, and the room above and below a row's lines
GROUP, HEADING = 0.27, 0.19  # heights of headings
TICKS = (0, 20, 40, 60, 80, 100)


def strip(table: Table, marks: Mapping[str, Mark], said: Labels, theme: Theme) -> Sheet | None:
    """None where the table has no number."""
    lines = list(lines_with_numbers(table))
    if not any(values for _, values in lines):
        return None
    heights = [height(row, values, i, lines) for i, (row, values) in enumerate(lines)]
    entries = key(table, lines, marks, said)
    scratch = Sheet(TWO_COLUMNS, 1.0, theme)
    top = 0.1 + LINE * len(lines_of(entries, TWO_COLUMNS - 0.1, scratch)) + 0.08
    body = sum(heights)
    sheet = Sheet(TWO_COLUMNS, top + body + 0.38, theme)
    draw_legend(sheet, entries, 0.05, 0.12, TWO_COLUMNS - 0.1)
    axes = scale(sheet, top, body)
    y = 0.0
    for i, ((row, values), tall) in enumerate(zip(lines, heights, strict=True)):
        opens = opens_group(i, lines)
        if opens:
            if row.group:
                sheet.text(0.05, top + y + GROUP / 2 + 0.02, row.group, bold=True, fit=TWO_COLUMNS / 2)
            if i:
                sheet.line(0.05, top + y, TWO_COLUMNS - 0.1, sheet.muted, lw=0.5)
        elif row.origin == "published" and not row.level:
            sheet.rule(0.05, top + y, TWO_COLUMNS - 0.1)
        middle = y + (GROUP if opens and row.group else 0.0)
        middle += (tall - (GROUP if opens and row.group else 0.0)) / 2
        name(sheet, row, top + middle, said)
        draw_values(sheet, axes, values, middle, marks)
        y += tall
    sheet.text(
        LEFT + (TWO_COLUMNS - LEFT - RIGHT) / 2,
        top + body + 0.28,
        said["table.marks"],
        size=SMALL,
        colour=sheet.muted,
        side="center",
    )
    return sheet


def lines_with_numbers(table: Table) -> list[tuple[Row, list[tuple[int, Value]]]]:
    """Rows with a number or a range of any model, by column; headings over such rows."""
    found: list[tuple[Row, list[tuple[int, Value]]]] = []
    for row in table.rows:
        cells = [table.cells.get((row.id, model.id)) for model in table.models]
        values = [(i, v) for i, v in enumerate(cells) if v and (v.value is not None or v.low is not None)]
        if values or row.heading:
            found.append((row, values))
    return [
        (row, values)
        for i, (row, values) in enumerate(found)
        if values or (i + 1 < len(found) and found[i + 1][0].level > row.level)
    ]


def opens_group(i: int, lines: Sequence[tuple[Row, object]]) -> bool:
    return i == 0 or lines[i - 1][0].group != lines[i][0].group


def height(row: Row, values: Sequence[object], i: int, lines: Sequence[tuple[Row, object]]) -> float:
    tall = HEADING if not values else max(HEADING, LANE * (len(values) - 1) + 2 * EDGE)
    return tall + (GROUP if opens_group(i, lines) and row.group else 0.0)


def scale(sheet: Sheet, top: float, body: float) -> Axes:
    """Axes over the rows: points across, inches down."""
    axes = sheet.axes(LEFT, top, TWO_COLUMNS - LEFT - RIGHT, body)
    axes.set_xlim(0, 100)
    axes.set_xticks(TICKS, [str(tick) for tick in TICKS])
    for tick in TICKS:
        axes.axvline(tick, color=sheet.hair, lw=0.6, zorder=0, clip_on=False)
    return axes


def name(sheet: Sheet, row: Row, y: float, said: Labels) -> None:
    measured = row.origin == "measured" and row.level > 0  # under the printed row of its benchmark
    x = 0.05 + 0.14 * row.level
    own = not row.level or row.origin == "measured"  # a printed row below a heading has the heading's
    count = said("table.n", n=row.n) if row.n and own else ""
    room = LEFT - x - 0.12 - (sheet.wide(count, SMALL) + 0.06 if count else 0.0)
    colour = sheet.muted if measured else sheet.ink
    used = sheet.text(x, y, row.label, size=SMALL if measured else PLAIN, colour=colour, fit=room)
    if count:
        sheet.text(x + used + 0.06, y, count, size=SMALL, colour=sheet.muted)


def draw_values(
    sheet: Sheet, axes: Axes, values: Sequence[tuple[int, Value]], middle: float, marks: Mapping[str, Mark]
) -> None:
    first = middle - LANE * (len(values) - 1) / 2
    for lane, (_, value) in enumerate(values):
        y, mark = first + LANE * lane, marks[value.model]
        colour = mark.colour_on(sheet.theme)
        if value.interval:
            axes.plot(
                [value.interval.low, value.interval.high],
                [y, y],
                color=colour,
                lw=0.9,
                alpha=0.6,
                solid_capstyle="butt",
            )
        if value.low is not None and value.high is not None:  # a printed range is no interval
            axes.plot(
                [value.low, value.high], [y, y], color=colour, lw=3.2, alpha=0.35, solid_capstyle="butt"
            )
        if not value.complete and value.bounds:
            axes.plot(list(value.bounds), [y, y], color=colour, lw=0.9, ls=":")
        if value.value is not None:
            sheet.mark(mark, value.value, y, fill=fill_of(value), axes=axes)


def fill_of(value: Value) -> Fill:
    if value.origin == "published":
        return "none"
    return "full" if value.complete else "pale"


def key(
    table: Table,
    lines: Sequence[tuple[Row, Sequence[tuple[int, Value]]]],
    marks: Mapping[str, Mark],
    said: Labels,
) -> list[Entry]:
    values = [value for _, found in lines for _, value in found]
    shown = {value.model for value in values}
    origins = {value.origin for value in values}
    entries = [
        marked(model.display, marks[model.id], "full" if "measured" in origins else "none")
        for model in table.models
        if model.id in shown
    ]
    if "published" in origins:
        entries.append(ringed(said["key.published"], "none"))
    if "measured" in origins:
        entries.append(ringed(said["key.measured"], "full"))
    if any(value.interval for value in values):
        entries.append(lined(said["key.interval"]))
    if any(not value.complete and value.bounds for value in values):
        entries.append(lined(said["key.bounds"], ":"))
    return entries
