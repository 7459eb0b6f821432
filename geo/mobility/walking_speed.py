"""How fast people move over ground."""

from __future__ import annotations

from typing import overload

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats

# Tobler (1993), "Three presentations on geographical analysis and modeling", NCGIA technical report 93-1.
TOBLER_PEAK_MPS = 6.0 / 3.6
TOBLER_STEEPNESS = 3.5
TOBLER_EASIEST_GRADIENT = -0.05  # a gentle way down is walked fastest
TOBLER_OFF_PATH = 0.6


@overload
def tobler_speed(gradient: float, *, off_path: bool = False) -> float: ...
@overload
def tobler_speed(gradient: npt.ArrayLike, *, off_path: bool = False) -> Floats: ...
def tobler_speed(gradient: npt.ArrayLike, *, off_path: bool = False) -> float | Floats:
    """Walking speed [m/s] on a ``gradient`` of rise over run along the direction of travel, uphill positive.

    6 exp(−3.5 |gradient + 0.05|) km/h on a path, 0.6 times that off it; any shape, floats for floats, NaN for NaN.
    An average walker without load, by day, fitted to Imhof's marching times; it has no notion of vegetation,
    water or cliffs, and only becomes slow, never zero, where nobody can walk.
    """
    slope = np.asarray(gradient, dtype=np.float64)
    speed = TOBLER_PEAK_MPS * np.exp(-TOBLER_STEEPNESS * np.abs(slope - TOBLER_EASIEST_GRADIENT))
    speed = speed * TOBLER_OFF_PATH if off_path else speed
    return float(speed) if slope.ndim == 0 else speed
