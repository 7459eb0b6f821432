"""``watchline store copy --accounts`` and ``verify --accounts``: accounts, copied whole or not at all, and compared.

A copy holds what is stored: hashes of passwords, and secrets of second factors as they are encrypted under the key in
the data folder, which stays there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput
from ops.accounts.stores.database import COLUMNS, FILE, AccountDatabase, AccountStoreError, Statements
from ops.accounts.stores.file import FileDatabase
from ops.accounts.stores.place import accounts_exist, open_database, open_in_store
from ops.postgres.address import is_postgres, shown_place
from ops.postgres.keeping import stated_note
from ops.runtime.files.lock import lock_file
from ops.runtime.output import show

_ORDER = {"people": "id", "roles": "person, sector", "sessions": "key", "devices": "key, person", "attempts": "key"}


def copy_accounts(source: str, target: str, sector: str | None, screen: Console) -> dict[str, Any]:
    """Copy accounts; return the rows by table. Raises BadInput or AccountStoreError, and the target is as it was."""
    data = _folder(source, target)
    with _opened(source, sector, data) as before, _new(target, sector, data) as after, before.read() as reading:
        rows = {table: _rows(reading, table) for table in COLUMNS}
        with after.change() as writing:
            if any(_rows(writing, table) for table in COLUMNS):
                raise BadInput("has accounts", where=shown_place(target), expected="a sector or folder without them")
            for table, names in COLUMNS.items():
                marks = ", ".join("?" * (names.count(",") + 1))
                writing.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows[table])  # noqa: S608
    counts = {table: len(found) for table, found in rows.items()}
    show(screen, "console-store-accounts-copied", accounts=counts["people"], target=shown_place(target))
    return {"target": shown_place(target), "rows": counts}


def verify_accounts(first: str, second: str, sector: str | None, screen: Console) -> dict[str, Any]:
    """Compare two places of accounts; return the rows by table. BadInput names the first table that differs."""
    data = _folder(first, second)
    with ExitStack() as stack:
        sides = [stack.enter_context(_opened(text, sector, data)) for text in (first, second)]
        here, there = (stack.enter_context(side.read()) for side in sides)
        rows = {table: (_rows(here, table), _rows(there, table)) for table in COLUMNS}
    for table, (mine, theirs) in rows.items():
        if mine != theirs:
            raise BadInput(
                f"differs from {shown_place(first)} in the table {table}",
                where=shown_place(second),
                expected="the same content",
            )
    counts = {table: len(mine) for table, (mine, _) in rows.items()}
    show(screen, "console-store-accounts-equal", accounts=counts["people"])
    return {"equal": True, "rows": counts}


def _folder(*sides: str) -> Path:
    """Return the data folder, which holds the key of second factors."""
    for side in sides:
        if not is_postgres(side):
            return _path(side).parent
    raise BadInput("two stores", where="SOURCE, TARGET", expected="the data folder as one of them, with its keys")


def _rows(reading: Statements, table: str) -> list[tuple[Any, ...]]:
    found = reading.execute(f"SELECT {COLUMNS[table]} FROM {table} ORDER BY {_ORDER[table]}")  # noqa: S608
    return [tuple(row) for row in found.fetchall()]


@contextmanager
def _opened(text: str, sector: str | None, data: Path) -> Iterator[AccountDatabase]:
    path = _path(text)
    if is_postgres(text):
        database = open_in_store(stated_note(text, sector, "accounts"), data, create=False)
    elif accounts_exist(path):
        database = open_database(path)
    else:
        raise BadInput("has no accounts", where=str(path), expected="the data folder of `watchline run`")
    with closing(database):
        yield database


@contextmanager
def _new(text: str, sector: str | None, data: Path) -> Iterator[AccountDatabase]:
    """Lend a database that is to be written. A file is there when it is complete."""
    if is_postgres(text):
        with closing(open_in_store(stated_note(text, sector, "accounts"), data)) as database:
            yield database
        return
    path = _path(text)
    if path.exists():
        raise BadInput("has accounts", where=str(path), expected="a new file, or a folder without them")
    partial = path.with_name(path.name + ".copying")
    try:
        lock = lock_file(path.with_name(path.name + ".copying.lock"), wait=True)
        assert lock is not None
        try:
            for end in ("", "-wal", "-shm"):  # of a copy that was interrupted
                partial.with_name(partial.name + end).unlink(missing_ok=True)
            with closing(FileDatabase(partial)) as file:
                yield file
            os.link(partial, path)  # never in place of another
            partial.unlink()
        finally:
            os.close(lock)
            path.with_name(path.name + ".copying.lock").unlink(missing_ok=True)
    except OSError as error:
        raise AccountStoreError(f"{path}: the accounts cannot be copied ({error.strerror or error}).") from error


def _path(text: str) -> Path:
    path = Path(text)
    return path / FILE if path.is_dir() else path
