"""Where the accounts of a data folder are: in ``accounts.db``, or in PostgreSQL, as ``accounts.postgres`` states."""

from __future__ import annotations

from pathlib import Path

from ops.accounts.stores.database import FILE, AccountDatabase, AccountStoreError
from ops.accounts.stores.file import FileDatabase
from ops.postgres.address import PostgresError, postgres_packages
from ops.postgres.keeping import held_note, keep_in_store, refuse_without_store
from ops.postgres.note import StoreNote


def accounts_exist(path: Path) -> bool:
    """Return whether there are accounts, in the file or in a store that a note names. Raises AccountStoreError."""
    return path.exists() or _note(path) is not None


def open_database(path: Path) -> AccountDatabase:
    """Open the accounts whose file would be ``path``, wherever they are. Raises AccountStoreError."""
    note = _note(path)
    if note is None:
        return FileDatabase(path)
    try:
        return open_in_store(note, path.parent)
    except PostgresError as error:
        raise AccountStoreError(str(error)) from None


def open_in_store(note: StoreNote, data: Path, *, create: bool = True) -> AccountDatabase:
    """Open the accounts in a store, which are created if there are none, with the keys of a data folder.

    Raises AccountStoreError, also for a store without accounts when ``create`` is false, and PostgresError without the
    packages that PostgreSQL needs.
    """
    with postgres_packages():
        from ops.accounts.stores.postgres import StoreDatabase
    return StoreDatabase(note, data, create=create)


def keep_accounts_in_store(data: Path, store: str, sector: str) -> None:
    """Keep the accounts of a data folder in PostgreSQL from now on, unless it has the file, which is continued.

    Raises BadInput when the accounts are in another place, BadInput or AccountStoreError when the store is unusable.
    """
    path = data / FILE
    keep_in_store(
        path,
        store,
        sector,
        "accounts",
        in_files=path.exists(),
        prepare=lambda note: open_in_store(note, data).close(),
    )


def keep_accounts_in_file(data: Path) -> None:
    """Check that the accounts are not in PostgreSQL. Raises BadInput."""
    refuse_without_store(held_note(data / FILE, "accounts"))


def _note(path: Path) -> StoreNote | None:
    try:
        return held_note(path, "accounts")
    except PostgresError as error:
        raise AccountStoreError(str(error)) from None
