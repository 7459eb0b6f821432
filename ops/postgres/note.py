"""The note in a data folder that names the store in PostgreSQL which holds its journal, fusion store or audit log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal

import msgspec

from ops.postgres.address import STORE_VARIABLE, PostgresError, StoreAddress

NOTE: Final = ".postgres"
"""Suffix of a note, in the place of that of the file whose content is in the store."""
_GIVEN: Final[dict[tuple[object, ...], StoreAddress]] = {}
"""Addresses, with their passwords, that this process was given, by their place."""


Holds = Literal["journal", "fusion", "audit", "accounts", "keys", "leases"]
"""Content of a data folder that can be in a store."""


class StoreNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The store, without its password, the sector's name there, and what of the sector it holds.

    ``layers``: positions of tracks and alerts are also there as points that a map can show, unencrypted.
    """

    store: str
    sector: str
    holds: Holds = "journal"
    layers: bool = False

    def address(self, given: str | None = None) -> StoreAddress:
        """Return the address; with password and options of ``given``, of the environment, or of an address that was
        remembered, if it names the same store."""
        stated = StoreAddress(self.store, where=f"the note of the {self.holds}")
        text = given or os.environ.get(STORE_VARIABLE)
        if text:
            there = StoreAddress(text, where="--store" if given else STORE_VARIABLE)
            if there.place == stated.place:
                return there
        return _GIVEN.get(stated.place, stated)


def remember(address: StoreAddress) -> None:
    """Use the password of an address for the notes that name its store, in this process."""
    _GIVEN[address.place] = address


def note_path(file: Path) -> Path:
    """Return the path of the note for the content whose file would be ``file``."""
    return file.with_suffix(NOTE)


def read_note(file: Path) -> StoreNote | None:
    """Return the note for a file; None without one. PostgresError for a note that cannot be read."""
    path = note_path(file)
    try:
        return msgspec.json.decode(path.read_bytes(), type=StoreNote)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise PostgresError(
            f"cannot be read ({error})", where=path.name, expected="as `run --store` wrote it"
        ) from None
