"""What programs read: a series' badge and its feed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from evalkit.nightly.badge import badge
from evalkit.nightly.dating import date_alarm
from evalkit.nightly.feed import event_object, feed, series_feed, text
from evalkit.nightly.latest import latest
from evalkit.nightly.standing import Event, Note, Outlook, Quarantined, Standing
from evalkit.nightly.watch import Alarm, Watched, watch
from evalkit.nightly.words import headline
from tests.browser.hostile import TEXTS
from tests.nightly.nights import broken, series, shares, simulated

SVG = "{http://www.w3.org/2000/svg}"


def standing(nights: int = 40, drop: int = 30, lost: float = 0.15) -> Standing:
    """A series that loses a share of its passes at one night, and the night before that breaks."""
    level = shares(120)
    made = simulated(
        nights,
        lambda night: level if night < drop else [p * (1 - lost) for p in level],
        facts=lambda night: {"engine": "0.11.0" if night < drop else "0.11.1"},
    )
    made[drop - 2] = broken(made[drop - 2], 0.1)
    watched = watch(replace(series(made), id="suite--model", title="A suite"))
    events = tuple(reversed([event(watched, alarm) for alarm in watched.alarms]))
    return Standing(watched.series, watched, events)


def event(watched: Watched, alarm: Alarm) -> Event:
    dated = date_alarm(watched, alarm)
    days = [night.day for night in watched.series.nights]
    return Event(
        id=f"suite--model--{alarm.direction}--{days[alarm.at]}",
        direction=alarm.direction,
        raised=days[alarm.at],
        first=days[dated.first],
        low=days[dated.low],
        high=days[dated.high],
        before=dated.before,
        after=dated.after,
        difference=dated.difference,
        interval=dated.interval,
        state="new",
        differs=dated.differs,
        moved=dated.moved,
    )


def outlook(*standings: Standing) -> Outlook:
    return Outlook("coding", standings[0].series.nights[-1].day, standings, {"x--y": "it died"}, 0.58)


def test_a_feed_says_how_a_series_stands_and_what_happened() -> None:
    stands = standing()
    whole = feed(outlook(stands))
    assert (whole["schema"], whole["plan"], whole["date"]) == ("evalkit.nightly/1", "coding", "2026-02-09")
    assert whole["missing"] == {"x--y": "it died"}
    assert (whole["code"], whole["headline"]) == (10, headline(outlook(stands)))
    [one] = whole["series"]
    assert (one["id"], one["state"], one["over_nights"]) == ("suite--model", "regressed", 7)
    found = one["events"][0]
    assert (found["direction"], found["state"], found["over"]) == ("drop", "new", None)
    assert found["first_interval"][0] <= "2026-01-31" <= found["first_interval"][1]
    assert found["told"].startswith("model lost ")
    assert found["differs"] == [{"fact": "engine", "before": "0.11.0", "after": "0.11.1"}]
    assert found["interval"][0] < found["difference"] < found["interval"][1] < 0
    assert one["change"] == pytest.approx(found["difference"], abs=0.03)


def test_a_series_feed_has_each_night_once_with_what_was_compared() -> None:
    stands = standing()
    nights = series_feed(stands, outlook(stands))["nights"]
    assert [row["date"] for row in nights] == [n.day.isoformat() for n in stands.series.nights]
    assert [number for number, row in enumerate(nights) if "facts" in row] == [0, 30]
    broke = nights[28]
    assert broke["hollow"] == "10.0% of its samples broke by infrastructure"
    assert (broke["errors"], broke["planned"], broke["z"], broke["band"]) == (12, 120, None, None)
    assert nights[13]["z"] is None
    for row, point in zip(nights, stands.watched.points, strict=True):
        assert row["passed"] / row["scored"] == pytest.approx(row["score"], abs=1e-6)
        if point.z is not None:
            assert row["band"][0] < row["expected"] < row["band"][1]
            assert row["z"] == pytest.approx(point.z, abs=1e-6)
            assert row["down"] == pytest.approx(point.down, abs=1e-6)


def test_both_are_plain_ascii_and_the_same_bytes_again() -> None:
    one, other = standing(), standing()
    assert text(feed(outlook(one))) == text(feed(outlook(other)))
    whole = text(series_feed(one, outlook(one)))
    assert whole == text(series_feed(other, outlook(other)))
    assert whole.isascii()
    assert badge(one) == badge(other)


def test_a_change_is_measured_over_the_tasks_that_are_compared() -> None:
    made = simulated(20, lambda night: [1.0] * 10 if night < 16 else [0.0] * 10)
    assert latest(watch(series(made))).change == pytest.approx(
        -4 / 6
    )  # the first of the seven was not judged
    without = latest(watch(series(made), apart={f"task-{i}" for i in range(5)}))
    assert without.change == pytest.approx(-4 / 6)
    assert latest(watch(series(made), apart={f"task-{i}" for i in range(10)})).change is None


def test_the_score_now_is_of_this_baseline_only() -> None:
    made = simulated(30, lambda night: shares(50), key=lambda night: "new" if night >= 27 else "old")
    made[28] = broken(made[28], 0.5)
    now = latest(watch(series(made)))
    assert (now.nights, now.change) == (2, None)
    assert now.score == pytest.approx((made[27].score + made[29].score) / 2)  # type: ignore[operator]
    assert latest(watch(series([]))) == latest(watch(series([broken(made[0], 1.0)])))


def test_what_people_said_is_in_the_feed() -> None:
    day = date(2026, 2, 1)
    one = standing().events[0]
    said = replace(one, state="acknowledged", note=Note("ann", "vLLM moved", day, "#7", day + timedelta(30)))
    assert event_object(said, standing())["note"] == {
        "who": "ann",
        "why": "vLLM moved",
        "on": "2026-02-01",
        "issue": "#7",
        "until": "2026-03-03",
    }
    stands = replace(standing(), quarantined=(Quarantined("suite", "t", "flaky", "bob", day, day),))
    [quarantined] = feed(outlook(stands))["series"][0]["quarantined"]
    assert quarantined == {
        "task": "t",
        "reason": "flaky",
        "owner": "bob",
        "issue": "",
        "since": "2026-02-01",
        "until": "2026-02-01",
    }


def test_a_badge_says_score_and_state_and_each_text_fits() -> None:
    drawn = badge(standing())
    root = ElementTree.fromstring(drawn)
    left, right = root.findall(f".//{SVG}text")
    assert left.text == "suite · model"
    assert right.text is not None
    score, state = right.text.split()
    assert (score.endswith("%"), state) == (True, "regressed")
    assert root.get("aria-label") == root.find(f"{SVG}title").text == f"suite · model: {right.text}"  # type: ignore[union-attr]
    assert int(root.get("width", 0)) > int(right.get("x", 0)) + int(right.get("textLength", 0))
    assert int(right.get("x", 0)) > int(left.get("x", 0)) + int(left.get("textLength", 0))
    empty = badge(Standing(series([]), watch(series([]))))
    assert ">learning<" in empty


@pytest.mark.parametrize("told", [*TEXTS, "", " ", "\ud800"])
def test_a_hostile_name_is_a_text_of_the_badge_and_a_value_of_the_feed(told: str) -> None:
    nights = simulated(3, lambda night: [0.5] * 3)
    named = replace(series([replace(night, facts={told: told}) for night in nights]), suite=told, model=told)
    stands = Standing(named, watch(named))
    drawn = badge(stands)
    root = ElementTree.fromstring(drawn)
    assert {one.tag.removeprefix(SVG) for one in root.iter()} == {
        *("svg", "title", "clipPath", "rect", "g", "text")
    }
    assert all("\u202e" not in (one.text or "") for one in root.iter())
    assert int(root.get("width", 0)) < 800
    drawn.encode()
    read = json.loads(text(series_feed(stands, outlook(stands))))
    assert (read["suite"], read["nights"][0]["facts"]) == (told, {told: told})
