"""Which plot came from which track: gating into sparse pairs, then the probability of each pairing.

Each track gives at most one plot and each plot comes from at most one track. Clusters small enough are enumerated
exactly; the others use loopy belief propagation: Williams & Lau, "Approximate evaluation of marginal association
probabilities with belief propagation" (2014, arXiv 1209.6299).
"""

from __future__ import annotations

from math import isnan, sqrt

import numba
import numpy as np
import numpy.typing as npt

from fusion.kalman import BEARING, Pairs, Plots, bearing_innovation, position_fit, update_by_plot
from fusion.motion import Floats, Ints

ITERATIONS = 1200
"""Cap on message rounds: weights with a ratio of 1e4 need about 1,100 to reach 1e-13."""
TOLERANCE = 1e-9
EXACT_TRACKS = 5
EXACT_PAIRS = 12
"""A cluster up to this size is enumerated (at most a few hundred joint events)."""


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


@numba.njit(cache=True)
def marginals(
    start: Ints, plot: Ints, weight: Floats, miss_weight: Floats, plots: int, exact_pairs: int = EXACT_PAIRS
) -> tuple[Floats, Floats, Floats]:
    """(hit (pair,), miss (track,), alone (plot,)): probability of a pair, of no plot for a track, no track for a plot.

    ``weight`` (pair,) is relative to the plot coming from no track, ``miss_weight`` (track,) that of giving no plot.
    ``exact_pairs`` 0 uses belief propagation everywhere. Clusters do not touch each other's arithmetic.
    """
    tracks = len(miss_weight)
    hit, miss, alone = np.zeros(len(plot)), np.ones(tracks), np.ones(plots)
    forward, back, used = np.zeros(len(plot)), np.ones(len(plot)), np.zeros(plots, np.bool_)
    order, bounds = _clusters(start, plot, tracks, plots)
    by_plot = _transpose(plot, plots)
    for c in range(len(bounds) - 1):
        members = order[bounds[c] : bounds[c + 1]]
        pairs = 0
        for t in members:
            pairs += start[t + 1] - start[t]
        if pairs == 0:
            continue
        if len(members) == 1:
            _single(members[0], start, plot, weight, miss_weight, hit, miss, alone)
        elif len(members) <= EXACT_TRACKS and pairs <= exact_pairs:
            _enumerate(members, start, plot, weight, miss_weight, hit, miss, alone, used)
        else:
            _propagate(members, start, plot, by_plot, weight, miss_weight, hit, miss, alone, forward, back)
    return hit, miss, alone


@numba.njit(cache=True)
def _transpose(plot: Ints, plots: int) -> tuple[Ints, Ints]:
    """Pairs by plot: (start, pair), the pairs of plot j being pair[start[j]:start[j + 1]], in order of track."""
    start = np.zeros(plots + 1, np.int64)
    for j in plot:
        start[j + 1] += 1
    for j in range(plots):
        start[j + 1] += start[j]
    place = start.copy()
    pair = np.zeros(len(plot), np.int64)
    for k in range(len(plot)):
        pair[place[plot[k]]] = k
        place[plot[k]] += 1
    return start, pair


@numba.njit(cache=True)
def _clusters(start: Ints, plot: Ints, tracks: int, plots: int) -> tuple[Ints, Ints]:
    """Tracks that compete for plots, together: (order, bounds), cluster c being order[bounds[c]:bounds[c + 1]]."""
    parent = np.arange(tracks)
    owner = np.full(plots, -1, np.int64)
    for t in range(tracks):
        for k in range(start[t], start[t + 1]):
            j = plot[k]
            if owner[j] < 0:
                owner[j] = t
                continue
            a, b = t, owner[j]
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            parent[max(a, b)] = min(a, b)
    label = np.zeros(tracks, np.int64)
    size = np.zeros(tracks + 1, np.int64)
    clusters = 0
    for t in range(tracks):
        root = t
        while parent[root] != root:
            root = parent[root]
        if root == t:
            label[t] = clusters
            clusters += 1
        else:
            label[t] = label[root]  # a root comes before its members
        size[label[t] + 1] += 1
    bounds = size[: clusters + 1].copy()
    for c in range(clusters):
        bounds[c + 1] += bounds[c]
    place = bounds.copy()
    order = np.zeros(tracks, np.int64)
    for t in range(tracks):
        order[place[label[t]]] = t
        place[label[t]] += 1
    return order, bounds


@numba.njit(cache=True)
def _single(
    t: int, start: Ints, plot: Ints, weight: Floats, miss_weight: Floats, hit: Floats, miss: Floats, alone: Floats
) -> None:
    total = miss_weight[t]
    for k in range(start[t], start[t + 1]):
        total += weight[k]
    miss[t] = miss_weight[t] / total
    for k in range(start[t], start[t + 1]):
        hit[k] = weight[k] / total
        alone[plot[k]] = (total - weight[k]) / total


@numba.njit(cache=True)
def _enumerate(
    members: Ints,
    start: Ints,
    plot: Ints,
    weight: Floats,
    miss_weight: Floats,
    hit: Floats,
    miss: Floats,
    alone: Floats,
    used: npt.NDArray[np.bool_],
) -> None:
    """Every joint event of a small cluster, by depth-first search: choice 0 is a miss, k the track's k-th pair."""
    count = len(members)
    choice = np.full(count, -1, np.int64)
    held = np.full(count, -1, np.int64)  # the plot that each depth of the search has taken
    product = np.ones(count + 1)
    misses = np.zeros(count)
    total = 0.0
    depth = 0
    while depth >= 0:
        t = members[depth]
        if held[depth] >= 0:
            used[held[depth]] = False
            held[depth] = -1
        choice[depth] += 1
        if choice[depth] > start[t + 1] - start[t]:
            choice[depth] = -1
            depth -= 1
            continue
        if choice[depth] == 0:
            product[depth + 1] = product[depth] * miss_weight[t]
        else:
            k = start[t] + choice[depth] - 1
            if used[plot[k]]:
                continue
            held[depth] = plot[k]
            used[plot[k]] = True
            product[depth + 1] = product[depth] * weight[k]
        if depth + 1 < count:
            depth += 1
            continue
        event = product[count]
        total += event
        for d in range(count):
            if choice[d] == 0:
                misses[d] += event
            else:
                hit[start[members[d]] + choice[d] - 1] += event
    for d in range(count):
        t = members[d]
        miss[t] = misses[d] / total
        for k in range(start[t], start[t + 1]):
            hit[k] /= total
            alone[plot[k]] = max(0.0, alone[plot[k]] - hit[k])


@numba.njit(cache=True)
def _propagate(
    members: Ints,
    start: Ints,
    plot: Ints,
    by_plot: tuple[Ints, Ints],
    weight: Floats,
    miss_weight: Floats,
    hit: Floats,
    miss: Floats,
    alone: Floats,
    forward: Floats,
    back: Floats,
) -> None:
    """Loopy belief propagation within one cluster, until no message moves by more than TOLERANCE (relative)."""
    for _ in range(ITERATIONS):
        for t in members:
            after = 0.0
            for k in range(start[t + 1] - 1, start[t] - 1, -1):
                forward[k] = after
                after += weight[k] * back[k]
            before = miss_weight[t]
            for k in range(start[t], start[t + 1]):
                forward[k] = weight[k] / (before + forward[k])
                before += weight[k] * back[k]
        moved = 0.0
        for t in members:
            for k in range(start[t], start[t + 1]):
                others = 1.0 + _others(k, plot[k], by_plot, forward)
                new = 1.0 / others
                moved = max(moved, abs(new - back[k]) * others)
                back[k] = new
        if moved < TOLERANCE:
            break
    for t in members:
        total = miss_weight[t]
        for k in range(start[t], start[t + 1]):
            total += weight[k] * back[k]
        miss[t] = miss_weight[t] / total
        for k in range(start[t], start[t + 1]):
            hit[k] = weight[k] * back[k] / total
            alone[plot[k]] = 1.0 / (1.0 + _others(-1, plot[k], by_plot, forward))


@numba.njit(cache=True)
def _others(k: int, j: int, by_plot: tuple[Ints, Ints], forward: Floats) -> float:
    """Sum of the messages to plot ``j`` from all tracks but that of pair ``k``: a plain sum, in which nothing cancels."""
    first, pair = by_plot
    total = 0.0
    for a in range(first[j], first[j + 1]):
        if pair[a] != k:
            total += forward[pair[a]]
    return total
