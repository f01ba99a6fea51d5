"""A kernel that does not freeze a container at once: no load can be made to bring that about."""

from __future__ import annotations

import docker.errors
import pytest

from evalkit.sandbox import workspace_pause


def test_a_freezing_that_takes_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine says is its own (20.10, on a machine with much to do); another refusal is one."""
    monkeypatch.setattr(workspace_pause, "WAITS_S", (0.0, 0.0))

    class Busy:
        said = "Cannot pause container 12: OCI runtime pause failed: unable to freeze: unknown"

        def __init__(self, times: int) -> None:
            self.api, self.left = self, times

        def pause(self, container: str) -> None:
            self.left -= 1
            if self.left >= 0:
                raise docker.errors.APIError(self.said)

    workspace_pause.pause(Busy(2), "12")
    with pytest.raises(docker.errors.APIError, match="unable to freeze"):
        workspace_pause.pause(Busy(3), "12")
    stopped = Busy(1)
    stopped.said = "Container 12 is not running"
    with pytest.raises(docker.errors.APIError, match="not running"):
        workspace_pause.pause(stopped, "12")
