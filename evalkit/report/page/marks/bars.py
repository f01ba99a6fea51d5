"""Samples by class of outcome as one bar of fixed length."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from evalkit.report.page.marks.svg import rect, svg

WIDTH, HEIGHT = 300, 16


def stacked(counts: Mapping[str, int]) -> Markup:
    """Classes in their order; each that has a sample is at least a visible sliver."""
    total = sum(counts.values())
    if not total:
        return svg(WIDTH, HEIGHT, [])
    some = {name: count for name, count in counts.items() if count}
    widths = {name: max(2.5, WIDTH * count / total) for name, count in some.items()}
    shrink = WIDTH / sum(widths.values())
    parts, x = [], 0.0
    for name, width in widths.items():
        parts.append(rect(x, 0, max(1.0, width * shrink - 1), HEIGHT, f"out-{name}"))
        x += width * shrink
    return svg(WIDTH, HEIGHT, parts)


def swatch(name: str) -> Markup:
    return svg(11, 11, [rect(0.5, 0.5, 10, 10, f"out-{name}")])
