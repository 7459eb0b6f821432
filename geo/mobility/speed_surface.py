"""Speed of a walker or a vehicle on each cell of the terrain, as input to path searches."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats
from geo.mobility.roads_and_rivers import WayCells, Ways, lay
from geo.mobility.settings import Factors, MobilitySettings
from geo.mobility.walking_speed import TOBLER_EASIEST_GRADIENT, TOBLER_PEAK_MPS, TOBLER_STEEPNESS
from geo.terrain.derived import cell_size, frame_of, north_up, slope
from geo.terrain.land_cover import WORLD_COVER


@dataclass(frozen=True, slots=True)
class SpeedLaw:
    """Speed = ``peak_mps`` · exp(−``decline`` · |gradient − ``easiest``|), none at all beyond ±``limit``."""

    peak_mps: float
    decline: float
    easiest: float = 0.0
    limit: float = math.inf

    @property
    def level_mps(self) -> float:
        """Speed on level ground [m/s]."""
        return self.peak_mps * math.exp(-self.decline * abs(self.easiest))

    def columns(self) -> Floats:
        """The law in the form that the search's kernel takes."""
        return np.array([self.peak_mps, self.decline, self.easiest, self.limit])


WALKING = SpeedLaw(TOBLER_PEAK_MPS, TOBLER_STEEPNESS, TOBLER_EASIEST_GRADIENT)


@dataclass(frozen=True, slots=True, eq=False)
class Mobility:
    """Speed of a mover over the ground, on the cells of a terrain (row, column).

    ``elevation`` [m]; ``pace`` [1] is the factor on the seconds of the ``law``, infinite where a cell is impassable;
    ``felt`` is the maximum gradient that applies (a road is less steep than the ground around it), infinite off roads.
    ``least_pace`` [1] is a lower bound of the pace, also beyond these cells; 0 if none is known.
    """

    law: SpeedLaw
    cell_m: float
    easting: Floats
    northing: Floats
    elevation: Floats
    pace: Floats
    felt: Floats | float = math.inf
    mover: str = "walker"
    missing: tuple[str, ...] = ()
    least_pace: float = 0.0

    def within(self, rows: slice, columns: slice, inside: Bools) -> Mobility:
        """Return a window, closed outside the cells ``inside`` (row, column of the window)."""
        felt = np.broadcast_to(self.felt, self.elevation.shape)[rows, columns]
        return replace(
            self,
            easting=self.easting[columns],
            northing=self.northing[rows],
            elevation=self.elevation[rows, columns],
            pace=np.where(inside, self.pace[rows, columns], math.inf),
            felt=felt if np.ndim(self.felt) else self.felt,
        )

    @property
    def closed(self) -> Bools:
        """Cells that cannot be entered: impassable or unknown."""
        return ~(np.isfinite(self.pace) & np.isfinite(self.elevation))


def on_foot(terrain: xr.Dataset, *, ways: Ways | None = None, settings: MobilitySettings | None = None) -> Mobility:
    """Mobility of a walker: Tobler's speed, slower off paths, by land cover, under trees, and through rivers.

    On roads and paths the cover does not count. A river costs ``river_wade_s`` per cell on the path, taken as level, a
    ford ``ford_wade_s``; water as land cover is closed. Cells whose cover is unknown count as open ground.
    """
    terrain = north_up(terrain)
    chosen, features = settings or MobilitySettings(), ways or Ways()
    cells = _laid(features, terrain, chosen)
    share = _cover_share(terrain, chosen.foot_cover, chosen.foot_canopy_factor, chosen)
    with np.errstate(divide="ignore"):
        pace = 1.0 / (chosen.off_path_factor * share)
    if cells is not None:
        pace[cells.path] = 1.0
        wade = np.where(cells.ford, chosen.ford_wade_s, chosen.river_wade_s)
        pace = pace + np.where(cells.river & ~cells.path, wade * WALKING.level_mps / cell_size(terrain), 0.0)
    least = min(1.0, 1.0 / chosen.off_path_factor) if features.roads is not None else 1.0 / chosen.off_path_factor
    return replace(_mobility(terrain, WALKING, pace, "walker", features), least_pace=least)


def by_vehicle(terrain: xr.Dataset, *, ways: Ways | None = None, settings: MobilitySettings | None = None) -> Mobility:
    """Mobility of a light off-road vehicle: on roads at their speed and gradient, off roads slower, by land cover and
    slope.

    Off roads, ground steeper than ``vehicle_limit``, closed cover and rivers are impassable; a river is crossed on
    roads, not on footpaths, and, for ``vehicle_ford_s``, at fords.
    """
    terrain = north_up(terrain)
    chosen, features = settings or MobilitySettings(), ways or Ways()
    cells = _laid(features, terrain, chosen)
    law = SpeedLaw(chosen.vehicle_mps, chosen.vehicle_decline, 0.0, chosen.vehicle_limit)
    share = _cover_share(terrain, chosen.vehicle_cover, chosen.vehicle_cover.get("tree_cover", 0.0), chosen)
    share[slope(terrain).to_numpy() > chosen.vehicle_limit] = 0.0  # also too steep to drive across the slope
    with np.errstate(divide="ignore"):
        pace = 1.0 / share
    felt: Floats | float = math.inf
    if cells is not None:
        on_road = np.isfinite(cells.road_mps)
        by_road = chosen.vehicle_mps / np.where(on_road, cells.road_mps, 1.0)
        pace = np.where(on_road, np.minimum(by_road, pace), pace)  # a poor track is no worse than the ground beside it
        felt = np.where(on_road, chosen.road_gradient, math.inf)
        pace[cells.river & ~cells.ford & ~on_road] = math.inf
        pace[cells.ford & ~on_road] += chosen.vehicle_ford_s * chosen.vehicle_mps / cell_size(terrain)
    least = 1.0 if features.roads is None else 0.0  # roads may be faster than any ground
    return replace(_mobility(terrain, law, pace, "vehicle", features), felt=felt, least_pace=least)


def _laid(ways: Ways, terrain: xr.Dataset, settings: MobilitySettings) -> WayCells | None:
    return None if len(ways.missing) == 3 else lay(ways, terrain, frame_of(terrain), settings)


def _cover_share(terrain: xr.Dataset, cover: Factors, canopy_factor: float, settings: MobilitySettings) -> Floats:
    """Fraction of the speed on open ground (row, column): by land cover, or by the canopy if there is none."""
    share = np.ones((terrain.sizes["northing"], terrain.sizes["easting"]))
    under_trees = np.zeros(share.shape, bool)
    if "canopy_height" in terrain:
        under_trees = terrain["canopy_height"].to_numpy() >= settings.canopy_from_m
        share[under_trees] = canopy_factor
    if "land_cover" in terrain:
        codes = terrain["land_cover"].to_numpy()
        for code, name in _legend(terrain["land_cover"]).items():
            if name in cover:
                share[codes == code] = cover[name]
    return share


def _legend(land_cover: xr.DataArray) -> dict[int, str]:
    """Names of the classes by code: the variable's own legend, or else ESA WorldCover's."""
    if "flag_values" in land_cover.attrs:
        names = str(land_cover.attrs["flag_meanings"]).split()
        codes = np.atleast_1d(land_cover.attrs["flag_values"])
        return {int(code): name for code, name in zip(codes, names, strict=True)}
    return {code: name.replace(" ", "_") for code, name in WORLD_COVER.items()}


def _mobility(
    terrain: xr.Dataset, law: SpeedLaw, pace: Floats, mover: str, ways: Ways, cell_m: float | None = None
) -> Mobility:
    layers = tuple(name for name in ("land_cover", "canopy_height") if name not in terrain)
    return Mobility(
        law=law,
        cell_m=cell_size(terrain) if cell_m is None else cell_m,
        easting=terrain["easting"].to_numpy().astype(np.float64),
        northing=terrain["northing"].to_numpy().astype(np.float64),
        elevation=terrain["elevation"].to_numpy(),
        pace=pace,
        mover=mover,
        missing=(*ways.missing, *layers),
    )


def bare(terrain: xr.Dataset, law: SpeedLaw, pace: float, *, cell_m: float | None = None) -> Mobility:
    """Mobility from elevation alone: every cell takes ``pace`` times the seconds of the law.

    ``cell_m`` [m] is for a window too small to derive it from its coordinates.
    """
    paces = np.full((terrain.sizes["northing"], terrain.sizes["easting"]), pace)
    return replace(_mobility(terrain, law, paces, "walker", Ways(), cell_m), least_pace=pace)
