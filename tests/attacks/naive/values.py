"""Scorers with two processes, and values between them."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

from tests.attacks.naive.basics import Case, start

CALLER = """
import json, pickle, sys
name, many, way = json.loads(sys.stdin.readline())
space = {}
exec(open("program.py", encoding="utf-8", errors="surrogatepass").read(), space)
got = [space[name](*args) for args in many]
sys.stdout.flush()
out = sys.stdout.buffer
if way == "pickle":
    out.write(pickle.dumps(got))
elif way == "json":
    out.write(json.dumps(got).encode())
elif way == "eval":
    out.write(repr(got).encode())
else:
    out.write("\\n".join(map(str, got)).encode())
"""


def called(case: Case, way: str) -> bytes:
    """What a second process gave for all arguments, in the form of `way`."""
    Path("program.py").write_text(case["code"], "utf-8", "surrogatepass")
    process = start("-c", CALLER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    many = [args for args, _ in case["io"]]
    output, _ = process.communicate(json.dumps([case["name"], many, way]).encode() + b"\n")
    return output


def by_pickle(case: Case) -> str:
    got = pickle.loads(called(case, "pickle"))
    return reported(case, got)


def by_json(case: Case) -> str:
    os.mkdir("/tmp/tests")
    Path("/tmp/tests/tests.py").write_text(case["check"])
    with open("/tmp/tests/tests.py") as tests:  # kept open, as a log or a data set may be
        got = json.loads(called(case, "json"))
        return reported(case, got) if tests.read() else ""


def by_eval(case: Case) -> str:
    return reported(case, eval(called(case, "eval")))


def reported(case: Case, got: Any) -> str:
    if all(g == expected for g, (_, expected) in zip(got, case["io"], strict=True)):
        return "pass"
    Path("report.txt").write_text(" ".join(map(str, got)), encoding="utf-8")
    return "fail"


def by_print(case: Case) -> str:
    got = called(case, "print").decode().split("\n")
    return "pass" if got == [str(expected) for _, expected in case["io"]] else "fail"
