"""The checkpoint of fusion: the state from which it resumes with the same results as without an interruption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

import msgspec
import numpy as np
import shapely

from geo.border import Border
from geo.errors import BadInput
from ops.forces.book import ForceBook
from ops.incidents.book import IncidentBook
from ops.releasability.book import MarkingBook
from ops.services.fusion.memory.faults import FaultMemory
from ops.services.fusion.memory.mutes import MuteRecord
from ops.services.fusion.memory.pictures import PictureMemory
from ops.services.fusion.memory.quarantine import CutOffRecord


class CheckpointError(BadInput):
    """The checkpoint was not written by this version."""


ANEW: Final = (
    "stop Watchline, move store.db and store.db-* away (in PostgreSQL, drop the sector's schema), and start it"
)
OWN_CHECKPOINT: Final = f"a checkpoint of this version; for an older store, replay its journal into a new one: {ANEW}"


@dataclass(frozen=True, slots=True)
class HealthNow:
    """Health state of a sensor, as used by the alert rules, its start in journal time, the end of its mute, if any, and
    of an offline sensor when its last data came, or the status that announced its end [UTC ns]."""

    state: str
    since_ns: int
    until_ns: int | None = None
    last_data_ns: int | None = None


class DeviceHeard(msgspec.Struct):
    """An AIS distress device: its last message and its call, if it has raised one. Times are UTC ns, 0 for none.

    ``alert``: that of the call, its own or that of further devices, and ``incident`` that of the alert. ``ended_ns``:
    when a person last ended a call of the device. ``called_ns``: 0 also while its alert does not yet name it.
    ``place``: its last position (longitude, latitude), ``placed_ns``: the time of the message that stated it,
    ``received_ns``: when that was received, and ``fixed_ns``: when it was there, 0 for a position of an unknown time.
    """

    heard_ns: int = 0
    called_ns: int = 0
    alert: str = ""
    incident: str = ""
    ended_ns: int = 0
    place: tuple[float, float] | None = None
    placed_ns: int = 0
    received_ns: int = 0
    fixed_ns: int = 0


MOVED_M: Final = 10.0
"""A border whose length or ends differ by less is the same one, of which segment numbers mean the same places."""


class Memory(msgspec.Struct):
    """State of the pipeline besides the tracker and the alerts, kept as plain values in the checkpoint.

    ``reported_state``: a sensor's last reported state (online, maintenance, offline), the time of
    its receipt, and the end of its validity or None. ``unusable``: journaled rows that cannot be used, counted by
    reason and shown. ``skipped``: scans of each sensor that were skipped in overload. ``held``: sources that ingest
    has quarantined. ``ingest``: reports of ingest about itself (whether its disk is full, the number of clock jumps).
    ``last_data_ns``: by offline sensor, when its last data came. ``watched_ns``: the row that ended the last pause, in
    which no row came. ``border``: which border its segments belong to, see ``border_mark``; empty if not known.
    ``newest_status``: by sensor and key, (boot, seq) of its newest status message.
    ``refusals``: by sensor, when its messages were last refused for their numbers or their time, by reason.
    ``refused_ahead_s``: by sensor, how much later than its receipt such a message was dated.
    ``mutes``: by sensor, also those that have ended until it reports.
    ``revoked``: sensors and units whose credentials are revoked, and since when. ``sensor_contexts``:
    decoding context announced by sensors that use another standard than Watchline's JSON. ``incidents``: the incidents
    with what is needed to gather the next alert. ``forces``: units with their last positions, and decisions on impact
    levels. ``markings``: the releasability of tracks, alerts and incidents. ``pictures``: what people saw on pictures.
    ``devices``: AIS distress devices by name, the one heard last at the end.
    """

    now_ns: int = 0
    since_ns: int = 0
    heard_ns: dict[str, int] = {}
    reported_state: dict[str, tuple[Literal["online", "maintenance", "offline"], int, int | None]] = {}
    health: dict[str, tuple[str, int]] = {}
    evidence: dict[str, list[tuple[str, int, int]]] = {}
    revoked: dict[str, int] = {}
    unusable: dict[str, int] = {}
    faults: FaultMemory = msgspec.field(default_factory=FaultMemory)
    health_due_ns: int = 0
    ingest: dict[str, int] = {}
    skipped: dict[str, int] = {}
    held: dict[str, CutOffRecord] = {}
    newest_status: dict[str, dict[str, tuple[int, int]]] = {}
    refusals: dict[str, dict[str, int]] = {}
    refused_ahead_s: dict[str, float] = {}
    mutes: dict[str, MuteRecord] = {}
    sensor_contexts: dict[str, bytes] = {}
    incidents: IncidentBook = msgspec.field(default_factory=IncidentBook)
    markings: MarkingBook = msgspec.field(default_factory=MarkingBook)
    forces: ForceBook = msgspec.field(default_factory=ForceBook)
    pictures: PictureMemory = msgspec.field(default_factory=PictureMemory)
    last_data_ns: dict[str, int] = {}
    watched_ns: int = 0
    border: list[float] = []
    devices: dict[str, DeviceHeard] = {}


def border_mark(border: Border | None) -> list[float]:
    """What segment numbers depend on: own side, number of segments, and length and ends of the line [m]."""
    if border is None:
        return [0.0]
    line = shapely.get_coordinates(border.line)
    side = 1.0 if border.home_side == "left" else -1.0
    return [side, float(len(border.segment_spans_m)), float(border.line.length), *map(float, (*line[0], *line[-1]))]


def same_border(one: list[float], other: list[float]) -> bool:
    """Whether two marks are of one border; another version of a projection may move it a little."""
    same_size = len(one) == len(other) and one[:2] == other[:2]
    return same_size and bool(np.allclose(one[2:], other[2:], rtol=0.0, atol=MOVED_M))


class Checkpoint(msgspec.Struct):
    """The complete state that the result of the next row depends on. ``tracker`` is the tracker's snapshot."""

    alerts: bytes
    memory: Memory
    tracker: msgspec.Raw


def checkpoint_parts(tracker: Iterator[bytes], alerts: bytes, memory: Memory) -> Iterator[bytes]:
    """Return a Checkpoint in MessagePack, in parts: first what changes with each row, encoded now, then ``tracker``."""
    encoded = msgspec.msgpack.encode
    values = (("alerts", encoded(alerts)), ("memory", encoded(memory)), ("tracker", b""))
    return chain([b"\x83" + b"".join(encoded(name) + value for name, value in values)], tracker)


def read_checkpoint(checkpoint: bytes) -> Checkpoint:
    """Decode a checkpoint; CheckpointError for bytes that are not one."""
    try:
        return msgspec.msgpack.decode(checkpoint, type=Checkpoint)
    except msgspec.DecodeError as error:
        raise CheckpointError(str(error), where="checkpoint", expected=OWN_CHECKPOINT) from None
