"""For tests that measure time: that a host takes the machine away for a second is no fault of evalkit's.

A virtual machine may stand still for a second or two, all of it or one of its cores. Whoever ran there used
no CPU, waited for none, and was late. `@steady` tries such a test once more, and only then: where it failed
while the machine kept going, the failure stands; so it does where every try was disturbed.
"""

from __future__ import annotations

import functools
import inspect
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

LOOK_S = 0.05
STOOD_S = 0.2  # of a second: less disturbs no test, and the crowds of these tests do not take as much
TRIES = 4
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def steady(test: Callable[..., Any]) -> Callable[..., Any]:
    """A test that is tried again where it failed and the machine had stood still meanwhile."""

    @functools.wraps(test)
    async def waited(*args: Any, **kwargs: Any) -> None:
        for attempt in attempts():
            with attempt:
                await test(*args, **kwargs)

    @functools.wraps(test)
    def called(*args: Any, **kwargs: Any) -> None:
        for attempt in attempts():
            with attempt:
                test(*args, **kwargs)

    return waited if inspect.iscoroutinefunction(test) else called


def attempts() -> Iterator[Attempt]:
    for left in reversed(range(TRIES)):
        yield (attempt := Attempt(left))
        if attempt.held:
            return


class Attempt:
    """Watches the machine while entered, and forgives a failure where that stood still and tries are left.

    A thread for each core notes when it wakes up late: so long the core did nothing for it. The kernel says
    what the host took (steal), where it knows. One core is enough: whoever ran on it stood still with it.
    """

    def __init__(self, left: int) -> None:
        self.held = False
        self._left = left
        self._over = threading.Event()
        self._lost: dict[int, list[tuple[float, float]]] = {core: [] for core in os.sched_getaffinity(0)}
        self._threads = [threading.Thread(target=self._watch, args=one) for one in self._lost.items()]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> bool:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.held = error is None
        if not isinstance(error, AssertionError | TimeoutError):
            return False
        most_s = max(map(most_in_a_second, self._lost.values()))
        error.add_note(f"of any second, a core was away for {most_s:.2f} s at most; tries left: {self._left}")
        again = most_s >= STOOD_S and self._left > 0
        if again:  # the summary of all tests names it
            warnings.warn(f"tried again: {error}; {error.__notes__[-1]}", stacklevel=3)
        return again

    def _watch(self, core: int, lost: list[tuple[float, float]]) -> None:
        os.sched_setaffinity(0, {core})  # of this thread only
        before, taken = time.monotonic(), stolen_s(core)
        while not self._over.wait(LOOK_S):
            now, so_far = time.monotonic(), stolen_s(core)
            lost.append((now, max(now - before - LOOK_S, so_far - taken)))
            before, taken = now, so_far


def most_in_a_second(lost: Sequence[tuple[float, float]]) -> float:
    """The largest sum of what was lost within a second; pairs of when and how much."""
    most = total = 0.0
    first = 0
    for when, much in lost:
        total += much
        while lost[first][0] < when - 1.0:
            total -= lost[first][1]
            first += 1
        most = max(most, total)
    return most


def stolen_s(core: int) -> float:
    """What the host has taken of a core since the machine started, by the kernel's count."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            return int(ticks[7]) * TICK_S
    return 0.0
