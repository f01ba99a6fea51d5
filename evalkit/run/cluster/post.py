"""A node as the head sees it: the actor there, how much it is doing, and whether it is still there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from evalkit.run.cluster.messages import Facts
from evalkit.run.hands import NodeLost


@dataclass(eq=False)
class Post:
    """`rooms`: for rollouts at once. `images` are those that it has met. `quiet`: it does not answer just
    now; `lost`: it will not any more."""

    node: str
    name: str
    actor: Any
    facts: Facts
    rooms: int
    docker: float
    making: int = 0
    judging: int = 0  # with those that wait for their turn
    images: set[str] = field(default_factory=set)
    quiet: bool = False
    lost: bool = False

    def __post_init__(self) -> None:
        self.turns = asyncio.Semaphore(self.facts.judgings)

    @property
    def load(self) -> float:
        """Of judgings: 1 where it has as many as it can do at once."""
        return self.judging / max(1, self.facts.judgings)

    async def ask(self, method: str, *args: Any) -> Any:
        """What a method of the actor gives. NodeLost where it is gone, or does not answer any more."""
        return await asked(getattr(self.actor, method).remote(*args), self.name)

    def tell(self, method: str, *args: Any) -> None:
        """The same for whoever does not wait for an end."""
        if not self.lost:
            getattr(self.actor, method).remote(*args)


async def asked(coming: Any, name: str) -> Any:
    """What a call of an actor gives. NodeLost where the actor or its node is gone."""
    from ray.exceptions import RayError, RayTaskError

    try:
        return await coming
    except RayTaskError:  # a bug of ours, or of whoever pickles badly
        raise
    except RayError as e:
        raise NodeLost(f"{name} was lost ({type(e).__name__})") from None
