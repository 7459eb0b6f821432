"""Which plot came from which track: the probability of each pairing that the gate (fusion.gating) leaves.

Each track gives at most one plot and each plot comes from at most one track. Clusters small enough are enumerated
exactly; the others use loopy belief propagation: Williams & Lau, "Approximate evaluation of marginal association
probabilities with belief propagation" (2014, arXiv 1209.6299).
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from fusion.coalescence import exchange, kinds_of, settle
from fusion.joint_events import EXACT_PAIRS, EXACT_TRACKS, next_event
from fusion.motion import Floats, Ints

ITERATIONS = 1200
"""Cap on message rounds: weights with a ratio of 1e4 need about 1,100 to reach 1e-13."""
TOLERANCE = 1e-9
CROWD = 64
"""A plot that more tracks may have given is summed for all of them at once: else a dense flood costs their square."""
NOBODY = (np.zeros((0, 4)), np.zeros((0, 10)))
"""No states: no two tracks are alike."""


@numba.njit(cache=True)
def marginals(
    start: Ints,
    plot: Ints,
    weight: Floats,
    miss_weight: Floats,
    plots: int,
    exact_pairs: int = EXACT_PAIRS,
    states: tuple[Floats, Floats] = NOBODY,
    alike: float = 0.0,
) -> tuple[Floats, Floats, Floats]:
    """(hit (pair,), miss (track,), alone (plot,)): probability of a pair, of no plot for a track, no track for a plot.

    ``weight`` (pair,) is relative to the plot coming from no track, ``miss_weight`` (track,) that of giving no plot.
    ``exact_pairs`` 0 uses belief propagation everywhere. Clusters do not touch each other's arithmetic. With ``states``
    (the tracks' means and packed covariances), those nearer to each other than ``alike`` (squared Mahalanobis distance)
    are not mixed up: see fusion.coalescence.
    """
    tracks = len(miss_weight)
    hit, miss, alone = np.zeros(len(plot)), np.ones(tracks), np.ones(plots)
    forward, back, used = np.zeros(len(plot)), np.ones(len(plot)), np.zeros(plots, np.bool_)
    rest = np.zeros(len(plot))
    order, bounds = _clusters(start, plot, tracks, plots)
    by_plot = _transpose(plot, plots)
    centre, spread = states
    kin, owner = np.zeros(EXACT_TRACKS, np.int64), np.zeros(len(plot), np.int64)
    for t in range(tracks):
        owner[start[t] : start[t + 1]] = t
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
            if len(centre) and kinds_of(members, centre, spread, alike, kin):
                settle(members, kin, start, plot, weight, miss_weight, hit, miss, alone, used)
            else:
                _enumerate(members, start, plot, weight, miss_weight, hit, miss, alone, used)
        else:
            _propagate(members, start, plot, by_plot, weight, miss_weight, hit, miss, alone, forward, back, rest)
            if len(centre):
                exchange(members, start, plot, by_plot, owner, weight, hit, centre, spread, alike)
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
    depth = next_event(0, members, start, plot, weight, miss_weight, choice, held, product, used)
    while depth >= 0:
        event = product[count]
        total += event
        for d in range(count):
            if choice[d] == 0:
                misses[d] += event
            else:
                hit[start[members[d]] + choice[d] - 1] += event
        depth = next_event(depth, members, start, plot, weight, miss_weight, choice, held, product, used)
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
    rest: Floats,
) -> None:
    """Loopy belief propagation within one cluster, until no message moves by more than TOLERANCE (relative)."""
    first, pair = by_plot
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
                j = plot[k]
                if first[j + 1] - first[j] <= CROWD:
                    others = 1.0 + _others(k, j, by_plot, forward)
                else:
                    if pair[first[j]] == k:
                        _sum_crowd(j, by_plot, forward, rest)
                    others = 1.0 + rest[k]
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
    """Sum of the messages to plot ``j`` from all tracks but that of pair ``k``: a plain sum, nothing cancels."""
    first, pair = by_plot
    total = 0.0
    for a in range(first[j], first[j + 1]):
        if pair[a] != k:
            total += forward[pair[a]]
    return total


@numba.njit(cache=True)
def _sum_crowd(j: int, by_plot: tuple[Ints, Ints], forward: Floats, rest: Floats) -> None:
    """``_others`` of every pair of plot ``j``, into ``rest`` (pair,): what comes before it and what comes after."""
    first, pair = by_plot
    before, after = 0.0, 0.0
    for a in range(first[j], first[j + 1]):
        rest[pair[a]] = before
        before += forward[pair[a]]
    for a in range(first[j + 1] - 1, first[j] - 1, -1):
        rest[pair[a]] += after
        after += forward[pair[a]]
