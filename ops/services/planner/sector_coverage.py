"""Coverage of the layouts in use on a sector's ground: kept between edits, summarised by segment, and compared."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from geo.arrays import Bools, Floats, Ints
from geo.terrain import cell_size
from ops.drawing.coverage_classes import LEAST_CHANGE
from ops.sector.open_sector import OpenSector
from sensors.coverage.live import LiveCoverage
from sensors.coverage.segments import BeltMeans, belt_means
from sensors.layout import Layout

MOST_LAYOUTS: Final = 8
"""Maximum number of layouts, each for a target and conditions, whose coverage is kept, so that an edit recomputes only
one sensor."""


@dataclass(frozen=True, slots=True)
class CoverageCase:
    """What coverage is asked of a layout: its name, the target, and light and weather."""

    layout: str
    target: str
    conditions: str


@dataclass(frozen=True, slots=True)
class CoverageChange:
    """Change of the cumulative Pd between two coverages of the same ground.

    ``values`` (northing, easting) [1], NaN where either is unknown; ``gained_m2`` and ``lost_m2``: area of the belt
    where it rises or falls by at least LEAST_CHANGE.
    """

    values: Floats
    gained_m2: float
    lost_m2: float


class SectorCoverage:
    """The coverage of the layouts in use, and the belt in which it is summarised."""

    def __init__(self, ground: OpenSector) -> None:
        self._ground = ground
        self._kept: dict[CoverageCase, LiveCoverage] = {}

    def of(self, case: CoverageCase, layout: Layout, working: Collection[str]) -> LiveCoverage:
        """The coverage of ``layout``, an edit of the one that the case names; the next edit starts from it."""
        kept = self._kept.pop(case, None)
        if kept is None:
            kept = LiveCoverage.begin(
                layout, self._ground.terrain, working, target=case.target, conditions=case.conditions
            )
        live = self._kept[case] = kept.updated(layout, working)
        while len(self._kept) > MOST_LAYOUTS:
            self._kept.pop(next(iter(self._kept)))
        return live

    @cached_property
    def _belt(self) -> tuple[Bools, Ints]:
        """Cells (row, column) of the terrain within the belt, and their segments (−1 beyond the ends or outside)."""
        from geo.border.belt import belt_of

        terrain = self._ground.terrain
        belt = belt_of(self._ground.crossed, terrain, belt_m=self._ground.sector.belt_m)
        segment = np.full(terrain["elevation"].shape, -1, np.int64)
        segment[belt.rows, belt.columns] = np.where(belt.inside, belt.segment, -1)
        return segment >= 0, segment

    @cached_property
    def _cell_m2(self) -> Floats:
        """Area on the ground of each cell of the belt (cell,) [m²]."""
        inside, _ = self._belt
        rows, columns = np.nonzero(inside)
        terrain = self._ground.terrain
        places = terrain["easting"].to_numpy()[columns], terrain["northing"].to_numpy()[rows]
        return np.asarray((cell_size(terrain) / self._ground.frame.scale_factor(*places)) ** 2)

    def means(self, live: LiveCoverage) -> BeltMeans:
        """Mean detection probability of the belt and of its worst segment, outages included."""
        inside, segment = self._belt
        return belt_means(live.expected()[inside], segment[inside])

    def segment_means(self, live: LiveCoverage) -> Floats:
        """The same of every segment (segment,) [1]; NaN where no cell is known."""
        inside, segment = self._belt
        values, numbers = live.expected()[inside], segment[inside]
        known = ~np.isnan(values)
        segments = self._ground.crossed.segments
        count = np.bincount(numbers[known], minlength=segments)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.bincount(numbers[known], values[known], minlength=segments) / count)

    def change(self, before: LiveCoverage, after: LiveCoverage) -> CoverageChange:
        """The gain and loss of ``after`` against ``before``, all sensors working, as the maps of coverage show it."""
        values = after.rasters[None].astype(np.float64) - before.rasters[None]
        inside, _ = self._belt
        here = values[inside]
        return CoverageChange(
            values,
            float(self._cell_m2[here >= LEAST_CHANGE].sum()),
            float(self._cell_m2[here <= -LEAST_CHANGE].sum()),
        )
