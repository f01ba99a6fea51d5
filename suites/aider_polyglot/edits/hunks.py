"""Edit format `udiff`: finding the hunks of unified diffs in a reply."""

from __future__ import annotations

from dataclasses import dataclass

from .line_diff import as_hunk
from .patience import Broke, Patience

TICKS = "```"


@dataclass(frozen=True)
class Hunk:
    """Lines that begin with " ", "-" or "+". `name` is None where the reply has named no file yet."""

    name: str | None
    lines: tuple[str, ...]

    @property
    def before(self) -> str:
        return "".join(sides(self.lines)[0])


def hunks(reply: str) -> list[Hunk]:
    """The hunks of all blocks that begin with ```diff, as they stand in the reply. One without a file's name
    is for the file of the hunk before it."""
    lines = (reply if reply.endswith("\n") else reply + "\n").splitlines(keepends=True)
    found: list[Hunk] = []
    at, name = 0, None
    while at < len(lines):
        at += 1
        if not lines[at - 1].startswith(TICKS + "diff"):
            continue
        if at == len(lines):
            raise Broke("the reply ends where a diff begins", told=True)
        # in an open block Aider loses the last line
        end = next((end for end in range(at, len(lines)) if lines[end].startswith(TICKS)), len(lines) - 1)
        for hunk in _of_block(lines[at:end]):
            name = hunk.name or name
            found.append(Hunk(name, hunk.lines))
        at = end + 1
    return found


def _of_block(block: list[str]) -> list[Hunk]:
    name: str | None = None
    lines = [*block, "@@ @@"]
    if len(block) > 1 and block[0].startswith("--- ") and block[1].startswith("+++ "):
        name, lines = _target(block[0], block[1]), lines[2:]
    found: list[Hunk] = []
    hunk: list[str] = []
    changes = False
    for line in lines:
        hunk.append(line)
        if len(line) < 2:
            continue
        if _next_file(hunk):
            found.append(Hunk(name, tuple(hunk[: -3 if hunk[-3] == "\n" else -2])))
            name, hunk, changes = line[4:].strip(), [], False
        elif line[0] in "-+":
            changes = True
        elif line[0] == "@":
            if changes:
                found.append(Hunk(name, tuple(hunk[:-1])))
            hunk, changes = [], False
    return found


def _target(old: str, new: str) -> str:
    """The file's name from a diff's two head lines, without git's prefixes where both have them."""
    old, new = old[4:].strip(), new[4:].strip()
    if (old.startswith("a/") or old == "/dev/null") and new.startswith("b/"):
        return new[2:]
    return new


def _next_file(hunk: list[str]) -> bool:
    """Whether its last two lines are the head of a further file's diff. Aider breaks where no hunk came."""
    if not hunk[-1].startswith("+++ "):
        return False
    if len(hunk) < 2 or (hunk[-2].startswith("--- ") and len(hunk) < 3):
        raise Broke("a diff names a file where a hunk should be")
    return hunk[-2].startswith("--- ")


def sides(hunk: list[str] | tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The lines before and after. Lines with any other mark are dropped, an empty one is context."""
    before, after = [], []
    for line in hunk:
        mark, text = (line[0], line[1:]) if len(line) > 1 else (" ", line)
        if mark in " -":
            before.append(text)
        if mark in " +":
            after.append(text)
    return before, after


def normal(hunk: Hunk, patience: Patience) -> Hunk | None:
    """The hunk with blank lines emptied, its changes found anew. Without lines where it changes nothing; None
    where it would take too long."""
    before, after = ([_emptied(line) for line in lines] for lines in sides(hunk.lines))
    lines = as_hunk(before, after, patience)
    return None if lines is None else Hunk(hunk.name, tuple(lines))


def _emptied(line: str) -> str:
    """Of a blank line its line end (of "\\r\\n" the "\\r", as in Aider), or else its first character."""
    return line if line.strip() else line[len(line.rstrip("\r\n")) - len(line)]
