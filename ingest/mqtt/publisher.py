"""A publisher of alerts and tracks that reports the broker's answer to each message, and hears requests for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import count
from typing import Final

from ingest.envelope import Delivery
from ingest.errors import BrokerError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import Connection, ConnectionSettings
from ingest.security.key_register import Identity
from ingest.security.signature import UserProperties
from ingest.wire import JSON
from sensors.timestamps import SECOND_NS

CHECK_EVERY_S: Final = 1.0


class Publisher:
    """Publish with QoS 1 and return a Future that completes with the broker's PUBACK.

    A thread looks after the connection every second, whether or not anything is published. With an ``identity``, each
    message is signed. ``boot``: the publisher's boot; by default its start time in seconds.
    """

    def __init__(
        self,
        url: BrokerUrl,
        *,
        client_id: str,
        now_ns: Callable[[], int],
        settings: ConnectionSettings | None = None,
        identity: Identity | None = None,
        boot: int | None = None,
        hear: Callable[[Delivery], None] | None = None,
        filters: Sequence[str] = (),
    ) -> None:
        """``hear`` is called with each message on ``filters``, in paho's thread: it must be quick and must not raise.
        Such a message is acknowledged before it is heard; its sender repeats it until it has an answer."""
        self._signer = None if identity is None else identity.signer
        self._now_ns, self._seq = now_ns, count(1)
        self._boot = now_ns() // SECOND_NS if boot is None else boot
        settings = settings or ConnectionSettings()
        if identity is not None:
            settings = replace(settings, tls=identity.tls)
        self._connection = Connection(url, client_id, now_ns=now_ns, settings=settings, subscriptions=filters)
        self._hear = hear
        if hear is not None:
            self._connection.on_message = self._received
        self._stopping = threading.Event()
        self._watchdog = threading.Thread(target=self._look_after, name=f"watchdog-{client_id}", daemon=True)

    def start(self, *, timeout_s: float | None = 10.0) -> None:
        """Connect; BrokerError if it does not succeed in time. None: return at once and keep trying."""
        self._connection.start()
        if timeout_s is not None:
            self._connection.wait_until_ready(timeout_s)
        self._watchdog.start()

    def _look_after(self) -> None:
        while not self._stopping.wait(CHECK_EVERY_S):
            self._connection.check()

    def __call__(
        self,
        topic: str,
        payload: bytes,
        *,
        content_type: str = JSON,
        retain: bool = False,
        key: tuple[int, int] | None = None,
        signed: bool = True,
    ) -> Future[None]:
        """Publish without waiting. The future fails with BrokerError if the broker refuses the message or the queue is
        full.

        ``key``: the (boot, seq) of the message, which are signed; by default those of the publisher. ``signed``: False
        for a payload that holds its signature.
        """
        puback: Future[None] = Future()
        user_properties: UserProperties = ()
        if self._signer is not None and signed:
            boot, seq = key or (self._boot, next(self._seq))
            numbers = [("boot", boot), ("seq", seq), ("by_boot", max(boot, self._boot)), ("sent", self._now_ns())]
            user_properties = self._signer.sign(
                topic, content_type, [(name, str(value)) for name, value in numbers], payload
            )
        taken = self._connection.publish(
            topic, payload, content_type=content_type, user_properties=user_properties, retain=retain, puback=puback
        )
        if not taken:
            puback.set_exception(BrokerError("too many messages are waiting", where="broker", expected="a connection"))
        return puback

    def _received(self, delivery: Delivery) -> None:
        self._connection.acknowledge(delivery)
        assert self._hear is not None
        self._hear(delivery)

    @property
    def problem(self) -> str | None:
        """The reason why there is no connection; None without a problem."""
        return self._connection.problem

    def stop(self) -> None:
        """Disconnect; messages without an answer fail."""
        self._stopping.set()
        if self._watchdog.ident is not None:
            self._watchdog.join()
        self._connection.stop()
