"""Sending one reply, whole or with its fault, as JSON or as a stream of events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from evalkit.endpoint.answer import Answer
from evalkit.endpoint.faults import INSTEAD, Fault
from evalkit.endpoint.log import Entry

PAGE = "<!doctype html><html><body><h1>502 Bad Gateway</h1><p>The upstream did not answer.</p></body></html>"
DRIP_BYTES = 16


def error_object(message: str, code: int, name: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "endpoint_error", "param": None, "code": name or code}}


def too_long(limit: int, tokens: int) -> web.Response:
    """The refusal of a prompt that does not fit the context."""
    text = f"This model's maximum context length is {limit} tokens, but the messages hold {tokens} tokens."
    return web.json_response(error_object(text, 400, "context_length_exceeded"), status=400)


async def deliver(
    request: web.Request, body: dict[str, Any], answer: Answer, fault: Fault | None, entry: Entry
) -> web.StreamResponse:
    """Send `answer` as the request wants it, unless `fault` says otherwise; notes the outcome in `entry`."""
    if fault and (fault.status or fault.kind in INSTEAD):
        entry.outcome = "fault"
        return await _instead(request, fault, entry)
    entry.billed = True
    kind = fault.kind if fault else ""
    if kind in ("cut", "close", "truncate", "empty", "nofinish"):
        entry.outcome = "fault"
    if body.get("stream"):
        include_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return await _stream(request, list(answer.events(include_usage)), fault)
    return await _document(request, json.dumps(answer.document()).encode(), fault)


async def _instead(request: web.Request, fault: Fault, entry: Entry) -> web.StreamResponse:
    kind = fault.kind
    if fault.status:
        entry.status = fault.status
        payload = error_object(f"scripted fault {fault.status}", fault.status)
        return web.json_response(payload, status=fault.status, headers=fault.retry_after_header())
    if kind == "context":
        entry.status = 400
        return too_long(100, 120)
    if kind == "echokey":
        entry.status = 401
        text = f"unknown key: {request.headers.get('Authorization', '')}"
        return web.json_response(error_object(text, 401), status=401)
    if kind == "html":
        return web.Response(text=PAGE, content_type="text/html")
    if kind == "error200":
        return web.json_response({**error_object("the upstream is overloaded", 503), "choices": None})
    if kind == "stall":
        await asyncio.sleep(600 if fault.s is None else fault.s)
    return _abort(request)


def _abort(request: web.Request) -> web.StreamResponse:
    """Reset the connection; whatever is returned afterwards goes nowhere."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _document(request: web.Request, data: bytes, fault: Fault | None) -> web.StreamResponse:
    kind = fault.kind if fault else ""
    if kind == "truncate":
        data = data[: len(data) // 2]
    if kind not in ("cut", "close", "drip"):
        whole = web.Response(body=data, content_type="application/json")
        await whole.prepare(request)
        await whole.write_eof()  # here, not after the handler: a client that has left must be noticed
        return whole
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    if kind == "close":
        response.enable_chunked_encoding()  # so that the early end is a clean one
    else:
        response.content_length = len(data)
    await response.prepare(request)
    if kind == "drip":
        await _drip(response, data, fault)
        return response
    await response.write(data[: len(data) // 2])
    if kind == "cut":
        await asyncio.sleep(0.01)  # let the half leave before the reset overtakes it
        return _abort(request)
    await response.write_eof()
    return response


async def _stream(
    request: web.Request, events: list[dict[str, Any]], fault: Fault | None
) -> web.StreamResponse:
    kind = fault.kind if fault else ""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    last = max(1, len(events) // 2) if kind in ("cut", "close", "truncate") else len(events)
    for data in _encoded(events[:last]):
        if kind == "drip":
            await _drip(response, data, fault)
        else:
            await response.write(data)
    if kind == "truncate":
        await response.write(b'data: {"choices": [{"delta": {"con\n\n')
    if kind == "cut":
        await asyncio.sleep(0.01)
        return _abort(request)
    if last == len(events):
        await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _encoded(events: list[dict[str, Any]]) -> Iterator[bytes]:
    return (b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


async def _drip(response: web.StreamResponse, data: bytes, fault: Fault | None) -> None:
    pause = 0.01 if fault is None or fault.s is None else fault.s
    for start in range(0, len(data), DRIP_BYTES):
        await response.write(data[start : start + DRIP_BYTES])
        await asyncio.sleep(pause)
