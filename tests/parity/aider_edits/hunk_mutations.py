"""What goes wrong in unified diffs."""

from __future__ import annotations

import re
from random import Random

from .lines import Mutation, lines_of, one_of


def outdent_hunk(reply: str, chance: Random) -> str:
    size = chance.choice((1, 2, 4, 8))
    return "".join(re.sub(rf"^([-+ ])[ ]{{1,{size}}}", r"\1", line) for line in lines_of(reply))


def minus_only(reply: str, chance: Random) -> str:
    return re.sub(r"^\+(?!\+\+).*\n", "", reply, flags=re.MULTILINE)


def plus_only(reply: str, chance: Random) -> str:
    return re.sub(r"^-(?!--).*\n", "", reply, flags=re.MULTILINE)


def no_context(reply: str, chance: Random) -> str:
    return re.sub(r"^ .*\n", "", reply, flags=re.MULTILINE)


def unmarked_context(reply: str, chance: Random) -> str:
    return re.sub(r"^ (?=\s*\S)", "", reply, flags=re.MULTILINE)


def unmarked_additions(reply: str, chance: Random) -> str:
    return re.sub(r"^\+(?!\+\+)", " ", reply, flags=re.MULTILINE)


def context_altered(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, lambda line: line.startswith(" "))
    if at is not None:
        lines[at] = chance.choice((" other\n", " \n", "\n", lines[at].rstrip("\n") + "x\n"))
    return "".join(lines)


def context_dropped(reply: str, chance: Random) -> str:
    return "".join(line for line in lines_of(reply) if not line.startswith(" ") or chance.random() < 0.6)


def no_head(reply: str, chance: Random) -> str:
    return re.sub(
        r"^(---|\+\+\+) .*\n", lambda f: "" if chance.random() < 0.6 else f[0], reply, flags=re.MULTILINE
    )


def git_head(reply: str, chance: Random) -> str:
    old = chance.choice(("a/", "", "b/"))
    reply = re.sub(r"^--- (.*)$", rf"--- {old}\1", reply, flags=re.MULTILINE)
    return re.sub(r"^\+\+\+ (.*)$", r"+++ b/\1", reply, flags=re.MULTILINE)


def new_file_head(reply: str, chance: Random) -> str:
    return re.sub(r"^--- .*$", "--- /dev/null", reply, flags=re.MULTILINE)


def other_hunk_mark(reply: str, chance: Random) -> str:
    mark = chance.choice(("@@ -1,3 +1,4 @@", "@@", "@", "@@ class Tank @@", "", "@@\n@@"))
    return re.sub(r"^@@.*$", mark, reply, flags=re.MULTILINE)


def joined_diffs(reply: str, chance: Random) -> str:
    return re.sub(r"```\n\n```diff\n", chance.choice(("", "\n")), reply)


HUNKS: tuple[Mutation, ...] = (
    outdent_hunk, minus_only, plus_only, no_context, unmarked_context, unmarked_additions, context_altered,
    context_altered, context_dropped, no_head, git_head, new_file_head, other_hunk_mark, joined_diffs,
)  # fmt: skip
