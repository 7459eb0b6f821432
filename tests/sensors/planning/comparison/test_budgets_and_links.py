"""What a budget buys of a layout with relays, what its coverage costs, and people whose radio link is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sensors.equipment.catalogue import shipped
from sensors.equipment.life_cycle_cost import annuity_factor, item_cost
from sensors.layout import Layout
from sensors.planning import CompareError, CompareSettings, Study, compare, study
from sensors.planning.comparison.draws import central
from sensors.planning.comparison.outcome import Outcome, availability_of, outcome
from sensors.planning.comparison.purchase import budgets, control_room_cost, unit_costs
from sensors.relay import Relay
from tests.sensors.planning.comparison.test_compare import CHEAP, FRAME, LINES, POSTS, border, ground
from tests.sensors.planning.comparison.test_mobile_parts import BASE, HERE, NONE, patrol, row

BASES = np.array([[0.0, -900.0]])


@pytest.fixture(scope="module")
def terrain() -> xr.Dataset:
    return ground()


def studied(layouts: list[Layout], terrain: xr.Dataset, **asked: Any) -> Study:
    return study(layouts, terrain, border(), bases=BASES, **CHEAP, **asked)


def relay(name: str, easting: float, northing: float) -> Relay:
    values = {key: value for key, value in shipped()["radio_relay"].layout_values().items() if key != "kind"}
    lon, lat = (float(one) for one in FRAME.to_lonlat(easting, northing))
    return Relay(
        id=name, catalogue="radio_relay", lon=lon, lat=lat, easting=easting, northing=northing,
        **(values | {"mast_height_m": 12.0}),
    )  # fmt: skip


def price(item: str, **more: Any) -> float:
    case = CompareSettings()
    return item_cost(shipped()[item], shipped().staff, years=case.years, discount_rate=case.discount_rate, **more)


def room() -> float:
    case, staff = CompareSettings(), shipped().staff
    year = case.operators * staff.cost_per_person_year.central * staff.people_per_post.central
    return year * float(annuity_factor(case.years, case.discount_rate))


def test_a_budget_that_buys_only_relays_is_refused(terrain: xr.Dataset) -> None:
    relayed = Layout("relayed", FRAME, (POSTS.sensors[0],), (relay("r1", 0.0, -500.0),))
    enough = room() + price("radio_relay") + price("handheld_thermal")
    for money in (room() + price("handheld_thermal") + 1000.0, enough - 1.0):
        with pytest.raises(CompareError, match=r"buys no sensor of layout 'relayed': .* with its relays beside"):
            studied([relayed], terrain, budget=money)
    made = studied([relayed], terrain, budget=enough + 1.0)
    assert made.outcomes(central(made.inputs))[0].bought.parts.tolist() == [[True, True]]
    with pytest.raises(CompareError, match="buys no sensor"):
        made.changed(budget=enough - 1.0)


def test_a_budget_that_buys_half_of_a_first_patrol_is_refused(terrain: xr.Dataset) -> None:
    """Two units, and what each carries, without another observer."""
    walks = [row([BASE, HERE, BASE], [0.0, 1000.0, 2000.0], unit=unit, period_s=2000.0) for unit in (0, 1)]
    two, only = patrol("two", *walks), replace(NONE, name="walks")
    whole = room() + 2.0 * (price("foot_patrol") + price("handheld_thermal", with_crew=False))
    with pytest.raises(CompareError, match="buys no sensor of layout 'walks'"):
        studied([only], terrain, mobile={"walks": [two]}, budget=whole - 1.0)
    made = studied([only], terrain, mobile={"walks": [two]}, budget=whole + 1.0)
    assert made.outcomes(central(made.inputs))[0].bought.parts.all()


def test_covered_border_costs_what_its_sensors_cost_whatever_the_budget(terrain: xr.Dataset) -> None:
    made = studied([POSTS, LINES], terrain)
    own = [float(unit_costs(design, central(made.inputs))[0].sum()) for design in made.designs]
    dear = max(own) + float(control_room_cost(central(made.inputs), made.settings)[0])
    rows = []
    for money in (1.1 * dear, 3.0 * dear):
        found = compare([POSTS, LINES], terrain, border(), bases=BASES, **CHEAP, budget=money)
        rows.append(found["cost_per_covered_km"].to_numpy())
        assert rows[-1] * found["covered_km"].to_numpy() == pytest.approx(own)
    assert np.array_equal(*rows)


def noticed(found: Outcome) -> np.ndarray:
    """Detection by segment before alerts are assessed, which depends on the alerts of the layout as designed."""
    return np.nan_to_num(found.detection[0] / found.assessed_fraction[0])


def test_a_post_whose_relaying_neighbour_is_not_bought_reports_by_hand(terrain: xr.Dataset) -> None:
    """Only the mast of the second post links the first to the base."""
    alone = Layout("alone", FRAME, POSTS.sensors[:1])
    made = studied([alone, POSTS], terrain, residual_item=None)
    (first, second), middle = made.designs, central(made.inputs)
    assert [one.reports_by for one in (*first.exposure.layout, *second.exposure.layout)] == ["hand", "radio", "radio"]
    money = control_room_cost(middle, made.settings) + 1.5 * unit_costs(second, middle)[0][:, 0]
    one, both = made.outcomes(middle, money)
    assert both.bought.parts.tolist() == [[True, False]]
    assert noticed(both) == pytest.approx(noticed(one), abs=1e-9)
    assert noticed(both).max() > 0.1
    assert both.mean_interruption / both.assessed_fraction == pytest.approx(
        one.mean_interruption / one.assessed_fraction
    )


def test_a_post_behind_a_relay_that_fails_reports_by_hand(terrain: xr.Dataset) -> None:
    """With the relay down, all is as for a post that reports by hand; with it up, as for one with a radio link."""
    post = POSTS.sensors[0]
    relayed = Layout("relayed", FRAME, (post,), (relay("r1", 600.0, -100.0),))
    others = [Layout(way, FRAME, (replace(post, reports_by=way),)) for way in ("hand", "satellite")]
    made = studied([relayed, *others], terrain, residual_item=None)
    middle = central(made.inputs)
    money = budgets(made.designs, middle)
    by_hand, at_once = (outcome(one, made.ways, middle, money) for one in made.designs[1:])
    up = availability_of(made.designs[0], middle)[0, 1]
    found = {
        state: outcome(made.designs[0], made.ways, middle, money, up=np.array([[state, up]]))
        for state in (0.0, 0.4, 1.0)
    }
    for state, expected in ((0.0, by_hand), (1.0, at_once)):
        assert found[state].alerts_per_day == pytest.approx(expected.alerts_per_day)
        for measure in ("mean_detection", "mean_interruption", "least_interruption"):
            assert found[state].measure(measure) == pytest.approx(expected.measure(measure), abs=1e-9)
    assert by_hand.mean_detection[0] > 0.1
    low, high = by_hand.mean_interruption[0], at_once.mean_interruption[0]
    assert low < high
    assert low + 0.4 * (high - low) - 1e-9 <= found[0.4].mean_interruption[0] < high
