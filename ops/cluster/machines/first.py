"""The machine of a cluster's supervisor prepares here what those that join it need."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from geo.errors import BadInput
from ops.accounts.sealed import SecretKey
from ops.accounts.stores.database import FILE as ACCOUNTS
from ops.audit.files import FOLDER as AUDIT
from ops.audit.files import day_files, signer_of
from ops.audit.key_places.place import keep_keys_in_store
from ops.audit.key_places.store import erase_on_this_machine
from ops.cluster.leases.store_leases import StoreLeases
from ops.cluster.machines.carried import DELIVERIES, CarriedFiles
from ops.cluster.machines.checks import Common, digest_of, programs, refuse_wrong_clock, store_identity
from ops.cluster.machines.shared import prepare_shared, security_of
from ops.cluster.workers.task import SectorTask
from ops.postgres.address import StoreAddress
from ops.postgres.note import StoreNote, note_path
from ops.postgres.session import connected, sector_number
from ops.room.room import RoomError, locked
from ops.runtime.output import write_private
from ops.sector.sector_file import load_sector
from ops.store.engines.postgres import PostgresEngine
from ops.store.engines.sector_schema import tables_in

_PLACES = (("journal.db", "journal"), ("store.db", "fusion"), (AUDIT, "audit"), (ACCOUNTS, "accounts"))
"""What a sector keeps in the store, by the file that would hold it."""


def security(data: Path) -> Any:
    """Return dask's settings of TLS, whose certificate is made at first."""
    prepare_shared(data)
    return security_of(data)


def shared_tasks(tasks: Sequence[SectorTask]) -> list[SectorTask]:
    """Prepare the sectors of a cluster for workers on other machines; return their tasks with what those must have.

    Day keys move into the store, and every sector has its notes and its keys here, so that this
    machine reads, shows and erases what others write. Raises BadInput, DayKeyError or PostgresError.
    """
    store, folder = tasks[0].store, tasks[0].folder
    assert store is not None
    address = StoreAddress(store)
    for task in tasks:
        if day_files(task.data / AUDIT):  # continued here, while other machines would begin one in the store
            raise BadInput(
                f"{str(task.data / AUDIT)!r} has an audit log in files",
                where="--listen",
                expected="a folder without it: copy it with `watchline store copy --audit`, then move it away",
            )
    refuse_wrong_clock(address)
    key, identity, versions = prepare_shared(folder), store_identity(address), programs()
    for task in tasks:
        _make_fusion_store(address, task.name)
        keep_keys_in_store(task.data, store, task.name)
        _note(task, address)
        signer_of(task.data / AUDIT)
        SecretKey(task.data)
        CarriedFiles(address, task.name, task.data, key).share_keys()
    with closing(StoreLeases(address, folder)) as leases:
        leases.note_programs([task.name for task in tasks], versions)
    return [
        replace(
            task, common=Common(versions, identity, digest_of(load_sector(task.sector), task.layout, task.settings))
        )
        for task in tasks
    ]


def _make_fusion_store(address: StoreAddress, sector: str) -> None:
    """Make an empty fusion store for a sector that has none, which a reader expects. No process writes it then."""
    with connected(address) as driver:
        is_there = bool(tables_in(driver, sector_number(driver, sector)))
    if not is_there:
        PostgresEngine(StoreNote(address.without_password, sector, "fusion")).close()


def _note(task: SectorTask, address: StoreAddress) -> None:
    """Note where the sector is, as the room does that opens it, unless it has files or notes of its own."""
    for file, holds in _PLACES:
        path = task.data / file
        if not path.exists() and not note_path(path).exists():
            note = StoreNote(address.without_password, task.name, holds)  # type: ignore[arg-type]
            write_private(note_path(path), msgspec.json.encode(note))


def before_erasing(task: SectorTask) -> None:
    """Bring what decides about erasures to this machine, for a sector that another one holds.

    Not if a room of this one has the sector meanwhile, whose files are then the newest and in use.
    """
    assert task.store is not None
    address, key = StoreAddress(task.store), prepare_shared(task.folder)
    with suppress(RoomError), locked(task.data):
        CarriedFiles(address, task.name, task.data, key).fetch([DELIVERIES])


def forget_erased(store: str, data: Path) -> int:
    """Erase on this machine the wrapping keys of days that are erased in the store; return how many there were."""
    return erase_on_this_machine(StoreAddress(store), prepare_shared(data))
