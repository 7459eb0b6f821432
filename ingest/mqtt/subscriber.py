"""The receiving end of a link: a bounded queue that paho's thread fills and one thread of ours empties in batches."""

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

    A batch closes at ``batch`` messages, ``linger_s`` after its first, or when nothing came for ``gap_s``.
    """

    queue_limit: int = 2000
    batch: int = 500
    linger_s: float = 0.010
    gap_s: float = 0.001


class Subscriber:
    """Receives into a bounded queue; acknowledges when told to. One thread collects, paho's thread fills.

    Back-pressure: what is in the queue is not acknowledged, so the broker stops at receive_maximum. Should it not stop,
    a message that finds no room is left unacknowledged and fetched again over a new connection, when there is room;
    only QoS 0, which nobody can ask for again, is shed, and counted.
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
        """``news``: what ``collect`` waits on, where something else may end its waiting, too."""
        self._settings = settings or SubscriberSettings()
        self._queue: deque[Delivery] = deque()
        self._wake = wake or threading.Condition()
        self._shed: Counter[str] = Counter()
        self._overflowed = False
        self._connection = Connection(url, client_id, now_ns=now_ns, subscriptions=filters, settings=connection)
        self._connection.on_message = self._receive

    def start(self, *, timeout_s: float = 10.0) -> None:
        """Connect and subscribe. BrokerError when that does not succeed in time; it is not retried then."""
        self._connection.start()
        self._connection.wait_until_ready(timeout_s)

    @property
    def connected(self) -> bool:
        return self._connection.connected

    @property
    def problem(self) -> str | None:
        """Why there is no connection, or what went wrong last; None when all is well."""
        return self._connection.problem

    def collect(self, *, wait_s: float) -> list[Delivery]:
        """The next batch, in order of arrival; empty when nothing came within ``wait_s``."""
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
        """PUBACK, if the connection that brought the message is still the one. False: it will come again."""
        return self._connection.acknowledge(delivery)

    def publish(
        self, topic: str, payload: bytes, *, user_properties: UserProperties = (), retain: bool = False
    ) -> None:
        """Publish with QoS 1 and do not wait. For what is said again anyway: without a connection it is dropped."""
        if self._connection.connected:
            self._connection.publish(topic, payload, user_properties=user_properties, retain=retain)

    def listen(self, filters: Sequence[str], *, instead_of: Collection[str] = ()) -> None:
        """Subscribe to these and to nothing else from now on; see ``Connection.listen``."""
        self._connection.listen(filters, instead_of=instead_of)

    def take_shed(self) -> Counter[str]:
        """Topic → QoS 0 messages that found no room since the last call."""
        with self._wake:
            shed, self._shed = self._shed, Counter()
        return shed

    def check(self) -> None:
        """The watchdog; call it every second."""
        self._connection.check()
        if self._overflowed and not self._queue:
            self._overflowed = False
            self._connection.renew("the queue was full for a while")

    def stop(self) -> None:
        """Disconnect. What is in the queue is unacknowledged and will come again to the next session."""
        self._connection.stop()

    def _receive(self, delivery: Delivery) -> None:
        with self._wake:
            if len(self._queue) < self._settings.queue_limit:
                self._queue.append(delivery)
                if len(self._queue) in (1, self._settings.batch):  # a wake-up each would cost more
                    self._wake.notify()
            elif delivery.qos == 0:
                self._shed[delivery.topic] += 1
            else:
                self._overflowed = True
