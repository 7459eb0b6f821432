"""Limits of connections: requests and answers end in time, and the number of connections is bounded.

uvicorn itself waits without end for a request that was begun and for a client that does not read its answer, so a few
hundred of them would use up the files that a process may open.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from ops.services.api.serving.handshakes import ServerLoop

REQUEST_WITHIN_S: Final = 180.0
"""From the connection, or from the first byte of a further request, to its last byte: a phone at 1.2 kbit/s needs a
minute and a half for 20 answers while a fifth of the segments is lost."""
ANSWER_WITHIN_S: Final = 600.0
"""From the last byte of a request to the last byte of its answer; the planner may take 90 s, and a phone at 1.2 kbit/s
reads 50 kB in this time. Streams do not end: they have limits of their own (``event_stream``)."""
KEPT_S: Final = 75
"""An idle connection is kept for the next request: on a slow link, another handshake takes longer than the request."""
MOST_CONNECTIONS: Final = 512
STREAM_PATH: Final = "/api/stream"
FIELD_STREAM_PATH: Final = "/v1/field/stream"
CLIENT_CERTIFICATE: Final = "client_certificate"
"""Key of the client certificate (DER), which TLS has checked, in the state of a request; absent without one."""


class LimitedConnection(H11Protocol):
    """uvicorn's connection under these limits.

    When there are too many, one is closed: the oldest without a whole request, or else the oldest whose answer is being
    sent, but no stream. Half-open requests and slow readers so displace one another, and not a page, whose requests
    arrive at once.
    """

    request_within_s = REQUEST_WITHIN_S
    answer_within_s = ANSWER_WITHIN_S
    most_connections = MOST_CONNECTIONS
    _timer: asyncio.TimerHandle | None = None
    _opened_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        session = transport.get_extra_info("ssl_object")
        certificate = None if session is None else session.getpeercert(binary_form=True)
        if certificate is not None:  # for the state of each request of this connection
            self.app_state = {**self.app_state, CLIENT_CERTIFICATE: certificate}
        if isinstance(self.loop, ServerLoop):
            self.loop.completed(transport)
        self._opened_s = self.loop.time()
        self._start_timer(self.request_within_s)
        if len(self.connections) > self.most_connections:
            self._close_one()

    def _close_one(self) -> None:
        ours = [one for one in self.connections if isinstance(one, LimitedConnection)]
        open_ones = [one for one in ours if not one.transport.is_closing()]
        if len(open_ones) > self.most_connections:
            others = [one for one in open_ones if one is not self and not one.streams]
            min(others, key=lambda one: (not one.waits, one._opened_s), default=self).transport.abort()

    @property
    def waits(self) -> bool:
        """Whether no whole request is being answered."""
        cycle: Any = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    @property
    def streams(self) -> bool:
        """Whether the answer is a stream of events, whose number is limited; that of a device may be displaced."""
        return not self.waits and self.scope["path"] == STREAM_PATH

    def data_received(self, data: bytes) -> None:
        waited = self.waits
        super().data_received(data)
        if not self.waits:
            if waited:
                self._limit_answer()
        elif self._timer is None and self.timeout_keep_alive_task is None:
            self._start_timer(self.request_within_s)

    def on_response_complete(self) -> None:
        self._stop_timer()
        super().on_response_complete()
        if not self.waits:  # the next request had come already
            self._limit_answer()

    def _limit_answer(self) -> None:
        if self.streams or self.scope["path"] == FIELD_STREAM_PATH:
            self._stop_timer()
        else:
            self._start_timer(self.answer_within_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
