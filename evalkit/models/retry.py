"""How often a call is tried, and how long it waits in between."""

from __future__ import annotations

import random
from dataclasses import dataclass

from evalkit.models.failure import AttemptError


@dataclass(frozen=True)
class RetryPolicy:
    """All times are seconds. `deadline_s` bounds the requests and waits of one call together."""

    max_attempts: int = 8
    deadline_s: float = 1800.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    retry_after_cap_s: float = 120.0

    def wait_s(self, failure: AttemptError, attempt: int, rng: random.Random) -> float:
        """What to wait after `attempt` (from 1) failed.

        The server's Retry-After is kept, and exceeded by up to a tenth so that callers do not all
        return at once; else exponential back-off, half of it random.
        """
        if failure.retry_after:
            return failure.retry_after * (1 + rng.random() / 10)
        backoff = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(attempt - 1, 30))
        return backoff * (0.5 + rng.random() / 2)

    def give_up(self, failure: AttemptError, attempt: int, spent_s: float, wait_s: float) -> str:
        """Why no further attempt is made, "" if one is. `spent_s`: requests and waits so far."""
        if not failure.retryable or failure.context:
            return "not retried"
        if failure.retry_after is not None and failure.retry_after > self.retry_after_cap_s:
            asked = f"{failure.retry_after:.0f} s"
            return f"the server asks to wait {asked}, more than the {self.retry_after_cap_s:.0f} s allowed"
        if attempt >= self.max_attempts:
            return f"given up after {attempt} attempt{'s' if attempt > 1 else ''}"
        if spent_s + wait_s >= self.deadline_s:
            return f"given up: another attempt would exceed the {self.deadline_s:.0f} s that a call may take"
        return ""
