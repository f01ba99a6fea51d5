"""Good replies: a place's files changed at random, and written in each of the edit formats."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from random import Random

from .places import Place


@dataclass(frozen=True)
class Change:
    """Lines of a file, and what they become."""

    name: str
    old: list[str]
    new: list[str]


def changes(place: Place, names: dict[str, str], chance: Random) -> list[Change]:
    """One to three changes. `names`: path to the name that the chat shows."""
    found = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        path = chance.choice(sorted(place.chat))
        lines = place.chat[path].replace("\r\n", "\n").splitlines(keepends=True)
        size = min(chance.randint(1, 6), len(lines))
        start = chance.randint(0, len(lines) - size)
        old = lines[start : start + size]
        found.append(Change(names[path], old, edited(old, chance)))
    return found


def edited(lines: list[str], chance: Random) -> list[str]:
    new = list(lines)
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randint(0, len(new))
        kind = chance.choice(("add", "add", "drop", "alter"))
        indent = next((line[: len(line) - len(line.lstrip())] for line in new[:at][::-1] if line.strip()), "")
        if kind == "add" or at == len(new):
            new.insert(at, f"{indent}added = {chance.randint(0, 9)}\n")
        elif kind == "drop":
            del new[at]
        else:
            new[at] = f"{indent}altered({chance.randint(0, 9)})\n"
    return new


def ended(lines: list[str]) -> str:
    text = "".join(lines)
    return text if not text or text.endswith("\n") else text + "\n"


def whole(changed: list[Change], texts: dict[str, str], fence: tuple[str, str]) -> str:
    parts = []
    for change in changed:
        text = texts[change.name].replace("\r\n", "\n").replace("".join(change.old), "".join(change.new), 1)
        parts.append(f"{change.name}\n{fence[0]}python\n{text}{fence[1]}\n")
    return "Here it is.\n\n" + "\n".join(parts) + "\nThat was all.\n"


def diff(changed: list[Change], texts: dict[str, str], fence: tuple[str, str]) -> str:
    return "Some blocks:\n\n" + "\n".join(
        f"{change.name}\n{fence[0]}python\n<<<<<<< SEARCH\n{ended(change.old)}=======\n"
        f"{ended(change.new)}>>>>>>> REPLACE\n{fence[1]}\n"
        for change in changed
    )


def diff_fenced(changed: list[Change], texts: dict[str, str], fence: tuple[str, str]) -> str:
    return "Some blocks:\n\n" + "\n".join(
        f"{fence[0]}\n{change.name}\n<<<<<<< SEARCH\n{ended(change.old)}=======\n"
        f"{ended(change.new)}>>>>>>> REPLACE\n{fence[1]}\n"
        for change in changed
    )


def udiff(changed: list[Change], texts: dict[str, str], fence: tuple[str, str]) -> str:
    parts = []
    for change in changed:
        lines = texts[change.name].replace("\r\n", "\n").splitlines(keepends=True)
        text = "".join(lines).replace("".join(change.old), "".join(change.new), 1)
        made = difflib.unified_diff(lines, text.splitlines(keepends=True), n=3)
        body = [line if line.endswith("\n") else line + "\n" for line in list(made)[2:]]
        hunks = "".join("@@ ... @@\n" if line.startswith("@@") else line for line in body)
        parts.append(f"```diff\n--- {change.name}\n+++ {change.name}\n{hunks}```\n")
    return "Some diffs:\n\n" + "\n".join(parts)


WRITERS = {"whole": whole, "diff": diff, "diff-fenced": diff_fenced, "udiff": udiff}
