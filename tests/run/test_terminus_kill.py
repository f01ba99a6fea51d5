"""A handover that was cut off anywhere is gone on with from its record: none of the model's calls twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.store import read_run
from tests.run.talk import requests, scripted, tasks
from tests.run.test_interactive_kill import Session
from tests.run.test_terminus_talk import HANDED_OVER, LONG, j

CALLS = 8
QUICK = "call stored#4"  # of the three that are made aside, the second
POINTS = [
    *(f"call stored#{n}" for n in range(1, CALLS + 1)),
    *(f"event stored#{n}" for n in range(1, 9)),
    "answer stored",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("handed-over")
    record: dict[str, Any] = {"world": "typed", "partner": "terminus-2", "budget": {"turns": 30}}
    tasks(folder, {"task_id": "long", "wants": {"a": "x"}, **record})
    with scripted(folder, {"long": LONG}, rules=HANDED_OVER) as url:
        yield folder, url


@pytest.mark.parametrize(
    "point", [p if p == QUICK else pytest.param(p, marks=pytest.mark.full) for p in POINTS]
)
def test_a_handover_that_is_cut_off_is_gone_on_with(point: str, place: tuple[Path, str]) -> None:
    folder, url = place
    session = Session(folder / point.replace(" ", "-").replace("#", "-"), url, point, "--context", "10005")
    session.folder.mkdir()
    before = len(requests(folder))
    code, said = session.dies(point)
    assert code == 137, said
    made, kept = len(requests(folder)) - before, len(session.durable_of("long", "model_call"))
    assert 0 <= made - kept <= 1, "at most the call that was on its way is lost"

    code, said = session.ends()
    assert code == 0, said
    assert json.loads(said.splitlines()[0])["counts"]["passed"] == 1
    assert len(requests(folder)) - before - made == CALLS - kept, "a call that was stored was made again"
    run = session.run()
    assert run is not None
    with read_run(run) as store:
        assert store.totals().calls == CALLS
        assert store.record("long", 0).info["facts"]["handovers"] == 1
    assert session.durable_of("long", "model_call")[-1]["reply"]["text"] == j(done=True)
