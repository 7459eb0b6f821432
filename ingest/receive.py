"""From deliveries to a batch that is committed, then acknowledged: the law of the way in.

    decode → Batch → commit (durable when it returns) → PUBACK in order of arrival → high-water marks

Nothing is acknowledged before it is durable, and nothing that was received goes uncounted:
received = journaled + duplicate + dead_lettered + shed, per sensor. Which of a batch's messages are new and which
are duplicates is for the journal to say, in the transaction that stores them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from ingest import topics, units
from ingest.decode import JSON, decode, decode_status
from ingest.errors import MalformedMessage
from ingest.marks import Mark, Marks, Recall
from ingest.wire import MAX_COUNTER

KEPT_BYTES: Final = 64 * 1024
"""How much of a bad message a dead letter keeps."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
SourceKey = tuple[str, str]
"""(sensor or unit, kind): what is counted apart. "" and kind "unknown" where the topic tells neither."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker handed it over. ``epoch`` and ``mid`` say which connection may acknowledge it."""

    topic: str
    payload: bytes
    content_type: str | None
    properties: tuple[tuple[str, str], ...]
    received_ns: int
    qos: int = 1
    mid: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A good message on its way into the journal. Times in nanoseconds since 1970, UTC."""

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


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that ingest will not use, kept for the person who must find out why.

    ``boot`` and ``seq`` where the message's properties or its body tell them, so that it counts as settled.
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


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit makes durable at once: messages in order of arrival, marks as they are afterwards."""

    messages: tuple[Row | DeadLetter, ...]
    marks: tuple[Mark, ...] = ()
    shed: Mapping[SourceKey, int] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(message for message in self.messages if isinstance(message, Row))

    @property
    def dead_letters(self) -> tuple[DeadLetter, ...]:
        return tuple(message for message in self.messages if isinstance(message, DeadLetter))

    @property
    def received(self) -> Counter[SourceKey]:
        """How many messages of each sensor and kind this batch accounts for, the shed ones included."""
        counted = Counter((message.sensor, message.kind) for message in self.messages)
        counted.update(self.shed)
        return counted


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """What counts as a plausible time: observed at most so long after, or before, the time of receipt."""

    future_s: float = 0.5
    late_s: float = 86_400.0


class Receiver:
    """Deliveries of one sector in, a committed batch out. Pure but for the ``commit`` and ``acknowledge`` it is given.

    ``commit`` returns when the batch is durable, or raises: then nothing of the batch is acknowledged and the receiver
    must not be used again. ``acknowledge`` sends one PUBACK and may find the connection gone: the message comes again
    and is a duplicate then. ``recall`` gives what the journal already settled of a (sensor, boot).
    """

    def __init__(
        self,
        sector: str,
        *,
        commit: Callable[[Batch], None],
        acknowledge: Callable[[Delivery], object],
        recall: Recall,
        settings: ReceiverSettings | None = None,
    ) -> None:
        self._sector = topics.identifier(sector, "sector")
        self._commit = commit
        self._acknowledge = acknowledge
        self._marks = Marks(recall)
        settings = settings or ReceiverSettings()
        self._future_ns = round(settings.future_s * 1e9)
        self._late_ns = round(settings.late_s * 1e9)
        self._news: dict[tuple[str, int], Mark] = {}

    def handle(self, deliveries: Sequence[Delivery], shed: Mapping[str, int] | None = None) -> Batch:
        """Make these durable, then acknowledge each in the order in which it came. ``shed``: topic → how many."""
        batch = self.batch(deliveries, shed)
        self._commit(batch)
        for delivery in deliveries:
            self._acknowledge(delivery)
        for mark in batch.marks:
            self._news[mark.sensor, mark.boot] = mark
        return batch

    def take_marks(self) -> tuple[Mark, ...]:
        """The marks to publish since the last call: one a (sensor, boot), also where only duplicates came."""
        marks = tuple(self._news.values())
        self._news.clear()
        return marks

    def batch(self, deliveries: Sequence[Delivery], shed: Mapping[str, int] | None = None) -> Batch:
        """Judge each delivery; nothing is stored or acknowledged yet, but the marks already count these messages."""
        messages: list[Row | DeadLetter] = []
        marks: dict[tuple[str, int], Mark] = {}
        for delivery in deliveries:
            message = self._judge(delivery)
            messages.append(message)
            if message.kind == "detections" and message.boot is not None and message.seq is not None:
                low = _counter(dict(delivery.properties).get("low"))
                mark = self._marks.settle(message.sensor, message.boot, message.seq, low)
                marks[mark.sensor, mark.boot] = mark
        counted: Counter[SourceKey] = Counter()
        for topic, count in (shed or {}).items():
            counted[self._source(topic)] += count
        return Batch(tuple(messages), tuple(marks.values()), counted)

    def _judge(self, delivery: Delivery) -> Row | DeadLetter:
        sensor, kind = self._source(delivery.topic)
        properties = dict(delivery.properties)
        boot, seq = _counter(properties.get("boot")), _counter(properties.get("seq"))
        if boot is None or seq is None:
            boot = seq = None
        content_type = JSON if delivery.content_type is None else delivery.content_type
        try:
            boot, seq, observed_ns = self._read(delivery, kind, content_type, (boot, seq))
        except MalformedMessage as error:
            if error.code == "identity_mismatch":
                boot = seq = None
            return _dead_letter(delivery, error, kind, sensor, boot, seq, content_type)
        return Row(
            kind=kind,
            sensor=sensor,
            boot=boot,
            seq=seq,
            observed_ns=observed_ns,
            received_ns=delivery.received_ns,
            sent_ns=_counter(properties.get("sent"), largest=2**63 - 1),
            content_type=content_type,
            body=delivery.payload,
            topic=delivery.topic,
        )

    def _read(
        self, delivery: Delivery, kind: str, content_type: str, said: tuple[int | None, int | None]
    ) -> tuple[int, int, int]:
        """(boot, seq, observed_ns) of a good message; MalformedMessage on any other. ``said``: by its properties."""
        if kind == "unknown":
            self._refuse_topic(delivery.topic)
        if kind in units.KINDS.values():
            return self._read_unit(delivery, content_type)
        received_at = _EPOCH + timedelta(microseconds=delivery.received_ns // 1000)
        if kind == "detections":
            scan = decode(delivery.payload, received_at=received_at, content_type=content_type, topic=delivery.topic)
            boot, seq, observed_at = scan.boot, scan.sequence, scan.observed_at
        else:
            status = decode_status(
                delivery.payload, received_at=received_at, content_type=content_type, topic=delivery.topic
            )
            boot, seq, observed_at = status.boot, status.seq, status.observed_at
        if said[0] is not None and said != (boot, seq):
            raise MalformedMessage("identity_mismatch", "boot, seq", f"({boot}, {seq}) in the body", f"{said}")
        observed_ns = (observed_at - _EPOCH) // _MICROSECOND * 1000
        self._check_time(observed_ns, delivery.received_ns, kind)
        return boot, seq, observed_ns

    def _read_unit(self, delivery: Delivery, content_type: str) -> tuple[int, int, int]:
        channel = topics.parse(delivery.topic).channel
        message = units.decode_unit(delivery.payload, channel, content_type=content_type, topic=delivery.topic)
        observed_ns = (message.observed_at - _EPOCH) // _MICROSECOND * 1000
        self._check_time(observed_ns, delivery.received_ns, units.KINDS[channel])
        return message.boot, message.seq, observed_ns

    def _source(self, topic: str) -> SourceKey:
        try:
            parsed = topics.parse(topic)
        except MalformedMessage:
            return "", "unknown"
        if parsed.sector != self._sector:
            return "", "unknown"
        if parsed.owner == "unit" and parsed.channel in units.KINDS:
            return parsed.name, units.KINDS[parsed.channel]
        if parsed.owner != "sensor" or parsed.channel == "ack":
            return "", "unknown"
        return parsed.name, parsed.channel

    def _refuse_topic(self, topic: str) -> None:
        parsed = topics.parse(topic)
        if parsed.sector != self._sector:
            raise MalformedMessage("wrong_sector", "topic", parsed.sector, self._sector)
        raise MalformedMessage("wrong_channel", "topic", ascii(topic), "what sensors and units send")

    def _check_time(self, observed_ns: int, received_ns: int, kind: str) -> None:
        ahead_s = (observed_ns - received_ns) / 1e9
        if observed_ns - received_ns > self._future_ns:
            raise MalformedMessage(
                "future", "observed_at", f"{ahead_s:.3f} s after receipt", f"at most {self._future_ns / 1e9} s"
            )
        if kind == "detections" and received_ns - observed_ns > self._late_ns:
            raise MalformedMessage(
                "expired", "observed_at", f"{-ahead_s:.0f} s before receipt", f"at most {self._late_ns / 1e9:.0f} s"
            )


def _dead_letter(
    delivery: Delivery,
    error: MalformedMessage,
    kind: str,
    sensor: str,
    boot: int | None,
    seq: int | None,
    content_type: str,
) -> DeadLetter:
    return DeadLetter(
        code=error.code,
        field=error.field,
        message=str(error),
        kind=kind,
        sensor=sensor,
        boot=boot,
        seq=seq,
        topic=delivery.topic,
        content_type=ascii(content_type)[1:-1][:200],
        body=delivery.payload[:KEPT_BYTES],
        size=len(delivery.payload),
        digest=digest(delivery.payload),
        received_ns=delivery.received_ns,
    )


def digest(payload: bytes) -> bytes:
    """16 bytes that tell one payload from another (BLAKE2b)."""
    return blake2b(payload, digest_size=16).digest()


def _counter(text: str | None, largest: int = MAX_COUNTER) -> int | None:
    """A whole number from 0 to ``largest`` in plain ASCII digits, else None."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    value = int(text)
    return value if value <= largest else None
