"""A set of small real runs for tests of reports: made by the engine, over a scripted endpoint.

A plain module, so that tests of pages can make the same: `make_runs(folder)`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import evalkit
from evalkit.endpoint.process import running
from evalkit.errors import EvalkitError
from evalkit.run.manifest import now
from evalkit.store import read_run
from tests.browser.runs import SKILL, script_of
from tests.run.command import environment, start

MINI = Path(__file__).parents[2] / "suites" / "mini"


@dataclass(frozen=True)
class Runs:
    """Folders, by what they are.

    `qwen`, `kimi`: mini, four samples a task. `again`: qwen's, repeated. `cooler`: qwen at another
    temperature, two samples. `broken`: kimi, every eighth request fails for good. `killed`: qwen, its process
    was killed in the middle. `oracle`, `null`: mini, one sample. `other`: mini by the oracle, of other data.
    `terminal`: a suite that has the id of a published benchmark, by the oracle, 80 turns at most.
    """

    qwen: Path
    kimi: Path
    again: Path
    cooler: Path
    broken: Path
    killed: Path
    oracle: Path
    null: Path
    other: Path
    terminal: Path


def make_runs(folder: Path) -> Runs:
    """In a process of its own: Chromium's tests have an event loop that never ends."""
    command = [sys.executable, "-m", "tests.report.runs", str(folder)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Runs(**{name: Path(path) for name, path in json.loads(done.stdout.splitlines()[-1]).items()})


def made(folder: Path) -> Runs:
    stamps = [""]

    def run(suite: str, model: str, **given: Any) -> evalkit.Run:
        while stamps[-1] >= now():  # whole seconds say which run is newer: each has one of its own
            time.sleep(0.02)
        found = evalkit.run(suite, model, **given)
        stamps.append(found.manifest["created"])
        return found

    qwen, kimi = (script_of(folder, model, ["mini"], samples=4) for model in SKILL)
    how: dict[str, Any] = {"api_key_env": "SCRIPTED_KEY", "results": folder, "seed": 0, "temperature": 0.5}
    found: dict[str, evalkit.Run] = {}
    with running("--script", str(qwen)) as url:
        how["base_url"] = url
        found["qwen"] = run("mini", "qwen3-coder", samples=4, **how)
        found["again"] = run("mini", "qwen3-coder", samples=4, label="again", **{**how, "seed": 7})
        found["cooler"] = run("mini", "qwen3-coder", samples=2, **{**how, "temperature": 0.1})
    with running("--script", str(kimi)) as url:
        found["kimi"] = run("mini", "kimi-k2", samples=4, **{**how, "base_url": url})
    with running("--script", str(kimi), faults=["500 every=8"]) as url:
        once = {"max_attempts": 1, "concurrency": 1, "limit": 24}
        found["broken"] = run("mini", "kimi-k2", **once, **{**how, "base_url": url})
    other, terminal = (
        variant(folder / "other", "mini", 39),
        variant(folder / "terminal", "terminal-bench", 20),
    )
    found["oracle"] = run("mini", "oracle", results=folder)
    found["null"] = run("mini", "null", results=folder)
    found["other"] = run(str(other), "oracle", results=folder)
    found["terminal"] = run(str(terminal), "oracle", results=folder, turns=80)
    return Runs(**{name: run.folder for name, run in found.items()}, killed=killed(folder, qwen))


def variant(folder: Path, name: str, problems: int) -> Path:
    """A copy of mini of this name with fewer problems, as a suite by path."""
    shutil.copytree(MINI, folder, ignore=shutil.ignore_patterns("__pycache__"))
    lines = (folder / "problems.jsonl").read_text().splitlines(keepends=True)
    (folder / "problems.jsonl").write_text("".join(lines[:problems]))
    toml = (folder / "suite.toml").read_text()
    (folder / "suite.toml").write_text(toml.replace('name = "mini"', f'name = "{name}"'))
    return folder


def killed(folder: Path, script: Path) -> Path:
    """A run whose process was killed when it had judged some of its samples, and not all."""
    with running("--script", str(script), "--latency", "0.15") as url:
        at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--results", str(folder))
        how = ("--concurrency", "2", "--label", "killed", "--seed", "0", "--temperature", "0.5")
        process = start("run", "mini", "--model", "qwen3-coder", *at, *how, "--json")
        try:
            found = wait_for(folder, judged=8)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    return found


def wait_for(folder: Path, judged: int) -> Path:
    for _ in range(1200):
        for path in folder.glob("*--killed--*"):
            with contextlib.suppress(EvalkitError), read_run(path) as store:
                if sum(state.judged for state in store.state().values()) >= judged:
                    return path
        time.sleep(0.05)
    raise AssertionError("the run never began to judge")


if __name__ == "__main__":
    runs = made(Path(sys.argv[1]))
    print(json.dumps({name: str(path) for name, path in vars(runs).items()}))
