"""The broker's answers to published messages, as futures."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from ingest.errors import BrokerError


class PendingAcks:
    """Futures by (client, message id).

    A PUBACK may arrive before ``publish`` has returned the id; paho calls back while it holds the lock that ``publish``
    takes, so no lock may be held around ``publish``.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._lock = threading.Lock()
        self._expected: dict[tuple[int, int], Future[None]] = {}
        self._early: dict[tuple[int, int], str | None] = {}

    def expect(self, client: int, mid: int, future: Future[None]) -> None:
        with self._lock:
            if (client, mid) not in self._early:
                self._expected[client, mid] = future
                return
            refused = self._early.pop((client, mid))
        _finish(future, refused)

    def arrive(self, client: int, mid: int, refused: str | None) -> None:
        if not self.wanted:
            return
        with self._lock:
            future = self._expected.pop((client, mid), None)
            if future is None:
                self._early[client, mid] = refused
                return
        _finish(future, refused)

    def fail(self, why: str) -> None:
        with self._lock:
            waiting, self._expected = list(self._expected.values()), {}
            self._early.clear()
        for future in waiting:
            _finish(future, why)


def _finish(future: Future[None], refused: str | None) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if refused is None:
        future.set_result(None)
    else:
        future.set_exception(BrokerError(refused, where="broker", expected="a PUBACK"))
