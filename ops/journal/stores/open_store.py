"""Opens the journal of a sector in PostgreSQL by its address, or says what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.audit.day_keys import DayKeys
from ops.postgres.address import StoreAddress, postgres_packages

if TYPE_CHECKING:
    from ops.journal.stores.postgres_reader import PostgresReader
    from ops.journal.stores.postgres_writer import PostgresJournal


def open_store(text: str, sector: str, *, keys: DayKeys | None = None, fence: int | None = None) -> PostgresJournal:
    """Open for writing, under a lease or none, with bodies encrypted under ``keys``.

    Raises PostgresError or JournalError; then nothing is changed.
    """
    address = StoreAddress(text)
    with postgres_packages():
        from ops.journal.stores.postgres_writer import PostgresJournal
    return PostgresJournal(address, sector, keys=keys, fence=fence)


def read_store(text: str, sector: str, *, keys: DayKeys | None = None) -> PostgresReader:
    """Open for reading; ``keys``: those of encrypted bodies. Raises PostgresError or JournalError."""
    address = StoreAddress(text)
    with postgres_packages():
        from ops.journal.stores.postgres_reader import PostgresReader
    return PostgresReader(address, sector, keys=keys)
