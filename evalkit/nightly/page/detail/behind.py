"""The tasks that changed most, one mark a night: a table that needs no script, and prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.nightly.dating import fisher
from evalkit.nightly.page.detail.change import Change, Count, order
from evalkit.nightly.page.detail.grid import Grid, State
from evalkit.report.page.marks.svg import line, num, svg

MOST = 8  # tasks
NIGHTS, EARLIER = 28, 10  # marks of a task, and how many of them are of before, at least
PITCH, SIZE = 13, 11
CLEAR = 0.05  # p of one such difference among all tasks, where nothing has alarmed


@dataclass(frozen=True)
class Behind:
    """One task. `ends`: what most of its samples that did not pass ended as, since the change."""

    task: str
    marks: Markup
    before: str
    after: str
    ends: str


def behind(grid: Grid, change: Change, most: int = MOST) -> list[Behind]:
    """The largest changes. Without an alarm only such as are hardly noise: else there are always some."""
    found = order(grid, change)
    if change.event is None:
        found = [task for task in found if _clear(change, task)]
    shown = window(grid, change)
    faint = [bool(grid.hollow[night]) for night in shown]
    return [
        Behind(
            grid.tasks[task],
            marks([grid.state(task, night) for night in shown], _cut(shown, change), faint),
            of(change.before[task]),
            of(change.after[task]),
            usual_end(grid, change, task),
        )
        for task in found[:most]
        if change.difference(task)
    ]


def _clear(change: Change, task: int) -> bool:
    if not change.difference(task):
        return False
    return fisher(*change.before[task], *change.after[task]) < CLEAR / len(change.before)


def of(count: Count) -> str:
    return f"{count[0]} / {count[1]}" if count[1] else "–"


def window(grid: Grid, change: Change) -> range:
    """The last nights, with some of before the change; where that is long ago, up to NIGHTS around it."""
    end = len(grid.nights)
    begin = max(0, end - NIGHTS)
    if change.first is not None and begin > change.first - EARLIER:
        begin = max(0, change.first - EARLIER)
    return range(begin, min(end, begin + NIGHTS))


def _cut(shown: Sequence[int], change: Change) -> int | None:
    return shown.index(change.first) if change.first is not None and change.first in shown else None


def usual_end(grid: Grid, change: Change, task: int) -> str:
    if change.first is None:
        return ""
    later = [grid.state(task, night) for night in range(change.first, len(grid.nights))]
    reasons = Counter(state.reason for state in later if state.scored and state.reason)
    return max(reasons, key=lambda reason: (reasons[reason], reason), default="")


def marks(states: Sequence[State], cut: int | None, hollow: Sequence[bool]) -> Markup:
    """A square a night: passed, failed, part of each, an outline where there is no verdict; faint where the
    night is not compared. A line stands where the change is."""
    boxes: dict[str, list[str]] = {}
    for at, (state, faint) in enumerate(zip(states, hollow, strict=True)):
        for css, box in _boxes(state, at * PITCH + 1):
            boxes.setdefault(f"{css} faint" if faint else css, []).append(box)
    parts = [Markup('<path class="{}" d="{}"/>').format(css, "".join(d)) for css, d in boxes.items()]
    if cut is not None:
        parts.append(line(cut * PITCH, 0, cut * PITCH, SIZE + 4, "cut"))
    return svg(len(states) * PITCH + 1, SIZE + 4, parts)


def _boxes(state: State, x: float) -> Iterator[tuple[str, str]]:
    if state.share is None:
        if state.reason:
            yield "v-none", _box(x + 0.5, 2.5, SIZE - 1, SIZE - 1)
        return
    high = round(SIZE * state.share, 1)
    if high:
        yield "v-pass", _box(x, 2 + SIZE - high, SIZE, high)
    if high < SIZE:
        yield "v-fail", _box(x, 2, SIZE, SIZE - high)


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{num(x)} {num(y)}h{num(width)}v{num(height)}h{num(-width)}z"
