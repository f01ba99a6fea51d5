"""The rows as they lie in the files beside this one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
INSTANCES = FOLDER / "instances.jsonl"  # the 5.x schema, as Verified has it
ENVIRONMENTS = FOLDER / "environments.jsonl"  # Python and its packages
SETUP = FOLDER / "setup.jsonl"  # how an image is made

Row = dict[str, Any]


def rows(path: Path = INSTANCES) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def row(name: str, path: Path = INSTANCES) -> Row:
    """By its whole id, or its repository's name: "own__tally-1", "tally"."""
    return next(r for r in rows(path) if name in (r["instance_id"], r["instance_id"][5:].rpartition("-")[0]))


def gold(name: str) -> str:
    return str(row(name)["patch"])
