"""The script that runs an instance's tests, with the test command's exit code recorded in the log.

The row's script runs without -e, and ends with a git checkout: its own exit status says nothing about the
tests. So theirs is kept before the line of the end mark, and printed behind it, outside of what is parsed.
"""

from __future__ import annotations

from .instances import Instance
from .logs import END, EXIT_CODE

HEAD = ("#!/bin/bash", "set -uxo pipefail")
VARIABLE = "SWEBENCH_TEST_EXIT_CODE"


def evaluation_script(instance: Instance) -> str:
    """As the official harness writes it to /eval.sh, for `/bin/bash /eval.sh` with stderr in stdout.

    A script without an end mark stays as it is; then the log alone decides.
    """
    lines = [line for line in instance.eval_script.strip().split("\n") if line not in HEAD]
    end = next((number for number, line in enumerate(lines) if END in line), None)
    if end is not None:
        lines[end : end + 1] = [f"{VARIABLE}=$?", lines[end], f'echo "{EXIT_CODE}: ${VARIABLE}"']
    return "\n".join([*HEAD, *lines]) + "\n"
