"""Runs for reports: models of the catalog, played by a scripted endpoint, over whole suites.

A played model answers most tasks with their gold answer and the rest wrongly, with nothing or cut off, the
same ones every time.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evalkit.data import load_data
from evalkit.endpoint.process import running
from evalkit.registry import open_suite
from evalkit.suite import Suite
from evalkit.task import Task
from tests.run.command import run

SKILL = {"qwen3-coder": 0.85, "kimi-k2": 0.7}
WRONG: tuple[str | dict[str, Any], ...] = (
    "```python\nraise ValueError('not this way')\n```",
    "I am sorry, I have no answer.",
    {"text": "```python\ndef ", "finish_reason": "length"},
)


def played(
    folder: Path,
    suites: Sequence[str],
    data: Path | None = None,
    *,
    samples: int = 1,
    limit: int | None = None,
) -> list[Path]:
    """A run of each model of `SKILL` over each suite, or its first tasks. `data` as EVALKIT_DATA."""
    runs: list[Path] = []
    for model in SKILL:
        with running("--script", str(script_of(folder, model, suites, data, samples=samples))) as url:
            at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(folder))
            how = ("--samples", str(samples), "--seed", "0", "--temperature", "0.5", "--sandboxes", "2")
            part = ("--limit", str(limit)) if limit else ()
            for name in suites:
                where = ("--data", str(data / name)) if data and name != "mini" else ()
                done = run("run", name, "--model", model, *at, *how, *where, *part, "--json")
                assert done.code == 0, done.stderr
                runs.append(Path(done.summary["run"]))
    return runs


def script_of(
    folder: Path, model: str, suites: Sequence[str], data: Path | None = None, *, samples: int = 1
) -> Path:
    """What the endpoint plays a model by, written to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / f"{model}.jsonl"
    rules = (r for name in suites for r in _rules(open_suite(name), data, model, SKILL[model], samples))
    script.write_text("".join(json.dumps(rule) + "\n" for rule in rules))
    return script


def _rules(
    suite: Suite, data: Path | None, model: str, skill: float, samples: int
) -> Iterator[dict[str, Any]]:
    chance = random.Random(f"{model} {suite.info.name}")
    where = data / suite.info.name if data and suite.info.name != "mini" else None
    for task in suite.tasks(load_data(suite, where).records):
        ease = chance.betavariate(4 * skill, 4 * (1 - skill))
        replies = [_gold(task) if chance.random() < ease else chance.choice(WRONG) for _ in range(samples)]
        messages = suite.protocol().prompt(task).messages
        yield {"match": messages[-1].content, "replies": replies, "by": "seed"}


def _gold(task: Task) -> str:
    assert task.gold
    before = str(task.data["prompt"]) if task.gold.form == "completion" else ""
    return f"```python\n{before}{task.gold.text}\n```"
