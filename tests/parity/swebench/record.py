"""Ask the authors' own grader about every case, and write down what it says.

    python -m tests.parity.swebench.record --data DATA -o tests/parity/verdicts/swebench.jsonl

In an environment with the package `swebench` (5.0.2 was recorded) and this repository as working directory;
evalkit need not be there. It grades logs only: no container, no network, some seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import io
import json
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .case import Case
from .cases import own_cases, real_cases
from .told import RUN, told


def official(case: Case, log: Path) -> dict[str, Any]:
    """The report, or {"raises": the exception's name}: then there is officially no report.

    The log goes the way that it goes in the harness: decoded, written as text, read as text.
    """
    grading = importlib.import_module("swebench.harness.grading")
    utils = importlib.import_module("swebench.harness.utils")
    log.write_text(case.log.decode(errors="replace"), newline="")
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # some parsers print
            said = grading.get_eval_report(
                utils.make_test_spec(case.row), case.prediction, log, include_tests_status=True
            )
    except Exception as e:
        return {"raises": type(e).__name__}
    report: dict[str, Any] = said[case.row["instance_id"]]
    return report


def official_statuses(case: Case, log: Path) -> dict[str, str]:
    """What the parser makes of the whole log as `official` left it, whether or not it is a valid one."""
    parsers = importlib.import_module("swebench.harness.log_parsers")
    utils = importlib.import_module("swebench.harness.utils")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            parse = parsers.PARSER_REGISTRY[case.row["log_parser"]]
            statuses: dict[str, str] = parse(log.read_text(), utils.make_test_spec(case.row))
    except Exception as e:
        return {"raises": type(e).__name__}
    return statuses


def official_run(folder: Path) -> dict[str, Any]:
    """The authors' report of a whole run, of the folders that a run would have left."""
    reporting = importlib.import_module("swebench.harness.reporting")
    for name, (report, log) in RUN.graded.items():
        place = folder / "logs" / "run_evaluation" / "night" / "org__model" / name
        place.mkdir(parents=True)
        (place / "test_output.txt").write_text(log)
        if report is not None:
            (place / "report.json").write_text(json.dumps({name: report}))
    predictions = {row["instance_id"]: row for row in RUN.predictions}
    rows = [{"instance_id": name} for name in RUN.instance_ids]
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        path = reporting.make_run_report(predictions, rows, "night")
        return {"file": path.name, "report": json.loads(path.read_text())}


def scripts(data: Path) -> dict[str, str]:
    """sha256 of all evaluation scripts of each data set, as the authors' harness writes them."""
    utils = importlib.import_module("swebench.harness.utils")
    found = {}
    for name in ("verified", "lite", "multilingual"):
        digest = hashlib.sha256()
        for line in (data / "swebench" / f"{name}.jsonl").read_text(encoding="utf-8").split("\n"):
            if line:
                digest.update(utils.make_test_spec(json.loads(line)).eval_script.encode())
        found[name] = digest.hexdigest()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of data, as in EVALKIT_DATA")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON lines, one a case")
    args = parser.parse_args()
    about = {"suite": "swebench", "scorer": "swebench", "version": version("swebench")}
    about |= {"python": platform.python_version()}
    with tempfile.TemporaryDirectory() as name:
        log = Path(name, "test_output.txt")
        rows = [
            told(case, official(case, log), official_statuses(case, log))
            for case in [*own_cases(), *real_cases(args.data)]
        ]
        run = official_run(Path(name))
    head = [{"about": about}, {"scripts": scripts(args.data)}, {"run": run}]
    args.output.write_text("".join(json.dumps(row) + "\n" for row in [*head, *rows]))


if __name__ == "__main__":
    main()
