"""The simulation behind docs/scale.md: nothing is lost in it, and its figures move as they must."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scale import FIGURES, Instance, Machine, Model, Ran, all_runs, lines, priced, verified

INSTANCES = [Instance(f"{version}-{n}", version) for version in "abcdef" for n in range(20)]
MODELS = [Model("cheap", 0.1, 0.4), Model("dear", 1.0, 4.0)]
FIGURE = {name: value for name, (value, _) in FIGURES.items()}


def simulated(**how: Any) -> tuple[list[Ran], list[Machine]]:
    given = {"machines": 4, "workspaces": 4, "judges": 5, "keep": True, "seed": 1, **how}
    return all_runs(INSTANCES, MODELS, FIGURE, **given)


def test_the_same_seed_says_the_same() -> None:
    assert list(lines(*simulated())) == list(lines(*simulated()))
    assert list(lines(*simulated())) != list(lines(*simulated(seed=2)))


@pytest.mark.parametrize("machines", [1, 4, 8])
def test_every_instance_is_made_once(machines: int) -> None:
    for ran in simulated(machines=machines)[0]:
        assert sum(ran.made.values()) == len(INSTANCES)


def test_more_machines_are_faster_and_cost_the_same_calls() -> None:
    (one, *_), _ = simulated(machines=1)
    (four, *_), _ = simulated(machines=4)
    assert 2 < one.seconds / four.seconds < 4.01
    assert four.cost == pytest.approx(one.cost)


def test_kept_images_are_pulled_once() -> None:
    _, kept = simulated(keep=True)
    _, anew = simulated(keep=False)
    packed = sum(machine.packed for machine in kept)
    assert sum(machine.packed for machine in anew) > 1.6 * packed
    whole = FIGURE["packed_gib"] * 2**30
    assert whole * 0.999 < packed < 2 * whole


def test_a_lost_machine_costs_what_it_held() -> None:
    (calm, *_), _ = simulated()
    (lost, *_), _ = simulated(lose=(1, 900.0))
    assert 0 < lost.again <= 4 + 5 + 4
    assert lost.made[1] < calm.made[1]
    assert sum(lost.made.values()) == len(INSTANCES)


def test_the_page_has_what_the_simulation_says(data_dir: Path) -> None:
    """Hours and images; money goes by the catalog's prices, which change."""
    how: dict[str, Any] = {"machines": 8, "seed": 1}
    page = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()
    for workspaces, keep in ((8, True), (16, True), (8, False), (16, False)):
        ran, fleet = all_runs(
            verified(), priced(10), FIGURE, workspaces=workspaces, judges=workspaces + 1, keep=keep, **how
        )
        if keep:
            assert f"**{sum(one.seconds for one in ran) / 3600:.1f}**" in page
        assert f"{sum(machine.packed for machine in fleet) / 2**30:,.0f} in all" in page
