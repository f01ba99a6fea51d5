"""JSON for programs: how a plan stands, and a series night by night. docs/nightly.md has every key.

Shares are from 0 to 1 and rounded to a millionth, so that the same history gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evalkit.nightly.dating import CLEAR
from evalkit.nightly.history import Night
from evalkit.nightly.latest import latest
from evalkit.nightly.standing import Event, Note, Outlook, Quarantined, Standing
from evalkit.nightly.watch import Point
from evalkit.nightly.words import headline, lede, told

PLAN, SERIES = "evalkit.nightly/1", "evalkit.nightly.series/1"


def feed(outlook: Outlook) -> dict[str, Any]:
    """The whole plan, without its nights."""
    return {
        "schema": PLAN,
        "plan": outlook.name,
        "date": outlook.day.isoformat(),
        "code": outlook.code,
        "headline": headline(outlook),
        "lede": lede(outlook),
        "missing": dict(sorted(outlook.missing.items())),
        "damaged": [one.told for one in outlook.damaged],
        "false_alarms": _number(outlook.false_alarms),
        "series": [summary(standing) for standing in outlook.standings],
    }


def series_feed(standing: Standing, outlook: Outlook) -> dict[str, Any]:
    """One series, with its nights, and the facts of the environment where they changed."""
    nights, points = standing.series.nights, standing.watched.points
    facts: Mapping[str, str] = {}
    rows = []
    for number, (night, point) in enumerate(zip(nights, points, strict=True)):
        row = night_row(night, point)
        if number in standing.watched.epochs:
            row["epoch_began"] = standing.watched.epochs[number]
        if night.facts != facts:
            facts = night.facts
            row["facts"] = dict(sorted(facts.items()))
        rows.append(row)
    return {
        "schema": SERIES,
        "plan": outlook.name,
        "date": outlook.day.isoformat(),
        **summary(standing),
        "nights": rows,
    }


def text(found: Mapping[str, Any]) -> str:
    """As a file: plain ASCII, a key a line for whoever reads a diff."""
    return json.dumps(found, indent=1, allow_nan=False) + "\n"


def summary(standing: Standing) -> dict[str, Any]:
    series, now = standing.series, latest(standing.watched)
    last = standing.watched.points[-1] if standing.watched.points else None
    return {
        "id": series.id,
        "suite": series.suite,
        "model": series.model,
        "title": series.title,
        "samples": series.samples,
        "state": standing.stands,
        "score": _number(now.score),
        "change": _number(now.change),
        "over_nights": now.nights,
        "last": last.day.isoformat() if last else None,
        "hollow": last.hollow if last else "",
        "events": [event_object(event, standing) for event in standing.events],
        "quarantined": [_quarantined(one) for one in standing.quarantined],
    }


def event_object(event: Event, standing: Standing) -> dict[str, Any]:
    """`tasks`: those that clearly changed, the largest change first."""
    clear = [one for one in event.moved if one.p < CLEAR]
    return {
        "id": event.id,
        "told": told(event, standing),
        "direction": event.direction,
        "state": event.state,
        "raised": event.raised.isoformat(),
        "first": event.first.isoformat(),
        "first_interval": [event.low.isoformat(), event.high.isoformat()],
        "before": _number(event.before),
        "after": _number(event.after),
        "difference": _number(event.difference),
        "interval": [_number(end) for end in event.interval],
        "over": event.over.isoformat() if event.over else None,
        "ended": event.ended,
        "note": _note(event.note),
        "differs": [{"fact": name, "before": old, "after": new} for name, old, new in event.differs],
        "lower": sum(one.difference < 0 for one in clear),
        "higher": sum(one.difference > 0 for one in clear),
        "tasks": [
            {
                "task": one.task,
                "before": list(one.before),
                "after": list(one.after),
                "p": float(f"{one.p:.3g}"),
            }
            for one in clear
        ],
    }


def night_row(night: Night, point: Point) -> dict[str, Any]:
    return {
        "date": night.day.isoformat(),
        "run": night.run,
        "passed": sum(k for k, _ in night.tasks.values()),
        "scored": night.scored,
        "planned": night.planned,
        "errors": night.errors,
        "score": _number(point.score),
        "hollow": point.hollow,
        "epoch": point.epoch,
        "own": _number(point.own),
        "expected": _number(point.expected),
        "spread": _number(point.spread),
        "band": [_number(end) for end in point.band] if point.band else None,
        "z": _number(point.z),
        "down": _number(point.down),
        "up": _number(point.up),
        "ends": dict(sorted(night.ends.items())),
        "used": {name: _number(value) for name, value in sorted(night.used.items())},
        "simulated": night.simulated,
    }


def _note(note: Note | None) -> dict[str, Any] | None:
    if note is None:
        return None
    until = note.until.isoformat() if note.until else None
    return {
        "who": note.who,
        "why": note.why,
        "on": note.on.isoformat(),
        "issue": note.issue,
        "until": until,
    }


def _quarantined(one: Quarantined) -> dict[str, Any]:
    return {
        "task": one.task,
        "reason": one.reason,
        "owner": one.owner,
        "issue": one.issue,
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
    }


def _number(value: float | None) -> float | None:
    if value is None:
        return None
    return round(value, 6) + 0.0  # no -0.0
