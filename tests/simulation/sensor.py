"""A sensor of a simulated world: the real spool and send window of a sender, over a simulated link."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ingest.decode import encode
from ingest.sending.send_window import SendWindow, SendWindowSettings
from ingest.sending.spool import Spool
from ingest.wire import Ack
from sensors.scan import Scan
from sensors.timestamps import nanoseconds
from tests.simulation.network import Broker, Key

WINDOW = SendWindowSettings(window=20, stall_s=3.0)


class SimSensor:
    """Sends its scans at their times. ``put`` lists the keys of all messages that it was ever to deliver."""

    machine, token = "sensor", 0

    def __init__(self, path: Path, broker: Broker, name: str, scans: Sequence[Scan]) -> None:
        self.name = name
        self._path, self._broker, self._scans = path, broker, deque(scans)
        self.put: list[Key] = []
        self._open()

    def _open(self) -> None:
        self._spool = Spool(self._path)
        self._window = SendWindow(self._spool, WINDOW)

    def step(self) -> None:
        """Spool what is due, send what may be sent, and delete what ingest has."""
        clock = self._broker.clock
        now_ns, now_s = clock.now_ns(), clock.monotonic()
        while self._scans and nanoseconds(self._scans[0].received_at) <= now_ns:
            boot, seq = self._spool.put(partial(_numbered, self._scans.popleft()))
            self.put.append((self.name, boot, seq))
        for mark in self._broker.take_marks(self.name):
            self._window.acknowledge(Ack(mark.boot, mark.seq), now_s)
        for entry in self._window.due(now_s):
            numbers = {"boot": entry.boot, "seq": entry.seq, "low": self._spool.low(entry.boot), "sent": now_ns}
            properties = tuple((name, str(value)) for name, value in numbers.items())
            if not self._broker.publish((self.name, *entry.key), entry.payload, properties):
                self._window.restart(now_s)
                return
            self._window.sent(entry)

    def restart(self) -> None:
        """End the sender's process and start it again: what it sent is on the way, the rest is in its spool."""
        self._spool.close()
        self._open()

    def lose_link(self) -> None:
        """End the link; the sender notices and sends all again that ingest may not have."""
        self._broker.cut(self.name)
        self._window.restart(self._broker.clock.monotonic())

    @property
    def at_rest(self) -> bool:
        """Whether ingest has everything."""
        return not self._scans and not self._spool.waiting

    def close(self) -> None:
        """Close the spool."""
        self._spool.close()


def _numbered(scan: Scan, boot: int, seq: int) -> bytes:
    return encode(replace(scan, boot=boot, sequence=seq))
