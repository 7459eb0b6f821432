"""Many sensors in one process: bare MQTT 5 over asyncio, with a will, heartbeats, and ways to fall silent."""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal, Self

from ingest.decode import encode_status
from ingest.mqtt.broker_url import BrokerUrl
from ingest.topics import sensor_topic
from ingest.wire import Status
from tests.patience import PATIENT_S

Silence = Literal["stuck", "hole", "reset"]
"""stuck: the link lives and nothing is said. hole: not a byte any more. reset: the connection ends at once."""


def text_field(value: str | bytes) -> bytes:
    body = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(body)) + body


def packet(kind: int, body: bytes) -> bytes:
    size, left = b"", len(body)
    while True:
        left, digit = divmod(left, 128)
        size += bytes([digit | (128 if left else 0)])
        if not left:
            return bytes([kind]) + size + body


class LightClient:
    """One sensor that says every ``interval_s`` that it is well.

    ``silent_ns``: when it began to obey ``silence``, or had with ``reset``. ``shut_out``: whether the broker ended its
    connection.
    """

    def __init__(self, url: BrokerUrl, sector: str, sensor: str, *, interval_s: float, keepalive_s: int) -> None:
        self.url, self.sensor, self.interval_s, self.keepalive_s = url, sensor, interval_s, keepalive_s
        self.topic = sensor_topic(sector, sensor, "status")
        self.silence: Silence | None = None
        self.silent_ns: int | None = None
        self.shut_out = False
        self._seq = 0

    def _status(self, state: Literal["ok", "lost"]) -> bytes:
        self._seq += 1
        return encode_status(
            Status(
                sensor=self.sensor, boot=1, seq=self._seq, observed_at=datetime.now(UTC), state=state,
                kind="radar", status_interval_s=self.interval_s,
            )
        )  # fmt: skip

    def _connect(self) -> bytes:
        flags = 0x02 | 0x04 | 0x08 | 0x20 | 0x40 | 0x80  # clean start, will with QoS 1 and retain, password, user
        head = text_field("MQTT") + bytes([5, flags]) + struct.pack(">H", self.keepalive_s) + b"\0"
        will = b"\0" + text_field(self.topic) + text_field(self._status("lost"))
        return packet(
            0x10,
            head
            + text_field(f"light-{self.sensor}")
            + will
            + text_field(self.url.username or "")
            + text_field(self.url.password or ""),
        )

    async def live(self, first_s: float) -> None:
        """Connect, and speak until silenced; a stuck one only pings."""
        await asyncio.sleep(first_s)
        reader, writer = await asyncio.open_connection(self.url.host, self.url.port)
        writer.write(self._connect())
        await reader.read(64)
        drain = asyncio.ensure_future(self._drain(reader))
        try:
            spoken_s = 0.0
            while self.silence is None or self.silence == "stuck":
                if self.silence is None and time.monotonic() - spoken_s >= self.interval_s:
                    spoken_s = time.monotonic()
                    number = struct.pack(">H", self._seq % 65535 + 1)
                    writer.write(packet(0x32, text_field(self.topic) + number + b"\0" + self._status("ok")))
                else:
                    writer.write(b"\xc0\0")
                await asyncio.sleep(self.interval_s / 2)
                if self.silence not in (None, "reset") and self.silent_ns is None:
                    self.silent_ns = time.time_ns()
            if self.silence == "reset":
                drain.cancel()
                writer.transport.abort()
                with suppress(OSError):
                    await writer.wait_closed()
                self.silent_ns = time.time_ns()
            await asyncio.sleep(3600)
        finally:
            drain.cancel()
            writer.transport.abort()

    async def _drain(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while await reader.read(4096):
                pass
        self.shut_out = True


class Crowd:
    """Many light clients on a thread of their own."""

    def __init__(self, clients: list[LightClient], *, over_s: float) -> None:
        """They connect one after the other within ``over_s``."""
        self.clients, self._over_s = {client.sensor: client for client in clients}, over_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        for number, client in enumerate(self.clients.values()):
            first_s = number * self._over_s / len(self.clients)
            self._tasks.append(asyncio.run_coroutine_threadsafe(client.live(first_s), self._loop))
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(PATIENT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def shut_out(self) -> set[str]:
        """The sensors whose connections the broker has ended by now, as it does if this process stands still."""
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.5), self._loop).result(PATIENT_S)  # what has come is read
        return {name for name, client in self.clients.items() if client.shut_out}

    def failures(self) -> list[BaseException]:
        """What ended a client before its time."""
        return [error for task in self._tasks if task.done() and (error := task.exception()) is not None]
