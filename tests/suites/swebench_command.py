"""`evalkit run swebench` on the set of our own as a process against the scripted endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evalkit.endpoint.process import running
from evalkit.store import read_run
from tests.suites.swebench_set import INSTANCES
from tests.suites.swebench_stories import Story, script


@contextmanager
def told(folder: Path, stories: Sequence[Story], *server: str) -> Iterator[str]:
    """An endpoint that tells them; its log is in the folder."""
    (folder / "script.jsonl").write_text(script(stories))
    said = ("--script", str(folder / "script.jsonl"), "--log", str(folder / "log.jsonl"))
    with running(*said, *server) as url:
        yield url


def swebench(url: str, results: Path, *more: str) -> tuple[str, ...]:
    """The command's words; a JSON summary is its last line."""
    at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(results), "--json")
    return ("run", "swebench", "--model", "scripted", "--data", str(INSTANCES), *at, *more)


def own(verb: str, *more: str) -> tuple[str, ...]:
    """Another command on the set."""
    return (verb, "swebench", "--data", str(INSTANCES), *more)


def only(stories: Iterable[Story]) -> tuple[str, ...]:
    """--tasks for these."""
    return ("--tasks", ",".join(story.task for story in stories))


def ends(folder: str) -> dict[str, str]:
    """Task -> "passed", or "failed/REASON", officially."""
    with read_run(Path(folder)) as store:
        return {row["task_id"]: f"{row['outcome']}/{row['reason']}".rstrip("/") for row in store.samples()}


def parted(folder: str) -> dict[str, str]:
    """Task -> how its strict verdict is another than the official one, and what is suspected."""
    found = {}
    with read_run(Path(folder)) as store:
        for row in store.samples():
            verdicts = store.record(row["task_id"], 0).verdicts
            official, strict = verdicts["official"], verdicts.get("strict", verdicts["official"])
            if (official.outcome, official.suspect, strict.suspect) != (strict.outcome, "", ""):
                said = f"{strict.outcome}/{strict.reason} {official.suspect} {strict.suspect}"
                found[row["task_id"]] = said.strip()
    return found


def turns(folder: str) -> dict[str, int]:
    with read_run(Path(folder)) as store:
        return {
            row["task_id"]: store.record(row["task_id"], 0).info["facts"]["turns"] for row in store.samples()
        }


def assert_told(folder: str, stories: Iterable[Story]) -> None:
    """All at once, so that a difference shows beside the others. Honest work: both verdicts are one."""
    stories = list(stories)
    assert ends(folder) == {story.task: story.end for story in stories}
    assert parted(folder) == {}
    counted = {story.task: story.turns for story in stories if story.turns is not None}
    assert {task: n for task, n in turns(folder).items() if task in counted} == counted
