"""Rules of SWE-bench's official grading, one by one, on logs of a few lines."""

from __future__ import annotations

from typing import Any

import pytest
from evalkit_suites.swebench import grade_log
from evalkit_suites.swebench.grading import Ungradable
from evalkit_suites.swebench.instances import read_instance
from evalkit_suites.swebench.scripts import evaluation_script

from evalkit.errors import DataError

from .swebench_logs import END, START, log, row


def graded(text: bytes, patch: str | None = "x", **changes: Any) -> dict[str, Any]:
    report: dict[str, Any] = grade_log(
        row(**changes), {"instance_id": "own__tea-1", "model_patch": patch}, text
    )
    return report


def resolved(*lines: str, code: int | None = 0, **changes: Any) -> bool:
    return bool(graded(log(*lines, code=code), **changes)["resolved"])


BOTH = ("PASSED t.py::new", "PASSED t.py::old")


def test_what_a_report_says() -> None:
    empty: dict[str, list[str]] = {"success": [], "failure": []}
    assert graded(log("PASSED t.py::new", "FAILED t.py::old - boom", code=1)) == {
        "patch_is_None": False,
        "patch_exists": True,
        "patch_successfully_applied": True,
        "resolved": False,
        "infra_failure": False,
        "tests_status": {
            "FAIL_TO_PASS": {"success": ["t.py::new"], "failure": []},
            "PASS_TO_PASS": {"success": [], "failure": ["t.py::old"]},
            "FAIL_TO_FAIL": empty,
            "PASS_TO_FAIL": empty,
        },
    }


@pytest.mark.parametrize(("word", "new", "old"), [
    ("PASSED", True, True),
    ("XFAIL", True, True),
    ("SKIPPED", False, True),  # not a resolution, but no regression either
    ("FAILED", False, False),
    ("ERROR", False, False),
    ("XPASS", False, False),  # no word that a parser knows: absent
    ("ERROR:", True, True),  # a word that no rule knows: in neither list
])  # fmt: skip
def test_what_words_mean_for_tests_to_pass_and_to_stay(word: str, new: bool, old: bool) -> None:
    assert resolved(f"{word} t.py::new", BOTH[1]) is new
    assert resolved(BOTH[0], f"{word} t.py::old") is old


def test_an_absent_test_fails_and_an_empty_list_does_not() -> None:
    assert not resolved(BOTH[0])
    assert resolved(BOTH[0], PASS_TO_PASS=[])
    assert resolved(BOTH[1], FAIL_TO_PASS="[]")


def test_an_exit_code_matters_only_where_no_test_failed() -> None:
    assert not resolved(*BOTH, code=1)
    assert resolved(*BOTH, "FAILED t.py::other", code=1)
    assert resolved(*BOTH, code=None)
    assert not graded(log(*BOTH, code=1))["patch_successfully_applied"]


def test_a_mark_of_failure_anywhere_makes_the_log_invalid() -> None:
    for mark in ("Patch Apply Failed", "Reset Failed", "Tests Errored", "Tests Timed Out"):
        report = graded(log(*BOTH, before=f"diff: >>>>> {mark}"))
        assert (report["patch_successfully_applied"], "tests_status" in report) == (False, False)


def test_both_marks_are_needed_and_results_may_stand_elsewhere() -> None:
    for mark in (START, END):
        assert not graded(log(*BOTH).replace(mark.encode(), b""))["resolved"]
    assert not resolved("nothing here")
    assert graded(log(after="\n".join(BOTH)))["resolved"]


def test_a_second_start_mark_ends_what_is_parsed() -> None:
    assert resolved(*BOTH, START, "FAILED t.py::old")
    assert not resolved(BOTH[0], START, BOTH[1])


def test_ids_that_the_data_set_cut_are_found_by_their_beginning() -> None:
    cut: dict[str, Any] = {"FAIL_TO_PASS": ["t.py::new[a"], "PASS_TO_PASS": []}
    assert resolved("PASSED t.py::new[a-b]", "XFAIL t.py::new[a-c]", **cut)
    assert not resolved("PASSED t.py::new[a-b]", "FAILED t.py::new[a-c]", **cut)
    assert not resolved("PASSED t.py::new[a]", FAIL_TO_PASS=["t.py::new"], PASS_TO_PASS=[])


def test_what_fails_only_where_it_is_seen_failing() -> None:
    fail_only: dict[str, Any] = {"eval_type": "fail_only", "log_parser": "parse_log_marked"}
    assert resolved("3 specs, 0 failures", **fail_only)
    assert not resolved("1) t.py::old", code=1, **fail_only)
    assert not graded(log("bash: node: not found"), **fail_only)["resolved"]


def test_bytes_are_read_as_the_harness_reads_them() -> None:
    assert graded(log(*BOTH).replace(b"\n", b"\r\n"))["resolved"]
    assert graded(log("[==>  ] 50 %\rPASSED t.py::new", BOTH[1]))["resolved"]
    assert graded(log(*BOTH, before="#").replace(b"#", b"\xff\xfe\x00"))["resolved"]


def test_a_fault_of_the_machine_is_advice_and_no_verdict() -> None:
    report = graded(b"ERROR: Could not resolve host: somewhere")
    assert (report["resolved"], report["infra_failure"]) == (False, True)
    assert report["infra_failure_reason"] == "network_unreachable"
    report = graded(b"ModuleNotFoundError: tea")
    assert (report["infra_failure"], report["infra_failure_reason"]) == (False, "missing_module")
    assert "infra_failure_reason" not in graded(log(*BOTH, before="Could not resolve host: x"))


def test_no_patch_and_an_empty_patch() -> None:
    none = graded(log(*BOTH), patch=None)
    assert none["patch_is_None"]
    assert not none["patch_exists"]
    assert not none["resolved"]
    assert graded(log(*BOTH), patch="")["resolved"]  # left out before, by whoever runs


def test_a_log_that_breaks_the_official_parser_is_no_verdict() -> None:
    with pytest.raises(Ungradable, match=r"own__tea-1: parse_log_django cannot read the log"):
        graded(log("FAIL:"), log_parser="parse_log_django")


@pytest.mark.parametrize(("changes", "message"), [
    ({"image": None, "eval_script": ""}, r"own__tea-1: no image, eval_script: .* before SWE-bench 5\.0"),
    ({"log_parser": "parse_log_pytset"}, r"log_parser 'parse_log_pytset' is unknown\n.*parse_log_pytest\?"),
    ({"log_parser": "pytest"}, r"log_parser 'pytest' is unknown"),
    ({"eval_type": "all"}, r"own__tea-1: eval_type 'all' is unknown"),
    ({"FAIL_TO_PASS": "t.py::new"}, r"own__tea-1: FAIL_TO_PASS is no JSON list"),
    ({"PASS_TO_PASS": [1]}, r"own__tea-1: PASS_TO_PASS is no list of test ids"),
    ({"version": 1.0}, r"own__tea-1: version is no text: float"),
    ({"instance_id": "../x"}, r"instance_id '\.\./x' is no name"),
])  # fmt: skip
def test_a_row_that_cannot_be_graded_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        grade_log(row(**changes), {"model_patch": "x"}, b"")


def test_a_row_of_an_older_revision_is_refused_by_name() -> None:
    old = {k: v for k, v in row().items() if k not in ("image", "eval_script", "log_parser", "eval_type")}
    with pytest.raises(DataError, match=r"no image, eval_script, log_parser, eval_type: .* before"):
        read_instance(old)
    with pytest.raises(DataError, match=r"no repo, version.*no row of SWE-bench"):
        read_instance({"instance_id": "a"})


def test_a_prediction_for_another_instance_or_without_a_patch_is_refused() -> None:
    with pytest.raises(DataError, match="for 'own__tea-2' beside instance own__tea-1"):
        grade_log(row(), {"instance_id": "own__tea-2", "model_patch": "x"}, b"")
    with pytest.raises(DataError, match="has no model_patch"):
        grade_log(row(), {}, b"")


def test_the_script_records_the_exit_code_of_the_tests() -> None:
    assert evaluation_script(read_instance(row())).split("\n") == [
        "#!/bin/bash",
        "set -uxo pipefail",
        ": '>>>>> Start Test Output'",
        "pytest -rA",
        "SWEBENCH_TEST_EXIT_CODE=$?",
        ": '>>>>> End Test Output'",
        'echo ">>>>> Test Exit Code: $SWEBENCH_TEST_EXIT_CODE"',
        "",
    ]
    assert "EXIT_CODE" not in evaluation_script(read_instance(row(eval_script="make test")))
