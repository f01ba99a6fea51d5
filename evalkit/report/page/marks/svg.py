"""SVG elements as safe markup. Lengths are CSS pixels; text is escaped and made visible."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from evalkit.report.palette import Mark
from evalkit.text import one_line, shown

LONGEST = 36  # characters of a name in a figure: it stands in full in the table beside it


def num(length: float) -> str:
    """With one decimal, as short as it goes."""
    return f"{length:.1f}".removesuffix(".0").replace("-0", "0" if abs(length) < 0.05 else "-0")


def svg(width: float, height: float, parts: Iterable[Markup], *, label: str = "", css: str = "") -> Markup:
    """The figure. Without `label` it is hidden from screen readers: the same numbers stand beside it."""
    says = (
        Markup('role="img" aria-label="{}"').format(shown(label)) if label else Markup('aria-hidden="true"')
    )
    frame = Markup('<svg{} width="{}" height="{}" viewBox="0 0 {} {}" {}>{}</svg>')
    named = Markup(' class="{}"').format(css) if css else Markup("")
    w, h = num(width), num(height)
    return frame.format(named, w, h, w, h, says, Markup("").join(parts))


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> Markup:
    return Markup('<path class="{}" d="M{} {}L{} {}"/>').format(css, num(x1), num(y1), num(x2), num(y2))


def path(points: Iterable[tuple[float, float]], css: str, *, closed: bool = False) -> Markup:
    steps = "L".join(f"{num(x)} {num(y)}" for x, y in points)
    return Markup('<path class="{}" d="M{}{}"/>').format(css, steps, "Z" if closed else "")


def text(x: float, y: float, words: str, *, css: str = "", anchor: str = "", whole: bool = False) -> Markup:
    """Long words are cut, but for our own (`whole`)."""
    named = Markup(' class="{}"').format(css) if css else Markup("")
    at = Markup(' text-anchor="{}"').format(anchor) if anchor else Markup("")
    seen = one_line(shown(words), 0 if whole else LONGEST)
    return Markup('<text{} x="{}" y="{}"{}>{}</text>').format(named, num(x), num(y), at, seen)


def rect(x: float, y: float, width: float, height: float, css: str) -> Markup:
    place = (num(x), num(y), num(width), num(height))
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(css, *place)


def mark(look: Mark, x: float, y: float, r: float, *, filled: bool, css: str = "") -> Markup:
    """A model's own shape in its colour, hollow for what is published, filled for what was measured here.
    `r` is the radius of a circle of its weight."""
    named = f"m m{look.colour}{'' if filled else ' o'}{' ' + css if css else ''}"
    if not look.points:
        return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(named, num(x), num(y), num(r))
    return path([(x + r * dx, y + r * dy) for dx, dy in look.points], named, closed=True)
