"""From the probability of one look to a rate, and from rates over a time to a probability: the formulas of coverage.

A rate λ [1/s] holds for a sensor that works. The hazard H = λ t is the expected number of detections in the time t;
with misses independent, H of several sensors add up and at least one detects with probability 1 − exp(−H). That
independence is an assumption: shared masking, posture and weather make real misses go together, so the sum flatters.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
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
"""A probability of 1 would be an infinite hazard; it is taken as this."""


def hazard_of(probability: npt.ArrayLike) -> Floats:
    """``H = −ln(1 − p)``: the hazard of at least one detection with probability ``p``; same shape, NaN for NaN.

    p above SUREST counts as SUREST. Raises BadInput for p outside [0, 1].
    """
    p = np.asarray(probability, dtype=np.float64)
    _refuse(p, (p < 0.0) | (p > 1.0), "a probability", "0 to 1")
    return -np.log1p(-np.minimum(p, SUREST))


def probability_of(hazard: npt.ArrayLike) -> Floats:
    """``P = 1 − exp(−H)``: of at least one detection; same shape, NaN for NaN. Raises BadInput for H below 0."""
    h = np.asarray(hazard, dtype=np.float64)
    _refuse(h, h < 0.0, "a hazard", "0 or more")
    return -np.expm1(-h)


def scan_rate(probability: npt.ArrayLike, period_s: npt.ArrayLike) -> Floats:
    """``λ = −ln(1 − p)/T`` [1/s]: a sensor that looks every ``period_s`` and detects with ``probability`` each time.

    For a short stretch in view that is the upper end of what may be, see ``scan_bracket``.
    """
    return hazard_of(probability) / _positive(period_s, "period_s")


def scan_bracket(probability: npt.ArrayLike, seconds: npt.ArrayLike, period_s: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Lower and upper end of the probability that a stretch of ``seconds`` in view is detected by a scanning sensor.

    The phase of the scan is random: ``1 − exp(−p t/T) ≤ exact ≤ 1 − (1 − p)^(t/T)``, the upper end being that of
    ``scan_rate``. They part where the stretch is shorter than a few periods: then show both.
    """
    p, looks = np.asarray(probability, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    _refuse(looks, looks < 0.0, "a time", "0 s or more")
    looks = looks / _positive(period_s, "period_s")
    return probability_of(p * looks), probability_of(hazard_of(p) * looks)


def search_rate(probability: npt.ArrayLike, search_s: npt.ArrayLike) -> Floats:
    """``λ = −ln(1 − P∞)/τ`` [1/s]: a camera that has found all it ever will after a search of ``search_s``.

    P∞ never compounds: the hazard counts for at most ``search_s``, whatever the dwell. Target task performance models.
    """
    return hazard_of(probability) / _positive(search_s, "search_s")


def mean_relative_speed(first_mps: npt.ArrayLike, second_mps: npt.ArrayLike) -> Floats:
    """Mean over all directions of the speed [m/s] of one mover as seen from another; equal speeds v give 4 v/π.

    ``2 (v₁ + v₂)/π · E(4 v₁ v₂/(v₁ + v₂)²)``, E the complete elliptic integral of the second kind. Koopman (1956).
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
    """``λ = v W/A`` [1/s] inside the area that a patrol or drone searches at random; outside it is 0.

    v is the mean speed relative to the target, W the sweep width, A the area; over a time t that gives
    ``P = 1 − exp(−v W t/A)``. Koopman (1980), Search and Screening.
    """
    v, w = np.asarray(relative_speed_mps, dtype=np.float64), np.asarray(sweep_width_m, dtype=np.float64)
    _refuse(v, v < 0.0, "a speed", "0 m/s or more")
    _refuse(w, w < 0.0, "a sweep width", "0 m or more")
    return v * w / _positive(area_m2, "area_m2")


def with_outages(hazard: npt.ArrayLike, availability: npt.ArrayLike) -> Floats:
    """Probability that at least one of several sensors detects, each up or down for the whole crossing.

    ``hazard`` (sensor, ...) is that of each sensor when it works, ``availability`` (sensor,) the share of crossings in
    which it does, independent of the others. ``Σ_c Pr(c) (1 − exp(−H_c))`` over all 2ⁿ states c equals
    ``1 − Π_s (1 − a_s (1 − exp(−H_s)))`` exactly, so no state is enumerated. NaN for NaN.
    """
    h, a = np.asarray(hazard, dtype=np.float64), np.asarray(availability, dtype=np.float64)
    _refuse(a, (a < 0.0) | (a > 1.0), "an availability", "0 to 1")
    a = a.reshape(a.shape + (1,) * (h.ndim - a.ndim))
    return np.asarray(0.0 - np.expm1(log_miss(h, a).sum(axis=0)))


def log_miss(hazard: npt.ArrayLike, availability: npt.ArrayLike) -> Floats:
    """Logarithm of the probability that one sensor misses: it is down, or up and does not detect. 0 or below."""
    with np.errstate(divide="ignore"):  # a hazard too large for a miss
        return np.asarray(np.log1p(-np.asarray(availability, dtype=np.float64) * probability_of(hazard)))


def over_states(probability: npt.ArrayLike, share: npt.ArrayLike) -> Floats:
    """``Σ_c Pr(c) P_c`` over the first axis: states c, such as weathers, that each last for a whole crossing.

    ``share`` (state,) sums to 1. Raises BadInput where it does not.
    """
    p, w = np.asarray(probability, dtype=np.float64), np.asarray(share, dtype=np.float64)
    if w.ndim != 1 or len(w) != len(p) or not (np.all(w >= 0.0) and abs(w.sum() - 1.0) <= 1e-9):
        raise BadInput("the shares of the states do not fit", where="over_states", expected="one each, sum 1")
    return np.asarray(np.tensordot(w, p, axes=1))


def _positive(value: npt.ArrayLike, name: str) -> Floats:
    number = np.asarray(value, dtype=np.float64)
    _refuse(number, ~(number > 0.0), f"{name}", "above 0")
    return number


def _refuse(values: Floats, wrong: npt.NDArray[np.bool_], what: str, expected: str) -> None:
    if np.any(wrong):
        raise BadInput(f"{what} is {float(values[wrong].flat[0]):g}", where="hazard", expected=expected)
