"""What a plan says, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.nightly.plan import Cell, Plan, read_plan

WHOLE = """
[night]
name = "coding"
results = "kept"
money = 20
hours = 7.5
keep = 90
[all]
concurrency = 8
[[models]]
name = "qwen3-coder"
temperature = 0.7
[[models]]
name = "mine"
base-url = "http://127.0.0.1:8000/v1"
stream = true
[[suites]]
name = "humaneval"
[[suites]]
name = "swebench"
network = "off"
models = ["mine"]
[alerts]
webhook = "env:HOOK"
"""


def read(tmp_path: Path, text: str) -> Plan:
    path = tmp_path / "nightly.toml"
    path.write_text(text)
    return read_plan(path)


def test_a_plan_is_models_times_suites_with_the_flags_of_a_run(tmp_path: Path) -> None:
    plan = read(tmp_path, WHOLE)
    assert (plan.name, plan.results, plan.money, plan.hours, plan.keep) == (
        "coding",
        Path("kept"),
        20,
        7.5,
        90,
    )
    assert plan.folder == Path("kept/coding")
    mine = ("--concurrency=8", "--base-url=http://127.0.0.1:8000/v1", "--stream")
    assert [cell.words for cell in plan.cells] == [
        ("humaneval", "--model", "qwen3-coder", "--concurrency=8", "--temperature=0.7"),
        ("humaneval", "--model", "mine", *mine),
        ("swebench", "--model", "mine", *mine, "--network=off"),
    ]
    assert [cell.series for cell in plan.cells] == [
        "humaneval--qwen3-coder",
        "humaneval--mine",
        "swebench--mine",
    ]
    assert plan.alerts == {"webhook": "env:HOOK"}


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    plan = read(tmp_path, '[[models]]\nname = "null"\n[[suites]]\nname = "mini"\n')
    assert (plan.name, plan.money, plan.hours, plan.keep) == ("nightly", None, None, None)


BASE = '[[models]]\nname = "null"\n[[suites]]\nname = "mini"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = [", "is no TOML"),
        ("", "names no models"),
        ('[[models]]\nname = "a"\n', "names no suites"),
        ("[[models]]\n[[suites]]\n", "has no name"),
        ('[[models]]\nname = "--json"\n', "has no name"),
        (BASE + "[extra]\n", r"a part \[extra\]"),
        (BASE + "[night]\nfoo = 1\n", "has no 'foo'"),
        (BASE + "[night]\nmoney = -1\n", "must be more than 0"),
        (BASE + "[night]\nmoney = true\n", "not a float"),
        (BASE + '[night]\nname = "../up"\n', "can be no folder"),
        (BASE + 'results = "x"\n', "'results' cannot be given here"),
        (BASE + '"--limit" = 3\n', "cannot be given here"),
        (BASE + 'models = ["other"]\n', "names the model 'other'"),
        (BASE + "samples = {}\n", "neither text, number nor true"),
        (BASE + '[[suites]]\nname = "mini"\n', "stands there twice"),
        (BASE + '[alerts]\nwebhook = "https://a:b@example.org/"\n', "such an address is a secret"),
    ],
)
def test_a_bad_plan_is_one_clear_error(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why) as told:
        read(tmp_path, text)
    assert "nightly.toml" in told.value.message


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the plan"):
        read_plan(tmp_path / "none.toml")


def test_labels_name_series_and_tell_two_of_one_suite_apart(tmp_path: Path) -> None:
    twice = (
        '[[models]]\nname = "Org/Model"\nlabel = "m"\n[[suites]]\nname = "mini"\n[[suites]]\nname = "mini"\n'
    )
    with pytest.raises(UsageError, match="mini x m stands there twice: a label"):
        read(tmp_path, twice)
    plan = read(tmp_path, twice + 'label = "mini, long"\nsamples = 3\n')
    first, second = (cell.series for cell in plan.cells)
    assert first == "mini--m"
    assert second.startswith("mini-long--m--")
    assert plan.states == tmp_path / "nightly-states"


@pytest.mark.parametrize("label", ["(new) prompt", "-x", ".hidden", "[32k]", "..."])
def test_a_series_is_called_as_a_command_line_and_a_listing_can_have_it(label: str) -> None:
    series = Cell(label, "m", ()).series
    assert series[0] not in "-."
    assert series != Cell(label.lstrip("-.([") or "m", "m", ()).series
