"""The results as the table of docs/parity.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

HEAD = (
    "| task | set | build s | MB | reference | s: solution + tests | nothing | s | reference strictly "
    "| nothing strictly |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    order = sorted(rows, key=lambda row: (row["set"] != "core-0.1.1", row["task"]))
    return "\n".join([*HEAD, *map(line, order)])


def line(row: Mapping[str, Any]) -> str:
    gold, nothing = row.get("oracle_measured", {}), row.get("null_measured", {})
    spent = f"{gold.get('solution_s', 0):.0f} + {gold.get('verifier_s', 0):.0f}"
    cells = [
        row["task"],
        row["set"].removesuffix("-0.1.1"),
        f"{row.get('build_s', 0):.0f}",
        f"{row.get('bytes', 0) / 1e6:.0f}",
        said(row["oracle"]),
        spent,
        said(row["null"]),
        f"{nothing.get('verifier_s', 0):.0f}",
        strictly(row, "oracle"),
        strictly(row, "null"),
    ]
    return f"| {' | '.join(cells)} |"


def strictly(row: Mapping[str, Any], model: str) -> str:
    """With the reason where there is no strict verdict."""
    word = str(row.get(f"{model}_strict") or "")
    if word.startswith("not_run"):
        return f"none: {row.get(f'{model}_strict_detail', '')}"
    return said(word) or "–"


def said(word: str) -> str:
    return {"passed": "passes", "failed/wrong": "fails"}.get(word, word)
