"""The request log: what arrived, what came of it, and whether somebody has to pay for it twice.

A line is written when a request ends. `key` names a distinct request (model, input, sampling, and the
Idempotency-Key header where there is one), `attempt` how often it was seen. `outcome` is "complete"
(the whole reply left while the client was still there), "fault" or "gone" (the client left).
`billed`: the model did its work, whether or not the client saw it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from evalkit.endpoint.script import Body

IDENTITY = (
    "model",
    "messages",
    "prompt",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "tools",
)


@dataclass
class Entry:
    number: int
    key: str
    attempt: int
    path: str
    model: str
    stream: bool
    started: float  # Unix time
    active: int  # requests in progress when it arrived, itself included
    ended: float = 0.0
    status: int = 200
    fault: str = ""
    outcome: str = "complete"
    billed: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass
class Stats:
    requests: int = 0
    max_active: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    billed: int = 0
    completed_again: int = 0  # complete replies to a request that already had one
    prompt_tokens: int = 0
    completion_tokens: int = 0


def request_key(body: Body, idempotency_key: str | None) -> str:
    identity = {name: body[name] for name in IDENTITY if body.get(name) is not None}
    identity["idempotency-key"] = idempotency_key
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


class RequestLog:
    """Counts requests by key and writes one JSON line for each that ended, flushed at once.

    `keep` also holds them in `entries`, for tests in the same process.
    """

    def __init__(self, path: Path | None = None, *, keep: bool = False) -> None:
        self.entries: list[Entry] = []
        self._keep = keep
        self.stats = Stats()
        self._file: IO[str] | None = path.open("a", encoding="utf-8") if path else None
        self._seen: Counter[str] = Counter()
        self._completed: set[str] = set()
        self._active = 0

    def begin(self, body: Body, path: str, idempotency_key: str | None, now: float) -> Entry:
        key = request_key(body, idempotency_key)
        self._seen[key] += 1
        self._active += 1
        self.stats.requests += 1
        self.stats.max_active = max(self.stats.max_active, self._active)
        return Entry(
            number=self.stats.requests,
            key=key,
            attempt=self._seen[key],
            path=path,
            model=str(body.get("model", "")),
            stream=bool(body.get("stream")),
            started=now,
            active=self._active,
        )

    def end(self, entry: Entry, now: float) -> None:
        entry.ended = now
        self._active -= 1
        stats = self.stats
        stats.outcomes[entry.outcome] += 1
        if entry.fault:
            stats.faults[entry.fault] += 1
        if entry.billed:
            stats.billed += 1
            stats.prompt_tokens += entry.prompt_tokens
            stats.completion_tokens += entry.completion_tokens
        if entry.outcome == "complete":
            stats.completed_again += entry.key in self._completed
            self._completed.add(entry.key)
        if self._file:
            self._file.write(json.dumps(asdict(entry)) + "\n")
            self._file.flush()
        if self._keep:
            self.entries.append(entry)

    def totals(self) -> dict[str, Any]:
        """The counts so far; `active`: requests in progress."""
        return {**vars(self.stats), "active": self._active}

    def close(self) -> None:
        if self._file:
            self._file.close()
