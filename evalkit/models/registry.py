"""From what a user typed after --model to a model.

oracle, null, replay:FILE    models that need no server
qwen3-coder                  a name of the catalog
anything else                an id that is served at --base-url
BACKEND:...                  a backend of a plug-in (entry point group "evalkit.backends"); by path: --backend
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from typing import Any, cast

from evalkit.errors import UsageError
from evalkit.model import Model, Sampling
from evalkit.models.access import Access, check_base_url, is_local, make_access
from evalkit.models.catalog import Catalog, Entry, Provider, load_catalog
from evalkit.models.gold import Null, Oracle
from evalkit.models.replay import open_replay
from evalkit.models.sampling import check_extra_body, merge
from evalkit.registry import did_you_mean, load_object, plug_in
from evalkit.suite import Suite


@dataclass(frozen=True)
class Opening:
    """Everything that was asked for: what a backend's factory gets. `sampling` is the user's own."""

    spec: str
    base_url: str | None = None
    api_key_env: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    stream: bool = False
    concurrency: int = 64
    request_timeout_s: float = 600.0
    max_attempts: int = 8
    suite: Suite | None = None
    sends: bool = True  # False: only to be described and priced, a key may be missing
    salt: str = ""  # part of each call's Idempotency-Key: a run's name makes its calls its own


Factory = Callable[[Opening], Model]


def open_model(
    spec: str,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    backend: str | None = None,
    sampling_overrides: Sampling | None = None,
    extra_body: Mapping[str, Any] | None = None,
    stream: bool = False,
    concurrency: int = 64,
    request_timeout_s: float = 600.0,
    max_attempts: int = 8,
    suite: Suite | None = None,
    sends: bool = True,
    salt: str = "",
    factory: Factory | None = None,
) -> Model:
    """The model that `spec` names, or that `factory` makes of it. Nothing is sent. Raises UsageError,
    DataError (replay)."""
    sampling = sampling_overrides or Sampling()
    if extra_body:
        sampling = replace(sampling, extra_body={**sampling.extra_body, **extra_body})
    check_extra_body(sampling.extra_body)
    if base_url:
        check_base_url(base_url)  # of any backend's: it is kept in the manifest
    opening = Opening(
        spec,
        base_url,
        api_key_env,
        sampling,
        stream,
        concurrency,
        request_timeout_s,
        max_attempts,
        suite,
        sends,
        salt,
    )
    return (factory or find_backend(spec, backend))(opening)


def find_backend(spec: str, backend: str | None) -> Factory:
    """The factory for a spec: the named backend, else the one that the spec begins with, else openai."""
    name = backend or spec.partition(":")[0]
    if name in BACKENDS:
        return BACKENDS[name]
    if backend or ":" in spec:  # an id may hold a colon too ("qwen3-coder:30b")
        path = plug_in("evalkit.backends", name)
        if path:
            return cast(Factory, load_object(path, f"backend {name}"))
    if backend:
        raise UsageError(f"unknown backend {backend!r}", did_you_mean(backend, backend_names()))
    return open_openai


def backend_names() -> list[str]:
    return sorted({*BACKENDS, *entry_points(group="evalkit.backends").names})


# -- an OpenAI-compatible API ----------------------------------------------------------------------


def open_openai(opening: Opening) -> Model:
    from evalkit.models.api import OpenAIModel
    from evalkit.models.retry import RetryPolicy
    from evalkit.models.wire import Wire

    catalog = load_catalog()
    entry = catalog.entries.get(opening.spec)
    base_url = opening.base_url or ""
    if not base_url and not (entry and entry.base_url):
        base_url = os.environ.get("OPENAI_BASE_URL") or ""
    if entry is None and not base_url:
        raise unknown_model(opening.spec, catalog)
    entry = entry or Entry(opening.spec, id=opening.spec)
    access, provider = find_access(entry, catalog, base_url, opening.api_key_env, sends=opening.sends)
    place = provider.name if provider else ""
    return OpenAIModel(
        opening.spec,
        Wire(
            model=model_id(entry, provider),
            stream=opening.stream,
            prefill=entry.prefill or (provider.prefill if provider else ""),
            max_tokens_field=entry.max_tokens_field
            or (provider.max_tokens_field if provider else "max_tokens"),
            reasoning_field=entry.reasoning_field or (provider.reasoning_field if provider else ""),
        ),
        access,
        sampling=merge(opening.sampling, entry.sampling),
        price=entry.prices.get(place) or (None if place else entry.prices.get("")),
        inline_think=entry.inline_think,
        context=entry.context,
        concurrency=opening.concurrency,
        request_timeout_s=opening.request_timeout_s,
        retry=RetryPolicy(
            max_attempts=opening.max_attempts,
            deadline_s=max(RetryPolicy.deadline_s, 3 * opening.request_timeout_s),
        ),
        salt=opening.salt,
    )


def unknown_model(spec: str, catalog: Catalog) -> UsageError:
    names = [*catalog.entries, *BACKENDS]
    close = difflib.get_close_matches(spec.lower(), names, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    hint += (
        "a model of your own needs --base-url URL (or OPENAI_BASE_URL); `evalkit models` lists the catalog"
    )
    return UsageError(f"unknown model {spec!r}", hint)


def find_access(
    entry: Entry, catalog: Catalog, base_url: str, api_key_env: str | None, *, sends: bool = True
) -> tuple[Access, Provider | None]:
    """Where the model is asked for: the given URL, the entry's own, or its first provider with a key."""
    if base_url or entry.base_url:
        place = base_url or entry.base_url
        provider = catalog.provider_at(place)
        keys = [entry.key_env, provider.key_env if provider else ""]
        if base_url or not is_local(place):  # a catalog's own box has no business with OpenAI's key
            keys.append("OPENAI_API_KEY")
        return make_access(place, api_key_env, tuple(filter(None, keys)), sends=sends), provider
    providers = [catalog.providers[name] for name in entry.ids if name in catalog.providers]
    if not providers:
        raise UsageError(f"{entry.name} has no provider in the catalog", "say where it is served: --base-url")
    with_key = [p for p in providers if os.environ.get(p.key_env, "").strip()]
    if not with_key and not api_key_env and sends:
        raise UsageError(
            f"no API key for {entry.name}",
            f"set {' or '.join(p.key_env for p in providers)}, or say where it is served: --base-url URL",
        )
    provider = (with_key or providers)[0]
    return make_access(provider.base_url, api_key_env, (provider.key_env,), sends=sends), provider


def model_id(entry: Entry, provider: Provider | None) -> str:
    """What the provider calls the model; a server of one's own usually calls it as its repository."""
    if provider and provider.name in entry.ids:
        return entry.ids[provider.name]
    if entry.id:
        return entry.id
    if provider:
        raise UsageError(
            f"the catalog does not know what {provider.name} calls {entry.name}",
            f"give the provider's own id, or use {' or '.join(n for n in entry.ids if n != 'huggingface')}",
        )
    return entry.ids.get("huggingface") or next(iter(entry.ids.values()))


BACKENDS: dict[str, Factory] = {
    "openai": open_openai,
    "oracle": lambda _: Oracle(),
    "null": lambda _: Null(),
    "replay": lambda opening: open_replay(opening.spec, opening.suite),
}
