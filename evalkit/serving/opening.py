"""From `--backend NAME` and a model's name to a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.errors import UsageError
from evalkit.model import Model
from evalkit.models.catalog import Entry, load_catalog
from evalkit.models.registry import Opening
from evalkit.models.retry import RetryPolicy
from evalkit.models.sampling import merge
from evalkit.models.wire import Wire
from evalkit.servers.engine import FLAGS
from evalkit.servers.engines import ENGINES
from evalkit.serving.answering import Door
from evalkit.serving.asked import How, ask_for, find_entry
from evalkit.serving.connect import NEIGHBOURS, connect
from evalkit.serving.host import host_for
from evalkit.serving.model import ServedModel

STARTED = tuple(ENGINES)
SERVED = (*STARTED, *NEIGHBOURS, "hf")
LEAVE_THOUGHTS = ("minimax-append-think",)  # parsers that leave the thoughts in the text, between tags
PREFILL = {"vllm": "continue-final-message", "sglang": "continue-final-message"}


def open_served(
    opening: Opening, backend: str, given: Mapping[str, Any], context: int | None, how: How
) -> Model:
    """`given`: what `Settings.server` holds. Nothing is started. UsageError where it could not be."""
    entry = find_entry(load_catalog(), opening.spec)
    if backend == "hf":
        from evalkit.serving.inprocess import open_in_process

        return open_in_process(opening, entry, given, context)
    if backend in NEIGHBOURS:
        if odd := [FLAGS[name] for name in given if name in FLAGS]:
            raise UsageError(f"{odd[0]}: {backend} is started by you, not by evalkit", "set it there")
        door = connect(opening, entry, backend)
        mine = {"context": context} if context else {}  # less than it has: longer prompts are not sent
        return _model(opening, entry, backend, door, {**door.identity, **mine}, how, context)
    if opening.base_url:
        raise UsageError(
            f"--base-url is of no use with --backend {backend}: evalkit starts its server",
            "leave out --backend to ask a server that runs already",
        )
    engine = ENGINES[backend]
    asked = ask_for(opening.spec, entry, engine, given, context, sends=opening.sends)
    host = host_for(engine, asked, how if opening.sends else replace(how, port=None))
    identity = {"id": asked.name, **asked.identity({**given, "context": context})}
    inline = asked.wanted.reasoning_parser in LEAVE_THOUGHTS
    known = context or asked.weights.context or (entry.context if entry else None)
    return _model(opening, entry, backend, host, identity, how, known, inline)


def _model(
    opening: Opening,
    entry: Entry | None,
    backend: str,
    door: Door,
    identity: Mapping[str, Any],
    how: How,
    context: int | None,
    inline: bool = False,
) -> ServedModel:
    return ServedModel(
        opening,
        Wire(
            model=door.served,
            stream=opening.stream,
            prefill=(entry.prefill if entry else "") or PREFILL.get(backend, ""),
            reasoning_field=entry.reasoning_field if entry else "",
        ),
        door,
        {"backend": backend, **identity},
        sampling=merge(opening.sampling, entry.sampling) if entry else opening.sampling,
        inline_think=inline or bool(entry and entry.inline_think),
        context=context,
        fit=how.fit,
        retry=RetryPolicy(
            max_attempts=opening.max_attempts,
            deadline_s=max(RetryPolicy.deadline_s, 3 * opening.request_timeout_s),
        ),
    )
