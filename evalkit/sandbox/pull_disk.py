"""What the pulled images take on the engine's disk, as far as is known: shared layers count once."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.sandbox.pull_plan import UNPACKED, PullPlan, held_already, layers


class PullDisk:
    """Sizes of layers, in bytes: reckoned from the packed ones, right once an image is there.

    An image without a manifest is one layer of its own, of unknown size until it is there: 0.
    """

    def __init__(self, plan: PullPlan) -> None:
        self._layers: dict[str, dict[str, int]] = {}  # reference -> layer -> packed size
        self._size: dict[str, float] = {}  # layer -> size on disk
        self._there = {layer.digest for i in plan.images for layer in held_already(i, plan.present)}
        self._settled: set[str] = set()
        for image in plan.images:
            parts = {layer.digest: layer.size for layer in layers(image)} or {image.reference: 0}
            self._layers[image.reference] = parts
            for digest, size in parts.items():
                self._size.setdefault(digest, size * UNPACKED)

    def taken(self, references: Iterable[str]) -> float:
        """By these images together, beside what was there before."""
        held = {layer for reference in references for layer in self._layers.get(reference, ())}
        return sum(self._size[layer] for layer in held - self._there)

    def room(self, reference: str, beside: Iterable[str]) -> float:
        """What pulling one takes beside those, at its most: packed layers stay until they are unpacked."""
        held = {layer for other in beside for layer in self._layers.get(other, ())} | self._there
        new = {layer: size for layer, size in self._layers[reference].items() if layer not in held}
        return sum(self._size[layer] + size for layer, size in new.items())

    def learn(self, reference: str, size: int) -> None:
        """The image is there, and takes so much in all."""
        mine = self._layers.setdefault(reference, {reference: 0})  # one that was not planned
        for layer, packed in mine.items():
            self._size.setdefault(layer, packed * UNPACKED)
        open_ = [layer for layer in mine if layer not in self._settled]
        rest = max(0.0, size - sum(self._size[layer] for layer in mine if layer in self._settled))
        total = sum(mine[layer] for layer in open_)
        for layer in open_:
            self._size[layer] = rest * (mine[layer] / total if total else 1 / len(open_))
        self._settled.update(open_)
