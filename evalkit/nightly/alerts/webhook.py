"""A message as a POST: JSON of ours, or Slack's form, which others take too."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import evalkit
from evalkit.nightly.alerts.messages import Message
from evalkit.nightly.alerts.send import TIMEOUT, Failed, value
from evalkit.nightly.alerts.settings import Webhook, local
from evalkit.text import shown

SCHEMA = "evalkit.alert/1"
AGAIN = (408, 425, 429, 500, 502, 503, 504)  # states of a server that pass
TITLE, TEXT = 150, 3000  # characters that Slack takes


def post(hook: Webhook, message: Message, link: str, env: Mapping[str, str]) -> None:
    """Failed says why it did not arrive."""
    url = _address(hook, env)
    body = slack(message, link) if hook.slack else generic(message, link)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"evalkit/{evalkit.__version__}",
        "Idempotency-Key": hashlib.sha256(message.id.encode(errors="replace")).hexdigest(),
        **{name: _header(name, value(text, env)) for name, text in hook.headers.items()},
    }
    request = Request(url, json.dumps(body).encode(), headers, method="POST")
    try:
        with _opener(url).open(request, timeout=TIMEOUT):
            return
    except HTTPError as e:
        with e:
            raise _refused(e) from None
    except URLError as e:
        raise Failed(f"it cannot be reached: {e.reason}", again=True) from None
    except (OSError, http.client.HTTPException) as e:
        raise Failed(f"it cannot be reached: {e or type(e).__name__}", again=True) from None
    except ValueError:
        raise Failed("its address or headers cannot be used", again=False) from None


def generic(message: Message, link: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": message.id,
        "kind": message.kind,
        "plan": message.plan,
        "date": message.day.isoformat(),
        "title": message.title,
        "text": message.text,
        "link": link or None,
        **message.facts,
    }


def slack(message: Message, link: str) -> dict[str, Any]:
    """Names of tasks and models are others' words: in plain text they can call nobody and link nowhere."""
    title, text = shown(message.title), shown(message.text)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(title, TITLE)},
        {"type": "section", "text": _plain(text, TEXT)},
    ]
    if link:
        to = _escaped(link).replace("|", "%7C")
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": f"<{to}|Dashboard>"}]})
    return {
        "text": _escaped(_cut(f"{title}\n{text}" + (f"\n{link}" if link else ""), TEXT)),
        "blocks": blocks,
    }


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _cut(text, most), "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _address(hook: Webhook, env: Mapping[str, str]) -> str:
    url = value(hook.url, env)
    parts = None
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if parts is None or not good or not url.isascii() or not url.isprintable() or " " in url:
        raise Failed("what the variable holds is no http address", again=False)
    if parts.username or parts.password:
        raise Failed("the address holds a password: give it as a header (headers = {...})", again=False)
    secret = url != hook.url or bool(hook.headers)
    if secret and parts.scheme == "http" and not local(parts.hostname or ""):
        raise Failed("its secrets would be readable on the way: https only", again=False)
    return url


def _header(name: str, text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise Failed(f"the header {name} would hold characters that none may", again=False)
    return text


class _Stay(HTTPRedirectHandler):
    """A redirect would take the message, and the headers, to somebody whom the plan does not name."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(url: str) -> OpenerDirector:
    direct = local(urlsplit(url).hostname or "")
    return build_opener(_Stay, *([ProxyHandler({})] if direct else []))


def _refused(error: HTTPError) -> Failed:
    if 300 <= error.code < 400:
        to = urlsplit(error.headers.get("Location", "")).hostname or "somewhere else"
        return Failed(f"it redirects to {to} ({error.code}): the plan must name the new address", again=False)
    try:
        said = error.read(300).decode(errors="replace").strip() if error.fp else ""
    except (OSError, http.client.HTTPException):
        said = ""
    asked = error.headers.get("Retry-After", "")
    return Failed(
        f"it answers {error.code}" + (f": {said}" if said else ""),
        again=error.code in AGAIN,
        after=float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0.0,
    )
