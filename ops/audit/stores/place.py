"""Where the audit log of a data folder is: in files, or in PostgreSQL, as a note beside its folder states.

The signing key is in the folder in both cases: the server holds the log and cannot sign for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from geo.errors import BadInput
from ops.audit.entry import AuditError
from ops.audit.files import FOLDER, day_files, log_folder
from ops.audit.stores.files import FileReading, FileWriting
from ops.audit.stores.protocol import LogReading, LogWriting
from ops.postgres.address import PostgresError, StoreAddress, missing_packages
from ops.postgres.note import StoreNote, note_path, read_note, remember
from ops.runtime.output import write_private


def audit_note(folder: Path) -> StoreNote | None:
    """Return the note of a log's folder; None for a log in files. AuditError for one that cannot be read."""
    try:
        note = read_note(folder)
    except PostgresError as error:
        raise AuditError(str(error)) from None
    if note is not None and note.holds != "audit":
        raise AuditError(f"{note_path(folder)}: names a {note.holds}; expected the store of an audit log.")
    return note


@contextmanager
def reading(folder: Path) -> Iterator[LogReading]:
    """Lend the log of a folder for reading, wherever it is. AuditError when it cannot be read."""
    note = audit_note(folder)
    if note is None:
        yield FileReading(folder)
        return
    try:
        from ops.audit.stores.postgres import StoreReading
    except ImportError:
        raise AuditError(str(missing_packages())) from None
    log = StoreReading(note)
    try:
        yield log
    finally:
        log.close()


def open_writing(folder: Path) -> LogWriting:
    """Open the log of a folder for one more writer, wherever it is. OSError or AuditError when it cannot be written."""
    note = audit_note(folder)
    if note is None:
        return FileWriting(folder)
    try:
        from ops.audit.stores.postgres import StoreWriting
    except ImportError:
        raise AuditError(str(missing_packages())) from None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # which holds the key
    return StoreWriting(note)


def has_log(folder: Path) -> bool:
    """Return whether an audit log is kept: in this folder, or in a store that a note names."""
    return folder.is_dir() or audit_note(folder) is not None


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

    The note is written once the store can be used. Raises BadInput when the log is in another place, or when the store
    cannot be used.
    """
    address, folder = StoreAddress(store), data / FOLDER
    note, known = StoreNote(address.without_password, sector, "audit"), audit_note(folder)
    if known is not None and known != note:
        raise BadInput(
            f"the audit log of sector {known.sector} is in {known.address().shown}",
            where="--store",
            expected="that store, or another folder",
        )
    if day_files(folder):
        if known is not None:
            raise BadInput(
                f"{str(folder)!r} has an audit log in files",
                where="--store",
                expected="a folder without it: copy it with `watchline store copy --audit`, then move it away",
            )
        return
    remember(address)
    try:
        from ops.audit.stores.postgres import StoreWriting
    except ImportError:
        raise missing_packages() from None
    StoreWriting(note).close()
    if known is None:
        write_private(note_path(folder), msgspec.json.encode(note))


def keep_audit_in_files(data: Path) -> None:
    """Check that the audit log is not in PostgreSQL. Raises BadInput."""
    known = audit_note(data / FOLDER)
    if known is not None:
        raise BadInput("missing", where="--store", expected=f"{known.address().shown}, which holds the audit log")
