"""The script: which reply answers which request.

One JSON object a line; the first rule that fits answers:

    {"match": "has_close_elements", "reply": "```python\\n...```"}
    {"regex": "two.*sum", "model": "small", "reply": {"text": "...", "finish_reason": "length"}}
    {"match": "fib", "replies": ["first", "second"], "by": "seed"}
    {"match": "sum", "replies": [{"tool_calls": [{"name": "add", "arguments": {"a": 1, "b": 2}}]}, "it is 3"]}

`match` (substring) and `regex` look at the last user message, or at the prompt of a completion; `task` at
the first user message, `anywhere` at all of them, `observed` at what tools answered to the last assistant
message; `model` must equal the request's. A reply is a text or an object with the fields of `Scripted`.
`replies` are chosen `by` "turn" (how many assistant messages came before the last message of somebody else,
so that a resumed conversation gets the same answer), "given" (how many assistant messages are replies of
this rule already: for conversations that hold examples), "seed" (the request's seed modulo their number) or
"hit" (how often the rule has answered); past the end the last one repeats.

A tool call has a `name`, `arguments` (an object, or a text to be sent as it is), an `id` (default call_0,
call_1, ...; null: none) and, in streams, an `index` (default its place; null: none). With `"as": "object"`
the arguments are sent as the object itself.
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
    tool_calls: tuple[Mapping[str, Any], ...] = ()  # {"name": ..., "arguments": text or object}, see above
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
    task: str | None = None
    anywhere: str | None = None
    observed: str | None = None
    hits: int = field(default=0, compare=False)

    def fits(self, body: Body) -> bool:
        text = last_text(body)
        return (
            (self.match is None or self.match in text)
            and (self.regex is None or self.regex.search(text) is not None)
            and (self.model is None or self.model == str(body.get("model", "")))
            and (self.task is None or self.task in first_text(body))
            and (self.anywhere is None or self.anywhere in all_text(body))
            and (self.observed is None or self.observed in observed(body))
        )

    def pick(self, body: Body) -> Scripted:
        index = {
            "turn": turn(body),
            "given": self.given(body),
            "seed": seed(body) % len(self.replies),
            "hit": self.hits,
        }[self.by]
        self.hits += 1
        return self.replies[min(index, len(self.replies) - 1)]

    def given(self, body: Body) -> int:
        """How many assistant messages are replies of this rule."""
        mine = {(reply.text or "").strip() for reply in self.replies}
        told = (m for m in body.get("messages") or [] if m.get("role") == "assistant")
        return sum(content_text(message.get("content")).strip() in mine for message in told)


@dataclass
class Script:
    """Rules in order; `default` answers what no rule fits, `echo` with the last user message."""

    rules: list[Rule] = field(default_factory=list)
    default: Scripted = Scripted("pass")
    echo: bool = False

    def reply_to(self, body: Body) -> Scripted:
        for rule in self.rules:
            if rule.fits(body):
                return rule.pick(body)
        return Scripted(last_text(body)) if self.echo else self.default


def last_text(body: Body) -> str:
    """The last user message, or the prompt of a completion."""
    return _user_text(body, -1)


def first_text(body: Body) -> str:
    """The first user message, or the prompt of a completion."""
    return _user_text(body, 0)


def all_text(body: Body) -> str:
    """All user messages, or the prompt of a completion."""
    if "messages" not in body:
        return str(body.get("prompt", ""))
    return "\n".join(content_text(m.get("content")) for m in body["messages"] if m.get("role") == "user")


def _user_text(body: Body, which: int) -> str:
    if "messages" not in body:
        return str(body.get("prompt", ""))
    users = [m for m in body["messages"] if m.get("role") == "user"]
    return content_text(users[which].get("content")) if users else ""


def observed(body: Body) -> str:
    """What tools answered since the last assistant message."""
    found: list[str] = []
    for message in body.get("messages") or []:
        if message.get("role") == "assistant":
            found = []
        elif message.get("role") == "tool":
            found.append(content_text(message.get("content")))
    return "\n".join(found)


def content_text(content: Any) -> str:
    """A message's content as one text: it may be null or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return "" if content is None else str(content)


def turn(body: Body) -> int:
    """How many assistant messages stand before the last message of somebody else: a prefill is no turn."""
    roles = [m.get("role") for m in body.get("messages") or []]
    last_other = max((i for i, role in enumerate(roles) if role != "assistant"), default=0)
    return roles[:last_other].count("assistant")


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
    known = {"match", "regex", "model", "by", "task", "anywhere", "observed", "reply", "replies"}
    if unknown := set(raw) - known:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
    if (raw.get("by") or "turn") not in ("turn", "given", "seed", "hit"):
        raise ValueError(f"by must be turn, given, seed or hit, not {raw['by']!r}")
    replies = raw["replies"] if "replies" in raw else [raw["reply"]]
    if not replies:
        raise ValueError("replies is empty")
    return Rule(
        replies=tuple(parse_reply(reply) for reply in replies),
        match=raw.get("match"),
        regex=re.compile(raw["regex"], re.S) if "regex" in raw else None,
        model=raw.get("model"),
        by=raw.get("by") or "turn",
        task=raw.get("task"),
        anywhere=raw.get("anywhere"),
        observed=raw.get("observed"),
    )


def parse_reply(raw: Any) -> Scripted:
    if isinstance(raw, str):
        return Scripted(raw)
    if unknown := set(raw) - {f.name for f in fields(Scripted)}:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r} in a reply")
    return Scripted(**{**raw, "tool_calls": tuple(raw.get("tool_calls", ()))})
