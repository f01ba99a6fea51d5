"""Runs of suite `talking` over real HTTP, with a real store; only the sandbox is none, for it needs none.

As a process (`python -m tests.run.talk run ...`) it is the command line of evalkit, so that it can be killed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from evalkit.api import Run, run
from evalkit.cli import main
from evalkit.endpoint.process import at_rest, running
from evalkit.run import session
from evalkit.store import Event, read_run

SUITE = Path(__file__).with_name("talking")
RUNNING: dict[Path, str] = {}  # the endpoints of `scripted`, by the folder of their log


class Nothing:
    """A sandbox for answers that are judged without one."""

    in_flight = 4

    def describe(self) -> dict[str, Any]:
        return {"kind": "none"}

    async def close(self) -> None:
        pass


async def open_nothing(*_: Any) -> Any:
    return Nothing()


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """A tool call of a scripted reply."""
    return {"name": name, "arguments": arguments}


def calls(*made: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A scripted reply that makes them."""
    return {"text": None, "tool_calls": list(made), **more}


@contextmanager
def scripted(
    folder: Path, conversations: Mapping[str, Sequence[Any]], *arguments: str, rules: Sequence[Any] = ()
) -> Iterator[str]:
    """An endpoint that holds these conversations, by task, with its log in `folder`; `rules` come first."""
    script = folder / "script.jsonl"
    lines = [*rules, *({"task": f"task {t}.", "replies": said} for t, said in conversations.items())]
    script.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with running("--script", str(script), "--log", str(folder / "log.jsonl"), *arguments) as url:
        RUNNING[folder] = url
        try:
            yield url
        finally:
            del RUNNING[folder]


def tasks(folder: Path, *records: Mapping[str, Any]) -> Path:
    """A data file of these tasks; what a record does not say is usual."""
    usual = {"world": "files", "partner": "nobody", "wants": {}}
    path = folder / "tasks.jsonl"
    path.write_text("".join(json.dumps({**usual, **record}) + "\n" for record in records))
    return path


def talk(folder: Path, url: str, *records: Mapping[str, Any], **given: Any) -> Run:
    """The run of these tasks, in this process."""
    patched = cast(Any, session)
    before = patched.open_equipment
    patched.open_equipment = open_nothing
    try:
        data = tasks(folder, *records)
        given = {
            "base_url": url,
            "results": folder / "results",
            "data": str(data),
            "max_attempts": 2,
            **given,
        }
        return run(str(SUITE), "scripted", **given)
    finally:
        patched.open_equipment = before


def outcomes(made: Run) -> dict[str, str]:
    """outcome/reason by task."""
    with read_run(made.folder) as store:
        return {row["task_id"]: f"{row['outcome']}/{row['reason']}".rstrip("/") for row in store.samples()}


def events(made: Run | Path, task: str, kind: str) -> list[Event]:
    """A task's events of one kind, of all its tries, in order."""
    folder = made if isinstance(made, Path) else made.folder
    with read_run(folder) as store:
        tries = store.rollouts(task, 0)
        return [e for rollout, _ in tries for e in store.events(rollout) if e.kind == kind]


def facts(made: Run, task: str) -> dict[str, Any]:
    with read_run(made.folder) as store:
        found: dict[str, Any] = store.record(task, 0).info["facts"]
        return found


def requests(folder: Path) -> list[dict[str, Any]]:
    """The endpoint's log once it is at rest: one entry a request."""
    if folder in RUNNING:
        at_rest(RUNNING[folder])
    log = folder / "log.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


if __name__ == "__main__":
    cast(Any, session).open_equipment = open_nothing
    sys.exit(main(sys.argv[1:]))
