"""An instance of SWE-bench in few words, and what its evaluation script would print."""

from __future__ import annotations

from typing import Any

START, END = "+ : '>>>>> Start Test Output'", "+ : '>>>>> End Test Output'"


def row(**changes: Any) -> dict[str, Any]:
    return {
        "instance_id": "own__tea-1",
        "repo": "own/tea",
        "version": "1.0",
        "image": "own/tea:latest",
        "eval_script": f"#!/bin/bash\nset -uxo pipefail\n: '{START[5:-1]}'\npytest -rA\n: '{END[5:-1]}'\n",
        "log_parser": "parse_log_pytest",
        "eval_type": "pass_and_fail",
        "FAIL_TO_PASS": '["t.py::new"]',
        "PASS_TO_PASS": ["t.py::old"],
        **changes,
    }


def log(*lines: str, code: int | None = 0, before: str = "", after: str = "") -> bytes:
    exit_code = [] if code is None else [f">>>>> Test Exit Code: {code}"]
    return "\n".join([before, START, *lines, END, *exit_code, after]).encode()
