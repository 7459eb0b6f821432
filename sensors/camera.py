"""Day and thermal cameras: their record, their detection curve, and the pixels that a target needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.hazard import search_rate
from sensors.detection_model.weather import Conditions
from sensors.errors import LayoutError
from sensors.sensor import Sensor, check

__all__ = ["detection_probability", "range_for_pixels"]

KIND: Final = "camera"
PIXELS_TO_DETECT = 1.5
"""Pixels across the target's critical size at which half of the observers detect it (Johnson criteria)."""
CRITICAL_SIZE_M = {"person": 0.75, "group": 0.75, "vehicle": 2.3, "animal": 0.75, "other": 0.75}
"""Critical size by class, as in the Johnson criteria for person and vehicle; others count as a person (assumption)."""
CLUTTER_ELEVATION_DEG = (-10.0, 10.0)
"""False alarms of a camera without elevation limits are uniformly distributed between these angles (assumption)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera(Sensor):
    """A camera with automatic detection: one look every ``period_s``; reports azimuth, and elevation if it measures it.

    With ``pitch_m`` and ``focal_length_m``, the probability decreases with range by the Johnson form, and
    ``detection_probability`` is its maximum; without them, it is the same everywhere in range and field of view.
    ``night``: whether the camera detects without daylight; it is then treated as thermal, otherwise as a day camera.
    ``search_s``: time in which a search of the field finds all it can (coverage only; None: as assumed).
    """

    kind: str = KIND
    pitch_m: float | None = None
    focal_length_m: float | None = None
    night: bool = True
    search_s: float | None = None

    def __post_init__(self) -> None:
        check(self)
        if (self.pitch_m is None) != (self.focal_length_m is None):
            raise LayoutError(
                "only one of pitch_m and focal_length_m is given",
                where=f"sensor {self.id!r}",
                expected="both or neither",
            )
        if not isinstance(self.night, bool):
            raise LayoutError(f"night is {self.night!r}", where=f"sensor {self.id!r}", expected="true or false")

    def look_probability(self, range_m: npt.ArrayLike, *, target: str = "person") -> Floats:
        """Probability of detecting a ``target`` in clear view in one look; shape of ``range_m``; 0 out of range."""
        r = np.asarray(range_m, dtype=np.float64)
        inside = (r >= self.min_range_m) & (r <= self.max_range_m)
        if self.pitch_m is None or self.focal_length_m is None:
            return np.where(inside, self.detection_probability, 0.0)
        size_m = CRITICAL_SIZE_M.get(target, CRITICAL_SIZE_M["other"])
        metres_per_pixel = np.maximum(np.where(inside, r, 1.0), 1e-9) * self.pitch_m / self.focal_length_m
        curve = detection_probability(size_m / metres_per_pixel, n50=PIXELS_TO_DETECT)
        return np.where(inside, self.detection_probability * curve, 0.0)

    def look_and_rate(self, range_m: npt.ArrayLike, situation: Situation) -> tuple[Floats, Floats]:
        """Probability of finding a target given enough time, and rate [1/s], in clear view at ``range_m``; same shape.

        In clear air the first is ``look_probability``. Haze, fog, rain and (thermal) humid air reduce the contrast, and
        thereby the effective pixels, see ``sight_left``. A day camera detects nothing at night, and a camera in the air
        nothing in a wind that is too strong for what carries it.
        """
        r = np.maximum(np.asarray(range_m, dtype=np.float64), 1e-9)
        weather, known = situation.conditions, situation.assumptions
        if not (weather.daylight or self.night) or self.is_grounded(weather.wind_mps):
            return np.zeros_like(r), np.zeros_like(r)
        left = sight_left(r, weather, known, thermal=self.night)
        if self.pitch_m is None or self.focal_length_m is None:
            look = self.detection_probability * left
        else:
            size_m = CRITICAL_SIZE_M[situation.target]
            pixels = size_m / (r * self.pitch_m / self.focal_length_m)
            look = self.detection_probability * np.asarray(detection_probability(pixels * left, n50=PIXELS_TO_DETECT))
        return look, search_rate(look, self._search_s(situation))

    def exposure_s(self, dwell_s: float, situation: Situation) -> float:
        """Seconds of an exposure that count: those of one search, because a longer look finds nothing more."""
        return min(dwell_s, self._search_s(situation))

    def _search_s(self, situation: Situation) -> float:
        return situation.assumptions.camera_search_s if self.search_s is None else self.search_s


def sight_left(range_m: Floats, weather: Conditions, known: Assumptions, *, thermal: bool) -> Floats:
    """Fraction of the pixels on target that remain effective after atmospheric contrast loss; 0 to 1.

    Contrast decreases as exp(−σ R) (Koschmieder 1924). The finest resolvable detail decreases with the logarithm of the
    contrast, from all at the target's own contrast to none at the minimum visible contrast: ``1 − σ R /
    ln(C/C_least)``, the log-linear form of minimum resolvable contrast and temperature curves.
    """
    if thermal:
        margin = math.log(known.thermal_contrast_k / known.thermal_least_contrast_k)
    else:
        margin = math.log(known.day_contrast / known.least_contrast)
    return np.maximum(1.0 - extinction_per_m(weather, known, thermal=thermal) * range_m / margin, 0.0)


def extinction_per_m(weather: Conditions, known: Assumptions, *, thermal: bool) -> float:
    """Extinction σ of the air [1/m]: haze or fog, rain, and for thermal cameras water vapour.

    ``σ = 3.912/V`` in the visible (Koschmieder, 2% contrast). At longer wavelengths haze attenuates less; fog does not:
    ``σ (λ/0.55 µm)^−q``, q after Kim, McArthur and Korevaar (2001).
    """
    aerosol = -math.log(known.least_contrast) / weather.visibility_m
    vapour = 0.0
    if thermal:
        aerosol *= (known.thermal_wavelength_um / 0.55) ** -_haze_exponent(weather.visibility_m / 1000.0)
        vapour = known.vapour_extinction_per_km * weather.absolute_humidity_g_m3 / 1000.0
    rain_db_per_km = known.rain_extinction_db_per_km * weather.rain_mm_h**known.rain_extinction_exponent
    return float(aerosol + vapour + rain_db_per_km / 1000.0 * math.log(10.0) / 10.0)


def _haze_exponent(visibility_km: float) -> float:
    """q of Kim, McArthur and Korevaar (2001): 0 in fog, rising to 1.6 in clear air."""
    if visibility_km >= 50.0:
        return 1.6
    if visibility_km >= 6.0:
        return 1.3
    if visibility_km >= 1.0:
        return 0.16 * visibility_km + 0.34
    return max(visibility_km - 0.5, 0.0)


def range_for_pixels(
    target_m: npt.ArrayLike, pixels: npt.ArrayLike, *, pitch_m: npt.ArrayLike, focal_length_m: npt.ArrayLike
) -> float | Floats:
    """Compute the range at which a target covers a number of pixels.

    Parameters
    ----------
    target_m : float or array_like, m
        Critical dimension of the target.
    pixels : float or array_like
        Pixels on the target; 1.5, 6 and 12 detect, recognise and identify with probability one half.
    pitch_m : float or array_like, m
        Pixel pitch of the detector.
    focal_length_m : float or array_like, m
        Focal length of the lens.

    Returns
    -------
    float or ndarray, broadcast shape, m
        The range; a float for floats.

    Raises
    ------
    LayoutError
        Unless all are positive.

    Notes
    -----
    ``R = h / (N · IFOV)`` with ``IFOV = pitch / focal length`` (small angles). Johnson (1958).

    Examples
    --------
    >>> from sensors.camera import range_for_pixels
    >>> round(range_for_pixels(1.7, 6.0, pitch_m=12e-6, focal_length_m=0.1))
    2361
    """
    size, count, pitch, focal = (np.asarray(a, dtype=np.float64) for a in (target_m, pixels, pitch_m, focal_length_m))
    if not all(np.all(a > 0) for a in (size, count, pitch, focal)):
        raise LayoutError(
            "a size, pixel count, pitch or focal length is not positive",
            where="range_for_pixels",
            expected="positive numbers",
        )
    return _in_kind(size / (count * (pitch / focal)))


def detection_probability(pixels_on_target: npt.ArrayLike, *, n50: npt.ArrayLike) -> float | Floats:
    """Compute the probability that a target is detected given unlimited search time.

    Parameters
    ----------
    pixels_on_target : float or array_like
        Pixels on the target.
    n50 : float or array_like
        Pixels at which the probability is one half.

    Returns
    -------
    float or ndarray, broadcast shape
        Probability [1]: 0 at no pixels, 1 at infinitely many; a float for floats.

    Raises
    ------
    LayoutError
        For a negative count or n50 ≤ 0.

    Notes
    -----
    ``x = N/N50; E = 2.7 + 0.7 x; P = x^E / (1 + x^E)``. It is the fraction of targets that can be found at all: it does
    not compound over frames. Target transfer probability function of the ACQUIRE model (Johnson criteria).

    Examples
    --------
    >>> from sensors.camera import detection_probability
    >>> float(detection_probability(2.0, n50=2.0))
    0.5
    """
    count = np.asarray(pixels_on_target, dtype=np.float64)
    half = np.asarray(n50, dtype=np.float64)
    if not np.all(half > 0) or np.any(count < 0):
        raise LayoutError(
            "a pixel count is negative or n50 not positive", where="detection_probability", expected="pixels"
        )
    x = count / half
    with np.errstate(over="ignore", divide="ignore", under="ignore"):
        inverse = np.where(x > 0, x, np.inf) ** -(2.7 + 0.7 * x)
        return _in_kind(np.where(x > 0, 1.0 / (1.0 + inverse), np.where(np.isnan(x), np.nan, 0.0)))


def _in_kind(values: npt.ArrayLike) -> float | Floats:
    array = np.asarray(values, dtype=np.float64)
    return float(array) if array.ndim == 0 else array
