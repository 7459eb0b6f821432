"""A connection for tests of what sends over it: always up, and without a broker."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.patience import PATIENT_S


class Link:
    """A connection that is up; it keeps the topic and the user properties of what is published."""

    def __init__(self) -> None:
        self.connected, self.problem, self.renewed, self.ready = True, None, 0, threading.Event()
        self.ready.set()
        self.published: list[tuple[str, dict[str, str]]] = []

    def publish(self, topic: str, _: bytes, *, user_properties: Any = (), puback: Any = None, **__: Any) -> bool:
        self.published.append((topic.rsplit("/", 1)[1], dict(user_properties)))
        if puback is not None:
            puback.set_result(None)
        return True

    def of(self, channel: str) -> list[dict[str, str]]:
        return [properties for name, properties in self.published if name == channel]

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def check(self) -> None: ...

    def acknowledge(self, _: object) -> None: ...


class SlowLink(Link):
    """A link whose client queues at most so many messages, as paho's does; ``carry`` takes the oldest to the broker."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.queue: deque[str] = deque()
        self._longest = longest

    def publish(self, topic: str, body: bytes, *, user_properties: Any = (), **others: Any) -> bool:
        if len(self.queue) >= self._longest:
            return False
        self.queue.append(dict(user_properties)["seq"] if topic.endswith("detections") else "0")
        return super().publish(topic, body, user_properties=user_properties, **others)

    def carry(self) -> int:
        """Number of the oldest message; 0 for a status, and where the queue is empty."""
        return int(self.queue.popleft()) if self.queue else 0


def until(true: Callable[[], Any]) -> bool:
    deadline = time.monotonic() + PATIENT_S
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(true())
