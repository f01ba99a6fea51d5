"""Where the work of a task is: in files alone, or in what runs as well. states.toml names the tasks of the
public sets; a task of one's own says it itself, by `evalkit_state`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from .fields import Fields
from .trial import Format, State

KEY = "evalkit_state"
STATES: dict[str, State] = {"files": "files", "live": "live"}


def state_of(form: Format, folder: str, fields: Fields) -> State:
    """`fields` are a core task's, or a harbor task's metadata."""
    if fields.has(KEY):
        return STATES[fields.choice(KEY, None, tuple(STATES))]
    name = folder.rpartition("/")[2]  # of a folder of both formats: "core/hello"
    return "live" if name in live_tasks()[form] else "files"


@cache
def live_tasks() -> dict[Format, frozenset[str]]:
    facts = tomllib.loads(Path(__file__).with_name("states.toml").read_text(encoding="utf-8"))
    return {"core": frozenset(facts["core"]["live"]), "harbor": frozenset(facts["harbor"]["live"])}
