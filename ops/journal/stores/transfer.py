"""``watchline store copy`` and ``verify``: a journal in a file or a store, copied whole or not at all, and compared.

A copy holds what is stored, so that ids, counts and marks are the same; encrypted bodies stay encrypted, and their keys
stay where they are. The source is read as it was at one moment and may be in use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.console import Console

from geo.errors import BadInput
from ops.audit.day_keys import is_sealed
from ops.journal.command import journal_path
from ops.journal.stores.file_tables import FileTables, NewFile
from ops.journal.stores.place import note_of
from ops.journal.stores.until import Tables, TablesUntil
from ops.postgres.address import StoreAddress, is_postgres, postgres_packages, shown_place
from ops.runtime.output import show

if TYPE_CHECKING:
    from ops.journal.stores.store_tables import StoreTables

TABLES: Final = ("journal", "dead_letters", "counts", "marks", "boots", "flagged", "timings", "replays", "ids")
_BODY: Final = {"journal": 9, "dead_letters": 10}


def copy(
    source: str, target: str, sector: str | None, screen: Console, *, until_ns: int | None = None
) -> dict[str, Any]:
    """Copy a journal; return the number of rows by table. Raises BadInput, and then the target is as it was.

    ``until_ns``: copy it as it was at this time of receipt, see ``TablesUntil``.
    """
    rows: dict[str, int] = {}
    sealed = 0
    with ExitStack() as stack:
        tables: Tables = stack.enter_context(_opened(source, sector))
        if until_ns is not None:
            tables = TablesUntil(tables, until_ns)
        place = stack.enter_context(_new(target, sector))
        for table in TABLES:
            counted = _Counted(tables.rows(table), _BODY.get(table))
            place.load(table, counted)
            rows[table] = counted.count
            sealed += counted.sealed
    del rows["ids"]
    show(screen, "console-store-copied", rows=rows["journal"], letters=rows["dead_letters"], target=shown_place(target))
    if sealed:
        show(screen, "console-store-sealed", count=sealed)
    return {"target": shown_place(target), "rows": rows, "encrypted": sealed}


def verify(first: str, second: str, sector: str | None, screen: Console) -> dict[str, Any]:
    """Compare two journals; return the rows and SHA-256 of each table. BadInput names the first row that differs."""
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        sides = [stack.enter_context(_opened(text, sector)) for text in (first, second)]
        for table in TABLES:
            digest, count = hashlib.sha256(), 0
            for one, other in zip_longest(*(side.rows(table) for side in sides)):
                count += 1
                if one != other:
                    name = (one or other)[0]
                    raise BadInput(
                        f"differs from {shown_place(first)} in the table {table}, number {count} ({name})",
                        where=shown_place(second),
                        expected="the same content",
                    )
                digest.update(msgspec.json.encode(one) + b"\n")
            figures[table] = {"rows": count, "sha256": digest.hexdigest()}
    del figures["ids"]
    show(screen, "console-store-equal", rows=figures["journal"]["rows"], letters=figures["dead_letters"]["rows"])
    return {"equal": True, "tables": figures}


class _Counted:
    """Rows that are counted as they pass, and how many of them are encrypted."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], body: int | None) -> None:
        self._rows, self._body = rows, body
        self.count = self.sealed = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in self._rows:
            self.count += 1
            self.sealed += self._body is not None and is_sealed(row[self._body])
            yield row


def _opened(text: str, sector: str | None) -> AbstractContextManager[Tables]:
    if is_postgres(text):
        return _store_tables(text, sector)
    path = journal_path(Path(text))
    note = note_of(path)
    return FileTables(path) if note is None else _store_tables(note.address().text, note.sector)


def _new(text: str, sector: str | None) -> Any:
    if not is_postgres(text):
        return NewFile(journal_path(Path(text)))
    return _store_tables(text, sector).new()


def _store_tables(text: str, sector: str | None) -> StoreTables:
    if sector is None:
        raise BadInput("missing", where="--sector", expected="the sector whose journal is in PostgreSQL")
    address = StoreAddress(text, where="ADDRESS")
    with postgres_packages():
        from ops.journal.stores.store_tables import StoreTables
    return StoreTables(address, sector)
