"""The sender of one sensor: from its spool over MQTT until ingest has journaled each message."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

import msgspec

from ingest import topics
from ingest.decode import encode, encode_status
from ingest.envelope import Delivery, counter
from ingest.errors import BrokerError, MalformedMessage, SpoolError, SpoolFull
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import Connection, ConnectionSettings
from ingest.security.key_register import Identity
from ingest.security.signature import BURST_SIZES, SignedMessage, UserProperties
from ingest.sending.send_window import SendWindow, SendWindowSettings
from ingest.sending.spool import MessageKey, Spool, SpoolEntry, first_boot_at
from ingest.standards.gateway_refusal import PREFIX, REFUSED, encode_refused
from ingest.wire import JSON, Ack, Kind, ReportedState, Status, WireMedia, WirePose
from sensors.scan import Scan
from sensors.timestamps import utc_datetime

OFFSETS_KEPT: Final = 32
"""Number of acknowledgements from which the clock offset is estimated."""
AHEAD_S: Final = 0.5
"""What is dated this much later than its receipt is refused by ingest (``ReceiverSettings.future_s``)."""
FULL_DISK_S: Final = 1.0
"""Time between attempts to remove from a spool on a full disk what ingest has acknowledged."""


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """Settings of a sender.

    Parameters
    ----------
    status_interval_s : float, s
        Time between heartbeats, on the clock that the sender was given.
    idle_s : float, s
        Longest wait of the sending thread between two looks at the spool.
    window : SendWindowSettings
        How many messages are outstanding, and when they are sent again.
    connection : ConnectionSettings
        Settings of the MQTT connection.
    identity : Identity
        With a signer every message is signed; with a register acknowledgements must carry ingest's signature.
    """

    status_interval_s: float = 5.0
    idle_s: float = 0.05
    window: SendWindowSettings = field(default_factory=SendWindowSettings)
    connection: ConnectionSettings = field(default_factory=lambda: ConnectionSettings(session_expiry_s=300))
    identity: Identity = field(default_factory=Identity)


class Sender:
    """Sends the scans of one sensor: to the spool first, then over MQTT until ingest has journaled them.

    Parameters
    ----------
    spool : Spool
        Spool in which the messages wait. The caller owns it and closes it after ``stop``. The boot of an empty one
        without a ``first_boot`` is raised to the millisecond of ``now_ns``.
    sector : str
        Name of the sector.
    sensor : str
        Id of the sensor.
    url : BrokerUrl
        Address of the broker.
    now_ns : callable
        Clock, in nanoseconds since 1970, such as ``time.time_ns``.
    kind : {"radar", "camera", "ground_sensor", "radio", "human"}, optional
        Kind of the sensor, reported in the status.
    settings : SenderSettings, optional
        Settings.

    Attributes
    ----------
    refused_acks : int
        Acknowledgements ignored because they are malformed or not signed by ingest.

    Raises
    ------
    TopicError
        On a sector or sensor name that cannot be part of a topic.

    Notes
    -----
    ``put`` never waits for the network. Each sensor has its own connection, because a last will belongs to a
    connection (MQTT 5.0, 3.1.2.5): the broker declares a sensor lost whose process ends. A broker's PUBACK does not
    make a message durable, so a message stays in the spool until ingest acknowledges it after the journal's commit.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        sector: str,
        sensor: str,
        url: BrokerUrl,
        now_ns: Callable[[], int],
        kind: Kind | None = None,
        settings: SenderSettings | None = None,
    ) -> None:
        spool.raise_first_boot(first_boot_at(now_ns()))
        self._spool = spool
        self._sensor, self._kind, self._now_ns = sensor, kind, now_ns
        self._settings = settings or SenderSettings()
        self._identity = self._settings.identity
        self._topic = topics.sensor_topic(sector, sensor, "detections")
        self._status_topic = topics.sensor_topic(sector, sensor, "status")
        self._window = SendWindow(spool, self._settings.window)
        self._acks: dict[int, int] = {}
        self._settle_s = 0.0
        self._acks_seen = 0
        self._repeats: deque[SpoolEntry] = deque()
        self._came_up = self._lost_session = False
        self._repeat: Literal["", "due", "done"] = ""  # of all that waits, after the first conflict of a session
        self._renewed = 0  # of the connection that came up last
        self._status_seq = 0
        self._status_due_ns = 0
        self._status_interval_ns = round(self._settings.status_interval_s * 1e9)
        self._state: ReportedState = "ok"
        self._stated: tuple[str, float | None, bool] = ("", None, False)  # note, power, obscured
        self._pose: WirePose | None = None
        self._failed: str | None = None
        self._replaced: str | None = None
        self._reused: str | None = None
        self._refused: str | None = None
        self._sent_seq = 0
        self._timed: tuple[int, int] | None = None  # seq of a message, and when it was first sent
        self._ahead_s = 0.0
        self._connections = 0
        self._acknowledged = False
        self.refused_acks = 0
        self._offsets: deque[float] = deque(maxlen=OFFSETS_KEPT)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._connection = Connection(
            url,
            f"watchline-{sector}-{sensor}",
            now_ns=now_ns,
            subscriptions=[topics.sensor_topic(sector, sensor, "ack")],
            settings=replace(self._settings.connection, tls=self._identity.tls),
            resumes=False,  # the last acknowledgements are retained; older ones may be of a spool that was lost
        )
        self._connection.will = lambda: (self._status_topic, *self._status("lost"))
        self._connection.on_up = self._on_up
        self._connection.on_message = self._on_ack
        self._pump_thread = threading.Thread(target=self._run, name=f"sender-{sensor}", daemon=True)

    def start(self) -> None:
        """Start connecting and sending; without a broker the sender retries, and ``problem`` states the reason."""
        self._connection.start()
        self._pump_thread.start()

    def put(self, scan: Scan, media: Sequence[WireMedia] = ()) -> MessageKey:
        """Spool a scan under the next (boot, seq), which replace its own; it is durable when this returns.

        Parameters
        ----------
        scan : Scan
            The scan, of this sender's sensor.
        media : sequence of WireMedia
            Still pictures of the look, by reference.

        Returns
        -------
        tuple of int
            (boot, seq).

        Raises
        ------
        MalformedMessage
            When ingest would refuse the scan.
        SpoolError
            When it cannot be stored.
        """
        return self._put_all([(scan, media)])[0]

    def put_many(self, scans: Sequence[Scan]) -> list[MessageKey]:
        """Spool several scans in one transaction: all or none of them.

        Parameters
        ----------
        scans : sequence of Scan
            The scans, of this sender's sensor.

        Returns
        -------
        list of tuple of int
            (boot, seq) of each.

        Raises
        ------
        MalformedMessage
            When ingest would refuse one of them.
        SpoolError
            When they cannot be stored.
        """
        return self._put_all([(scan, ()) for scan in scans])

    def _put_all(self, scans: Sequence[tuple[Scan, Sequence[WireMedia]]]) -> list[MessageKey]:
        for scan, _ in scans:
            if scan.sensor != self._sensor:
                raise MalformedMessage("sensor_mismatch", "sensor", f"{scan.sensor!r} on this connection", self._sensor)
        keys = self._spool.put_many([partial(_numbered, scan, media) for scan, media in scans])
        self._wake.set()
        return keys

    def refuse(self, packet: bytes, error: MalformedMessage, content_type: str) -> MessageKey:
        """Spool a message that a gateway cannot use, for the dead letters; it is durable when this returns.

        Parameters
        ----------
        packet : bytes
            The message.
        error : MalformedMessage
            The reason why it cannot be used.
        content_type : str
            Its content type.

        Returns
        -------
        tuple of int
            (boot, seq).

        Raises
        ------
        SpoolError
            When it cannot be stored.
        """
        payload = encode_refused(packet, error, content_type)
        key = self._spool.put(lambda _boot, _seq: payload)
        self._wake.set()
        return key

    def repeat(self, boot: int, seq: int, payload: bytes | None = None) -> bool:
        """Send a message again, as a source that repeats itself would.

        Parameters
        ----------
        boot : int
            Boot of the message.
        seq : int
            Seq of the message.
        payload : bytes, optional
            The message, for one that ingest has settled; by default it is read from the spool.

        Returns
        -------
        bool
            False when the message is no longer in the spool.
        """
        payload = payload or self._spool.get(boot, seq)
        if payload is None:
            return False
        self._repeats.append(SpoolEntry(boot, seq, payload))
        self._wake.set()
        return True

    def set_state(
        self, state: ReportedState, note: str = "", *, power: float | None = None, obscured: bool = False
    ) -> None:
        """Set the state that the heartbeats report; the first is sent at once.

        Parameters
        ----------
        state : {"ok", "degraded", "maintenance", "stopped", "lost"}
            State of the sensor.
        note : str
            Free text of at most 200 characters.
        power : float, optional
            Remaining fraction of the battery, 0 to 1.
        obscured : bool
            Whether the field of view is blocked, or the sensor does not detect for another reason.

        Raises
        ------
        MalformedMessage
            On a note with control characters, or too long a one, or a power out of bounds.
        """
        stated = (note, power, obscured)
        self._status(state, stated)
        with self._lock:
            self._state, self._stated, self._status_due_ns = state, stated, 0
        self._wake.set()

    def set_pose(self, pose: WirePose | None) -> None:
        """Set the pose that the heartbeats state; the first is sent at once.

        Parameters
        ----------
        pose : WirePose or None
            Where a mobile sensor stands and looks. Its time should be stated, so that a heartbeat after it, when the
            sensor may have moved on, does not make it newer. None: heartbeats state no pose any more.

        Raises
        ------
        MalformedMessage
            On numbers out of bounds, or a time that has not come.
        """
        with self._lock:
            before, self._pose = self._pose, pose
        try:
            self._status(self._state)
        except MalformedMessage:
            with self._lock:
                self._pose = before
            raise
        with self._lock:
            self._status_due_ns = 0
        self._wake.set()

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the broker."""
        return self._connection.connected

    @property
    def problem(self) -> str | None:
        """The reason why nothing is sent, or why ingest cannot use what is sent; None without one."""
        refused = self._refused if self._spool.waiting else None
        return (
            self._failed or self._reused or self._replaced or self._connection.problem or refused or self._clock_problem
        )

    @property
    def _clock_problem(self) -> str | None:
        if self._ahead_s <= AHEAD_S:
            return None
        return (
            f"the clock is at least {self._ahead_s:.1f} s ahead of ingest's: ingest refuses what is dated more than"
            f" {AHEAD_S:g} s later than its receipt (future); expected a synchronised clock."
        )

    @property
    def clock_offset_s(self) -> float | None:
        """Offset of ingest's clock from the sender's [s]; positive if it is ahead, None before the first ack.

        The largest difference between send and receipt times over the newest acknowledgements. It is too small by the
        shortest transmission delay, never too large. It detects a wrong clock but is not exact enough to set one.
        """
        return max(self._offsets, default=None)

    @property
    def resends(self) -> int:
        """Number of times that the acknowledgements stalled and the window was sent again."""
        return self._window.resends

    def drain(self, timeout_s: float) -> bool:
        """Wait until ingest has journaled every message.

        Parameters
        ----------
        timeout_s : float, s
            Longest wait.

        Returns
        -------
        bool
            False when the time is up first.
        """
        deadline = time.monotonic() + timeout_s
        while self._spool.waiting:
            if time.monotonic() > deadline or not self._pump_thread.is_alive():
                return False
            time.sleep(0.02)
        return True

    def stop(self) -> None:
        """Report that the sensor is stopped, and disconnect; waiting messages stay in the spool."""
        self._stopping.set()
        self._wake.set()
        if self._pump_thread.ident is not None:
            self._pump_thread.join()
        if self._connection.connected:
            puback: Future[None] = Future()
            payload, user_properties = self._status("stopped")
            self._connection.publish(
                self._status_topic, payload, user_properties=user_properties, retain=True, puback=puback
            )
            with suppress(FutureTimeout, BrokerError):  # without it, the missing heartbeats have the same effect later
                puback.result(timeout=1.0)
        self._connection.stop()

    def _run(self) -> None:
        checked_s = time.monotonic()
        while not self._stopping.is_set():
            self._wake.wait(self._settings.idle_s)
            self._wake.clear()
            try:
                self._pump(time.monotonic())
            except SpoolError as error:
                self._failed = str(error)
                return
            if time.monotonic() - checked_s > 1.0:
                checked_s = time.monotonic()
                self._connection.check()

    def _pump(self, now_s: float) -> None:
        ready = self._connection.ready.is_set()  # read first, so that what _on_up recorded before is seen
        with self._lock:
            came_up, lost, repeats = self._came_up, self._lost_session, self._repeat == "due"
            self._came_up = self._lost_session = False
        if now_s >= self._settle_s:
            self._settle(now_s)
        if lost:
            self._window.restart(now_s)
        elif came_up or repeats:  # a repetition that the link carries slowly is no stall
            self._window.resume(now_s)
        if not ready:
            return
        if self._heartbeat_is_due():
            self._heartbeat()
        due = self._window.due(now_s)
        lows = {boot: self._spool.low(boot) for boot in {entry.boot for entry in due}}
        for first in range(0, len(due), BURST_SIZES[0]):
            for entry, message in self._signed(due[first : first + BURST_SIZES[0]], lows):
                self._note_sent(entry)
                if not self._publish(message):
                    return
                self._window.sent(entry)
        while self._repeats:
            for entry, message in self._signed([self._repeats.popleft()], {}):
                self._note_sent(entry)
                self._publish(message)
        if repeats:
            with self._lock:
                self._repeat = self._repeat and "done"

    def _settle(self, now_s: float) -> None:
        """Remove what ingest has acknowledged from the spool; on a full disk that waits, and sending continues."""
        with self._lock:
            acks, self._acks = self._acks, {}
        try:
            for boot in sorted(acks):
                self._window.acknowledge(Ack(boot, acks[boot]), now_s)
                del acks[boot]
            self._failed = None
        except SpoolFull as error:
            self._failed, self._settle_s = str(error), now_s + FULL_DISK_S
            with self._lock:
                self._acks = {boot: max(acks.get(boot, 0), self._acks.get(boot, 0)) for boot in acks | self._acks}

    def _note_sent(self, entry: SpoolEntry) -> None:
        """Note a message before it is sent, because its acknowledgement may arrive at once."""
        if entry.boot == self._spool.boot and entry.seq > self._sent_seq:
            self._sent_seq = entry.seq
            if self._timed is None:
                self._timed = entry.seq, self._now_ns()

    def _publish(self, message: SignedMessage) -> bool:
        topic, content_type, user_properties, payload = message
        return self._connection.publish(topic, payload, content_type=content_type, user_properties=user_properties)

    def _signed(
        self, entries: Sequence[SpoolEntry], lows: Mapping[int, int | None]
    ) -> list[tuple[SpoolEntry, SignedMessage]]:
        """Make the messages of these entries, which are sent together."""
        messages = []
        for entry in entries:
            low = lows.get(entry.boot)
            user_properties = [*self._numbers(entry.key), *([] if low is None else [("low", str(low))])]
            content_type = REFUSED if entry.payload.startswith(PREFIX) else JSON
            messages.append((self._topic, content_type, user_properties, entry.payload))
        if self._identity.signer is None:
            return list(zip(entries, messages, strict=True))
        signed = zip(messages, self._identity.signer.sign_many(messages), strict=True)
        return [
            (entry, (m[0], m[1], user_properties, m[3]))
            for entry, (m, user_properties) in zip(entries, signed, strict=True)
        ]

    def _numbers(self, key: MessageKey) -> list[tuple[str, str]]:
        """Make the user properties of a message: its numbers, its sender's boot and the time of sending."""
        numbers = zip(("boot", "seq", "by_boot", "sent"), (*key, self._spool.by_boot, self._now_ns()), strict=True)
        return [(name, str(value)) for name, value in numbers]

    def _signed_properties(self, topic: str, key: MessageKey, payload: bytes) -> UserProperties:
        """Make the properties of one message: its numbers, and the signature over the whole message."""
        user_properties = self._numbers(key)
        return (
            user_properties
            if self._identity.signer is None
            else self._identity.signer.sign(topic, JSON, user_properties, payload)
        )

    def _heartbeat_is_due(self) -> bool:
        """Whether an interval has passed since the last heartbeat, or the clock was set back to before it."""
        return not 0 < self._status_due_ns - self._now_ns() <= self._status_interval_ns

    def _heartbeat(self) -> None:
        with self._lock:
            state = self._state
            self._status_due_ns = self._now_ns() + self._status_interval_ns
        payload, user_properties = self._status(state)
        self._connection.publish(self._status_topic, payload, user_properties=user_properties, retain=True)

    def _status(
        self, state: ReportedState, stated: tuple[str, float | None, bool] | None = None
    ) -> tuple[bytes, UserProperties]:
        with self._lock:
            note, power, obscured = stated or self._stated
            self._status_seq += 1
            status = Status(
                sensor=self._sensor,
                boot=self._spool.by_boot,
                seq=self._status_seq,
                observed_at=utc_datetime(self._now_ns()),
                state=state,
                kind=self._kind,
                status_interval_s=self._settings.status_interval_s,
                spooled=self._spool.waiting,
                dropped=tuple(self._spool.gaps()[-100:]),
                power=None if state == "lost" else power,
                obscured=obscured and state != "lost",
                note=note,
                pose=None if state == "lost" else self._pose,
            )
        payload = encode_status(status)
        return payload, self._signed_properties(self._status_topic, (status.boot, status.seq), payload)

    def _on_up(self, session_present: bool) -> None:
        with self._lock:
            before, self._renewed = self._renewed, self._connection.renewed
            if not session_present or self._renewed != before:  # otherwise client and broker kept what is on its way
                self._repeat = ""
            self._came_up = True
            self._connections += 1
            self._lost_session = self._lost_session or not session_present
            self._status_due_ns = 0

    def _on_ack(self, delivery: Delivery) -> None:
        self._connection.acknowledge(delivery)
        try:
            ack = self._authenticated(delivery, delivery.received_ns)
        except (MalformedMessage, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.refused_acks += 1  # any client may have published it, so it is not evidence about this connection
            if isinstance(error, MalformedMessage) and error.code == "key_expired":
                self._note_wrong_clock(delivery)
            return
        self._refused = None
        if ack.boot > self._spool.by_boot:
            self._replaced = (
                f"ingest knows boot {ack.boot} of {self._sensor}, this spool is at {self._spool.by_boot}: it was"
                " replaced by a new one; expected boots that rise (Spool(first_boot=...))."
            )
        if ack.boot == self._spool.boot:
            stored = delivery.retained and self._connections == 1 and not self._acknowledged  # before anything was sent
            unsent = stored or ack.seq > self._sent_seq
            if unsent or ack.conflict:
                self._reused = (
                    f"ingest has other messages of {self._sensor} under the numbers of boot {ack.boot}: this spool"
                    " replaced another one, or two programs send as this sensor; messages with these numbers become"
                    " dead letters (conflict); expected boots that rise (Spool(first_boot=...))."
                )
            if unsent or (ack.conflict and self._is_before_repetition()):  # of another sender's messages
                return
            self._acknowledged = True
        with self._lock:
            if ack.boot == self._spool.boot:
                self._replaced = None
                sent = counter(dict(delivery.user_properties).get("sent"), largest=2**63 - 1)
                if sent is not None and ack.seq > self._acks_seen:  # otherwise it may be a retained message
                    self._acks_seen = ack.seq
                    self._offsets.append((sent - delivery.received_ns) / 1e9)
                    if self._timed is not None and ack.seq >= self._timed[0]:  # it was sent after that message
                        self._ahead_s, self._timed = (self._timed[1] - sent) / 1e9, None
            self._acks[ack.boot] = max(ack.seq, self._acks.get(ack.boot, 0))
        self._wake.set()

    def _is_before_repetition(self) -> bool:
        """Whether what waits has not been sent again since the first acknowledgement of a conflict in this session.

        Its mark is that of other messages and does not state which of ours arrived: what was sent before ingest
        subscribed at a broker that had restarted did not; the repetition does.
        """
        with self._lock:
            if not self._repeat:
                self._repeat, self._lost_session = "due", True
            before = self._repeat == "due"
        self._wake.set()
        return before

    def _note_wrong_clock(self, delivery: Delivery) -> None:
        """State the sender's clock as the reason if a new acknowledgement of this boot is accepted at its own time.

        An old one may have been signed with a key that has expired since.
        """
        sent = counter(dict(delivery.user_properties).get("sent"), largest=2**63 - 1)
        if sent is None or delivery.retained:
            return
        with suppress(MalformedMessage, msgspec.DecodeError, UnicodeDecodeError):
            ack = self._authenticated(delivery, sent)
            if ack.boot == self._spool.boot and self._acks_seen < ack.seq <= self._sent_seq:
                days = (delivery.received_ns - sent) / 86_400e9
                where = "ahead of" if days > 0.0 else "behind"
                self._refused = (
                    f"acknowledgements are refused: the clock is {abs(days):.1f} days {where} that of ingest, whose key"
                    " is not valid at this time; expected a synchronised clock."
                )

    def _authenticated(self, delivery: Delivery, now_ns: int) -> Ack:
        """Decode an acknowledgement; with a register it must be signed with ingest's key, valid at ``now_ns``."""
        if self._identity.register is not None:
            content_type = JSON if delivery.content_type is None else delivery.content_type
            self._identity.register.check(
                topics.parse(delivery.topic),
                content_type,
                dict(delivery.user_properties),
                delivery.payload,
                now_ns=now_ns,
            )
        return _ack_decoder.decode(delivery.payload)


_ack_decoder = msgspec.json.Decoder(Ack)


def _numbered(scan: Scan, media: Sequence[WireMedia], boot: int, seq: int) -> bytes:
    return encode(replace(scan, boot=boot, sequence=seq), media)
