"""What a page says of runs, held against the runs: every sample, score, cost and curve, and the way to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from evalkit.report.content import ACCOUNTS, Report, RunFacts
from evalkit.report.labels import labels
from evalkit.report.page import page
from evalkit.report.page.marks.bars import stacked
from evalkit.report.page.marks.forest import axis
from evalkit.report.page.measured import beats, name_among, per_task
from tests.report.html_tree import Element, tree
from tests.report.invented import invented

SAID = labels()


@pytest.fixture(scope="module")
def report() -> Report:
    made = invented(5)
    runs = [
        dataclasses.replace(run, command=f"evalkit run {run.id}", environment={"host": "h"})
        for run in made.runs
    ]
    return dataclasses.replace(made, runs=tuple(runs), warnings=("a run is not whole",))


@pytest.fixture(scope="module")
def drawn(report: Report) -> Element:
    return tree(page(report, labels=SAID))


def section(drawn: Element, name: str) -> Element:
    return next(e for e in drawn.all("section", "section") if e.attributes["id"] == name)


def lines(report: Report, drawn: Element, name: str) -> Iterator[tuple[RunFacts, Element]]:
    """Each run's line of a table."""
    by_id = {tr.attributes.get("data-row"): tr for tr in section(drawn, name).all("tr")}
    for run in report.runs:
        yield run, by_id[run.id]


def test_every_sample_has_its_class(report: Report, drawn: Element) -> None:
    shown = {name for name in ACCOUNTS if any(run.accounts[name] for run in report.runs)}
    for run, tr in lines(report, drawn, "accounts"):
        found = {
            td.attributes["data-account"]: int(td.text.replace(",", ""))
            for td in tr.all("td")
            if "data-account" in td.attributes
        }
        assert found.pop("planned") == sum(found.values()) == run.summary.planned
        assert found == {name: run.accounts[name] for name in shown}
        assert run.state in tr.text


def test_a_bar_is_as_long_as_the_others_and_hides_no_class() -> None:
    few = tree(str(stacked({"passed": 99_990, "failed": 9, "error": 1})))
    widths = [float(rect.attributes["width"]) for rect in few.all("rect")]
    assert len(widths) == 3
    assert min(widths) >= 1
    last = list(few.all("rect"))[-1]
    assert float(last.attributes["x"]) + float(last.attributes["width"]) == pytest.approx(299, abs=0.2)


def test_measured_scores_lead_to_their_runs(report: Report, drawn: Element) -> None:
    ids = {e.attributes.get("id") for e in drawn.all()}
    linked = [a.attributes["href"][1:] for a in section(drawn, "scores").all("a", "open")]
    assert sorted(linked) == sorted(f"run-{run.id}" for run in report.runs)
    assert set(linked) <= ids


def test_incomplete_runs_have_no_rank_and_say_what_is_missing(report: Report, drawn: Element) -> None:
    found = 0
    for td in section(drawn, "scores").all("td"):
        value = report.tables[0].cells.get(place(drawn, td))
        if value and value.origin == "measured" and not value.complete:
            found += 1
            assert not any(td.all("b"))
            assert not any(td.all("u"))
            [state] = td.all("span", "state")
            assert state.text == f"{value.scored:,} / {value.planned:,}"
    assert found == 4


def place(drawn: Element, td: Element) -> tuple[str, str]:
    row = next(tr for tr in section(drawn, "scores").all("tr") if any(e is td for e in tr.inside))
    return row.attributes.get("data-row", ""), td.attributes.get("data-model", "")


def test_reliability_in_figures_beside_the_plot(report: Report, drawn: Element) -> None:
    [table] = section(drawn, "reliability").all("table", "repeats")
    rows = [[td.text for td in tr.all("td")] for tr in table.all("tr")][1:]
    spreads = [run.spread for run in report.runs if run.spread]
    for spread, (up, down) in zip(spreads, zip(rows[::2], rows[1::2], strict=True), strict=True):
        assert up[1:-1] == [f"{100 * value:.1f}" for value in spread.pass_at.values()]
        assert down[1:-1] == [f"{100 * value:.1f}" for value in spread.pass_hat.values()]
    [plot] = section(drawn, "reliability").all("figure")
    assert [svg.attributes["role"] for svg in plot.all("svg")] == ["img"]


def test_cost_of_a_task_and_who_is_best_for_it(report: Report, drawn: Element) -> None:
    front = set()
    for run, tr in lines(report, drawn, "cost"):
        each = per_task(run)
        assert each is not None
        assert run.summary.cost is not None
        assert [td.text for td in tr.all("td")][:3] == [
            f"{run.score:.1f}",
            SAID.money(run.summary.cost),
            SAID.money(each),
        ]
        if any(tr.all("span", "chip")):
            front.add(run.id)
    assert front == {"h0", "h1", "h2", "a1", "a2"}
    assert beats((1, 50), (1, 40))
    assert beats((1, 50), (2, 50))
    assert not beats((1, 50), (1, 50))
    assert not beats((1, 50), (0.5, 40))
    assert not beats(None, (1, 1))


def test_each_run_is_repeated_by_its_command(report: Report, drawn: Element) -> None:
    articles = {a.attributes["id"]: a for a in section(drawn, "reproduce").all("article")}
    for run in report.runs:
        assert run.command in articles[f"run-{run.id}"].text
        assert "host" in articles[f"run-{run.id}"].text


def test_warnings_stand_before_the_findings(drawn: Element) -> None:
    text = next(drawn.all("main")).text
    assert text.index("a run is not whole") < text.index(SAID("scores.title"))


def test_runs_of_one_model_are_told_apart(report: Report) -> None:
    one, *others = report.runs
    assert name_among(one, [one, *others[1:2]]) == one.model.display
    twin = dataclasses.replace(one, id="x", label=f"{one.summary.title}, temperature 1")
    assert name_among(twin, [one, twin]) == f"{one.model.display}, temperature 1"


@pytest.mark.parametrize("most", [0.0, 0.4, 3.0, 9.9, 24.9, 61.0, 100.0])
def test_an_axis_holds_everything_in_whole_pixels(most: float) -> None:
    found = axis([-most / 2, most])
    assert found.ticks[0] == -found.ticks[-1]
    assert 2 <= len(found.ticks) <= 9
    assert 0 <= found.place(-most) <= found.place(most) <= 341
    assert f"--step:{found.step_px}px" in found.style
