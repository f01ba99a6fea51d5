"""Answers, verdicts and replies as plain records, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.model import CallAttempt, Message, Reply, Request, ToolCall, Usage
from evalkit.outcome import Outcome
from evalkit.task import Answer, TestResult, Verdict


def request_record(request: Request) -> dict[str, Any]:
    """What was asked, without the task: the part of a request that decides its reply."""
    extra = dict(sorted(request.sampling.extra_body.items()))
    sampling = replace(request.sampling, extra_body=extra)
    messages = [message_record(message) for message in request.messages]
    tools = {"tools": request.tools} if request.tools else {}
    return {"messages": messages, "prompt": request.prompt, "sampling": sampling, **tools}


def message_record(message: Message) -> dict[str, Any]:
    """A message as plain text has it; what only tools need is there where they are used."""
    record: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        record["tool_calls"] = message.tool_calls
    if message.tool_call_id:
        record["tool_call_id"] = message.tool_call_id
    if message.reasoning:
        record["reasoning"] = message.reasoning
    return record


def reply_record(reply: Reply) -> dict[str, Any]:
    """A reply without its attempts, which are logged one by one as they end."""
    record = {name: getattr(reply, name) for name in Reply.__dataclass_fields__ if name != "attempts"}
    if not reply.tool_calls:
        del record["tool_calls"]
    return record


def read_reply(record: Mapping[str, Any]) -> Reply:
    """A reply from its record. It has no attempts: nothing was sent to get it again."""
    calls = tuple(ToolCall(**call) for call in record.get("tool_calls", ()))
    return Reply(**{**record, "usage": Usage(**record["usage"]), "tool_calls": calls})


def read_attempt(record: Mapping[str, Any]) -> CallAttempt:
    return CallAttempt(**{**record, "usage": Usage(**record["usage"])})


def answer_record(answer: Answer) -> dict[str, Any]:
    """An answer; its files are there where it has any."""
    return {"text": answer.text, "form": answer.form, **({"files": answer.files} if answer.files else {})}


def file_digests(body: bytes) -> dict[str, str]:
    """Of an answer's files, by name, from the body of its record: no file is read for that."""
    files = (json.loads(body).get("answer") or {}).get("files", {})
    return {name.removeprefix("$"): kept["$bytes"] for name, kept in files.items()}


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """A verdict; a log, which may be megabytes, is there where one was kept."""
    record = {name: getattr(verdict, name) for name in Verdict.__dataclass_fields__}
    if not verdict.log:
        del record["log"]
    return record


def read_verdict(record: Mapping[str, Any]) -> Verdict:
    tests = tuple(TestResult(**test) for test in record["tests"])
    return Verdict(**{**record, "outcome": Outcome(record["outcome"]), "tests": tests})
