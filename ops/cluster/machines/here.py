"""The machine on which a sector is held: what a task becomes there, and what is checked before it begins.

A task names the files of the supervisor's machine. On another one the worker has its own folder, its own copy of the
nation file, and its own address of the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geo.errors import BadInput
from ops.audit.key_places.place import keep_keys_in_store, machine_key_path
from ops.postgres.address import StoreAddress
from ops.sector.sector_file import Sector, layout_path, load_sector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.cluster.machines.carried import CarriedFiles
    from ops.cluster.machines.checks import Common
    from ops.cluster.workers.task import SectorTask


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that joined a cluster: its data folder, its copies of the sectors by name, and its store's address.

    ``settings`` and ``identity`` are its copies of what ``cluster run`` was given.
    """

    folder: Path
    sectors: Mapping[str, Sector]
    store: str = field(repr=False)
    settings: Path | None = None
    identity: Path | None = None

    def localised(self, task: SectorTask) -> SectorTask:
        """Return a task with the files of this machine in the place of the supervisor's. BadInput if it lacks them."""
        sector = self.sectors.get(task.name)
        if sector is None:
            raise BadInput(f"has no sector {task.name}", where="the nation file of this machine", expected="a copy")
        return replace(
            task,
            sector=sector.path,
            layout=layout_path(sector, None).absolute(),
            folder=self.folder,
            settings=self.settings,
            identity=self.identity,
            store=self.store,
        )


_HERE: list[Machine] = []


@contextmanager
def on(machine: Machine) -> Iterator[None]:
    """Hold sectors on this machine, in this process, instead of that of the supervisor."""
    _HERE.append(machine)
    try:
        yield
    finally:
        _HERE.remove(machine)


def localised(task: SectorTask) -> SectorTask:
    """Return a task as it is to be done on this machine."""
    return _HERE[-1].localised(task) if _HERE else task


def prepared(task: SectorTask) -> CarriedFiles | None:
    """Check that this machine may hold a sector of a cluster on several; return the files that go along with it.

    None for a cluster that never was on several; one that was, and is on one machine now, takes the files along too, so
    that no alert is delivered again. Raises BadInput, DayKeyError or PostgresError.
    """
    if task.store is None or (task.common is None and not machine_key_path(task.folder).is_file()):
        return None
    from ops.audit.key_places.machine_key import MachineKey
    from ops.cluster.machines.carried import CarriedFiles

    address = StoreAddress(task.store)
    if task.common is not None:
        _check(task, task.common, address)
    key = MachineKey(machine_key_path(task.folder))
    keep_keys_in_store(task.data, task.store, task.name)
    return CarriedFiles(address, task.name, task.data, key)


def _check(task: SectorTask, common: Common, address: StoreAddress) -> None:
    """Raise BadInput for a machine that lacks what the cluster's machines have in common."""
    from ops.cluster.machines.checks import digest_of, refuse_other_programs, refuse_wrong_clock, store_identity
    from ops.cluster.machines.shared import shared_of

    refuse_other_programs(common.programs)
    if store_identity(address) != common.store:
        raise BadInput("is not the store of the cluster", where=address.shown, expected="the address of that store")
    if digest_of(load_sector(task.sector), task.layout, task.settings) != common.files:
        raise BadInput(
            f"the files of {task.name}, its layout or the settings differ from those of the cluster",
            where=str(task.sector),
            expected="copies of them",
        )
    refuse_wrong_clock(address)
    shared_of(task.folder)
