"""A run with recorded terminals: a session, real programs, and what a hostile program might leave."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evalkit.model import Message, Reply, Request
from evalkit.outcome import Outcome
from evalkit.store import create_run
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, Verdict
from tests.cli.stored import manifest


async def recorded_run(folder: Path, casts: Mapping[str, bytes]) -> Path:
    """A task a recording; one more has none."""
    tasks = (*casts, "unrecorded")
    facts = {**manifest(), "tags": {}, "identity": {"tasks": {"count": len(tasks)}}}
    with create_run(folder, facts, [(task, 0) for task in tasks]) as store:
        judged = await store.verdict_set(Scorer("mini", "1"), {})
        for task in tasks:
            rollout = await store.begin(task, 0)
            request = Request(Task(task, {}), 0, (Message("user", f"Do {task}."),))
            await store.model_call(rollout, 0, "tested", request, Reply("ls -la", finish_reason="stop"))
            files = {"session.cast": casts[task], "changes.tar": b"\x1f\x8b"} if task in casts else {}
            await store.answer(rollout, Answer("{}", "state", files), {})
            verdict = Verdict(Outcome.FAILED, "wrong", extracted="{}")
            await store.verdict(judged, task, 0, "official", verdict)
    return folder
