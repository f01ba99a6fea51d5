"""What network a phase of a harbor task has: public, none, or certain hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from .fields import Fields, shown
from .trial import Network

MODES: dict[str, Network] = {"public": "public", "no-network": "no-network", "allowlist": "allowlist"}
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Policy:
    mode: Network = "public"
    hosts: tuple[str, ...] = ()


def read_policy(fields: Fields) -> Policy | None:
    """What the table says; None where it says nothing. The older `allow_internet` is asked last."""
    hosts = tuple(checked_host(host, fields) for host in fields.texts("allowed_hosts"))
    if not fields.has("network_mode"):
        if hosts:
            fields.wrong("allowed_hosts", "needs network_mode = allowlist")
        if not fields.has("allow_internet"):
            return None
        return Policy("public" if fields.truth("allow_internet", True) else "no-network")
    mode = MODES[fields.choice("network_mode", None, tuple(MODES))]
    if hosts and mode != "allowlist":
        fields.wrong("allowed_hosts", f"needs network_mode = allowlist, not {mode}")
    return Policy(mode, hosts)


def checked_host(host: str, fields: Fields) -> str:
    """A name, a `*.name`, an address or a range of such, in lower case."""
    host = host.strip().lower().rstrip(".")
    if not (is_address(host) or all(map(LABEL.fullmatch, host.removeprefix("*.").split(".")))):
        fields.wrong("allowed_hosts", f"holds no host: {shown(host)}")
    return host


def is_address(host: str) -> bool:
    try:
        return bool(ip_network(host, strict=True) if "/" in host else ip_address(host))
    except ValueError:
        return False
