"""What a report says of a run, against what the run's own summary and folder say."""

from __future__ import annotations

import asyncio
import dataclasses
import shlex
from pathlib import Path
from typing import Any

import pytest

from evalkit.cli.given import settings_from
from evalkit.cli.run import read
from evalkit.cli.suite_options import given_options
from evalkit.errors import DataError, StoreError
from evalkit.outcome import REASONS, Outcome
from evalkit.report.content import ACCOUNTS, RunFacts
from evalkit.report.gather import gather
from evalkit.report.labels import labels
from evalkit.report.runs import class_of, measure, spread_of
from evalkit.report.setting import label_of
from evalkit.report.values import Model, Setting
from evalkit.run.result import summarize
from evalkit.run.settings import Settings
from evalkit.store import Store, create_run, read_run
from evalkit.suite import Scorer
from tests.cli.stored import manifest
from tests.report.runs import Runs

docker = pytest.mark.docker


def facts(folder: Path) -> RunFacts:
    return measure(folder, lambda manifest: Model("m", "M"), labels()).facts


# -- accounts --------------------------------------------------------------------------------------


def test_every_reason_is_of_exactly_one_class() -> None:
    found = {(o, r): class_of(o, r) for o, reasons in REASONS.items() for r in reasons}
    assert set(found.values()) == set(ACCOUNTS) - {"passed"}
    assert {r for (o, r), name in found.items() if name == "truncated"} == {
        "truncated", "context", "turns", "tokens", "money",
    }  # fmt: skip
    assert {r for (o, r), name in found.items() if name == "refused"} == {"refused"}
    assert {o for (o, _), name in found.items() if name == "error"} == {Outcome.ERROR}
    assert {o for (o, _), name in found.items() if name == "not_run"} == {Outcome.NOT_RUN}
    with pytest.raises(ValueError, match="no reason of failed"):
        class_of("failed", "tired")


@docker
def test_accounts_sum_to_what_was_planned(runs: Runs) -> None:
    for folder in dataclasses.astuple(runs):
        found = facts(folder)
        assert tuple(found.accounts) == ACCOUNTS
        assert sum(found.accounts.values()) == found.summary.planned
        assert found.accounts["passed"] == found.summary.counts["passed"]
    null, broken = facts(runs.null), facts(runs.broken)
    assert null.accounts["no_answer"] == 40
    assert broken.accounts["error"] == 3


# -- score, state, spread --------------------------------------------------------------------------


@docker
def test_a_whole_run(runs: Runs) -> None:
    found, summary = facts(runs.qwen), summarize(runs.qwen)
    assert found.summary == summary
    assert summary.pass_1 is not None
    assert summary.interval
    assert found.score == pytest.approx(100 * summary.pass_1)
    assert found.interval
    assert (found.interval.low / 100, found.interval.high / 100) == pytest.approx(summary.interval)
    assert not found.interval.implied
    assert found.state == ""
    assert found.label == "Mini, one-turn"
    assert found.setting.suite == "mini"
    assert (found.setting.scaffold, found.setting.protocol) == ("one-turn 1", "mini 1")
    assert dict(found.setting.limits) == {"scorer": "mini 1"}
    assert found.environment["sampling"].startswith("temperature 0.5, top_p ")  # the catalog's, too
    assert found.environment["data"].startswith("problems.jsonl, sha256 ")
    assert not any(str(runs.qwen.parent) in text for text in found.environment.values())


@docker
def test_spread_agrees_with_the_summary(runs: Runs) -> None:
    found = facts(runs.qwen)
    assert found.spread
    assert (found.spread.tasks, found.spread.samples) == (40, 4)
    assert list(found.spread.pass_at) == list(found.spread.pass_hat) == [1, 2, 3, 4]
    assert found.spread.pass_at[1] == found.spread.pass_hat[1] == pytest.approx(found.summary.pass_1)
    for k in (2, 3, 4):
        assert found.spread.pass_hat[k] == pytest.approx(found.summary.pass_hat[f"pass^{k}"])
    assert found.spread.standard_error
    assert found.spread.run_error
    assert found.spread.run_error < found.spread.standard_error
    assert facts(runs.oracle).spread is None


def test_spread_of_the_worked_example() -> None:
    """The research's eight tasks of four samples."""
    rows = ["1111", "1110", "1000", "0000", "1100", "1111", "0010", "0000"]
    tasks = {f"t/{i}": (row.count("1"), 4) for i, row in enumerate(rows)}
    found = spread_of(tasks, 8)
    assert found
    assert found.pass_at[2] == pytest.approx(0.6041666667)
    assert found.pass_hat[2] == pytest.approx(0.3333333333)
    assert (found.pass_at[4], found.pass_hat[4]) == (0.75, 0.25)
    assert found.standard_error == pytest.approx(0.1451407876)
    assert found.run_error == pytest.approx(0.0650520625)


def test_spread_only_for_what_every_task_has() -> None:
    found = spread_of({"a": (2, 4), "b": (1, 3)}, 2)
    assert found
    assert list(found.pass_at) == [1, 2, 3]
    assert found.run_error is None  # of unequal numbers it is not known
    assert spread_of({"a": (2, 4), "b": (1, 1)}, 2) is None
    assert spread_of({"a": (2, 4)}, 2) is None  # b has no verdict
    assert spread_of({}, 2) is None


@docker
def test_what_is_missing_is_said(runs: Runs) -> None:
    broken, killed = facts(runs.broken), facts(runs.killed)
    assert broken.state == "incomplete: 21 of 24 samples scored, 3 broken by infrastructure"
    assert killed.state.startswith("in progress, or cut off: ")
    assert f"{killed.summary.scored} of 40 samples scored" in killed.state
    assert killed.score is not None


# -- the command -----------------------------------------------------------------------------------


@docker
def test_the_command_makes_the_same_run(runs: Runs) -> None:
    """Read as a shell and the command line read it, it gives the very settings of the manifest."""
    for folder in dataclasses.astuple(runs):
        words = shlex.split(facts(folder).command)
        assert words[:2] == ["evalkit", "run"]
        args = read(words[2:])
        again = settings_from(args, args.suites[0], args.model[0], given_options(args, args.suites[0]))
        with read_run(folder) as store:
            assert again == Settings.from_json(store.manifest["settings"])
        assert "SCRIPTED_KEY" not in words or words[words.index("SCRIPTED_KEY") - 1] == "--api-key-env"


def test_the_command_of_odd_settings(tmp_path: Path) -> None:
    raw = complete_manifest()
    raw["settings"] |= {
        "model": "my model; rm -rf ~",
        "samples": 3,
        "tasks": ["t/1", "t/2"],
        "options": {"truncated": "judge"},
        "label": "it's",
        "budget": {"turns": 5, "tokens": None, "money": 0.25, "wall_s": 60.0},
        "roles": {"user": {"model": "u", "base_url": "http://u/v1"}},
    }
    raw["settings"]["sampling"] |= {"presence_penalty": -0.5, "top_k": -1, "extra_body": {"a": [1]}}
    folder = stored(tmp_path / "odd", raw)
    words = shlex.split(facts(folder).command)
    args = read(words[2:])
    again = settings_from(args, "mini", args.model[0], given_options(args, "mini"))
    assert again == Settings.from_json(raw["settings"])


def complete_manifest() -> dict[str, Any]:
    """A manifest as the engine writes it, of nothing in particular."""
    raw = manifest()
    raw["identity"] = {
        "suite": "mini", "options": {}, "data": "f" * 64, "samples": 1, "label": "", "sampling": {},
        "tasks": {"count": 1, "of": 1, "ids": "0" * 64}, "model": {"backend": "openai", "id": "m"},
        "scaffold": {"name": "one-turn", "version": "1"}, "protocol": {"name": "mini", "version": "1"},
    }  # fmt: skip
    return {**raw, "identity_digest": "a" * 64, "created": "2026-01-01T00:00:00+00:00", "model": {"id": "m"}}


def stored(folder: Path, raw: dict[str, Any]) -> Path:
    with create_run(folder, raw, [("t/1", 0)]):
        pass
    return folder


def test_a_run_that_scored_nothing(tmp_path: Path) -> None:
    report = gather([stored(tmp_path / "empty", complete_manifest())], [])
    (value,) = report.tables[0].cells.values()
    assert (value.kind, value.value, value.printed) == ("text", None, "none")
    assert value.bounds == (0, 100)
    assert report.runs[0].score is None
    assert report.runs[0].state == "incomplete: 0 of 1 samples scored, 1 not run"
    assert "no rank" in report.warnings[0]


# -- runs that cannot be read ----------------------------------------------------------------------


def test_a_foreign_manifest(tmp_path: Path) -> None:
    with create_run(tmp_path / "foreign", {"schema": "other"}, [("t", 0)]):
        pass
    with pytest.raises(
        DataError, match=r"foreign cannot be shown: it is not as this evalkit writes runs .*KeyError"
    ):
        facts(tmp_path / "foreign")


def test_a_run_of_a_later_evalkit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a reason that this one does not know: no class is guessed."""

    async def fail(store: Store) -> None:
        rollout = await store.begin("t/1", 0)
        await store.fail(rollout, Outcome.ERROR, "weather")

    with monkeypatch.context() as later:
        later.setitem(REASONS, Outcome.ERROR, ("weather",))
        with create_run(tmp_path / "later", complete_manifest(), [("t/1", 0)]) as store:
            asyncio.run(fail(store))
    with pytest.raises(DataError, match=r"later cannot be shown: .*'weather' is no reason of error"):
        facts(tmp_path / "later")


def test_a_damaged_run(tmp_path: Path) -> None:
    folder = stored(tmp_path / "damaged", complete_manifest())
    data = bytearray((folder / "run.sqlite").read_bytes())
    data[100:4000] = b"\xff" * 3900
    (folder / "run.sqlite").write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        gather([folder], [])


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=str(tmp_path)):
        gather([tmp_path], [])


# -- settings --------------------------------------------------------------------------------------


@docker
def test_other_settings_are_not_comparable(runs: Runs) -> None:
    qwen, kimi, part, other = (facts(f).setting for f in (runs.qwen, runs.kimi, runs.broken, runs.other))
    assert qwen.comparable(kimi)
    assert not qwen.comparable(part)
    assert part.limits["tasks"].startswith("24/40 (")
    assert not qwen.comparable(other)
    terminal = facts(runs.terminal).setting
    assert terminal.turns == 80
    assert label_of(terminal, labels()) == "one-turn, 80 turns, mini"


def test_a_row_says_under_what_limits_and_network_it_was_made() -> None:
    limits = {"scope": "2.0", "network": "per task", "timeout_factor": "×2"}
    setting = Setting("s", scaffold="interactive 1", protocol="terminus-2 1", limits=limits)
    said = "2.0, interactive 1, network per task, time limits ×2, terminus-2"
    assert label_of(setting, labels()) == said


def test_judging_in_another_way_is_another_setting(tmp_path: Path) -> None:
    async def judge(store: Store, options: dict[str, Any]) -> None:
        await store.verdict_set(Scorer("mini", "1"), options)

    found = []
    for name, options in (("usual", {"truncated": "fail"}), ("lenient", {"truncated": "judge"})):
        with create_run(tmp_path / name, complete_manifest(), [("t/1", 0)]) as store:
            asyncio.run(judge(store, options))
        found.append(facts(tmp_path / name))
    usual, lenient = found
    assert usual.setting.limits["scorer"] == "mini 1"
    assert lenient.setting.limits["judging"] == "truncated=judge"
    assert not usual.setting.comparable(lenient.setting)
    assert lenient.command.endswith("--truncated judge")


def test_runs_that_say_less_of_themselves(tmp_path: Path) -> None:
    """Two of one label, by an earlier evalkit, say, that named no samples and no model: told apart by id."""
    made = []
    for name in ("one", "two"):
        raw = complete_manifest()
        del raw["identity"]["samples"], raw["identity"]["model"]
        made.append(stored(tmp_path / name, {**raw, "identity_digest": name * 8, "created": name}))
    report = gather(made, [])
    assert [run.id for run in report.runs] == ["roneoneon", "rtwotwotw"]
    assert [run.label for run in report.runs] == [f"Mini, one-turn, {run.id}" for run in report.runs]
