"""A sandbox that says what it is told to: for what a suite asks of it, and makes of its judgements."""

from __future__ import annotations

from typing import Any

from evalkit.program import Job, Judgement


class Told:
    """Keeps the jobs. What a real one says of them is tested in tests/parity and tests/sandbox."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement
        self.jobs: list[Job] = []

    async def judge(self, job: Job) -> Judgement:
        self.jobs.append(job)
        return self.judgement

    def describe(self) -> dict[str, Any]:
        return {}

    @property
    def in_flight(self) -> int:
        return 1

    async def close(self) -> None:
        pass
