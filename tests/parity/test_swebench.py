"""Our grading of SWE-bench's logs against its authors' package: every list of tests, every status read.

Their verdicts are recorded (swebench/record.py): on 51 small logs of our own that together reach every
parser, on 33 logs of real instances, and on some twenty mutations of each. None may differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.swebench import grade_log
from evalkit_suites.swebench.grading import BREAKS, Ungradable
from evalkit_suites.swebench.instances import read_instance
from evalkit_suites.swebench.logs import text_of
from evalkit_suites.swebench.parsers import PARSERS, parser
from evalkit_suites.swebench.predictions import read_predictions, written
from evalkit_suites.swebench.reports import Graded, run_report, write_run_report
from evalkit_suites.swebench.scripts import evaluation_script

from .recorded import VERDICTS
from .swebench.case import Case
from .swebench.cases import own_cases, real_cases
from .swebench.told import RUN, told

RECORDED = [json.loads(line) for line in (VERDICTS / "swebench.jsonl").read_text().splitlines()]
ABOUT = {key: value for row in RECORDED if isinstance(row, dict) for key, value in row.items()}
WORDS = {(source, number): rest for source, number, *rest in (r for r in RECORDED if isinstance(r, list))}


def ours(case: Case) -> list[Any]:
    try:
        report = grade_log(case.row, case.prediction, case.log)
    except Ungradable as e:
        report = {"raises": type(e.__cause__).__name__}
    instance = read_instance(case.row)
    try:
        statuses = parser(instance)(text_of(case.log), instance)
    except BREAKS as e:
        statuses = {"raises": type(e).__name__}
    return told(case, report, statuses)


def compare(cases: Iterable[Case]) -> list[str]:
    """The official words of the cases. Fails with a list of those of which ours differ."""
    words, wrong = [], []
    for case in cases:
        recorded, found = WORDS.get((case.source, case.number)), ours(case)[2:]
        assert recorded, f"{case.source} was not recorded: python -m tests.parity.swebench.record"
        assert recorded[0] == found[0], f"{case.source}/{case.number}: another case than the recorded one"
        words.append(recorded[1])
        if recorded != found:
            wrong.append(f"{case.source}/{case.number}: officially {recorded[1:]}, here {found[1:]}")
    assert not wrong, f"{len(wrong)} of {len(words)}:\n" + "\n".join(wrong)
    return words


def test_small_logs_of_every_parser_are_graded_as_officially() -> None:
    cases = list(own_cases())
    words = compare(cases)
    assert len(cases) > 1000
    assert words.count("resolved") > 300
    assert words.count("unresolved") > 300
    assert words.count("invalid") > 100
    named = {case.row["log_parser"].removeprefix("parse_log_") for case in cases}
    reached = {PARSERS[name] for name in named}
    assert reached == set(PARSERS.values())


def test_real_logs_are_graded_as_officially(data_dir: Path) -> None:
    """The logs as they are, and one mutation in eight."""
    cases = [case for case in real_cases(data_dir) if case.number % 8 == 0]
    words = compare(cases)
    gold = [w for c, w in zip(cases, words, strict=True) if c.number == 0 and ".gold." in c.source]
    none = [w for c, w in zip(cases, words, strict=True) if c.number == 0 and ".none." in c.source]
    assert (gold.count("resolved"), gold.count("unresolved")) == (15, 2)  # two need the open network
    assert none == ["unresolved"] * 16


@pytest.mark.full
def test_mutations_of_real_logs_are_graded_as_officially(data_dir: Path) -> None:
    words = compare(real_cases(data_dir))
    assert len(words) > 800
    assert {"resolved", "unresolved", "invalid", "no patch"} <= set(words)


def test_the_stored_reports_of_real_logs_are_ours(data_dir: Path) -> None:
    """Word for word: the data's own reports, which were made apart from our recording."""
    folder = data_dir / "swebench" / "logs"
    known = map(json.loads, (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines())
    reports = {row["log"]: row["report"] for row in known}
    cases = [case for case in real_cases(data_dir) if case.number == 0]
    assert {case.source: grade_log(case.row, case.prediction, case.log) for case in cases} == reports


def test_a_run_is_reported_as_officially(tmp_path: Path) -> None:
    file = tmp_path / "predictions.json"
    file.write_text(json.dumps({row["instance_id"]: row for row in RUN.predictions}))
    predictions = read_predictions(file)
    graded = {name: Graded(report, log) for name, (report, log) in RUN.graded.items()}
    report = run_report(RUN.instance_ids, predictions, graded)
    path = write_run_report(tmp_path, "night", "org/model", report)
    assert path.name == ABOUT["run"]["file"]
    assert path.read_text() == json.dumps(ABOUT["run"]["report"], indent=4) + "\n"  # keys in this order too
    again = tmp_path / "again.jsonl"
    again.write_text(written(predictions.values()))
    assert read_predictions(again) == predictions


@pytest.mark.parametrize("name", ["verified", "lite", "multilingual"])
def test_evaluation_scripts_are_the_official_ones(name: str, data_dir: Path) -> None:
    digest = hashlib.sha256()
    with (data_dir / "swebench" / f"{name}.jsonl").open(encoding="utf-8") as file:
        for line in file:
            digest.update(evaluation_script(read_instance(json.loads(line))).encode())
    assert digest.hexdigest() == ABOUT["scripts"][name]
