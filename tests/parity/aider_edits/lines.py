"""What every mutation needs: lines, and those among them that are marks or names."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

Mutation = Callable[[str, Random], str]
MARKER = re.compile(r"^(<{5,9} SEARCH|={5,9}|>{5,9} REPLACE)$")
NAME = re.compile(r"^((?:--- |\+\+\+ )?)(\S+\.\w+)$")  # a line that is a file's name


def lines_of(reply: str) -> list[str]:
    return reply.splitlines(keepends=True)


def one_of(lines: list[str], chance: Random, wanted: Callable[[str], object]) -> int | None:
    found = [at for at, line in enumerate(lines) if wanted(line.rstrip("\n"))]
    return chance.choice(found) if found else None
