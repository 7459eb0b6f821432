"""Marginal association probabilities of the pairs that pass the gate (fusion.association.gating).

Each track gives at most one plot and each plot comes from at most one track. Small clusters are enumerated exactly; the
others use loopy belief propagation (fusion.association.belief_propagation).
"""

from __future__ import annotations

import numba
import numpy as np

from fusion.association.belief_propagation import graph_of, initial_messages, propagate
from fusion.association.coalescence import exchange, kinds_of, settle
from fusion.association.enumeration import EXACT_PAIRS, EXACT_TRACKS, next_event
from geo.arrays import Bools, Floats, Ints

NO_STATES = (np.zeros((0, 4)), np.zeros((0, 10)))
"""No states, so that no two tracks count as similar."""


@numba.njit(cache=True)
def marginals(
    start: Ints,
    plot: Ints,
    weight: Floats,
    miss_weight: Floats,
    plots: int,
    exact_pairs: int = EXACT_PAIRS,
    states: tuple[Floats, Floats] = NO_STATES,
    alike: float = 0.0,
) -> tuple[Floats, Floats, Floats]:
    """(hit (pair,), miss (track,), alone (plot,)): probability of a pair, of no plot for a track, no track for a plot.

    ``weight`` (pair,) is relative to the plot coming from no track, ``miss_weight`` (track,) that of giving no plot.
    ``exact_pairs`` 0 uses belief propagation everywhere. Clusters are computed independently. With ``states`` (the
    tracks' means and packed covariances), tracks closer than ``alike`` (squared Mahalanobis distance) are not merged:
    see fusion.association.coalescence.
    """
    tracks = len(miss_weight)
    hit, miss, alone = np.zeros(len(plot)), np.ones(tracks), np.ones(plots)
    used, kin = np.zeros(plots, np.bool_), np.zeros(EXACT_TRACKS, np.int64)
    order, bounds = _clusters(start, plot, tracks, plots)
    graph = graph_of(start, plot, plots)
    messages = initial_messages(graph)
    centre, spread = states
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
            propagate(members, graph, messages, weight, miss_weight, hit, miss, alone)
            if len(centre):
                exchange(members, graph, weight, hit, centre, spread, alike)
    return hit, miss, alone


@numba.njit(cache=True)
def _clusters(start: Ints, plot: Ints, tracks: int, plots: int) -> tuple[Ints, Ints]:
    """Clusters of tracks that compete for plots: (order, bounds), cluster c being order[bounds[c]:bounds[c + 1]]."""
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
    """Marginals of a cluster of one track."""
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
    used: Bools,
) -> None:
    """Sum over every joint event of a small cluster, by depth-first search: choice 0 is a miss, k the track's k-th
    pair."""
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
