"""pass@k and pass^k over k, of the runs of one suite with several samples a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.report.content import RunFacts
from evalkit.report.figures.legend import LINE, draw_legend, lined, lines_of, marked
from evalkit.report.figures.runs import longest, names
from evalkit.report.figures.sheet import ONE_COLUMN, PLAIN, SMALL, Sheet
from evalkit.report.labels import Labels
from evalkit.report.palette import Mark, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, TOP, WIDTH, HEIGHT = 0.4, 0.43, 2.55, 1.75  # of the plot
END = 0.115  # between two numbers at the lines' ends, inches
MANY = 12  # of k: above it the scale is logarithmic
MOST_ENDS = 5  # runs whose last values are written out


def reliability(
    runs: Sequence[RunFacts], marks: Mapping[str, Mark], said: Labels, theme: Theme
) -> Sheet | None:
    """None where no run has two samples a task. `runs` are of one suite."""
    runs = longest([run for run in runs if run.spread and len(run.spread.pass_at) > 1])
    if not runs:
        return None
    called = names(runs)
    entries = [marked(called[run.id], marks[run.model.id], "full") for run in runs]
    entries += [
        lined(said("reliability.pass_at", k="k"), "-"),
        lined(said("reliability.pass_hat", k="k"), "--"),
    ]
    lines = len(lines_of(entries, ONE_COLUMN - 0.1, Sheet(ONE_COLUMN, 1.0, theme)))
    sheet = Sheet(ONE_COLUMN, TOP + HEIGHT + 0.24 + LINE * lines, theme)
    sheet.text(0.05, 0.13, runs[0].summary.title, bold=True, size=PLAIN, fit=ONE_COLUMN - 0.1)
    axes = scale(sheet, runs)
    ends: list[tuple[float, str]] = []
    for run in runs:
        assert run.spread
        colour = marks[run.model.id].colour_on(theme)
        for values, style in ((run.spread.pass_at, "-"), (run.spread.pass_hat, "--")):
            ks = sorted(values)
            axes.plot(ks, [100 * values[k] for k in ks], color=colour, lw=1.1, ls=style)
            for k in ks[:: max(1, len(ks) // 10)]:
                sheet.mark(marks[run.model.id], k, 100 * values[k], fill="full", axes=axes, radius=1.9)
            ends.append((100 * values[ks[-1]], colour))
    if len(runs) <= MOST_ENDS:
        write_ends(sheet, axes, ends, said)
    sheet.text(
        LEFT + WIDTH + 0.06, TOP + HEIGHT + 0.075, said["reliability.k"], size=SMALL, colour=sheet.muted
    )
    sheet.text(0.05, TOP - 0.13, said["reliability.axis"], size=SMALL, colour=sheet.muted)
    draw_legend(sheet, entries, 0.05, TOP + HEIGHT + 0.29, ONE_COLUMN - 0.1)
    return sheet


def scale(sheet: Sheet, runs: Sequence[RunFacts]) -> Axes:
    ks = sorted({k for run in runs if run.spread for k in (*run.spread.pass_at, *run.spread.pass_hat)})
    axes = sheet.axes(LEFT, TOP, WIDTH, HEIGHT)
    least = min(100 * value for run in runs if run.spread for value in run.spread.pass_hat.values())
    ticks = range(min(60, 20 * int(least // 20)), 101, 20)
    axes.set_ylim(ticks[0], 100 + (100 - ticks[0]) / 50)
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    for tick in ticks:
        axes.axhline(tick, color=sheet.hair, lw=0.6, zorder=0, clip_on=False)
    wide = ks[-1] > MANY
    if wide:
        axes.set_xscale("log")
        axes.set_xlim(ks[0] / 1.1, ks[-1] * 1.1)
        axes.minorticks_off()
    else:
        axes.set_xlim(ks[0] - 0.25, ks[-1] + 0.25)
    shown = [k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if k <= ks[-1]] if wide else ks
    axes.set_xticks(shown, [str(k) for k in shown])
    return axes


def write_ends(sheet: Sheet, axes: Axes, ends: Sequence[tuple[float, str]], said: Labels) -> None:
    """The last values, beside the lines' ends, moved apart where they would lie on each other."""
    low, high = axes.get_ylim()
    places = sorted((TOP + HEIGHT * (high - value) / (high - low), value) for value, _ in ends)
    ys = spread_out([y for y, _ in places], END)
    for y, (_, value) in zip(ys, places, strict=True):
        sheet.text(LEFT + WIDTH + 0.06, y, said.number(value), size=SMALL)


def spread_out(places: Sequence[float], apart: float) -> list[float]:
    """Ascending places at least `apart` from one another, none moved further than must be."""
    groups: list[list[float]] = []  # [middle, how many]
    for place in places:
        groups.append([place, 1])
        while len(groups) > 1:
            (one, n), (other, m) = groups[-2:]
            if other - one >= apart * (n + m) / 2 - 1e-9:
                break
            groups[-2:] = [[(one * n + other * m) / (n + m), n + m]]
    return [middle + apart * (i - (n - 1) / 2) for middle, n in groups for i in range(int(n))]
