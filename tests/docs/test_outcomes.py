"""docs/outcomes.md lists every outcome and reason there is, once, and no other."""

from __future__ import annotations

from pathlib import Path

from evalkit.outcome import REASONS

PAGE = Path(__file__).parents[2] / "docs" / "outcomes.md"


def rows() -> list[list[str]]:
    """The cells of the table's rows, without its head."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_reason_has_its_row_in_order() -> None:
    wanted = [(outcome.value, reason) for outcome, reasons in REASONS.items() for reason in reasons or ("",)]
    assert [(row[0], row[1]) for row in rows()] == wanted


def test_every_row_says_what_happened_and_the_official_words() -> None:
    for row in rows():
        assert len(row) == 4, row
        assert all(row[2:]), row
