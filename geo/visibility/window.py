"""Viewshed of one observer as arrays: a window of cells, swept by the kernels and cut to range and angles."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from geo.arrays import Bools, Float32s, UInt8s
from geo.visibility.kernels.exact_sweep import sweep_exact
from geo.visibility.kernels.rings import FARTHEST_M, HABITUAL_VOID_M
from geo.visibility.kernels.sight_line import HIDDEN, SNAP, UNKNOWN, VISIBLE, ground_at
from geo.visibility.kernels.undeclared_voids import check_plausible
from geo.visibility.kernels.xdraw import sweep_fast
from geo.visibility.view import RasterGrid, View, drop_per_cell, void_below

# Azimuth in the middle of the cone to the north, east, south, west, and which way its slopes dv/du turn.
_SIDES = ((0.0, 1.0), (np.pi / 2, 1.0), (np.pi, -1.0), (3 * np.pi / 2, -1.0))
# Angle by which a cone extends beyond a sector's edges [rad], so that rounding loses no cell; the edges are cut later.
SLACK = 1e-6


def window_of(count: int, centre: float, reach: float) -> tuple[int, int]:
    """First index and one past the last within ``reach`` cells of ``centre`` on an axis of ``count`` cells."""
    nearest = round(centre)
    low = min(int(np.ceil(max(centre - reach - SNAP, 0.0))), nearest)
    high = max(int(np.floor(min(centre + reach + SNAP, count - 1.0))), nearest)
    return low, high + 1


def read_window(grid: RasterGrid, row: float, column: float, max_range_m: float) -> tuple[slice, slice]:
    """Rows and columns that hold every crossing of a site's sight lines: those in range and one cell more."""
    reach = max_range_m / grid.cell_m + 2.0
    return slice(*window_of(grid.rows, row, reach)), slice(*window_of(grid.columns, column, reach))


def view_from(
    z: Float32s, cell_m: float, row: float, column: float, view: View, above: Float32s | None = None
) -> tuple[int, int, UInt8s]:
    """States of the cells around an observer at a fractional ``row`` and ``column`` of ``z`` (row, column) [m].

    Returns the first row and column of the window in ``z`` and the window's states. ``above`` (row, column) [m] is what
    blocks sight on top of the ground, such as trees; see ``geo.visibility.canopy``.
    """
    if above is not None:
        return _view_under(z, above, cell_m, row, column, view)
    place = _placed(z, cell_m, row, column, view)
    return place.first_row, place.first_column, _states_in_view(place)


def needed_from(z: Float32s, cell_m: float, row: float, column: float, view: View) -> tuple[int, int, Float32s]:
    """As ``view_from``, with the least height to be seen; NaN outside the view."""
    place = _placed(z, cell_m, row, column, view)
    needed = _swept_heights(place)
    inside = np.full(place.shape, VISIBLE, np.uint8)
    _keep_view(inside, place)
    needed[inside == HIDDEN] = np.nan
    return place.first_row, place.first_column, needed


def _view_under(
    z: Float32s, above: Float32s, cell_m: float, row: float, column: float, view: View
) -> tuple[int, int, UInt8s]:
    """``view_from`` with blocking heights above the ground: only the window that is read is taken of both."""
    reach = view.max_range_m / cell_m + 2.0
    (top, bottom), (left, right) = window_of(z.shape[0], row, reach), window_of(z.shape[1], column, reach)
    z, above = (np.ascontiguousarray(heights[top:bottom, left:right]) for heights in (z, above))
    row, column = row - top, column - left
    above = _cleared_around(above, row, column)
    place = _placed(z + above, cell_m, row, column, replace(view, elevations_rad=None))
    states, needed = _states_in_view(place), _swept_heights(place)
    window = np.s_[place.first_row : place.end_row, place.first_column : place.end_column]
    clearance = np.float32(view.target_height_m) - above[window]  # of the target's top above the canopy over it
    wooded = above[window] > 0.0
    states[wooded & (states == VISIBLE) & ~(needed <= clearance)] = HIDDEN
    states[wooded & (states == UNKNOWN) & (clearance < 0.0)] = HIDDEN
    if view.elevations_rad is not None:
        states[~_in_elevation(z[window], place, view.elevations_rad)] = HIDDEN
    return top + place.first_row, left + place.first_column, states


def _cleared_around(above: Float32s, row: float, column: float) -> Float32s:
    """A copy without blocking heights in the cells, up to four, whose centres surround the observer."""
    cleared = above.copy()
    for r in {int(np.floor(row)), int(np.ceil(row))}:
        cleared[r, int(np.floor(column))] = cleared[r, int(np.ceil(column))] = 0.0
    return cleared


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """One observer on a surface, ready for the kernels.

    ``heights`` are the fields of the kernels' ``Eye``; ``reach`` is the range in cells; the window of cells ends before
    ``end_row`` and ``end_column``; ``sector`` is the start azimuth and the width, None for all round; ``sides`` are the
    cones to sweep, each with the fields of ``ViewLimits``.
    """

    z: Float32s
    cell_m: float
    row: float
    column: float
    view: View
    heights: tuple[float, float, float, float]
    reach: float
    first_row: int
    end_row: int
    first_column: int
    end_column: int
    sector: tuple[float, float] | None
    sides: tuple[tuple[int, tuple[float, float, float]], ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        return self.end_row - self.first_row, self.end_column - self.first_column


def standing_at(z: Float32s, row: float, column: float) -> tuple[float, float, float]:
    """Where an observer on the map stands, and the height there [m], NaN on a void.

    That is its exact position or, where a void beside its cell has a share in the bilinear height, the cell's centre:
    ``geo.terrain.derived.standing_points`` for a position in cells.
    """
    ground = float(ground_at(z.ravel(), z.shape[0], z.shape[1], row, column))
    if not np.isnan(ground):
        return row, column, ground
    row, column = float(np.rint(row)), float(np.rint(column))
    return row, column, float(z[int(row), int(column)])


def _placed(z: Float32s, cell_m: float, row: float, column: float, view: View) -> _Place:
    """The observer at a position on a surface; TerrainError if the ground height there is unknown."""
    rows, columns = z.shape
    drop, sector = drop_per_cell(cell_m, view.curvature_k), view.sector()
    row, column, ground = standing_at(z, row, column)
    if np.isnan(ground):
        raise void_below(f"observer at row {row:g}, column {column:g}")
    reach = min(view.max_range_m / cell_m, float(np.hypot(rows, columns)))
    window = (*window_of(rows, row, reach), *window_of(columns, column, reach))
    slopes = ((side, cone_slopes(side, sector)) for side in range(4))
    sides = tuple((side, (reach, *limits)) for side, limits in slopes if limits is not None)
    heights = (ground + float(view.observer_height_m), ground, float(view.target_height_m), drop)
    return _Place(z, cell_m, row, column, view, heights, reach, *window, sector, sides)


def _states_in_view(place: _Place) -> UInt8s:
    """States of the window's cells; 0 outside the view."""
    states = np.zeros(place.shape, np.uint8)
    _sweep(place, states, np.empty((0, 0), np.float32))
    _keep_view(states, place)
    return states


def _swept_heights(place: _Place) -> Float32s:
    """Least heights to be seen of the window's cells [m], of those outside the angles too."""
    needed = np.full(place.shape, np.nan, np.float32)
    _sweep(place, np.empty((0, 0), np.uint8), needed)
    return needed


def _sweep(place: _Place, states: UInt8s, needed: Float32s) -> None:
    """Sweep the cones around a place into the window's states or, where it has cells, into ``needed``."""
    z, row, column, ground = place.z, place.row, place.column, place.heights[1]
    in_doubt = abs(ground) > FARTHEST_M or ground == HABITUAL_VOID_M
    sweep = sweep_fast if place.view.mode == "fast" else sweep_exact
    at, flat, outs = (row, column), z.ravel(), (states.ravel(), needed.ravel())
    window = (place.first_row, place.first_column, place.shape[1])
    for side, limits in place.sides:
        in_doubt |= sweep(flat, z.shape, at, side, place.heights, limits, *outs, window)
    if in_doubt:
        near = place.reach + 1.0
        check_plausible(z, window_of(z.shape[0], row, near), window_of(z.shape[1], column, near))
    if row == round(row) and column == round(column):  # the cell under the observer
        out, here = (needed, 0.0) if needed.size else (states, VISIBLE)
        out[round(row) - place.first_row, round(column) - place.first_column] = here


def cone_slopes(side: int, sector: tuple[float, float] | None) -> tuple[float, float] | None:
    """Smallest and largest slope dv/du that a sector needs of the cone on one side, None if it needs none."""
    if sector is None:
        return -1.0, 1.0
    centre, turn = _SIDES[side]
    start, width = sector
    quarter = np.pi / 4
    offsets = []
    for turns in (-2, -1, 0, 1):
        low = start - centre + 2 * np.pi * turns
        if low <= quarter + SLACK and low + width >= -quarter - SLACK:
            offsets += [max(low, -quarter), min(low + width, quarter)]
    if not offsets:
        return None
    slopes = sorted((turn * np.tan(min(offsets)), turn * np.tan(max(offsets))))
    return max(slopes[0] - SLACK, -1.0), min(slopes[1] + SLACK, 1.0)


def _keep_view(states: UInt8s, place: _Place) -> None:
    """Set to 0, in place, the states of cells nearer than the minimum range or outside the angles."""
    view = place.view
    if view.min_range_m == 0.0 and view.azimuths_rad is None and view.elevations_rad is None:
        return
    low, high = (-np.inf, np.inf) if view.elevations_rad is None else map(_steepness, view.elevations_rad)
    eye_m, _, target_m, curvature = place.heights
    _clear_outside(
        states,
        place.z.ravel(),
        place.z.shape[1],
        (place.row, place.column, place.first_row, place.first_column),
        (eye_m, target_m, curvature, place.cell_m),
        (view.min_range_m / place.cell_m, *(place.sector or (0.0, 7.0)), float(low), float(high)),
    )


@njit(cache=True, error_model="numpy")
def _clear_outside(
    states: UInt8s,
    z: Float32s,
    columns: int,
    place: tuple[float, float, int, int],
    eye: tuple[float, float, float, float],
    limits: tuple[float, float, float, float, float],
) -> None:
    """Set to 0, in place, the cells of a window nearer than the least range or outside the angles.

    ``place`` = (row, column of the observer, first row, first column of the window); ``eye`` = (eye height, target
    height, curvature drop at one cell, cell); ``limits`` = (least range in cells, start azimuth, width, lowest and
    highest rise over run). The observer's own place has every azimuth.
    """
    row, column, row0, column0 = place
    eye_m, above_target, curvature, cell_m = eye
    least, azimuth, width, low, high = limits
    for i in range(states.shape[0]):
        south = i + row0 - row
        for j in range(states.shape[1]):
            if states[i, j] == HIDDEN:
                continue
            east = j + column0 - column
            square = south * south + east * east
            inside = square >= least * least * (1.0 - 1e-12)
            if square > 0.0:
                turn = (np.arctan2(east, -south) - azimuth) % (2.0 * np.pi)
                inside &= turn <= width + 1e-12 or turn >= 2.0 * np.pi - 1e-12
            rise = np.float64(z[(i + row0) * columns + j + column0]) + above_target - eye_m - curvature * square
            run = np.sqrt(square) * cell_m
            if rise == rise and (rise < low * run or rise > high * run):
                inside = False
            if not inside:
                states[i, j] = HIDDEN


def _steepness(elevation_rad: float) -> float:
    """Rise over run of an elevation angle; straight up and down have no bound."""
    if abs(elevation_rad) >= np.pi / 2:
        return float(np.copysign(np.inf, elevation_rad))
    return float(np.tan(elevation_rad))


def _in_elevation(ground: Float32s, place: _Place, elevations_rad: tuple[float, float]) -> Bools:
    """Whether the top of a target on the bare ``ground`` of the window lies between two elevations; a void does."""
    eye_m, _, target_m, curvature = place.heights
    south = (np.arange(place.first_row, place.end_row) - place.row)[:, None]
    east = (np.arange(place.first_column, place.end_column) - place.column)[None]
    square = south * south + east * east
    rise = ground.astype(np.float64) + target_m - eye_m - curvature * square
    angle = np.arctan2(rise, np.sqrt(square) * place.cell_m)
    low, high = elevations_rad
    return np.asarray(~((angle < low) | (angle > high)))
