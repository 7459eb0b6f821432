"""A scanning radar as a layout describes it, and its probability of detection over range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.hazard import scan_rate
from sensors.errors import LayoutError
from sensors.sensor import Sensor, check

__all__ = ["detection_probability"]

KIND: Final = "radar"
CLUTTER_SPEED_MPS = 5.0
"""False alarms have a radial velocity uniform within plus or minus this (assumption: swaying trees, passing birds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Radar(Sensor):
    """A scanning radar: one look at its whole field of view every ``period_s``; reports slant range and azimuth.

    Without ``reference_range_m``, ``detection_probability`` is the same everywhere in range and field of view; with it,
    it is the value at that range, and decreases with range as for a Swerling 1 target.
    """

    kind: str = KIND
    false_alarm_probability: float = 1e-6
    reference_range_m: float | None = None

    def __post_init__(self) -> None:
        check(self)
        curved = self.reference_range_m is not None
        if curved and not self.false_alarm_probability < self.detection_probability < 1.0:
            raise LayoutError(
                f"detection_probability is {self.detection_probability:g} at its reference_range_m",
                where=f"sensor {self.id!r}",
                expected=f"a value between false_alarm_probability {self.false_alarm_probability:g} and 1",
            )

    def look_probability(self, range_m: npt.ArrayLike, *, target: str = "person") -> Floats:
        """Probability of detecting a target in clear view in one look; shape of ``range_m``; 0 out of range.

        The same for every ``target``: the reference range is that of the target the layout was rated for.
        """
        del target
        r = np.asarray(range_m, dtype=np.float64)
        inside = (r >= self.min_range_m) & (r <= self.max_range_m)
        if self.reference_range_m is None:
            return np.where(inside, self.detection_probability, 0.0)
        curve = detection_probability(
            np.where(inside, r, self.max_range_m),
            reference_range_m=self.reference_range_m,
            reference_probability=self.detection_probability,
            false_alarm_probability=self.false_alarm_probability,
        )
        return np.where(inside, curve, 0.0)

    def look_and_rate(self, range_m: npt.ArrayLike, situation: Situation) -> tuple[Floats, Floats]:
        """Probability of one look, and rate [1/s], in clear view at ``range_m`` within range; same shape.

        On a clear, calm day and for a person the first is ``look_probability``; the reference range of another target
        is that of a person times a named factor. Rain attenuates the echo in both directions (ITU-R P.838-3) and adds
        clutter; wind adds clutter; fog has no effect at these wavelengths. A radar in the air detects nothing in a wind
        that is too strong for what carries it.
        """
        r = np.maximum(np.asarray(range_m, dtype=np.float64), 1.0)
        if self.is_grounded(situation.conditions.wind_mps):
            return np.zeros_like(r), np.zeros_like(r)
        look = self._look(r, situation)
        period_s = situation.assumptions.radar_period_s if self.period_s is None else self.period_s
        return look, scan_rate(look, period_s)

    def exposure_s(self, dwell_s: float, situation: Situation) -> float:
        """Seconds of an exposure that count: all of them, because every rotation is a new look."""
        del situation
        return dwell_s

    def _look(self, r: Floats, situation: Situation) -> Floats:
        pfa, pd = self.false_alarm_probability, self.detection_probability
        weather = situation.conditions
        if self.reference_range_m is None:
            clear = np.full(r.shape, float(pd))
        else:
            reference = self.reference_range_m * situation.assumptions.radar_range_factor(situation.target)
            clear = np.asarray(
                detection_probability(
                    r, reference_range_m=reference, reference_probability=pd, false_alarm_probability=pfa
                )
            )
        if (weather.rain_mm_h == 0.0 and weather.wind_mps == 0.0) or pd <= pfa:
            return clear  # no attenuation, or no echo to attenuate
        with np.errstate(divide="ignore"):
            snr = np.log(pfa) / np.log(clear) - 1.0
        return np.asarray(np.minimum(clear, pfa ** (1.0 / (1.0 + snr * self._echo_left(r, situation)))))

    def _echo_left(self, r: Floats, situation: Situation) -> Floats:
        """Signal over noise and clutter in this weather, as a fraction of that on a clear, calm day."""
        weather, known = situation.conditions, situation.assumptions
        loss_db = 2.0 * known.radar_rain_k * weather.rain_mm_h**known.radar_rain_alpha * r / 1000.0
        reference = self.max_range_m if self.reference_range_m is None else self.reference_range_m
        rain = (weather.rain_mm_h / known.radar_clutter_rain_mm_h) ** known.radar_clutter_exponent
        wind = (weather.wind_mps / known.radar_clutter_wind_mps) ** 2
        return np.asarray(10.0 ** (-loss_db / 10.0) / (1.0 + rain * (reference / r) ** 2 + wind))


def detection_probability(
    range_m: npt.ArrayLike,
    *,
    reference_range_m: npt.ArrayLike,
    reference_probability: npt.ArrayLike = 0.9,
    false_alarm_probability: npt.ArrayLike = 1e-6,
) -> float | Floats:
    """Compute the probability that one look detects a Swerling 1 target.

    Parameters
    ----------
    range_m : float or array_like, m
        Range of the target.
    reference_range_m : float or array_like, m
        Range at which the reference probability holds.
    reference_probability : float or array_like
        Probability [1] at the reference range.
    false_alarm_probability : float or array_like
        Probability [1] of a false alarm per cell and look.

    Returns
    -------
    float or ndarray, broadcast shape
        Single-look Pd [1]: 1 at range 0, Pfa at infinity; a float for floats, NaN for NaN.

    Raises
    ------
    LayoutError
        Unless 0 < Pfa < Pd0 < 1, R0 > 0 and no range is negative.

    Notes
    -----
    ``p(R) = Pfa^(1/(1 + SNR0 (R0/R)^4))`` with ``SNR0 = ln(Pfa)/ln(Pd0) − 1``. After Swerling (1954); Skolnik,
    Introduction to Radar Systems.

    Examples
    --------
    >>> from sensors.radar import detection_probability
    >>> round(detection_probability(5_000.0, reference_range_m=5_000.0), 3)
    0.9
    >>> round(detection_probability(10_000.0, reference_range_m=5_000.0), 3)
    0.22
    """
    r, reference, pd, pfa = (
        np.asarray(value, dtype=np.float64)
        for value in (range_m, reference_range_m, reference_probability, false_alarm_probability)
    )
    if not (np.all((pfa > 0.0) & (pfa < pd) & (pd < 1.0)) and np.all(reference > 0.0)):
        raise LayoutError(
            f"Pfa {pfa}, Pd {pd} at {reference} m fit no radar",
            where="detection_probability",
            expected="0 < Pfa < Pd < 1 at a positive range",
        )
    if np.any(r < 0.0):
        raise LayoutError("a range is negative", where="detection_probability", expected="metres from the radar")
    snr0 = np.log(pfa) / np.log(pd) - 1.0
    with np.errstate(divide="ignore", over="ignore"):
        snr = snr0 / np.square(np.square(r / reference))
    probability = pfa ** (1.0 / (1.0 + snr))
    return float(probability) if np.ndim(probability) == 0 else np.asarray(probability)
