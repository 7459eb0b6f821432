"""Messages of units that arrive by Cursor-on-Target: numbered, on disk, and published until the journal has them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from geo.errors import WatchlineError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.publisher import Publisher
from ingest.security.key_register import Identity
from ingest.sending.spool import MessageKey, Spool, first_boot_at
from ingest.topics import unit_topic
from ingest.unit_messages import KINDS, Position, Reply, encode_unit
from ops.journal.reader import JournalError, JournalReader

log = logging.getLogger(__name__)

FILE: Final = "cot-spool.db"
AGAIN_AFTER_S: Final = 3.0
LOOK_EVERY_S: Final = 0.25


class _Addressed(msgspec.Struct):
    unit: str
    action: str | None = None

    @property
    def channel(self) -> str:
        return "position" if self.action is None else "reply"


_addressed = msgspec.json.Decoder(_Addressed)


class UnitSpool:
    """Publishes positions and replies as those of their units. A message is durable when ``send`` returns.

    ``folder``: the data folder, with the journal.
    """

    def __init__(
        self, url: BrokerUrl, sector_id: str, folder: Path, *, now_ns: Callable[[], int], identity: Identity
    ) -> None:
        self._sector = sector_id
        self._spool = Spool(folder / FILE, first_boot=first_boot_at(now_ns()))
        self._journal = folder / "journal.db"
        self._publisher = Publisher(
            url, client_id=f"watchline-{sector_id}-cot", now_ns=now_ns, identity=identity, boot=self._spool.boot
        )
        self._sent_s: dict[MessageKey, float] = {}
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="cot-units", daemon=True)
        self._publisher.start(timeout_s=None)
        self._thread.start()

    def send(self, message: Position | Reply) -> MessageKey:
        """Spool a message under its next number. MalformedMessage for one that the journal would refuse."""
        return self._put(lambda boot, seq: encode_unit(msgspec.structs.replace(message, boot=boot, seq=seq)))

    def call(self, unit: str, observed_at: datetime, note: str) -> MessageKey:
        """Spool a unit's distress call without a position: ingest refuses the message and raises the alarm."""
        said = {"unit": unit, "observed_at": observed_at, "distress": True, "note": note}
        return self._put(lambda boot, seq: msgspec.json.encode({**said, "boot": boot, "seq": seq}))

    @property
    def waiting(self) -> int:
        """Number of messages that are not yet known to be in the journal."""
        return self._spool.waiting

    def close(self) -> None:
        """End the connection; what the journal has not got stays in the spool."""
        self._stop.set()
        self._wake.set()
        self._thread.join(5.0)
        self._publisher.stop()
        self._spool.close()

    def _put(self, build: Callable[[int, int], bytes]) -> MessageKey:
        key = self._spool.put(build)
        self._wake.set()
        return key

    def _run(self) -> None:
        failing = False
        while not self._stop.is_set():
            self._wake.wait(LOOK_EVERY_S if self._spool.waiting else None)
            self._wake.clear()
            try:
                self._settle_and_retry()
                failing = False
            except WatchlineError as error:
                if not failing:
                    log.warning("Messages of units are queued: %s", error)
                failing = True
                self._stop.wait(1.0)
                self._wake.set()

    def _settle_and_retry(self) -> None:
        """Settle what the journal has, in order, and publish again what is overdue."""
        with suppress(JournalError), JournalReader(self._journal) as journal:
            for entry in self._spool.pending():
                addressed = _addressed.decode(entry.payload)
                if not journal.settled(addressed.unit, KINDS[addressed.channel], *entry.key):
                    break
                self._spool.settle(*entry.key)
                self._sent_s.pop(entry.key, None)
        if self._publisher.problem is not None:
            return  # the client would queue every repetition until the broker is back
        now_s = time.monotonic()
        for entry in self._spool.pending():
            if now_s - self._sent_s.get(entry.key, -AGAIN_AFTER_S) >= AGAIN_AFTER_S:
                self._sent_s[entry.key] = now_s
                addressed = _addressed.decode(entry.payload)
                topic = unit_topic(self._sector, addressed.unit, addressed.channel)
                self._publisher(topic, entry.payload, key=entry.key)
