"""Scorers with one place for several programs."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.attacks.naive.basics import Case, start, whole
from tests.attacks.naive.status import by_exit
from tests.attacks.naive.words import compared, comparing


def one_after_another(case: Case) -> str:
    """The same place for all samples."""
    by_exit(case, "other")
    return by_exit(case)


def side_by_side(case: Case) -> str:
    os.mkdir("/tmp/other")
    Path("/tmp/other/program.py").write_text(whole(case, "other"))
    start("program.py", cwd="/tmp/other", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    return by_exit(case)


def in_worker(case: Case) -> str:
    """One interpreter executes all samples."""
    return comparing(case, in_one_interpreter)


def in_one_interpreter(case: Case, flag: Any) -> None:
    exec(case["other"], {})
    compared(case, flag)
