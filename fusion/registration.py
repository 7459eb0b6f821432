"""Registration: range and azimuth biases of each sensor, estimated from tracks that several sensors see.

Between two plots of a ranging sensor A on one track, A says where the target was when sensor B reported it. What B
reports instead is, to first order, ``b_B − H J_A b_A`` and noise, with H the derivative of B's measurement by place and
J_A that of A's place by A's biases. These equations are summed as information with a prior and slow forgetting; a bias
is taken off plots only while it is significant. After Bar-Shalom, Willett, Tian, Tracking and Data Fusion (2011),
chapter 8, in the form of a sum of pairwise pseudo-measurements.

What was learnt is part of the bank, so that a late scan finds what it would have found in time. Targets that a large
bias keeps two sensors from seeing as one are the matter of fusion.alignment.

Its limits: a bias that all sensors share cannot be seen and stays with the prior; plots are used twice, which the
doubled noise stands for; a target's manoeuvre between two plots is noise of ``MANOEUVRE_MPS2``.
"""

from __future__ import annotations

from dataclasses import replace
from math import atan2, cos, exp, isnan, nan, pi, sin, sqrt
from typing import TYPE_CHECKING, Final

import numba
import numpy as np
import xarray as xr

from fusion.bias import EVER_NS, KEPT, SLOTS, Bias, Learnt
from fusion.motion import Floats, Ints
from fusion.reports import canonical_order, ground_range
from fusion.survey import PRIOR_AZIMUTH_RAD, PRIOR_RANGE_M, Survey
from fusion.tracks import CONFIRMED, Rows
from fusion.views import Ground, View
from sensors.columns import ScanColumns

if TYPE_CHECKING:
    from fusion.scene import Scene

TWO_PI: Final = 2.0 * pi
SIGNIFICANT_SD: Final = 4.0
STILL_SIGNIFICANT_SD: Final = 2.0
"""A bias is taken off once it is so many deviations from none, and no more when it falls below the second."""
LEAST_PAIRS: Final = 30
EPOCH_NS: Final = 3 * 10**9
"""Biases in use change at most once in each whole multiple of this."""
FORGET_S: Final = 3600.0
MANOEUVRE_MPS2: Final = 0.7
APART_S: Final = 10.0
"""Plots of one track farther apart in time say nothing about each other."""
GATE: Final = 20.0
DOUBLED: Final = 2.0


def bias_of(survey: Survey, learnt: Learnt, index: int) -> Bias:
    """The bias in use for a sensor, by its place in the layout: what was learnt, else how well it was surveyed."""
    known, column = survey.known[index], survey.column[index]
    if not len(learnt) or column < 0 or not learnt.used[column].any():
        return known
    range_m, range_sd, azimuth, azimuth_sd = learnt.used[column].tolist()
    return Bias(range_m, range_sd, azimuth, azimuth_sd or known.azimuth_sd_rad, known.place_sd_m)


def learn(scene: Scene, learnt: Learnt, scan: ScanColumns, rows: Rows) -> Learnt:
    """``learnt`` after one scan: the plots of its confirmed tracks against what other sensors said of them."""
    watch = scene.watch(scan.sensor)
    column = int(scene.survey.column[watch.index])
    used = np.flatnonzero((rows.plot >= 0) & (rows.status == CONFIRMED)) if len(learnt) and column >= 0 else ()
    if not len(used):
        return learnt
    origin = scan.observed_ns if learnt.origin_ns == EVER_NS else learnt.origin_ns
    plot = canonical_order(scan)[rows.plot[used]]
    columns = np.stack([scan.azimuth, scan.azimuth_sd, scan.range_, scan.range_sd])[:, plot]
    reach, reach_sd = _ground_ranges(columns, watch.view, scene.earth)
    new = replace(
        learnt, origin_ns=origin, track=learnt.track.copy(), plots=learnt.plots.copy(), pairs=learnt.pairs.copy(),
        information=learnt.information.copy(), vector=learnt.vector.copy(), misfit=learnt.misfit.copy(),
    )  # fmt: skip
    _compare(
        new.track, new.plots, rows.track[used], (scan.observed_ns - origin) * 1e-9, column,
        columns[0], columns[1], reach, reach_sd, scene.survey.places,
        new.information, new.vector, new.pairs, new.misfit,
    )  # fmt: skip
    return new


def forget(survey: Survey, learnt: Learnt, now_ns: int) -> Learnt:
    """Old equations fade towards the prior, since a mast may be moved."""
    if learnt.newest_ns == EVER_NS:
        return replace(learnt, newest_ns=now_ns)
    keep = exp(-(now_ns - learnt.newest_ns) * 1e-9 / FORGET_S)
    information = survey.prior + keep * (learnt.information - survey.prior)
    return replace(learnt, information=information, vector=keep * learnt.vector, newest_ns=now_ns)


def in_use(learnt: Learnt) -> Floats:
    """(p, 4) range, its deviation, azimuth, its deviation to be taken off plots from now on; 0 where nothing is.

    As few biases as explain what was seen, the others being none: those in use that still count, then one after the
    other that which explains most, while it is significant. So of two radars on one mast, which show no more than the
    difference of their norths, one is turned, not both by half of it.
    """
    enough = np.repeat(learnt.pairs >= LEAST_PAIRS, 2)
    chosen = np.flatnonzero(enough & (learnt.used[:, ::2].ravel() != 0.0)).tolist()
    while True:
        values, sd = _given(learnt, chosen)
        weak = [k for k in range(len(chosen)) if abs(values[k]) < STILL_SIGNIFICANT_SD * sd[k]]
        if weak:
            chosen.pop(min(weak, key=lambda k: abs(values[k]) / sd[k]))
            continue
        gain = np.where(enough, _explained(learnt, chosen), 0.0)
        if gain.max() <= SIGNIFICANT_SD**2:
            break
        chosen.append(int(np.argmax(gain)))
    used = np.zeros((len(enough), 2))
    used[chosen, 0], used[chosen, 1] = values, sd
    return used.reshape(-1, 4)


def _given(learnt: Learnt, chosen: list[int]) -> tuple[Floats, Floats]:
    """The ``chosen`` biases and their deviations, all others being 0."""
    cov = np.linalg.inv(learnt.information[np.ix_(chosen, chosen)])
    return cov @ learnt.vector[chosen], np.sqrt(np.diag(cov))


def _explained(learnt: Learnt, chosen: list[int]) -> Floats:
    """(2 p,) squared deviations from 0 of each bias that is not ``chosen``, given those that are; 0 for these."""
    information, vector = learnt.information, learnt.vector
    weight = np.linalg.solve(information[np.ix_(chosen, chosen)], information[chosen])
    left = vector - weight.T @ vector[chosen]
    gain = left**2 / np.maximum(np.diag(information) - (information[:, chosen] * weight.T).sum(axis=1), 1e-12)
    gain[chosen] = 0.0
    return np.asarray(gain)


def solve(learnt: Learnt) -> tuple[Floats, Floats, Floats]:
    """Biases and deviations (p, 2), and the biases' covariance (2 p, 2 p)."""
    cov: Floats = np.asarray(np.linalg.inv(learnt.information), np.float64)
    return (cov @ learnt.vector).reshape(-1, 2), np.sqrt(np.diag(cov)).reshape(-1, 2), cov


def estimate(survey: Survey, learnt: Learnt) -> xr.Dataset:
    """Biases with deviations (sensor,), as taken off where they are in use, whether they are, pairs behind them, and
    how true stated errors are.

    ``range_error_ratio`` and ``azimuth_error_ratio`` are the spread found over the spread stated: 1 where the
    layout's deviations are true, NaN below LEAST_PAIRS; manoeuvres raise them somewhat.
    """
    n, here = len(survey.sensors), np.flatnonzero(survey.column >= 0) if len(learnt) else np.zeros(0, np.int64)
    values, sd, ratio = np.zeros((n, 2)), np.full((n, 2), nan), np.full((n, 2), nan)
    used, pairs = np.zeros((n, 2), np.bool_), np.zeros(n, np.int64)
    if len(here):
        values[here], sd[here], _ = solve(learnt)
        count, total = learnt.misfit[:, :, 0], learnt.misfit[:, :, 1]
        ratio[here] = np.sqrt(np.where(count >= LEAST_PAIRS, total / np.maximum(count, 1.0), nan))
        used[here], pairs[here] = learnt.used[:, ::2] != 0.0, learnt.pairs
        values[used] = learnt.used[:, ::2][used[here]]
        sd[used] = learnt.used[:, 1::2][used[here]]
    dim = ("sensor",)
    return xr.Dataset(
        {
            "range_bias": (dim, values[:, 0], {"units": "m"}),
            "range_bias_sd": (dim, sd[:, 0], {"units": "m"}),
            "azimuth_bias": (dim, values[:, 1], {"units": "rad"}),
            "azimuth_bias_sd": (dim, sd[:, 1], {"units": "rad"}),
            "range_corrected": (dim, used[:, 0]),
            "azimuth_corrected": (dim, used[:, 1]),
            "pairs": (dim, pairs, {"units": "1"}),
            "range_error_ratio": (dim, ratio[:, 0], {"units": "1"}),
            "azimuth_error_ratio": (dim, ratio[:, 1], {"units": "1"}),
        },
        coords={"sensor": np.array(survey.sensors, dtype=np.str_)},
    )


TIME, SENSOR, AZIMUTH, AZIMUTH_SD, RANGE, RANGE_SD = 0, 1, 2, 3, 4, 5


@numba.njit(cache=True)
def _ground_ranges(columns: Floats, view: View, earth: Ground) -> tuple[Floats, Floats]:
    """Horizontal distances of slant ranges and their deviations; NaN where there is no range."""
    n = columns.shape[1]
    reach, reach_sd = np.full(n, nan), np.full(n, nan)
    for j in range(n):
        if columns[2, j] > 0.0 and columns[3, j] > 0.0:
            reach[j], reach_sd[j] = ground_range(view, earth, columns[0, j], columns[2, j], columns[3, j])
    return reach, reach_sd


@numba.njit(cache=True)
def _compare(
    slot_track: Ints,
    slot_plots: Floats,
    track: Ints,
    now: float,
    index: int,
    azimuth: Floats,
    azimuth_sd: Floats,
    reach: Floats,
    reach_sd: Floats,
    places: Floats,
    information: Floats,
    vector: Floats,
    pairs: Ints,
    misfit: Floats,
) -> None:
    """See fusion.bias.Learnt; a slot is taken over by another track once its own was not seen for APART_S."""
    for i in range(len(track)):
        if isnan(azimuth[i]) or not azimuth_sd[i] > 0.0:
            continue
        slot = track[i] % SLOTS
        ring = slot_plots[slot]
        newest = ring[KEPT - 1, TIME]
        if slot_track[slot] != track[i]:
            if slot_track[slot] >= 0 and now - newest <= APART_S:
                continue
            slot_track[slot] = track[i]
            ring[:] = nan
        for k in range(KEPT - 1):
            ring[k] = ring[k + 1]
        ring[KEPT - 1, TIME], ring[KEPT - 1, SENSOR] = now, index
        ring[KEPT - 1, AZIMUTH], ring[KEPT - 1, AZIMUTH_SD] = azimuth[i], azimuth_sd[i]
        ring[KEPT - 1, RANGE], ring[KEPT - 1, RANGE_SD] = reach[i], reach_sd[i]
        if isnan(reach[i]) or reach[i] < 1.0:
            continue
        before = KEPT - 2
        while before >= 0 and not (ring[before, SENSOR] == index and ring[before, RANGE] > 1.0):
            before -= 1
        if before < 0 or now - ring[before, TIME] > APART_S or now <= ring[before, TIME]:
            continue
        for k in range(before + 1, KEPT - 1):
            if ring[k, SENSOR] != index and ring[before, TIME] < ring[k, TIME] < now:
                _sum(ring, before, k, KEPT - 1, places, information, vector, pairs)
        again = before - 1
        while again >= 0 and not (ring[again, SENSOR] == index and ring[again, RANGE] > 1.0):
            again -= 1
        if again >= 0 and now - ring[again, TIME] <= APART_S and ring[again, TIME] < ring[before, TIME]:
            _own_misfit(ring, again, before, KEPT - 1, places, misfit)


@numba.njit(cache=True)
def _between(
    ring: Floats, first: int, at: int, last: int, manoeuvre: float, places: Floats
) -> tuple[Floats, Floats, Floats]:
    """Where the plots ``first`` and ``last`` of one sensor put the target at the time of plot ``at``: (2,) place, its
    (2, 2) covariance (with a ``manoeuvre`` [m/s²]), and its derivative by that sensor's biases (place, bias)."""
    span = ring[last, TIME] - ring[first, TIME]
    share = (ring[last, TIME] - ring[at, TIME]) / span
    bend = 0.5 * manoeuvre * (ring[last, TIME] - ring[at, TIME]) * (ring[at, TIME] - ring[first, TIME])
    where, cov, slope = np.zeros(2), np.eye(2) * bend * bend, np.zeros((2, 2))
    for k, w in ((first, share), (last, 1.0 - share)):
        s, c, r = sin(ring[k, AZIMUTH]), cos(ring[k, AZIMUTH]), ring[k, RANGE]
        home = places[int(ring[k, SENSOR])]
        along, across = ring[k, RANGE_SD] ** 2, (r * ring[k, AZIMUTH_SD]) ** 2
        where[0] += w * (home[0] + r * s)
        where[1] += w * (home[1] + r * c)
        cov[0, 0] += w * w * (along * s * s + across * c * c)
        cov[0, 1] += w * w * (along - across) * s * c
        cov[1, 1] += w * w * (along * c * c + across * s * s)
        slope[0, 0] += w * s
        slope[1, 0] += w * c
        slope[0, 1] += w * r * c
        slope[1, 1] -= w * r * s
    cov[1, 0] = cov[0, 1]
    return where, cov, slope


@numba.njit(cache=True)
def _residual(ring: Floats, at: int, where: Floats, cov: Floats, places: Floats) -> tuple[Floats, Floats, Floats, int]:
    """Plot ``at`` against a place, in its sensor's range and azimuth: residual (2,), its covariance, derivative by
    place (2, 2), and the first row that counts (1 where the plot has no range)."""
    home = places[int(ring[at, SENSOR])]
    d_e, d_n = where[0] - home[0], where[1] - home[1]
    r = max(sqrt(d_e * d_e + d_n * d_n), 1.0)
    slope = np.array([[d_e / r, d_n / r], [d_n / (r * r), -d_e / (r * r)]])
    turn = ring[at, AZIMUTH] - atan2(d_e, d_n)
    turn -= TWO_PI * np.floor((turn + pi) / TWO_PI)
    spread = slope @ cov @ np.ascontiguousarray(slope.T)
    spread[1, 1] += ring[at, AZIMUTH_SD] ** 2
    if isnan(ring[at, RANGE]):
        return np.array([0.0, turn]), spread, slope, 1
    spread[0, 0] += ring[at, RANGE_SD] ** 2
    return np.array([ring[at, RANGE] - r, turn]), spread, slope, 0


@numba.njit(cache=True)
def _sum(
    ring: Floats, first: int, at: int, last: int, places: Floats, information: Floats, vector: Floats, pairs: Ints
) -> None:
    """Add one comparison to the information, unless it is too far off to come from one target."""
    where, cov, slope = _between(ring, first, at, last, MANOEUVRE_MPS2, places)
    residual, spread, by_place, row = _residual(ring, at, where, cov, places)
    a, b = int(ring[first, SENSOR]), int(ring[at, SENSOR])
    turned = -(by_place @ slope)
    design = np.zeros((2, 4))
    design[0, 0], design[1, 1] = 1.0, 1.0
    design[:, 2:] = turned
    prior = np.array([PRIOR_RANGE_M**2, PRIOR_AZIMUTH_RAD**2, PRIOR_RANGE_M**2, PRIOR_AZIMUTH_RAD**2])
    across = np.ascontiguousarray(design.T)
    wide = spread + (design * prior) @ across
    if row == 1:
        if residual[1] ** 2 > GATE * wide[1, 1]:
            return
        weight = np.zeros((2, 2))
        weight[1, 1] = 1.0 / (DOUBLED * spread[1, 1])
    else:
        if residual @ np.linalg.solve(wide, residual) > GATE:
            return
        weight = np.ascontiguousarray(np.linalg.inv(spread)) / DOUBLED
    gain = across @ weight
    added = gain @ design
    shift = gain @ residual
    where_to = np.array([2 * b, 2 * b + 1, 2 * a, 2 * a + 1])
    for i in range(4):
        vector[where_to[i]] += shift[i]
        for j in range(4):
            information[where_to[i], where_to[j]] += added[i, j]
    pairs[a] += 1
    pairs[b] += 1


@numba.njit(cache=True)
def _own_misfit(ring: Floats, first: int, at: int, last: int, places: Floats, misfit: Floats) -> None:
    """A plot against its own sensor's plots before and after it: their spread is that of the sensor alone."""
    where, cov, _ = _between(ring, first, at, last, 0.0, places)
    residual, spread, _, _ = _residual(ring, at, where, cov, places)
    sensor = int(ring[at, SENSOR])
    for i in range(2):
        ratio = residual[i] ** 2 / spread[i, i]
        if ratio < 100.0:
            misfit[sensor, i, 0] += 1.0
            misfit[sensor, i, 1] += ratio
