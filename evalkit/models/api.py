"""Any OpenAI-compatible endpoint as a model: one call is one or more attempts, then a reply or an error."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from time import monotonic, time
from typing import Any

from evalkit.errors import ContextExceeded, ModelError
from evalkit.model import CallAttempt, OnAttempt, Reply, Request, Sampling, ToolCall
from evalkit.models.access import Access
from evalkit.models.failure import AttemptError
from evalkit.models.limiter import AdaptiveLimiter
from evalkit.models.parse import Parsed, split_think
from evalkit.models.retry import RetryPolicy
from evalkit.models.sampling import merge
from evalkit.models.transport import Transport
from evalkit.models.usage import Price, keep_raw, read_usage
from evalkit.models.wire import Wire, body_of, call_key, encode


class OpenAIModel:
    """A model behind an OpenAI-compatible API. `limiter` is shared by all of its calls.

    `salt` makes the calls of one run its own (a run's name): without it, a provider that keeps replies by
    Idempotency-Key could answer a repetition of the run from the first one.
    """

    def __init__(
        self,
        name: str,
        wire: Wire,
        access: Access,
        *,
        sampling: Sampling | None = None,
        price: Price | None = None,
        inline_think: bool = False,
        concurrency: int = 64,
        request_timeout_s: float = 600.0,
        retry: RetryPolicy | None = None,
        salt: str = "",
        seed: int | None = None,
        context: int | None = None,
    ) -> None:
        self.name = name
        self.sampling = sampling or Sampling()
        self.wire = wire
        self.price = price
        self.context = context  # tokens, prompt and reply together; None is not known
        self.retry = retry or RetryPolicy()
        self.limiter = AdaptiveLimiter(concurrency)
        self.access = access
        self._inline_think = inline_think
        self._request_timeout_s = request_timeout_s
        self.salt = salt
        self._rng = random.Random(seed)
        self._transport: Transport | None = None

    def describe(self) -> dict[str, Any]:
        """What makes this model this model. Sampling is apart, in `sampling`."""
        described: dict[str, Any] = {
            "backend": "openai",
            "id": self.wire.model,
            "base_url": self.access.shown,
        }
        if self.wire.prefill:
            described["prefill"] = self.wire.prefill
        if self.wire.reasoning_field:
            described["reasoning_field"] = self.wire.reasoning_field
        if self._inline_think:
            described["inline_think"] = True
        return described

    async def complete(self, request: Request, on_attempt: OnAttempt | None = None) -> Reply:
        """One reply. Raises ContextExceeded, or ModelError after the last attempt."""
        data = encode(self.body(request))
        headers = {"Idempotency-Key": call_key(self.salt, request, data)}
        attempts: list[CallAttempt] = []
        spent = 0.0
        while True:
            attempt, outcome = await self._attempt(request, data, headers, spent, on_attempt)
            spent += attempt.wall_s
            if isinstance(outcome, Reply):
                return dataclasses.replace(outcome, attempts=(*attempts, attempt))
            number = len(attempts) + 1
            wait = self.retry.wait_s(outcome, number, self._rng)
            why = self.retry.give_up(outcome, number, spent, wait)
            attempt = dataclasses.replace(attempt, waited_s=0.0 if why else wait)
            attempts.append(attempt)
            if on_attempt:
                on_attempt(attempt)
            if why:
                raise self._error(outcome, why)
            spent += wait
            await asyncio.sleep(wait)

    def body(self, request: Request) -> dict[str, Any]:
        return body_of(request, merge(request.sampling, self.sampling), self.wire)

    async def _attempt(
        self,
        request: Request,
        data: bytes,
        headers: dict[str, str],
        spent: float,
        on_attempt: OnAttempt | None,
    ) -> tuple[CallAttempt, Reply | AttemptError]:
        """One HTTP request with what came of it. A good one, or one that was cancelled, is reported here."""
        chat = request.prompt is None
        async with self.limiter:
            transport = await self._open()
            started, clock = time(), monotonic()
            try:
                parsed, request_id = await transport.post(
                    "/chat/completions" if chat else "/completions",
                    data,
                    headers,
                    chat,
                    max(0.1, self.retry.deadline_s - spent),
                )
            except AttemptError as failure:
                if failure.status == 429:
                    self.limiter.throttled(clock)
                failure.text = self.access.key.scrub(failure.text)
                wall = monotonic() - clock
                usage = read_usage(failure.usage, self.price)
                return CallAttempt(started, wall, failure.status, failure.text, usage=usage), failure
            except asyncio.CancelledError:
                if on_attempt:
                    on_attempt(CallAttempt(started, monotonic() - clock, error="interrupted"))
                raise
            wall = monotonic() - clock
            self.limiter.succeeded()
        reply = self._reply(parsed, request_id, wall)
        attempt = CallAttempt(started, wall, 200, usage=reply.usage)
        if on_attempt:
            on_attempt(attempt)
        return attempt, reply

    def _reply(self, parsed: Parsed, request_id: str, wall: float) -> Reply:
        text, reasoning = parsed.text, parsed.reasoning
        if self._inline_think and not reasoning:
            reasoning, text = split_think(text)
        clean = self.access.key.remove_from
        return Reply(
            text=clean(text),
            reasoning=clean(reasoning),
            finish_reason=clean(parsed.finish_reason),
            usage=read_usage(parsed.usage, self.price),
            raw_usage=keep_raw(parsed.usage),
            served_model=clean(parsed.served_model),
            fingerprint=clean(parsed.fingerprint),
            request_id=clean(request_id or parsed.id),
            wall_s=wall,
            first_token_s=parsed.first_token_s,
            tool_calls=tuple(
                ToolCall(clean(c.id), clean(c.name), clean(c.arguments)) for c in parsed.tool_calls
            ),
        )

    def _error(self, failure: AttemptError, why: str) -> ModelError:
        text = f"{self.name}: {failure.text} ({why})"
        if failure.context:
            return ContextExceeded(text)
        hint = failure.hint
        if failure.status in (401, 403) and self.access.key_source:
            hint = f"check the key in {self.access.key_source}, or name another variable: --api-key-env NAME"
        elif failure.status is None and not hint:
            hint = f"is {self.access.shown} up and reachable?"
        return ModelError(text, hint, retryable=failure.retryable)

    async def _open(self) -> Transport:
        """Where the next attempt goes: a local server may be another one by then."""
        if self._transport is None:
            self._transport = Transport(
                self.access.base_url, self.access.key, self.limiter.ceiling, self._request_timeout_s
            )
        return self._transport

    async def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()
