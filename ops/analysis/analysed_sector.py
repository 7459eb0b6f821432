"""A sector opened for an analysis: the sensors whose reports arrive, the roads and rivers, and the bases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.arrays import Floats
from geo.message import Message
from ops.runtime.output import say_in_english
from ops.sector.creation.example_layout import example_base
from ops.sector.layouts.links import SectorLinks, heard, links_of
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.ways import SectorWays, ways_of

if TYPE_CHECKING:
    from pathlib import Path

    from geo.mobility.roads_and_rivers import Ways
    from ops.sector.sector_file import Sector


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedSector:
    """An open sector with the inputs that every analysis of it shares; the notebooks open sectors through it.

    ``ground`` has the sensors that count by ``links``, ``whole`` has all of them, as a journal of received scans
    requires. ``bases`` (base, 2) [m] are those of the sector on its terrain; where there is none, an example base
    or, where no place for one was found, none.
    """

    whole: OpenSector
    ground: OpenSector
    links: SectorLinks
    movement: SectorWays
    bases: Floats
    bases_message: Message

    @property
    def ways(self) -> Ways:
        """Roads, rivers and fords, for every computation of movement."""
        return self.movement.ways

    @property
    def bases_words(self) -> str:
        """Origin of the bases, in English."""
        return say_in_english(self.bases_message)

    @property
    def words(self) -> str:
        """State of the links, data of movement and origin of the bases, in English."""
        return f"{self.links.words}. Data for movement: {self.movement.words}. {self.bases_words}"


def open_for_analysis(sector: Sector | str | Path, layout: str | None = None) -> AnalysedSector:
    """Open a sector and one layout, by default the first, as the commands of analysis do.

    Light and weather are not part of it: each analysis states its own. It takes the arguments of ``open_sector`` and
    raises its errors, and WaysError or ConfigError, naming the file, for roads, rivers, fords or bases that cannot be
    read.
    """
    whole = open_sector(sector, layout)
    links, places = links_of(whole), list(whole.bases_on_terrain().values())
    origin = "sector"
    if not places:
        place = example_base(whole.terrain, whole.border)
        origin = "none" if place is None else "example"
        places = [] if place is None else [(place.easting, place.northing)]
    bases = np.array(places, dtype=np.float64).reshape(-1, 2)
    message = Message("coverage-bases", {"origin": origin, "count": len(bases)})
    return AnalysedSector(whole, heard(whole, links), links, ways_of(whole), bases, message)
