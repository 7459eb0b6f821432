"""Incidents across the edges of sectors: which one continues which, and the list of them all by priority."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ops.cluster.identity.decision import Key
from ops.cluster.identity.nation_store import Continued
from ops.incidents.incident import PRIORITIES
from ops.incidents.queue import QueuePlace, place_in_queue
from ops.store.rows import time_ns

MOST: Final = 300
"""Incidents of a sector that are looked at: all that are not closed and, up to this number, the latest others."""


class TrackOfIncident(msgspec.Struct, frozen=True):
    """A track of an incident."""

    track: str


class SectorIncident(msgspec.Struct, frozen=True):
    """The fields of an incident of a sector that are read (``ops.incidents.incident``)."""

    id: str
    name: str
    kind: str
    state: str
    priority: str
    opened_at: datetime
    attention: bool = False
    closed_by: str = ""
    merged_into: str = ""
    tracks: tuple[TrackOfIncident, ...] = ()


_Link = tuple[Key, Key]

IdentityOf = Callable[[Key, int], str | None]
"""National identity of the target that a track, by sector and name, followed at a time [UTC ns]."""


def continuations(
    incidents: Mapping[str, Sequence[SectorIncident]], identity_of: IdentityOf, target_of: IdentityOf | None = None
) -> list[Continued]:
    """Return each incident that has a target of an earlier one of another sector, with the latest of those.

    Parameters
    ----------
    incidents : mapping of str to sequence of SectorIncident
        By sector.
    identity_of : callable
        As it was decided. The time is that at which the incident was opened, because a track may follow another
        target later.
    target_of : callable, optional
        The same as it is known now: two targets that turned out to be one have one identity, so the incident of the
        one continues that of the other. By default ``identity_of``.

    Returns
    -------
    list of Continued
        In order of sector and id. An incident that names another was opened after it.
    """
    of_target: dict[str, list[tuple[datetime, str, str]]] = {}
    for sector, each in incidents.items():
        for one in each:
            if one.merged_into:
                continue
            for national in _identities_of(sector, one, target_of or identity_of):
                of_target.setdefault(national, []).append((one.opened_at, sector, one.id))
    found: dict[Key, tuple[tuple[datetime, str, str], str]] = {}
    for national, places in sorted(of_target.items()):
        places.sort()
        for number, (_, sector, identity) in enumerate(places):
            earlier = [place for place in places[:number] if place[1] != sector]
            latest = found.get((sector, identity))
            if earlier and (latest is None or latest[0] < earlier[-1]):
                found[sector, identity] = earlier[-1], national
    known = {(sector, one.id): one for sector, each in incidents.items() for one in each}

    def was_apart(*keys: Key) -> bool:
        one, other = (_identities_of(key[0], known[key], identity_of) for key in keys)
        return set(one).isdisjoint(other)

    return [
        Continued(*key, *before[1:], national, apart=target_of is not None and was_apart(key, before[1:]))
        for key, (before, national) in sorted(found.items())
    ]


def _identities_of(sector: str, one: SectorIncident, identity_of: IdentityOf) -> list[str]:
    opened_ns = time_ns(one.opened_at, where="opened_at")
    found = {identity_of((sector, each.track), opened_ns) for each in one.tracks}
    return sorted(national for national in found if national is not None)


class NationalIncident(msgspec.Struct, frozen=True):
    """One entry of the national list: the incidents of one event in the sectors through which it went.

    ``incidents`` are (sector, id) in the order in which they were opened; ``current`` is the latest that is not closed.
    ``attention``: whether it waits for an acknowledgement by someone.
    """

    priority: str
    attention: bool
    opened_at: datetime
    current: Key
    incidents: tuple[Key, ...]


def national_list(
    incidents: Mapping[str, Sequence[SectorIncident]], continued: Iterable[Continued]
) -> list[NationalIncident]:
    """Return the incidents of all sectors that are not closed, what is most urgent first; one entry for each event.

    Parameters
    ----------
    incidents : mapping of str to sequence of SectorIncident
        By sector.
    continued : iterable of Continued
        Which incident continues which.

    Returns
    -------
    list of NationalIncident
        In the order of a sector's own queue. An event that someone acknowledged, in whichever sector, does not ask for
        attention again in the next one, unless its priority is higher there. Incidents that were opened as those of
        two targets are one event when none of them asks for attention any more, because each may have been of a target
        of its own. One that was merged into another is of the event of that one. Two incidents that a person has
        separated are never of one event, however others join them: of what would, that which was opened last is left
        out.
    """
    known = {(sector, one.id): one for sector, each in incidents.items() for one in each}
    merged = [(key, (key[0], one.merged_into)) for key, one in known.items()]
    links: dict[bool, list[_Link]] = {False: [link for link in merged if link[1] in known], True: []}
    separated: list[_Link] = []
    for one in sorted(continued, key=lambda one: _opened(known.get((one.sector, one.incident)), one)):
        link = (one.sector, one.incident), (one.before_sector, one.before_incident)
        (separated if one.separated_by else links[one.apart]).append(link)
    events = _joined(known, links[False], separated)
    asking = {key for keys in events if _asks_for_attention([known[key] for key in keys]) for key in keys}
    of_one_target = [link for link in links[True] if asking.isdisjoint(link)]
    found = []
    for keys in _joined(known, [*links[False], *of_one_target], separated):
        keys.sort(key=lambda key: (known[key].opened_at, key))
        here = [key for key in keys if known[key].state != "closed"]
        if here:
            priority = min((known[key].priority for key in here), key=PRIORITIES.index)
            found.append(NationalIncident(priority, keys[0] in asking, known[keys[0]].opened_at, here[-1], tuple(keys)))
    return sorted(found, key=_place)


class EventJoins:
    """The joins among ``continued``, by event: those within it, and those of it that people separated."""

    def __init__(self, continued: Iterable[Continued]) -> None:
        self._of: dict[Key, list[Continued]] = {}
        for one in continued:
            for key in ((one.sector, one.incident), (one.before_sector, one.before_incident)):
                self._of.setdefault(key, []).append(one)

    def of(self, event: NationalIncident) -> list[Continued]:
        """Return those of an event, in order of sector and id: with both incidents in it, or separated with one."""
        found = {one for key in event.incidents for one in self._of.get(key, ())}
        return sorted(one for one in found if one.separated_by or self._joins(one, event))

    @staticmethod
    def _joins(one: Continued, event: NationalIncident) -> bool:
        return {(one.sector, one.incident), (one.before_sector, one.before_incident)} <= set(event.incidents)


def _opened(incident: SectorIncident | None, one: Continued) -> tuple[bool, datetime | None, Key]:
    """Sort key of what an incident continues, by when it was opened; what is not known comes first."""
    return incident is not None, None if incident is None else incident.opened_at, (one.sector, one.incident)


def _joined(keys: Iterable[Key], links: Iterable[_Link], separated: Iterable[_Link]) -> list[list[Key]]:
    """Return the keys that are joined by links, also through keys that are not among them.

    A link is left out if it would join two keys that are separated.
    """
    above: dict[Key, Key] = {}
    barred: dict[Key, list[Key]] = {}
    for one, other in separated:
        barred.setdefault(one, []).append(other)
        barred.setdefault(other, []).append(one)

    def top(key: Key) -> Key:
        while key in above:
            key = above[key]
        return key

    for one, other in links:
        first, second = top(one), top(other)
        if first != second and all(top(key) != second for key in barred.get(first, ())):
            above[first] = second
            if first in barred:
                barred.setdefault(second, []).extend(barred.pop(first))
    found: dict[Key, list[Key]] = {}
    for key in keys:
        found.setdefault(top(key), []).append(key)
    return list(found.values())


def _asks_for_attention(event: Sequence[SectorIncident]) -> bool:
    assessed = [PRIORITIES.index(one.priority) for one in event if _is_assessed(one)]
    waiting = [PRIORITIES.index(one.priority) for one in event if one.attention and one.state != "closed"]
    return bool(waiting) and (not assessed or min(waiting) < min(assessed))


def _is_assessed(one: SectorIncident) -> bool:
    """Return whether a person has acknowledged an incident.

    One that the system closed was seen by no one; one that was merged into another is acknowledged with that one.
    """
    return not one.attention and one.closed_by != "system" and not one.merged_into


def _place(one: NationalIncident) -> QueuePlace:
    return place_in_queue(
        state="open",
        attention=one.attention,
        priority=one.priority,
        expected_at=None,
        opened_at=one.opened_at,
        identity=" ".join(one.current),
    )


def sector_incidents(rows: Iterable[Any]) -> list[SectorIncident]:
    """Return the incidents of rows of a sector's store (``ops.store.incidents.IncidentRow``)."""
    return [msgspec.json.decode(row.body, type=SectorIncident) for row in rows]
