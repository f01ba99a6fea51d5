"""Loops: the same calls with the same outcomes, in the same order, again and again.

One call that is repeated is a round of one; a model that goes to and fro between two files makes rounds of
two. What differs in a single character of a call or its outcome is no loop.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from evalkit.interaction import Observation
from evalkit.model import ToolCall


@dataclass(frozen=True)
class Loop:
    """`times`: how often in a row a round of `calls` calls was made, the last one included."""

    calls: int
    times: int

    @property
    def words(self) -> str:
        what = "the same call" if self.calls == 1 else f"the same {self.calls} calls"
        return f"{self.times} times in a row {what} had the same outcome: try something else."


class Rounds:
    """Of rounds of at most `longest` calls."""

    def __init__(self, longest: int) -> None:
        self._past: deque[tuple[str, str, str]] = deque(maxlen=longest)
        self._as_before = [
            0
        ] * longest  # by length less one: how many calls in a row were as those a round ago

    def see(self, call: ToolCall, seen: Observation) -> Loop:
        """The shortest round that has been made most often with this call."""
        this = (call.name, call.arguments, seen.text)
        for n in range(len(self._as_before)):
            same = n < len(self._past) and self._past[-1 - n] == this
            self._as_before[n] = self._as_before[n] + 1 if same else 0
        self._past.append(this)
        loops = [Loop(n, before // n + 1) for n, before in enumerate(self._as_before, 1)]
        return max(loops, key=lambda loop: (loop.times, -loop.calls))


def told(seen: Observation, loop: Loop, end: str) -> Observation:
    """The observation with a word on the loop; `end` is the end that it brings about, or ""."""
    return replace(
        seen, text=f"{seen.text}\n[{loop.words}]", data={**seen.data, "repeated": loop.times}, end=end
    )
