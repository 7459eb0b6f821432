"""Reads moments: the picture as it was known then, what is known of that time now, and records through time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from math import isnan
from pathlib import Path
from typing import Any, Final

from ops.audit.day_keys import DayKeyError, KeyKind, day_at
from ops.store.connections import ReadConnections, StoreError, streamed
from ops.store.encryption import opened_estimate
from ops.store.moments import EVERY_NS, WHOLE_EVERY_NS, Entries, applied, moment_name, unpacked
from ops.store.reader import Reader

CLOSED_SHOWN_NS: Final = 3600 * 10**9
"""Alerts and incidents that were closed are in a moment for so long after their last revision."""
ESTIMATE_HOLDS_NS: Final = 15 * 10**9
"""A track without a newer estimate is not in the picture as known now; in the field of a sensor it has one per scan."""
CLOSED: Final = "closed"
"""Status of the last estimate of a track (``fusion.filter.track_bank.STATUS``; a test compares them)."""
_ESTIMATE: Final = (
    "track, time_ns, easting, northing, easting_rate, northing_rate, cov, existence, status, segment, offset_m"
)
_DAY: Final = timedelta(days=1)
_FIRST: Final = "SELECT stamp_ns, length(body) FROM moments WHERE stamp_ns > ? ORDER BY stamp_ns LIMIT 1"


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of an alert or incident as JSON; ``body`` None: it is erased."""

    n: int
    kind: str
    identity: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Moment:
    """The picture as known at ``stamp_ns`` [UTC ns]: entries as JSON by part, and alerts and incidents as known then.

    ``erased``: the kinds of records of that day that are erased; their parts are missing.
    """

    stamp_ns: int
    cursor: int
    outbox: int
    parts: dict[str, list[bytes]]
    revisions: list[Revision]
    erased: frozenset[KeyKind]


@dataclass(frozen=True, slots=True)
class KeptDay:
    """The record of a day (UTC): times of its first and last moment, and when each erased kind was erased.

    The time of an erasure is None where it is not known.
    """

    day: date
    first_ns: int
    last_ns: int
    erased: dict[KeyKind, datetime | None]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Where a track was, as known now; ``None`` numbers are not known."""

    track: str
    time_ns: int
    easting: float
    northing: float
    status: str
    existence: float | None


class MomentReader(Reader):
    """Reads moments. A store of the version before has none."""

    def __init__(self, store: Path | ReadConnections) -> None:
        super().__init__(store)
        self._has_moments = False

    def days(self) -> list[KeptDay]:
        """Return the days with moments, oldest first, erased ones included."""
        if not self._there():
            return []
        found, after = [], -1
        while rows := self._rows(_FIRST, after):
            first_ns, size = rows[0]
            day = day_at(first_ns)
            after = _start_ns(day + _DAY) - 1
            last_ns = self._rows("SELECT max(stamp_ns) FROM moments WHERE stamp_ns <= ?", after)[0][0]
            found.append(KeptDay(day, first_ns, last_ns, self._erased(day, has_content=size > 0)))
        return found

    def moment(self, at_ns: int) -> Moment | None:
        """Return the newest moment up to ``at_ns``; None before the first."""
        if not self._there():
            return None
        with self._snapshot():
            found = self._rows(
                "SELECT stamp_ns, base_ns, cursor, outbox FROM moments WHERE stamp_ns <= ?"
                " ORDER BY stamp_ns DESC LIMIT 1",
                at_ns,
            )
            if not found:
                return None
            stamp_ns, base_ns, cursor, outbox = found[0]
            rows = self._rows(
                "SELECT stamp_ns, body, units, outbox FROM moments WHERE stamp_ns BETWEEN ? AND ? ORDER BY stamp_ns",
                base_ns,
                stamp_ns,
            )
            picture, units, erased, opened = self._picture(rows)
            revisions = self._revisions_at(stamp_ns, rows[0][3], outbox, opened)
        if any(revision.body is None for revision in revisions):
            erased = erased | {"alerts"}
        parts = {part: list(entries.values()) for part, entries in (picture | units).items()}
        return Moment(stamp_ns, cursor, outbox, parts, revisions, erased)

    def neighbours(self, at_ns: int) -> tuple[int | None, int | None]:
        """Return the time of the last moment up to ``at_ns``, and of the first after it; None where there is none."""
        if not self._there():
            return None, None
        before = self._rows("SELECT max(stamp_ns) FROM moments WHERE stamp_ns <= ?", at_ns)[0][0]
        return before, self._rows("SELECT min(stamp_ns) FROM moments WHERE stamp_ns > ?", at_ns)[0][0]

    def entry_through_time(
        self, part: str, identity: str, times_ns: Iterable[int], *, each_minute: bool = False
    ) -> Iterator[tuple[int, bytes]]:
        """Yield (time, JSON) of a track, sensor or unit in the whole pictures nearest before these times, in order.

        Whole pictures are at most ``WHOLE_EVERY_NS`` apart; those without it, and erased ones, are left out. How close
        they are shows how much changed in all of the picture; ``each_minute`` takes the last picture of each minute
        instead, which shows nothing of what else is in it.
        """
        if not self._there():
            return
        last = None
        for time_ns in times_ns:
            at_ns = time_ns - time_ns % WHOLE_EVERY_NS if each_minute else time_ns
            shown_ns, base_ns = self._shown(at_ns)
            shown_ns = shown_ns if each_minute else base_ns
            if shown_ns is None or shown_ns == last or at_ns - shown_ns > 2 * WHOLE_EVERY_NS:
                continue
            last = shown_ns
            entry = self._parts(base_ns, shown_ns).get(part, {}).get(identity)
            if entry is not None:
                yield last, entry

    def part_before(self, part: str, end_ns: int) -> tuple[int, Entries] | None:
        """Return a part of the newest whole picture before a time, as JSON by name, with the time of that.

        None if there is none, or it is erased.
        """
        base_ns = self._shown(end_ns - 1)[1] if self._there() else None
        if base_ns is None or end_ns - base_ns > 2 * WHOLE_EVERY_NS:
            return None
        entries = self._parts(base_ns, base_ns).get(part)
        return None if entries is None else (base_ns, entries)

    def _shown(self, at_ns: int) -> tuple[Any, Any]:
        """Return the times of the newest moment up to ``at_ns`` and of its whole picture; None where there is none."""
        sql = "SELECT stamp_ns, base_ns FROM moments WHERE stamp_ns <= ? ORDER BY stamp_ns DESC LIMIT 1"
        found = self._rows(sql, at_ns)
        return found[0] if found else (None, None)

    def _parts(self, base_ns: int, stamp_ns: int) -> dict[str, Entries]:
        """Return the picture of a moment, with units."""
        sql = "SELECT stamp_ns, body, units, outbox FROM moments WHERE stamp_ns BETWEEN ? AND ? ORDER BY stamp_ns"
        picture, units, _, _ = self._picture(self._rows(sql, base_ns, stamp_ns))
        return picture | units

    def revisions_of(self, identity: str) -> list[Revision]:
        """Return every published revision of an alert or incident, the first first."""
        rows = self._rows(
            "SELECT n, kind, alert, revision, CAST(body AS BLOB) FROM outbox WHERE alert = ? ORDER BY revision",
            identity,
        )
        return [self._revision(row) for row in rows]

    def newest(self, identities: Iterable[tuple[str, str]]) -> dict[str, bytes]:
        """Return the newest revision of these (kind, id) as known now, by id; erased ones are left out."""
        found = {}
        for kind, identity in identities:
            table = "incidents" if kind == "incident" else "alerts"
            rows = self._rows(f"SELECT revision, CAST(body AS BLOB) FROM {table} WHERE id = ?", identity)  # noqa: S608
            body = self._body_of(rows[0][1], identity, rows[0][0]) if rows else None
            if body is not None:
                found[identity] = body
        return found

    def incidents_opened(
        self, from_ns: int, until_ns: int, *, limit: int, hidden: Callable[[], Collection[str]] = tuple
    ) -> tuple[bool, list[bytes]]:
        """Return (whether there are more, newest revisions) of incidents opened in a time, the first opened first.

        ``hidden``: ids to leave out, asked for after the state of the store was chosen.
        """
        sql = (
            "SELECT id, revision, CAST(body AS BLOB) FROM incidents WHERE opened_ns BETWEEN ? AND ?"
            " ORDER BY opened_ns, id"
        )
        with self._snapshot() as connection:
            cursor = streamed(connection, sql, (from_ns, until_ns))
            first = cursor.fetchone()  # chooses the state
            left_out = hidden()
            shown = (row for row in chain(() if first is None else (first,), cursor) if row[0] not in left_out)
            opened = (self._body_of(stored, identity, revision) for identity, revision, stored in shown)
            bodies = list(islice((body for body in opened if body is not None), limit + 1))
            cursor.close()
        return len(bodies) > limit, bodies[:limit]

    def final_ns(self, hidden: Collection[str] = ()) -> int | None:
        """Return the time up to which late data can no longer change the history of tracks; None without history.

        ``hidden``: tracks whose history is not to be counted.
        """
        sql = "SELECT time_ns, track FROM history ORDER BY id DESC"
        with self._reading() as connection:
            cursor = streamed(connection, sql)
            newest = next((time_ns for time_ns, track in cursor if track not in hidden), None)
            cursor.close()
        return newest

    def estimates(
        self,
        at_ns: int,
        track: str | None = None,
        *,
        hidden: Collection[str] = (),
        final_ns: int | None = None,
    ) -> list[Estimate]:
        """Return the tracks as they were at ``at_ns`` by all that is known now, or only ``track``, without erased ones.

        Empty also for times after ``final_ns``, where the history is not yet written. ``hidden``: tracks to leave out,
        also of that time. ``final_ns``: that time, where it is known, since it may take a search of the whole history.
        """
        of_one = "" if track is None else " AND track = ?3"
        newest = f"SELECT max(id) FROM history WHERE id BETWEEN ?1 AND ?2{of_one} GROUP BY track"  # noqa: S608
        with self._snapshot():
            final_ns = self.final_ns(hidden) if final_ns is None else final_ns
            if final_ns is None or at_ns > final_ns:
                return []
            first, last = self._first_after(at_ns - ESTIMATE_HOLDS_NS), self._first_after(at_ns) - 1
            wanted = (first, last) if track is None else (first, last, track)
            rows = self._rows(f"SELECT {_ESTIMATE} FROM history WHERE id IN ({newest})", *wanted)  # noqa: S608
        try:
            opened = [opened_estimate(self.keys, row) for row in sorted(rows) if row[8] != CLOSED]
        except DayKeyError as error:
            raise StoreError(str(error)) from error
        return [_estimate(row) for row in opened if row is not None and row[2] is not None and row[0] not in hidden]

    def _first_after(self, at_ns: int) -> int:
        """Return the number of the first history row after ``at_ns``: the rows are in order of time."""
        low, high = 1, self._rows("SELECT coalesce(max(id), 0) FROM history")[0][0] + 1
        while low < high:
            middle = (low + high) // 2
            if self._rows("SELECT time_ns FROM history WHERE id = ?", middle)[0][0] <= at_ns:
                low = middle + 1
            else:
                high = middle
        return low

    def _picture(self, rows: list[Any]) -> tuple[dict[str, Entries], dict[str, Entries], frozenset[KeyKind], list[int]]:
        """Return the picture, that of units, what of them is erased, and the open revisions of the whole picture."""
        picture: dict[str, Entries] = {}
        units: dict[str, Entries] = {}
        erased: set[KeyKind] = set()
        opened: list[int] = []
        for stamp_ns, body, of_units, _ in rows:
            content = self._content("tracks", stamp_ns, body)
            if content is None:
                erased.add("tracks")
            else:
                change = unpacked(content)
                picture, opened = applied(picture, change), change.open or opened
            if of_units:
                content = self._content("unit_positions", stamp_ns, of_units)
                units = {} if content is None else applied(units, unpacked(content))
                erased |= {"unit_positions"} if content is None else set()
        return ({} if "tracks" in erased else picture), units, frozenset(erased), opened

    def _content(self, kind: KeyKind, stamp_ns: int, stored: bytes) -> bytes | None:
        return self._opened(stored, moment_name(kind, stamp_ns)) if stored else None

    def _revisions_at(self, stamp_ns: int, base_outbox: int, outbox: int, opened: list[int]) -> list[Revision]:
        """Return the newest revisions up to ``outbox`` of what was open, or was closed within ``CLOSED_SHOWN_NS``."""
        earlier = self._rows(
            "SELECT outbox FROM moments WHERE stamp_ns <= ? ORDER BY stamp_ns DESC LIMIT 1", stamp_ns - CLOSED_SHOWN_NS
        )
        if not earlier:
            earlier = self._rows("SELECT outbox FROM moments ORDER BY stamp_ns LIMIT 1")
        since = min(earlier[0][0], base_outbox)
        newest = dict(
            self._rows("SELECT alert, max(n) FROM outbox WHERE n > ? AND n <= ? GROUP BY alert", since, outbox)
        )
        recent = set(newest.values())
        numbers = sorted(recent | set(opened))
        sql = "SELECT n, kind, alert, revision, CAST(body AS BLOB) FROM outbox WHERE n = ?"
        with self._reading() as connection:
            rows = [connection.execute(sql, (number,)).fetchone() for number in numbers]
        return [self._revision(row) for row in rows if row is not None and newest.get(row[2], row[0]) == row[0]]

    def _revision(self, row: tuple[Any, ...]) -> Revision:
        n, kind, identity, revision, stored = row
        return Revision(n, kind, identity, self._body_of(stored, identity, revision))

    def _erased(self, day: date, *, has_content: bool) -> dict[KeyKind, datetime | None]:
        kinds: tuple[KeyKind, ...] = ("tracks", "alerts", "unit_positions")
        try:
            erased: dict[KeyKind, datetime | None] = {
                kind: at for kind in kinds if (at := self.keys.erased_at(kind, day)) is not None
            }
        except DayKeyError as error:
            raise StoreError(str(error)) from error
        return erased if has_content else {"tracks": None, **erased}

    def _there(self) -> bool:
        if not self._has_moments:
            self._has_moments = self._has_table("moments")
        return self._has_moments


def sampled_times(from_ns: int, until_ns: int, samples: int) -> list[int]:
    """Return at most ``samples`` times from ``from_ns`` to ``until_ns``, whole seconds apart, both ends included."""
    count = min(max((until_ns - from_ns) // EVERY_NS + 1, 2), samples)
    return [from_ns + (until_ns - from_ns) * number // (count - 1) for number in range(count)]


def _estimate(row: tuple[Any, ...]) -> Estimate:
    existence = None if row[7] is None or isnan(row[7]) else float(row[7])
    return Estimate(row[0], row[1], float(row[2]), float(row[3]), row[8], existence)


def _start_ns(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 10**9
