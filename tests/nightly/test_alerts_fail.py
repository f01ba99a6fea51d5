"""Servers that fail in every way: nothing is lost, nothing is told for ever, and no secret is seen."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.nightly.alerts import ledger, send
from evalkit.nightly.alerts.tell import try_out
from tests.nightly.alerted import DROP, SECRET, WELL, Teller, after, alarmed, history, plan
from tests.nightly.receivers import CERTIFICATE, Answer, hook


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
    with hook() as receiver:
        first = Teller(replace(told.plan, name="other", alerts={"webhook": "env:HOOK"}), HOOK=receiver.url)
        assert first(after(alarmed())) == 1
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
    for number in range(kills):
        with hook() as receiver:
            told = Teller(plan(tmp_path / str(number), webhook="env:HOOK"), HOOK=receiver.url)
            child = multiprocessing.get_context("fork").Process(target=told, args=(after(n, *all_of),))
            child.start()
            assert child.pid
            time.sleep(0.04 * (number + 1) / kills)
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            told(after(n, *all_of))
            assert told(after(n + 1, *all_of)) == 0
        heard = [got.body["id"] for got in receiver.got]  # all of it: the server has ended
        assert len(set(heard)) == 4
        assert len(heard) <= 5
