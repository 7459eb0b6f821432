"""What accompanies the bytes of a message: the broker's delivery, and what is read from it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final

from ingest import topics
from ingest.topics import Topic
from ingest.wire import JSON, MAX_COUNTER
from sensors.timestamps import utc_datetime

UNNUMBERED_BOOT: Final = 0
"""The boot of messages whose sender does not number them; senders with a spool count from 1."""
MAX_NANOSECONDS: Final = 2**63 - 1
"""Largest time since 1970 that a user property may state."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message beside its bytes.

    ``identity`` is the (boot, seq) of the user properties, ``low`` the lowest seq of that boot that the sender still
    holds, ``sent_ns`` when it states that it sent the message; None where a property is missing. Standards that carry
    neither a sensor's name nor a number take them from here, and ``received_at`` (aware, UTC) where their times leave
    out the day.
    ``sensor_context`` is what the sensor's status messages declared, in its standard's own form
    (``ingest.standards.registry.REMEMBER``), None before the first.
    """

    received_at: datetime
    topic: Topic | None = None
    content_type: str = JSON
    user_properties: Mapping[str, str] = field(default_factory=dict)
    identity: tuple[int, int] | None = None
    low: int | None = None
    sent_ns: int | None = None
    sensor_context: bytes | None = None

    @classmethod
    def of(cls, delivery: Delivery) -> Envelope:
        """The envelope of a delivery; ``topic`` is None where the delivery's is not one of ours."""
        properties = dict(delivery.user_properties)
        boot, seq = counter(properties.get("boot")), counter(properties.get("seq"))
        return cls(
            utc_datetime(delivery.received_ns),
            topics.parse_or_none(delivery.topic),
            JSON if delivery.content_type is None else delivery.content_type,
            properties,
            None if boot is None or seq is None else (boot, seq),
            counter(properties.get("low")),
            counter(properties.get("sent"), largest=MAX_NANOSECONDS),
        )

    @property
    def sensor(self) -> str | None:
        """The sensor that the topic names; None without a topic."""
        return None if self.topic is None else self.topic.name

    def missing_numbers(self, names: Sequence[str]) -> list[str]:
        """Those of the user properties ``names`` that do not state a whole number."""
        return [name for name in names if counter(self.user_properties.get(name), largest=MAX_NANOSECONDS) is None]

    @property
    def boots(self) -> tuple[int | None, int | None]:
        """(boot of the message, boot of its sender now), as the user properties state them."""
        return counter(self.user_properties.get("boot")), counter(self.user_properties.get("by_boot"))

    def numbered(self, content: bytes) -> tuple[int, int]:
        """(boot, seq): those of the sender, else boot 0 and a number made of ``content``.

        The same content has the same number, so a message that is sent again is recognised as a duplicate. 53 bits:
        among a million messages of a sensor two have the same number with a probability of 6 in 100,000; the second
        then becomes a dead letter ``conflict`` and is not lost.
        """
        if self.identity is not None:
            return self.identity
        digest = blake2b(content, digest_size=8, person=b"unnumbered").digest()
        return UNNUMBERED_BOOT, int.from_bytes(digest, "big") % MAX_COUNTER + 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker delivered it. ``epoch`` and ``mid`` say which connection may acknowledge it.

    ``replay_of``: the id of the dead letter that a person resubmits; no broker delivered it then.
    """

    topic: str
    payload: bytes
    content_type: str | None
    user_properties: tuple[tuple[str, str], ...]
    received_ns: int
    qos: int = 1
    mid: int = 0
    epoch: int = 0
    replay_of: int | None = None


def counter(text: str | None, largest: int = MAX_COUNTER) -> int | None:
    """The whole number from 0 to ``largest`` that a user property states in plain ASCII digits; None for other text."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    value = int(text)
    return value if value <= largest else None
