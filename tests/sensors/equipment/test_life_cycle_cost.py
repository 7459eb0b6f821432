"""Life-cycle cost: textbook oracles, and laws of money."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.equipment.catalogue import shipped
from sensors.equipment.life_cycle_cost import Prices, annual_cost, annuity_factor, item_cost, life_cycle_cost
from sensors.errors import CostError


def test_annuity_and_equal_annual_cost_by_hand() -> None:
    """(1 − 1.05⁻⁵)/0.05 = 4.32948; 1000/4.32948 = 230.975. Any table of annuities has the first."""
    assert annuity_factor(5, 0.05) == pytest.approx(4.329477, abs=1e-6)
    prices = Prices(1000.0, 0.0, 5.0, 0.0, 0.0)
    assert annual_cost(prices, 0.05) == pytest.approx(230.9748, abs=1e-4)
    assert life_cycle_cost(prices, years=5, discount_rate=0.05) == pytest.approx(1000.0)


def test_without_a_rate_money_is_added_up() -> None:
    prices = Prices(1000.0, 50.0, 5.0, 2.0, 10.0)
    assert life_cycle_cost(prices, years=10, discount_rate=0.0) == pytest.approx(2000.0 + 500.0 + 200.0)


@given(st.floats(0, 1e8), st.floats(0, 1e7), st.floats(0.5, 50), st.floats(0, 20), st.floats(1, 40), st.floats(0, 0.3))
def test_dearer_or_longer_never_costs_less(
    capex: float, opex: float, life: float, crew: float, years: float, rate: float
) -> None:
    here = life_cycle_cost(Prices(capex, opex, life, crew, 1e5), years=years, discount_rate=rate)
    assert here >= 0.0
    for worse in (
        Prices(capex * 1.5, opex, life, crew, 1e5),
        Prices(capex, opex * 1.5, life, crew, 1e5),
        Prices(capex, opex, life / 2, crew, 1e5),
        Prices(capex, opex, life, crew + 1, 1e5),
    ):
        assert life_cycle_cost(worse, years=years, discount_rate=rate) >= here * (1 - 1e-12)
    assert life_cycle_cost(Prices(capex, opex, life, crew, 1e5), years=years + 1, discount_rate=rate) >= here


def test_the_crew_of_a_post_is_most_of_its_cost() -> None:
    """Five people for one post at the central wage, by hand: 5 × 80,000 a year for ten years at 0 %."""
    items, staff = shipped().items, shipped().staff
    found = item_cost(items["handheld_thermal"], staff, years=10, discount_rate=0.0)
    assert found == pytest.approx(10 * (9000 / 7 + 1500 + 400_000))


@pytest.mark.parametrize(
    ("prices", "years", "rate"),
    [
        (Prices(-1.0, 0, 5, 0, 0), 10, 0.03),
        (Prices(1.0, -1, 5, 0, 0), 10, 0.03),
        (Prices(1.0, 0, 0, 0, 0), 10, 0.03),
        (Prices(np.nan, 0, 5, 0, 0), 10, 0.03),
        (Prices(1.0, 0, 5, 0, 0), 0, 0.03),
        (Prices(1.0, 0, 5, 0, 0), np.inf, 0.03),
        (Prices(1.0, 0, 5, 0, 0), 10, -0.1),
    ],
)
def test_money_that_cannot_be_is_refused(prices: Prices, years: float, rate: float) -> None:
    with pytest.raises(CostError):
        life_cycle_cost(prices, years=years, discount_rate=rate)
