"""People are told once of an event, by servers that fail in every way; secrets stay where they are."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from evalkit.nightly.alerts import ledger, send
from evalkit.nightly.alerts.settings import settings
from evalkit.nightly.alerts.tell import tell, try_out
from evalkit.nightly.history import Night, Series
from evalkit.nightly.look import NOTHING, outlook
from evalkit.nightly.plan import Plan
from evalkit.nightly.standing import Note, Outlook, Quarantined
from evalkit.nightly.states import Ack, Put, States
from tests.browser.hostile import TEXTS
from tests.nightly.nights import FIRST, broken, shares, simulated
from tests.nightly.receivers import CERTIFICATE, Answer, hook, post

SECRET = "/services/T0000/B0000/s3cr3ts3cr3ts3cr3t"
DROP, WELL = 20, 30  # nights of the planted drop, and at which all is well again


@cache
def history(of: str = "model", lost: float = 0.2) -> Series:
    level = shares(150)
    low = [p * (1 - lost) for p in level]
    nights = simulated(45, lambda night: low if DROP <= night < WELL else level)
    return Series("suite", of, tuple(nights), id=f"suite--{of}")


def after(nights: int, *all_of: Series, states: States = NOTHING, hollow: bool = False) -> Outlook:
    """As it stands after so many nights; `hollow`: the last one of them broke."""
    cut = []
    for series in all_of or (history(),):
        kept = list(series.nights[:nights])
        if hollow:
            kept[-1] = broken(kept[-1], 0.5)
        cut.append(replace(series, nights=tuple(kept)))
    return outlook("coding", cut, states)


@cache
def alarmed() -> int:
    """Nights after which the drop is found."""
    return next(n for n in range(DROP, WELL) if after(n).code == 10)


def plan(tmp_path: Path, **alerts: Any) -> Plan:
    return Plan("coding", (), results=tmp_path, alerts=alerts)


class Teller:
    """Tells without long waits, and keeps what was said of it."""

    def __init__(self, plan: Plan, **env: str) -> None:
        self.plan, self.env = plan, env
        self.said: list[str] = []

    def __call__(self, outlook: Outlook) -> int:
        return tell(outlook, self.plan, self.said.append, env=self.env, waits=(0.0, 0.0))

    @property
    def stored(self) -> str:
        return (self.plan.folder / ledger.NAME).read_text()


# -- what is told ----------------------------------------------------------------------------------


def test_a_drop_is_told_once_however_many_nights_it_lasts_and_its_end_once(tmp_path: Path) -> None:
    found = alarmed()
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK", page="https://ci.example.org/n/"), HOOK=receiver.url)
        sent = [told(after(n)) for n in range(DROP - 2, 45)]
    assert sum(sent) == 2
    assert sent[: found - DROP + 3] == [0] * (found - DROP + 2) + [1]
    drop, fixed = (got.body for got in receiver.got)
    assert (drop["schema"], drop["kind"], fixed["kind"]) == ("evalkit.alert/1", "drop", "fixed")
    assert drop["title"].startswith("Regression: model on suite, −")
    assert "lost" in drop["text"]
    assert drop["link"] == "https://ci.example.org/n/#series-suite--model"
    assert drop["event"]["state"] == "new"
    assert drop["event"]["difference"] < 0
    assert drop["event"]["id"] == fixed["event"]["id"]
    assert drop["id"] != fixed["id"]
    assert drop["series"]["state"] == "regressed"
    assert told.said == []


def test_each_series_has_its_own_message_and_each_channel_gets_all(tmp_path: Path) -> None:
    both = history("one"), history("two")
    with hook() as a, hook() as b:
        told = Teller(plan(tmp_path, webhook=["env:A", "env:B"]), A=a.url, B=b.url)
        assert told(after(alarmed() + 1, *both)) == 4
        assert told(after(alarmed() + 2, *both)) == 0
    for receiver in (a, b):
        assert [got.body["series"]["model"] for got in receiver.got] == ["one", "two"]


def test_nothing_is_told_where_nobody_is_named(tmp_path: Path) -> None:
    assert Teller(plan(tmp_path))(after(alarmed())) == 0
    assert not (tmp_path / "coding").exists()


def test_what_is_acknowledged_or_mended_before_anyone_was_told_is_no_news(tmp_path: Path) -> None:
    n = alarmed()
    event = after(n).standings[0].events[0]
    note = Note("ann", "known", event.raised, until=event.raised + timedelta(3))
    known = States(acks=(Ack("suite--model", "drop", event.first, event.raised, note),))
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        assert told(after(n, states=known)) == 0
        assert told(after(n + 4, states=known)) == 1  # it ended, and the drop is there still
        assert told(after(n + 5, states=known)) == 0
        late = Teller(plan(tmp_path / "late", webhook="env:HOOK"), HOOK=receiver.url)
        assert late(after(44)) == 0
    [got] = receiver.got
    assert got.body["title"].startswith("Regression again: ")


def test_an_event_whose_days_move_is_the_same(tmp_path: Path) -> None:
    n = alarmed()
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        assert told(after(n)) == 1
        moved = after(n + 1)
        event = moved.standings[0].events[0]
        other = replace(event, id=f"{event.id}x", raised=event.raised + timedelta(1))
        assert told(replace(moved, standings=(replace(moved.standings[0], events=(other,)),))) == 0
        march = date(2026, 3, 1)
        much_later = replace(event, id="y", first=march, low=march, high=march, raised=march)
        assert told(replace(moved, standings=(replace(moved.standings[0], events=(much_later,)),))) == 1


def test_a_rise_is_told_where_the_plan_wants_it(tmp_path: Path) -> None:
    level = shares(150)
    better = [p + (1 - p) * 0.3 for p in level]
    nights = simulated(30, lambda night: better if night >= DROP else level)
    series = Series("suite", "model", tuple(nights), id="suite--model")
    with hook() as receiver:
        for on in (["drop"], ["rise"]):
            told = Teller(plan(tmp_path / on[0], webhook="env:HOOK", on=on), HOOK=receiver.url)
            for n in range(DROP, 30):
                told(after(n, series))
    [got] = receiver.got
    assert (got.body["kind"], got.body["title"][:12]) == ("rise", "Improvement:")


def test_a_night_that_is_not_whole_is_told_when_it_begins_not_each_night(tmp_path: Path) -> None:
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        nights = [(15, False), (16, True), (16, True), (17, True), (18, False), (19, True)]
        assert [told(after(n, hollow=hollow)) for n, hollow in nights] == [0, 1, 0, 0, 0, 1]
        both = after(19, history("model"), history("other"), hollow=True)
        assert told(both) == 1  # one more series
    last = receiver.got[-1].body
    assert last["title"] == f"Incomplete night {both.day}: 2 of 2 series"
    assert set(last["missing"]) == {"suite--model", "suite--other"}
    assert "broke by infrastructure" in last["text"]


def test_a_quarantine_that_ended_is_told_once_where_the_plan_wants_it(tmp_path: Path) -> None:
    until = FIRST + timedelta(14)
    flaky = Quarantined("suite", "task-3", "network", "bob", FIRST, until, "#9")
    states = States(quarantined=(Put(flaky),))
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK", on=["quarantine"]), HOOK=receiver.url)
        assert [told(after(n, states=states)) for n in (15, 16, 17)] == [0, 1, 0]
    body = receiver.got[0].body
    assert body["title"] == "Quarantine ended: task-3 of suite"
    assert "bob" in body["text"]
    assert "#9" in body["text"]


def test_a_night_of_the_past_tells_nothing(tmp_path: Path) -> None:
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        assert told(after(45)) == 0
        assert told(after(alarmed())) == 0
    assert receiver.got == []


# -- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "tries", "why"),
    [
        ([Answer(500), Answer(429, {"Retry-After": "0"})], 3, ""),
        ([Answer(hang_up=True)], 2, ""),
        ([Answer(503)] * 3, 3, "it answers 503: ok"),
        ([Answer(403, body=b"no_" + SECRET.encode())], 1, "it answers 403: no_***"),
        ([Answer(429, {"Retry-After": "3600"})], 1, "it answers 429: ok"),
        ([Answer(302, {"Location": "http://elsewhere.example.org/x?token=1"})], 1, "redirects to elsewhere"),
        ([Answer(307, {"Location": "/here"})], 1, "redirects to somewhere else"),
    ],
)
def test_a_webhook_that_fails_is_tried_again_where_that_may_help(
    answers: list[Answer], tries: int, why: str, tmp_path: Path
) -> None:
    with hook() as receiver:
        receiver.answers += answers
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url + SECRET)
        assert told(after(alarmed())) == (0 if why else 1)
        assert len(receiver.got) == tries
        assert len({got.headers["Idempotency-Key"] for got in receiver.got}) == 1
        if why:
            [line] = told.said
            assert line.startswith("alerts: webhook env:HOOK: Regression: model on suite")
            assert why in line
            receiver.answers.clear()
            assert told(after(alarmed() + 1)) == 1  # the next night, once
            assert told(after(alarmed() + 2)) == 0
        assert not any("s3cr3t" in text for text in (*told.said, told.stored))


def test_one_dead_channel_keeps_no_other_waiting_and_its_messages_wait(tmp_path: Path) -> None:
    both = history("one"), history("two")
    with hook() as well, hook() as dead:
        dead.answers += [Answer(500)] * 3
        told = Teller(plan(tmp_path, webhook=["env:DEAD", "env:WELL"]), DEAD=dead.url, WELL=well.url)
        assert told(after(alarmed() + 1, *both)) == 2
        assert [line.split(": ", 2)[2] for line in told.said][1:] == ["2 messages wait for the next night"]
        mended = next(n for n in range(WELL, 45) if after(n).standings[0].events[0].state == "fixed")
        assert told(after(mended, *both)) == 6
    kinds = [got.body["kind"] for got in dead.got[3:]]
    assert kinds == [got.body["kind"] for got in well.got] == ["drop", "drop", "fixed", "fixed"]


def test_what_waited_for_weeks_is_no_news(tmp_path: Path) -> None:
    told = Teller(plan(tmp_path, webhook="http://127.0.0.1:9/hook"))
    assert told(after(alarmed())) == 0
    assert "cannot be reached" in told.said[0]
    assert len(json.loads(told.stored)["channels"]["webhook http://127.0.0.1:9/hook"]["waiting"]) == 1
    told(after(44))
    waiting = json.loads(told.stored)["channels"]["webhook http://127.0.0.1:9/hook"]["waiting"]
    assert [one["kind"] for one in waiting] == []


def test_a_server_that_never_ends_its_answer_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "WHOLE", 0.3)
    with hook() as receiver:
        receiver.answers += [Answer(drip=0.05)] * 3
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        began = time.monotonic()
        assert told(after(alarmed())) == 0
        assert time.monotonic() - began < 30
    assert "no answer within" in told.said[0]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "the variable HOOK is not set"),
        ("not an address" + SECRET, "is no http address"),
        ("http://[::1", "is no http address"),
        ("http://hooks.example.org" + SECRET, "https only"),
        ("https://user:pass@hooks.example.org" + SECRET, "holds a password"),
        ("ftp://hooks.example.org" + SECRET, "is no http address"),
        ("http://127.0.0.1:9/a\r\nHost: b" + SECRET, "is no http address"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_without_saying_it(
    value: str, why: str, tmp_path: Path
) -> None:
    told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=value)
    assert told(after(alarmed())) == 0
    [line] = told.said
    assert why in line
    assert "s3cr3t" not in line


def test_headers_come_from_the_environment_and_can_bring_no_others(tmp_path: Path) -> None:
    with hook() as receiver:
        told = Teller(
            plan(tmp_path, webhook="env:HOOK", headers={"Authorization": "env:KEY"}),
            HOOK=receiver.url,
            KEY="Bearer s3cr3t\n",
        )
        assert told(after(alarmed())) == 1
        assert receiver.got[0].headers["Authorization"] == "Bearer s3cr3t"
        told.env["KEY"] = "Bearer s3cr3t\r\nX-Other: 1"
        assert not try_out(told.plan, told.said.append, env=told.env)
    assert len(receiver.got) == 1
    assert "characters that none may" in told.said[0]
    assert "s3cr3t" not in told.said[0]


def test_https_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hook(secure=True) as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url + SECRET)
        assert told(after(alarmed())) == 0
        assert "certificate verify failed" in told.said[0]
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        assert told(after(alarmed())) == 1


def test_a_ledger_that_is_damaged_tells_nobody_twice_and_says_so(tmp_path: Path) -> None:
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        for text in ("{", "{}", "[]", '{"channels": 3}', "\xff"):
            told.plan.folder.mkdir(exist_ok=True)
            (told.plan.folder / ledger.NAME).write_text(text, encoding="latin-1")
            assert told(after(alarmed())) == 0
            assert "alerts.json cannot be read" in told.said[-1]
        assert receiver.got == []


def test_without_room_for_the_ledger_people_are_told_all_the_same(tmp_path: Path, small_disk: Path) -> None:
    with hook() as receiver:
        told = Teller(plan(small_disk, webhook="env:HOOK"), HOOK=receiver.url)
        assert told(after(DROP)) == 0
        before = told.stored
        fill(small_disk)
        assert told(after(alarmed())) == 1
        assert "cannot be stored (No space left on device)" in told.said[0]
    assert told.stored == before
    assert [path.name for path in told.plan.folder.glob("*.new")] == []


def fill(disk: Path) -> None:
    with (disk / "full").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)


def test_two_at_once_tell_once(tmp_path: Path) -> None:
    with hook() as receiver:
        told = Teller(plan(tmp_path, webhook="env:HOOK"), HOOK=receiver.url)
        with ledger.alone(told.plan.folder):
            assert told(after(alarmed())) == 0
        assert told.said == [
            "alerts: another process tells at this moment; what is left is told after the next night"
        ]
        assert told(after(alarmed())) == 1


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.full)])
def test_who_is_killed_while_telling_leaves_nothing_untold(kills: int, tmp_path: Path) -> None:
    """Twice at most, under the same id: that of the message that was on its way."""
    all_of = [history(f"m{i}") for i in range(4)]
    n = alarmed() + 2
    with hook() as receiver:
        for number in range(kills):
            receiver.got.clear()
            receiver.answers[:] = [Answer() for _ in range(100)]
            told = Teller(plan(tmp_path / str(number), webhook="env:HOOK"), HOOK=receiver.url)
            child = multiprocessing.get_context("fork").Process(target=told, args=(after(n, *all_of),))
            child.start()
            assert child.pid
            time.sleep(0.04 * (number + 1) / kills)
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            told(after(n, *all_of))
            time.sleep(0.02)
            heard = [got.body["id"] for got in receiver.got]
            assert len(set(heard)) == 4
            assert len(heard) <= 5
            assert told(after(n + 1, *all_of)) == 0


# -- forms -----------------------------------------------------------------------------------------


def test_slack_gets_plain_text_that_calls_nobody(tmp_path: Path) -> None:
    series = history("<!channel> & <http://192.0.2.1|click>")
    with hook() as receiver:
        told = Teller(
            plan(tmp_path, slack="env:HOOK", page="https://ci.example.org/a|b>"), HOOK=receiver.url + SECRET
        )
        assert told(after(alarmed(), series)) == 1
    [got] = receiver.got
    assert got.path == SECRET
    assert "<" not in got.body["text"]
    assert "&lt;!channel&gt; &amp;" in got.body["text"]
    header, section, context = got.body["blocks"]
    assert header["text"]["type"] == section["text"]["type"] == "plain_text"
    assert context["elements"][0]["text"].startswith("<https://ci.example.org/a%7Cb&gt;#series-")
    assert len(header["text"]["text"]) <= 150
    assert len(section["text"]["text"]) <= 3000


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_letter_goes_out_as_the_plan_says(
    security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with post(secure=security == "tls", login=("evalkit", "s3cr3t")) as server:
        told = Teller(plan(tmp_path, mail=letters(server.port, security)), PASSWORD="s3cr3t")
        assert told(after(alarmed())) == 1
        assert told(after(alarmed() + 1)) == 0
    assert told.said == []
    [letter] = server.letters
    assert (letter.sender, letter.to) == ("nightly@example.org", ["a@example.org", "b@example.org"])
    assert (letter.user, letter.secure) == ("evalkit", security != "none")
    message = letter.message
    assert message["Subject"].startswith("[evalkit coding] Regression: model on suite, −")
    assert message["To"] == "a@example.org, b@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Date"]
    assert "lost" in message.get_content()


def letters(port: int, security: str = "none", **more: Any) -> dict[str, Any]:
    login = {"user": "evalkit", "password": "env:PASSWORD"}
    to = {"from": "nightly@example.org", "to": ["a@example.org", "b@example.org"]}
    return {"host": "127.0.0.1", "port": port, "security": security, **login, **to, **more}


@pytest.mark.parametrize(
    ("says", "sent", "why"),
    [
        ({"MAIL": ["451 later"]}, 1, ""),
        ({"MAIL": ["451 later"] * 3}, 0, "the server answers 451: later"),
        ({"DATA": ["554 no s3cr3t"]}, 0, "the server answers 554: no ***"),
        ({"RCPT": ["550 who"]}, 1, ""),
        ({"RCPT": ["550 who", "550 who"]}, 0, "all addressees are refused (550 who)"),
        ({"RCPT": ["450 full", "450 full"]}, 1, ""),
        ({"AUTH": ["535 not with s3cr3t"]}, 0, "the server answers 535: not with ***"),
    ],
)
def test_a_mail_server_that_refuses(says: dict[str, list[str]], sent: int, why: str, tmp_path: Path) -> None:
    with post(login=("evalkit", "s3cr3t")) as server:
        server.says = says
        told = Teller(plan(tmp_path, mail=letters(server.port)), PASSWORD="s3cr3t")
        assert told(after(alarmed())) == sent
    assert len(server.letters) == sent
    assert [why in line for line in told.said] == ([True] if why else [])
    assert not any("s3cr3t" in text for text in (*told.said, told.stored))


def test_a_password_is_never_sent_where_others_could_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with post(login=("evalkit", "s3cr3t")) as server:
        told = Teller(plan(tmp_path, mail=letters(server.port, "starttls")), PASSWORD="s3cr3t")
        assert told(after(alarmed())) == 0
        assert "its certificate is not trusted" in told.said[-1]
    with post(starttls=False, login=("evalkit", "s3cr3t")) as server:
        told = Teller(plan(tmp_path / "b", mail=letters(server.port, "starttls")), PASSWORD="s3cr3t")
        assert told(after(alarmed())) == 0
        assert "STARTTLS" in told.said[-1]
    told = Teller(plan(tmp_path / "c", mail=letters(1, "tls")))
    assert told(after(alarmed())) == 0
    assert "the variable PASSWORD is not set" in told.said[-1]


@pytest.mark.parametrize("text", [*TEXTS, "a\r\nBcc: all@example.org", "\ud800"])
def test_names_that_others_chose_are_text_and_nothing_else(text: str, tmp_path: Path) -> None:
    series = replace(history(text), suite=text)
    nights = tuple(replace(night, facts={text: text}, tasks=_renamed(night, text)) for night in series.nights)
    with hook() as receiver, post() as server:
        mail = {k: v for k, v in letters(server.port).items() if k not in ("user", "password")}
        told = Teller(plan(tmp_path, webhook="env:HOOK", slack="env:HOOK", mail=mail), HOOK=receiver.url)
        assert told(after(alarmed(), replace(series, nights=nights))) == 3
    assert told.said == []
    [letter] = server.letters
    assert {name for name, _ in letter.message.items()} == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert letter.to == ["a@example.org", "b@example.org"]
    assert len(letter.message["Subject"]) <= 250
    seen = letter.message["Subject"] + letter.message.get_content()
    assert not {"\u202e", "\x1b", "\x00", "\u200b"} & set(seen)
    assert receiver.got[0].body["series"]["model"] == text
    assert "<" not in receiver.got[1].body["text"]


def _renamed(night: Night, text: str) -> dict[str, tuple[int, int]]:
    return {f"{text[:99]}{task}": counts for task, counts in night.tasks.items()}


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ([], "is no table"),
        ({"web": 1}, "has no 'web'"),
        ({"on": ["all"]}, "names 'all'"),
        ({"on": "drops"}, "names 'drops'"),
        ({"page": "javascript:x"}, "no http address"),
        ({"webhook": 3}, "neither text nor a list"),
        ({"webhook": "hooks.example.org"}, "neither env:NAME nor an http address"),
        ({"webhook": "env:A B"}, "neither env:NAME nor an http address"),
        ({"webhook": "https://a:b@example.org/"}, "is a secret"),
        ({"webhook": "https://example.org/?key=1"}, "is a secret"),
        ({"webhook": f"https://example.org{SECRET}"}, "looks like a secret"),
        ({"webhook": "https://example.org/h/3fa85f64-5717-4562-b3fc-2c963f66afa6"}, "looks like a secret"),
        ({"webhook": ["env:A", "env:A"]}, "one address twice"),
        ({"slack": "https://example.org/x"}, "is a secret"),
        ({"headers": {"Authorization": "Bearer x"}}, "must be env:NAME"),
        ({"headers": {"Host": "env:A"}}, "cannot be given"),
        ({"headers": {"A\r\nB": "env:A"}}, "cannot be given"),
        ({"mail": 1}, "is no table"),
        ({"mail": {"host": "h", "from": "a@b"}}, "is no mail address"),
        ({"mail": {"host": "h h", "from": "a@b", "to": "c@d"}}, "no host's name"),
        ({"mail": {"host": "h", "from": "a@b", "to": "c@d\nBcc: e@f"}}, "is no mail address"),
        ({"mail": {"host": "h", "from": "a@b", "to": "c@d", "password": "x"}}, "must be env:NAME"),
        ({"mail": {"host": "h", "from": "a@b", "to": "c@d", "password": "env:P"}}, "belong together"),
        ({"mail": {"host": "h", "from": "a@b", "to": "c@d", "security": "ssl"}}, "there are starttls"),
        ({"mail": {"host": "h", "from": "a@b", "to": "c@d", "port": 0}}, "port is 0"),
        (
            {"mail": letters(25, host="h")},
            "would be readable",
        ),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant(raw: Any, why: str) -> None:
    with pytest.raises(ValueError, match=r"\[alerts") as told:
        settings(raw)
    assert why in str(told.value)
    assert "s3cr3t" not in str(told.value)


def test_trying_it_out_says_who_took_it(tmp_path: Path) -> None:
    with hook() as receiver, post() as server:
        mail = {k: v for k, v in letters(server.port).items() if k not in ("user", "password")}
        named = plan(tmp_path, webhook="env:HOOK", mail=mail)
        said: list[str] = []
        assert try_out(named, said.append, env={"HOOK": receiver.url})
        assert said == [
            "alerts: webhook env:HOOK: it took a test message",
            "alerts: mail to a@example.org, b@example.org: it took a test message",
        ]
        assert not try_out(named, said.append, env={})
    assert "HOOK is not set" in said[2]
    assert not try_out(plan(tmp_path), said.append)
    assert receiver.got[0].body["test"] is True
    assert not (tmp_path / "coding").exists()
