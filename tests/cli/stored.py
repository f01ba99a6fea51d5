"""A finished run with a bit of everything, written through the store: no model and no sandbox needed."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

from evalkit.model import CallAttempt, Message, Reply, Request, Sampling, Usage
from evalkit.outcome import Outcome
from evalkit.run.settings import Settings
from evalkit.store import Store, create_run
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, TestResult, Verdict

# Title, clipboard, cursor, bidi, zero-width, C1, a forged line of ours, lone surrogate, NUL.
HOSTILE = (
    "t1\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[1A\x1b[2KPASS\r\x9b31m\u202egnp\u200b\u2028\ud800\x00\x7f"
    "\n\nofficial verdict by mini 1\n  passed"
)


def plan(task: str) -> list[tuple[str, int]]:
    return [(f"{task}/{n}", k) for k in range(2) for n in range(4)]


PLAN = plan("t")


def make_run(
    folder: Path, text: str = "def f():\n    return 1\n", model: str = "a-model", task: str = "t"
) -> Path:
    """t/0 passes twice; t/1 fails, one sample suspect; t/2 is an API error; t/3 was never begun.

    `text` is the reply, the extracted code, a test's name and detail, the API's error and the detail.
    """
    asyncio.run(_make(folder, text, model, task))
    return folder


async def _make(folder: Path, text: str, model: str, task: str) -> None:
    first, second, third = (f"{task}/{n}" for n in range(3))
    with create_run(folder, manifest(model, task), plan(task)) as store:
        judged = await store.verdict_set(Scorer("mini", "1"), {})
        for k in range(2):
            await _answered(store, first, k, text, killed=k == 1)
            await store.verdict(judged, first, k, "official", Verdict(Outcome.PASSED, extracted=text))
            await _answered(store, second, k, text)
            failed = Verdict(
                Outcome.FAILED,
                "wrong",
                text,
                official=text,
                parts={"base": True, "plus": False},
                tests=(TestResult(text, "passed"), TestResult("second", "wrong", text, 0.5)),
                extracted=text,
                suspect=text if k else "",
                measured={"wall_s": 0.25},
                log=b"first line\n" + (text.encode(errors="replace") + b"\xff\n") * 50 + b"last line\n",
            )
            if k:
                strict = Verdict(Outcome.FAILED, "crashed", extracted=text, log=b"strictly\n")
                await store.verdict(judged, second, k, "strict", strict)
            await store.verdict(judged, second, k, "official", failed)
            rollout = await store.begin(third, k)
            store.attempt(rollout, 0, "tested", CallAttempt(1.0, 0.5, 500, text, waited_s=2.0))
            await store.fail(rollout, Outcome.ERROR, "api", text)
        await store.note("session_end", {"end": "cost", "detail": text, "wall_s": 12.5})


async def _answered(store: Store, task_id: str, sample: int, text: str, *, killed: bool = False) -> None:
    """A rollout of one call, refused once; `killed`: cut off there, and ended by the next try."""
    rollout = await store.begin(task_id, sample)
    usage = Usage(prompt_tokens=10, completion_tokens=20, reasoning_tokens=5, cost=0.25)
    store.attempt(rollout, 0, "tested", CallAttempt(1.0, 0.25, 429, text, waited_s=1.0))
    store.attempt(rollout, 0, "tested", CallAttempt(2.0, 1.5, 200, usage=usage))
    request = Request(Task(task_id, {}), sample, (Message("user", text),), sampling=Sampling(seed=sample))
    reply = Reply(text, reasoning=text, finish_reason="stop", usage=usage, served_model=text, wall_s=1.5)
    await store.model_call(rollout, 0, "tested", request, reply)
    if killed:
        rollout = await store.begin(task_id, sample)
    await store.answer(rollout, Answer(text), {"finish_reason": "stop"})


def manifest(model: str = "a-model", task: str = "t") -> dict[str, Any]:
    asked = {"tasks": {"count": 4}, "samples": 2}
    served = {"backend": "openai", "id": model, "base_url": "http://127.0.0.1:1/v1"}
    return {
        "schema": "evalkit.run/1",
        "settings": Settings("mini", model).to_json(),
        "created": "2026-01-02T03:04:05+00:00",
        "identity": {"data": "of-other-data", "model": served, "label": "", **asked},
        "identity_digest": hashlib.sha256(f"{model} {task}".encode()).hexdigest(),
        "model": served,
        "suite": {"name": "mini", "title": "Mini", "scorer": {"name": "mini", "version": "1"}},
        "scaffold": {"name": "one-turn", "version": "1"},
        "protocol": {"name": "mini", "version": "1"},
        "data": {"fingerprint": "of-other-data", "source": "file:elsewhere.jsonl"},
        "tags": {f"{task}/0": {"difficulty": "easy"}, f"{task}/1": {"difficulty": "hard"}},
    }
