"""The numbers of the shell, each with where it comes from. None of them depends on a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Seconds, characters and counts. "mini" is mini-swe-agent 2.4.6 with its SWE-bench configuration, read
    2026-08. "ours" has no published counterpart, and is chosen to cost honest work nothing. `repeats_end`
    None: never.
    """

    command_s: float = 60.0  # a command that names no limit; mini. SWE-agent: 30
    most_s: float = 600.0  # the most that one may name; ours
    shown: int = 10_000  # characters of an observation: from so many on the middle is left out; mini
    command_bytes: int = 100_000  # ours: Linux takes 131,071 bytes in one argument (MAX_ARG_STRLEN)
    read_bytes: int = 4 << 20  # of a file that is viewed or edited; ours
    mistakes: int = 3  # replies in a row of which nothing could be done; mini
    round: int = 4  # calls that, with the same outcomes in the same order, are a loop; ours. OpenHands: 2
    repeats_told: int = 4  # times in a row that such a round is made, or one call; OpenHands: 4 are stuck
    repeats_end: int | None = 20  # ours: whoever waits for something by asking again has this long
