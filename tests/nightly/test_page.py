"""The dashboard's text: what it says, that it is the same when made twice, and that it is safe."""

from __future__ import annotations

from functools import cache

from evalkit.nightly.page import page
from tests.nightly.outlooks import LITTLE, a_plan


@cache
def made() -> str:
    return page(a_plan(only=LITTLE))


def test_made_twice_it_is_the_same() -> None:
    assert page(a_plan(only=LITTLE)) == made()


def test_every_series_has_its_place_and_is_linked_from_the_grid() -> None:
    for standing in a_plan(only=LITTLE).standings:
        assert made().count(f'id="series-{standing.series.id}"') == 1
        assert f'href="#series-{standing.series.id}" data-series=' in made()
