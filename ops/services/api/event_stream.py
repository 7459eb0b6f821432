"""Server-sent events from the store, with one poller for all clients and, per client, only the number it has reached.

Alerts are never dropped: they are read for each client by outbox number, from the newest rows in memory or from the
store, so a client can reconnect with ``Last-Event-ID`` without missing any. Tracks, sensors and heartbeats are
pictures: only the newest of each is kept and sent to a client that was busy. A slow client therefore costs the memory
of one piece of a chunk and of the picture being sent, not of a queue.
"""

from __future__ import annotations

import asyncio
import json
import logging
from bisect import bisect_right
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ops.store.reader import Live, OutboxRow, Reader, StoreError
from ops.store.rows import rfc3339, to_json

log = logging.getLogger(__name__)

_CHUNK_BYTES = 65_536
_PAGE = 500  # outbox rows read from the store at a time
_ROW_LIMIT = 2_000  # newest rows kept in memory


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Limits of the stream: seconds, hertz, bytes.

    A client is disconnected if one write takes longer than ``stall_s`` or more than ``max_behind_bytes`` of alerts are
    published meanwhile; it resumes with Last-Event-ID. ``max_clients``: streams of programs, which are refused beyond.
    ``max_pages``: streams of pages, of which the oldest ends when one more opens.
    """

    poll_s: float = 0.02
    tracks_hz: float = 10.0
    heartbeat_s: float = 5.0
    max_clients: int = 256
    max_pages: int = 32
    max_behind_bytes: int = 1_000_000
    stall_s: float = 15.0


@dataclass(slots=True, eq=False)
class _Client:
    after: int
    page: str | None = None
    replaced: bool = False
    seen: dict[str, int] = field(default_factory=dict)  # picture -> version sent
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    published_before: int = 0  # bytes published when the current write began
    write_limit: asyncio.Timeout | None = None


class Hub:
    """Poll the store once for all clients and wake them. Runs in one event loop; ``stop`` is thread-safe."""

    def __init__(
        self,
        reader: Reader,
        settings: StreamSettings,
        *,
        now_ns: Callable[[], int],
        parts: Callable[[], Mapping[str, str | None]] = dict,
    ) -> None:
        self._reader, self._settings, self._now_ns, self._parts = reader, settings, now_ns, parts
        self._down: dict[str, str] = {}
        self._clients: dict[_Client, None] = {}  # the oldest first
        self._loop: asyncio.AbstractEventLoop | None = None
        self._head: int | None = None  # newest outbox number taken from the store
        self._floor = 0  # the rows in memory are all those with floor < n <= head
        self._numbers: list[int] = []
        self._frames: list[bytes] = []
        self._published_bytes = 0
        self._pictures: dict[str, tuple[int, bytes]] = {}
        self._version: int | None = None
        self._sensors: Live | None = None
        self._layers: dict[str, str] = {}
        self._tracks_due = self._heartbeat_due = 0.0
        self._tracks_changed = False
        self.stopped = False

    @property
    def clients(self) -> int:
        """Number of open streams."""
        return len(self._clients)

    @property
    def full(self) -> bool:
        """Whether the maximum number of programs is reached."""
        return sum(client.page is None for client in self._clients) >= self._settings.max_clients

    def sensors_picture(self, sensors: Live) -> bytes:
        """The sensors with the revisions of the map's layers, which change with the sensors' health."""
        more = b',"layers":' + to_json(self._layers, where="layers") if self._layers else b""
        return picture(sensors.stamp_ns, sensors.cursor, "sensors", sensors.body, more)

    def sensor_states(self) -> dict[str, str]:
        """Health state of each sensor by id, as last polled; empty before the first picture.

        A sensor whose credentials are revoked is ``revoked``, whatever state it reports.
        """
        sensors = [] if self._sensors is None else json.loads(self._sensors.body)
        return {
            str(sensor.get("sensor")): "revoked" if sensor.get("revoked") else str(sensor.get("state"))
            for sensor in sensors
        }

    def show_layers(self, revisions: Mapping[str, str]) -> None:
        """Send the sensors again if the revision of a layer has changed. Call it in the hub's event loop."""
        if revisions != self._layers:
            self._layers = dict(revisions)
            if self._sensors is not None:
                self._show("sensors", self.sensors_picture(self._sensors))

    async def run(self) -> None:
        """Poll until ``stop``. A store that cannot be read is logged once per outage; heartbeats continue."""
        self._loop = asyncio.get_running_loop()
        failing = False
        while not self.stopped:
            try:
                await self._poll()
                failing = False
            except StoreError as error:
                if not failing:
                    log.warning("Event stream suspended: %s", error)
                failing = True
            self._beat()
            self._let_go_of_laggards()
            await asyncio.sleep(self._settings.poll_s)

    def stop(self) -> None:
        """End every stream and the poller; thread-safe."""
        self.stopped = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._wake)

    async def serve(self, after: int | None, receive: Receive, send: Send, page: str | None = None) -> None:
        """Serve one client from outbox number ``after`` (None: from now), until it disconnects or is too slow.

        A stream of a ``page`` ends when the page opens another, or when too many pages have opened theirs later.
        """
        client = _Client(self._head or 0 if after is None else after, page)
        reset = await self._from_another_store(client)
        self._make_room_for(page)
        self._clients[client] = None
        gone = asyncio.create_task(_disconnected(receive))
        gone.add_done_callback(lambda _: client.wake.set())
        try:
            await self._write(client, send, b"retry: 2000\n\n" + reset)
            while not (gone.done() or self.stopped or client.replaced):
                client.wake.clear()
                while not gone.done() and (chunk := await self._alerts(client)):
                    await self._write(client, send, chunk)
                for chunk in self._newest_pictures(client):
                    await self._write(client, send, chunk)
                await client.wake.wait()
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.warning("Disconnected a stream client that was too slow, at event %d.", client.after)
        except StoreError as error:
            log.warning("Event stream of a client ended: %s", error)
        finally:
            self._clients.pop(client, None)
            gone.cancel()

    def _make_room_for(self, page: str | None) -> None:
        """End the stream that this page has, and the oldest of all pages beyond their maximum."""
        if page is None:
            return
        pages = [client for client in self._clients if client.page is not None and not client.replaced]
        own = [client for client in pages if client.page == page]
        others = [client for client in pages if client.page != page]
        for client in own + others[: max(len(others) - self._settings.max_pages + 1, 0)]:
            client.replaced = True
            client.wake.set()
            if client.write_limit is not None and not client.write_limit.expired():
                client.write_limit.reschedule(asyncio.get_running_loop().time())

    async def _from_another_store(self, client: _Client) -> bytes:
        """Event ``reset`` for a client whose number exceeds all outbox numbers: it comes from an earlier store. The
        client then receives all alerts of this store."""
        if client.after <= (self._head or 0):
            return b""
        with suppress(StoreError):
            last = await asyncio.to_thread(self._reader.last_event)
            if client.after > last:
                client.after = 0
                return frame("reset", b'{"last":%d}' % last)
        return b""

    async def _alerts(self, client: _Client) -> bytes:
        """The next alerts for ``client``, about one chunk; empty if it has all."""
        if client.after >= self._floor:
            start = bisect_right(self._numbers, client.after)
            numbers, frames = self._numbers[start:], self._frames[start:]
        else:
            rows = await asyncio.to_thread(self._reader.outbox_after, client.after, limit=_PAGE)
            numbers, frames = [row.n for row in rows], [_alert_frame(row) for row in rows]
        chunk = bytearray()
        for number, encoded in zip(numbers, frames, strict=True):
            chunk += encoded
            client.after = number
            if len(chunk) >= _CHUNK_BYTES:
                break
        return bytes(chunk)

    def _newest_pictures(self, client: _Client) -> list[bytes]:
        fresh = [(name, *kept) for name, kept in self._pictures.items() if client.seen.get(name) != kept[0]]
        client.seen |= {name: version for name, version, _ in fresh}
        return [encoded for _, _, encoded in fresh]

    async def _write(self, client: _Client, send: Send, chunk: bytes) -> None:
        """Send ``chunk`` in pieces, each after the client has accepted the previous one, to limit buffered data."""
        client.published_before = self._published_bytes
        async with asyncio.timeout(self._settings.stall_s) as client.write_limit:
            for start in range(0, len(chunk), _CHUNK_BYTES):
                piece = chunk[start : start + _CHUNK_BYTES]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        client.write_limit = None

    async def _poll(self) -> None:
        version = await asyncio.to_thread(self._reader.version)
        changed = version != self._version
        self._tracks_changed |= changed
        if changed:
            await self._take_alerts()
            sensors = await asyncio.to_thread(self._reader.live, "sensors")
            if sensors is not None and (self._sensors is None or sensors.body != self._sensors.body):
                self._sensors = sensors
                self._show("sensors", self.sensors_picture(sensors))
            self._version = version  # only after success: a read that failed half-way is repeated
        now = asyncio.get_running_loop().time()
        if self._tracks_changed and now >= self._tracks_due:
            tracks = await asyncio.to_thread(self._reader.live, "tracks")
            if tracks is not None:
                self._show("tracks", picture(tracks.stamp_ns, tracks.cursor, "tracks", tracks.body))
            # Half a poll early: otherwise a picture that arrives exactly on time would be sent one poll late.
            wait_s = 1 / self._settings.tracks_hz - self._settings.poll_s / 2
            self._tracks_changed, self._tracks_due = False, now + wait_s

    async def _take_alerts(self) -> None:
        if self._head is None:  # rows from before the start are read from the store on request
            self._head = self._floor = await asyncio.to_thread(self._reader.last_event)
        while rows := await asyncio.to_thread(self._reader.outbox_after, self._head, limit=_PAGE):
            frames = [_alert_frame(row) for row in rows]
            self._numbers += [row.n for row in rows]
            self._frames += frames
            self._published_bytes += sum(map(len, frames))
            self._head = rows[-1].n
            self._forget_oldest()
            self._wake()

    def _forget_oldest(self) -> None:
        kept = total = 0
        for encoded in reversed(self._frames):
            total += len(encoded)
            if total > self._settings.max_behind_bytes or kept == _ROW_LIMIT:
                break
            kept += 1
        drop = len(self._frames) - kept
        if drop:
            self._floor = self._numbers[drop - 1]
            del self._numbers[:drop], self._frames[:drop]

    def _show(self, name: str, body: bytes) -> None:
        version, _ = self._pictures.get(name, (0, b""))
        self._pictures[name] = version + 1, frame(name, body)
        self._wake()

    def _beat(self) -> None:
        """Send a heartbeat when it is due, and at once when a part of the room ends or works again."""
        now, down = asyncio.get_running_loop().time(), {name: why for name, why in self._parts().items() if why}
        if now >= self._heartbeat_due or down != self._down:
            self._heartbeat_due, self._down = now + self._settings.heartbeat_s, down
            at, last = rfc3339(self._now_ns()).encode(), self._head or 0
            self._show("heartbeat", b'{"at":"%s","last":%d,"down":%s}' % (at, last, to_json(down, where="down")))

    def _let_go_of_laggards(self) -> None:
        for client in list(self._clients):
            behind = self._published_bytes - client.published_before
            limit = client.write_limit
            if limit is not None and not limit.expired() and behind > self._settings.max_behind_bytes:
                limit.reschedule(asyncio.get_running_loop().time())

    def _wake(self) -> None:
        for client in self._clients:
            client.wake.set()


class EventStream(Response):
    """The response of ``GET /api/stream``, which passes the connection to the hub."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, after: int | None, page: str | None = None) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._hub, self._after, self._page = hub, after, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers, then events until the client disconnects; called by Starlette."""
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._hub.serve(self._after, receive, send, self._page)


def picture(stamp_ns: int, cursor: int, name: str, body: bytes, more: bytes = b"") -> bytes:
    """A part of the live picture with its journal time and row, as one JSON object that ends with ``more``."""
    return b'{"stamp":"%s","cursor":%d,"%s":%s%s}' % (rfc3339(stamp_ns).encode(), cursor, name.encode(), body, more)


def frame(event: str, body: bytes, number: int | None = None) -> bytes:
    """One event of the stream (WHATWG HTML, 9.2). Line breaks in ``body`` start data lines, so they forge no event."""
    head = b"" if number is None else b"id: %d\n" % number
    data = b"".join(b"data: " + line + b"\n" for line in body.splitlines())
    return head + b"event: " + event.encode() + b"\n" + data + b"\n"


def _alert_frame(row: OutboxRow) -> bytes:
    return frame("alert", row.body, row.n)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
