"""Delivery of alerts from the outbox to units over MQTT: at least once, in order, without delaying fusion."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from geo.errors import BadInput
from ingest.topics import unit_topic
from ops.store.connections import StoreError
from ops.store.reader import OutboxRow, Reader

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/json"
DISTRESS = "distress"  # the priority of distress calls: no filter applies to it


class Publish(Protocol):
    """Pass one message to the broker client at QoS 1 and return at once; the future completes on its PUBACK.

    If the future ends with an exception, or the call raises, the message may not have arrived.
    """

    def __call__(self, topic: str, payload: bytes, *, content_type: str) -> Future[Any]: ...


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that receives alerts of the given ``priorities``, or all alerts (None). Every unit receives distress."""

    name: str
    priorities: Collection[str] | None = None

    def wants(self, row: OutboxRow) -> bool:
        """Whether this unit receives ``row``."""
        return self.priorities is None or row.priority in self.priorities or row.priority == DISTRESS


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Receivers of a sector's alerts, and the retry policy of the feed.

    ``window``: maximum number of outbox rows in flight. ``acknowledged_within_s``: a message without a PUBACK within
    this time is sent again. This timeout doubles with each attempt, up to 64-fold, because a disconnected client
    queues every attempt. ``retry_s``: pause after the client has refused a message.
    """

    sector: str
    units: Sequence[Unit]
    window: int = 64
    acknowledged_within_s: float = 10.0
    retry_s: float = 1.0


@dataclass(slots=True)
class _UnderWay:
    """One outbox row between its first publish and its last PUBACK. A PUBACK for any attempt counts."""

    row: OutboxRow
    topics: set[str]  # not yet acknowledged
    sent: dict[str, tuple[int, int]] = field(default_factory=dict)  # topic -> (attempts, monotonic ns of the last)
    failed: set[str] = field(default_factory=set)


class OutboxPublisher:
    """Send undelivered outbox rows to ``watchline/1/{sector}/unit/{unit}/alerts`` and report the delivered rows.

    A row is delivered when every unit that receives it has acknowledged it. The same id and revision may arrive twice
    and, after a failure, after a later revision: a receiver keeps the highest revision of each alert. Publishing
    starts at the oldest undelivered row, so a crash of any process loses no alert. The publisher runs in its own
    thread with its own reader: fusion never waits for it. ``may_receive``: whether a unit may have a row, by its
    marking; it is asked once, when the row is first sent, for distress too. ``published`` is called with each row that
    a unit was to receive and every such unit has. Raises BadInput (TopicError) for a sector without units or with a
    name that is not allowed in a topic.
    """

    def __init__(
        self,
        reader: Reader,
        publish: Publish,
        settings: FeedSettings,
        *,
        delivered: Callable[[Iterable[int]], None],
        monotonic_ns: Callable[[], int],
        may_receive: Callable[[str, OutboxRow], bool] = lambda _, __: True,
        published: Callable[[OutboxRow], None] = lambda _: None,
    ) -> None:
        if not settings.units:
            raise BadInput("no units", where=f"feed of sector {settings.sector!r}", expected="at least one unit")
        sector = settings.sector
        self._units = [(unit, unit_topic(sector, unit.name, "alerts")) for unit in settings.units]
        if len({topic for _, topic in self._units}) < len(self._units):
            raise BadInput("a unit is named twice", where=f"feed of sector {sector!r}", expected="each unit once")
        self._reader, self._publish, self._settings = reader, publish, settings
        self._delivered, self._monotonic_ns, self._published = delivered, monotonic_ns, published
        self._may_receive = may_receive
        self._lock = threading.Lock()
        self._under_way: dict[int, _UnderWay] = {}
        self._taken = 0
        self._retry_at_ns = 0

    @property
    def waiting(self) -> int:
        """Number of rows in flight: published to at least one unit and not yet acknowledged by all."""
        return len(self._under_way)

    def pump(self) -> int:
        """Resend failed messages, then send new rows up to the window, without waiting; return messages sent."""
        now_ns = self._monotonic_ns()
        with self._lock:
            self._find_overdue(now_ns)
            again = self._due_again(now_ns)
        sent = sum(self._send(entry, topic, now_ns) for entry, topic in again)
        for row in self._new_rows():
            topics = {topic for unit, topic in self._units if unit.wants(row) and self._may_receive(unit.name, row)}
            self._taken = row.n
            if not topics:
                self._delivered([row.n])  # no unit receives this priority or marking
                continue
            entry = _UnderWay(row, set(topics))
            with self._lock:
                self._under_way[row.n] = entry
            sent += sum(self._send(entry, topic, now_ns) for topic in sorted(topics))
        return sent

    def _new_rows(self) -> list[OutboxRow]:
        """New rows, as many as the window allows; none while an older row has failed, to preserve the order."""
        with self._lock:
            blocked = any(entry.failed for entry in self._under_way.values())
            room = 0 if blocked else self._settings.window - len(self._under_way)
        return self._reader.outbox_waiting(self._taken, limit=room) if room > 0 else []

    def run(self, stop: threading.Event, *, every_s: float = 0.05, wake: threading.Event | None = None) -> None:
        """Pump until ``stop``; a failure of the store or broker is logged once per outage and retried.

        Set ``wake`` after committing alerts, or to stop: the next round then starts without waiting.
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
                    log.warning("Alert feed suspended: %s", error)
                failing = True

    def _send(self, entry: _UnderWay, topic: str, now_ns: int) -> int:
        with self._lock:
            tries, _ = entry.sent.get(topic, (0, 0))
            entry.sent[topic] = tries + 1, now_ns
            entry.failed.discard(topic)
        try:
            future = self._publish(topic, entry.row.body, content_type=CONTENT_TYPE)
        except Exception as error:  # noqa: BLE001 - on any exception the row is kept and sent again
            self._failed(entry, topic, error)
            return 0
        future.add_done_callback(lambda done: self._answered(entry, topic, done))
        return 1

    def _answered(self, entry: _UnderWay, topic: str, done: Future[Any]) -> None:
        """Record the result of one publish. Runs in the broker client's thread: must be quick and must not raise."""
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
            self._published(entry.row)

    def _failed(self, entry: _UnderWay, topic: str, error: object) -> None:
        with self._lock:
            if topic in entry.topics:
                entry.failed.add(topic)
                entry.sent.pop(topic, None)  # the client has not queued it, so the timeout starts short again
                self._retry_at_ns = self._monotonic_ns() + int(self._settings.retry_s * 1e9)
        log.warning(
            "Publishing alert %s revision %d to %s failed: %s", entry.row.alert, entry.row.revision, topic, error
        )

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
