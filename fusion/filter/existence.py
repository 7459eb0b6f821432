"""Probability of existence: weights of hypotheses, existence after a look, new tracks, and track status."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from fusion.filter.kalman import POSITION, Pairs, Plots
from fusion.filter.measurements import LEAST_PROBABILITY
from fusion.filter.track_bank import COASTING, CONFIRMED, TENTATIVE, Bits, TrackView
from fusion.models.motion import MotionModel
from geo.arrays import Bools, Floats, Ints

STARTED, CONFIRMING, COAST, UPDATED, CLOSING = 1, 2, 4, 8, 16
"""Event bits of a track in a scan."""
SUREST = 1.0 - 1e-9
"""Maximum existence; it is never certain, so that a track can end."""


class Posterior(NamedTuple):
    """State after a look: existence (track,), the weights of missing (track,) and of each pair given that the target
    exists, class labels (track, class), the probability that the target was detected (track,), and the number of the
    plot that it most probably gave (track,), −1 if none is more probable than not."""

    existence: Floats
    miss: Floats
    hit: Floats
    label: Floats
    updated: Floats
    plot: Ints


@numba.njit(cache=True)
def weigh(pairs: Pairs, plots: Plots, sight: TrackView, label: Floats, share: Floats, clutter_ratio: Floats) -> Floats:
    """(pair,) weight of each pair relative to the plot being false or a new target. ``share`` (class,) is the prior,
    ``clutter_ratio`` (plot,) the ratio of local to stated clutter density (fusion.filter.clutter)."""
    weight = np.zeros(len(pairs.plot))
    for t in range(len(sight.existence)):
        for k in range(pairs.start[t], pairs.start[t + 1]):
            j = pairs.plot[k]
            fits, usual = 0.0, 0.0
            for c in range(len(share)):
                fits += label[t, c] * plots.label[j, c]
                usual += share[c] * plots.label[j, c]
            seen = plots.seen[j] * (1.0 - sight.unobservable[t])
            if plots.kind[j] != POSITION:
                seen = max(sight.seen[t], LEAST_PROBABILITY) if seen == 0.0 or sight.seen[t] == 0.0 else seen
            other = clutter_ratio[j] * plots.clutter[j] + plots.born[j]
            weight[k] = sight.existence[t] * seen * pairs.density[k] / other * (fits / max(usual, 1e-300))
    return weight


@numba.njit(cache=True)
def missing(sight: TrackView, polled: bool) -> Floats:
    """Weight (track,) of giving no plot; 1 for a sensor that sends no empty scans, whose silence is not evidence."""
    weight = np.ones(len(sight.existence))
    if polled:
        for t in range(len(weight)):
            weight[t] -= sight.existence[t] * min(sight.seen[t], SUREST)
    return weight


@numba.njit(cache=True)
def judge(
    pairs: Pairs, plots: Plots, sight: TrackView, label: Floats, hit: Floats, miss: Floats, polled: bool
) -> Posterior:
    """Existence after the look, and hypothesis weights given existence, from marginal association probabilities."""
    tracks, classes = label.shape
    existence, left, updated = np.empty(tracks), np.empty(tracks), np.zeros(tracks)
    share, new_label = hit.copy(), label.copy()
    likeliest = np.full(tracks, -1, np.int64)
    for t in range(tracks):
        r = sight.existence[t]
        seen = min(sight.seen[t], SUREST) if polled else 0.0
        unseen = miss[t] * r * (1.0 - seen) / (1.0 - r * seen)
        total = unseen
        for k in range(pairs.start[t], pairs.start[t + 1]):
            total += hit[k]
            updated[t] += hit[k]
            if hit[k] > 0.5:
                likeliest[t] = plots.number[pairs.plot[k]]
        existence[t] = min(total, SUREST)
        total = max(total, 1e-300)
        left[t] = unseen / total
        if pairs.start[t] < pairs.start[t + 1]:
            new_label[t] *= left[t]
        for k in range(pairs.start[t], pairs.start[t + 1]):
            share[k] = hit[k] / total
            j = pairs.plot[k]
            fits = 0.0
            for c in range(classes):
                fits += label[t, c] * plots.label[j, c]
            for c in range(classes):
                new_label[t, c] += share[k] * label[t, c] * plots.label[j, c] / max(fits, 1e-300)
        scale = 0.0
        for c in range(classes):
            new_label[t, c] = max(new_label[t, c], 1e-6)  # a label never excludes a class permanently
            scale += new_label[t, c]
        new_label[t] /= scale
    return Posterior(existence, left, share, new_label, updated, likeliest)


@numba.njit(cache=True)
def lean_on_labels(pairs: Pairs, plots: Plots, label: Floats, kind: Ints, compatible: Floats) -> None:
    """Weigh the modes of motion of each pair by the reported class, in place."""
    kinds, classes = compatible.shape
    fits = np.zeros(kinds)
    for t in range(label.shape[0]):
        for k in range(pairs.start[t], pairs.start[t + 1]):
            j = pairs.plot[k]
            for g in range(kinds):
                norm, fits[g] = 0.0, 0.0
                for c in range(classes):
                    given = label[t, c] * compatible[g, c]
                    norm += given
                    fits[g] += given * plots.label[j, c]
                fits[g] /= max(norm, 1e-300)
            total = 0.0
            for m in range(len(kind)):
                pairs.by_mode[k, m] *= fits[kind[m]]
                total += pairs.by_mode[k, m]
            for m in range(len(kind)):
                pairs.by_mode[k, m] /= max(total, 1e-300)


class Newborn(NamedTuple):
    """Tracks that plots start: mixture, existence, labels, the canonical number of the founding plot, and ``also``
    (track, word), one bit for each further sensor whose bearings started it; empty for none."""

    mean: Floats
    cov: Floats
    mode: Floats
    existence: Floats
    label: Floats
    number: Ints
    also: Bits


@numba.njit(cache=True)
def founding(plots: Plots, alone: Floats, clutter_ratio: Floats, room: Bools, least: float) -> Floats:
    """Probability (plot,) of coming from a new target; ``alone`` (plot,) is that of coming from no track. Plots with
    ``room`` (plot,) get the ``least`` that starts a track, however few targets are left undetected: later scans decide.
    They are all plots outside a clutter burst, and some in it (``Burst.room``)."""
    fresh = np.zeros(len(alone))
    for j in range(len(alone)):
        if plots.born[j] > 0.0 and plots.kind[j] == POSITION:
            fresh[j] = alone[j] * plots.born[j] / (plots.born[j] + clutter_ratio[j] * plots.clutter[j])
            if room[j] and alone[j] > 0.5:
                fresh[j] = max(fresh[j], least)
    return fresh


def newborn(
    plots: Plots, fresh: Floats, least: float, share: Floats, compatible: Floats, model: MotionModel
) -> Newborn:
    """New tracks from plots that are new targets with at least probability ``least`` (``fresh`` (plot,))."""
    return _start(plots, fresh, least, model.prior, model.speed_sd, model.kind, share, compatible)


@numba.njit(cache=True)
def _start(
    plots: Plots,
    existence: Floats,
    least: float,
    prior: Floats,
    speed_sd: Floats,
    kind: Ints,
    share: Floats,
    compatible: Floats,
) -> Newborn:
    """New tracks at the plots, with the stationary velocity of each mode."""
    count, modes, classes = len(existence), len(prior), len(share)
    chosen = np.zeros(count, np.int64)
    n = 0
    for j in range(count):
        if existence[j] >= least:
            chosen[n] = j
            n += 1
    chosen = chosen[:n].copy()
    mean, cov, mode, label = (
        np.zeros((n, modes, 4)),
        np.zeros((n, modes, 10)),
        np.zeros((n, modes)),
        np.zeros((n, classes)),
    )
    for i in range(n):
        j = chosen[i]
        total = 0.0
        for c in range(classes):
            label[i, c] = share[c] * plots.label[j, c]
            total += label[i, c]
        label[i] /= total
        total = 0.0
        for m in range(modes):
            usual, fits = 0.0, 0.0
            for c in range(classes):
                usual += share[c] * compatible[kind[m], c]
                fits += share[c] * compatible[kind[m], c] * plots.label[j, c]
            mode[i, m] = prior[m] * fits / usual
            mean[i, m, 0], mean[i, m, 1] = plots.easting[j], plots.northing[j]
            cov[i, m, 0], cov[i, m, 1], cov[i, m, 4] = plots.r_ee[j], plots.r_en[j], plots.r_nn[j]
            variance = speed_sd[m] ** 2
            cov[i, m, 7], cov[i, m, 9] = variance, variance
            if not np.isnan(plots.radial[j]):
                s = variance + plots.radial_sd[j] ** 2
                u_e, u_n = plots.unit_easting[j], plots.unit_northing[j]
                gain = variance / s
                mean[i, m, 2], mean[i, m, 3] = gain * u_e * plots.radial[j], gain * u_n * plots.radial[j]
                cov[i, m, 7] -= gain * variance * u_e * u_e
                cov[i, m, 8] -= gain * variance * u_e * u_n
                cov[i, m, 9] -= gain * variance * u_n * u_n
                mode[i, m] *= np.exp(-0.5 * plots.radial[j] ** 2 / s) / np.sqrt(s)
            total += mode[i, m]
        mode[i] /= total
    none = np.zeros((0, 0), np.uint64)
    return Newborn(mean, cov, mode, existence[chosen], label, plots.number[chosen], none)


def joined(born: Newborn, crossed: Newborn | None) -> Newborn:
    """Tracks that plots with a position start, and those that crossing bearings do (fusion.filter.triangulation)."""
    if crossed is None:
        return born
    none = np.zeros((len(born.number), crossed.also.shape[1]), np.uint64)
    columns = zip(born._replace(also=none), crossed, strict=True)
    return Newborn._make(np.concatenate(pair) for pair in columns)


@numba.njit(cache=True)
def stand(
    status: npt.NDArray[np.int8],
    existence: Floats,
    updated: Floats,
    unseen_s: Floats,
    needed: Floats,
    coast_after: float,
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """(status, event) after a look: tentative → confirmed ⇄ coasting. ``needed`` (track,) existence confirms."""
    new = status.copy()
    event = np.zeros(len(status), np.int8)
    for t in range(len(status)):
        if updated[t] > 0.5:
            event[t] |= UPDATED
            if status[t] == COASTING:
                new[t] = CONFIRMED
        if status[t] == TENTATIVE:
            if existence[t] >= needed[t]:
                new[t] = CONFIRMED
                event[t] |= CONFIRMING
        elif status[t] == CONFIRMED and unseen_s[t] > coast_after:
            new[t] = COASTING
            event[t] |= COAST
    return new, event


@numba.njit(cache=True)
def keep_identities(pairs: Pairs, number: Ints, hit: Floats, posterior: Posterior, fresh: Floats) -> Floats:
    """Keep a track's identity if it, or a new target, may have given a plot; (track,) expected targets left hidden.

    Either a hidden track came into view, and there is one target, at the plot; or a new target did, and there are two:
    one at the plot, one still hidden. As sets of targets, both have a target at the plot, and the second also a hidden
    one. The track may therefore take the plot in both cases, and the target that may be left hidden is returned to the
    undetected targets: the same set, without one track spread over two positions and a second track at one of them. The
    identity is kept only if the track is more likely to have given the plot than a new target.

    ``hit`` (pair,) are the marginal probabilities of the pairs, ``number`` (plot,) the plots' canonical numbers.
    ``posterior`` and ``fresh`` (plot,), the probability that a plot is a new target, change in place. The exchange of
    hypotheses is that of Williams (2015), "An efficient, variational approximation of the best fitting multi-Bernoulli
    filter".
    """
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
