"""How sessions end: which reason stays, and what must not go on or be left behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

import evalkit
from evalkit.errors import DataError, StoreError
from evalkit.run.result import ended_sessions
from evalkit.run.work import Stop, together
from evalkit.store import open_run
from tests.cli.stored import make_run


async def test_ctrl_c_while_a_paused_run_still_judges_is_an_interruption() -> None:
    stop = Stop()
    stop("time", "--max-time 1 s is over")
    stop("cost")
    assert (stop.end, stop.detail) == ("time", "--max-time 1 s is over")
    stop("interrupted")
    stop("sandbox")
    assert (stop.end, stop.detail) == ("interrupted", "")


async def test_one_part_that_fails_ends_the_others_first() -> None:
    ended = []

    async def goes_on() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("the other")

    async def fails() -> None:
        raise DataError("a suite's own words")

    with pytest.raises(DataError, match="a suite's own words"):
        await together(goes_on(), fails())
    assert ended == ["the other"]


def test_a_session_that_was_killed_after_one_that_paused_was_interrupted(tmp_path: Path) -> None:
    """Else what it left undone would be missing for the budget of the session before it."""

    async def begin_another() -> None:
        with open_run(folder) as store:
            await store.note("session", {"started": "now"})

    folder = make_run(tmp_path / "stored")
    assert evalkit.load(folder).summary.end == "cost"
    asyncio.run(begin_another())
    summary = evalkit.load(folder).summary
    assert (summary.end, summary.wall_s) == ("interrupted", 12.5)
    assert summary.reasons["not_run/interrupted"] == 2
    with open_run(folder) as store:
        assert [session["end"] for session in ended_sessions(store)] == ["cost", "interrupted"]


@pytest.mark.docker
def test_a_run_that_cannot_be_written_leaves_no_container(docker_engine: object, tmp_path: Path) -> None:
    from evalkit.sandbox import list_leftovers

    label = f"unwritable-{os.getpid()}"  # no other's on this engine
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError):
        evalkit.run("mini", "oracle", limit=1, label=label, results=tmp_path / "taken" / "results")
    assert not [thing for thing in list_leftovers() if f"--{label}--" in thing.run]
