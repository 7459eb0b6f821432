"""Limits of connections: requests and answers end in time, and the number of connections is bounded.

uvicorn itself waits without end for a request that was begun and for a client that does not read its answer, so a few
hundred of them would use up the files that a process may open.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from ops.runtime.peers import THIS_COMPUTER, place_of
from ops.services.api.serving.handshakes import ServerLoop

REQUEST_WITHIN_S: Final = 180.0
"""From the connection, or from the first byte of a further request, to its last byte: a phone at 1.2 kbit/s needs a
minute and a half for 20 answers while a fifth of the segments is lost."""
ANSWER_WITHIN_S: Final = 600.0
"""From the last byte of a request to the last byte of its answer; the planner may take 90 s, and a phone at 1.2 kbit/s
reads 50 kB in this time. Streams do not end: they have limits of their own (``streaming``)."""
KEPT_S: Final = 75
"""An idle connection is kept for the next request: on a slow link, another handshake takes longer than the request."""
MOST_CONNECTIONS: Final = 512
MOST_OF_ONE_PLACE: Final = 128
"""Connections from one address of another computer; phones and pages behind one router share its address."""
STREAM: Final = "stream"
"""Key of the connection's ``streaming`` in the state of a request."""
CLIENT_CERTIFICATE: Final = "client_certificate"
"""Key of the client certificate (DER), which TLS has checked, in the state of a request; absent without one."""


@contextmanager
def streaming(scope: Scope, *, may_be_displaced: bool) -> Iterator[None]:
    """While the block runs, the answer to this request is a stream, which does not end within the limit of an answer.

    Begin it once the request has been granted. ``may_be_displaced``: whether it makes room when there are too many
    connections; others need a limit of their number.
    """
    begin = scope.get("state", {}).get(STREAM)
    with nullcontext() if begin is None else begin(may_be_displaced=may_be_displaced):
        yield


class LimitedConnection(H11Protocol):
    """uvicorn's connection under these limits.

    When there are too many, one of the place that has most is closed, and when one place has too many, one of its own:
    first those that do not read their answer, then those without a whole request, then idle ones, the oldest of each
    first; no stream of a page or a program. A flood from one place so displaces itself, and not a page.
    """

    request_within_s = REQUEST_WITHIN_S
    answer_within_s = ANSWER_WITHIN_S
    most_connections = MOST_CONNECTIONS
    most_of_one_place = MOST_OF_ONE_PLACE
    _timer: asyncio.TimerHandle | None = None
    _opened_s = 0.0
    _place = THIS_COMPUTER
    _aborted = False
    _stream: Any = None  # the cycle whose answer is a stream that may not be displaced

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        session = transport.get_extra_info("ssl_object")
        certificate = None if session is None else session.getpeercert(binary_form=True)
        known = {} if certificate is None else {CLIENT_CERTIFICATE: certificate}
        self.app_state = {**self.app_state, **known, STREAM: self._streaming}  # for the state of each request
        if isinstance(self.loop, ServerLoop):
            self.loop.completed(transport)
        self._opened_s, self._place = self.loop.time(), place_of(transport.get_extra_info("peername"))
        self._start_timer(self.request_within_s)
        self._make_room()

    def _make_room(self) -> None:
        ours = [one for one in self.connections if isinstance(one, LimitedConnection) and not one._aborted]
        held = Counter(one._place for one in ours)
        if self._place != THIS_COMPUTER and held[self._place] > self.most_of_one_place:
            self._close_one([one for one in ours if one._place == self._place])
        elif len(ours) > self.most_connections:
            self._close_one(ours)

    def _close_one(self, candidates: list[LimitedConnection]) -> None:
        others = [one for one in candidates if one is not self and not one.streams]
        held = Counter(one._place for one in others)
        min(others, key=lambda one: (-held[one._place], one._worth, one._opened_s), default=self)._abort()

    @property
    def _worth(self) -> int:
        """How late this makes room for another: see the class."""
        if self.transport.is_closing() or self.flow.write_paused:
            return 0
        if not self.waits:
            return 3
        return 1 if self.timeout_keep_alive_task is None else 2

    @property
    def waits(self) -> bool:
        """Whether no whole request is being answered."""
        cycle: Any = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    @property
    def streams(self) -> bool:
        """Whether the answer is a stream that may not be displaced."""
        return self._stream is not None

    @contextmanager
    def _streaming(self, *, may_be_displaced: bool) -> Iterator[None]:
        cycle: Any = self.cycle
        self._stop_timer()
        self._stream = None if may_be_displaced else cycle
        try:
            yield
        finally:
            self._stream = None
            unread = self.transport.is_closing() or not cycle.response_complete
            if unread and self in self.connections:
                self._start_timer(self.answer_within_s)

    def data_received(self, data: bytes) -> None:
        waited = self.waits
        super().data_received(data)
        if not self.waits:
            if waited:
                self._start_timer(self.answer_within_s)
        elif self._timer is None and self.timeout_keep_alive_task is None:
            self._start_timer(self.request_within_s)

    def on_response_complete(self) -> None:
        self._stop_timer()
        super().on_response_complete()
        if self.transport.is_closing() or not self.waits:  # not all has been read, or the next request had come already
            self._start_timer(self.answer_within_s)
        elif self.timeout_keep_alive_task is None:  # a part of it had
            self._start_timer(self.request_within_s)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._start_timer(self.answer_within_s)  # it closes only once everything has been read

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _abort(self) -> None:
        self._aborted = True
        self.transport.abort()

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def displaced(owners: Sequence[str], person: str) -> int:
    """Place of the stream, of these persons from the oldest on, that ends for a further one of ``person``: her oldest,
    so that she cannot end those of others; if she has none, the oldest of the person who has the most."""
    count = Counter(owners)
    count[person] = len(owners) + 1
    return max(range(len(owners)), key=lambda place: count[owners[place]])
