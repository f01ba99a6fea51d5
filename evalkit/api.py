"""evalkit from Python: `run` a suite, `load` a run as pandas frames.

import evalkit

run = evalkit.run("humaneval", "qwen3-coder", protocol="evalplus", temperature=0.2, concurrency=64)
print(run.summary.pass_1, run.summary.interval)

frame = evalkit.load("results/humaneval--qwen3-coder--evalplus--1a2b3c4d").samples()
frame.groupby("reason").size()
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from evalkit.errors import StoreError, UsageError
from evalkit.model import Sampling
from evalkit.registry import did_you_mean, find_suite, from_anywhere, object_from_anywhere
from evalkit.run.settings import LIMITS, ROLE_SETTINGS, Knobs, Settings, budget_from, roles_from
from evalkit.run.summary import Summary
from evalkit.run.watch import Watch

if TYPE_CHECKING:
    import pandas

    from evalkit.store import Reader

T = TypeVar("T")


class Run:
    """A run's folder, read-only. Frames are made anew at each call: a run may still be growing."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        from evalkit.store import holds_run

        if not holds_run(self.folder):
            raise StoreError(f"{self.folder} is no run of evalkit's: it has no run.sqlite")

    def __repr__(self) -> str:
        return f"evalkit.load({str(self.folder)!r})"

    @property
    def summary(self) -> Summary:
        """Counts, pass@k, interval, bounds, tokens and cost as they stand."""
        from evalkit.run.result import summarize

        return summarize(self.folder)

    @property
    def manifest(self) -> dict[str, Any]:
        """Settings, versions, data fingerprint, host: how the numbers came about."""
        with self._store() as store:
            return store.manifest

    def samples(self) -> pandas.DataFrame:
        """One row a planned sample: the export record; tags, usage and times as columns, no tests."""
        return self._frame(sample_rows)

    def tests(self) -> pandas.DataFrame:
        """One row a test of a sample: task_id, sample, test, status, detail, wall_s."""
        return self._frame(test_rows)

    def calls(self) -> pandas.DataFrame:
        """One row a completed model call: task_id, sample, try, call, role, text, finish_reason, usage."""
        return self._frame(call_rows)

    def attempts(self) -> pandas.DataFrame:
        """One row an HTTP request, failed ones too: task_id, sample, try, call, status, error, times."""
        return self._frame(attempt_rows)

    def _frame(self, rows: Callable[[Reader], Iterator[dict[str, Any]]]) -> pandas.DataFrame:
        import pandas

        with self._store() as store:
            return pandas.DataFrame(list(rows(store)))

    def _store(self) -> Reader:
        from evalkit.store import read_run

        return read_run(self.folder)


def load(run: str | os.PathLike[str]) -> Run:
    """A run by its folder. StoreError where there is none."""
    return Run(run)


def run(suite: str, model: str, *, watch: Watch | None = None, **given: Any) -> Run:
    """Make the run of these settings, or continue it where it stands; returns when it ends.

    `given` are fields of Settings (samples, limit, tasks, data, base_url, ...), of Sampling
    (temperature, max_tokens, seed, ...), of Knobs (results, concurrency, max_cost, ...), limits of one
    rollout (turns, rollout_tokens, rollout_cost, rollout_time), models of other roles (user_model,
    user_base_url, user_api_key_env, judge_model, ...), or options of the suite (protocol, ...). Raises
    EvalkitError; `Run.summary` says whether all was scored.
    """
    from evalkit.run.session import run as run_session

    settings, knobs = sort_out(suite, model, given)
    summary = outside_of_loops(lambda: run_session(settings, knobs, watch))
    return Run(summary.run)


def sort_out(suite: str, model: str, given: Mapping[str, Any]) -> tuple[Settings, Knobs]:
    """Settings and knobs from keyword arguments. UsageError for a name that is none of theirs."""
    known = {
        "settings": names(Settings) - {"suite", "model", "sampling"},
        "sampling": names(Sampling),
        "knobs": names(Knobs),
        "rollout": {*LIMITS, *ROLE_SETTINGS},
        "options": names(find_suite(suite)[0].Options),
    }
    homes: dict[str, dict[str, Any]] = {home: {} for home in known}
    for name, value in given.items():
        home = next((home for home, theirs in known.items() if name in theirs), None)
        if home is None:
            raise UsageError(f"unknown setting {name!r}", did_you_mean(name, set().union(*known.values())))
        homes[home][name] = value
    if "results" in homes["knobs"]:
        homes["knobs"]["results"] = Path(homes["knobs"]["results"])
    if homes["settings"].get("data") is not None:
        homes["settings"]["data"] = str(Path(homes["settings"]["data"]).resolve())
    for name in ("scaffold", "backend"):
        if homes["settings"].get(name):
            homes["settings"][name] = object_from_anywhere(homes["settings"][name])
    options = {**homes["settings"].pop("options", {}), **homes["options"]}
    tasks = tuple(homes["settings"].pop("tasks", ()))
    rollout = {"budget": budget_from(homes["rollout"]), "roles": roles_from(homes["rollout"])}
    sampling = Sampling(**homes["sampling"])
    more = {"options": options, "sampling": sampling, "tasks": tasks, **rollout, **homes["settings"]}
    return Settings(from_anywhere(suite), model, **more), Knobs(**homes["knobs"])


def names(cls: type) -> set[str]:
    return {field.name for field in dataclasses.fields(cls)}


def outside_of_loops(work: Callable[[], T]) -> T:
    """Run `work`, which starts an event loop, also where one is running already: in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1, thread_name_prefix="evalkit-run") as pool:
        return pool.submit(work).result()


# -- rows of frames --------------------------------------------------------------------------------


def sample_rows(store: Reader) -> Iterator[dict[str, Any]]:
    from evalkit.run.export import records

    for record in records(store):
        usage, times, tags = record.pop("usage"), record.pop("times"), record.pop("tags")
        del record["tests"]
        yield {**tags, **record, **usage, **times}


def test_rows(store: Reader) -> Iterator[dict[str, Any]]:
    from evalkit.run.export import records

    for record in records(store):
        for test in record["tests"]:
            found = {"test": test["name"], **{k: v for k, v in test.items() if k != "name"}}
            yield {"task_id": record["task_id"], "sample": record["sample"], **found}


def call_rows(store: Reader) -> Iterator[dict[str, Any]]:
    for where, payload in _events(store, "model_call"):
        reply = payload["reply"]
        usage = reply["usage"]
        kept = ("text", "reasoning", "finish_reason", "served_model", "wall_s", "first_token_s")
        yield {**where, "role": payload["role"], **{name: reply[name] for name in kept}, **usage}


def attempt_rows(store: Reader) -> Iterator[dict[str, Any]]:
    for where, payload in _events(store, "attempt"):
        attempt = payload["attempt"]
        yield {**where, **{k: v for k, v in attempt.items() if k != "usage"}, **attempt["usage"]}


def _events(store: Reader, kind: str) -> Iterator[tuple[dict[str, Any], Any]]:
    for task_id, sample in store.plan:
        for rollout, number in store.rollouts(task_id, sample):
            for event in store.events(rollout):
                if event.kind == kind:
                    call = event.payload["number"]
                    yield {"task_id": task_id, "sample": sample, "try": number, "call": call}, event.payload
