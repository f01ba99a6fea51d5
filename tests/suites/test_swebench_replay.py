"""Predictions by the command line: replayed, judged in real workspaces, and out in the official files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.run.command import run
from tests.suites.swebench_set import INSTANCES, gold, images, row

pytestmark = [pytest.mark.docker, pytest.mark.full]
NAMES = ("tally", "prices")


def test_predictions_are_replayed_and_reported(docker_engine: object, tmp_path: Path) -> None:
    images(NAMES)
    tally, prices = (str(row(name)["instance_id"]) for name in NAMES)
    by = {"model_name_or_path": "org/model"}
    no_patch = "--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-a\n+b\n"
    given = {
        tally: {"instance_id": tally, "model_patch": gold("tally"), **by},
        prices: {"instance_id": prices, "model_patch": no_patch, **by},
    }
    (tmp_path / "preds.json").write_text(json.dumps(given))
    words = ("run", "swebench", "--data", str(INSTANCES), "--tasks", f"{tally},{prices}")
    done = run(*words, "--model", f"replay:{tmp_path / 'preds.json'}", "--results", str(tmp_path), "--json")
    assert done.code == 0, done.stderr
    assert done.summary["reasons"] == {"failed/patch_apply": 1}
    assert done.summary["statistics"]["resolved_rate"] == 50.0

    again = tmp_path / "again.jsonl"
    assert run("export", done.summary["run"], "--format", "official", "-o", str(again)).code == 0
    assert [json.loads(line) for line in again.read_text().splitlines()] == list(given.values())

    out = tmp_path / "report"
    assert run("export", done.summary["run"], "--format", "report", "-o", str(out)).code == 0
    [path] = out.glob("org__model.*.json")
    report = json.loads(path.read_text())
    assert (report["resolved_ids"], report["error_ids"]) == ([tally], [prices])
    [folder] = out.glob(f"logs/run_evaluation/*/org__model/{tally}")
    assert json.loads((folder / "report.json").read_text())[tally]["resolved"] is True
    assert (folder / "patch.diff").read_text() == gold("tally")
    assert ">>>>> Test Exit Code: 0" in (folder / "test_output.txt").read_text()

    mixed = [*given.values(), {"instance_id": "own__stranger-1", "model_patch": "x", **by}]
    (tmp_path / "mixed.json").write_text(json.dumps(mixed))
    refused = run(*words, "--model", f"replay:{tmp_path / 'mixed.json'}", "--results", str(tmp_path))
    assert refused.code == 2
    assert "own__stranger-1" in refused.stderr
