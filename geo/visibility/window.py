"""The window of cells around one observer: swept by the kernels, then cut to its range and angles."""

from __future__ import annotations

import numpy as np
from numba import njit

from geo.arrays import Float32s, UInt8s
from geo.errors import TerrainError
from geo.visibility.kernels.exact_sweep import sweep_exact
from geo.visibility.kernels.rings import FARTHEST_M, HABITUAL_VOID_M
from geo.visibility.kernels.sight_line import HIDDEN, SNAP, VISIBLE, Cone, cone_of, ground_at
from geo.visibility.kernels.undeclared_voids import check_plausible
from geo.visibility.kernels.xdraw import sweep_fast
from geo.visibility.view import RasterGrid, View, drop_per_cell

# Azimuth in the middle of the cone to the north, east, south, west, and which way its slopes dv/du turn.
_SIDES = ((0.0, 1.0), (np.pi / 2, 1.0), (np.pi, -1.0), (3 * np.pi / 2, -1.0))
# How far a cone reaches beyond a sector's edges [rad], so that rounding loses no cell; the edges are cut later.
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


def view_from(z: Float32s, cell_m: float, row: float, column: float, view: View) -> tuple[int, int, UInt8s]:
    """The window's first row and column in ``z`` and its states, seen from a place given in rows and columns."""
    row0, column0, states, _ = _swept(z, cell_m, row, column, view, heights=False)
    _keep_view(states, z, cell_m, row, column, row0, column0, view)
    return row0, column0, states


def needed_from(z: Float32s, cell_m: float, row: float, column: float, view: View) -> tuple[int, int, Float32s]:
    """As ``view_from``, with the least height to be seen; NaN outside the view."""
    row0, column0, inside, needed = _swept(z, cell_m, row, column, view, heights=True)
    inside[:] = VISIBLE
    _keep_view(inside, z, cell_m, row, column, row0, column0, view)
    needed[inside == HIDDEN] = np.nan
    return row0, column0, needed


def _swept(
    z: Float32s, cell_m: float, row: float, column: float, view: View, *, heights: bool
) -> tuple[int, int, UInt8s, Float32s]:
    """Sweep the four cones around a place: the window's first row and column, states, and least heights if asked."""
    flat, (rows, columns) = z.ravel(), z.shape
    ground = float(ground_at(flat, rows, columns, row, column))
    if np.isnan(ground):
        raise TerrainError(f"row {row:g}, column {column:g} is void", where="observer", expected="known ground")
    reach = min(view.max_range_m / cell_m, float(np.hypot(rows, columns)))
    row0, row1 = window_of(rows, row, reach)
    column0, column1 = window_of(columns, column, reach)
    shape = (row1 - row0, column1 - column0)
    states = np.zeros(shape, np.uint8)
    needed = np.full(shape if heights else (0, 0), np.nan, np.float32)
    eye = (
        ground + float(view.observer_height_m),
        ground,
        float(view.target_height_m),
        drop_per_cell(cell_m, view.curvature_k),
    )
    sector = view.sector()
    in_doubt = abs(ground) > FARTHEST_M or ground == HABITUAL_VOID_M
    for side in range(4):
        slopes = cone_slopes(side, sector)
        if slopes is None:
            continue
        cone, rings = cone_of(rows, columns, row, column, side)
        cone = within_reach(cone, reach)
        out_cone = _cone_in_window(cone, row0, column0, columns, shape[1])
        sweep = sweep_fast if view.mode == "fast" else sweep_exact
        in_doubt |= sweep(flat, cone, rings, eye, (reach, *slopes), states.ravel(), needed.ravel(), out_cone)
    if in_doubt:
        check_plausible(z, window_of(rows, row, reach + 1.0), window_of(columns, column, reach + 1.0))
    if row == round(row) and column == round(column):  # the cell underfoot
        underfoot = (round(row) - row0, round(column) - column0)
        states[underfoot] = VISIBLE
        if heights:
            needed[underfoot] = 0.0
    return row0, column0, states, needed


def within_reach(cone: Cone, reach: float) -> Cone:
    """The cone without the minor indices that no ray within reach, in cells, comes near."""
    origin, along, across, lowest, highest, eye_v, first_u = cone
    wide = int(reach) + 8
    return origin, along, across, max(lowest, -wide), min(highest, wide), eye_v, first_u


def _cone_in_window(cone: Cone, row0: int, column0: int, columns: int, width: int) -> tuple[int, int, int]:
    """The cone's origin and steps in a window of the map that begins at (row0, column0) and is ``width`` wide."""
    origin, along, across = cone[:3]
    row, column = divmod(origin, columns)
    in_window = {columns: width, -columns: -width}
    return (row - row0) * width + column - column0, in_window.get(along, along), in_window.get(across, across)


def cone_slopes(side: int, sector: tuple[float, float] | None) -> tuple[float, float] | None:
    """Smallest and largest slope dv/du that a sector needs of the cone on one side, None where it needs none."""
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


def _keep_view(
    states: UInt8s,
    z: Float32s,
    cell_m: float,
    row: float,
    column: float,
    row0: int,
    column0: int,
    view: View,
) -> None:
    """Set to 0, in place, what lies nearer than the least range or outside the angles."""
    if view.min_range_m == 0.0 and view.azimuths_rad is None and view.elevations_rad is None:
        return
    sector = view.sector() or (0.0, 7.0)
    flat, (rows, columns) = z.ravel(), z.shape
    low, high = (-np.inf, np.inf) if view.elevations_rad is None else map(_steepness, view.elevations_rad)
    eye_m = float(ground_at(flat, rows, columns, row, column)) + view.observer_height_m
    _clear_outside(
        states,
        flat,
        columns,
        (row, column, row0, column0),
        (eye_m, float(view.target_height_m), drop_per_cell(cell_m, view.curvature_k), cell_m),
        (view.min_range_m / cell_m, *sector, float(low), float(high)),
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
