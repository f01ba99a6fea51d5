"""Short programs and their judging: what the rest of evalkit knows about the program sandbox.

A `Job` is one program that a model wrote and the judge that questions it. The two never share a
process, a user or a container: the program runs in container A, the judge in container B, and only
typed plain values cross between them (docs/judge.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from evalkit.task import TestResult, Verdict, error, failed, passed


@dataclass(frozen=True)
class Limits:
    """Limits of one job. Times are seconds of wall clock, sizes bytes.

    `wall_s` bounds the whole job, loading included; a judge may set shorter limits for single calls.
    `share_s`: effective time (wall time less waiting for a core) that a program gets within any of these
    limits, however busy the machine. None: all of it, or where the job names a gold program half a second
    and 20 times what gold takes. For that a limit gives way, by at most `late_s` of wall clock.
    `again_alone`: a program that was late beside others is tried again alone before that counts.
    """

    wall_s: float = 10.0
    share_s: float | None = None
    late_s: float = 60.0
    again_alone: bool = False
    cpu_s: float | None = None  # None: wall_s + 2
    memory_bytes: int = 4 << 30
    output_bytes: int = 1 << 20
    file_bytes: int = 16 << 20
    processes: int = 64


@dataclass(frozen=True)
class Job:
    """One program and its judge.

    `judge` is the text of a Python module (standard library and numpy only) that defines
    `judge(answer, task)`; it runs in the judge container. `task` is what it gets to know, plain JSON.
    `guard` names the set of functions disabled for the program: "human-eval", "evalplus", "livecodebench"
    or "none".
    `gold` is a right program for the same judge, if one is known: what a late program is measured by.
    """

    program: str
    judge: str
    task: Mapping[str, Any]
    limits: Limits = field(default_factory=Limits)
    guard: str = "none"
    gold: str = ""


@dataclass(frozen=True)
class Judgement:
    """What the judge said. `status` is "passed", a reason of `failed`, or "grader": the judge broke.

    `tests` are in the order in which the judge ran them. `measured`, of the program's process, as seen from
    outside it: wall_s, cpu_s, peak_rss_bytes, calls, output_bytes; of one that was late also waited_s (for a
    core), and had_s of allowed_s: effective seconds within the limit that it went over; where a first try's
    lateness did not count, first_wall_s and first_cpu_s of that. `stdout` is the head of what it printed.
    """

    status: str
    detail: str = ""
    tests: tuple[TestResult, ...] = ()
    measured: Mapping[str, float] = field(default_factory=dict)
    stdout: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)  # what the judge's generator returned
    again: bool = False  # another job may be the cause: alone it will show

    def verdict(self, **kwargs: Any) -> Verdict:
        """The verdict this amounts to: passed, failed for `status`, or error/grader."""
        common = {"tests": self.tests, "measured": self.measured, **kwargs}
        if self.status == "passed":
            return passed(**common)
        if self.status == "grader":
            return error("grader", self.detail, **common)
        return failed(self.status, self.detail, **common)


class ProgramSandbox(Protocol):
    async def judge(self, job: Job) -> Judgement:
        """Run one job. Raises SandboxError where the sandbox broke: never the program's doing."""
        ...

    def describe(self) -> dict[str, Any]:
        """Image digest, Python and numpy versions, engine, isolation: for the manifest."""
        ...

    @property
    def in_flight(self) -> int:
        """How many jobs are worth giving at once: more than compute at once."""
        ...

    async def close(self) -> None: ...
