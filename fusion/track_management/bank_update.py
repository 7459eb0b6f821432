"""The next bank in one pass: what a look changed is written, the born join, those given up leave a last row.

A column of the next bank comes from three places: the bank before (tracks out of the look's reach), the tracks looked
at as they stand after it, and the newborn. Here each track's fate is found, and every column is written once.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from fusion.filter.existence import CLOSING, STARTED, UPDATED, Newborn, Posterior, stand
from fusion.filter.track_bank import CLOSED, TENTATIVE, Bits
from fusion.models.motion import combine
from fusion.models.scene import TrackerModel
from geo.arrays import Floats, Ints

LEAST_NARROW: Final = 0.25
"""A track ends when the modes in which its place is still known hold less than this probability."""
WORD: Final = 64


class Columns(NamedTuple):
    """The columns of a bank (fusion.filter.track_bank.PER_TRACK) for some of its tracks."""

    track: Ints
    time_ns: Ints
    mean: Floats
    cov: Floats
    mode: Floats
    centre: Floats
    spread: Floats
    existence: Floats
    status: npt.NDArray[np.int8]
    label: Floats
    founded_ns: Ints
    updated_ns: Ints
    evidence: Bits
    seen_ns: Ints


class UpdatedTracks(NamedTuple):
    """The tracks ``rows`` of a bank after a look at ``now_ns``; ``held`` (row,) marks those in range and view."""

    rows: Ints
    now_ns: int
    mean: Floats
    cov: Floats
    mode: Floats
    held: npt.NDArray[np.bool_]
    posterior: Posterior


class DeletionRules(NamedTuple):
    """What settings say of confirming, coasting and giving up [s, m, 1], and which sensors only trigger or are people
    (word,), a bit each."""

    confirm_existence: float
    confirm_by_event: float
    coast_after_s: float
    coast_limit_s: float
    faint_limit_s: float
    told_limit_s: float
    drop_existence: float
    lose_existence: float
    tentative_sd_m: float
    coast_sd_m: float
    trigger_bits: Bits
    people_bits: Bits


class HistoryRows(NamedTuple):
    """Rows of history of a look: fusion.filter.track_bank.Rows without the moment and the counts."""

    track: Ints
    centre: Floats
    spread: Floats
    existence: Floats
    status: npt.NDArray[np.int8]
    event: npt.NDArray[np.int8]
    plot: npt.NDArray[np.int32]


def limits_of(scene: TrackerModel) -> DeletionRules:
    """The limits of a scene's settings."""
    s = scene.settings
    faint_limit_s = min(scene.faint_limit_s, s.coast_limit_s)
    figures = (
        s.confirm_existence, s.confirm_by_event, s.coast_after_s, s.coast_limit_s, faint_limit_s, s.told_limit_s,
        s.drop_existence, s.lose_existence, s.tentative_sd_m, s.coast_sd_m,
    )  # fmt: skip
    return DeletionRules._make([*map(float, figures), scene.trigger_bits, scene.people_bits])


@numba.njit(cache=True)
def next_bank(
    old: Columns, looked: UpdatedTracks, born: Newborn, ids: Ints, sensor: int, polar: int, limits: DeletionRules
) -> tuple[Columns, HistoryRows]:
    """Columns of the next bank, and the rows of history: tracks held or changed, founded or given up.

    ``ids`` (newborn,) are the new tracks' names; ``sensor`` numbers the one that looked in the layout, ``polar`` among
    the columns of ``seen_ns``, −1 for none.
    """
    now, n, r = looked.now_ns, len(old.track), len(looked.rows)
    after, event = _after_look(old, looked, sensor, polar, limits)
    new = _newborn(born, ids, now, sensor, polar, old.evidence.shape[1], old.seen_ns.shape[1])
    place = np.full(n, -1, np.int64)
    place[looked.rows] = np.arange(r)
    total = n + len(ids)
    stays, tells = np.empty(total, np.int64), np.empty(total, np.int64)
    bits, plot = np.zeros(total, np.int8), np.full(total, -1, np.int32)
    left = rows = 0
    for t in range(total):
        told = t >= n
        if t >= n:
            source, gone = r + t, _given_up(new, t - n, now, limits)
            bits[rows], plot[rows] = STARTED | UPDATED, born.number[t - n]
        elif place[t] >= 0:
            i = place[t]
            source, gone = n + i, _given_up(after, i, now, limits)
            told = looked.held[i] or event[i] != 0
            bits[rows], plot[rows] = event[i], looked.posterior.plot[i]
        else:
            source, gone = t, _given_up(old, t, now, limits)
            bits[rows], plot[rows] = 0, -1
        if not gone:
            stays[left] = source
            left += 1
        if told or gone:
            tells[rows] = source
            bits[rows] |= CLOSING if gone else 0
            rows += 1
    bank = _gathered(old, after, new, stays[:left])
    return bank, _told(old, after, new, tells[:rows], bits[:rows].copy(), plot[:rows].copy())


@numba.njit(cache=True)
def _after_look(
    old: Columns, looked: UpdatedTracks, sensor: int, polar: int, limits: DeletionRules
) -> tuple[Columns, npt.NDArray[np.int8]]:
    """Columns of the tracks looked at as they stand now, and what happened to each."""
    rows, now, posterior = looked.rows, looked.now_ns, looked.posterior
    updated_ns, evidence, seen_ns = old.updated_ns[rows], old.evidence[rows], old.seen_ns[rows]
    unseen_s, needed = np.empty(len(rows)), np.empty(len(rows))
    for i in range(len(rows)):
        if posterior.updated[i] > 0.5:
            updated_ns[i] = now
            evidence[i, sensor // WORD] |= np.uint64(1) << np.uint64(sensor % WORD)
            if polar >= 0:
                seen_ns[i, polar] = now
        unseen_s[i] = (now - updated_ns[i]) * 1e-9
        needed[i] = _needed(evidence, i, limits)
    status, event = stand(
        old.status[rows], posterior.existence, posterior.updated, unseen_s, needed, limits.coast_after_s
    )
    centre, spread = combine(looked.mean, looked.cov, looked.mode)
    time_ns = np.full(len(rows), now, np.int64)
    after = Columns(
        old.track[rows], time_ns, looked.mean, looked.cov, looked.mode, centre, spread, posterior.existence, status,
        posterior.label, old.founded_ns[rows], updated_ns, evidence, seen_ns,
    )  # fmt: skip
    return after, event


@numba.njit(cache=True)
def _newborn(born: Newborn, ids: Ints, now: int, sensor: int, polar: int, words: int, sensors: int) -> Columns:
    """Columns of the tracks that a look starts."""
    count = len(ids)
    evidence, seen_ns = np.zeros((count, words), np.uint64), np.zeros((count, sensors), np.int64)
    evidence[:, sensor // WORD] = np.uint64(1) << np.uint64(sensor % WORD)
    if polar >= 0:
        seen_ns[:, polar] = now
    moment, status = np.full(count, now, np.int64), np.full(count, TENTATIVE, np.int8)
    centre, spread = combine(born.mean, born.cov, born.mode)
    return Columns(
        ids, moment, born.mean, born.cov, born.mode, centre, spread, born.existence, status, born.label,
        moment, moment, evidence, seen_ns,
    )  # fmt: skip


@numba.njit(cache=True)
def _needed(evidence: Bits, i: int, limits: DeletionRules) -> float:
    """Existence at which a track is confirmed; infinite for one that only one sensor's triggers tell of."""
    if _any_other(evidence, i, limits.trigger_bits):
        return limits.confirm_existence
    sensors = 0
    for word in range(evidence.shape[1]):
        bits = evidence[i, word]
        while bits != np.uint64(0):
            bits &= bits - np.uint64(1)
            sensors += 1
    return limits.confirm_by_event if sensors >= 2 else np.inf


@numba.njit(cache=True)
def _any_other(evidence: Bits, i: int, bits: Bits) -> bool:
    """Whether any sensor but those of ``bits`` (word,) updated track ``i``."""
    other = np.uint64(0)
    for word in range(len(bits)):
        other |= evidence[i, word] & ~bits[word]
    return bool(other != np.uint64(0))


@numba.njit(cache=True)
def _given_up(tracks: Columns, i: int, now: int, limits: DeletionRules) -> bool:
    """Whether track ``i`` ends: hardly existing, unseen for too long, or anywhere by now.

    How long it may go unseen: most tracks that are founded where hardly anything is seen, and seen once, are false; a
    faint tentative one gives its remains back to the undetected soon, as no look would ever tell. People do not look
    again by a clock, and the places that only they tell of are as wide as a compass word from the beginning.
    """
    tentative, existence = tracks.status[i] == TENTATIVE, tracks.existence[i]
    only_told = not _any_other(tracks.evidence, i, limits.people_bits)
    patience_s = limits.coast_limit_s
    if only_told:
        patience_s = limits.told_limit_s
    elif tentative and existence < limits.lose_existence and _any_other(tracks.evidence, i, limits.trigger_bits):
        patience_s = limits.faint_limit_s
    least = limits.drop_existence if tentative else limits.lose_existence
    if existence < least or now - tracks.updated_ns[i] > patience_s * 1e9:
        return True
    if only_told:
        return False
    if not tentative and tracks.spread[i, 0] + tracks.spread[i, 4] > 2.0 * limits.coast_sd_m**2:
        return True
    known = 2.0 * (limits.tentative_sd_m if tentative else limits.coast_sd_m) ** 2
    narrow = 0.0
    for m in range(tracks.mode.shape[1]):
        if tracks.cov[i, m, 0] + tracks.cov[i, m, 4] <= known:
            narrow += tracks.mode[i, m]
    return narrow < LEAST_NARROW


@numba.njit(cache=True)
def _gathered(old: Columns, after: Columns, new: Columns, source: Ints) -> Columns:
    """Every column of the tracks ``source``, numbered through ``old``, ``after`` and ``new`` one after the other."""
    return Columns(
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
        _picked(old.seen_ns, after.seen_ns, new.seen_ns, source),
    )


@numba.njit(cache=True)
def _told(
    old: Columns,
    after: Columns,
    new: Columns,
    source: Ints,
    event: npt.NDArray[np.int8],
    plot: npt.NDArray[np.int32],
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
    """One column of the tracks ``source``, numbered as in ``_gathered``."""
    out = np.empty((len(source), *old.shape[1:]), old.dtype)
    width = out.size // max(len(source), 1)
    flat, first, second, third = out.ravel(), old.ravel(), after.ravel(), new.ravel()
    n, r = len(old), len(old) + len(after)
    for k in range(len(source)):
        s, here = source[k], k * width
        if s < n:
            for j in range(width):
                flat[here + j] = first[s * width + j]
        elif s < r:
            for j in range(width):
                flat[here + j] = second[(s - n) * width + j]
        else:
            for j in range(width):
                flat[here + j] = third[(s - r) * width + j]
    return out
