"""A subscriber: a bounded queue that paho's thread fills and one thread of the caller empties in batches."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ingest.envelope import Delivery
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import Connection, ConnectionSettings
from ingest.security.signature import UserProperties


@dataclass(frozen=True, slots=True)
class SubscriberSettings:
    """``queue_limit`` ≥ 2 · receive_maximum, so that a conforming broker cannot overfill the queue.

    A batch closes at ``batch`` messages, ``linger_s`` after its first, or after ``gap_s`` without a message.
    """

    queue_limit: int = 2000
    batch: int = 500
    linger_s: float = 0.010
    gap_s: float = 0.001


class Subscriber:
    """Receive messages into a bounded queue; the caller acknowledges them. One thread collects, paho's thread fills.

    Back-pressure: queued messages are not acknowledged, so the broker stops at receive_maximum (MQTT 5.0, 3.3.4). If it
    does not stop, a message that arrives at a full queue stays unacknowledged and is fetched again over a new
    connection. Only QoS 0 messages, which cannot be fetched again, are dropped and counted.
    """

    def __init__(
        self,
        url: BrokerUrl,
        *,
        client_id: str,
        filters: Sequence[str],
        now_ns: Callable[[], int],
        settings: SubscriberSettings | None = None,
        connection: ConnectionSettings | None = None,
        wake: threading.Condition | None = None,
    ) -> None:
        """``wake``: the condition on which ``collect`` waits, if another thread can end the wait, too."""
        self._settings = settings or SubscriberSettings()
        self._queue: deque[Delivery] = deque()
        self._wake = wake or threading.Condition()
        self._shed: Counter[str] = Counter()
        self._overflowed = False
        self._connection = Connection(url, client_id, now_ns=now_ns, subscriptions=filters, settings=connection)
        self._connection.on_message = self._receive

    def start(self, *, timeout_s: float = 10.0) -> None:
        """Connect and subscribe; BrokerError, without a retry, if it does not succeed in time."""
        self._connection.start()
        self._connection.wait_until_ready(timeout_s)

    @property
    def connected(self) -> bool:
        return self._connection.connected

    @property
    def problem(self) -> str | None:
        """The reason why there is no connection, or the last problem; None without one."""
        return self._connection.problem

    def collect(self, *, wait_s: float) -> list[Delivery]:
        """The next batch, in order of arrival; empty if no message arrives within ``wait_s``."""
        settings = self._settings
        with self._wake:
            if not self._queue:
                self._wake.wait(wait_s)
            first_s = time.monotonic()
            while 0 < len(self._queue) < settings.batch:
                length, left_s = len(self._queue), first_s + settings.linger_s - time.monotonic()
                if left_s <= 0:
                    break
                self._wake.wait(min(settings.gap_s, left_s))
                if len(self._queue) == length:
                    break
            return [self._queue.popleft() for _ in range(min(len(self._queue), settings.batch))]

    def acknowledge(self, delivery: Delivery) -> bool:
        """Send the PUBACK on the connection of the message; False if it has ended, in which case the broker delivers
        again."""
        return self._connection.acknowledge(delivery)

    def publish(
        self, topic: str, payload: bytes, *, user_properties: UserProperties = (), retain: bool = False
    ) -> None:
        """Publish with QoS 1 without waiting, for messages that are repeated; without a connection they are dropped."""
        if self._connection.connected:
            self._connection.publish(topic, payload, user_properties=user_properties, retain=retain)

    def listen(self, filters: Sequence[str], *, instead_of: Collection[str] = ()) -> None:
        """Subscribe to these filters only; see ``Connection.listen``."""
        self._connection.listen(filters, instead_of=instead_of)

    def take_shed(self) -> Counter[str]:
        """Topic → number of QoS 0 messages dropped since the last call."""
        with self._wake:
            shed, self._shed = self._shed, Counter()
        return shed

    def check(self) -> None:
        """Watchdog; call it every second."""
        self._connection.check()
        if self._overflowed and not self._queue:
            self._overflowed = False
            self._connection.renew("the queue was full for a while")

    def stop(self) -> None:
        """Disconnect. Queued messages are unacknowledged and are delivered again to the next session."""
        self._connection.stop()

    def _receive(self, delivery: Delivery) -> None:
        with self._wake:
            if len(self._queue) < self._settings.queue_limit:
                self._queue.append(delivery)
                if len(self._queue) in (1, self._settings.batch):  # waking for each message would cost more
                    self._wake.notify()
            elif delivery.qos == 0:
                self._shed[delivery.topic] += 1
            else:
                self._overflowed = True
