"""The floor: a bare fork of a warm interpreter for each sample executes the whole program. No isolation.

As fast as we know how: imports done once, compiler and allocator exercised once, the heap frozen and the
collector off, one thread, epoll over pidfds, verdicts by exit status.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, NoReturn

from race.child import LIMIT_S, Row, problems, program, serve

IMPORTS = (
    "bisect collections copy dataclasses datetime decimal fractions functools hashlib heapq itertools json "
    "math operator random re statistics string struct sys textwrap time typing"
)
EXERCISE = """
from typing import List
class Exercise:
    def __init__(self, items): self.items = sorted(items, key=lambda x: -x)
    def run(self) -> List[int]:
        table = {str(i): i ** 2 for i in self.items if i % 2}
        return [v for k, v in sorted(table.items())]
def check(candidate):
    assert candidate(range(20)).run()[:2] == [1, 121], f"{candidate}"
check(Exercise)
"""


def warm() -> None:
    for name in IMPORTS.split():
        importlib.import_module(name)
    for _ in range(3):
        exec(compile(EXERCISE, "<warm>", "exec"), {})
    gc.collect()
    gc.disable()
    gc.freeze()


class Forks:
    """Samples under way: their processes, by pidfd, and when each has to be over."""

    def __init__(self, texts: dict[str, Row]) -> None:
        self.problems = texts
        self.nothing = os.open(os.devnull, os.O_RDWR)
        self.poll = select.epoll()
        self.under_way: dict[int, tuple[int, int]] = {}
        self.deadlines: deque[tuple[float, int, int]] = deque()  # all limits are equal: first in, first out

    def run(self, samples: list[Row], at_once: int) -> list[str]:
        statuses = [""] * len(samples)
        waiting = iter(enumerate(samples))
        left = len(samples)
        while left:
            while len(self.under_way) < at_once and (following := next(waiting, None)):
                self.start(*following)
            for fd, _ in self.poll.poll(self.patience_s()):
                number, status = self.end(fd)
                statuses[number] = status
                left -= 1
            self.kill_late()
        self.deadlines.clear()
        return statuses

    def start(self, number: int, sample: Row) -> None:
        pid = os.fork()
        if not pid:
            os.dup2(self.nothing, 2)  # where standard output goes, too
            execute(program(self.problems[sample["task_id"]], sample["completion"]))
        fd = os.pidfd_open(pid)
        self.under_way[fd] = (number, pid)
        self.deadlines.append((time.monotonic() + LIMIT_S, fd, pid))
        self.poll.register(fd, select.EPOLLIN)

    def end(self, fd: int) -> tuple[int, str]:
        number, pid = self.under_way.pop(fd)
        _, status = os.waitpid(pid, 0)
        self.poll.unregister(fd)  # closing is not enough: younger children hold it, too
        os.close(fd)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return number, "timeout"
        return number, "failed" if status else "passed"

    def patience_s(self) -> float:
        while self.deadlines and not self.is_under_way(*self.deadlines[0][1:]):
            self.deadlines.popleft()
        return max(0.0, self.deadlines[0][0] - time.monotonic()) + 0.001 if self.deadlines else LIMIT_S

    def is_under_way(self, fd: int, pid: int) -> bool:
        return fd in self.under_way and self.under_way[fd][1] == pid

    def kill_late(self) -> None:
        now = time.monotonic()
        while self.deadlines and self.deadlines[0][0] <= now:
            _, fd, pid = self.deadlines.popleft()
            if self.is_under_way(fd, pid):
                os.kill(pid, signal.SIGKILL)


def execute(text: str) -> NoReturn:
    """In the child."""
    try:
        namespace: dict[str, Any] = {}
        exec(compile(text, "<program>", "exec"), namespace)
    except BaseException:
        os._exit(1)
    os._exit(0)


def main() -> None:
    folder = Path(sys.argv[1])
    texts = problems(folder)
    warm()
    serve(folder, Forks(texts).run)


if __name__ == "__main__":
    main()
