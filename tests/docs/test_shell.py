"""docs/shell.md has every number of the shell, as the code has it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from evalkit.scaffolds.shell import Rules

TEXT = (Path(__file__).parents[2] / "docs" / "shell.md").read_text()


def test_each_rule_stands_there_with_its_value() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", TEXT, flags=re.MULTILINE))
    assert table == {f.name: f"{f.default:,.0f}" for f in fields(Rules)}
