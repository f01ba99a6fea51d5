"""A run folder's rows and its summary, read from the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.outcome import EXCLUDED, SCORED, Outcome
from evalkit.registry import open_suite
from evalkit.run.settings import Settings
from evalkit.run.summary import Summary, count
from evalkit.run.work import Stop
from evalkit.samples import Sampled
from evalkit.store import Reader, Record, read_run

WHY_MISSING = {"cost": "budget", "time": "budget"}
LOOKED_AT = 50  # verdicts


def summarize(folder: Path, *, store: Reader | None = None, stop: Stop | None = None) -> Summary:
    """The summary of a run as it stands; `stop` says how the session that just ended came to its end."""
    opened = store or read_run(folder)
    try:
        return _summary(folder, opened, stop)
    finally:
        if store is None:
            opened.close()


def scorer_of(store: Reader) -> str | None:
    """Name and version of who judged the run's default set."""
    by = _judge(store)
    return f"{by['scorer']} {by['version']}" if by else None


def _judge(store: Reader) -> Mapping[str, Any]:
    return store.verdict_sets().get(store.default_set or 0, {})


def _summary(folder: Path, store: Reader, stop: Stop | None) -> Summary:
    manifest = store.manifest
    sessions = ended_sessions(store)
    end, detail = (stop.end, stop.detail) if stop else (sessions[-1]["end"], sessions[-1]["detail"])
    scores = count(planned_rows(store, end), manifest.get("tags", {}))
    totals, excluded = store.totals(), dict(manifest.get("excluded", {}))
    return Summary(
        run=str(folder),
        suite=manifest["suite"]["name"],
        title=manifest["suite"]["title"],
        model=manifest["settings"]["model"],
        scaffold=manifest["scaffold"]["name"],
        protocol=manifest["protocol"]["name"],
        scorer=scorer_of(store) or manifest["suite"]["scorer"]["name"],
        planned=sum(scores.counts.values()),
        tasks=manifest["identity"]["tasks"]["count"] - len(excluded),
        counts=scores.counts,
        reasons=scores.reasons,
        pass_at=scores.pass_at,
        pass_hat=scores.pass_hat,
        interval=scores.interval,
        bounds=scores.bounds,
        parts=scores.parts,
        authors=with_errors_failed(scores.counts) if manifest["suite"].get("errors_fail") else None,
        breakdown=scores.breakdown,
        pass_at_by=scores.pass_at_by,
        scope=str(manifest["suite"].get("scope", "")),
        of=int(manifest["suite"].get("tasks", manifest["identity"]["tasks"]["count"])),
        doubts=tuple(map(str, (*manifest["suite"].get("doubts", ()), *_judge(store).get("doubts", ())))),
        tokens={
            "prompt": totals.prompt_tokens,
            "completion": totals.completion_tokens,
            "reasoning": totals.reasoning_tokens,
        },
        cost=None if totals.unpriced else totals.cost,
        wall_s=sum(float(session["wall_s"]) for session in sessions),
        end=end,
        end_detail=detail,
        strict=strict_scores(store, end),
        budget=manifest["identity"].get("budget", {}),
        roles={role: str(asked["model"]) for role, asked in manifest["settings"].get("roles", {}).items()},
        statistics=statistics(store, end) if manifest["suite"].get("statistics") else {},
        notes=(*map(str, manifest["suite"].get("remarks", ())), *_of_servers(sessions)),
        excluded=excluded,
        unavailable=scores.unavailable,
        local="server" in manifest,
    )


def _of_servers(sessions: list[Any]) -> list[str]:
    """What local servers did otherwise than they were asked, in any session."""
    said = [
        line for end in sessions for server in end.get("servers", ()) for line in server.get("remarks", ())
    ]
    return list(dict.fromkeys(map(str, said)))


def ended_sessions(store: Reader) -> list[Any]:
    """How each session of a run ended; one that was killed has said nothing, and was interrupted."""
    unsaid = {"end": "interrupted", "detail": "", "wall_s": 0.0}
    ends: list[Any] = []
    for note in store.notes():
        if note.kind == "session":
            ends.append(unsaid)
        elif note.kind == "session_end":
            ends[-1:] = [note.payload]
    return ends or [unsaid]


def planned_rows(store: Reader, end: str) -> Iterator[Mapping[str, Any]]:
    """One row a planned sample, in planned order, with `parts` where the suite's verdicts have some."""
    if _has_parts(store):
        for record in store.records(answers=False):
            verdict = record.verdicts.get("official")
            yield {**explain_missing(record.row, end), "parts": verdict.parts if verdict else {}}
    else:
        for row in store.samples():
            yield explain_missing(row, end)


def strict_scores(store: Reader, end: str) -> dict[str, Any] | None:
    """The score by strict verdicts, a sample without one keeping the official; None where there are none."""
    if not any(row["strict"] for row in store.samples()):
        return None
    suspect = 0

    def rows() -> Iterator[Mapping[str, Any]]:
        nonlocal suspect
        for row in store.samples():
            suspect += bool(row["suspect"])
            known = explain_missing(row, end)
            # of a strict verdict only the outcome is at hand here, which is all that is counted; one that is
            # not available leaves its sample out
            left_out = EXCLUDED if row["strict"] == Outcome.NOT_RUN else ""
            yield {**known, "outcome": row["strict"], "reason": left_out} if row["strict"] else known

    scores = count(rows(), {})
    return {
        "pass@1": scores.pass_at.get("pass@1"),
        "interval": list(scores.interval) if scores.interval else None,
        "counts": scores.counts,
        "suspect": suspect,
    }


def with_errors_failed(counts: Mapping[str, int]) -> float | None:
    """The score where what broke counts as failed, and what was never run not at all; None where nothing
    broke: it is the same then."""
    if not counts[Outcome.ERROR]:
        return None
    return counts[Outcome.PASSED] / (sum(counts.values()) - counts[Outcome.NOT_RUN])


def statistics(store: Reader, end: str) -> dict[str, float | None]:
    """What the suite's authors report beside the score, of what is not excluded; {} where the suite is not at
    hand any more."""
    settings = Settings.from_json(store.manifest["settings"])
    try:
        suite = open_suite(settings.suite, settings.options)
    except EvalkitError:
        return {}
    excluded = store.manifest.get("excluded", {})
    counted = (record for record in store.records() if record.row["task_id"] not in excluded)
    return dict(suite.statistics(sampled(record, end) for record in counted))


def sampled(record: Record, end: str) -> Sampled:
    row = explain_missing(record.row, end)
    facts = record.info.get("facts") or {}
    return Sampled(
        row["task_id"], row["sample"], row["outcome"], facts, row["cost"], row["model_s"], row["reason"]
    )


def explain_missing(row: dict[str, Any], end: str) -> dict[str, Any]:
    """A row of `samples`; what was never begun is missing because of how the last session ended."""
    if row["outcome"] == Outcome.NOT_RUN and row["reason"] == "interrupted":
        return {**row, "reason": WHY_MISSING.get(end, "interrupted")}
    return row


def _has_parts(store: Reader) -> bool:
    """Whether verdicts have parts, by a few: verdicts on answers without code have none in any suite."""
    judged = (row for row in store.samples() if row["official"] in SCORED)
    few = islice(judged, LOOKED_AT)
    return any(store.record(row["task_id"], row["sample"]).verdicts["official"].parts for row in few)
