"""Kalman updates of one Gaussian, and the moment-matched update of a whole bank of tracks.

A plot with range and azimuth becomes a position with its covariance rotated to the line of sight
(fusion.filter.measurements), so its update is linear. A bearing is linearised at the predicted position. Covariances
are packed as in fusion.models.motion; updates use Joseph's form, which stays positive definite under rounding.
"""

from __future__ import annotations

from math import atan2, exp, inf, isnan, pi, sqrt, tau
from typing import NamedTuple

import numba
import numpy as np

from geo.arrays import Floats, Ints

POSITION, BEARING = 0, 1
"""What a plot measures."""


class Plots(NamedTuple):
    """A scan's usable plots in the frame, all (plot,), in canonical order.

    ``kind``: POSITION (easting, northing [m], r_ee, r_en, r_nn [m²]) or BEARING (azimuth, azimuth_sd [rad]).
    ``radial`` [m/s] is the velocity along (unit_easting, unit_northing), NaN if absent. ``clutter`` is the density
    of false plots, per m² or per rad. ``born`` [same unit] is the density of plots from targets not yet tracked, 0
    where a plot may not start a track. ``seen`` is the probability per look where the plot lies; of a bearing 0, or 1
    where its sensor sends only what it detects.
    ``label`` (plot, class) is the likelihood of the report given the class.
    ``number`` is the plot's place in the canonical order of the whole scan.
    """

    kind: Ints
    easting: Floats
    northing: Floats
    r_ee: Floats
    r_en: Floats
    r_nn: Floats
    azimuth: Floats
    azimuth_sd: Floats
    radial: Floats
    radial_sd: Floats
    unit_easting: Floats
    unit_northing: Floats
    clutter: Floats
    born: Floats
    seen: Floats
    label: Floats
    number: Ints


class PlotMeasurement(NamedTuple):
    """One plot's measurement: the columns of ``Plots`` that locate the target."""

    kind: int
    easting: float
    northing: float
    r_ee: float
    r_en: float
    r_nn: float
    azimuth: float
    azimuth_sd: float
    radial: float
    radial_sd: float
    unit_easting: float
    unit_northing: float


class Pairs(NamedTuple):
    """Gated track-plot pairs, row-compressed by track: those of track t are start[t] to start[t + 1].

    ``plot`` (pair,) is the plot, ``density`` (pair,) the likelihood of the plot given the track over its modes,
    ``by_mode`` (pair, mode) the posterior share of each mode.
    """

    start: Ints
    plot: Ints
    density: Floats
    by_mode: Floats


@numba.njit(cache=True, inline="always")
def report(plots: Plots, j: int) -> PlotMeasurement:
    """Plot ``j`` alone: kernels pass it on faster than all columns."""
    return PlotMeasurement(
        plots.kind[j],
        plots.easting[j],
        plots.northing[j],
        plots.r_ee[j],
        plots.r_en[j],
        plots.r_nn[j],
        plots.azimuth[j],
        plots.azimuth_sd[j],
        plots.radial[j],
        plots.radial_sd[j],
        plots.unit_easting[j],
        plots.unit_northing[j],
    )


@numba.njit(cache=True, error_model="numpy")
def position_fit(d_e: float, d_n: float, s_ee: float, s_en: float, s_nn: float) -> tuple[float, float]:
    """(squared Mahalanobis distance, density [1/m²]) of a position report that is (d_e, d_n) off where it was expected
    with covariance s; (inf, 0) if that is not a covariance.
    """
    determinant = s_ee * s_nn - s_en * s_en
    if not determinant > 0.0:
        return inf, 0.0
    distance = (s_nn * d_e * d_e - 2.0 * s_en * d_e * d_n + s_ee * d_n * d_n) / determinant
    return distance, exp(-0.5 * distance) / (tau * sqrt(determinant))


@numba.njit(cache=True, error_model="numpy")
def update_position(
    x: Floats, p: Floats, e: float, n: float, r_ee: float, r_en: float, r_nn: float, work: Floats
) -> None:
    """Update ``x`` (4,) and ``p`` (10,) in place by a position report. ``work`` is scratch, (6, 4)."""
    s_ee, s_en, s_nn = p[0] + r_ee, p[1] + r_en, p[4] + r_nn
    determinant = s_ee * s_nn - s_en * s_en
    d_e, d_n = e - x[0], n - x[1]
    full, gain_e, gain_n = work[:4], work[4], work[5]
    index = 0
    for i in range(4):
        for j in range(i, 4):
            full[i, j] = p[index]
            full[j, i] = p[index]
            index += 1
    for i in range(4):
        gain_e[i] = (full[i, 0] * s_nn - full[i, 1] * s_en) / determinant
        gain_n[i] = (full[i, 1] * s_ee - full[i, 0] * s_en) / determinant
    index = 0
    for i in range(4):
        x[i] += gain_e[i] * d_e + gain_n[i] * d_n
        left_e = full[i, 0] - gain_e[i] * full[0, 0] - gain_n[i] * full[1, 0]
        left_n = full[i, 1] - gain_e[i] * full[0, 1] - gain_n[i] * full[1, 1]
        for j in range(i, 4):
            left = full[i, j] - gain_e[i] * full[0, j] - gain_n[i] * full[1, j]
            noise = gain_e[i] * (r_ee * gain_e[j] + r_en * gain_n[j]) + gain_n[i] * (
                r_en * gain_e[j] + r_nn * gain_n[j]
            )
            p[index] = left - left_e * gain_e[j] - left_n * gain_n[j] + noise
            index += 1


@numba.njit(cache=True, error_model="numpy")
def update_scalar(
    x: Floats, p: Floats, at: int, h_0: float, h_1: float, innovation: float, r: float, work: Floats
) -> float:
    """Update in place by a scalar h·(x[at], x[at+1]) with variance ``r``; return the density of the innovation."""
    full, gain = work[:4], work[4]
    index = 0
    for i in range(4):
        for j in range(i, 4):
            full[i, j] = p[index]
            full[j, i] = p[index]
            index += 1
    s = h_0 * h_0 * full[at, at] + 2.0 * h_0 * h_1 * full[at, at + 1] + h_1 * h_1 * full[at + 1, at + 1] + r
    for i in range(4):
        gain[i] = (full[i, at] * h_0 + full[i, at + 1] * h_1) / s
    index = 0
    for i in range(4):
        x[i] += gain[i] * innovation
        seen_i = full[i, at] * h_0 + full[i, at + 1] * h_1 - gain[i] * (s - r)
        for j in range(i, 4):
            seen_j = full[j, at] * h_0 + full[j, at + 1] * h_1
            p[index] = full[i, j] - gain[i] * seen_j - seen_i * gain[j] + gain[i] * r * gain[j]
            index += 1
    return exp(-0.5 * innovation * innovation / s) / sqrt(tau * s)


@numba.njit(cache=True, error_model="numpy")
def bearing_innovation(x: Floats, azimuth: float, east: float, north: float) -> tuple[float, float, float, float]:
    """(innovation [rad], d azimuth/d easting, d azimuth/d northing, range [m]) seen from the sensor's position."""
    d_e, d_n = x[0] - east, x[1] - north
    square = d_e * d_e + d_n * d_n
    if square < 1.0:
        return 0.0, 0.0, 0.0, 0.0
    innovation = azimuth - atan2(d_e, d_n)
    innovation -= tau * np.floor((innovation + pi) / tau)
    return innovation, d_n / square, -d_e / square, sqrt(square)


@numba.njit(cache=True, error_model="numpy")
def update_by_report(x: Floats, p: Floats, plot: PlotMeasurement, east: float, north: float, work: Floats) -> float:
    """Update in place by a plot of a sensor at (east, north); return the density of its further content beside a
    position: its bearing or its radial velocity, 1 if there is none."""
    if plot.kind == BEARING:
        innovation, h_e, h_n, _ = bearing_innovation(x, plot.azimuth, east, north)
        return update_scalar(x, p, 0, h_e, h_n, innovation, plot.azimuth_sd**2, work)
    update_position(x, p, plot.easting, plot.northing, plot.r_ee, plot.r_en, plot.r_nn, work)
    if isnan(plot.radial):
        return 1.0
    u_e, u_n = plot.unit_easting, plot.unit_northing
    innovation = plot.radial - u_e * x[2] - u_n * x[3]
    return update_scalar(x, p, 2, u_e, u_n, innovation, plot.radial_sd**2, work)


@numba.njit(cache=True, error_model="numpy")
def update(
    mean: Floats,
    cov: Floats,
    mode: Floats,
    quiet: tuple[Floats, Floats, Floats],
    pairs: Pairs,
    plots: Plots,
    miss: Floats,
    hit: Floats,
    east: float,
    north: float,
) -> tuple[Floats, Floats, Floats]:
    """Moment-matched update: ``miss`` (track,) and ``hit`` (pair,) are each track's hypothesis weights, summing to 1.

    ``quiet`` is (mean, cov, mode) given that the target was not seen. Returns new (mean, cov, mode). Every mode is
    matched over the hypotheses by itself, weighted by its own posterior.
    """
    tracks, modes = mode.shape
    most = 1
    for t in range(tracks):
        most = max(most, pairs.start[t + 1] - pairs.start[t] + 1)
    quiet_mean, quiet_cov, quiet_mode = quiet
    new_mean, new_cov, new_mode = quiet_mean.copy(), quiet_cov.copy(), quiet_mode.copy()
    x, p, weight, work = np.zeros((most, 4)), np.zeros((most, 10)), np.zeros(most), np.zeros((6, 4))
    for t in range(tracks):
        first, last = pairs.start[t], pairs.start[t + 1]
        if first == last:
            continue
        for m in range(modes):
            weight[0] = miss[t] * quiet_mode[t, m]
            total = weight[0]
            count = 1
            if weight[0] > 0.0:
                x[0] = quiet_mean[t, m]
                p[0] = quiet_cov[t, m]
            for k in range(first, last):
                w = hit[k] * pairs.by_mode[k, m]
                if w <= 0.0:
                    continue
                x[count] = mean[t, m]
                p[count] = cov[t, m]
                update_by_report(x[count], p[count], report(plots, pairs.plot[k]), east, north, work)
                weight[count] = w
                total += w
                count += 1
            new_mode[t, m] = total
            if total > 1e-200:
                _match(x, p, weight, count, total, new_mean[t, m], new_cov[t, m])
    return new_mean, new_cov, new_mode


@numba.njit(cache=True, error_model="numpy")
def _match(x: Floats, p: Floats, weight: Floats, count: int, total: float, mean: Floats, cov: Floats) -> None:
    """First two moments of the first ``count`` weighted Gaussians, into ``mean`` (4,) and ``cov`` (10,)."""
    mean[:] = 0.0
    cov[:] = 0.0
    for c in range(count):
        if weight[c] > 0.0:
            for k in range(4):
                mean[k] += weight[c] / total * x[c, k]
    for c in range(count):
        if weight[c] <= 0.0:
            continue
        share = weight[c] / total
        index = 0
        for i in range(4):
            for j in range(i, 4):
                cov[index] += share * (p[c, index] + (x[c, i] - mean[i]) * (x[c, j] - mean[j]))
                index += 1
