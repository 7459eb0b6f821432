"""An MQTT 5 connection through paho, used by senders, subscribers and publishers.

Each rule avoids a fault that was measured (paho 2.2, docs/decisions). clean_start=False with a fixed client id and a
session expiry; otherwise a restart deletes the queue. QoS 1 with manual acknowledgement, never QoS 2 inbound. No
exception leaves a callback: it would end the network thread while is_connected() stays true. ``ack(mid)`` does not
distinguish connections: an epoch, incremented at every start and end of a connection, is compared under the lock that
also covers the ack. Callbacks never block. ``publish()`` may report NO_CONN for a message that it delivers later, so
its result is ignored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt import client as paho_client
from paho.mqtt import properties as paho_properties
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import MalformedPacket, Properties  # type: ignore[attr-defined]
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.envelope import Delivery
from ingest.errors import BrokerError
from ingest.mqtt import poll
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.packet_properties import read_properties
from ingest.mqtt.pending_acks import PendingAcks
from ingest.mqtt.tls import read_again, use_tls
from ingest.security.key_register import TlsFiles
from ingest.security.signature import UserProperties
from ingest.wire import JSON

ANSWER_WITHIN_S: Final = 4.0
"""Timeout for a CONNACK or SUBACK, after which the connection is replaced."""
REFUSALS: Final = 3
REFUSED_S: Final = 10.0
"""A start fails before its time is over once the broker has refused REFUSALS attempts in succession, or a subscription,
and this has passed: more time would not help a wrong password or certificate."""
FRUITLESS_S: Final = 30.0
"""Time without a working connection after which the client is replaced, in case its own state is the cause.

A connection works if it carries a message or a PUBACK, or lasts longer than STEADY_S.
"""
STEADY_S: Final = 5.0
TAKEN_OVER: Final = 0x8E
"""Reason code of a broker that ends a connection because another one has begun with its client id."""
TAKEN_TIMES: Final = 3
TAKEN_WITHIN_S: Final = 60.0
"""A session that is taken over so often in this time is used by two processes at once: each gets a part of the
messages."""
STOPPED_WITHIN_S: Final = 5.0
NO_DELAY: Final = (6, 1, 1)
"""Socket option that turns TCP_NODELAY on: otherwise a small packet waits up to 40 ms for the peer's
acknowledgement."""
TOPICS_A_PACKET: Final = 500
ON_NEW_SUBSCRIPTION: Final = 1  # MQTT 5 retain handling: send retained messages once, not at every reconnect


def _read_text(buffer: bytes, longest: int) -> tuple[str, int]:
    """A length-prefixed string of a packet's properties and its size; invalid characters become U+FFFD.

    Replaces paho's reader, which closes the connection on a NUL or U+FEFF in a property. The broker would then deliver
    the same message again and again, so that one message of one client would stop ingest. With this reader it becomes a
    dead letter.
    """
    length = int.from_bytes(buffer[:2], "big")
    if longest < 2 or length > longest - 2 or len(buffer) < 2 + length:
        raise MalformedPacket("a string longer than its packet")
    return bytes(buffer[2 : 2 + length]).decode("utf-8", "replace"), length + 2


_unpack_any = Properties.unpack


def _unpack(self: Any, buffer: bytes) -> tuple[Any, int]:
    """The properties of a received packet; those of PUBLISH, the most frequent, in one pass."""
    if self.packetType != PacketTypes.PUBLISH:
        return _unpack_any(self, buffer)  # type: ignore[no-any-return, no-untyped-call]
    try:
        content_type, user_properties, size = read_properties(buffer)
    except ValueError as error:
        raise MalformedPacket(str(error)) from None
    if content_type is not None:
        self.__dict__["ContentType"] = content_type
    if user_properties:
        self.__dict__["UserProperty"] = user_properties
    return self, size


paho_client.select = poll  # type: ignore[attr-defined]
paho_properties.readUTF = _read_text
Properties.unpack = _unpack  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """``keepalive_s`` bounds the time to detect a dead peer (1.5 times it); the delays are those of reconnecting.

    ``in_flight``: messages sent without a PUBACK, unless the broker allows fewer; twice as many may queue in memory.
    ``tls``: certificates for ``mqtts``; None = no client certificate, the system's authorities. ``yields``: whether the
    connection ends for good once another process uses its session as well (``Connection.displaced``).
    """

    keepalive_s: int = 10
    session_expiry_s: int = 86_400
    receive_maximum: int = 1000
    in_flight: int = 1000
    min_delay_s: float = 0.2
    max_delay_s: float = 2.0
    tls: TlsFiles | None = None
    yields: bool = False


def _ignore(*_: object) -> None:
    """The callback of a connection until one is set."""


class _Client(Client):
    """paho's client that also reports the answers to its pings, for which paho has no callback: on a quiet connection
    they are the only packets from a broker."""

    on_ping_answered: Callable[[Client], None] = _ignore

    def _handle_pingresp(self) -> MQTTErrorCode:
        result = super()._handle_pingresp()
        self.on_ping_answered(self)
        return result


class Connection:
    """A paho client under the rules above, replaced by a new one when its thread ends or its peer stops responding.

    ``on_up(session_present)``, ``on_message(delivery)`` and ``will() -> (topic, payload, user properties)`` run on
    paho's thread and must not block. ``ready`` is set while the subscriptions are active (or, without any, while there
    is a connection).
    """

    def __init__(
        self,
        url: BrokerUrl,
        client_id: str,
        *,
        now_ns: Callable[[], int],
        subscriptions: Sequence[str] = (),
        settings: ConnectionSettings | None = None,
        resumes: bool = True,
    ) -> None:
        """``resumes``: whether the first connection continues a session that an earlier process left at the broker."""
        self.url, self.client_id, self.settings = url, client_id, settings or ConnectionSettings()
        self.connected = False
        self.ready = threading.Event()
        self.problem: str | None = None
        self.on_up: Callable[[bool], None] = _ignore
        self.on_message: Callable[[Delivery], None] = _ignore
        self.will: Callable[[], tuple[str, bytes, UserProperties]] | None = None
        self.displaced = False
        """Whether it has ended for another process that uses its session; the earlier one of two does."""
        self._taken_s: list[float] = []
        self._tls_problem: str | None = None
        self._refusals = 0
        self._in_flight = self.settings.in_flight
        self._now_ns, self._subscriptions = now_ns, list(subscriptions)
        self._resumes = resumes
        self._left: set[str] = set()
        self._asked: dict[int, Sequence[str]] = {}
        self._lock = threading.Lock()
        self._epoch = 0
        self.renewed = 0
        """How often a new client has replaced one, whose queue was lost."""
        self._thread: threading.Thread | None = None
        self._heard_s = self._worked_s = self._up_s = time.monotonic()
        self._asked_s: float | None = None
        self._probed = False
        self._pending_acks = PendingAcks()
        self._client = self._make()

    def start(self) -> None:
        """Start connecting and keep reconnecting; ``ready`` and ``problem`` report the state."""
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = self.settings.session_expiry_s
        properties.ReceiveMaximum = self.settings.receive_maximum
        self._heard_s = self._worked_s = time.monotonic()
        self._asked_s, self._probed, self._thread = None, False, None
        self._client.connect_async(
            self.url.host,
            self.url.port,
            self.settings.keepalive_s,
            clean_start=False if self._resumes else MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties,
        )
        self._client.loop_start()

    def wait_until_ready(self, timeout_s: float) -> None:
        """Wait for the broker; BrokerError, after stopping, if it has not accepted the connection in time, or refuses
        it again and again."""
        began_s = time.monotonic()
        while not self.ready.wait(min(0.5, max(began_s + timeout_s - time.monotonic(), 0.0))):
            waited_s = time.monotonic() - began_s
            is_refused = self._refusals >= REFUSALS and waited_s >= REFUSED_S
            if is_refused or waited_s >= timeout_s:
                problem = self.problem or f"{self.url.shown} does not answer"
                self.stop()
                expected = "an accepted connection" if is_refused else f"a connection within {timeout_s:.0f} s"
                raise BrokerError(problem, where="broker", expected=expected)
            self.check()

    def stop(self) -> None:
        """Disconnect (without sending the last will) and end paho's thread; a thread that does not end in time is
        abandoned."""
        problem = self.problem
        end_client(self._client).join(STOPPED_WITHIN_S)
        self.problem = problem  # disconnecting on request is not one
        self.connected = False
        self.ready.clear()
        self._pending_acks.fail("stopped before the broker answered")

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        content_type: str = JSON,
        user_properties: UserProperties = (),
        retain: bool = False,
        puback: Future[None] | None = None,
    ) -> bool:
        """Pass one message to paho with QoS 1; False if its queue is full. ``puback`` completes with the PUBACK."""
        properties = _properties(PacketTypes.PUBLISH)
        properties.ContentType = content_type
        if user_properties:
            properties.UserProperty = list(user_properties)
        client = self._client
        self._pending_acks.wanted |= puback is not None
        info = client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            return False
        if puback is not None:
            self._pending_acks.expect(id(client), info.mid, puback)
        return True

    def acknowledge(self, delivery: Delivery) -> bool:
        """Send the PUBACK on the connection of the message; False if it has ended, in which case the broker delivers
        again."""
        if delivery.qos == 0:
            return True
        with self._lock:
            if delivery.epoch != self._epoch:
                return False
            return self._client.ack(delivery.mid, delivery.qos) == MQTTErrorCode.MQTT_ERR_SUCCESS

    def listen(self, topics: Sequence[str], *, instead_of: Collection[str] = ()) -> None:
        """Subscribe to these topics only. Mosquitto still delivers messages that it has queued; the embedded broker
        drops them, and spools send them again.

        ``instead_of``: topics to which an earlier process may have subscribed in the same session.
        """
        current = set(self._subscriptions)
        new = [topic for topic in topics if topic not in current]
        old = current.union(instead_of).difference(topics)
        self._left = (self._left | old).difference(topics)
        self._subscriptions = list(topics)
        if self.connected:
            self._subscribe(self._client, new)  # first, so that no message of a topic in both is missed
            self._leave(self._client, old)

    def check(self) -> None:
        """Watchdog, to be called about every second: replaces a connection whose thread or peer is dead."""
        silent_s = time.monotonic() - self._heard_s
        if self.displaced:
            return
        if self._thread is not None and not self._thread.is_alive():
            self.renew("paho's thread has died")
        elif self._asked_s is not None and time.monotonic() - self._asked_s > ANSWER_WITHIN_S:
            self.renew("the broker leaves a question without answer")
        elif not self.connected and time.monotonic() - self._worked_s > self._fruitless_s:
            self.renew(f"no attempt of {self._fruitless_s:.0f} s succeeded")
        elif self.connected and silent_s > 3 * self.settings.keepalive_s:
            self.renew("the broker has fallen silent")
        elif self.connected and not self._probed and silent_s > 2 * self.settings.keepalive_s:
            self._probed = True
            self._subscribe(self._client, self._subscriptions)  # a request that a responding broker answers

    @property
    def _fruitless_s(self) -> float:
        """FRUITLESS_S, or four times the keepalive if that is longer."""
        return max(FRUITLESS_S, 4.0 * self.settings.keepalive_s)

    def renew(self, why: str) -> None:
        """Replace the client by a new one; the session, and thus the broker's queue, is kept."""
        old = self._client
        with self._lock:
            self._epoch += 1
            self.renewed += 1
            self.connected = False
            self._client = self._make()
        self.ready.clear()
        self.problem = f"{why}; reconnecting"
        old.disconnect()  # so that its thread, if alive, does not reconnect and take over the session
        self._pending_acks.fail(self.problem)
        self.start()

    def _make(self) -> Client:
        settings = self.settings
        client = _Client(CallbackAPIVersion.VERSION2, client_id=self.client_id, protocol=MQTTv5, manual_ack=True)
        if self.url.username is not None:
            client.username_pw_set(self.url.username, self.url.password)
        if self.url.tls:
            use_tls(client, self.settings.tls, self._note_tls)
        client.max_inflight_messages_set(self._in_flight)
        client.max_queued_messages_set(2 * settings.in_flight)
        client.reconnect_delay_set(settings.min_delay_s, settings.max_delay_s)  # type: ignore[arg-type]
        client.on_pre_connect = self._guard(self._pre_connect)
        client.on_socket_open = self._guard(self._opened)
        client.on_connect = self._guard(self._up)
        client.on_connect_fail = self._guard(self._failed)
        client.on_disconnect = self._guard(self._down)
        client.on_subscribe = self._guard(self._subscribed)
        client.on_message = self._guard(self._message)
        client.on_publish = self._guard(self._published)
        client.on_ping_answered = self._guard(_ignore)
        return client

    def _note_tls(self, why: str) -> None:
        self._tls_problem = why

    def _guard(self, callback: Callable[..., None]) -> Callable[..., None]:
        def guarded(client: Client, *arguments: Any) -> None:
            if client is not self._client:
                return
            self._heard_s, self._probed = time.monotonic(), False
            try:
                callback(client, *arguments)
            except Exception as error:  # noqa: BLE001  # an exception here would end paho's thread
                self.problem = f"{type(error).__name__} in {callback.__name__}: {error}"

        return guarded

    def _pre_connect(self, client: Client, _userdata: object) -> None:
        self._thread = threading.current_thread()
        with self._lock:
            self._epoch += 1
        if self.will is not None:
            topic, payload, user_properties = self.will()
            properties = _properties(PacketTypes.WILLMESSAGE)
            properties.ContentType = JSON
            if user_properties:
                properties.UserProperty = list(user_properties)
            client.will_set(topic, payload, qos=1, retain=True, properties=properties)
        if self.url.tls and self.settings.tls is not None:
            read_again(client, self.settings.tls)

    def _opened(self, _client: Client, _userdata: object, connection: Any) -> None:
        with suppress(OSError):
            connection.setsockopt(*NO_DELAY)
        self._asked_s = time.monotonic()  # CONNECT follows

    def _up(self, client: Client, _userdata: object, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self.problem = f"{self.url.shown} refuses the connection: {reason}"
            return
        allowed = int(getattr(properties, "ReceiveMaximum", self._in_flight))
        if allowed < self._in_flight:  # paho ignores the limit, and accepts another window only before it connects
            self._in_flight = allowed
            self.renew(f"the broker allows {allowed} messages in flight")
            return
        self.problem = self._asked_s = None
        self._resumes, self._refusals = True, 0
        self.connected, self._up_s = True, time.monotonic()
        self.on_up(bool(flags.session_present))
        if self._subscriptions:
            self._subscribe(client, self._subscriptions)
        else:
            self.ready.set()
        self._leave(client, self._left)  # the session may still contain them

    def _subscribe(self, client: Client, topics: Sequence[str]) -> None:
        options = SubscribeOptions(qos=1, noLocal=True, retainHandling=ON_NEW_SUBSCRIPTION)
        for packet_topics in _packets(topics):
            self._asked_s = time.monotonic()
            _, mid = client.subscribe([(topic, options) for topic in packet_topics])
            if mid is not None:
                self._asked[mid] = packet_topics

    def _leave(self, client: Client, topics: Collection[str]) -> None:
        for packet_topics in _packets(sorted(topics)):
            client.unsubscribe(list(packet_topics))

    def _subscribed(self, _client: Client, _userdata: object, mid: int, reasons: list[Any], _more: object) -> None:
        self._asked_s = None
        topics = self._asked.pop(mid, self._subscriptions)
        refused = [topic for topic, reason in zip(topics, reasons, strict=False) if reason.is_failure]
        if refused:
            self.problem = f"{self.url.shown} refuses the subscription {', '.join(refused)}"
            self._refusals = REFUSALS
        else:
            self.ready.set()

    def _failed(self, _client: Client, _userdata: object) -> None:
        why, self._tls_problem = self._tls_problem, None
        self._refusals = self._refusals + 1 if why and "timed out" not in why else 0
        self.problem = f"no TLS with {self.url.shown}: {why}" if why else f"no answer from {self.url.shown}"

    def _note_taken(self, client: Client) -> None:
        """Another process has taken the session: once is a change of place, again and again two at the same time."""
        now_s = time.monotonic()
        self._taken_s = [*(at_s for at_s in self._taken_s if now_s - at_s < TAKEN_WITHIN_S), now_s]
        self.problem = f"another process connects to {self.url.shown} as {self.client_id}"
        if len(self._taken_s) >= TAKEN_TIMES:
            self.problem += " at the same time; expected one"
            if self.settings.yields:
                self.displaced = True
                self.problem += ": this one receives nothing until it is started again"
                client.disconnect()

    def _down(self, client: Client, _userdata: object, _flags: object, reason: Any, _properties: object) -> None:
        self._asked_s = None
        if self.connected and time.monotonic() - self._up_s > STEADY_S:
            self._worked_s = time.monotonic()
        with self._lock:
            self._epoch += 1
        self.ready.clear()
        if getattr(reason, "value", None) == TAKEN_OVER:
            self._note_taken(client)
        elif self.connected:
            self.problem = f"connection to {self.url.shown} lost ({reason})"
        else:
            self._refusals += 1
            self.problem = (
                self.problem or f"{self.url.shown} closes the connection at once: are user and password right?"
            )
        self.connected = False

    def _message(self, client: Client, _userdata: object, message: MQTTMessage) -> None:
        with self._lock:
            if client is not self._client:  # replaced since the guard
                return
            epoch = self._epoch
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "\ufffd"
        # A message proves the subscription; iotcore sends no SUBACK while a resumed session's window is full.
        self._asked_s = None
        self._worked_s = time.monotonic()
        self.ready.set()
        self.on_message(
            Delivery(
                topic=topic,
                payload=bytes(message.payload),
                content_type=getattr(message.properties, "ContentType", None),
                user_properties=tuple(getattr(message.properties, "UserProperty", ())),
                received_ns=self._now_ns(),
                qos=message.qos,
                mid=message.mid,
                epoch=epoch,
                retained=message.retain,
            )
        )

    def _published(self, client: Client, _userdata: object, mid: int, reason: Any, _properties: object) -> None:
        if not reason.is_failure:
            self._worked_s = time.monotonic()
        self._pending_acks.arrive(id(client), mid, str(reason) if reason.is_failure else None)


def end_client(client: Client) -> threading.Thread:
    """Disconnect a client; the returned thread joins paho's, without a timeout, and then closes the sockets that the
    client would keep until it is deleted."""

    def end() -> None:
        client.loop_stop()
        client._reset_sockets()

    client.disconnect()
    ending = threading.Thread(target=end, name="mqtt-end", daemon=True)
    ending.start()
    return ending


def _packets(topics: Sequence[str]) -> Iterator[Sequence[str]]:
    """The topics in groups that fit one packet."""
    for start in range(0, len(topics), TOPICS_A_PACKET):
        yield topics[start : start + TOPICS_A_PACKET]


def _properties(packet: int) -> Any:
    return Properties(packet)  # type: ignore[no-untyped-call]
