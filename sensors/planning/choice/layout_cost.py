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
    own counts in ``life_cycle_cost``. ``unlisted`` are the ids of parts that are not catalogue items, whose purchase
    price and crew are unknown, and ``unpriced`` those among them without a ``cost``: where there are such parts, the
    totals are of the others.
    """

    first_cost: float
    life_cycle_cost: float
    crew: float
    unpriced: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()


def layout_cost(parts: Iterable[AnySensor | Relay], money: Money) -> LayoutCost:
    """Sum the cost of ``parts``: of each the price of its catalogue item, as ``watchline plan`` and ``watchline
    compare`` count it, or else its own ``cost``. Raises CatalogueError for an item that is not in the catalogue.
    """
    first = whole = crew = 0.0
    unpriced, unlisted = [], []
    for part in parts:
        if part.catalogue is not None:
            item = money.catalogue[part.catalogue]
            first += item.capex.central
            whole += money.of(item)
            crew += item.crew.central
            continue
        unlisted.append(part.id)
        if part.cost is None:
            unpriced.append(part.id)
        else:
            whole += part.cost
    return LayoutCost(first, whole, crew, tuple(unpriced), tuple(unlisted))
