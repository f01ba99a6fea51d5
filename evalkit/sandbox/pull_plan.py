"""What pulling the images of a run costs, and in which order: pure planning, nothing is asked or pulled.

Sizes in a manifest are those of packed layers. What a layer takes on disk is known once it is there; until
then it is reckoned as `UNPACKED` times as much. What is unknown (no registry answered) stays unknown: sums
are then lower bounds, and say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

# SWE-bench Verified, 500 images: 240 GiB on disk, about 100 GiB to download (LogicStar, 2025)
UNPACKED = 2.5


@dataclass(frozen=True)
class Layer:
    """`size`: bytes as it is sent, packed. `content`: the digest that the engine knows it by, unpacked."""

    digest: str
    size: int
    content: str = ""


@dataclass(frozen=True)
class Manifest:
    """An image of this platform. `digest`: what the reference stands for, an index's where it is one."""

    digest: str
    layers: tuple[Layer, ...]
    config: str = ""  # the digest that is the image's id in the engine

    @property
    def size(self) -> int:
        return sum(layer.size for layer in dict.fromkeys(self.layers))


@dataclass(frozen=True)
class Quota:
    """How many pulls a registry still allows, over `window_s`; `retry_s` where it said when to come back.

    None is unknown: many registries have no limit, and say nothing.
    """

    limit: int | None = None
    remaining: int | None = None
    window_s: int | None = None
    retry_s: float | None = None


@dataclass(frozen=True)
class Image:
    """One image of a run. `here`: in the engine already. `supplied`: the local image that --image-map gives
    for it. `unknown`: why there is no manifest, in words."""

    reference: str
    tasks: tuple[str, ...] = ()
    here: bool = False
    supplied: str = ""
    registry: str = ""
    manifest: Manifest | None = None
    unknown: str = ""

    @property
    def missing(self) -> bool:
        return not self.here and not self.supplied


@dataclass(frozen=True)
class PullPlan:
    """Images in the order in which they are best used. Sizes are bytes; disk sizes are reckoned.

    `peak`: most that is on disk at a time where each image goes after use and the next one is fetched ahead;
    `all`: where all are kept. `at_once`: how many neighbours fit into the budget anywhere in the order; None
    without a budget. `too_large` fit on their own neither: their tasks cannot run.
    """

    images: tuple[Image, ...]
    download: int = 0
    unknown: int = 0  # images of unknown size among those to pull
    peak: int = 0
    all: int = 0
    budget: int | None = None
    at_once: int | None = None
    too_large: tuple[str, ...] = ()
    quotas: Mapping[str, Quota] = field(default_factory=dict)  # by registry
    present: frozenset[str] = frozenset()  # Layer.content of what the engine held before

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(image.reference for image in self.images)

    @property
    def pulls(self) -> int:
        return sum(image.missing for image in self.images)

    def pulls_from(self, registry: str) -> int:
        return sum(image.missing and image.registry == registry for image in self.images)

    def short(self) -> dict[str, int]:
        """By registry, how many pulls more are needed than are left, where that is known."""
        lacking = {
            name: self.pulls_from(name) - quota.remaining
            for name, quota in self.quotas.items()
            if quota.remaining is not None
        }
        return {name: count for name, count in lacking.items() if count > 0}

    def sentence(self) -> str:
        """For people: what will be pulled, what it takes, and what stands against it."""
        least = "at least " if self.unknown else ""
        parts = [
            f"{self.pulls} of {len(self.images)} to pull",
            f"{least}{_gb(self.download)} to download",
            f"{least}{_gb(self.peak)} on disk at a time",
        ]
        if self.too_large:
            parts.append(f"{len(self.too_large)} larger than the disk budget: their tasks cannot run")
        for name, count in self.short().items():
            left = self.quotas[name].remaining
            parts.append(f"{name} allows {left} pulls now, {count} fewer than needed")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """The `images` object of `run --dry-run --json`: docs/machine-interface.md."""
        quotas = {
            name: {**vars(quota), "needed": self.pulls_from(name)} for name, quota in self.quotas.items()
        }
        return {
            "summary": self.sentence(),
            "count": len(self.images),
            "here": sum(image.here and not image.supplied for image in self.images),
            "supplied": sum(bool(image.supplied) for image in self.images),
            "pulls": self.pulls,
            "download_bytes": self.download,
            "of_unknown_size": self.unknown,
            "disk_peak_bytes": self.peak,
            "disk_all_bytes": self.all,
            "disk_budget_bytes": self.budget,
            "at_once": self.at_once,
            "too_large": list(self.too_large),
            "quotas": quotas,
        }


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def plan_pulls(
    images: Iterable[Image],
    *,
    width: int = 1,
    budget: int | None = None,
    quotas: Mapping[str, Quota] | None = None,
    present: frozenset[str] = frozenset(),
) -> PullPlan:
    """The plan of these images, given in the order of their tasks. `width`: tasks at work at once;
    `present`: what the engine holds already, by `Layer.content`."""
    ordered = in_order(list(images))
    pulled = [image for image in ordered if image.missing]
    known = {layer for image in pulled for layer in held_already(image, present)}
    wanted = {layer for image in pulled for layer in layers(image)} - known
    alone = {image.reference: room(image, known) for image in pulled}
    too_large = [name for name, size in alone.items() if budget is not None and size > budget]
    return PullPlan(
        images=tuple(ordered),
        download=sum(layer.size for layer in wanted),
        unknown=sum(image.manifest is None for image in pulled),
        peak=max((_held(window, known) for window in _windows(ordered, width)), default=0),
        all=on_disk(wanted),
        budget=budget,
        at_once=None if budget is None else _at_once(pulled, known, budget, set(too_large)),
        too_large=tuple(too_large),
        quotas=quotas or {},
        present=present,
    )


def in_order(images: Sequence[Image]) -> list[Image]:
    """Images that share layers next to each other; else as they came.

    Layers build on one another, so images form a tree. It is walked depth first, branches in the order of
    their first image: neighbours have as much in common as they can.
    """
    first: dict[tuple[str, ...], int] = {}
    keys = []
    for number, image in enumerate(images):
        digests = tuple(layer.digest for layer in layers(image)) or (f"unknown {image.reference}",)
        prefixes = [digests[: depth + 1] for depth in range(len(digests))]
        for prefix in prefixes:
            first.setdefault(prefix, number)
        keys.append(([first[prefix] for prefix in prefixes], number))
    return [images[number] for _, number in sorted(keys)]


def layers(image: Image) -> tuple[Layer, ...]:
    return image.manifest.layers if image.manifest else ()


def held_already(image: Image, present: Set[str]) -> Iterator[Layer]:
    """Its layers that need no download: the engine knows a layer only above those that it was made on."""
    return takewhile(lambda layer: layer.content in present, layers(image))


def on_disk(some: Iterable[Layer]) -> int:
    return round(sum(layer.size for layer in some) * UNPACKED)


def room(image: Image, present: Set[Layer]) -> int:
    """What pulling it takes at most: packed layers stay until they are unpacked."""
    new = set(layers(image)) - present
    return on_disk(new) + sum(layer.size for layer in new)


def _windows(ordered: Sequence[Image], width: int) -> Iterable[list[Image]]:
    """The images in use at a time, with the next one: one window for each that may be the oldest in use."""
    for start in range(len(ordered)):
        end, tasks = start + 1, 1  # of the oldest, one last task may be left
        while end < len(ordered) and tasks < width:
            tasks += max(1, len(ordered[end].tasks))
            end += 1
        yield list(ordered[start : end + 1])


def _held(window: Sequence[Image], known: set[Layer]) -> int:
    """What is on disk while the window's last image is being pulled."""
    pulled = [image for image in window if image.missing]
    if not pulled:
        return 0
    before = {layer for image in pulled[:-1] for layer in layers(image)} - known
    return on_disk(before) + room(pulled[-1], known | before)


def _at_once(pulled: Sequence[Image], known: set[Layer], budget: int, without: set[str]) -> int:
    """How many neighbours fit wherever they stand: a window is moved along that is as long as fits."""
    fitting = [image for image in pulled if image.reference not in without]
    held: Counter[Layer] = Counter()
    shortest, start = len(fitting), 0
    for end, image in enumerate(fitting):
        mine = set(layers(image)) - known
        held.update(mine)
        while on_disk(held.keys()) + sum(layer.size for layer in mine if held[layer] == 1) > budget:
            shortest = min(shortest, end - start)
            held -= Counter(set(layers(fitting[start])) - known)
            start += 1
    return shortest
