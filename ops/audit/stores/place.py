"""Where the audit log of a data folder is: in files, or in PostgreSQL, as a note beside its folder states.

The signing key is in the folder in both cases: the server holds the log and cannot sign for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from geo.errors import BadInput
from ops.audit.entry import AuditError
from ops.audit.files import FOLDER, day_files, log_folder
from ops.audit.stores.files import FileReading, FileWriting
from ops.audit.stores.protocol import LogReading, LogWriting
from ops.postgres.address import PostgresError, postgres_packages
from ops.postgres.keeping import held_note, keep_in_store, refuse_without_store
from ops.postgres.note import StoreNote
from ops.runtime.account import give_to_owner


@contextmanager
def reading(folder: Path) -> Iterator[LogReading]:
    """Lend the log of a folder for reading, wherever it is. AuditError when it cannot be read."""
    with _audit_errors():
        note = held_note(folder, "audit")
        if note is not None:
            with postgres_packages():
                from ops.audit.stores.postgres import StoreReading
    if note is None:
        yield FileReading(folder)
        return
    with closing(StoreReading(note)) as log:
        yield log


def open_writing(folder: Path) -> LogWriting:
    """Open the log of a folder for one more writer, wherever it is. OSError or AuditError when it cannot be written."""
    with _audit_errors():
        note = held_note(folder, "audit")
        if note is None:
            return FileWriting(folder)
        with postgres_packages():
            from ops.audit.stores.postgres import StoreWriting
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # which holds the key
    give_to_owner(folder)
    return StoreWriting(note)


def has_log(folder: Path) -> bool:
    """Return whether an audit log is kept: in this folder, or in a store that a note names. Raises AuditError."""
    with _audit_errors():
        return folder.is_dir() or held_note(folder, "audit") is not None


def has_entries(folder: Path) -> bool:
    """Return whether the log of a folder has been written to."""
    with reading(folder) as log:
        return bool(log.days())


def existing_log(path: Path) -> Path:
    """Return the log's folder for a data folder or a path in it; BadInput where there is no log."""
    folder = log_folder(path)
    if not has_entries(folder):
        raise BadInput("has no audit log", where=str(path), expected="the data folder of `watchline run` or `demo`")
    return folder


def keep_audit_in_store(data: Path, store: str, sector: str) -> None:
    """Keep the audit log of a data folder in PostgreSQL from now on, unless it has one in files, which is continued.

    Raises BadInput when the log is in another place, BadInput or AuditError when the store cannot be used.
    """
    folder = data / FOLDER
    keep_in_store(folder, store, sector, "audit", in_files=bool(day_files(folder)), prepare=_prepare)


def keep_audit_in_files(data: Path) -> None:
    """Check that the audit log is not in PostgreSQL. Raises BadInput."""
    refuse_without_store(held_note(data / FOLDER, "audit"))


def _prepare(note: StoreNote) -> None:
    with postgres_packages():
        from ops.audit.stores.postgres import StoreWriting
    StoreWriting(note).close()


@contextmanager
def _audit_errors() -> Iterator[None]:
    try:
        yield
    except PostgresError as error:
        raise AuditError(str(error)) from None
