"""Run by the Python that has swebench 5.0.2, and nothing of ours: its own command, once a kind of answer.

    python official.py FOLDER RUN_ID TIMEOUT_S < {"rows": [...], "answers": {kind: {instance: patch}}}

Its log folders and reports lie in FOLDER; the last line of the output is JSON: for each kind and
instance the class that the run report puts it in, the instance report (null where there is none) and the
seconds of the tests.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

CLASSES = ("resolved", "unresolved", "empty_patch", "error")


def main() -> None:
    asked = json.load(sys.stdin)
    folder, run_id, timeout = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked["rows"]))
    harness = importlib.import_module("swebench.harness.run_evaluation")
    told: dict[str, Any] = {}
    for kind, patches in asked["answers"].items():
        Path(f"{kind}.json").write_text(
            json.dumps(
                [
                    {"instance_id": name, "model_patch": patch, "model_name_or_path": kind}
                    for name, patch in patches.items()
                ]
            )
        )
        evaluate(harness, kind, list(patches), run_id, timeout)
        told[kind] = {name: outcome(kind, run_id, name) for name in patches}
    print(json.dumps(told))


def evaluate(harness: Any, kind: str, names: list[str], run_id: str, timeout: int) -> None:
    """Its whole command. What is finished is not run again, so it may be asked again: its report at the end
    fails where any container of the engine, anybody's, goes while it looks."""
    gone = importlib.import_module("docker.errors").NotFound
    for _ in range(20):
        try:
            harness.main("rows.jsonl", "test", names, f"{kind}.json", 1, 4096, run_id, timeout, False, False)
            return
        except gone:
            continue
    raise SystemExit("containers come and go too fast for the official report")


def outcome(kind: str, run_id: str, name: str) -> dict[str, Any]:
    report = json.loads(Path(f"{kind}.{run_id}.json").read_text())
    place = Path("logs/run_evaluation", run_id, kind, name)
    instance = place / "report.json"
    log = place / "run_instance.log"
    seconds = re.search(r"Test runtime: ([\d_.]+) seconds", log.read_text()) if log.exists() else None
    return {
        "class": next(each for each in CLASSES if name in report[f"{each}_ids"]),
        "report": json.loads(instance.read_text())[name] if instance.exists() else None,
        "test_s": float(seconds[1].replace("_", "")) if seconds else None,
    }


if __name__ == "__main__":
    main()
