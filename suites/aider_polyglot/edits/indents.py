"""Texts with relative indents: each line's indent says only how it differs from the line before, so that a
hunk is found where all of it is indented otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from .patience import Broke

OUTDENT = "←"
OTHERS = range(0x10FFFF, 0x10000, -1)  # code points, tried in this order where a text has the first


def marker(texts: Sequence[str]) -> str:
    """A character for "less indented" that no text has."""
    if not any(OUTDENT in text for text in texts):
        return OUTDENT
    used = set().union(*texts)
    return next(chr(point) for point in OTHERS if chr(point) not in used)


def relative(text: str, mark: str) -> str:
    """Two lines for each: what its indent has more than the one before (or marks for less), and the rest."""
    result: list[str] = []
    indent = ""
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        size = len(bare) - len(bare.lstrip())
        more = size - len(indent)
        indent = line[:size]
        result += [indent[-more:] if more > 0 else mark * -more, "\n", line[size:]]
    return "".join(result)


def absolute(text: str, mark: str) -> str | None:
    """The text again. None where it makes no sense: marks are left over."""
    lines = text.splitlines(keepends=True)
    if len(lines) % 2:
        raise Broke("a file's last line is blank and has no end")
    result: list[str] = []
    indent = ""
    for change, rest in zip(lines[::2], lines[1::2], strict=True):
        change = change.rstrip("\r\n")
        indent = indent[: -len(change)] if change.startswith(mark) else indent + change
        result.append(indent + rest if rest.rstrip("\r\n") else rest)
    whole = "".join(result)
    return None if mark in whole else whole
