"""Releasability markings in the store: a table that only grows, of which the newest row of a record is in force.

Rows are written in the transaction that publishes the record, so that no reader sees a record without its marking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from ops.releasability.decision import UNMARKED, Markings
from ops.releasability.settings import ReleasabilitySettings
from ops.store.reader import Reader

TABLES: Final = """
CREATE TABLE IF NOT EXISTS markings (
    n INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('track', 'alert', 'incident')),
    id TEXT NOT NULL,
    marking TEXT NOT NULL,
    published INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS markings_of ON markings (kind, id)
"""
"""``published``: whether a revision of the record had been published before the marking changed."""


def write_markings(run: Any, changed: Iterable[tuple[str, str, str]]) -> None:
    """Write markings that changed, before the revisions of the same transaction; no repeated ones."""
    for kind, identity, marking in changed:
        newest = "SELECT marking FROM markings WHERE kind = ? AND id = ? ORDER BY n DESC LIMIT 1"
        there = run(newest, (kind, identity)).fetchone()
        if (UNMARKED if there is None else there[0]) != marking:
            run(
                "INSERT INTO markings (kind, id, marking, published)"
                " VALUES (?1, ?2, ?3, EXISTS (SELECT 1 FROM outbox WHERE alert = ?2))",
                (kind, identity, marking),
            )


class MarkingChange(NamedTuple):
    """A marking of a published record that was replaced."""

    before: str
    after: str


class MarkingReader(Reader):
    """The markings in force, kept in memory and continued with each ``refresh``.

    It has a connection of its own, which states whether the store was written since it was last read.
    ``newest`` is the number of the last row read; ``changes`` are those of records that had been published.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.newest, self._version = 0, -1
        self._known: dict[tuple[str, str], str] = {}
        self.changes: list[MarkingChange] = []

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        super().close()
        self._version = -1  # SQLite counts for each connection

    def refresh(self) -> bool:
        """Read the rows that are new; return whether there were any."""
        with self._reading() as connection:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version == self._version:
                return False
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'markings'").fetchone():
                return False  # a store from before markings
            rows = connection.execute(
                "SELECT n, kind, id, marking, published FROM markings WHERE n > ? ORDER BY n", (self.newest,)
            ).fetchall()
            for number, kind, identity, marking, published in rows:
                if published:
                    self.changes.append(MarkingChange(self._known.get((kind, identity), UNMARKED), marking))
                self._known[kind, identity] = marking
                self.newest = number
            self._version = version
        return bool(rows)

    def of(self, kind: str, identity: str) -> str:
        """Marking in force of a record; empty for none."""
        return self._known.get((kind, identity), UNMARKED)

    def marked(self) -> list[tuple[str, str, str]]:
        """Every record with a marking, as (kind, id, marking)."""
        return [(kind, identity, marking) for (kind, identity), marking in self._known.items() if marking]

    def numbers_of(self, identities: Iterable[str]) -> list[int]:
        """Outbox numbers of all revisions of the records, in order."""
        numbers = [n for one in identities for (n,) in self._rows("SELECT n FROM outbox WHERE alert = ?", one)]
        return sorted(numbers)

    def outbox_ids(self, after: int) -> list[tuple[int, str]]:
        """Number and record of each outbox row above ``after``, in order."""
        return self._rows("SELECT n, alert FROM outbox WHERE n > ? ORDER BY n", after)


def released_records(store: Reader, settings: ReleasabilitySettings, limit: str) -> Callable[[str, str], bool]:
    """Return whether a receiver with this limit may have a record of a store, by kind and id."""
    records, markings = MarkingReader(store.path), Markings(settings.levels)
    records.refresh()
    records.close()
    return lambda kind, identity: markings.may_see(limit, records.of(kind, identity))
