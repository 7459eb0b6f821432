"""Operator actions: from the page's request through a spool and MQTT into the journal.

An action is on disk before it is published, and is published again until the journal has it, so neither a failed
broker nor a restart loses it. A repeated action has the same number, and fusion applies it once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import msgspec

from geo.errors import WatchlineError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.publisher import Publisher
from ingest.security.key_register import Identity
from ingest.sending.spool import MessageKey, Spool, first_boot_at
from ingest.topics import unit_topic
from ingest.unit_messages import Reply, SectionOrder, encode_unit
from ops.broker.identities import UNIT
from ops.journal.reader import JournalError, JournalReader

AGAIN_AFTER_S: Final = 3.0
LOOK_EVERY_S: Final = 0.25

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """An operator's decision about an alert: ``by`` the operator, ``at`` a time (UTC); ``reason`` for a rejection."""

    action: Literal["acknowledge", "reject", "clear"]
    alert: str
    by: str
    at: datetime
    reason: str = ""


class ActionSender:
    """Publish actions as replies of the operations centre, from a spool in the data folder."""

    def __init__(
        self,
        url: BrokerUrl,
        sector_id: str,
        folder: Path,
        *,
        now_ns: Callable[[], int],
        identity: Identity | None = None,
    ) -> None:
        """Open the spool ``actions.db`` in ``folder``, which also holds the journal ``journal.db``."""
        self._topic = unit_topic(sector_id, UNIT, "reply")
        self._spool = Spool(folder / "actions.db", first_boot=first_boot_at(now_ns()))
        self._journal = folder / "journal.db"
        self._publisher = Publisher(
            url, client_id=f"watchline-{sector_id}-operator", now_ns=now_ns, identity=identity, boot=self._spool.boot
        )
        self._sent_s: dict[MessageKey, float] = {}
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="actions", daemon=True)

    def __enter__(self) -> Self:
        self._publisher.start(timeout_s=None)  # without a broker, actions wait in the spool
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join(5.0)
        self._publisher.stop()
        self._spool.close()

    @property
    def waiting(self) -> int:
        """Number of actions that are not yet known to be in the journal."""
        return self._spool.waiting

    def send(self, order: OperatorAction) -> None:
        """Spool one action; it is durable when this returns, and published until the journal has it.

        Raises SpoolError when it cannot be stored.
        """
        self.send_reply(Reply(UNIT, 1, 1, order.at, order.action, order.alert, order.by, order.reason))

    def send_reply(self, reply: Reply | SectionOrder) -> MessageKey:
        """Spool a reply of the operations centre under its next number, as ``send``; return that number.

        Raises MalformedMessage for one that the journal would refuse, SpoolError when it cannot be stored.
        """

        def numbered(boot: int, seq: int) -> bytes:
            return encode_unit(msgspec.structs.replace(reply, boot=boot, seq=seq))

        key = self._spool.put(numbered)
        self._wake.set()
        return key

    def journaled(self, key: MessageKey) -> bool:
        """Whether the journal has the message with this number."""
        with suppress(JournalError), JournalReader(self._journal) as journal:
            return journal.holds(UNIT, "action", *key)
        return False

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
                    log.warning("Operator actions are queued: %s", error)
                failing = True
                self._stop.wait(1.0)
                self._wake.set()

    def _settle_and_retry(self) -> None:
        """Settle the actions that the journal has, in order, and publish overdue ones again."""
        waiting = self._spool.pending()
        if not waiting:
            return
        with suppress(JournalError), JournalReader(self._journal) as journal:
            for entry in waiting:
                if not journal.settled(UNIT, "action", *entry.key):
                    break
                self._spool.settle(*entry.key)
                self._sent_s.pop(entry.key, None)
        if self._publisher.problem is not None:
            return  # the client would queue every repetition until the broker is back
        now_s = time.monotonic()
        for entry in self._spool.pending():
            if now_s - self._sent_s.get(entry.key, -AGAIN_AFTER_S) >= AGAIN_AFTER_S:
                self._sent_s[entry.key] = now_s
                self._publisher(self._topic, entry.payload, key=entry.key)
