"""The exchange over MQTT as a process: one connection to the own broker, for all partners and both directions."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ingest.envelope import Delivery
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import Connection, ConnectionSettings
from ingest.security.key_register import TlsFiles
from ingest.security.signature import Signer
from ops.exchange.agreements import Agreements
from ops.exchange.bridge.broker_files import EXCHANGE
from ops.exchange.bridge.publisher import AGAIN_NS, MEDIA_TYPE, PackagesTo, statement
from ops.exchange.bridge.taker import PackagesFrom
from ops.exchange.bridge.topics import newest_topic, package_topic
from ops.exchange.format.manifest import Manifest
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.received import Imported
from ops.exchange.sent import SentStore
from ops.exchange.take import PackageReceiver
from sensors.timestamps import nanoseconds

STATE_EVERY_NS: Final = 30 * 10**9
"""Interval of the statements of the newest package, which tell the origin what to send."""
LOOK_S: Final = 1.0
"""Interval at which the outbox is looked at."""
IN_FLIGHT: Final = 4
"""Messages without an acknowledgement in either direction: a package may have 64 MB."""


@dataclass(frozen=True, slots=True)
class ExchangeEvents:
    """What a person is shown: a package that was published, imported or refused, and a message that no partner signed.

    ``problem`` gets what is wrong with the connection, None once it is right.
    """

    published: Callable[[str, int], None]
    imported: Callable[[Manifest, Imported], None]
    refused: Callable[[str, PackageRefused], None]
    unsigned: Callable[[str], None]
    problem: Callable[[str | None], None]
    behind: Callable[[str, int], None] = lambda *_: None
    """Gets a partner, and the number that it has, where the log here lacks it."""


class LiveExchange:
    """The exchange of an installation with all partners of its agreements file.

    ``now``: the agreements of the moment, under which packages are published; None: those of the receiver. After a
    refused package nothing more is taken from its origin by this process, as nothing that follows it may be
    imported before it.
    """

    def __init__(
        self,
        receiver: PackageReceiver,
        signer: Signer,
        url: BrokerUrl,
        tls: TlsFiles | None,
        events: ExchangeEvents,
        *,
        now: Callable[[], Agreements | None] | None = None,
        state_every_ns: int = STATE_EVERY_NS,
        again_ns: int = AGAIN_NS,
    ) -> None:
        agreements = receiver.agreements
        own, partners = agreements.own, agreements.partners
        self._receiver, self._signer, self._events = receiver, signer, events
        self._agreements = now or (lambda: agreements)
        self._state_every_ns = state_every_ns
        self._to = {
            newest_topic(own, one.name): PackagesTo(own, one, receiver.data, signer, again_ns) for one in partners
        }
        self._from = {package_topic(one.name, own): PackagesFrom(one, receiver) for one in partners}
        self._stated_ns = dict.fromkeys(self._from, 0)
        self._waiting: deque[Delivery] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        settings = ConnectionSettings(tls=tls, receive_maximum=IN_FLIGHT, in_flight=IN_FLIGHT)
        self._connection = Connection(
            url, EXCHANGE, now_ns=_now_ns, subscriptions=[*self._to, *self._from], settings=settings
        )
        self._connection.on_message = self._arrived
        self._connection.on_up = lambda _: self._wake_up()

    def run(self) -> None:
        """Exchange until ``stop`` is called."""
        self._connection.start()
        shown: str | None = None
        try:
            while not self._stopping:
                self._connection.check()
                problem = None if self._connection.connected else self._connection.problem
                if problem != shown:
                    self._events.problem(shown := problem)
                while self._waiting:
                    self._handle(self._waiting.popleft())
                if self._connection.connected:
                    self._state_newest()
                    self._publish()
                with self._wake:
                    if not self._waiting and not self._stopping:
                        self._wake.wait(LOOK_S)
        finally:
            self._connection.stop()

    def stop(self) -> None:
        """End ``run`` soon; may be called from another thread."""
        self._stopping = True
        self._wake_up()

    def _arrived(self, message: Delivery) -> None:
        if message.qos == 0:  # never ours, and without the limit of messages in flight
            return
        with self._wake:
            self._waiting.append(message)
            self._wake.notify()

    def _wake_up(self) -> None:
        with self._wake:
            self._wake.notify()

    def _handle(self, message: Delivery) -> None:
        if (line := self._to.get(message.topic)) is not None:
            line.hear(message, _now_ns())
        elif (source := self._from.get(message.topic)) is not None:
            self._take(source, message)
        self._connection.acknowledge(message)

    def _take(self, source: PackagesFrom, message: Delivery) -> None:
        if not source.signed(message):
            self._events.unsigned(source.partner.name)
            return
        try:
            taken = source.take(message, datetime.now(UTC))
        except PackageRefused as refusal:
            del self._from[message.topic], self._stated_ns[message.topic]
            self._events.refused(source.partner.name, refusal)
            return
        if taken is not None:
            self._events.imported(*taken)
            self._stated_ns[message.topic] = 0

    def _state_newest(self) -> None:
        """State to each partner what is here, at intervals and after each import."""
        for topic, source in self._from.items():
            now = datetime.now(UTC)
            if nanoseconds(now) - self._stated_ns[topic] >= self._state_every_ns:
                own = self._receiver.agreements.own
                where, content, properties = statement(
                    own, source.partner.name, source.newest(now), nanoseconds(now), self._signer
                )
                if self._connection.publish(where, content, content_type="", user_properties=properties):
                    self._stated_ns[topic] = nanoseconds(now)

    def _publish(self) -> None:
        if (agreements := self._agreements()) is None:
            return
        store = SentStore(self._receiver.data)
        try:
            for line in self._to.values():
                if line.newest is not None and store.note_stated(line.partner.name, line.newest):
                    self._events.behind(line.partner.name, line.newest)
                in_force = agreements.sending_to(line.partner.name, datetime.now(UTC))
                while (package := line.next_package(store, _now_ns(), in_force)) is not None:
                    if not self._connection.publish(
                        package.topic, package.content, content_type=MEDIA_TYPE, user_properties=package.properties
                    ):
                        break
                    line.note_published(package, _now_ns())
                    self._events.published(line.partner.name, package.number)
        finally:
            store.close()


def _now_ns() -> int:
    return nanoseconds(datetime.now(UTC))
