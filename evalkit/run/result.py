"""A run folder's rows and its summary, read from the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.outcome import Outcome
from evalkit.run.pipeline import Stop
from evalkit.run.summary import Summary, count
from evalkit.store import Reader, read_run

WHY_MISSING = {"cost": "budget", "time": "budget"}


def summarize(folder: Path, *, store: Reader | None = None, stop: Stop | None = None) -> Summary:
    """The summary of a run as it stands; `stop` says how the session that just ended came to its end."""
    opened = store or read_run(folder)
    try:
        return _summary(folder, opened, stop)
    finally:
        if store is None:
            opened.close()


def _summary(folder: Path, store: Reader, stop: Stop | None) -> Summary:
    manifest = store.manifest
    sessions = [note.payload for note in store.notes() if note.kind == "session_end"]
    last = sessions[-1] if sessions else {"end": "interrupted", "detail": ""}
    end, detail = (stop.end, stop.detail) if stop else (last["end"], last["detail"])
    scores = count(planned_rows(store, WHY_MISSING.get(end, "interrupted")), manifest.get("tags", {}))
    totals = store.totals()
    scorer = store.verdict_sets().get(store.default_set or 0, {})
    label = f"{scorer['scorer']} {scorer['version']}" if scorer else manifest["suite"]["scorer"]["name"]
    return Summary(
        run=str(folder),
        suite=manifest["suite"]["name"],
        title=manifest["suite"]["title"],
        model=manifest["settings"]["model"],
        scaffold=manifest["scaffold"]["name"],
        protocol=manifest["protocol"]["name"],
        scorer=label,
        planned=sum(scores.counts.values()),
        tasks=manifest["identity"]["tasks"]["count"],
        counts=scores.counts,
        reasons=scores.reasons,
        pass_at=scores.pass_at,
        interval=scores.interval,
        bounds=scores.bounds,
        parts=scores.parts,
        breakdown=scores.breakdown,
        tokens={
            "prompt": totals.prompt_tokens,
            "completion": totals.completion_tokens,
            "reasoning": totals.reasoning_tokens,
        },
        cost=None if totals.unpriced else totals.cost,
        wall_s=sum(float(session["wall_s"]) for session in sessions),
        end=end,
        end_detail=detail,
    )


def planned_rows(store: Reader, why_missing: str = "interrupted") -> Iterator[Mapping[str, Any]]:
    """One row a planned sample, in planned order; `why_missing` is the reason of what was never begun."""
    for row in store.samples():
        if row["outcome"] == Outcome.NOT_RUN and row["reason"] == "interrupted":
            row["reason"] = why_missing
        yield row
