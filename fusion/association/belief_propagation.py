"""Loopy belief propagation between the tracks and the plots of a cluster too large to enumerate.

Williams & Lau, "Approximate evaluation of marginal association probabilities with belief propagation" (2014, arXiv
1209.6299). In a cluster of thousands, most messages converge after a few rounds and some take a thousand, so a message
is recomputed only if an input has changed by more than TOLERANCE, relative, since it was last used. Every final message
is thus within TOLERANCE of its value from the final inputs.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from geo.arrays import Bools, Floats, Ints

ROUNDS = 20_000
"""Maximum number of rounds: weights with a ratio of 1e4 need about 1,100 to reach 1e-13; the slowest case among 10,000
targets needed 6,300."""
TOLERANCE = 1e-10


class AssociationGraph(NamedTuple):
    """Gated pairs in both directions: those of track t are start[t] to start[t + 1], with ``plot`` and ``owner``
    (pair,) their two ends; those of plot j are pair[first[j]:first[j + 1]], in order of track."""

    start: Ints
    plot: Ints
    owner: Ints
    first: Ints
    pair: Ints


class MessageState(NamedTuple):
    """Messages and the queues of pending senders. ``forward`` (pair,) from track to plot, ``back`` (pair,) from plot to
    track; ``after`` (pair,) is scratch; for tracks and for plots: the pending ones, in order, and whether one is
    pending."""

    forward: Floats
    back: Floats
    after: Floats
    tracks: Ints
    track_waits: Bools
    plots: Ints
    plot_waits: Bools


@numba.njit(cache=True)
def graph_of(start: Ints, plot: Ints, plots: int) -> AssociationGraph:
    """The graph of row-compressed pairs."""
    owner, first = np.empty(len(plot), np.int64), np.zeros(plots + 1, np.int64)
    for t in range(len(start) - 1):
        for k in range(start[t], start[t + 1]):
            owner[k] = t
            first[plot[k] + 1] += 1
    for j in range(plots):
        first[j + 1] += first[j]
    place, pair = first.copy(), np.empty(len(plot), np.int64)
    for k in range(len(plot)):
        pair[place[plot[k]]] = k
        place[plot[k]] += 1
    return AssociationGraph(start, plot, owner, first, pair)


@numba.njit(cache=True)
def initial_messages(graph: AssociationGraph) -> MessageState:
    """Initial messages: no other track claims any plot."""
    pairs, tracks, plots = len(graph.plot), len(graph.start) - 1, len(graph.first) - 1
    return MessageState(
        np.zeros(pairs),
        np.ones(pairs),
        np.empty(pairs),
        np.empty(tracks, np.int64),
        np.zeros(tracks, np.bool_),
        np.empty(plots, np.int64),
        np.zeros(plots, np.bool_),
    )


@numba.njit(cache=True, error_model="numpy")
def propagate(
    members: Ints,
    graph: AssociationGraph,
    messages: MessageState,
    weight: Floats,
    miss_weight: Floats,
    hit: Floats,
    miss: Floats,
    alone: Floats,
) -> None:
    """Marginals of one cluster, the tracks ``members``, into ``hit`` (pair,), ``miss`` (track,), ``alone`` (plot,)."""
    start, plot, _, first, pair = graph
    tracks_pending = len(members)
    messages.tracks[:tracks_pending] = members
    for _ in range(ROUNDS):
        if tracks_pending == 0:
            break
        plots_pending = _tracks_speak(tracks_pending, graph, messages, weight, miss_weight)
        tracks_pending = _plots_answer(plots_pending, graph, messages)
    messages.track_waits[members] = False  # if the maximum number of rounds ended it
    for t in members:
        total = miss_weight[t]
        for k in range(start[t], start[t + 1]):
            total += weight[k] * messages.back[k]
        miss[t] = miss_weight[t] / total
        for k in range(start[t], start[t + 1]):
            hit[k] = weight[k] * messages.back[k] / total
            j = plot[k]
            if pair[first[j]] == k:
                claimed = 1.0
                for a in range(first[j], first[j + 1]):
                    claimed += messages.forward[pair[a]]
                alone[j] = 1.0 / claimed


@numba.njit(cache=True, error_model="numpy")
def _tracks_speak(
    tracks_pending: int, graph: AssociationGraph, messages: MessageState, weight: Floats, miss_weight: Floats
) -> int:
    """Each pending track sends its plots their odds, given the messages of its other plots, as plain sums of the terms
    before and after, without cancellation. Return the number of plots that received a changed message."""
    forward, back, after = messages.forward, messages.back, messages.after
    plots_pending = 0
    for i in range(tracks_pending):
        t = messages.tracks[i]
        messages.track_waits[t] = False
        low, high = graph.start[t], graph.start[t + 1]
        total = 0.0
        for k in range(high - 1, low - 1, -1):
            after[k] = total
            total += weight[k] * back[k]
        before = miss_weight[t]
        for k in range(low, high):
            new = weight[k] / (before + after[k])
            before += weight[k] * back[k]
            if abs(new - forward[k]) > TOLERANCE * new:
                forward[k] = new
                j = graph.plot[k]
                if not messages.plot_waits[j]:
                    messages.plot_waits[j] = True
                    messages.plots[plots_pending] = j
                    plots_pending += 1
    return plots_pending


@numba.njit(cache=True, error_model="numpy")
def _plots_answer(plots_pending: int, graph: AssociationGraph, messages: MessageState) -> int:
    """Each pending plot sends its tracks the degree to which it is free of the others. Return how many messages
    changed."""
    forward, back, after, pair = messages.forward, messages.back, messages.after, graph.pair
    waiting = 0
    for i in range(plots_pending):
        j = messages.plots[i]
        messages.plot_waits[j] = False
        low, high = graph.first[j], graph.first[j + 1]
        total = 0.0
        for a in range(high - 1, low - 1, -1):
            after[pair[a]] = total
            total += forward[pair[a]]
        before = 1.0
        for a in range(low, high):
            k = pair[a]
            new = 1.0 / (before + after[k])
            before += forward[k]
            if abs(new - back[k]) > TOLERANCE * new:
                back[k] = new
                t = graph.owner[k]
                if not messages.track_waits[t]:
                    messages.track_waits[t] = True
                    messages.tracks[waiting] = t
                    waiting += 1
    return waiting
