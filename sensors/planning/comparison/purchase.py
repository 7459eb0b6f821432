"""Purchase of a layout within a budget: cost of each sensor with its crew, the control room, and teams for the
remainder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geo.arrays import Bools, Floats
from sensors.equipment.catalogue import Item
from sensors.equipment.life_cycle_cost import Prices, annual_cost, annuity_factor
from sensors.planning.comparison.design import Design
from sensors.planning.comparison.draws import SCALE_PRICE, Draws
from sensors.planning.comparison.settings import CompareSettings


@dataclass(frozen=True, slots=True, eq=False)
class Bought:
    """Purchase of a layout within a budget (sample,): money, people on duty, additional teams; ``parts`` (sample, part)
    that were bought: relays, then sensors."""

    life_cycle_cost: Floats
    first_cost: Floats
    crew: Floats
    parts: Bools
    teams: Floats


def unit_costs(design: Design, draws: Draws) -> tuple[Floats, Floats, Floats]:
    """Life-cycle cost, first cost and crew of each part (sample, part); those of one item cost the same.

    First cost and crew are NaN for a part with only a known life-cycle cost.
    """
    shape = (draws.count, len(design.items))
    cost, first, crew = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for number, (part, item) in enumerate(zip(design.parts, design.items, strict=True)):
        if item is None:  # price and crew are not known separately
            cost[:, number], first[:, number], crew[:, number] = part.cost or 0.0, np.nan, np.nan
            continue
        cost[:, number] = item_costs(item, draws, design.settings)
        first[:, number], crew[:, number] = draws.of(item, "capex"), draws.of(item, "crew")
        moving = design.exposure.mobile.get(part.id)
        if moving is not None:
            if moving.pays_for_camera:
                cost[:, number] += item_costs(moving.camera, draws, design.settings, crew=0.0)
                first[:, number] += draws.of(moving.camera, "capex")
            for values in (cost, first, crew):
                values[:, number] *= moving.units
    scale = draws.get(SCALE_PRICE, 1.0)[:, None]
    return cost * scale, first * scale, crew


def item_costs(item: Item, draws: Draws, settings: CompareSettings, *, crew: float | None = None) -> Floats:
    """Life-cycle cost (sample,) of one unit with its crew, or with another one."""
    prices = Prices(
        draws.of(item, "capex"),
        draws.of(item, "opex_per_year"),
        draws.of(item, "service_life_years"),
        draws.of(item, "crew") if crew is None else crew,
        draws["cost_per_person_year"] * draws["people_per_post"],
    )
    costs: Floats = annual_cost(prices, settings.discount_rate) * annuity_factor(settings.years, settings.discount_rate)
    return costs


def control_room_cost(draws: Draws, settings: CompareSettings) -> Floats:
    """Life-cycle cost (sample,) of the operators, the same for every layout."""
    year = settings.operators * draws["cost_per_person_year"] * draws["people_per_post"]
    costs: Floats = year * annuity_factor(settings.years, settings.discount_rate)
    return costs


def budgets(designs: Sequence[Design], draws: Draws) -> Floats:
    """The budget of every layout (sample,): that of the settings, or in each sample the highest cost of a layout."""
    settings = designs[0].settings
    if settings.budget is not None:
        return np.full(draws.count, float(settings.budget))
    whole = [unit_costs(design, draws)[0].sum(axis=1) for design in designs]
    money: Floats = np.max(whole, axis=0) + control_room_cost(draws, settings)
    return money


def buy(design: Design, draws: Draws, budget: Floats) -> Bought:
    """Purchase within ``budget`` (sample,): the relays, then the sensors in the order of the file until the budget is
    spent, then teams.

    Teams are bought only after every part, in fractions that work part of the time. More money therefore never buys
    less of anything.
    """
    cost, first, crew = unit_costs(design, draws)
    rest = budget - control_room_cost(draws, design.settings)
    parts = np.cumsum(cost, axis=1) <= rest[:, None] * (1.0 + 1e-12)
    spent = (cost * parts).sum(axis=1)
    teams, extra_first, extra_crew, extra = (np.zeros(draws.count) for _ in range(4))
    if design.residual_item is not None:
        price = item_costs(design.residual_item, draws, design.settings)
        left = np.where(parts.all(axis=1), np.maximum(rest - spent, 0.0), 0.0)
        teams = np.where(price > 0.0, left / np.where(price > 0.0, price, 1.0), 0.0)
        extra, extra_first = teams * price, teams * draws.of(design.residual_item, "capex")
        extra_crew = teams * draws.of(design.residual_item, "crew")
    people = np.where(parts, crew, 0.0).sum(axis=1) + extra_crew + design.settings.operators
    return Bought(
        spent + extra + control_room_cost(draws, design.settings),
        np.where(parts, first, 0.0).sum(axis=1) + extra_first,
        people,
        parts,
        teams,
    )
