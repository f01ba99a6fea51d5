"""What a run tells whoever is watching. The base says nothing; the command line draws a bar."""

from __future__ import annotations

from evalkit.outcome import Outcome
from evalkit.task import Verdict


class Watch:
    def say(self, text: str) -> None:
        """One line worth knowing: a new folder, a resumed run, a paused one."""

    def started(self, total: int, judged: int, passed: int) -> None:
        """Work begins: `total` samples planned, of which `judged` have a verdict, `passed` of them good."""

    def rollout(self, cost: float) -> None:
        """An answer is on disk; its calls of this session cost so many dollars, as far as that is known."""

    def ended(self, outcome: Outcome, reason: str, detail: str) -> None:
        """A rollout ended without an answer."""

    def verdict(self, verdict: Verdict) -> None:
        """A verdict is on disk."""

    def finished(self) -> None:
        """Nothing more comes."""
