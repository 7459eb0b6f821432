"""Reads the fusion store for the API, the feeds and the reports. Read-only; never waits for fusion."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ops.audit.day_keys import DayKeyError
from ops.runtime.output import atomic_write
from ops.store.connections import ReadConnections, StoreError, changes, has_table, streamed
from ops.store.encryption import about, opened_estimate
from ops.store.rows import HISTORY_NUMBERS, OPEN, STATUSES, columns

if TYPE_CHECKING:
    import xarray as xr

    from geo.frame import LocalFrame

_UNITS = {
    "easting": "m",
    "northing": "m",
    "easting_rate": "m/s",
    "northing_rate": "m/s",
    "existence": "1",
    "offset_m": "m",
}
_NUMBERS_A_QUERY = 500
_CHUNK = 50_000  # number of history rows converted into columns at a time


Shows = Callable[[str, str], bool]
"""Whether a record may be passed on, by its kind and id."""


class StoreFull(StoreError):
    """The disk is full; the store is intact and the same commit may be retried."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One published revision of an alert, or of an incident (``kind``). ``n`` increases monotonically; it is the
    streams' event id. ``alert`` is the id of either. ``body`` is JSON."""

    n: int
    alert: str
    revision: int
    priority: Any
    body: bytes
    kind: str = "alert"


@dataclass(frozen=True, slots=True)
class Live:
    """One part of the live picture: JSON as written by fusion, with its journal row and journal time."""

    cursor: int
    stamp_ns: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of the store: journal cursor, checkpoint cursor, outbox rows, rows waiting, history rows.

    ``diverged`` counts alert revisions that a re-run produced with a different body. Above zero, fusion was not
    deterministic; the first body is kept.
    """

    cursor: int
    checkpoint_cursor: int
    outbox_last: int
    outbox_waiting: int
    history_rows: int
    diverged: int


class Reader:
    """A read-only view of a store. It opens the file at first use, so it may be created before fusion writes anything.

    Any thread may call it. ``store``: its file, of which this reader then has one connection, so that calls are
    serialised; or connections that several readers share. Every method raises StoreError while there is no readable
    store.
    """

    def __init__(self, store: Path | ReadConnections) -> None:
        self._connections = store if isinstance(store, ReadConnections) else ReadConnections(store)
        self.path, self.keys = self._connections.path, self._connections.keys

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        self._connections.close()

    def version(self) -> int:
        """Return a number that changes when another process commits; cheap enough to poll twenty times per second.

        SQLite counts for each connection, so this is for a reader with one connection.
        """
        assert self._connections.most == 1
        with self._reading() as connection:
            return changes(connection)

    def progress(self) -> Progress:
        """Return the progress of the store at one moment."""
        row = self._rows(
            "SELECT cursor, checkpoint_cursor, (SELECT coalesce(max(n), 0) FROM outbox),"
            " (SELECT count(*) FROM outbox WHERE delivered_ns IS NULL),"
            # history ids run from 1 without gaps: rows are removed only from the end
            " (SELECT coalesce(max(id), 0) FROM history), diverged FROM meta"
        )[0]
        return Progress(*row)

    def live(self, part: str) -> Live | None:
        """Return the newest ``tracks``, ``bearings``, ``sensors``, ``counts``, ``latency`` or ``forces``, or None."""
        rows = self._rows("SELECT cursor, stamp_ns, CAST(body AS BLOB) FROM live WHERE part = ?", part)
        body = self._opened(rows[0][2], about("live", part)) if rows else None
        return None if body is None else Live(rows[0][0], rows[0][1], body)

    def is_computed_again(self) -> bool:
        """Return whether fusion goes through journal rows that were there before this store, or its last crash."""
        rows = self._rows("SELECT meta.cursor < decided.cursor FROM meta, decided")
        return not rows or bool(rows[0][0])

    def last_event(self) -> int:
        """Return the newest outbox number; 0 when there is none."""
        return int(self._rows("SELECT coalesce(max(n), 0) FROM outbox")[0][0])

    def revisions(self) -> dict[str, int]:
        """Count the published revisions of alerts and of incidents; it reads the whole outbox."""
        counts = dict(self._rows("SELECT kind, count(*) FROM outbox GROUP BY kind"))
        return {kind: counts.get(kind, 0) for kind in ("alert", "incident")}

    def outbox_after(self, n: int, *, limit: int, kind: str | None = "alert") -> list[OutboxRow]:
        """Return up to ``limit`` outbox rows with numbers above ``n``, in order, delivered or not; none is erased.

        ``kind``: ``alert`` or ``incident``; None for both.
        """
        sql = (
            "SELECT n, alert, revision, priority, CAST(body AS BLOB), kind FROM outbox"
            " WHERE n > ?1 AND (kind = ?3 OR ?3 IS NULL) ORDER BY n LIMIT ?2"
        )
        return self._outbox(sql, n, limit, kind)

    def outbox_waiting(self, n: int, *, limit: int) -> list[OutboxRow]:
        """Return up to ``limit`` rows above ``n`` that are not yet marked delivered, in order."""
        sql = (
            "SELECT n, alert, revision, priority, CAST(body AS BLOB), kind FROM outbox"
            " WHERE delivered_ns IS NULL AND n > ? ORDER BY n LIMIT ?"
        )
        return self._outbox(sql, n, limit)

    def outbox_rows(self, numbers: Collection[int]) -> list[OutboxRow]:
        """Return the outbox rows with these numbers, in order, without those that are erased or not there."""
        found: list[OutboxRow] = []
        wanted = sorted(numbers)
        for begin in range(0, len(wanted), _NUMBERS_A_QUERY):
            some = wanted[begin : begin + _NUMBERS_A_QUERY]
            sql = (
                "SELECT n, alert, revision, priority, CAST(body AS BLOB), kind FROM outbox"  # noqa: S608
                f" WHERE n IN ({', '.join('?' * len(some))}) ORDER BY n"
            )
            opened = [(row, self._body_of(row[4], row[1], row[2])) for row in self._rows(sql, *some)]
            found += [
                OutboxRow(row[0], row[1], row[2], row[3], body, row[5]) for row, body in opened if body is not None
            ]
        return found

    def event(self, n: int) -> tuple[str, int] | None:
        """Return id and revision of an outbox row, also of an erased one; None where there is none."""
        rows = self._rows("SELECT alert, revision FROM outbox WHERE n = ?", n)
        return (rows[0][0], rows[0][1]) if rows else None

    def open_rows(self) -> list[OutboxRow]:
        """Return the newest revision of each open alert and of each incident that is not closed, in order."""
        sql = (
            "SELECT n, o.alert, o.revision, o.priority, CAST(o.body AS BLOB), o.kind FROM outbox o"
            " JOIN (SELECT id, revision FROM alerts WHERE status IN (?, ?)"
            " UNION ALL SELECT id, revision FROM incidents WHERE state <> 'closed') open"
            " ON o.alert = open.id AND o.revision = open.revision ORDER BY n"
        )
        opened = [(row, self._body_of(row[4], row[1], row[2])) for row in self._rows(sql, *OPEN)]
        return [OutboxRow(row[0], row[1], row[2], row[3], body, row[5]) for row, body in opened if body is not None]

    def first_undelivered(self) -> int | None:
        """Return the lowest outbox number that is not marked delivered; None while all are."""
        return self._rows("SELECT min(n) FROM outbox WHERE delivered_ns IS NULL")[0][0]  # type: ignore[no-any-return]

    def _outbox(self, sql: str, n: int, limit: int, *more: Any) -> list[OutboxRow]:
        """Return the next rows that are not erased; an empty list only if there are none."""
        while rows := self._rows(sql, n, limit, *more):
            opened = [(row, self._body_of(row[4], row[1], row[2])) for row in rows]
            found = [
                OutboxRow(row[0], row[1], row[2], row[3], body, row[5]) for row, body in opened if body is not None
            ]
            if found:
                return found
            n = rows[-1][0]
        return []

    def _body_of(self, body: bytes, alert: str, revision: int) -> bytes | None:
        """Return the JSON of an alert's revision; None if it is erased."""
        return self._opened(body, about("alerts", alert, revision)) if body else None

    def _opened(self, record: bytes, of: bytes) -> bytes | None:
        try:
            return self.keys.open(record, of)
        except DayKeyError as error:
            raise StoreError(str(error)) from error

    def alerts(
        self, *, status: str | None = None, since_ns: int | None = None, limit: int = 1000
    ) -> tuple[int, bool, list[bytes]]:
        """Return newest revisions, latest raised first: (outbox number of this state, whether there are more, bodies).

        ``since_ns`` selects alerts raised at or after that time.
        """
        last, more, found = self.alerts_by_id(status=status, since_ns=since_ns, limit=limit)
        return last, more, [body for _, body in found]

    def alerts_by_id(
        self,
        *,
        status: str | None = None,
        since_ns: int | None = None,
        limit: int = 1000,
        hidden: Callable[[], Collection[str]] = tuple,
    ) -> tuple[int, bool, list[tuple[str, bytes]]]:
        """Return the same with the id of each; ``hidden``: ids to leave out, asked for after the state was chosen."""
        sql = (
            "SELECT CAST(body AS BLOB), id, revision FROM alerts"
            " WHERE (status = ?1 OR ?1 IS NULL) AND (raised_ns >= ?2 OR ?2 IS NULL)"
            " ORDER BY raised_ns DESC, id"
        )
        with self._snapshot() as connection:
            last = self.last_event()
            left_out = hidden()
            with closing(streamed(connection, sql, (status, since_ns))) as cursor:
                rows = list(islice((row for row in cursor if row[1] not in left_out), limit + 1))
        found = [(row[1], body) for row in rows if (body := self._body_of(*row)) is not None]
        return last, len(rows) > limit, found[:limit]

    def alert(self, identity: str) -> tuple[str, int, bytes] | None:
        """Return (status, revision, body) of one alert; None when there is no alert with that id."""
        rows = self._rows("SELECT status, revision, CAST(body AS BLOB) FROM alerts WHERE id = ?", identity)
        body = self._body_of(rows[0][2], identity, rows[0][1]) if rows else None
        return None if body is None else (*rows[0][:2], body)

    def alert_counts(self) -> dict[str, int]:
        """Count the alerts in each status; every status is included, also with 0."""
        counts = dict(self._rows("SELECT status, count(*) FROM alerts GROUP BY status"))
        return {status: counts.get(status, 0) for status in STATUSES}

    def history_dataset(self) -> xr.Dataset:
        """Return the whole track history, dim ``estimate``, ordered by (time, track), with the standard columns.

        It is held in memory: about 250 bytes per row. An empty store gives an empty dataset of the same types.
        """
        import numpy as np
        import xarray as xr

        blocks = [columns(block) for block in self._history_blocks()] or [columns([])]
        whole = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
        dims = {"cov": ("estimate", "state", "state_")}
        return xr.Dataset(
            {
                name: (dims.get(name, ("estimate",)), values, {"units": _UNITS[name]} if name in _UNITS else {})
                for name, values in whole.items()
            },
            coords={"state": list(HISTORY_NUMBERS)},
        )

    def export_tracks_geoparquet(self, path: Path, frame: LocalFrame, *, shows: Shows | None = None) -> int:
        """Write the history as GeoParquet points in lon/lat, one row per estimate; return the number of rows.

        ``shows``: whether to write a record, by its kind and id; None for all.
        """
        from ops.store.track_history import write_history

        history = self.history_dataset()
        if shows is not None:
            import numpy as np

            names, of_row = np.unique(history["track"].values, return_inverse=True)
            kept = np.array([shows("track", str(name)) for name in names], dtype=bool)
            history = history.isel(estimate=np.flatnonzero(kept[of_row]))
        write_history(history, path, frame)
        return int(history.sizes["estimate"])

    def export_alerts_geojson(self, path: Path, *, shows: Shows | None = None) -> int:
        """Write every alert's newest revision as a GeoJSON feature in lon/lat, oldest first; return their number.

        ``shows``: whether to write a record, by its kind and id; None for all.

        An alert without a position (such as for an offline sensor outside the map) has a null geometry (RFC 7946, 3.2).
        """
        rows = self._rows("SELECT CAST(body AS BLOB), id, revision FROM alerts ORDER BY raised_ns, id")
        rows = [row for row in rows if shows is None or shows("alert", row[1])]
        bodies = [body for row in rows if (body := self._body_of(*row)) is not None]
        features = [_feature(msgspec.json.decode(body)) for body in bodies]
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            partial.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "features": features}))
        return len(features)

    def _history_blocks(self) -> Iterator[list[tuple[Any, ...]]]:
        sql = (
            "SELECT track, time_ns, easting, northing, easting_rate, northing_rate, cov, existence, status, segment,"
            " offset_m FROM history ORDER BY time_ns, track, id"
        )
        with self._reading() as connection, closing(streamed(connection, sql)) as rows:
            while block := rows.fetchmany(_CHUNK):
                opened = (opened_estimate(self.keys, row) for row in block)
                yield [row for row in opened if row is not None]

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._reading() as connection:
            return connection.execute(sql, values).fetchall()  # type: ignore[no-any-return]

    def _has_table(self, name: str) -> bool:
        with self._reading() as connection:
            return has_table(connection, name)

    def _snapshot(self) -> AbstractContextManager[Any]:
        """Read within one transaction: all values belong to the same moment."""
        return self._connections.snapshot()

    def _reading(self) -> AbstractContextManager[Any]:
        return self._connections.reading()


def _feature(alert: dict[str, Any]) -> dict[str, Any]:
    lon, lat = alert.get("lon"), alert.get("lat")
    placed = isinstance(lon, int | float) and isinstance(lat, int | float)
    return {
        "type": "Feature",
        "id": alert["id"],
        "geometry": {"type": "Point", "coordinates": [lon, lat]} if placed else None,
        "properties": {name: value for name, value in alert.items() if name not in ("lon", "lat")},
    }
