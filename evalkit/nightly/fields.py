"""What each field of a record holds, and what is said where it does not: docs/nightly.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evalkit.nightly.history import USED
from evalkit.outcome import REASONS, Outcome
from evalkit.registry import did_you_mean

FORMAT = 1
HIGHEST = 10**9  # count
MOST_USED = 1e15
# outcomes as a record has them: "passed", "failed/timeout", and "failed" of one whose reason is not known
ENDS = frozenset(str(outcome) for outcome in Outcome) | {
    f"{outcome}/{reason}" for outcome, reasons in REASONS.items() for reason in reasons
}

Check = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is no text")
    return value


def _name(value: Any) -> str:
    if not _text(value).strip():
        raise ValueError("is empty")
    return str(value)


def count_of(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= HIGHEST:
        raise ValueError("is no count")
    return value


def _some(value: Any) -> int:
    if not count_of(value):
        raise ValueError("must be more than 0")
    return int(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return value


def _amount(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_USED:
        raise ValueError("is neither a number from 0 on nor null")
    return float(value)


def _format(value: Any) -> int:
    if value != FORMAT:
        newer = type(value) is int and value > FORMAT
        raise ValueError(f"is {value!r}, not {FORMAT}" + (": a newer evalkit wrote it" if newer else ""))
    return FORMAT


def _each(check: Check, known: Iterable[str] = ()) -> Check:
    """Of an object whose values are checked, and its names where only some are `known`."""

    def checked(value: Any) -> dict[str, Any]:
        found = {}
        for name, one in _object(value).items():
            if known and name not in known:
                raise ValueError(f"has a name {name!r}: {did_you_mean(name, known)}")
            try:
                found[name] = check(one)
            except ValueError as e:
                raise ValueError(f"of {name!r} {e}") from None
        return found

    return checked


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("is no object")
    return value


def _end(value: Any) -> str:
    if not isinstance(value, str) or value not in ENDS:
        raise ValueError(f"is {value!r}, which is no outcome: {did_you_mean(str(value), ENDS)}")
    return str(value)


def _reasons(value: Any) -> dict[str, str]:
    try:
        known = ENDS.issuperset(_object(value).values())
    except TypeError:
        known = False
    return value if known else _each(_end)(value)  # type: ignore[no-any-return]


CHECKS: Mapping[str, Check] = {
    "format": _format,
    "series": _name,
    "suite": _name,
    "model": _name,
    "title": _text,
    "samples": _some,
    "run": _text,
    "stamp": _text,
    "key": _text,
    "planned": count_of,
    "errors": count_of,
    "tasks": _object,
    "ends": _each(count_of, ENDS),
    "reasons": _reasons,
    "facts": _each(_text),
    "used": _each(_amount, USED),
    "simulated": _bool,
}
NEEDED = ("format", "series", "suite", "model", "planned", "tasks")
