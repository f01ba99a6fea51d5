"""The official verdict on an instance: what swebench 5.0.2 says of a test log, by rules written anew.

Held equal to the authors' package by tests/parity/test_swebench.py. docs/swebench.md has the rules in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalkit.errors import DataError, EvalkitError

from .instances import Instance, read_instance
from .logs import INVALID, RAN, marked, recorded_exit_code, sign_of_a_fault, text_of
from .parsers import parser
from .statuses import ERROR, FAILED, PASSED, SKIPPED, XFAIL, Statuses

PASSES = (PASSED, XFAIL)
FAILS = (FAILED, ERROR, SKIPPED)
# what a hostile or torn log makes the official parsers raise: a word without a name, XML or JSON that is none
BREAKS = (AttributeError, LookupError, RecursionError, SyntaxError, TypeError, ValueError)
UNUSED = ("FAIL_TO_FAIL", "PASS_TO_FAIL")  # in every report, always empty


class Ungradable(EvalkitError):
    """The official parser breaks on this log: officially the instance is an error and has no report."""


def grade_log(instance: Mapping[str, Any], prediction: Mapping[str, Any], log: bytes) -> dict[str, Any]:
    """What the official report.json says of the instance.

    `instance`: a row of the 5.x schema. `prediction`: with `model_patch`, a text or None ("" counts as a
    patch here: leaving it out is the run's business). `log`: all that the evaluation script printed.

    {"patch_is_None", "patch_exists", "patch_successfully_applied", "resolved", "infra_failure": bool}, with
    "infra_failure_reason" where an invalid log shows one, and where the log is valid with "tests_status":
    {"FAIL_TO_PASS": {"success": [id], "failure": [id]}, "PASS_TO_PASS": ...}.

    DataError for a row or a prediction that cannot be read; Ungradable where the official parser would break.
    """
    known = read_instance(instance)
    if prediction.get("instance_id", known.id) != known.id:
        raise DataError(f"a prediction for {prediction['instance_id']!r} beside instance {known.id}")
    if "model_patch" not in prediction:
        raise DataError(f"the prediction for {known.id} has no model_patch", "null stands for no patch")
    report: dict[str, Any] = {
        "patch_is_None": prediction["model_patch"] is None,
        "patch_exists": prediction["model_patch"] is not None,
        "patch_successfully_applied": False,
        "resolved": False,
        "infra_failure": False,
    }
    parse = parser(known)
    if report["patch_is_None"]:
        return report
    text = text_of(log)
    try:
        statuses = read_statuses(text, lambda part: parse(part, known))
    except BREAKS as e:
        raise Ungradable(
            f"{known.id}: {known.parser} cannot read the log ({type(e).__name__}: {str(e)[:120]})"
        ) from e
    if statuses is None:
        if sign := sign_of_a_fault(text):
            report["infra_failure_reason"], report["infra_failure"] = sign
        return report
    report["patch_successfully_applied"] = True
    tests = tests_status(known, statuses)
    report["resolved"] = not any(lists["failure"] for lists in tests.values())
    report["tests_status"] = tests
    return report


def read_statuses(text: str, parse: Callable[[str], Statuses]) -> Statuses | None:
    """Test id -> word; None for a log that describes no run of the tests, whatever it says of them."""
    part = marked(text)
    if part is None or any(mark in text for mark in INVALID):
        return None
    statuses = parse(part) or parse(text)  # some runners' results come before or behind the marks
    if not statuses and not RAN.search(text):
        return None
    exit_code = recorded_exit_code(text)
    if exit_code and statuses and not {FAILED, ERROR} & set(statuses.values()):
        return None  # the command failed and no test did: the log was forged, or the run broke
    return statuses


def tests_status(instance: Instance, statuses: Statuses) -> dict[str, dict[str, list[str]]]:
    """Which expected tests did as expected. One whose word is unknown is in neither list: it does no harm."""
    must_pass, must_last = (PASSES, FAILS), ((*PASSES, SKIPPED), FAILS)
    return {
        "FAIL_TO_PASS": sorted_out(instance, instance.fail_to_pass, statuses, *must_pass),
        "PASS_TO_PASS": sorted_out(instance, instance.pass_to_pass, statuses, *must_last),
        **{key: {"success": [], "failure": []} for key in UNUSED},
    }


def sorted_out(
    instance: Instance, tests: Sequence[str], statuses: Statuses, good: Sequence[str], bad: Sequence[str]
) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {"success": [], "failure": []}
    for test in tests:
        if instance.eval_type == "fail_only":
            lists["failure" if statuses.get(test) == FAILED else "success"].append(test)
            continue
        word = word_for(test, statuses)
        if word in good:
            lists["success"].append(test)
        elif word is None or word in bad:
            lists["failure"].append(test)
    return lists


def word_for(test: str, statuses: Statuses) -> str | None:
    """The word of this id; of an id that the data set cut inside "[", that of the first id which it begins,
    where all that it begins agree on whether they passed."""
    if test in statuses or test.count("[") <= test.count("]"):
        return statuses.get(test)
    words = [word for name, word in statuses.items() if name.startswith(test)]
    return words[0] if len({word in PASSES for word in words}) == 1 else None
