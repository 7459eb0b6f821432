"""The next bank in one pass: updated tracks are rewritten, new ones added, terminated ones leave a last row.

A column of the next bank has three sources: the previous bank (tracks out of the look's reach), the updated tracks, and
the new ones. Each track's outcome is decided once, and every column is written once.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from fusion.filter.existence import CLOSING, STARTED, UPDATED, Newborn, Posterior, stand
from fusion.filter.sightings import Sightings, sightings_after
from fusion.filter.track_bank import CLOSED, TENTATIVE, Bits, TrackColumns, in_reach
from fusion.models.motion import combine
from fusion.models.sensor_views import SensorView
from fusion.models.tracker_model import TrackerModel
from geo.arrays import Bools, Floats, Int32s, Ints

LEAST_NARROW: Final = 0.25
"""A track ends if the modes in which its position is still known hold less than this probability."""
WORD: Final = 64


class UpdatedTracks(NamedTuple):
    """The tracks ``rows`` of a bank after a look at ``now_ns``; ``held`` (row,): in range and field of view;
    ``unobservable`` (row,): probability that an existing target cannot be detected."""

    rows: Ints
    now_ns: int
    mean: Floats
    cov: Floats
    mode: Floats
    held: Bools
    posterior: Posterior
    unobservable: Floats


class DeletionRules(NamedTuple):
    """Settings of confirming, coasting and terminating [s, m, 1], and the sensors that only trigger, are people, or
    measure azimuths alone (word,), one bit each."""

    confirm_existence: float
    confirm_by_event: float
    coast_after_s: float
    coast_limit_s: float
    faint_limit_s: float
    reported_limit_s: float
    drop_existence: float
    lose_existence: float
    lose_by_event: float
    tentative_sd_m: float
    coast_sd_m: float
    faint_bearing_s: float
    trigger_bits: Bits
    people_bits: Bits
    bearing_bits: Bits


class HistoryRows(NamedTuple):
    """Rows of history of a look: fusion.filter.track_bank.Rows without time and counts."""

    track: Ints
    centre: Floats
    spread: Floats
    existence: Floats
    status: npt.NDArray[np.int8]
    event: npt.NDArray[np.int8]
    plot: Int32s


def deletion_rules(model: TrackerModel) -> DeletionRules:
    """The rules of a model's settings."""
    s = model.settings
    faint_limit_s = min(model.faint_limit_s, s.coast_limit_s)
    figures = (
        s.confirm_existence, s.confirm_by_event, s.coast_after_s, s.coast_limit_s, faint_limit_s, s.reported_limit_s,
        s.drop_existence, s.lose_existence, s.lose_by_event, s.tentative_sd_m, s.coast_sd_m,
        max(faint_limit_s, min(model.faint_bearing_s, s.coast_limit_s)),
    )  # fmt: skip
    return DeletionRules._make([*map(float, figures), model.trigger_bits, model.people_bits, model.bearing_bits])


@numba.njit(cache=True)
def next_bank(
    old: TrackColumns,
    sightings: Sightings,
    updated: UpdatedTracks,
    born: Newborn,
    ids: Ints,
    sensor: int,
    polar: int,
    rules: DeletionRules,
) -> tuple[TrackColumns, Sightings, HistoryRows]:
    """Columns of the next bank, their sightings, and the rows of history: tracks in the field or changed, started or
    terminated.

    ``ids`` (newborn,) are the new tracks' names; ``sensor`` is the number in the layout of the sensor that looked,
    ``polar`` its number in ``sightings``, −1 for none.
    """
    now, n, r = updated.now_ns, len(old.track), len(updated.rows)
    after, event = _updated(old, updated, sensor, rules)
    new = _newborn(born, ids, now, sensor, old.evidence.shape[1])
    place = np.full(n, -1, np.int64)
    place[updated.rows] = np.arange(r)
    total = n + len(ids)
    kept, recorded = np.empty(total, np.int64), np.empty(total, np.int64)
    bits, plot = np.zeros(total, np.int8), np.full(total, -1, np.int32)
    left = rows = 0
    for t in range(total):
        visible = is_new = t >= n
        if is_new:
            source, gone = r + t, _given_up(new, t - n, now, rules)
            bits[rows], plot[rows] = STARTED | UPDATED, born.number[t - n]
        elif place[t] >= 0:
            i = place[t]
            source, gone = n + i, _given_up(after, i, now, rules)
            visible = updated.held[i] or event[i] != 0
            bits[rows], plot[rows] = event[i], updated.posterior.plot[i]
        else:
            source, gone = t, _given_up(old, t, now, rules)
            bits[rows], plot[rows] = 0, -1
        if not gone:
            kept[left] = source
            left += 1
        if visible or gone:
            recorded[rows] = source
            bits[rows] |= CLOSING if gone else 0
            rows += 1
    bank = _gathered(old, after, new, kept[:left])
    seen = sightings_after(sightings, updated.rows, updated.posterior.updated > 0.5, kept[:left], polar, now)
    return bank, seen, _history_rows(old, after, new, recorded[:rows], bits[:rows].copy(), plot[:rows].copy())


@numba.njit(cache=True)
def untouched(tracks: TrackColumns, now_ns: int, view: SensorView, rules: DeletionRules) -> bool:
    """Whether an empty scan changes no track: none is in the sensor's reach, and none has to end."""
    centre, spread, time_ns, existence = tracks.centre, tracks.spread, tracks.time_ns, tracks.existence
    updated_ns = tracks.updated_ns
    likely = max(rules.drop_existence, rules.lose_existence, rules.lose_by_event)
    patience_ns = min(rules.coast_limit_s, rules.faint_limit_s, rules.reported_limit_s) * 1e9
    known = _known(min(rules.tentative_sd_m, rules.coast_sd_m))
    for t in range(len(time_ns)):
        if in_reach(centre, spread, t, (now_ns - time_ns[t]) * 1e-9, view):
            return False
        # three figures decide about almost every track
        lately = now_ns - updated_ns[t] <= patience_ns
        stays = lately and existence[t] >= likely and spread[t, 0] + spread[t, 4] < known
        if not stays and _given_up(tracks, t, now_ns, rules):
            return False
    return True


@numba.njit(cache=True)
def _known(sd_m: float) -> float:
    """Variance [m²] of a mixture below which modes as narrow as ``sd_m`` hold at least LEAST_NARROW, less a margin for
    rounding: the mixture's variance is at least the part of it that wider modes have."""
    return 0.99 * (1.0 - LEAST_NARROW) * 2.0 * sd_m**2


@numba.njit(cache=True)
def _updated(
    old: TrackColumns, updated: UpdatedTracks, sensor: int, rules: DeletionRules
) -> tuple[TrackColumns, npt.NDArray[np.int8]]:
    """Columns of the updated tracks, and the event bits of each."""
    rows, now, posterior = updated.rows, updated.now_ns, updated.posterior
    updated_ns, evidence = old.updated_ns[rows], old.evidence[rows]
    unseen_s, needed = np.empty(len(rows)), np.empty(len(rows))
    for i in range(len(rows)):
        if posterior.updated[i] > 0.5:
            updated_ns[i] = now
            evidence[i, sensor // WORD] |= np.uint64(1) << np.uint64(sensor % WORD)
        unseen_s[i] = (now - updated_ns[i]) * 1e-9
        needed[i] = _needed(evidence, i, rules)
    status, event = stand(
        old.status[rows], posterior.existence, posterior.updated, unseen_s, needed, rules.coast_after_s
    )
    centre, spread = combine(updated.mean, updated.cov, updated.mode)
    time_ns = np.full(len(rows), now, np.int64)
    after = TrackColumns(
        old.track[rows], time_ns, updated.mean, updated.cov, updated.mode, centre, spread, posterior.existence, status,
        posterior.label, old.founded_ns[rows], updated_ns, evidence, updated.unobservable,
    )  # fmt: skip
    return after, event


@numba.njit(cache=True)
def _newborn(born: Newborn, ids: Ints, now: int, sensor: int, words: int) -> TrackColumns:
    """Columns of the tracks that a look starts."""
    count = len(ids)
    evidence = np.zeros((count, words), np.uint64)
    evidence[:, sensor // WORD] = np.uint64(1) << np.uint64(sensor % WORD)
    for i in range(len(born.also)):
        evidence[i] |= born.also[i]
    moment, status = np.full(count, now, np.int64), np.full(count, TENTATIVE, np.int8)
    centre, spread = combine(born.mean, born.cov, born.mode)
    return TrackColumns(
        ids, moment, born.mean, born.cov, born.mode, centre, spread, born.existence, status, born.label,
        moment, moment, evidence, np.zeros(count),
    )  # fmt: skip


@numba.njit(cache=True)
def _needed(evidence: Bits, i: int, rules: DeletionRules) -> float:
    """Existence at which a track is confirmed; infinite for one supported only by one sensor's triggers."""
    if _any_other(evidence, i, rules.trigger_bits):
        return rules.confirm_existence
    sensors = 0
    for word in range(evidence.shape[1]):
        bits = evidence[i, word]
        while bits != np.uint64(0):
            bits &= bits - np.uint64(1)
            sensors += 1
    return rules.confirm_by_event if sensors >= 2 else np.inf


@numba.njit(cache=True)
def _any_other(evidence: Bits, i: int, bits: Bits) -> bool:
    """Whether any sensor except those of ``bits`` (word,) updated track ``i``."""
    other = np.uint64(0)
    for word in range(len(bits)):
        other |= evidence[i, word] & ~bits[word]
    return bool(other != np.uint64(0))


@numba.njit(cache=True)
def _given_up(tracks: TrackColumns, i: int, now: int, rules: DeletionRules) -> bool:
    """Whether track ``i`` ends: almost certainly false, undetected for too long, or at an unknown position.

    Most tracks that start where Pd is low, and are detected once, are false: a faint tentative one soon returns its
    remains to the undetected targets, since no look would decide about it. People do not report regularly, and
    positions that only they report are as uncertain as a compass direction from the start. Direction finders detect a
    target only while it transmits, and crossings of their bearings are uncertain from the start too. A track that only
    triggers or bearings updated was never as certain as others, and ends later.
    """
    tentative, existence = tracks.status[i] == TENTATIVE, tracks.existence[i]
    only_told = not _any_other(tracks.evidence, i, rules.people_bits)
    only_bearings = not _any_other(tracks.evidence, i, rules.bearing_bits)
    only_triggers = not _any_other(tracks.evidence, i, rules.trigger_bits)
    lose = rules.lose_by_event if only_triggers or only_bearings else rules.lose_existence
    patience_s = rules.coast_limit_s
    if only_told:
        patience_s = rules.reported_limit_s
    elif tentative and existence < lose and not only_triggers:
        patience_s = rules.faint_bearing_s if only_bearings else rules.faint_limit_s
    least = rules.drop_existence if tentative else lose
    if existence < least or now - tracks.updated_ns[i] > patience_s * 1e9:
        return True
    if only_told:
        return False
    if not tentative and tracks.spread[i, 0] + tracks.spread[i, 4] > 2.0 * rules.coast_sd_m**2:
        return True
    limit_m = rules.tentative_sd_m if tentative and not only_bearings else rules.coast_sd_m
    known = 2.0 * limit_m**2
    if tracks.spread[i, 0] + tracks.spread[i, 4] < _known(limit_m):
        return False
    narrow = 0.0
    for m in range(tracks.mode.shape[1]):
        if tracks.cov[i, m, 0] + tracks.cov[i, m, 4] <= known:
            narrow += tracks.mode[i, m]
    return narrow < LEAST_NARROW


@numba.njit(cache=True)
def _gathered(old: TrackColumns, after: TrackColumns, new: TrackColumns, source: Ints) -> TrackColumns:
    """Every column of the tracks ``source``, numbered through ``old``, ``after`` and ``new`` in sequence."""
    return TrackColumns(
        _picked(old.track, after.track, new.track, source),
        _picked(old.time_ns, after.time_ns, new.time_ns, source),
        _picked(old.mean, after.mean, new.mean, source),
        _picked(old.cov, after.cov, new.cov, source),
        _picked(old.mode, after.mode, new.mode, source),
        _picked(old.centre, after.centre, new.centre, source),
        _picked(old.spread, after.spread, new.spread, source),
        _picked(old.existence, after.existence, new.existence, source),
        _picked(old.status, after.status, new.status, source),
        _picked(old.label, after.label, new.label, source),
        _picked(old.founded_ns, after.founded_ns, new.founded_ns, source),
        _picked(old.updated_ns, after.updated_ns, new.updated_ns, source),
        _picked(old.evidence, after.evidence, new.evidence, source),
        _picked(old.unobservable, after.unobservable, new.unobservable, source),
    )


@numba.njit(cache=True)
def _history_rows(
    old: TrackColumns,
    after: TrackColumns,
    new: TrackColumns,
    source: Ints,
    event: npt.NDArray[np.int8],
    plot: Int32s,
) -> HistoryRows:
    """Rows of history of the tracks ``source``, numbered as in ``_gathered``."""
    status = _picked(old.status, after.status, new.status, source)
    for k in range(len(source)):
        if event[k] & CLOSING:
            status[k] = CLOSED
    return HistoryRows(
        _picked(old.track, after.track, new.track, source),
        _picked(old.centre, after.centre, new.centre, source),
        _picked(old.spread, after.spread, new.spread, source),
        _picked(old.existence, after.existence, new.existence, source),
        status,
        event,
        plot,
    )


@numba.njit(cache=True)
def _picked(old: npt.NDArray[Any], after: npt.NDArray[Any], new: npt.NDArray[Any], source: Ints) -> npt.NDArray[Any]:
    """One column of the tracks ``source``, numbered as in ``_gathered``: most are runs of neighbours."""
    out = np.empty((len(source), *old.shape[1:]), old.dtype)
    width = out.size // max(len(source), 1)
    flat, first, second, third = out.ravel(), old.ravel(), after.ravel(), new.ravel()
    n, r = len(old), len(old) + len(after)
    k = 0
    while k < len(source):
        s, here, run = source[k], k * width, 1
        while k + run < len(source) and source[k + run] == s + run and s + run != n and s + run != r:
            run += 1
        there = here + run * width
        if s < n:
            flat[here:there] = first[s * width : (s + run) * width]
        elif s < r:
            flat[here:there] = second[(s - n) * width : (s - n + run) * width]
        else:
            flat[here:there] = third[(s - r) * width : (s - r + run) * width]
        k += run
    return out
