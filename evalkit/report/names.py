"""Which column a run's model is: a published model where it is one, else a column of its own.

A model is found by its repository's name, its catalog entry's ids, or because the user says so. A short name
alone does not make it the same: `kimi-k2` is another release today than a table of last year had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalkit.errors import UsageError
from evalkit.models.catalog import Catalog, Entry
from evalkit.registry import did_you_mean
from evalkit.report.labels import Labels
from evalkit.report.select import alike, plain
from evalkit.report.values import Access, Model


def parse_aliases(words: Sequence[str]) -> dict[str, str]:
    """`MODEL=PUBLISHED`, as typed. UsageError where one is no such pair, or a model is two."""
    found: dict[str, str] = {}
    for word in words:
        own, equals, published = word.rpartition("=")
        if not own.strip() or not equals or not published.strip():
            raise UsageError(f"{word!r} does not say which model is which", "MODEL=PUBLISHED")
        if found.setdefault(own.strip(), published.strip()) != published.strip():
            raise UsageError(
                f"{own.strip()!r} cannot be both {found[own.strip()]!r} and {published.strip()!r}"
            )
    return found


REFERENCES = ("oracle", "null")  # backends that answer with gold, and with nothing


def resolve(aliases: Mapping[str, str], published: Mapping[str, Model]) -> dict[str, Model]:
    """The published model by what a run's is called. UsageError for one that is not published, or several."""
    found: dict[str, Model] = {}
    for own, name in aliases.items():
        ids = alike(name, published)
        if len(ids) > 1 and plain(ids[0]) != plain(name):
            raise UsageError(f"{name!r} is {len(ids)} published models", f"say which: {', '.join(ids)}")
        found[plain(own)] = published[ids[0]]
    return found


def check_used(aliases: Mapping[str, str], called: Iterable[str]) -> None:
    """UsageError for an alias of a model that no run has; `called` are the names of the runs' models."""
    names = set(called)
    for own in aliases:
        if plain(own) not in map(plain, names):
            raise UsageError(f"no run of a model {own!r}", did_you_mean(own, names))


def calls_itself(manifest: Mapping[str, Any]) -> list[str]:
    """As the model was asked for, and the id that was sent."""
    return list(filter(None, [manifest["settings"]["model"], manifest["model"].get("id", "")]))


def column_of(
    manifest: Mapping[str, Any],
    published: Mapping[str, Model],
    aliases: Mapping[str, Model],
    catalog: Catalog,
    said: Labels,
) -> Model:
    """The model of a run as a column; `aliases` as `resolve` gives them."""
    names = calls_itself(manifest)
    for name in names:
        if plain(name) in aliases:
            return aliases[plain(name)]
    entry = entry_of(names, catalog)
    known = {plain(name) for name in (*names, *ids_of(entry))}
    for model in published.values():
        titled = f"{model.display} {model.detail}" if model.detail else model.id
        if plain(model.id) in known or plain(titled) in known:
            return model
    return own_column(manifest, entry, said)


def entry_of(names: Sequence[str], catalog: Catalog) -> Entry | None:
    """The catalog's entry by its name, or by an id that somebody serves it under."""
    asked = catalog.entries.get(names[0])
    return asked or next((e for e in catalog.entries.values() if set(names) & set(ids_of(e))), None)


def ids_of(entry: Entry | None) -> list[str]:
    return [] if entry is None else [*filter(None, (*entry.ids.values(), entry.id)), entry.display]


def own_column(manifest: Mapping[str, Any], entry: Entry | None, said: Labels) -> Model:
    asked, described = manifest["settings"]["model"], manifest["model"]
    if described.get("backend") in REFERENCES:
        return Model(asked, asked, said["gather.reference"], reference=True)
    if described.get("backend") == "replay":
        file = described.get("file", "")
        return Model(f"replay:{file}:{described.get('sha256', '')[:8]}", f"replay:{file}")
    if entry is None:
        return Model(asked, asked.rpartition("/")[2] or asked)
    access: Access = "open" if "huggingface" in entry.ids else ""  # its weights have a repository
    return Model(entry.name, entry.display or entry.name, "", entry.organisation, access)
