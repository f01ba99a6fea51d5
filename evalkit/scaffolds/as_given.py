"""Answers that are there already (the oracle's, a replay's, none at all): no world is met for them."""

from __future__ import annotations

from evalkit.scaffolds.one_turn import OneTurn


class AsGiven(OneTurn):
    """Whoever made them, and how, is not known here: a row says no more than that they were given."""

    name = "as-given"
    version = "1"
    asks = "as-given"
