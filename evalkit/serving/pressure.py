"""How many calls at once: as many as the cache of keys and values holds, fewer while it is short of it."""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic
from typing import Any

from evalkit.models.limiter import AdaptiveLimiter
from evalkit.servers.probe import Facts, preempted
from evalkit.serving.answering import Answering

LOOK_S = 5.0
MEAN_PROMPT = 2_000  # tokens of a call's prompt, where nothing else is known
MEAN_REPLY = 2_000  # and of its reply, whose limit is seldom reached
MOST = 256
UNKNOWN = 16  # calls at once of a server that does not say what it holds


def fitting(facts: Facts, reply_limit: int | None) -> int | None:
    """How many calls its cache holds at once; None where it does not say what it holds."""
    if facts.slots:
        return facts.slots
    if not facts.kv_tokens:
        return None
    each = MEAN_PROMPT + min(reply_limit or MEAN_REPLY, MEAN_REPLY)
    if facts.context:
        each = min(each, facts.context)
    return max(1, min(MOST, facts.kv_tokens // each))


class Pressure:
    """Looks now and then whether the server had to put requests off, which costs it their work, and lets
    fewer through then, as after a 429."""

    def __init__(self, server: Answering, limiter: AdaptiveLimiter, before: Pressure | None = None) -> None:
        self._server, self._limiter = server, limiter
        self._task: asyncio.Task[None] | None = None
        self._seen: float | None = None  # one that was kept has put some off before
        self.preemptions: float = before.preemptions if before else 0.0
        self.lowered: int = before.lowered if before else 0
        if before:
            before.end()

    def begin(self) -> None:
        if self._server.engine.preempted is not None:
            self._task = asyncio.create_task(self._watch())

    def end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def account(self) -> dict[str, Any]:
        return {"preemptions": self.preemptions, "lowered": self.lowered}

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                self.look(await asyncio.to_thread(preempted, self._server.engine, self._server.place))
            await asyncio.sleep(LOOK_S)

    def look(self, now: float | None) -> None:
        if now is None:
            return
        if self._seen is not None and now > self._seen:
            self.preemptions += now - self._seen
            self.lowered += 1
            self._limiter.throttled(monotonic())
        self._seen = now
