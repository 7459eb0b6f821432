"""The checkpoint of fusion: what it needs to go on as if it had never stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from geo.errors import BadInput
from ops.services.fusion.fault_memory import FaultMemory
from ops.services.fusion.quarantine_memory import CutOffRecord


class CheckpointError(BadInput):
    """A checkpoint that this program did not write."""


@dataclass(frozen=True, slots=True)
class HealthNow:
    """A sensor's state in the terms of the alert rules: since when it has been so, journal time in UTC ns."""

    state: str
    since_ns: int


class Memory(msgspec.Struct):
    """What the pipeline remembers beside the tracker and the alerts; plain values, kept as JSON in the checkpoint.

    said: a sensor's own word (online, maintenance, offline), when it came and until when it holds. unusable: reports
    that are in the journal but not of this layout, by reason; they are counted and shown, never dropped in silence.
    skipped: how many scans of each sensor were passed over in overload. held: whom ingest cut off, and until when.
    ingest: what it told of itself: whether its disk is full, how often its machine's clock jumped.
    revoked: sensors and units whose keys are no longer believed, and since when. told: what sensors of other standards
    than our JSON said of themselves.
    """

    now_ns: int = 0
    since_ns: int = 0
    heard_ns: dict[str, int] = {}
    said: dict[str, tuple[Literal["online", "maintenance", "offline"], int, int | None]] = {}
    health: dict[str, tuple[str, int]] = {}
    evidence: dict[str, list[tuple[str, int, int]]] = {}
    revoked: dict[str, int] = {}
    unusable: dict[str, int] = {}
    faults: FaultMemory = msgspec.field(default_factory=FaultMemory)
    health_due_ns: int = 0
    ingest: dict[str, int] = {}
    skipped: dict[str, int] = {}
    held: dict[str, CutOffRecord] = {}
    told: dict[str, bytes] = {}


class Checkpoint(msgspec.Struct):
    """Everything that the next row's answer depends on."""

    tracker: bytes
    alerts: bytes
    memory: Memory


def _unpack(checkpoint: bytes) -> Checkpoint:
    try:
        return msgspec.msgpack.decode(checkpoint, type=Checkpoint)
    except msgspec.DecodeError as error:
        raise CheckpointError(str(error), where="checkpoint", expected="bytes that Pipeline.save wrote") from None
