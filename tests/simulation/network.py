"""The network of a simulated world: a broker for each sector, with links that drop, duplicate, delay and reorder.

The broker keeps a message until the session that received it has acknowledged it, and delivers it again to the next
session (MQTT 5.0, 4.3.2 and 4.4); it may lose a message that it has not delivered, as a broker that is killed does.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from ingest.envelope import Delivery
from ingest.receiving.high_water_marks import HighWaterMark
from ingest.topics import sensor_topic
from sensors.timestamps import SECOND_NS
from tests.simulation.clock import SimClock

Key = tuple[str, int, int]
"""Sensor, boot and seq of a message."""
MOST_UNACKNOWLEDGED = 40
"""Messages that a session receives before it has acknowledged them (MQTT's receive maximum)."""


@dataclass(frozen=True)
class Weather:
    """How the links of a world are: probabilities for each message, and the longest delay.

    ``orderly``: each sensor's messages keep their order, and a link that loses one ends, as a TCP connection does.
    """

    orderly: bool
    lost: float
    doubled: float
    delay_s: float


class Session:
    """What ingest has of its connection to the broker; stands for ``ingest.mqtt.subscriber.Subscriber``."""

    def __init__(self, broker: Broker, epoch: int) -> None:
        self._broker, self.epoch = broker, epoch
        self.received: list[Delivery] = []

    def collect(self, *, wait_s: float) -> list[Delivery]:
        """Return some of what has arrived; a process that slept finds what arrived before."""
        chosen = self._broker.chance.randint(1, 8)
        batch, self.received = self.received[:chosen], self.received[chosen:]
        now_ns = self._broker.clock.now_ns()
        return [replace(delivery, received_ns=now_ns) for delivery in batch]

    def take_shed(self) -> Counter[str]:
        """Return what was dropped: nothing, because all messages have QoS 1."""
        return Counter()

    def acknowledge(self, delivery: Delivery) -> bool:
        """Tell the broker that a message is durable."""
        return self._broker.acknowledge(self, delivery)


class Broker:
    """The broker of one sector, and the links of its sensors to it and from it."""

    def __init__(self, sector: str, clock: SimClock, chance: Random, weather: Weather) -> None:
        self.sector, self.clock, self.chance, self.weather = sector, clock, chance, weather
        self._number = count(1)
        self._flying: list[tuple[int, int, Delivery]] = []
        self._waiting: list[Delivery] = []
        self._unacknowledged: dict[int, Delivery] = {}
        self._latest_ns: dict[str, int] = {}
        self._marks: list[tuple[int, int, HighWaterMark]] = []
        self._session: Session | None = None
        self.calm = False
        self.acknowledged: set[Key] = set()
        self.promised: dict[tuple[str, int], int] = {}
        """By sensor and boot, the seq up to which it was told to delete its messages."""
        self.happened: Counter[str] = Counter()

    def connect(self) -> Session:
        """Begin a session; what the one before did not acknowledge is delivered first, in its order."""
        self._session = Session(self, 1 if self._session is None else self._session.epoch + 1)
        self._waiting = list(self._unacknowledged.values()) + self._waiting
        self._unacknowledged.clear()
        return self._session

    def publish(self, key: Key, payload: bytes, properties: tuple[tuple[str, str], ...]) -> bool:
        """Send a message on a sensor's link; return False if the link ended, which its sender notices."""
        weather, sensor = self.weather, key[0]
        if self._occurs("lost", weather.lost):
            if weather.orderly:
                self.cut(sensor)
            return not weather.orderly
        topic = sensor_topic(self.sector, sensor, "detections")
        delivery = Delivery(topic, payload, None, properties, 0, mid=0)
        arrives_ns = self._after(weather.delay_s)
        if weather.orderly:
            arrives_ns = self._latest_ns[sensor] = max(arrives_ns, self._latest_ns.get(sensor, 0))
        self._fly(arrives_ns, delivery)
        if self._occurs("doubled", weather.doubled):
            self._fly(max(arrives_ns, self._after(3 * weather.delay_s)), delivery)
        return True

    def cut(self, sensor: str) -> None:
        """End a sensor's link: what is on the way is lost."""
        topic = sensor_topic(self.sector, sensor, "detections")
        kept = [one for one in self._flying if one[2].topic != topic]
        self.happened["cut off"] += len(self._flying) - len(kept)
        self._flying = kept
        heapq.heapify(self._flying)

    def publish_mark(self, mark: HighWaterMark) -> None:
        """Tell a sensor up to where its messages are durable; this may be lost, late and repeated."""
        key = mark.sensor, mark.boot
        self.promised[key] = max(mark.seq, self.promised.get(key, 0))
        for _ in range(2 if self._occurs("marks doubled", self.weather.doubled) else 1):
            if not self._occurs("marks lost", self.weather.lost):
                heapq.heappush(self._marks, (self._after(self.weather.delay_s), next(self._number), mark))

    def take_marks(self, sensor: str) -> list[HighWaterMark]:
        """Return the marks that have reached a sensor."""
        now_ns = self.clock.now_ns()
        come = [one for one in self._marks if one[0] <= now_ns and one[2].sensor == sensor]
        self._marks = [one for one in self._marks if one not in come]
        heapq.heapify(self._marks)
        return [mark for _, _, mark in sorted(come, key=lambda one: one[:2])]

    def deliver(self) -> None:
        """Hand what has arrived to the present session."""
        now_ns = self.clock.now_ns()
        while self._flying and self._flying[0][0] <= now_ns:
            self._waiting.append(heapq.heappop(self._flying)[2])
        session = self._session
        while session is not None and self._waiting and len(self._unacknowledged) < MOST_UNACKNOWLEDGED:
            mid = next(self._number)
            delivery = replace(self._waiting.pop(0), mid=mid, epoch=session.epoch)
            self._unacknowledged[mid] = delivery
            session.received.append(delivery)

    def acknowledge(self, session: Session, delivery: Delivery) -> bool:
        """Forget a message that is durable, if this session still is the one that received it."""
        properties = dict(delivery.user_properties)
        sensor = delivery.topic.split("/")[-2]
        self.acknowledged.add((sensor, int(properties["boot"]), int(properties["seq"])))
        if session is not self._session:
            return False
        self._unacknowledged.pop(delivery.mid, None)
        return True

    @property
    def at_rest(self) -> bool:
        """Whether nothing is on the way."""
        return not (self._flying or self._waiting or self._unacknowledged or self._marks)

    def _fly(self, arrives_ns: int, delivery: Delivery) -> None:
        heapq.heappush(self._flying, (arrives_ns, next(self._number), delivery))

    def _after(self, longest_s: float) -> int:
        return self.clock.now_ns() + round(self.chance.random() * (0.1 if self.calm else longest_s) * SECOND_NS)

    def _occurs(self, what: str, probability: float) -> bool:
        if self.calm or self.chance.random() >= probability:
            return False
        self.happened[what] += 1
        return True
