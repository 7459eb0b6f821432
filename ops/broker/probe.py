"""A client that performs requested operations at a broker and reports the answers, to check topic rights."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any, Final, Self

from ingest.errors import BrokerError
from ingest.mqtt.connection import end_client
from ingest.mqtt.tls import bare_client
from ingest.security.key_register import TlsFiles

ANSWER_WITHIN_S: Final = 20.0
REFUSED: Final = 0x80
"""The first MQTT 5 reason code that is a refusal."""


class Probe:
    """One clean session. ``received`` lists (topic, payload, retained). BrokerError when the broker does not answer."""

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        *,
        tls: TlsFiles | None = None,
        will: tuple[str, bytes, bool] | None = None,
    ) -> None:
        """``will``: topic, payload, retained."""
        self.received: list[tuple[str, bytes, bool]] = []
        self.ended = threading.Event()
        self._where = f"{host}:{port}"
        self._answers: dict[tuple[str, int], list[int]] = {}
        self._news = threading.Condition()
        self._tls_problem = ""
        self._client = client = bare_client(client_id, tls, self._note)
        if will is not None:
            client.will_set(will[0], will[1], qos=1, retain=will[2])
        client.on_connect = lambda _c, _u, _f, reason, _p: self._answer("connect", 0, [reason])
        client.on_connect_fail = lambda _c, _u: self._answer("connect", 0, [None])
        client.on_subscribe = lambda _c, _u, mid, reasons, _p: self._answer("subscribe", mid, reasons)
        client.on_unsubscribe = lambda _c, _u, mid, reasons, _p: self._answer("unsubscribe", mid, reasons)
        client.on_publish = lambda _c, _u, mid, reason, _p: self._answer("publish", mid, [reason])
        client.on_message = lambda _c, _u, message: self.received.append(
            (message.topic, bytes(message.payload), bool(message.retain))
        )
        client.on_disconnect = self._down
        self._host, self._port = host, port

    def connect(self) -> Self:
        """Connect; BrokerError with the reason when the broker refuses the connection."""
        try:
            self._connect()
        except BrokerError:
            self.close()
            raise
        return self

    def _connect(self) -> None:
        try:
            self._client.connect(self._host, self._port, keepalive=20)
        except OSError as error:
            raise self._error(self._tls_problem or str(error)) from None
        self._client.loop_start()
        (code,) = self._wait("connect", 0)
        if code >= REFUSED:
            raise self._error(self._tls_problem or f"refused with code {code:#x}")

    def subscribe(self, pattern: str) -> int:
        """Return the SUBACK's code: the granted QoS, or a refusal."""
        _, mid = self._client.subscribe(pattern, qos=1)
        return self._wait("subscribe", mid or 0)[0]

    def unsubscribe(self, pattern: str) -> None:
        """Unsubscribe and wait for the answer: everything that the broker sent before it is then in ``received``."""
        _, mid = self._client.unsubscribe(pattern)
        self._wait("unsubscribe", mid or 0)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Return the PUBACK's code. A connection that closes instead of an answer counts as a refusal (0x80)."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        return self._wait("publish", info.mid)[0]

    def drop(self) -> None:
        """Close without DISCONNECT, so that the last will is published; wait until the broker has closed too."""
        sock: Any = self._client.socket()
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
        self.ended.wait(ANSWER_WITHIN_S)
        self.close()

    def close(self) -> None:
        """Disconnect; the last will is not published. Paho's thread ends by itself, within a second."""
        end_client(self._client)

    @property
    def alive(self) -> bool:
        return bool(self._client.is_connected())

    def _note(self, why: str) -> None:
        self._tls_problem = why

    def _down(self, *_: object) -> None:
        with self._news:
            self.ended.set()
            self._news.notify_all()

    def _answer(self, request: str, mid: int, reasons: list[Any]) -> None:
        codes = [REFUSED if reason is None else int(reason.value) for reason in reasons]
        with self._news:
            self._answers[request, mid] = codes
            self._news.notify_all()

    def _wait(self, request: str, mid: int) -> list[int]:
        deadline = time.monotonic() + ANSWER_WITHIN_S
        with self._news:
            while (request, mid) not in self._answers:
                if self.ended.is_set():
                    return [REFUSED]
                if not self._news.wait(max(deadline - time.monotonic(), 0.0)):
                    raise self._error(f"no answer to {request}")
            return self._answers.pop((request, mid))

    def _error(self, why: str) -> BrokerError:
        return BrokerError(why, where=self._where, expected="an answer from the broker")
