"""A set of small real runs for tests of reports: made by the command, over a scripted endpoint.

A plain module, so that tests of pages can make the same: `make_runs(folder)`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from evalkit.endpoint.process import running
from evalkit.errors import EvalkitError
from evalkit.store import read_run
from tests.browser.runs import played
from tests.run.command import run, start

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
    qwen, kimi = played(folder, ["mini"], samples=4)
    four = ("--samples", "4", "--seed", "0", "--temperature", "0.5")
    with running("--script", str(folder / "qwen3-coder.jsonl")) as url:
        again = asked(folder, url, "qwen3-coder", *four[:3], "7", *four[4:], "--label", "again")
        cooler = asked(folder, url, "qwen3-coder", "--samples", "2", "--seed", "0", "--temperature", "0.1")
    with running("--script", str(folder / "kimi-k2.jsonl"), faults=["500 every=8"]) as url:
        once = ("--max-attempts", "1", "--concurrency", "1")
        broken = asked(folder, url, "kimi-k2", "--limit", "24", "--seed", "0", *once)
    return Runs(
        qwen,
        kimi,
        again,
        cooler,
        broken,
        killed(folder),
        made(folder, "mini", "oracle"),
        made(folder, "mini", "null"),
        made(folder, str(variant(folder / "other", 'name = "mini"', 39)), "oracle"),
        made(folder, str(variant(folder / "terminal", TERMINAL, 20)), "oracle", "--turns", "80"),
    )


TERMINAL = 'name = "terminal-bench"\n'


def asked(folder: Path, url: str, model: str, *words: str) -> Path:
    at = ("--base-url", url, "--api-key-env", "SCRIPTED_KEY", "--max-error-rate", "1")
    return made(folder, "mini", model, *at, *words)


def made(folder: Path, suite: str, model: str, *words: str) -> Path:
    done = run("run", suite, "--model", model, "--results", str(folder), *words, "--json")
    assert done.code == 0, done.stderr
    return Path(done.summary["run"])


def variant(folder: Path, name: str, problems: int) -> Path:
    """A copy of mini with fewer problems, as a suite by path."""
    shutil.copytree(MINI, folder, ignore=shutil.ignore_patterns("__pycache__"))
    lines = (folder / "problems.jsonl").read_text().splitlines(keepends=True)
    (folder / "problems.jsonl").write_text("".join(lines[:problems]))
    toml = (folder / "suite.toml").read_text()
    (folder / "suite.toml").write_text(toml.replace('name = "mini"', name.rstrip()))
    return folder


def killed(folder: Path) -> Path:
    """A run whose process was killed when it had judged some of its samples, and not all."""
    script = folder / "qwen3-coder.jsonl"
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


def manifest(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found
