"""Which plots could have come from which track: a sparse list of pairs, near in at least one mode of motion."""

from __future__ import annotations

from math import isnan, sqrt

import numba
import numpy as np

from fusion.kalman import BEARING, Pairs, Plots, bearing_innovation, position_fit, update_by_plot
from fusion.motion import Floats, Ints


@numba.njit(cache=True)
def gate(
    mean: Floats,
    cov: Floats,
    mode: Floats,
    overall: Floats,
    spread: Floats,
    plots: Plots,
    by_northing: Ints,
    gate_distance: float,
    east: float,
    north: float,
) -> Pairs:
    """Pairs within the gate of at least one mode.

    ``overall`` (track, 4) and ``spread`` (track, 10) are the moments over modes. ``gate_distance`` is the squared
    Mahalanobis distance beyond which a mode does not claim a plot. ``by_northing`` orders the plots by northing, with
    bearings (whose northing is infinite) last.
    """
    tracks, modes = mode.shape
    count = len(plots.kind)
    start = np.zeros(tracks + 1, np.int64)
    capacity = 4 * tracks + 16
    pair_plot = np.zeros(capacity, np.int64)
    density = np.zeros(capacity)
    by_mode = np.zeros((capacity, modes))
    northing = plots.northing[by_northing]
    positions = 0
    widest = 0.0
    for j in range(count):
        if plots.kind[j] != BEARING:
            positions += 1
            widest = max(widest, plots.r_ee[j] + plots.r_nn[j])
    reach_limit = sqrt(gate_distance)
    share, x, p, work = np.zeros(modes), np.zeros(4), np.zeros(10), np.zeros((6, 4))
    pairs = 0
    for t in range(tracks):
        start[t] = pairs
        most = spread[t, 0] + spread[t, 4]
        away = 0.0
        for m in range(modes):
            if mode[t, m] > 1e-4:
                most = max(most, cov[t, m, 0] + cov[t, m, 4])
                away = max(away, abs(mean[t, m, 0] - overall[t, 0]) + abs(mean[t, m, 1] - overall[t, 1]))
        window = away + reach_limit * sqrt(most + widest)
        low = _first_above(northing, positions, overall[t, 1] - window)
        high = _first_above(northing, positions, overall[t, 1] + window)
        for k in range(low, high + count - positions):
            j = by_northing[k] if k < high else by_northing[positions + k - high]
            if k < high:
                d_e, d_n = abs(plots.easting[j] - overall[t, 0]), abs(plots.northing[j] - overall[t, 1])
                beyond = max(d_e, d_n) - away
                if beyond > 0.0 and beyond * beyond > gate_distance * (most + plots.r_ee[j] + plots.r_nn[j]):
                    continue
            total = 0.0
            for m in range(modes):
                share[m] = 0.0
                if mode[t, m] > 1e-12:
                    x[:] = mean[t, m]
                    p[:] = cov[t, m]
                    share[m] = mode[t, m] * _density(x, p, plots, j, gate_distance, east, north, work)
                    total += share[m]
            if total <= 0.0:
                continue
            if pairs == capacity:
                capacity *= 2
                pair_plot = _grown(pair_plot, capacity)
                density = _grown(density, capacity)
                wider = np.zeros((capacity, modes))
                wider[:pairs] = by_mode
                by_mode = wider
            pair_plot[pairs] = j
            density[pairs] = total
            for m in range(modes):
                by_mode[pairs, m] = share[m] / total
            pairs += 1
    start[tracks] = pairs
    return Pairs(start, pair_plot[:pairs].copy(), density[:pairs].copy(), by_mode[:pairs].copy())


@numba.njit(cache=True)
def _first_above(values: Floats, count: int, limit: float) -> int:
    """How many of the first ``count`` ascending values are not above ``limit``."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if values[middle] <= limit:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True)
def _density(
    x: Floats, p: Floats, plots: Plots, j: int, gate_distance: float, east: float, north: float, work: Floats
) -> float:
    """Density of plot ``j`` given one mode's state, 0 beyond its gate. ``x`` and ``p`` are scratch copies."""
    if plots.kind[j] == BEARING:
        innovation, h_e, h_n, distance = bearing_innovation(x, plots.azimuth[j], east, north)
        if p[0] + p[4] > 0.25 * distance * distance:
            return 0.0  # too near for a line: the bearing says nothing
        s = h_e * h_e * p[0] + 2.0 * h_e * h_n * p[1] + h_n * h_n * p[4] + plots.azimuth_sd[j] ** 2
        if innovation * innovation > gate_distance * s:
            return 0.0
    else:
        squared, fit = position_fit(
            x, p, plots.easting[j], plots.northing[j], plots.r_ee[j], plots.r_en[j], plots.r_nn[j]
        )
        if squared > gate_distance:
            return 0.0
        if isnan(plots.radial[j]):
            return fit
    return update_by_plot(x, p, plots, j, east, north, work)


@numba.njit(cache=True)
def _grown(values, capacity):  # type: ignore[no-untyped-def]  # one body for two element types
    wider = np.zeros(capacity, values.dtype)
    wider[: len(values)] = values
    return wider
