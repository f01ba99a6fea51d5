"""Which nights may be compared: those of one key. And how two keys differ, in words.

A key is what a score depends on beside the model, as reports have it (evalkit.report.setting), but for two
things. The tasks are no part of it: nights are compared over the tasks that they share. Of a scaffold it has
the major version only: that a release of an agent made results worse is what nights are run for. Sampling,
endpoint, image and evalkit itself are facts beside it, for the same reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evalkit.report.setting import defaults_of, parts_of, setting_of

LONG = 60  # characters of a value, in words


def key_of(manifest: Mapping[str, Any], judged: Mapping[str, Any]) -> str:
    """A JSON object of names and values, both texts. `judged`: the run's own set of verdicts."""
    setting = setting_of(manifest, judged, defaults_of(manifest["settings"]["suite"]))
    parts = {"suite": setting.suite, **parts_of(setting)}
    parts.pop("tasks", None)
    if parts["scaffold"]:
        name, _, version = parts["scaffold"].rpartition(" ")
        parts["scaffold"] = f"{name} {version.partition('.')[0]}"
    parts["samples"] = str(manifest["identity"].get("samples", 1))
    return json.dumps({name: value for name, value in parts.items() if value}, sort_keys=True)


def differences(before: str, after: str) -> str:
    """Between two keys, in words: `data was 7f2f8a9b5789 and is 11aa22bb33cc`."""
    old, new = _parts(before), _parts(after)
    return ", ".join(
        f"{name} was {_word(old.get(name))} and is {_word(new.get(name))}" for name in changed(before, after)
    )


def changed(before: str, after: str) -> list[str]:
    """Names of what two keys differ in."""
    old, new = _parts(before), _parts(after)
    return [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]


def _parts(key: str) -> dict[str, str]:
    """Of a key that was written by hand, the whole."""
    try:
        found = json.loads(key)
    except (ValueError, RecursionError):
        return {"key": key} if key else {}
    if not isinstance(found, dict):
        return {"key": key}
    return {
        str(name): value if isinstance(value, str) else json.dumps(value) for name, value in found.items()
    }


def _word(value: str | None) -> str:
    if not value:
        return "not set"
    return value if len(value) <= LONG else f"{value[: LONG - 1]}…"
