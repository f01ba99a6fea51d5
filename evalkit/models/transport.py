"""HTTP: the openai client over aiohttp, one request at a time, its own retries off.

The client's `post` with a plain response as its target skips the client's typed models: replies are
read as they came (docs/models.md), bounded in size, and checked by our own parser.
"""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import AsyncIterator
from time import monotonic
from typing import TYPE_CHECKING, Any

from evalkit.errors import UsageError
from evalkit.models.failure import AttemptError, from_status, one_line
from evalkit.models.parse import Parsed, parse_document
from evalkit.models.secret import Secret
from evalkit.models.stream import Assembly, events

if TYPE_CHECKING:
    import httpx2

MAX_BODY_BYTES = 64 << 20
MAX_ERROR_BYTES = 64 << 10
CONNECT_S = 30.0
DRAIN_S = 0.5
SPARE_FILES = 128  # open files that the rest of the process needs
YOUNG_OBJECTS = 20_000


class Transport:
    """Connections to one base URL. Made where the first call runs, closed by `close`."""

    def __init__(self, base_url: str, key: Secret, concurrency: int, request_timeout_s: float) -> None:
        import aiohttp
        import httpx2
        import openai

        raise_open_files(concurrency + SPARE_FILES)
        calm_collector()
        self._timeout_s = request_timeout_s
        self._status_error = openai.APIStatusError
        self._broken = (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, OSError)
        self._response = httpx2.Response
        timeout = httpx2.Timeout(request_timeout_s, connect=min(CONNECT_S, request_timeout_s), pool=None)
        self._client = openai.AsyncOpenAI(
            api_key=key.reveal(),
            base_url=base_url,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAioHttpClient(
                # its default of 100 connections would queue the rest inside aiohttp
                limits=httpx2.Limits(
                    max_connections=concurrency, max_keepalive_connections=concurrency, keepalive_expiry=15
                ),
                timeout=timeout,
                event_hooks={"response": [bound_error_body]},
            ),
        )
        # read from OPENAI_ORG_ID and OPENAI_PROJECT_ID: other providers have no business with them
        if not base_url.startswith("https://api.openai.com/"):
            self._client.organization = self._client.project = None

    async def post(
        self, path: str, data: bytes, headers: dict[str, str], chat: bool, timeout_s: float
    ) -> tuple[Parsed, str]:
        """One request: the complete reply and the request id. Raises AttemptError for all else."""
        timeout_s = min(timeout_s, self._timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(path, data, headers, chat)
        except TimeoutError:
            raise AttemptError(f"no complete reply within {timeout_s:.0f} s") from None
        except self._status_error as e:
            raise from_status(e.status_code, e.response.headers, e.body or e.response.text) from None
        except self._broken as e:
            raise AttemptError(broken_words(e)) from None

    async def _post(self, path: str, data: bytes, headers: dict[str, str], chat: bool) -> tuple[Parsed, str]:
        started = monotonic()
        response: httpx2.Response = await self._client.post(
            path,
            cast_to=self._response,
            content=data,
            options={"headers": headers},
            stream=True,  # that is: leave the body to us
        )
        request_id = response.headers.get("x-request-id", "")
        try:
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                return await read_events(response, chat, started), request_id
            return parse_document(await read_body(response), chat), request_id
        except AttemptError as e:
            e.status = e.status or response.status_code
            raise
        except self._broken as e:
            text = f"the reply broke off: {broken_words(e)}"
            raise AttemptError(text, status=response.status_code) from None
        finally:
            await response.aclose()

    async def close(self) -> None:
        await self._client.close()


async def read_body(response: httpx2.Response) -> bytes:
    """The whole body, up to the limit."""
    return b"".join([chunk async for chunk in bounded(response)])


async def bounded(response: httpx2.Response) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise AttemptError(f"the reply is larger than {MAX_BODY_BYTES >> 20} MiB", retryable=False)
        yield chunk


async def read_events(response: httpx2.Response, chat: bool, started: float) -> Parsed:
    """A streamed reply. One that broke off after its finish_reason is complete: only usage is lost."""
    import aiohttp
    import httpx2

    assembly = Assembly(chat, started)
    stream = events(bounded(response))
    try:
        async for data in stream:
            if data == b"[DONE]":
                await drain(stream)
                break
            assembly.add(data)
    except (httpx2.HTTPError, aiohttp.ClientError, OSError) as e:
        if not assembly.finish:
            raise AttemptError(f"the stream broke off: {broken_words(e)}", usage=assembly.usage) from None
    return assembly.parsed()


async def drain(stream: AsyncIterator[bytes]) -> None:
    """Read to the end after [DONE], so that the connection can be used again; a server may hang there."""
    try:
        async with asyncio.timeout(DRAIN_S):
            async for _ in stream:
                pass
    except TimeoutError:
        pass


async def bound_error_body(response: httpx2.Response) -> None:
    """Event hook: the client reads an error's body whole, so its length is bounded here."""
    if response.status_code >= 400:
        response.stream = head_of_stream(response)


def head_of_stream(response: httpx2.Response) -> Any:
    import httpx2

    original = response.stream

    class Head(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = MAX_ERROR_BYTES
            async for chunk in original:  # type: ignore[union-attr]  # an async client has async streams
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return

        async def aclose(self) -> None:
            await original.aclose()  # type: ignore[union-attr]

    return Head()


def broken_words(error: BaseException) -> str:
    """What broke, from the innermost error: the outer ones say "Connection error." or "timed out"."""
    inner = error
    while inner.__cause__ is not None:
        inner = inner.__cause__
    words = one_line(str(inner))
    return f"{type(inner).__name__}: {words}" if words else type(inner).__name__


def calm_collector() -> None:
    """Let the garbage collector look less often: a call makes about a thousand objects, and with 1,024
    calls in flight they live long enough to be looked at again and again (a quarter of all CPU)."""
    young, middle, old = gc.get_threshold()
    if 0 < young < YOUNG_OBJECTS:  # 0 is "off": somebody's choice
        gc.set_threshold(YOUNG_OBJECTS, middle, old)


def raise_open_files(needed: int) -> None:
    """Each call in flight is an open file: raise the process's soft limit. UsageError where it cannot be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise UsageError(
            f"{needed - SPARE_FILES} calls in flight need {needed} open files, the limit is {hard}",
            "lower --concurrency, or raise `ulimit -n`",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
