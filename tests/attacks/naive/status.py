"""Scorers that believe a file's exit status or what it prints."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.attacks.naive.basics import Case, start, whole


def by_exit(case: Case, code: str = "code") -> str:
    Path("program.py").write_text(whole(case, code), "utf-8", "surrogatepass")
    process = start("program.py", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        process.communicate(timeout=case["limit_s"])
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()  # as subprocess.run does
        return "timeout"
    return "pass" if process.returncode == 0 else "fail"


def by_patient_exit(case: Case) -> str:
    Path("program.py").write_text(whole(case))
    return "pass" if start("program.py").wait() == 0 else "fail"


def dropping(case: Case) -> str:
    """A program that dies is nobody's failure, and left out of the average."""
    Path("program.py").write_text(whole(case))
    status = start("program.py").wait(case["limit_s"])
    return "dropped" if status < 0 else "pass" if status == 0 else "fail"


def by_marker(case: Case) -> str:
    Path("program.py").write_text(whole(case, end="print('ALL TESTS PASSED')\n"))
    process = start("program.py", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=case["limit_s"])
    except subprocess.TimeoutExpired:
        process.kill()
        return "timeout"
    return "pass" if b"ALL TESTS PASSED" in output else "fail"
