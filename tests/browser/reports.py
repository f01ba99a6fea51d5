"""Pages as the real command writes them, and what a test reads back from one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

Key = tuple[str, str]  # row, model


def write_report(out: Path, *arguments: str | Path) -> Path:
    """`evalkit report ARGUMENTS -o OUT`."""
    command = [sys.executable, "-m", "evalkit", "report", *map(str, arguments), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@dataclass(frozen=True)
class Cell:
    """One cell of a table as it is seen: its score's text, and how that is drawn."""

    text: str
    bold: bool
    underlined: bool
    origin: str
    run: str


_CELLS = """table => [...table.querySelectorAll('[data-model]')].filter(td => td.matches('td')).map(td => {
    const score = td.querySelector('.score');
    const inner = score.querySelector('b, u') ?? score;
    return [
        (td.dataset.row ?? td.closest('tr').dataset.row), td.dataset.model, score.innerText,
        Number(getComputedStyle(inner).fontWeight) >= 600,
        getComputedStyle(inner).textDecorationLine.includes('underline')
            || parseFloat(getComputedStyle(inner).borderBottomWidth) > 0,
        td.dataset.origin ?? '', td.dataset.run ?? '',
    ];
})"""


def cells(page: Page, table: str) -> Mapping[Key, Cell]:
    """Every cell of `table` (an element's id) by row and model."""
    found: list[Any] = page.locator(f"#{table}").evaluate(_CELLS)
    keys = [(row, model) for row, model, *_ in found]
    assert len(set(keys)) == len(keys), "a cell stands twice"
    return {(row, model): Cell(*rest) for row, model, *rest in found}
