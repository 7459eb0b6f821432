"""Which target each track follows now: the one that was decided, until a sector's tracker has moved it to another.

A tracker with the sensors of one sector confuses what a tracker with those of both would not: a target leaves its
reach, another one enters it there, and the track of the first continues with the second. The other sector tracked both
all the time. The decision about the track is not changed; from then on it follows another target, which is recorded
with its time.

Every ``STEP_S`` of journal time, when all sectors' pictures have reached it, each pair of tracks of two sectors that
are close is compared. Tracks of one identity that have been too far apart for ``APART_S`` have parted: one of them
leaves the identity, that of the sector which at its worst knew least where its target is; it may have taken another
one. Pairs whose tracks are at one place are decided together: two tracks that were exchanged part at once. A track that
leaves takes the identity of a track of the neighbour beside which it is, or founds one. Tracks of two identities that
have been at one place for ``TOGETHER_FOR_S`` are one target: the identity that was founded later ends.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from ops.cluster.identity.combination import PARTED, UPDATED_S
from ops.cluster.identity.decision import IdentityChange, IdentityDecision, Key, national_id
from ops.cluster.identity.joining import ABSENT_S, DECISIVE, PLAUSIBLE, SECOND_NS
from ops.cluster.identity.likelihood import evidence_of, moved
from ops.cluster.identity.sighting import KNOWN, TrackInPicture, TrackSighting, sighting_of

STEP_S: Final = 2.0
APART_S: Final = 6.0
"""Two updates by a sensor with a period of 3 s."""
TOGETHER_FOR_S: Final = 12.0
LOOK_BACK_S: Final = 45.0
"""Time in which a track is examined for when it was least certain."""
MEMORY_NS: Final = round((LOOK_BACK_S + 2.0 * UPDATED_S) * SECOND_NS)
CLOSE_M: Final = 300.0
NEWEST: Final = 6
"""Sightings of each track that are compared."""
EARTH_M: Final = 6_371_000.0

_Pair = tuple[Key, Key]


@dataclass(slots=True)
class _Track:
    key: Key
    first_ns: int
    sightings: list[TrackSighting] = field(default_factory=list)

    def until(self, at_ns: int) -> list[TrackSighting]:
        return self.sightings[: bisect_right(self.sightings, at_ns, key=lambda one: one.stamp_ns)]


class StoredHistories(Protocol):
    """The stored identities of tracks."""

    def history_of(self, key: Key) -> Sequence[tuple[int, str]]: ...
    def decision_of(self, key: Key) -> IdentityDecision | None: ...
    def founded_ns(self, national: str) -> int | None: ...
    def met(self, ended: str) -> str | None: ...


class Revising:
    """The tracks of all sectors, and which target each follows.

    Parameters
    ----------
    sectors : iterable of str
        Names of all sectors.
    known : mapping of (str, str) to sequence of (int, str), optional
        For each track when [UTC ns] it had which identity first, as far as that was decided before.
    read : mapping of str to int, optional
        The time [UTC ns] up to which the pictures of sectors were read before; up to the time that all have reached
        nothing is decided again.
    stored : StoredHistories, optional
        What was decided and stored of tracks that are not known.
    """

    def __init__(
        self,
        sectors: Iterable[str],
        known: Mapping[Key, Sequence[tuple[int, str]]] | None = None,
        *,
        read: Mapping[str, int] | None = None,
        stored: StoredHistories | None = None,
    ) -> None:
        self._stored = stored
        self._history: dict[Key, list[tuple[int, str]]] = {}
        self._asked: set[Key] = set()
        """Tracks whose history was needed since the last ``forget_stored``."""
        self._made: dict[Key, int] = {}
        self._founded: dict[str, int] = {}
        self._met_as: dict[str, str | None] = {}
        for key, each in (known or {}).items():
            for at_ns, national in each:
                self._enter(key, at_ns, national)
        self._read, self._until_ns = dict(read or {}), 0
        self._stamps = dict.fromkeys(sectors, 0)
        self._has_begun = False
        self._tracks: dict[Key, _Track] = {}
        self._next_ns = 0
        self._apart: dict[_Pair, int] = {}
        self._together: dict[_Pair, int] = {}

    def identity_of(self, key: Key, at_ns: int) -> str | None:
        """Return the identity of the target that a track followed at a time; None if that is not decided yet.

        Before the decision it is that of the decision, or, where the track from which it was taken followed another
        target by then, that of this one.
        """
        history = self._history_of(key)
        known = [national for since_ns, national in history if since_ns <= max(at_ns, history[0][0])]
        return known[-1] if known else None

    def identity_now(self, key: Key) -> str | None:
        """Return the identity of the target that a track follows now; None while that is not decided."""
        history = self._history_of(key)
        return history[-1][1] if history else None

    def target_of(self, key: Key, at_ns: int) -> str | None:
        """Return as ``identity_of`` does, and where that identity ended because its target has an earlier one, that."""
        national = self.identity_of(key, at_ns)
        passed = set[str]()
        while national is not None and (earlier := self._met_one(national)) is not None and earlier not in passed:
            passed.add(national)
            national = earlier
        return national

    def _met_one(self, national: str) -> str | None:
        if national not in self._met_as:
            self._met_as[national] = None if self._stored is None else self._stored.met(national)
        return self._met_as[national]

    def forget_stored(self) -> None:
        """Drop the history of tracks that no sensor updated lately, and that was not asked for since the last call.

        All that was decided must be stored.
        """
        kept = self._asked.union(self._tracks)
        self._history = {key: each for key, each in self._history.items() if key in kept}
        self._made = {key: at_ns for key, at_ns in self._made.items() if key in kept}
        named = {national for each in self._history.values() for _, national in each}
        self._founded = {national: at_ns for national, at_ns in self._founded.items() if national in named}
        self._asked, self._met_as = set(), {}

    def _history_of(self, key: Key) -> list[tuple[int, str]]:
        """Return when a track began to follow the target of which identity, in order; empty if it is not decided."""
        self._asked.add(key)
        if key not in self._history and self._stored is not None:
            for at_ns, national in self._stored.history_of(key):
                self._enter(key, at_ns, national)
        return self._history.get(key, [])

    def take(
        self, sector: str, stamp_ns: int, picture: Sequence[TrackInPicture], decisions: Iterable[IdentityDecision]
    ) -> list[IdentityChange]:
        """Take the next picture of a sector, and what was decided with it; return which tracks follow another target.

        Parameters
        ----------
        sector : str
            Its name.
        stamp_ns : int, UTC ns
            The sector's journal time.
        picture : sequence of TrackInPicture
            Its tracks.
        decisions : iterable of IdentityDecision
            Of any sector's tracks; each once.

        Returns
        -------
        list of IdentityChange
            In order of time.
        """
        if not self._has_begun:
            self._has_begun = True
            self._stamps = dict.fromkeys(self._stamps, stamp_ns - SECOND_NS)
            self._until_ns = reached(self._stamps | self._read) if self._read else 0
        self._stamps[sector] = stamp_ns
        changes = [change for one in decisions if (change := self._begun(one)) is not None]
        for entry in picture:
            if entry.status not in KNOWN or stamp_ns - entry.updated_ns > UPDATED_S * SECOND_NS:
                continue
            key = sector, entry.track
            one = self._tracks.setdefault(key, _Track(key, stamp_ns))
            if one.sightings and stamp_ns - one.sightings[-1].stamp_ns > MEMORY_NS:
                one.first_ns = stamp_ns  # as if it had been forgotten, whenever the other sectors are read
            if not one.sightings or entry.updated_ns > one.sightings[-1].time_ns:
                one.sightings.append(sighting_of(entry, stamp_ns, (stamp_ns - one.first_ns) / SECOND_NS))
        return changes + self._steps()

    def _begun(self, decision: IdentityDecision) -> IdentityChange | None:
        """Note a decision; what it took from a track is what that track follows at the time."""
        key = decision.sector, decision.track
        if self._history_of(key):
            return None
        self._enter(key, decision.at_ns, decision.national)
        self._made[key] = self._made_at(decision)
        now = None if decision.of is None else self.identity_of(decision.of, decision.at_ns)
        if now is None or now == decision.national:
            return None
        return self._change(key, decision.at_ns, now)

    def _made_ns(self, key: Key) -> int:
        """Return when [UTC ns] a decision about a track was made; 0 if that is not known."""
        if key not in self._made and self._stored is not None:
            decision = self._stored.decision_of(key)
            self._made[key] = 0 if decision is None else self._made_at(decision)
        return self._made.get(key, 0)

    def _made_at(self, decision: IdentityDecision) -> int:
        """Return when it was made: not before that about the track whose identity was taken, for which it waited."""
        return max(decision.at_ns, 0 if decision.of is None else self._made_ns(decision.of))

    def _enter(self, key: Key, at_ns: int, national: str) -> None:
        self._history.setdefault(key, []).append((at_ns, national))
        founded_ns = self._founded.get(national)
        if founded_ns is None and self._stored is not None:
            founded_ns = self._stored.founded_ns(national)
        self._founded[national] = at_ns if founded_ns is None else min(at_ns, founded_ns)

    def _change(self, key: Key, at_ns: int, national: str, ended: str | None = None) -> IdentityChange:
        self._enter(key, at_ns, national)
        if ended is not None and self._met_one(ended) is None:
            self._met_as[ended] = national
        self._end_streaks({key})
        return IdentityChange(*key, at_ns, national, ended)

    def _changed_at(self, key: Key, at_ns: int) -> bool:
        """Whether a track changed at a time that was examined before; what came with its decision ended no streak."""
        history = self._history[key]
        return history[0][0] < at_ns and any(since_ns == at_ns for since_ns, _ in history)

    def _end_streaks(self, changed: set[Key]) -> None:
        """Compare tracks that have just changed with the others from now on only."""
        for streaks in (self._apart, self._together):
            for pair in [pair for pair in streaks if not changed.isdisjoint(pair)]:
                del streaks[pair]

    def _steps(self) -> list[IdentityChange]:
        """Examine each time that all pictures have reached, except those of sectors that are absent."""
        reached_ns = reached(self._stamps)
        step_ns = round(STEP_S * SECOND_NS)
        if not self._next_ns or self._next_ns < reached_ns - ABSENT_S * SECOND_NS:
            self._next_ns = -(-reached_ns // step_ns) * step_ns
        changes: list[IdentityChange] = []
        while self._next_ns <= reached_ns:
            changes += self._examined(self._next_ns)
            self._next_ns += step_ns
        self._forget(reached_ns)
        return changes

    def _examined(self, at_ns: int) -> list[IdentityChange]:
        shown = self._updated(at_ns)
        of = {key: national for key in shown if (national := self._decided(key, at_ns)) is not None}
        apart, together = dict[_Pair, int](), dict[_Pair, int]()
        for pair in sorted({*_of_one_identity(of), *_close(sorted(of), shown)}):
            one, other = pair
            test = evidence_of(shown[one][-NEWEST:], shown[other][-NEWEST:])
            if of[one] == of[other]:
                if test is None or test.distance2 > PARTED:
                    apart[pair] = self._apart.get(pair, at_ns)
            elif test is not None and test.log_odds >= DECISIVE and test.distance2 <= PLAUSIBLE:
                together[pair] = self._together.get(pair, at_ns)
        self._apart, self._together = apart, together
        if at_ns <= self._until_ns:
            self._end_streaks({key for key in of if self._changed_at(key, at_ns)})
            return []
        changes = self._parted(at_ns, shown, of)
        return changes + self._met(at_ns, of, {(one.sector, one.track) for one in changes})

    def _decided(self, key: Key, at_ns: int) -> str | None:
        history = self._history_of(key)
        is_decided = bool(history) and max(history[0][0], self._made_ns(key)) <= at_ns
        return self.identity_of(key, at_ns) if is_decided else None

    def _updated(self, at_ns: int) -> dict[Key, list[TrackSighting]]:
        """Return the sightings of the tracks that a sensor updated lately."""
        found = {}
        for key, one in self._tracks.items():
            sightings = one.until(at_ns)
            if sightings and sightings[-1].time_ns > at_ns - UPDATED_S * SECOND_NS:
                found[key] = sightings
        return found

    def _parted(self, at_ns: int, shown: Mapping[Key, list[TrackSighting]], of: dict[Key, str]) -> list[IdentityChange]:
        """Let tracks leave identities whose tracks have parted, and give them those of the tracks beside them."""
        due = {pair for pair, since_ns in self._apart.items() if _is_due(since_ns, at_ns)}
        by_sectors: dict[frozenset[str], list[_Pair]] = defaultdict(list)
        for pair in sorted(self._apart) if due else ():
            by_sectors[frozenset(key[0] for key in pair)].append(pair)
        groups = [
            (sectors, group)
            for sectors in sorted(by_sectors, key=sorted)
            for group in _groups(by_sectors[sectors], shown)
            if not due.isdisjoint(group)
        ]
        changes = []
        for sectors, group in groups:
            widest = dict.fromkeys(sorted(sectors), 0.0)
            parted = [pair for pair in group if of[pair[0]] == of[pair[1]]]  # still, near a corner
            for pair in parted:
                for key in pair:
                    widest[key[0]] = max(widest[key[0]], _widest(shown[key], at_ns))
            loser = max(widest, key=lambda name: widest[name])
            leaving = sorted({key for pair in parted for key in pair if key[0] == loser})
            left = {key: of.pop(key) for key in leaving}
            for key, national in self._taken(at_ns, leaving, sectors - {loser}, shown, of).items():
                of[key] = national
                if national != left[key]:  # otherwise another track of its identity is where it is
                    changes.append(self._change(key, at_ns, national))
        return changes

    def _taken(
        self, at_ns: int, leaving: Sequence[Key], others: frozenset[str],
        shown: Mapping[Key, list[TrackSighting]], of: Mapping[Key, str],
    ) -> dict[Key, str]:  # fmt: skip
        """Return the identity of each track that leaves one: of a track beside it, one to one, or its own."""
        held = {national for key, national in of.items() if key[0] == leaving[0][0]} if leaving else set()
        beside = [key for key in sorted(of) if key[0] in others and of[key] not in held]
        gains = np.zeros((len(leaving), len(beside)))
        for row, key in enumerate(leaving):
            for column, other in enumerate(beside):
                test = evidence_of(shown[other][-NEWEST:], shown[key][-NEWEST:])
                if test is not None and test.together and test.distance2 <= PARTED:
                    gains[row, column] = max(test.log_odds, 0.0)
        found = {key: national_id(key[0], f"{key[1]} {at_ns}") for key in leaving}
        for row, column in zip(*linear_sum_assignment(gains, maximize=True), strict=True):
            if gains[row, column] > 0.0:
                found[leaving[row]] = of[beside[column]]
        return found

    def _met(self, at_ns: int, of: dict[Key, str], changed: set[Key]) -> list[IdentityChange]:
        """End the younger of two identities of one target, unless its sector has another track of the older one."""
        changes = []
        for pair, since_ns in sorted(self._together.items()):
            if at_ns - since_ns < TOGETHER_FOR_S * SECOND_NS or changed.intersection(pair):
                continue
            older, younger = sorted(pair, key=lambda key: (self._founded[of[key]], of[key]))
            if any(key[0] == younger[0] and of[key] == of[older] for key in of):
                continue
            left, of[younger] = of[younger], of[older]
            changed.add(younger)
            ended = None if left in of.values() else left  # a track of a third sector may still have it
            changes.append(self._change(younger, at_ns, of[older], ended))
        return changes

    def _forget(self, reached_ns: int) -> None:
        before_ns = reached_ns - MEMORY_NS
        for key, one in list(self._tracks.items()):
            if one.sightings[0].stamp_ns < before_ns:
                one.sightings = [sighting for sighting in one.sightings if sighting.stamp_ns >= before_ns]
            if not one.sightings:
                del self._tracks[key]


def reached(stamps: Mapping[str, int]) -> int:
    """Return the time that the pictures of all sectors have reached, except those of sectors that are absent."""
    newest_ns = max(stamps.values(), default=0)
    return min((one for one in stamps.values() if one >= newest_ns - ABSENT_S * SECOND_NS), default=0)


def _is_due(since_ns: int, at_ns: int) -> bool:
    return at_ns - since_ns >= APART_S * SECOND_NS


def _of_one_identity(of: Mapping[Key, str]) -> list[_Pair]:
    """Return the pairs of tracks of different sectors that have one identity."""
    tracks: dict[str, list[Key]] = defaultdict(list)
    for key in sorted(of):
        tracks[of[key]].append(key)
    return [pair for each in tracks.values() for pair in combinations(each, 2) if pair[0][0] != pair[1][0]]


def _close(keys: Sequence[Key], shown: Mapping[Key, Sequence[TrackSighting]]) -> list[_Pair]:
    """Return the pairs of tracks of different sectors within ``CLOSE_M``, in order."""
    if len(keys) < 2:
        return []
    lon, lat = np.radians([(shown[key][-1].lon, shown[key][-1].lat) for key in keys]).T
    places = EARTH_M * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    pairs = sorted(map(tuple, cKDTree(places).query_pairs(CLOSE_M, output_type="ndarray").tolist()))
    return [(keys[one], keys[other]) for one, other in pairs if keys[one][0] != keys[other][0]]


def _groups(pairs: Sequence[_Pair], shown: Mapping[Key, Sequence[TrackSighting]]) -> list[list[_Pair]]:
    """Group the pairs that have parted: those with a track in common, or with tracks that are at one place now."""
    group = {key: {key} for pair in pairs for key in pair}
    beside = [pair for pair in _close(sorted(group), shown) if _is_beside(shown[pair[0]], shown[pair[1]])]
    for one, other in (*pairs, *beside):
        if group[one] is not group[other]:
            whole = group[one] | group[other]
            group |= dict.fromkeys(whole, whole)
    found: dict[Key, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        found[min(group[pair[0]])].append(pair)
    return list(found.values())


def _is_beside(one: Sequence[TrackSighting], other: Sequence[TrackSighting]) -> bool:
    test = evidence_of(one[-NEWEST:], other[-NEWEST:])
    return test is not None and test.distance2 <= PARTED


def _widest(sightings: Sequence[TrackSighting], at_ns: int) -> float:
    """Return the deviation [m] with which a track knew at its worst, lately, where its next sighting would be."""
    since_ns = at_ns - LOOK_BACK_S * SECOND_NS
    recent = [one for one in sightings if one.time_ns >= since_ns]
    widest = 0.0
    for one, following in zip(recent, [one.time_ns for one in recent[1:]] + [at_ns], strict=True):
        transition, noise = moved(one, (following - one.time_ns) * 1e-9)
        cov = transition @ one.cov @ transition.T + noise
        widest = max(widest, math.sqrt(float(cov[0, 0] + cov[1, 1])))
    return widest
