"""Koopman's random search, the lower reference for every planned one, and the sweep width of a sensor that passes by.

Koopman (1946), Search and Screening, OEG Report 56; (1956) The theory of search, II, Operations Research 4.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from sensors.detection_model.hazard import mean_relative_speed, patrol_rate, probability_of
from sensors.errors import TimetableError


def lateral_range_curve(
    range_m: npt.ArrayLike, rate: npt.ArrayLike, speed_mps: float, *, most_hazard: float = math.inf
) -> Floats:
    """Compute the probability that a sensor detects a target that it passes on a straight line.

    Parameters
    ----------
    range_m : array_like, shape (range,), m
        Distances, ascending from 0.
    rate : array_like, shape (range,), 1/s
        Detection rate at each distance, linear in between, 0 beyond the last.
    speed_mps : float, m/s
        Speed relative to the target.
    most_hazard : float
        Hazard [1] to which one pass is limited, such as ``−ln(1 − P∞)`` of a search.

    Returns
    -------
    ndarray, shape (range,)
        Probability [1] of detection in a pass, by the least distance: ``1 − exp(−∫ λ ds/v)``.

    Raises
    ------
    TimetableError
        For a speed not above 0, and ranges that do not ascend from 0.
    """
    r, values = np.asarray(range_m, np.float64), np.asarray(rate, np.float64)
    if r.ndim != 1 or r.shape != values.shape or len(r) < 2 or r[0] != 0.0 or not (np.diff(r) > 0.0).all():
        raise TimetableError(
            "the ranges do not ascend from 0", where="lateral range", expected="ranges and their rates"
        )
    if not speed_mps > 0.0:
        raise TimetableError(f"a speed of {speed_mps:g} m/s", where="lateral range", expected="above 0 m/s")
    along = np.linspace(0.0, r[-1], 4 * len(r))
    far = np.hypot(r[:, None], along[None, :])
    seen = np.interp(far, r, values, right=0.0)
    hazard = 2.0 * np.trapezoid(seen, along, axis=1) / speed_mps
    return probability_of(np.minimum(hazard, most_hazard))


def sweep_width(range_m: npt.ArrayLike, lateral_probability: npt.ArrayLike) -> float:
    """Compute the sweep width: the area under the lateral range curve, on both sides.

    Parameters
    ----------
    range_m : array_like, shape (range,), m
        Distances at the closest approach, ascending from 0.
    lateral_probability : array_like, shape (range,)
        Probability [1] of detection in a pass at each.

    Returns
    -------
    float, m
        ``W = 2 ∫ p(x) dx``.

    Examples
    --------
    >>> from sensors.search_theory.random_search import sweep_width
    >>> sweep_width([0.0, 100.0], [1.0, 1.0])
    200.0
    """
    return float(2.0 * np.trapezoid(np.asarray(lateral_probability, np.float64), np.asarray(range_m, np.float64)))


def random_search(
    seconds: npt.ArrayLike,
    *,
    speed_mps: float,
    target_mps: float,
    sweep_width_m: float,
    area_m2: float,
    duty: float = 1.0,
) -> Floats:
    """Compute the probability that a searcher who moves at random detects a target within a time.

    Parameters
    ----------
    seconds : array_like, s
        Times that the target is in the area.
    speed_mps : float, m/s
        Speed of the searcher.
    target_mps : float, m/s
        Speed of the target; 0 for one that stands still.
    sweep_width_m : float, m
        Sweep width W.
    area_m2 : float, m²
        Area A that is searched.
    duty : float
        Fraction [1] of the time in which the searcher watches.

    Returns
    -------
    ndarray, shape of ``seconds``
        ``P = 1 − exp(−v W t/A)``, v the mean relative speed.

    Notes
    -----
    The parts of a random track overlap as independent ones do. A planned track without overlap finds more; a track
    that a crosser knows may find nothing.

    Examples
    --------
    >>> from sensors.search_theory.random_search import random_search
    >>> round(float(random_search(1e3, speed_mps=10.0, target_mps=0.0, sweep_width_m=30.0, area_m2=1e6)), 4)
    0.2592
    """
    if not 0.0 <= duty <= 1.0:
        raise TimetableError(f"a duty of {duty:g}", where="random search", expected="0 to 1")
    speed = mean_relative_speed(speed_mps, target_mps)
    rate = patrol_rate(speed, sweep_width_m, area_m2) * duty
    return probability_of(rate * np.asarray(seconds, np.float64))
