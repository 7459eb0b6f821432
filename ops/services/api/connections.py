"""Limits of connections: a request must arrive whole within some seconds, and the number of connections is bounded.

uvicorn itself waits without end for a request that was begun, so a few hundred half-open ones would use up the files
that a process may open.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN_S: Final = 10.0
"""From the connection, or from the first byte of a further request, to its last byte."""
MOST_CONNECTIONS: Final = 512


class LimitedConnection(H11Protocol):
    """uvicorn's connection under these limits.

    When there are too many, the one that has waited longest without a whole request is closed, so that half-open
    requests displace one another and not a page, whose requests arrive at once.
    """

    request_within_s = REQUEST_WITHIN_S
    most_connections = MOST_CONNECTIONS
    _timer: asyncio.TimerHandle | None = None
    _opened_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._opened_s = self.loop.time()
        self._start_timer()
        if len(self.connections) > self.most_connections:
            open_ones = [
                one for one in self.connections if isinstance(one, LimitedConnection) and not one.transport.is_closing()
            ]
            if len(open_ones) > self.most_connections:
                waiting = [one for one in open_ones if one.waits]
                min(waiting, key=lambda one: one._opened_s).transport.abort()

    @property
    def waits(self) -> bool:
        """Whether no whole request is being answered."""
        cycle: Any = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.waits:
            self._stop_timer()
        elif self._timer is None and self.timeout_keep_alive_task is None:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.request_within_s, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self.waits:
            self.transport.abort()
