"""`evalkit run terminal-bench` on the tasks of our own as a process against the scripted endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evalkit.data import load_data, tasks_of
from evalkit.endpoint.process import running
from evalkit.registry import open_suite
from evalkit.run.images import contexts_of
from evalkit.sandbox import build_context
from evalkit.store import read_run
from tests.suites.terminal_bench_stories import Story, script

OWN = Path(__file__).with_name("terminal_bench_set")
TASKS = tuple(sorted(f"{form.name}/{task.name}" for form in OWN.iterdir() for task in form.iterdir()))
SET = ("--data", str(OWN), "--dataset", "own")


def images(names: Iterable[str], data: Path = OWN, dataset: str = "own") -> None:
    """Makes sure of these tasks' images: who waits for something in a run waits for no build of them."""
    suite = open_suite("terminal-bench", {"dataset": dataset})
    wanted = set(names)
    tasks = [task for task in tasks_of(suite, load_data(suite, data)) if task.id in wanted]
    assert len(tasks) == len(wanted), wanted
    for context in contexts_of(suite, tasks).values():
        build_context(context(), progress=print)


@contextmanager
def told(folder: Path, stories: Sequence[Story], *server: str) -> Iterator[str]:
    """An endpoint that tells them; its log is in the folder."""
    (folder / "script.jsonl").write_text(script(stories))
    said = ("--script", str(folder / "script.jsonl"), "--log", str(folder / "log.jsonl"))
    with running(*said, *server) as url:
        yield url


def terminal_bench(url: str, results: Path, *more: str, data: Sequence[str] = SET) -> tuple[str, ...]:
    """The command's words; a JSON summary is its last line."""
    at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(results), "--json")
    return ("run", "terminal-bench", "--model", "scripted", *data, *at, *more)


def only(stories: Iterable[Story]) -> tuple[str, ...]:
    """--tasks for these."""
    return ("--tasks", ",".join(story.task for story in stories))


def ends(folder: str) -> dict[str, str]:
    """Task -> "passed", or "failed/REASON", officially."""
    with read_run(Path(folder)) as store:
        return {row["task_id"]: f"{row['outcome']}/{row['reason']}".rstrip("/") for row in store.samples()}


def turns(folder: str) -> dict[str, int]:
    with read_run(Path(folder)) as store:
        return {
            row["task_id"]: store.record(row["task_id"], 0).info["facts"]["turns"] for row in store.samples()
        }


def parted(folder: str) -> dict[str, str]:
    """Task -> how its strict verdict is another than the official one, and what is suspected."""
    found = {}
    with read_run(Path(folder)) as store:
        for row in store.samples():
            verdicts = store.record(row["task_id"], 0).verdicts
            official, strict = verdicts["official"], verdicts.get("strict")
            if official.suspect or (strict and strict.scored and strict.outcome != official.outcome):
                found[row["task_id"]] = f"{strict and strict.outcome} {official.suspect}".strip()
    return found


def files_of(folder: str, task: str) -> dict[str, bytes]:
    """What was kept with a task's answer."""
    with read_run(Path(folder)) as store:
        answer, _ = store.answer_of(task, 0)
        assert answer is not None
        return dict(answer.files)


def assert_told(folder: str, stories: Iterable[Story]) -> None:
    """All at once, so that a difference shows beside the others. Honest work: both verdicts are one."""
    stories = list(stories)
    assert ends(folder) == {story.task: story.end for story in stories}
    assert parted(folder) == {}
    counted = {story.task: story.turns for story in stories if story.turns is not None}
    assert {task: n for task, n in turns(folder).items() if task in counted} == counted
