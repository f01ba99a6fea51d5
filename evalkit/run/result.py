"""A run folder's rows and its summary, read from the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.outcome import Outcome
from evalkit.run.pipeline import Stop
from evalkit.run.summary import Summary, count
from evalkit.store import Store, read_run

WHY_MISSING = {"cost": "budget", "time": "budget"}


def summarize(folder: Path, *, store: Store | None = None, stop: Stop | None = None) -> Summary:
    """The summary of a run as it stands; `stop` says how the session that just ended came to its end."""
    opened = store or read_run(folder)
    try:
        return _summary(folder, opened, stop)
    finally:
        if store is None:
            opened.close()


def _summary(folder: Path, store: Store, stop: Stop | None) -> Summary:
    manifest = store.manifest
    notes = store.notes()
    ends = [n for n in notes if n["kind"] == "session_end"]
    end = str(stop.end if stop else ends[-1]["payload"]["end"] if ends else "interrupted")
    detail = str(stop.detail if stop else ends[-1]["payload"].get("detail", "") if ends else "")
    scores = count(planned_rows(store, WHY_MISSING.get(end, "interrupted")), manifest.get("tags", {}))
    totals = store.totals()
    scorer = store.set_info(store.default_set) if store.default_set is not None else None
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
        cost=totals.cost,
        wall_s=sum(float(n["payload"].get("wall_s", 0.0)) for n in ends),
        end=end,
        end_detail=detail,
    )


def planned_rows(store: Store, why_missing: str = "interrupted") -> Iterator[Mapping[str, Any]]:
    """One row a planned sample, in planned order; what was never begun is not_run."""
    for row in store.samples():
        if row["outcome"]:
            yield row
        else:
            yield {**row, "outcome": str(Outcome.NOT_RUN), "reason": why_missing}
