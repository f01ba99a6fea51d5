"""A command of the agent's, run in our workspace, with the words that its own environment would have for it.

minisweagent/environments/docker.py (2.4.6, read 2026-11): `docker exec` of `bash -c COMMAND`, both outputs as
one text with universal newlines, status -1 and an exception's text where it did not come to an end.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
from typing import Any

from evalkit.interaction import Observation
from evalkit.model import ToolCall
from evalkit.scaffolds.shell.output import observed
from evalkit.scaffolds.shell.world import ONE_OUTPUT
from evalkit.workspace import Executed, Workspace

SUBMISSION = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
OUTPUT_BYTES = 16 << 20  # of which head and tail are kept; a submission is one, too
KEPT = 100_000  # characters of an output that go on record; the agent shows 10,000 of them
MOST_LEFT_OUT = 16 << 20  # characters that stand for what is not kept: it says how many there were
ARGUMENT_BYTES = 131_071  # Linux: of one argument (MAX_ARG_STRLEN)
SHOWN = 10_000


class Bridge:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def act(self, call: ToolCall) -> Observation:
        """Run the command that `call_of` made. Its data is what `output_of` gives back to the agent."""
        asked = json.loads(call.arguments)
        if (wrong := _impossible(asked["command"])) is not None:
            return _refused(wrong)
        limit_s = float(asked["timeout"])
        done = await self._workspace.run(
            [*ONE_OUTPUT, *asked["interpreter"], asked["command"]],
            timeout_s=limit_s,
            folder=asked["cwd"],
            env=asked["env"],
            output_bytes=OUTPUT_BYTES,
        )
        if done.ended:
            return Observation(observed(done, limit_s, SHOWN), end="crashed", died=True)
        data = _kept(done)
        if done.timed_out:
            late = subprocess.TimeoutExpired([*asked["interpreter"], asked["command"]], asked["timeout"])
            data |= _failure(late)
        return Observation(observed(done, limit_s, SHOWN), data)


def call_of(asked: dict[str, Any]) -> ToolCall:
    """The agent's request as it goes on record."""
    return ToolCall("", "bash", json.dumps(asked, sort_keys=True))


def output_of(seen: Observation) -> dict[str, Any]:
    """What the agent's environment would have given it; where much is left out, as long as it was."""
    data = dict(seen.data)
    half, hole = KEPT // 2, int(data.pop("left_out", 0))
    if hole:
        text = data["output"]
        data["output"] = text[:half] + "." * min(hole, MOST_LEFT_OUT) + text[-half:]
    return data


def _kept(done: Executed) -> dict[str, Any]:
    text = done.text.replace("\r\n", "\n").replace("\r", "\n")
    status = -1 if done.status is None else done.status
    kept: dict[str, Any] = {"output": text, "returncode": status, "exception_info": ""}
    if (len(text) > KEPT or done.dropped) and not _submits(text, status):
        half = min(KEPT, len(text)) // 2
        kept |= {"output": text[:half] + text[-half:], "left_out": len(text) - 2 * half + done.dropped}
    return kept


def _submits(text: str, status: int) -> bool:
    """As its `_check_finished` decides: then all of it is the patch."""
    return status == 0 and text.lstrip().partition("\n")[0].strip() == SUBMISSION


def _impossible(command: Any) -> Exception | None:
    """Why no system can be given this command, as the error that the agent's own call would have met."""
    if not isinstance(command, str):
        return TypeError(f"expected str, bytes or os.PathLike object, not {type(command).__name__}")
    try:
        data = os.fsencode(command)
    except UnicodeEncodeError as e:
        return e
    if b"\0" in data:
        return ValueError("embedded null byte")
    if len(data) > ARGUMENT_BYTES:
        return OSError(errno.E2BIG, os.strerror(errno.E2BIG), "docker")
    return None


def _refused(wrong: Exception) -> Observation:
    return Observation(f"[not done] {wrong}", {"output": "", **_failure(wrong)})


def _failure(wrong: Exception) -> dict[str, Any]:
    return {
        "returncode": -1,
        "exception_info": f"An error occurred while executing the command: {wrong}",
        "extra": {"exception_type": type(wrong).__name__, "exception": str(wrong)},
    }
