"""A history of sixty nights in which it is known what happened, for what the dashboard says of it.

Two scripted models answer the embedded suite, each task three times a night. Some nights are run by the real
command; records of the others are simulated, and marked so. Both are drawn from the same chances. What
happens, by night:

    16      the suite's data has another revision: a new baseline begins
    20      FLAKY, which helper always solved, is right every second time; from 30 on it is in quarantine
    34, 54  infrastructure: a tenth of the samples breaks
    40      helper's endpoint serves another version, and nothing comes of it
    46      coder's endpoint serves another version, and LOST fall: the drop

    python -m tests.nightly.sixty FOLDER     to look at; needs a Docker engine
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.endpoint.process import running
from evalkit.nightly.history import Night
from evalkit.nightly.plan import Plan, read_plan
from evalkit.nightly.record import Record, path_of, read_record, write_record

FIRST, NIGHTS = date(2026, 9, 28), 60
REVISED, FLICKERED, QUARANTINED, BROKEN, RENAMED, MOVED = 16, 20, 30, (34, 54), 40, 46
REAL = (20, 46, 54, 58, 59)  # the nights that are really run; 54 is one of the broken
MODELS = ("coder", "helper")
SAMPLES = 3
FLAKY = "mini/12"
PROBLEMS = Path(__file__).parents[2] / "suites" / "mini" / "problems.jsonl"
OLD_DATA, DATA = "1d0c5a4be7f3", "7f2f8a9b5789"

PLAN = "nightly.toml"
TEXT = """\
[night]
name = "sixty"
[all]
samples = {samples}
sandboxes = 2
max-attempts = 1
base-url = "{url}"
api-key-env = "SIXTY_KEY"
[[models]]
name = "coder"
label = "Coder"
[[models]]
name = "helper"
label = "Helper"
[[suites]]
name = "mini"
label = "Mini"
"""


@dataclass(frozen=True)
class Made:
    """`codes`: what `evalkit nightly run` ended with, by night that was really run."""

    folder: Path
    plan: Plan
    codes: Mapping[int, int]

    @property
    def reports(self) -> Path:
        return self.folder / "reports" / "nightly" / "sixty"

    @property
    def page(self) -> Path:
        return self.reports / "index.html"

    def feed(self, name: str = "feed") -> Any:
        return json.loads((self.reports / f"{name}.json").read_text())

    def evalkit(self, *words: str) -> subprocess.CompletedProcess[str]:
        return evalkit(self.folder, *words)


def make(folder: Path, real: Sequence[int] = REAL, alerts: str = "") -> Made:
    """Night by night in `folder`: nightly.toml, results/, reports/. `real`: nights that are run, the first of
    which gives the others their form; without any, nothing is run. `alerts`: that part of the plan."""
    url = f"http://127.0.0.1:{_free_port() if real else 9}/v1"
    (folder / PLAN).write_text(TEXT.format(samples=SAMPLES, url=url) + alerts)
    plan = read_plan(folder / PLAN)
    plan = replace(plan, results=folder / plan.results)
    codes = {real[0]: _run(folder, real[0], url)} if real else {}
    models = {model: _like(plan, model, real[0]) if real else by_hand(model) for model in MODELS}
    for number in range(NIGHTS):
        if number == QUARANTINED:
            _quarantine(folder, number)
        if number in real[1:]:
            codes[number] = _run(folder, number, url)
        elif number not in codes:
            for model in MODELS:
                write_record(simulated(models[model], model, number), _night(plan, number))
    if not real:
        evalkit(folder, "nightly", "report", PLAN)
    return Made(folder, plan, codes)


def day(number: int) -> date:
    return FIRST + timedelta(number)


def short(number: int) -> str:
    """As sentences have it."""
    return f"{day(number):%-d %b}"


# -- what the models can ---------------------------------------------------------------------------


@cache
def problems() -> Mapping[str, Mapping[str, str]]:
    return {row["task_id"]: row for row in map(json.loads, PROBLEMS.read_text().splitlines())}


@cache
def level(model: str) -> Mapping[str, float]:
    """How often each task is solved: most nearly always or nearly never."""
    dice = random.Random(f"level {model}")
    rare = {task: dice.betavariate(0.5, 6.0) for task in problems()}
    found = {task: p if dice.random() < 0.35 else 1 - p for task, p in rare.items()}
    return {**found, FLAKY: 1.0}


@cache
def lost() -> tuple[str, ...]:
    """Five tasks that coder was sure of, and that count in alarms."""
    sure = sorted(level("coder").items(), key=lambda one: (-one[1], one[0]))
    return tuple(task for task, _ in sure if task != FLAKY)[:5]


def chances(model: str, number: int) -> Mapping[str, float]:
    found = dict(level(model))
    if model == "helper" and number >= FLICKERED:
        found[FLAKY] = 0.5
    if model == "coder" and number >= MOVED:
        found.update(dict.fromkeys(lost(), 0.1))
    return found


def drawn(model: str, number: int) -> Mapping[str, int]:
    """Of each task, how many of its answers are right that night."""
    dice = random.Random(f"night {number} of {model}")
    return {
        task: sum(dice.random() < p for _ in range(SAMPLES)) for task, p in chances(model, number).items()
    }


def version(model: str, number: int) -> str:
    moved = {"coder": MOVED, "helper": RENAMED}[model]
    return f"{model}-{'1113' if number >= moved else '0828'}"


# -- nights that are run ---------------------------------------------------------------------------


def _run(folder: Path, number: int, url: str) -> int:
    script = folder / "script.jsonl"
    rules = [rule(model, task, k, number) for model in MODELS for task, k in drawn(model, number).items()]
    script.write_text("".join(json.dumps(one) + "\n" for one in rules))
    port = url.rpartition(":")[2].partition("/")[0]
    faults = ["503 p=0.1"] if number in BROKEN else []
    with running("--port", port, "--script", str(script), faults=faults):
        return evalkit(folder, "nightly", "run", PLAN, "--date", f"{day(number)}").returncode


def rule(model: str, task: str, right: int, number: int) -> Mapping[str, object]:
    """The first answers to a task are right, the rest wrong."""
    problem = problems()[task]
    good = f"```python\n{problem['prompt']}{problem['canonical_solution']}```"
    bad = f"```python\n{problem['prompt']}    return None\n```"
    texts = [good] * right + [bad] * (SAMPLES - right)
    served = version(model, number)
    return {
        "match": f"def {problem['entry_point']}(",
        "model": model,
        "by": "hit",
        "replies": [{"text": text, "model": served} for text in texts],
    }


def evalkit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evalkit", *words],
        cwd=folder,
        env={**os.environ, "SIXTY_KEY": "none", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )


def _quarantine(folder: Path, number: int) -> None:
    """By the command; the file's day is then that of the history, as people edit such files."""
    words = ("--reason", "depends on the clock", "--owner", "ada", "--issue", "#12", "--until", "2027-01-15")
    done = evalkit(folder, "nightly", "quarantine", PLAN, "Mini", FLAKY, *words)
    if done.returncode:
        raise RuntimeError(done.stderr)
    [said] = (folder / "sixty-states" / "quarantine").iterdir()
    said.write_text(re.sub("since = .*", f"since = {day(number)}", said.read_text()))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- nights that are made up -----------------------------------------------------------------------


def simulated(like: Record, model: str, number: int) -> Record:
    """A record in the form of one of a real night."""
    right = drawn(model, number)
    dice = random.Random(f"rest {number} of {model}")
    broken = dice.sample(sorted(right), len(right) // 10) if number in BROKEN else []
    tasks = {task: (right[task], SAMPLES) for task in like.night.tasks if task not in broken}
    ends = Counter(passed=sum(k for k, _ in tasks.values()))
    ends["failed/wrong"] = sum(n - k for k, n in tasks.values())
    ends["error/api"] = len(broken) * SAMPLES
    facts = {**like.night.facts, "model version": version(model, number)}
    key = json.loads(like.night.key)
    if number < REVISED:
        key["data"], facts["suite data"] = OLD_DATA, f"sha256 {OLD_DATA}"
    night = Night(
        day(number),
        "",
        tasks,
        planned=len(right) * SAMPLES,
        errors=len(broken) * SAMPLES,
        key=json.dumps(key, sort_keys=True),
        facts=facts,
        used={
            name: value and round(value * dice.uniform(0.94, 1.06), 3)
            for name, value in like.night.used.items()
        },
        ends={end: count for end, count in ends.items() if count},
        reasons={
            **{task: "failed/wrong" for task, (k, n) in tasks.items() if k < n},
            **dict.fromkeys(broken, "error/api"),
        },
        simulated=True,
    )
    return replace(like, night=night, stamp="")


def by_hand(model: str) -> Record:
    """In the form of a real one, where none is run."""
    key = {"data": DATA, "scaffold": "one-turn 1", "scorer": "mini 1", "suite": "mini"}
    facts = {"endpoint": "http://127.0.0.1:9/v1", "suite data": f"sha256 {DATA}", "evalkit": "0.1.0"}
    used = {"input_tokens": 14600.0, "output_tokens": 17800.0, "seconds": 2.0, "latency": 0.02}
    tasks = dict.fromkeys(problems(), (0, SAMPLES))
    night = Night(FIRST, "", tasks, len(tasks) * SAMPLES, key=json.dumps(key), facts=facts, used=used)
    return Record(night, f"Mini--{model.title()}", "Mini", model.title(), "Mini", SAMPLES)


def _like(plan: Plan, model: str, number: int) -> Record:
    return read_record(path_of(_night(plan, number), f"Mini--{model.title()}"), day(number))


def _night(plan: Plan, number: int) -> Path:
    folder = plan.folder / f"{day(number)}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    made = make(target.resolve())
    print(made.page, dict(made.codes))
