"""Scorers of programs that read and print."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.attacks.naive.basics import Case, start


def files(case: Case) -> str:
    """Inputs and expected outputs lie beside the program; all output is read, then compared as text."""
    Path("program.py").write_text(case["code"])
    for number, (given, wanted) in enumerate(case["io"]):
        Path(f"{number}.in").write_text(given)
        Path(f"{number}.out").write_text(wanted)
    for number in range(len(case["io"])):
        with open(f"{number}.in", "rb") as stdin:
            process = start("program.py", stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                output, _ = process.communicate(timeout=case["limit_s"])
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                return "timeout"
        if output.decode().strip() != Path(f"{number}.out").read_text().strip():
            return "fail"
    return "pass"


def by_status(case: Case) -> str:
    """Whatever it prints: a program that ends well is right."""
    Path("program.py").write_text(case["code"])
    status = start("program.py", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).wait(case["limit_s"])
    return "pass" if status == 0 else "fail"


def containing(case: Case) -> str:
    """Right if the expected lines are somewhere in the output."""
    Path("program.py").write_text(case["code"])
    for given, wanted in case["io"]:
        process = start("program.py", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        output, _ = process.communicate(given.encode())
        if not all(line in output.decode() for line in wanted.split("\n")):
            return "fail"
    return "pass"


def in_words(case: Case) -> str:
    """Right if all expected words are printed, whatever else is."""
    Path("program.py").write_text(case["code"])
    for given, wanted in case["io"]:
        process = start("program.py", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        output, _ = process.communicate(given.encode())
        if not set(wanted.split()) <= set(output.decode().split()):
            return "fail"
    return "pass"
