"""evalkit show RUN [TASK]: a run's summary, or everything known of one sample.

What a model or a program wrote is printed through `visible`, each line behind a bar, so that it can
neither drive the terminal nor pass for a line of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.cli.find import find_run
from evalkit.cli.options import add_results
from evalkit.cli.parser import Parser, whole
from evalkit.cli.summary import summary_text
from evalkit.cli.text import Style, count, duration, money, one_line, visible
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.store import Event, Reader, Record
    from evalkit.task import Verdict

EXAMPLES = """\
  evalkit show last
  evalkit show last HumanEval/3
  evalkit show humaneval--qwen3 3 --sample 2
"""
BAR = "  │ "
SHOWN_TESTS = 100


def main(words: Sequence[str]) -> int:
    about = "With TASK: prompt, raw reply, extracted code, verdict, tests, attempts and usage of one sample."
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
    tries = store.rollouts(row["task_id"], row["sample"])
    log = [(number, event) for rollout, number in tries for event in store.events(rollout)]
    # a try that was cut off may have made calls that the next one took from the log
    calls = {event.payload["number"]: event for _, event in log if event.kind == "model_call"}
    for event in calls.values():
        yield from _call_text(event, style)
    yield from _verdict_text(store, record, style)
    yield from _attempts_text(log, style)
    yield from _usage_text(row, style)


def _section(title: str, style: Style) -> str:
    return "\n" + style.bold(title)


def _foreign(text: str) -> str:
    """Text of a model's, a program's or a data set's, behind a bar."""
    return "\n".join(BAR + line for line in visible(text).split("\n"))


def _call_text(event: Event, style: Style) -> Iterator[str]:
    request, reply = event.payload["request"], event.payload["reply"]
    role = "" if event.payload["role"] == "tested" else f" ({one_line(event.payload['role'])})"
    for message in request["messages"]:
        yield _section(f"prompt{role}: {one_line(message['role'])}", style)
        yield _foreign(message["content"])
    if request["prompt"] is not None:
        yield _section(f"prompt{role}", style)
        yield _foreign(request["prompt"])
    if reply["reasoning"]:
        yield _section("reasoning", style)
        yield _foreign(reply["reasoning"])
    served = f", {one_line(reply['served_model'])}" if reply["served_model"] else ""
    yield _section(f"reply ({one_line(reply['finish_reason'])}{served}, {duration(reply['wall_s'])})", style)
    yield _foreign(reply["text"])


def _verdict_text(store: Reader, record: Record, style: Style) -> Iterator[str]:
    from evalkit.run.export import scorer_of

    scorer = one_line(scorer_of(store) or "unknown")
    for policy, verdict in record.verdicts.items():
        if policy == "official" and verdict.extracted is not None:
            yield _section("extracted code", style)
            yield _foreign(verdict.extracted)
        yield _section(f"{one_line(policy)} verdict by {scorer}", style)
        yield "  " + "/".join(filter(None, (verdict.outcome, verdict.reason)))
        yield from _findings(verdict)
        yield from _two_tries(verdict)
        yield from _tests(verdict)
    why = record.info.get("detail")
    if not record.verdicts and why:
        yield _section("why there is no verdict", style)
        yield _foreign(str(why))


def _findings(verdict: Verdict) -> Iterator[str]:
    found = {"detail": verdict.detail, "says": verdict.official, "suspect": verdict.suspect}
    for label, text in found.items():
        if text:
            short = "\n" not in text and len(text) <= 160
            yield f"  {label}: {one_line(text)}" if short else f"  {label}:\n{_foreign(text)}"
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
    yield _section("attempts", style)
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
    yield _section("usage", style)
    tokens = [f"{n} {count(row[f'{n}_tokens'])}" for n in ("prompt", "completion", "reasoning")]
    yield f"  tokens: {', '.join(tokens)}; cost {money(row['cost'])}; tries {row['tries']}"
