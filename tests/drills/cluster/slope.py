"""How fast memory grows: one slope over the lives of many processes, with its interval.

A process that is killed starts again with less memory, so each life has a level of its own and all lives of a kind
share the slope (ordinary least squares with fixed effects). Samples of one life are not independent; the interval
treats a life as one observation (cluster-robust variance with the usual small-sample factor: Cameron and Miller, *A
Practitioner's Guide to Cluster-Robust Inference*, Journal of Human Resources 50 (2015), eq. 11 and 12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

HOUR_S = 3600.0


@dataclass(frozen=True)
class Slope:
    """Growth per hour and the ends of its 95% interval (nan for fewer than two lives), from so many lives and hours."""

    per_hour: float
    low: float
    high: float
    lives: int
    hours: float


def pooled_slope(lives: Mapping[object, Sequence[tuple[float, float]]], *, warm_up_s: float) -> Slope | None:
    """Return the slope of values over times [s], by life, without the first ``warm_up_s`` of each life.

    None where no life has three values after that.
    """
    kept = []
    for samples in lives.values():
        array = np.asarray([one for one in samples if one[0] - samples[0][0] >= warm_up_s], float)
        if len(array) >= 3:
            kept.append(array)
    if not kept:
        return None
    centred = [array - array.mean(axis=0) for array in kept]
    square = sum(float(one[:, 0] @ one[:, 0]) for one in centred)
    slope = sum(float(one[:, 0] @ one[:, 1]) for one in centred) / square
    scores = [float(one[:, 0] @ (one[:, 1] - slope * one[:, 0])) for one in centred]
    many, hours = len(kept), sum(float(np.ptp(one[:, 0])) for one in kept) / HOUR_S
    half = float("nan")
    if many > 1:
        half = float(t.ppf(0.975, many - 1)) * (many / (many - 1) * sum(one * one for one in scores)) ** 0.5 / square
    per_hour = slope * HOUR_S
    return Slope(per_hour, per_hour - half * HOUR_S, per_hour + half * HOUR_S, many, hours)
