"""What a user asks of a server, with what the catalog knows of the model: as evalkit.servers takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evalkit.errors import UsageError
from evalkit.models.catalog import Catalog, Entry
from evalkit.servers.engine import Engine, Wanted
from evalkit.servers.hub import Found, ask_hub, cached_snapshot
from evalkit.servers.preflight import MODEL_HINT, check, looks_local
from evalkit.servers.weights import Weights, check_parts, parts_of, weights_of

SPEED = ("parallel", "gpu_memory", "device")  # they change no reply, but for rounding: no part of a run


@dataclass(frozen=True)
class How:
    """What a session decides. `ready_s` None: by the model's size. `fit`: as many calls as a cache holds."""

    keep: bool = False
    ready_s: float | None = None
    port: int | None = None
    fit: bool = False
    name: str = ""  # of a server that is kept


@dataclass(frozen=True)
class Asked:
    """A model to serve: what it is called in requests and runs, its files as far as they are here."""

    wanted: Wanted
    name: str
    weights: Weights
    found: Found = field(default_factory=Found)

    @property
    def size(self) -> int:
        """Bytes of weights; 0 is unknown."""
        return self.weights.size or self.found.size

    def identity(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What makes its replies what they are. No place, no port, no key."""
        wanted = self.wanted
        facts: dict[str, Any] = {
            "revision": wanted.revision,
            "weights": self.weights.digest[:16] if looks_local(wanted.model) else "",
            "quantization": wanted.quantization,
            "context": wanted.context if given.get("context") else None,
            "tool_parser": wanted.tool_parser,
            "reasoning_parser": wanted.reasoning_parser,
            "chat_template": template_digest(wanted.chat_template),
            "arguments": list(wanted.extra),
        }
        return {name: value for name, value in facts.items() if value}


def find_entry(catalog: Catalog, spec: str) -> Entry | None:
    """The catalog's entry of that name, or of the model that the hub calls so."""
    if spec in catalog.entries:
        return catalog.entries[spec]
    same = spec.casefold()
    return next(
        (e for e in catalog.entries.values() if e.ids.get("huggingface", "").casefold() == same), None
    )


def ask_for(
    spec: str,
    entry: Entry | None,
    engine: Engine,
    given: Mapping[str, Any],
    context: int | None,
    *,
    sends: bool,
) -> Asked:
    """UsageError where the engine is not here, cannot do what is asked, or the model is not to be had.
    `given`: fields of `Wanted` that have flags, and "model", the absolute path of a model that is one.
    `sends` False: nobody is asked, and the engine need not be here."""
    model = file_of(engine, given.get("model") or model_of(spec, entry, engine))
    parsers = entry.parsers.get(engine.name, {}) if entry else {}
    wanted = Wanted(
        model=model,
        context=context,
        parallel=given.get("parallel"),
        quantization=given.get("quantization", ""),
        gpu_memory=given.get("gpu_memory"),
        tool_parser=given.get("tool_parser") or parsers.get("tool_parser", ""),
        reasoning_parser=given.get("reasoning_parser") or parsers.get("reasoning_parser", ""),
        chat_template=given.get("chat_template", ""),
        revision=given.get("revision", ""),
        device=given.get("device", ""),
        extra=(*parsers.get("arguments", ()), *given.get("extra", ())),
    )
    local = looks_local(wanted.model)
    name = Path(wanted.model).name if local else wanted.model
    if "served_name" not in engine.unsupported:
        # no flag, and for llama-server, which takes a list of names, one
        wanted = replace(wanted, served_name=name.lstrip("-").replace(",", "_"))
    if sends:
        if local:
            check_parts(Path(wanted.model))
        check(engine, wanted)
    folder = Path(wanted.model) if local else cached_snapshot(wanted.model.partition(":")[0], wanted.revision)
    if folder is not None and folder.exists():
        check_kind(engine, folder)
        return Asked(wanted, name, weights_of(folder))
    if sends:
        return Asked(wanted, name, Weights(), ask_hub(wanted.model.partition(":")[0], wanted.revision))
    return Asked(wanted, name, Weights())


def model_of(spec: str, entry: Entry | None, engine: Engine) -> str:
    """A path as it is, an id of the hub as it is, a catalog's name as the hub calls it."""
    if looks_local(spec) or Path(spec).is_dir():
        return str(Path(spec).expanduser().absolute())
    if entry is not None:
        if found := entry.ids.get("huggingface"):
            return found
        raise UsageError(f"the catalog does not know what the hub calls {entry.name}", MODEL_HINT)
    if "/" not in spec:
        raise UsageError(f"{spec!r} is no model that {engine.name} can serve", MODEL_HINT)
    return spec


def file_of(engine: Engine, model: str) -> str:
    """llama.cpp is given a file: of a folder the only one that it holds; of one in parts the first."""
    if engine.name != "llamacpp" or not looks_local(model):
        return model
    path = Path(model)
    firsts = sorted({parts_of(file)[0] for file in (path.glob("*.gguf") if path.is_dir() else [path])})
    if len(firsts) > 1:
        names = ", ".join(file.name for file in firsts)
        raise UsageError(f"{model} holds several models", f"name one: {names[:300]}")
    return str(firsts[0]) if firsts else model


def check_kind(engine: Engine, path: Path) -> None:
    """UsageError where the files are of another engine's kind."""
    if engine.name == "llamacpp":
        if path.is_dir() and looks_local(str(path)) and not any(path.glob("*.gguf")):
            raise UsageError(f"llama.cpp needs a file of the format GGUF, and {path} holds none")
    elif engine.name == "transformers" and path.is_file():
        raise UsageError(f"transformers serves a folder as the hub's are, and {path} is a file", MODEL_HINT)
    elif path.is_dir() and not (path / "config.json").exists():
        raise UsageError(f"{path} has no config.json: it is no model as the hub's are", MODEL_HINT)


def template_digest(path: str) -> str:
    """Of a chat template's file, "" where none is named: a part of what identifies a run."""
    if not path:
        return ""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
    except OSError:
        return path  # a template that the engine knows by name
