"""What a reply to Terminus 2 comes to, in whichever of its two dialects it is written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

DEFAULT_S = 1.0  # what a command waits that does not say
MOST_S = 60.0  # and the most that one may


@dataclass(frozen=True)
class Command:
    """Keys to be sent in one go, and how many seconds to wait after them."""

    keys: str
    wait_s: float = DEFAULT_S


@dataclass(frozen=True)
class Read:
    """`error`: why nothing of it is done; `warnings`: what is to be done better, all the same. `complete`: it
    calls the task done."""

    commands: tuple[Command, ...] = ()
    complete: bool = False
    error: str = ""
    warnings: tuple[str, ...] = field(default=())

    @property
    def remarks(self) -> str:
        return "\n".join(f"- {warning}" for warning in self.warnings)


@dataclass(frozen=True)
class Dialect:
    """How replies are written. `first` makes the first message of the task and what the terminal shows;
    `salvage` reads what a reply holds that was cut, None where nothing of it can be used; `confirm` says how
    the end is called once more, `kind` what a reply is."""

    name: str
    kind: str
    first: Callable[[str, str], str]
    read: Callable[[str], Read]
    confirm: str
    salvage: Callable[[str], Read | None] = lambda text: None


def wait_of(seconds: float) -> float:
    """Seconds as a command asks for them, as they are kept: from 0 to MOST_S."""
    return DEFAULT_S if math.isnan(seconds) else min(max(seconds, 0.0), MOST_S)


def unended(number: int) -> str:
    return f"command {number} does not end with a newline, and another follows: both are typed into one line"
