"""Published values: every cell as it is printed, and what is wrong with a file said in a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import DataError
from evalkit.report.published import digits_of, load_published, note_id, read_published, shipped

LAUNCH = Path(__file__).parents[2] / "results" / "published" / "launch.json"


def test_the_launch_table() -> None:
    found = load_published("launch")
    table = found.table("launch")
    kinds = Counter(value.kind for value in table.cells.values())
    assert kinds == {"number": 64, "missing": 11}
    assert [len(ids) for ids in table.columns_by.values()] == [3, 2]
    assert len([row for row in table.rows if not row.heading]) == 15
    assert [row.label for row in table.rows if row.level or row.heading] == [
        "SWE-bench Verified",
        "w/ OpenHands, 500 turns",
        "w/ OpenHands, 100 turns",
        "w/ Private Scaffolding",
    ]
    best = table.cells["launch-02", "qwen3-coder-480b-a35b-instruct"]
    assert (best.printed, best.value, best.n, best.setting.turns) == ("69.6", 69.6, 500, 500)
    assert best.interval
    assert (best.interval.low, best.interval.high) == pytest.approx((65.4313, 73.4698), abs=1e-3)
    assert not best.setting.comparable(table.rows[3].setting)


def test_whole_numbers_of_tasks() -> None:
    """The research's count: of 54 values with a known number of tasks, 46 can be one run's."""
    table = load_published("launch").table("launch")
    checked = [value for value in table.cells.values() if value.value is not None and value.n]
    failing = [v for v in checked if any("whole number" in table.notes[note] for note in v.notes)]
    assert (len(checked), len(failing)) == (54, 8)
    assert sorted(v.printed for v in failing) == [
        "25.3", "31.5", "35.5", "53.5", "70.7", "72.7", "77.5", "80.5",
    ]  # fmt: skip


def test_the_summary_table_keeps_what_is_no_number() -> None:
    table = load_published("launch").table("summary")
    assert Counter(v.kind for v in table.cells.values()) == {
        "missing": 18, "number": 6, "range": 2, "qualitative": 2,
    }  # fmt: skip
    about = table.cells["summary-1", "deepseek-v3-unspecified"]
    assert (about.printed, about.value, about.low, about.high) == ("~45-55%", None, 45.0, 55.0)
    assert about.interval is None


def test_every_cell_equals_the_transcription(data_dir: Path) -> None:
    path = data_dir / "published" / "published.json"
    if not path.is_file():
        pytest.skip(f"no transcription of the documents in {data_dir}")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    ours = json.loads(LAUNCH.read_text(encoding="utf-8"))
    mine = {cell["id"]: cell for table in ours["tables"] for cell in table["cells"]}
    assert len(cells) == len(mine) == 103
    for cell in cells:
        found = mine[cell["id"]]
        assert (found["model"], found["printed"]) == (cell["model"], cell["value_as_printed"])
        assert (found["kind"], found.get("value")) == (cell["kind"], cell["value"])
        assert (found.get("low"), found.get("high")) == tuple(cell["range"] or (None, None))


def test_conflicts_name_cells_that_exist() -> None:
    found = load_published("launch")
    raw = json.loads(LAUNCH.read_text(encoding="utf-8"))
    ids = {cell["id"] for table in raw["tables"] for cell in table["cells"]}
    ids |= {spec["id"] for spec in raw["specifications"]}
    assert len(found.conflicts) == 8
    for conflict in found.conflicts:
        assert set(conflict.cells) <= ids
        assert set(conflict.models) <= set(found.models)


def set_cell(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["tables"][0]["cells"][0].update(values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw.update(schema="other"), "holds no published values"),
        (lambda raw: raw["tables"][0]["columns"][0]["models"].append("gpt-4.2"), "unknown model 'gpt-4.2'"),
        (lambda raw: raw["tables"][0]["cells"].append(raw["tables"][0]["cells"][0]), "a second value"),
        (set_cell(row="launch-99"), "no such row"),
        (set_cell(kind="guess"), "unknown kind 'guess'"),
        (set_cell(value=375), "375 is no score"),
        (set_cell(kind="missing"), "a missing with the value 37.5"),
        (lambda raw: raw.pop("models"), "KeyError: 'models'"),
        (lambda raw: raw["models"][0].update(colour="red"), "unexpected keyword argument 'colour'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(change: Callable[[dict[str, Any]], None], words: str) -> None:
    raw = json.loads(LAUNCH.read_text(encoding="utf-8"))
    change(raw)
    with pytest.raises(DataError) as raised:
        read_published(json.dumps(raw), "mine.json")
    assert words in raised.value.message
    assert raised.value.message.startswith("mine.json")


def test_files_by_name_and_by_path(tmp_path: Path) -> None:
    assert shipped() == ["launch"]
    mine = tmp_path / "mine.json"
    mine.write_text(LAUNCH.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_published(str(mine)).title == load_published("launch").title
    with pytest.raises(DataError, match="no published values 'lunch'") as raised:
        load_published("lunch")
    assert "launch" in raised.value.hint
    with pytest.raises(DataError, match="cannot read"):
        load_published(str(tmp_path / "none.json"))
    mine.write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="not valid JSON"):
        load_published(str(mine))


def test_notes_have_letters_in_order_of_use() -> None:
    notes: dict[str, str] = {}
    given = [note_id(str(n), notes) for n in range(28)]
    assert (given[0], given[25], given[26], given[27]) == ("a", "z", "aa", "ab")
    assert note_id("3", notes) == "d"
    assert [digits_of(text) for text in ("69.6", "~69.6%", "70", "86.41%")] == [1, 1, 0, 2]
