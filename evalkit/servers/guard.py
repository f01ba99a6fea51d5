"""Holds one server: starts its program, and sees to it that nothing of it is left.

    python -m evalkit.servers.guard LOG [--grace=S] [--record=FILE] -- PROGRAM ARGUMENT...

What the program prints goes to the file LOG. FILE is removed when nothing is left. The guard itself says on
standard output, a line of JSON each: {"started": PID}, then {"exit": CODE} when the program ended by itself
(negative: of a signal), or {"stopped": CODE} when it was told to end, each with "left": processes that could
not be ended. It is told by SIGTERM, or by the end of its standard input, which whoever started it holds open
and which ends when that one dies, however it dies. Orders come that way, too: "ready" says that the program
is given time to end from then on (before, it has nothing to lose, and vLLM heeds no SIGTERM while it loads),
"keep" also that it lives on when the input ends.

Orphans of the program become this process's children (PR_SET_CHILD_SUBREAPER), also those that began a
session of their own, so that they are found and ended, too. The program is told to end if this process dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from evalkit.child import adopt_orphans, ends_with_me

GRACE_S = 60.0  # for the program to end by itself: engines let go of their GPUs meanwhile
UNREADY_S = 2.0  # the same while it is not ready
END_S = 10.0  # for what was killed to be gone
READY, KEEP = "ready\n", "keep\n"  # orders


def main(words: list[str]) -> int:
    log, *options = words[: words.index("--")]
    command = words[words.index("--") + 1 :]
    told, telling = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _teller(telling))
    signal.signal(signal.SIGCHLD, _teller(telling, b"c"))
    adopt_orphans()
    try:
        with Path(log).open("ab") as out:
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=ends_with_me()
            )
    except OSError as e:
        _say({"exit": 127, "error": str(e), "left": []})
        return 127
    _say({"started": program.pid})
    ordered, ready = _until_told(program, told)
    code = _ended(program, grace_of(options) if ready else min(grace_of(options), UNREADY_S))
    left = _end_all()
    if not left and (record := _option(options, "--record")):
        Path(record).unlink(missing_ok=True)
    _say({"stopped" if ordered else "exit": code, "left": left})
    return 1 if left else 0


def _teller(pipe: int, word: bytes = b"t") -> Callable[[int, FrameType | None], None]:
    def tell(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(pipe, word)

    os.set_blocking(pipe, False)
    return tell


def _until_told(program: subprocess.Popen[bytes], told: int) -> tuple[bool, bool]:
    """Wait until the program ends (False), or until it is to (True); and whether it was ready."""
    orders, ready = sys.stdin.fileno(), False
    watched = [told, orders]
    while program.poll() is None:
        there, _, _ = select.select(watched, [], [], 5.0)
        if orders in there:
            order = os.read(orders, 1024).decode()
            if not order:
                return True, ready
            ready = True
            watched = [told] if KEEP in order else watched
        if told in there and b"t" in os.read(told, 1024):
            return True, ready
    return False, ready


def grace_of(options: list[str]) -> float:
    """Seconds between the request to end and the end. Tests shorten it by the variable."""
    asked = _option(options, "--grace") or GRACE_S
    return float(os.environ.get("EVALKIT_SERVER_GRACE_S", asked))


def _option(options: list[str], name: str) -> str:
    return next((word.partition("=")[2] for word in options if word.startswith(f"{name}=")), "")


def _ended(program: subprocess.Popen[bytes], grace_s: float) -> int:
    """Its exit code, after asking it to end where it has not."""
    if program.poll() is None:
        program.terminate()
        try:
            return program.wait(grace_s)
        except subprocess.TimeoutExpired:
            program.kill()
    return program.wait()


def _end_all() -> list[int]:
    """Kill whatever came of the program and lives; what could not be ended."""
    deadline = time.monotonic() + END_S
    while (alive := offspring(os.getpid())) and time.monotonic() < deadline:
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.02)
    return alive


def offspring(of: int) -> list[int]:
    """Every process below this one that is no zombie."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                parents[int(entry.name)] = int(parent), state
    found, mine = list[int](), {of}
    while below := {pid for pid, (parent, _) in parents.items() if parent in mine and pid not in mine}:
        mine |= below
        found += [pid for pid in below if parents[pid][1] not in "ZX"]
    return sorted(found)


def _say(facts: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
