"""From deliveries to a batch that is committed, then acknowledged: the law of the way in.

    decode → Batch → commit (durable when it returns) → PUBACK in order of arrival → high-water marks

Nothing is acknowledged before it is durable, and nothing that was received goes uncounted:
received = journaled + duplicate + dead_lettered + shed, per sensor. Which of a batch's messages are new and which
are duplicates is for the journal to say, in the transaction that stores them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ingest import topics
from ingest import unit_messages as units
from ingest.decode import JSON, decode, decode_status, media_type, remember
from ingest.envelope import UNNUMBERED_BOOT, Delivery
from ingest.errors import UNPROVEN, MalformedMessage
from ingest.receiving.batch import KEPT_BYTES, Batch, DeadLetter, Row, digest
from ingest.receiving.high_water_marks import HighWaterMark, HighWaterMarks, Recall
from ingest.receiving.quarantine import Quarantine
from ingest.security.authentication import Authenticator, SenderBoot, SourceKey, counter
from ingest.security.signature import SIGNED
from ingest.wire import MAX_PAYLOAD_BYTES
from sensors.scan import Scan
from sensors.timestamps import nanoseconds, utc_datetime


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """The policy of times. Observed after receipt by more than ``future_s``: refused. Before it by at most ``live_s``:
    live; by at most ``late_s``: late, and still put into its place; by at most ``backfill_s``: journaled for history,
    no live alert; by more: refused."""

    future_s: float = 0.5
    live_s: float = 5.0
    late_s: float = 60.0
    backfill_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Guards:
    """Who else has a say at the door; None = nobody. ``gate`` says what is implausible about a scan, "" for nothing."""

    trust: Authenticator | None = None
    quarantine: Quarantine | None = None
    gate: Callable[[Scan], str] | None = None


class Receiver:
    """Deliveries of one sector in, a committed batch out. Pure but for the ``commit`` and ``acknowledge`` it is given.

    ``commit`` returns when the batch is durable, or raises: then nothing of the batch is acknowledged, and the
    receiver must not be used again but to ``settle`` that batch. ``acknowledge`` sends one PUBACK and may find the
    connection gone: the message comes again and is a duplicate then. ``recall`` gives what the journal already settled
    of a (sensor, boot). ``told`` is what sensors said of themselves (``ingest.decode.remember``); whoever goes on with
    a journal fills it from there first.
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
        self._news: dict[tuple[str, int], HighWaterMark] = {}
        self.told: dict[str, bytes] = {}
        self.removals: Counter[str] = Counter()
        """By topic, how often we removed what was retained there. A broker that knows no "no local" hands these empty
        messages back to us; they are ours, and no sensor's."""

    def handle(self, deliveries: Sequence[Delivery], shed: Mapping[str, int] | None = None) -> Batch:
        """Make these durable, then acknowledge each in the order in which it came. ``shed``: topic → how many."""
        batch = self.batch(deliveries, shed)
        self.settle(batch, deliveries)
        return batch

    def settle(
        self,
        batch: Batch,
        deliveries: Sequence[Delivery],
        acknowledge: Callable[[Delivery], object] | None = None,
    ) -> None:
        """Commit what ``batch`` made of these deliveries, then acknowledge them; ``acknowledge``: another way than the
        receiver's own. May be called again after a commit that left nothing behind; no other batch of sensors' messages
        may come before it, for its marks rest on it."""
        acknowledge = acknowledge or self._acknowledge
        self._commit(batch)
        for delivery in deliveries:
            acknowledge(delivery)
        for mark in batch.marks:
            self._news[mark.sensor, mark.boot] = mark

    def take_marks(self) -> tuple[HighWaterMark, ...]:
        """The marks to publish since the last call: one a (sensor, boot), also where only duplicates came."""
        marks = tuple(self._news.values())
        self._news.clear()
        return marks

    def batch(self, deliveries: Sequence[Delivery], shed: Mapping[str, int] | None = None) -> Batch:
        """Judge each delivery; nothing is stored or acknowledged yet, but the marks already count these messages."""
        messages: list[Row | DeadLetter] = []
        marks: dict[tuple[str, int], HighWaterMark] = {}
        boots: dict[tuple[str, str, str], SenderBoot] = {}
        counted: Counter[SourceKey] = Counter()
        for topic, count in (shed or {}).items():
            counted[self._source(topic)] += count
        quarantine = self._guards.quarantine
        for delivery in deliveries:
            if not delivery.payload and self.removals[delivery.topic] > 0:
                self.removals[delivery.topic] -= 1
                continue
            source = self._source(delivery.topic)
            guard = quarantine if delivery.replay_of is None else None
            if guard is not None and not self._admits(guard, delivery, source):
                guard.shed(source[0])
                counted[source] += 1
                continue
            message = self._judge(delivery, source, boots)
            messages.append(message)
            repeated = False
            key = _settles(message)
            if key is not None:
                repeated = self._marks.settled(message.sensor, *key)
                mark = self._marks.settle(message.sensor, *key, counter(dict(delivery.properties).get("low")))
                marks[mark.sensor, mark.boot] = mark
            if guard is not None:
                guard.charge(message, repeated=repeated)
        return Batch(tuple(messages), tuple(marks.values()), counted, tuple(boots.values()))

    def _admits(self, guard: Quarantine, delivery: Delivery, source: SourceKey) -> bool:
        """Whether quarantine lets this message be read."""
        verdict = guard.admits(source[0], delivery.received_ns)
        if verdict != "prove":
            return verdict == "read"
        trust = self._guards.trust
        if trust is None or len(delivery.payload) > MAX_PAYLOAD_BYTES:
            return False
        content_type = JSON if delivery.content_type is None else delivery.content_type
        said = dict(delivery.properties)
        return trust.proves(delivery.topic, content_type, said, delivery.payload, delivery.received_ns)

    def _judge(
        self, delivery: Delivery, source: SourceKey, boots: dict[tuple[str, str, str], SenderBoot]
    ) -> Row | DeadLetter:
        sensor, kind = source
        properties = dict(delivery.properties)
        boot, seq = counter(properties.get("boot")), counter(properties.get("seq"))
        if boot is None or seq is None:
            boot = seq = None
        content_type = JSON if delivery.content_type is None else delivery.content_type
        signer, flags = "", ""
        try:
            if kind == "unknown":
                self._refuse_topic(delivery.topic)
            signer = self._check_sender(delivery, source, content_type, properties, boots)
            boot, seq, observed_ns, flags = self._read(delivery, kind, content_type, (boot, seq))
        except MalformedMessage as error:
            if error.code == "identity_mismatch" or (error.code in UNPROVEN and error.code != "rollback"):
                boot = seq = None
            dead = _dead_letter(delivery, error, kind, sensor, boot, seq, content_type)
            return replace(
                dead, sender=_sender(signer, properties), said=_kept(properties), replay_of=delivery.replay_of
            )
        return Row(
            kind=kind,
            sensor=sensor,
            boot=boot,
            seq=seq,
            observed_ns=observed_ns,
            received_ns=delivery.received_ns,
            sent_ns=self._sent(properties, delivery.received_ns),
            content_type=content_type,
            body=delivery.payload,
            topic=delivery.topic,
            signer=signer,
            flags=flags,
            replay_of=delivery.replay_of,
            timing=self._timing(delivery.received_ns - observed_ns),
        )

    def _timing(self, age_ns: int) -> str:
        if age_ns <= self._live_ns:
            return "live"
        return "late" if age_ns <= self._late_ns else "backfill"

    def _check_sender(
        self,
        delivery: Delivery,
        source: SourceKey,
        content_type: str,
        said: Mapping[str, str],
        boots: dict[tuple[str, str, str], SenderBoot],
    ) -> str:
        """The id of the key that signed the message; "" where none has to. MalformedMessage: it proves nothing."""
        if len(delivery.payload) > MAX_PAYLOAD_BYTES:  # before the work of a signature
            raise MalformedMessage(
                "too_large", "payload", f"{len(delivery.payload)} bytes", f"at most {MAX_PAYLOAD_BYTES}"
            )
        trust = self._guards.trust
        if trust is None:
            return ""
        key = trust.judge(source, delivery.topic, content_type, said, delivery.payload, delivery.received_ns)
        if key and delivery.replay_of is None:  # what a person submits anew was heard before
            heard = trust.check_boot(source, key, said)
            if heard is not None:
                boots[heard.sensor, heard.kind, heard.key] = heard
        return key

    def _sent(self, said: Mapping[str, str], received_ns: int) -> int | None:
        """When the message was sent, by its sender's word; None where that cannot be."""
        sent_ns = counter(said.get("sent"), largest=2**63 - 1)
        if sent_ns is None or not -self._future_ns <= received_ns - sent_ns <= self._oldest_ns:
            return None
        return sent_ns

    def _read(
        self, delivery: Delivery, kind: str, content_type: str, said: tuple[int | None, int | None]
    ) -> tuple[int, int, int, str]:
        """(boot, seq, observed_ns, flags) of a good message; MalformedMessage on any other. ``said``: by properties."""
        received_at = utc_datetime(delivery.received_ns)
        topic, payload, flags = delivery.topic, delivery.payload, ""
        identity = None if said[0] is None or said[1] is None else (said[0], said[1])
        if kind == "detections":
            scan = decode(
                payload,
                received_at=received_at,
                content_type=content_type,
                topic=topic,
                identity=identity,
                told=self.told.get(topics.parse(topic).name) if self.told else None,
            )
            boot, seq, observed_at = scan.boot, scan.sequence, scan.observed_at
        elif kind == "status":
            status = decode_status(
                payload, received_at=received_at, content_type=content_type, topic=topic, identity=identity
            )
            boot, seq, observed_at = status.boot, status.seq, status.observed_at
            self._remember(payload, content_type, topics.parse(topic).name, received_at)
        else:
            channel = topics.parse(topic).channel
            message = units.decode_unit(payload, channel, content_type=content_type, topic=topic, identity=identity)
            boot, seq, observed_at = message.boot, message.seq, message.observed_at
        if said[0] is not None and said != (boot, seq):
            raise MalformedMessage("identity_mismatch", "boot, seq", f"({boot}, {seq}) in the body", f"{said}")
        observed_ns = nanoseconds(observed_at)
        self._check_time(observed_ns, delivery.received_ns, kind)
        gate = self._guards.gate
        if kind == "detections" and gate is not None:
            foreign = media_type(content_type) != JSON
            unnumbered = foreign and boot == UNNUMBERED_BOOT  # then no mark knows it either
            if unnumbered or not self._marks.settled(scan.sensor, boot, seq):
                flags = gate(scan)
            if foreign:  # other standards do not say what kind of sensor they come from
                flags = ",".join(reason for reason in flags.split(",") if reason != "kind")
        return boot, seq, observed_ns, flags

    def _remember(self, payload: bytes, content_type: str, sensor: str, received_at: datetime) -> None:
        before = self.told.get(sensor)
        known = remember(payload, received_at=received_at, content_type=content_type, sensor=sensor, told=before)
        if known is not None:
            self.told[sensor] = known

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
        if kind == "detections" and received_ns - observed_ns > self._oldest_ns:
            raise MalformedMessage(
                "expired", "observed_at", f"{-ahead_s:.0f} s before receipt", f"at most {self._oldest_ns / 1e9:.0f} s"
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


def _settles(message: Row | DeadLetter) -> tuple[int, int] | None:
    """The (boot, seq) for which the sender need wait no longer; None when the message settles none."""
    if message.kind != "detections" or message.boot is None or message.seq is None:
        return None
    if isinstance(message, DeadLetter) and message.code in UNPROVEN:
        return None
    if message.boot == UNNUMBERED_BOOT and media_type(message.content_type) != JSON:
        return None  # nobody numbered it, so nobody waits for a mark
    return message.boot, message.seq


def _sender(signer: str, said: Mapping[str, str]) -> str:
    """What is known of who sent a bad message, for the person who reads it."""
    if signer:
        return f"key {signer}"
    return f"says key {ascii(said['key'])[1:-1][:40]}, unproven" if "key" in said else "unsigned"


def _kept(said: Mapping[str, str]) -> str:
    """The properties that are ours, as JSON: what submitting the message anew needs."""
    return json.dumps({name: said[name][:200] for name in (*SIGNED, "sig", "proof") if name in said})
