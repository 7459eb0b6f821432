"""What field units reach in time: where each meets the target of each incident, by when, and what lies between.

The travel times of a unit to every cell are one search over the mobility surface (``travel_field``), which serves all
its incidents and holds until the unit leaves its cell. Everything after that is arithmetic over units and targets at
once. A unit keeps to its own side of the border, and within the sector's terrain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Bools, Float32s, Floats, Ints
from geo.border.belt import BorderLine
from geo.errors import BadInput
from geo.mobility.roads_and_rivers import Ways, lay
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.paths.response_times import or_unknown
from geo.paths.search import Steps
from geo.terrain.derived import frame_of, north_up, slope
from sensors.interdiction.easi import probability_of_interruption
from sensors.interdiction.interception import ResponseSettings

MOST_CELLS: Final = 60_000
"""Cells of the grid of reach; a finer terrain is thinned out, so that a search takes about a tenth of a second."""
LIMIT_S: Final = 4 * 3600.0
"""A journey that takes longer is not considered."""
NEAREST_CELLS: Final = 3
"""A unit on a closed cell, such as a river bank, starts at the nearest open one within so many cells."""
PATH_POINTS: Final = 17
"""Points of a target's path at which units may meet it; the first is its present position."""
SIGHT_POINTS: Final = 96
"""Points between a unit and the meeting point at which the ground is looked at."""
EYE_M: Final = 1.7
EFFECTIVE_EARTH_M: Final = 6_371_000.0 * 4.0 / 3.0
"""Radius over which sight lines are straight: the atmosphere bends them."""


@dataclass(frozen=True, slots=True, eq=False)
class ReachGround:
    """The ground of a sector on the grid of reach (row, column), closed beyond the border.

    ``walker`` and ``vehicle`` are the surfaces, ``steps`` the same laid out for the search; ``own_side``: cells that
    units may enter, if their mover can; ``beyond``: those whose centre is across the border; ``river``;
    ``slope_rad``: the steepest ground of the finer terrain in a cell.
    """

    walker: Mobility
    vehicle: Mobility
    steps: tuple[Steps, Steps]
    own_side: Bools
    beyond: Bools
    river: Bools
    slope_rad: Float32s
    dismount_s: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.own_side.shape
        return rows, columns

    @property
    def void(self) -> Bools:
        """Cells of the own side whose ground is unknown."""
        unknown: Bools = ~np.isfinite(self.walker.elevation) & ~self.beyond
        return unknown

    def cells(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[Ints, Ints, Bools]:
        """Rows and columns of positions [m], cut to the grid, and whether each is on it; NaN is not."""
        with np.errstate(invalid="ignore"):
            column = np.rint((np.asarray(easting) - self.walker.easting[0]) / self.walker.cell_m)
            row = np.rint((self.walker.northing[0] - np.asarray(northing)) / self.walker.cell_m)
            rows, columns = self.shape
            inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        return (
            np.where(inside, row, 0).astype(np.int64),
            np.where(inside, column, 0).astype(np.int64),
            np.asarray(inside, bool),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Targets of incidents (target,): present position and end of path [m], and the time until it is there.

    ``end_easting``, ``end_northing`` [m], ``left_s`` and ``left_sd_s`` [s] are NaN for a target that does not move: the
    unit goes to its position, without a margin. ``existence`` [1]: probability that there is a target.
    """

    easting: Floats
    northing: Floats
    end_easting: Floats
    end_northing: Floats
    left_s: Floats
    left_sd_s: Floats
    existence: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ReachTable:
    """Reach of each target by each unit, all (unit, target); NaN where there is none.

    ``travel_s``: to the meeting point ``easting``, ``northing`` [m]. ``margin_s`` with ``margin_sd_s``: by how much the
    unit may leave later and still be first somewhere on the path. ``interruption`` [1]. ``in_time``: whether it can be
    reached, with a margin from 0 if the target moves; ``unknown``: whether that is unknown, because no point can be
    reached but over voids of the terrain. ``distance_m`` and ``bearing_rad`` (from grid north, clockwise): straight
    from the unit to the meeting point, to the target where there is none. Between them ``hidden``: the ground blocks
    the line of sight; ``river``: the line crosses one; ``slope_rad``: the steepest ground; ``rise_m``: height of the
    meeting point above the unit.
    """

    travel_s: Floats
    easting: Floats
    northing: Floats
    margin_s: Floats
    margin_sd_s: Floats
    interruption: Floats
    in_time: Bools
    unknown: Bools
    distance_m: Floats
    bearing_rad: Floats
    hidden: Bools
    river: Bools
    slope_rad: Floats
    rise_m: Floats


def reach_ground(
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
    most_cells: int = MOST_CELLS,
) -> ReachGround:
    """Lay out the ground of a sector for the reach of its units.

    Parameters
    ----------
    terrain : xarray.Dataset, dims (northing, easting)
        The sector's terrain.
    border : BorderLine
        The border; cells whose centre is beyond it are closed.
    ways : Ways, optional
        Roads, rivers and fords.
    settings : MobilitySettings, optional
        Named assumptions about movement.
    most_cells : int
        The terrain is thinned out by a whole factor until it has at most so many cells.

    Returns
    -------
    ReachGround
        The ground.
    """
    chosen = settings or MobilitySettings()
    fine = north_up(terrain)
    step = max(1, math.ceil(math.sqrt(fine["elevation"].size / most_cells)))
    coarse = fine.isel(northing=slice(None, None, step), easting=slice(None, None, step))
    steepest = _largest_in(slope(fine).to_numpy(), step, coarse["elevation"].shape)
    easting, northing = np.meshgrid(coarse["easting"].to_numpy(), coarse["northing"].to_numpy())
    _, inward, _ = border.between_edges(easting, northing)
    own_side = np.asarray(inward >= 0.0)
    every = slice(None), slice(None)
    walker, vehicle = (
        ground(coarse, ways=ways, settings=chosen).within(*every, own_side) for ground in (on_foot, by_vehicle)
    )
    laid = None if ways is None or ways.rivers is None else lay(ways, coarse, frame_of(coarse), chosen)
    river = np.zeros(own_side.shape, bool) if laid is None else laid.river & ~laid.path
    return ReachGround(
        walker,
        vehicle,
        (Steps.over(walker), Steps.over(vehicle)),
        own_side & ~walker.closed,
        ~own_side,
        river,
        np.arctan(steepest).astype(np.float32),
        chosen.dismount_s,
    )


def _largest_in(values: Floats, step: int, shape: tuple[int, ...]) -> Floats:
    """Largest value around each cell of the thinned-out grid; 0 where none is known."""
    padded = np.full((shape[0] * step, shape[1] * step), -np.inf)
    padded[: values.shape[0], : values.shape[1]] = np.where(np.isfinite(values), values, -np.inf)
    largest = padded.reshape(shape[0], step, shape[1], step).max(axis=(1, 3))
    return np.where(np.isfinite(largest), largest, 0.0)


def travel_field(
    ground: ReachGround, easting: float, northing: float, *, walks: bool, limit_s: float = LIMIT_S
) -> Float32s | None:
    """Seconds (row, column) from a unit's position [m] to every cell; infinite where there is no path, NaN where that
    is unknown: in voids on the own side, and where only a path over voids may lead there.

    By vehicle as far as that saves time, then on foot; on foot only if the unit ``walks``. None for a unit off the
    terrain, across the border, or where no one can be.
    """
    cell = start_cell(ground, easting, northing)
    if cell is None:
        return None
    labels = np.full(ground.shape, np.inf)
    labels[cell] = 0.0

    def reached(through_voids: bool) -> Floats:
        foot, wheels = ground.steps
        if through_voids:
            foot, wheels = (Steps.over(mover, through_voids=True) for mover in (ground.walker, ground.vehicle))
        if walks:
            return foot.spread(labels, limit=limit_s).cost
        driven = wheels.spread(labels, limit=limit_s).cost
        walked = foot.spread(np.minimum(driven + ground.dismount_s, labels), limit=limit_s).cost
        return np.minimum(driven, walked)

    movers = (ground.walker,) if walks else (ground.walker, ground.vehicle)
    seconds: Float32s = np.where(ground.void, np.nan, or_unknown(reached, *movers)).astype(np.float32)
    return seconds


def start_cell(ground: ReachGround, easting: float, northing: float) -> tuple[int, int] | None:
    """Row and column of the nearest open cell to a position [m] within NEAREST_CELLS; None without one.

    For a position across the border only within one cell, the precision of the grid: a patrol on the line counts, and
    one that is further across does not.
    """
    row, column, inside = ground.cells(easting, northing)
    if not bool(inside):
        return None
    reach = 1 if bool(ground.beyond[row, column]) else NEAREST_CELLS
    top, left = max(0, int(row) - reach), max(0, int(column) - reach)
    near = ground.own_side[top : int(row) + reach + 1, left : int(column) + reach + 1]
    rows, columns = np.nonzero(near)
    if not len(rows):
        return None
    apart = (rows + top - int(row)) ** 2 + (columns + left - int(column)) ** 2
    nearest = int(np.argmin(apart))
    return int(rows[nearest]) + top, int(columns[nearest]) + left


def unit_reach(
    ground: ReachGround,
    fields: npt.NDArray[np.float32],
    units: Floats,
    targets: Targets,
    settings: ResponseSettings | None = None,
) -> ReachTable:
    """Compute where each unit meets each target, by when, and what lies between.

    Parameters
    ----------
    ground : ReachGround
        The ground.
    fields : ndarray of float32, shape (unit, row, column), s
        Travel times of each unit (``travel_field``).
    units : ndarray, shape (unit, 2), m
        Positions of the units, easting and northing.
    targets : Targets
        The targets.
    settings : ResponseSettings, optional
        Spread of travel times and probability that an order is passed on.

    Returns
    -------
    ReachTable
        All (unit, target).

    Raises
    ------
    BadInput
        If there is not one field for each unit.

    Notes
    -----
    A moving target is taken to cover the straight line to the end of its path in the time that is left, at a constant
    speed; it can be met at PATH_POINTS points of it that are on the own side and passable. The meeting point is the
    first at which the unit is there no later than the target, otherwise the one where it is least late. The margin is
    the largest of target's less unit's time over these points, its error that of both times at that point (fractions of
    the travel time, and of the estimate). The probability of interruption is the largest over these points of EASI's
    with one task (``probability_of_interruption``), times the target's existence. Points whose time is unknown are left
    out of all three, so these are lower bounds there.
    """
    chosen = settings or ResponseSettings()
    if fields.shape != (len(units), *ground.shape):
        raise BadInput(f"fields of shape {fields.shape}", where="unit reach", expected=f"{(len(units), *ground.shape)}")
    moves = np.isfinite(targets.left_s) & np.isfinite(targets.end_easting) & np.isfinite(targets.end_northing)
    share = np.linspace(0.0, 1.0, PATH_POINTS)
    east, north = (
        here[:, None] + share * np.where(moves, end - here, 0.0)[:, None]
        for here, end in ((targets.easting, targets.end_easting), (targets.northing, targets.end_northing))
    )
    left_s = np.maximum(targets.left_s, 0.0)
    there = np.where(moves[:, None], left_s[:, None] * share, np.inf)  # (target, point): when the target is there
    row, column, inside = ground.cells(east, north)
    meets = inside & (ground.own_side | ground.void)[row, column]
    found = np.where(meets, fields[:, row, column], np.inf).astype(np.float64)  # (unit, target, point)
    travel = np.where(np.isnan(found), np.inf, found)
    with np.errstate(invalid="ignore"):
        margin = np.where(np.isfinite(travel), there - travel, -np.inf)
    reached = np.isfinite(travel).any(axis=-1)
    unknown: Bools = np.asarray(~reached & np.isnan(found).any(axis=-1))
    best = margin.argmax(axis=-1)
    first = np.where((margin >= 0.0).any(axis=-1), (margin >= 0.0).argmax(axis=-1), best)
    travel_s = np.where(reached, _at(travel, first), np.nan)
    largest = np.where(reached & moves, _at(margin, best), np.nan)
    travel_sd, there_sd = chosen.sd_share * _at(travel, best), _spread_at(targets, share, best)
    meet_east, meet_north = (
        np.where(reached, _at(np.broadcast_to(one, travel.shape), first), np.nan) for one in (east, north)
    )
    to_east = np.where(np.isfinite(meet_east), meet_east, targets.easting)
    to_north = np.where(np.isfinite(meet_north), meet_north, targets.northing)
    apart_east, apart_north = to_east - units[:, 0, None], to_north - units[:, 1, None]
    hidden, river, steepest, rise = _between(ground, units, to_east, to_north)
    with np.errstate(invalid="ignore"):
        return ReachTable(
            travel_s=travel_s,
            easting=meet_east,
            northing=meet_north,
            margin_s=largest,
            margin_sd_s=np.where(reached & moves, np.hypot(travel_sd, there_sd), np.nan),
            interruption=np.where(
                moves & ~unknown,
                _interruption(travel, there, targets, share, chosen) * np.clip(targets.existence, 0.0, 1.0),
                np.nan,
            ),
            in_time=reached & (~moves | (largest >= 0.0)),
            unknown=unknown,
            distance_m=np.hypot(apart_east, apart_north),
            bearing_rad=np.arctan2(apart_east, apart_north) % (2.0 * np.pi),
            hidden=hidden,
            river=river,
            slope_rad=steepest,
            rise_m=rise,
        )


def unit_order(
    *, distress: npt.ArrayLike, assigned: npt.ArrayLike, in_time: npt.ArrayLike, rank: npt.ArrayLike,
    travel_s: npt.ArrayLike,
) -> Ints:  # fmt: skip
    """Order of incidents for units, the first to answer first.

    Parameters
    ----------
    distress : array_like of bool, shape (..., incident)
        Calls for help: before everything else.
    assigned : array_like of bool, shape (..., incident)
        Incidents that the unit is assigned to.
    in_time : array_like of bool, shape (..., incident)
        Incidents that the unit reaches in time.
    rank : array_like of int, shape (..., incident)
        Rank of the priority, 0 the highest.
    travel_s : array_like, shape (..., incident), s
        Travel time; NaN without a path.

    Returns
    -------
    ndarray of int, shape (..., incident)
        Indices of the incidents in order: distress, assigned, in time, priority, travel time; equal ones as given.

    Examples
    --------
    >>> unit_order(distress=[0, 0, 1], assigned=[0, 0, 0], in_time=[1, 1, 0], rank=[1, 1, 0], travel_s=[90, 60, 999])
    array([2, 1, 0])
    """
    seconds = np.asarray(travel_s, dtype=np.float64)
    keys = (
        np.where(np.isnan(seconds), np.inf, seconds),
        np.asarray(rank),
        ~np.asarray(in_time, bool),
        ~np.asarray(assigned, bool),
        ~np.asarray(distress, bool),
    )
    return np.lexsort(np.broadcast_arrays(*keys), axis=-1)


def _at(values: Floats, index: Ints) -> Floats:
    """Values (unit, target, point) at one point each (unit, target)."""
    found: Floats = np.take_along_axis(values, index[..., None], axis=-1)[..., 0]
    return found


def _spread_at(targets: Targets, share: Floats, index: Ints) -> Floats:
    """Standard deviation [s] of the target's time at one point each (unit, target): that of the end, by the way."""
    spread: Floats = np.where(np.isfinite(targets.left_sd_s), targets.left_sd_s, 0.0) * share[index]
    return spread


def _interruption(travel: Floats, there: Floats, targets: Targets, share: Floats, settings: ResponseSettings) -> Floats:
    """Largest probability [1] (unit, target) over the points that the unit is there before the target."""
    delay = np.where(np.isfinite(there), there, 0.0)
    spread = np.where(np.isfinite(targets.left_sd_s), targets.left_sd_s, 0.0)[:, None] * share
    chance = probability_of_interruption(
        [1.0],
        delay[..., None],
        spread[..., None],
        response_s=travel,
        response_sd_s=np.where(np.isfinite(travel), settings.sd_share * travel, 0.0),
        communication=settings.communication,
        position=1.0,
    )
    largest: Floats = np.asarray(chance).max(axis=-1)
    return largest


def _between(
    ground: ReachGround, units: Floats, easting: Floats, northing: Floats
) -> tuple[Bools, Bools, Floats, Floats]:
    """Obstacles on the straight line from each unit to a position (unit, target) [m].

    Whether the ground blocks the line of sight between people who stand there, whether it crosses a river, the steepest
    ground [rad], and the rise [m]. Ground that is not known blocks nothing.
    """
    share = np.linspace(0.0, 1.0, SIGHT_POINTS)
    east = units[:, 0, None, None] + share * (easting - units[:, 0, None])[..., None]
    north = units[:, 1, None, None] + share * (northing - units[:, 1, None])[..., None]
    row, column, inside = ground.cells(east, north)
    height = np.where(inside, ground.walker.elevation[row, column], np.nan)
    away = np.hypot(easting - units[:, 0, None], northing - units[:, 1, None])[..., None] * share
    seen = height - away**2 / (2.0 * EFFECTIVE_EARTH_M)
    line = (seen[..., :1] + EYE_M) * (1.0 - share) + (seen[..., -1:] + EYE_M) * share
    with np.errstate(invalid="ignore"):
        hidden: Bools = np.any(seen[..., 1:-1] > line[..., 1:-1], axis=-1)
    river: Bools = np.any(inside & ground.river[row, column], axis=-1)
    steepest: Floats = np.where(inside, ground.slope_rad[row, column], 0.0).max(axis=-1)
    rise: Floats = height[..., -1] - height[..., 0]
    return hidden, river, steepest, rise
