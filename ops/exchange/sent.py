"""What was shared with whom and why: the numbers, packages and records that left, in ``exchange/sent.db``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ops.exchange.format.manifest import Manifest
from ops.exchange.format.package import ENDING
from ops.runtime.account import give_to_owner
from ops.runtime.files.transaction import transaction
from ops.runtime.output import write_private
from sensors.timestamps import nanoseconds

FOLDER: Final = "exchange"
"""Folder of the exchange in a data folder."""
FILE: Final = "sent.db"
OUTBOX: Final = "outbox"
MOST_LOST: Final = 1_000_000
"""Number of packages that an older copy of the log can lack."""
SentState = Literal["in_force", "partly_withdrawn", "withdrawn", "expired"]
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS packages (
    partner TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, agreement TEXT NOT NULL,
    made_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL, person TEXT NOT NULL, purpose TEXT NOT NULL,
    records INTEGER NOT NULL, sha256 TEXT NOT NULL, withdrawn_by INTEGER, PRIMARY KEY (partner, number))""",
    """CREATE TABLE IF NOT EXISTS items (
    partner TEXT NOT NULL, number INTEGER NOT NULL, layer TEXT NOT NULL, id TEXT NOT NULL,
    withdrawn_by INTEGER, PRIMARY KEY (partner, id, layer, number)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS withdrawn_records (
    partner TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (partner, record)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS stated (partner TEXT PRIMARY KEY, number INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS withdrawn_items ON items (partner, number) WHERE withdrawn_by IS NOT NULL",
)
_PACKAGES: Final = (
    "SELECT *, EXISTS (SELECT 1 FROM items WHERE items.partner = packages.partner AND items.number = packages.number"
    " AND items.withdrawn_by IS NOT NULL) FROM packages"
)


@dataclass(frozen=True, slots=True)
class SentPackage:
    """A package that was made. ``withdrawn_by``: number of the notice that took it back; None: in force.

    ``partly_withdrawn``: it holds a record that was taken back, so that it leaves no more.
    """

    partner: str
    number: int
    kind: str
    agreement: str
    made_ns: int
    expires_ns: int
    person: str
    purpose: str
    records: int
    sha256: str
    withdrawn_by: int | None
    partly_withdrawn: bool = False

    def state_at(self, now_ns: int) -> SentState:
        """Return its state at a time."""
        if self.withdrawn_by is not None:
            return "withdrawn"
        if self.expires_ns <= now_ns:
            return "expired"
        return "partly_withdrawn" if self.partly_withdrawn else "in_force"


@dataclass(frozen=True, slots=True)
class MadePackage:
    """A package that is ready to leave."""

    manifest: Manifest
    content: bytes
    sha256: str
    path: Path


class SentStore:
    """The log of a data folder. Each package is on disk before its number is used up."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._database = sqlite3.connect(self.folder / FILE, isolation_level=None, timeout=60.0)
        self._database.execute("PRAGMA synchronous = FULL")
        with transaction(self._database):
            for table in _TABLES:
                self._database.execute(table)
        give_to_owner(self.folder, self.folder / FILE)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add(
        self,
        partner: str,
        made: Callable[[int], MadePackage],
        *,
        person: str,
        purpose: str,
        items: Mapping[str, Iterable[str]],
        audited: Callable[[MadePackage], None],
        withdrawn: Iterable[str] = (),
    ) -> MadePackage:
        """Make the next package for a partner, log it, and put it into the outbox.

        ``made`` gets the number; ``items`` are the pseudonyms by layer. ``audited`` records the disclosure and is
        called before the package is in force. An exception of either leaves no package. ``withdrawn``: own ids of the
        records that it takes back.
        """
        with transaction(self._database) as database:
            number = self._newest(partner) + 1
            package = made(number)
            manifest = package.manifest
            audited(package)
            path = self.path_of(partner, number)
            write_private(path, package.content)
            give_to_owner(path.parent.parent, path.parent, path)
            count = sum(entry.records for entry in manifest.layers.values())
            row = (
                partner, number, manifest.kind, manifest.agreement, nanoseconds(manifest.made_at),
                nanoseconds(manifest.expires_at),
                person, purpose, count, package.sha256, None,
            )  # fmt: skip
            database.execute(f"INSERT INTO packages VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
            database.executemany(
                "INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?, NULL)",
                ((partner, number, layer, one) for layer, ids in items.items() for one in ids),
            )
            if manifest.withdraws is not None:
                self._note_withdrawal(partner, manifest)
            database.executemany(
                "INSERT OR IGNORE INTO withdrawn_records VALUES (?, ?)", ((partner, one) for one in withdrawn)
            )
        if manifest.withdraws is not None:
            self.delete_files(one for one in self.packages(partner) if one.withdrawn_by or one.partly_withdrawn)
        return package

    def note_stated(self, partner: str, number: int) -> bool:
        """Note the newest package that a partner states to have; return whether it is above all that are known here.

        This log then came from an older copy. The next package gets a number above it, as the partner takes no other.
        A number that no log can have lost is not believed: those that follow would be too large for a package.
        """
        if not 0 < number - self._newest(partner) <= MOST_LOST:
            return False
        with transaction(self._database) as database:
            database.execute("INSERT OR REPLACE INTO stated VALUES (?, ?)", (partner, number))
        return True

    def path_of(self, partner: str, number: int) -> Path:
        """Return the file of a package in the outbox."""
        return self.folder / OUTBOX / partner / f"{number:09d}{ENDING}"

    def packages(self, partner: str | None = None) -> list[SentPackage]:
        """Return what was made for a partner, or for all, in order of the numbers."""
        rows = self._database.execute(
            f"{_PACKAGES} WHERE ?1 IS NULL OR partner = ?1 ORDER BY partner, number", (partner,)
        )
        return [SentPackage(*row) for row in rows]

    def after(self, partner: str, number: int, now_ns: int, in_force: Collection[str]) -> SentPackage | None:
        """Return the next notice of withdrawal for a partner, or package of an agreement ``in_force`` that is neither
        expired nor erased, and of which nothing was withdrawn."""
        rows = self._database.execute(
            f"{_PACKAGES} WHERE partner = ? AND number > ? AND (kind = 'withdrawal' OR"
            " (expires_ns > ? AND withdrawn_by IS NULL)) ORDER BY number",
            (partner, number, now_ns),
        )
        for one in (SentPackage(*row) for row in rows):
            leaves = one.agreement in in_force and not one.partly_withdrawn and self._has_file(one)
            if leaves or one.kind == "withdrawal":
                return one
        return None

    def content_after(
        self, partner: str, number: int, now_ns: int, in_force: Collection[str]
    ) -> tuple[int, bytes] | None:
        """Return number and content of the next package for a partner; None without one, and for a moment while it is
        withdrawn or expires: the next question finds what follows it."""
        package = self.after(partner, number, now_ns, in_force)
        if package is None:
            return None
        try:
            return package.number, self.path_of(partner, package.number).read_bytes()
        except FileNotFoundError:
            return None

    def forget_expired(self, now_ns: int) -> None:
        """Delete the files of packages that have expired; the log keeps their numbers and hashes."""
        due = self._database.execute(
            "SELECT partner, number FROM packages WHERE expires_ns <= ? AND kind <> 'withdrawal'", (now_ns,)
        )
        for partner, number in due:
            self.path_of(partner, number).unlink(missing_ok=True)

    def products_in_outbox(self) -> list[SentPackage]:
        """Return the packages with records whose files are in the outbox."""
        return [one for one in self.packages() if one.kind == "product" and self._has_file(one)]

    def delete_files(self, packages: Iterable[SentPackage]) -> None:
        """Delete the files of packages before their end; the log keeps their numbers and hashes."""
        for one in packages:
            self.path_of(one.partner, one.number).unlink(missing_ok=True)

    def _newest(self, partner: str) -> int:
        known = (
            "SELECT number FROM stated WHERE partner = ?1 UNION ALL SELECT MAX(number) FROM packages WHERE partner = ?1"
        )
        return max((number for (number,) in self._database.execute(known, (partner,)) if number), default=0)

    def _has_file(self, package: SentPackage) -> bool:
        return self.path_of(package.partner, package.number).exists()

    def packages_with(self, partner: str, identity: str) -> list[int]:
        """Return the numbers of the packages for a partner that hold a record, by its pseudonym."""
        rows = self._database.execute(
            "SELECT DISTINCT number FROM items WHERE partner = ? AND id = ? ORDER BY number", (partner, identity)
        )
        return [number for (number,) in rows]

    def withdrawn(self, partner: str) -> set[str]:
        """Return the pseudonyms of the records that were withdrawn from a partner."""
        rows = self._database.execute(
            "SELECT DISTINCT id FROM items WHERE partner = ? AND withdrawn_by IS NOT NULL", (partner,)
        )
        return {identity for (identity,) in rows}

    def withdrawn_records(self, partner: str) -> list[str]:
        """Return the own ids of the same, which outlast the key of the pseudonyms."""
        rows = self._database.execute("SELECT record FROM withdrawn_records WHERE partner = ?", (partner,))
        return [identity for (identity,) in rows]

    def _note_withdrawal(self, partner: str, manifest: Manifest) -> None:
        withdraws = manifest.withdraws
        assert withdraws is not None
        for number in withdraws.packages:
            self._database.execute(
                "UPDATE packages SET withdrawn_by = ? WHERE partner = ? AND number = ? AND withdrawn_by IS NULL",
                (manifest.number, partner, number),
            )
        self._database.executemany(
            "UPDATE items SET withdrawn_by = ? WHERE partner = ? AND id = ? AND withdrawn_by IS NULL",
            ((manifest.number, partner, identity) for identity in withdraws.records),
        )
