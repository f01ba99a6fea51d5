"""One sample's telling as plain JSON for a page: everything safe to show, nothing longer than CAP.

[[kind, title, [part, ...]], ...]      a part: "a line of ours"
                                       {"text": ..., "patch": true, "rest": [bytes, sha256]}
                                       {"tests": [[status, name, detail], ...], "of": how many there are}
                                       {"cast": a recording, as evalkit/report/recording/frames.py has it}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from evalkit.report.recording import frames
from evalkit.run.passages import Checks, Foreign, Part, Passage, Recorded, cut
from evalkit.text import shown

CAP = 65_536  # bytes of what others wrote, in one passage
LINE = 2_000  # characters
TESTS = 200


def transcript(passages: Iterable[Passage]) -> list[list[Any]]:
    return [[p.kind, line(p.title), list(parts(p.parts))] for p in passages]


def parts(told: Iterable[Part]) -> Iterable[Any]:
    left = CAP
    for part in told:
        if isinstance(part, Foreign):
            kept, rest = capped(part.text.rstrip("\n"), left)  # a terminal's empty rows
            left -= len(kept.encode(errors="surrogatepass"))
            patch = {"patch": True} if part.patch else {}
            yield {"text": shown(kept), **patch, **({"rest": rest} if rest else {})}
        elif isinstance(part, Checks):
            yield tests(part)
        elif isinstance(part, Recorded):
            yield {"cast": frames(part.data)}
        else:
            yield line(part)


def line(text: str) -> str:
    """One line of ours; a line feed in a name that it holds makes it no second one."""
    return shown(cut(text, LINE)).replace("\n", "‹U+000A›")


def capped(text: str, limit: int) -> tuple[str, list[Any]]:
    """The beginning of `text`, at most `limit` bytes of UTF-8; bytes and SHA-256 of what follows, if any."""
    raw = text.encode(errors="surrogatepass")
    if len(raw) <= limit:
        return text, []
    while limit and raw[limit] & 0xC0 == 0x80:  # within a character
        limit -= 1
    rest = raw[limit:]
    return raw[:limit].decode(errors="surrogatepass"), [len(rest), hashlib.sha256(rest).hexdigest()]


def tests(told: Checks) -> dict[str, Any]:
    rows = [(t.status, t.name, t.detail) for t in told.results[:TESTS]]
    return {"tests": [[shown(cut(text, LINE)) for text in row] for row in rows], "of": len(told.results)}
