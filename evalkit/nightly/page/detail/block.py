"""The grid as data for the page's script: short, and safe to show.

{"tasks": [name], "states": [words], "shades": [share that passed, or -1 without a verdict],
 "cells": [a text for each task: a character for each night, which of the states],
 "days": [iso], "names": [run's folder as `evalkit show` takes it, "" where there is none],
 "simulated": "0" or "1" for each night,
 "hollow": {night: why}, "epochs": {night: why}, "first": night or null, "about": words,
 "before": [[passed, scored]], "after": [...], "flips": [per mille, -1 unknown], "flipped": [task],
 "apart": {task: words}}

Tasks are in the order of their change; numbers of tasks and nights count from 0.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from evalkit.nightly.page.days import long, short
from evalkit.nightly.page.detail.change import LEAST_PAIRS, RECENT, Change, Flaky
from evalkit.nightly.page.detail.flips import Flips
from evalkit.nightly.page.detail.grid import Grid
from evalkit.nightly.standing import Standing
from evalkit.report.drill.packed import packed
from evalkit.run.passages import cut
from evalkit.text import shown

LONGEST = 300  # characters of a name
REASONS = 500  # different texts of a series that are kept; what is rarer loses its reason


def block(
    standing: Standing,
    grid: Grid,
    change: Change,
    order: Sequence[int],
    flaky: Sequence[Flaky],
    flips: Flips,
    now: date,
    folder: Path,
) -> str:
    place = {task: at for at, task in enumerate(order)}
    number, words, shades = _states(grid)
    letter = [chr(_code(at)) for at in range(len(words))]
    found: dict[str, Any] = {
        "tasks": [label(grid.tasks[task]) for task in order],
        "states": words,
        "shades": shades,
        "cells": ["".join([letter[number[at]] for at in grid.rows[task]]) for task in order],
        "days": [night.day.isoformat() for night in grid.nights],
        "simulated": "".join("01"[night.simulated] for night in grid.nights),
        "names": [command(folder, night.day, night.run, simulated=night.simulated) for night in grid.nights],
        "hollow": {at: label(why) for at, why in enumerate(grid.hollow) if why},
        "epochs": {at: label(why) for at, why in standing.watched.epochs.items()},
        "first": change.first,
        "about": about(grid, change, now),
        "before": [change.before[task] for task in order],
        "after": [change.after[task] for task in order],
        "flips": [
            round(1000 * flaky[task].rate) if flaky[task].pairs >= LEAST_PAIRS else -1 for task in order
        ],
        "flipped": sorted(place[flip.task] for flip in flips.flips),
        "apart": {place[task]: words for task, words in apart(standing, grid, now).items()},
    }
    return packed(found)


def label(text: str) -> str:
    return shown(cut(text, LONGEST)).replace("\n", "‹U+000A›")


def _states(grid: Grid) -> tuple[list[int], list[str], list[float]]:
    """For each of the grid's states its number among those of the block; their words and shades."""
    words: dict[tuple[str, float], int] = {}
    number = []
    for at, state in enumerate(grid.states):
        share = -1.0 if state.share is None else round(state.share, 4)
        told = state if at < REASONS else state._replace(reason=state.reason.partition("/")[0][:20])
        number.append(words.setdefault((label(told.words), share), len(words)))
    return number, [text for text, _ in words], [share for _, share in words]


def _code(at: int) -> int:
    """Of a character that JSON writes as itself: not a quote, not a backslash, no surrogate."""
    code = 0x23 + at
    code += code >= 0x5C
    return code if code < 0x7F else code + 0x100 - 0x7F


def about(grid: Grid, change: Change, now: date) -> str:
    """What "before" and "after" are."""
    if change.first is None:
        return "Before: every night of this baseline; there are too few to tell the last week apart."
    begin = short(grid.nights[change.first].day, now)
    if change.event is None:
        return f"After: the last {RECENT} nights, from {begin}. Before: the comparable nights until then."
    return (
        f"After: the nights from {begin}, with which the change begins. Before: the nights of its baseline."
    )


def command(folder: Path, day: date, run: str, *, simulated: bool) -> str:
    """How a run is named to `evalkit show`."""
    return "" if not run or simulated else label(shlex.quote(str(folder / day.isoformat() / run)))


def apart(standing: Standing, grid: Grid, now: date) -> Mapping[int, str]:
    """Tasks in quarantine, and what is said of it."""
    known = {task: at for at, task in enumerate(grid.tasks)}
    found = {}
    for one in standing.quarantined:
        if one.task not in known:
            continue
        until = f"until {long(one.until)}"
        if one.expired(now):
            until = f"expired on {long(one.until)}: it counts in alarms again"
        found[known[one.task]] = label(f"Quarantine {until}: {one.reason} ({one.owner})")
    return found
