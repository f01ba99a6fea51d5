"""Edit formats `diff` and `diff-fenced`: finding a reply's SEARCH/REPLACE blocks and their files' names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from .patience import Malformed

HEAD = re.compile(r"<{5,9} SEARCH>?\s*$")
DIVIDER = re.compile(r"={5,9}\s*$")
TAIL = re.compile(r">{5,9} REPLACE\s*$")
TICKS = "```"  # always taken for a fence where a name is looked for
SHELLS = ("bash", "sh", "shell", "cmd", "batch", "powershell", "ps1", "zsh", "fish", "ksh", "csh", "tcsh")
LINES_ABOVE = 3  # a block's head, where its file's name may stand
SIMILAR = 0.8  # how like a file of the chat a misspelt name must be


@dataclass(frozen=True)
class Block:
    """Put `replace` where `search` is found in the file shown as `name`."""

    name: str
    search: str
    replace: str


def blocks(reply: str, fence: tuple[str, str], names: list[str]) -> list[Block]:
    """The blocks of a reply, in order. Malformed, with all of the reply up to there, where one is broken:
    then none of them counts. Shell commands in fences of their own are passed over: they are not run."""
    lines = reply.splitlines(keepends=True)
    found: list[Block] = []
    at, name = 0, ""
    while at < len(lines):
        if _opens_shell(lines, at):
            at = _upto(lines, at + 1, lambda line: line.startswith(TICKS)) + 1
            continue
        if HEAD.match(lines[at].strip()):
            name = _name(lines, at, fence, names) or name
            if not name:
                said = f"The block has no file name: it belongs on the line before the opening {fence[0]}"
                raise _broken(lines, at, said)
            middle = _upto(lines, at + 1, DIVIDER.match)
            if middle == len(lines):
                raise _broken(lines, middle, "The SEARCH part is not ended by a line `=======`")
            # where a second divider ends a block, the text up to it replaces
            end = _upto(lines, middle + 1, lambda line: TAIL.match(line) or DIVIDER.match(line))
            if end == len(lines):
                raise _broken(lines, end, "The REPLACE part is not ended by a line `>>>>>>> REPLACE`")
            found.append(Block(name, "".join(lines[at + 1 : middle]), "".join(lines[middle + 1 : end])))
            at = end
        at += 1
    return found


def _upto(lines: list[str], start: int, is_end: Callable[[str], object]) -> int:
    """The first line from there on that ends a part; behind the last where none does."""
    return next((at for at in range(start, len(lines)) if is_end(lines[at].strip())), len(lines))


def _broken(lines: list[str], at: int, what: str) -> Malformed:
    return Malformed(f"{''.join(lines[: at + 1])}\n^^^ {what}")


def _opens_shell(lines: list[str], at: int) -> bool:
    """Whether a fence of shell commands opens there, which holds no block."""
    if not lines[at].strip().startswith(tuple(TICKS + shell for shell in SHELLS)):
        return False
    return not any(HEAD.match(line.strip()) for line in lines[at + 1 : at + 3])


def _name(lines: list[str], head: int, fence: tuple[str, str], names: list[str]) -> str:
    """The file's name from the lines above a block's head; "" where none is there.

    The nearest line comes first; it goes on upwards only through fences. With several candidates, the best:
    a file of the chat, one by its base name, one that is spelt nearly so, then any with a dot. A block with
    nothing to search makes a new file, whose name is taken as it is.
    """
    new = head + 1 < len(lines) and DIVIDER.match(lines[head + 1].strip())
    candidates = _candidates(lines[max(0, head - LINES_ABOVE) : head], fence)
    known = [] if new else names
    for candidate in candidates:
        if candidate in known:
            return candidate
    for candidate in candidates:
        for name in known:
            if candidate == PurePosixPath(name).name:
                return name
    for candidate in candidates:
        if alike := difflib.get_close_matches(candidate, known, n=1, cutoff=SIMILAR):
            return alike[0]
    dotted = [candidate for candidate in candidates if "." in candidate]
    return (dotted or candidates or [""])[0]


def _candidates(above: list[str], fence: tuple[str, str]) -> list[str]:
    found = []
    for line in reversed(above):
        if candidate := _cleaned(line, fence):
            found.append(candidate)
        if not line.startswith((fence[0], TICKS)):
            break
    return found


def _cleaned(line: str, fence: tuple[str, str]) -> str:
    """The name that a line may hold, without marks around it; of a fence, what follows it if that looks like
    a path."""
    name = line.strip()
    if name == "...":
        return ""
    for opening in (fence[0], TICKS):
        if name.startswith(opening):
            rest = name.removeprefix(opening)
            return rest if "." in rest or "/" in rest else ""
    return name.rstrip(":").lstrip("#").strip().strip("`").strip("*")
