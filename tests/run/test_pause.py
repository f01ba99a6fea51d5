"""Stopping on purpose: Ctrl-C, SIGTERM, money, time. Each says why, exits as documented, and resumes."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from evalkit.endpoint.process import at_rest, running, stats

from .command import SCRIPT, ended, here, mini, start

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_even_when_every_call_hangs(
    number: signal.Signals, docker_engine: object, tmp_path: Path
) -> None:
    with running("--script", str(SCRIPT), faults=["stall"]) as url:
        process = start(*mini(url, tmp_path, "--limit", "8"))
        wait_for(url, requests=8)
        process.send_signal(number)
        done = ended(process)  # a call hangs for ten minutes, by the endpoint and by the client's own limit
    assert done.code == 130, done.stderr
    assert done.summary["counts"] == {"passed": 0, "failed": 0, "error": 0, "not_run": 8}
    assert done.summary["reasons"] == {"not_run/interrupted": 8}
    assert f"evalkit resume {done.summary['run']}" in done.stderr
    with running("--script", str(SCRIPT)) as url:
        again = here("resume", done.summary["run"], "--base-url", url, "--json")
    assert (again.code, again.summary["complete"]) == (0, True), again.stderr
    assert again.summary["run"] == done.summary["run"]


def test_replies_in_flight_are_kept_after_ctrl_c(docker_engine: object, tmp_path: Path) -> None:
    with running("--script", str(SCRIPT), "--latency", "0.7") as url:
        process = start(*mini(url, tmp_path, "--concurrency", "4"))
        wait_for(url, requests=4)
        process.send_signal(signal.SIGINT)
        done = ended(process)
        assert done.code == 130
        landed = at_rest(url)["outcomes"].get("complete", 0)
        assert 4 <= landed < 40
    with running("--script", str(SCRIPT)) as url:
        again = here("resume", done.summary["run"], "--base-url", url, "--json")
        assert again.summary["complete"]
        assert stats(url)["requests"] == 40 - landed, "something that had landed was asked for again"


@pytest.mark.full
def test_time_pauses_and_the_same_command_goes_on(docker_engine: object, tmp_path: Path) -> None:
    with running("--script", str(SCRIPT), "--latency", "0.5") as url:
        done = here(*mini(url, tmp_path, "--concurrency", "4", "--max-time", "1.5"))
        assert done.code == 3, done.stderr
        assert done.summary["end"] == "time"
        assert set(done.summary["reasons"]) >= {"not_run/budget"}
        assert sum(done.summary["counts"].values()) == 40
        low, high = done.summary["bounds"]
        assert low < 0.8 < high  # 32 of 40 is what the script earns
        again = here(*mini(url, tmp_path, "--concurrency", "4"))
        assert (again.code, again.summary["pass@1"]) == (0, 0.8)
        assert stats(url)["completed_again"] == 0


def test_money_pauses_before_it_is_overspent(docker_engine: object, tmp_path: Path) -> None:
    catalog = tmp_path / "models.toml"
    catalog.write_text(
        '[models.scripted]\nid = "scripted"\n'
        "[models.scripted.price]\ninput = 100.0\noutput = 100.0\n"
        'source = "made up for this test"\ndate = "2026-11-25"\n'
    )
    env = {"EVALKIT_MODELS": str(catalog)}
    with running("--script", str(SCRIPT)) as url:
        done = here(*mini(url, tmp_path, "--concurrency", "2", "--max-cost", "0.05"), env=env)
        assert (done.code, done.summary["end"]) == (3, "cost"), done.stderr
        assert 0.05 <= done.summary["cost"] < 0.15
        again = here(*mini(url, tmp_path, "--concurrency", "2"), env=env)
        assert (again.code, again.summary["complete"]) == (0, True), again.stderr
        assert again.summary["cost"] > done.summary["cost"]


def test_money_for_replies_that_broke_counts_against_the_limit(docker_engine: object, tmp_path: Path) -> None:
    """They come with their usage: the provider bills them, though no call was completed."""
    catalog = tmp_path / "models.toml"
    catalog.write_text('[models.scripted]\nid = "scripted"\nprice = { input = 100.0, output = 100.0 }\n')
    env = {"EVALKIT_MODELS": str(catalog)}
    with running("--script", str(SCRIPT), "--fault", "nofinish") as url:
        words = mini(url, tmp_path, "--concurrency", "2", "--max-cost", "0.05", "--max-attempts", "1")
        done = here(*words, env=env)
        asked = stats(url)["requests"]
        assert (done.code, done.summary["end"]) == (3, "cost"), done.stderr
        assert asked < 20
        again = here(*words, env=env)
        assert again.summary["end"] == "cost"
        assert stats(url)["requests"] == asked + 1, "what was paid in an earlier session is remembered"


def test_an_unknown_price_cannot_keep_a_money_limit(docker_engine: object, tmp_path: Path) -> None:
    with running("--script", str(SCRIPT)) as url:
        done = here(*mini(url, tmp_path, "--max-cost", "1"))
        assert stats(url)["requests"] == 1, "one call tells that costs cannot be counted"
    assert (done.code, done.summary["end"], done.summary["cost"]) == (3, "cost", None), done.stderr
    assert "the price of scripted is unknown" in done.stderr
    assert "models.toml" in done.stderr


def wait_for(url: str, requests: int) -> None:
    deadline = time.monotonic() + 60
    while stats(url)["requests"] < requests:
        assert time.monotonic() < deadline, "the run did not start to ask"
        time.sleep(0.05)
