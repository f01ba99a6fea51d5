"""What stands in for the list of samples where no script runs, and on paper: counts, and the first rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from evalkit.report.labels import Labels

ROWS = 200  # in a report; several runs share them
LEAST = 20  # of a run
NAMES = ("task", "sample", "outcome", "reason")


@dataclass(frozen=True)
class Fallback:
    """`rows`: the first of `total`, with a text for each of `heads`; `counts`: samples by outcome/reason."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    counts: Mapping[str, int]


def fallback(data: Mapping[str, Any], limit: int, said: Labels) -> Fallback:
    """Of a run's columns: task, sample, outcome, reason and the task's tags."""
    chosen = [c for c in data["columns"] if c["name"] in NAMES or c.get("tag")]
    rows = zip(*(texts(column, limit) for column in chosen), strict=True)
    by_name = {column["name"]: column for column in data["columns"]}
    counts: dict[str, int] = {}
    every = (texts(by_name[name], data["n"]) for name in ("outcome", "reason"))
    for outcome, reason in zip(*every, strict=True):
        word = f"{outcome}/{reason}" if reason else outcome
        counts[word] = counts.get(word, 0) + 1
    heads = tuple(said(f"drill.{c['name']}") if said.has(f"drill.{c['name']}") else c["name"] for c in chosen)
    return Fallback(heads, tuple(rows), data["n"], dict(sorted(counts.items(), key=lambda c: (-c[1], c[0]))))


def texts(column: Mapping[str, Any], limit: int) -> list[str]:
    """The first `limit` rows of a column, as they are shown."""
    if column["kind"] == "number":
        return ["" if v is None else f"{v / column['scale']:g}" for v in column["values"][:limit]]
    return [column["values"][at] for at in accumulate(column["steps"][:limit])]
