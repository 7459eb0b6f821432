"""Surroundings of a track: terrain class, covering sensors, dead ground ahead, minutes to a road or settlement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from affine import Affine
from rasterio.features import rasterize

from fusion.situation.current_coverage import CurrentCoverage, first_hidden
from fusion.situation.facts import Surroundings
from fusion.situation.sector_rasters import SectorRasters
from geo.arrays import Bools, Float32s
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.mobility.roads_and_rivers import Ways, lay
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, on_foot
from geo.paths.search import spread
from geo.terrain import bounds, cell_size, frame_of, north_up

AHEAD_S, AHEAD_STEP_S = 300.0, 5.0
HIDDEN_PROBABILITY, HIDDEN_LEAST_S = 0.05, 15.0
"""Dead ground ahead: no look detects a target with this probability for this time (assumptions, as in the alert
rule)."""
STEEPNESS = ((0.05, "level"), (0.15, "rolling"), (0.35, "steep"), (math.inf, "very_steep"))
"""Terms for slope, rise over run (assumption): a 5% grade is typical of a road, 15% of a track, 35% requires
scrambling."""


@dataclass(frozen=True, slots=True, eq=False)
class SurroundingsLookup:
    """Rasters of one sector, computed once (``ground_around``)."""

    rasters: SectorRasters
    has_cover: bool
    legend: Mapping[int, str]
    minutes: Mapping[str, Float32s]
    missing: tuple[str, ...]

    def of(
        self,
        easting: float,
        northing: float,
        rate: tuple[float, float],
        coverage: CurrentCoverage | None,
        *,
        silent: Sequence[str] = (),
    ) -> Surroundings:
        """The surroundings of a position [m] of a mover with ``rate`` (east, north) [m/s]; ``silent``: sensors that do
        not work."""
        x, y = np.array([easting]), np.array([northing])
        height, steep, cover = np.full(1, np.nan), np.full(1, np.nan), np.zeros(1, np.uint8)
        self.rasters.sample(x, y, height, steep, cover if self.has_cover else None)
        slope = float(steep[0])
        return Surroundings(
            steepness=next((term for most, term in STEEPNESS if slope <= most), ""),
            land_cover=self.legend.get(int(cover[0]), ""),
            slope=round(slope, 3) if math.isfinite(slope) else None,
            seen_by=() if coverage is None else coverage.sensors_at(easting, northing, silent=silent),
            hidden_in_s=None if coverage is None else hidden_ahead(easting, northing, rate, coverage, silent),
            road_min=self._minutes("roads", easting, northing),
            settlement_min=self._minutes("settlements", easting, northing),
            missing=self.missing,
        )

    def _minutes(self, destination: str, easting: float, northing: float) -> float | None:
        raster = self.minutes.get(destination)
        if raster is None:
            return None
        column = round((easting - self.rasters.west) / self.rasters.cell_m)
        row = round((self.rasters.north - northing) / self.rasters.cell_m)
        if not (0 <= row < raster.shape[0] and 0 <= column < raster.shape[1]):
            return None
        value = float(raster[row, column])
        return round(value, 1) if math.isfinite(value) else None


def hidden_ahead(
    easting: float, northing: float, rate: tuple[float, float], coverage: CurrentCoverage, silent: Sequence[str]
) -> float | None:
    """Seconds until a mover is in dead ground of every working sensor for a while, at its present velocity; 0 if it
    already is.

    None if it remains in view for AHEAD_S.
    """
    step = np.arange(0.0, AHEAD_S + AHEAD_STEP_S, AHEAD_STEP_S)
    seen = coverage.seeing(easting + rate[0] * step, northing + rate[1] * step, silent=silent)
    return first_hidden(step, seen, HIDDEN_PROBABILITY, HIDDEN_LEAST_S)


def ground_around(
    terrain: xr.Dataset,
    *,
    ways: Ways | None = None,
    settlements: Any = None,
    settings: MobilitySettings | None = None,
    rasters: SectorRasters | None = None,
) -> SurroundingsLookup:
    """Compute the rasters of a terrain; minutes on foot need ``ways`` with roads and ``settlements`` (a GeoDataFrame of
    points or areas in any known coordinate system). Data that are not given are named in ``missing``. Each requires a
    search over the terrain."""
    terrain = north_up(terrain)
    frame, chosen = frame_of(terrain), settings or MobilitySettings()
    has_cover = "land_cover" in terrain
    goals: dict[str, Bools] = {}
    if ways is not None and ways.roads is not None:
        goals["roads"] = lay(Ways(roads=ways.roads), terrain, frame, chosen).path
    if settlements is not None:
        goals["settlements"] = _touched(settlements, terrain, frame)
    walker = on_foot(terrain, ways=ways, settings=chosen) if goals else None
    minutes = {name: _minutes_to(walker, cells) for name, cells in goals.items() if walker is not None}
    wanted = {"land_cover": has_cover, "roads": "roads" in minutes, "settlements": "settlements" in minutes}
    return SurroundingsLookup(
        rasters=rasters or SectorRasters.of(terrain),
        has_cover=has_cover,
        legend=_legend(terrain["land_cover"]) if has_cover else {},
        minutes=minutes,
        missing=tuple(name for name, there in wanted.items() if not there),
    )


def _touched(table: Any, terrain: xr.Dataset, frame: LocalFrame) -> Bools:
    """Cells (row, column) touched by the shapes."""
    if table.crs is None:
        raise BadInput("no coordinate system", where="settlements", expected="a known one")
    shape = (terrain.sizes["northing"], terrain.sizes["easting"])
    shapes = [one for one in table.geometry.to_crs(frame.crs) if one is not None and not one.is_empty]
    if not shapes:
        return np.zeros(shape, np.bool_)
    west, _, _, north = bounds(terrain)
    grid = Affine(cell_size(terrain), 0.0, west, 0.0, -cell_size(terrain), north)
    return np.asarray(rasterize(shapes, shape, transform=grid, all_touched=True, dtype="uint8") > 0)


def _legend(cover: xr.DataArray) -> dict[int, str]:
    """Names by code, following the CF conventions that geo.terrain.land_cover writes."""
    codes = np.atleast_1d(cover.attrs.get("flag_values", [])).tolist()
    return dict(zip(codes, str(cover.attrs.get("flag_meanings", "")).split(), strict=False))


def _minutes_to(walker: Mobility, cells: Bools) -> Float32s:
    """Minutes (row, column) on foot from each cell to the nearest of ``cells`` in time; inf without a path."""
    start = np.where(cells & ~walker.closed, 0.0, np.inf)
    cost = spread(walker, start, backward=True, neighbours=16).cost
    return (cost / 60.0).astype(np.float32)
