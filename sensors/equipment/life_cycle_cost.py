"""Life-cycle cost of equipment: equal annual cost, present value over a horizon, and people on duty."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from sensors.equipment.catalogue import Item, Staff
from sensors.errors import CostError


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of one unit of an item and of a person on duty, as numbers or arrays of samples of one shape."""

    capex: npt.ArrayLike
    opex_per_year: npt.ArrayLike
    service_life_years: npt.ArrayLike
    crew: npt.ArrayLike
    post_per_year: npt.ArrayLike

    @classmethod
    def central(cls, item: Item, staff: Staff) -> Prices:
        """The central prices of a catalogue's item."""
        return cls(
            item.capex.central,
            item.opex_per_year.central,
            item.service_life_years.central,
            item.crew.central,
            staff.cost_per_person_year.central * staff.people_per_post.central,
        )


def annuity_factor(years: npt.ArrayLike, discount_rate: float) -> Floats:
    """Present value of one per year, paid at the end of each of ``years`` years: ``(1 − (1 + r)^−n)/r``; n for a rate
    of 0.

    Years need not be whole. Raises CostError for years that are not above 0 and a rate outside 0 to 1.
    """
    n = np.asarray(years, dtype=np.float64)
    if not np.all((n > 0.0) & np.isfinite(n)):
        raise CostError(f"{np.asarray(years)} years", where="life-cycle cost", expected="a finite time above 0")
    if not 0.0 <= discount_rate <= 1.0:
        raise CostError(f"discount rate {discount_rate:g}", where="life-cycle cost", expected="0 to 1 a year")
    if discount_rate == 0.0:
        return n
    return np.asarray(-np.expm1(-n * np.log1p(discount_rate)) / discount_rate)


def annual_cost(prices: Prices, discount_rate: float) -> Floats:
    """Equal annual cost of owning, running and manning one unit in perpetuity: ``capex/annuity(life) + opex + crew``.

    Different service lives are thereby compared fairly: the result does not depend on whether a horizon ends before or
    after a replacement. The equivalent annual cost of Brealey, Myers and Allen, Principles of Corporate Finance,
    chapter 6.
    """
    capex, opex, crew, post = (
        np.asarray(value, dtype=np.float64)
        for value in (prices.capex, prices.opex_per_year, prices.crew, prices.post_per_year)
    )
    for value, name in ((capex, "capex"), (opex, "opex_per_year"), (crew, "crew"), (post, "post_per_year")):
        if not np.all((value >= 0.0) & np.isfinite(value)):
            raise CostError(
                f"{name} below 0 or not finite", where="life-cycle cost", expected="amounts and people of at least 0"
            )
    return np.asarray(capex / annuity_factor(prices.service_life_years, discount_rate) + opex + crew * post)


def life_cycle_cost(prices: Prices, *, years: float, discount_rate: float) -> Floats:
    """Present value of having one unit for ``years`` years: ``annual_cost × annuity(years)``; shape of the prices.

    The remaining life of a unit at the end is valued in proportion to its unused part.
    """
    return annual_cost(prices, discount_rate) * annuity_factor(years, discount_rate)


def item_cost(item: Item, staff: Staff, *, years: float, discount_rate: float, with_crew: bool = True) -> float:
    """Life-cycle cost of one unit of an item at its central prices, with its crew or without."""
    prices = Prices.central(item, staff)
    prices = prices if with_crew else replace(prices, crew=0.0)
    return float(life_cycle_cost(prices, years=years, discount_rate=discount_rate))
