"""What happened, in words: for the head of the page, for messages and for the terminal.

Nothing here says why a score changed: what is known is which nights, and what else changed in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from evalkit.nightly.latest import latest
from evalkit.nightly.phrases import day, listed, many, number, percent, plain, points, sentence, unread
from evalkit.nightly.standing import Event, Outlook, Standing
from evalkit.nightly.telling import acknowledged, change, on_suite, since, state, told, year_of
from evalkit.stats.baseline import LEAST_NIGHTS

__all__ = ["headline", "lede", "line", "state", "told"]

MOST = 3  # of a kind that are told one by one
SURE = 1.5  # half widths of a 95% interval beyond that interval: five standard errors in all
RECENT = timedelta(days=14)  # how long what is over is still told
Pair = tuple[Event, Standing]


def headline(outlook: Outlook) -> str:
    """One line, the gravest first: "One regression, one series to watch"."""
    going = _going(outlook)
    if not any(one.series.nights for one in going):
        return "No night yet"
    stand = [one.stands for one in going]
    counts = (
        many(stand.count("regressed"), "regression"),
        many(stand.count("acknowledged"), "acknowledged regression"),
        many(stand.count("improved"), "series improved", "series improved"),
        many(stand.count("watch"), "series to watch", "series to watch"),
    )
    parts = [part for part in counts if not part.startswith("no ")]
    if outlook.missing:
        parts.append("the last night incomplete" if parts else "the last night is incomplete")
    if outlook.damaged:
        files = len(outlook.damaged)
        parts.append(unread(files) if parts else many(files, "file cannot be read", "files cannot be read"))
    if not parts and stand.count("learning") == len(stand):
        return "Learning what is normal"
    return sentence(", ".join(parts)) or "Nothing new"


def lede(outlook: Outlook) -> str:
    """The sentences under it: what got worse and since when, what got better, what is not known."""
    going = _going(outlook)
    if not any(one.series.nights for one in going):
        return "Nothing has been run yet."
    pairs = [(event, one) for one in going for event in one.open]
    worse = [(e, one) for e, one in pairs if (e.direction, e.state) == ("drop", "new")]
    known = [(e, one) for e, one in pairs if (e.direction, e.state) == ("drop", "acknowledged")]
    better = [(e, one) for e, one in pairs if e.direction == "rise"]
    return " ".join(
        filter(
            None,
            [
                *_told_of(worse),
                *(f"{change(event, one)}, {acknowledged(event, one)}" for event, one in known[:MOST]),
                _more(known),
                *_told_of(better),
                *_ended(outlook, going),
                *_begun(outlook, going),
                _rest(going, told=bool(worse or known)),
                _silent(outlook, going),
                _expired(outlook, going),
            ],
        )
    )


def line(standing: Standing) -> str:
    """One series on one line, for a terminal."""
    series, stands = standing.series, standing.stands
    name = f"{on_suite(standing)}, {plain(series.model)}"
    if not series.nights:
        return f"{name}: no night yet"
    hollow = standing.watched.points[-1].hollow
    silent = f"; the last night counts for nothing: {plain(hollow)}" if hollow else ""
    return f"{name}: {_how(standing, stands)}{silent}"


def _how(standing: Standing, stands: str) -> str:
    now = latest(standing.watched)
    wanted = {
        "regressed": ("drop", "new"),
        "acknowledged": ("drop", "acknowledged"),
        "improved": ("rise", ""),
    }
    direction, state_ = wanted.get(stands, ("", ""))
    for event in standing.open:
        if event.direction == direction and state_ in ("", event.state):
            begun = day(event.first, year_of(standing))
            return f"{stands}, {points(event.difference)} points since {begun} ({plain(event.id, 200)})"
    if stands == "learning":
        epoch = standing.watched.points[-1].epoch
        made = sum(point.epoch == epoch and not point.hollow for point in standing.watched.points)
        return f"learning, {made} of {LEAST_NIGHTS} nights"
    beside = "" if now.change is None else f", {points(now.change)} from its baseline"
    return f"{stands}, {percent(now.score)}{beside}"


# -- sentences of the lede -------------------------------------------------------------------------


def _going(outlook: Outlook) -> list[Standing]:
    return [one for one in outlook.standings if not one.ended]


def _told_of(pairs: Sequence[Pair]) -> list[str]:
    return [*(f"{change(event, one)}. {since(event, one)}" for event, one in pairs[:MOST]), _more(pairs)]


def _more(pairs: Sequence[Pair]) -> str:
    left = len(pairs) - MOST
    return f"{sentence(number(left))} more {'is' if left == 1 else 'are'} below." if left > 0 else ""


def _ended(outlook: Outlook, going: Sequence[Standing]) -> list[str]:
    """What ended lately."""
    lately = [
        (event, one)
        for one in going
        for event in one.events
        if event.over and outlook.day - event.over <= RECENT and _matters(event)
    ]
    each = [
        f"{change(event, one)} from {day(event.first, year_of(one))} on. {state(event, one)}"
        for event, one in lately[:MOST]
    ]
    return [*each, _more(lately)]


def _matters(event: Event) -> bool:
    """An improvement that went again was often none: it is told where it was well clear of noise."""
    low, high = event.interval
    return event.direction == "drop" or event.state == "expected" or low > SURE * (high - low) / 2


def _begun(outlook: Outlook, going: Sequence[Standing]) -> list[str]:
    """Series whose nights lately stopped being comparable with those before."""
    lately = [
        (one, night.day, why)
        for one in going
        for number, why in one.watched.epochs.items()
        if not why.startswith("expected: ")
        if outlook.day - (night := one.series.nights[number]).day <= RECENT
    ]
    each = [
        f"A new baseline began for {plain(one.series.model)} on {on_suite(one)} on "
        f"{day(begun, year_of(one))}: {plain(why, 200)}."
        for one, begun, why in lately[:MOST]
    ]
    left = len(lately) - MOST
    return [*each, f"{sentence(many(left, 'more baseline'))} began anew."] if left > 0 else each


def _rest(going: Sequence[Standing], *, told: bool) -> str:
    learning = sum(one.stands == "learning" for one in going)
    if learning == len(going):
        return f"Every series is still learning: a baseline takes {LEAST_NIGHTS} nights."
    rest = "" if told and len(going) == 1 else f"No {'other ' if told else ''}drop alarm is open."
    if learning:
        rest += f" {sentence(number(learning))} series {'is' if learning == 1 else 'are'} still learning."
    return rest.strip()


def _silent(outlook: Outlook, going: Sequence[Standing]) -> str:
    """Of what the night says nothing, and since when nothing does."""
    known = {one.series.id: one for one in going}
    missing = [_missing(known.get(series), series, why) for series, why in outlook.missing.items()]
    if len(missing) > MOST:
        missing = [*missing[:MOST], f"{number(len(missing) - MOST)} more"]
    return f"The last night says nothing of {listed(missing)}." if missing else ""


def _missing(standing: Standing | None, series: str, why: str) -> str:
    if standing is None:
        return f"{plain(series)} ({plain(why)})"
    name = f"{plain(standing.series.model)} on {on_suite(standing)}"
    counted = [night.day for night in standing.series.nights if not night.hollow]
    behind = [night for night in standing.series.nights if not counted or night.day > counted[-1]]
    if not counted or len(behind) < 2:
        return f"{name} ({plain(why)})"
    return f"{name} ({plain(why)}; the last night that counts is {day(counted[-1], year_of(standing))})"


def _expired(outlook: Outlook, going: Sequence[Standing]) -> str:
    tasks = {(one.suite, one.task) for s in going for one in s.quarantined if one.expired(outlook.day)}
    if not tasks:
        return ""
    what = "its task counts" if len(tasks) == 1 else "their tasks count"
    return (
        f"{sentence(many(len(tasks), 'quarantine has', 'quarantines have'))} ended: {what} in alarms again."
    )
