"""The dashboard's text: what it says of each kind of night, and that it is the same when made twice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.nightly.history import Series
from evalkit.nightly.look import outlook
from evalkit.nightly.page import page
from evalkit.nightly.page.axes import Days, around
from evalkit.nightly.page.bands import thin
from evalkit.nightly.page.chart import chart
from evalkit.nightly.page.seen import seen
from evalkit.nightly.standing import Note, Outlook
from evalkit.nightly.states import Ack, States
from tests.nightly.nights import FIRST, broken
from tests.nightly.outlooks import LITTLE, a_plan, one


@cache
def plan() -> Outlook:
    return a_plan(only=LITTLE)


@cache
def text() -> str:
    return page(plan(), plan="coding plan.toml")


def charted(outlook: Outlook, number: int = 0) -> str:
    return str(chart(seen(outlook.standings[number], outlook.day), "a label"))


def titles(svg: str) -> list[str]:
    return re.findall(r"<title>(.*?)</title>", svg)


def test_made_twice_it_is_the_same() -> None:
    assert page(a_plan(only=LITTLE), plan="coding plan.toml") == text()


def test_every_series_has_its_place_and_is_linked_from_the_grid() -> None:
    for standing in plan().standings:
        assert text().count(f'id="series-{standing.series.id}"') == 1
        assert f'href="#series-{standing.series.id}" data-series=' in text()


def test_what_regressed_stands_before_the_grid_unless_it_is_much() -> None:
    first = text().index('<section class="section" id="series-swebench--Qwen3-Coder"')
    assert first < text().index('id="t-all"')
    many = [one("mbpp", f"m{n}", n, nights=30, off=-0.12, since=22) for n in range(3)]
    made = outlook("many", many)
    assert [standing.stands for standing in made.standings] == ["regressed"] * 3
    found = page(made)
    assert found.index('id="t-all"') < found.index('id="series-mbpp--m0"')
    assert found.count('<details class="series" open>') == 3


def test_a_command_can_be_copied_as_it_stands() -> None:
    event = plan().standings[0].open[0]
    said = f"evalkit nightly ack &#39;coding plan.toml&#39; {event.id} --why "
    assert said in text()


def test_nights_that_count_for_nothing_are_rings_with_their_reason() -> None:
    svg = charted(plan())
    assert svg.count('class="dot hollow"') == 1
    assert "7.3% infrastructure errors, not compared" in svg
    [told] = [words for words in titles(svg) if "not compared" in words]
    assert told.startswith("12 Feb: ")
    assert told.endswith(" (simulated)")


def test_days_without_a_night_are_marked() -> None:
    assert titles(charted(plan())).count("31 Jan: no night") == 1
    assert "<li><span>no night</span> 31 Jan</li>" in text()


def test_simulated_nights_are_marked_and_said() -> None:
    assert "Simulated, not run: 359 of 359 nights of all series." in text()
    real = one("mbpp", "m", 1, nights=20)
    some = replace(real, nights=tuple(replace(n, simulated=i < 5) for i, n in enumerate(real.nights)))
    made = outlook("some", [some])
    assert "Simulated, not run: 5 of 20 nights of all series." in page(made)
    assert charted(made).count('class="simulated"') == 1
    none = replace(real, nights=tuple(replace(night, simulated=False) for night in real.nights))
    body = page(outlook("none", [none])).partition("<main")[2].partition("</main>")[0]
    assert "imulated" not in body


def test_the_environment_and_new_baselines_stand_at_their_night() -> None:
    said = titles(charted(plan()))
    assert "22 Feb: engine vLLM 0.11.1" in said
    revised = next(n for n, s in enumerate(plan().standings) if s.series.id == "mbpp--Qwen3-Coder")
    assert "10 Feb: new baseline: data changed" in titles(charted(plan(), revised))
    assert "data was revision 7 and is revision 8" in text()


def test_what_differs_stands_beside_the_alarm_with_its_night_and_what_does_not() -> None:
    assert "<li>engine <b>vLLM 0.11.0 → vLLM 0.11.1</b>, 22 Feb</li>" in text()
    assert "Unchanged: endpoint, evalkit, sampling." in text()


def test_a_drop_within_a_known_drop_has_two_steps() -> None:
    low, lower = (one("aider-polyglot", "m", 7, nights=60, off=off, since=25) for off in (-0.08, -0.2))
    series = replace(low, nights=low.nights[:45] + lower.nights[45:])
    first = outlook("two", [series]).standings[0].events[-1]
    ack = Ack(series.id, "drop", first.first, first.raised, Note("ada", "known", FIRST))
    svg = charted(outlook("two", [series], States((ack,))))
    assert (svg.count('class="step bad"'), svg.count('class="after bad"')) == (2, 2)
    ends = [float(x) for x in re.findall(r'class="after bad" d="M[\d.]+ [\d.]+L([\d.]+)', svg)]
    begins = [float(x) for x in re.findall(r'class="after bad" d="M([\d.]+)', svg)]
    assert ends[0] == begins[1]


@pytest.mark.parametrize("nights", [0, 1, 6])
def test_a_series_with_few_nights_or_none(nights: int) -> None:
    series = one("mbpp", "m", 1, nights=nights)
    assert "learning" in page(outlook("few", [series]))
    hollow = replace(series, nights=tuple(broken(night, 0.3) for night in series.nights))
    assert "learning" in page(outlook("few", [hollow]))
    dead = replace(series, nights=tuple(replace(n, tasks={}, planned=0) for n in series.nights))
    assert "learning" in page(outlook("few", [dead]))


def test_what_has_no_whole_run_is_told_first() -> None:
    series = one("mbpp", "m", 1, nights=3)
    gone = replace(series, id="gone", model="gone", nights=series.nights[:2])
    found = page(outlook("missing", [series, gone]))
    assert "<li>MBPP, gone: no whole run this night, it has not been run</li>" in found
    assert found.count('<span class="no-run">no whole run</span>') == 1


def test_a_series_that_the_plan_has_no_more_is_last_and_counts_nowhere() -> None:
    kept, gone = one("mbpp", "kept", 1, nights=3), one("mbpp", "gone", 2, nights=3)
    found = page(outlook("ended", [gone, kept], planned=[kept.id]))
    assert '<p class="figure">1</p><p>series watched</p>' in found
    assert 'data-series="mbpp--gone"' not in found
    assert found.index('id="series-mbpp--kept"') < found.index('id="series-mbpp--gone"')


def test_suites_of_one_title_are_told_by_their_labels() -> None:
    nights = one("mbpp", "m", 1, nights=2).nights
    both = [Series(label, "m", nights, title="MBPP", id=label) for label in ("quick", "whole")]
    found = page(outlook("both", both))
    assert ">quick, m<" in found
    assert ">whole, m<" in found


# -- axes ----------------------------------------------------------------------------------------------


@given(days=st.integers(1, 4000))
def test_names_of_days_have_room(days: int) -> None:
    axis = Days(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days))
    places = [axis.place(tick) for tick in axis.ticks]
    assert places[-1] == pytest.approx(axis.right)
    assert all(b - a >= 55 for a, b in pairwise(places))
    assert len(places) <= 13


@given(st.lists(st.floats(0, 100), min_size=1, max_size=9), st.sampled_from([1.0, 4.0]))
def test_levels_hold_all_values_and_name_a_few(values: list[float], least: float) -> None:
    axis = around(values, 10, 200, least=least)
    assert axis.high - axis.low >= least * 0.99
    assert all(10 <= axis.place(value) <= 200 for value in values)
    assert all(axis.low <= value <= axis.high for value in values)
    assert 1 <= len(axis.ticks) <= 8


def test_a_thinned_line_is_the_same_line() -> None:
    flat = [(float(x), 5.0) for x in range(100)]
    assert thin(flat) == [flat[0], flat[-1]]
    step = [*flat[:50], *((x, 9.0) for x, _ in flat[50:])]
    assert thin(step) == [step[0], step[49], step[50], step[-1]]
    assert thin(flat[:1]) == flat[:1]
