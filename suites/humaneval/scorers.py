"""Two scorers by name: the official one, which takes names away from programs, and "real", which does not."""

from __future__ import annotations

from typing import Any

from evalkit.suite import option

REAL = "real"


def scorer_option(official: str) -> Any:
    """The option `scorer`. `official` is also the name of the guard that takes the names away."""
    return option(
        official,
        "the official rules, which take names such as os.getcwd away from a program, or none taken away",
        part="verdict",
        choices=(official, REAL),
    )


def guard_of(scorer: str) -> str:
    return "none" if scorer == REAL else scorer
