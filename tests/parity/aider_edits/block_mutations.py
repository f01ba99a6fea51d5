"""What goes wrong in SEARCH/REPLACE blocks."""

from __future__ import annotations

import re
from random import Random

from .lines import MARKER, Mutation, lines_of, one_of
from .mutations import indent_body, outdent_body


def blank_after_mark(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, MARKER.match)
    if at is not None:
        lines.insert(at + 1, "\n")
    return "".join(lines)


def mark_size(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, MARKER.match)
    if at is not None:
        lines[at] = lines[at][0] * chance.choice((3, 4, 5, 6, 8, 9, 10)) + lines[at].lstrip("<=>")
    return "".join(lines)


def mark_damage(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, MARKER.match)
    if at is not None:
        mark = lines[at].rstrip("\n")
        lines[at] = (
            chance.choice(
                (
                    mark.lower(),
                    mark + ">",
                    mark + " x",
                    "  " + mark,
                    mark + "  ",
                    mark.replace(" ", ""),
                    mark[:-1],
                    "\n",
                )
            ).rstrip("\n")
            + "\n"
        )
    return "".join(lines)


def drop_mark(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, MARKER.match)
    if at is not None:
        del lines[at]
    return "".join(lines)


def twin_mark(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, MARKER.match)
    if at is not None:
        lines.insert(at, lines[at])
    return "".join(lines)


def elide(reply: str, chance: Random) -> str:
    """Some of a block's inner lines become "..." on both sides, or on one."""

    def shorten(found: re.Match[str]) -> str:
        old, new = found[1].splitlines(keepends=True), found[2].splitlines(keepends=True)
        dots = chance.choice(("...\n", "    ...\n", "# ...\n", "....\n", "\n...\n", "\t...\n"))
        at = chance.randint(0, len(old))
        size = chance.randint(0, 2)
        old[at : at + size] = [dots]
        if chance.random() < 0.8:
            new.insert(min(at, len(new)), dots)
        return f"SEARCH\n{''.join(old)}=======\n{''.join(new)}>>>>>>>"

    return re.sub(r"SEARCH\n(.*?)=======\n(.*?)>>>>>>>", shorten, reply, flags=re.DOTALL)


def empty_search(reply: str, chance: Random) -> str:
    empty = ("SEARCH\n=======", "SEARCH\n\n=======")
    return re.sub(r"SEARCH\n.*?=======", lambda _: chance.choice(empty), reply, count=1, flags=re.DOTALL)


def empty_replace(reply: str, chance: Random) -> str:
    return re.sub(r"=======\n.*?>>>>>>>", "=======\n>>>>>>>", reply, count=1, flags=re.DOTALL)


BLOCKS: tuple[Mutation, ...] = (
    blank_after_mark, mark_size, mark_damage, drop_mark, twin_mark, elide, elide, elide, empty_search,
    empty_replace, indent_body, outdent_body,
)  # fmt: skip
