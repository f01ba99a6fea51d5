"""What known forgeries of SWE-bench's official verdict leave behind, and what honest runs do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from evalkit_suites.swebench import grade_log
from evalkit_suites.swebench.instances import read_instance
from evalkit_suites.swebench.suspicion import in_log, in_patch, paths_of

from ..parity.swebench.cases import real_cases
from .swebench_logs import END, START, log, row

BOTH = ("PASSED t.py::new", "PASSED t.py::old")
CODE = ">>>>> Test Exit Code: 0"


def forged(text: bytes) -> list[str]:
    """The evidence, of a log that officially is resolved."""
    assert grade_log(row(), {"model_patch": "x"}, text)["resolved"]
    evidence: list[str] = in_log(read_instance(row()), text)
    return evidence


def test_an_honest_log_shows_nothing() -> None:
    assert forged(log(*BOTH)) == []
    assert forged(log(*BOTH, "FAILED t.py::other", code=1, after="Updated 1 path")) == []


def test_marks_and_results_that_are_printed_early() -> None:
    early = log("FAILED t.py::new", code=1, before="\n".join([START, *BOTH, END, CODE]))
    assert (
        forged(early)
        == [
            "2 start marks instead of one",
            "2 end marks instead of one",
            "2 exit codes: 0, 1",
            "results behind the end mark: 't.py::new'",
        ][:3]
    )


def test_results_that_are_printed_a_second_time_and_elsewhere() -> None:
    assert forged(log("FAILED t.py::new - boom", *BOTH)) == ["more than one result: 't.py::new'"]
    assert forged(log("1 failed", before="\n".join(BOTH))) == [
        "results before the start mark: 't.py::new', 't.py::old'"
    ]
    assert forged(log("1 failed", after="\n".join(BOTH))) == [
        "results behind the end mark: 't.py::new', 't.py::old'"
    ]


def test_exit_codes_that_do_not_fit() -> None:
    failing = in_log(read_instance(row()), log("FAILED t.py::new - x", BOTH[1]))
    assert failing == ["exit code 0 beside failures: 't.py::new'"]
    assert forged(log(*BOTH, "FAILED t.py::a_test_within_a_test - x")) == []
    assert forged(log(*BOTH, code=None)) == ["no line '>>>>> Test Exit Code'"]


def test_paths_that_steer_the_tests_are_told_from_sources() -> None:
    assert in_patch(["src/core.py", "docs/a.rst", "latest.py", "src/contest.py"], ["tests/test_a.py"]) == []
    touched = ["conftest.py", "lib/x.pth", "setup.cfg", "tests/test_a.py", "tests/test_b.py", "src/core.py"]
    assert in_patch(touched, ["tests/test_a.py"]) == [
        "is graded with: 'tests/test_a.py'",
        "runs before the tests: 'conftest.py', 'lib/x.pth'",
        "configures the tests: 'setup.cfg'",
        "is a test: 'tests/test_b.py'",
    ]
    odd = [">>>>> Start Test Output", "solve_x ok", "a\tb"]
    assert in_patch(odd, []) == [
        "is named like a test's result: '>>>>> Start Test Output', 'a\\tb', 'solve_x ok'"
    ]


def test_paths_are_found_in_every_sort_of_header() -> None:
    patch = """diff --git a/src/a.py b/src/a.py
--- a/src/a.py
+++ b/src/a.py\t2020-01-01
@@ -1 +1 @@
-x
+y
diff --git a/old.py b/conftest.py
rename from old.py
rename to conftest.py
--- /dev/null
+++ "b/caf\\303\\251 \\"ok\\".py"
Index: setup.cfg
diff --git a/solve_x ok b/solve_x ok
new file mode 100644
diff --git "a/a\\tb" "b/a\\tb"
new file mode 100644
"""
    assert paths_of(patch) == [
        "src/a.py",
        "old.py",
        "conftest.py",
        'café "ok".py',
        "setup.cfg",
        "solve_x ok",
        "a\tb",
    ]


def test_no_real_log_is_suspected(data_dir: Path) -> None:
    cases = [case for case in real_cases(data_dir) if case.number == 0]
    suspected = {case.source: found for case in cases if (found := in_log(read_instance(case.row), case.log))}
    assert suspected == {}


@pytest.mark.parametrize("text", [b"", b"\xff", log(), log("FAIL:", "ok")])
def test_any_log_can_be_asked_about(text: bytes) -> None:
    assert isinstance(in_log(read_instance(row(log_parser="parse_log_django")), text), list)
