"""Where the day keys of a data folder are: in its folder ``keys``, or in PostgreSQL, as ``keys.postgres`` states."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ops.audit.key_places.files import FileKeys
from ops.audit.key_places.machine_key import FILE, MachineKey
from ops.audit.key_places.protocol import KEY_KINDS, DayKeyError, KeyPlace
from ops.postgres.address import PostgresError, StoreAddress, postgres_packages
from ops.postgres.keeping import held_note, is_same, write_note
from ops.postgres.note import StoreNote, note_path, read_note, remember

SHARED: Final = "machines"
"""Folder beside those of the sectors with what the machines of a cluster share."""


def machine_key_path(folder: Path) -> Path:
    """Return the path of the machines' key for the data folder of a cluster."""
    return folder / SHARED / FILE


def open_key_place(folder: Path) -> KeyPlace:
    """Open the place of the keys that would be files of ``folder``. Raises DayKeyError."""
    try:
        note = held_note(folder, "keys")
        if note is None:
            return FileKeys(folder)
        with postgres_packages():
            from ops.audit.key_places.store import StoreKeys
        return StoreKeys(note.address(), note.sector, MachineKey(machine_key_path(folder.parent.parent)))
    except PostgresError as error:
        raise DayKeyError(str(error)) from None


def keep_keys_in_store(data: Path, store: str, sector: str) -> None:
    """Keep the day keys of a sector's data folder in PostgreSQL from now on; those in files move there.

    The machines' key is in the folder ``machines`` beside ``data``. Raises DayKeyError, and moves nothing, for a folder
    whose files are not the keys that the store has: they open other records.
    """
    from ops.audit.key_places.store import StoreKeys, use_machine_key

    address, folder = StoreAddress(store), data / "keys"
    remember(address)
    note = StoreNote(address.without_password, sector, "keys")
    known = read_note(folder)
    if known is not None and not is_same(known, note):
        raise DayKeyError(f"{note_path(folder)}: names {known.sector} in {known.address().shown}; expected {sector}.")
    machine = MachineKey(machine_key_path(data.parent))
    use_machine_key(address, machine)
    files, kept = FileKeys(folder), StoreKeys(address, sector, machine)
    found = [(kind, day) for kind in KEY_KINDS for day in sorted({*files.days(kind), *files.erased_days(kind)})]
    moved = [(kind, day, files.read(kind, day, make=False) or b"") for kind, day in found]
    if known is not None:  # a move was interrupted: a file that is empty was about to be removed, nothing was erased
        moved = [(kind, day, raw) for kind, day, raw in moved if raw]
    for kind, day in kept.differing(moved):
        raise DayKeyError(
            f"{folder}: has another key for {kind} of {day.isoformat()} than {address.shown};"
            f" expected a folder that never held {sector} by itself."
        )
    for kind, day, raw in moved:
        kept.take_over(kind, day, raw)
    if known != note:
        write_note(folder, note)
    for kind, day in found:
        files.remove(kind, day)
