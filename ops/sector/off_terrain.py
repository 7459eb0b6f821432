"""The part of a sector's border without elevations, outside the terrain or in its voids: it must be reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geo.border.line_files import length_off
from geo.border.zone import belt_outline
from geo.message import Message, cut_list
from geo.terrain import bounds, cell_size
from ops.runtime.output import say_in_english
from ops.sector.open_sector import OpenSector

SAID_FROM_M = 50.0
SAID_FROM_FRACTION = 0.01
VOIDS_FROM_FRACTION = 0.001
NAMED = 5
"""Maximum number of gaps whose place is named."""
MOST_CELLS = 2000
"""Maximum number of rows and of columns in which voids are counted; a larger terrain is thinned."""


@dataclass(frozen=True, slots=True)
class OffTerrain:
    """The part of a border outside the terrain.

    ``line_m`` is the length of the border line outside the terrain [m], which is excluded; ``belt_fraction`` [1] the
    fraction of the area within ``belt_m`` of the remaining line that is outside it. Voids in the terrain are not
    included: they count as unknown.
    """

    line_m: float
    belt_fraction: float
    belt_m: float

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
        return cls(float(left_out), float(beyond.area / belt.area), sector.belt_m)

    @property
    def messages(self) -> list[Message]:
        """One sentence each on the line and on the area beside it; none where the terrain covers everything."""
        messages = []
        if self.line_m >= SAID_FROM_M:
            messages.append(Message("coverage-off-terrain-line", {"length": self.line_m}))
        if self.belt_fraction >= SAID_FROM_FRACTION:
            parameters = {"fraction": self.belt_fraction, "belt": self.belt_m}
            messages.append(Message("coverage-off-terrain-belt", parameters))
        return messages

    @property
    def record(self) -> dict[str, object]:
        """The part outside as plain values for JSON."""
        return {
            "border_m": round(self.line_m, 1),
            "belt_fraction": round(self.belt_fraction, 6),
            "sentences": list(map(say_in_english, self.messages)),
            "messages": [message.as_dict() for message in self.messages],
        }


def gaps_in(ground: OpenSector) -> list[Message]:
    """One sentence on the gaps in the border line; none for those at the rim of the terrain, where it is cut off."""
    rim = 2.0 * cell_size(ground.terrain)
    inside = shapely.box(*bounds(ground.terrain)).buffer(-rim, join_style="mitre")
    edges = (ground.border,) if ground.zone is None else (ground.zone.inner, ground.zone.outer)
    gaps = [gap for edge in edges for gap in edge.gaps if inside.contains(gap)]
    if not gaps:
        return []
    middles = [ground.frame.to_lonlat(*gap.centroid.coords[0]) for gap in gaps]
    places = cut_list([f"{lat:.5f} {lon:.5f}" for lon, lat in middles], NAMED)
    longest = max(gap.length for gap in gaps)
    return [Message("sector-notice-gaps", {"count": len(gaps), "length": longest, "places": places})]


def void_fraction(ground: OpenSector) -> float:
    """Fraction [1] of the area within ``belt_m`` of the border, inside the terrain, that has no elevation."""
    belt = belt_outline(ground.crossed, ground.sector.belt_m, round_ends=False)
    west, south, east, north = belt.bounds
    elevation = ground.terrain["elevation"]
    around = elevation.sel(easting=slice(west, east), northing=slice(north, south))
    thin = {name: slice(None, None, max(1, size // MOST_CELLS)) for name, size in around.sizes.items()}
    around = around.isel(thin)
    inside = shapely.contains_xy(belt, *np.meshgrid(around["easting"].to_numpy(), around["northing"].to_numpy()))
    return float(np.isnan(around.to_numpy()[inside]).mean()) if inside.any() else 0.0


def voids_in(ground: OpenSector) -> list[Message]:
    """One sentence on the voids along the border; none where there are hardly any."""
    fraction = void_fraction(ground)
    if fraction < VOIDS_FROM_FRACTION:
        return []
    return [Message("sector-notice-voids", {"fraction": fraction, "belt": ground.sector.belt_m})]
