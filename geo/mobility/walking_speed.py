"""Walking speed on slopes."""

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
    """Compute Tobler's walking speed on a slope.

    Parameters
    ----------
    gradient : float or array_like
        Rise over run [1] along the direction of travel, uphill positive.
    off_path : bool
        Whether the walker is off paths, which takes 0.6 of the speed.

    Returns
    -------
    float or ndarray, m/s
        The speed, in the shape of ``gradient``; NaN for NaN.

    Notes
    -----
    6 exp(−3.5 abs(gradient + 0.05)) km/h after Tobler (1993), Three presentations on geographical analysis and
    modeling, NCGIA technical report 93-1, fitted to Imhof's marching times: an average walker without load, by day. It
    does not include vegetation, water or cliffs, and on impassable slopes it becomes slow, never zero.

    Examples
    --------
    >>> round(tobler_speed(0.0), 3)
    1.399
    >>> tobler_speed([-0.05, 0.3], off_path=True).round(3)
    array([1.   , 0.294])
    """
    slope = np.asarray(gradient, dtype=np.float64)
    speed = TOBLER_PEAK_MPS * np.exp(-TOBLER_STEEPNESS * np.abs(slope - TOBLER_EASIEST_GRADIENT))
    speed = speed * TOBLER_OFF_PATH if off_path else speed
    return float(speed) if slope.ndim == 0 else speed
