"""Evidence of a track's newest plot about the biases of two sensors, summed by one kernel per scan.

A ring holds the newest plots of one track, the newest last. The sums are of 2 × 2 matrices, written out: arrays this
small would cost more to allocate than to add.
"""

from __future__ import annotations

from math import atan2, cos, isnan, nan, pi, sin, sqrt, tau
from typing import Final

import numba
import numpy as np

from fusion.filter.ground_range import ground_range
from fusion.models.bias import KEPT, PLOT_FIELDS, SLOTS, Information
from fusion.models.sensor_views import ElevationGrid, SensorView
from fusion.models.survey import PRIOR_AZIMUTH_RAD, PRIOR_RANGE_M
from geo.arrays import Floats, Int32s, Ints

MANOEUVRE_MPS2: Final = 0.7
APART_S: Final = 10.0
"""Plots of one track that are farther apart in time are not compared."""
GATE: Final = 20.0
DOUBLED: Final = 2.0

TIME, SENSOR, AZIMUTH, AZIMUTH_SD, RANGE, RANGE_SD, EAST, NORTH = range(PLOT_FIELDS)
Four = tuple[float, float, float, float]
"""A 2 × 2 matrix, row by row: the sums are too small for arrays."""


@numba.njit(cache=True)
def compare(
    ring_track: Ints,
    ring_plots: Floats,
    track: Ints,
    plot: Int32s,
    measured: Floats,
    now: float,
    index: int,
    view: SensorView,
    earth: ElevationGrid,
    information: Information,
    vector: Floats,
    pairs: Ints,
    misfit: Floats,
) -> tuple[Information, Ints, Floats]:
    """Add the evidence of the plots ``plot`` of tracks ``track`` to the last three arguments; return the information
    with it, and the rings with these plots.

    A slot is reused by another track if its own was not detected for APART_S. ``measured`` (4, plot): azimuth, its
    standard deviation, slant range, its standard deviation.
    """
    slot_track, slot_plots = np.full(SLOTS, -1, np.int64), np.full((SLOTS, KEPT, PLOT_FIELDS), nan)
    for k in range(len(ring_track)):
        slot_track[ring_track[k] % SLOTS], slot_plots[ring_track[k] % SLOTS] = ring_track[k], ring_plots[k]
    information = _with_room(information, len(pairs), index, slot_plots, track)
    for i in range(len(track)):
        azimuth, azimuth_sd = measured[0, plot[i]], measured[1, plot[i]]
        if isnan(azimuth) or not azimuth_sd > 0.0:
            continue
        slot = track[i] % SLOTS
        ring = slot_plots[slot]
        if slot_track[slot] != track[i]:
            if slot_track[slot] >= 0 and now - ring[KEPT - 1, TIME] <= APART_S:
                continue
            slot_track[slot] = track[i]
            ring[:] = nan
        reach, reach_sd = nan, nan
        if measured[2, plot[i]] > 0.0 and measured[3, plot[i]] > 0.0:
            reach, reach_sd = ground_range(view, earth, azimuth, measured[2, plot[i]], measured[3, plot[i]])
        _remember(ring, now, index, azimuth, azimuth_sd, reach, reach_sd, view)
        if reach >= 1.0:
            _newest(ring, now, index, information, vector, pairs, misfit)
    lately = np.flatnonzero((slot_track >= 0) & (now - slot_plots[:, KEPT - 1, TIME] <= APART_S))
    return information, slot_track[lately], slot_plots[lately]


@numba.njit(cache=True)
def _with_room(information: Information, sensors: int, index: int, slot_plots: Floats, track: Ints) -> Information:
    """A copy of the information that holds the blocks of sensor ``index`` with each that has a plot in the slots of the
    tracks ``track``."""
    other = np.zeros(sensors, np.bool_)
    for i in range(len(track)):
        for k in range(KEPT):
            sensor = slot_plots[track[i] % SLOTS, k, SENSOR]
            if not isnan(sensor):
                other[int(sensor)] = True
    pair, values = information.pair, information.values
    new = np.empty(2 * sensors, np.int64)
    count = 0
    for b in np.flatnonzero(other):
        wanted = index * sensors + b
        place = np.searchsorted(pair, wanted)
        if place == len(pair) or pair[place] != wanted:
            new[count], new[count + 1] = wanted, b * sensors + index
            count += 2
    if not count:
        return Information(pair, values.copy())
    pair = np.concatenate((pair, new[:count]))
    values = np.concatenate((values, np.zeros((count, 4))))
    order = np.argsort(pair)
    return Information(pair[order], values[order])


@numba.njit(cache=True)
def _remember(
    ring: Floats,
    now: float,
    index: int,
    azimuth: float,
    azimuth_sd: float,
    reach: float,
    reach_sd: float,
    view: SensorView,
) -> None:
    """Append a plot, and where its sensor stood, to a ring; the oldest is dropped."""
    for k in range(KEPT - 1):
        for c in range(PLOT_FIELDS):
            ring[k, c] = ring[k + 1, c]
    ring[KEPT - 1, TIME], ring[KEPT - 1, SENSOR] = now, index
    ring[KEPT - 1, AZIMUTH], ring[KEPT - 1, AZIMUTH_SD] = azimuth, azimuth_sd
    ring[KEPT - 1, RANGE], ring[KEPT - 1, RANGE_SD] = reach, reach_sd
    ring[KEPT - 1, EAST], ring[KEPT - 1, NORTH] = view.east, view.north


@numba.njit(cache=True)
def _newest(
    ring: Floats,
    now: float,
    index: int,
    information: Information,
    vector: Floats,
    pairs: Ints,
    misfit: Floats,
) -> None:
    """Compare the newest plot of a ring and the previous one of its sensor with those in between, and the one before
    that."""
    before = KEPT - 2
    while before >= 0 and not (ring[before, SENSOR] == index and ring[before, RANGE] > 1.0):
        before -= 1
    if before < 0 or now - ring[before, TIME] > APART_S or now <= ring[before, TIME]:
        return
    for k in range(before + 1, KEPT - 1):
        if ring[k, SENSOR] != index and ring[before, TIME] < ring[k, TIME] < now:
            _sum(ring, before, k, KEPT - 1, information, vector, pairs)
    again = before - 1
    while again >= 0 and not (ring[again, SENSOR] == index and ring[again, RANGE] > 1.0):
        again -= 1
    if again >= 0 and now - ring[again, TIME] <= APART_S and ring[again, TIME] < ring[before, TIME]:
        _own_misfit(ring, again, before, KEPT - 1, misfit)


@numba.njit(cache=True)
def _between(ring: Floats, first: int, at: int, last: int, manoeuvre: float) -> tuple[Four, Four, Four]:
    """Position of the target at the time of ``at`` from the plots ``first`` and ``last`` of one sensor: position (e, n,
    0, 0) and covariance, row by row (with a ``manoeuvre`` [m/s²]), and its derivative by that sensor's biases
    (position, bias)."""
    span = ring[last, TIME] - ring[first, TIME]
    share = (ring[last, TIME] - ring[at, TIME]) / span
    bend = 0.5 * manoeuvre * (ring[last, TIME] - ring[at, TIME]) * (ring[at, TIME] - ring[first, TIME])
    e, n, c_ee, c_en, c_nn = 0.0, 0.0, bend * bend, 0.0, bend * bend
    e_r, n_r, e_a, n_a = 0.0, 0.0, 0.0, 0.0
    for k, w in ((first, share), (last, 1.0 - share)):
        s, c, r = sin(ring[k, AZIMUTH]), cos(ring[k, AZIMUTH]), ring[k, RANGE]
        along, across = ring[k, RANGE_SD] ** 2, (r * ring[k, AZIMUTH_SD]) ** 2
        e += w * (ring[k, EAST] + r * s)
        n += w * (ring[k, NORTH] + r * c)
        c_ee += w * w * (along * s * s + across * c * c)
        c_en += w * w * (along - across) * s * c
        c_nn += w * w * (along * c * c + across * s * s)
        e_r += w * s
        n_r += w * c
        e_a += w * r * c
        n_a -= w * r * s
    return (e, n, 0.0, 0.0), (c_ee, c_en, c_en, c_nn), (e_r, e_a, n_r, n_a)


@numba.njit(cache=True)
def _residual(ring: Floats, at: int, where: Four, cov: Four) -> tuple[float, float, Four, Four, bool]:
    """Plot ``at`` compared with a position, in its sensor's range and azimuth: the residuals, their covariance,
    derivative by position, both row by row, and whether the plot has a range."""
    d_e, d_n = where[0] - ring[at, EAST], where[1] - ring[at, NORTH]
    r = max(sqrt(d_e * d_e + d_n * d_n), 1.0)
    slope = (d_e / r, d_n / r, d_n / (r * r), -d_e / (r * r))
    turn = ring[at, AZIMUTH] - atan2(d_e, d_n)
    turn -= tau * np.floor((turn + pi) / tau)
    rr, ra, ar, aa = _times(_times(slope, cov), (slope[0], slope[2], slope[1], slope[3]))
    aa += ring[at, AZIMUTH_SD] ** 2
    if isnan(ring[at, RANGE]):
        return 0.0, turn, (rr, ra, ar, aa), slope, False
    rr += ring[at, RANGE_SD] ** 2
    return ring[at, RANGE] - r, turn, (rr, ra, ar, aa), slope, True


@numba.njit(cache=True)
def _times(a: Four, b: Four) -> Four:
    """The product of two 2 × 2 matrices, row by row."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
    )


@numba.njit(cache=True)
def _sum(ring: Floats, first: int, at: int, last: int, information: Information, vector: Floats, pairs: Ints) -> None:
    """Add one comparison to the information, unless the plots are too far apart to come from one target."""
    where, cov, slope = _between(ring, first, at, last, MANOEUVRE_MPS2)
    off, turn, spread, by_place, ranged = _residual(ring, at, where, cov)
    # the other sensor's biases move the position, and thereby, with opposite sign, the residual
    t0, t1, t2, t3 = _times(by_place, slope)
    far, round_ = PRIOR_RANGE_M**2, PRIOR_AZIMUTH_RAD**2
    w_rr = spread[0] + far + far * t0 * t0 + round_ * t1 * t1
    w_ra = spread[1] + far * t0 * t2 + round_ * t1 * t3
    w_aa = spread[3] + round_ + far * t2 * t2 + round_ * t3 * t3
    if ranged:
        if off * off * w_aa - 2.0 * off * turn * w_ra + turn * turn * w_rr > GATE * (w_rr * w_aa - w_ra * w_ra):
            return
        scale = 1.0 / (DOUBLED * (spread[0] * spread[3] - spread[1] * spread[2]))
        weight = (spread[3] * scale, -spread[1] * scale, -spread[2] * scale, spread[0] * scale)
    else:
        if turn * turn > GATE * w_aa:
            return
        weight = (0.0, 0.0, 0.0, 1.0 / (DOUBLED * spread[3]))
    a, b = int(ring[first, SENSOR]), int(ring[at, SENSOR])
    across = _times(weight, (-t0, -t1, -t2, -t3))
    turned = (-t0, -t2, -t1, -t3)
    p = len(pairs)
    _add(information, b * p + b, weight)
    _add(information, b * p + a, across)
    _add(information, a * p + b, (across[0], across[2], across[1], across[3]))
    _add(information, a * p + a, _times(turned, across))
    pull = _times(weight, (off, 0.0, turn, 0.0))
    back = _times(turned, pull)
    vector[2 * b] += pull[0]
    vector[2 * b + 1] += pull[2]
    vector[2 * a] += back[0]
    vector[2 * a + 1] += back[2]
    pairs[a] += 1
    pairs[b] += 1


@numba.njit(cache=True)
def _add(information: Information, pair: int, block: Four) -> None:
    """Add a 2 × 2 block, row by row, of two sensors' biases."""
    values = information.values[np.searchsorted(information.pair, pair)]
    for k in range(4):
        values[k] += block[k]


@numba.njit(cache=True)
def _own_misfit(ring: Floats, first: int, at: int, last: int, misfit: Floats) -> None:
    """Compare a plot with its own sensor's plots before and after it: their spread is that of the sensor alone."""
    where, cov, _ = _between(ring, first, at, last, 0.0)
    off, turn, spread, _, _ = _residual(ring, at, where, cov)
    sensor = int(ring[at, SENSOR])
    for i, ratio in ((0, off * off / spread[0]), (1, turn * turn / spread[3])):
        if ratio < 100.0:
            misfit[sensor, i, 0] += 1.0
            misfit[sensor, i, 1] += ratio
