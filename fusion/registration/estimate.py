"""Registration: range and azimuth biases of each sensor, estimated from tracks that several sensors detect.

Two plots of a ranging sensor A on one track give the target's position when sensor B reported it. B's report differs
from that, to first order, by ``b_B − H J_A b_A`` and noise, with H the derivative of B's measurement by position and
J_A that of A's position by A's biases. These equations are summed as information with a prior and slow forgetting; a
bias is subtracted from plots only while it is significant. After Bar-Shalom, Willett, Tian, Tracking and Data Fusion
(2011), chapter 8, as a sum of pairwise pseudo-measurements.

The estimate is part of the bank, so that a late scan gives what it would have given in time. Duplicate tracks, of
targets that a large bias keeps two sensors from detecting as one, are handled in fusion.registration.duplicate_tracks.

Limits: a bias that all sensors share cannot be observed and keeps the prior; plots are used twice, for which the noise
is doubled; a target's manoeuvre between two plots is noise of ``MANOEUVRE_MPS2``.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, nan
from typing import Final

import numpy as np
import xarray as xr

from fusion.filter.measurements import in_order
from fusion.filter.track_bank import CONFIRMED, Rows
from fusion.models.bias import EVER_NS, Bias, Learnt, Rings, of_matrix
from fusion.models.survey import Survey
from fusion.models.tracker_model import TrackerModel
from fusion.registration.evidence import compare
from geo.arrays import Bools, Floats
from sensors.scan_columns import ScanColumns

SIGNIFICANT_SD: Final = 4.0
STILL_SIGNIFICANT_SD: Final = 2.0
"""A bias is corrected once it exceeds the first multiple of its standard deviation, and until it falls below the
second."""
LEAST_PAIRS: Final = 30
EPOCH_NS: Final = 3 * 10**9
"""Biases in use change at most once per interval of this length."""
FORGET_S: Final = 3600.0


def bias_of(survey: Survey, learnt: Learnt, index: int) -> Bias:
    """The bias in use for a sensor, by its index in the layout: the estimate, else the survey."""
    known, column = survey.known[index], survey.column[index]
    if not len(learnt) or column < 0 or not learnt.used[column].any():
        return known
    range_m, range_sd, azimuth, azimuth_sd = learnt.used[column].tolist()
    return Bias(range_m, range_sd, azimuth, azimuth_sd or known.azimuth_sd_rad, known.place_sd_m)


def learn(model: TrackerModel, learnt: Learnt, scan: ScanColumns, rows: Rows) -> Learnt:
    """``learnt`` after one scan: the plots of its confirmed tracks are compared with those of other sensors."""
    sensor = model.sensor(scan.sensor)
    column = int(model.survey.column[sensor.index])
    used = np.flatnonzero((rows.plot >= 0) & (rows.status == CONFIRMED)) if len(learnt) and column >= 0 else ()
    if not len(used):
        return learnt
    origin = scan.observed_ns if learnt.origin_ns == EVER_NS else learnt.origin_ns
    scan = in_order(scan)
    measured = np.empty((4, len(scan)))
    measured[0], measured[1], measured[2], measured[3] = scan.azimuth, scan.azimuth_sd, scan.range_, scan.range_sd
    vector, pairs, misfit = learnt.vector.copy(), learnt.pairs.copy(), learnt.misfit.copy()
    information, track, plots = compare(
        learnt.rings.track, learnt.rings.plots, rows.track[used], rows.plot[used], measured,
        (scan.observed_ns - origin) * 1e-9, column, sensor.view, model.earth,
        learnt.information, vector, pairs, misfit,
    )  # fmt: skip
    return Learnt(information, vector, pairs, misfit, learnt.used, Rings(track, plots), origin, learnt.newest_ns)


def forget(survey: Survey, learnt: Learnt, now_ns: int) -> Learnt:
    """Fade old equations toward the prior, because a mast may be moved."""
    if learnt.newest_ns == EVER_NS:
        return replace(learnt, newest_ns=now_ns)
    keep = exp(-(now_ns - learnt.newest_ns) * 1e-9 / FORGET_S)
    information = survey.prior + keep * (learnt.matrix - survey.prior)
    return replace(learnt, information=of_matrix(information), vector=keep * learnt.vector, newest_ns=now_ns)


def in_use(learnt: Learnt) -> Floats:
    """(p, 4) range, its sd, azimuth, its sd to be subtracted from plots from now on; 0 for sensors without correction.

    The smallest set of biases that explains the plots, all others being zero: first those in use that are still
    significant, then, one after the other, the one that explains most, while it is significant. Of two radars on one
    mast, which reveal only the difference of their north alignments, one is therefore corrected, rather than both by
    half of it.
    """
    enough = np.repeat(learnt.pairs >= LEAST_PAIRS, 2)
    chosen = np.flatnonzero(enough & (learnt.used[:, ::2].ravel() != 0.0)).tolist()
    if not chosen and _none_explains(learnt, enough):
        return np.zeros_like(learnt.used)
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


def _none_explains(learnt: Learnt, enough: Bools) -> bool:
    """Whether no single bias is significant, as between aligned sensors: ``_explained`` with none chosen."""
    gain = learnt.vector**2 / np.maximum(np.diag(learnt.matrix), 1e-12)
    return not bool((gain[enough] > SIGNIFICANT_SD**2).any())


def _given(learnt: Learnt, chosen: list[int]) -> tuple[Floats, Floats]:
    """The ``chosen`` biases and their deviations, all others being 0."""
    cov = np.linalg.inv(learnt.matrix[np.ix_(chosen, chosen)])
    return cov @ learnt.vector[chosen], np.sqrt(np.diag(cov))


def _explained(learnt: Learnt, chosen: list[int]) -> Floats:
    """(2 p,) squared deviations from 0 of each bias that is not ``chosen``, given those that are; 0 for these."""
    information, vector = learnt.matrix, learnt.vector
    weight = np.linalg.solve(information[np.ix_(chosen, chosen)], information[chosen])
    left = vector - weight.T @ vector[chosen]
    gain = left**2 / np.maximum(np.diag(information) - (information[:, chosen] * weight.T).sum(axis=1), 1e-12)
    gain[chosen] = 0.0
    return np.asarray(gain)


def solve(learnt: Learnt) -> tuple[Floats, Floats, Floats]:
    """Biases and deviations (p, 2), and the biases' covariance (2 p, 2 p)."""
    cov: Floats = np.asarray(np.linalg.inv(learnt.matrix), np.float64)
    return (cov @ learnt.vector).reshape(-1, 2), np.sqrt(np.diag(cov)).reshape(-1, 2), cov


def estimate(survey: Survey, learnt: Learnt) -> xr.Dataset:
    """Biases with standard deviations (sensor,), as subtracted if in use; whether they are in use; the number of pairs
    on which they are based; and the ratio of the observed spread of plots to the stated one.

    ``range_error_ratio`` and ``azimuth_error_ratio`` are observed over stated spread: 1 if the layout's standard
    deviations are correct, NaN below LEAST_PAIRS; manoeuvres raise them somewhat.
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
