"""From deliveries to a batch that is committed, then acknowledged.

    topic → quarantine → signature → decode → Batch → commit → PUBACK in order of arrival → high-water marks

Nothing is acknowledged before it is durable, and every delivery is counted:
received = journaled + duplicate + dead_lettered + shed, per sensor. Which messages of a batch are new and which are
duplicates is decided by the journal, in the transaction that stores them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ingest import topics, unit_messages
from ingest.decode import media_type, read_declaration, read_wire_scan, stated_numbers
from ingest.distress_calls import read_call
from ingest.envelope import UNNUMBERED_BOOT, Delivery, Envelope
from ingest.errors import UNPROVEN, MalformedMessage, printable
from ingest.help_call import HelpCall
from ingest.receiving.batch import KEPT_BYTES, KEPT_TOPIC, Batch, DeadLetter, Row, digest
from ingest.receiving.high_water_marks import HighWaterMark, HighWaterMarks, Recall
from ingest.receiving.quarantine import Quarantine, bucket_name
from ingest.security.authentication import Authenticator, SenderBoot, SourceKey
from ingest.security.signature import SIGNED
from ingest.topics import Topic
from ingest.wire import JSON, MAX_PAYLOAD_BYTES, Status, WireScan
from sensors.timestamps import nanoseconds

MAX_PROVEN_BYTES: Final = 4 * MAX_PAYLOAD_BYTES
"""The signature of a larger message is not verified, because that takes too long; it settles no number."""

_NOT_AUTHENTIC: Final = (UNPROVEN - {"rollback"}) | {"too_large"}
"""Codes of messages whose sender is not known: a rollback is signed with a valid key, a large one may be unverified."""


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Limits on the observation time. Later than receipt by more than ``future_s``: refused. Before it by at most
    ``live_s``: live; by at most ``late_s``: late, still tracked in order of observation; by at most ``backfill_s``:
    journaled for history, no live alert; by more: refused."""

    future_s: float = 0.5
    live_s: float = 5.0
    late_s: float = 60.0
    backfill_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Guards:
    """Checks in addition to decoding; None = not done. ``gate`` names the implausible features of a scan, ``poses``
    those of the pose of a status, "" for none."""

    trust: Authenticator | None = None
    quarantine: Quarantine | None = None
    gate: Callable[[WireScan], str] | None = None
    poses: Callable[[Status], str] | None = None


class _FutureMessage(MalformedMessage):
    """A message that is dated later than its receipt by ``ahead_s``, which is more than the limit."""

    def __init__(self, ahead_s: float, limit_s: float) -> None:
        super().__init__("future", "observed_at", f"{ahead_s:.3f} s after receipt", f"at most {limit_s} s")
        self.ahead_s = round(ahead_s, 3)


class Receiver:
    """Turn the deliveries of one sector into committed batches. Pure except for ``commit`` and ``acknowledge``.

    ``commit`` returns when the batch is durable, or raises: then no message of the batch is acknowledged, and the
    receiver may only ``settle`` that batch again. ``acknowledge`` sends one PUBACK; if the connection has ended, the
    message is delivered again, as a duplicate. ``recall`` returns the messages of a (sensor, boot) that the journal has
    already settled. ``sensor_contexts`` holds the declarations of sensors (``ingest.decode.read_declaration``); it is
    filled from the journal when an existing journal is continued.
    """

    def __init__(
        self,
        sector: str,
        *,
        commit: Callable[[Batch], None],
        acknowledge: Callable[[Delivery], object],
        recall: Recall,
        settings: ReceiverSettings | None = None,
        guards: Guards | None = None,
    ) -> None:
        self._sector = topics.identifier(sector, "sector")
        self._commit = commit
        self._acknowledge = acknowledge
        self._marks = HighWaterMarks(recall)
        self._guards = guards or Guards()
        settings = settings or ReceiverSettings()
        self._future_ns = round(settings.future_s * 1e9)
        self._live_ns = round(settings.live_s * 1e9)
        self._late_ns = round(settings.late_s * 1e9)
        self._oldest_ns = round(settings.backfill_s * 1e9)
        self._unpublished_marks: dict[tuple[str, int], HighWaterMark] = {}
        self.sensor_contexts: dict[str, bytes] = {}
        self.removals: Counter[str] = Counter()
        """Number of retained messages that ingest removed, by topic. A broker without the "no local" option delivers
        these empty messages back to ingest; they come from no sensor."""

    def handle(self, deliveries: Sequence[Delivery], shed: Mapping[str, int] | None = None) -> Batch:
        """Make these durable, then acknowledge each in order of arrival. ``shed``: topic → number of messages shed."""
        batch = self.batch(deliveries, shed)
        self.settle(batch, deliveries)
        return batch

    def settle(
        self,
        batch: Batch,
        deliveries: Sequence[Delivery],
        acknowledge: Callable[[Delivery], object] | None = None,
    ) -> None:
        """Commit the batch of these deliveries, then acknowledge them, through ``acknowledge`` if given. May be called
        again after a commit that stored nothing; no other batch of sensors' messages may be settled before it, because
        its marks depend on it."""
        acknowledge = acknowledge or self._acknowledge
        self._commit(batch)
        for delivery in deliveries:
            acknowledge(delivery)
        for mark in batch.marks:
            self._unpublished_marks[mark.sensor, mark.boot] = mark

    def take_marks(self) -> tuple[HighWaterMark, ...]:
        """The marks to publish since the last call: one per (sensor, boot), including those with duplicates only."""
        marks = tuple(self._unpublished_marks.values())
        self._unpublished_marks.clear()
        return marks

    def batch(self, deliveries: Sequence[Delivery], shed: Mapping[str, int] | None = None) -> Batch:
        """Check each delivery; nothing is stored or acknowledged yet, but the marks already count these messages."""
        messages: list[Row | DeadLetter] = []
        marks: dict[tuple[str, int], HighWaterMark] = {}
        boots: dict[tuple[str, str, str], SenderBoot] = {}
        counted: Counter[SourceKey] = Counter()
        for topic, count in (shed or {}).items():
            counted[self._source(topics.parse_or_none(topic))] += count
        quarantine = self._guards.quarantine
        for delivery in deliveries:
            if not delivery.payload and self.removals[delivery.topic] > 0:
                self.removals[delivery.topic] -= 1
                continue
            envelope = Envelope.of(delivery)
            source = self._source(envelope.topic)
            guard = quarantine if delivery.replay_of is None else None
            if guard is not None and not self._admits(guard, delivery, envelope, source):
                guard.shed(bucket_name(*source))
                counted[source] += 1
                continue
            message = self._judge(delivery, envelope, source, boots)
            messages.append(message)
            repeated = False
            key = _settles(message)
            if key is not None:
                repeated = self._marks.settled(message.sensor, *key)
                mark = self._marks.settle(message.sensor, *key, envelope.low)
                marks[mark.sensor, mark.boot] = mark
            if guard is not None:
                guard.charge(message, repeated=repeated)
        return Batch(tuple(messages), tuple(marks.values()), counted, tuple(boots.values()))

    def _admits(self, guard: Quarantine, delivery: Delivery, envelope: Envelope, source: SourceKey) -> bool:
        """Whether the quarantine admits this message."""
        bucket, now_ns, trust = bucket_name(*source), delivery.received_ns, self._guards.trust
        verdict = guard.admits(bucket, now_ns)
        if verdict == "read" or len(delivery.payload) > MAX_PAYLOAD_BYTES:
            return verdict == "read"
        if verdict == "prove":
            return trust is not None and trust.proves(delivery.payload, envelope, now_ns)

        def caller() -> str | None:
            called = read_call(delivery.payload, source[1], envelope.content_type, envelope.received_at)
            return None if called is None else called.caller

        def is_authentic() -> bool:
            return trust is None or trust.proves(delivery.payload, envelope, now_ns)

        return guard.admits_call(bucket, now_ns, caller, is_authentic)

    def _judge(
        self,
        delivery: Delivery,
        envelope: Envelope,
        source: SourceKey,
        boots: dict[tuple[str, str, str], SenderBoot],
    ) -> Row | DeadLetter:
        sensor, kind = source
        signer = ""
        try:
            topic = self._known_topic(delivery, envelope, kind)
            signer = self._check_sender(delivery, envelope, source, boots)
            boot, seq, observed_ns, flags = self._read(delivery, envelope, topic, kind)
        except MalformedMessage as error:
            numbers = None if self._is_unproven(error.code, delivery) else _numbers(delivery.payload, envelope)
            return _dead_letter(delivery, envelope, error, source, numbers, _sender(signer, envelope.user_properties))
        return Row(
            kind=kind,
            sensor=sensor,
            boot=boot,
            seq=seq,
            observed_ns=observed_ns,
            received_ns=delivery.received_ns,
            sent_ns=self._sent(envelope.sent_ns, delivery.received_ns),
            content_type=envelope.content_type,
            body=delivery.payload,
            topic=delivery.topic,
            signer=signer,
            flags=flags,
            replay_of=delivery.replay_of,
            timing=self._timing(delivery.received_ns - observed_ns),
        )

    def _is_unproven(self, code: str, delivery: Delivery) -> bool:
        """Whether it is uncertain who numbered a refused message: then it settles no number of the true sender."""
        if code == "too_large":
            return self._guards.trust is not None and len(delivery.payload) > MAX_PROVEN_BYTES
        return code == "identity_mismatch" or (code in UNPROVEN and code != "rollback")

    def _timing(self, age_ns: int) -> str:
        if age_ns <= self._live_ns:
            return "live"
        return "late" if age_ns <= self._late_ns else "backfill"

    def _check_sender(
        self,
        delivery: Delivery,
        envelope: Envelope,
        source: SourceKey,
        boots: dict[tuple[str, str, str], SenderBoot],
    ) -> str:
        """The id of the key that signed the message; "" if none is required. MalformedMessage: not authenticated."""
        trust, size, key = self._guards.trust, len(delivery.payload), ""
        if trust is not None and size <= MAX_PROVEN_BYTES:
            resubmitted = delivery.replay_of is not None
            key, boot = trust.judge(source, delivery.payload, envelope, delivery.received_ns, resubmitted=resubmitted)
            if boot is not None:
                boots[boot.sensor, boot.kind, boot.key] = boot
        if size > MAX_PAYLOAD_BYTES:
            raise MalformedMessage("too_large", "payload", f"{size} bytes", f"at most {MAX_PAYLOAD_BYTES}")
        return key

    def _sent(self, sent_ns: int | None, received_ns: int) -> int | None:
        """The send time that the sender states; None if it is not possible."""
        if sent_ns is None or not -self._future_ns <= received_ns - sent_ns <= self._oldest_ns:
            return None
        return sent_ns

    def _read(self, delivery: Delivery, envelope: Envelope, topic: Topic, kind: str) -> tuple[int, int, int, str]:
        """(boot, seq, observed_ns, flags) of a good message; MalformedMessage on any other."""
        payload, flags, scan, status = delivery.payload, "", None, None
        if topic.name in self.sensor_contexts:
            envelope = replace(envelope, sensor_context=self.sensor_contexts[topic.name])
        if kind == "detections":
            scan = read_wire_scan(payload, envelope)
            boot, seq, observed_at = scan.boot, scan.seq, scan.observed_at
        elif kind == "status":
            status, context = read_declaration(payload, envelope)
            boot, seq, observed_at = status.boot, status.seq, status.observed_at
            if context is not None:
                self.sensor_contexts[topic.name] = context
        else:
            message = unit_messages.read_unit(payload, topic.channel, envelope)
            boot, seq, observed_at = message.boot, message.seq, message.observed_at
        if envelope.identity is not None and envelope.identity != (boot, seq):
            raise MalformedMessage(
                "identity_mismatch", "boot, seq", f"({boot}, {seq}) in the body", f"{envelope.identity}"
            )
        observed_ns = nanoseconds(observed_at)
        self._check_time(observed_ns, delivery.received_ns, kind)
        if status is not None and self._guards.poses is not None:
            flags = self._guards.poses(status)
        if scan is not None and self._guards.gate is not None:
            flags = self._implausible(scan, self._guards.gate, foreign=media_type(envelope.content_type) != JSON)
        return boot, seq, observed_ns, flags

    def _implausible(self, scan: WireScan, gate: Callable[[WireScan], str], *, foreign: bool) -> str:
        """The flags of a scan that is not settled yet; ``foreign``: of another standard than Watchline's JSON."""
        flags = ""
        unnumbered = foreign and scan.boot == UNNUMBERED_BOOT  # no mark counts these
        if unnumbered or not self._marks.settled(scan.sensor, scan.boot, scan.seq):
            flags = gate(scan)
        if foreign:  # other standards do not state the kind of sensor
            flags = ",".join(reason for reason in flags.split(",") if reason != "kind")
        return flags

    def _source(self, topic: Topic | None) -> SourceKey:
        if topic is None or topic.sector != self._sector:
            return "", "unknown"
        if topic.owner == "unit" and topic.channel in unit_messages.KINDS:
            return topic.name, unit_messages.KINDS[topic.channel]
        if topic.owner != "sensor" or topic.channel == "ack":
            return "", "unknown"
        return topic.name, topic.channel

    def _known_topic(self, delivery: Delivery, envelope: Envelope, kind: str) -> Topic:
        """The topic of a message that has a source; MalformedMessage for every other topic."""
        topic = envelope.topic
        if topic is None:
            raise topics.bad_topic(delivery.topic)
        if topic.sector != self._sector:
            raise MalformedMessage("wrong_sector", "topic", topic.sector, self._sector)
        if kind == "unknown":
            raise MalformedMessage(
                "wrong_channel", "topic", ascii(delivery.topic), "a topic on which sensors or units publish"
            )
        return topic

    def _check_time(self, observed_ns: int, received_ns: int, kind: str) -> None:
        ahead_s = (observed_ns - received_ns) / 1e9
        if observed_ns - received_ns > self._future_ns:
            raise _FutureMessage(ahead_s, self._future_ns / 1e9)
        if kind == "detections" and received_ns - observed_ns > self._oldest_ns:
            raise MalformedMessage(
                "expired", "observed_at", f"{-ahead_s:.0f} s before receipt", f"at most {self._oldest_ns / 1e9:.0f} s"
            )


def _numbers(payload: bytes, envelope: Envelope) -> tuple[int, int] | None:
    """(boot, seq) of a message that is refused, from its properties, else from its JSON."""
    if envelope.identity is not None or media_type(envelope.content_type) != JSON:
        return envelope.identity
    return stated_numbers(payload)


def _dead_letter(
    delivery: Delivery,
    envelope: Envelope,
    error: MalformedMessage,
    source: SourceKey,
    numbers: tuple[int, int] | None,
    sender: str,
) -> DeadLetter:
    sensor, kind = source
    boot, seq = numbers or (None, None)
    return DeadLetter(
        code=error.code,
        field=error.field,
        message=str(error),
        kind=kind,
        sensor=sensor,
        boot=boot,
        seq=seq,
        topic=delivery.topic[:KEPT_TOPIC],
        content_type=printable(envelope.content_type, 200),
        body=delivery.payload[:KEPT_BYTES],
        size=len(delivery.payload),
        digest=digest(delivery.payload),
        received_ns=delivery.received_ns,
        sender=sender,
        user_properties=_kept(envelope.user_properties),
        call=_help_call(delivery, envelope, error.code, kind),
        replay_of=delivery.replay_of,
        ahead_s=error.ahead_s if isinstance(error, _FutureMessage) else None,
    )


def _help_call(delivery: Delivery, envelope: Envelope, code: str, kind: str) -> HelpCall | None:
    """The distress call in a message that is refused; None in one whose sender is not known."""
    if code in _NOT_AUTHENTIC:
        return None
    return read_call(delivery.payload, kind, envelope.content_type, envelope.received_at)


def _settles(message: Row | DeadLetter) -> tuple[int, int] | None:
    """The (boot, seq) that the sender may delete; None if the message settles none."""
    if message.kind != "detections" or message.boot is None or message.seq is None:
        return None
    if isinstance(message, DeadLetter) and message.code in UNPROVEN:
        return None
    if message.boot == UNNUMBERED_BOOT and media_type(message.content_type) != JSON:
        return None  # its sender does not number messages and waits for no mark
    return message.boot, message.seq


def _sender(signer: str, user_properties: Mapping[str, str]) -> str:
    """The known facts about the sender of a bad message, for the person who examines it."""
    if signer:
        return f"key {signer}"
    if "key" in user_properties:
        return f"says key {printable(user_properties['key'], 40)}, unproven"
    return "unsigned"


def _kept(user_properties: Mapping[str, str]) -> str:
    """Watchline's user properties, as JSON; resubmitting the message needs them."""
    kept = (*SIGNED, "sig", "proof")
    return json.dumps({name: user_properties[name][:200] for name in kept if name in user_properties})
