"""Targets that no look can detect for a while, for a reason that no model holds: a hedge, a screen, a wrong Pd.

Misses of one target come in runs, so that they say less about its existence than as many independent ones. An existing
target is therefore observable or unobservable, in turn and at random times: two states of a Markov chain whose third is
that there is no target. A miss is evidence for both others, the more so the higher the sensor's probability of
detection; a detection says that the target is observable. Mušicki, Evans and Stanković (1994), "Integrated
probabilistic data association", IEEE Transactions on Automatic Control 39(6), "Markov chain two".

Only confirmed tracks may be unobservable, and only from sensors that look and send empty scans.
"""

from __future__ import annotations

from math import exp

import numba
import numpy as np

from geo.arrays import Bools, Floats


@numba.njit(cache=True)
def predict_unobservable(
    unobservable: Floats, confirmed: Bools, dt: Floats, observable_s: float, unobservable_s: float
) -> Floats:
    """(track,) probability of being so, given existence, ``dt`` (track,) seconds later; 0 unless ``confirmed``.

    ``observable_s`` and ``unobservable_s`` are the mean times that a target remains observable and unobservable [s].
    """
    rate = 1.0 / observable_s + 1.0 / unobservable_s
    usual = unobservable_s / (observable_s + unobservable_s)
    later = np.zeros(len(unobservable))
    for t in range(len(later)):
        if confirmed[t]:
            later[t] = usual + (unobservable[t] - usual) * exp(-max(dt[t], 0.0) * rate)
    return later


@numba.njit(cache=True)
def unobservable_after(unobservable: Floats, seen: Floats, missed: Floats) -> Floats:
    """(track,) the same after a look. ``seen`` (track,) is the probability that the look detects the target, observable
    or not, and ``missed`` (track,) that it did not, given existence."""
    after = np.empty(len(unobservable))
    for t in range(len(after)):
        after[t] = missed[t] * min(unobservable[t] / max(1.0 - seen[t], 1e-300), 1.0)
    return after
