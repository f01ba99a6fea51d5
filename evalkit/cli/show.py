"""evalkit show RUN [TASK]: a run's summary, or everything known of one sample.

What a model or a program wrote is printed through `visible`, each line behind a bar, so that it can
neither drive the terminal nor pass for a line of ours. evalkit/run/telling.py says what there is to tell.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.find import find_run
from evalkit.cli.options import add_results
from evalkit.cli.parser import Parser, whole
from evalkit.cli.summary import summary_text
from evalkit.cli.text import Style, one_line, visible
from evalkit.errors import UsageError
from evalkit.run.passages import Checks, Foreign, Passage
from evalkit.text import size

if TYPE_CHECKING:
    from evalkit.store import Reader
    from evalkit.task import TestResult

EXAMPLES = """\
  evalkit show last
  evalkit show last HumanEval/3
  evalkit show humaneval--qwen3 3 --sample 2
  evalkit show terminal-bench--qwen3 hello-world --cast hello.cast
"""
SHOWN_TESTS = 100
BAR = "  │ "


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
    parser.add_argument("--cast", metavar="FILE", type=Path, help="write the recording of TASK's terminal")
    add_results(parser)
    args = parser.read(words)

    folder = find_run(args.run, args.results)
    if args.cast and args.task is None:
        raise UsageError("--cast needs a TASK", "whose recording it writes")
    if args.cast:
        _write_recording(folder, args.task, args.sample, args.cast)
    elif args.task is None:
        _show_run(folder, as_json=args.json)
    else:
        _show_task(folder, args.task, args.sample, as_json=args.json)
    return 0


def _show_run(folder: Path, *, as_json: bool) -> None:
    from evalkit.run.result import summarize

    summary = summarize(folder)
    print(json.dumps(summary.to_json()) if as_json else summary_text(summary, Style()))


def _show_task(folder: Path, task: str, sample: int, *, as_json: bool) -> None:
    from evalkit.run.export import as_record
    from evalkit.run.result import ended_sessions, scorer_of
    from evalkit.store import read_run

    with read_run(folder) as store:
        key = find_sample(store, task, sample)
        if as_json:
            end, tags = ended_sessions(store)[-1]["end"], store.manifest.get("tags", {})
            print(json.dumps(as_record(store.record(*key), scorer_of(store), end, tags)))
        else:
            print("\n".join(task_text(store, *key, Style())))


def _write_recording(folder: Path, task: str, sample: int, file: Path) -> None:
    from evalkit.cli.export import destination
    from evalkit.run.telling import RECORDING
    from evalkit.store import read_run

    with read_run(folder) as store:
        key = find_sample(store, task, sample)
        data = store.file_of(*key, RECORDING)
    if data is None:
        raise UsageError(f"{one_line(key[0])} has no recording", "runs through a terminal make one")
    with destination(file) as out:
        out.write(data)
    print(f"{one_line(str(file))}: {size(len(data))}", file=sys.stderr)


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


def task_text(store: Reader, task_id: str, sample: int, style: Style) -> Iterator[str]:
    from evalkit.run.result import ended_sessions, explain_missing
    from evalkit.run.telling import tell, word

    end = ended_sessions(store)[-1]["end"]
    row = explain_missing(store.record(task_id, sample).row, end)
    samples = sum(other == task_id for other, _ in store.plan)
    which = f"sample {sample}" + (f" ({samples} in all)" if samples > 1 else "")
    yield style.bold(f"{one_line(task_id)} · {which} · {word(row)}")
    if tags := store.manifest.get("tags", {}).get(task_id):
        yield "  " + " · ".join(f"{one_line(tag)}: {one_line(value)}" for tag, value in tags.items())
    for passage in tell(store, task_id, sample, end):
        yield from passage_text(passage, style)


def passage_text(passage: Passage, style: Style) -> Iterator[str]:
    title = one_line(passage.title)
    yield "\n" + style.bold(style.warn(title) if passage.kind == "warning" else title)
    for part in passage.parts:
        if isinstance(part, str):
            yield "  " + one_line(part)
        elif isinstance(part, Foreign):
            yield "\n".join(BAR + line for line in visible(part.text.rstrip("\n")).split("\n"))
        elif isinstance(part, Checks):
            yield from _tests(part.results)
        else:
            yield "  `--cast FILE` writes it, an asciicast: `asciinema play FILE` plays it, as does a page of"
            yield "  `evalkit report --transcripts all`"


def _tests(results: Sequence[TestResult]) -> Iterator[str]:
    for test in results[:SHOWN_TESTS]:
        detail = f": {one_line(test.detail, 200)}" if test.detail else ""
        yield f"  {one_line(test.status):<10}{one_line(test.name, 100)}{detail}"
    if len(results) > SHOWN_TESTS:
        yield f"  and {len(results) - SHOWN_TESTS} tests more: evalkit export has them all"
