"""What people read after a run. The figures come from run.summary; nothing is computed here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.cli.text import Style, count, duration, money, one_line, percent, table
from evalkit.run.conversation import budget_words
from evalkit.run.summary import Summary
from evalkit.text import OWN_TIME

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
    title = f"{s.title} {scope_text(s)}" if s.scope else s.title
    heading = " · ".join(one_line(part) for part in (title, s.model, s.protocol, s.scaffold))
    return "\n".join([style.bold(heading), *_lines(s, style)])


def scope_text(s: Summary) -> str:
    """`release_v5 2024-08-01..2025-02-01 (279 tasks)`: which score this is."""
    return f"{s.scope} ({s.tasks:,}{f' of {s.of:,}' if s.tasks != s.of else ''} tasks)"


def _lines(s: Summary, style: Style) -> Iterator[str]:
    yield from _row("pass@1", _headline(s, style))
    for name, value in s.pass_at.items():
        if name != "pass@1":
            yield from _row(name, percent(value))
    if s.pass_hat:
        yield from _row("pass^k", ", ".join(f"{name} {percent(v)}" for name, v in s.pass_hat.items()))
    if s.parts:
        yield from _row("parts", ", ".join(f"{one_line(n)} {percent(v)}" for n, v in s.parts.items()))
    for tag, cells in s.breakdown.items():
        yield from _breakdown(tag, cells, s)
    if s.authors is not None:
        yield from _row("authors", f"{percent(s.authors)} as the authors count (errors as failures)")
    if s.strict:
        yield from _row("strict", _strict(s.strict))
    if s.statistics:
        yield from _row(
            "statistics", ", ".join(f"{one_line(n)} {figure(v)}" for n, v in s.statistics.items())
        )
    yield from _row("outcomes", ", ".join(f"{n:,} {o.replace('_', ' ')}" for o, n in s.counts.items()))
    if s.reasons:
        yield from _row("reasons", ", ".join(f"{n:,} {one_line(r)}" for r, n in s.reasons.items()))
    for task, why in s.excluded.items():
        yield from _row("excluded", f"{one_line(task)}: {one_line(why)}")
    if s.budget:
        yield from _row("budget", f"{budget_words(s.budget)}, each rollout")
    for role, name in s.roles.items():
        yield from _row(one_line(role), one_line(name))
    yield from _row("tokens", _tokens(s.tokens))
    yield from _row("cost", _cost(s))
    yield from _row("time", duration(s.wall_s))
    yield from _row("scorer", one_line(s.scorer))
    if s.doubts:
        why = "; ".join(map(one_line, s.doubts))
        yield from _row("note", f"not comparable with published scores: {why}")
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
    covered = f"{s.scored:,} of {s.expected:,} samples scored"
    if s.tasks != s.expected:
        covered += f", {s.tasks:,} tasks"
    if s.excluded:
        covered += f", {len(s.excluded):,} task{'s' if len(s.excluded) > 1 else ''} excluded"
    if s.unavailable:
        runnable, of = s.runnable
        covered += f", {runnable:,} of {of:,} tasks runnable here"
    covered = ", ".join([covered, *map(one_line, s.doubts)])
    if s.pass_1 is None:
        return f"none, {covered}"
    between = f"  95% interval [{percent(s.interval[0])}, {percent(s.interval[1])}]," if s.interval else ""
    mark = "" if s.complete else f" {style.warn('INCOMPLETE')},"
    return f"{style.bold(percent(s.pass_1))}{between}{mark} {covered}"


def _breakdown(tag: str, cells: Mapping[str, tuple[int, int]], s: Summary) -> Iterator[str]:
    """On one line where tasks have one sample each; else a line a value, with pass@k."""
    if s.tasks == s.expected:
        yield from _row(one_line(tag), _cells(cells))
        return
    label = one_line(tag)
    for value, figures in s.pass_at_by[tag].items():
        passed, scored = cells.get(value, (0, 0))
        pass_at = ", ".join(f"{name} {percent(v)}" for name, v in figures.items() if name != "tasks")
        tasks = f"{figures['tasks']:,} task{'s' if figures['tasks'] != 1 else ''}"
        yield from _row(label, f"{one_line(value)}: {pass_at or 'none'} ({passed:,}/{scored:,}, {tasks})")
        label = ""


def _cells(cells: Mapping[str, tuple[int, int]]) -> str:
    return ", ".join(
        f"{one_line(value)} {c}/{n} ({percent(c / n) if n else 'none'})" for value, (c, n) in cells.items()
    )


def figure(value: float | None) -> str:
    """A number of a suite's own: whole ones as they are, others to four digits."""
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def _strict(strict: Mapping[str, Any]) -> str:
    return f"{percent(strict['pass@1'])} by the strict verdict, {count(strict['suspect'])} suspect"


def _tokens(tokens: Mapping[str, int | None]) -> str:
    if all(value is None for value in tokens.values()):
        return "unknown"
    return ", ".join(f"{name} {count(value)}" for name, value in tokens.items())


def _cost(s: Summary) -> str:
    return f"{OWN_TIME}: {duration(s.wall_s)}" if s.local and s.cost is None else money(s.cost)


def _missing(s: Summary, style: Style) -> Iterator[str]:
    low, high = s.bounds
    missing = s.expected - s.scored
    why = PAUSED.get(s.end, "")
    yield from _row(
        "INCOMPLETE",
        f"{missing:,} of {s.expected:,} samples are missing; "
        f"the score lies in [{percent(low)}, {percent(high)}]",
    )
    if why:
        details = s.end_detail.splitlines() or [""]
        yield from _row("", f"{why}: {one_line(details[0])}" if details[0] else why)
        for line in details[1:]:
            yield from _row("", one_line(line.strip()))
    yield from _row("", style.bold(f"evalkit resume {one_line(s.run)}"), fill=False)


NOT_COMPARABLE = "* not comparable with published scores: `evalkit show RUN` says why"


def runs_table(summaries: list[Summary]) -> str:
    """One line a run."""
    rows = [["suite", "model", "protocol", "pass@1", "95%", "scored"]]
    for s in summaries:
        between = f"[{percent(s.interval[0])}, {percent(s.interval[1])}]" if s.interval else ""
        rows.append([*names_of(s), score_of(s), between, f"{s.scored:,}/{s.expected:,}"])
    return with_footnote(table(rows, right=frozenset((3, 5))), summaries)


def names_of(s: Summary) -> list[str]:
    """The first cells of a table: suite with its scope, model with those of other roles, protocol with the
    scaffold of several turns and its budget."""
    suite = f"{s.suite} {scope_text(s)}" if s.scope else s.suite
    others = "".join(f", {role}: {name}" for role, name in s.roles.items())
    how = [s.protocol, *([s.scaffold] if s.scaffold != "one-turn" else []), budget_words(s.budget)]
    return [one_line(suite, 80), one_line(s.model + others, 60), one_line(", ".join(filter(None, how)), 80)]


def score_of(s: Summary) -> str:
    return percent(s.pass_1) + ("*" if s.doubts else "")


def with_footnote(text: str, summaries: list[Summary]) -> str:
    return f"{text}\n{NOT_COMPARABLE}" if any(s.doubts for s in summaries) else text
