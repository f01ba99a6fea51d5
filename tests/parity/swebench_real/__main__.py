"""Real instances by the official command and by ours, official and strict; then the table of docs/parity.md.

    evalkit tools install swebench
    python -m tests.parity.swebench_real --data DIR --mirrors DIR -o FOLDER [--tasks A,B] [--official PYTHON]

`--data` holds verified.jsonl, environments.jsonl and setup.jsonl; `--mirrors` clones, as OWNER/NAME or
OWNER+NAME/repo. Missing images are built. Results go to FOLDER/results.jsonl; what stands there is not run
again (`--again` does, `--ours` runs our side alone). `--table` prints all results and runs nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalkit_suites.swebench.build import build_of

from evalkit.sandbox import build_image_of
from evalkit.sandbox.engine import docker_client
from evalkit.tools import python_of

from .ours import graded
from .patches import BREAKS, answers
from .table import differences, table

OFFLINE = ("ENV PIP_NO_INDEX=1", "ENV PIP_FIND_LINKS=/opt/evalkit/wheels")  # as our own run has them


def main() -> None:
    args = arguments()
    results = args.output / "results.jsonl"
    known = {row["task"]: row for row in map(json.loads, lines(results))}
    if args.table:
        print(table(list(known.values())))
        return
    rows = {row["instance_id"]: row for row in map(json.loads, lines(args.data / "verified.jsonl"))}
    for task in args.tasks.split(",") if args.tasks else BREAKS:
        if args.ours:
            result = {**known[task], "ours": ours(rows[task], args)}
        elif task not in known or args.again:
            result = run(rows[task], args)
        else:
            continue
        with results.open("a", encoding="utf-8") as out:
            out.write(json.dumps(result) + "\n")
        wrong = differences(result)
        print(f"{task}: {'; '.join(wrong) or 'equal'}", flush=True)


def run(row: Mapping[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    place = mirror(args.mirrors, row["repo"])
    say = lambda line: print(f"  {line}", file=sys.stderr, flush=True)  # noqa: E731
    built = build_image_of(build_of(row, args.data), str(place), say)
    patches = answers(row, place)
    with offline(str(row["image"]), row["instance_id"]) as image:
        asked = {
            "rows": [{**row, "image": image}],
            "answers": {kind: {row["instance_id"]: patch} for kind, patch in patches.items()},
        }
        started = time.monotonic()
        official = officially(asked, args)
        official_s = time.monotonic() - started
    return {
        "task": row["instance_id"],
        "build_s": round(built.seconds, 1),
        "bytes": built.size,
        "official": {kind: told[row["instance_id"]] for kind, told in official.items()},
        "official_s": round(official_s, 1),
        "ours": ours(row, args),
    }


def ours(row: Mapping[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    return asyncio.run(graded(row, answers(row, mirror(args.mirrors, row["repo"])), args.timeout))


def officially(asked: Mapping[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    folder = args.output / f"official-{int(time.time())}-{os.getpid()}"
    command = [args.official or python_of("swebench"), Path(__file__).with_name("official.py")]
    done = subprocess.run(
        [*map(str, command), str(folder.resolve()), f"parity-{os.getpid()}", str(args.timeout)],
        input=json.dumps(asked),
        capture_output=True,  # a bar of progress, too
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"the official command failed:\n{done.stderr[-4000:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


@contextmanager
def offline(image: str, name: str) -> Iterator[str]:
    """The image with pip told to take build requirements from within: the official run knows no other way."""
    client = docker_client(timeout=300)
    box = client.containers.create(image, ["true"])
    tag = f"evalkit/parity-{name.lower().replace('__', '-')}"
    version = f"offline-{os.getpid()}"
    try:
        box.commit(tag, version, changes=list(OFFLINE))
        yield f"{tag}:{version}"
    finally:
        box.remove(force=True)
        client.images.remove(f"{tag}:{version}", force=True)
        client.close()


def mirror(folder: Path, repo: str) -> Path:
    for name in (f"{repo.replace('/', '+')}/repo", repo, f"{repo}.git", f"{repo.partition('/')[2]}.git"):
        if (folder / name).is_dir():
            return (folder / name).resolve()
    sys.exit(f"{folder} has no clone of {repo}")


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").split("\n") if line] if path.exists() else []


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--tasks", default="")
    parser.add_argument("--official", default="", help="the Python that has swebench 5.0.2")
    parser.add_argument("--timeout", type=int, default=1800, help="seconds for the tests")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--ours", action="store_true")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    return args


if __name__ == "__main__":
    main()
