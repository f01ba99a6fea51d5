"""Colours and shapes of models: told apart by any eye, on light and dark paper, and by shape alone."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest

from evalkit.report.content import ACCOUNTS, Report
from evalkit.report.palette import ACCOUNT_COLOURS, COLOURS, INK, MUTED, PAPER, SHAPES, Theme, mark, marks
from evalkit.report.published import load_published

Rows = npt.NDArray[np.float64]

# Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB
EYES = {
    "normal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour: str) -> Rows:
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.asarray(np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4))


def oklab(rgb: Rows) -> Rows:
    lms = np.cbrt(
        np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        @ np.clip(rgb, 0, 1)
    )
    return np.asarray(
        np.array(
            [
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ]
        )
        @ lms
    )


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (one, other))
    return high / low


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_any_two_colours_stay_apart_for_every_eye(theme: Theme, eye: str) -> None:
    seen = [oklab(np.array(EYES[eye]) @ linear(colour.on(theme))) for colour in COLOURS]
    for i, j in itertools.combinations(range(len(seen)), 2):
        least = 0.075 if j < 5 else 0.06
        assert np.linalg.norm(seen[i] - seen[j]) >= least, (i, j)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_and_text_stand_out_from_the_paper(theme: Theme) -> None:
    paper = PAPER.on(theme)
    assert all(contrast(colour.on(theme), paper) >= 3 for colour in COLOURS)
    assert all(contrast(text.on(theme), paper) >= 4.5 for text in (INK, MUTED))


def test_models_differ_in_colour_and_shape_up_to_ten_and_in_the_pair_up_to_a_hundred() -> None:
    first = [mark(i) for i in range(10)]
    assert len({m.colour for m in first}) == len({m.shape for m in first}) == 10
    assert len({mark(i) for i in range(100)}) == 100
    assert mark(100) == mark(0)


def test_shapes_are_about_as_large_as_one_another() -> None:
    for name, points in SHAPES.items():
        area = 0.5 * sum(
            x * v - u * y for (x, y), (u, v) in zip(points, points[1:] + points[:1], strict=True)
        )
        assert 0.6 <= (area or math.pi) / math.pi <= 1.1, name
        assert all(math.hypot(x, y) <= 1.31 for x, y in points), name


def test_models_keep_the_order_of_the_report() -> None:
    launch = load_published("launch")
    found = marks(Report("x", "", launch.tables))
    columns = [model.id for model in launch.tables[0].models]
    assert list(found)[:5] == columns
    assert [found[model] for model in columns] == [mark(i) for i in range(5)]
    assert set(found) == {model.id for table in launch.tables for model in table.models}


def test_every_class_of_outcome_has_a_colour() -> None:
    assert tuple(ACCOUNT_COLOURS) == ACCOUNTS
