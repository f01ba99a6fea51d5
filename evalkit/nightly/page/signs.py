"""How a series stands and what became of an alarm: a word, a shape and a colour, never the colour alone."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from evalkit.report.page.marks.svg import svg

SHAPES: Mapping[str, str] = {
    "down": '<path d="M5 8.7L1.1 2h7.8z"/>',
    "down-open": '<path class="o" d="M5 8.2L1.5 2.2h7z"/>',
    "up": '<path d="M5 1.3L8.9 8H1.1z"/>',
    "ring": '<circle class="o" cx="5" cy="5" r="3.4"/>',
    "dot": '<circle cx="5" cy="5" r="1.7"/>',
    "dotted": '<circle class="o few" cx="5" cy="5" r="3.4"/>',
    "tick": '<path class="o" d="M1.4 5.4L4 8l4.8-6"/>',
    "bar": '<path class="o" d="M1.5 5h7"/>',
    "flag": '<path class="o" d="M2.4 9.4V1.2h6L6.6 3.5l1.8 2.3h-6"/>',
}
# what a series stands as: shape, colour
STANDS: Mapping[str, tuple[str, str]] = {
    "regressed": ("down", "bad"),
    "acknowledged": ("down-open", "soft"),
    "watch": ("ring", "warn"),
    "improved": ("up", "good"),
    "steady": ("dot", ""),
    "learning": ("dotted", ""),
    "ended": ("bar", ""),
}
STATES: Mapping[str, tuple[str, str]] = {
    "new": ("down", "bad"),
    "acknowledged": ("flag", "soft"),
    "fixed": ("tick", "good"),
    "expected": ("bar", ""),
    "closed": ("bar", ""),
}


def colour(stands: str) -> str:
    """The class that carries the colour of a state, "" where it has none of its own."""
    return STANDS.get(stands, ("dot", ""))[1]


def stand(stands: str, words: str = "") -> Markup:
    return _sign(*STANDS.get(stands, ("dot", "")), words or stands)


def state(of: str, direction: str) -> Markup:
    """Of an alarm. A new rise is good news."""
    if of == "new" and direction == "rise":
        return _sign("up", "good", "new")
    return _sign(*STATES.get(of, ("dot", "")), of)


def _sign(shape: str, css: str, word: str) -> Markup:
    figure = svg(10, 10, [Markup(SHAPES[shape])])
    return Markup('<span class="sign {}">{}{}</span>').format(css, figure, word)
