"""Cameras that turn as part of a demonstration: their gateway, their registration, and their end."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ops.journal.reader import Counts, JournalReader
from ops.room.night_file import TURNING_CAMERAS
from ops.room.room import SapientEndpoints
from ops.room.turning_camera.messages import node_id_of
from ops.runtime.output import atomic_write
from ops.runtime.processes.reserved_port import ReservedPort
from ops.sector.settings import load_settings
from ops.services.sapient.database import SapientMemory
from ops.services.sapient.sensor_names import ADAPTERS_FILE, registered_nodes

if TYPE_CHECKING:
    from ops.room.room import Room
    from ops.runtime.processes.child_process import Child

log = logging.getLogger(__name__)

STOPPED_S: Final = 10.0
ARRIVED_S: Final = 60.0
"""Longest wait at the end for what the gateway still sends."""
SETTLED_S: Final = 1.0
"""The gateway has read all that the cameras sent if its number of messages is unchanged for so long."""


def turning_cameras(layout: Path) -> tuple[str, ...]:
    """Return the simulated cameras that turn in a layout file; none in a file that is not GeoJSON.

    Faults of a file are named where the layout is read.
    """
    try:
        features = json.loads(layout.read_text(encoding="utf-8"))["features"]
        names = {str(one["properties"]["id"]) for one in features}
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(name for name in TURNING_CAMERAS if name in names)


def start_cameras(room: Room) -> Child:
    """Open a gateway on this machine alone, register the cameras as persons do, and start them as nodes."""
    options = room.options
    nodes = registered_nodes(options.folder) | {node_id_of(name): name for name in options.turning}
    with atomic_write(options.folder / ADAPTERS_FILE) as partial:
        partial.write_text(json.dumps({"sapient": nodes}), encoding="utf-8")
    address = f"127.0.0.1:{room.enter(_reserved()).number}"
    room.open_sapient(SapientEndpoints(listen=address))
    cameras = room.start(
        "cameras",
        "ops.room.turning_camera.process",
        f"--layout={options.layout}",
        f"--folder={options.folder}",
        f"--gateway={address}",
        f"--weather={load_settings(options.settings).weather or 'day'}",
        *options.turning,
        *options.clock.arguments(),
        timeout_s=STOPPED_S,
    )
    room.supervise(cameras)
    return cameras


def finish_cameras(room: Room, cameras: Child) -> dict[str, int]:
    """End the cameras, wait until ingest has what the gateway has taken from them, and return the number of each."""
    room.supervise(cameras, wanted=False)
    cameras.stop(timeout_s=STOPPED_S)
    sent: dict[str, int] = {}
    began_s = changed_s = time.monotonic()
    with SapientMemory(room.options.folder) as memory:
        while True:
            found = {name: memory.count_of(name) for name in room.options.turning}
            now_s = time.monotonic()
            if found != sent:
                sent, changed_s = found, now_s
            if _arrived(room.journal_path, sent) and now_s - changed_s >= SETTLED_S:
                return sent
            if now_s - began_s > ARRIVED_S:
                log.warning("Messages of turning cameras have not arrived.")
                return sent
            time.sleep(0.1)


def _arrived(journal: Path, sent: dict[str, int]) -> bool:
    with JournalReader(journal) as reader:
        counts = reader.counts("detections")
    return all(_unique(counts.get(name, Counts())) >= number for name, number in sent.items())


def _unique(count: Counts) -> int:
    return count.journaled + count.dead_lettered + count.shed


@contextmanager
def _reserved() -> Iterator[ReservedPort]:
    port = ReservedPort()
    try:
        yield port
    finally:
        port.release()
