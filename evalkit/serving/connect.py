"""Servers that people start themselves and that have a usual place: Ollama and LM Studio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from evalkit.errors import UsageError
from evalkit.models.access import read_key
from evalkit.models.catalog import Entry
from evalkit.models.registry import Opening
from evalkit.servers.engine import Body, Command, Engine, Place, Wanted
from evalkit.servers.life import ServerError
from evalkit.servers.probe import PROBE_S, Facts, ask, facts_of, ready

ASK_S = 600.0  # for a first token: they load the model when they are asked


def not_started(wanted: Wanted, place: Place) -> Command:
    raise AssertionError("nobody starts a neighbour")


def of_openai(body: Body) -> Body:
    """What is not sent they take from the model's own settings."""
    return {"temperature": 1.0, "top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0, **body}


def ollama(model: str) -> Engine:
    def context(running: Any) -> int | None:
        return next((int(m["context_length"]) for m in running["models"] if _same(m["name"], model)), None)

    return Engine(
        "ollama",
        program="",
        package="",
        command=not_started,
        served=lambda wanted: wanted.model,
        install="https://ollama.com: `ollama serve` starts it",
        health="/api/version",
        context=("/api/ps", context),
        version=("/api/version", lambda said: str(said["version"])),
        speak=of_openai,
        ignored=("top_k", "repetition_penalty", "min_p"),
        keyed=False,
        source="ollama/ollama, docs/openai.md and docs/api.md, read 2026-11",
    )


def lmstudio(model: str) -> Engine:
    def context(listed: Any) -> int | None:
        found = next(m for m in listed["data"] if m["id"] == model)
        return int(found["loaded_context_length"]) if found.get("loaded_context_length") else None

    return Engine(
        "lmstudio",
        program="",
        package="",
        command=not_started,
        served=lambda wanted: wanted.model,
        install="https://lmstudio.ai: `lms server start` starts its server",
        health="/v1/models",
        context=("/api/v0/models", context),
        speak=of_openai,
        keyed=False,
        source="lmstudio.ai/docs/api, read 2026-11",
    )


class Usual(NamedTuple):
    """How it is described for a model, its usual port, the variable that says another place, how it is
    started and how it gets a model (NAME)."""

    describe: Callable[[str], Engine]
    port: int
    variable: str
    start: str
    get: str


NEIGHBOURS: Mapping[str, Usual] = {
    "ollama": Usual(ollama, 11434, "OLLAMA_HOST", "start it: `ollama serve`", "ollama pull NAME"),
    "lmstudio": Usual(
        lmstudio, 1234, "LMSTUDIO_HOST", "start its server: `lms server start`", "lms get NAME"
    ),
}


def _same(listed: str, model: str) -> bool:
    return listed == model or listed == f"{model}:latest"


class Neighbour:
    """A server that runs, and that we leave running."""

    def __init__(self, engine: Engine, place: Place, model: str, identity: Mapping[str, Any]) -> None:
        self.engine, self.place, self.model, self.identity = engine, place, model, identity
        self.say: Callable[[str], None] = lambda line: None
        self.facts = Facts()
        self._met = False

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def served(self) -> str:
        return self.model

    async def ready(self) -> Neighbour:
        if not self._met:
            await asyncio.to_thread(self._meet)
            self._met = True
        return self

    def _meet(self) -> None:
        wanted = Wanted(self.model)
        if why := ready(self.engine, self.place, wanted, ASK_S):
            raise ServerError(f"{self.name} at {self.place.root}: {why}")
        self.facts = facts_of(self.engine, self.place, wanted)

    async def release(self) -> None:
        return None


def connect(opening: Opening, entry: Entry | None, name: str) -> Neighbour:
    """UsageError where nobody answers, or the model is not there."""
    usual = NEIGHBOURS[name]
    place, said = _place(opening, usual)
    model = (entry.ids.get(name, "") if entry else "") or opening.spec
    identity = {"id": model, **({"base_url": opening.base_url} if opening.base_url else {})}
    engine = usual.describe(model)
    if not opening.sends:
        return Neighbour(engine, place, model, identity)
    there, why = _models(place)
    if why:
        raise UsageError(
            f"{name} does not answer at {place.root}: {why}",
            f"{usual.start}{'' if said else f'; elsewhere: --base-url URL or {usual.variable}'}",
        )
    found = next((each for each in there if _same(each, model)), "")
    if there and not found:
        get = usual.get.replace("NAME", model)
        raise UsageError(
            f"{name} has no model {model!r}", f"it has {', '.join(there)[:300]}; to get it: `{get}`"
        )
    return Neighbour(engine, place, found or model, {**identity, "id": found or model})


def listed(name: str) -> tuple[Place, list[str], str]:
    """Where it would be, the models that it has, and why there is no answer."""
    place, _ = _place(Opening(""), NEIGHBOURS[name])
    return place, *_models(place)


def _models(place: Place) -> tuple[list[str], str]:
    status, said = ask(place, "/v1/models", timeout_s=PROBE_S)
    if status != 200:
        return [], f"it says {status}" if status else str(said)
    try:
        return [str(model["id"]) for model in said["data"]], ""
    except (TypeError, LookupError):
        return [], ""


def _place(opening: Opening, usual: Usual) -> tuple[Place, bool]:
    """Where it listens, and whether somebody said so."""
    said = opening.base_url or os.environ.get(usual.variable, "")
    try:
        parts = urlsplit(said if "//" in said else f"//{said}")
        host, port = parts.hostname or "127.0.0.1", parts.port or usual.port
    except ValueError as e:
        where = "--base-url" if opening.base_url else usual.variable
        raise UsageError(f"{where}: {said!r} is no address: {e}", f"http://HOST:{usual.port}") from None
    if host == "0.0.0.0":  # where it listens, not where it is asked
        host = "127.0.0.1"
    key = read_key(opening.api_key_env).reveal() if opening.api_key_env else ""
    return Place(host, port, key), bool(said)
