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


def continuations(
    incidents: Mapping[str, Sequence[SectorIncident]], identity_of: Callable[[Key, int], str | None]
) -> list[Continued]:
    """Return each incident that has a target of an earlier one of another sector, with the latest of those.

    Parameters
    ----------
    incidents : mapping of str to sequence of SectorIncident
        By sector.
    identity_of : callable
        National identity of the target that a track, by sector and name, followed at a time [UTC ns]: that at which
        the incident was opened, because a track may follow another target later. Two targets that turned out to be
        one have one identity, so the incident of the one continues that of the other.

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
            for national in _identities_of(sector, one, identity_of):
                of_target.setdefault(national, []).append((one.opened_at, sector, one.id))
    found: dict[Key, tuple[tuple[datetime, str, str], str]] = {}
    for national, places in sorted(of_target.items()):
        places.sort()
        for number, (_, sector, identity) in enumerate(places):
            earlier = [place for place in places[:number] if place[1] != sector]
            known = found.get((sector, identity))
            if earlier and (known is None or known[0] < earlier[-1]):
                found[sector, identity] = earlier[-1], national
    return [Continued(*key, before[1], before[2], national) for key, (before, national) in sorted(found.items())]


def _identities_of(sector: str, one: SectorIncident, identity_of: Callable[[Key, int], str | None]) -> list[str]:
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
        attention again in the next one, unless its priority is higher there.
    """
    known = {(sector, one.id): one for sector, each in incidents.items() for one in each}
    before = {(one.sector, one.incident): (one.before_sector, one.before_incident) for one in continued}
    events: dict[Key, list[Key]] = {}
    for key in known:
        events.setdefault(_first(key, before), []).append(key)
    found = []
    for keys in events.values():
        keys.sort(key=lambda key: (known[key].opened_at, key))
        if any(known[key].state != "closed" for key in keys):
            found.append(_entry(keys, known))
    return sorted(found, key=_place)


def _first(key: Key, before: Mapping[Key, Key]) -> Key:
    while key in before:  # each was opened before the one that names it, so there is no circle
        key = before[key]
    return key


def _entry(keys: Sequence[Key], known: Mapping[Key, SectorIncident]) -> NationalIncident:
    here = [key for key in keys if known[key].state != "closed"]
    priority = min((known[key].priority for key in here), key=PRIORITIES.index)
    assessed = [PRIORITIES.index(known[key].priority) for key in keys if _is_assessed(known[key])]
    waiting = [PRIORITIES.index(known[key].priority) for key in here if known[key].attention]
    attention = bool(waiting) and (not assessed or min(waiting) < min(assessed))
    return NationalIncident(priority, attention, known[keys[0]].opened_at, here[-1], tuple(keys))


def _is_assessed(one: SectorIncident) -> bool:
    """Return whether a person has acknowledged an incident; one that the system closed was seen by no one."""
    return not one.attention and one.closed_by != "system"


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
