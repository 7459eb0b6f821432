"""Duplicate tracks: two tracks of one target, started because a large bias separates the plots of two sensors.

Then no common track reveals the bias (fusion.registration.estimate). However, tracks that one sensor detects and
another, which should, does not, are next to tracks of which the reverse is true, all displaced by the same biases. The
hypotheses: such pairs are one target each, joined by biases; or all of them are two targets, each missed by the other's
sensor look after look. The biases' prior is the present estimate, so that two aligned sensors, whose common tracks fix
the biases, cannot be shifted by two targets that walk side by side. If the evidence is decisive, the biases are adopted
at once, tracks that one sensor detected are moved by them, and of each pair the older track is kept.

Linear Gaussian throughout: the difference of two tracks' positions, given that of their velocities, is ``D b`` plus
noise, with D the difference of the positions' derivatives by the biases b. The marginal likelihood of several pairs
under one b is a product of predictions, as in a Kalman filter of b.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import tau
from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.filter.sightings import as_table, of_table
from fusion.filter.track_bank import TENTATIVE, TrackBank
from fusion.models.bias import EVER_NS, Learnt, of_matrix
from fusion.models.motion import combine, predict, unpack
from fusion.models.sensor_views import SensorView, probability
from fusion.models.tracker_model import TrackerModel
from fusion.poses.looks import Looks
from fusion.poses.placed import all_at_poses
from fusion.registration.estimate import EPOCH_NS, LEAST_PAIRS, forget, in_use, solve
from fusion.registration.evidence import DOUBLED
from geo.arrays import Bools, Floats, Ints

LATELY: Final = 2.5
"""A sensor counts as detecting a track if it did so within this number of its periods."""
LEAST_CHANCE: Final = 0.5
"""A sensor with a lower detection probability per look than this counts as not expected to detect the track."""
MOST_LOOKS: Final = 3
"""Maximum number of misses that count: a layout's probabilities are not that accurate."""
DECISIVE: Final = 14.0
"""Logarithm of the odds, with all evidence, above which biases are accepted (a million to one)."""
CHANGE: Final = 30.0
"""Squared deviations by which biases must differ from those in use: near targets of aligned sensors are two."""
LEAST_VARIANCE: Final = 1e-6
"""Minimum variance of a difference of positions [m²] and of velocities [m²/s²], also for a target that cannot move."""
MOST_TRACKS: Final = 200
MOST_PAIRS: Final = 1000
SEEDS: Final = 12
"""Number of pairs that each start a hypothesis, the most probable first."""


class DuplicatePairs(NamedTuple):
    """Pairs of tracks that may be one target: rows of the bank (pair,) ``first`` and ``second``; their separation, with
    the biases in use added back, ``apart`` (pair, 2), its covariance (pair, 2, 2), its derivative by the biases (pair,
    2, 2 p), and the log odds of one target, without its position (pair,).
    """

    first: Ints
    second: Ints
    apart: Floats
    cov: Floats
    by_bias: Floats
    odds: Floats

    def take(self, which: Bools | Ints) -> DuplicatePairs:
        return DuplicatePairs._make(column[which] for column in self)


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """``pairs`` of candidates that are one target each; ``gain`` is the logarithm of the odds against two each; the
    resulting biases (2 p,) and their covariance."""

    pairs: list[int]
    gain: float
    biases: Floats
    cov: Floats


def align(model: TrackerModel, bank: TrackBank, now_ns: int, looks: Looks | None = None) -> TrackBank:
    """At the start of an epoch: the bank with the biases that its tracks prove, and without duplicate tracks. Pure.

    ``looks`` remembers what mobile sensors see from their poses.
    """
    learnt = bank.learnt
    if not len(learnt) or (learnt.newest_ns != EVER_NS and now_ns // EPOCH_NS == learnt.newest_ns // EPOCH_NS):
        return bank
    model = all_at_poses(model, bank.poses, looks or Looks(), now_ns)
    learnt = forget(model.survey, learnt, now_ns)
    pairs = candidates(model, bank, learnt, now_ns)
    best = None if pairs is None else likeliest(pairs, learnt)
    if pairs is not None and best is not None:
        learnt = _with_pairs(learnt, pairs.take(np.array(best.pairs)))
    learnt = replace(learnt, used=in_use(learnt))
    change = (learnt.used - bank.learnt.used)[:, ::2]
    if change.any():
        bank = _moved(model, bank, change, now_ns)
    if pairs is not None and best is not None:
        bank = _joined(bank, pairs.first[best.pairs], pairs.second[best.pairs])
    return replace(bank, learnt=learnt)


def candidates(model: TrackerModel, bank: TrackBank, learnt: Learnt, now_ns: int) -> DuplicatePairs | None:
    """Pairs of tracks, each detected by sensors that miss the other track."""
    sure = np.flatnonzero(bank.tracks.status != TENTATIVE)
    lately, missed = _who_sees(model, bank, sure, now_ns)
    lonely = np.flatnonzero(lately.any(axis=1) & (missed > 0.0).any(axis=1))[:MOST_TRACKS]
    if len(lonely) < 2:
        return None
    rows, lately, missed = sure[lonely], lately[lonely], missed[lonely]
    motion = model.motion
    dt: Floats = np.asarray((now_ns - bank.tracks.time_ns[rows]) * 1e-9, np.float64)
    state = predict(
        bank.tracks.mean[rows],
        bank.tracks.cov[rows],
        bank.tracks.mode[rows],
        dt,
        motion.speed_sd,
        motion.correlation,
        motion.rate,
        motion.gait,
    )
    centre, spread = combine(*state)
    lever = _lever(model.survey.places, centre, lately)
    i, j = (part.astype(np.int64) for part in np.triu_indices(len(rows), 1))
    # every sensor that detects one misses the other, and the reverse: then none detects both
    ok = np.all(~lately[i] | (missed[j] > 0.0), axis=1) & np.all(~lately[j] | (missed[i] > 0.0), axis=1)
    i, j = i[ok], j[ok]
    if not len(i):
        return None
    return _near(model, learnt, rows, centre, unpack(spread), lever, (lately, missed), i, j)


def _who_sees(model: TrackerModel, bank: TrackBank, rows: Ints, now_ns: int) -> tuple[Bools, Floats]:
    """(row, p) whether a ranging sensor detected the track lately; (row, p) the weight of its misses since: minus the
    log probability of missing all of them, 0 if it is not expected to detect the track."""
    survey = model.survey
    seen_ns, period = _seen_ns(bank)[rows], survey.period_ns
    looking = survey.ranging & (period > 0)
    lately = looking & (seen_ns > 0) & (now_ns - seen_ns < LATELY * period)
    chance = np.stack([_chances(model.sensors[name].view, bank.tracks.centre[rows]) for name in survey.polar], axis=1)
    since = np.maximum(seen_ns, bank.tracks.founded_ns[rows][:, None])
    looks = np.minimum((now_ns - since) // np.maximum(period, 1), MOST_LOOKS)
    missed = np.where(looking & ~lately & (chance >= LEAST_CHANCE), -looks * np.log1p(-np.minimum(chance, 0.99)), 0.0)
    return lately, missed


@numba.njit(cache=True)
def _chances(view: SensorView, centre: Floats) -> Floats:
    """(row,) probability that one look detects each track."""
    chance = np.empty(len(centre))
    for t in range(len(centre)):
        chance[t] = probability(view, centre[t, 0], centre[t, 1])
    return chance


def _lever(places: Floats, centre: Floats, lately: Bools) -> Floats:
    """(row, 2, 2 p) derivative of a track's position by the biases: the mean over the sensors that detect it."""
    away = centre[:, None, :2] - places
    reach = np.maximum(np.sqrt((away**2).sum(axis=2)), 1.0)
    lever = np.empty((len(centre), 2, len(places), 2))
    lever[:, 0, :, 0], lever[:, 1, :, 0] = away[:, :, 0] / reach, away[:, :, 1] / reach
    lever[:, 0, :, 1], lever[:, 1, :, 1] = away[:, :, 1], -away[:, :, 0]
    share = lately / np.maximum(lately.sum(axis=1, keepdims=True), 1)
    return np.asarray((lever * share[:, None, :, None]).reshape(len(centre), 2, 2 * len(places)))


def _near(
    model: TrackerModel,
    learnt: Learnt,
    rows: Ints,
    centre: Floats,
    cov: Floats,
    lever: Floats,
    sight: tuple[Bools, Floats],
    i: Ints,
    j: Ints,
) -> DuplicatePairs | None:
    """The pairs (i, j) that biases within reach may explain."""
    lately, missed = sight
    by_bias = lever[i] - lever[j]
    used = learnt.used[:, ::2].ravel()
    gap = centre[i] - centre[j]
    total = cov[i] + cov[j] + LEAST_VARIANCE * np.eye(4)
    gain = np.linalg.solve(total[:, 2:, 2:], total[:, 2:, :2])  # of position by velocity
    apart = gap[:, :2] - np.einsum("kvp,kv->kp", gain, gap[:, 2:])
    place = DOUBLED * (total[:, :2, :2] - np.einsum("kpv,kvq->kpq", total[:, :2, 2:], gain))
    speed = DOUBLED * total[:, 2:, 2:]
    speed_fit = _log_density(gap[:, 2:], speed)
    variance = np.maximum(model.motion.speed_sd**2, LEAST_VARIANCE)
    square = (centre[i, 2:] ** 2).sum(axis=1)[:, None]
    usual = (model.motion.prior / (tau * variance) * np.exp(-0.5 * square / variance)).sum(axis=1)
    evidence = np.minimum((missed[j] * lately[i]).sum(axis=1), 7.0) + np.minimum(
        (missed[i] * lately[j]).sum(axis=1), 7.0
    )
    odds = speed_fit + evidence - np.log(model.births.density * np.maximum(usual, 1e-9))
    pairs = DuplicatePairs(rows[i], rows[j], apart + np.einsum("kpb,b->kp", by_bias, used), place, by_bias, odds)
    values, _, known = solve(learnt)
    alone = odds + _prediction(pairs, values.ravel(), known)
    order = np.argsort(-alone, kind="stable")[:MOST_PAIRS]
    order = order[alone[order] > 0.0]
    return pairs.take(order) if len(order) else None


def _log_density(x: Floats, cov: Floats) -> Floats:
    """(k,) logarithm of Gaussian densities of x (k, 2) under cov (k, 2, 2)."""
    det = np.maximum(cov[:, 0, 0] * cov[:, 1, 1] - cov[:, 0, 1] ** 2, 1e-12)
    square = (cov[:, 1, 1] * x[:, 0] ** 2 - 2.0 * cov[:, 0, 1] * x[:, 0] * x[:, 1] + cov[:, 0, 0] * x[:, 1] ** 2) / det
    return np.asarray(-0.5 * square - 0.5 * np.log(det) - np.log(tau))


def _prediction(pairs: DuplicatePairs, biases: Floats, known: Floats) -> Floats:
    """(pair,) log density of each pair's separation, given the biases and their covariance."""
    spread = pairs.cov + np.einsum("kpb,bc,kqc->kpq", pairs.by_bias, known, pairs.by_bias, optimize=True)
    return _log_density(pairs.apart - pairs.by_bias @ biases, spread)


def likeliest(candidates: DuplicatePairs, learnt: Learnt) -> Hypothesis | None:
    """The best of some hypotheses, if it is decisive and its biases differ from those in use."""
    values, _, known = solve(learnt)
    best: Hypothesis | None = None
    for seed in range(min(SEEDS, len(candidates.first))):
        if best is not None and seed in best.pairs:
            continue  # would give the same result
        one = _grown(candidates, seed, values.ravel(), known)
        if best is None or one.gain > best.gain:
            best = one
    if best is None or best.gain < DECISIVE:
        return None
    step = best.biases - learnt.used[:, ::2].ravel()
    return best if float(step @ np.linalg.solve(best.cov, step)) > CHANGE else None


def _grown(candidates: DuplicatePairs, seed: int, biases: Floats, known: Floats) -> Hypothesis:
    """Grow a hypothesis from one pair: add the pair that fits best and update the biases, until no pair improves it."""
    free = np.ones(len(candidates.first), np.bool_)
    gain, pairs, chosen = 0.0, list[int](), seed
    score = candidates.odds + _prediction(candidates, biases, known)
    while score[chosen] > 0.0:
        gain += float(score[chosen])
        pairs.append(chosen)
        design = candidates.by_bias[chosen]
        weight = known @ design.T @ np.linalg.inv(design @ known @ design.T + candidates.cov[chosen])
        biases = biases + weight @ (candidates.apart[chosen] - design @ biases)
        known = known - weight @ design @ known
        known = 0.5 * (known + known.T)
        taken = (candidates.first[chosen], candidates.second[chosen])
        free &= ~(np.isin(candidates.first, taken) | np.isin(candidates.second, taken))
        if not free.any():
            break
        score = np.where(free, candidates.odds + _prediction(candidates, biases, known), -np.inf)
        chosen = int(np.argmax(score))
    return Hypothesis(pairs, gain, biases, known)


def _with_pairs(learnt: Learnt, pairs: DuplicatePairs) -> Learnt:
    """``learnt`` with the information of the pairs of a decisive hypothesis."""
    weight = np.linalg.inv(pairs.cov)
    gain = np.einsum("kpb,kpq->kbq", pairs.by_bias, weight)
    concerned = (pairs.by_bias != 0.0).any(axis=(0, 1)).reshape(-1, 2).any(axis=1)
    return replace(
        learnt,
        information=of_matrix(learnt.matrix + np.einsum("kbq,kqc->bc", gain, pairs.by_bias)),
        vector=learnt.vector + np.einsum("kbq,kq->b", gain, pairs.apart),
        pairs=np.where(concerned, np.maximum(learnt.pairs, LEAST_PAIRS), learnt.pairs),
    )


def _moved(model: TrackerModel, bank: TrackBank, change: Floats, now_ns: int) -> TrackBank:
    """Move tracks that only one sensor detected lately by the change of its biases."""
    period = np.where(model.survey.ranging, model.survey.period_ns, 0)
    seen_ns = _seen_ns(bank)
    lately = (seen_ns > 0) & (now_ns - seen_ns < LATELY * period)
    alone = lately.sum(axis=1) == 1
    shift = np.einsum(
        "tpb,b->tp", _lever(model.survey.places, bank.tracks.centre, lately & alone[:, None]), change.ravel()
    )
    mean, centre = bank.tracks.mean.copy(), bank.tracks.centre.copy()
    mean[:, :, :2] -= shift[:, None, :]
    centre[:, :2] -= shift
    return replace(bank, tracks=bank.tracks._replace(mean=mean, centre=centre))


def _joined(bank: TrackBank, first: Ints, second: Ints) -> TrackBank:
    """Remove the younger track of each pair; its evidence passes to the older one."""
    newer = (bank.tracks.founded_ns[first] > bank.tracks.founded_ns[second]) | (
        (bank.tracks.founded_ns[first] == bank.tracks.founded_ns[second])
        & (bank.tracks.track[first] > bank.tracks.track[second])
    )
    goes, stays = np.where(newer, first, second), np.where(newer, second, first)
    existence, evidence, seen_ns = bank.tracks.existence.copy(), bank.tracks.evidence.copy(), _seen_ns(bank)
    existence[goes] = 0.0
    evidence[stays] |= evidence[goes]
    seen_ns[stays] = np.maximum(seen_ns[stays], seen_ns[goes])
    tracks = bank.tracks._replace(existence=existence, evidence=evidence)
    return replace(bank, tracks=tracks, sightings=of_table(seen_ns))


def _seen_ns(bank: TrackBank) -> Ints:
    """(track, p) when each aligned sensor last updated each track, 0: never."""
    return as_table(bank.sightings, len(bank.learnt))
