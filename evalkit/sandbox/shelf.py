"""One image of a run's supply: whether it is in the engine, who uses it; and which of several goes first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

PATIENCE_S = 10.0  # an image that samples still need, but none uses, stays at least so long


@dataclass
class Shelf:
    """`id`: "" where it is not in the engine, as far as is known. `ours`: evalkit pulled it."""

    reference: str
    id: str = ""
    users: int = 0
    ours: bool = False
    idle_since: float = 0.0
    stuck_since: float = float("-inf")  # it could not be removed: something else uses it
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # one pulls or removes it at a time
    getting: asyncio.Task[None] | None = None

    @property
    def being_got(self) -> bool:
        return self.getting is not None and not self.getting.done()

    @property
    def idle(self) -> bool:
        """Whether it may go: pulled, there, used by nobody, and not known to be in somebody else's use."""
        stuck = time.monotonic() - self.stuck_since < PATIENCE_S
        return self.ours and bool(self.id) and not self.users and not self.lock.locked() and not stuck


def victim(shelves: Iterable[Shelf], wanted: Callable[[str], bool], order: Sequence[str]) -> Shelf | None:
    """What goes where room is needed: what no sample wants; else, of those idle for a while, the one that is
    wanted last."""
    idle = [shelf for shelf in shelves if shelf.idle]
    if useless := next((shelf for shelf in idle if not wanted(shelf.reference)), None):
        return useless
    waiting = [shelf for shelf in idle if time.monotonic() - shelf.idle_since >= PATIENCE_S]
    places = {reference: place for place, reference in enumerate(order)}
    return max(waiting, key=lambda shelf: places.get(shelf.reference, -1), default=None)
