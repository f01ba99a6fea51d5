"""evalkit show RUN [TASK]: a run's summary, or everything known of one sample.

What a model or a program wrote is printed through `visible`, each line behind a bar, so that it can
neither drive the terminal nor pass for a line of ours (evalkit/cli/conversation.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.cli.conversation import conversation_text, foreign, rollout_text, section
from evalkit.cli.find import find_run
from evalkit.cli.options import add_results
from evalkit.cli.parser import Parser, whole
from evalkit.cli.summary import summary_text
from evalkit.cli.text import Style, count, duration, money, one_line
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.store import Event, Reader, Record
    from evalkit.task import Verdict

EXAMPLES = """\
  evalkit show last
  evalkit show last HumanEval/3
  evalkit show humaneval--qwen3 3 --sample 2
"""
SHOWN_TESTS = 100


def main(words: Sequence[str]) -> int:
    about = (
        "With TASK: prompts, replies, acts, extracted code, verdict, tests, attempts and usage of one sample."
    )
    parser = Parser("show", about=about, examples=EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="a folder, its name, the beginning of it, or `last`")
    parser.add_argument("task", nargs="?", metavar="TASK", help="an id, or its last part: 3 for HumanEval/3")
    parser.add_argument("--sample", type=whole(0), default=0, metavar="K", help="which sample (default: 0)")
    parser.add_argument(
        "--json", action="store_true", help="the summary, or the task's export record, as JSON"
    )
    add_results(parser)
    args = parser.read(words)

    folder = find_run(args.run, args.results)
    if args.task is None:
        _show_run(folder, as_json=args.json)
    else:
        _show_task(folder, args.task, args.sample, as_json=args.json)
    return 0


def _show_run(folder: Path, *, as_json: bool) -> None:
    from evalkit.run.result import summarize

    summary = summarize(folder)
    print(json.dumps(summary.to_json()) if as_json else summary_text(summary, Style()))


def _show_task(folder: Path, task: str, sample: int, *, as_json: bool) -> None:
    from evalkit.run.export import as_record, scorer_of
    from evalkit.run.result import ended_sessions, explain_missing
    from evalkit.store import read_run

    with read_run(folder) as store:
        key = find_sample(store, task, sample)
        record, end = store.record(*key), ended_sessions(store)[-1]["end"]
        if as_json:
            tags = store.manifest.get("tags", {})
            print(json.dumps(as_record(record, scorer_of(store), end, tags)))
        else:
            record = replace(record, row=explain_missing(record.row, end))
            print("\n".join(task_text(store, record, Style())))


def find_sample(store: Reader, task: str, sample: int) -> tuple[str, int]:
    """The planned sample that was typed. UsageError where there is none."""
    ids = list(dict.fromkeys(task_id for task_id, _ in store.plan))
    alike = [i for i in ids if i == task] or [i for i in ids if i.rpartition("/")[2] == task]
    if len(alike) != 1:
        from evalkit.registry import did_you_mean

        hint = did_you_mean(task, ids) if len(ids) < 1000 else f"for example {ids[0]}"
        raise UsageError(f"no task {task!r} in {store.folder.name}", hint if not alike else ", ".join(alike))
    samples = sorted(k for task_id, k in store.plan if task_id == alike[0])
    if sample not in samples:
        raise UsageError(f"{alike[0]} has no sample {sample}", f"it has samples 0 to {samples[-1]}")
    return alike[0], sample


# -- one sample, in full ---------------------------------------------------------------------------


def task_text(store: Reader, record: Record, style: Style) -> Iterator[str]:
    row = record.row
    word = "/".join(filter(None, (row["outcome"], row["reason"])))
    samples = sum(task_id == row["task_id"] for task_id, _ in store.plan)
    which = f"sample {row['sample']}" + (f" ({samples} in all)" if samples > 1 else "")
    yield style.bold(f"{one_line(row['task_id'])} · {which} · {word}")
    if tags := store.manifest.get("tags", {}).get(row["task_id"]):
        yield "  " + " · ".join(f"{one_line(tag)}: {one_line(value)}" for tag, value in tags.items())
    tries = {number: list(store.events(r)) for r, number in store.rollouts(row["task_id"], row["sample"])}
    log = [(number, event) for number, events in tries.items() for event in events]
    yield from conversation_text(list(tries.values()), style)
    yield from rollout_text(record.info, store.manifest["settings"].get("budget", {}), style)
    yield from _verdict_text(store, record, style)
    yield from _attempts_text(log, style)
    yield from _usage_text(row, style)


def _verdict_text(store: Reader, record: Record, style: Style) -> Iterator[str]:
    from evalkit.run.export import scorer_of

    scorer = one_line(scorer_of(store) or "unknown")
    for policy, verdict in record.verdicts.items():
        if policy == "official" and verdict.extracted is not None:
            yield section("extracted code", style)
            yield foreign(verdict.extracted)
        yield section(f"{one_line(policy)} verdict by {scorer}", style)
        yield "  " + "/".join(filter(None, (verdict.outcome, verdict.reason)))
        yield from _findings(verdict)
        yield from _two_tries(verdict)
        yield from _tests(verdict)
    why = record.info.get("detail")
    if not record.verdicts and why:
        yield section("why there is no verdict", style)
        yield foreign(str(why))


def _findings(verdict: Verdict) -> Iterator[str]:
    found = {"detail": verdict.detail, "says": verdict.official, "suspect": verdict.suspect}
    for label, text in found.items():
        if text:
            short = "\n" not in text and len(text) <= 160
            yield f"  {label}: {one_line(text)}" if short else f"  {label}:\n{foreign(text)}"
    if verdict.parts:
        words = (f"{one_line(k)} {'passed' if v else 'failed'}" for k, v in verdict.parts.items())
        yield f"  parts: {', '.join(words)}"


def _two_tries(verdict: Verdict) -> Iterator[str]:
    """The times of a program that was tried again alone."""
    first, second = (verdict.measured.get(key) for key in ("first_wall_s", "wall_s"))
    if first is not None and second is not None:
        yield f"  late beside others after {duration(first)}, which did not count; alone {duration(second)}"


def _tests(verdict: Verdict) -> Iterator[str]:
    for test in verdict.tests[:SHOWN_TESTS]:
        detail = f": {one_line(test.detail, 200)}" if test.detail else ""
        yield f"  {one_line(test.status):<10}{one_line(test.name, 100)}{detail}"
    if len(verdict.tests) > SHOWN_TESTS:
        yield f"  and {len(verdict.tests) - SHOWN_TESTS} tests more: evalkit export has them all"


def _attempts_text(log: Sequence[tuple[int, Event]], style: Style) -> Iterator[str]:
    yield section("attempts", style)
    for number, event in log:
        if event.kind == "attempt":
            yield f"  try {number}, call {event.payload['number']}: {_attempt(event.payload['attempt'])}"


def _attempt(attempt: Mapping[str, Any]) -> str:
    answered = "no status" if attempt["error"] else "answered without a server"
    word = answered if attempt["status"] is None else f"HTTP {attempt['status']}"
    error = f", {one_line(attempt['error'], 200)}" if attempt["error"] else ""
    waited = f", waited {duration(attempt['waited_s'])}" if attempt["waited_s"] else ""
    return f"{word}, {duration(attempt['wall_s'])}{error}{waited}"


def _usage_text(row: Mapping[str, Any], style: Style) -> Iterator[str]:
    yield section("usage", style)
    tokens = [f"{n} {count(row[f'{n}_tokens'])}" for n in ("prompt", "completion", "reasoning")]
    yield f"  tokens: {', '.join(tokens)}; cost {money(row['cost'])}; tries {row['tries']}"
