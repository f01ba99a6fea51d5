"""What people read after a run. The figures come from run.summary; nothing is computed here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.cli.text import Style, count, duration, money, one_line, percent, table
from evalkit.run.summary import Summary

LABEL = 12  # width of the first column
WIDTH = 100
PAUSED = {
    "interrupted": "interrupted",
    "cost": "paused by --max-cost",
    "time": "paused by --max-time",
    "sandbox": "stopped: the sandbox broke",
    "model": "stopped: no model call went through",
}


def summary_text(s: Summary, style: Style) -> str:
    heading = " · ".join(one_line(part) for part in (s.title, s.model, s.protocol, s.scaffold))
    return "\n".join([style.bold(heading), *_lines(s, style)])


def _lines(s: Summary, style: Style) -> Iterator[str]:
    yield from _row("pass@1", _headline(s, style))
    for name, value in s.pass_at.items():
        if name != "pass@1":
            yield from _row(name, percent(value))
    if s.parts:
        yield from _row("parts", ", ".join(f"{one_line(n)} {percent(v)}" for n, v in s.parts.items()))
    for tag, cells in s.breakdown.items():
        yield from _row(one_line(tag), _cells(cells))
    if s.authors is not None:
        yield from _row("authors", f"{percent(s.authors)} as the authors count (errors as failures)")
    if s.strict:
        yield from _row("strict", _strict(s.strict))
    yield from _row("outcomes", ", ".join(f"{n:,} {o.replace('_', ' ')}" for o, n in s.counts.items()))
    if s.reasons:
        yield from _row("reasons", ", ".join(f"{n:,} {one_line(r)}" for r, n in s.reasons.items()))
    yield from _row("tokens", _tokens(s.tokens))
    yield from _row("cost", money(s.cost))
    yield from _row("time", duration(s.wall_s))
    yield from _row("scorer", one_line(s.scorer))
    for note in s.notes:
        yield from _row("note", one_line(note))
    yield from _row("run", one_line(s.run), fill=False)
    if not s.complete:
        yield from _missing(s, style)


def _row(label: str, text: str, *, fill: bool = True) -> list[str]:
    indent = " " * (LABEL + 2)
    first = f"  {label:<{LABEL}}"
    if not fill:
        return [first + text]
    wrapped = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapped or [first]


def _headline(s: Summary, style: Style) -> str:
    covered = f"{s.scored:,} of {s.planned:,} samples scored"
    if s.tasks != s.planned:
        covered += f", {s.tasks:,} tasks"
    if s.pass_1 is None:
        return f"none, {covered}"
    between = f"  95% interval [{percent(s.interval[0])}, {percent(s.interval[1])}]," if s.interval else ""
    mark = "" if s.complete else f" {style.warn('INCOMPLETE')},"
    return f"{style.bold(percent(s.pass_1))}{between}{mark} {covered}"


def _cells(cells: Mapping[str, tuple[int, int]]) -> str:
    return ", ".join(
        f"{one_line(value)} {c}/{n} ({percent(c / n) if n else 'none'})" for value, (c, n) in cells.items()
    )


def _strict(strict: Mapping[str, Any]) -> str:
    return f"{percent(strict['pass@1'])} by the strict verdict, {count(strict['suspect'])} suspect"


def _tokens(tokens: Mapping[str, int | None]) -> str:
    if all(value is None for value in tokens.values()):
        return "unknown"
    return ", ".join(f"{name} {count(value)}" for name, value in tokens.items())


def _missing(s: Summary, style: Style) -> Iterator[str]:
    low, high = s.bounds
    missing = s.planned - s.scored
    why = PAUSED.get(s.end, "")
    yield from _row(
        "INCOMPLETE",
        f"{missing:,} of {s.planned:,} samples are missing; "
        f"the score lies in [{percent(low)}, {percent(high)}]",
    )
    if why:
        details = s.end_detail.splitlines() or [""]
        yield from _row("", f"{why}: {one_line(details[0])}" if details[0] else why)
        for line in details[1:]:
            yield from _row("", one_line(line.strip()))
    yield from _row("", style.bold(f"evalkit resume {one_line(s.run)}"), fill=False)


def runs_table(summaries: list[Summary]) -> str:
    """One line a run."""
    rows = [["suite", "model", "protocol", "pass@1", "95%", "scored"]]
    for s in summaries:
        between = f"[{percent(s.interval[0])}, {percent(s.interval[1])}]" if s.interval else ""
        names = [one_line(name, 40) for name in (s.suite, s.model, s.protocol)]
        rows.append([*names, percent(s.pass_1), between, f"{s.scored:,}/{s.planned:,}"])
    return table(rows, right=frozenset((3, 5)))
