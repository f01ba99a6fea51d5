"""Checks of this machine as lines: a mark, what was looked at, what was found, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evalkit.cli.text import Style, one_line
from evalkit.errors import EvalkitError
from evalkit.sandbox.doctor import Check


def checks_text(checks: Iterable[Check], style: Style) -> str:
    found = list(checks)
    width = max((len(check.name) for check in found), default=0)
    return "\n".join(_line(check, width, style) for check in found)


def image_checks() -> Iterator[Check]:
    """The image of each suite that has one of its own: nothing else needs it."""
    from evalkit.registry import open_suite, suite_names
    from evalkit.sandbox.recipes import look

    for name in suite_names():
        try:
            recipe = open_suite(name).recipe()
            found = look(recipe) if recipe else None
        except EvalkitError:  # a suite or an engine that does not open has a line of its own
            continue
        if recipe:
            yield Check(f"image of {name}", *(found or (False, "not built")), f"evalkit sandbox build {name}")


def _line(check: Check, width: int, style: Style) -> str:
    mark = "ok" if check.ok else "MISSING" if check.needed else "absent"
    paint = style.good if check.ok else style.bad if check.needed else style.warn
    fix = f"; {one_line(check.fix)}" if check.fix and not check.ok else ""
    return f"{paint(f'{mark:<8}')}{one_line(check.name):<{width + 2}}{one_line(check.detail)}{fix}"
