"""What `run --dry-run` says to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.cli.text import count, money, one_line
from evalkit.run.dry_run import Projection
from evalkit.text import OWN_TIME


def projection_text(p: Projection) -> str:
    rows = [
        (
            "tasks",
            f"{_tasks(p)}, {p.samples:,} sample{'s' if p.samples > 1 else ''} each: {p.planned:,} planned",
        ),
        ("calls", _calls(p)),
        *(
            [
                ("prompts", f"about {count(p.prompt_tokens)} tokens ({p.rule})"),
                ("replies", _replies(p)),
                ("cost", _cost(p)),
                *((role, _role(asked)) for role, asked in p.roles.items()),
            ]
            if p.sends
            else [("cost", "none: this model needs no server")]
        ),
        *([("server", one_line(_server(p.server), 400))] if p.server else []),
        *([("images", one_line(p.images["summary"]))] if p.images else []),
        *([("images", one_line(p.builds["summary"], 400))] if p.builds else []),
        ("run", f"{one_line(p.run)} ({'continues' if p.continues else 'new'})"),
    ]
    heading = " · ".join(one_line(name) for name in (p.suite, p.model, p.protocol, p.scaffold))
    lines = [f"{heading}: would do this (nothing was sent or written)"]
    return "\n".join([*lines, *(f"  {label:<12}{text}" for label, text in rows)])


def _server(server: Mapping[str, Any]) -> str:
    if server.get("command"):
        return f"would be started: {' '.join(server['command'])}"
    return f"{server['engine']}, on this machine"


def _tasks(p: Projection) -> str:
    of = p.scope if p.tasks == p.of else f"{p.of:,} {p.scope}".rstrip()
    return f"{p.tasks:,} of {one_line(of)}" if of else f"{p.tasks:,}"


def _role(asked: Mapping[str, Any]) -> str:
    price = asked["price"]
    if price is None:
        return f"{one_line(asked['model'])}, calls unknown, price unknown"
    figures = (
        f"{money(price['input'])} and {money(price['output'])} per million tokens of prompts and replies"
    )
    return f"{one_line(asked['model'])}, calls unknown, {figures}"


def _calls(p: Projection) -> str:
    more = [] if p.turns == 1 else [f"{p.turns} turns each at most" if p.turns else "several turns each"]
    more += [f"{p.scored:,} scored already"] if p.scored else []
    more += [f"{p.to_judge:,} answers to judge"] if p.to_judge else []
    more += [f"{p.unavailable:,} tasks unavailable here"] if p.unavailable else []
    return ", ".join([f"{p.calls:,}", *more])


def _replies(p: Projection) -> str:
    if p.completion_tokens_at_most is None:
        return "unknown: no --max-tokens" if p.turns else "unknown: no --turns"
    return f"at most {count(p.completion_tokens_at_most)} tokens"


def _cost(p: Projection) -> str:
    if p.server:
        return OWN_TIME
    if p.price is None or p.prompt_cost is None:
        return "unknown: the catalog has no price for this model"
    if p.turns != 1:
        first = f"{money(p.prompt_cost)} for the first prompts; a rollout makes more calls"
        limit = p.budget.get("money")
        each = None if limit is None else f"{money(limit * p.calls)} by --rollout-cost, and a call each"
        return f"{first}; at most about {each}" if each else f"{first}, as many as it takes"
    if p.cost_at_most is None:
        return f"{money(p.prompt_cost)} for the prompts; replies unknown"
    return f"at most {money(p.cost_at_most)}"
