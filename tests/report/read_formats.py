"""Tables read back out of each format, as a reader of it would: {(row label, column): text}."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from evalkit.report.values import Table

TEX = {
    r"\textbackslash{}": "\\",
    r"\ensuremath{\sim}": "~",
    r"\textgreater{}": ">",
    r"\textless{}": "<",
    r"\%": "%",
    r"\textperiodcentered{}": "·",
    "{}": "",
    "--": "–",
}


def keys(table: Table) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Label and keys of each row with cells."""
    for row in table.rows:
        if not row.heading:
            yield row.label, [(row.id, model.id) for model in table.models]


def by_cell(table: Table, rows: list[list[str]]) -> dict[tuple[str, str], str]:
    """The cells of rows [label, cell, ...] that belong to rows of the table, which come in its order."""
    found: dict[tuple[str, str], str] = {}
    left = iter(rows)
    for label, cells in keys(table):
        row = next(row for row in left if f"{row[0]} ".startswith(f"{label} ") and len(row) == len(cells) + 1)
        found.update(zip(cells, row[1:], strict=True))
    return found


def latex(text: str) -> list[list[str]]:
    body = text.partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    lines = [line.removesuffix(r" \\") for line in body.splitlines() if " & " in line]
    return [[untex(cell) for cell in line.split(" & ")] for line in lines]


def untex(cell: str) -> str:
    cell = re.sub(
        r"(?:\\rlap\{)?\\textsuperscript\{[^}]*\}\}?|\\phantom\{(?:[^\\{}]|\\%)*\}|\\quad ", "", cell
    )
    cell = re.sub(r"\\(?:textbf|underline|evalkitcyr)\{((?:[^{}]|\{\})*)\}", r"\1", cell)
    for written, meant in TEX.items():
        cell = cell.replace(written, meant)
    return cell.strip()


def markdown(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[unmark(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def unmark(cell: str) -> str:
    cell = re.sub(r"<sup>.*?</sup>|</?ins>|</?span>|<!-- -->|&emsp;", "", cell.strip())
    cell = re.sub(r"^\*\*(.*)\*\*$", r"\1", cell)
    return html.unescape(re.sub(r"\\(.)", r"\1", cell))


def text(shown: str) -> list[list[str]]:
    lines = (re.split(r" {2,}", line.strip()) for line in shown.splitlines())
    return [
        [line[0], *(re.sub(r"(?<=[\d%])[*+]?[a-z,†]*$| [a-z]$", "", c) for c in line[1:])] for line in lines
    ]


def csv_wide(text: str) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(text)))
    return [[row[2] or row[1], *row[4:]] for row in rows[1:]]


def csv_long(text: str, table: str) -> dict[tuple[str, str], dict[str, str]]:
    rows = csv.DictReader(io.StringIO(text))
    return {(row["row"], row["model"]): row for row in rows if row["table"] == table}


def json_cells(line: str) -> dict[tuple[str, str], dict[str, object]]:
    table = json.loads(line)
    return {(row["id"], model): cell for row in table["rows"] for model, cell in row["cells"].items()}


class Page(HTMLParser):
    """Rows of cells that can be seen, all text that there is, and every tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.said = ""
        self.tags: set[tuple[str, str]] = set()
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add((tag, ""))
        self.tags.update((tag, name) for name, _ in attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
        if tag != "br":
            hidden = ("class", "evalkit-said") in attrs or tag == "sup"
            self.open.append("hidden" if hidden else tag)

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.said += data
        if "hidden" not in self.open and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data
