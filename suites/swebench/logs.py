"""A test log: its marks, the part that is parsed, the recorded exit code, and signs of a broken machine."""

from __future__ import annotations

import re

START = ">>>>> Start Test Output"
END = ">>>>> End Test Output"
EXIT_CODE = ">>>>> Test Exit Code"
INVALID = (
    ">>>>> Patch Apply Failed",
    ">>>>> Reset Failed",
    ">>>>> Tests Errored",
    ">>>>> Tests Timed Out",
)

RECORDED = re.compile(re.escape(EXIT_CODE) + r":\s*(-?\d+)")

# Summaries of JavaScript's runners that count at least one test: of a run without failures some parsers find
# nothing else.
RAN = re.compile(
    "|".join(
        [
            r"Executed [1-9]\d* of \d+",  # karma
            r"TOTAL: [1-9]\d* (?:SUCCESS|FAILED)",
            r"[1-9]\d* passing",  # mocha
            r"Tests:\s+[1-9]\d*",  # jest
            r"Test Suites:\s+(?:\d+ \w+, )*[1-9]\d* total",
            r"^# tests [1-9]\d*",  # tap
            r"[1-9]\d* specs?, \d+ failures?",  # jasmine
            r"': ok$",  # OpenLayers' rendering tests
        ]
    ),
    re.MULTILINE,
)

# (reason, whether no patch of the sources could cause it, what the log says), in the official order
SIGNS = tuple(
    (reason, environment, re.compile(pattern, re.MULTILINE))
    for reason, environment, pattern in (
        ("browser_launch_failed", True, r"Failed to launch|Failed to connect to the bus"),
        ("display_unavailable", True, r"cannot open display|Missing X server|unable to open X display"),
        ("out_of_memory", True, r"Cannot allocate memory|OutOfMemoryError|^Killed$"),
        ("container_unavailable", True, r"Error response from daemon|Cannot connect to the Docker daemon"),
        ("network_unreachable", True, r"Could not resolve host|Temporary failure in name resolution"),
        ("missing_module", False, r"Cannot find module|MODULE_NOT_FOUND|ModuleNotFoundError"),
        ("no_tests_collected", False, r"no tests ran|collected 0 items"),
        ("tests_timed_out", False, r"Timeout error: \d+ seconds exceeded"),
    )
)


def text_of(log: bytes) -> str:
    """As the official harness reads it: what is no UTF-8 becomes U+FFFD, and any end of line a newline.

    A lone carriage return ends a line too: a progress bar is many lines, and a status behind one is seen.
    """
    return log.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def marked(text: str) -> str | None:
    """What is between the first start mark and the next mark of either kind; None without one of each."""
    if START not in text or END not in text:
        return None
    return text.split(START, 2)[1].partition(END)[0]


def recorded_exit_code(text: str) -> int | None:
    """The first that is recorded, wherever it stands."""
    found = RECORDED.search(text)
    return int(found[1]) if found else None


def sign_of_a_fault(text: str) -> tuple[str, bool] | None:
    """(official reason, whether it is surely the machine's fault) where one shows: advice, no verdict."""
    return next(((reason, sure) for reason, sure, pattern in SIGNS if pattern.search(text)), None)
