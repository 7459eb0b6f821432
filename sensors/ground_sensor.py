"""Ground sensors: seismic, acoustic, magnetic or infrared, buried or planted; they report passes, not positions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.hazard import SUREST, hazard_of, probability_of
from sensors.errors import LayoutError
from sensors.sensor import Sensor, check

__all__ = ["elfes_probability", "rate_per_metre"]

KIND: Final = "ground_sensor"
HOLD_OFF_S = 5.0
"""Time for which the sensor is inactive after a trigger (assumption: the usual setting in user manuals is 2–10 s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundSensor(Sensor):
    """A buried or planted sensor that reports only "something passed"; usually event-only (``period_s`` None).

    ``detection_probability`` is that of one pass along the mean chord of a circle of ``max_range_m``. With
    ``elfes_lambda`` the effect decreases as ``exp(−λ a^β)`` with a = distance beyond ``sure_radius_m``. It senses
    through the ground, so terrain does not block it.
    """

    kind: str = KIND
    sure_radius_m: float = 0.0
    elfes_lambda: float | None = None
    elfes_beta: float = 1.0

    def __post_init__(self) -> None:
        check(self)
        if self.sure_radius_m > self.max_range_m:
            raise LayoutError(
                f"sure_radius_m {self.sure_radius_m:g} exceeds max_range_m {self.max_range_m:g}",
                where=f"sensor {self.id!r}",
                expected="a radius within range",
            )

    def look_probability(self, range_m: npt.ArrayLike, *, target: str = "person") -> Floats:
        """Probability that a pass at distance ``range_m`` triggers; same shape; 0 out of range; any ``target``."""
        del target
        r = np.asarray(range_m, dtype=np.float64)
        inside = (r >= self.min_range_m) & (r <= self.max_range_m)
        return np.where(inside, self.detection_probability * self._fading(r), 0.0)

    def trigger_rate_per_m(self, range_m: npt.ArrayLike) -> Floats:
        """Expected triggers per metre walked at distance ``range_m``; same shape [1/m]; 0 out of range."""
        r = np.asarray(range_m, dtype=np.float64)
        inside = (r >= self.min_range_m) & (r <= self.max_range_m)
        return np.where(inside, rate_per_metre(self.detection_probability, self.max_range_m) * self._fading(r), 0.0)

    def look_and_rate(self, range_m: npt.ArrayLike, situation: Situation) -> tuple[Floats, Floats]:
        """Probability that a pass at ``range_m`` within range triggers, and rate [1/s] of a moving target; same shape.

        The rate is the target's speed times the rate per metre. Wind and rain cause ground vibration and lower both; on
        a dry, calm day the first is ``look_probability``.
        """
        r = np.asarray(range_m, dtype=np.float64)
        weather, known = situation.conditions, situation.assumptions
        noise = (1.0 + (weather.wind_mps / known.seismic_wind_mps) ** 2) * (
            1.0 + (weather.rain_mm_h / known.seismic_rain_mm_h) ** 2
        )
        fading = self._fading(r)
        one_pass = hazard_of(self.detection_probability) / noise
        per_metre = one_pass / (math.pi * self.max_range_m / 2.0) * fading
        look = self.detection_probability if noise == 1.0 else probability_of(one_pass)
        return look * fading, situation.speed_mps * per_metre

    def exposure_s(self, dwell_s: float, situation: Situation) -> float:
        """Seconds of an exposure that count: all of them, because every metre walked may trigger."""
        del situation
        return dwell_s

    def _fading(self, r: Floats) -> Floats:
        if self.elfes_lambda is None:
            return np.ones_like(r)
        return elfes_probability(
            r, sure_radius_m=self.sure_radius_m, elfes_lambda=self.elfes_lambda, elfes_beta=self.elfes_beta
        )


def rate_per_metre(pass_probability: float, radius_m: float) -> float:
    """Compute the triggers per metre of path inside a ground sensor's circle, from the probability of a pass.

    Parameters
    ----------
    pass_probability : float
        Probability [1] that a pass along the mean chord triggers; 1 is taken as 1 − 1e-12.
    radius_m : float, m
        Radius of the circle.

    Returns
    -------
    float, 1/m
        Expected triggers per metre.

    Raises
    ------
    LayoutError
        For a probability outside [0, 1] or a radius not above 0.

    Notes
    -----
    ``−ln(1 − p) / (π r / 2)``: π r / 2 is the mean chord of the circle.

    Examples
    --------
    >>> from sensors.ground_sensor import rate_per_metre
    >>> round(rate_per_metre(0.9, 30.0), 4)
    0.0489
    """
    if not (0.0 <= pass_probability <= 1.0 and radius_m > 0.0):
        raise LayoutError(
            f"probability {pass_probability} in a circle of {radius_m} m gives no rate",
            where="rate_per_metre",
            expected="0 ≤ p ≤ 1 and a positive radius",
        )
    return -math.log1p(-min(pass_probability, SUREST)) / (math.pi * radius_m / 2.0)


def elfes_probability(
    distance_m: npt.ArrayLike, *, sure_radius_m: float, elfes_lambda: float, elfes_beta: float
) -> Floats:
    """Compute the fraction of a ground sensor's effect that remains at a distance.

    Parameters
    ----------
    distance_m : float or array_like, m
        Distance from the sensor.
    sure_radius_m : float, m
        Within this radius the fraction is 1.
    elfes_lambda : float, 1/m^beta
        Decay λ beyond it.
    elfes_beta : float
        Exponent β.

    Returns
    -------
    ndarray, shape of distance_m
        The fraction [1]: 1 within the radius, then ``exp(−λ a^β)`` with a the distance beyond it.

    Notes
    -----
    Elfes (1991), Occupancy grids: a stochastic spatial representation.

    Examples
    --------
    >>> from sensors.ground_sensor import elfes_probability
    >>> elfes_probability([5.0, 20.0], sure_radius_m=10.0, elfes_lambda=0.1, elfes_beta=1.0).round(3).tolist()
    [1.0, 0.368]
    """
    beyond = np.maximum(np.asarray(distance_m, dtype=np.float64) - sure_radius_m, 0.0)
    return np.exp(-elfes_lambda * beyond**elfes_beta)
