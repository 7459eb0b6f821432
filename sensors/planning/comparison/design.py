"""A layout prepared for comparison: hazards, catalogue items, the residual-budget item, and links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from geo.arrays import Bools
from sensors.coverage.radio_links import LinkedPart, Network
from sensors.equipment.catalogue import Catalogue, Item
from sensors.errors import CompareError
from sensors.layout import Layout
from sensors.planning.comparison.exposure import Exposure
from sensors.planning.comparison.outages import Outages, Shared, all_linked, outages_of, shared_ways
from sensors.planning.comparison.sensor_rates import ComparisonTerrain
from sensors.planning.comparison.settings import CompareSettings
from sensors.relay import Relay


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """One layout prepared for comparison: hazards, items, the residual-budget item, and the links to a base.

    Its ``parts`` are the relays, then the sensors; ``items`` (part,) their catalogue items. Without a ``network`` of
    the parts (no base is known), every sensor is linked. Outages depend on the network and the hazards, not on the
    settings, so the same design under other settings shares them.
    """

    exposure: Exposure
    items: tuple[Item | None, ...]
    residual_item: Item | None
    settings: CompareSettings
    ground: ComparisonTerrain
    network: Network | None = None
    _known: dict[bytes, Outages] = field(default_factory=dict, repr=False)
    _shared: dict[bytes, tuple[Shared, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        exposure: Exposure,
        catalogue: Catalogue,
        settings: CompareSettings,
        ground: ComparisonTerrain,
        network: Network | None = None,
    ) -> Design:
        """Build the design. Raises CompareError for a sensor without a known cost, and for a residual-budget item that
        is not mobile.
        """
        refuse_unpriced(exposure.layout)
        names = [part.catalogue for part in parts_of(exposure.layout)]
        items = tuple(None if name is None else catalogue[name] for name in names)
        return cls(exposure, items, residual_item_of(catalogue, settings), settings, ground, network)

    @property
    def parts(self) -> tuple[LinkedPart, ...]:
        return parts_of(self.exposure.layout)

    def units_of(self, part: str) -> int:
        """Number of units of a part: of a mobile one those that move at the same time."""
        moving = self.exposure.mobile.get(part)
        return 1 if moving is None else moving.units

    @property
    def relays(self) -> int:
        """Number of relays, which are the first of the parts."""
        return len(self.exposure.layout.relays)

    def outages(self, there: Bools | None = None) -> Outages:
        """Sensors that fail with the relays, of the parts (part,) that are ``there`` (None: all)."""
        kept = np.ones(len(self.parts), np.bool_) if there is None else there
        if self.network is None:
            return all_linked(len(kept))
        key = kept.tobytes()
        if key not in self._known:
            self._known[key] = outages_of(self.network, self.relays, kept)
        return self._known[key]

    def shared(self, there: Bools) -> tuple[Shared, ...]:
        """The paths of ``outages(there)`` whose entries depend on relays."""
        key = there.tobytes()
        if key not in self._shared:
            exposure, groups = self.exposure, self.outages(there).groups
            entries = exposure.entry_way, self.relays + exposure.entry_sensor, exposure.entry_by_hand
            self._shared[key] = tuple(path for group in groups for path in shared_ways(group, *entries))
        return self._shared[key]

    @property
    def by_hand(self) -> Bools:
        """Whether each part (part,) reports by hand while it is not linked."""
        return np.array([part.id in self.exposure.by_hand for part in self.parts], np.bool_)

    @property
    def unlinked(self) -> frozenset[str]:
        """Ids of the relays and sensors without a chain to a base, with everything present and working."""
        return frozenset(part.id for part, cut in zip(self.parts, self.outages().never, strict=True) if cut)


def parts_of(layout: Layout) -> tuple[LinkedPart, ...]:
    """The parts that have a cost: the relays of a layout, which come first, and its sensors."""
    return (*layout.relays, *layout.sensors)


def refuse_unpriced(layout: Layout) -> None:
    """Raise CompareError for the first sensor or relay that has neither a catalogue item nor a cost."""
    for part in parts_of(layout):
        if part.catalogue is None and part.cost is None:
            kind = "relay" if isinstance(part, Relay) else "sensor"
            raise CompareError(
                f"{kind} {part.id!r} has neither a catalogue item nor a cost",
                where=f"layout {layout.name!r}",
                expected="one of them",
            )


def residual_item_of(catalogue: Catalogue, settings: CompareSettings) -> Item | None:
    """The item that the residual budget buys; raises CompareError if it does not search an area."""
    if settings.residual_item is None:
        return None
    item = catalogue[settings.residual_item]
    if not item.is_moving:
        raise CompareError(f"item {item.name!r} is a {item.kind}", where="residual_item", expected="a patrol or drone")
    return item


def items_used(designs: Sequence[Design]) -> list[Item]:
    """Every item that a layout uses, a mobile part carries, or the residual budget buys, once each."""
    items = {
        item.name: item
        for design in designs
        for item in (*design.items, design.residual_item, *(part.camera for part in design.exposure.mobile.values()))
        if item is not None
    }
    return list(items.values())
