"""The part of a sector's border outside the terrain: no figure includes it, so it must be reported."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from geo.border.line_files import length_off
from geo.border.zone import belt_outline
from geo.terrain import bounds
from ops.sector.open_sector import OpenSector

SAID_FROM_M = 50.0
SAID_FROM_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class OffTerrain:
    """The part of a border outside the terrain.

    Metres of the border line outside the terrain, which are excluded, and the fraction of the remaining line's belt
    outside it. Voids in the terrain are not included: they count as unknown.
    """

    line_m: float
    belt_share: float

    @classmethod
    def of(cls, ground: OpenSector) -> OffTerrain:
        """Compute for an open sector; the area of a zone is not clipped, so nothing of its line is excluded."""
        sector, zone = ground.sector, ground.sector.zone
        filters = [sector.border_where] if zone is None else [zone.inner, zone.outer]
        clipped = zone is None or zone.home is None
        left_out = (
            sum(length_off(sector.border, where=edge_filter, clip=ground.terrain) for edge_filter in filters)
            if clipped
            else 0.0
        )
        belt = belt_outline(ground.crossed, sector.belt_m, round_ends=False)
        beyond = belt.difference(shapely.box(*bounds(ground.terrain)))
        return cls(float(left_out), float(beyond.area / belt.area))

    @property
    def sentences(self) -> list[str]:
        """Return sentences for the user; none when the terrain covers everything."""
        sentences = []
        if self.line_m >= SAID_FROM_M:
            sentences.append(f"{self.line_m / 1000.0:.1f} km of the border's line lie off the terrain and are left out")
        if self.belt_share >= SAID_FROM_SHARE:
            sentences.append(f"{self.belt_share:.1%} of the belt lie off the terrain and are in no figure")
        return sentences
