"""evalkit models: the catalog of models by short name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.cli.parser import Parser
from evalkit.cli.text import count, one_line, table

ABOUT = """\
Short names, and what they stand for: ids by provider, recommended sampling, prices in US dollars per million
tokens, and where each was found. A file of your own wins (EVALKIT_MODELS, ./models.toml): docs/models.md.
Beside these there are oracle (gold answers), null (empty answers), replay:FILE (answers from a samples
file), and whatever id an endpoint serves at --base-url.
"""
EXAMPLES = """\
  evalkit models
  evalkit models qwen3-coder
"""
MAY_BE_UNKNOWN = ("organisation", "licence", "context", "sampling", "price")


def main(words: Sequence[str]) -> int:
    parser = Parser("models", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("names", nargs="*", metavar="MODEL", help="show these in full")
    parser.add_argument("--json", action="store_true", help="one JSON object a model, each on a line")
    args = parser.read(words)

    from evalkit.models import describe_catalog

    rows = describe_catalog()
    if args.names:
        rows = [_named(name, rows) for name in args.names]
    if args.json:
        for row in rows:
            print(json.dumps(row))
    elif args.names:
        print("\n\n".join(full(row) for row in rows))
    else:
        print(overview(rows))
    return 0


def _named(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    from evalkit.errors import UsageError
    from evalkit.registry import did_you_mean

    found = next((row for row in rows if row["name"] == name), None)
    if found is None:
        raise UsageError(f"no model {name!r} in the catalog", did_you_mean(name, [r["name"] for r in rows]))
    return found


def overview(rows: list[dict[str, Any]]) -> str:
    header = ["name", "organisation", "context", "licence", "providers"]
    lines = [header]
    for row in rows:
        providers = ", ".join(p for p in row["ids"] if p != "huggingface") or row["base_url"] or ""
        facts = [
            row["name"],
            row["organisation"] or "unknown",
            count(row["context"]),
            row["licence"] or "unknown",
            providers,
        ]
        lines.append([one_line(str(fact), 70) for fact in facts])
    return table(lines, right=frozenset((2,)))


def full(row: Mapping[str, Any]) -> str:
    """One model with all that the catalog says. An id or price of no provider's is keyed by ""."""
    lines = [one_line(f"{row['name']}  {row['display']}")]
    for key, value in row.items():
        if key in MAY_BE_UNKNOWN and value in (None, {}):
            value = "unknown"
        if key in ("name", "display") or value in (None, {}, ""):
            continue
        if isinstance(value, Mapping):
            lines += [
                f"  {key}",
                *(f"    {one_line(f'{k}: {_plain(v)}' if k else _plain(v))}" for k, v in value.items()),
            ]
        else:
            lines.append(f"  {key:<16}{one_line(str(value))}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items() if v is not None)
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
