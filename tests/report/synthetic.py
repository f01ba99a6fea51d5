"""A large run, written through the store as the pipeline writes: no model, no sandbox, figures by a seed."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from evalkit.model import Message, Reply, Request, Usage
from evalkit.outcome import Outcome
from evalkit.run.settings import Settings
from evalkit.store import Store, create_run
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, TestResult, Verdict
from tests.cli.stored import manifest

LANGUAGES = ("c++", "go", "java", "javascript", "python", "rust")
LEVELS = ("easy", "medium", "hard")
FAILURES = ("wrong", "wrong", "wrong", "crashed", "timeout", "no_answer", "truncated", "memory")
IN_FLIGHT = 64


def synthetic_run(
    folder: Path, samples: int, *, model: str = "a-model", seed: int = 1, share: float = 0.6, calls: int = 1
) -> Path:
    """A run of `samples` tasks; a `share` passes, but for a hundredth that broke or was never begun."""
    asyncio.run(_write(folder, samples, model, random.Random(seed), share, calls))
    return folder


def manifest_of(tasks: Sequence[str], model: str) -> dict[str, Any]:
    """As a run of the suite mini has it, of these tasks."""
    identity = {
        "data": "ab" * 32,
        "label": "",
        "options": {},
        "sampling": {"temperature": 0.7},
        "tasks": {"count": len(tasks), "ids": "cd" * 8},
        "model": {"backend": "api", "id": model},
    }
    return {
        **manifest(),
        "created": "2026-01-02T03:04:05+00:00",
        "settings": Settings("mini", model).to_json(),
        "identity": identity,
        "identity_digest": hashlib.sha256(model.encode()).hexdigest(),
        "data": {"source": "file:synthetic.jsonl", "revision": "1", "fingerprint": "ab" * 32},
        "model": {"backend": "api", "id": model},
        "tags": tags_of(tasks),
    }


def tags_of(tasks: Sequence[str]) -> dict[str, dict[str, str]]:
    """Language, difficulty and date of each task: the same in every run."""
    rng, first = random.Random(0), date(2023, 5, 1)
    return {
        task: {
            "language": rng.choice(LANGUAGES),
            "difficulty": rng.choice(LEVELS),
            "date": str(first + timedelta(days=rng.randrange(700))),
        }
        for task in tasks
    }


async def _write(
    folder: Path, samples: int, model: str, rng: random.Random, share: float, calls: int
) -> None:
    tasks = [f"Synthetic/{number}" for number in range(samples)]
    with create_run(folder, manifest_of(tasks, model), [(task, 0) for task in tasks]) as store:
        judged = await store.verdict_set(Scorer("mini", "1"), {})
        waiting = iter([(task, random.Random(rng.random())) for task in tasks])

        async def worker() -> None:
            for task, chance in waiting:
                await _sample(store, judged, task, chance, share, calls)

        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
        await store.note("session_end", {"end": "done", "detail": "", "wall_s": 3600.0})


async def _sample(
    store: Store, judged: int, task: str, chance: random.Random, share: float, calls: int
) -> None:
    luck = chance.random()
    if luck < 0.002:
        return  # never begun
    rollout = await store.begin(task, 0)
    if luck < 0.01:
        await store.fail(rollout, Outcome.ERROR, chance.choice(("api", "sandbox")), "the server broke")
        return
    said: list[Message] = [Message("user", f"Write a function for {task}.")]
    for number in range(calls):
        usage = Usage(chance.randrange(200, 4000), chance.randrange(50, 8000), cost=chance.random() / 20)
        text = f"def solve(n):\n    return n * {chance.randrange(10**6)}\n"
        reply = Reply(text, usage=usage, finish_reason="stop", wall_s=round(chance.random() * 90, 3))
        await store.model_call(rollout, number, "tested", Request(Task(task, {}), 0, tuple(said)), reply)
        said += [Message("assistant", text), Message("user", "Are you sure?")]
    await store.answer(rollout, Answer(text), {"finish_reason": "stop"})
    await store.verdict(judged, task, 0, "official", _verdict(chance, share, text))


def _verdict(chance: random.Random, share: float, text: str) -> Verdict:
    if chance.random() < share:
        return Verdict(Outcome.PASSED, extracted=text)
    reason = chance.choice(FAILURES)
    facts: dict[str, Any] = {"tests": (TestResult("first", "passed"), TestResult("second", reason, "3 != 4"))}
    return Verdict(Outcome.FAILED, reason, "expected 3, got 4", extracted=text, **facts)
