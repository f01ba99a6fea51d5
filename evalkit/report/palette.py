"""One colour and one shape for each model, the same on the page and in every figure.

The first ten colours were searched for: any two stay apart for normal, protanope, deuteranope and tritanope
eyes (0.06 in Oklab, 0.075 among the first five), all stand out from the paper by 3.2 to 1 or more, and none
is nearly black or white. Colour never tells models apart alone: each has a shape too, and from the eleventh
model on colours meet other shapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from evalkit.report.content import Report

Theme = Literal["light", "dark"]
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Colour:
    light: str
    dark: str

    def on(self, theme: Theme) -> str:
        return self.dark if theme == "dark" else self.light


COLOURS = (
    Colour("#2347b5", "#8ea8ff"),  # blue
    Colour("#479d91", "#2f9484"),  # teal
    Colour("#6a6c76", "#aeb2be"),  # grey
    Colour("#9e2e08", "#e8752f"),  # rust
    Colour("#957ad3", "#a35fe6"),  # violet
    Colour("#813756", "#c577a5"),  # plum
    Colour("#243a00", "#c4d74e"),  # olive
    Colour("#407ca2", "#3aa3d4"),  # sky
    Colour("#a2580a", "#d0ad81"),  # brown
    Colour("#638f4b", "#7c9d63"),  # green
)

# classes of outcome (content.ACCOUNTS); `not_run` is drawn as an outline
ACCOUNT_COLOURS: Mapping[str, Colour] = {
    "passed": Colour("#4766c6", "#7d96ea"),
    "failed": Colour("#cfd2d9", "#454a56"),
    "no_answer": Colour("#9aa0ad", "#6b7180"),
    "truncated": Colour("#e2b96a", "#c79a4a"),
    "timeout": Colour("#a8752e", "#8f6a2c"),
    "refused": Colour("#7a5c99", "#a88bc9"),
    "error": Colour("#b3261e", "#ff8f86"),
    "not_run": Colour("#666a75", "#979ca8"),
}

INK = Colour("#1b1c20", "#ecebe7")
MUTED = Colour("#5f636e", "#979ca8")
HAIR = Colour("#e6e2da", "#2d3039")
PAPER = Colour("#ffffff", "#191b21")


def _regular(corners: int, turn: float, radius: float = 1.0) -> Points:
    """Corners of a regular polygon, the first `turn` of a full turn from the top, clockwise, y downwards."""
    angles = [2 * math.pi * (i / corners + turn) for i in range(corners)]
    return tuple((round(radius * math.sin(a), 4), round(-radius * math.cos(a), 4)) for a in angles)


def _star() -> Points:
    outer, inner = _regular(5, 0, 1.25), _regular(5, 0.1, 0.55)
    return tuple(point for pair in zip(outer, inner, strict=True) for point in pair)


def _cross() -> Points:
    w, a = 1.0, 0.36
    return (
        (-a, -w), (a, -w), (a, -a), (w, -a), (w, a), (a, a),
        (a, w), (-a, w), (-a, a), (-w, a), (-w, -a), (-a, -a),
    )  # fmt: skip


# Outlines around (0, 0), y downwards as in SVG, about as heavy to the eye as a circle of radius 1.
# No points: that circle.
SHAPES: Mapping[str, Points] = {
    "circle": (),
    "square": _regular(4, 0.125, 1.26),
    "diamond": _regular(4, 0, 1.28),
    "triangle": _regular(3, 0, 1.3),
    "triangle-down": _regular(3, 0.5, 1.3),
    "pentagon": _regular(5, 0, 1.18),
    "cross": _cross(),
    "star": _star(),
    "triangle-left": _regular(3, 0.75, 1.3),
    "hexagon": _regular(6, 0, 1.12),
}


@dataclass(frozen=True)
class Mark:
    """How a model is drawn. `colour` is the place in COLOURS, `shape` the name in SHAPES."""

    colour: int
    shape: str

    def colour_on(self, theme: Theme) -> str:
        return COLOURS[self.colour].on(theme)

    @property
    def points(self) -> Points:
        return SHAPES[self.shape]


def mark(position: int) -> Mark:
    """Of the model at `position`, from 0: a hundred differ, then they begin again."""
    shapes = list(SHAPES)
    return Mark(
        position % len(COLOURS),
        shapes[(position + position // len(COLOURS)) % len(shapes)],
    )


def marks(report: Report) -> dict[str, Mark]:
    """By model id, in the order in which the report shows its models: the main table's columns first."""
    return {model: mark(i) for i, model in enumerate(dict.fromkeys(_models(report)))}


def _models(report: Report) -> Iterator[str]:
    for table in report.tables:
        yield from (model.id for model in table.models)
    for forest in report.forests:
        yield from (forest.a.id, forest.b.id)
    yield from (run.model.id for run in report.runs)
