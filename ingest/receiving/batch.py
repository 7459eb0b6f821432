"""Records of a batch: good messages, dead letters, and the batch itself, which one commit makes durable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from ingest.help_call import HelpCall
from ingest.receiving.high_water_marks import HighWaterMark
from ingest.security.authentication import SenderBoot, SourceKey

KEPT_BYTES: Final = 64 * 1024
"""Maximum size of the part of a bad message that a dead letter keeps."""
KEPT_TOPIC: Final = 500
"""Maximum number of characters of its topic that a dead letter keeps; a topic of Watchline is shorter."""


@dataclass(frozen=True, slots=True)
class Row:
    """A good message for the journal. Times in nanoseconds since 1970, UTC.

    ``signer``: id of the key that signed it, "" for none. ``flags``: its implausible features, comma-separated.
    ``timing``: its delay class, ``live``, ``late`` or ``backfill``.
    """

    kind: str
    sensor: str
    boot: int
    seq: int
    observed_ns: int
    received_ns: int
    sent_ns: int | None
    content_type: str
    body: bytes
    topic: str
    signer: str = ""
    flags: str = ""
    replay_of: int | None = None
    timing: str = "live"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that ingest cannot use, kept for examination by a person.

    ``boot`` and ``seq`` are set if the message's properties or its body state them, so that it counts as settled.
    ``sender``: the key that signed it, or the key that it claims. ``user_properties``: those that a replay needs, as
    JSON. Not stored with it: ``call``, what can be read of an authentic distress call, from the whole message, and
    ``ahead_s``, how much later than its receipt an authentic message is dated that is refused for it.
    """

    code: str
    field: str
    message: str
    kind: str
    sensor: str
    boot: int | None
    seq: int | None
    topic: str
    content_type: str
    body: bytes
    size: int
    digest: bytes
    received_ns: int
    sender: str = ""
    user_properties: str = ""
    call: HelpCall | None = None
    replay_of: int | None = None
    ahead_s: float | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that one commit makes durable: messages in order of arrival, and the marks after them."""

    messages: tuple[Row | DeadLetter, ...]
    marks: tuple[HighWaterMark, ...] = ()
    shed: Mapping[SourceKey, int] = field(default_factory=dict)
    boots: tuple[SenderBoot, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(message for message in self.messages if isinstance(message, Row))

    @property
    def dead_letters(self) -> tuple[DeadLetter, ...]:
        return tuple(message for message in self.messages if isinstance(message, DeadLetter))

    @property
    def received(self) -> Counter[SourceKey]:
        """Number of messages of each sensor and kind in this batch, including the dropped ones."""
        counted = Counter((message.sensor, message.kind) for message in self.messages)
        counted.update(self.shed)
        return counted


def digest(payload: bytes) -> bytes:
    """A digest of 16 bytes that identifies a payload (BLAKE2b)."""
    return blake2b(payload, digest_size=16).digest()
