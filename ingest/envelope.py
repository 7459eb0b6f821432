"""Metadata of a message: the broker's delivery, and the envelope that is read from it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final

from ingest import topics
from ingest.errors import MalformedMessage
from ingest.topics import Topic
from ingest.wire import JSON, MAX_COUNTER
from sensors.timestamps import utc_datetime

__all__ = ["Envelope"]

UNNUMBERED_BOOT: Final = 0
"""The boot of messages whose sender does not number them; senders with a spool count from 1."""
MAX_NANOSECONDS: Final = 2**63 - 1
"""Largest time since 1970 that a user property may state."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Metadata of a message.

    Wire standards that carry neither a sensor's name nor a number take them from the envelope, and the date from
    ``received_at`` if their times omit it.

    Parameters
    ----------
    received_at : datetime
        Time of receipt, aware UTC.
    topic : Topic, optional
        Topic of the message; None where it is unknown.
    content_type : str
        MQTT 5 content type; ``application/json`` for a message that states none.
    user_properties : mapping of str to str
        MQTT 5 user properties (MQTT 5.0, 3.3.2.3.7).
    identity : tuple of int, optional
        (boot, seq) of the user properties.
    low : int, optional
        Lowest seq of that boot that the sender still holds.
    sent_ns : int, ns since 1970, optional
        Time at which the sender states that it sent the message.
    sensor_context : bytes, optional
        What the sensor's status messages declared, in the form of its standard.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from ingest.topics import parse
    >>> topic = parse("watchline/1/cumberland/sensor/ais-1/detections")
    >>> envelope = Envelope(datetime(2026, 3, 14, 21, tzinfo=UTC), topic)
    >>> envelope.sensor
    'ais-1'
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
        """Read the envelope of a delivery; ``topic`` is None where the delivery's topic is invalid."""
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

    def require_sensor(self, source: str) -> str:
        """Return the sensor that the topic names; MalformedMessage without a topic, naming whose topic is needed."""
        if self.topic is None:
            raise MalformedMessage("bad_topic", "topic", "missing", f"the {source}'s own topic, which names it")
        return self.topic.name

    def missing_numbers(self, names: Sequence[str]) -> list[str]:
        """Those of the user properties ``names`` that do not state a whole number."""
        return [name for name in names if counter(self.user_properties.get(name), largest=MAX_NANOSECONDS) is None]

    @property
    def boots(self) -> tuple[int | None, int | None]:
        """(boot of the message, boot of its sender now), as the user properties state them."""
        return counter(self.user_properties.get("boot")), counter(self.user_properties.get("by_boot"))

    def numbered(self, content: bytes) -> tuple[int, int]:
        """Return the (boot, seq) of the sender, else boot 0 and a number derived from ``content``.

        Parameters
        ----------
        content : bytes
            Bytes that distinguish the message from every other message of the sensor.

        Returns
        -------
        tuple of int
            (boot, seq).

        The same content has the same number, so a message that is sent again is recognised as a duplicate. The number
        has 53 bits: among a million messages of a sensor, two have the same number with a probability of 6 in 100,000.
        The second then becomes a dead letter ``conflict`` and is not lost.
        """
        if self.identity is not None:
            return self.identity
        digest = blake2b(content, digest_size=8, person=b"unnumbered").digest()
        return UNNUMBERED_BOOT, int.from_bytes(digest, "big") % MAX_COUNTER + 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as delivered by the broker. ``epoch`` and ``mid`` identify the connection that may acknowledge it.

    ``retained``: the broker had stored it, and handed it over because of a new subscription. ``replay_of``: id of the
    dead letter that a person resubmits; such a message was not delivered by a broker.
    """

    topic: str
    payload: bytes
    content_type: str | None
    user_properties: tuple[tuple[str, str], ...]
    received_ns: int
    qos: int = 1
    mid: int = 0
    epoch: int = 0
    retained: bool = False
    replay_of: int | None = None


def counter(text: str | None, largest: int = MAX_COUNTER) -> int | None:
    """The whole number from 0 to ``largest`` that a user property states in plain ASCII digits; None for other text."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    value = int(text)
    return value if value <= largest else None
