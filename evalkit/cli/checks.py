"""Checks of this machine as lines: a mark, what was looked at, what was found, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.cli.text import Style, one_line
from evalkit.sandbox.doctor import Check


def checks_text(checks: Iterable[Check], style: Style) -> str:
    found = list(checks)
    width = max((len(check.name) for check in found), default=0)
    return "\n".join(_line(check, width, style) for check in found)


def _line(check: Check, width: int, style: Style) -> str:
    mark = "ok" if check.ok else "MISSING" if check.needed else "absent"
    paint = style.good if check.ok else style.bad if check.needed else style.warn
    fix = f"; {one_line(check.fix)}" if check.fix and not check.ok else ""
    return f"{paint(f'{mark:<8}')}{one_line(check.name):<{width + 2}}{one_line(check.detail)}{fix}"
