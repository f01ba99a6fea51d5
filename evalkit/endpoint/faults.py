"""Faults: what goes wrong, and when.

A fault is written `KIND key=value ...`, for example `429 first=2 retry_after=1` or `cut p=0.05`.

kinds that replace the reply
    any HTTP status   with retry_after=SECONDS, =date (an HTTP date two seconds ahead) or any other text
    reset             the connection is aborted before a byte was sent
    stall             nothing is sent for s=SECONDS (default 600), then the connection is aborted
    html              an HTML page with status 200
    error200          an error object with status 200
    context           status 400, the messages are too long for the context
    echokey           status 401, the Authorization header is repeated in the error text
kinds that spoil the reply (the model did its work: the call is billed)
    cut               the connection is aborted in the middle of the body
    close             the body ends in the middle, cleanly: no finish_reason, no [DONE]
    truncate          a complete HTTP response whose JSON is cut in half
    empty             "choices": []
    nofinish          finish_reason is null
kinds that the client must take as they are
    null              content is null, finish_reason is stop
    length            half the reply, finish_reason is length
    content_filter    half the reply, finish_reason is content_filter
    drip              16 bytes at a time, s=SECONDS between them (default 0.01)
    badusage          usage with negative, NaN and text values
    wrongmodel        another model's name
    surrogate         lone surrogates, NUL and a bidi control in the text
    huge              mb=MEGABYTES of text (default 8)

when (all given conditions must hold; none: always)
    p=0.1             with this probability, drawn from (seed, request, attempt): independent of order
    first=N           the first N attempts of each distinct request
    every=N           every N-th request that arrives
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from time import time

from evalkit.errors import UsageError

INSTEAD = frozenset({"reset", "stall", "html", "error200", "context", "echokey"})
SPOILED = frozenset({"cut", "close", "truncate", "empty", "nofinish"})
ODD = frozenset({"null", "length", "content_filter", "drip", "badusage", "wrongmodel", "surrogate", "huge"})
KINDS = INSTEAD | SPOILED | ODD


@dataclass(frozen=True)
class Fault:
    kind: str
    p: float | None = None
    first: int | None = None
    every: int | None = None
    retry_after: str = ""
    s: float | None = None
    mb: float = 8.0
    index: int = field(default=0)  # place in the list: its draws differ from its neighbours'

    @property
    def status(self) -> int | None:
        return int(self.kind) if self.kind.isdigit() else None

    def strikes(self, seed: int, key: str, attempt: int, number: int) -> bool:
        if self.first is not None and attempt > self.first:
            return False
        if self.every is not None and number % self.every:
            return False
        return self.p is None or random.Random(f"{seed}/{key}/{attempt}/{self.index}").random() < self.p

    def retry_after_header(self) -> dict[str, str]:
        if not self.retry_after:
            return {}
        return {
            "Retry-After": formatdate(time() + 2, usegmt=True)
            if self.retry_after == "date"
            else self.retry_after
        }


def parse_fault(text: str, index: int = 0) -> Fault:
    """A fault from its written form. UsageError says what cannot be read."""
    kind, *pairs = text.split()
    if kind not in KINDS and not (kind.isdigit() and 400 <= int(kind) <= 599):
        raise UsageError(f"unknown fault {kind!r}", f"an HTTP status, or one of {', '.join(sorted(KINDS))}")
    readers = {"p": float, "first": int, "every": int, "s": float, "mb": float, "retry_after": str}
    values = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in readers:
            raise UsageError(f"fault {text!r}: unknown word {name!r}", f"known: {', '.join(readers)}")
        try:
            values[name] = readers[name](value)
        except ValueError:
            raise UsageError(f"fault {text!r}: {name} needs a number, got {value!r}") from None
    return Fault(kind, index=index, **values)


def parse_faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    return tuple(parse_fault(text, index) for index, text in enumerate(texts))


def choose(faults: Sequence[Fault], seed: int, key: str, attempt: int, number: int) -> Fault | None:
    """The first fault that strikes this attempt of this request."""
    return next((f for f in faults if f.strikes(seed, key, attempt, number)), None)
