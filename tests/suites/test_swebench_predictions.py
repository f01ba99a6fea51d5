"""SWE-bench's predictions files, in the official formats, and the official reports' folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.swebench.predictions import Prediction, read_predictions
from evalkit_suites.swebench.reports import Graded, write_instance, write_run_report

from evalkit.errors import DataError

PATCH = "diff --git a/x b/x\r\n+no newline at the end  "
ROWS: list[dict[str, Any]] = [
    {"instance_id": "a__b-1", "model_name_or_path": "org/m", "model_patch": PATCH},
    {"instance_id": "a__b-2", "model_name_or_path": "org/m", "model_patch": None, "cost": 1},
    {"instance_id": "a__b-3", "model_name_or_path": "org/m", "model_patch": ""},
    {"instance_id": "a__b-4", "model_name_or_path": "org/m", "model_patch": "\n"},
]


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def one(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**ROWS[0], **changes}.items() if value is not ...}


def test_every_official_format_is_read(tmp_path: Path) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    files = [
        written(tmp_path, "list.json", ROWS),
        written(tmp_path, "preds.json", {row["instance_id"]: row for row in ROWS}),
        written(tmp_path, "lines.jsonl", lines),
        written(tmp_path, "blank.jsonl", "\ufeff" + lines.replace("\n", "\r\n") + "\n\n"),
    ]
    first, *others = [read_predictions(file) for file in files]
    assert others == [first] * 3
    assert first["a__b-1"] == Prediction("a__b-1", "org/m", PATCH)
    assert [p.empty for p in first.values()] == [False, True, True, False]  # blanks are officially tried
    assert first["a__b-1"].data == PATCH.encode()


def test_of_several_the_last_counts(tmp_path: Path) -> None:
    rows = [*ROWS[:2], one(model_patch="later")]
    found = read_predictions(written(tmp_path, "p.json", rows))
    assert list(found) == ["a__b-1", "a__b-2"]
    assert found["a__b-1"].patch == "later"


def test_a_stranger_stops_the_whole_run(tmp_path: Path) -> None:
    path = written(tmp_path, "p.json", ROWS)
    assert len(read_predictions(path, {row["instance_id"] for row in ROWS})) == 4
    with pytest.raises(DataError, match=r"p\.json: no instances of this data set: a__b-2, a__b-3, a__b-4"):
        read_predictions(path, {"a__b-1"})


@pytest.mark.parametrize(("name", "content", "message"), [
    ("p.json", [one(instance_id=...)], r"p\.json: row 1: no instance_id"),
    ("p.json", [ROWS[1], one(model_name_or_path=...)], r"row 2 \(a__b-1\): no model_name_or_path"),
    ("p.json", {"k": one(model_patch=...)}, r"entry 'k' \(a__b-1\): no model_patch"),
    ("p.json", [one(model_patch=["x"])], r"row 1 \(a__b-1\): model_patch is a text or null, not list"),
    ("p.json", [one(model_name_or_path=None)], r"row 1: instance_id and model_name_or_path are texts"),
    ("p.json", {"a__b-1": PATCH}, r"entry 'a__b-1': a prediction is an object, not str"),
    ("p.json", "3", r"neither a list of predictions nor an object"),
    ("p.json", "[" * 100_000, r"the file is no JSON"),
    ("p.json", [], r"p\.json holds no predictions"),
    ("p.jsonl", '{"instance_id": 1}\n', r"line 1 \(1\): no model_patch, model_name_or_path"),
    ("p.jsonl", json.dumps(ROWS[0]) + "\n{", r"p\.jsonl: line 2 is no JSON"),
    ("p.csv", "x", r"p\.csv: predictions are a \.json or a \.jsonl file"),
])  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, name: str, content: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_predictions(written(tmp_path, name, content))


def test_a_patch_that_no_file_can_hold_is_refused_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('[{"instance_id": "a", "model_name_or_path": "m", "model_patch": "\\ud800"}]')
    prediction = read_predictions(path)["a"]
    with pytest.raises(DataError, match="the patch for a holds half a surrogate pair"):
        _ = prediction.data


def test_an_instance_is_written_as_the_harness_does(tmp_path: Path) -> None:
    report = {"resolved": False}
    prediction = Prediction("a__b-1", "org/m", PATCH)
    folder = write_instance(tmp_path, "night", prediction, Graded(report), "echo\n", b"a\xff\r\nb\rc")
    assert folder == tmp_path / "logs/run_evaluation/night/org__m/a__b-1"
    assert (folder / "patch.diff").read_bytes() == PATCH.encode()
    assert (folder / "eval.sh").read_text() == "echo\n"
    assert (folder / "test_output.txt").read_bytes() == "a\ufffd\r\nb\rc".encode()
    assert (folder / "report.json").read_text() == json.dumps({"a__b-1": report}, indent=4)
    other = write_instance(tmp_path, "night", Prediction("a__b-2", "org/m", "x"), Graded(None), "", b"")
    assert sorted(path.name for path in other.iterdir()) == ["eval.sh", "patch.diff", "test_output.txt"]


@pytest.mark.parametrize("name", ["..", ".", "", "a\0b", "x" * 300])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot be the name of a folder"):
        write_instance(tmp_path / "in", "night", Prediction("a__b-1", name, "x"), Graded(None), "", b"")
    with pytest.raises(DataError, match="cannot be the name of a folder"):
        write_run_report(tmp_path / "in", name, "m", {})
    assert not (tmp_path / "in").exists()
