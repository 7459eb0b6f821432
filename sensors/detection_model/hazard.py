"""Formulas of coverage: from the probability of one look to a rate, and from rates over a time to a probability.

A rate λ [1/s] holds for a sensor that works. The hazard H = λ t is the expected number of detections in the time t;
with independent misses, the H of several sensors add up and at least one detects with probability 1 − exp(−H). That
independence is an assumption: shared masking, posture and weather correlate actual misses, so the sum is optimistic.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats
from geo.errors import BadInput

__all__ = [
    "hazard_of",
    "mean_relative_speed",
    "over_states",
    "patrol_rate",
    "probability_of",
    "scan_bracket",
    "scan_rate",
    "search_rate",
    "with_outages",
]

SUREST: Final = 1.0 - 1e-12
"""A probability of 1 would be an infinite hazard; it is replaced by this value."""


def hazard_of(probability: npt.ArrayLike) -> Floats:
    """Compute the hazard of at least one detection with a given probability: ``H = −ln(1 − p)``.

    Parameters
    ----------
    probability : float or array_like
        Probability [1]; above SUREST it counts as SUREST.

    Returns
    -------
    ndarray, same shape
        Hazard [1]; NaN for NaN.

    Raises
    ------
    BadInput
        For a probability outside [0, 1].
    """
    p = np.asarray(probability, dtype=np.float64)
    _refuse(p, (p < 0.0) | (p > 1.0), "a probability", "0 to 1")
    return -np.log1p(-np.minimum(p, SUREST))


def probability_of(hazard: npt.ArrayLike) -> Floats:
    """Compute the probability of at least one detection: ``P = 1 − exp(−H)``.

    Parameters
    ----------
    hazard : float or array_like
        Hazard [1].

    Returns
    -------
    ndarray, same shape
        Probability [1]; NaN for NaN.

    Raises
    ------
    BadInput
        For a hazard below 0.
    """
    h = np.asarray(hazard, dtype=np.float64)
    _refuse(h, h < 0.0, "a hazard", "0 or more")
    return -np.expm1(-h)


def scan_rate(probability: npt.ArrayLike, period_s: npt.ArrayLike) -> Floats:
    """Compute the rate of a sensor that looks once per period: ``λ = −ln(1 − p)/T``.

    Parameters
    ----------
    probability : float or array_like
        Single-look Pd [1].
    period_s : float or array_like, s
        Time between looks.

    Returns
    -------
    ndarray, broadcast shape, 1/s
        The rate; for a short time in view the upper end of the possible rates, see ``scan_bracket``.

    Raises
    ------
    BadInput
        For a probability outside [0, 1] and a period not above 0.
    """
    return hazard_of(probability) / _positive(period_s, "period_s")


def scan_bracket(probability: npt.ArrayLike, seconds: npt.ArrayLike, period_s: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Compute the lowest and highest probability that a scanning sensor detects a target during a time in view.

    Parameters
    ----------
    probability : float or array_like
        Single-look Pd [1].
    seconds : float or array_like, s
        Time in view.
    period_s : float or array_like, s
        Time between looks.

    Returns
    -------
    low : ndarray, broadcast shape
        ``1 − exp(−p t/T)`` [1].
    high : ndarray, broadcast shape
        ``1 − (1 − p)^(t/T)`` [1], that of ``scan_rate``.

    Raises
    ------
    BadInput
        For a probability outside [0, 1], a negative time and a period not above 0.

    Notes
    -----
    The phase of the scan is random; the exact value is between the two. They differ where the time in view is shorter
    than a few periods: then show both.
    """
    p, looks = np.asarray(probability, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    _refuse(looks, looks < 0.0, "a time", "0 s or more")
    looks = looks / _positive(period_s, "period_s")
    return probability_of(p * looks), probability_of(hazard_of(p) * looks)


def search_rate(probability: npt.ArrayLike, search_s: npt.ArrayLike) -> Floats:
    """Compute the rate of a camera whose search finds all it can in a limited time: ``λ = −ln(1 − P∞)/τ``.

    Parameters
    ----------
    probability : float or array_like
        Probability [1] of finding the target given unlimited time, P∞.
    search_s : float or array_like, s
        Time of the search, τ.

    Returns
    -------
    ndarray, broadcast shape, 1/s
        The rate.

    Raises
    ------
    BadInput
        For a probability outside [0, 1] and a time not above 0.

    Notes
    -----
    P∞ never compounds: the hazard counts for at most ``search_s``, whatever the dwell. Target task performance models.
    """
    return hazard_of(probability) / _positive(search_s, "search_s")


def mean_relative_speed(first_mps: npt.ArrayLike, second_mps: npt.ArrayLike) -> Floats:
    """Compute the mean relative speed of two movers over all directions.

    Parameters
    ----------
    first_mps : float or array_like, m/s
        Speed of one mover.
    second_mps : float or array_like, m/s
        Speed of the other.

    Returns
    -------
    ndarray, broadcast shape, m/s
        The mean relative speed; for equal speeds v it is 4 v/π.

    Raises
    ------
    BadInput
        For a negative speed.

    Notes
    -----
    ``2 (v₁ + v₂)/π · E(4 v₁ v₂/(v₁ + v₂)²)``, E the complete elliptic integral of the second kind. Koopman (1956).

    Examples
    --------
    >>> from sensors.detection_model.hazard import mean_relative_speed
    >>> round(float(mean_relative_speed(1.0, 1.0)), 3)
    1.273
    """
    from scipy.special import ellipe

    a, b = np.asarray(first_mps, dtype=np.float64), np.asarray(second_mps, dtype=np.float64)
    _refuse(a, a < 0.0, "a speed", "0 m/s or more")
    _refuse(b, b < 0.0, "a speed", "0 m/s or more")
    both = a + b
    with np.errstate(invalid="ignore"):
        parameter = np.where(both > 0.0, 4.0 * a * b / both**2, 0.0)
    return np.asarray(2.0 * both / np.pi * ellipe(np.minimum(parameter, 1.0)))


def patrol_rate(relative_speed_mps: npt.ArrayLike, sweep_width_m: npt.ArrayLike, area_m2: npt.ArrayLike) -> Floats:
    """Compute the rate of a patrol or drone that searches an area at random: ``λ = v W/A``; outside the area it is 0.

    Parameters
    ----------
    relative_speed_mps : float or array_like, m/s
        Mean speed v relative to the target (``mean_relative_speed``).
    sweep_width_m : float or array_like, m
        Sweep width W.
    area_m2 : float or array_like, m²
        Searched area A.

    Returns
    -------
    ndarray, broadcast shape, 1/s
        The rate; over a time t it gives ``P = 1 − exp(−v W t/A)``.

    Raises
    ------
    BadInput
        For a negative speed or sweep width, and an area not above 0.

    Notes
    -----
    Koopman (1980), Search and Screening.

    Examples
    --------
    >>> from sensors.detection_model.hazard import patrol_rate, probability_of
    >>> round(float(probability_of(patrol_rate(10.0, 30.0, 1e6) * 1_000.0)), 4)
    0.2592
    """
    v, w = np.asarray(relative_speed_mps, dtype=np.float64), np.asarray(sweep_width_m, dtype=np.float64)
    _refuse(v, v < 0.0, "a speed", "0 m/s or more")
    _refuse(w, w < 0.0, "a sweep width", "0 m or more")
    return v * w / _positive(area_m2, "area_m2")


def with_outages(hazard: npt.ArrayLike, availability: npt.ArrayLike) -> Floats:
    """Compute the probability that at least one of several sensors detects, each up or down for the whole crossing.

    Parameters
    ----------
    hazard : array_like, shape (sensor, ...)
        Hazard [1] of each sensor when it works.
    availability : array_like, shape (sensor,)
        Share [1] of crossings in which it works, independent of the others.

    Returns
    -------
    ndarray, shape (...)
        Probability [1]; NaN for NaN.

    Raises
    ------
    BadInput
        For an availability outside [0, 1].

    Notes
    -----
    ``Σ_c Pr(c) (1 − exp(−H_c))`` over all 2ⁿ states c equals ``1 − Π_s (1 − a_s (1 − exp(−H_s)))`` exactly, so no state
    is enumerated.
    """
    h, a = np.asarray(hazard, dtype=np.float64), np.asarray(availability, dtype=np.float64)
    _refuse(a, (a < 0.0) | (a > 1.0), "an availability", "0 to 1")
    a = a.reshape(a.shape + (1,) * (h.ndim - a.ndim))
    return np.asarray(0.0 - np.expm1(log_miss(h, a).sum(axis=0)))


def log_miss(hazard: npt.ArrayLike, availability: npt.ArrayLike) -> Floats:
    """Logarithm of the probability that one sensor misses: it is down, or up and does not detect. 0 or below."""
    with np.errstate(divide="ignore"):  # the hazard is so large that a miss is impossible
        return np.asarray(np.log1p(-np.asarray(availability, dtype=np.float64) * probability_of(hazard)))


def over_states(probability: npt.ArrayLike, share: npt.ArrayLike) -> Floats:
    """Mix probabilities over states that each last for a whole crossing, such as weather: ``Σ_c Pr(c) P_c``.

    Parameters
    ----------
    probability : array_like, shape (state, ...)
        Probability [1] in each state.
    share : array_like, shape (state,)
        Share [1] of crossings in each state; they sum to 1.

    Returns
    -------
    ndarray, shape (...)
        The mixture [1].

    Raises
    ------
    BadInput
        Where the shares do not sum to 1.
    """
    p, w = np.asarray(probability, dtype=np.float64), np.asarray(share, dtype=np.float64)
    if w.ndim != 1 or len(w) != len(p) or not (np.all(w >= 0.0) and abs(w.sum() - 1.0) <= 1e-9):
        raise BadInput("the shares of the states do not fit", where="over_states", expected="one each, sum 1")
    return np.asarray(np.tensordot(w, p, axes=1))


def _positive(value: npt.ArrayLike, name: str) -> Floats:
    number = np.asarray(value, dtype=np.float64)
    _refuse(number, ~(number > 0.0), f"{name}", "above 0")
    return number


def _refuse(values: Floats, wrong: Bools, quantity: str, expected: str) -> None:
    if np.any(wrong):
        raise BadInput(f"{quantity} is {float(values[wrong].flat[0]):g}", where="hazard", expected=expected)
