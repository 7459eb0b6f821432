"""``nation.db`` in the folder of a cluster: the national identity of each track, and which incidents continue others.

It holds names of records, no positions and no text of theirs. One process writes it, under a number that each new
writer raises (``ops.runtime.files.fence``); any number read it. Separations by people are added beside it, whatever
that process does (``ops.cluster.identity.separation``).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from geo.errors import WatchlineError
from ops.cluster.identity.decision import IdentityChange, IdentityDecision, Key
from ops.runtime.files.fence import is_fenced_by, raise_fence
from ops.runtime.files.transaction import transaction, use_write_ahead_log

FILE: Final = "nation.db"
APPLICATION_ID: Final = 0x574C4E31  # "WLN1"
SCHEMA_VERSION: Final = 1
WAIT_S: Final = 30.0
TABLES: Final = """
CREATE TABLE IF NOT EXISTS identities (
    sector TEXT NOT NULL,
    track TEXT NOT NULL,
    national TEXT NOT NULL,
    at_ns INTEGER NOT NULL,
    of_sector TEXT,
    of_track TEXT,
    log_odds REAL,
    PRIMARY KEY (sector, track)
);
CREATE INDEX IF NOT EXISTS tracks_of_identity ON identities (national);
CREATE TABLE IF NOT EXISTS changes (
    sector TEXT NOT NULL,
    track TEXT NOT NULL,
    at_ns INTEGER NOT NULL,
    national TEXT NOT NULL,
    PRIMARY KEY (sector, track, at_ns)
);
CREATE INDEX IF NOT EXISTS changes_to_identity ON changes (national);
CREATE TABLE IF NOT EXISTS met (
    ended TEXT PRIMARY KEY,
    national TEXT NOT NULL,
    sector TEXT NOT NULL,
    track TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS progress (sector TEXT PRIMARY KEY, stamp_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS continued (
    sector TEXT NOT NULL,
    incident TEXT NOT NULL,
    before_sector TEXT NOT NULL,
    before_incident TEXT NOT NULL,
    national TEXT NOT NULL,
    PRIMARY KEY (sector, incident)
);
CREATE INDEX IF NOT EXISTS continued_by ON continued (before_sector, before_incident);
CREATE TABLE IF NOT EXISTS opened_apart (sector TEXT NOT NULL, incident TEXT NOT NULL, PRIMARY KEY (sector, incident));
CREATE TABLE IF NOT EXISTS separated (
    sector TEXT NOT NULL,
    incident TEXT NOT NULL,
    person TEXT NOT NULL,
    at_ns INTEGER NOT NULL,
    PRIMARY KEY (sector, incident)
);
CREATE TABLE IF NOT EXISTS events_mark (one INTEGER PRIMARY KEY CHECK (one = 1), mark INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS summaries (sector TEXT PRIMARY KEY, body BLOB NOT NULL)
"""
_DECISIONS: Final = "SELECT sector, track, national, at_ns, of_sector, of_track, log_odds FROM identities"
_PROGRESS: Final = """
INSERT INTO progress VALUES (?, ?) ON CONFLICT (sector) DO UPDATE SET stamp_ns = max(stamp_ns, excluded.stamp_ns)
"""
_APART: Final = """
INSERT OR IGNORE INTO opened_apart
SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM continued WHERE sector = ?1 AND incident = ?2)
"""
MARK: Final = "INSERT INTO events_mark VALUES (1, random()) ON CONFLICT (one) DO UPDATE SET mark = excluded.mark"
"""Executed wherever ``continued`` or ``separated`` changes. A random number, not the next one: a file that was brought
back from a backup then has another one too."""
_OF: Final = """
FROM json_each(?2) AS asked CROSS JOIN continued ON continued.sector = ?1 AND continued.incident = asked.value
"""
_EVENTS: Final = """
WITH RECURSIVE event (sector, incident) AS (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1)
    UNION
    SELECT before_sector, before_incident FROM event CROSS JOIN continued USING (sector, incident)
    UNION
    SELECT continued.sector, continued.incident FROM event CROSS JOIN continued
    ON before_sector = event.sector AND before_incident = event.incident
)
"""
_IN_EVENTS: Final = "FROM event CROSS JOIN continued USING (sector, incident)"
_LEFT_JOIN_SEPARATED: Final = """
LEFT JOIN separated ON separated.sector = continued.sector AND separated.incident = continued.incident
"""
_SUMMARY: Final = "INSERT INTO summaries VALUES (?, ?) ON CONFLICT (sector) DO UPDATE SET body = excluded.body"


class NationError(WatchlineError):
    """The file cannot be read or written."""


class NationLost(NationError):
    """Another process writes the file: nothing was written, and this process must end."""


class Continued(NamedTuple):
    """An incident, by sector and id, that continues with the target of one before, and the identity of that target.

    ``apart``: both were opened as incidents of two targets, which turned out to be one. ``separated_by``: the person
    who stated, at ``separated_ns`` [UTC ns], that they are two events all the same; empty where no one did.
    """

    sector: str
    incident: str
    before_sector: str
    before_incident: str
    national: str
    apart: bool = False
    separated_by: str = ""
    separated_ns: int = 0


class NationReader:
    """Reads the file of a cluster's folder; empty answers while there is none, or one without tables."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._db: sqlite3.Connection | None = None
        self._has_tables = False

    def identities(self, sector: str | None = None) -> dict[Key, str]:
        """Return the national identity of each track, by sector and track; or those of one sector."""
        sql = "SELECT sector, track, national FROM identities WHERE ?1 IS NULL OR sector = ?1"
        return {(row[0], row[1]): row[2] for row in self._rows(sql, sector)}

    def changes(self) -> list[IdentityChange]:
        """Return from when on which track follows another target than was decided, in order of time."""
        if not self._has("changes"):
            return []
        sql = "SELECT sector, track, at_ns, national FROM changes ORDER BY at_ns, sector, track"
        return [IdentityChange(*row) for row in self._rows(sql)]

    def met(self, ended: str) -> str | None:
        """Return the identity whose target is that of one that ended when both met; None for any other."""
        rows = self._rows("SELECT national FROM met WHERE ended = ?", ended) if self._has("met") else []
        return rows[0][0] if rows else None

    def history(self) -> dict[Key, list[tuple[int, str]]]:
        """Return for each track when [UTC ns] it began to follow the target of which identity, in order of time."""
        decided = self._rows("SELECT sector, track, at_ns, national FROM identities")
        found = {(sector, track): [(at_ns, national)] for sector, track, at_ns, national in decided}
        for one in self.changes():
            found.setdefault((one.sector, one.track), []).append((one.at_ns, one.national))
        return found

    def history_of(self, key: Key) -> list[tuple[int, str]]:
        """Return when [UTC ns] a track began to follow the target of which identity, in order; empty if undecided."""
        decided = self._rows("SELECT at_ns, national FROM identities WHERE sector = ? AND track = ?", *key)
        sql = "SELECT at_ns, national FROM changes WHERE sector = ? AND track = ? ORDER BY at_ns"
        return [*decided, *(self._rows(sql, *key) if decided and self._has("changes") else ())]

    def decision_of(self, key: Key) -> IdentityDecision | None:
        """Return what was decided of a track; None if it is undecided."""
        rows = self._rows(f"{_DECISIONS} WHERE sector = ? AND track = ?", *key)
        return _decision(*rows[0]) if rows else None

    def founded_ns(self, national: str) -> int | None:
        """Return when [UTC ns] the first track had an identity; None for one that is not known."""
        sql = "SELECT at_ns FROM identities WHERE national = ?1 UNION ALL SELECT at_ns FROM changes WHERE national = ?1"
        return min((row[0] for row in self._rows(sql, national)), default=None)

    def tracks_of(self, national: str) -> list[IdentityDecision]:
        """Return the tracks of an identity, in the order in which they were decided."""
        sql = f"{_DECISIONS} WHERE national = ? ORDER BY at_ns, sector, track"
        return [_decision(*row) for row in self._rows(sql, national)]

    def count(self) -> tuple[int, int]:
        """Return the number of identities, changes included, and of tracks that took one from another sector."""
        later = "UNION SELECT national FROM changes" if self._has("changes") else ""
        named = f"SELECT count(DISTINCT national) FROM (SELECT national FROM identities {later})"  # noqa: S608 - our own text
        rows = self._rows(f"SELECT ({named}), count(of_track) FROM identities")  # noqa: S608
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def progress(self) -> dict[str, int]:
        """Return the journal time [UTC ns] up to which each sector's pictures were read."""
        return dict(self._rows("SELECT sector, stamp_ns FROM progress"))

    def continued(self) -> list[Continued]:
        """Return all incidents that continue others, in order of sector and id: as many as there ever were."""
        return self._continued("FROM continued", "ORDER BY continued.sector, continued.incident")

    def continued_of(self, sector: str, incidents: Collection[str]) -> list[Continued]:
        """Return those of a sector's ``incidents`` that continue others. No others are read."""
        return self._continued(_OF, "", sector, json.dumps(list(incidents)))

    def continued_in_events(self, incidents: Iterable[Key]) -> list[Continued]:
        """Return all incidents that continue others in the events of ``incidents``. No others are read."""
        return self._continued(_IN_EVENTS, "", json.dumps(list(incidents)), events=_EVENTS)

    def _continued(self, chosen: str, order: str, *values: Any, events: str = "") -> list[Continued]:
        apart = "(continued.sector, continued.incident) IN opened_apart" if self._has("opened_apart") else "0"
        separated, by = "", "'', 0"
        if self._has("separated"):
            separated, by = _LEFT_JOIN_SEPARATED, "coalesce(person, ''), coalesce(at_ns, 0)"
        columns = "continued.sector, continued.incident, before_sector, before_incident, national"
        rows = self._rows(f"{events} SELECT {columns}, {apart}, {by} {chosen} {separated} {order}", *values)
        return [Continued._make((*row[:5], bool(row[5]), *row[6:])) for row in rows]

    def events_mark(self) -> int | None:
        """Return a number that is another one whenever ``continued`` has changed; None where there is none."""
        rows = self._rows("SELECT mark FROM events_mark") if self._has("events_mark") else []
        return rows[0][0] if rows else None

    def summaries(self) -> dict[str, bytes]:
        """Return the newest summary of each sector, as JSON."""
        return dict(self._rows("SELECT sector, body FROM summaries"))

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _has(self, table: str) -> bool:
        """Return whether the file has a table; one of an earlier version may lack it until it is written."""
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = ?", table))

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        try:
            if self._db is None:
                if not self.path.is_file():
                    return []
                self._db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_S)
            if not self._has_tables:  # its first writer has only begun, or was killed then
                self._has_tables = self._db.execute("PRAGMA user_version").fetchone()[0] > 0
            return self._db.execute(sql, values).fetchall() if self._has_tables else []
        except sqlite3.Error as error:
            raise _error(self.path, error) from error


class NationStore(NationReader):
    """The writer's interface. Opening it takes the file from a writer before, which can write nothing from then on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(self.path, isolation_level=None, timeout=WAIT_S)
            self._prepare(self._db)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise _error(self.path, error) from error
        except NationError:
            self.close()
            raise

    def _prepare(self, db: sqlite3.Connection) -> None:
        is_written(self.path, db)
        use_write_ahead_log(db)
        db.execute("PRAGMA synchronous = FULL")
        with transaction(db):
            for statement in TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            raise_fence(db, 0)
            self.fence = int(db.execute("UPDATE fence SET token = token + 1 RETURNING token").fetchone()[0])

    def commit(
        self,
        decisions: Iterable[IdentityDecision] = (),
        *,
        changes: Iterable[IdentityChange] = (),
        progress: Mapping[str, int] | None = None,
        continued: Iterable[Continued] = (),
        summaries: Mapping[str, bytes] | None = None,
    ) -> None:
        """Write decisions and changes, how far the sectors were read, and the newest summaries: all of it or nothing.

        Raises
        ------
        NationLost
            If a later writer has opened the file.
        NationError
            If it cannot be written, or a track has an identity already.
        """
        changes, continued = list(changes), list(continued)
        with self._writing() as db:
            db.executemany(
                "INSERT INTO identities VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(one.sector, one.track, one.national, one.at_ns, *_of(one)) for one in decisions],
            )
            db.executemany(
                "INSERT OR IGNORE INTO changes VALUES (?, ?, ?, ?)",
                [(one.sector, one.track, one.at_ns, one.national) for one in changes],
            )
            db.executemany(
                "INSERT OR IGNORE INTO met VALUES (?, ?, ?, ?)",
                [(one.ended, one.national, one.sector, one.track) for one in changes if one.ended is not None],
            )
            db.executemany(_PROGRESS, list((progress or {}).items()))
            db.executemany(_APART, [one[:2] for one in continued if one.apart])
            db.executemany("INSERT OR IGNORE INTO continued VALUES (?, ?, ?, ?, ?)", [one[:5] for one in continued])
            if continued:
                db.execute(MARK)
            db.executemany(_SUMMARY, list((summaries or {}).items()))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        assert self._db is not None
        try:
            with transaction(self._db) as db:
                if not is_fenced_by(db, self.fence):
                    raise NationLost(f"{self.path}: another process writes it; nothing was written.")
                yield db
        except sqlite3.Error as error:
            raise _error(self.path, error) from error


def is_written(path: Path, db: sqlite3.Connection) -> bool:
    """Return whether a file has its tables; its first writer may have only begun. NationError for another version."""
    found = tuple(db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id"))
    if found not in ((0, 0), (SCHEMA_VERSION, APPLICATION_ID)):
        raise NationError(f"{path}: is not a file of this version; expected version {SCHEMA_VERSION}.")
    return found != (0, 0)


def _of(one: IdentityDecision) -> tuple[str | None, str | None, float | None]:
    return (None, None, None) if one.of is None else (*one.of, one.log_odds)


def _decision(
    sector: str, track: str, national: str, at_ns: int, of: str | None, name: str, odds: float
) -> IdentityDecision:
    if of is None:
        return IdentityDecision(sector, track, national, at_ns)
    return IdentityDecision(sector, track, national, at_ns, (of, name), odds)


def _error(path: Path, error: Exception) -> NationError:
    return NationError(f"{path}: cannot be used ({error}).")
