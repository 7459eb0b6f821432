"""Where the leases of a cluster are: in ``leases.db`` of its folder, or in PostgreSQL with its sectors."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ops.cluster.leases.lease_book import FILE, LeaseBook, Leases
from ops.postgres.address import StoreAddress, missing_packages
from ops.postgres.note import StoreNote, note_path, read_note, remember
from ops.runtime.output import write_private


def open_leases(folder: Path, store: str | None) -> Leases:
    """Open the leases of the cluster whose sectors are in ``store``, or in files. Raises LeaseError, PostgresError."""
    if store is None:
        return LeaseBook(folder)
    try:
        from ops.cluster.leases.store_leases import StoreLeases
    except ImportError:
        raise missing_packages() from None
    address = StoreAddress(store)
    remember(address)
    return StoreLeases(address, folder)


def note_leases(folder: Path, store: str, nation: str) -> None:
    """Note in the folder of a cluster that its leases are in a store, for ``cluster status``."""
    note = StoreNote(StoreAddress(store).without_password, nation, "leases")
    write_private(note_path(folder / FILE), msgspec.json.encode(note))


def known_leases(folder: Path) -> Leases | None:
    """Open the leases of a folder, wherever they are; None for a folder that has none. Raises PostgresError."""
    note = read_note(folder / FILE)
    if note is not None:
        return open_leases(folder, note.address().text)
    return LeaseBook(folder) if (folder / FILE).is_file() else None
