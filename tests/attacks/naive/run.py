"""Process 1: runs one scorer in a child and looks at it from outside.

What it said, whether it lived to say it, and how many processes were left.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from tests.attacks.naive import programs, several, status, values, words
from tests.attacks.naive.basics import Case

PATIENCE_S = 7.0  # then a scorer hangs
OWN_MEMORY = 600 << 20  # what a scorer may take for itself

SCORERS: dict[str, Callable[[Case], str]] = {
    "exit": status.by_exit,
    "root": status.by_exit,  # in a container whose user is root
    "patient": status.by_patient_exit,
    "dropping": status.dropping,
    "marker": status.by_marker,
    "forked": words.in_fork,
    "pipe": words.by_pipe,
    "file": words.by_file,
    "compare": words.comparing,
    "tolerance": words.with_tolerance,
    "timed": words.timed,
    "alarm": words.with_alarm,
    "collecting": words.collecting,
    "pickle": values.by_pickle,
    "json": values.by_json,
    "eval": values.by_eval,
    "printed": values.by_print,
    "one-after-another": several.one_after_another,
    "side-by-side": several.side_by_side,
    "worker": several.in_worker,
    "files": programs.files,
    "status": programs.by_status,
    "containing": programs.containing,
    "words": programs.in_words,
}


def main(asked: dict[str, Any]) -> None:
    """In process 1: run one scorer in a child, say what it made of one case as the only line of output."""
    said, theirs = os.pipe()
    scorer = os.fork()
    if scorer == 0:
        os.close(said)
        try:
            os.setsid()
            nothing = os.open("/dev/null", os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(nothing, fd)
            os.environ["HOME"] = "/tmp"
            resource.setrlimit(resource.RLIMIT_AS, (OWN_MEMORY, resource.RLIM_INFINITY))
            os.mkdir("/tmp/work")
            os.chdir("/tmp/work")
            word = SCORERS[asked["scorer"]](asked["case"])
            os.write(theirs, word.encode())
        except BaseException as e:  # the scorer broke: that is what we are here to see
            os.write(theirs, f"crash {type(e).__name__}: {e}"[:300].encode("utf-8", "replace"))
        finally:
            os._exit(0)
    os.close(theirs)
    word = os.read(said, 1000).decode() if select.select([said], [], [], PATIENCE_S)[0] else "hang"
    with contextlib.suppress(ProcessLookupError):
        os.kill(scorer, signal.SIGKILL)
    time.sleep(0.3)
    print(json.dumps({"observed": word or "crash: died", "survivors": living()}), flush=True)


def living() -> int:
    """Processes besides this one that run, once the dead ones are buried."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return sum(pid.isdigit() and pid != "1" for pid in os.listdir("/proc"))
