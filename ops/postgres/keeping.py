"""The checks of a note, by which the content of a data folder is in PostgreSQL or, without one, in its files.

No process takes old files for what a store holds, or the reverse.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from geo.errors import BadInput
from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.note import Holds, StoreNote, note_path, read_note, remember
from ops.runtime.output import write_private

NAMES: Final[dict[Holds, str]] = {
    "journal": "the journal",
    "fusion": "the fusion store",
    "audit": "the audit log",
    "accounts": "the accounts",
    "keys": "the day keys",
    "leases": "the leases",
}
"""How messages name the content."""


def held_note(file: Path, holds: Holds) -> StoreNote | None:
    """Return the note for the content whose file would be ``file``; None for content in files.

    Raises PostgresError for a note that cannot be read, or that names other content.
    """
    note = read_note(file)
    if note is not None and note.holds != holds:
        raise PostgresError(
            f"names the store of {NAMES[note.holds]}", where=str(note_path(file)), expected=f"that of {NAMES[holds]}"
        )
    return note


def stated_note(text: str, sector: str | None, holds: Holds) -> StoreNote:
    """Return the note for an address on the command line, whose password is remembered. Raises BadInput."""
    if sector is None:
        expected = f"the sector whose {NAMES[holds].removeprefix('the ')} {_verb(holds)} in PostgreSQL"
        raise BadInput("missing", where="--sector", expected=expected)
    address = StoreAddress(text, where="ADDRESS")
    remember(address)
    return StoreNote(address.without_password, sector, holds)


def write_note(file: Path, note: StoreNote) -> None:
    """Write the note for the content whose file would be ``file``."""
    write_private(note_path(file), msgspec.json.encode(note))


def is_same(known: StoreNote, note: StoreNote) -> bool:
    """Whether two notes name the same content in the same store, whatever else their addresses state."""
    places = [StoreAddress(one.store, where="the note").place for one in (known, note)]
    return places[0] == places[1] and (known.sector, known.holds) == (note.sector, note.holds)


def refuse_another_store(known: StoreNote | None, note: StoreNote) -> None:
    """Raise BadInput where the note that is known names another store or sector than ``note``."""
    if known is not None and not is_same(known, note):
        raise BadInput(
            f"{NAMES[known.holds]} of sector {known.sector} {_verb(known.holds)} in {known.address().shown}",
            where="--store",
            expected="that store, or another folder",
        )


def refuse_without_store(known: StoreNote | None) -> None:
    """Raise BadInput where a note names a store, but none was given."""
    if known is not None:
        expected = f"{known.address().shown}, which holds {NAMES[known.holds]}"
        raise BadInput("missing", where="--store", expected=expected)


def keep_in_store(
    file: Path, store: str, sector: str, holds: Holds, *, in_files: bool, prepare: Callable[[StoreNote], None]
) -> None:
    """Keep content in PostgreSQL from now on, unless it is in files, which are continued.

    Parameters
    ----------
    file : Path
        Where the file or folder of the content would be.
    store : str
        Address of the store.
    sector : str
        Name of the sector there.
    holds : str
        The content.
    in_files : bool
        Whether the content is in files already.
    prepare : callable
        Opens the content in the store and closes it again; the note is written once that has succeeded.

    Raises
    ------
    BadInput
        For content in another place, or a store that cannot be used.
    """
    address = StoreAddress(store)
    note, known = StoreNote(address.without_password, sector, holds), held_note(file, holds)
    refuse_another_store(known, note)
    if in_files:
        if known is not None:
            raise BadInput(
                f"{str(file)!r} holds {NAMES[holds]} in files",
                where="--store",
                expected=f"a folder without them: copy them with `watchline store copy --{holds}`, then move them away",
            )
        return
    remember(address)
    prepare(note)
    if known != note:  # none yet, or one with other options of the address
        write_note(file, note)


def _verb(holds: Holds) -> str:
    return "are" if NAMES[holds].endswith("s") else "is"
