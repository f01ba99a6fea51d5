"""Which node makes which rollouts: neighbours stay together, so that a node pulls few images, and a node that
has done its share takes the second half of whoever has most left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Sequence
from itertools import groupby
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Shares(Generic[T]):
    """Items in order, those with one `key` kept together while there are others to take. See Todo.

    `held`: keys whose images a node has already; it begins with the share that has most of them.
    """

    def __init__(
        self,
        items: Sequence[T],
        key: Callable[[T], Hashable],
        nodes: int,
        held: Callable[[Any], Collection[Hashable]] = lambda place: (),
    ) -> None:
        self._key, self._held = key, held
        groups = [deque(group) for _, group in groupby(items, key)]
        size = max(1, -(-len(groups) // max(1, nodes)))
        self._free = deque(deque(groups[k : k + size]) for k in range(0, len(groups), size))
        self._of: dict[Hashable, deque[deque[T]]] = {}  # by node: what it works through
        self._back: deque[T] = deque()

    def take(self, place: Any) -> T | None:
        """The next item for a node; None where nothing is left for anybody."""
        share = self._of.setdefault(place, deque())
        if not share:
            share = self._of[place] = self._another(place)
        if not share:
            return self._back.popleft() if self._back else None
        item = share[0].popleft()
        if not share[0]:
            share.popleft()
        return item

    def back(self, item: T) -> None:
        self._back.append(item)

    def _another(self, place: Any) -> deque[deque[T]]:
        """A share that nobody has, or half of the one with most groups in it."""
        if self._free:
            held = self._held(place)
            best = max(self._free, key=lambda share: sum(self._key(group[0]) in held for group in share))
            self._free.remove(best)
            return best
        most = max(self._of.values(), key=len, default=None)
        if not most:
            return deque()
        if len(most) > 1:
            taken = deque(most.pop() for _ in range(len(most) // 2))
            taken.reverse()
            return taken
        group, half = most[0], len(most[0]) // 2
        if not half:  # one item: whoever asks first has it
            return deque([most.popleft()])
        rest = deque(group.pop() for _ in range(half))
        rest.reverse()
        return deque([rest])
