"""An engine that takes its time to start a command: no load can be made to bring that about."""

from __future__ import annotations

from typing import Any, cast

import pytest

from evalkit.errors import SandboxError
from evalkit.sandbox import workspace_begun
from evalkit.sandbox.workspace_begun import Beginnings
from evalkit.sandbox.workspace_exec import Execution
from evalkit.sandbox.workspace_life import Life
from evalkit.workspace import NotAFile

HALF = {"Running": True, "Pid": 0}
pytestmark = pytest.mark.asyncio


class Slow:
    """A life whose engine says this of an exec, one after the other; the last again and again."""

    def __init__(self, *said: Any) -> None:
        self.api, self.said, self.asked = self, list(said), 0

    async def call(self, act: Any, *facts: Any) -> Any:
        return act(self, "container", *facts)

    def exec_inspect(self, exec_id: str) -> Any:
        self.asked += 1
        found = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(found, Exception):
            raise found
        return found


def begun(life: Slow) -> tuple[Beginnings, Execution]:
    beginnings, execution = Beginnings(cast(Life, life)), Execution()
    beginnings.add(execution)
    execution.id = "12"
    return beginnings, execution


@pytest.mark.parametrize(
    "then", [{"Running": True, "Pid": 5}, {"Running": False, "Pid": 0}, NotAFile("forgotten")]
)
async def test_it_is_waited_for(then: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_begun, "LOOK_S", 0.0)
    life = Slow(HALF, HALF, then)
    beginnings, _ = begun(life)
    await beginnings.wait(60)
    assert life.asked == 3
    await beginnings.wait(60)
    assert life.asked == 3


async def test_one_that_was_given_up_is_waited_for_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_begun, "LOOK_S", 0.0)
    beginnings, execution = begun(Slow(HALF))
    execution.pid.set_result(0)  # its stream was closed
    with pytest.raises(SandboxError, match="has not started a command in 0 s"):
        await beginnings.wait(0)


async def test_one_that_has_said_a_word_is_not_asked_about() -> None:
    life = Slow(HALF)
    beginnings, execution = begun(life)
    execution.pid.set_result(7)
    await beginnings.wait(0)
    assert life.asked == 0
