"""`evalkit run aider-polyglot` as a process against the scripted endpoint, and what it must come to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.run.command import Done, here

from .aider_stories import Story

LABEL = "evalkit.owner"
COUNTS = (
    "num_malformed_responses",
    "error_outputs",
    "user_asks",
    "lazy_comments",
    "syntax_errors",
    "indentation_errors",
    "exhausted_context_windows",
    "test_timeouts",
)


def aider(url: str, results: Path, data: Path, *more: str) -> tuple[str, ...]:
    """The command's words; a JSON summary is its last line."""
    at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(results), "--json")
    return ("run", "aider-polyglot", "--model", "scripted", "--data", str(data), *at, *more)


def only(stories: Iterable[Story]) -> tuple[str, ...]:
    """--tasks for these."""
    return ("--tasks", ",".join(story.task for story in stories))


def write_script(path: Path, stories: Iterable[Story]) -> tuple[str, ...]:
    """The endpoint's arguments: each story is a rule."""
    path.write_text("".join(json.dumps(story.rule()) + "\n" for story in stories))
    return ("--script", str(path))


def expected(stories: Sequence[Story]) -> dict[str, float]:
    """The authors' figures for these stories in two tries."""
    of = len(stories)
    passed = [sum(story.outcomes[0] for story in stories), sum(story.outcomes[-1] for story in stories)]
    ill = sum(story.counts.get("ill", 0) for story in stories)
    return {
        "test_cases": of,
        "total_tests": of,
        "pass_rate_1": 100 * passed[0] / of,
        "pass_rate_2": 100 * passed[1] / of,
        "pass_num_1": passed[0],
        "pass_num_2": passed[1],
        "percent_cases_well_formed": 100 * (of - ill) / of,
        "num_with_malformed_responses": ill,
        **{name: sum(story.counts.get(name, 0) for story in stories) for name in COUNTS},
    }


def figures(done: Done) -> dict[str, float]:
    """The statistics that a script determines: all but seconds and money."""
    unsure = ("seconds_per_case", "total_cost", "cost_per_case")
    return {name: value for name, value in done.summary["statistics"].items() if name not in unsure}


def records(folder: str) -> dict[str, dict[str, Any]]:
    """The run's export records by task."""
    out = Path(folder).parent / "records.jsonl"
    done = here("export", folder, "--output", str(out))
    assert done.code == 0, done.stderr
    return {record["task_id"]: record for record in map(json.loads, out.read_text().splitlines())}


def assert_told(folder: str, stories: Iterable[Story]) -> None:
    """Each exercise on its own, so that a wrong sum names the one to blame."""
    found = records(folder)
    for story in stories:
        record = found[story.task]
        facts = record["facts"]
        assert tuple(facts["outcomes"]) == story.outcomes, (story.task, record["reason"], record["detail"])
        assert record["outcome"] == ("passed" if story.outcomes[-1] else "failed"), (story.task, record)
        counts = {name: facts.get(name.removeprefix("num_"), 0) for name in COUNTS}
        assert counts == {name: story.counts.get(name, 0) for name in COUNTS}, story.task
        assert record["strict"] == record["outcome"], (story.task, record)
        assert record["suspect"] is None, (story.task, record)


def containers(engine: Any, *pids: int) -> list[str]:
    """Ids of these processes' containers that run."""
    found = engine.api.containers(filters={"label": LABEL})
    return [box["Id"] for box in found if _is_of(box["Labels"], pids)]


def left_behind(engine: Any, *pids: int, seconds: float = 20.0) -> list[str]:
    """What the engine holds of these processes, once it had some time to be rid of it."""
    deadline = time.monotonic() + seconds
    while (found := _all_of(engine, pids)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def _all_of(engine: Any, pids: Sequence[int]) -> list[str]:
    only = {"label": LABEL}
    things = [
        *(("container", box["Id"], box["Labels"]) for box in engine.api.containers(all=True, filters=only)),
        *(
            ("volume", one["Name"], one["Labels"])
            for one in engine.api.volumes(filters=only)["Volumes"] or []
        ),
        *(("network", one["Id"], one["Labels"]) for one in engine.api.networks(filters=only)),
    ]
    return [f"{kind} {name}" for kind, name, labels in things if _is_of(labels, pids)]


def _is_of(labels: dict[str, str], pids: Sequence[int]) -> bool:
    return any(f"/{pid}/" in labels.get(LABEL, "") for pid in pids)
