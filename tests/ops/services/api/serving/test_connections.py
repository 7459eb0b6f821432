"""Half-open requests are closed in time and displace one another, never a page; pages always get their stream."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response

from ops.runtime.files.scratch_folder import scratch_folder
from ops.runtime.peers import THIS_COMPUTER, place_of
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.event_stream import StreamSettings
from ops.services.api.guard import TOKEN_HEADER, GuardSettings
from ops.services.api.serving.connections import LimitedConnection
from ops.services.api.serving.handshakes import ServerLoop
from ops.services.api.serving.server import serving
from ops.store.writer import Store
from tests.patience import PATIENT_S

BEGUN = b"GET /api/tracks HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY_BEGUN = (
    b"POST /api/alerts/A1/reject HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    + f"{TOKEN_HEADER}: t0ken\r\n".encode()
    + b'Content-Length: 1000\r\n\r\n{"reason": "'
)


@pytest.fixture
def passed() -> list[float]:
    """Seconds that the clock of the server is ahead: its limits pass without anyone waiting for them."""
    return []


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: list[float]) -> Iterator[int]:
    """A server with small limits: 20 connections, 3 streams of programs and 2 of pages; an hour for a request and a day
    until the next one, so that no pause of the machine ends any. Its clock goes on by what ``passed`` holds."""
    monkeypatch.setattr(LimitedConnection, "request_within_s", 3600.0)
    monkeypatch.setattr(LimitedConnection, "most_connections", 20)
    monkeypatch.setattr("ops.services.api.serving.server.KEPT_S", 86_400)
    monkeypatch.setattr(ServerLoop, "time", lambda _: time.monotonic() + sum(passed))
    store = Store(tmp_path / "s.sqlite")
    store.commit(1, stamp_ns=1, tracks_live=b"[]")
    stream = StreamSettings(heartbeat_s=0.2, poll_s=0.02, max_clients=3, max_pages=2)
    settings = ApiSettings("x", stream=stream, guard=GuardSettings(token="t0ken"))
    app = create_app(store.path, settings, act=print, now_ns=lambda: 1)
    # More than the sockets of both sides hold, and not more than a busy machine copies sixty times.
    app.router.add_route("/large", lambda _: Response(bytes(8_000_000)), methods=["GET"])
    before = threading.enumerate()
    with serving(app) as number:
        server = [thread for thread in threading.enumerate() if thread not in before and thread.name == "api"]
        yield number
    for thread in server:
        thread.join(PATIENT_S)  # it ends by its own clock
    store.close()


@pytest.fixture
def hurried(port: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """The same with 2 s for a request, for tests of that limit."""
    monkeypatch.setattr(LimitedConnection, "request_within_s", 2.0)
    return port


def connect(port: int, begun: bytes, source: str = "127.0.0.1") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=PATIENT_S, source_address=(source, 0))
    made.sendall(begun)
    return made


def readable(connection: socket.socket) -> bool:
    """Whether bytes or an end wait; ``select.select`` refuses descriptors from 1,024 on."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(0))


def closed(connection: socket.socket) -> bool:
    """Whether the server has closed it, without waiting."""
    if not readable(connection):
        return False
    try:
        return connection.recv(65_536) == b""
    except OSError:
        return True


def until(true: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENT_S
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(found)  # as it was found: a second look may find it otherwise


@contextmanager
def many(port: int, begun: bytes, count: int, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(connect(port, begun, source)) for _ in range(count)]


@pytest.mark.parametrize("begun", [b"", b"G", BEGUN, BODY_BEGUN])
def test_a_request_that_does_not_come_whole_is_closed(hurried: int, begun: bytes) -> None:
    with connect(hurried, begun) as half:
        assert until(lambda: closed(half))


def test_bytes_that_trickle_do_not_keep_a_request_open(hurried: int) -> None:
    with connect(hurried, BEGUN) as slow:

        def trickle() -> bool:
            if closed(slow):
                return True
            try:
                slow.sendall(b"x")
            except OSError:
                return True
            return False

        assert until(trickle)


def test_half_open_requests_displace_one_another_and_no_page(port: int) -> None:
    with many(port, BEGUN, 100) as halves:
        assert until(lambda: sum(map(closed, halves)) >= 80)
        for _ in range(30):  # each over a connection of its own
            assert httpx.get(f"http://127.0.0.1:{port}/api/tracks", timeout=PATIENT_S).status_code == 200


LARGE = b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def test_an_answer_that_nobody_reads_is_closed_in_time(hurried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitedConnection, "answer_within_s", 1.0)
    with connect(hurried, LARGE) as slow:

        def ended() -> bool:
            try:
                slow.sendall(b"x")
            except OSError:
                return True
            return False

        assert until(ended), "nothing was read, so the server must have closed it"


def test_slow_readers_displace_one_another_and_no_page(port: int) -> None:
    with many(port, LARGE, 60):
        for _ in range(30):
            assert httpx.get(f"http://127.0.0.1:{port}/api/tracks", timeout=PATIENT_S).status_code == 200


SHORT = b"GET /api/tracks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def answered(port: int, source: str = "127.0.0.1") -> socket.socket:
    """An idle connection, which has been used and is kept."""
    made = connect(port, SHORT, source)
    reads(made)
    return made


def reads(connection: socket.socket) -> None:
    """Read one whole answer to ``SHORT``."""
    got = b""
    while not got.endswith(b"}"):
        got += (more := connection.recv(65_536))
        assert more, "closed"
    assert got.startswith(b"HTTP/1.1 200")


def test_slow_readers_and_half_open_requests_go_before_connections_that_are_kept(port: int) -> None:
    for begun in (LARGE, BEGUN):
        with ExitStack() as stack:
            kept = [stack.enter_context(answered(port)) for _ in range(8)]
            for _ in range(40):
                slow = stack.enter_context(connect(port, begun))
                if begun == LARGE:  # it is being sent
                    assert len(slow.makefile("rb").read(1000)) == 1000
            assert httpx.get(f"http://127.0.0.1:{port}/api/tracks", timeout=PATIENT_S).status_code == 200
            for one in kept:
                one.sendall(SHORT)
                reads(one)


@pytest.fixture
def three_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.2 and 127.0.0.3 are other computers."""
    of = {"127.0.0.1": THIS_COMPUTER}
    monkeypatch.setattr("ops.services.api.serving.connections.place_of", lambda peer: of.get(peer[0], peer[0]))


@pytest.mark.usefixtures("three_places")
def test_one_address_has_a_part_of_the_connections_and_this_computer_all(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedConnection, "most_of_one_place", 5)
    with answered(port, "127.0.0.3") as other, many(port, BEGUN, 12, "127.0.0.2") as halves:
        assert until(lambda: [closed(one) for one in halves] == [True] * 7 + [False] * 5), "its own, the oldest first"
        with many(port, BEGUN, 10) as local:
            assert httpx.get(f"http://127.0.0.1:{port}/api/tracks", timeout=PATIENT_S).status_code == 200
            assert not any(map(closed, [*local, *halves[7:], other]))


@pytest.mark.usefixtures("three_places")
def test_the_address_that_holds_most_makes_room(port: int) -> None:
    with many(port, BEGUN, 3, "127.0.0.3") as few, many(port, LARGE, 50, "127.0.0.2") as most:
        for _ in range(30):
            assert httpx.get(f"http://127.0.0.1:{port}/api/tracks", timeout=PATIENT_S).status_code == 200
        assert not any(map(closed, few))
        assert len(most) == 50


@pytest.mark.parametrize("path", ["/api/stream", "/v1/field/stream"])
def test_what_is_refused_in_place_of_a_stream_has_the_limit_of_an_answer(
    hurried: int, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(LimitedConnection, "answer_within_s", 1.0)
    refused = f"GET {path} HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n".encode()
    with connect(hurried, b"") as slow:
        slow.setblocking(False)

        def ended() -> bool:
            """Whether the server has closed it while requests come and no answer is read."""
            try:
                slow.sendall(refused * 1000)
            except BlockingIOError:
                return False
            except OSError:
                return True
            return False

        assert until(ended)


def test_a_request_that_begins_behind_another_must_come_whole(hurried: int) -> None:
    with connect(hurried, SHORT + BODY_BEGUN) as half:
        assert until(lambda: closed(half))


def pass_limits(port: int, passed: list[float]) -> None:
    """Let more time pass for the server than a request and an answer have, once it has done what came before, and wait
    until it has noticed."""
    for ahead_s in (0.0, 2.0 * max(LimitedConnection.request_within_s, LimitedConnection.answer_within_s)):
        passed.append(ahead_s)
        assert httpx.get(f"http://127.0.0.1:{port}/api/tracks", timeout=PATIENT_S).status_code == 200


def test_a_connection_that_is_kept_serves_one_request_after_another(port: int, passed: list[float]) -> None:
    """Past the limits of one request and of one answer."""
    with answered(port) as kept:
        for _ in range(4):
            pass_limits(port, passed)
            kept.sendall(SHORT)
            reads(kept)


def test_the_clock_of_these_tests_ends_a_request_that_does_not_come_whole(port: int, passed: list[float]) -> None:
    with connect(port, BEGUN) as half:
        assert until(lambda: pass_limits(port, passed) or closed(half))


def test_a_stream_outlives_the_limit_of_a_request(port: int, passed: list[float]) -> None:
    with Open(port, None) as lasting:
        for beats in (1, 2, 3):
            assert until(lambda beats=beats: lasting.read().count(b"event: heartbeat") >= beats), lasting.got
            pass_limits(port, passed)
        assert not lasting.ended


def stream(page: str | None) -> bytes:
    query = "" if page is None else f"?page={page}"
    return f"GET /api/stream{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


class Open:
    """A stream and all that has come of it."""

    def __init__(self, port: int, page: str | None) -> None:
        self.connection, self.got = connect(port, stream(page)), b""

    def __enter__(self) -> Open:
        assert until(lambda: b"\r\n" in self.read())
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def read(self) -> bytes:
        if readable(self.connection):
            self.got += self.connection.recv(1_000_000)
        return self.got

    @property
    def status(self) -> int:
        return int(self.got.split(b" ")[1])

    @property
    def ended(self) -> bool:
        """Whether the server has ended the response: its last chunk is empty."""
        return self.read().endswith(b"0\r\n\r\n")


def test_a_page_gets_its_stream_when_programs_have_taken_all_of_theirs(port: int) -> None:
    with Open(port, None) as first, Open(port, None) as second, Open(port, None) as third:
        assert [one.status for one in (first, second, third)] == [200] * 3
        assert until(lambda: all(b"event: heartbeat" in one.read() for one in (first, second, third)))
        with Open(port, None) as one_more, Open(port, "0" * 16) as page:
            assert one_more.status == 503
            assert page.status == 200
            assert until(lambda: b"event: heartbeat" in page.read())


def test_a_page_has_one_stream_and_the_oldest_page_makes_room(port: int) -> None:
    with ExitStack() as stack:
        streams = []
        for name in ("a", "a", "b", "c"):
            streams.append(stack.enter_context(Open(port, name * 16)))
            assert until(lambda: b"event: heartbeat" in streams[-1].read())
        first, again, second, third = streams
        assert until(lambda: first.ended), "replaced by the same page's new stream"
        assert until(lambda: again.ended), "the oldest of three pages, where two have room"
        for one in (second, third):
            before = len(one.read())
            assert until(lambda one=one, before=before: len(one.read()) > before)
            assert not one.ended


@pytest.mark.parametrize(
    ("peer", "other", "is_one_place"),
    [
        (("192.0.2.1", 5), ("192.0.2.1", 6), True),
        (("192.0.2.1", 5), ("192.0.2.2", 5), False),
        (("::ffff:192.0.2.1", 5, 0, 0), ("192.0.2.1", 6), True),
        (("2001:db8:0:1::1", 5, 0, 0), ("2001:db8:0:1:ffff::2", 6, 0, 0), True),
        (("2001:db8:0:1::1", 5, 0, 0), ("2001:db8:0:2::1", 5, 0, 0), False),
    ],
)
def test_a_place_is_an_address_or_the_first_half_of_one(peer: tuple, other: tuple, is_one_place: bool) -> None:
    assert (place_of(peer) == place_of(other)) == is_one_place
    assert THIS_COMPUTER not in (place_of(peer), place_of(other))


@pytest.mark.parametrize("peer", [("127.0.0.1", 5), ("::1", 5, 0, 0), ("::ffff:127.8.8.8", 5, 0, 0), "", None])
def test_a_reverse_proxy_on_this_computer_has_no_part(peer: object) -> None:
    assert place_of(peer) == THIS_COMPUTER


def test_a_folder_that_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "watchline-x-left"
    left.mkdir()
    (left / "in-use.lock").touch()
    other = tmp_path / "watchline-x-not-ours"
    other.mkdir()  # without a lock file it is not known what it is
    with scratch_folder("watchline-x-") as used:
        assert not left.exists()
        assert other.exists()
        with scratch_folder("watchline-x-") as second:
            assert used.is_dir()
            assert second != used
            assert used.stat().st_mode & 0o077 == 0
        assert not second.exists()
    assert not used.exists()
