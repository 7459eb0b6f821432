"""Whose name a plot gets that comes from a track out of sight or from somebody new.

Either the track came into sight: then there is one target, at the plot. Or somebody new did: then there are two, one at
the plot and one still where nobody sees it. As sets of targets both say that one is at the plot, and the second that
another is out of sight too. So the track may take the plot in both cases, and what is perhaps left out of sight goes
back to the targets that nobody tracks: the same set, without a track smeared over the two places and a rival at one of
them. The exchange of hypotheses is that of Williams (2015), "An efficient, variational approximation of the best
fitting multi-Bernoulli filter". A name stays with the likelier: it is exchanged only where the track is likelier to
have given the plot than somebody new.
"""

from __future__ import annotations

import numba
import numpy as np

from fusion.filter.existence import Posterior
from fusion.filter.kalman import Pairs
from fusion.models.motion import Floats, Ints


@numba.njit(cache=True)
def keep_names(pairs: Pairs, number: Ints, hit: Floats, posterior: Posterior, fresh: Floats) -> Floats:
    """Exchange, in place of ``posterior`` and of ``fresh`` (plot,), the probability that a plot is somebody new;
    ``hit`` (pair,) are the marginal probabilities of the pairs, ``number`` (plot,) the plots' canonical numbers.
    Returns (track,) the expected number of targets that it left out of sight."""
    left = np.zeros(len(posterior.existence))
    best = np.full(len(fresh), -1, np.int64)
    owner = np.zeros(len(pairs.plot), np.int64)
    for t in range(len(left)):
        for k in range(pairs.start[t], pairs.start[t + 1]):
            j = pairs.plot[k]
            owner[k] = t
            if best[j] < 0 or hit[k] > hit[best[j]]:
                best[j] = k
    for j in range(len(fresh)):
        k = best[j]
        if k < 0 or not hit[k] > fresh[j] > 0.0:
            continue
        t = owner[k]
        existence = posterior.existence[t]
        moved = min(fresh[j], posterior.miss[t] * existence)
        if not moved > 0.0:
            continue
        posterior.miss[t] -= moved / existence
        posterior.hit[k] += moved / existence
        posterior.updated[t] += moved
        if hit[k] + moved > 0.5:
            posterior.plot[t] = number[j]
        fresh[j] -= moved
        left[t] += moved
    return left
