"""How samples ended and what nights took, night by night."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.nightly.history import Night
from evalkit.nightly.page.detail.ends import class_of, classes, ends
from evalkit.nightly.page.detail.scale import scale
from evalkit.nightly.page.detail.used import money, seconds, tokens, used
from tests.nightly.nights import FIRST
from tests.nightly.test_detail import by_hand, gridded


@pytest.mark.parametrize(
    ("end", "name"),
    [
        ("passed", "passed"),
        ("failed/wrong", "failed"),
        ("failed/agent_timeout", "timeout"),
        ("failed/turns", "truncated"),
        ("failed/something_new", "failed"),
        ("error/sandbox", "error"),
        ("not_run/budget", "not_run"),
    ],
)
def test_classes_of_ends(end: str, name: str) -> None:
    assert class_of(end) == name


def test_every_planned_sample_has_one_class() -> None:
    night = Night(FIRST, "run", {"a": (3, 4)}, planned=10, errors=1)
    assert classes(night) == dict.fromkeys(classes(night), 0) | {
        "passed": 3,
        "failed": 1,
        "error": 1,
        "not_run": 5,
    }
    with_ends = replace(night, ends={"passed": 3, "failed/timeout": 1, "error/api": 1})
    assert sum(classes(with_ends).values()) == 10
    assert classes(with_ends)["timeout"] == 1


def test_the_table_of_ends_has_the_last_night_and_those_before() -> None:
    nights = [replace(n, ends={"passed": 8, "failed/timeout": 2}, planned=10) for n in nights_of_ten(15)]
    nights[-1] = replace(nights[-1], ends={"passed": 9, "failed/timeout": 1})
    found = ends(gridded(nights), FIRST, nights[-1].day)
    assert found is not None
    assert [(one.name, one.count, one.share, one.usual) for one in found.lines] == [
        ("passed", 9, "90.0", "80.0"),
        ("out of time", 1, "10.0", "20.0"),
    ]
    assert "Last night 10.0%" in found.chart


def nights_of_ten(many: int) -> list[Night]:
    return by_hand({f"t{i}": "1" * many for i in range(10)})


def test_what_a_night_took_stands_against_the_median_and_what_is_unknown_is_said() -> None:
    nights = [replace(n, used={"cost": 2.0, "latency": None}) for n in nights_of_ten(9)]
    nights[3] = replace(nights[3], used={})
    nights[-1] = replace(nights[-1], used={"cost": 3.0})
    [cost], unknown = used(gridded(nights), FIRST, nights[-1].day)
    assert (cost.name, cost.last, cost.usual, cost.more) == ("Cost of a night", "$3.00", "$2.00", "+50%")
    assert cost.chart.count('class="sl"') == 2  # broken where nothing is known
    assert "Time of the run" in unknown


def test_figures_as_people_write_them() -> None:
    assert [money(v) for v in (0, 0.0123, 12.3, 1234.5)] == ["$0", "$0.0123", "$12.30", "$1,234"]
    assert [tokens(v) for v in (950, 41_200_000, 999_900)] == ["950", "41.2 M", "1 M"]
    assert [seconds(v) for v in (0.25, 45, 300, 9000)] == ["0.25 s", "45 s", "5 min", "2.5 h"]
    assert [scale(v, 100, 0).ticks[-1] for v in (0, 3, 10, 47)] == pytest.approx([1, 3, 10, 60])
