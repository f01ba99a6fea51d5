"""[alerts] of a plan: who is told of what, and where the secrets for that are.

    [alerts]
    on = ["drop", "fixed", "incomplete"]    # also: rise, quarantine
    page = "https://ci.example.org/nightly/" # where the dashboard is: a link in each message
    webhook = "env:NIGHTLY_WEBHOOK"          # an address, or several: ["env:ONE", "https://two.example.org/hook"]
    headers = { Authorization = "env:NIGHTLY_AUTHORIZATION" }   # for these
    slack = "env:NIGHTLY_SLACK"              # likewise, in Slack's form
    [alerts.mail]
    host = "smtp.example.org"
    from = "evalkit@example.org"
    to = ["team@example.org"]
    user = "env:SMTP_USER"
    password = "env:SMTP_PASSWORD"

`env:NAME` is the value of that variable. What may be a secret comes from there only, and goes over TLS or
to this machine only.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

Kind = Literal["drop", "rise", "fixed", "incomplete", "quarantine"]
KINDS: tuple[Kind, ...] = ("drop", "fixed", "incomplete", "rise", "quarantine")
DEFAULT: tuple[Kind, ...] = ("drop", "fixed", "incomplete")
KEYS = ("on", "page", "webhook", "headers", "slack", "mail")
MAIL = ("host", "port", "security", "user", "password", "from", "to")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
TOKEN = re.compile(r"(?=[^/]*[0-9])[A-Za-z0-9_=-]{16,}")  # a part of a path that looks like one
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]+@[^\s@<>,;:\"()\[\]\\\x00-\x1f]+")
HEADER = re.compile(r"[A-Za-z0-9-]{1,80}")


@dataclass(frozen=True)
class Webhook:
    """`url` and values of `headers` as the plan has them, `env:NAME` or literal. `name` is how it is spoken
    of: it holds no secret."""

    url: str
    slack: bool
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{'slack' if self.slack else 'webhook'} {self.url}"


@dataclass(frozen=True)
class Mail:
    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    to: tuple[str, ...]
    user: str = ""
    password: str = ""

    @property
    def name(self) -> str:
        return f"mail to {', '.join(self.to)}"


Channel = Webhook | Mail


@dataclass(frozen=True)
class Settings:
    on: frozenset[Kind]
    page: str
    channels: tuple[Channel, ...]


def settings(raw: Any) -> Settings:
    """Of [alerts] as the plan's file has it. ValueError names what is wrong."""
    if not isinstance(raw, Mapping):
        raise ValueError("[alerts] is no table")
    _known(raw, KEYS, "[alerts]")
    on = _texts(raw.get("on", list(DEFAULT)), "on")
    if odd := [kind for kind in on if kind not in KINDS]:
        raise ValueError(f"[alerts] on names {odd[0]!r}; there are {', '.join(KINDS)}")
    page = raw.get("page", "")
    if not isinstance(page, str) or (page and urlsplit(page).scheme not in ("http", "https")):
        raise ValueError("[alerts] page is no http address")
    headers = _headers(raw.get("headers", {}))
    channels: list[Channel] = [
        *(
            Webhook(_address(url, "webhook"), False, headers)
            for url in _texts(raw.get("webhook", []), "webhook")
        ),
        *(Webhook(_address(url, "slack"), True, {}) for url in _texts(raw.get("slack", []), "slack")),
    ]
    if "mail" in raw:
        channels.append(_mail(raw["mail"]))
    if len({channel.name for channel in channels}) < len(channels):
        raise ValueError("[alerts] names one address twice")
    return Settings(frozenset(kind for kind in KINDS if kind in on), page, tuple(channels))


def local(host: str) -> bool:
    """Whether that is this machine, so that nothing on the way can read along."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _mail(raw: Any) -> Mail:
    if not isinstance(raw, Mapping):
        raise ValueError("[alerts.mail] is no table")
    _known(raw, MAIL, "[alerts.mail]")
    host, sender = raw.get("host"), raw.get("from")
    if not isinstance(host, str) or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise ValueError("[alerts.mail] host is no host's name")
    security = raw.get("security", "starttls")
    if security not in PORTS:
        raise ValueError(f"[alerts.mail] security is {security!r}; there are {', '.join(PORTS)}")
    port = raw.get("port", PORTS[security])
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise ValueError(f"[alerts.mail] port is {port!r}")
    to = _texts(raw.get("to", []), "mail.to")
    for one in (sender, *(to or [""])):
        if not isinstance(one, str) or not ADDRESS.fullmatch(one):
            raise ValueError(f"[alerts.mail] {one!r} is no mail address: from, to = name@host")
    user, password = raw.get("user", ""), raw.get("password", "")
    if password and not _variable(password):
        raise ValueError("[alerts.mail] password must be env:NAME: the variable that holds it")
    if not isinstance(user, str) or bool(user) != bool(password):
        raise ValueError("[alerts.mail] user and password belong together")
    if password and security == "none" and not local(host):
        raise ValueError("[alerts.mail] a password would be readable on the way: security = starttls or tls")
    return Mail(host, port, security, str(sender), tuple(to), user, password)


def _address(url: str, what: str) -> str:
    """A literal one must hold no secret, since a plan is committed."""
    if _variable(url):
        return url
    parts = _split(url)
    if parts is None:
        raise ValueError(f"[alerts] {what} is neither env:NAME nor an http address")
    if what == "slack" or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"[alerts] {what}: such an address is a secret: keep it in a variable, env:NAME")
    if any(TOKEN.fullmatch(part) for part in parts.path.split("/")):
        raise ValueError(
            f"[alerts] {what}: a part of the address looks like a secret: keep it in a variable, env:NAME"
        )
    return url


def _split(url: str) -> Any:
    """None for what is no address of the web."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        return None
    return parts if good and url.isascii() and url.isprintable() and " " not in url else None


def _headers(raw: Any) -> Mapping[str, str]:
    if not isinstance(raw, Mapping):
        raise ValueError("[alerts] headers is no table")
    for name, value in raw.items():
        if not HEADER.fullmatch(name) or name.lower() in ("content-type", "content-length", "host"):
            raise ValueError(f"[alerts] headers: {name!r} cannot be given")
        if not isinstance(value, str) or not _variable(value):
            raise ValueError(f"[alerts] headers: {name} must be env:NAME: the variable that holds it")
    return dict(raw)


def _texts(raw: Any, what: str) -> list[str]:
    """One text, or a list of them."""
    found = [raw] if isinstance(raw, str) else raw
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        raise ValueError(f"[alerts] {what} is neither text nor a list of texts")
    return found


def _known(raw: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    if odd := sorted(set(raw) - set(keys)):
        raise ValueError(f"{where} has no {odd[0]!r}; there are {', '.join(keys)}")


def _variable(text: Any) -> bool:
    return isinstance(text, str) and VARIABLE.fullmatch(text) is not None
