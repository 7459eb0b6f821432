"""A layout as it is compared: hazards, catalogue items, what tops it up to the budget, and who has no radio link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sensors.catalogue import Catalogue, Item
from sensors.layout import Layout
from sensors.planning_case import CompareError, CompareSettings
from sensors.planning_exposure import Exposure
from sensors.planning_rates import Ground


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """One layout as it is compared: hazards, items, what tops it up to the budget, and who has no radio link."""

    exposure: Exposure
    items: tuple[Item | None, ...]
    top_up: Item | None
    settings: CompareSettings
    ground: Ground
    unlinked: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        exposure: Exposure,
        catalogue: Catalogue,
        settings: CompareSettings,
        ground: Ground,
        unlinked: frozenset[str] = frozenset(),
    ) -> Design:
        """Raises CompareError for a sensor whose cost nobody knows, and a top-up that does not move."""
        refuse_unpriced(exposure.layout)
        items = tuple(None if name is None else catalogue[name] for name in exposure.items)
        return cls(exposure, items, top_up_of(catalogue, settings), settings, ground, unlinked)


def refuse_unpriced(layout: Layout) -> None:
    """Raise CompareError for the first sensor that has neither a catalogue item nor a cost."""
    for sensor in layout:
        if sensor.catalogue is None and sensor.cost is None:
            raise CompareError(
                f"sensor {sensor.id!r} has neither a catalogue item nor a cost",
                where=f"layout {layout.name!r}",
                expected="one of them",
            )


def top_up_of(catalogue: Catalogue, settings: CompareSettings) -> Item | None:
    """The item that the rest of a budget buys; raises CompareError where it does not search an area."""
    if settings.top_up is None:
        return None
    item = catalogue[settings.top_up]
    if not item.is_moving:
        raise CompareError(f"item {item.name!r} is a {item.kind}", where="top_up", expected="a patrol or drone")
    return item


def items_used(designs: Sequence[Design]) -> list[Item]:
    """Every item that some layout or the top-up uses, once."""
    found = {item.name: item for design in designs for item in (*design.items, design.top_up) if item is not None}
    return list(found.values())
