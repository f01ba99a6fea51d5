"""What the terminal shows, as the model is told it: at most so many bytes, the middle left out."""

from __future__ import annotations

import json
from typing import Any

from evalkit.interaction import Act, Observation
from evalkit.model import ToolCall
from evalkit.scaffolds.shell.output import plain

MOST_BYTES = 10_000  # of UTF-8; harbor 0.25.0
STATE_CHARS = 1_000  # of a screen's end, where no more of it has room
RESTARTED = "[The terminal's session had ended, and a new one was begun.]"


def limited(text: str, most: int = MOST_BYTES) -> str:
    """The text where it has at most so many bytes; else its first and last half of them."""
    data = plain(text).encode()
    if len(data) <= most:
        return data.decode()
    head = data[: most // 2].decode(errors="ignore")
    tail = data[len(data) - most // 2 :].decode(errors="ignore")
    left_out = len(data) - len(head.encode()) - len(tail.encode())
    return f"{head}\n[... of more than {most:,} bytes, {left_out:,} are left out here ...]\n{tail}"


async def do(act: Act, name: str, *, timed: bool = False, **arguments: Any) -> Observation:
    """An act on the terminal: see evalkit.scaffolds.terminal.TerminalWorld."""
    return await act(ToolCall("", name, json.dumps(arguments)), timed=timed)


def with_restart(seen: Observation, restarted: bool) -> str:
    """What an act showed, and that the session is another since the last one that was shown. An act that met
    its end says so itself."""
    text = plain(seen.text)
    return f"{RESTARTED}\n{text}" if restarted and not seen.data.get("restarted") else text
