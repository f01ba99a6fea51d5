"""What a model behind a server is answered by, and the way to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from evalkit.servers.engine import Engine, Place
from evalkit.servers.probe import Facts


class Answering(Protocol):
    """A server that answers: one of ours, or a neighbour."""

    engine: Engine
    place: Place
    facts: Facts


class Door(Protocol):
    """The way to it. `served`: what requests call the model; `say` is told how it goes."""

    say: Callable[[str], None]

    @property
    def name(self) -> str: ...
    @property
    def served(self) -> str: ...
    async def ready(self) -> Answering: ...
    async def release(self) -> None: ...
