"""What is said of a sample: passages of lines of ours and of what others wrote.

Nothing here is made safe to show: titles and lines may hold names that a model made up. Whoever shows a
passage does that (evalkit/text.py), and puts what others wrote apart from what is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.task import TestResult

Kind = Literal[
    "recording",
    "prompt",
    "reasoning",
    "reply",
    "act",
    "warning",
    "facts",
    "code",
    "verdict",
    "log",
    "attempts",
]


@dataclass(frozen=True)
class Foreign:
    """What a model, a program or a data set wrote, as it is. `patch`: in git's format."""

    text: str
    patch: bool = False


@dataclass(frozen=True)
class Checks:
    results: tuple[TestResult, ...]


@dataclass(frozen=True)
class Recorded:
    """What a terminal printed, as an asciicast."""

    data: bytes


Part = str | Foreign | Checks | Recorded  # a text is a line of ours


@dataclass(frozen=True)
class Passage:
    """One section: a title of one line, and what is to be said under it."""

    kind: Kind
    title: str
    parts: tuple[Part, ...] = ()


def cut(text: str, width: int) -> str:
    return text[: width - 1] + "…" if len(text) > width else text
