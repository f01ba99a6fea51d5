"""What a program prints, parted into texts, control characters, escapes and commands.

Strings (titles, clipboards, links, pictures) are left out: a screen shows nothing of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Kind = Literal["text", "control", "escape", "command"]
Sequence = tuple[Kind, str, str]  # kind, what it is made of, and a command's last letter

TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<numbers>[0-?]{0,256})(?P<between>[ -/]{0,4})(?P<final>[@-~])"
    r"|\x1b(?P<string>[\]PX^_k])"
    r"|\x1b(?P<escape>[ -/]{0,4}[0-OQ-WYZ\\`-jl-~])"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
)
UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,256}[ -/]{0,4}|[ -/]{0,4})\Z")
END = re.compile(r"\x07|\x1b\\|[\x18\x1a]|(?=\x1b[^\\])")  # of a string: titles, clipboards, pictures


class Sequences:
    """Reads pieces that are cut anywhere. Nothing is read twice but the few characters of a cut sequence."""

    def __init__(self) -> None:
        self._pending, self._within = "", False  # within a string that has not ended

    def read(self, text: str) -> Iterator[Sequence]:
        text, at = self._pending + text, 0
        self._pending = ""
        while at < len(text):
            if self._within:
                ended = END.search(text, at)
                if ended is None:
                    self._pending = "\x1b" if text.endswith("\x1b") else ""
                    return
                at, self._within = ended.end(), False
                continue
            found = TOKEN.match(text, at)
            if found is None or found["control"] == "\x1b":
                if UNFINISHED.match(text, at):
                    self._pending = text[at:]
                    return
                at += 1  # an escape that begins nothing
                continue
            at, self._within = found.end(), bool(found["string"])
            if found["final"]:
                if not found["between"]:
                    yield "command", found["numbers"], found["final"]
            elif found["text"]:
                yield "text", found["text"], ""
            elif found["escape"]:
                yield "escape", found["escape"], ""
            elif found["control"]:
                yield "control", found["control"], ""
