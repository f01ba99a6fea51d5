"""Tokens and money of one call. What a server does not say, or says absurdly, is unknown, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.model import Usage

LEVELS = 20
ABSURD = 1_000_000_000  # tokens; no call has that many


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens. `cached_input` None: cached tokens cost what others cost."""

    input: float
    output: float
    cached_input: float | None = None


def read_usage(raw: Any, price: Price | None = None) -> Usage:
    """Usage from a server's `usage` object, whatever is in it; cost by its own word, else by `price`."""
    if not isinstance(raw, Mapping):
        return UNKNOWN
    prompt, completion = _tokens(raw.get("prompt_tokens")), _tokens(raw.get("completion_tokens"))
    done, asked = raw.get("completion_tokens_details"), raw.get("prompt_tokens_details")
    reasoning = _tokens(done.get("reasoning_tokens")) if isinstance(done, Mapping) else None
    cached = _tokens(asked.get("cached_tokens")) if isinstance(asked, Mapping) else None
    if cached is None:
        cached = _tokens(raw.get("prompt_cache_hit_tokens"))  # DeepSeek's name for it
    cost = _money(raw.get("cost"))
    if cost is None and price is not None:
        cost = priced(price, prompt, completion, cached)
    return Usage(prompt, completion, reasoning, cached, cost)


UNKNOWN = Usage()


def priced(price: Price, prompt: int | None, completion: int | None, cached: int | None) -> float | None:
    """Dollars of a call; None where a count is unknown."""
    if prompt is None or completion is None:
        return None
    from_cache = min(cached or 0, prompt)
    cached_input = price.input if price.cached_input is None else price.cached_input
    dear = (prompt - from_cache) * price.input + completion * price.output
    return (dear + from_cache * cached_input) / 1e6


def keep_raw(raw: Any) -> Mapping[str, Any]:
    """The server's own words, as a mapping; none where they are nested deeper than can be stored."""
    if raw is None or not _nested(raw, LEVELS):
        return {}
    return raw if isinstance(raw, Mapping) else {"usage": raw}


def _nested(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested at most `levels` deep."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return levels > 0 and all(_nested(item, levels - 1) for item in inner)


def _tokens(value: Any) -> int | None:
    number = _number(value)
    if number is None or number > ABSURD or number != int(number):
        return None
    return int(number)


def _money(value: Any) -> float | None:
    number = _number(value)
    return None if number is None else float(number)


def _number(value: Any) -> int | float | None:
    """A finite number that is not negative; a truth value is none, nor is an int beyond floats."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 1e300 else None
