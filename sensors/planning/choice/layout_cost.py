"""Cost of a layout at the central prices of the catalogue: purchase, life cycle, and people on duty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sensors.layout import AnySensor
from sensors.planning.choice.options import Money
from sensors.relay import Relay


@dataclass(frozen=True, slots=True)
class LayoutCost:
    """Cost of sensors and relays in the currency of the catalogue, without the control room.

    ``first_cost`` and ``crew`` [persons on duty] are those of catalogue items only; a part with only a ``cost`` of its
    own counts in ``life_cycle_cost``. ``unpriced`` are the ids of parts with neither, which count as 0.
    """

    first_cost: float
    life_cycle_cost: float
    crew: float
    unpriced: tuple[str, ...] = ()


def layout_cost(parts: Iterable[AnySensor | Relay], money: Money) -> LayoutCost:
    """Sum the cost of ``parts``: of each the price of its catalogue item, as ``watchline plan`` and ``watchline
    compare`` count it, or else its own ``cost``. Raises CatalogueError for an item that is not in the catalogue.
    """
    first = whole = crew = 0.0
    unpriced = []
    for part in parts:
        if part.catalogue is not None:
            item = money.catalogue[part.catalogue]
            first += item.capex.central
            whole += money.of(item)
            crew += item.crew.central
        elif part.cost is not None:
            whole += part.cost
        else:
            unpriced.append(part.id)
    return LayoutCost(first, whole, crew, tuple(unpriced))
