"""The line to the model as an HTTP server on this machine's own address, with a key.

    POST /v1/chat/completions   with and without stream, with tools
    GET  /v1/models

aiohttp is imported at its top: import this module only where a server runs.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from aiohttp import web

from evalkit.errors import ContextExceeded, EvalkitError
from evalkit.model import Reply
from evalkit.scaffold import Budget, Rollout
from evalkit.scaffolds.proxy import answered
from evalkit.scaffolds.proxy.asked import Asked, Unreadable, read
from evalkit.scaffolds.proxy.line import Line, Over
from evalkit.task import Answer

BODY_BYTES = 32 << 20
PATIENCE_S = 10.0  # how long a stream waits for its reply before it begins with a comment, and between two
MOST_REFUSED = 100  # requests in all that are refused before the agent is taken for one that only floods
Coming = asyncio.Task[tuple[int, Reply]]
OVER, TOO_LONG, UNREADABLE, BROKEN = (
    "evalkit_over",
    "context_length_exceeded",
    "invalid_request",
    "model_error",
)


class ModelProxy:
    """The tested model of a rollout, for a program that speaks to OpenAI's chat completions.

        async with ModelProxy(rollout, budget=budget) as proxy:
            ...start it with proxy.base_url and proxy.key, wait for it or for proxy.over...
        proxy.check()           # raises what went wrong on our side (ModelError: error/api)
        proxy.final             # an answer, where the model gave it whole (oracle, replay)
        proxy.ended             # "stop", or the reason of `failed`

    Each request is one `rollout.call`: durable, counted, paid once. Over budget, requests are refused with
    403 and `proxy.over` is set. `clock` False: the agent's own time is not counted, whoever runs its commands
    adds to `proxy.meter.clocks["tools"]`.
    """

    def __init__(self, rollout: Rollout, *, budget: Budget, clock: bool = True) -> None:
        self.line = Line(rollout, budget, clock=clock)
        self.key = secrets.token_hex(16)
        self.port = 0
        self._coming: list[tuple[Asked, Coming, web.Request]] = []  # asked, and not delivered yet
        self._runner: web.AppRunner | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def over(self) -> asyncio.Event:
        return self.line.over

    @property
    def meter(self) -> Any:
        return self.line.meter

    @property
    def end(self) -> str:
        return self.line.end

    @property
    def ended(self) -> str:
        return self.line.ended

    @property
    def final(self) -> Answer | None:
        return self.line.final

    def check(self) -> None:
        if self.line.broken:
            raise self.line.broken

    def facts(self) -> dict[str, Any]:
        """For the attempt's facts."""
        facts = {**self.line.meter.facts(), "refused_requests": self.line.refused}
        return facts | ({"agent_settings": dict(self.line.settings)} if self.line.settings else {})

    async def __aenter__(self) -> ModelProxy:
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        app.router.add_route("*", "/{path:.*}", self._elsewhere)
        self._runner = web.AppRunner(app, access_log=None, keepalive_timeout=600, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._watch = asyncio.create_task(self.line.watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Calls under way are given up: whoever leaves wants none of them."""
        self.line.hang_up("")
        if self._watch:
            self._watch.cancel()
        if self._runner:
            await self._runner.cleanup()
        calls = [coming for _, coming, _ in self._coming]
        for coming in calls:
            coming.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    # -- routes ------------------------------------------------------------------------------------
    async def _models(self, request: web.Request) -> web.Response:
        if (wrong := self._stranger(request)) is not None:
            return wrong
        model = {"id": "evalkit", "object": "model", "created": 0, "owned_by": "evalkit"}
        return web.json_response({"object": "list", "data": [model]})

    async def _elsewhere(self, request: web.Request) -> web.Response:
        return self._refuse(404, f"no {request.path[:80]} here: POST /v1/chat/completions", UNREADABLE)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if (wrong := self._stranger(request)) is not None:
            return wrong
        try:
            asked = read(await request.read())
        except Unreadable as e:
            return self._refuse(400, f"bad request: {e}", UNREADABLE)
        coming = self._ask(asked, request)
        answer = self._stream(request, asked, coming) if asked.stream else self._document(request, coming)
        try:
            response = await answer
        except ConnectionError:  # its client has left: the reply is kept
            return web.Response()
        self._coming = [each for each in self._coming if each[1] is not coming]
        return response

    def _ask(self, asked: Asked, request: web.Request) -> Coming:
        """A call goes on where its client leaves: it is paid for. Who asks the same again then gets it."""
        for i, (known, coming, client) in enumerate(self._coming):
            gone = client.transport is None or client.transport.is_closing()
            if known.same(asked) and gone and not (coming.done() and coming.exception()):
                self._coming[i] = (asked, coming, request)
                return coming
        coming = asyncio.create_task(self.line.call(asked))
        coming.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._coming.append((asked, coming, request))
        return coming

    async def _document(self, request: web.Request, coming: Coming) -> web.StreamResponse:
        try:
            number, reply = await asyncio.shield(coming)
        except Exception as e:
            return self._refuse(*failure(e))
        whole = web.json_response(answered.document(reply, number))
        await whole.prepare(request)
        await whole.write_eof()  # here: a client that has left is noticed, and its reply kept
        return whole

    async def _stream(self, request: web.Request, asked: Asked, coming: Coming) -> web.StreamResponse:
        """As it should be, if the reply comes soon; else begun before it, so that no client gives up."""
        await asyncio.wait([coming], timeout=PATIENCE_S)
        if coming.done() and (wrong := coming.exception()) is not None:
            return self._refuse(*failure(wrong))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while not coming.done():
            await response.write(answered.WAITING)
            await asyncio.wait([coming], timeout=PATIENCE_S)
        if (wrong := coming.exception()) is not None:
            _, message, code = failure(wrong)
            self._count()
            await response.write(answered.event(answered.refusal(message, code)))
        else:
            number, reply = coming.result()
            for event in answered.events(reply, number, asked.usage):
                await response.write(event)
        await response.write_eof()
        return response

    # -- refusals ----------------------------------------------------------------------------------
    def _stranger(self, request: web.Request) -> web.Response | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if secrets.compare_digest(given.encode(errors="replace"), self.key.encode()):
            return None
        return self._refuse(401, "this key opens nothing here", "invalid_api_key")

    def _refuse(self, status: int, message: str, code: str) -> web.Response:
        self._count()
        return web.json_response(answered.refusal(message, code), status=status)

    def _count(self) -> None:
        self.line.refused += 1
        if self.line.refused >= MOST_REFUSED:
            self.line.hang_up("malformed")


def failure(e: BaseException) -> tuple[int, str, str]:
    """How a call that failed is answered: status, words, code."""
    if isinstance(e, Over):
        return 403, str(e), OVER
    if isinstance(e, ContextExceeded):
        return 400, e.message, TOO_LONG
    if isinstance(e, EvalkitError):
        return 503, f"the model cannot be asked: {e.message}", BROKEN
    return 503, "the model cannot be asked", BROKEN
