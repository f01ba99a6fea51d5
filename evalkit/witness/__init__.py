"""Tests run beside code that would like to pass them: by whom, and how their results come out.

For suites whose tests run in the tested code's own process. A launcher of root's, in a workspace whose files
are root's, runs them as another user, empties the pipe that their reporter writes into as it fills, and ends
all that they leave running. What was said cannot be taken back. docs/security.md says what that stops.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.workspace import Executed, Workspace

LAUNCH = Path(__file__).with_name("launch.py")
REPORT_BYTES, OUTPUT_BYTES = 4 << 20, 64 << 10


class NoLaunch(Exception):
    """Our own part of the run gave no result, without the tested code's doing."""


@dataclass(frozen=True)
class Traps:
    """Tests of the grader's own beside a task's, by the names that are reported: those that must pass, and
    those that must fail."""

    passing: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.passing, *self.failing))


@dataclass(frozen=True)
class Launch:
    """What is run. `place` is a folder of the launcher's own, with `launch.py` and reporters in it; the pipe
    is `report` there ("fifo"), or the tests' own output is the report ("stdout").

    `build` and `run` are scripts for `shell` with its flags. Where `build`, run by root, ends with another
    status than 0, nothing else is run. `run` is run by the user of number `uid`, who may read the files of
    `folder` and add to its folders. `python`: the launcher's interpreter, 3.6 or newer, and its flags.
    """

    place: str
    folder: str
    run: str
    env: Mapping[str, str]
    uid: int
    build: str = ""
    report: str = "fifo"
    shell: Sequence[str] = ("/bin/sh", "-e", "-c")
    python: Sequence[str] = ("python3", "-I")
    report_bytes: int = REPORT_BYTES
    output_bytes: int = OUTPUT_BYTES

    @property
    def pipe(self) -> str:
        return f"{self.place}/report"


@dataclass(frozen=True)
class Launched:
    """`built`: the build's status. `status`: of the tests' program. `lines`: of the report; `full` where
    there was more of it than is kept. After `executed.timed_out` or `.ended` the rest is empty."""

    executed: Executed
    built: int = 0
    status: int | None = None
    lines: Sequence[str] = ()
    output: str = ""
    full: bool = False


async def launched(
    workspace: Workspace, launch: Launch, *, timeout_s: float, alone: bool = False
) -> Launched:
    """Run it in a workspace of root's. NoLaunch where the launcher gave no result."""
    told = {
        "place": launch.place,
        "folder": launch.folder,
        "build": launch.build,
        "run": launch.run,
        "report": launch.report,
        "shell": list(launch.shell),
        "env": dict(launch.env),
        "uid": launch.uid,
        "report_bytes": launch.report_bytes,
        "output_bytes": launch.output_bytes,
    }
    executed = await workspace.run(
        [*launch.python, f"{launch.place}/launch.py"],
        timeout_s=timeout_s,
        folder="/",
        stdin=json.dumps(told).encode(),
        output_bytes=2 * (launch.report_bytes + launch.output_bytes),
        computes=True,
        alone=alone,
    )
    if executed.timed_out or executed.ended:
        return Launched(executed, output=executed.text[-launch.output_bytes :])
    try:
        found = json.loads(executed.output)
        return Launched(
            executed, found["built"], found["status"], found["lines"], found["output"], found["full"]
        )
    except (ValueError, KeyError, TypeError):
        said = executed.text[-400:]
        raise NoLaunch(f"the launcher gave no result (status {executed.status}): {said}") from None
