"""A model behind a server on this machine: its place may change with every attempt, what it is does not."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from evalkit.model import Note, OnAttempt, Reply, Request, Sampling
from evalkit.models.access import NO_KEY, Access
from evalkit.models.api import OpenAIModel
from evalkit.models.registry import Opening
from evalkit.models.retry import RetryPolicy
from evalkit.models.secret import Secret
from evalkit.models.transport import Transport
from evalkit.models.wire import Wire
from evalkit.servers.life import ServerError
from evalkit.serving.answering import Answering, Door
from evalkit.serving.facts import live_facts, static_facts
from evalkit.serving.honest import Honesty, characters, counted, manners, speaks_tools
from evalkit.serving.pressure import UNKNOWN, Pressure, fitting

ASKED = ("model", "messages", "prompt", "tools")  # of a request: the rest is how it is answered


class ServedModel(OpenAIModel):
    """An OpenAI-compatible API whose server is found, and started, when the first call is made."""

    def __init__(
        self,
        opening: Opening,
        wire: Wire,
        door: Door,
        identity: Mapping[str, Any],
        *,
        sampling: Sampling,
        inline_think: bool,
        context: int | None,
        fit: bool,
        retry: RetryPolicy,
    ) -> None:
        super().__init__(
            opening.spec,
            wire,
            Access("", Secret(NO_KEY), f"the server of {opening.spec}"),
            sampling=sampling,
            inline_think=inline_think,
            concurrency=opening.concurrency,
            request_timeout_s=opening.request_timeout_s,
            retry=retry,
            salt=opening.salt,
            context=context,
        )
        self._door, self._identity, self._fit = door, identity, fit
        self._server: Answering | None = None
        self._meeting: asyncio.Task[None] | None = None
        self._tools: asyncio.Task[None] | None = None
        self._pressure: Pressure | None = None
        self._note: Note | None = None
        self._honesty = Honesty()
        self._live: dict[str, Any] = {}
        self._closed = False

    def describe(self) -> dict[str, Any]:
        described = dict(self._identity)
        if self.wire.reasoning_field:
            described["reasoning_field"] = self.wire.reasoning_field
        if self._inline_think:
            described["inline_think"] = True
        return described

    # -- Hosted ------------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        return static_facts(self._door)

    def attend(self, say: Callable[[str], None], note: Note) -> None:
        self._door.say, self._note = say, note

    def account(self) -> dict[str, Any]:
        pressed = self._pressure.account() if self._pressure else {}
        return {
            **self._live,
            "deaths": list(getattr(self._door, "deaths", ())),
            "concurrency": {"limit": self.limiter.ceiling, "peak": self.limiter.peak, **pressed},
            **self._honesty.account(),
        }

    # -- calls -------------------------------------------------------------------------------------

    async def complete(self, request: Request, on_attempt: OnAttempt | None = None) -> Reply:
        server = await self._met()
        if request.tools:
            await self._heard_tools(server)
        body = self.body(request)
        self._live.setdefault("sent", {k: v for k, v in body.items() if k not in ASKED})
        limit = self._honesty.limit = self._limit(server)
        prompt = await counted(server, body, limit)
        self._honesty.before(self.name, characters(body), prompt)
        if prompt is not None and limit is not None:
            request = _within(request, body, limit - prompt)
        reply = await super().complete(request, on_attempt)
        self._honesty.check(self.name, characters(body), prompt, reply)
        return reply

    def _limit(self, server: Answering) -> int | None:
        """Tokens of context: what the server really has, less where less was asked for."""
        known = [n for n in (server.facts.context or self.context, self._identity.get("context")) if n]
        return min(known, default=None)

    def body(self, request: Request) -> dict[str, Any]:
        said = super().body(request)
        if self._server is None:
            return said
        self._honesty.unheeded |= dict.fromkeys(name for name in self._server.engine.ignored if name in said)
        return self._server.engine.speak(said)

    async def _met(self) -> Answering:
        """The server, which has been asked how it behaves when it is a new one."""
        server = await self._door.ready()
        if server is not self._server:
            if self._meeting is None or self._meeting.done():
                self._meeting = asyncio.create_task(self._meet(server))
            await asyncio.shield(self._meeting)
        return server

    async def _meet(self, server: Answering) -> None:
        """Look at what it really serves. ServerError where that is less than was asked for."""
        real = server.facts.context
        if real is not None and self._identity.get("context", 0) > real:
            raise ServerError(
                f"{server.engine.name} serves {real:,} tokens of context, not {self._identity['context']:,}",
                f"--context {real}",
            )
        found = await asyncio.to_thread(manners, server, self.wire.model)
        self._honesty.ignores = found if getattr(server, "alive", True) else []  # it was gone meanwhile
        for line in self._honesty.ignores:
            self._door.say(f"{server.engine.name}: {line}")
        if self._fit:
            self.limiter.cap(fitting(server.facts, self.sampling.max_tokens) or UNKNOWN)
        self._live = live_facts(server, self.limiter.ceiling)
        self._pressure = Pressure(server, self.limiter, self._pressure)
        self._pressure.begin()
        await self._renew(server)
        if self._note:
            await self._note("server", self._live)

    async def _renew(self, server: Answering) -> None:
        """All at once: a call that comes meanwhile must not find the one with the other's place."""
        url, key = server.place.root + server.engine.api, Secret(server.place.key or NO_KEY)
        self.access, self._server = Access(url, key, self.access.shown), server
        await self._leave()

    async def _open(self) -> Transport:
        await self._met()
        return await super()._open()

    async def _heard_tools(self, server: Answering) -> None:
        """Before the first request with tools: a wrong parser makes every call a text, and every score 0."""
        if self._tools is None:
            self._tools = asyncio.create_task(self._probe_tools(server))
        await asyncio.shield(self._tools)

    async def _probe_tools(self, server: Answering) -> None:
        found = await asyncio.to_thread(speaks_tools, server, self.wire.model)
        self._live["tool_calls"] = found
        if self._note:
            await self._note("server", self._live)
        if found == "none":
            self._door.say(
                f"{self.name} made no tool call when it was asked for one: its score may show that"
            )

    async def _leave(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._pressure:
            self._pressure.end()
        for task in (self._meeting, self._tools):
            if task is not None and not task.done():
                task.cancel()
        await self._leave()
        await self._door.release()


def _within(request: Request, body: Mapping[str, Any], left: int) -> Request:
    """The request with its reply's limit within what is left of the context: engines refuse what is more."""
    limit = body.get("max_tokens")
    if limit is None or limit <= left:
        return request
    return dataclasses.replace(request, sampling=dataclasses.replace(request.sampling, max_tokens=left))
