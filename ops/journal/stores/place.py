"""Where the journal of a data folder is: in its file, or in PostgreSQL, as a note beside the file's path states.

The note names the store, without its password, and the sector. All processes of a room and the commands on its folder
read the note, so that none of them takes an old file for the journal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from geo.errors import BadInput
from ops.audit.day_keys import DayKeys
from ops.journal.reader import JournalError, JournalReader
from ops.journal.stores.open_store import open_store, read_store
from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.keeping import refuse_another_store, refuse_without_store, write_note
from ops.postgres.note import NOTE, StoreNote, note_path, read_note

if TYPE_CHECKING:
    from ops.journal.stores.postgres_reader import PostgresReader

STOPPED_S: Final = 15.0
"""Time without a new row after which ingest counts as stopped: it writes one each second."""


def note_of(journal: Path) -> StoreNote | None:
    """Return the note for a journal; None for one in a file. JournalError for a note that cannot be read."""
    try:
        return read_note(journal)
    except PostgresError as error:
        raise JournalError(error.what, where=error.where, expected=error.expected) from None


def notes_in(folder: Path) -> list[StoreNote]:
    """Return the notes of journals in a folder, by the names of their files."""
    found = [note_of(path) for path in sorted(folder.glob(f"*{NOTE}"))]
    return [note for note in found if note is not None and note.holds == "journal"]


def keep_in_store(journal: Path, store: str, sector: str, *, fence: int | None = None) -> StoreAddress:
    """Keep the journal in a store from now on, where no other process writes it; return the address.

    The note is written once the store can be used. ``fence``: number of the lease. Raises BadInput when the folder has
    a journal elsewhere.
    """
    address = StoreAddress(store)
    note, known = StoreNote(address.without_password, sector), note_of(journal)
    if journal.exists():
        raise BadInput(
            f"{str(journal)!r} is a journal in a file",
            where="--store",
            expected="a folder without it: copy it with `watchline store copy`, then move it away",
        )
    refuse_another_store(known, note)
    open_store(store, sector, fence=fence).close()
    if known != note:  # none yet, or one with other options of the address
        write_note(journal, note)
    return address


def keep_in_file(journal: Path) -> None:
    """Check that the journal is not in a store. Raises BadInput."""
    refuse_without_store(note_of(journal))


def read_journal(journal: Path, store: str | None = None) -> JournalReader | PostgresReader:
    """Open the journal for reading, wherever it is. Raises JournalError; ``journal`` is the path of the file.

    ``store``: address with the password; by default that of the environment.
    """
    note = note_of(journal)
    if note is None:
        return JournalReader(journal)
    try:
        return read_store(note.address(store).text, note.sector, keys=DayKeys.beside(journal))
    except PostgresError as error:
        raise JournalError(error.what, where=error.where, expected=error.expected) from error


class JournalPlace:
    """A journal that is read now and then, by any thread: a file is opened each time, and a connection is kept."""

    def __init__(self, journal: Path) -> None:
        self._path = journal
        self._lock = threading.Lock()
        self._kept: PostgresReader | None = None

    def exists(self) -> bool:
        """Return whether there is a journal; one in a store exists once a note names it."""
        return self._path.exists() or note_path(self._path).exists()

    @contextmanager
    def reading(self) -> Iterator[JournalReader | PostgresReader]:
        """Lend the journal. Raises JournalError when it cannot be read."""
        with self._lock:
            reader = self._kept or read_journal(self._path)
            if not isinstance(reader, JournalReader):
                self._kept = reader
        try:
            yield reader
        finally:
            if isinstance(reader, JournalReader):
                reader.close()

    def close(self) -> None:
        """Close the connection that is kept."""
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


class JournalClock:
    """The receipt of a journal's newest row while ingest writes, otherwise the host's time. For one thread.

    The two differ while sensors contradict a step of the host's clock.
    """

    def __init__(self, journal: JournalPlace, *, host_ns: Callable[[], int], monotonic_s: Callable[[], float]) -> None:
        self._journal, self._host_ns, self._monotonic_s = journal, host_ns, monotonic_s
        self._newest: tuple[int, int] | None = None
        """Id and receipt of the newest row; None before the first."""
        self._written_s: float | None = None
        """When a newer row was found; None before the second."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970; the host's where the journal cannot be read."""
        newest = self._read()
        if newest is not None and self._newest is not None and newest[0] > self._newest[0]:
            self._written_s = self._monotonic_s()
        self._newest = newest or self._newest
        written = self._written_s is not None and self._monotonic_s() - self._written_s <= STOPPED_S
        return newest[1] if newest is not None and written else self._host_ns()

    def _read(self) -> tuple[int, int] | None:
        try:
            with self._journal.reading() as reader:
                rows = reader.read(reader.last_id() - 1, 1)
        except (JournalError, OSError):
            return None
        return (rows[-1].id, rows[-1].received_ns) if rows else None
