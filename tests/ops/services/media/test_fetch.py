"""Fetching from sensors: allowed networks only, no redirects, no more than was stated, and not for ever."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ops.sector.setting_tables.media import MediaSettings
from ops.services.media.check import Unusable
from ops.services.media.fetch import Fetcher, NotNow
from tests.patience import PATIENT_S

BODY = b"\xff\xd8\xff" + bytes(range(256))
LONGEST_S = 600.0  # that the settings allow
HERE = MediaSettings(networks=("127.0.0.0/8",), timeout_s=min(PATIENT_S, LONGEST_S), max_bytes=100_000)
IMPATIENT = replace(HERE, timeout_s=1.0)
INNER = MediaSettings(networks=("10.20.0.0/16", "fd00:20::/32"), timeout_s=1.0)
Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def camera(answer: Answer) -> Iterator[str]:
    """The address of a web server that answers as ``answer`` does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/still.jpg"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sends(body: bytes = BODY, status: int = 200, *, length: int | None = None, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        if length is None or length >= 0:
            request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)

    return answer


def refused(settings: MediaSettings, uri: str, size: int = len(BODY), **more: object) -> str:
    with pytest.raises(Unusable) as error:
        Fetcher(settings, **more).fetch(uri, size)  # type: ignore[arg-type]
    return error.value.code


def test_a_file_of_the_stated_size_is_fetched() -> None:
    with camera(sends()) as uri:
        assert Fetcher(HERE).fetch(uri, len(BODY)) == BODY


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    asked: list[str] = []
    with camera(lambda request: (asked.append(request.path), sends(b"", status, Location="/other")(request))[0]) as uri:
        assert refused(HERE, uri) == "redirect"
    assert asked == ["/still.jpg"]


@pytest.mark.parametrize(
    ("status", "final"), [(401, True), (403, True), (404, True), (410, True), (429, False), (503, False)]
)
def test_a_refusal_is_final_unless_it_may_pass(status: int, final: bool) -> None:
    with camera(sends(b"", status)) as uri, pytest.raises(Unusable if final else NotNow):
        Fetcher(HERE).fetch(uri, len(BODY))


def test_more_than_was_stated_is_refused_by_its_head_or_cut_off_after_one_byte() -> None:
    with camera(sends(BODY * 100)) as uri:
        assert refused(HERE, uri) == "size"
    with camera(sends(BODY * 100, length=-1)) as uri:  # without a length
        assert len(Fetcher(HERE).fetch(uri, len(BODY))) == len(BODY) + 1
    with camera(lambda _: pytest.fail("asked")) as uri:
        assert refused(HERE, uri, HERE.max_bytes + 1) == "too_large"


def test_a_connection_that_ends_early_is_tried_again() -> None:
    with camera(sends(BODY[:50], length=len(BODY))) as uri, pytest.raises(NotNow):
        Fetcher(HERE).fetch(uri, len(BODY))


def test_a_server_that_sends_a_byte_now_and_then_is_cut_off() -> None:
    done = threading.Event()

    def drips(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while not done.wait(0.05):
                request.wfile.write(b"x")
        except OSError:
            done.set()

    with camera(drips) as uri:
        try:
            with pytest.raises(NotNow):
                Fetcher(IMPATIENT).fetch(uri, 90_000)
        finally:
            done.set()


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["169.254.169.254"], ["0.0.0.0"], ["::1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"], ["10.21.0.1"],
        ["192.168.1.1"], ["10.20.0.7", "127.0.0.1"], ["not-an-address"],
    ],
)  # fmt: skip
def test_no_connection_is_made_outside_the_allowed_networks(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    assert refused(INNER, "http://camera.example/a.jpg", resolve=lambda *_: addresses) == "network"


def test_the_checked_address_is_the_one_that_is_used_and_the_name_is_resolved_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that resolves to another address a moment later (DNS rebinding) leads nowhere else."""
    answers = iter([["10.20.0.7"], ["127.0.0.1"]])
    used: list[object] = []

    def connect(address: object, *_: object) -> None:
        used.append(address)
        raise OSError("nobody there")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotNow):
        Fetcher(INNER, resolve=lambda *_: next(answers)).fetch("http://camera.example:8080/a.jpg", 9)
    assert used == [("10.20.0.7", 8080)]


@pytest.mark.parametrize("literal", ["127.1", "0x7f000001", "2130706433", "[::1]", "localhost", "[::ffff:7f00:1]"])
def test_other_spellings_of_this_machine_are_refused_too(literal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises((Unusable, NotNow)) as error:
        Fetcher(INNER).fetch(f"http://{literal}:9/a.jpg", 9)
    assert isinstance(error.value, NotNow) or error.value.code == "network"


@pytest.mark.parametrize(
    "uri", ["http://user:pw@127.0.0.1/a", "http:///a", "http://127.0.0.1:99999/a", "http://[::1/a"]
)
def test_an_address_that_is_not_valid_is_refused(uri: str) -> None:
    assert refused(HERE, uri) == "address"


def test_an_address_cannot_smuggle_further_lines_into_the_request() -> None:
    asked: list[str] = []
    with (
        camera(lambda request: (asked.append(request.path), sends()(request))[0]) as uri,
        pytest.raises((NotNow, Unusable)),
    ):
        Fetcher(HERE).fetch(f"{uri}\r\nX-Other: 1\r\n", len(BODY) + 1)
    assert all("\r" not in path for path in asked)


def test_a_dropped_file_is_read_from_the_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(BODY)
    (tmp_path / "secret").write_bytes(BODY)
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "inner").mkdir()
    os.mkfifo(folder / "pipe")
    settings = MediaSettings(drop=str(folder))
    assert Fetcher(settings).fetch("drop:a.jpg", len(BODY)) == BODY
    for name in ("../secret", "/etc/passwd", "link", "inner", "pipe", ".hidden", "a/../a.jpg", "a.jpg\0", ""):
        assert refused(settings, f"drop:{name}") == "address", name
    with pytest.raises(NotNow):
        Fetcher(settings).fetch("drop:later.jpg", 9)  # it may be put there later
    with pytest.raises(NotNow):
        Fetcher(settings).fetch("drop:a.jpg", len(BODY) + 5)  # it is being written
    assert refused(HERE, "drop:a.jpg") == "no_drop"
