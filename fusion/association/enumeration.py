"""Joint events of a small cluster: every assignment of its plots to its tracks, each plot to at most one."""

from __future__ import annotations

import numba

from geo.arrays import Bools, Floats, Ints

EXACT_TRACKS = 5
EXACT_PAIRS = 12
"""A cluster up to this size is enumerated (at most 432 joint events)."""


@numba.njit(cache=True)
def next_event(
    depth: int,
    members: Ints,
    start: Ints,
    plot: Ints,
    weight: Floats,
    miss_weight: Floats,
    choice: Ints,
    held: Ints,
    product: Floats,
    used: Bools,
) -> int:
    """Continue the depth-first search to the next joint event; its depth, or −1 after the last one.

    Begin with depth 0, ``choice`` and ``held`` −1, ``product`` 1 (track + 1,), ``used`` False (plot,); these four
    belong to the search. Result: ``choice[d]`` of track ``members[d]`` is 0 for no plot, k for its k-th pair;
    ``held[d]`` is the plot or −1; ``product[-1]`` the event's weight.
    """
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
        if depth + 1 == len(members):
            return depth
        depth += 1
    return -1
