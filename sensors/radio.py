"""Radio direction finders: their record and the probability that they intercept a target that transmits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.hazard import search_rate
from sensors.sensor import Sensor, check

KIND: Final = "radio"
DUTY: Final = 0.05
"""Fraction of the time in which a target with a transmitter transmits, if a layout gives none (assumption: a few calls
of some seconds every few minutes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio(Sensor):
    """A receiver that measures the direction of transmissions: azimuth only. Event-only if ``period_s`` is None.

    ``detection_probability`` is the fraction of targets that can be found at all: those with a transmitter of a kind
    that it receives. A target without one is never found, so the probability does not compound over time. ``duty`` is
    the fraction of the time in which such a target transmits, and thereby the probability of one look; ``search_s`` is
    the time in which it finds all it can (coverage only; None: as assumed). Waves are refracted like a radar's, and
    need a line of sight (assumption; long waves need none).
    """

    kind: str = KIND
    duty: float = DUTY
    search_s: float | None = None

    def __post_init__(self) -> None:
        check(self)

    def look_probability(self, range_m: npt.ArrayLike, *, target: str = "person") -> Floats:
        """Probability of detecting a target in one look; shape of ``range_m``; 0 out of range; the same for all
        targets."""
        del target
        r = np.asarray(range_m, dtype=np.float64)
        inside = (r >= self.min_range_m) & (r <= self.max_range_m)
        return np.where(inside, self.detection_probability * self.duty, 0.0)

    def look_and_rate(self, range_m: npt.ArrayLike, situation: Situation) -> tuple[Floats, Floats]:
        """Probability of finding a target given enough time, and rate [1/s], at ``range_m`` within range; same shape.

        Light and weather affect neither (assumption: below 3 GHz rain attenuates less than 0.1 dB in 10 km, ITU-R
        P.838-3).
        """
        look = np.full(np.shape(range_m), float(self.detection_probability))
        return look, search_rate(look, self._search_s(situation))

    def exposure_s(self, dwell_s: float, situation: Situation) -> float:
        """Seconds of an exposure that count: those of one search, because a target without a transmitter is not found
        later."""
        return min(dwell_s, self._search_s(situation))

    def _search_s(self, situation: Situation) -> float:
        return situation.assumptions.radio_search_s if self.search_s is None else self.search_s
