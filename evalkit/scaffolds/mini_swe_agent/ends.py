"""How its rollouts end: mini-swe-agent's exit status, and our reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# of limits that evalkit keeps, in its words (agents/default.py, 2.4.6)
THEIRS = {
    "turns": "LimitsExceeded",
    "tokens": "LimitsExceeded",
    "money": "LimitsExceeded",
    "agent_timeout": "TimeExceeded",
}
# which no reply can bring about: the machine's
HOST = ("OSError", "MemoryError", "APIConnectionError", "Timeout")


@dataclass(frozen=True)
class Ended:
    """What the agent said at its end. `types`: the names of the exception that it ended with, if so, and of
    what that is derived from; `text`: its words."""

    exit_status: str
    submission: str = ""
    calls: int = 0
    types: tuple[str, ...] = ()
    text: str = ""

    @classmethod
    def of(cls, said: dict[str, Any]) -> Ended:
        wrong = said["exception"] or {"types": (), "text": ""}
        status, submission = str(said["exit_status"]), str(said["submission"] or "")
        return cls(status, submission, int(said["calls"]), tuple(wrong["types"]), str(wrong["text"]))

    @property
    def hosts(self) -> bool:
        """Whether it ended for this machine's fault."""
        return any(name in HOST for name in self.types)


def reason(ended: Ended, last: str, turns: int | None) -> str:
    """A reason of `failed`, or "stop". `last`: what the last reply alone would end a rollout with (it was
    cut, or the conversation did not fit)."""
    if ended.exit_status == "Submitted":
        return "stop"
    if ended.exit_status == "LimitsExceeded":
        return "turns" if turns is not None and ended.calls >= turns else "money"
    if ended.exit_status == "TimeExceeded":
        return "agent_timeout"
    if ended.exit_status == "RepeatedFormatError":
        return "malformed" if last == "stop" else last
    return "context" if last == "context" else "crashed"
