"""The cost of a layout is that of the comparison and of the plan, part by part."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from sensors.equipment.catalogue import shipped
from sensors.layout import Layout
from sensors.planning import CompareSettings
from sensors.planning.choice.layout_cost import layout_cost
from sensors.planning.choice.options import Money
from sensors.planning.comparison.design import Design, parts_of
from sensors.planning.comparison.draws import central, inputs_of
from sensors.planning.comparison.purchase import unit_costs

MONEY = Money(catalogue=shipped())


@pytest.fixture(scope="module", params=["hightech", "basic"])
def layout(request: pytest.FixtureRequest) -> Layout:
    sector = load_sector("cumberland")
    return Layout.from_file(sector.layouts[request.param], open_sector(sector).frame)


def test_it_is_what_compare_counts_at_central_inputs(layout: Layout) -> None:
    settings, catalogue = CompareSettings(), shipped()
    assert (settings.years, settings.discount_rate) == (MONEY.years, MONEY.discount_rate)
    parts = parts_of(layout)
    items = tuple(catalogue[str(part.catalogue)] for part in parts)
    exposure: Any = SimpleNamespace(layout=layout, mobile={})
    nothing: Any = None
    design = Design(exposure, items, None, settings, nothing)
    cost, first, crew = unit_costs(
        design, central(inputs_of({item.name: item for item in items}.values(), catalogue, settings))
    )
    told = layout_cost(parts, MONEY)
    assert told.life_cycle_cost == pytest.approx(cost.sum(), rel=1e-12)
    assert told.first_cost == pytest.approx(first.sum(), rel=1e-12)
    assert told.crew == pytest.approx(crew.sum(), rel=1e-12)
    assert told.unpriced == ()
    assert told.life_cycle_cost > 0.0


def test_it_adds_up_and_states_what_has_no_price(layout: Layout) -> None:
    parts = parts_of(layout)
    whole, first, rest = (layout_cost(some, MONEY) for some in (parts, parts[:1], parts[1:]))
    assert whole.life_cycle_cost == pytest.approx(first.life_cycle_cost + rest.life_cycle_cost)
    assert whole.crew == pytest.approx(first.crew + rest.crew)
    own = replace(parts[0], catalogue=None, cost=1234.0)
    free = replace(parts[0], catalogue=None, cost=None)
    assert layout_cost([own], MONEY).life_cycle_cost == 1234.0
    assert layout_cost([own, free], MONEY).unpriced == (free.id,)
    assert layout_cost([], MONEY).life_cycle_cost == 0.0
