"""What docs/nightly.md shows is right: its plan is one, its record is read, its commands are there."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path

import pytest

from evalkit.cli import main
from evalkit.nightly.plan import read_plan
from evalkit.nightly.record import read_record
from evalkit.nightly.standing import Note
from evalkit.nightly.states import FIELDS, read_states

PAGE = (Path(__file__).parents[2] / "docs" / "nightly.md").read_text(encoding="utf-8")


def block(beginning: str) -> str:
    """The indented block that begins so."""
    lines = PAGE[PAGE.index(f"\n    {beginning}") + 1 :].splitlines()
    end = next(i for i, line in enumerate(lines) if line and not line.startswith("    "))
    return "\n".join(line[4:] for line in lines[:end])


def test_the_plan_is_one(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(block("[night]"))
    plan = read_plan(path)
    assert (plan.name, plan.keep, plan.states) == ("coding", 60, tmp_path / "coding-states")
    [cell] = plan.cells
    assert (cell.series, cell.words[-2:]) == ("humaneval--Qwen3-Coder", ("--concurrency=8", "--limit=100"))


def test_the_record_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mini--m.record.json"
    path.write_text(block('{"format": 1'))
    night = read_record(path, date(2026, 11, 26)).night
    assert (night.planned, night.scored, night.errors, night.score) == (3, 2, 1, 0.5)


def test_the_note_is_read(tmp_path: Path) -> None:
    (tmp_path / "acks").mkdir()
    (tmp_path / "acks" / "x.toml").write_text(block("series = "))
    [ack] = read_states(tmp_path).acks
    assert (ack.series, ack.first, ack.raised) == (
        "swebench--qwen3-coder",
        date(2026, 11, 13),
        date(2026, 11, 16),
    )
    assert ack.note == Note("Lena", "vLLM moved", date(2026, 11, 17), "#12", date(2026, 12, 24))
    for kind, (needed, free) in FIELDS.items():
        row = re.search(rf"^    {kind}/\*.toml +(.*); (.*)$", PAGE, re.MULTILINE)
        assert row
        named = [re.sub(r" \(.*?\)", "", part).split(", ") for part in row.groups()]
        assert (tuple(named[0]), tuple(named[1])) == (needed, free)


COMMANDS = sorted(set(re.findall(r"^    evalkit (nightly \w+)", PAGE, re.MULTILINE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*shlex.split(command), "--help"])
    assert ended.value.code == 0
    assert f"usage: evalkit {command}" in capsys.readouterr().out


def test_every_action_is_on_the_page() -> None:
    assert (
        sorted(f"nightly {a}" for a in ("init", "run", "report", "ack", "expect", "quarantine")) == COMMANDS
    )
