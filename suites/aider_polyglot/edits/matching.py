"""Where a block's SEARCH lines are in a file: exactly, or but for what models get wrong about white space."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from .patience import Broke, Patience

LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # where str.splitlines ends lines
EACH = 500  # what a block's try on a file costs at least, in characters
PER_LINE = 4  # what each line costs, in characters
CHEAP = 20  # finding a text costs a twentieth of looking at a file line by line


def edited(
    path: str, text: str | None, search: str, new: str, fence: tuple[str, str], patience: Patience
) -> str | None:
    """The file's text with the first place that matches replaced; None or "" where there is none."""
    search, new = _unwrapped(search, path, fence), _unwrapped(new, path, fence)
    if text is None:
        return None
    if not search.strip():
        return text + new  # nothing to search: to the end, or into a new file
    if not patience.spend(EACH):
        return None
    return _replaced(_ended(text), _ended(search), _ended(new), patience)


def _unwrapped(text: str, path: str, fence: tuple[str, str]) -> str:
    """Without the file's name and a fence around it, which some models put within a block; all lines end in
    newlines, of empty ones at its end one is lost."""
    if not text:
        return text
    lines = text.splitlines()
    name = posixpath.basename(path)
    if name and lines[0].strip().endswith(name):
        lines = lines[1:]
    if not lines:
        raise Broke("a part of a block holds nothing but its file's name")
    if lines[0].startswith(fence[0]) and lines[-1].startswith(fence[1]):
        lines = lines[1:-1]
    joined = "\n".join(lines)
    return joined if joined.endswith("\n") else _ended(joined)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _replaced(whole: str, part: str, new: str, patience: Patience) -> str | None:
    """A result that would be empty is none, and the next way is tried, as in Aider."""
    if result := _as_it_is(whole, part, new, patience) or _indented(whole, part, new, patience):
        return result
    lines = part.splitlines(keepends=True)
    if len(lines) > 2 and not lines[0].strip():  # an empty line that models like to begin with
        rest = "".join(lines[1:])
        if result := _as_it_is(whole, rest, new, patience) or _indented(whole, rest, new, patience):
            return result
    return _elided(whole, part, new, patience)


def _as_it_is(whole: str, part: str, new: str, patience: Patience) -> str | None:
    """Whole lines, equal to the character."""
    if not patience.spend(len(whole) // CHEAP + len(part)):
        return None
    at = whole.find(part)
    while at > 0 and whole[at - 1] not in LINE_ENDS:
        if not patience.spend(len(part)):
            return None
        at = whole.find(part, at + 1)
    return None if at < 0 else whole[:at] + new + whole[at + len(part) :]


def _indented(whole: str, part: str, new: str, patience: Patience) -> str | None:
    """Lines that are indented otherwise, all by the same: the new lines are indented as the file's are."""
    if not patience.spend(sum(len(text) + PER_LINE * text.count("\n") for text in (whole, part, new))):
        return None
    lines, parts, news = (text.splitlines(keepends=True) for text in (whole, part, new))
    shared = min((len(line) - len(line.lstrip()) for line in parts + news if line.strip()), default=0)
    parts, news = ([line[shared:] if line.strip() else line for line in some] for some in (parts, news))
    for start in places([line.lstrip() for line in lines], [line.lstrip() for line in parts]):
        if not patience.spend(len(part)):
            return None
        found = lines[start : start + len(parts)]
        missing = {
            line[: len(line) - len(have)] for line, have in zip(found, parts, strict=True) if line.strip()
        }
        if len(missing) == 1:
            indent = missing.pop()
            news = [indent + line if line.strip() else line for line in news]
            return "".join(lines[:start] + news + lines[start + len(parts) :])
    return None


def places(lines: list[str], part: list[str]) -> Iterator[int]:
    """Every line at which `part` begins within `lines`, in linear time (Knuth, Morris, Pratt)."""
    fall = [0] * len(part)  # of the part's first k+1 lines, how many at their end are also its beginning
    known = 0
    for at in range(1, len(part)):
        while known and part[at] != part[known]:
            known = fall[known - 1]
        known += part[at] == part[known]
        fall[at] = known
    known = 0
    for at, line in enumerate(lines):
        while known and (known == len(part) or line != part[known]):
            known = fall[known - 1]
        known += line == part[known]
        if known == len(part):
            yield at + 1 - known


def _elided(whole: str, part: str, new: str, patience: Patience) -> str | None:
    """Lines of "..." stand for what is left out: each piece between them is replaced where it is found, which
    must be once only. Pieces of which nothing is searched go to the end."""
    parts, news = _pieces(part), _pieces(new)
    if len(parts) != len(news) or len(parts) == 1 or parts[1::2] != news[1::2]:
        return None
    for old, fresh in zip(parts[::2], news[::2], strict=True):
        if not patience.spend(len(whole) // CHEAP + len(fresh)):
            return None
        if old:
            if whole.count(old) != 1:
                return None
            whole = whole.replace(old, fresh, 1)
        elif fresh:
            whole = (whole if whole.endswith("\n") else whole + "\n") + fresh
    return whole


def _pieces(text: str) -> list[str]:
    """The text cut at its lines of "...": what is between them, and every second piece such a line with the
    empty lines before it."""
    pieces: list[str] = []
    current: list[str] = []
    blank: list[str] = []
    for line in text.split("\n"):
        line += "\n"
        if line.lstrip() == "...\n":
            pieces += ["".join(current), "".join(blank) + line]
            current, blank = [], []
        elif line.isspace():
            blank.append(line)
        else:
            current += [*blank, line]
            blank = []
    return [*pieces, "".join([*current, *blank])[:-1]]
