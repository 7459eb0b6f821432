"""Topographic openness: the free angle of sky or depth around a position."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numba import njit

from geo.arrays import Floats
from geo.errors import TerrainError
from geo.terrain.focal import focal

DIRECTIONS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
STEPS = np.array(DIRECTIONS, dtype=np.int64)


def positive_openness(elevation: Any, cell_m: float, *, radius_m: float) -> Any:
    """Mean zenith angle of the horizon in eight directions within ``radius_m``, [rad]; large on ridges.

    Yokoyama, Shirasawa and Pike (2002), Visualizing topography by openness, Photogrammetric Engineering and Remote
    Sensing 68, 257–265. π/2 on any plane. Takes ``elevation`` (row, column) [m] on square cells of ``cell_m`` [m] as an
    array or a DataArray, lazy or not, and answers in kind as float64. Heights count at the centres along a row, a
    column or a diagonal. NaN where a void or the edge lies within the radius in one of the directions; the Earth's
    curvature is left out. Raises TerrainError for a radius below one cell's diagonal, or anything but two dims.
    """
    return _openness(elevation, cell_m, radius_m, "positive_openness", 1.0)


def negative_openness(elevation: Any, cell_m: float, *, radius_m: float) -> Any:
    """Mean nadir angle of the depth in eight directions within ``radius_m``, [rad]; large in valleys.

    The positive openness of the inverted terrain; see there.
    """
    return _openness(elevation, cell_m, radius_m, "negative_openness", -1.0)


def _openness(elevation: Any, cell_m: float, radius_m: float, name: str, sign: float) -> Any:
    if not cell_m > 0.0 or not math.sqrt(2.0) * cell_m <= radius_m < math.inf:
        raise TerrainError(
            f"the radius is {radius_m} m on cells of {cell_m} m", where=name, expected="at least a cell's diagonal"
        )
    reach = int(radius_m / cell_m * (1.0 + 1e-9))
    measure = partial(_measured, cell_m=float(cell_m), radius_m=float(radius_m), sign=sign)
    return focal(elevation, measure, reach=reach, name=name, units="rad")


def _measured(z: Floats, *, cell_m: float, radius_m: float, sign: float) -> Floats:
    angles = np.full(z.shape, np.nan)
    _mean_zenith(np.ascontiguousarray(sign * z), cell_m, radius_m, STEPS, angles)
    return angles


@njit(cache=True, nogil=True, error_model="numpy")
def _mean_zenith(z: Floats, cell_m: float, radius_m: float, steps: np.typing.NDArray[np.int64], angles: Floats) -> None:
    """Fill ``angles`` with the mean of π/2 less the steepest angle up along each direction."""
    rows, columns = z.shape
    straight = int(radius_m / cell_m * (1.0 + 1e-9))
    diagonal = int(radius_m / (cell_m * math.sqrt(2.0)) * (1.0 + 1e-9))
    for row in range(straight, rows - straight):
        for column in range(straight, columns - straight):
            total = 0.0
            for direction in range(8):
                down, right = steps[direction, 0], steps[direction, 1]
                askew = down != 0 and right != 0
                run = cell_m * math.sqrt(2.0) if askew else cell_m
                steepest = -np.inf
                for step in range(1, (diagonal if askew else straight) + 1):
                    rise = (z[row + step * down, column + step * right] - z[row, column]) / (step * run)
                    if rise > steepest or rise != rise:
                        steepest = rise
                    if steepest != steepest:  # a void: no angle
                        break
                total += math.atan(steepest)
            angles[row, column] = 0.5 * math.pi - total / 8.0


def compile_kernels() -> None:
    """Compile the kernel, or load it from the disk."""
    positive_openness(np.zeros((5, 5)), 1.0, radius_m=2.0)
