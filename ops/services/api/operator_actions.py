"""An operator's actions on their way into the journal: over MQTT, like everything that fusion learns.

An action is on disk before it is sent, and sent until the journal has it: neither a broker that dies with it nor a
restart of ours loses a person's word. Fusion takes the same word twice as once, because its number is the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from geo.errors import WatchlineError
from ingest.errors import BrokerError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.publisher import Publisher
from ingest.security.key_register import Identity
from ingest.sending.spool import Key, Spool, SpoolEntry
from ingest.topics import unit_topic
from ingest.unit_messages import Reply, encode_unit
from ops.broker.identities import UNIT
from ops.journal.reader import JournalError, JournalReader

SENT_WITHIN_S: Final = 3.0
AGAIN_AFTER_S: Final = 3.0
LOOK_EVERY_S: Final = 0.25
FIRST_MINUTE: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""A new spool counts its boots from the minutes since then, so that one that was lost does not repeat numbers."""

log = logging.getLogger(__name__)


class ActionSender:
    """Publishes actions as replies of the operations centre, from a spool in the room's folder."""

    def __init__(
        self,
        url: BrokerUrl,
        sector_id: str,
        folder: Path,
        *,
        now_ns: Callable[[], int],
        identity: Identity | None = None,
    ) -> None:
        """``folder`` has the journal, ``journal.db``; the spool is ``actions.db`` beside it."""
        minutes = (now_ns() // 1_000_000_000 - int(FIRST_MINUTE.timestamp())) // 60
        self._topic = unit_topic(sector_id, UNIT, "reply")
        self._spool = Spool(folder / "actions.db", first_boot=max(minutes, 1))
        self._journal = folder / "journal.db"
        self._publisher = Publisher(
            url, client_id=f"watchline-{sector_id}-operator", now_ns=now_ns, identity=identity, boot=self._spool.boot
        )
        self._sent_s: dict[Key, float] = {}
        self._lock = threading.Lock()
        self._news, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="actions", daemon=True)

    def __enter__(self) -> Self:
        self._publisher.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._news.set()
        self._thread.join(5.0)
        self._publisher.stop()
        self._spool.close()

    @property
    def waiting(self) -> int:
        """Actions that are not known to be in the journal."""
        return self._spool.waiting

    def send(self, order: dict[str, Any]) -> None:
        """Spool and publish one action of the API. WatchlineError when the broker does not take it in time: then it is
        sent as soon as one does."""

        def built(boot: int, seq: int) -> bytes:
            return encode_unit(
                Reply(
                    unit=UNIT,
                    boot=boot,
                    seq=seq,
                    observed_at=datetime.fromisoformat(order["at"]),
                    action=order["action"],
                    alert=order["alert"],
                    by=order["by"],
                    reason=order.get("reason", ""),
                )
            )

        key = self._spool.put(built)
        payload = self._spool.get(*key)
        answer = None if payload is None else self._publish(SpoolEntry(*key, payload))
        self._news.set()
        try:
            if answer is not None:
                answer.result(SENT_WITHIN_S)
        except (TimeoutError, BrokerError):
            raise WatchlineError(
                "the broker does not answer; the action is kept and will be sent when it does"
            ) from None

    def _publish(self, entry: SpoolEntry) -> Future[None]:
        with self._lock:
            self._sent_s[entry.key] = time.monotonic()
        return self._publisher(self._topic, entry.payload, key=entry.key)

    def _run(self) -> None:
        failing = False
        while not self._stop.is_set():
            self._news.wait(LOOK_EVERY_S if self._spool.waiting else None)
            self._news.clear()
            try:
                self._look()
                failing = False
            except WatchlineError as error:
                if not failing:
                    log.warning("Actions wait: %s", error)
                failing = True
                self._stop.wait(1.0)
                self._news.set()

    def _look(self) -> None:
        """Forget what the journal has, in order, and publish again what it should have had by now."""
        self._publisher.check()
        waiting = self._spool.pending()
        if not waiting:
            return
        with suppress(JournalError), JournalReader(self._journal) as journal:
            for entry in waiting:
                if not journal.settled(UNIT, "action", *entry.key):
                    break
                self._spool.settle(*entry.key)
                with self._lock:
                    self._sent_s.pop(entry.key, None)
        now_s = time.monotonic()
        for entry in self._spool.pending():
            if now_s - self._sent_s.get(entry.key, -AGAIN_AFTER_S) >= AGAIN_AFTER_S:
                self._publish(entry)
