"""The catalog of models by short name: what is built in, and a user's own entries over it."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evalkit.errors import UsageError
from evalkit.model import Sampling
from evalkit.models.usage import Price
from evalkit.registry import did_you_mean

BUILT_IN = Path(__file__).with_name("models.toml")
PARSERS = {"tool_parser": "str", "reasoning_parser": "str", "arguments": "tuple"}  # what an engine is told
# fields of Entry that no key of a file is called after
ENTRY_OURS = (
    *("name", "sampling", "sampling_source", "prices", "price_source"),
    *("parsers", "parsers_source", "catalog"),
)
PREFILLS = ("", "continue-final-message")


@dataclass(frozen=True)
class Provider:
    """Somebody who serves models. `key_env` names the variable that holds the key."""

    name: str
    base_url: str
    key_env: str = ""
    prefill: str = ""
    max_tokens_field: str = "max_tokens"
    reasoning_field: str = ""
    source: str = ""


@dataclass(frozen=True)
class Entry:
    """One model of the catalog. `ids` by provider; a user's entry may give `id` and `base_url` instead.

    `source` says where licence, context and ids were found. What is not known stays None or empty.
    """

    name: str
    display: str = ""
    organisation: str = ""
    licence: str = ""
    context: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    base_url: str = ""
    key_env: str = ""
    prefill: str = ""
    max_tokens_field: str = ""
    reasoning_field: str = ""
    inline_think: bool = False
    source: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    sampling_source: str = ""
    parsers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by engine: see PARSERS
    parsers_source: str = ""
    prices: Mapping[str, Price] = field(
        default_factory=dict
    )  # by provider; "" where an entry has its own URL
    price_source: str = ""
    catalog: str = "built in"  # or the file that it came from


@dataclass(frozen=True)
class Catalog:
    providers: Mapping[str, Provider]
    entries: Mapping[str, Entry]

    def provider_at(self, base_url: str) -> Provider | None:
        """The provider that serves this URL, by host."""
        host = urlsplit(base_url).hostname
        return next((p for p in self.providers.values() if urlsplit(p.base_url).hostname == host), None)


def load_catalog() -> Catalog:
    """The built-in catalog with the user's own over it, entry by entry. UsageError names what is wrong."""
    catalog = read_catalog(BUILT_IN, "built in")
    own = user_catalog_path()
    if own is None:
        return catalog
    mine = read_catalog(own, str(own))
    return Catalog({**catalog.providers, **mine.providers}, {**catalog.entries, **mine.entries})


def user_catalog_path() -> Path | None:
    """EVALKIT_MODELS, else ./models.toml, else evalkit/models.toml in the user's configuration folder."""
    if given := os.environ.get("EVALKIT_MODELS"):
        return Path(given)
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    candidates = (Path("models.toml"), config / "evalkit" / "models.toml")
    return next((path for path in candidates if path.is_file()), None)


def read_catalog(path: Path, label: str) -> Catalog:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise UsageError(f"cannot read the catalog {path}: {e}") from None
    try:
        _known(raw, ("providers", "models"), "")
        providers = {n: _provider(n, t) for n, t in _table(raw.get("providers", {}), "providers").items()}
        entries = {n: _entry(n, t, label) for n, t in _table(raw.get("models", {}), "models").items()}
    except _BadCatalog as e:
        raise UsageError(f"{path}: {e}", e.hint) from None
    return Catalog(providers, entries)


class _BadCatalog(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def _provider(name: str, raw: Any) -> Provider:
    where = f"providers.{name}"
    table = dict(_table(raw, where))
    source = _source(table, where)
    _typed(table, Provider, where, skip=("name",), also=("source", "date"))
    if "base_url" not in table:
        raise _BadCatalog(f"{where}: base_url is missing")
    return Provider(name, source=source, **table)


def _entry(name: str, raw: Any, label: str) -> Entry:
    where = f"models.{name}"
    table = dict(_table(raw, where))
    sampling, sampling_source = _sampling(table.pop("sampling", {}), f"{where}.sampling")
    prices, price_source = _prices(table.pop("price", {}), f"{where}.price")
    parsers, parsers_source = _parsers(table.pop("serve", {}), f"{where}.serve")
    source = _source(table, where)
    _typed(table, Entry, where, skip=ENTRY_OURS, also=("sampling", "price", "serve", "date"))
    if not table.get("ids") and not table.get("id"):
        raise _BadCatalog(f"{where}: no id", 'give `id = "..."` with `base_url`, or `ids` by provider')
    if table.get("prefill", "") not in PREFILLS:
        raise _BadCatalog(f"{where}: prefill cannot be {table['prefill']!r}", f"known: {PREFILLS[1]}")
    return Entry(
        name,
        source=source,
        sampling=sampling,
        sampling_source=sampling_source,
        prices=prices,
        price_source=price_source,
        parsers=parsers,
        parsers_source=parsers_source,
        catalog=label,
        **table,
    )


def _sampling(raw: Any, where: str) -> tuple[Sampling, str]:
    table = dict(_table(raw, where))
    source = _source(table, where)
    _typed(table, Sampling, where, also=("source", "date"))
    if "stop" in table:
        table["stop"] = tuple(table["stop"])
    return Sampling(**table), source


def _prices(raw: Any, where: str) -> tuple[dict[str, Price], str]:
    table = _table(raw, where)
    by_provider = {"": table} if "input" in table or "output" in table else table
    prices, sources = {}, []
    for provider, price in by_provider.items():
        inner = f"{where}.{provider}".rstrip(".")
        values = dict(_table(price, inner))
        sources.append(_source(values, inner))
        _typed(values, Price, inner, also=("source", "date"))
        if missing := [k for k in ("input", "output") if k not in values]:
            raise _BadCatalog(f"{inner}: {missing[0]} is missing")
        prices[provider] = Price(**values)
    return prices, "; ".join(filter(None, sources))


def _parsers(raw: Any, where: str) -> tuple[dict[str, dict[str, Any]], str]:
    """How an engine of one's own has to read the model: `[models.NAME.serve.ENGINE]`."""
    parsers, sources = {}, []
    for engine, given in _table(raw, where).items():
        inner = f"{where}.{engine}"
        values = dict(_table(given, inner))
        sources.append(_source(values, inner))
        _known(values, PARSERS, inner)
        if odd := [name for name, value in values.items() if not _fits(value, PARSERS[name])]:
            raise _BadCatalog(
                f"{inner}.{odd[0]} cannot be {values[odd[0]]!r}", "names are texts, arguments a list"
            )
        parsers[engine] = values
    return parsers, "; ".join(dict.fromkeys(filter(None, sources)))


def _source(table: dict[str, Any], where: str) -> str:
    parts = [table.pop("source", ""), table.pop("date", "")]
    if not all(isinstance(part, str) for part in parts):
        raise _BadCatalog(f"{where}: source and date are texts")
    return ", ".join(filter(None, parts))


def _typed(table: Mapping[str, Any], cls: type, where: str, *, skip: Any = (), also: Any = ()) -> None:
    """Check a table's keys and values against a dataclass's fields; ints are fine where floats are asked."""
    kinds = {f.name: str(f.type) for f in dataclasses.fields(cls) if f.name not in skip}
    _known(table, (*kinds, *also), where)
    for key, value in table.items():
        if not _fits(value, kinds[key]):
            raise _BadCatalog(f"{where}: {key} cannot be {value!r} (expected {kinds[key]})")


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    if kind.startswith("Mapping[str, str]"):
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    if kind.startswith("tuple"):
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    accepted = {"str": str, "int": int, "float": int | float, "Mapping": dict}
    return any(isinstance(value, t) for name, t in accepted.items() if kind.startswith(name))


def _known(table: Mapping[str, Any], known: Any, where: str) -> None:
    for key in table:
        if key not in known:
            raise _BadCatalog(f"{where}: unknown key {key!r}".removeprefix(": "), did_you_mean(key, known))


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _BadCatalog(f"{where} is no table")
    return value


def describe_catalog() -> list[dict[str, Any]]:
    """One row a model, for `evalkit models`: plain JSON, unknown values are None or absent."""
    return [_row(entry) for entry in load_catalog().entries.values()]


def _row(entry: Entry) -> dict[str, Any]:
    sampling = {k: v for k, v in dataclasses.asdict(entry.sampling).items() if v not in (None, (), {})}
    return {
        "name": entry.name,
        "display": entry.display or entry.name,
        "organisation": entry.organisation or None,
        "licence": entry.licence or None,
        "context": entry.context,
        "ids": dict(entry.ids) or {"": entry.id},
        "base_url": entry.base_url or None,
        "source": entry.source or None,
        "sampling": sampling,
        "sampling_source": entry.sampling_source or None,
        "serve": {engine: dict(parsers) for engine, parsers in entry.parsers.items()},
        "serve_source": entry.parsers_source or None,
        "price": {provider: dataclasses.asdict(price) for provider, price in entry.prices.items()},
        "price_source": entry.price_source or None,
        "catalog": entry.catalog,
    }
