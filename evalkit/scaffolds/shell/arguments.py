"""A tool call's arguments, as a model wrote them: read, or a `Mistake` whose text tells it what is wrong.

Numbers and lists that come as texts are taken ("60", "[1, 20]"): models whose templates know texts only
write them so, and nothing else can be meant.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from typing import Any

QUOTED = 200  # characters of what was wrong that are given back


class Mistake(Exception):
    """What cannot be read. Its text is for the model."""


def read_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except RecursionError:
        raise Mistake("the arguments are nested too deeply") from None
    except ValueError as e:
        raise Mistake(
            f"the arguments are no JSON ({e}). If the reply was cut at its limit, write less in one call."
        ) from None
    if not isinstance(found, dict):
        raise Mistake(f"the arguments must be a JSON object, not {type(found).__name__}")
    return found


def text_of(given: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text without NUL that UTF-8 can hold."""
    value = given.get(name, default)
    if value is None:
        raise Mistake(f"{name!r} is missing{_instead(given)}")
    if not isinstance(value, str):
        raise Mistake(f"{name!r} must be a text, not {_quoted(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Mistake(f"{name!r} holds half a character (a lone surrogate)") from None
    if "\0" in value:
        raise Mistake(f"{name!r} holds a NUL character")
    return value


def number_of(given: Mapping[str, Any], name: str, default: float) -> float:
    value = _from_text(given.get(name))
    if value is None:
        return default
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # an integer of hundreds of digits
            if math.isfinite(value):
                return float(value)
    raise Mistake(f"{name!r} must be a number, not {_quoted(value)}")


def line_of(given: Mapping[str, Any], name: str) -> int:
    value = _from_text(given.get(name))
    if isinstance(value, bool) or not isinstance(value, int):
        raise Mistake(f"{name!r} must be a line number, not {_quoted(value)}")
    return value


def lines_of(given: Mapping[str, Any], name: str) -> tuple[int, int] | None:
    """Two line numbers; None where there are none."""
    value = _from_text(given.get(name))
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2:
        first, last = value
        if all(isinstance(n, int) and not isinstance(n, bool) for n in value):
            return first, last
    raise Mistake(f"{name!r} must be two line numbers, [first, last], not {_quoted(value)}")


def _from_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _instead(given: Mapping[str, Any]) -> str:
    return f"; given: {', '.join(name[:40] for name in list(given)[:8])}" if given else ""


def _quoted(value: Any) -> str:
    try:
        return json.dumps(value)[:QUOTED]
    except RecursionError:
        return "what is nested too deeply"
