"""A run as the files that the official harness would have left of it."""

from __future__ import annotations

import json
from pathlib import Path

from evalkit_suites.swebench.grading import grade_log

from evalkit.registry import open_suite
from evalkit.samples import Judged, Ran
from evalkit.task import Answer, Task, Verdict, error, failed, passed
from tests.suites.swebench_set import rows

FIRST = rows()[0]
LOG = "\n".join(("+ : '>>>>> Start Test Output'", "PASSED a", "PASSED b", "+ : '>>>>> End Test Output'", ""))


def test_official_files(tmp_path: Path) -> None:
    """Each end in its official class, with the files that the harness leaves of it, and no others."""

    def task(name: str) -> Task:
        expected = {"FAIL_TO_PASS": ["a"], "PASS_TO_PASS": ["b"], "log_parser": "parse_log_pytest"}
        return Task(name, {**FIRST, **expected, "instance_id": name})

    ends: dict[str, tuple[str | None, Verdict | None, str]] = {
        "own__a-1": ("patch", passed(official="resolved"), LOG),
        "own__a-2": ("patch", failed("wrong", official="unresolved"), LOG.replace("PASSED a", "FAILED a")),
        "own__a-3": ("", failed("empty_patch", official="empty_patch"), ""),
        "own__a-4": ("patch", failed("patch_apply", official="error"), ""),
        "own__a-5": ("patch", failed("test_timeout", official="error"), "Timeout error: 9 seconds exceeded."),
        "own__a-6": ("patch", error("sandbox", "the engine does not answer"), ""),
        "own__a-7": (None, None, ""),
    }
    judged = [
        Judged(task(name), 0, None if patch is None else Answer(patch, "patch"), verdict, log.encode)
        for name, (patch, verdict, log) in ends.items()
    ]
    open_suite("swebench").official_report(
        Ran("night", "org/model", "/data/verified.jsonl", judged), tmp_path
    )
    report = json.loads((tmp_path / "org__model.night.json").read_text())
    ids = {
        key.removesuffix("_ids"): [name[-1] for name in value]
        for key, value in report.items()
        if key.endswith("_ids")
    }
    assert ids == {
        "completed": ["1", "2"],
        "incomplete": ["7"],
        "empty_patch": ["3"],
        "submitted": ["1", "2", "3", "4", "5", "6"],
        "resolved": ["1"],
        "unresolved": ["2"],
        "infra_failure": [],
        "ambiguous_failure": ["5"],  # a machine that is too slow is late, too
        "error": ["4", "5", "6"],
    }
    assert report["total_instances"] == 7
    top = tmp_path / "logs" / "run_evaluation" / "night"
    assert json.loads((top / "run.json").read_text())["dataset"] == "/data/verified.jsonl"
    files = {path.name: {file.name for file in path.iterdir()} for path in (top / "org__model").iterdir()}
    run = {"patch.diff", "eval.sh", "test_output.txt"}
    assert files == {
        "own__a-1": {*run, "report.json"},
        "own__a-2": {*run, "report.json"},
        "own__a-4": {"patch.diff"},
        "own__a-5": run,
        "own__a-6": {"patch.diff"},
    }
    one = json.loads((top / "org__model" / "own__a-1" / "report.json").read_text())
    row = {"instance_id": "own__a-1", "model_patch": "patch"}
    assert one == {"own__a-1": grade_log(task("own__a-1").data, row, LOG.encode())}


def test_further_samples_have_a_run_of_their_own(tmp_path: Path) -> None:
    task = Task("own__a-1", FIRST)
    each = [Judged(task, k, Answer("", "patch"), failed("empty_patch"), bytes) for k in (0, 1)]
    open_suite("swebench").official_report(Ran("night", "m", "x", each), tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["m.night-1.json", "m.night.json"]
