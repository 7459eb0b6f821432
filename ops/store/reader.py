"""Reads the fusion store for the API, the feeds and the reports. Read-only; never waits for fusion."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import numpy as np

from geo.errors import WatchlineError
from ops.runtime.output import atomic_write
from ops.store.rows import HISTORY_NUMBERS, STATUSES, columns

if TYPE_CHECKING:
    import xarray as xr

    from geo.frame import LocalFrame

SCHEMA_VERSION = 2
APPLICATION_ID = 0x57544C4E  # "WTLN"
_UNITS = {
    "easting": "m",
    "northing": "m",
    "easting_rate": "m/s",
    "northing_rate": "m/s",
    "existence": "1",
    "offset_m": "m",
}
_CHUNK = 50_000  # number of history rows converted into columns at a time


class StoreError(WatchlineError):
    """The store cannot be opened, read or written."""


class StoreFull(StoreError):
    """The disk is full; the store is intact and the same commit may be retried."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One published alert revision. ``n`` increases monotonically; it is the streams' event id. ``body`` is JSON."""

    n: int
    alert: str
    revision: int
    priority: Any
    body: bytes


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

    Any thread may call it; calls are serialised. Every method raises StoreError while there is no readable store.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._connection: Any = None
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def version(self) -> int:
        """Return a number that changes when another process commits; cheap enough to poll twenty times per second."""
        return int(self._rows("PRAGMA data_version")[0][0])

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
        """Return the newest ``tracks``, ``sensors`` or ``counts``; None before the first."""
        rows = self._rows("SELECT cursor, stamp_ns, CAST(body AS BLOB) FROM live WHERE part = ?", part)
        return Live(*rows[0]) if rows else None

    def last_event(self) -> int:
        """Return the newest outbox number; 0 when there is none."""
        return int(self._rows("SELECT coalesce(max(n), 0) FROM outbox")[0][0])

    def outbox_after(self, n: int, *, limit: int) -> list[OutboxRow]:
        """Return up to ``limit`` outbox rows with numbers above ``n``, in order, delivered or not."""
        sql = "SELECT n, alert, revision, priority, CAST(body AS BLOB) FROM outbox WHERE n > ? ORDER BY n LIMIT ?"
        return [OutboxRow(*row) for row in self._rows(sql, n, limit)]

    def outbox_waiting(self, n: int, *, limit: int) -> list[OutboxRow]:
        """Return up to ``limit`` rows above ``n`` that are not yet marked delivered, in order."""
        sql = (
            "SELECT n, alert, revision, priority, CAST(body AS BLOB) FROM outbox"
            " WHERE delivered_ns IS NULL AND n > ? ORDER BY n LIMIT ?"
        )
        return [OutboxRow(*row) for row in self._rows(sql, n, limit)]

    def alerts(
        self, *, status: str | None = None, since_ns: int | None = None, limit: int = 1000
    ) -> tuple[int, bool, list[bytes]]:
        """Return newest revisions, latest raised first: (outbox number of this state, whether there are more, bodies).

        ``since_ns`` selects alerts raised at or after that time.
        """
        sql = (
            "SELECT CAST(body AS BLOB) FROM alerts"
            " WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR raised_ns >= ?2)"
            " ORDER BY raised_ns DESC, id LIMIT ?3"
        )
        with self._snapshot():
            last = self.last_event()
            bodies = [row[0] for row in self._rows(sql, status, since_ns, limit + 1)]
        return last, len(bodies) > limit, bodies[:limit]

    def alert(self, identity: str) -> tuple[str, int, bytes] | None:
        """Return (status, revision, body) of one alert; None when there is no alert with that id."""
        rows = self._rows("SELECT status, revision, CAST(body AS BLOB) FROM alerts WHERE id = ?", identity)
        return rows[0] if rows else None

    def alert_counts(self) -> dict[str, int]:
        """Count the alerts in each status; every status is included, also with 0."""
        counts = dict(self._rows("SELECT status, count(*) FROM alerts GROUP BY status"))
        return {status: counts.get(status, 0) for status in STATUSES}

    def history_dataset(self) -> xr.Dataset:
        """Return the whole track history, dim ``estimate``, ordered by (time, track), with the standard columns.

        It is held in memory: about 250 bytes per row. An empty store gives an empty dataset of the same types.
        """
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

    def export_tracks_geoparquet(self, path: Path, frame: LocalFrame) -> int:
        """Write the history as GeoParquet points in lon/lat, one row per estimate; return the number of rows."""
        from ops.store.track_history import write_history

        history = self.history_dataset()
        write_history(history, path, frame)
        return int(history.sizes["estimate"])

    def export_alerts_geojson(self, path: Path) -> int:
        """Write every alert's newest revision as a GeoJSON feature in lon/lat, oldest first; return their number.

        An alert without a position (such as for an offline sensor outside the map) has a null geometry (RFC 7946, 3.2).
        """
        bodies = self._rows("SELECT CAST(body AS BLOB) FROM alerts ORDER BY raised_ns, id")
        features = [_feature(msgspec.json.decode(body)) for (body,) in bodies]
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            partial.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "features": features}))
        return len(features)

    def _history_blocks(self) -> Iterator[list[tuple[Any, ...]]]:
        sql = (
            "SELECT track, time_ns, easting, northing, easting_rate, northing_rate, cov, existence, status, segment,"
            " offset_m FROM history ORDER BY time_ns, track, id"
        )
        with self._reading():
            rows = self._connection.execute(sql)
            while block := rows.fetchmany(_CHUNK):
                yield block

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._reading():
            return self._connection.execute(sql, values).fetchall()  # type: ignore[no-any-return]

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Read within one transaction: all values belong to the same moment."""
        with self._reading():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                self._open()
                yield
            except sqlite3.Error as error:
                raise StoreError(f"{self.path}: cannot be read ({error}).") from error

    def _open(self) -> None:
        if self._connection is not None:
            return
        if not self.path.exists():
            raise StoreError(f"{self.path}: fusion has not written this store yet.")
        address = f"file:{quote(str(self.path))}?mode=ro"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=5)
        self._connection = connection
        try:
            self._check_version()
        except BaseException:
            connection.close()
            self._connection = None
            raise

    def _check_version(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        if not self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise StoreError(f"{self.path}: fusion has not written this store yet.")
        if application != APPLICATION_ID or version != SCHEMA_VERSION:
            raise StoreError(
                f"{self.path}: is not a store of this version (application {application:#x}, version {version};"
                f" expected {APPLICATION_ID:#x}, version {SCHEMA_VERSION})."
            )


def _feature(alert: dict[str, Any]) -> dict[str, Any]:
    lon, lat = alert.get("lon"), alert.get("lat")
    placed = isinstance(lon, int | float) and isinstance(lat, int | float)
    return {
        "type": "Feature",
        "id": alert["id"],
        "geometry": {"type": "Point", "coordinates": [lon, lat]} if placed else None,
        "properties": {name: value for name, value in alert.items() if name not in ("lon", "lat")},
    }
