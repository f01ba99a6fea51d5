"""How many programs go at once: few that compute, many that wait or are overdue.

The supervisor says what each program does (`patrol.py`). One that sleeps costs nothing but its slot. One
that has had the time that an honest program needs goes on with the lowest priority, beside others that start.
"""

from __future__ import annotations

from collections.abc import Iterable

RUNNING, WAITING, OVERDUE = b"R", b"W", b"O"
OVERDUE_EACH = 3  # overdue programs for each that may run; more than that count as running


def room(states: Iterable[bytes], running: int, most: int) -> bool:
    """Whether one more may start beside programs in `states`: `running` may compute, `most` be there."""
    known = list(states)
    too_many = max(0, known.count(OVERDUE) - OVERDUE_EACH * running)
    return len(known) < most and known.count(RUNNING) + too_many < running
