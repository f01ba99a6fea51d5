"""Replies to Terminus 1: one JSON object of a schema, and nothing else.

Read as its authors' library reads it (pydantic, lax): texts that are numbers or truth values count as such,
fields that there are not are a mistake.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

FOREVER_S = 86_400.0  # what a time limit of 0 comes to: `timeout 0s` has none
YES, NO = ("true", "t", "yes", "y", "on", "1"), ("false", "f", "no", "n", "off", "0")


def _about(kind: str, about: str) -> dict[str, Any]:
    return {"type": kind, "description": about}


COMMAND = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "keystrokes": _about(
            "string",
            "The keys to type. Keys that are no characters go by their names in tmux (C-c for Ctrl and c), "
            "each as a command of its own: beside others its name would be typed letter by letter.",
        ),
        "is_blocking": _about(
            "boolean",
            "Whether to wait until the shell's command has ended, and go on only then. For commands at the "
            "shell's prompt that end by themselves. Never for names of keys, nor within a program that is "
            "used by keys (an editor, a pager); where it is not clear, do not block.",
        ),
        "timeout_sec": _about("number", "How many seconds to wait for its end at most."),
    },
    "required": ["keystrokes", "is_blocking", "timeout_sec"],
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "state_analysis": _about("string", "How things stand, by what the terminal shows."),
        "explanation": _about("string", "In short, what the commands are to do."),
        "commands": {"type": "array", "items": COMMAND, "description": "What is typed, in this order."},
        "is_task_complete": _about(
            "boolean",
            "Whether the task is done once these commands are. Make sure first that the commands before them "
            "did what they should.",
        ),
    },
    "required": ["state_analysis", "explanation", "commands", "is_task_complete"],
}


@dataclass(frozen=True)
class Command:
    keys: str
    blocks: bool
    timeout_s: float


@dataclass(frozen=True)
class Batch:
    commands: tuple[Command, ...]
    complete: bool


class NoBatch(Exception):
    """The reply does not keep to the schema: why, in words."""


def read_batch(text: str) -> Batch:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise NoBatch(f"no JSON: {e}") from None
    fields = _fields(given, SCHEMA)
    for name in ("state_analysis", "explanation"):
        _text(fields[name], name)
    if not isinstance(fields["commands"], list):
        raise NoBatch("commands is no list")
    return Batch(
        tuple(_command(one) for one in fields["commands"]),
        _truth(fields["is_task_complete"], "is_task_complete"),
    )


def _command(given: Any) -> Command:
    fields = _fields(given, COMMAND)
    seconds = _number(fields["timeout_sec"], "timeout_sec")
    return Command(
        _text(fields["keystrokes"], "keystrokes"),
        _truth(fields["is_blocking"], "is_blocking"),
        min(max(seconds, 0.0) or FOREVER_S, FOREVER_S),
    )


def _fields(given: Any, schema: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise NoBatch(f"{str(given)[:100]!r} is no object")
    wrong = [name for name in schema["required"] if name not in given]
    wrong += [name for name in given if name not in schema["properties"]]
    if wrong:
        raise NoBatch(f"fields that are missing, or that there are not: {', '.join(wrong)[:200]}")
    return given


def _text(given: Any, name: str) -> str:
    if not isinstance(given, str):
        raise NoBatch(f"{name} is no text")
    return given


def _truth(given: Any, name: str) -> bool:
    word = given.lower() if isinstance(given, str) else ""
    if given in (True, 1) or word in YES:
        return True
    if given in (False, 0) or word in NO:
        return False
    raise NoBatch(f"{name} is neither true nor false")


def _number(given: Any, name: str) -> float:
    try:
        number = float(given) if isinstance(given, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise NoBatch(f"{name} is no number")
    return number
