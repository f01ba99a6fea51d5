"""The script: which reply answers which request.

One JSON object a line; the first rule that fits answers:

    {"match": "has_close_elements", "reply": "```python\\n...```"}
    {"regex": "two.*sum", "model": "small", "reply": {"text": "...", "finish_reason": "length"}}
    {"match": "fib", "replies": ["first", "second"], "by": "seed"}

`match` (substring) and `regex` look at the last user message, or at the prompt of a completion;
`model` must equal the request's. A reply is a text or an object with the fields of `Scripted`.
`replies` are chosen `by` "turn" (how many assistant messages came before the last user message, so
that a resumed conversation gets the same answer), "seed" (the request's seed modulo their number) or
"hit" (how often the rule has answered); past the end the last one repeats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from evalkit.errors import UsageError

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Scripted:
    """One reply. `text` None is sent as null; `usage` replaces the counted one, even with nonsense."""

    text: str | None = ""
    finish_reason: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()  # {"name": ..., "arguments": text or object}
    usage: Any = None
    model: str | None = None  # the served name; default the requested one
    delay_s: float = 0.0
    fault: str | None = None  # a fault of this reply alone, as in --fault


@dataclass
class Rule:
    replies: tuple[Scripted, ...]
    match: str | None = None
    regex: re.Pattern[str] | None = None
    model: str | None = None
    by: str = "turn"
    hits: int = field(default=0, compare=False)

    def fits(self, text: str, model: str) -> bool:
        return (
            (self.match is None or self.match in text)
            and (self.regex is None or self.regex.search(text) is not None)
            and (self.model is None or self.model == model)
        )

    def pick(self, body: Body) -> Scripted:
        index = {"turn": turn(body), "seed": seed(body) % len(self.replies), "hit": self.hits}[self.by]
        self.hits += 1
        return self.replies[min(index, len(self.replies) - 1)]


@dataclass
class Script:
    """Rules in order; `default` answers what no rule fits, `echo` with the last user message."""

    rules: list[Rule] = field(default_factory=list)
    default: Scripted = Scripted("pass")
    echo: bool = False

    def reply_to(self, body: Body) -> Scripted:
        text, model = last_text(body), str(body.get("model", ""))
        for rule in self.rules:
            if rule.fits(text, model):
                return rule.pick(body)
        return Scripted(text) if self.echo else self.default


def last_text(body: Body) -> str:
    """The last user message, or the prompt of a completion."""
    if "messages" not in body:
        return str(body.get("prompt", ""))
    users = [m for m in body["messages"] if m.get("role") == "user"]
    return content_text(users[-1].get("content")) if users else ""


def content_text(content: Any) -> str:
    """A message's content as one text: it may be null or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return "" if content is None else str(content)


def turn(body: Body) -> int:
    """How many assistant messages stand before the last user message: a prefill is no turn."""
    roles = [m.get("role") for m in body.get("messages") or []]
    last_user = max((i for i, role in enumerate(roles) if role != "assistant"), default=0)
    return roles[:last_user].count("assistant")


def seed(body: Body) -> int:
    value = body.get("seed")
    return value if isinstance(value, int) else 0


def load_script(path: Path) -> list[Rule]:
    """Rules of a JSON lines file. UsageError names the line that cannot be used."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"cannot read the script {path}: {e}") from None
    rules = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rules.append(parse_rule(json.loads(line)))
            except (ValueError, TypeError, KeyError, AttributeError, re.error) as e:
                raise UsageError(f"{path}, line {number}: {e}") from None
    return rules


def parse_rule(raw: Mapping[str, Any]) -> Rule:
    if unknown := set(raw) - {"match", "regex", "model", "by", "reply", "replies"}:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
    if (raw.get("by") or "turn") not in ("turn", "seed", "hit"):
        raise ValueError(f"by must be turn, seed or hit, not {raw['by']!r}")
    replies = raw["replies"] if "replies" in raw else [raw["reply"]]
    if not replies:
        raise ValueError("replies is empty")
    return Rule(
        replies=tuple(parse_reply(reply) for reply in replies),
        match=raw.get("match"),
        regex=re.compile(raw["regex"], re.S) if "regex" in raw else None,
        model=raw.get("model"),
        by=raw.get("by") or "turn",
    )


def parse_reply(raw: Any) -> Scripted:
    if isinstance(raw, str):
        return Scripted(raw)
    if unknown := set(raw) - {f.name for f in fields(Scripted)}:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r} in a reply")
    return Scripted(**{**raw, "tool_calls": tuple(raw.get("tool_calls", ()))})
