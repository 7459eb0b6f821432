"""The event stream over real sockets: no alert is missed, pictures are conflated, slow clients cost nothing."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, islice
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.services.api.app import ApiSettings, create_app
from ops.services.api.event_stream import Hub, StreamSettings, frame, next_due
from ops.services.api.serving.server import serving
from ops.services.map.present_layout import viewpoints_of
from ops.store.reader import Reader
from ops.store.writer import Store
from sensors.mobile.viewpoint import Viewpoint
from tests.patience import PATIENT_S

RAISED = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


def alert(number: int, sentence: str = "crosses") -> dict:
    base = {"id": f"A{number}", "revision": 0, "status": "active", "priority": "high", "raised_at": RAISED}
    return base | {"sentence": sentence}


@dataclass
class Room:
    store: Store
    hub: object
    port: int
    cursor: int = 0

    def commit(self, **parts) -> None:
        self.cursor += 1
        self.store.commit(self.cursor, stamp_ns=self.cursor, **parts)

    def events(
        self, resume: int | None = None, *, timeout_s: float = PATIENT_S, **query
    ) -> Iterator[tuple[str, int, object]]:
        """(event, id or -1, data) from one connection, until the caller leaves or the server does."""
        headers = {} if resume is None else {"Last-Event-ID": str(resume)}
        url = f"http://127.0.0.1:{self.port}/api/stream"
        with httpx.stream("GET", url, headers=headers, params=query, timeout=timeout_s, verify=False) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                elif "data" in fields:
                    yield fields["event"], int(fields.get("id", -1)), json.loads(fields["data"])
                    fields = {}


@contextmanager
def room(folder: Path, **limits) -> Iterator[Room]:
    store = Store(folder / "s.sqlite")
    settings = ApiSettings("cumberland", stream=StreamSettings(**{"heartbeat_s": 0.5, "poll_s": 0.02} | limits))
    app = create_app(store.path, settings, act=print, now_ns=lambda: 0)
    with serving(app) as port:
        yield Room(store, app.state.hub, port)
    store.close()


def until(true, *, within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(found)  # as it was found: a second look may find it otherwise


@pytest.mark.parametrize("kept_bytes", [1_000_000, 2_000])
def test_a_client_that_keeps_coming_back_misses_none_and_gets_none_twice(tmp_path, kept_bytes):
    """With little memory most resumptions are served from the store, with much from memory."""
    chance, total, got = random.Random(3), 400, []
    with room(tmp_path, max_behind_bytes=kept_bytes, stall_s=30) as here:
        here.commit(alerts=[alert(number) for number in range(1, 31)])

        def publish():
            for first in range(31, total + 1, 10):
                here.commit(alerts=[alert(number) for number in range(first, first + 10)])
                time.sleep(0.01)

        writer = threading.Thread(target=publish)
        writer.start()
        while len(got) < total:
            stay = chance.randint(1, 60)
            for event, number, data in here.events(resume=got[-1][0] if got else 0):
                if event == "alert":
                    got.append((number, data["id"]))
                    stay -= 1
                if stay == 0 or len(got) == total:
                    break
        writer.join()
    assert got == [(number, f"A{number}") for number in range(1, total + 1)]


def test_a_client_resumes_across_restarts_of_the_server_without_gap_or_repeat(tmp_path):
    """Fusion goes on writing while servers come and go; the number that the client kept is all that is remembered."""
    store, total, got = Store(tmp_path / "s.sqlite"), 300, []

    def publish():
        for number in range(1, total + 1):
            store.commit(number, stamp_ns=number, alerts=[alert(number)])
            time.sleep(0.005)

    writer = threading.Thread(target=publish)
    writer.start()
    servers = 0
    while len(got) < total:
        servers += 1
        limits = StreamSettings(heartbeat_s=0.2, poll_s=0.02, max_behind_bytes=5_000)
        app = create_app(store.path, ApiSettings("x", stream=limits), act=print, now_ns=lambda: 0)
        with serving(app) as port:
            stay = 40
            for event, number, data in Room(store, app.state.hub, port).events(resume=got[-1][0] if got else 0):
                if event == "alert":
                    got.append((number, data["id"]))
                    stay -= 1
                if stay == 0 or len(got) == total:
                    break
    writer.join()
    store.close()
    assert servers >= total // 40
    assert got == [(number, f"A{number}") for number in range(1, total + 1)]


def test_bearings_are_sent_when_they_change_and_to_whoever_comes_later(tmp_path):
    with room(tmp_path) as here:
        here.commit(tracks_live=[], bearings=[])
        got = []
        for event, _, data in here.events():
            if event == "bearings":
                got.append(data["bearings"])
                here.commit(tracks_live=[], bearings=[{"sensor": f"df-{min(len(got), 2)}"}])
                here.commit(tracks_live=[], bearings=[{"sensor": f"df-{min(len(got), 2)}"}])
            if event == "bearings" and len(got) == 3:
                break
        assert got == [[], [{"sensor": "df-1"}], [{"sensor": "df-2"}]]
        first = next(data for event, _, data in here.events() if event == "bearings")
        assert first["bearings"] == [{"sensor": "df-2"}]


def test_a_large_picture_is_sent_in_pieces_and_a_stalled_client_holds_one(tmp_path):
    """What the server has handed to a connection that takes nothing is one piece, however large the picture."""
    store = Store(tmp_path / "s.sqlite")
    store.commit(1, stamp_ns=1, tracks_live=[{"track": "T" * 1000}] * 3000)  # 3 MB
    hub = Hub(Reader(store.path), StreamSettings(poll_s=0.01, stall_s=0.3, heartbeat_s=60), now_ns=lambda: 0)

    async def connection(taken: int) -> list[int]:
        """Sizes of what the hub hands over to a client that takes so many pieces and then no more."""
        sizes: list[int] = []

        async def send(message):
            sizes.append(len(message["body"]))
            if len(sizes) > taken:
                await asyncio.sleep(60)

        async def receive():
            await asyncio.sleep(60)

        await hub.serve(0, receive, send)
        return sizes

    async def run() -> list[list[int]]:
        poller = asyncio.create_task(hub.run())
        sizes = await asyncio.gather(connection(1), connection(10))
        hub.stop()
        await poller
        return sizes

    few, more = asyncio.run(run())
    assert (len(few), len(more)) == (2, 11)  # the piece that was not taken is the last
    assert max(few + more) <= 65_536
    assert sum(more) > 500_000
    assert hub.clients == 0
    store.close()


def test_from_the_list_to_the_stream_without_a_gap(tmp_path):
    with room(tmp_path) as here:
        here.commit(alerts=[alert(1), alert(2)])
        last = httpx.get(f"http://127.0.0.1:{here.port}/api/alerts", timeout=PATIENT_S).json()["last"]
        here.commit(alerts=[alert(3)])
        event = next(one for one in here.events(resume=last) if one[0] == "alert")
        assert event[1:] == (3, alert(3) | {"raised_at": "2026-03-01T22:00:00Z"})
        event = next(one for one in here.events(after=1) if one[0] == "alert")  # ?after=1, no header
        assert event[1] == 2


def test_without_a_number_the_stream_begins_now(tmp_path):
    with room(tmp_path) as here:
        here.commit(alerts=[alert(1)])
        events = here.events()
        assert next(event for event in events if event[0] == "heartbeat")[2]["last"] in (0, 1)
        assert until(lambda: next(events)[2].get("last") == 1)
        here.commit(alerts=[alert(2)])
        assert next(event for event in events if event[0] == "alert")[1] == 2


def test_a_number_from_a_store_that_is_gone_is_said_and_everything_sent(tmp_path):
    with room(tmp_path) as here:
        here.commit(alerts=[alert(1), alert(2)])
        events = (event for event in here.events(resume=977) if event[0] in ("reset", "alert"))
        assert [next(events)[:2] for _ in range(3)] == [("reset", -1), ("alert", 1), ("alert", 2)]


def test_pictures_are_conflated_to_ten_a_second_and_end_with_the_newest(tmp_path):
    with room(tmp_path) as here:
        stopped = threading.Event()

        def publish():
            while not stopped.wait(0.002):
                here.commit(tracks_live=[{"track": "T1", "n": here.cursor}])

        writer = threading.Thread(target=publish)
        writer.start()
        shown, began = [], time.monotonic()
        for event, _, data in here.events():
            if event == "tracks":
                shown.append(data["tracks"][0]["n"])
            if len(shown) >= 10 and shown[-1] - shown[0] >= len(shown):  # more were made than sent
                break
            assert time.monotonic() - began < PATIENT_S
        stopped.set()
        writer.join()
        took = time.monotonic() - began
        assert len(shown) <= 10 * took + 2
        assert shown == sorted(set(shown))
        newest = next(data for event, _, data in here.events() if event == "tracks" and data["cursor"] == here.cursor)
        assert newest["tracks"] == [{"track": "T1", "n": here.cursor - 1}]


@given(
    poll=st.floats(0.001, 0.2),
    gaps=st.lists(st.floats(0.0, 0.5), min_size=2, max_size=200),
)
def test_pictures_never_exceed_their_rate_however_irregular_the_polls_are(poll: float, gaps: list[float]) -> None:
    every, due, now, sent = 0.1, 0.0, 1000.0, list[float]()
    for gap in gaps:
        now += gap
        if now >= due:
            sent.append(now)
            due = next_due(due, now, every, poll)
    for first, last in combinations(range(len(sent)), 2):
        assert (last - first) * every <= sent[last] - sent[first] + poll + 1e-9


def test_pictures_keep_their_times_where_each_poll_is_a_little_late() -> None:
    due, sent = 0.0, 0
    for poll in range(1000):
        now = 0.021 * poll  # polls of 20 ms, each 1 ms late
        if now >= due:
            sent, due = sent + 1, next_due(due, now, 0.1, 0.02)
    assert sent == 210  # in 20.98 s


def test_sensors_and_heartbeats_come_unasked(tmp_path):
    with room(tmp_path) as here:
        here.commit(sensors=[{"id": "radar-1", "health": "ok"}])
        seen = {}
        for event, number, data in here.events():
            seen.setdefault(event, []).append(data)
            assert number == -1
            if len(seen.get("heartbeat", [])) == 3:
                break
        told = [data["sensors"] for data in seen["sensors"]]
        assert told == [[{"id": "radar-1", "health": "ok"}]]  # unchanged, so told once


def stalled_client(port: int) -> socket.socket:
    """A connection that asks for the stream and then reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /api/stream?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return client


def test_nobody_waits_for_a_client_that_reads_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("ops.services.api.serving.local_port._STALLED_MS", 0)  # nor does the kernel let it go
    with room(tmp_path, stall_s=3600.0) as here:
        stalled = [stalled_client(here.port) for _ in range(20)]
        assert until(lambda: here.hub.clients == 20)
        here.commit(tracks_live=[{"track": "T" * 1000}] * 2000)  # 2 MB: more than the sockets hold
        events = here.events(resume=0)
        here.commit(alerts=[alert(1)])
        assert next(event for event in events if event[0] == "alert")[1] == 1
        assert here.hub.clients == 21, "while none of the others was let go"
        for client in stalled:
            client.close()


def test_a_client_that_reads_nothing_is_let_go(tmp_path):
    with room(tmp_path, stall_s=1.0) as here, stalled_client(here.port):
        assert until(lambda: here.hub.clients == 1)
        here.commit(tracks_live=[{"track": "T" * 1000}] * 2000)
        assert until(lambda: here.hub.clients == 0)


def test_a_client_a_megabyte_behind_is_let_go_and_resumes_without_a_gap(tmp_path):
    with room(tmp_path, stall_s=60, max_behind_bytes=300_000) as here:
        stalled = stalled_client(here.port)
        assert until(lambda: here.hub.clients == 1)
        for number in range(1, 61):
            here.commit(alerts=[alert(number, "x" * 50_000)])
            time.sleep(0.02)
        assert until(lambda: here.hub.clients == 0)
        stalled.close()
        numbers = []
        for event, number, _ in here.events(resume=0):
            if event == "alert":
                numbers.append(number)
            if number == 60:
                break
        assert numbers == list(range(1, 61))


def test_two_hundred_clients_get_every_alert(tmp_path):
    """Reliability D5: 200 clients, one poller."""

    async def listen(port: int) -> list[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /api/stream?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        numbers: list[int] = []
        while len(numbers) < 30:
            line = await reader.readline()
            if line.startswith(b"id: "):
                numbers.append(int(line[4:]))
        writer.close()
        return numbers

    with room(tmp_path) as here:

        async def everybody() -> list[list[int]]:
            listeners = [asyncio.create_task(listen(here.port)) for _ in range(200)]
            while here.hub.clients < 200:
                await asyncio.sleep(0.02)
            for first in range(1, 31, 5):
                await asyncio.to_thread(here.commit, alerts=[alert(number) for number in range(first, first + 5)])
                await asyncio.sleep(0.05)
            return await asyncio.wait_for(asyncio.gather(*listeners), PATIENT_S)

        assert asyncio.run(everybody()) == [list(range(1, 31))] * 200
        assert until(lambda: here.hub.clients == 0)


def test_one_client_too_many_is_told_so(tmp_path):
    with room(tmp_path, max_clients=2) as here:
        held = [stalled_client(here.port) for _ in range(2)]
        assert until(lambda: here.hub.clients == 2)
        answer = httpx.get(f"http://127.0.0.1:{here.port}/api/stream", timeout=PATIENT_S)
        assert (answer.status_code, "Too many streams" in answer.json()["error"]) == (503, True)
        for client in held:
            client.close()
        assert until(lambda: here.hub.clients == 0)
        assert next(here.events())[0] in ("heartbeat", "tracks")


def test_the_stream_waits_for_a_store_that_is_not_there_yet(tmp_path):
    path = tmp_path / "later.sqlite"
    app = create_app(path, ApiSettings("x", stream=StreamSettings(heartbeat_s=0.1)), act=print, now_ns=lambda: 0)
    with serving(app) as port:
        here = Room(None, app.state.hub, port)
        events = here.events(resume=0)
        assert next(events)[0] == "heartbeat"
        here.store = Store(path)
        here.commit(alerts=[alert(1)])
        assert next(event for event in events if event[0] == "alert")[1] == 1
        here.store.close()


def test_stopping_the_server_ends_the_streams_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("ops.services.api.serving.server.GRACE_S", 600)  # none is cut off for a busy machine
    with room(tmp_path) as here:
        events = here.events()
        next(events)
    assert len(list(islice(events, 100))) < 100, "a server that did not end them would go on with heartbeats for ever"


@given(body=st.text(alphabet=st.characters(exclude_categories=["Cs"])), number=st.integers(1, 2**60))
def test_no_text_can_forge_an_event(body, number):
    """Parsed as WHATWG says, a frame is one event with one id, whatever the alert's sentence holds."""
    encoded = frame("alert", json.dumps(body, indent=1).encode() + b"\n" + body.encode(), number)
    assert encoded.endswith(b"\n\n")
    assert encoded.count(b"\n\n") == 1
    lines = encoded.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [line for line in lines if not line.startswith("data: ")] == [f"id: {number}", "event: alert", "", ""]


def test_the_map_is_told_from_where_mobile_sensors_see(tmp_path):
    there = {"easting": 1.5, "northing": -2.0, "height_m": 8.0, "azimuth_deg": None, "tilt_deg": 0.0, "moving": True}
    carried = {"sensor": "car", "state": "ok", "pose": {"stated_ns": 1, "moving": True, "seen_from": there}}
    lost = {"sensor": "lost", "state": "degraded", "pose": {"stated_ns": 1, "moving": True, "seen_from": None}}
    with room(tmp_path) as here:
        assert here.hub.sensor_viewpoints() == {}
        here.commit(tracks_live=[], sensors=[{"sensor": "mast", "state": "ok"}, carried, lost])
        assert until(lambda: here.hub.sensor_states().keys() == {"mast", "car", "lost"})
        assert here.hub.sensor_viewpoints() == {"car": there, "lost": None}
        assert viewpoints_of(here.hub.sensor_viewpoints()) == {"car": Viewpoint(**there), "lost": None}
