"""What is said of nights: every sentence exact, none of a cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from evalkit.nightly.dating import Moved
from evalkit.nightly.history import Night, Series
from evalkit.nightly.standing import Event, Note, Outlook, Quarantined, Standing
from evalkit.nightly.watch import Point, Watched
from evalkit.nightly.words import headline, lede, line, state, told

DAY = timedelta(days=1)
LAST = date(2026, 11, 21)
EVENT = Event(
    id="swebench--qwen3-coder--drop--2026-11-16",
    direction="drop",
    raised=date(2026, 11, 16),
    first=date(2026, 11, 14),
    low=date(2026, 11, 13),
    high=date(2026, 11, 15),
    before=0.671,
    after=0.636,
    difference=-0.035,
    interval=(-0.0464, -0.0231),
    state="new",
    differs=(("vLLM", "0.11.0", "0.11.1"),),
    moved=(Moved("a", (8, 8), (0, 8), 1e-4), Moved("b", (8, 8), (1, 8), 1e-3), Moved("c", (1, 8), (2, 8), 1)),
)
NOTE = Note("lena", "vLLM moved.", date(2026, 11, 17), "#12", date(2026, 12, 24))
SINCE = (
    "The change dates from 14 Nov (99% interval: 13 Nov to 15 Nov), "
    "the night vLLM changed from 0.11.0 to 0.11.1."
)


def standing(*events: Event, moved_on: date = date(2026, 11, 14), **other: object) -> Standing:
    nights = tuple(
        Night(
            LAST - (29 - i) * DAY,
            f"run-{i}",
            {"a": (1, 2)},
            2,
            facts={"vLLM": "0.11.1" if LAST - (29 - i) * DAY >= moved_on else "0.11.0"},
        )
        for i in range(30)
    )
    series = Series("swebench", "Qwen3-Coder", nights, 1, "SWE-bench Verified", "swebench--qwen3-coder")
    points = tuple(
        Point(night.day, 0.5, 0, expected=0.48, spread=0.02, z=1.0, own=0.5)
        if i > 14
        else Point(night.day, 0.5, 0)
        for i, night in enumerate(nights)
    )
    made = Standing(series, Watched(series, points, ()), events)
    return replace(made, **other)  # type: ignore[arg-type]


def night(*standings: Standing, **missing: str) -> Outlook:
    return Outlook("coding", LAST, standings, missing, 0.58)


def of(suite: str, one: Standing) -> Standing:
    series = replace(one.series, suite=suite, title="", id=f"{suite}--m")
    return replace(one, series=series, watched=replace(one.watched, series=series))


def test_a_drop() -> None:
    found = night(standing(EVENT), of("humaneval", standing()))
    assert headline(found) == "One regression"
    assert lede(found) == (
        f"Qwen3-Coder lost 3.5 points on SWE-bench Verified. {SINCE} No other drop alarm is open."
    )
    assert told(EVENT, standing(EVENT)) == (
        "Qwen3-Coder lost 3.5 points on SWE-bench Verified (from 67.1 to 63.6; 95% interval of the change "
        f"−4.6 to −2.3). {SINCE} Two tasks clearly lower, none clearly higher. Nobody has spoken for it yet."
    )
    assert [line(one) for one in found.standings] == [
        "SWE-bench Verified, Qwen3-Coder: regressed, −3.5 points since 14 Nov "
        "(swebench--qwen3-coder--drop--2026-11-16)",
        "humaneval, Qwen3-Coder: steady, 50.0, +2.0 from its baseline",
    ]


def test_what_changed_on_another_night_of_the_interval_is_said_with_its_night() -> None:
    event = replace(
        EVENT, differs=(*EVENT.differs, ("image", "", "sha256:abc"), ("packages", "a 1, b 2", "a 1, b 3"))
    )
    one = standing(event, moved_on=date(2026, 11, 15))
    assert lede(night(one)) == (
        "Qwen3-Coder lost 3.5 points on SWE-bench Verified. The change dates from 14 Nov (99% interval: "
        "13 Nov to 15 Nov). Within that interval, vLLM changed from 0.11.0 to 0.11.1 on 15 Nov."
    )
    alone = replace(EVENT, differs=(), low=EVENT.first, high=EVENT.first)
    assert "The change dates from 14 Nov. Nothing else that is recorded changed then." in lede(
        night(standing(alone))
    )


def test_lists_are_told_by_what_differs_and_facts_that_come_or_go_as_such() -> None:
    one = standing(EVENT)
    facts = [{"packages": "a 1, b 2", "image": "x"}, {"packages": "a 1, b 3", "endpoint": "y"}]
    nights = tuple(replace(n, facts=facts[n.day >= EVENT.first]) for n in one.series.nights)
    differs = (("packages", "a 1, b 2", "a 1, b 3"), ("image", "x", ""), ("endpoint", "", "y"))
    event = replace(EVENT, differs=differs)
    assert (
        "the night packages changed from b 2 to b 3, image was recorded no more (x before) and endpoint was "
        "first recorded (y)."
    ) in told(event, replace(one, series=replace(one.series, nights=nights)))


def test_what_people_said() -> None:
    known = replace(EVENT, state="acknowledged", note=NOTE)
    found = night(standing(known), of("humaneval", standing()))
    assert headline(found) == "One acknowledged regression"
    assert lede(found) == (
        "Qwen3-Coder lost 3.5 points on SWE-bench Verified, acknowledged until 24 Dec. "
        "lena: vLLM moved (#12). No other drop alarm is open."
    )
    assert state(known, standing()) == "Acknowledged until 24 Dec. lena: vLLM moved (#12)."
    again = replace(EVENT, note=replace(NOTE, until=date(2026, 11, 20)))
    assert (
        state(again, standing()) == "It was acknowledged until 20 Nov, which is over. lena: vLLM moved (#12)."
    )


def test_what_ended_is_told_for_a_while() -> None:
    over = date(2026, 11, 19)
    fixed = replace(EVENT, state="fixed", over=over, ended="the old level is back")
    wanted = replace(EVENT, state="expected", over=EVENT.first, note=NOTE, ended="expected: vLLM moved")
    closed = replace(EVENT, state="closed", over=over, ended="data was 1 and is 2")
    begin = "Qwen3-Coder lost 3.5 points on SWE-bench Verified from 14 Nov on. "
    for event, said in (
        (fixed, "Fixed: on 19 Nov it was clear that the old level is back."),
        (wanted, "Expected: a new baseline began on 14 Nov. lena: vLLM moved (#12)."),
        (closed, "Closed on 19 Nov: data was 1 and is 2."),
    ):
        found = night(standing(event))
        assert (headline(found), lede(found)) == ("Nothing new", f"{begin}{said} No drop alarm is open.")
    rise = replace(closed, direction="rise", difference=0.02, interval=(0.013, 0.027))
    assert lede(night(standing(rise))).startswith(
        "Qwen3-Coder gained 2.0 points on SWE-bench Verified from 14 Nov"
    )
    noise = replace(rise, interval=(0.005, 0.035))
    assert lede(night(standing(noise))) == "No drop alarm is open."
    old = replace(night(standing(fixed)), day=over + 15 * DAY)
    assert lede(old) == "No drop alarm is open."


def test_a_new_baseline_is_told_with_what_changed() -> None:
    one = standing()
    one = replace(one, watched=replace(one.watched, epochs={25: "data was 7f2f and is 11aa"}))
    assert lede(night(one)) == (
        "A new baseline began for Qwen3-Coder on SWE-bench Verified on 17 Nov: data was 7f2f and is 11aa. "
        "No drop alarm is open."
    )


def test_improvements_are_told_alike() -> None:
    rise = replace(EVENT, direction="rise", difference=0.02, interval=(0.01, 0.03), before=0.6, after=0.62)
    watched = replace(standing().watched, alarms=())
    found = night(replace(standing(rise), watched=watched))
    assert lede(found).startswith(
        "Qwen3-Coder gained 2.0 points on SWE-bench Verified. The change dates from 14 Nov"
    )
    assert "`evalkit nightly expect`" in told(rise, standing(rise))


def test_many_are_counted_and_three_of_them_told() -> None:
    found = night(*(of(f"suite-{i}", standing(EVENT)) for i in range(5)))
    assert headline(found) == "Five regressions"
    assert lede(found).count("lost 3.5 points") == 3
    assert "Two more are below." in lede(found)


def test_a_night_that_says_nothing() -> None:
    found = night(
        standing(), **{"swebench--qwen3-coder": "7.4% of its samples broke by infrastructure", "x--y": "no"}
    )
    assert headline(found) == "The last night is incomplete"
    assert lede(found) == (
        "No drop alarm is open. The last night says nothing of Qwen3-Coder on SWE-bench Verified (7.4% of "
        "its samples broke by infrastructure) and x--y (no)."
    )
    hollow = replace(
        standing().watched, points=(*standing().watched.points[:-1], Point(LAST, 0.4, 0, "nothing"))
    )
    assert line(replace(standing(), watched=hollow)).endswith("; the last night counts for nothing: nothing")


def test_nights_that_say_nothing_one_after_the_other_are_told_with_the_last_that_did() -> None:
    one = standing()
    nights = [replace(n, errors=1) if n.day > LAST - 3 * DAY else n for n in one.series.nights]
    one = replace(one, series=replace(one.series, nights=tuple(nights)))
    assert lede(night(one, **{"swebench--qwen3-coder": "a dead endpoint"})) == (
        "No drop alarm is open. The last night says nothing of Qwen3-Coder on SWE-bench Verified "
        "(a dead endpoint; the last night that counts is 18 Nov)."
    )


def test_learning_and_nothing_at_all() -> None:
    few = standing()
    series = replace(few.series, nights=few.series.nights[:5])
    young = Standing(series, Watched(series, few.watched.points[:5], ()))
    assert (headline(night(young)), line(young)) == (
        "Learning what is normal",
        "SWE-bench Verified, Qwen3-Coder: learning, 5 of 14 nights",
    )
    assert lede(night(young)) == "Every series is still learning: a baseline takes 14 nights."
    assert lede(night(young, standing())) == "No drop alarm is open. One series is still learning."
    none = replace(series, nights=())
    empty = Standing(none, Watched(none, (), ()))
    assert (headline(night(empty)), lede(night(empty))) == ("No night yet", "Nothing has been run yet.")
    assert line(empty) == "SWE-bench Verified, Qwen3-Coder: no night yet"


def test_quarantines_that_ended_are_told() -> None:
    put = [
        Quarantined("swebench", f"t{i}", "flaky", "lena", LAST - 50 * DAY, LAST - i * DAY) for i in range(3)
    ]
    found = lede(night(standing(quarantined=tuple(put))))
    assert found == "No drop alarm is open. Two quarantines have ended: their tasks count in alarms again."


def test_series_that_the_plan_has_no_more_are_not_spoken_of() -> None:
    found = night(standing(EVENT, ended=True), of("humaneval", standing()))
    assert (headline(found), lede(found)) == ("Nothing new", "No drop alarm is open.")


def test_days_of_another_year_have_it() -> None:
    event = replace(EVENT, first=date(2025, 11, 14), low=date(2025, 11, 14), high=date(2025, 11, 14))
    assert "dates from 14 Nov 2025." in lede(night(standing(replace(event, differs=()))))


def test_what_others_wrote_hides_and_reverses_nothing() -> None:
    nasty = "a\u202eb\x1b[31m\n\u200bc" + "x" * 200
    event = replace(EVENT, state="acknowledged", note=replace(NOTE, who=nasty, why=nasty, issue=nasty))
    one = of(nasty, standing(event))
    one = replace(one, series=replace(one.series, model=nasty))
    found = night(one, **{nasty: nasty})
    for text in (headline(found), lede(found), told(event, one), line(one)):
        assert not set(text) & set("\u202e\x1b\n\u200b")
        assert len(text) < 1500
