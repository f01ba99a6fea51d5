"""The tests' own process: pytest, with a reporter that writes to the launcher's socket.

Started as `python -I -S tests.py SOCKET PACKAGES PYTEST-ARGUMENTS`: SOCKET is a descriptor, PACKAGES are
folders, one a line of "\\n".
"""

import ctypes
import json
import os
import sys
from typing import Any

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # not dumpable: nobody else reads this memory or its descriptors
FD = int(sys.argv[1])
os.set_inheritable(FD, False)
sys.path[:0] = sys.argv[2].split("\n")
sys.path[:] = [path for path in sys.path if path and path != os.path.dirname(os.path.abspath(__file__))]
arguments = sys.argv[3:]
first = os.environ.get("PATH", "").split(":")[0]
if first == "/evalkit/inside/env/bin":
    sys.executable = f"{first}/python3"

import pytest  # noqa: E402


class Reporter:
    """One line of JSON for each thing that happens."""

    def __init__(self) -> None:
        self.write = os.write  # before any test had a chance to change it

    def say(self, **said: Any) -> None:
        data = json.dumps(said).encode() + b"\n"
        while data:
            data = data[self.write(FD, data) :]

    def pytest_collection_finish(self, session: Any) -> None:
        self.say(e="collected", ids=[item.nodeid for item in session.items])

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.say(e="uncollected", id=report.nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        outcome = report.outcome
        if outcome == "skipped" and hasattr(report, "wasxfail"):
            outcome = "passed"
        self.say(e="report", id=report.nodeid, when=report.when, outcome=outcome)


reporter = Reporter()
reporter.say(e="began", arguments=arguments)
sys.argv = ["pytest", *arguments]
status = pytest.main(
    ["-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir=/tests", "--confcutdir=/tests", *arguments],
    plugins=[reporter],
)
sys.stdout.flush()
sys.stderr.flush()
os._exit(int(status))
