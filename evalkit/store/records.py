"""Answers, verdicts and replies as plain records, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.model import CallAttempt, Reply, Request, Usage
from evalkit.outcome import Outcome
from evalkit.task import TestResult, Verdict


def request_record(request: Request) -> dict[str, Any]:
    """What was asked, without the task: the part of a request that decides its reply."""
    extra = dict(sorted(request.sampling.extra_body.items()))
    sampling = replace(request.sampling, extra_body=extra)
    return {"messages": request.messages, "prompt": request.prompt, "sampling": sampling}


def reply_record(reply: Reply) -> dict[str, Any]:
    """A reply without its attempts, which are logged one by one as they end."""
    return {name: getattr(reply, name) for name in Reply.__dataclass_fields__ if name != "attempts"}


def read_reply(record: Mapping[str, Any]) -> Reply:
    """A reply from its record. It has no attempts: nothing was sent to get it again."""
    return Reply(**{**record, "usage": Usage(**record["usage"])})


def read_attempt(record: Mapping[str, Any]) -> CallAttempt:
    return CallAttempt(**{**record, "usage": Usage(**record["usage"])})


def read_verdict(record: Mapping[str, Any]) -> Verdict:
    tests = tuple(TestResult(**test) for test in record["tests"])
    return Verdict(**{**record, "outcome": Outcome(record["outcome"]), "tests": tests})
