"""Messages of units on their way into the journal: numbered, on disk, and published until the journal has them.

A message is on disk before it is published, and is published again until the journal has it, so neither a failed broker
nor a restart loses it. A repeated message has the same number, and fusion applies it once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, Literal, Self

import msgspec

from geo.errors import WatchlineError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.publisher import Publisher
from ingest.security.key_register import Identity
from ingest.sending.spool import MessageKey, Spool, first_boot_at
from ingest.topics import unit_topic
from ingest.unit_messages import KINDS, Position, Reply, SectionOrder, encode_unit
from ops.journal.reader import JournalError
from ops.journal.stores.place import JournalPlace

log = logging.getLogger(__name__)

AGAIN_AFTER_S: Final = 3.0
LOOK_EVERY_S: Final = 0.25
MOST_OF_UNIT: Final = 200
"""Messages of one unit on their way at once, so that its backlog delays no other unit."""

CALLS_OF_UNIT: Final = 5
"""Calls for help of one unit, the newest, which are on their way whatever waits before them."""


class _Addressed(msgspec.Struct):
    """The sender of a message; a position, or a call for help without one, has no action."""

    unit: str
    action: str | None = None
    section: str | None = None
    distress: bool = False

    @property
    def channel(self) -> Literal["reply", "position"]:
        return "position" if self.action is None and self.section is None else "reply"


_addressed = msgspec.json.Decoder(_Addressed)


class _WaitingOfUnit:
    """The messages of one unit that wait, in its order."""

    def __init__(self) -> None:
        self._all: dict[MessageKey, _Addressed] = {}
        self._calls: dict[MessageKey, _Addressed] = {}

    def add(self, key: MessageKey, addressed: _Addressed) -> None:
        self._all[key] = addressed
        if addressed.distress:
            self._calls[key] = addressed

    def remove(self, key: MessageKey) -> None:
        self._all.pop(key, None)
        self._calls.pop(key, None)

    def on_their_way(self) -> dict[MessageKey, _Addressed]:
        """The first MOST_OF_UNIT, and the newest calls for help."""
        newest = islice(reversed(self._calls.items()), CALLS_OF_UNIT)
        return dict(islice(self._all.items(), MOST_OF_UNIT)) | dict(newest)


class UnitSpool:
    """Publishes positions and replies as those of their units. A message is durable when ``send`` returns.

    ``file``: the spool, in the folder of the journal. ``part`` names the sender in its connection.
    """

    def __init__(
        self,
        url: BrokerUrl,
        sector_id: str,
        file: Path,
        *,
        part: str,
        now_ns: Callable[[], int],
        identity: Identity | None = None,
    ) -> None:
        self._sector, self._part = sector_id, part
        self._spool = Spool(file, first_boot=first_boot_at(now_ns()), readable=True)
        self._journal = JournalPlace(file.with_name("journal.db"))
        self._publisher = Publisher(
            url, client_id=f"watchline-{sector_id}-{part}", now_ns=now_ns, identity=identity, boot=self._spool.by_boot
        )
        self._waiting: defaultdict[str, _WaitingOfUnit] = defaultdict(_WaitingOfUnit)
        self._lock = threading.Lock()
        after = None
        while page := self._spool.pending(after):
            for entry in page:
                addressed = _addressed.decode(entry.payload)
                self._waiting[addressed.unit].add(entry.key, addressed)
            after = page[-1].key
        self._sent_s: dict[MessageKey, float] = {}
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{part}-spool", daemon=True)

    def start(self) -> Self:
        """Begin to publish. Without a broker, messages wait in the spool."""
        self._publisher.start(timeout_s=None)
        self._thread.start()
        return self

    def close(self) -> None:
        """End the connection; what the journal does not have stays in the spool."""
        self._stop.set()
        self._wake.set()
        self._thread.join(5.0)
        self._publisher.stop()
        self._spool.close()
        self._journal.close()

    def send(self, message: Position | Reply | SectionOrder) -> MessageKey:
        """Spool a message under its next number, and return that number.

        Raises MalformedMessage for one that the journal would refuse, SpoolError when it cannot be stored.
        """
        return self._put(lambda boot, seq: encode_unit(msgspec.structs.replace(message, boot=boot, seq=seq)))

    def call(self, unit: str, observed_at: datetime, note: str) -> MessageKey:
        """Spool a unit's distress call without a position: ingest refuses the message and raises the alarm."""
        said = {"unit": unit, "observed_at": observed_at, "distress": True, "note": note}
        return self._put(lambda boot, seq: msgspec.json.encode({**said, "boot": boot, "seq": seq}))

    @property
    def waiting(self) -> int:
        """Number of messages that are not yet known to be in the journal."""
        return self._spool.waiting

    def journaled(self, unit: str, key: MessageKey) -> bool:
        """Whether the journal has a unit's reply with this number."""
        with suppress(JournalError), self._journal.reading() as journal:
            return journal.holds(unit, KINDS["reply"], *key)
        return False

    def call_settled(self, unit: str, key: MessageKey) -> int | None:
        """The number of the journal's last row, once the journal has a unit's distress call, or its refusal; else
        None."""
        with suppress(JournalError), self._journal.reading() as journal:
            return journal.last_id() if journal.settled(unit, KINDS["position"], *key) else None
        return None

    def _put(self, build: Callable[[int, int], bytes]) -> MessageKey:
        with self._lock:
            key = self._spool.put(build)
            addressed = _addressed.decode(build(*key))
            self._waiting[addressed.unit].add(key, addressed)
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
                    log.warning("Messages of %s are queued: %s", self._part, error)
                failing = True
                self._stop.wait(1.0)
                self._wake.set()

    def _settle_and_retry(self) -> None:
        """Settle what the journal has, in each unit's order; once the oldest of a unit is overdue, publish all of the
        unit again, in order."""
        waiting, unsettled = self._on_their_way(), set[str]()
        if not waiting:
            return
        with suppress(JournalError), self._journal.reading() as journal:
            for key, addressed in waiting:
                if addressed.unit in unsettled and not addressed.distress:
                    continue
                if journal.settled(addressed.unit, KINDS[addressed.channel], *key):
                    self._spool.settle(*key, first=key[1])
                    self._forget(key, addressed)
                elif not addressed.distress:
                    unsettled.add(addressed.unit)
        if self._publisher.problem is not None:
            return  # the client would queue every repetition until the broker is back
        now_s, again = time.monotonic(), dict[str, bool]()
        for key, addressed in self._on_their_way():
            overdue = now_s - self._sent_s.get(key, now_s) >= AGAIN_AFTER_S
            if not again.setdefault(addressed.unit, overdue) and key in self._sent_s:
                continue
            if (payload := self._spool.get(*key)) is None:  # a full spool drops what is oldest
                self._forget(key, addressed)
                continue
            self._sent_s[key] = now_s
            self._publisher(unit_topic(self._sector, addressed.unit, addressed.channel), payload, key=key)

    def _on_their_way(self) -> list[tuple[MessageKey, _Addressed]]:
        """The messages that the journal is to have next, of all units, in order."""
        with self._lock:
            found = [message for unit in self._waiting.values() for message in unit.on_their_way().items()]
        return sorted(found, key=lambda message: message[0])

    def _forget(self, key: MessageKey, addressed: _Addressed) -> None:
        self._sent_s.pop(key, None)
        with self._lock:
            self._waiting[addressed.unit].remove(key)
