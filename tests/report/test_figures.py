"""Figures as files: the same bytes, nothing but what the report says, and nobody else's settings."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pypdf
import pytest

from evalkit import cli
from evalkit.errors import UsageError
from evalkit.report.content import Report
from evalkit.report.figures import distinct, sheets, write_figures
from evalkit.report.figures.pareto import front, money_ticks, points
from evalkit.report.figures.reliability import spread_out
from evalkit.report.figures.runs import slug
from evalkit.report.figures.sheet import TWO_COLUMNS, Sheet, plain, shortened, typeset
from evalkit.report.figures.strip import LEFT, RIGHT
from evalkit.report.labels import labels
from evalkit.report.palette import COLOURS, mark, marks
from evalkit.report.values import Model
from tests.cli.stored import HOSTILE
from tests.report.invented import invented, launch

SVG = "{http://www.w3.org/2000/svg}"
CLAUDE = "differences-qwen3-coder-480b-a35b-instruct-claude-sonnet-4"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every figure of the invented report, as SVG."""
    folder = tmp_path_factory.mktemp("figures")
    write_figures(invented(), folder, ("svg",))
    return folder


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published values alone, against one other model, in all formats."""
    folder = tmp_path_factory.mktemp("once")
    write_figures(one_forest(), folder)
    return folder


def one_forest() -> Report:
    report = launch()
    return dataclasses.replace(report, forests=report.forests[:1])


def texts(path: Path) -> list[str]:
    """What a figure says, piece by piece."""
    return ["".join(node.itertext()) for node in ElementTree.parse(path).iter(f"{SVG}text")]


def test_a_report_has_these_figures(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "cost-aider-polyglot.svg",
        "cost-humaneval.svg",
        "differences-qwen3-coder-480b-a35b-instruct-claude-sonnet-4.svg",
        "differences-qwen3-coder-480b-a35b-instruct-deepseek-v3-0324.svg",
        "differences-qwen3-coder-480b-a35b-instruct-gpt-4.1.svg",
        "differences-qwen3-coder-480b-a35b-instruct-kimi-k2-instruct.svg",
        "outcomes.svg",
        "reliability-humaneval.svg",
        "scores.svg",
    ]


def test_published_values_alone_have_no_figures_of_runs(tmp_path: Path) -> None:
    names = {path.name for path in write_figures(launch(), tmp_path, ("svg",))}
    assert {name.partition("-")[0].removesuffix(".svg") for name in names} == {"scores", "differences"}
    assert "measured with evalkit" not in texts(tmp_path / "scores.svg")


AGAIN = """
import pathlib, sys
from evalkit.report.figures import write_figures
from tests.report.test_figures import one_forest
write_figures(one_forest(), pathlib.Path(sys.argv[1]))
assert 'matplotlib.pyplot' not in sys.modules
"""


def test_files_are_the_same_bytes_when_built_again(once: Path, tmp_path: Path) -> None:
    """In another process, with other hashes, another clock and the user's own matplotlib settings."""
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsvg.fonttype: path\naxes.facecolor: red\n")
    moved = {"PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1", "TZ": "Asia/Tokyo"}
    moved["MATPLOTLIBRC"] = str(tmp_path)
    subprocess.run(
        [sys.executable, "-c", AGAIN, str(tmp_path / "again")], env={**os.environ, **moved}, check=True
    )
    files = sorted(once.iterdir())
    assert {path.suffix for path in files} == {".svg", ".pdf", ".png"}
    for path in files:
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_no_date_and_no_path_is_written(once: Path) -> None:
    for path in once.iterdir():
        found = path.read_bytes()
        assert b"CreationDate" not in found
        assert b"dc:date" not in found
        assert str(Path.cwd()).encode() not in found


def test_text_of_a_pdf_can_be_searched_and_has_no_type_3_face(once: Path) -> None:
    page = pypdf.PdfReader(once / "scores.pdf").pages[0]
    assert "TAU-Bench Airline" in page.extract_text()
    found = (once / "scores.pdf").read_bytes()
    assert b"/Type3" not in found
    assert b"/CIDFontType2" in found


def marks_of_the_plot(path: Path) -> list[ElementTree.Element]:
    plot = ElementTree.parse(path).find(f".//{SVG}g[@id='plot']")
    assert plot is not None
    return list(plot.iter(f"{SVG}use"))


def test_every_score_of_the_table_is_drawn_where_it_belongs(folder: Path) -> None:
    """Read back from the file, between the lines of 0 and 100."""
    left, width = 72 * LEFT, 72 * (TWO_COLUMNS - LEFT - RIGHT)
    cells = invented().tables[0].cells.values()
    drawn = [
        (float(use.attrib["x"]) - left) / width * 100 for use in marks_of_the_plot(folder / "scores.svg")
    ]
    wanted = sorted(value.value for value in cells if value.value is not None)
    assert len(wanted) == 70
    assert sorted(drawn) == pytest.approx(wanted, abs=0.01)


def test_published_marks_are_hollow_and_measured_ones_filled(folder: Path) -> None:
    cells = invented().tables[0].cells.values()
    origins = Counter(value.origin for value in cells if value.value is not None)
    styles = [use.attrib["style"] for use in marks_of_the_plot(folder / "scores.svg")]
    hollow = sum("fill: #ffffff" in style for style in styles)
    assert (hollow, len(styles) - hollow) == (origins["published"], origins["measured"])


def test_a_model_has_one_colour_in_every_figure(folder: Path) -> None:
    drawn = marks(invented())
    qwen = drawn["qwen3-coder-480b-a35b-instruct"].colour_on("light")
    for path in folder.iterdir():
        if path.name != "outcomes.svg":
            assert qwen in path.read_text(encoding="utf-8"), path.name


def test_numbers_of_a_forest_are_those_of_the_report(folder: Path) -> None:
    forest = next(f for f in invented().forests if f.b.id == "claude-sonnet-4")
    said, found = labels("en"), texts(folder / f"{CLAUDE}.svg")
    assert found.count("Qwen3-Coder minus Claude Sonnet 4") == 1
    for difference in forest.differences:
        assert difference.label in found
        assert said.signed(difference.delta) in found
    assert "[−3.7, +14.3]" in found


def test_classes_of_outcomes_are_written_where_there_is_room(folder: Path) -> None:
    found = texts(folder / "outcomes.svg")
    assert {"1,096", "153", "84", "35.6–72.9", "Passed", "Infrastructure error", "Not run"} <= set(found)


def test_ends_of_lines_are_the_last_values(folder: Path) -> None:
    run = next(run for run in invented().runs if run.spread)
    assert run.spread
    found = texts(folder / "reliability-humaneval.svg")
    assert {f"{100 * run.spread.pass_at[8]:.1f}", f"{100 * run.spread.pass_hat[8]:.1f}"} <= set(found)


def boxes(sheet: Sheet) -> Iterator[tuple[str, float, float, float, float]]:
    """Where each text of a sheet lies: (text, left, top, right, bottom) in inches."""
    renderer = sheet._canvas.get_renderer()  # type: ignore[no-untyped-call]
    for axes in sheet.figure.axes:
        for text in [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels()]:
            if text.get_text():
                box = text.get_window_extent(renderer)
                x0, x1, y0, y1 = (v / sheet.figure.dpi for v in (box.x0, box.x1, box.y0, box.y1))
                yield text.get_text(), x0, sheet.height - y1, x1, sheet.height - y0


def test_of_a_models_repeats_the_one_with_the_most_samples_is_drawn(tmp_path: Path) -> None:
    report = invented(1)
    run = next(run for run in report.runs if run.spread)
    assert run.spread
    fewer = dataclasses.replace(run.spread, samples=2, pass_at={1: 0.1, 2: 0.123}, pass_hat={1: 0.1, 2: 0.1})
    again = dataclasses.replace(run, id="again", spread=fewer)
    other = dataclasses.replace(again, id="other", setting=dataclasses.replace(run.setting, turns=9))
    write_figures(dataclasses.replace(report, runs=(run, again), forests=()), tmp_path / "one", ("svg",))
    write_figures(dataclasses.replace(report, runs=(run, other), forests=()), tmp_path / "two", ("svg",))
    one, two = (texts(tmp_path / folder / "reliability-humaneval.svg") for folder in ("one", "two"))
    assert "12.3" not in one
    assert {"12.3", "Qwen3-Coder (h0)", "Qwen3-Coder (other)"} <= set(two)


MORE = [pytest.param(code, False, marks=pytest.mark.full) for code in ("uk", "tr")]


@pytest.mark.parametrize(("code", "long"), [("en", False), ("uk", True), *MORE])
def test_no_text_leaves_its_sheet_or_lies_on_another(code: str, long: bool) -> None:
    report, said = invented(5), labels(code)
    report = dataclasses.replace(report, forests=report.forests[2:3])
    report = renamed(report, LONG) if long else report
    every: set[str] = set()
    with typeset():
        for name, sheet in sheets(report, said, "light"):
            found = list(boxes(sheet))
            every |= {text for text, *_ in found}
            for i, (text, left, top, right, bottom) in enumerate(found):
                assert min(left, top) >= 0, (name, text)
                assert right <= sheet.width + 1e-6, (name, text)
                assert bottom <= sheet.height + 1e-6, (name, text)
                for other, left_2, top_2, right_2, bottom_2 in found[i + 1 :]:
                    across = min(right, right_2) - max(left, left_2)
                    down = min(bottom, bottom_2) - max(top, top_2)
                    assert across <= 0.01 or down <= 0.04, (name, text, other)
    fixed = (
        "table.marks",
        "accounts.passed",
        "accounts.bounds",
        "cost.axis",
        "reliability.axis",
        "forest.axis",
    )
    assert {said[key] for key in fixed} <= every


LONG = "a-model-with-a-name-that-nobody-will-ever-be-able-to-read-" * 4


def renamed(report: Report, name: str) -> Report:
    """All names that others chose, as this one; ids stay."""

    def of(model: Model) -> Model:
        return dataclasses.replace(model, display=name)

    return dataclasses.replace(
        report,
        title=name,
        tables=tuple(
            dataclasses.replace(
                table,
                title=name,
                models=tuple(map(of, table.models)),
                rows=tuple(
                    dataclasses.replace(row, label=name, group=name and row.group + name)
                    for row in table.rows
                ),
            )
            for table in report.tables
        ),
        forests=tuple(
            dataclasses.replace(
                forest,
                a=of(forest.a),
                b=of(forest.b),
                differences=tuple(dataclasses.replace(d, label=name) for d in forest.differences),
            )
            for forest in report.forests
        ),
        runs=tuple(
            dataclasses.replace(
                run,
                model=of(run.model),
                summary=dataclasses.replace(run.summary, title=name),
                setting=dataclasses.replace(run.setting, suite=run.setting.suite + name),
            )
            for run in report.runs
        ),
    )


EVIL = f'{HOSTILE}</text><script>alert(1)</script>]]>&x;$x_{{$\\input{{/etc/passwd}}"通义../../up'


def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path) -> None:
    report = renamed(invented(2), EVIL)
    report = dataclasses.replace(report, forests=report.forests[:1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph warns
        paths = write_figures(report, tmp_path / "out", ("svg",))
        paths += write_figures(
            dataclasses.replace(report, forests=(), runs=()), tmp_path / "out", ("pdf", "png")
        )
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    for path in paths:
        assert path.parent == tmp_path / "out"
        assert re.fullmatch(r"[a-z0-9.-]+\.(svg|pdf|png)", path.name), path.name
        if path.suffix == ".svg":
            assert f"{SVG}script" not in {node.tag for node in ElementTree.parse(path).iter()}
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800]", path.read_text("utf-8"))
        if path.suffix == ".pdf":
            assert len(pypdf.PdfReader(path).pages) == 1


def test_what_the_typeface_lacks_is_a_code() -> None:
    assert plain("Qwen\u202e通\n$x$ Ґґ ğış") == "Qwen‹U+202E›‹U+901A› $x$ Ґґ ğış"
    assert shortened("SWE-bench Verified, 500 turns", 12) == "SWE-benc…urns"
    assert slug("../../Etc Passwd\x00") == "etc-passwd"
    assert slug("通义") == "x"


def test_names_of_files_differ_where_ids_are_written_alike() -> None:
    sheet = object()
    named = [("cost-x", sheet), ("cost-x", sheet), ("cost-x-2", sheet)]
    found = [name for name, _ in distinct(iter(named))]  # type: ignore[arg-type]
    assert len(set(found)) == 3
    assert found[:2] == ["cost-x", "cost-x-2"]


def test_nothing_global_changes(tmp_path: Path) -> None:
    with matplotlib.rc_context({"font.size": 31, "svg.hashsalt": "mine"}):
        before = dict(matplotlib.rcParams)
        write_figures(dataclasses.replace(launch(), forests=()), tmp_path, ("svg",))
        assert dict(matplotlib.rcParams) == before


def test_the_front_has_no_run_that_another_beats_and_none_that_is_incomplete() -> None:
    runs = [run for run in invented(5).runs if run.setting.suite == "humaneval"]
    assert [p.run.id for p in front(points(runs))] == ["h2", "h1", "h0"]
    waiting = [dataclasses.replace(run, state="in progress") if run.id == "h1" else run for run in runs]
    assert [p.run.id for p in front(points(waiting))] == ["h2", "h0"]
    unpriced = [dataclasses.replace(r, summary=dataclasses.replace(r.summary, cost=None)) for r in runs]
    assert points(unpriced) == []


def test_places_are_moved_apart_as_little_as_must_be() -> None:
    assert spread_out([1.0, 1.0, 5.0], 1.0) == pytest.approx([0.5, 1.5, 5.0])
    assert spread_out([1.0, 1.2, 1.9], 1.0) == pytest.approx([0.3666666, 1.3666666, 2.3666666])
    assert money_ticks(0.004, 0.3) == [0.01, 0.02, 0.05, 0.1, 0.2]


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no figures in format 'jpg'"):
        write_figures(launch(), tmp_path, ("jpg",))


def test_dark_figures_have_dark_colours(tmp_path: Path) -> None:
    write_figures(launch(), tmp_path, ("svg",), theme="dark")
    found = (tmp_path / "scores.svg").read_text(encoding="utf-8")
    assert COLOURS[mark(0).colour].dark in found
    assert COLOURS[mark(0).colour].light not in found


def test_the_command_line_writes_them_beside_the_page(tmp_path: Path) -> None:
    words = ("--published", "launch", "--figures", str(tmp_path / "figures"), "-o", str(tmp_path / "x.html"))
    assert cli.main(["report", *words]) == 0
    assert len(list((tmp_path / "figures").iterdir())) == 3 * 5
    assert (tmp_path / "x.html").is_file()
