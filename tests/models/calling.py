"""What tests of models share: an endpoint in this process, and a model that calls it over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from evalkit.endpoint.faults import parse_faults
from evalkit.endpoint.script import Rule, Script, Scripted
from evalkit.endpoint.server import Endpoint, Options
from evalkit.model import Message, Request, Sampling
from evalkit.models.access import Access
from evalkit.models.api import OpenAIModel
from evalkit.models.retry import RetryPolicy
from evalkit.models.secret import Secret
from evalkit.models.wire import Wire
from evalkit.task import Task

KEY = "canary-Zq7/key+2f9d1e"  # must never be seen again
QUICK = RetryPolicy(max_attempts=4, first_wait_s=0.01, longest_wait_s=0.05)


@asynccontextmanager
async def endpoint(
    *faults: str,
    reply: Scripted | str = "right",
    rules: Sequence[Rule] = (),
    echo: bool = False,
    **options: Any,
) -> AsyncIterator[Endpoint]:
    """An endpoint that answers `reply` with these faults and keeps its log."""
    default = reply if isinstance(reply, Scripted) else Scripted(reply)
    script = Script(list(rules), default, echo)
    settings = Options(script=script, faults=parse_faults(faults), keep_log=True, **options)
    async with Endpoint(settings) as running:
        yield running


@asynccontextmanager
async def model(
    url: str, *, stream: bool = False, wire: Wire | None = None, **options: Any
) -> AsyncIterator[OpenAIModel]:
    """A model at `url` with short waits."""
    options = {"retry": QUICK, "concurrency": 8, "request_timeout_s": 10.0, "seed": 1, **options}
    made = OpenAIModel(
        "m", wire or Wire("m", stream=stream), Access(url, Secret(KEY), url, "THE_KEY"), **options
    )
    try:
        yield made
    finally:
        await made.close()


def ask(text: str = "question", sample: int = 0, sampling: Sampling | None = None) -> Request:
    return Request(Task("t/1", {}), sample, (Message("user", text),), sampling=sampling or Sampling())
