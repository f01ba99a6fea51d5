"""Looking before pulling: which images are in the engine, and what the registries say of the others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from evalkit.sandbox.pull_plan import Image, Manifest, PullPlan, Quota, plan_pulls
from evalkit.sandbox.registry import Registries, RegistryError, parse

AT_ONCE = 8  # questions
GETS = 2  # of manifests that an image may need: an index, and what it names for this platform


def survey(
    client: Any,
    images: Mapping[str, Sequence[str]],
    *,
    supplied: Mapping[str, str] | None = None,
    width: int = 1,
    budget: int | None = None,
    cache: Path | None = None,
) -> PullPlan:
    """The plan for these images: reference -> tasks. Blocks; pulls nothing. A silent registry is no error."""
    supplied = supplied or {}
    here = {reference for reference in images if reference not in supplied and find(client, reference)}
    missing = [reference for reference in images if reference not in here and reference not in supplied]
    asked = _Asked(registries(client, cache), missing)
    looked = asked.all()
    found = [
        Image(
            reference,
            tuple(tasks),
            reference in here,
            supplied.get(reference, ""),
            asked.registry_of.get(reference, ""),
            manifest if isinstance(manifest := looked.get(reference, ""), Manifest) else None,
            manifest if isinstance(manifest, str) else "",
        )
        for reference, tasks in images.items()
    ]
    present = contents(client) if missing else frozenset()
    return plan_pulls(found, width=width, budget=budget, quotas=asked.quotas, present=present)


def registries(client: Any, cache: Path | None = None) -> Registries:
    return Registries(client.info(), client.version(), cache / "manifests" if cache else None)


def find(client: Any, reference: str) -> str | None:
    """The id of an image that the engine has."""
    import docker.errors

    try:
        return str(client.api.inspect_image(reference)["Id"])
    except docker.errors.NotFound:
        return None


def contents(client: Any) -> frozenset[str]:
    """The layers in the engine: Layer.content."""
    import docker.errors

    found: set[str] = set()
    for image in client.api.images(all=True):
        try:
            found.update(client.api.inspect_image(image["Id"])["RootFS"].get("Layers") or ())
        except docker.errors.NotFound:
            continue  # removed meanwhile
    return frozenset(found)


class _Asked:
    """Asking about many images at once, without using up what may be pulled."""

    def __init__(self, registries: Registries, references: Sequence[str]) -> None:
        self.quotas: dict[str, Quota] = {}
        self.registry_of: dict[str, str] = {}
        self._registries = registries
        self._found: dict[str, Manifest | str] = {}
        for reference in references:
            try:
                self.registry_of[reference] = parse(reference).registry
            except ValueError as e:
                self._found[reference] = str(e)
        self._needed = Counter(self.registry_of.values())
        self._silent: dict[str, str] = {}  # registries that answer nobody, and their words
        self._asking: Counter[str] = Counter()  # manifests being got, by registry
        self._lock = threading.Lock()

    def all(self) -> dict[str, Manifest | str]:
        """What each is, or why that is unknown."""
        firsts = {registry: reference for reference, registry in reversed(self.registry_of.items())}
        for reference in firsts.values():  # go ahead: if nobody is there, only they wait for him
            self._found[reference] = self._one(reference)
        rest = [reference for reference in self.registry_of if reference not in self._found]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="evalkit-registry") as pool:
            self._found.update(zip(rest, pool.map(self._one, rest), strict=True))
        return self._found

    def _one(self, reference: str) -> Manifest | str:
        registry = self.registry_of[reference]
        if words := self._silent.get(registry):
            return words
        try:
            digest, quota = self._registries.head(reference)
            self._note(registry, quota)
            if known := self._registries.known(digest):
                return known
            if not self._may_get(registry):
                return "its size is not asked for: that would use up pulls that are needed"
            try:
                manifest, quota = self._registries.get(reference)
            finally:
                self._asking[registry] -= 1
            self._note(registry, quota)
            return manifest
        except RegistryError as e:
            if e.status is None and registry not in self.quotas:
                self._silent[registry] = e.message
            self._note(registry, e.quota)
            return e.message

    def _note(self, registry: str, quota: Quota) -> None:
        with self._lock:
            if registry not in self.quotas or quota != Quota():
                self.quotas[registry] = quota

    def _may_get(self, registry: str) -> bool:
        """Whether pulls are left for all images then that are needed."""
        with self._lock:
            left = self.quotas[registry].remaining
            asking = self._asking[registry] + 1
            if left is not None and left - GETS * asking < self._needed[registry]:
                return False
            self._asking[registry] = asking
            return True
