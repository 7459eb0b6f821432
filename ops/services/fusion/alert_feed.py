"""Alerts from the outbox to the units of a sector over MQTT: at least once, in order, never in fusion's way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from geo.errors import BadInput
from ingest.topics import unit_topic
from ops.store.reader import OutboxRow, Reader, StoreError

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/json"
DISTRESS = "distress"  # the priority of people in need: no filter holds it back


class Publish(Protocol):
    """Hands one message to the broker client at QoS 1 and returns at once; the future is done when its PUBACK is in.

    A future that ends with an exception, or a call that raises, means that the message may not have arrived.
    """

    def __call__(self, topic: str, payload: bytes, *, content_type: str) -> Future[Any]: ...


@dataclass(frozen=True, slots=True)
class Unit:
    """A receiver of alerts: of those ``priorities`` only, or of every alert (None). Distress reaches everybody."""

    name: str
    priorities: Collection[str] | None = None

    def wants(self, row: OutboxRow) -> bool:
        """Whether this unit is told of ``row``."""
        return self.priorities is None or row.priority in self.priorities or row.priority == DISTRESS


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Who gets the alerts of a sector, and how hard the feed tries.

    ``window``: outbox rows under way at once. ``acknowledged_within_s``: no PUBACK for so long and the message is
    sent again; the wait doubles with each try, up to 64-fold, because a client without connection keeps every try in
    its queue. ``retry_s``: pause after a message that the client refused.
    """

    sector: str
    units: Sequence[Unit]
    window: int = 64
    acknowledged_within_s: float = 10.0
    retry_s: float = 1.0


@dataclass(slots=True)
class _UnderWay:
    """One outbox row between its first publish and its last PUBACK. An answer to any try counts."""

    row: OutboxRow
    topics: set[str]  # still to be acknowledged
    sent: dict[str, tuple[int, int]] = field(default_factory=dict)  # topic -> (tries, monotonic ns of the last)
    failed: set[str] = field(default_factory=set)


class OutboxPublisher:
    """Sends undelivered outbox rows to ``watchline/1/{sector}/unit/{unit}/alerts`` and reports what arrived everywhere.

    A row is delivered when every unit that wants it has acknowledged. The same id and revision may arrive twice and,
    after a failure, behind a later one: a receiver keeps the highest revision of each alert. Begins at the oldest
    undelivered row, so a crash of any process loses nothing. Runs in its own thread over its own reader: fusion
    never waits for it. Raises BadInput (TopicError) for a sector without units or with a name that no topic may hold.
    """

    def __init__(
        self,
        reader: Reader,
        publish: Publish,
        settings: FeedSettings,
        *,
        delivered: Callable[[Iterable[int]], None],
        monotonic_ns: Callable[[], int],
    ) -> None:
        if not settings.units:
            raise BadInput("no units", where=f"feed of sector {settings.sector!r}", expected="at least one unit")
        sector = settings.sector
        self._units = [(unit, unit_topic(sector, unit.name, "alerts")) for unit in settings.units]
        if len({topic for _, topic in self._units}) < len(self._units):
            raise BadInput("a unit twice", where=f"feed of sector {sector!r}", expected="each unit once")
        self._reader, self._publish, self._settings = reader, publish, settings
        self._delivered, self._monotonic_ns = delivered, monotonic_ns
        self._lock = threading.Lock()
        self._under_way: dict[int, _UnderWay] = {}
        self._taken = 0
        self._retry_at_ns = 0

    @property
    def waiting(self) -> int:
        """Rows under way: published to some unit and not yet acknowledged by all."""
        return len(self._under_way)

    def pump(self) -> int:
        """One round without waiting: send again what failed, then new rows up to the window; returns messages sent."""
        now_ns = self._monotonic_ns()
        with self._lock:
            self._find_overdue(now_ns)
            again = self._due_again(now_ns)
        sent = sum(self._send(entry, topic, now_ns) for entry, topic in again)
        for row in self._new_rows():
            topics = {topic for unit, topic in self._units if unit.wants(row)}
            self._taken = row.n
            if not topics:
                self._delivered([row.n])  # no unit asked for this priority
                continue
            entry = _UnderWay(row, set(topics))
            with self._lock:
                self._under_way[row.n] = entry
            sent += sum(self._send(entry, topic, now_ns) for topic in sorted(topics))
        return sent

    def _new_rows(self) -> list[OutboxRow]:
        """Rows not yet tried, as the window allows; none while an older one has failed, to keep the order."""
        with self._lock:
            blocked = any(entry.failed for entry in self._under_way.values())
            room = 0 if blocked else self._settings.window - len(self._under_way)
        return self._reader.outbox_waiting(self._taken, limit=room) if room > 0 else []

    def run(self, stop: threading.Event, *, every_s: float = 0.05, wake: threading.Event | None = None) -> None:
        """Pump until ``stop``; a store or broker that fails is logged once per outage and tried again.

        ``wake`` is set by whoever commits alerts, and by whoever stops us: then the next round does not wait.
        """
        failing = False
        while not stop.is_set():
            if (wake or stop).wait(every_s) and wake is not None:
                wake.clear()
            try:
                self.pump()
                failing = False
            except StoreError as error:
                if not failing:
                    log.warning("The alert feed waits: %s", error)
                failing = True

    def _send(self, entry: _UnderWay, topic: str, now_ns: int) -> int:
        with self._lock:
            tries, _ = entry.sent.get(topic, (0, 0))
            entry.sent[topic] = tries + 1, now_ns
            entry.failed.discard(topic)
        try:
            future = self._publish(topic, entry.row.body, content_type=CONTENT_TYPE)
        except Exception as error:  # noqa: BLE001 - whatever the client raises, the row stays and is sent again
            self._failed(entry, topic, error)
            return 0
        future.add_done_callback(lambda done: self._answered(entry, topic, done))
        return 1

    def _answered(self, entry: _UnderWay, topic: str, done: Future[Any]) -> None:
        """Runs in the broker client's thread; must be quick and must not raise."""
        error = "cancelled" if done.cancelled() else done.exception()
        if error is not None:
            self._failed(entry, topic, error)
            return
        with self._lock:
            entry.topics.discard(topic)
            entry.failed.discard(topic)
            finished = not entry.topics and self._under_way.pop(entry.row.n, None) is not None
        if finished:
            self._delivered([entry.row.n])

    def _failed(self, entry: _UnderWay, topic: str, error: object) -> None:
        with self._lock:
            if topic in entry.topics:
                entry.failed.add(topic)
                entry.sent.pop(topic, None)  # it is in no queue, so the next wait is short again
                self._retry_at_ns = self._monotonic_ns() + int(self._settings.retry_s * 1e9)
        log.warning("Alert %s revision %d not taken for %s: %s", entry.row.alert, entry.row.revision, topic, error)

    def _find_overdue(self, now_ns: int) -> None:
        for entry in self._under_way.values():
            for topic in entry.topics & entry.sent.keys():
                tries, at_ns = entry.sent[topic]
                if now_ns - at_ns > self._settings.acknowledged_within_s * 1e9 * 2 ** min(tries - 1, 6):
                    entry.failed.add(topic)

    def _due_again(self, now_ns: int) -> list[tuple[_UnderWay, str]]:
        if now_ns < self._retry_at_ns:
            return []
        return [(entry, topic) for _, entry in sorted(self._under_way.items()) for topic in sorted(entry.failed)]
