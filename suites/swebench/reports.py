"""The official harness's own files: a report for each instance, one for the run, and their folders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import DataError

from .logs import sign_of_a_fault
from .predictions import Prediction

SCHEMA = 2
LOGS = Path("logs", "run_evaluation")
COUNTED = (
    "submitted",
    "completed",
    "resolved",
    "unresolved",
    "infra_failure",
    "ambiguous_failure",
    "empty_patch",
    "error",
)


@dataclass(frozen=True)
class Graded:
    """What became of a prediction that was run.

    `report`: of grade_log; None where there is none (the patch does not apply, time is up, the machine
    broke): officially an error. `log`: the tests' log as text, behind it the run's own.
    """

    report: Mapping[str, Any] | None
    log: str = ""


def run_report(
    instance_ids: Sequence[str],
    predictions: Mapping[str, Prediction],
    graded: Mapping[str, Graded],
    left: tuple[Sequence[str], Sequence[str]] | None = None,
) -> dict[str, Any]:
    """The content of `<model>.<run_id>.json`, in schema 2. The score is resolved / total.

    `instance_ids`: of the data set, or of the part of it that was asked for. `graded`: by instance id, of
    predictions with a patch. `left`: names of containers and of images that are still there, where an engine
    was asked.
    """
    run = [name for name in instance_ids if name in predictions and not predictions[name].empty]
    reports = {name: graded[name].report if name in graded else None for name in run}
    completed = [name for name, report in reports.items() if report is not None]
    resolved = [name for name in completed if (reports[name] or {})["resolved"]]
    signs = {
        name: sign
        for name in run
        if name not in resolved and name in graded and (sign := sign_of_a_fault(graded[name].log))
    }
    ids = {
        "completed": completed,
        "incomplete": [name for name in instance_ids if name not in predictions],
        "empty_patch": [name for name in instance_ids if name in predictions and predictions[name].empty],
        "submitted": list(predictions),
        "resolved": resolved,
        "unresolved": [name for name in completed if name not in resolved],
        "infra_failure": [name for name, (_, sure) in signs.items() if sure],
        "ambiguous_failure": [name for name, (_, sure) in signs.items() if not sure],
        "error": [name for name in run if name not in completed],
    }
    report: dict[str, Any] = {"total_instances": len(instance_ids)}
    report |= {f"{key}_instances": len(ids[key]) for key in COUNTED}
    report |= {f"{key}_ids": sorted(names) for key, names in ids.items() if key != "error"}
    report["failure_reasons"] = {name: signs[name][0] for name in sorted(signs)}
    report |= {"error_ids": sorted(ids["error"]), "schema_version": SCHEMA}
    if left is not None:
        containers, images = left
        report |= {
            "unstopped_instances": len(containers),
            "unstopped_containers": sorted(containers),
            "unremoved_images": sorted(images),
        }
    return report


def write_run_report(folder: Path, run_id: str, model: str, report: Mapping[str, Any]) -> Path:
    """`<model>.<run_id>.json`, by the first prediction's model, in `folder`."""
    path = folder / f"{file_name(model)}.{file_name(run_id)}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=4) + "\n", encoding="utf-8")
    return path


def write_instance(
    folder: Path, run_id: str, prediction: Prediction, graded: Graded, script: str, log: bytes | None
) -> Path:
    """The instance's folder below `folder`, as `swebench report` grades it again; the patch alone where no
    tests were run (`log` is None)."""
    name, model = file_name(prediction.instance_id), file_name(prediction.model)
    path = folder / LOGS / file_name(run_id) / model / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "patch.diff").write_bytes(prediction.data)
    if log is None:
        return path
    (path / "eval.sh").write_text(script, encoding="utf-8")
    (path / "test_output.txt").write_text(log.decode("utf-8", errors="replace"), encoding="utf-8", newline="")
    if graded.report is not None:
        content = json.dumps({prediction.instance_id: graded.report}, indent=4)
        (path / "report.json").write_text(content, encoding="utf-8")
    return path


def file_name(text: str) -> str:
    """As officially, "/" becomes "__". DataError for what would still leave the folder, or is no name."""
    name = text.replace("/", "__")
    if name in ("", ".", "..") or "\0" in name or len(name.encode()) > 200:
        raise DataError(f"{text[:60]!r} cannot be the name of a folder")
    return name
