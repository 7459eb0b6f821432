"""A sensor's bias: what its ranges and azimuths are off by, and how well that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.motion import Floats


@dataclass(frozen=True, slots=True)
class Bias:
    """What is taken off a sensor's plots, and the deviations of that; 0 where nothing is."""

    range_m: float = 0.0
    range_sd_m: float = 0.0
    azimuth_rad: float = 0.0
    azimuth_sd_rad: float = 0.0
    place_sd_m: float = 0.0
    """How well the sensor's own place is known, one axis: it moves what is near by a larger angle."""

    def take_off(self, measured: Floats) -> None:
        """Correct, in place, the first rows of ``measured`` (row, plot): azimuth, its sd, elevation, its sd, range, its
        sd. No range falls below 0 by it."""
        measured[0] -= self.azimuth_rad
        measured[1] = np.hypot(measured[1], self.azimuth_sd_rad)
        reach = measured[4]
        measured[4] = np.where(reach > 0.0, np.maximum(reach - self.range_m, 0.0), reach)
        measured[5] = np.hypot(measured[5], self.range_sd_m)
        if self.place_sd_m > 0.0:
            measured[5] = np.hypot(measured[5], self.place_sd_m)
            turned = np.arctan2(self.place_sd_m, np.where(reach > 0.0, reach, np.inf))
            measured[1] = np.hypot(measured[1], turned)


UNBIASED: Final = Bias()
