"""The first plan: it is a plan, what is commented out in it is right too, and nothing is written over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.nightly.init import plan_name, write_plan
from evalkit.nightly.plan import read_plan


def test_it_runs_as_it_is(tmp_path: Path) -> None:
    write_plan(tmp_path / "sub" / "Coding.toml")
    plan = read_plan(tmp_path / "sub" / "Coding.toml")
    assert (plan.name, plan.states) == ("coding", tmp_path / "sub" / "coding-states")
    assert [cell.words for cell in plan.cells] == [
        ("mini", "--model", "oracle", "--sandboxes=2", "--limit=10")
    ]


def test_what_is_commented_out_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "nightly.toml"
    write_plan(path)
    lines = [re.sub(r"^# (?=\[|\w+(-\w+)* = )", "", line) for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))
    plan = read_plan(path)
    assert (plan.money, plan.hours, plan.keep) == (20, 7.5, 60)
    assert [cell.series for cell in plan.cells] == [
        "mini--oracle",
        "mini--Qwen3-Coder",
        "swebench--Qwen3-Coder",
    ]
    assert "--base-url=http://localhost:8000/v1" in plan.cells[1].words
    assert {"--turns=100", "--network=off"} <= set(plan.cells[2].words)
    assert plan.alerts


def test_a_plan_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "nightly.toml"
    path.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        write_plan(path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("file", "name"),
    [("nightly.toml", "nightly"), ("My Plan.toml", "my-plan"), ("_.toml", "nightly"), ("ä1.toml", "1")],
)
def test_its_name_can_be_a_folder(file: str, name: str) -> None:
    assert plan_name(Path(file)) == name
