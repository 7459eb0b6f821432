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
from ingest.unit_messages import KINDS, Position, Reply, SectionOrder, encode_unit
from ops.broker.identities import FIELD, UNIT
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


OPERATOR: Final = "operator"
"""Stands for the operations centre in the names of its spool and its connection."""
SPOOLS: Final = {OPERATOR: "actions.db", FIELD: "field-spool.db"}


class _Addressed(msgspec.Struct):
    """The sender of a message of a unit; a position, or a call for help without one, has no action."""

    unit: str
    action: str | None = None
    section: str | None = None

    @property
    def channel(self) -> Literal["reply", "position"]:
        return "position" if self.action is None and self.section is None else "reply"


_addressed = msgspec.json.Decoder(_Addressed)


class ActionSender:
    """Publish messages of units from a spool in the data folder: the replies of the operations centre, or what the
    devices of field units send."""

    def __init__(
        self,
        url: BrokerUrl,
        sector_id: str,
        folder: Path,
        *,
        now_ns: Callable[[], int],
        identity: Identity | None = None,
        part: str = OPERATOR,
    ) -> None:
        """Open the spool of the ``part`` in ``folder``, which also holds the journal ``journal.db``."""
        self._sector = sector_id
        self._spool = Spool(folder / SPOOLS[part], first_boot=first_boot_at(now_ns()))
        self._journal = folder / "journal.db"
        self._publisher = Publisher(
            url, client_id=f"watchline-{sector_id}-{part}", now_ns=now_ns, identity=identity, boot=self._spool.boot
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

    def send_position(self, position: Position) -> MessageKey:
        """Spool a position of a unit under its next number, as ``send_reply``."""

        def numbered(boot: int, seq: int) -> bytes:
            return encode_unit(msgspec.structs.replace(position, boot=boot, seq=seq))

        key = self._spool.put(numbered)
        self._wake.set()
        return key

    def send_call(self, unit: str, observed_at: datetime, note: str) -> MessageKey:
        """Spool a unit's call for help without a position: ingest refuses the message and raises the alarm."""

        def numbered(boot: int, seq: int) -> bytes:
            call = {"unit": unit, "boot": boot, "seq": seq, "observed_at": observed_at, "distress": True, "note": note}
            return msgspec.json.encode(call)

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
