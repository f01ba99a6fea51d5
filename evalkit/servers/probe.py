"""Asking a server: whether it serves our model, and what it says of itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from evalkit.servers.engine import Engine, Place, Reader, Wanted

PROBE_S = 5.0  # for a question that costs it nothing
TOKEN_S = 120.0  # for a first token: kernels are compiled then
BODY_BYTES = 4 << 20


@dataclass(frozen=True)
class Facts:
    """What it says: tokens of context that it really serves, its version, what its cache holds in tokens, on
    how many requests it works at once. None and "" are unknown."""

    context: int | None = None
    version: str = ""
    served: str = ""
    kv_tokens: int | None = None
    slots: int | None = None


def ready(engine: Engine, place: Place, wanted: Wanted, left_s: float) -> str:
    """Why it is not ready, "" where it is: its health answers and one token of our model comes."""
    status, said = ask(place, engine.health, timeout_s=min(PROBE_S, left_s))
    if status != 200:
        return f"{engine.health} says {status or said}"
    question = {
        "model": engine.served(wanted),
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 1,
        "temperature": 0,
    }
    status, said = ask(place, f"{engine.api}/chat/completions", question, timeout_s=min(TOKEN_S, left_s))
    if status != 200:
        return f"a completion of one token says {status or ''} {str(said)[:300]}".replace("  ", " ")
    try:
        said["choices"][0]["message"]
    except (TypeError, LookupError):
        return "a completion of one token has no choices"
    return _another(engine, place, wanted)


def _another(engine: Engine, place: Place, wanted: Wanted) -> str:
    """Why it is not our model that answers, as far as its list says: llama-server answers to any name."""
    status, said = ask(place, f"{engine.api}/models", timeout_s=PROBE_S)
    try:
        names = [str(model["id"]) for model in said["data"]] if status == 200 else []
    except (TypeError, LookupError):
        return ""
    ours = engine.served(wanted)
    return f"it serves {', '.join(names)[:200]}, not {ours}" if names and ours not in names else ""


def facts_of(engine: Engine, place: Place, wanted: Wanted) -> Facts:
    """What it tells of itself; what it does not tell, or tells in another way, is unknown."""
    return Facts(
        context=_read(place, engine.context),
        version=_read(place, engine.version) or "",
        served=engine.served(wanted),
        kv_tokens=_read(place, engine.kv_tokens),
        slots=_read(place, engine.slots),
    )


def preempted(engine: Engine, place: Place) -> float | None:
    """How often it has put a request off for want of cache."""
    found: float | None = _read(place, engine.preempted)
    return found


def _read(place: Place, asked: Reader | None) -> Any:
    if asked is None:
        return None
    path, reader = asked
    status, said = ask(place, path, timeout_s=PROBE_S)
    try:
        return reader(said) if status == 200 else None
    except (TypeError, LookupError, ValueError, AttributeError):
        return None


def ask(place: Place, path: str, body: Any = None, *, timeout_s: float) -> tuple[int, Any]:
    """The status and the JSON (or text) of the answer; 0 and why where there is none."""
    request = urllib.request.Request(
        place.root + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"}
        | ({"Authorization": f"Bearer {place.key}"} if place.key else {}),
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the loopback needs none
    try:
        with opener.open(request, timeout=max(0.1, timeout_s)) as answer:
            return answer.status, _decoded(answer.read(BODY_BYTES))
    except urllib.error.HTTPError as e:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return e.code, _decoded(e.read(BODY_BYTES))
        return e.code, ""
    except (OSError, ValueError, http.client.HTTPException) as e:  # also of one that dies in mid-answer
        return 0, str(getattr(e, "reason", e)) or type(e).__name__


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "replace")
