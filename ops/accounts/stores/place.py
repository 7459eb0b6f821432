"""Where the accounts of a data folder are: in ``accounts.db``, or in PostgreSQL, as ``accounts.postgres`` states."""

from __future__ import annotations

from pathlib import Path

import msgspec

from geo.errors import BadInput
from ops.accounts.stores.database import FILE, AccountDatabase, AccountStoreError
from ops.accounts.stores.file import FileDatabase
from ops.postgres.address import PostgresError, StoreAddress, missing_packages
from ops.postgres.note import StoreNote, note_path, read_note, remember
from ops.runtime.output import write_private


def accounts_note(path: Path) -> StoreNote | None:
    """Return the note for accounts whose file would be ``path``; None for a file. Raises AccountStoreError."""
    try:
        note = read_note(path)
    except PostgresError as error:
        raise AccountStoreError(str(error)) from None
    if note is not None and note.holds != "accounts":
        raise AccountStoreError(f"{note_path(path)}: names a {note.holds}; expected the store of accounts.")
    return note


def accounts_exist(path: Path) -> bool:
    """Return whether there are accounts, in the file or in a store that a note names."""
    return path.exists() or accounts_note(path) is not None


def open_database(path: Path) -> AccountDatabase:
    """Open the accounts whose file would be ``path``, wherever they are. Raises AccountStoreError."""
    note = accounts_note(path)
    if note is None:
        return FileDatabase(path)
    try:
        from ops.accounts.stores.postgres import StoreDatabase
    except ImportError:
        raise AccountStoreError(str(missing_packages())) from None
    return StoreDatabase(note, path.parent)


def keep_accounts_in_store(data: Path, store: str, sector: str) -> None:
    """Keep the accounts of a data folder in PostgreSQL from now on, unless it has the file, which is continued.

    The note is written once the store can be used. Raises BadInput when the accounts are in another place, or when the
    store cannot be used.
    """
    address, path = StoreAddress(store), data / FILE
    note, known = StoreNote(address.without_password, sector, "accounts"), accounts_note(path)
    if known is not None and known != note:
        raise BadInput(
            f"the accounts of sector {known.sector} are in {known.address().shown}",
            where="--store",
            expected="that store, or another folder",
        )
    if path.exists():
        if known is not None:
            raise BadInput(
                f"{str(path)!r} has accounts in a file",
                where="--store",
                expected="a folder without it: copy it with `watchline store copy --accounts`, then move it away",
            )
        return
    remember(address)
    try:
        from ops.accounts.stores.postgres import StoreDatabase
    except ImportError:
        raise missing_packages() from None
    StoreDatabase(note, data).close()
    if known is None:
        write_private(note_path(path), msgspec.json.encode(note))


def keep_accounts_in_file(data: Path) -> None:
    """Check that the accounts are not in PostgreSQL. Raises BadInput."""
    known = accounts_note(data / FILE)
    if known is not None:
        raise BadInput("missing", where="--store", expected=f"{known.address().shown}, which holds the accounts")
