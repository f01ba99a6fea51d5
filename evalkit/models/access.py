"""Where a model is served and with which key: from flags, the environment and the catalog."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from evalkit.errors import UsageError
from evalkit.models.secret import Secret

KEY_IN_VARIABLE = "put the key into a variable: --api-key-env NAME"
NO_KEY = "none"  # what a local server without keys is sent: the client insists on one


@dataclass(frozen=True)
class Access:
    """`shown` is the base URL without a slash at its end; `key_source` names a variable."""

    base_url: str
    key: Secret
    shown: str
    key_source: str = ""


def make_access(
    base_url: str, api_key_env: str | None, key_envs: tuple[str, ...], *, sends: bool = True
) -> Access:
    """The key from `api_key_env` where given, else from the first of `key_envs` that is set.

    UsageError names the variable that is missing; a local server needs no key, nor does who sends nothing.
    """
    check_base_url(base_url)
    shown = base_url.rstrip("/")
    if api_key_env:
        if not api_key_env.isidentifier():
            raise UsageError("--api-key-env is given something else than a variable's name", KEY_IN_VARIABLE)
        if not os.environ.get(api_key_env, "").strip():
            raise UsageError(
                f"--api-key-env names {api_key_env}, which is not set", f"export {api_key_env}=..."
            )
        return Access(base_url, read_key(api_key_env), shown, api_key_env)
    for name in key_envs:
        if os.environ.get(name, "").strip():
            return Access(base_url, read_key(name), shown, name)
    if is_local(base_url) or not sends:
        return Access(base_url, Secret(NO_KEY), shown)
    names = " or ".join(dict.fromkeys(key_envs))
    raise UsageError(f"no API key for {shown}", f"set {names}, or name the variable: --api-key-env NAME")


def read_key(variable: str) -> Secret:
    key = os.environ[variable].strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"{variable} holds characters that no key has", "is there a line break in it?")
    return Secret(key)


def check_base_url(base_url: str) -> None:
    """UsageError unless this is an http(s) URL of an API's root, without credentials: runs keep it."""
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError as e:
        raise UsageError(f"cannot read the base URL: {e}", "--base-url https://HOST/v1") from None
    if parts.username or parts.password or parts.query or parts.fragment:
        what = "credentials" if parts.username or parts.password else "more than a path"
        raise UsageError(f"the base URL holds {what}", KEY_IN_VARIABLE)
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{base_url!r} is no base URL", "--base-url https://HOST/v1")
    if parts.path.rstrip("/").endswith("/completions"):
        raise UsageError(f"{base_url!r} is not the API's root", "leave out /chat/completions")


def is_local(base_url: str) -> bool:
    """Whether a URL is this machine's or a private network's: names without a dot count as such."""
    host = urlsplit(base_url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal"))
    return address.is_private or address.is_loopback or address.is_link_local
