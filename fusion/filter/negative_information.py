"""Negative information: the position of a target that a look did not detect, or that did not trigger a ground sensor.

A track about to leave dead ground, and not detected leaving it, is still in it. Its density times the probability of a
miss is matched by its first two moments, on five sigma points of the position; the velocity follows by regression. Koch
(2007), "On exploiting negative sensor evidence for target tracking".
"""

from __future__ import annotations

from math import exp, sqrt

import numba
import numpy as np

from fusion.filter.track_bank import TrackBank, TrackView
from fusion.models.sensor_views import SensorModel, SensorView, probability
from geo.arrays import Bools, Floats
from sensors.detections import TAILS
from sensors.ground_sensor import KIND as GROUND_SENSOR
from sensors.scan_columns import ARRAYS, ScanColumns

WAY_STEPS = 8
"""Number of path points during a quiet time at which a ground sensor's range is evaluated."""
MOST_INTERVALS = 2.0
"""A quiet time longer than this number of heartbeat intervals was an outage: only its last interval counts."""
KEPT = 0.3
"""Minimum fraction of the prior spread that remains after a quiet time, because five points are few."""


@numba.njit(cache=True)
def after_miss(
    mean: Floats, cov: Floats, mode: Floats, uneven: Bools, unobservable: Floats, view: SensorView
) -> tuple[Floats, Floats, Floats]:
    """(mean, cov, mode) given that a look did not detect the target, which is ``unobservable`` (track,) with that
    probability; only ``uneven`` (track,) tracks change."""
    new_mean, new_cov, new_mode = mean.copy(), cov.copy(), mode.copy()
    place, weight, full = np.zeros((5, 2)), np.zeros(5), np.zeros((4, 4))
    for t in range(len(uneven)):
        if not uneven[t]:
            continue
        total = 0.0
        for m in range(mode.shape[1]):
            new_mode[t, m] = mode[t, m] * _weigh(mean[t, m], cov[t, m], view, unobservable[t], place, weight)
            total += new_mode[t, m]
            _shift(new_mean[t, m], new_cov[t, m], place, weight, full)
        if total > 1e-200:
            new_mode[t] /= total
        else:
            new_mode[t] = mode[t]
    return new_mean, new_cov, new_mode


def is_heartbeat(sensor: SensorModel, scan: ScanColumns) -> bool:
    """Whether the scan is an event-only ground sensor's report that nothing triggered it since its last one."""
    return not sensor.polled and len(scan) == 0 and len(sensor.rate_per_m) > 0


def heartbeat_of(sensor: SensorModel, boot: int, sequence: int, observed_ns: int, received_ns: int) -> ScanColumns:
    """A ground sensor's status message as a scan without plots; its number is negative, apart from those of scans."""
    none = {name: np.zeros((0, *TAILS.get(name, ()))) for name in ARRAYS}
    return ScanColumns(sensor.id, GROUND_SENSOR, boot, -1 - sequence, observed_ns, received_ns, **none)


def quiet_s(bank: TrackBank, sensor: SensorModel, now_ns: int) -> float:
    """Quiet time reported by a heartbeat [s]; 0 at a sensor's first report and in the pause after a trigger."""
    heard_ns = int(bank.heard_ns[sensor.index])
    if heard_ns == 0:
        return 0.0
    quiet = max(now_ns - heard_ns, 0) * 1e-9
    return quiet if quiet <= MOST_INTERVALS * sensor.interval_s else sensor.interval_s


def after_quiet(
    mean: Floats, cov: Floats, mode: Floats, sight: TrackView, sensor: SensorModel, quiet: float
) -> tuple[tuple[Floats, Floats, Floats], TrackView]:
    """(mean, cov, mode) given that a ground sensor was not triggered for ``quiet`` seconds, and the tracks' views with
    the probability that it would have been. A standing target triggers nothing, so quiet is evidence for standing.
    """
    new_mean, new_cov, new_mode, seen = _unfelt(mean, cov, mode, sensor.view, sensor.rate_per_m, quiet)
    return (new_mean, new_cov, new_mode), sight._replace(seen=seen, held=np.zeros(len(seen), np.bool_))


@numba.njit(cache=True)
def _unfelt(
    mean: Floats, cov: Floats, mode: Floats, view: SensorView, rate: Floats, quiet: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """The miss of each sigma point is exp(−Σ rate · metres) along its mode's path of the last ``quiet`` seconds."""
    new_mean, new_cov, new_mode, seen = mean.copy(), cov.copy(), mode.copy(), np.zeros(len(mean))
    place, weight, full = np.zeros((5, 2)), np.zeros(5), np.zeros((4, 4))
    for t in range(len(mean)):
        total = 0.0
        for m in range(mode.shape[1]):
            x, p = mean[t, m], cov[t, m]
            _sigma_points(x, p, place)
            metres = quiet / WAY_STEPS * sqrt(x[2] * x[2] + x[3] * x[3] + p[7] + p[9])
            missed = 0.0
            for i in range(5):
                felt = 0.0
                for k in range(WAY_STEPS):
                    back = quiet * (k + 0.5) / WAY_STEPS
                    felt += metres * _rate_at(view, rate, place[i, 0] - back * x[2], place[i, 1] - back * x[3])
                weight[i] = (1.0 / 3.0 if i == 0 else 1.0 / 6.0) * exp(-felt)
                missed += weight[i]
            new_mode[t, m] = mode[t, m] * missed
            total += new_mode[t, m]
            if missed < 1.0 - 1e-6:
                weight /= missed
                _shift(new_mean[t, m], new_cov[t, m], place, weight, full)
        seen[t] = min(max(1.0 - total, 0.0), 1.0)
        if total > 1e-200:
            new_mode[t] /= total
        else:
            new_mode[t] = mode[t]
    return new_mean, new_cov, new_mode, seen


@numba.njit(cache=True)
def _rate_at(view: SensorView, rate: Floats, easting: float, northing: float) -> float:
    """Triggers per metre walked at a point; 0 out of range."""
    d_e, d_n = easting - view.east, northing - view.north
    step = sqrt(d_e * d_e + d_n * d_n) / view.max_range * (len(rate) - 1)
    return float(rate[int(step + 0.5)]) if step <= len(rate) - 1 else 0.0


@numba.njit(cache=True)
def _weigh(x: Floats, p: Floats, view: SensorView, unobservable: float, place: Floats, weight: Floats) -> float:
    """Sigma points of the position into ``place``, their weights after a miss into ``weight``; the miss probability."""
    _sigma_points(x, p, place)
    total = 0.0
    for i in range(5):
        missed = 1.0 - (1.0 - unobservable) * probability(view, place[i, 0], place[i, 1])
        weight[i] = (1.0 / 3.0 if i == 0 else 1.0 / 6.0) * missed
        total += weight[i]
    if total > 1e-12:
        weight /= total
    return total


@numba.njit(cache=True)
def _sigma_points(x: Floats, p: Floats, place: Floats) -> None:
    """Five points of a position's spread: the centre (1/3) and four at √3 deviations (1/6 each)."""
    l_ee = sqrt(p[0])
    l_ne = p[1] / l_ee
    l_nn = sqrt(max(p[4] - l_ne * l_ne, 0.0))
    root = sqrt(3.0)
    for i in range(5):
        place[i] = x[:2]
    place[1, 0] += root * l_ee
    place[1, 1] += root * l_ne
    place[2, 0] -= root * l_ee
    place[2, 1] -= root * l_ne
    place[3, 1] += root * l_nn
    place[4, 1] -= root * l_nn


@numba.njit(cache=True)
def _shift(x: Floats, p: Floats, place: Floats, weight: Floats, full: Floats) -> None:
    """Give the position the moments of the weighted points, in place; velocity follows by regression on it."""
    total = weight.sum()
    if abs(total - 1.0) > 1e-6:
        return  # a miss was impossible at every point
    e, n = 0.0, 0.0
    for i in range(5):
        e += weight[i] * place[i, 0]
        n += weight[i] * place[i, 1]
    c_ee, c_en, c_nn = KEPT * p[0], KEPT * p[1], KEPT * p[4]
    for i in range(5):
        d_e, d_n = place[i, 0] - e, place[i, 1] - n
        w = (1.0 - KEPT) * weight[i]
        c_ee, c_en, c_nn = c_ee + w * d_e * d_e, c_en + w * d_e * d_n, c_nn + w * d_n * d_n
    index = 0
    for i in range(4):
        for j in range(i, 4):
            full[i, j] = p[index]
            full[j, i] = p[index]
            index += 1
    determinant = p[0] * p[4] - p[1] * p[1]
    if not determinant > 1e-12 * p[0] * p[4]:
        return
    d_e, d_n = e - x[0], n - x[1]
    change_ee, change_en, change_nn = c_ee - p[0], c_en - p[1], c_nn - p[4]
    i_ee, i_en, i_nn = p[4] / determinant, -p[1] / determinant, p[0] / determinant
    index = 0
    for i in range(4):
        g_e = full[i, 0] * i_ee + full[i, 1] * i_en
        g_n = full[i, 0] * i_en + full[i, 1] * i_nn
        x[i] += g_e * d_e + g_n * d_n
        for j in range(i, 4):
            h_e = full[j, 0] * i_ee + full[j, 1] * i_en
            h_n = full[j, 0] * i_en + full[j, 1] * i_nn
            p[index] += g_e * (change_ee * h_e + change_en * h_n) + g_n * (change_en * h_e + change_nn * h_n)
            index += 1
