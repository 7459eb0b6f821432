"""What must hold of ``nation.db`` after every step of a simulated world, read from the files and nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ops.cluster.identity.decision import national_id
from ops.cluster.identity.nation_store import FILE
from tests.simulation.invariants import Violation

Row = tuple[Any, ...]
Tables = dict[str, dict[Row, Row]]
"""Rows of each table, by key."""
KEYS: Final = {"identities": 2, "changes": 3, "met": 1, "continued": 2, "opened_apart": 2, "progress": 1}
"""Tables of the file, and how many columns are the key of a row."""


class NationRecord:
    """What has been seen in the file so far; all of it must stay."""

    def __init__(self, folder: Path, sectors: tuple[str, ...]) -> None:
        self._folder, self._sectors = folder, sectors
        self._db: sqlite3.Connection | None = None
        self.tables: Tables = {table: {} for table in KEYS}

    def forget_files(self) -> None:
        """Close the file, which may be replaced now."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def check(self) -> None:
        """Read the file. Raises Violation."""
        found = self._read()
        self._require(bool(found) or not any(self.tables.values()), "what was in it is lost")
        for table, rows in found.items():
            known = self.tables[table]
            for key, row in known.items():
                self._require(key in rows, f"{table}: {key} is lost")
                kept = row <= rows[key] if table == "progress" else row == rows[key]
                self._require(kept, f"{table}: {key} was {row} and is {rows[key]}")
            if rows != known:
                self.tables[table] = rows
        self._check_names()
        self._check_progress()

    def _check_names(self) -> None:
        """Require that a track founded its identity or has that of the track from which it was taken."""
        identities = self.tables["identities"]
        for key, (national, _, *of, _) in identities.items():
            founder = key if of[0] is None else tuple(of)
            named = {national_id(*founder)} if of[0] is None else {identities.get(founder, ("", 0))[0]}
            self._require(national in named, f"{key} has {national}, not that of {founder}")
        for (*key, at_ns), (national,) in self.tables["changes"].items():
            decided = identities.get(tuple(key))
            self._require(decided is not None and decided[1] <= at_ns, f"{key} changed to {national} before a decision")

    def _check_progress(self) -> None:
        for (sector,), (stamp_ns,) in self.tables["progress"].items():
            newest_ns = self.newest_ns(sector)
            self._require(stamp_ns <= newest_ns, f"{sector} was read up to {stamp_ns}; its newest picture: {newest_ns}")

    def newest_ns(self, sector: str) -> int:
        """Return the time of the newest picture in a sector's store; 0 before the first."""
        path = self._folder / sector / "store.db"
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            return int(store.execute("SELECT max(stamp_ns) FROM moments").fetchone()[0] or 0)
        return 0

    @property
    def has_all(self) -> bool:
        """Whether every picture was taken in."""
        progress = self.tables["progress"]
        return all(progress.get((name,)) == (self.newest_ns(name),) for name in self._sectors)

    def digest(self) -> str:
        """Return a hash of all that was decided, equal in equal worlds."""
        return sha256(repr([sorted(rows.items()) for rows in self.tables.values()]).encode()).hexdigest()

    def _read(self) -> Tables:
        path = self._folder / FILE
        if self._db is None:
            if not path.is_file():
                return {}
            self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        with suppress(sqlite3.OperationalError):  # its tables are not there yet
            return {
                table: {row[:key]: row[key:] for row in self._db.execute(f"SELECT * FROM {table}")}
                for table, key in KEYS.items()
            }
        return {}

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Violation(f"nation.db: {otherwise}")
