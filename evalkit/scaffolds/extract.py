"""From a raw reply to code: pure functions, each one rule. They never fail, whatever the text is.

Replies are hostile: a megabyte of fences, NUL bytes, lone surrogates. Everything here takes time linear
in the reply's length. Below the rules, the extractors that need no more than one of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalkit.protocol import Extractor

FENCE = "```"
_CLOSED_REASONING = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_ANSI = re.compile(r"\x1B(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])")
_OPENING = re.compile(r"```[^\S\n]*([^\n`]*)\n")


def without_reasoning(text: str) -> str:
    """What follows the last closing think tag; all of it where none is closed.

    A block that was never closed stays: the reply was cut inside it, or the tag is prose.
    """
    ends = [m.end() for m in _CLOSED_REASONING.finditer(text)]
    return text[ends[-1] :] if ends else text


def without_ansi(text: str) -> str:
    """Without terminal escape sequences, which some local servers mix into replies."""
    return _ANSI.sub("", text)


def before_stop(text: str, stops: Sequence[str]) -> str:
    """Up to the earliest of the stop strings, which is removed with all that follows.

    Servers differ: some return the stop string, some ignore it or accept only four. So every protocol
    with stops cuts here as well.
    """
    found = [at for at in (text.find(stop) for stop in stops if stop) if at >= 0]
    return text[: min(found)] if found else text


def before_fence(text: str) -> str:
    """Up to the first ```; all of it where there is none."""
    return text.partition(FENCE)[0]


def fenced(text: str, language: str | None = None) -> str | None:
    """The inside of the first fenced block: from after its opening line to the next ```.

    `language` asks for exactly that word after the opening fence; None takes any. A block that is never
    closed runs to the end of the text: the reply was cut. None where no block opens.
    """
    for opening in _OPENING.finditer(text):
        if language is None or opening[1].strip().lower() == language:
            inside, _, _ = text[opening.end() :].partition(FENCE)
            return inside
    return None


def closed_block(text: str, opening: str, *, ignore_case: bool = False) -> str | None:
    """The text between the first `opening` that is followed by a ``` somewhere, and that ```."""
    found = re.search(re.escape(opening), text, re.IGNORECASE if ignore_case else 0)
    if found is None:
        return None
    inside, end, _ = text[found.end() :].partition(FENCE)
    return inside if end else None


def spaces_for_tabs(text: str) -> str:
    """Every tab is four spaces."""
    return text.replace("\t", "    ")


# -- ready for a protocol ------------------------------------------------------------------------------

PLAIN = Extractor("plain", "1", "The reply as it is.", lambda reply, task: reply or None)

FIRST_FENCED = Extractor(
    "first-fenced",
    "1",
    "What follows the last closing think tag; of it the inside of the first fenced block, whatever its "
    "language (one that is never closed runs to the end), or all of it where no block opens.",
    lambda reply, task: _fenced_or_all(without_reasoning(reply)) or None,
)


def until(stops: tuple[str, ...]) -> Extractor:
    return Extractor(
        "stop-truncation",
        "1",
        "The reply up to the earliest stop string.",
        lambda reply, task: before_stop(reply, stops) or None,
    )


def _fenced_or_all(text: str) -> str:
    inside = fenced(text)
    return text if inside is None else inside
