"""Messages of units on their way into the journal: numbered, on disk, and published until the journal has them.

A message is on disk before it is published, and is published again until the journal has it, so neither a failed broker
nor a restart loses it. A repeated message has the same number, and fusion applies it once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Self

import msgspec

from geo.errors import WatchlineError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.publisher import Publisher
from ingest.security.key_register import Identity
from ingest.sending.spool import MessageKey, Spool, SpoolEntry, first_boot_at
from ingest.topics import unit_topic
from ingest.unit_messages import KINDS, Position, Reply, SectionOrder, encode_unit
from ops.journal.reader import JournalError
from ops.journal.stores.place import JournalPlace

log = logging.getLogger(__name__)

AGAIN_AFTER_S: Final = 3.0
LOOK_EVERY_S: Final = 0.25
MOST_OF_UNIT: Final = 200
"""Messages of one unit on their way at once, so that its backlog delays no other unit."""


class _Addressed(msgspec.Struct):
    """The sender of a message; a position, or a call for help without one, has no action."""

    unit: str
    action: str | None = None
    section: str | None = None

    @property
    def channel(self) -> Literal["reply", "position"]:
        return "position" if self.action is None and self.section is None else "reply"


_addressed = msgspec.json.Decoder(_Addressed)


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
        self._spool = Spool(file, first_boot=first_boot_at(now_ns()))
        self._journal = JournalPlace(file.with_name("journal.db"))
        self._publisher = Publisher(
            url, client_id=f"watchline-{sector_id}-{part}", now_ns=now_ns, identity=identity, boot=self._spool.boot
        )
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
                    log.warning("Messages of %s are queued: %s", self._part, error)
                failing = True
                self._stop.wait(1.0)
                self._wake.set()

    def _settle_and_retry(self) -> None:
        """Settle what the journal has, in each unit's order; once the oldest of a unit is overdue, publish all of the
        unit again, in order."""
        waiting, unsettled = self._oldest_of_each_unit(), set[str]()
        if not waiting:
            return
        with suppress(JournalError), self._journal.reading() as journal:
            for entry, addressed in waiting:
                if addressed.unit in unsettled:
                    continue
                if journal.settled(addressed.unit, KINDS[addressed.channel], *entry.key):
                    self._spool.settle(*entry.key, first=entry.seq)
                    self._sent_s.pop(entry.key, None)
                else:
                    unsettled.add(addressed.unit)
        if self._publisher.problem is not None:
            return  # the client would queue every repetition until the broker is back
        now_s, again = time.monotonic(), dict[str, bool]()
        for entry, addressed in self._oldest_of_each_unit():
            overdue = now_s - self._sent_s.get(entry.key, now_s) >= AGAIN_AFTER_S
            if again.setdefault(addressed.unit, overdue) or entry.key not in self._sent_s:
                self._sent_s[entry.key] = now_s
                topic = unit_topic(self._sector, addressed.unit, addressed.channel)
                self._publisher(topic, entry.payload, key=entry.key)

    def _oldest_of_each_unit(self) -> list[tuple[SpoolEntry, _Addressed]]:
        """The waiting messages in order, the first MOST_OF_UNIT of each unit."""
        found, count, after = list[tuple[SpoolEntry, _Addressed]](), Counter[str](), None
        while page := self._spool.pending(after):
            for entry in page:
                addressed = _addressed.decode(entry.payload)
                count[addressed.unit] += 1
                if count[addressed.unit] <= MOST_OF_UNIT:
                    found.append((entry, addressed))
            after = page[-1].key
        return found
