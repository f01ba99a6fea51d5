"""Where every sample of every run went: one bar a run, which sums to what was planned."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.report.content import ACCOUNTS, RunFacts
from evalkit.report.figures.legend import LINE, boxed, draw_legend, lines_of
from evalkit.report.figures.runs import by_suite, names
from evalkit.report.figures.sheet import PLAIN, SMALL, TWO_COLUMNS, Sheet, plain
from evalkit.report.labels import Labels
from evalkit.report.palette import ACCOUNT_COLOURS, INK, Theme

ROW, BAR, GROUP = 0.235, 0.145, 0.26
LEFT, WIDTH = 1.75, 3.35  # of the bars
PLANNED, SCORE, BOUNDS = 5.74, 6.32, 6.95  # right ends
HAIRLINE = 0.008  # between two classes, inches


def accounts(runs: Sequence[RunFacts], said: Labels, theme: Theme) -> Sheet | None:
    """None where no run has a sample."""
    runs = [run for run in runs if sum(run.accounts.values())]
    if not runs:
        return None
    groups = by_suite(runs)
    used = [name for name in ACCOUNTS if any(run.accounts.get(name) for run in runs)]
    entries = [
        boxed(said[f"accounts.{name}"], ACCOUNT_COLOURS[name].on(theme), filled=name != "not_run")
        for name in used
    ]
    scratch = Sheet(TWO_COLUMNS, 1.0, theme)
    key_lines = len(lines_of(entries, TWO_COLUMNS - 0.1, scratch))
    head, body = 0.3, GROUP * len(groups) + ROW * len(runs)
    sheet = Sheet(TWO_COLUMNS, head + body + 0.2 + LINE * key_lines, theme)
    for x, key in ((PLANNED, "accounts.planned"), (SCORE, "accounts.score"), (BOUNDS, "accounts.bounds")):
        sheet.text(x, 0.13, said[key], size=SMALL, colour=sheet.muted, side="right")
    sheet.text(0.05, 0.13, said["table.model"], size=SMALL, colour=sheet.muted)
    sheet.text(LEFT, 0.13, said["accounts.share"], size=SMALL, colour=sheet.muted)
    sheet.rule(0.05, head - 0.06, TWO_COLUMNS - 0.1, heavy=True)
    y = head
    for found in groups.values():
        if y > head:
            sheet.rule(0.05, y, TWO_COLUMNS - 0.1)
        sheet.text(0.05, y + GROUP / 2 + 0.01, found[0].summary.title, bold=True, fit=TWO_COLUMNS - 0.1)
        y += GROUP
        called = names(found)
        for run in found:
            sheet.text(0.05, y + ROW / 2, called[run.id], fit=LEFT - 0.15)
            bar(sheet, run, y + ROW / 2, said, theme)
            figures(sheet, run, y + ROW / 2, said)
            y += ROW
    sheet.rule(0.05, y + 0.03, TWO_COLUMNS - 0.1, heavy=True)
    draw_legend(sheet, entries, 0.05, y + 0.19, TWO_COLUMNS - 0.1)
    return sheet


def bar(sheet: Sheet, run: RunFacts, y: float, said: Labels, theme: Theme) -> None:
    total, x = sum(run.accounts.values()), LEFT
    for name in ACCOUNTS:
        count = run.accounts.get(name, 0)
        if not count:
            continue
        width, colour = WIDTH * count / total, ACCOUNT_COLOURS[name].on(theme)
        drawn = max(width - HAIRLINE, HAIRLINE / 2)
        face = "none" if name == "not_run" else colour
        sheet.box(
            x, y - BAR / 2, drawn, BAR, facecolor=face, edgecolor=colour, lw=0.5 if face == "none" else 0
        )
        if sheet.wide(said.count(count), SMALL) + 0.06 <= drawn:
            ink = sheet.muted if face == "none" else ink_on(colour)
            sheet.text(x + drawn / 2, y, said.count(count), size=SMALL, colour=ink, side="center")
        x += width


def ink_on(colour: str) -> str:
    """Dark or light ink, whichever reads better on a colour (WCAG's luminance)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return INK.light if luminance > 0.18 else "#ffffff"


def figures(sheet: Sheet, run: RunFacts, y: float, said: Labels) -> None:
    low, high = (100 * end for end in run.summary.bounds)
    score = said["value.missing"] if run.score is None else said.number(run.score)
    sheet.text(PLANNED, y, said.count(run.summary.planned), size=SMALL, side="right")
    sheet.text(SCORE, y, plain(score), size=PLAIN, side="right", bold=True)
    if high > low:
        sheet.text(BOUNDS, y, said.interval(low, high), size=SMALL, colour=sheet.muted, side="right")
