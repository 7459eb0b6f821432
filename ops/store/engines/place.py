"""Where a fusion store is: in its file, or in PostgreSQL, as a note beside the file's path states (``store.postgres``).

Opening a store by the path of its file reaches it wherever it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from geo.errors import BadInput
from ops.audit.day_keys import IsDue
from ops.postgres.address import StoreAddress, missing_packages, postgres_packages
from ops.postgres.keeping import refuse_another_store, refuse_without_store, write_note
from ops.postgres.note import StoreNote, remember
from ops.store.connections import StoreError, store_note
from ops.store.engines.errors import DatabaseError
from ops.store.engines.file import FileEngine


class StoreEngine(Protocol):
    """The part of an engine that the writer of a store uses."""

    layers: bool

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any: ...
    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None: ...
    def begin(self) -> None: ...
    def claim(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def prepare_days(self, table: str, times_ns: Iterable[int]) -> None: ...
    def body_value(self, body: str) -> str | bytes: ...
    def any_value(self, value: Any) -> Any: ...
    def emptied_days(self, table: str, is_due: IsDue) -> int | None: ...
    def compact(self) -> None: ...
    def close(self) -> None: ...


def open_engine(path: Path, fence: int | None) -> StoreEngine:
    """Open a store for writing, wherever it is. Raises an error of the engine, or StoreError."""
    note = store_note(path)
    if note is None:
        return FileEngine(path, fence)
    try:
        from ops.store.engines.postgres import PostgresEngine
    except ImportError:
        raise StoreError(str(missing_packages())) from None
    return PostgresEngine(note, fence=fence)


def keep_fusion_in_store(
    path: Path, store: str, sector: str, *, layers: bool = False, fence: int | None = None
) -> None:
    """Keep the fusion store of ``path`` in PostgreSQL from now on, unless the file exists, which is then continued.

    The note is written once the store can be used. ``layers``: see ``StoreNote``; once wanted they remain. ``fence``:
    number of the lease. Raises BadInput when the folder has its fusion store in another place, or when the store cannot
    be used.
    """
    address = StoreAddress(store)
    known = store_note(path)
    note = StoreNote(address.without_password, sector, "fusion", layers or (known is not None and known.layers))
    refuse_another_store(known, note)
    if path.exists():
        if layers or known is not None:
            raise BadInput(
                f"{str(path)!r} is a fusion store in a file",
                where="--map-layers" if known is None else "--store",
                expected="a folder without it: copy it with `watchline store copy --fusion`, then move it away",
            )
        return
    with postgres_packages():
        from ops.postgres.layers import make_layers
        from ops.store.engines.postgres import PostgresEngine
    remember(address)
    if note.layers:
        make_layers(address)
    try:
        PostgresEngine(note, fence=fence).close()
    except DatabaseError as error:
        raise StoreError(f"{path}: {error}.") from error
    if known != note:
        write_note(path, note)


def keep_fusion_in_file(path: Path) -> None:
    """Check that the fusion store is not in PostgreSQL. Raises BadInput."""
    refuse_without_store(store_note(path))
