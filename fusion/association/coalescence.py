"""Track coalescence: association of targets side by side without merging their tracks.

Marginal association probabilities pull two tracks that walk five metres apart to the middle between them. For tracks
with similar states, where exchanging identities does not change the picture, the most probable pairing therefore
replaces all pairings that detect the same tracks and use the same plots. Existence, and which tracks were detected, are
unchanged. Tracks that differ, such as two that meet, keep their marginals: later plots distinguish them.

Small clusters are exact, after Blom & Bloem (2000), "Probabilistic data association avoiding track coalescence", whose
pruning moves the probability here instead of dropping it; large ones exchange marginal probability and keep all sums,
after Williams (2015), "An efficient, variational approximation of the best fitting multi-Bernoulli filter".
"""

from __future__ import annotations

from math import sqrt

import numba
import numpy as np

from fusion.association.belief_propagation import AssociationGraph
from fusion.association.enumeration import EXACT_PAIRS, EXACT_TRACKS, next_event
from geo.arrays import Bools, Floats, Ints

GROUPS = 1021
"""Size of the hash table for groups of joint events: a prime well above the number of events."""


@numba.njit(cache=True)
def apart(x: Floats, p: Floats, y: Floats, q: Floats) -> float:
    """Squared Mahalanobis distance of two states (4,) under the sum of their covariances (10, packed)."""
    low, z = np.zeros((4, 4)), np.zeros(4)
    index = 0
    for i in range(4):
        for j in range(i, 4):
            low[j, i] = p[index] + q[index]
            index += 1
    total = 0.0
    for i in range(4):
        for j in range(i + 1):
            value = low[i, j]
            for k in range(j):
                value -= low[i, k] * low[j, k]
            low[i, j] = sqrt(max(value, 1e-12)) if i == j else value / low[j, j]
        value = x[i] - y[i]
        for k in range(i):
            value -= low[i, k] * z[k]
        z[i] = value / low[i, i]
        total += z[i] * z[i]
    return total


@numba.njit(cache=True)
def kinds_of(members: Ints, centre: Floats, spread: Floats, alike: float, kin: Ints) -> bool:
    """Number the tracks of a cluster in ``kin`` so that alike ones share a number; whether any are alike."""
    any_alike = False
    for a in range(len(members)):
        kin[a] = a
        for b in range(a):
            s, t = members[a], members[b]
            if kin[a] != kin[b] and apart(centre[s], spread[s], centre[t], spread[t]) < alike:
                any_alike = True
                old, new = max(kin[a], kin[b]), min(kin[a], kin[b])
                for c in range(a + 1):
                    if kin[c] == old:
                        kin[c] = new
    return any_alike


@numba.njit(cache=True)
def settle(
    members: Ints,
    kin: Ints,
    start: Ints,
    plot: Ints,
    weight: Floats,
    miss_weight: Floats,
    hit: Floats,
    miss: Floats,
    alone: Floats,
    used: Bools,
) -> None:
    """Process every joint event of a small cluster, as enumerated by fusion.association: of those that differ only in
    which of the similar tracks gave which plot, the most probable receives the probability of all."""
    count = len(members)
    choice = np.full(count, -1, np.int64)
    held = np.full(count, -1, np.int64)  # the plot that each depth of the search has taken
    product = np.ones(count + 1)
    number = np.full(EXACT_PAIRS, -1, np.int64)  # the cluster's plots in order of appearance
    name, mass, best = np.full(GROUPS, -1, np.int64), np.zeros(GROUPS), np.zeros(GROUPS)
    pick = np.zeros((GROUPS, count), np.int64)
    total = 0.0
    depth = next_event(0, members, start, plot, weight, miss_weight, choice, held, product, used)
    while depth >= 0:
        event = product[count]
        total += event
        place = _group(held, kin, number, name)
        mass[place] += event
        if event > best[place]:
            best[place] = event
            pick[place] = choice
        depth = next_event(depth, members, start, plot, weight, miss_weight, choice, held, product, used)
    for place in range(GROUPS):
        if best[place] > 0.0:
            for d in range(count):
                if pick[place, d] > 0:
                    hit[start[members[d]] + pick[place, d] - 1] += mass[place] / total
    for d in range(count):
        t = members[d]
        seen = 0.0
        for k in range(start[t], start[t + 1]):
            seen += hit[k]
            alone[plot[k]] = max(0.0, alone[plot[k]] - hit[k])
        miss[t] = max(0.0, 1.0 - seen)


@numba.njit(cache=True)
def _group(held: Ints, kin: Ints, number: Ints, name: Ints) -> int:
    """Row of a joint event's group: the detected tracks, and the kind of track that gave each plot. Three bits per plot
    hold the kind, five more the tracks; rows are found by open addressing in ``name``."""
    code = 0
    for d in range(len(held)):
        if held[d] < 0:
            continue
        j = 0
        while number[j] >= 0 and number[j] != held[d]:
            j += 1
        number[j] = held[d]
        code |= (1 << d) | ((kin[d] + 1) << (EXACT_TRACKS + 3 * j))
    place = code % GROUPS
    while name[place] >= 0 and name[place] != code:
        place = (place + 1) % GROUPS
    name[place] = code
    return place


@numba.njit(cache=True)
def exchange(
    members: Ints, graph: AssociationGraph, weight: Floats, hit: Floats, centre: Floats, spread: Floats, alike: float
) -> None:
    """In a cluster too large to enumerate: between two similar tracks and two plots, the less probable pairing gives
    its probability to the more probable one, in place. The sums of each track and plot do not change. Only tracks that
    share plots are compared, however large the cluster."""
    start, plot, owner, first, pair = graph
    for t in members:
        if start[t + 1] - start[t] < 2:
            continue
        count = 0
        for k in range(start[t], start[t + 1]):
            count += first[plot[k] + 1] - first[plot[k]]
        others = np.empty(count, np.int64)
        count = 0
        for k in range(start[t], start[t + 1]):
            for i in range(first[plot[k]], first[plot[k] + 1]):
                if owner[pair[i]] < t:
                    others[count] = owner[pair[i]]
                    count += 1
        others = np.sort(others[:count])
        for i in range(1, count):
            s = others[i]
            twice = s == others[i - 1] and (i < 2 or s != others[i - 2])  # two plots in common, and not yet processed
            if twice and apart(centre[s], spread[s], centre[t], spread[t]) < alike:
                _exchange_pair(s, t, start, plot, weight, hit)


@numba.njit(cache=True)
def _exchange_pair(s: int, t: int, start: Ints, plot: Ints, weight: Floats, hit: Floats) -> None:
    """Exchange for every two plots that both tracks ``s`` and ``t`` may have given."""
    first = start[s]
    same = np.empty(start[s + 1] - first, np.int64)
    for k in range(len(same)):
        same[k] = _pair(start, plot, t, plot[first + k])
    for k in range(first, start[s + 1]):
        other = same[k - first]
        if other < 0:
            continue
        for m in range(k + 1, start[s + 1]):
            n = same[m - first]
            if n < 0:
                continue
            if weight[k] * weight[n] >= weight[m] * weight[other]:
                _give(hit, m, other, k, n)
            else:
                _give(hit, k, n, m, other)


@numba.njit(cache=True)
def _give(hit: Floats, k: int, n: int, to_k: int, to_n: int) -> None:
    """Move the joint probability of pairs ``k`` and ``n``, estimated from their marginals, to two others."""
    joint = hit[k] * hit[n] / max(1.0 - hit[to_k], 1.0 - hit[to_n], 1e-12)
    moved = min(joint, hit[k], hit[n])
    hit[k] -= moved
    hit[n] -= moved
    hit[to_k] += moved
    hit[to_n] += moved


@numba.njit(cache=True)
def _pair(start: Ints, plot: Ints, t: int, j: int) -> int:
    """The pair of track ``t`` and plot ``j``; −1 if the gate excludes it."""
    for k in range(start[t], start[t + 1]):
        if plot[k] == j:
            return k
    return -1
