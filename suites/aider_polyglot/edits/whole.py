"""Edit format `whole`: a file's name on a line, then its full new text between fences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from .patience import Malformed

LONGEST_NAME = 250  # a longer line before a fence is no name
SOURCES = ("line", "prose", "only")  # where a name came from, the surest first


@dataclass(frozen=True)
class Listing:
    """A file's new text. `source` is where its name was found: SOURCES."""

    name: str
    source: str
    text: str


def listings(reply: str, fence: tuple[str, str], names: list[str]) -> list[Listing]:
    """The listings of a reply, surest names first; of several under one name the first stands. Malformed
    where a listing has no name and none can be told: several files (`names`) are in the chat."""
    found = _in_order(reply.rstrip(), fence, names)
    best: dict[str, Listing] = {}
    for source in SOURCES:
        for listing in found:
            if listing.source == source:
                best.setdefault(listing.name, listing)
    return list(best.values())


def _in_order(reply: str, fence: tuple[str, str], names: list[str]) -> list[Listing]:
    found: list[Listing] = []
    mentioned = ""  # the chat's file that prose spoke of last, since the last listing
    name = source = ""
    inside = False
    body: list[str] = []
    before: str | None = None  # the line before
    for line in reply.splitlines(keepends=True):
        if line.startswith(fence):
            if inside:
                found.append(Listing(name, source, "".join(body)))
                mentioned, inside, body = "", False, []
            else:
                name, source = _name(before, mentioned, names, fence)
                inside = True
        elif inside:
            body.append(line)
        else:
            mentioned = _mention(line, names) or mentioned
        before = line
    if inside:  # the reply ends within a listing: what there is counts
        found.append(Listing(name, source, "".join(body)))
    return found


def _name(before: str | None, mentioned: str, names: list[str], fence: tuple[str, str]) -> tuple[str, str]:
    name = "" if before is None else _cleaned(before)
    if name and name not in names and PurePosixPath(name).name in names:
        name = PurePosixPath(name).name  # a folder made up, as in the prompt's example
    if name:
        return name, "line"
    if mentioned:
        return mentioned, "prose"
    if len(names) == 1:
        return names[0], "only"
    raise Malformed(
        f"A file listing has no file name. Put it alone on the line before the opening {fence[0]}."
    )


def _cleaned(line: str) -> str:
    name = line.strip().strip("*").rstrip(":").strip("`").lstrip("#").strip()
    return "" if len(name) > LONGEST_NAME else name


def _mention(line: str, names: list[str]) -> str:
    """The last file of the chat that a line of prose names in backticks."""
    words = [word.rstrip(".:,;!") for word in line.split() if word.startswith("`")]
    for word in reversed(words):
        for name in reversed(names):
            if word == f"`{name}`":
                return name
    return ""
