"""The book of pictures: what sensors referred to, what became of each, and with which tracks it was seen.

``media.db`` in the data folder, with one writer, the media process; the API and the retention read it, and the
retention removes the rows of erased days. A row is ``waiting`` until its file is stored, or it is a dead letter.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from geo.errors import WatchlineError
from ops.runtime.files.transaction import BUSY_S, transaction

FILE: Final = "media.db"
WAITING, STORED, DEAD = "waiting", "stored", "dead"
_COLUMNS: Final = (
    "id, sensor, boot, seq, item, observed_ns, uri, sha256, type, size, azimuth_deg, range_m, reported, box, state,"
    " tries, due_ns, first_ns, problem, detail, width, height"
)
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sensor TEXT NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL,
    item INTEGER NOT NULL, observed_ns INTEGER NOT NULL, uri TEXT NOT NULL, sha256 TEXT NOT NULL, type TEXT NOT NULL,
    size INTEGER NOT NULL, azimuth_deg REAL, range_m REAL, reported TEXT NOT NULL, box TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting', tries INTEGER NOT NULL DEFAULT 0, due_ns INTEGER NOT NULL,
    first_ns INTEGER NOT NULL, problem TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '', width INTEGER,
    height INTEGER, UNIQUE (sensor, boot, seq, item)
);
CREATE INDEX IF NOT EXISTS pictures_due ON pictures (due_ns) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS pictures_at ON pictures (observed_ns);
CREATE INDEX IF NOT EXISTS pictures_of ON pictures (sha256);
CREATE TABLE IF NOT EXISTS seen (
    picture INTEGER NOT NULL, track TEXT NOT NULL, PRIMARY KEY (track, picture)
) WITHOUT ROWID
"""
SOON_NS: Final = 5 * 10**9
LATEST_NS: Final = 600 * 10**9
"""First and longest pause before a file is asked for again; each is twice the one before."""
MOST_SHOWN: Final = 200
ScanName = tuple[str, int, int]
BoxFractions = tuple[float, float, float, float]


class BookError(WatchlineError):
    """The book cannot be opened, read or written."""


class BookFull(BookError):
    """The disk is full: nothing of the change was written."""


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A reference of a message: scan (sensor, boot, seq), place in it, and what the message states.

    ``azimuth_deg``, ``range_m`` and ``reported`` (the likeliest class) are those of the plot that it shows. ``sha256``
    is empty, and ``size`` 0, where the message does not state them.
    """

    scan: ScanName
    item: int
    observed_ns: int
    uri: str
    sha256: str
    media_type: str
    size: int
    azimuth_deg: float | None = None
    range_m: float | None = None
    reported: str = ""
    box: BoxFractions | None = None


class Picture(NamedTuple):
    """A row of the book. ``problem`` is the code of the sentence ``picture-problem``, with its ``detail``.

    Of a stored picture, ``sha256`` and ``size`` are those of the file; ``width`` and ``height`` of a clip are unknown.
    """

    id: int
    sensor: str
    boot: int
    seq: int
    item: int
    observed_ns: int
    uri: str
    sha256: str
    media_type: str
    size: int
    azimuth_deg: float | None
    range_m: float | None
    reported: str
    box_text: str
    state: str
    tries: int
    due_ns: int
    first_ns: int
    problem: str
    detail: str
    width: int | None
    height: int | None

    @property
    def box(self) -> BoxFractions | None:
        """(left, top, width, height) of the object as fractions; None where not stated."""
        return msgspec.json.decode(self.box_text, type=tuple[float, float, float, float]) if self.box_text else None


class StoredFile(NamedTuple):
    """A file on disk: hash, size [bytes], and pixels where they are known."""

    sha256: str
    size: int
    width: int | None
    height: int | None


class PictureBook:
    """The open book, for any number of threads. BookError, and BookFull for a full disk."""

    def __init__(self, data: Path, *, read_only: bool = False) -> None:
        self._path = data / FILE
        self._lock = threading.Lock()
        try:
            if read_only:
                uri = f"{self._path.absolute().as_uri()}?mode=ro"
                self._db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
                return
            self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA secure_delete = ON")
            with transaction(self._db):
                for statement in _TABLES.split(";"):
                    self._db.execute(statement)
        except sqlite3.Error as error:
            raise self._error(error) from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def cursor(self) -> int:
        """The journal row up to which the book is complete; 0 before the first."""
        return int((self._rows("SELECT value FROM meta WHERE name = 'cursor'") or [(0,)])[0][0])

    def take(self, pictures: Iterable[NewPicture], cursor: int, now_ns: int) -> None:
        """Enter references and note, in the same transaction, that the journal is read up to ``cursor``."""
        rows = [(*_row_of(one), now_ns, now_ns) for one in pictures]
        names = "sensor, boot, seq, item, observed_ns, uri, sha256, type, size, azimuth_deg, range_m, reported, box"
        marks = ", ".join("?" * 15)
        with self._lock:
            try:
                with transaction(self._db):
                    self._db.executemany(
                        f"INSERT OR IGNORE INTO pictures ({names}, due_ns, first_ns) VALUES ({marks})",  # noqa: S608
                        rows,
                    )
                    self._db.execute("INSERT OR REPLACE INTO meta VALUES ('cursor', ?)", (cursor,))
            except sqlite3.Error as error:
                raise self._error(error) from None

    def due(self, now_ns: int, limit: int) -> list[Picture]:
        """Return the waiting pictures that are due, the newest first: they are what people look at.

        Sensors take turns: one that refers to many files, or to files that come slowly, holds up those of no other.
        """
        sql = (
            f"SELECT {_COLUMNS} FROM (SELECT *, row_number() OVER (PARTITION BY sensor ORDER BY id DESC) AS turn"  # noqa: S608
            " FROM pictures WHERE state = 'waiting' AND due_ns <= ?) ORDER BY turn, id DESC LIMIT ?"
        )
        return [Picture(*row) for row in self._rows(sql, now_ns, limit)]

    def postpone(self, pictures: Iterable[int], due_ns: int) -> None:
        """Ask for pictures that were not tried only from ``due_ns`` on."""
        sql = "UPDATE pictures SET due_ns = ? WHERE id = ? AND state = 'waiting' AND due_ns < ?"
        with self._lock:
            try:
                with transaction(self._db):
                    self._db.executemany(sql, [(due_ns, one, due_ns) for one in pictures])
            except sqlite3.Error as error:
                raise self._error(error) from None

    def stored(self, picture: int, found: StoredFile) -> None:
        """Note that the file of a picture is on disk."""
        self._change(
            "UPDATE pictures SET state = 'stored', problem = '', detail = '', sha256 = ?, size = ?, width = ?,"
            " height = ? WHERE id = ?",
            *found, picture,
        )  # fmt: skip

    def not_now(self, picture: Picture, problem: str, detail: str, now_ns: int, *, give_up_ns: int) -> None:
        """Ask for a picture again later, twice as late each time; after ``give_up_ns`` it is a dead letter."""
        if problem != "full" and now_ns - picture.first_ns >= give_up_ns:
            self.dead(picture.id, problem, detail)
            return
        pause_ns = min(SOON_NS * 2 ** min(picture.tries, 20), LATEST_NS)
        self._change(
            "UPDATE pictures SET tries = tries + 1, due_ns = ?, problem = ?, detail = ? WHERE id = ?",
            now_ns + pause_ns, problem, detail[:200], picture.id,
        )  # fmt: skip

    def dead(self, picture: int, problem: str, detail: str = "") -> None:
        """Note that a picture is not stored and not asked for again."""
        self._change(
            "UPDATE pictures SET state = 'dead', tries = tries + 1, problem = ?, detail = ? WHERE id = ?",
            problem, detail[:200], picture,
        )  # fmt: skip

    def twin(self, picture: Picture, first_ns: int, last_ns: int) -> Picture | None:
        """Return a stored picture with the same content between two times; None if there is none, or no hash stated."""
        if not picture.sha256:
            return None
        sql = (
            f"SELECT {_COLUMNS} FROM pictures WHERE sha256 = ? AND state = 'stored' AND type = ? AND size = ?"  # noqa: S608
            " AND observed_ns BETWEEN ? AND ? LIMIT 1"
        )
        rows = self._rows(sql, picture.sha256, picture.media_type, picture.size, first_ns, last_ns)
        return Picture(*rows[0]) if rows else None

    def link(self, evidence: Iterable[tuple[str, ScanName]]) -> None:
        """Note which tracks (track, scan) a scan with pictures supported."""
        sql = (
            "INSERT OR IGNORE INTO seen SELECT id, ? FROM pictures WHERE sensor = ? AND boot = ? AND seq = ?"
            " AND NOT EXISTS (SELECT 1 FROM seen WHERE picture = pictures.id AND track = ?)"
        )
        with self._lock:
            try:
                with transaction(self._db):
                    self._db.executemany(sql, [(track, *scan, track) for track, scan in evidence])
            except sqlite3.Error as error:
                raise self._error(error) from None

    def pictures_of(self, tracks: Sequence[str], scans: Sequence[ScanName]) -> list[Picture]:
        """Return the newest pictures that were seen with one of these tracks, or belong to a scan, newest first."""
        found: dict[int, Picture] = {}
        columns = ", ".join(f"pictures.{name.strip()}" for name in _COLUMNS.split(","))
        for track in tracks:
            sql = (
                f"SELECT {columns} FROM seen JOIN pictures ON pictures.id = seen.picture WHERE seen.track = ?"  # noqa: S608
                " ORDER BY pictures.observed_ns DESC LIMIT ?"
            )
            found |= {row[0]: Picture(*row) for row in self._rows(sql, track, MOST_SHOWN)}
        for scan in scans:
            sql = f"SELECT {_COLUMNS} FROM pictures WHERE sensor = ? AND boot = ? AND seq = ?"  # noqa: S608
            found |= {row[0]: Picture(*row) for row in self._rows(sql, *scan)}
        return sorted(found.values(), key=lambda one: (one.observed_ns, one.id), reverse=True)[:MOST_SHOWN]

    def tracks_of(self, picture: int) -> list[str]:
        """Return the tracks with which a picture was seen, sorted."""
        return [row[0] for row in self._rows("SELECT track FROM seen WHERE picture = ? ORDER BY track", picture)]

    def pictures_by(self, sensor: str, first_ns: int, last_ns: int) -> list[Picture]:
        """Return the newest pictures of a sensor between two times, newest first."""
        sql = (
            f"SELECT {_COLUMNS} FROM pictures WHERE sensor = ? AND observed_ns BETWEEN ? AND ?"  # noqa: S608
            " ORDER BY observed_ns DESC LIMIT ?"
        )
        return [Picture(*row) for row in self._rows(sql, sensor, first_ns, last_ns, MOST_SHOWN)]

    def counts(self) -> dict[str, int]:
        """Count the pictures by state."""
        return dict(self._rows("SELECT state, count(*) FROM pictures GROUP BY state"))

    def days(self) -> list[date]:
        """Return the days (UTC) of the pictures, sorted."""
        rows = self._rows("SELECT DISTINCT observed_ns / 86400000000000 FROM pictures ORDER BY 1")
        return [date(1970, 1, 1) + timedelta(days=row[0]) for row in rows]

    def count_of(self, days: Collection[date]) -> int:
        """Count the pictures of some days."""
        sql = "SELECT count(*) FROM pictures WHERE observed_ns >= ? AND observed_ns < ?"
        return sum(int(self._rows(sql, *_range_of(day))[0][0]) for day in days)

    def forget(self, days: Collection[date]) -> int:
        """Remove the rows of some days; return their number."""
        removed = self.count_of(days)
        for day in days:
            where = "SELECT id FROM pictures WHERE observed_ns >= ? AND observed_ns < ?"
            self._change(f"DELETE FROM seen WHERE picture IN ({where})", *_range_of(day))  # noqa: S608
            self._change("DELETE FROM pictures WHERE observed_ns >= ? AND observed_ns < ?", *_range_of(day))
        if removed:
            self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return removed

    def _rows(self, sql: str, *parameters: Any) -> list[Any]:
        with self._lock:
            try:
                with closing(self._db.execute(sql, parameters)) as rows:
                    return rows.fetchall()
            except sqlite3.Error as error:
                raise self._error(error) from None

    def _change(self, sql: str, *parameters: Any) -> None:
        self._rows(sql, *parameters)

    def _error(self, error: sqlite3.Error) -> BookError:
        kind = (
            BookFull if getattr(error, "sqlite_errorname", "") in ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE") else BookError
        )
        return kind(f"{self._path.name}: {error}")


def _row_of(one: NewPicture) -> tuple[Any, ...]:
    box = "" if one.box is None else msgspec.json.encode(one.box).decode()
    return (
        *one.scan, one.item, one.observed_ns, one.uri, one.sha256, one.media_type, one.size, one.azimuth_deg,
        one.range_m, one.reported, box,
    )  # fmt: skip


def _range_of(day: date) -> tuple[int, int]:
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return int(first.timestamp()) * 10**9, int((first + timedelta(days=1)).timestamp()) * 10**9
