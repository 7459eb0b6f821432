"""The national picture of a cluster, read every two seconds, and what each person receives of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from ops.accounts.person import Person
from ops.accounts.rights import has
from ops.cluster.identity.decision import Key
from ops.cluster.identity.incidents import EventJoins, SectorIncident, national_list
from ops.cluster.identity.nation_store import Continued, NationError, NationReader
from ops.cluster.leases.lease_book import Lease, LeaseError
from ops.cluster.leases.open_leases import known_leases
from ops.cluster.page.sector_watch import (
    SectorWatch,
    hidden_row,
    received_incidents,
    rfc3339_of,
    row_of,
    unrecorded_row,
)
from ops.incidents.queue import place_in_queue
from ops.postgres.address import PostgresError
from ops.releasability.settings import ReleasabilitySettings
from ops.store.connections import StoreError
from ops.store.rows import to_json
from sensors.timestamps import SECOND_NS, utc_datetime

log = logging.getLogger(__name__)

MOST_SHOWN: Final = 300
"""Events of the national list that a page receives: the most urgent."""


FRESH_NS: Final = 2 * SECOND_NS
"""What an audience receives is made again when it is older, also without a new look: pictures age by themselves."""


class Audience(NamedTuple):
    """People who receive the same: the sectors whose picture they may see, their limit of markings, and those of the
    sectors whose audit log has no entry of this reading, of which they receive nothing."""

    sectors: frozenset[str]
    limit: str
    unrecorded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReceivedPicture:
    """What an audience receives: the JSON of each sector's row, and of each event by its key, the most urgent first.

    ``continued``: the incidents that it receives and that continue others which it receives, too.
    """

    rows: Mapping[str, bytes] = field(default_factory=dict)
    incidents: Mapping[Key, bytes] = field(default_factory=dict)
    continued: Mapping[Key, Continued] = field(default_factory=dict)

    def body(self, at: str, before: ReceivedPicture | None = None) -> bytes | None:
        """Return what differs from ``before`` as JSON: rows, events, and keys of events that are ``gone``.

        All of it without ``before``; None if nothing differs.
        """
        known = before or ReceivedPicture()
        rows = [row for name, row in self.rows.items() if known.rows.get(name) != row]
        incidents = [body for key, body in self.incidents.items() if known.incidents.get(key) != body]
        gone = to_json([list(key) for key in known.incidents if key not in self.incidents], where="gone")
        if before is not None and not rows and not incidents and gone == b"[]":
            return None
        parts = (at.encode(), b",".join(rows), b",".join(incidents), gone)
        return b'{"at":"%s","sectors":[%s],"incidents":[%s],"gone":%s}' % parts


class ContinuedWatch:
    """Which of the incidents that are known continue which; ``look`` by one thread at a time, ``of`` by any.

    A sector is read again when its incidents, or the mark of the file, are others; of the file no more is read than
    concerns these incidents, however many there were before.
    """

    def __init__(self) -> None:
        self._mark: int | None = None
        self._read: dict[str, tuple[SectorIncident, ...]] = {}
        self._found: dict[str, list[Continued]] = {}

    def look(self, nation: NationReader, incidents: Mapping[str, tuple[SectorIncident, ...]]) -> None:
        """Read what has changed for the ``incidents`` of the sectors. NationError if that is not possible."""
        mark = nation.events_mark()
        is_same = mark is not None and mark == self._mark
        found: dict[str, list[Continued]] = {}
        for name, each in incidents.items():
            if is_same and self._read.get(name) is each:
                found[name] = self._found[name]
            else:
                found[name] = nation.continued_of(name, [one.id for one in each])
        self._mark, self._read, self._found = mark, dict(incidents), found

    def of(self, known: Mapping[Key, SectorIncident]) -> dict[Key, Continued]:
        """Return those incidents of ``known`` that continue others of ``known``, by sector and id."""
        return {
            (one.sector, one.incident): one
            for each in self._found.values()
            for one in each
            if (one.sector, one.incident) in known and (one.before_sector, one.before_incident) in known
        }


class PictureWatch:
    """Reads the sectors of a cluster's data folder; ``look`` by one thread at a time, the rest by any.

    Parameters
    ----------
    folder : path
        Data folder of the cluster.
    sectors : sequence of str
        Their names, in the order of the nation file.
    settings : ReleasabilitySettings
        Markings and limits, of all sectors.
    now_ns : callable
        UTC nanoseconds since 1970.
    """

    def __init__(
        self, folder: Path, sectors: Sequence[str], settings: ReleasabilitySettings, *, now_ns: Callable[[], int]
    ) -> None:
        self.folder, self._now_ns = folder, now_ns
        self.watches = {name: SectorWatch(name, folder / name, settings) for name in sectors}
        self._continued = ContinuedWatch()
        self._lock = threading.Lock()
        self._received: dict[Audience, tuple[int, ReceivedPicture]] = {}

    def look(self) -> None:
        """Read what has changed in the sectors, their leases, and which incident continues which."""
        leases = self._leases()
        for name, watch in self.watches.items():
            watch.look(leases.get(name), self._now_ns())
        with suppress(NationError), NationReader(self.folder) as nation:  # of this thread alone
            self._continued.look(nation, {name: watch.now.incidents for name, watch in self.watches.items()})
        with self._lock:
            self._received.clear()

    def _leases(self) -> dict[str, Lease]:
        try:
            book = known_leases(self.folder)
            if book is None:
                return {}
            with book:
                return {lease.sector: lease for lease in book.leases()}
        except (LeaseError, PostgresError) as error:
            log.warning("%s", error)
            return {}

    def audience_of(self, person: Person, unrecorded: frozenset[str] = frozenset()) -> Audience:
        """The audience of a person: she sees the sectors in which her role has the right ``picture``."""
        seen = frozenset(name for name in self.watches if has(person, "picture", name))
        return Audience(seen, person.releasability, seen & unrecorded)

    def received(self, audience: Audience) -> ReceivedPicture:
        """Return what an audience receives of the last look, with the states of the sectors as of now."""
        with self._lock:
            made_ns, found = self._received.get(audience, (0, ReceivedPicture()))
            now_ns = self._now_ns()
            if not 0 <= now_ns - made_ns <= FRESH_NS:
                found = self._make(audience, now_ns)
                self._received[audience] = now_ns, found
            return found

    def _make(self, audience: Audience, now_ns: int) -> ReceivedPicture:
        rows: dict[str, bytes] = {}
        incidents: dict[str, list[SectorIncident]] = {}
        for name, watch in self.watches.items():
            if name not in audience.sectors:
                rows[name] = to_json(hidden_row(name), where=name)
                continue
            view, now = watch.release.view_of(audience.limit), watch.now
            if name in audience.unrecorded:
                rows[name] = to_json(unrecorded_row(name, now), where=name)
                continue
            if now.readable:
                with suppress(StoreError):  # the markings were read after the records that are here
                    view.refresh()
            incidents[name] = received_incidents(now, view)
            rows[name] = to_json(row_of(name, now, incidents[name], view, now_ns), where=name)
        known = {(sector, one.id): one for sector, each in incidents.items() for one in each}
        continued = self._continued.of(known)
        return ReceivedPicture(rows, self._events(incidents, known, continued), continued)

    def _events(
        self,
        incidents: Mapping[str, Sequence[SectorIncident]],
        known: Mapping[Key, SectorIncident],
        continued: Mapping[Key, Continued],
    ) -> dict[Key, bytes]:
        joins = EventJoins(continued.values())
        found: dict[Key, bytes] = {}
        for event in national_list(incidents, continued.values())[:MOST_SHOWN]:
            one = known[event.current]
            place = place_in_queue(
                state="open", attention=event.attention, priority=event.priority, expected_at=None,
                opened_at=event.opened_at, identity="",
            )  # fmt: skip
            before = event.incidents[: event.incidents.index(event.current)]
            entry: dict[str, Any] = {
                "sector": event.current[0], "incident": event.current[1], "name": one.name, "kind": one.kind,
                "priority": event.priority, "attention": event.attention, "state": one.state,
                "opened_at": rfc3339_of(event.opened_at),
                "before": [{"sector": s, "incident": i, "name": known[s, i].name} for s, i in before],
                "joins": [_stated(one, known) for one in joins.of(event)],
                "place": [int(place.acknowledged), place.rank, place.opened_s],
            }  # fmt: skip
            found[event.current] = to_json(entry, where="incident")
        return found

    def close(self) -> None:
        """Close all files."""
        for watch in self.watches.values():
            watch.close()


def _stated(one: Continued, known: Mapping[Key, SectorIncident]) -> dict[str, Any]:
    key, before = (one.sector, one.incident), (one.before_sector, one.before_incident)
    return {
        "sector": key[0], "incident": key[1], "name": known[key].name,
        "before_sector": before[0], "before_incident": before[1], "before_name": known[before].name,
        "separated_by": one.separated_by or None,
        "separated_at": rfc3339_of(utc_datetime(one.separated_ns)) if one.separated_by else None,
    }  # fmt: skip
