"""Server-sent events from the store, with one poller for all clients and, per client, only the number it has reached.

Alerts and incidents are never dropped: they are read for each client by outbox number, from the newest rows in memory
or from the store, so a client can reconnect with ``Last-Event-ID`` without missing any. Tracks, bearings, sensors, own
forces and heartbeats are pictures: only the newest of each is kept and sent to a client that was busy. A slow client
therefore costs the memory of one piece of a chunk and of the picture being sent, not of a queue.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from geo.message import Message
from ops.accounts.person import Person
from ops.accounts.store import AccountStoreError
from ops.audit.entry import AuditError
from ops.releasability.carried import at_posts
from ops.runtime.output import say_in_english
from ops.runtime.processes.part_state import code_of, without_log
from ops.services.api.live.recent_events import RecentEvents
from ops.services.api.release import Release, ReleasedView
from ops.services.api.serving.connections import displaced, streaming
from ops.store.connections import StoreError
from ops.store.reader import Live, OutboxRow, Reader
from ops.store.rows import rfc3339, to_json

log = logging.getLogger(__name__)

_CHUNK_BYTES = 65_536
_LOGINS_EVERY_S = 1.0  # between checks that the people of all streams are still logged in
_RECORD_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Limits of the stream: seconds, hertz, bytes.

    A client is disconnected if one write takes longer than ``stall_s`` or more than ``max_behind_bytes`` of alerts are
    published meanwhile; it resumes with Last-Event-ID. ``max_clients``: streams of programs, which are refused beyond.
    ``max_pages``: streams of pages, of which one ends when one more opens (``displaced``).
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
    person: Person | None = None
    replaced: bool = False
    seen: dict[str, int] = field(default_factory=dict)  # picture -> version sent
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    published_before: int = 0  # bytes published when the current write began
    write_limit: asyncio.Timeout | None = None
    alerts: int = 0  # sent since the audit log was last written
    pictures: int = 0
    view: ReleasedView | None = None  # None: everything
    changes: int = 0  # of what is hidden, that this client has seen

    @property
    def owner(self) -> str:
        return "" if self.person is None else self.person.id


class Hub:
    """Poll the store once for all clients and wake them. Runs in one event loop; ``stop`` is thread-safe."""

    def __init__(
        self,
        reader: Reader,
        settings: StreamSettings,
        *,
        now_ns: Callable[[], int],
        parts: Callable[[], Mapping[str, Message | None]] = dict,
        still_in: Callable[[Person], bool] = lambda _: True,
        release: Release | None = None,
    ) -> None:
        self._release = release
        self._reader, self._settings, self._now_ns, self._parts = reader, settings, now_ns, parts
        self._still_in, self._logins_due = still_in, 0.0
        self._down: dict[str, Message] = {}
        self._clients: dict[_Client, None] = {}  # the oldest first
        self._loop: asyncio.AbstractEventLoop | None = None
        self.recent = RecentEvents(reader, _frame_of, settings.max_behind_bytes)
        self._pictures: dict[str, tuple[int, bytes, Callable[[ReleasedView], bytes | None]]] = {}
        self._version: int | None = None
        self._tracks: Live | None = None
        self._sensors: Live | None = None
        self._bearings: bytes | None = None
        self._forces: bytes | None = None
        self._layers: dict[str, str] = {}
        self._layers_at_posts: dict[str, str] = {}
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

    def sensors_picture(self, sensors: Live, view: ReleasedView | None = None, *, own_forces: bool = True) -> bytes:
        """The sensors with the revisions of the map's layers, which change with the sensors' health.

        Without ``own_forces``, those that people carry are at their posts, and so in the layers.
        """
        own_forces = own_forces and (view is None or view.everything)
        revisions = self._layers if own_forces else self._layers_at_posts
        layers = {name: one for name, one in revisions.items() if view is None or view.shows_layer(name)}
        more = b',"layers":' + to_json(layers, where="layers") if layers else b""
        cursor, body = sensors.cursor, sensors.body
        if view is not None:
            cursor, body = view.cursor(cursor), view.picture("sensors", body)
        if not own_forces:
            body = to_json(at_posts(json.loads(body)), where="sensors")
        return picture(sensors.stamp_ns, cursor, "sensors", body, more)

    def sensor_states(self) -> dict[str, str]:
        """Health state of each sensor by id, as last polled; empty before the first picture.

        A sensor whose credentials are revoked is ``revoked``, whatever state it reports.
        """
        sensors = [] if self._sensors is None else json.loads(self._sensors.body)
        return {
            str(sensor.get("sensor")): "revoked" if sensor.get("revoked") else str(sensor.get("state"))
            for sensor in sensors
        }

    def sensor_viewpoints(self) -> dict[str, Any]:
        """From where mobile sensors see, by id, as last polled and published; those that have stated a pose, None where
        it is not known."""
        sensors = [] if self._sensors is None else json.loads(self._sensors.body)
        return {
            str(one["sensor"]): one["pose"]["seen_from"] for one in sensors if "seen_from" in (one.get("pose") or {})
        }

    def show_layers(self, revisions: Mapping[str, str], at_posts: Mapping[str, str]) -> None:
        """Send the sensors again if the revision of a layer has changed; ``at_posts``: of those with carried sensors
        at their posts. Call it in the hub's event loop."""
        if (revisions, at_posts) != (self._layers, self._layers_at_posts):
            self._layers, self._layers_at_posts = dict(revisions), dict(at_posts)
            if self._sensors is not None:
                self._show_sensors(self._sensors)

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
            await self._let_go_of_logged_out()
            await asyncio.sleep(self._settings.poll_s)

    def stop(self) -> None:
        """End every stream and the poller; thread-safe."""
        self.stopped = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """Close the store, once ``run`` has ended."""
        self._reader.close()

    async def serve(
        self,
        after: int | None,
        receive: Receive,
        send: Send,
        page: str | None = None,
        record: Callable[[str], None] | None = None,
        person: Person | None = None,
    ) -> None:
        """Serve one client from outbox number ``after`` (None: from now), until it disconnects or is too slow.

        A stream of a ``page`` ends when the page opens another, or when too many pages are open; one of a ``person``
        when the login ends. ``record`` is called in a thread with what was sent, each hour and at the end;
        if it fails, the stream ends.
        """
        client = _Client(self.recent.last if after is None else after, page, person, view=self._view_of(person))
        reset = await self._from_another_store(client, given=after is not None)
        self._make_room_for(client)
        self._clients[client] = None
        gone = asyncio.create_task(_disconnected(receive))
        gone.add_done_callback(lambda _: client.wake.set())
        due = asyncio.get_running_loop().time() + _RECORD_EVERY_S
        try:
            await self._write(client, send, b"retry: 2000\n\n" + reset)
            while not (gone.done() or self.stopped or client.replaced):
                client.wake.clear()
                if client.view is not None and client.changes != client.view.changes:
                    await self._write(client, send, await self._start_again(client))
                while not gone.done() and (chunk := await self._alerts(client)):
                    await self._write(client, send, chunk)
                for chunk in self._newest_pictures(client):
                    await self._write(client, send, chunk)
                if record is not None and asyncio.get_running_loop().time() >= due:
                    due += _RECORD_EVERY_S
                    await asyncio.to_thread(record, _sent(client))
                await client.wake.wait()
            if not gone.done():
                async with asyncio.timeout(self._settings.stall_s):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.warning("Disconnected a stream client that was too slow, at event %d.", client.after)
        except StoreError as error:
            log.warning("Event stream of a client ended: %s", error)
        except AuditError as error:
            log.warning("Event stream of a client ended: %s", error)
            record = None
        finally:
            self._clients.pop(client, None)
            gone.cancel()
            if record is not None:
                asyncio.get_running_loop().run_in_executor(None, _record_end, record, _sent(client))

    def _make_room_for(self, new: _Client) -> None:
        """End the stream that this page has, or one of a page beyond their maximum."""
        if new.page is None:
            return
        pages = [client for client in self._clients if client.page is not None and not client.replaced]
        own = [client for client in pages if (client.page, client.owner) == (new.page, new.owner)]
        if not own and len(pages) >= self._settings.max_pages:
            own = [pages[displaced([client.owner for client in pages], new.owner)]]
        for client in own:
            self._end(client)

    def _view_of(self, person: Person | None) -> ReleasedView | None:
        """The view of a person; None where there are no markings."""
        if self._release is None or not self._release.used:
            return None
        return self._release.view(person)

    async def _from_another_store(self, client: _Client, *, given: bool) -> bytes:
        """Event ``reset`` for a client whose number exceeds all outbox numbers: it comes from an earlier store. The
        client then receives all alerts of this store. So does one whose number was given before a marking changed."""
        if client.view is not None:
            client.changes = client.view.changes
            if given:
                number = await asyncio.to_thread(client.view.outbox_number, client.after)
                if number is None:
                    return await self._start_again(client)
                client.after = number
        if client.after <= self.recent.last:
            return b""
        with suppress(StoreError):
            last = await asyncio.to_thread(self._reader.last_event)
            if client.after > last:
                return await self._start_again(client)
        return b""

    async def _start_again(self, client: _Client) -> bytes:
        """Event ``reset``; the client then receives everything that it may have."""
        last = await asyncio.to_thread(self._reader.last_event)
        if client.view is not None:
            last = await asyncio.to_thread(client.view.number, last)
            client.changes = client.view.changes
        client.after, client.seen = 0, {}
        return frame("reset", b'{"last":%d}' % last)

    async def _alerts(self, client: _Client) -> bytes:
        """The next alerts for ``client``, about one chunk; empty if it has all."""
        while True:
            rows, frames = await self.recent.after(client.after)
            if client.view is not None:
                frames = await asyncio.to_thread(_released, client.view, rows)
            chunk = bytearray()
            for row, encoded in zip(rows, frames, strict=True):
                chunk += encoded
                client.after = row.n
                client.alerts += bool(encoded)
                if len(chunk) >= _CHUNK_BYTES:
                    break
            if chunk or not rows:
                return bytes(chunk)

    def _newest_pictures(self, client: _Client) -> list[bytes]:
        fresh = [(name, *kept) for name, kept in self._pictures.items() if client.seen.get(name) != kept[0]]
        client.seen |= {name: version for name, version, _, _ in fresh}
        client.pictures += len(fresh)
        if client.view is not None:
            return [frame(name, body) for name, _, _, make in fresh if (body := make(client.view)) is not None]
        return [encoded for _, _, encoded, _ in fresh]

    async def _write(self, client: _Client, send: Send, chunk: bytes) -> None:
        """Send ``chunk`` in pieces, each after the client has accepted the previous one, to limit buffered data."""
        client.published_before = self.recent.published_bytes
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
            await self.recent.take(self._wake)
            sensors = await asyncio.to_thread(self._reader.live, "sensors")
            if sensors is not None and (self._sensors is None or sensors.body != self._sensors.body):
                self._sensors = sensors
                self._show_sensors(sensors)
            self._version = version  # only after success: a read that failed half-way is repeated
        now = asyncio.get_running_loop().time()
        if self._tracks_changed and now >= self._tracks_due:
            self._tracks_due = next_due(self._tracks_due, now, 1 / self._settings.tracks_hz, self._settings.poll_s)
            tracks = await asyncio.to_thread(self._reader.live, "tracks")
            hides = self._release is not None and self._release.used
            if tracks is not None and (hides or tracks != self._tracks):  # else committed since the version was read
                self._tracks = tracks
                self._show_live("tracks", tracks)
            bearings = await asyncio.to_thread(self._reader.live, "bearings")
            if bearings is not None and bearings.body != self._bearings:
                self._bearings = bearings.body
                self._show_live("bearings", bearings)
            forces = await asyncio.to_thread(self._reader.live, "forces")
            if forces is not None and forces.body != self._forces:
                self._forces = forces.body
                self._show_forces(picture(forces.stamp_ns, forces.cursor, "forces", forces.body))
            self._tracks_changed = False

    def _show_live(self, name: str, live: Live) -> None:
        def released(view: ReleasedView) -> bytes:
            return picture(live.stamp_ns, view.cursor(live.cursor), name, view.picture(name, live.body))

        self._show(name, picture(live.stamp_ns, live.cursor, name, live.body), released)

    def _show_forces(self, body: bytes) -> None:
        """Send own forces, which state the incident of each unit, to those from whom nothing is hidden."""
        self._show("forces", body, lambda view: body if view.everything else None)

    def _show_sensors(self, sensors: Live) -> None:
        self._show("sensors", self.sensors_picture(sensors), lambda view: self.sensors_picture(sensors, view))

    def _show(self, name: str, body: bytes, released: Callable[[ReleasedView], bytes | None]) -> None:
        """Send a picture; ``released`` makes it for people from whom something is hidden, None to send them nothing."""
        version = self._pictures[name][0] if name in self._pictures else 0
        self._pictures[name] = version + 1, frame(name, body), released
        self._wake()

    def _beat(self) -> None:
        """Send a heartbeat when it is due, and at once when a part of the room ends or works again."""
        now, down = asyncio.get_running_loop().time(), {name: why for name, why in self._parts().items() if why}
        if now >= self._heartbeat_due or down != self._down:
            self._heartbeat_due, self._down = now + self._settings.heartbeat_s, down
            at, last = rfc3339(self._now_ns()).encode(), self.recent.last
            said = {name: without_log(why) for name, why in down.items()}
            sentences = to_json({name: say_in_english(why) for name, why in said.items()}, where="down")
            states = to_json(
                {name: why.as_dict() | {"code": code_of(down[name])} for name, why in said.items()}, where="states"
            )

            def heartbeat(number: int) -> bytes:
                return b'{"at":"%s","last":%d,"down":%s,"states":%s}' % (at, number, sentences, states)

            self._show("heartbeat", heartbeat(last), lambda view: heartbeat(view.number(last)))

    def _let_go_of_laggards(self) -> None:
        for client in list(self._clients):
            behind = self.recent.published_bytes - client.published_before
            limit = client.write_limit
            if limit is not None and not limit.expired() and behind > self._settings.max_behind_bytes:
                limit.reschedule(asyncio.get_running_loop().time())

    async def _let_go_of_logged_out(self) -> None:
        """End the streams of people whose login has ended, who are locked or removed, or whose roles have changed."""
        now = asyncio.get_running_loop().time()
        if now < self._logins_due:
            return
        self._logins_due = now + _LOGINS_EVERY_S
        people = {client.person.session.key: client.person for client in self._clients if client.person is not None}
        gone = await asyncio.to_thread(self._logged_out, people)
        for client in list(self._clients):
            if client.person is not None and client.person.session.key in gone:
                self._end(client)

    def _logged_out(self, people: Mapping[str, Person]) -> set[str]:
        try:
            return {key for key, person in people.items() if not self._still_in(person)}
        except AccountStoreError as error:
            log.warning("All streams ended: %s", error)
            return set(people)

    def _end(self, client: _Client) -> None:
        client.replaced = True
        client.wake.set()
        if client.write_limit is not None and not client.write_limit.expired():
            client.write_limit.reschedule(asyncio.get_running_loop().time())

    def _wake(self) -> None:
        for client in self._clients:
            client.wake.set()


class EventStream(Response):
    """The response of ``GET /api/stream``, which passes the connection to the hub."""

    media_type = "text/event-stream"

    def __init__(
        self,
        hub: Hub,
        after: int | None,
        page: str | None = None,
        record: Callable[[str], None] | None = None,
        *,
        person: Person | None = None,
    ) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._hub, self._after, self._page, self._record, self._person = hub, after, page, record, person

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers, then events until the client disconnects; called by Starlette."""
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        with streaming(scope, may_be_displaced=False):
            await self._hub.serve(self._after, receive, send, self._page, self._record, self._person)


def next_due(due: float, now: float, every: float, poll: float) -> float:
    """Return when the next picture is due after one that was due at ``due`` and sent ``now`` [s].

    A delay of up to one poll does not postpone the pictures that follow, or each would be one poll late. In any time
    there are at most one more than every ``every`` in that time and one poll, however irregular the polls are.
    """
    return max(due, now - poll) + every


def picture(stamp_ns: int, cursor: int, name: str, body: bytes, more: bytes = b"") -> bytes:
    """A part of the live picture with its journal time and row, as one JSON object that ends with ``more``."""
    return b'{"stamp":"%s","cursor":%d,"%s":%s%s}' % (rfc3339(stamp_ns).encode(), cursor, name.encode(), body, more)


def frame(event: str, body: bytes, identity: int | str = "") -> bytes:
    """One event of the stream (WHATWG HTML, 9.2). Line breaks in ``body`` start data lines, so they forge no event."""
    head = b"" if identity == "" else f"id: {identity}\n".encode()
    data = b"".join(b"data: " + line + b"\n" for line in body.splitlines())
    return head + b"event: " + event.encode() + b"\n" + data + b"\n"


def _released(view: ReleasedView, rows: list[OutboxRow]) -> list[bytes]:
    """The events of rows that have been read, empty where the receiver may not have the record."""
    view.refresh()
    return [
        frame(row.kind, view.stated(row.kind, row.alert, row.body), view.number(row.n))
        if view.shows(row.kind, row.alert)
        else b""
        for row in rows
    ]


def _frame_of(row: OutboxRow) -> bytes:
    return frame(row.kind, row.body, row.n)


def _sent(client: _Client) -> str:
    """Describe what was sent since the last call, for the audit log."""
    sent = f"{client.alerts} alerts, {client.pictures} pictures sent"
    client.alerts = client.pictures = 0
    return sent


def _record_end(record: Callable[[str], None], sent: str) -> None:
    try:
        record(f"closed, {sent}")
    except AuditError as error:
        log.warning("The end of an event stream was not recorded: %s", error)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
