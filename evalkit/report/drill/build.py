"""Runs -> a `Drill`: blocks of data, the script, the fallback, and the pages beside the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import quote

from evalkit.outcome import Outcome
from evalkit.report.content import Report, RunFacts
from evalkit.report.drill.columns import columns, label
from evalkit.report.drill.fallback import LEAST, ROWS, Fallback, fallback
from evalkit.report.drill.packed import packed
from evalkit.report.drill.page import sample_page, spoken
from evalkit.report.drill.scripts import resource, script
from evalkit.report.drill.transcript import transcript
from evalkit.report.labels import Labels, labels
from evalkit.run.result import ended_sessions, explain_missing
from evalkit.run.telling import tell
from evalkit.store import Reader, read_run
from evalkit.text import shown

Transcripts = Literal["none", "failed", "all"]
TRANSCRIPTS: tuple[Transcripts, ...] = ("none", "failed", "all")
LARGEST = 10_000_000  # bytes: transcripts go beside a report that would be larger with them
SHELL = 500_000  # of them, for everything but the blocks

Watch = Callable[[Iterable[Any], RunFacts], Iterable[Any]]


def unwatched(samples: Iterable[Any], run: RunFacts) -> Iterable[Any]:
    return samples


@dataclass(frozen=True)
class Drill:
    """`blocks`: base64 by the id of its `<script type="application/octet-stream">`. `script` goes into one
    script element after them, `style` into the page's. `fallback` by run id. `pages` gives path (relative to
    the report) and HTML of each page beside it, one at a time."""

    blocks: Mapping[str, str]
    script: str
    style: str
    fallback: Mapping[str, Fallback]
    pages: Callable[[], Iterator[tuple[str, str]]]


def drill(
    report: Report,
    *,
    transcripts: Transcripts = "none",
    name: str = "report.html",
    said: Labels | None = None,
    largest: int = LARGEST,
    watch: Watch = unwatched,
) -> Drill:
    """`transcripts`: of no sample, of those that did not pass, or of all. They are in the file while that
    stays under `largest` bytes, else beside it. `name` is the report's file name. `watch` is given a run's
    samples wherever all of them are gone through, and passes them on: it may show how far that is."""
    said = said or labels()
    blocks: dict[str, str] = {}
    fallbacks: dict[str, Fallback] = {}
    limit = max(LEAST, ROWS // max(1, len(report.runs)))
    for run in report.runs:
        with read_run(run.folder) as store:
            data = columns(store, watch(store.samples(), run))
        blocks[f"rows-{run.id}"] = packed(data)
        fallbacks[run.id] = fallback(data, limit, said)
    room = largest - SHELL - sum(map(len, blocks.values()))
    within = inlined(report, transcripts, room, watch)
    beside = transcripts != "none" and within is None
    stem = f"{PurePath(name).stem}-samples"
    head = {
        "runs": [about(run, report.runs) for run in report.runs],
        "transcripts": transcripts,
        "beside": quote(stem) if beside else None,
        **spoken(said),
    }
    return Drill(
        {"drill-data": packed(head), **blocks, **(within or {})},
        script(),
        resource("told.css") + resource("drill.css"),
        fallbacks,
        partial(pages, report, transcripts, stem, name, said, watch) if beside else partial(iter, ()),
    )


def about(run: RunFacts, runs: Sequence[RunFacts]) -> dict[str, Any]:
    """What the script knows of a run. `name` tells it from others of its suite, as short as may be."""
    others = [other for other in runs if other.setting.suite == run.setting.suite and other is not run]
    model_alone = all(other.model.display != run.model.display for other in others)
    label_alone = all(other.label != run.label for other in others)
    return {
        "id": run.id,
        "name": shown(run.model.display if model_alone else run.label if label_alone else run.id),
        "title": shown(f"{run.model.display} · {run.label}"),
        "suite": shown(run.setting.suite),
        "folder": shown(run.folder.name),
        "state": shown(run.state),
    }


# -- transcripts -----------------------------------------------------------------------------------


def wanted(store: Reader, transcripts: Transcripts) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number in the plan, from 0, and row of each sample whose transcript is asked for. What was never
    attempted has none."""
    if transcripts == "none":
        return
    end = ended_sessions(store)[-1]["end"]
    for number, raw in enumerate(store.samples()):
        row = explain_missing(raw, end)
        if row["tries"] and (transcripts == "all" or row["outcome"] != Outcome.PASSED):
            yield number, row


def inlined(
    report: Report,
    transcripts: Transcripts,
    room: int,
    watch: Watch = unwatched,
) -> dict[str, str] | None:
    """One block a sample, or None where they take more than `room` bytes."""
    blocks: dict[str, str] = {}
    for run in report.runs:
        with read_run(run.folder) as store:
            for number, row in watch(wanted(store, transcripts), run):
                block = packed(told(store, row))
                room -= len(block) + 80  # and its element
                if room < 0:
                    return None
                blocks[f"told-{run.id}-{number}"] = block
    return blocks


def told(store: Reader, row: Mapping[str, Any]) -> list[list[Any]]:
    end = ended_sessions(store)[-1]["end"]
    return transcript(tell(store, row["task_id"], row["sample"], end))


def pages(
    report: Report,
    transcripts: Transcripts,
    stem: str,
    name: str,
    said: Labels,
    watch: Watch = unwatched,
) -> Iterator[tuple[str, str]]:
    for run in report.runs:
        with read_run(run.folder) as store:
            tags = store.manifest.get("tags", {})
            for number, row in watch(wanted(store, transcripts), run):
                back = f"../../{quote(name)}#{address(run, row)}"
                mine = tags.get(row["task_id"], {})
                yield (
                    f"{stem}/{run.id}/{number}.html",
                    sample_page(run, row, mine, told(store, row), back, said),
                )


def address(run: RunFacts, row: Mapping[str, Any]) -> str:
    """The part of a link behind # that opens this sample in the report."""
    task = quote(label(row["task_id"]), safe="")
    return f"run={quote(run.id, safe='')}&task={task}&sample={row['sample']}"
