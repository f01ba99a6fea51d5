"""Answering a registry that asks who is there: with the user's `docker login`, or anonymously."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Sent = tuple[int, Mapping[str, str], bytes]  # status, headers, body


class NoLogin(Exception):
    """Its text says why; `status` is HTTP's where the registry's words are the reason."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


def authorization(
    registry: str, name: str, challenge: str, send: Callable[..., Sent], *, secure: bool
) -> str | None:
    """The header that answers `WWW-Authenticate`; None where nothing does. NoLogin.

    `name`: the image's repository. `secure`: a token is asked for over TLS only, as the manifest is.
    """
    kind, _, rest = challenge.partition(" ")
    login = credentials(registry)
    if kind.lower() == "basic" and login and "username" in login:
        pair = f"{login['username']}:{login['password']}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    realm = asked.get("realm", "")
    if kind.lower() != "bearer" or not realm.startswith("https://" if secure else "http"):
        return None
    query = {"service": asked.get("service", ""), "scope": asked.get("scope") or f"repository:{name}:pull"}
    if login and (identity := login.get("identitytoken")):
        form = {**query, "grant_type": "refresh_token", "client_id": "evalkit", "refresh_token": identity}
        status, _, body = send("POST", realm, data=form)
    else:
        pair_ = (login["username"], login["password"]) if login else None
        status, _, body = send("GET", realm, params=query, auth=pair_)
    try:
        found = json.loads(body)
        return f"Bearer {found.get('token') or found['access_token']}"
    except (ValueError, KeyError, AttributeError):
        said = words(body)
        raise NoLogin(f"{registry} gives no token: {status}{' ' + said if said else ''}", status) from None


def credentials(registry: str) -> dict[str, str] | None:
    """username and password, or identitytoken, from the Docker config file or its helper; None: anonymous."""
    import docker.auth
    import docker.errors

    try:
        found: Mapping[str, Any] = docker.auth.load_config().resolve_authconfig(registry) or {}
    except docker.errors.DockerException as e:
        raise NoLogin(f"the credentials of {registry} cannot be had: {e}") from None
    lower = {key.lower(): str(value) for key, value in found.items() if value}
    return lower if "identitytoken" in lower or {"username", "password"} <= lower.keys() else None


def words(body: bytes) -> str:
    """A registry's own words for an error: {"errors": [{"code", "message"}]}, else nothing."""
    try:
        raw = json.loads(body)
        said = [str(e.get("message") or e.get("code")) for e in raw["errors"]] if "errors" in raw else []
        return "; ".join(said or [str(raw.get("message") or raw.get("details") or "")])[:200]
    except (ValueError, TypeError, AttributeError, KeyError):
        return ""
