"""Merging sampling parameters by precedence, and checking what a user put into the extra body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from evalkit.errors import UsageError
from evalkit.model import Sampling
from evalkit.models.secret import LOOKS_LIKE_A_KEY

FIELDS = tuple(f.name for f in fields(Sampling) if f.name not in ("stop", "extra_body"))
KEY_NAMES = {"api_key", "apikey", "api-key", "access_token", "authorization"}
OURS = ("messages", "prompt", "n", "stream", "stream_options", "tools")  # what evalkit itself must decide


def merge(first: Sampling, second: Sampling) -> Sampling:
    """`first` with its unset values taken from `second`; extra bodies are merged key by key."""
    if first is second:
        return first
    unset = {
        name: value
        for name in FIELDS
        if getattr(first, name) is None and (value := getattr(second, name)) is not None
    }
    stop = first.stop or second.stop
    if not unset and stop == first.stop and not second.extra_body:
        return first
    return replace(first, stop=stop, extra_body={**second.extra_body, **first.extra_body}, **unset)


def check_extra_body(extra: Mapping[str, Any]) -> None:
    """UsageError where an extra body sets what only evalkit may set, or holds a key."""
    try:
        text = json.dumps(extra, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as e:
        raise UsageError(f"--extra-body cannot be sent as JSON: {e}") from None
    if KEY_NAMES & {name.lower() for name in extra} or LOOKS_LIKE_A_KEY.search(text):
        raise UsageError(
            "--extra-body seems to hold a key, and would be kept with the run",
            "put the key into a variable: --api-key-env NAME",
        )
    if taken := [name for name in OURS if name in extra]:
        raise UsageError(
            f"--extra-body cannot set {taken[0]!r}",
            "samples, streaming, prompt and tools are evalkit's: --samples, --stream, options of the suite",
        )
