"""What is known of a message beside its bytes: when it came, on whose topic, under which number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from ingest.wire import MAX_COUNTER

UNNUMBERED_BOOT: Final = 0
"""The boot of messages that nobody numbered; senders with a spool count from 1."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """``sensor`` by the topic, None without one; ``identity`` (boot, seq) by the message's properties, None without.

    Standards that carry neither a sensor's name nor a number take them from here, ``received_at`` (aware, UTC) where
    their times leave out the day. ``told`` is what the sensor said of itself before, in its standard's own form
    (``ingest.standards.REMEMBER``); None: nothing.
    """

    received_at: datetime
    sensor: str | None = None
    identity: tuple[int, int] | None = None
    told: bytes | None = None

    def numbered(self, content: bytes) -> tuple[int, int]:
        """(boot, seq): what the sender said, else boot 0 and a number made of ``content``.

        The same content has the same number, so a message that is sent again is known as a duplicate. 53 bits: among a
        million messages of a sensor two have one number with a probability of 6 in 100 000; then the second is a dead
        letter ``conflict``, never lost in silence.
        """
        if self.identity is not None:
            return self.identity
        digest = blake2b(content, digest_size=8, person=b"unnumbered").digest()
        return UNNUMBERED_BOOT, int.from_bytes(digest, "big") % MAX_COUNTER + 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker handed it over. ``epoch`` and ``mid`` say which connection may acknowledge it.

    ``replay_of``: the id of the dead letter that a person submits anew; no broker brought it then.
    """

    topic: str
    payload: bytes
    content_type: str | None
    properties: tuple[tuple[str, str], ...]
    received_ns: int
    qos: int = 1
    mid: int = 0
    epoch: int = 0
    replay_of: int | None = None
