"""The HTTP side: routes, checks, the request log, and the delivery of replies and faults.

This module is imported only where the endpoint runs, so aiohttp is imported at its top.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any

from aiohttp import web

from evalkit.endpoint.answer import make_answer, prompt_tokens_of
from evalkit.endpoint.deliver import deliver, error_object, too_long
from evalkit.endpoint.faults import Fault, choose, parse_fault
from evalkit.endpoint.log import Entry, RequestLog
from evalkit.endpoint.script import Script
from evalkit.endpoint.strict import check_conversation, check_tools
from evalkit.endpoint.timing import Latency


@dataclass
class Options:
    """How an endpoint behaves. `capacity`: more requests at once than this get 429. `context`: tokens (words)
    that a prompt may have; a longer one gets 400."""

    script: Script = field(default_factory=Script)
    faults: tuple[Fault, ...] = ()
    latency: Latency = field(default_factory=Latency)
    seed: int = 0
    capacity: int | None = None
    context: int | None = None
    api_key: str | None = None
    models: Sequence[str] = ()
    strict_models: bool = False
    log: Path | None = None
    keep_log: bool = False


class Endpoint:
    """A running endpoint: `async with Endpoint(options) as endpoint: endpoint.url`."""

    def __init__(self, options: Options, host: str = "127.0.0.1", port: int = 0) -> None:
        self.options = options
        self.log = RequestLog(options.log, keep=options.keep_log)
        self.bodies: list[dict[str, Any]] = []  # requests in order of arrival, kept with the log
        self.peers: set[object] = set()  # the connections that they came on, likewise
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://{self._host}:{self._port}/v1"

    async def __aenter__(self) -> Endpoint:
        app = web.Application(client_max_size=256 << 20)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/completions", self._complete)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_get("/stats", self._stats)
        # a client that leaves cancels its handler: the log must say "gone", not "complete"
        self._runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=600, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=4096)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()
        self.log.close()

    # -- routes --------------------------------------------------------------------------------
    async def _list_models(self, _: web.Request) -> web.Response:
        names = self.options.models or ["scripted"]
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "evalkit"} for name in names]
        return web.json_response({"object": "list", "data": data})

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response(self.log.totals())

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        chat = request.path.endswith("/chat/completions")
        try:
            body = json.loads(await request.read())
            check_body(body, chat)
        except (ValueError, RecursionError) as e:
            return web.json_response(error_object(f"bad request: {e}", 400), status=400)
        options = self.options
        if options.api_key and request.headers.get("Authorization") != f"Bearer {options.api_key}":
            return web.json_response(error_object("invalid API key", 401), status=401)
        if options.strict_models and body.get("model") not in options.models:
            text = f"the model {body.get('model')!r} does not exist"
            return web.json_response(error_object(text, 404), status=404)
        if options.keep_log:
            self.bodies.append(body)
            self.peers.add(request.transport and request.transport.get_extra_info("peername"))
        entry = self.log.begin(body, request.path, request.headers.get("Idempotency-Key"), time())
        try:
            return await self._answer(request, body, chat, entry)
        except ConnectionError:
            entry.outcome = "gone"
            return web.Response()  # to nobody
        except asyncio.CancelledError:
            entry.outcome = "gone"
            raise
        finally:
            self.log.end(entry, time())

    async def _answer(
        self, request: web.Request, body: dict[str, Any], chat: bool, entry: Entry
    ) -> web.StreamResponse:
        options = self.options
        scripted = options.script.reply_to(body)
        faults = (parse_fault(scripted.fault),) if scripted.fault else options.faults
        fault = choose(faults, options.seed, entry.key, entry.attempt, entry.number)
        if options.capacity is not None and entry.active > options.capacity:
            fault = Fault("429")
        entry.fault = fault.kind if fault else ""
        if options.context is not None and prompt_tokens_of(body) > options.context:
            entry.outcome, entry.status, entry.fault = "fault", 400, "context"
            return too_long(options.context, prompt_tokens_of(body))
        answer = make_answer(body, scripted, fault, f"call-{entry.key}-{entry.attempt}", chat)
        entry.prompt_tokens, entry.completion_tokens = answer.prompt_tokens, answer.completion_tokens
        delay = scripted.delay_s + options.latency.draw(options.seed, entry.key, entry.attempt)
        if delay > 0:
            await asyncio.sleep(delay)
        return await deliver(request, body, answer, fault, entry)


def check_body(body: Any, chat: bool) -> None:
    """ValueError unless a body has what the route needs."""
    if not isinstance(body, dict):
        raise ValueError("the body is not an object")
    if not chat:
        if not isinstance(body.get("prompt"), str):
            raise ValueError("prompt is missing or no text")
        return
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages is missing or empty")
    if not all(isinstance(m, dict) and isinstance(m.get("role"), str) for m in messages):
        raise ValueError("every message needs a role")
    check_conversation(messages)
    check_tools(body.get("tools"))


async def serve(options: Options, host: str, port: int) -> None:
    """Run until cancelled; the first line on stdout is the base URL."""
    async with Endpoint(options, host, port) as endpoint:
        print(endpoint.url, flush=True)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
