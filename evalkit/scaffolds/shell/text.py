"""Commands in plain text: the one block, fenced and called bash, that a reply has to hold.

    ```bash
    ls -la
    ```

Blocks of other languages are prose. A fence of more than three backticks, or of tildes, ends with one that
is as long, so that a command may itself hold fences. Time is linear in the reply's length.
"""

from __future__ import annotations

import re

from evalkit.scaffolds.extract import without_reasoning
from evalkit.scaffolds.shell.arguments import Mistake

LANGUAGES = ("bash", "sh", "shell")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^`\n]*)")


def command_of(reply: str) -> str:
    """The command. Mistake where there is none, more than one, or one that does not end."""
    found, open_block = blocks(without_reasoning(reply).replace("\r\n", "\n"))
    if open_block:
        raise Mistake("a fenced block does not end; if the reply was cut at its limit, write less at once")
    if not found:
        raise Mistake("there is no block that begins with ```bash")
    if len(found) > 1:
        raise Mistake(f"there are {len(found)} blocks that begin with ```bash, and only one is run a reply")
    if not found[0].strip():
        raise Mistake("the block is empty")
    return found[0]


def blocks(text: str) -> tuple[list[str], bool]:
    """The insides of all blocks of the shell's, and whether the last block of any kind is still open."""
    found: list[str] = []
    fence, mine, inside = "", False, [""]
    for line in text.split("\n"):
        match = _FENCE.fullmatch(line.rstrip(" \t"))
        if not fence:
            if match:
                fence, mine, inside = match[1], match[2].strip().lower() in LANGUAGES, []
        elif match and match[1].startswith(fence) and not match[2]:
            found += ["\n".join(inside)] if mine else []
            fence = ""
        else:
            inside.append(line)
    return found, bool(fence)
