"""Gating: selection of the plots that may come from each track, as a sparse list of pairs, near in at least one motion
mode."""

from __future__ import annotations

from math import isnan, sqrt
from typing import NamedTuple

import numba
import numpy as np

from fusion.filter.kalman import (
    BEARING,
    Pairs,
    PlotMeasurement,
    Plots,
    bearing_innovation,
    position_fit,
    report,
    update_by_report,
)
from geo.arrays import Floats, Ints

LIKELY = 1e-4
"""A mode with less probability than this does not widen the search."""
FEW = 12
"""Up to this many numbers are sorted in place faster than by a call."""


class Cells(NamedTuple):
    """The plots with a position in square cells: those of row i and column j are plot[start[c]:start[c + 1]] with c = i
    · columns + j, in canonical order. Plots beyond an edge are in the cell at the edge. ``bearing`` are the plots
    without a position; ``widest_e``, ``widest_n`` the largest variances of a position [m²]."""

    east: float
    north: float
    side: float
    rows: int
    columns: int
    start: Ints
    plot: Ints
    bearing: Ints
    widest_e: float
    widest_n: float


@numba.njit(cache=True, error_model="numpy")
def gate(
    mean: Floats,
    cov: Floats,
    mode: Floats,
    overall: Floats,
    plots: Plots,
    gate_distance: float,
    east: float,
    north: float,
    reach: float,
) -> Pairs:
    """Pairs within the gate of at least one mode: those of a track in canonical order of plots, bearings last.

    ``overall`` (track, 4) is the mean over modes. ``gate_distance`` is the squared Mahalanobis distance beyond which a
    mode does not claim a plot; the sensor is at (``east``, ``north``) and has range ``reach`` [m].
    """
    tracks, modes = mode.shape
    start = np.zeros(tracks + 1, np.int64)
    capacity = 3 * tracks + 16
    pair_plot, density, by_mode = np.empty(capacity, np.int64), np.empty(capacity), np.empty((capacity, modes))
    cells = _cells(plots, east, north, reach)
    places, near = (plots.easting, plots.northing, plots.r_ee, plots.r_nn), np.empty(len(plots.kind), np.int64)
    share, work = np.zeros(modes), np.zeros((6, 4))
    x, p = np.zeros(4), np.zeros(10)
    pairs = 0
    for t in range(tracks):
        start[t] = pairs
        count = _near(t, mean, cov, mode, overall, places, cells, gate_distance, near)
        if pairs + count > capacity:
            capacity = 2 * (pairs + count)
            pair_plot, density, by_mode = _grown(pair_plot, density, by_mode, pairs, capacity)
        for i in range(count):
            plot = report(plots, near[i])
            total = 0.0
            for m in range(modes):
                share[m] = 0.0
                if mode[t, m] > 1e-12:
                    share[m] = mode[t, m] * _density(t, m, mean, cov, plot, gate_distance, east, north, x, p, work)
                    total += share[m]
            if total > 0.0:
                pair_plot[pairs], density[pairs] = near[i], total
                for m in range(modes):
                    by_mode[pairs, m] = share[m] / total
                pairs += 1
    start[tracks] = pairs
    return Pairs(start, pair_plot[:pairs].copy(), density[:pairs].copy(), by_mode[:pairs].copy())


@numba.njit(cache=True, error_model="numpy")
def _cells(plots: Plots, east: float, north: float, reach: float) -> Cells:
    """About one plot per cell, over the plots within the sensor's reach."""
    count = len(plots.kind)
    positions, bearings = 0, 0
    low_e, high_e, low_n, high_n = east + reach, east - reach, north + reach, north - reach
    widest_e, widest_n = 0.0, 0.0
    bearing = np.empty(count, np.int64)
    for j in range(count):
        if plots.kind[j] == BEARING:
            bearing[bearings] = j
            bearings += 1
            continue
        positions += 1
        e, n = plots.easting[j], plots.northing[j]
        low_e, high_e = max(min(low_e, e), east - reach), min(max(high_e, e), east + reach)
        low_n, high_n = max(min(low_n, n), north - reach), min(max(high_n, n), north + reach)
        widest_e, widest_n = max(widest_e, plots.r_ee[j]), max(widest_n, plots.r_nn[j])
    wide, high = max(high_e - low_e, 1.0), max(high_n - low_n, 1.0)
    side = max(sqrt(wide * high / max(positions, 1)), max(wide, high) / max(positions, 1))
    rows, columns = int(high / side) + 1, int(wide / side) + 1
    start, cell = np.zeros(rows * columns + 1, np.int64), np.empty(count, np.int64)
    for j in range(count):
        if plots.kind[j] != BEARING:
            row = _place(plots.northing[j], low_n, side, rows)
            cell[j] = row * columns + _place(plots.easting[j], low_e, side, columns)
            start[cell[j] + 1] += 1
    for c in range(rows * columns):
        start[c + 1] += start[c]
    plot, place = np.empty(positions, np.int64), start.copy()
    for j in range(count):
        if plots.kind[j] != BEARING:
            plot[place[cell[j]]] = j
            place[cell[j]] += 1
    return Cells(low_e, low_n, side, rows, columns, start, plot, bearing[:bearings], widest_e, widest_n)


@numba.njit(cache=True, error_model="numpy")
def _place(value: float, origin: float, side: float, count: int) -> int:
    """Row or column of a coordinate; the first or the last beyond the edges."""
    place = (value - origin) / side
    if not place > 0.0:
        return 0
    return int(min(place, count - 0.5))


@numba.njit(cache=True, error_model="numpy")
def _near(
    t: int,
    mean: Floats,
    cov: Floats,
    mode: Floats,
    overall: Floats,
    places: tuple[Floats, Floats, Floats, Floats],
    cells: Cells,
    gate_distance: float,
    near: Ints,
) -> int:
    """Write the plots that any likely mode of track ``t`` may claim, by each axis separately, and all bearings into
    ``near``; return their number."""
    easting, northing, r_ee, r_nn = places
    most_e, most_n, away_e, away_n = 0.0, 0.0, 0.0, 0.0
    for m in range(mode.shape[1]):
        if mode[t, m] > LIKELY:
            most_e, most_n = max(most_e, cov[t, m, 0]), max(most_n, cov[t, m, 4])
            away_e = max(away_e, abs(mean[t, m, 0] - overall[t, 0]))
            away_n = max(away_n, abs(mean[t, m, 1] - overall[t, 1]))
    window_e = away_e + sqrt(gate_distance * (most_e + cells.widest_e))
    window_n = away_n + sqrt(gate_distance * (most_n + cells.widest_n))
    left = _place(overall[t, 0] - window_e, cells.east, cells.side, cells.columns)
    right = _place(overall[t, 0] + window_e, cells.east, cells.side, cells.columns)
    count = 0
    for row in range(
        _place(overall[t, 1] - window_n, cells.north, cells.side, cells.rows),
        _place(overall[t, 1] + window_n, cells.north, cells.side, cells.rows) + 1,
    ):
        for k in range(cells.start[row * cells.columns + left], cells.start[row * cells.columns + right + 1]):
            j = cells.plot[k]
            d_e = max(abs(easting[j] - overall[t, 0]) - away_e, 0.0)
            d_n = max(abs(northing[j] - overall[t, 1]) - away_n, 0.0)
            fits_e = d_e * d_e <= gate_distance * (most_e + r_ee[j])
            if fits_e and d_n * d_n <= gate_distance * (most_n + r_nn[j]):
                near[count] = j
                count += 1
    _in_order(near, count)
    for j in cells.bearing:
        near[count] = j
        count += 1
    return count


@numba.njit(cache=True)
def _in_order(numbers: Ints, count: int) -> None:
    """Sort the first ``count`` numbers in place."""
    if count > FEW:
        numbers[:count] = np.sort(numbers[:count])
        return
    for i in range(1, count):
        value, k = numbers[i], i
        while k > 0 and numbers[k - 1] > value:
            numbers[k] = numbers[k - 1]
            k -= 1
        numbers[k] = value


@numba.njit(cache=True, error_model="numpy")
def _density(
    t: int,
    m: int,
    mean: Floats,
    cov: Floats,
    plot: PlotMeasurement,
    gate_distance: float,
    east: float,
    north: float,
    x: Floats,
    p: Floats,
    work: Floats,
) -> float:
    """Density of a plot given mode ``m`` of track ``t``, 0 beyond its gate. The last three arguments are scratch."""
    fit = 1.0
    if plot.kind == BEARING:
        x[:] = mean[t, m]
        innovation, h_e, h_n, distance = bearing_innovation(x, plot.azimuth, east, north)
        if cov[t, m, 0] + cov[t, m, 4] > 0.25 * distance * distance:
            return 0.0  # too close to linearise: the bearing gives no information
        s = h_e * h_e * cov[t, m, 0] + 2.0 * h_e * h_n * cov[t, m, 1] + h_n * h_n * cov[t, m, 4]
        if innovation * innovation > gate_distance * (s + plot.azimuth_sd**2):
            return 0.0
    else:
        d_e, d_n = plot.easting - mean[t, m, 0], plot.northing - mean[t, m, 1]
        s_ee, s_en, s_nn = cov[t, m, 0] + plot.r_ee, cov[t, m, 1] + plot.r_en, cov[t, m, 4] + plot.r_nn
        squared, fit = position_fit(d_e, d_n, s_ee, s_en, s_nn)
        if squared > gate_distance:
            return 0.0
        if isnan(plot.radial):
            return fit
    x[:] = mean[t, m]
    p[:] = cov[t, m]
    return fit * update_by_report(x, p, plot, east, north, work)


@numba.njit(cache=True)
def _grown(plot: Ints, density: Floats, by_mode: Floats, pairs: int, capacity: int) -> tuple[Ints, Floats, Floats]:
    """The first ``pairs`` of each column, with room for ``capacity``."""
    new_plot, new_density = np.empty(capacity, np.int64), np.empty(capacity)
    new_by_mode = np.empty((capacity, by_mode.shape[1]))
    new_plot[:pairs], new_density[:pairs], new_by_mode[:pairs] = plot[:pairs], density[:pairs], by_mode[:pairs]
    return new_plot, new_density, new_by_mode
