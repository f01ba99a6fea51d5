"""What `run --dry-run` says to people."""

from __future__ import annotations

from evalkit.cli.text import count, money, one_line
from evalkit.run.dry_run import Projection


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
            ]
            if p.sends
            else [("cost", "none: this model needs no server")]
        ),
        *([("images", one_line(p.images["summary"]))] if p.images else []),
        ("run", f"{one_line(p.run)} ({'continues' if p.continues else 'new'})"),
    ]
    heading = " · ".join(one_line(name) for name in (p.suite, p.model, p.protocol, p.scaffold))
    lines = [f"{heading}: would do this (nothing was sent or written)"]
    return "\n".join([*lines, *(f"  {label:<12}{text}" for label, text in rows)])


def _tasks(p: Projection) -> str:
    of = p.scope if p.tasks == p.of else f"{p.of:,} {p.scope}".rstrip()
    return f"{p.tasks:,} of {one_line(of)}" if of else f"{p.tasks:,}"


def _calls(p: Projection) -> str:
    more = [f"{p.scored:,} scored already"] if p.scored else []
    more += [f"{p.to_judge:,} answers to judge"] if p.to_judge else []
    more += [f"{p.unavailable:,} tasks unavailable here"] if p.unavailable else []
    return ", ".join([f"{p.calls:,}", *more])


def _replies(p: Projection) -> str:
    if p.completion_tokens_at_most is None:
        return "unknown: no --max-tokens"
    return f"at most {count(p.completion_tokens_at_most)} tokens"


def _cost(p: Projection) -> str:
    if p.price is None or p.prompt_cost is None:
        return "unknown: the catalog has no price for this model"
    if p.cost_at_most is None:
        return f"{money(p.prompt_cost)} for the prompts; replies unknown"
    return f"at most {money(p.cost_at_most)}"
