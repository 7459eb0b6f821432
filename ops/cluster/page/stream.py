"""The stream of the national page: first everything that a person may see, then only what changes.

Its size depends on what changes in the rows and events, however many tracks and detections the sectors have. A client
that reads slowly gets the differences to what it has, whatever came between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from ops.accounts.person import Person
from ops.accounts.store import AccountStoreError
from ops.cluster.page.picture_watch import PictureWatch, ReceivedPicture
from ops.cluster.page.sector_watch import rfc3339_of
from ops.services.api.event_stream import frame
from ops.services.api.serving.connections import displaced, streaming
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0
BEAT_S: Final = 5.0
LOGINS_EVERY_S: Final = 1.0
RECORD_EVERY_S: Final = 3600.0
STALL_S: Final = 15.0
MOST_STREAMS: Final = 64
"""Open streams; when one more opens, one ends as on the map (``ops.services.api.serving.connections.displaced``)."""


RecordReads = Callable[[Iterable[str], str], frozenset[str]]
"""Records an event of a stream in the logs of sectors; returns those in whose log it is not."""


@dataclass(slots=True, eq=False)
class _NationClient:
    person: Person
    record: RecordReads
    unrecorded: frozenset[str]
    pictures: int = 0  # sent since the logs were last written
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False


class NationHub:
    """Looks at the sectors once for all clients. Runs in one event loop; ``stop`` is thread-safe.

    Parameters
    ----------
    watch : PictureWatch
        What is read; nothing is read while no stream is open.
    now_ns : callable
        UTC nanoseconds since 1970.
    still_in : callable
        Whether a person's login is in force with the same roles.
    look_every_s : float, s
        Time between two looks.
    """

    def __init__(
        self,
        watch: PictureWatch,
        *,
        now_ns: Callable[[], int],
        still_in: Callable[[Person], bool] = lambda _: True,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._watch, self._now_ns, self._still_in, self._look_every_s = watch, now_ns, still_in, look_every_s
        self._clients: dict[_NationClient, None] = {}  # the oldest first
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._looking = asyncio.Lock()
        self.stopped = False
        self.sent_bytes = 0
        """Bytes sent to all clients, for whoever measures."""

    @property
    def clients(self) -> int:
        """Number of open streams."""
        return len(self._clients)

    async def run(self) -> None:
        """Look until stopped, and end the streams of those who are logged out, however long a look takes."""
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(
            self._repeat(self.look, self._look_every_s), self._repeat(self._let_go_of_logged_out, LOGINS_EVERY_S)
        )

    async def _repeat(self, do: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Do something while streams are open. What fails is done again: the streams must not stay as they are."""
        while not self.stopped:
            if self._clients:
                try:
                    await do()
                except Exception:
                    log.exception("The national picture was not read; it is tried again.")
                self._wake()
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._stopping.wait()

    def seen_by(self, person: Person) -> frozenset[str]:
        """The sectors that a person sees."""
        return self._watch.audience_of(person).sectors

    async def look(self) -> None:
        """Read the sectors once."""
        async with self._looking:
            await asyncio.to_thread(self._watch.look)

    async def look_again(self) -> None:
        """Read the sectors once, and send what changed."""
        await self.look()
        self._wake()

    def stop(self) -> None:
        """End all streams."""
        self.stopped = True
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self._stopping.set()
        self._wake()

    def _wake(self) -> None:
        for client in self._clients:
            client.wake.set()

    async def serve(
        self, person: Person, receive: Receive, send: Send, record: RecordReads, unrecorded: frozenset[str]
    ) -> None:
        """Send events until the client disconnects, the login ends, or the server stops.

        Nothing is sent of the sectors in ``unrecorded`` until ``record`` has an entry in their log.
        """
        client = _NationClient(person, record, unrecorded)
        open_now = [one for one in self._clients if not one.ended]
        if len(open_now) >= MOST_STREAMS:
            oldest = open_now[displaced([one.person.id for one in open_now], person.id)]
            oldest.ended = True
            oldest.wake.set()
        gone = asyncio.create_task(_disconnected(receive, client))
        try:
            if not self._clients:
                await self.look()  # nothing was read while nobody looked
            self._clients[client] = None
            await self._send_changes(client, send)
        except TimeoutError:
            log.warning("Disconnected a stream client that was too slow.")
        finally:
            self._clients.pop(client, None)
            gone.cancel()
            closed = f"closed, {client.pictures} pictures sent"
            asyncio.get_running_loop().run_in_executor(None, record, self.seen_by(person), closed)

    async def _send_changes(self, client: _NationClient, send: Send) -> None:
        loop = asyncio.get_running_loop()
        sent: ReceivedPicture | None = None
        beat_due, record_due = 0.0, loop.time() + RECORD_EVERY_S
        while not (client.ended or self.stopped):
            client.wake.clear()
            if client.unrecorded:
                client.unrecorded = await asyncio.to_thread(client.record, client.unrecorded, "opened")
            if loop.time() >= record_due:
                record_due += RECORD_EVERY_S
                sectors, said = self.seen_by(client.person), f"{client.pictures} pictures sent"
                client.pictures = 0
                client.unrecorded |= await asyncio.to_thread(client.record, sectors - client.unrecorded, said)
            audience = self._watch.audience_of(client.person, client.unrecorded)
            received = await asyncio.to_thread(self._watch.received, audience)
            at = str(rfc3339_of(utc_datetime(self._now_ns())))
            body = received.body(at, sent)
            if body is not None:
                await self._write(send, frame("nation" if sent is None else "changes", body))
                beat_due, sent = loop.time() + BEAT_S, received
                client.pictures += 1
            elif loop.time() >= beat_due:
                await self._write(send, frame("beat", b'{"at":"%s"}' % at.encode()))
                beat_due = loop.time() + BEAT_S
            with suppress(TimeoutError):
                async with asyncio.timeout(max(beat_due - loop.time(), 0.0)):
                    await client.wake.wait()
        async with asyncio.timeout(STALL_S):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, send: Send, chunk: bytes) -> None:
        async with asyncio.timeout(STALL_S):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        self.sent_bytes += len(chunk)

    async def _let_go_of_logged_out(self) -> None:
        for client in list(self._clients):
            if not await asyncio.to_thread(self._is_in, client.person):
                client.ended = True

    def _is_in(self, person: Person) -> bool:
        try:
            return self._still_in(person)
        except AccountStoreError as error:
            log.warning("A stream ended: %s", error)
            return False


class NationStream(Response):
    """The response of ``GET /v1/nation/stream``, of which ``record`` has an entry in the logs of all sectors that the
    person sees but those in ``unrecorded``."""

    media_type = "text/event-stream"

    def __init__(self, hub: NationHub, person: Person, record: RecordReads, unrecorded: frozenset[str]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._hub, self._person, self._record, self._unrecorded = hub, person, record, unrecorded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers, then events until the client disconnects; called by Starlette."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        with streaming(scope, may_be_displaced=False):
            await self._hub.serve(self._person, receive, send, self._record, self._unrecorded)


async def _disconnected(receive: Receive, client: _NationClient) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.ended = True
    client.wake.set()
