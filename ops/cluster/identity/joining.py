"""Gives each track of each sector its national identity: its own, or that of the same target in the next sector.

A track that is confirmed outside every overlap area, or far from every older track of its neighbours, founds its own
identity at once. Another one waits ``DELAY_S``, or longer while the evidence is not decisive, and takes that of an
older track of a neighbour if both are one target. Its neighbours are all sectors in whose overlap area it began:
two near a corner of three sectors. Each track is decided once, and a decision is never changed. The decisions depend
only on the pictures of the sectors, in their own time, not on when they were read: unless one sector is more than
``ABSENT_S`` behind the other, when its neighbour decides without it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from ops.cluster.identity.decision import IdentityDecision, Key, national_id
from ops.cluster.identity.likelihood import COAST_S, SameTarget, evidence_of
from ops.cluster.identity.sighting import KNOWN, SensorReach, TrackInPicture, TrackSighting, neighbours_of, sighting_of

SECOND_NS: Final = 10**9
MARGIN_M: Final = 500.0
"""Width of the overlap area beyond the reach of the neighbour's sensors: what a walker covers in six minutes, or a
vehicle at 15 m/s in half a minute, between the last detection of one sector and the first of the other."""
DELAY_S: Final = 10.0
"""Time from the confirmation of a track to the first decision: three updates by a sensor with a period of 3 s."""
STEP_S: Final = 2.0
LONGEST_S: Final = 30.0
"""Time after which the more probable hypothesis is taken, however little it is the more probable one."""
ABSENT_S: Final = 120.0
"""A sector whose picture is further behind its neighbour's than this is not waited for."""
DECISIVE: Final = math.log(99.0)
"""Log odds of a decision before ``LONGEST_S``: it is wrong once in a hundred times, as far as the model holds."""
HOPELESS: Final = -150.0
"""Log odds of all older tracks of the neighbours at which a track is not compared with them: just after it was
confirmed its velocity may deviate by ten times what is assumed."""
PLAUSIBLE: Final = 9.49
"""Squared distance above which a track does not join another before ``LONGEST_S``: one true pair in 20 has more."""
LEAST_TOGETHER: Final = 3
"""Pairs of sightings below which a track does not join another before ``LONGEST_S``; one that ended has none."""
HELD_S: Final = 10.0
"""An identity has a track in a sector for so long after that track's last update, and takes no other there."""
MEMORY_S: Final = COAST_S + ABSENT_S + 2.0 * LONGEST_S
"""Pictures of this long before a restart are read again."""


class _Wait(Enum):
    """Why a track is not decided: an older one must be first, or the evidence is not decisive yet."""

    FOR_OLDER = 1
    FOR_EVIDENCE = 2


@dataclass(slots=True)
class _Track:
    key: Key
    first_ns: int
    near: tuple[str, ...]
    national: str | None
    next_ns: int
    stored: IdentityDecision | None = None
    """What was decided at ``next_ns`` before a restart, until the pictures have reached that time again."""
    sightings: list[TrackSighting] = field(default_factory=list)

    @property
    def age(self) -> tuple[int, Key]:
        return self.first_ns, self.key

    def until(self, at_ns: int) -> list[TrackSighting]:
        return self.sightings[: bisect_right(self.sightings, at_ns, key=lambda one: one.stamp_ns)]


class Joining:
    """The tracks of all sectors as far as they matter for identities.

    Parameters
    ----------
    reaches : mapping of str to SensorReach
        How far the sensors of each sector reach.
    stored : callable, optional
        Returns the decision that was made and stored before, by sector and track, or None. It holds from its time on:
        what is decided of other tracks for earlier times after a restart does not depend on it.
    """

    def __init__(
        self,
        reaches: Mapping[str, SensorReach],
        *,
        stored: Callable[[Key], IdentityDecision | None] = lambda _: None,
    ) -> None:
        self._reaches = reaches
        self._known, self._stored = dict[Key, str](), stored
        self._tracks: dict[str, dict[str, _Track]] = {sector: {} for sector in reaches}
        self._waiting: dict[Key, _Track] = {}
        self._stamps: dict[str, int] = {}
        self._tests: dict[tuple[Key, Key, int], SameTarget | None] = {}

    @property
    def identities(self) -> Mapping[Key, str]:
        """The identity of each track that is decided, by sector and track."""
        return self._known

    @property
    def undecided(self) -> list[Key]:
        """Return the tracks that wait for a decision, in order."""
        return sorted(key for key, one in self._waiting.items() if one.stored is None)

    def take(self, sector: str, stamp_ns: int, picture: Sequence[TrackInPicture]) -> list[IdentityDecision]:
        """Take the next picture of a sector, and return the decisions that are now possible, in order.

        Parameters
        ----------
        sector : str
            Its name. Pictures of one sector come in order; those of different sectors about so.
        stamp_ns : int, UTC ns
            The sector's journal time.
        picture : sequence of TrackInPicture
            Its tracks.

        Returns
        -------
        list of IdentityDecision
            Each track is decided once.
        """
        self._stamps[sector] = stamp_ns
        tracks, decisions = self._tracks[sector], list[IdentityDecision]()
        for entry in picture:
            if entry.status not in KNOWN:
                continue
            one = tracks.get(entry.track)
            if one is None:
                one = tracks[entry.track] = self._begun(sector, entry, stamp_ns)
                if one.national is None and not one.near:
                    decisions.append(self._founds(one, stamp_ns))
                elif one.national is None:
                    self._waiting[one.key] = one
            if not one.sightings or entry.updated_ns > one.sightings[-1].time_ns:
                one.sightings.append(sighting_of(entry, stamp_ns, (stamp_ns - one.first_ns) / SECOND_NS))
        decisions += self._decide()
        self._forget(sector, stamp_ns)
        return decisions

    def _begun(self, sector: str, entry: TrackInPicture, stamp_ns: int) -> _Track:
        key = sector, entry.track
        near = neighbours_of(self._reaches, sector, entry.lon, entry.lat, MARGIN_M)
        known = self._known.get(key)
        stored = self._stored(key) if known is None else None
        if stored is None:
            return _Track(key, stamp_ns, near, known, stamp_ns)
        if not near or stored.at_ns < stamp_ns:
            self._known[key] = stored.national
            return _Track(key, stamp_ns, near, stored.national, stamp_ns)
        return _Track(key, stamp_ns, near, None, stored.at_ns, stored)

    def _decide(self) -> list[IdentityDecision]:
        decisions: list[IdentityDecision] = []
        self._tests.clear()
        progress = True
        while progress:
            progress = False
            for one in sorted(self._waiting.values(), key=lambda one: (one.next_ns, one.age)):
                if not self._has_pictures(one):
                    continue
                judged = self._judged(one, one.next_ns) if one.stored is None else self._repeated(one, one.stored)
                if judged is not _Wait.FOR_OLDER:
                    decisions += [judged] if isinstance(judged, IdentityDecision) else []
                    progress = True
                    break
        return decisions

    def _has_pictures(self, one: _Track) -> bool:
        """Return whether all sectors' pictures reach the next test, or the neighbours' are not to be waited for."""
        own, others = self._stamps[one.key[0]], min(self._stamps.get(near, 0) for near in one.near)
        return own >= one.next_ns and (others >= one.next_ns or own >= one.next_ns + ABSENT_S * SECOND_NS)

    def _judged(self, one: _Track, at_ns: int) -> IdentityDecision | _Wait:
        """Decide about a track by what both sectors showed until ``at_ns``."""
        others = self._candidates(one, at_ns)
        tests = [self._test(one, other, at_ns) for other in others]
        if all(test is None or test.log_odds <= HOPELESS for test in tests):
            return self._founds(one, at_ns)
        if at_ns < (due_ns := one.first_ns + round(DELAY_S * SECOND_NS)):
            one.next_ns = due_ns
            return _Wait.FOR_EVIDENCE
        best = self._assigned(one, others, tests, at_ns)
        last = at_ns >= one.first_ns + LONGEST_S * SECOND_NS
        if best is not None:
            other, test = others[best], tests[best]
            assert test is not None
            if other.national is None:
                return _Wait.FOR_OLDER
            if last or _is_decisive(test):
                decision = IdentityDecision(*one.key, other.national, at_ns, other.key, round(test.log_odds, 3))
                return self._decided(one, decision)
        if last or all(test is None or test.log_odds <= -DECISIVE for test in tests):
            return self._founds(one, at_ns)
        one.next_ns = at_ns + round(STEP_S * SECOND_NS)
        return _Wait.FOR_EVIDENCE

    def _repeated(self, one: _Track, stored: IdentityDecision) -> _Wait | None:
        """Take up a stored decision; like the first time, after the one about the track whose identity was taken."""
        older = None if stored.of is None else self._tracks.get(stored.of[0], {}).get(stored.of[1])
        if older is not None and older.national is None:
            return _Wait.FOR_OLDER
        one.stored = None
        self._decided(one, stored)
        return None

    def _candidates(self, one: _Track, at_ns: int) -> list[_Track]:
        """Return the older tracks of the neighbours whose identity has no other track in the sector of this one."""
        held = {
            other.national
            for other in self._tracks[one.key[0]].values()
            if other is not one and other.national is not None and _is_updated(other, at_ns)
        }
        return [
            other
            for near in one.near
            for other in self._tracks[near].values()
            if other.age < one.age and (other.national is None or other.national not in held)
        ]

    def _assigned(
        self, one: _Track, others: Sequence[_Track], tests: Sequence[SameTarget | None], at_ns: int
    ) -> int | None:
        """Return which candidate is a track's where those that are undecided beside it share them one to one.

        The sum of the log odds is greatest; a pair with negative ones is not formed.
        """
        if not any(_gain(test) for test in tests):
            return None
        near = {other.key[0] for other in others}
        beside = [
            [self._test(other, candidate, at_ns) for candidate in others]
            for other in self._waiting.values()
            if other is not one and other.key[0] == one.key[0] and near.intersection(other.near)
            if other.first_ns <= at_ns
        ]
        gains = np.array([[_gain(test) for test in row] for row in [tests, *beside]])
        rows, columns = linear_sum_assignment(gains, maximize=True)
        mine = columns[rows == 0]
        return int(mine[0]) if len(mine) and gains[0, mine[0]] > 0.0 else None

    def _test(self, one: _Track, other: _Track, at_ns: int) -> SameTarget | None:
        """Compare a track with an older one by what was known at ``at_ns``, once for all that ask until the next
        picture."""
        if other.key[0] not in one.near or other.age >= one.age:
            return None
        asked = one.key, other.key, at_ns
        if asked not in self._tests:
            self._tests[asked] = evidence_of(other.until(at_ns), one.until(at_ns))
        return self._tests[asked]

    def _founds(self, one: _Track, at_ns: int) -> IdentityDecision:
        return self._decided(one, IdentityDecision(*one.key, national_id(*one.key), at_ns))

    def _decided(self, one: _Track, decision: IdentityDecision) -> IdentityDecision:
        one.national = self._known[one.key] = decision.national
        self._waiting.pop(one.key, None)
        return decision

    def forget_stored(self) -> None:
        """Drop the identities of tracks that no picture showed lately. All that was decided must be stored."""
        self._known = {key: one for key, one in self._known.items() if key[1] in self._tracks[key[0]]}

    def _forget(self, sector: str, stamp_ns: int) -> None:
        """Drop sightings that no comparison needs any more, and tracks that have none left."""
        before_ns = stamp_ns - round(MEMORY_S * SECOND_NS)
        tracks = self._tracks[sector]
        for name, one in list(tracks.items()):
            if one.sightings and one.sightings[0].stamp_ns < before_ns:
                one.sightings = [sighting for sighting in one.sightings if sighting.stamp_ns >= before_ns]
            if not one.sightings and one.national is not None:
                del tracks[name]


def _is_decisive(test: SameTarget) -> bool:
    long_enough = test.is_continuation or test.together >= LEAST_TOGETHER
    return long_enough and test.log_odds >= DECISIVE and test.distance2 <= PLAUSIBLE


def _gain(test: SameTarget | None) -> float:
    return 0.0 if test is None else max(test.log_odds, 0.0)


def _is_updated(one: _Track, at_ns: int) -> bool:
    """Return whether a sensor updated a track lately."""
    sightings = one.until(at_ns)
    return bool(sightings) and sightings[-1].stamp_ns > at_ns - HELD_S * SECOND_NS
