"""Products of partners in a store of their own, ``exchange/received.db``: each record with its origin and conditions.

They are apart from the picture of this installation: nothing reads them into tracks, alerts or incidents.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.audit.command import record_command
from ops.exchange.format.manifest import Manifest, decoded
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.sent import FOLDER
from ops.runtime.account import give_to_owner
from ops.runtime.files.transaction import transaction

FILE: Final = "received.db"
MOST_REFUSED: Final = 200
"""Notes of refused packages."""
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS packages (
    origin TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, agreement TEXT NOT NULL,
    received_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL, marking TEXT NOT NULL, records INTEGER NOT NULL,
    sha256 TEXT NOT NULL, state TEXT NOT NULL, manifest BLOB NOT NULL, PRIMARY KEY (origin, number))""",
    """CREATE TABLE IF NOT EXISTS records (
    origin TEXT NOT NULL, number INTEGER NOT NULL, layer TEXT NOT NULL, row INTEGER NOT NULL, id TEXT NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (origin, number, layer, row)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS records_of ON records (origin, id)",
    """CREATE TABLE IF NOT EXISTS drills (
    origin TEXT NOT NULL, number INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (origin, number))""",
    """CREATE TABLE IF NOT EXISTS refused (
    n INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, origin TEXT NOT NULL, number INTEGER, reason TEXT NOT NULL,
    what TEXT NOT NULL, place TEXT NOT NULL, sha256 TEXT NOT NULL, times INTEGER NOT NULL, UNIQUE (sha256, reason))""",
    """CREATE TABLE IF NOT EXISTS withdrawn (
    origin TEXT NOT NULL, id TEXT NOT NULL, notice INTEGER NOT NULL, PRIMARY KEY (origin, id)) WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True)
class ReceivedPackage:
    """A package that was imported. ``state``: in_force, withdrawn or expired; ``marking`` is this installation's."""

    origin: str
    number: int
    kind: str
    agreement: str
    received_ns: int
    expires_ns: int
    marking: str
    records: int
    sha256: str
    state: str
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class RefusedPackage:
    """A package that was not imported. ``origin`` and ``number`` are what it states, which may be untrue."""

    at_ns: int
    origin: str
    number: int | None
    reason: str
    what: str
    place: str
    sha256: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of an import: records stored and left out because they were withdrawn before, and removed ones."""

    stored: int = 0
    left_out: int = 0
    removed: int = 0


class ReceivedStore:
    """The received products of a data folder. An import is one transaction: all of a package, or nothing."""

    def __init__(self, data: Path) -> None:
        self._data, folder = data, data / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        self._database = sqlite3.connect(folder / FILE, isolation_level=None, timeout=60.0)
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA secure_delete = ON")
        with transaction(self._database):
            for table in _TABLES:
                self._database.execute(table)
        give_to_owner(folder, folder / FILE)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def newest(self, origin: str) -> int:
        """Return the highest number of an origin that was imported; 0 for none."""
        row = self._database.execute("SELECT COALESCE(MAX(number), 0) FROM packages WHERE origin = ?", (origin,))
        return int(row.fetchone()[0])

    def add(
        self,
        manifest: Manifest,
        body: bytes,
        rows: Mapping[str, list[dict[str, Any]]],
        *,
        sha256: str,
        marking: str,
        received_ns: int,
        expires_ns: int,
        audited: Callable[[], None],
        sealed: bytes = b"",
    ) -> Imported:
        """Import a verified package; PackageRefused, and nothing stored, unless its number is above the newest, or it
        is a notice of withdrawal that was not imported before."""
        origin, number = manifest.origin, manifest.number
        with transaction(self._database) as database:
            if manifest.withdraws is None or self._holds(origin, number):
                refuse_replay(self.newest(origin), number)
            audited()
            gone = {one for (one,) in database.execute("SELECT id FROM withdrawn WHERE origin = ?", (origin,))}
            stored = left_out = 0
            for layer, found in rows.items():
                kept = [one for one in found if one["id"] not in gone]
                left_out += len(found) - len(kept)
                stored += len(kept)
                database.executemany(
                    "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        (origin, number, layer, at, one["id"], msgspec.json.encode(one))
                        for at, one in enumerate(kept, start=1)
                    ),
                )
            removed = self._withdraw(manifest)
            row = (
                origin, number, manifest.kind, manifest.agreement, received_ns, expires_ns, marking, stored, sha256,
                "in_force", body,
            )  # fmt: skip
            database.execute(f"INSERT INTO packages VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
            if sealed:
                database.execute("INSERT INTO drills VALUES (?, ?, ?)", (origin, number, sealed))
        return Imported(stored, left_out, removed)

    def forget_expired(self, now_ns: int) -> int:
        """Erase the records of packages that have expired, once the audit log has it; return their number."""
        with transaction(self._database) as database:
            due = database.execute(
                "SELECT origin, number FROM packages WHERE expires_ns <= ? AND state = 'in_force'"
                " AND kind IN ('product', 'drill')", (now_ns,),
            ).fetchall()  # fmt: skip
            if due:
                subject, by = f"records of expired packages: {_named(due)}", ("watchline", "system")
                record_command(self._data, "retention", subject, purpose="retention", operation="erasure", by=by)
            return self._removed(due, "expired")

    def erase_before_end(self, packages: Iterable[tuple[str, int]]) -> int:
        """Erase the records of packages whose retention here is shorter than agreed; return their number."""
        with transaction(self._database):
            return self._removed(packages, "expired")

    def packages(self, origin: str | None = None) -> list[ReceivedPackage]:
        """Return the packages of an origin, or of all, in order of the numbers."""
        rows = self._database.execute(
            "SELECT * FROM packages WHERE ?1 IS NULL OR origin = ?1 ORDER BY origin, number", (origin,)
        )
        every: list[tuple[Any, ...]] = [(*values, decoded(body)) for *values, body in rows]
        return [ReceivedPackage(*one) for one in every]

    def records(self, origin: str, number: int, layer: str) -> Iterator[dict[str, Any]]:
        """Iterate over the records of a layer of a package, as they were stated."""
        rows = self._database.execute(
            "SELECT body FROM records WHERE origin = ? AND number = ? AND layer = ? ORDER BY row",
            (origin, number, layer),
        )
        for (body,) in rows:
            yield msgspec.json.decode(body)

    def sealed(self, origin: str, number: int) -> bytes | None:
        """Return the sealed answer key of a drill; None where there is none, or no longer."""
        row = self._database.execute("SELECT sealed FROM drills WHERE origin = ? AND number = ?", (origin, number))
        found = row.fetchone()
        return None if found is None else bytes(found[0])

    def note_refused(self, refused: RefusedPackage) -> None:
        """Note a package that was refused; the same one again only counts. The oldest of many notes are deleted."""
        with transaction(self._database) as database:
            database.execute(
                "INSERT INTO refused (at_ns, origin, number, reason, what, place, sha256, times) VALUES"
                " (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (sha256, reason) DO UPDATE SET"
                " at_ns = excluded.at_ns, times = times + 1",
                (refused.at_ns, refused.origin, refused.number, refused.reason, refused.what, refused.place,
                 refused.sha256),
            )  # fmt: skip
            database.execute(
                "DELETE FROM refused WHERE n NOT IN (SELECT n FROM refused ORDER BY at_ns DESC, n DESC LIMIT ?)",
                (MOST_REFUSED,),
            )

    def refused(self) -> list[RefusedPackage]:
        """Return the packages that were refused, the latest first."""
        return [
            RefusedPackage(*row)
            for row in self._database.execute(
                "SELECT at_ns, origin, number, reason, what, place, sha256, times FROM refused"
                " ORDER BY at_ns DESC, n DESC"
            )
        ]

    def missing_before(self, origin: str, number: int) -> range:
        """Return the numbers of an origin between a package and the one before it that was imported."""
        newest = "SELECT COALESCE(MAX(number), 0) FROM packages WHERE origin = ? AND number < ?"
        (before,) = self._database.execute(newest, (origin, number)).fetchone()
        return range(before + 1, number)

    def _holds(self, origin: str, number: int) -> bool:
        row = self._database.execute("SELECT 1 FROM packages WHERE origin = ? AND number = ?", (origin, number))
        return row.fetchone() is not None

    def is_withdrawn(self, origin: str, identity: str) -> bool:
        """Whether a record of an origin was withdrawn, also if it was never received."""
        row = self._database.execute("SELECT 1 FROM withdrawn WHERE origin = ? AND id = ?", (origin, identity))
        return row.fetchone() is not None

    def _withdraw(self, manifest: Manifest) -> int:
        if manifest.withdraws is None:
            return 0
        origin = manifest.origin
        removed = self._removed([(origin, number) for number in manifest.withdraws.packages], "withdrawn")
        for identity in manifest.withdraws.records:
            notice = (origin, identity, manifest.number)
            self._database.execute("INSERT OR IGNORE INTO withdrawn VALUES (?, ?, ?)", notice)
            cursor = self._database.execute("DELETE FROM records WHERE origin = ? AND id = ?", (origin, identity))
            removed += cursor.rowcount
        return removed

    def _removed(self, packages: Iterable[tuple[str, int]], state: str) -> int:
        removed = 0
        for origin, number in packages:
            cursor = self._database.execute("DELETE FROM records WHERE origin = ? AND number = ?", (origin, number))
            removed += cursor.rowcount
            self._database.execute("DELETE FROM drills WHERE origin = ? AND number = ?", (origin, number))
            self._database.execute(
                "UPDATE packages SET state = ? WHERE origin = ? AND number = ?", (state, origin, number)
            )
        return removed


def _named(packages: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{origin} {number}" for origin, number in packages)[:500]


def refuse_replay(newest: int, number: int) -> None:
    """Raise PackageRefused for a number that is not above the newest."""
    if number <= newest:
        expected = f"a number above {newest}, the newest of this origin"
        raise PackageRefused("replayed", f"number {number}", where="manifest.json", expected=expected)
