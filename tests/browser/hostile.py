"""Texts that have broken reports, and a file of published values with one at every place for a text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEXTS = (
    "</script><script>window.__x=1</script>",
    "<!--<script>window.__x=1</script>",
    '"><img src=x onerror="window.__x=1;alert(1)">',
    "' onmouseover='window.__x=1' x='",
    "javascript:window.__x=1",
    "<svg/onload=window.__x=1>",
    "</style><img src=http://192.0.2.1/x.png>",
    "</text></svg><iframe src=http://192.0.2.1/></iframe>",
    "</textarea><base href=http://192.0.2.1/>",
    '<meta http-equiv="refresh" content="0;url=http://192.0.2.1/">',
    "<a href=javascript:window.__x=1>click</a>",
    "<form action=http://192.0.2.1/><button>send</button></form>",
    "{{7*7}} ${7*7} {% raw %}",
    "]]>&lt;b&gt;&amp;amp;",
    "a\u202egnp.exe\u2066\u200b\ufeff",
    "\x1b[2J\x1b]0;owned\x07\x00\x7f\x9b31m",
    "$x_{a}$ \\input{/etc/passwd} =cmd|' /C calc'!A0 | `@everyone`",
    "w" * 5000,
)
N = range(len(TEXTS))
REPOSITORY = Path(__file__).parents[2]
COLUMNS = 4  # that have cells, in each table


def corpus() -> Iterator[str]:
    """Texts for reports of the red-team corpus beside this repository (or in EVALKIT_REDTEAM), if any."""
    folder = Path(os.environ.get("EVALKIT_REDTEAM") or REPOSITORY.parent / "shared" / "redteam")
    for path in sorted(folder.glob("[!_]*.json")):
        case = json.loads(path.read_text())
        if case["kind"] == "report":
            yield case["payload"]["text"]


def hostile_published(file: Path) -> Path:
    raw: dict[str, Any] = {
        "schema": "evalkit.published/1",
        "id": "hostile",
        "title": " ".join(TEXTS[:6]),
        "documents": [{"id": f"d{n}", "title": TEXTS[n], "language": "en", "accessed": TEXTS[n]} for n in N],
        "sources": {str(n): TEXTS[n] for n in N},
        "models": [model(n) for n in N],
        "benchmarks": [{"id": f"b{n}", "display": TEXTS[n], "tasks": 100, "basis": TEXTS[n]} for n in N],
        "tables": [table("one"), table("two")],
        "specifications": [specification(n) for n in N],
        "conflicts": [conflict(n) for n in N],
    }
    file.write_text(json.dumps(raw), encoding="utf-8")
    return file


def model(n: int) -> dict[str, Any]:
    text = TEXTS[n]
    return {"id": f"m{n}", "display": text, "detail": text, "organisation": text, "access": "open"}


def table(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "title": TEXTS[0],
        "document": "d0",
        "unit": TEXTS[1],
        "columns": [{"heading": TEXTS[n], "models": [f"m{n}", f"m{n + 1}"]} for n in N[:COLUMNS:2]],
        "rows": [row(name, n) for n in N],
        "cells": [cell(name, n, m) for n in N for m in range(COLUMNS)],
    }


def row(name: str, n: int) -> dict[str, Any]:
    text = TEXTS[n]
    fixed = {"id": f"{name}-{n}", "benchmark": f"b{n}", "group": TEXTS[n // 6]}
    return fixed | {"label": text, "under": text, "scaffold": text}


def cell(name: str, n: int, m: int) -> dict[str, Any]:
    """A number or words by turns, so that every text is printed once and noted once."""
    shown = {"printed": "50.5", "kind": "number", "value": 50.5}
    if (n + m) % 2:
        shown = {"printed": TEXTS[n], "kind": "qualitative"}
    place = {"id": f"{name}-{n}-{m}", "row": f"{name}-{n}", "model": f"m{m}"}
    return place | shown | {"note": TEXTS[(n + m) % len(TEXTS)], "sources": [str(n)]}


def specification(n: int) -> dict[str, Any]:
    text = TEXTS[n]
    fixed = {"id": f"s{n}", "model": f"m{n}", "field": TEXTS[n // 4], "kind": "text"}
    return fixed | {"printed": text, "english": text}


def conflict(n: int) -> dict[str, Any]:
    cells = [f"one-{n}-0", f"two-{n}-0"]
    return {"id": f"c{n}", "models": [f"m{n}"], "benchmark": f"b{n}", "summary": TEXTS[n], "cells": cells}
