"""Patrols in a comparison: beside fixed sensors at the same place, with their cost, crew and weather."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sensors.equipment.catalogue import shipped
from sensors.errors import CompareError
from sensors.layout import Layout
from sensors.planning import Study, study
from sensors.planning.comparison.draws import central, draw
from sensors.planning.comparison.mobile_parts import MobilePart, mobile_part
from tests.sensors.planning.comparison.test_compare import FRAME, POSTS, border, ground, studied

BASE, HERE = (0.0, -900.0), (-200.0, 50.0)
NONE = Layout("none", FRAME, ())


def row(places: list[tuple[float, float]], at_s: list[float], **values: Any) -> tuple[np.ndarray, dict[str, Any]]:
    told = {
        "item": "foot_patrol",
        "carries": "handheld_thermal",
        "plan": 0,
        "unit": 0,
        "probability": 1.0,
        "period_s": at_s[-1],
        "seconds": at_s,
        "watching": [True] * (len(at_s) - 1),
    }
    return np.array(places), {**told, **values}


def patrol(name: str = "p", *rows: tuple[np.ndarray, dict[str, Any]]) -> MobilePart:
    walk = row([BASE, (-1200.0, 0.0), (1200.0, 0.0), BASE], [0.0, 1200.0, 3600.0, 4800.0], period_s=9600.0)
    return mobile_part(name, list(rows or (walk,)), FRAME, shipped())


def detection(made: Study, name: str) -> np.ndarray:
    drawn = dict(zip(made.names, made.outcomes(central(made.inputs)), strict=True))
    return drawn[name].by_weather[:, 0]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def made() -> Study:
    with_patrol = replace(POSTS, name="posts and patrol")
    return studied([POSTS, with_patrol], ground(), mobile={"posts and patrol": [patrol()]}, residual_item=None)


def test_one_that_stays_is_a_fixed_sensor() -> None:
    """A radar that is carried but never moves beside the same one on a post there, in every weather."""
    part = patrol("p", row([HERE, HERE], [0.0, 600.0], carries="portable_radar"))
    part = replace(part, sensor=replace(part.sensor, reports_by="satellite"))  # no radio reaches a base from there
    at = {"easting": HERE[0], "northing": HERE[1], "reports_by": "satellite"}
    fixed = replace(part.schedule.sensor, **at, id="f", catalogue=None, cost=1.0)
    lon, lat = FRAME.to_lonlat(*HERE)
    stands = Layout("stands", FRAME, (replace(fixed, lon=lon, lat=lat),))
    both = studied([stands, replace(NONE, name="stays")], ground(), mobile={"stays": [part]}, residual_item=None)
    one, other = both.designs
    found, expected = (-np.expm1(-design.exposure.hazard) for design in (other, one))
    assert found.shape == expected.shape
    assert np.allclose(found, expected, atol=1e-9)
    assert np.allclose(one.exposure.cell_probability, other.exposure.cell_probability, atol=1e-9)
    assert one.exposure.hazard.max() > 0.1


def test_a_patrol_adds_detection_in_every_weather(made: Study) -> None:
    without, with_patrol = (detection(made, name) for name in ("posts", "posts and patrol"))
    assert (with_patrol >= without - 1e-12).all()
    assert with_patrol[0] > without[0]


def test_two_units_cost_and_staff_twice_as_much(made: Study) -> None:
    """And what each carries is paid for, without another observer."""
    two = patrol(
        "two",
        row([BASE, HERE, BASE], [0.0, 1000.0, 2000.0], unit=0, period_s=2000.0),
        row([BASE, HERE, BASE], [0.0, 1000.0, 2000.0], unit=1, period_s=2000.0),
    )
    assert two.units == 2
    alone = studied([POSTS, replace(POSTS, name="b")], ground(), mobile={"b": [two]}, residual_item=None)
    draws = draw(alone.inputs, alone.settings)
    fixed, mobile = alone.outcomes(draws)
    patrols = draws.values["foot_patrol: crew"]
    assert mobile.bought.crew - fixed.bought.crew == pytest.approx(2.0 * patrols)
    bought = 2.0 * (draws.values["foot_patrol: capex"] + draws.values["handheld_thermal: capex"])
    assert mobile.bought.first_cost - fixed.bought.first_cost == pytest.approx(bought)
    assert (mobile.bought.life_cycle_cost > fixed.bought.life_cycle_cost + bought).all()


def test_wind_grounds_a_drone_and_night_no_patrol() -> None:
    """The drone's weather is the fraction of its flights; the patrol's is in what it carries."""
    parts = {
        "drone": [patrol("d", row([HERE, HERE], [0.0, 600.0], item="small_drone"))],
        "patrol": [patrol("w", row([HERE, HERE], [0.0, 600.0]))],
    }
    case = {"samples": 2, "belt_m": 600.0, "weather": {"day": 0.4, "night": 0.3, "wind": 0.3}}
    windless, stormy = ({"samples": 2, "belt_m": 600.0, "weather": {name: 1.0}} for name in ("day", "wind"))
    layouts = [replace(NONE, name=name) for name in parts]
    both = study(layouts, ground(), border(), mobile=parts, residual_item=None, **case)
    draws = central(both.inputs)
    left = float(draws.values["small_drone: weather, wind"][0])
    drone, walker = (one.by_weather[:, 0] for one in both.outcomes(draws))
    calm, _ = both.outcomes(draws.replaced(**{"small_drone: weather, wind": np.ones(1)}))
    assert 0.0 < left < 1.0
    assert drone[2] > 0.0
    assert drone[2] == pytest.approx(left * calm.by_weather[2, 0], rel=1e-9)
    still = study(layouts[:1], ground(), border(), mobile={"drone": parts["drone"]}, residual_item=None, **windless)
    windy = study(layouts[:1], ground(), border(), mobile={"drone": parts["drone"]}, residual_item=None, **stormy)
    held, grounded = (one.designs[0].exposure.cell_probability for one in (still, windy))
    assert held.max() > 0.1
    assert grounded == pytest.approx(left * held, rel=1e-9), "cells are covered in as few flights as paths"
    _, dark = both.outcomes(draws.replaced(**{"foot_patrol: weather, night": np.zeros(1)}))
    assert dark.by_weather[1, 0] == walker[1] > 0.0


def test_ground_that_a_patrol_sees_only_by_day_is_not_dead_at_night() -> None:
    """With binoculars it detects nothing at night; dead ground is that without a line of sight in any light."""
    walk = row([BASE, (-1200.0, 0.0), (1200.0, 0.0), BASE], [0.0, 1200.0, 3600.0, 4800.0], carries="binoculars")
    dead = {}
    for light in ("day", "night"):
        case = {"samples": 2, "belt_m": 600.0, "weather": {light: 1.0}}
        made = study([NONE], ground(), border(), mobile={"none": [patrol("p", walk)]}, residual_item=None, **case)
        dead[light] = ~made.designs[0].exposure.cell_seen
        assert (made.designs[0].exposure.cell_probability.max() > 0.0) == (light == "day")
    assert np.array_equal(dead["night"], dead["day"])
    assert not dead["day"].all()


def test_a_barrier_does_not_count_what_moves(made: Study) -> None:
    from sensors.planning.comparison.study import ground_figures

    figures = ground_figures(made)
    assert figures["k"][0] == figures["k"][1]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"item": "portable_radar"}, "item 'portable_radar' is a radar"),
        ({"carries": "fence_and_light"}, "carries 'fence_and_light', a barrier"),
        ({"seconds": [0.0, 1.0]}, "times .* and places"),
        ({"probability": 1.5}, "probabilities of 1 plans sum to 1.5"),
        ({"item": "nothing"}, "no item 'nothing'"),
    ],
)
def test_impossible_parts_are_refused(changes: dict[str, Any], told: str) -> None:
    from geo.errors import BadInput

    with pytest.raises(BadInput, match=told):
        patrol("p", row([BASE, HERE, BASE], [0.0, 1000.0, 2000.0], **changes))


def test_parts_of_a_layout_that_is_not_compared_are_refused() -> None:
    with pytest.raises(CompareError, match="no layout 'other'"):
        studied([POSTS, replace(POSTS, name="b")], ground(), mobile={"other": [patrol()]})


def test_parts_of_one_id_must_agree() -> None:
    walks = row([BASE, HERE, BASE], [0.0, 1000.0, 2000.0])
    with pytest.raises(CompareError, match="different values of 'item'"):
        patrol("p", walks, row([BASE, HERE, BASE], [0.0, 1000.0, 2000.0], unit=1, item="dog_team"))
    with pytest.raises(CompareError, match="plan 0 has different probabilities"):
        patrol("p", walks, row([BASE, HERE, BASE], [0.0, 1000.0, 2000.0], unit=1, probability=0.4))
