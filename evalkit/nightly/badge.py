"""A badge: one series' score and state as a small SVG, for a README or a wall of screens.

It asks for no font and no network. Each text is given its width, so that it fits whatever font is there, and
the same standing gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from evalkit.nightly.latest import latest
from evalkit.nightly.standing import Standing, Stands
from evalkit.text import one_line, shown

LONGEST = 40  # characters of a text
HEIGHT, PAD = 20, 7
LABEL = "#43464e"
# each with white text by 4.5 to 1 or more; the word beside it says the same
COLOURS: Mapping[Stands, str] = {
    "learning": "#5f636e",
    "steady": "#17714a",
    "watch": "#855600",
    "regressed": "#b3261e",
    "acknowledged": "#813756",
    "improved": "#2347b5",
    "ended": "#5f636e",
}
NARROW, WIDE = "fijlrtI.,:;'|!()[] -·", "mwMW@%—…"


def badge(standing: Standing, label: str = "") -> str:
    """`label`: what stands on the left, else suite and model."""
    left = _fit(label or f"{standing.series.suite} · {standing.series.model}")
    score = latest(standing.watched).score
    state = standing.stands
    right = f"{100 * score:.1f}% {state}" if score is not None else state
    widths = _width(left), _width(right)
    ends = widths[0] + 2 * PAD, widths[0] + widths[1] + 4 * PAD
    said = escape(f"{left}: {right}", {'"': "&quot;"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{ends[1]}" height="{HEIGHT}" role="img" '
        f'aria-label="{said}">'
        f"<title>{said}</title>"
        f'<clipPath id="round"><rect width="{ends[1]}" height="{HEIGHT}" rx="3"/></clipPath>'
        '<g clip-path="url(#round)">'
        f'<rect width="{ends[0]}" height="{HEIGHT}" fill="{LABEL}"/>'
        f'<rect x="{ends[0]}" width="{ends[1] - ends[0]}" height="{HEIGHT}" fill="{COLOURS[state]}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{_text(left, PAD, widths[0])}{_text(right, ends[0] + PAD, widths[1])}</g></svg>\n"
    )


def _text(text: str, x: int, width: int) -> str:
    return f'<text x="{x}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'


def _fit(text: str) -> str:
    return one_line(shown(" ".join(text.split())), LONGEST)


def _width(text: str) -> int:
    """Of 11 pixels' type, about: letters of other scripts are as wide as they are high."""
    each = (4 if c in NARROW else 10 if c in WIDE else 7 if c.isascii() or c < "\u2e80" else 11 for c in text)
    return max(1, sum(each))
