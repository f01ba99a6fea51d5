"""transformers in this process: for tiny models, and for base models that complete a prompt. Extra `hf`.

Calls that come together are answered together: sorted by length, so that little of a batch is padding. One
thread generates; the rest of evalkit goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, time
from typing import Any

from evalkit.errors import ContextExceeded, ModelError, UsageError
from evalkit.model import CallAttempt, Note, OnAttempt, Reply, Request, Sampling, Usage
from evalkit.models.catalog import Entry
from evalkit.models.parse import split_think
from evalkit.models.registry import Opening
from evalkit.models.sampling import merge
from evalkit.servers.engine import FLAGS
from evalkit.servers.gpus import gpus
from evalkit.servers.hub import cached_snapshot
from evalkit.servers.preflight import looks_local
from evalkit.servers.weights import Weights, weights_of
from evalkit.serving.asked import template_digest
from evalkit.serving.installed import beside

GATHER_S = 0.02  # that a batch waits for company
BATCH = 8
NEW_TOKENS = 1_024  # of a reply without a limit
INSTALL = 'pip install "evalkit[hf]"'
OF_SERVERS = ("parallel", "gpu_memory", "tool_parser", "reasoning_parser", "extra", "quantization")


@dataclasses.dataclass
class Waiting:
    """A call that waits for its batch. `ids`: its prompt's tokens; `most`: tokens of its reply."""

    sampling: Sampling
    ids: list[int]
    most: int
    done: asyncio.Future[Reply]


class InProcess:
    """A causal language model of transformers. It is loaded by the first call."""

    def __init__(self, opening: Opening, path: str, identity: Mapping[str, Any], **facts: Any) -> None:
        self.name = opening.spec
        self.sampling: Sampling = facts["sampling"]
        self.context: int | None = facts["context"]
        self.price = None
        self._path, self._identity = path, dict(identity)
        self._weights: Weights = facts["weights"]
        self._device: str = facts["device"]
        self._template: str = facts["chat_template"]
        self._inline_think: bool = facts["inline_think"]
        self._batch = max(1, min(BATCH, opening.concurrency))
        self._waiting: list[Waiting] = []
        self._working: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._engine: Any = None
        self._over_long = 0
        self._say: Any = lambda line: None

    def describe(self) -> dict[str, Any]:
        return self._identity

    def facts(self) -> dict[str, Any]:
        return {
            "engine": "hf",
            "started": False,
            "packages": beside(),
            "model": self._path,
            "hashes": self._weights.hashes or {},
            "revision": self._weights.revision,
            "dtype": self._weights.dtype,
            "determinism": "seeded",
            "gpus": [{"name": gpu.name, "driver": gpu.driver, "bytes": gpu.total} for gpu in gpus()],
        }

    def attend(self, say: Any, note: Note) -> None:
        self._say = say

    def account(self) -> dict[str, Any]:
        return {"context": self.context, "over_long": self._over_long, "remarks": []}

    async def complete(self, request: Request, on_attempt: OnAttempt | None = None) -> Reply:
        if self._engine is None:
            if self._loading is None:
                self._loading = asyncio.create_task(self._load())
            await asyncio.shield(self._loading)
        sampling = merge(request.sampling, self.sampling)
        ids = await asyncio.to_thread(self._encoded, request)
        limit = self.context
        if limit is not None and len(ids) >= limit:
            self._over_long += 1
            raise ContextExceeded(f"{self.name}: the prompt has {len(ids):,} tokens, the context {limit:,}")
        started, clock = time(), monotonic()
        most = sampling.max_tokens or NEW_TOKENS
        most = most if limit is None else min(most, limit - len(ids))
        waiting = Waiting(sampling, ids, most, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        reply = await waiting.done
        attempt = CallAttempt(started, monotonic() - clock, None, usage=reply.usage)
        if on_attempt:
            on_attempt(attempt)
        return dataclasses.replace(reply, attempts=(attempt,), wall_s=attempt.wall_s)

    def _encoded(self, request: Request) -> list[int]:
        try:
            ids: list[int] = self._engine.encode(request)
        except Exception as e:  # there is no chat template, or it refuses what the suite asks
            raise ModelError(
                f"{self.name}: {str(e)[:300]}", "a base model takes suites of completions", retryable=False
            ) from None
        return ids

    async def _load(self) -> None:
        self._say(f"hf: loading {self._path}")
        from evalkit.serving.generate import Generating

        try:
            self._engine = await asyncio.to_thread(Generating, self._path, self._device, self._template)
        except (OSError, ValueError, RuntimeError, ImportError) as e:
            raise UsageError(f"hf cannot load {self._path}: {str(e).splitlines()[0][:300]}") from None
        self.context = self.context or self._engine.context

    async def _work(self) -> None:
        """Batches until nobody waits. Those of one batch have the same sampling and the same room for their
        replies: what a reply is must not hang on its company."""
        while self._waiting:
            await asyncio.sleep(GATHER_S)
            self._waiting.sort(key=lambda w: len(w.ids))
            first = self._waiting[0]
            alike = [w for w in self._waiting if _together(w, first)][: self._batch]
            self._waiting = [w for w in self._waiting if w not in alike]
            try:
                replies = await asyncio.to_thread(self._generate, alike)
            except Exception as e:  # out of memory, a bug of the model's code: the calls are errors
                error = ModelError(f"{self.name}: {type(e).__name__}: {str(e)[:300]}", retryable=True)
                for each in alike:
                    if not each.done.done():
                        each.done.set_exception(error)
                continue
            for each, reply in zip(alike, replies, strict=True):
                if not each.done.done():
                    each.done.set_result(reply)

    def _generate(self, batch: list[Waiting]) -> list[Reply]:
        first = batch[0]
        made = self._engine.generate([w.ids for w in batch], first.sampling, first.most)
        return [self._reply(waiting, *each) for waiting, each in zip(batch, made, strict=True)]

    def _reply(self, waiting: Waiting, text: str, tokens: int, finish: str) -> Reply:
        thought, answer = split_think(text) if self._inline_think else ("", text)
        usage = Usage(len(waiting.ids), tokens)
        return Reply(
            text=answer, reasoning=thought, finish_reason=finish, usage=usage, served_model=self.name
        )

    async def close(self) -> None:
        for task in (self._working, self._loading):
            if task is not None and not task.done():
                task.cancel()
        self._engine = None


def _together(one: Waiting, other: Waiting) -> bool:
    """Whether two calls can be of one batch: where seeds matter, each call has its own."""
    if one.sampling.temperature not in (None, 0.0) and one.sampling.seed is not None:
        return one is other
    return (one.sampling, one.most) == (other.sampling, other.most)


def open_in_process(
    opening: Opening, entry: Entry | None, given: Mapping[str, Any], context: int | None
) -> InProcess:
    """UsageError where transformers is not here, or the model is not to be had."""
    if odd := [FLAGS[name] for name in given if name in OF_SERVERS]:
        raise UsageError(f"{odd[0]}: hf has no server", "leave it out")
    if opening.sends and (find_spec("transformers") is None or find_spec("torch") is None):
        raise UsageError("hf needs transformers and torch in evalkit's own environment", INSTALL)
    spec = str(given.get("model") or opening.spec)
    path = entry.ids.get("huggingface", spec) if entry and not given.get("model") else spec
    local = looks_local(path)
    if local and not Path(path).is_dir():
        raise UsageError(f"there is no model at {path}", "a folder, or an id of the hub")
    folder = Path(path) if local else cached_snapshot(path, given.get("revision", ""))
    weights = weights_of(folder) if folder else Weights()
    identity = {
        "backend": "hf",
        "id": Path(path).name if local else path,
        "weights": weights.digest[:16] if local else "",
        "revision": given.get("revision", ""),
        "context": context,
        "chat_template": template_digest(given.get("chat_template", "")),
        "inline_think": bool(entry and entry.inline_think),
    }
    return InProcess(
        opening,
        str(folder or path),
        {name: value for name, value in identity.items() if value},
        sampling=merge(opening.sampling, entry.sampling) if entry else opening.sampling,
        context=context or weights.context,
        weights=weights,
        device=given.get("device", ""),
        chat_template=given.get("chat_template", ""),
        inline_think=bool(entry and entry.inline_think),
    )
