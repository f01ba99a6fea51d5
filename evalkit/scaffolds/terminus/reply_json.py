"""Replies as JSON: one object with analysis, plan, commands and task_complete, read with tolerance.

    {"analysis": "...", "plan": "...",
     "commands": [{"keystrokes": "ls\\n", "duration": 0.1}], "task_complete": false}

Text around the object is warned of. Where the object does not end, braces are added; where another text with
braces stands before it, the first one that is JSON is taken. The rules are terminal-bench's (0.2.18) and
harbor's (0.25.0).
"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

from evalkit.scaffolds.terminus.reply import DEFAULT_S, Command, Read, unended, wait_of

REQUIRED = ("analysis", "plan", "commands")
KNOWN = ("keystrokes", "duration")
YES = ("true", "1", "yes")
SHOWN = 100  # characters of a broken object that its writer is shown
LEVELS = 2
TRIED = 100  # places at which an object may begin
CLOSED = "the object did not end, and was closed with braces: write all of it"
FOUND = "the object had to be found among other text with braces: reply with the object alone"


def read_json(text: str) -> Read:
    read = _read(text)
    if not read.error:
        return read
    for fixed, warning in ((_closed(text), CLOSED), (_found(text), FOUND)):
        if fixed:
            again = _read(fixed)
            if not again.error:
                return Read(again.commands, again.complete, "", (warning, *again.warnings))
    return read


def _read(text: str) -> Read:
    start, end = _bounds(text)
    if end == -1:
        return Read(error="there is no whole JSON object in it", warnings=("no object begins and ends",))
    warnings = []
    if text[:start].strip():
        warnings.append("there is text before the object")
    if text[end:].strip():
        warnings.append("there is text after the object")
    inside = text[start:end]
    try:
        given = json.loads(inside)
    except (ValueError, RecursionError) as e:
        shown = repr(inside if len(inside) <= 2 * SHOWN else inside[:SHOWN] + "...")
        return Read(error=f"the object is no JSON ({e}): {shown}", warnings=tuple(warnings))
    return _validated(given, inside, warnings)


def _bounds(text: str) -> tuple[int, int]:
    """Where the first object begins and ends, by its braces outside of strings; -1 where it does not."""
    start = text.find("{")
    depth, quoted, at = 0, False, start
    while 0 <= at < len(text):
        char = text[at]
        if quoted:
            if char == "\\":
                at += 1
            elif char == '"':
                quoted = False
        elif char == '"':
            quoted = True
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return start, at + 1
        at += 1
    return start, -1


def _closed(text: str) -> str:
    missing = text.count("{") - text.count("}")
    return text + "}" * missing if missing > 0 else ""


def _found(text: str) -> str:
    """The first object in it that is JSON. One of more than two levels is none, wherever its braces stand:
    their pattern for it takes no more."""
    decoder, start = json.JSONDecoder(), -1
    for _ in range(TRIED):
        start = text.find("{", start + 1)
        if start == -1:
            return ""
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if _levels(text[start:end]) <= LEVELS:
            return text[start:end]
    return ""


def _levels(text: str) -> int:
    return max(accumulate(1 if char == "{" else -1 for char in text if char in "{}"))


def _validated(given: dict[str, Any], inside: str, warnings: list[str]) -> Read:
    if missing := [name for name in REQUIRED if name not in given]:
        return Read(error=f"fields are missing: {', '.join(missing)}", warnings=tuple(warnings))
    warnings += [f"{name!r} is no text" for name in REQUIRED[:2] if not isinstance(given[name], str)]
    if not isinstance(given["commands"], list):
        return Read(error="'commands' is no list", warnings=tuple(warnings))
    order = [name for name in given if name in REQUIRED]
    if order != list(REQUIRED):
        warnings.append(f"the fields come as {', '.join(order)}, and should as {', '.join(REQUIRED)}")
    complete = given.get("task_complete")
    if complete is not None and not isinstance(complete, bool | str):
        warnings.append("'task_complete' is neither true nor false")
    complete = complete.lower() in YES if isinstance(complete, str) else bool(complete)
    try:
        commands = _commands(given["commands"], warnings)
    except _NoCommand as e:
        if complete:  # what is called done is not held up by it
            return Read((), True, "", (*warnings, str(e)))
        return Read(error=str(e), warnings=tuple(warnings))
    return Read(commands, complete, "", tuple(warnings))


class _NoCommand(Exception):
    pass


def _commands(given: list[Any], warnings: list[str]) -> tuple[Command, ...]:
    made = []
    for number, one in enumerate(given, 1):
        if not isinstance(one, dict):
            raise _NoCommand(f"command {number} is no object")
        keys = one.get("keystrokes")
        if not isinstance(keys, str):
            raise _NoCommand(f"command {number} has no 'keystrokes', or they are no text")
        if unknown := [str(name) for name in one if name not in KNOWN]:
            warnings.append(f"command {number} has fields that there are not: {', '.join(unknown)[:SHOWN]}")
        if number < len(given) and keys and not keys.endswith("\n"):
            warnings.append(unended(number))
        made.append(Command(keys, _duration(one, number, warnings)))
    return tuple(made)


def _duration(one: dict[str, Any], number: int, warnings: list[str]) -> float:
    asked = one.get("duration")
    if isinstance(asked, int | float) and not isinstance(asked, bool):
        return wait_of(min(asked, 1e9))
    wrong = "has a 'duration' that is no number" if "duration" in one else "has no 'duration'"
    warnings.append(f"command {number} {wrong}: it waits {DEFAULT_S:g} s")
    return DEFAULT_S
