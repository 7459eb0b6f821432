"""The task of a worker: which sector it runs, with which files, broker and store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.mqtt.broker_url import BrokerUrl
from ops.broker.identities import Signatures
from ops.room.room import RoomOptions

if TYPE_CHECKING:
    from ops.cluster.machines.checks import Common


@dataclass(frozen=True, slots=True)
class SectorTask:
    """The task of a worker that runs a sector. ``folder`` holds the leases, and the data in a folder of the sector.

    ``broker`` is the complete address, and ``store`` that of the store in PostgreSQL, None for files; ``signatures``,
    ``encrypted`` and ``overload_s`` as in ``RoomOptions``. ``common``: what machines that join must have in common with
    that of the supervisor; None for a cluster on one machine. ``newest``: number of the sector's lease when the task
    was given; one with a higher number has another holder, to whom the sector was given later. None: any.
    """

    sector: Path
    name: str
    layout: Path
    folder: Path
    broker: str = field(repr=False)
    settings: Path | None = None
    identity: Path | None = None
    signatures: Signatures | None = None
    encrypted: bool = True
    overload_s: float | None = None
    store: str | None = field(default=None, repr=False)
    common: Common | None = None
    newest: int | None = None

    @property
    def data(self) -> Path:
        """Folder of the sector's journal and store."""
        return self.folder / self.name

    def options(self, fence: int) -> RoomOptions:
        """Return the options of the room that works under a lease."""
        return RoomOptions(
            sector=str(self.sector),
            sector_id=self.name,
            layout=str(self.layout),
            folder=self.data,
            broker=BrokerUrl.parse(self.broker),
            settings=self.settings,
            identity=self.identity,
            signatures=self.signatures,
            encrypted=self.encrypted,
            fence=fence,
            overload_s=self.overload_s,
            store=self.store,
        )
