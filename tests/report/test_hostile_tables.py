"""Texts that want to be more than text, in every place of a table and in every format: they stay text."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evalkit.report.formats import FORMATS, Show, render
from evalkit.report.formats.csv import CELL
from evalkit.report.formats.lines import LONGEST
from evalkit.report.labels import labels
from evalkit.report.published import load_published
from evalkit.report.values import Model, Row, Setting, Table, Value
from evalkit.text import one_line
from tests.report import read_formats as read

EN = labels("en")
HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    '"><img onerror="x"> \' onmouseover=\'y',
    "</td></tr></table><h1>owned",
    "[x](javascript:alert(1)) ![y](http://a.example/z.png) <https://b.example>",
    "javascript:alert(1) www.c.example http://d.example mailto:e@f.example",
    "{{7*7}} ${7*7} {% x %} ]]> &lt; &amp;",
    "nul\0 bell\a esc\x1b[2J\x1b]0;owned\a back\b\x7f c1\x9b31m",
    "lone \ud800 bidi \u202egnp\u202c \u2066x\u2069 zero\u200bwidth tag\U000e0041",
    "a\r\nb\tc\u2028d\x0be",
    r"\input{/etc/passwd} \write18{id} \end{document} \def\x{\x}\x",
    r"$x_{ ^ ~ # % & _ { } \ ` '' `` -- --- ,, << >> ?` !` [3em] * \\",
    "[3cm] begins with a bracket",
    "*{60}{c} begins with a star",
    "=cmd|' /C calc'!A0",
    "+1",
    "-2+3",
    "@SUM(1)",
    "\uff1d1+1",
    " =1",
    "'quoted",
    'com,ma "and" quotes; ; ',
    "a | b || c \\| d",
    "@octocat and org/repo#1 and GH-2 and #3 and a@b.example",
    "1. list - item # heading",
    "# heading",
    "- item",
    "---",
    "***bold*** __b__ ~~s~~ `code` ``` fence",
    "Юникод їжак Ґ, 漢字かな 한글 עברית عربى ğüşıöç ŁŒ ħ 😀👩‍👩‍👧 e\u0301 ﷽ ∀x≤y≈z",
    "",
    " ",
    "x" * 1_000_000,
)


def table_of(text: str, name: str = "hostile") -> Table:
    """With `text` in every place that a document, a run or a user fills."""
    setting = Setting(text, text, text, 5, text, {text: text})
    rows = (
        Row("h", text, setting, group=text, heading=True),
        Row("r", text, setting, group=text, level=1),
        Row("m", text, setting, group=text, level=1, origin="measured", n=3),
    )
    models = (Model("a", text, text, text), Model("b", "Plain", "", "", "open"))
    cells = {
        ("r", "a"): Value("a", setting, "published", "text", text, notes=("n",), source=text),
        ("r", "b"): Value("b", setting, "published", "number", "50.0", 50.0, notes=("n",)),
        ("m", "a"): Value("a", setting, "measured", "number", "1.0", 1.0, scored=1, planned=3, source=text),
    }
    return Table(name, text, models, rows, cells, {"n": text}, {text: ("a", "b")}, text)


def show(text: str, *, long: bool = False) -> Show:
    return Show(intervals=True, long=long, sources={text: text})


def each(format: str, *, long: bool = False) -> list[tuple[str, str]]:
    return [(text, render(table_of(text), format, EN, show(text, long=long))) for text in HOSTILE]


@pytest.mark.parametrize("format", FORMATS)
def test_no_control_or_bidi_character_passes(format: str) -> None:
    for text, shown in each(format):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2066-\u2069]", shown), (
            text
        )
        shown.encode("utf-8")  # and no lone surrogate


def test_a_page_has_our_tags_only() -> None:
    plain = read.Page(render(table_of("plain"), "html", EN, show("plain")))
    for text, shown in each("html"):
        page = read.Page(shown)
        assert page.tags <= plain.tags, text
        assert one_line(text, LONGEST).strip() in page.said, text
        assert page.open == [], text


def test_markdown_makes_nothing_of_it() -> None:
    plain = render(table_of("plain"), "markdown", EN, show("plain"))
    tags = set(re.findall(r"<[^>]*>", plain)) | {"<!-- -->", "<span>", "</span>"}
    for text, shown in each("markdown"):
        assert set(re.findall(r"<[^>]*>", shown)) <= tags, text
        rows = [line for line in shown.splitlines() if line.startswith("| ")]
        assert [len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows] == [4] * len(rows), text
        bare = re.sub(r"\\.", "", shown)
        assert not re.search(r"(?<!\w)@\w|#\d|GH-\d|://|www\.|mailto:\w|\]\(|[`]|\w@[\w-]+\.", bare), text
        assert not re.search(r"^(?:[-+*=]|\d+[.)]|#(?!## ))", shown, re.MULTILINE), text
        assert not re.search(r"\$(?!</span>)", shown), text
        assert read.unmark(read.markdown(shown)[3][1]) == read.unmark(
            read.markdown(shown)[0][1].split("<br>")[0]
        )


def test_csv_computes_nothing() -> None:
    for long in (False, True):
        for text, shown in each("csv", long=long):
            rows = list(csv.reader(io.StringIO(shown)))
            assert len({len(row) for row in rows}) == 1, text
            for cell in (cell for row in rows for cell in row):
                assert cell.lstrip()[:1] not in ("=", "+", "-", "@", "\uff1d"), text
                assert "\n" not in cell, text
            assert any(one_line(text, CELL) in cell for row in rows for cell in row), text


def test_json_keeps_it_as_it_is() -> None:
    for text, shown in each("json"):
        assert shown.isascii()
        table = json.loads(shown)
        assert shown.count("\n") == 1
        assert table["models"][0]["display"] == table["rows"][1]["cells"]["a"]["printed"] == text


COMMANDS = re.compile(r"\\[A-Za-z]+|\\.", re.DOTALL)
NAMES = (
    "textbackslash textasciicircum sim textless textgreater textbar textquotedbl textasciigrave "
    "textperiodcentered ensuremath approx leq geq infty evalkitchar evalkitcyr providecommand ifdefined "
    "Umathcode char relax else fi ttfamily fontencoding selectfont"
)


def test_latex_has_our_commands_only() -> None:
    ours = set(COMMANDS.findall(render(load_published("launch").table("summary"), "latex", EN)))
    ours |= set(COMMANDS.findall(render(table_of("plain"), "latex", EN, show("plain"))))
    marks = {f"\\{sign}" for sign in "{}$&#%_"} | {f"\\{name}" for name in NAMES.split()}
    for text, shown in each("latex"):
        assert set(COMMANDS.findall(shown)) <= ours | marks, text
        braces = re.sub(r"\\[{}]", "", shown)
        assert braces.count("{") == braces.count("}"), text


@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
def test_latex_compiles(engine: str, tmp_path: Path) -> None:
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed (Debian: texlive-latex-base, texlive-luatex)")
    if engine == "pdflatex" and not has("t2aenc.def"):
        pytest.skip("pdfTeX has no Cyrillic fonts (Debian: texlive-lang-cyrillic)")
    if not has("booktabs.sty"):
        pytest.skip("LaTeX has no booktabs (Debian: texlive-latex-recommended)")
    fonts = r"\usepackage[T2A,T1]{fontenc}" if engine == "pdflatex" else ""
    tables = [*load_published("launch").tables, *(table_of(text, f"t{n}") for n, text in enumerate(HOSTILE))]
    body = "\n".join(rf"{render(table, 'latex', EN, show(''))}\clearpage" for table in tables)
    head = rf"\documentclass{{article}}\usepackage{{booktabs}}{fonts}\begin{{document}}"
    (tmp_path / "t.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n", encoding="utf-8")
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said[-2000:]
    assert f"({len(tables)} pages" in said.replace("\n", ""), said[-500:]


def has(file: str) -> bool:
    """Whether TeX finds it."""
    found = subprocess.run(["kpsewhich", file], capture_output=True, check=False)
    return bool(found.stdout.strip())
