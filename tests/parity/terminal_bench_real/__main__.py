"""Real tasks of Terminal-Bench: build the image, run the reference solution and nothing, both verified as the
task says; then the table of docs/parity.md.

    python -m tests.parity.terminal_bench_real --core DIR --two DIR -o FOLDER [--tasks A,B] [--again]
    python -m tests.parity.terminal_bench_real -o FOLDER --table

`--core` and `--two` hold the task folders of core 0.1.1 and of 2.0. Tasks are those of tasks.toml that are
there. Results go to FOLDER/results.jsonl; what stands there is not run again (`--again` does).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.store import read_run
from evalkit.task import Verdict

from .table import table

MODELS = {"oracle": "the reference", "null": "nothing"}


def main() -> None:
    args = arguments()
    results = args.output / "results.jsonl"
    known = {(row["set"], row["task"]): row for row in map(json.loads, lines(results))}
    if args.table:
        print(table(list(known.values())))
        return
    args.output.mkdir(parents=True, exist_ok=True)
    for dataset, folder, task in wanted(args):
        if (dataset, task) in known and not args.again:
            continue
        row = {"set": dataset, "task": task, **tried(dataset, folder, task, args)}
        with results.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
        print(json.dumps({key: row[key] for key in ("set", "task", "oracle", "null")}), flush=True)


def wanted(args: argparse.Namespace) -> Iterator[tuple[str, Path, str]]:
    """(set, folder, task) of those that are there."""
    sets = tomllib.loads(Path(__file__).with_name("tasks.toml").read_text(encoding="utf-8"))["sets"]
    only = set(filter(None, args.tasks.split(",")))
    for dataset, tasks in sets.items():
        folder = args.core if dataset.startswith("core") else args.two
        for task in tasks:
            if folder and (folder / task).is_dir() and (not only or task in only):
                yield dataset, folder, task


def tried(dataset: str, folder: Path, task: str, args: argparse.Namespace) -> dict[str, Any]:
    where = ("terminal-bench", "--dataset", dataset, "--data", str(folder), "--tasks", task)
    built = evalkit("sandbox", "build", *where, "--json")
    if not built:
        return {"oracle": "not built", "null": "not built"}
    more = ("--timeout-factor", f"{args.timeout_factor:g}", "--results", str(args.output / "runs"))
    check = evalkit("validate", *where, *more, "--force", "--json")
    found: dict[str, Any] = {"build_s": round(built["seconds"], 1), "bytes": built["size"]}
    for model in MODELS:
        summary = check if model == "oracle" else check.get("null", {})
        found |= {f"{model}{key}": value for key, value in outcome(summary, task).items()}
    return found


def outcome(summary: Mapping[str, Any], task: str) -> dict[str, Any]:
    """Official and strict end of the task's one sample, with its seconds."""
    with read_run(Path(summary["run"])) as store:
        verdicts = store.record(task, 0).verdicts
    official, strict = verdicts["official"], verdicts.get("strict")
    return {
        "": word(official),
        "_detail": official.detail,
        "_strict": word(strict) if strict else "",
        "_strict_detail": strict.detail if strict else "",
        "_measured": dict(official.measured),
    }


def word(verdict: Verdict) -> str:
    return f"{verdict.outcome}/{verdict.reason}".rstrip("/")


def evalkit(*words: str) -> dict[str, Any]:
    """What the command's last line says; {} where it has said nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", *words], capture_output=True, text=True, check=False
    )
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if not last.startswith("{"):
        print(done.stderr[-2000:], file=sys.stderr)
        return {}
    said: dict[str, Any] = json.loads(last)
    return said


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").split("\n") if line] if path.exists() else []


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--core", type=Path, help="task folders of core 0.1.1")
    parser.add_argument("--two", type=Path, help="task folders of 2.0")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--tasks", default="", help="only these, with commas between")
    parser.add_argument("--timeout-factor", type=float, default=1.0, help="on a machine that does much else")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
