"""Human observers: people on a post or patrol who watch with their eyes or binoculars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from sensors.camera import CRITICAL_SIZE_M, PIXELS_TO_DETECT, detection_probability, sight_left
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.hazard import search_rate
from sensors.errors import LayoutError
from sensors.sensor import RADIO_OR_HAND, Sensor, check

KIND: Final = "human"
EYE_RAD: Final = math.radians(1.0 / 60.0)
"""Resolution of a healthy eye: one minute of arc (20/20 vision); it corresponds to a camera's pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Human(Sensor):
    """An observer, usually event-only (``period_s`` None), who reports a direction, often an estimated range, and a
    class.

    The probability decreases with range like that of a camera whose pixel is the eye's minute of arc divided by
    ``magnification`` (1: no binoculars), and ``detection_probability`` is its maximum, which depends on attentiveness.
    ``night``: whether they have night vision; without it they see nothing in the dark. ``search_s`` is the time of one
    search of the field (coverage only; None: as assumed). Reports of sounds are processed, but not counted as coverage.
    People report by radio where a link leads to a base, by hand elsewhere.
    """

    kind: str = KIND
    magnification: float = 1.0
    night: bool = False
    search_s: float | None = None
    reports_by: str = RADIO_OR_HAND

    def __post_init__(self) -> None:
        check(self)
        if not isinstance(self.night, bool):
            raise LayoutError(f"night is {self.night!r}", where=f"sensor {self.id!r}", expected="true or false")

    def look_probability(self, range_m: npt.ArrayLike, *, target: str = "person") -> Floats:
        """Probability of seeing a ``target`` in clear view in one search; shape of ``range_m``; 0 out of range."""
        r = np.asarray(range_m, dtype=np.float64)
        inside = (r >= self.min_range_m) & (r <= self.max_range_m)
        curve = detection_probability(self._details(np.where(inside, r, 1.0), target), n50=PIXELS_TO_DETECT)
        return np.where(inside, self.detection_probability * np.asarray(curve), 0.0)

    def look_and_rate(self, range_m: npt.ArrayLike, situation: Situation) -> tuple[Floats, Floats]:
        """Probability of finding a target given enough time, and rate [1/s], in clear view at ``range_m``; same shape.

        In clear air by day the first is ``look_probability``. Haze, fog and rain reduce contrast as for a day camera
        (``sensors.camera.sight_left``); night vision is treated in the same way (assumption).
        """
        r = np.maximum(np.asarray(range_m, dtype=np.float64), 1e-9)
        weather = situation.conditions
        if not (weather.daylight or self.night):
            return np.zeros_like(r), np.zeros_like(r)
        left = sight_left(r, weather, situation.assumptions, thermal=False)
        curve = detection_probability(self._details(r, situation.target) * left, n50=PIXELS_TO_DETECT)
        look = self.detection_probability * np.asarray(curve)
        return look, search_rate(look, self._search_s(situation))

    def exposure_s(self, dwell_s: float, situation: Situation) -> float:
        """Seconds of an exposure that count: those of one search, because a longer look finds nothing more."""
        return min(dwell_s, self._search_s(situation))

    def _details(self, range_m: Floats, target: str) -> Floats:
        """Number of the finest details resolved by the eye across the target's critical size."""
        size_m = CRITICAL_SIZE_M.get(target, CRITICAL_SIZE_M["other"])
        return size_m * self.magnification / (np.maximum(range_m, 1e-9) * EYE_RAD)

    def _search_s(self, situation: Situation) -> float:
        return situation.assumptions.human_search_s if self.search_s is None else self.search_s
