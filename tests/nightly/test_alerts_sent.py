"""What goes out: Slack's form, letters, texts that others wrote; and what a plan may say of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.nightly.alerts.settings import settings
from evalkit.nightly.alerts.tell import try_out
from evalkit.nightly.history import Night
from tests.browser.hostile import TEXTS
from tests.nightly.alerted import SECRET, Teller, after, alarmed, history, letters, plan
from tests.nightly.receivers import CERTIFICATE, hook, post


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
