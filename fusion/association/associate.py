"""Association of one look, together with the two densities on which that look has the best information.

Many tracks of one plot each share a birth: all are targets, all clutter, or a mixture that was unknown at the time; how
many of them this look detects again decides. Likewise a scan that holds more plots than tracks and clutter explain is a
burst, or as many targets that were found a look ago. Both are estimated by expectation maximisation, round by round:
the association gives the probability that each track exists and that each plot is false, and their means are the next
round's prior and clutter density.
"""

from __future__ import annotations

from math import exp, log
from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.association.enumeration import EXACT_PAIRS
from fusion.association.marginals import marginals
from fusion.filter import existence
from fusion.filter.clutter import Burst
from fusion.filter.existence import SUREST
from fusion.filter.kalman import Pairs, Plots
from fusion.filter.track_bank import TrackView
from geo.arrays import Bools, Floats

ROUNDS: Final = 8
SETTLED: Final = 0.05
"""Rounds end when neither estimate changes by more than this, relative."""
CROWD: Final = 20
"""Minimum number of tracks of one plot whose prior is estimated."""
PRIOR_TRACKS: Final = 4.0
"""Number of existing and of false tracks that the prior before the look counts for."""
MOST_CHANGE: Final = log(1e3)
"""Bound of the change of the logarithm of their odds."""


class Association(NamedTuple):
    """Probability of each pair (pair,), of no plot for a track (track,), of no track for a plot (plot,); ratio of
    actual to expected clutter density at each plot (plot,), 1 where there is no burst; the tracks before the look."""

    hit: Floats
    miss: Floats
    alone: Floats
    excess: Floats
    views: TrackView


def associate(
    pairs: Pairs,
    plots: Plots,
    views: TrackView,
    unproved: Bools,
    label: Floats,
    share: Floats,
    miss_counts: bool,
    burst: Burst,
    states: tuple[Floats, Floats],
    alike: float,
) -> Association:
    """Associate the plots of a look with tracks. ``unproved`` (track,) tracks have had no plot since their first."""
    overall, change = burst.overall, 0.0
    estimates = miss_counts and int(unproved.sum()) >= CROWD
    seen = views
    for _ in range(ROUNDS):
        if change != 0.0:
            seen = views._replace(existence=_with_odds(views.existence, unproved, exp(change)))
        excess = np.maximum(burst.local, overall)
        weight = existence.weigh(pairs, plots, seen, label, share, excess)
        miss_weight = existence.missing(seen, miss_counts)
        hit, miss, alone = marginals(
            pairs.start, pairs.plot, weight, miss_weight, len(plots.kind), EXACT_PAIRS, states, alike
        )
        if overall == 1.0 and not estimates:
            break
        before = overall, change
        if overall > 1.0:
            false = excess * plots.clutter
            remaining = float((alone * false / (false + plots.born)).sum())
            overall = min(max(remaining / burst.false_alarms, 1.0), overall)
        if estimates:
            step = _odds_step(pairs, seen, unproved, hit, miss)
            change = min(max(change + step, -MOST_CHANGE), MOST_CHANGE)
        if abs(change - before[1]) < SETTLED and abs(overall / before[0] - 1.0) < SETTLED:
            break
    return Association(hit, miss, alone, excess, seen)


@numba.njit(cache=True)
def _with_odds(existence: Floats, chosen: Bools, factor: float) -> Floats:
    """Probabilities (track,) with the odds of the ``chosen`` multiplied by a factor."""
    new = existence.copy()
    for t in range(len(new)):
        if chosen[t]:
            new[t] = factor * new[t] / (1.0 - new[t] + factor * new[t])
    return new


@numba.njit(cache=True)
def _odds_step(pairs: Pairs, views: TrackView, chosen: Bools, hit: Floats, miss: Floats) -> float:
    """Change of the logarithm of the chosen tracks' common odds that brings their priors to the mean of the
    posteriors, as far as PRIOR_TRACKS on either side allow."""
    prior, posterior, count = 0.0, 0.0, 0.0
    for t in range(len(chosen)):
        if not chosen[t]:
            continue
        r, seen = views.existence[t], min(views.seen[t], SUREST)
        after = miss[t] * r * (1.0 - seen) / (1.0 - r * seen)
        for k in range(pairs.start[t], pairs.start[t + 1]):
            after += hit[k]
        prior, posterior, count = prior + r, posterior + after, count + 1.0
    gained = (PRIOR_TRACKS + posterior) / (PRIOR_TRACKS + prior)
    lost = (PRIOR_TRACKS + count - posterior) / (PRIOR_TRACKS + count - prior)
    return float(np.log(gained / lost))
