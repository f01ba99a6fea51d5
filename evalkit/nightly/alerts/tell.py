"""After a night: everybody is told what they were not told yet. Nothing here ever fails a night."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import quote

from evalkit.nightly.alerts import ledger as book
from evalkit.nightly.alerts import mail, webhook
from evalkit.nightly.alerts.ledger import Ledger, Told
from evalkit.nightly.alerts.messages import Message, messages
from evalkit.nightly.alerts.send import WAITS, Failed, secrets, send, without
from evalkit.nightly.alerts.settings import Channel, Settings, Webhook, settings
from evalkit.nightly.plan import Plan
from evalkit.nightly.standing import Outlook
from evalkit.nightly.states import NEAR

Say = Callable[[str], None]


def tell(
    outlook: Outlook,
    plan: Plan,
    say: Say = lambda line: None,
    *,
    env: Mapping[str, str] = os.environ,
    waits: Sequence[float] = WAITS,
) -> int:
    """How many messages went out. `say` gets a line for each that did not, and why."""
    to = settings(plan.alerts)
    if not to.channels:
        return 0
    try:
        with book.alone(plan.folder):
            return _tell(outlook, plan.folder, to, _Post(to, env, waits, say))
    except book.Busy:
        say("alerts: another process tells at this moment; what is left is told after the next night")
    except Exception as e:  # whatever it is: the night itself is done and well
        hidden = [secret for channel in to.channels for secret in secrets(channel, env)]
        say(f"alerts: nothing more is told: {type(e).__name__}: {without(str(e), hidden)}")
    return 0


def try_out(
    plan: Plan,
    say: Say = lambda line: None,
    *,
    env: Mapping[str, str] = os.environ,
    waits: Sequence[float] = (),
) -> bool:
    """A message that says that it is a test, to every channel. Whether all took it; False where there is
    none."""
    to = settings(plan.alerts)
    post = _Post(to, env, waits, say)
    text = "This is a test. Alerts of this plan come here."
    test = Message("incomplete", ("test",), plan.name, date.today(), "Test of alerts", text, {"test": True})
    if not to.channels:
        say("alerts: the plan's [alerts] names nobody")
    done = []
    for channel in to.channels:
        done.append(post(channel, test))
        if done[-1]:
            say(f"alerts: {channel.name}: it took a test message")
    return bool(done) and all(done)


class _Post:
    """Sends, and says what went wrong."""

    def __init__(self, to: Settings, env: Mapping[str, str], waits: Sequence[float], say: Say) -> None:
        self.to, self.env, self.waits, self.say = to, env, waits, say

    def __call__(self, channel: Channel, message: Message) -> bool:
        link = _link(self.to.page, message)

        def action() -> None:
            if isinstance(channel, Webhook):
                webhook.post(channel, message, link, self.env)
            else:
                mail.post(channel, message, link, self.env)

        try:
            send(action, self.waits)
        except Failed as failed:
            why = without(failed.why, secrets(channel, self.env))
        except Exception as e:  # of one channel: the others are told all the same
            why = without(f"{type(e).__name__}: {e}", secrets(channel, self.env))
        else:
            return True
        self.say(f"alerts: {channel.name}: {without(message.title, (), 80)}: {why}")
        return False


def _tell(outlook: Outlook, folder: Path, to: Settings, post: _Post) -> int:
    try:
        ledger = book.read(folder)
    except (ValueError, OSError) as e:
        post.say(f"alerts: {folder / book.NAME} cannot be read ({e}): nobody is told; mend or remove it")
        return 0
    if ledger.looked and outlook.day < ledger.looked:
        return 0  # a night made up for later: what came of it is told with the last one
    ledger.looked = outlook.day
    ledger.absent = {one: ledger.absent.get(one, outlook.day) for one in outlook.troubles}
    found = [one for one in messages(outlook, ledger.absent) if one.kind in to.on]
    present = {event.id for standing in outlook.standings for event in standing.events}
    for channel in to.channels:
        told = ledger.of(channel.name)
        told.waiting = [m for m in told.waiting if outlook.day - m.day <= book.KEPT]
        for message in found:
            if _news(message, told, to, present):
                told.waiting.append(message)
                told.told.update(_entries(message))
    _keep(folder, ledger, post)
    return sum(_deliver(channel, ledger, folder, post) for channel in to.channels)


def _deliver(channel: Channel, ledger: Ledger, folder: Path, post: _Post) -> int:
    """Oldest first. Where one fails, so would the others: they wait for the next night."""
    waiting = ledger.of(channel.name).waiting
    sent = 0
    while waiting and post(channel, waiting[0]):
        del waiting[0]
        sent += 1
        _keep(folder, ledger, post)
    if len(waiting) > 1:
        post.say(f"alerts: {channel.name}: {len(waiting)} messages wait for the next night")
    return sent


def _keep(folder: Path, ledger: Ledger, post: _Post) -> None:
    """Without room for it people are told all the same, if twice."""
    try:
        book.write(folder, ledger)
    except OSError as e:
        post.say(f"alerts: what was told cannot be stored ({e.strerror}): it may be told again")


# -- what is news ----------------------------------------------------------------------------------


def _news(message: Message, told: Told, to: Settings, present: Collection[str]) -> bool:
    """`present`: alarms that there are. One that was told of is another than this, if it is among them."""
    known = [one for one in told.told.values() if one.get("id") not in present]

    def heard(entry: Mapping[str, str], key: str) -> bool:
        return key in told.told or any(_same(entry, one) for one in known)

    entries = _entries(message)
    if message.kind == "fixed" and "drop" in to.on:
        [about] = entries.values()
        drop = {**about, "kind": "drop"}
        named = any((one["kind"], one.get("id")) == ("drop", about["id"]) for one in told.told.values())
        if not named and not any(_same(drop, one) for one in known):
            return False  # who never heard of it need not hear that it is over
    return not all(heard(entry, key) for key, entry in entries.items())


def _entries(message: Message) -> dict[str, dict[str, str]]:
    """By key, what is kept of it."""
    event = message.facts.get("event")
    days = {}
    if event:
        days = {
            "id": event["id"],
            "series": message.facts["series"]["id"],
            "direction": event["direction"],
            "first": min(event["first"], event["first_interval"][0]),
            "raised": event["raised"],
            "again": message.keys[0].removeprefix(event["id"]),
        }
    base = {"kind": message.kind, "day": message.day.isoformat(), **days}
    return {f"{message.kind} {key}": base for key in message.keys}


def _same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether both are of one alarm, whose days move a little where its history is made anew."""
    if any(one.get(key) != other.get(key) for key in ("kind", "series", "direction", "again")):
        return False
    return "series" in one and _near(one["first"], other["raised"]) and _near(other["first"], one["raised"])


def _near(first: str, raised: str) -> bool:
    return date.fromisoformat(first) <= date.fromisoformat(raised) + NEAR


def _link(page: str, message: Message) -> str:
    if not page:
        return ""
    series = message.facts.get("series")
    return f"{page}#series-{quote(series['id'])}" if series else page
