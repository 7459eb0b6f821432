"""Two installations over HTTPS: what is served, to whom, and that a killed process loses and repeats nothing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.testclient import TestClient

from geo.errors import WatchlineError
from ops.exchange.agreements import Agreement, AgreementsNow
from ops.exchange.format.package import opened
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.make import withdraw
from ops.exchange.pull import PATH, Outbox, TimedConnection, pull
from ops.exchange.received import ReceivedStore
from ops.exchange.sent import SentStore
from ops.runtime.processes.reserved_port import ReservedPort
from sensors.timestamps import nanoseconds
from tests.ops.exchange.partners import (
    AREA,
    KEYS,
    LAYERS,
    NOW,
    agreement,
    agreements,
    agreements_text,
    certificate,
    incidents,
    package,
    public,
    receiver,
    sender,
)

ONLY = {"layers": {"incidents": LAYERS["incidents"]}}
COUNT = 40


def headers(
    after: str, *, partner: str = "south", key: str = "south", origin: str = "north", now: datetime = NOW
) -> dict[str, str]:
    """A request as docs/security.md states it."""
    sent = str(nanoseconds(now))
    signed = dict(KEYS[key].sign(f"exchange/1/pull/{origin}/{partner}", "", [("sent", sent)], after.encode()))
    body = f'{{"key":"{signed["key"]}","sig":"{signed["sig"]}"}}'
    return {"Watchline-Partner": partner, "Watchline-Sent": sent, "Watchline-Signature": body}


def client(data: Path, now: datetime = NOW, *found: Agreement) -> TestClient:
    known = agreements("north", *(found or (agreement(**ONLY),)))
    return TestClient(Outbox(data, lambda: known, lambda: nanoseconds(now)).app())


def test_packages_are_served_in_order_from_the_cursor(tmp_path: Path) -> None:
    made = [package(tmp_path / "north").content for _ in range(3)]
    with client(tmp_path / "north") as http:
        for after, wanted in ((0, made[0]), (1, made[1]), (2, made[2])):
            assert http.get(PATH, params={"after": after}, headers=headers(str(after))).content == wanted
        assert http.get(PATH, params={"after": 3}, headers=headers("3")).status_code == 204


def test_a_package_that_is_withdrawn_while_it_is_asked_for_is_none_for_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path / "north")
    after = SentStore.after

    def withdrawn_meanwhile(store: SentStore, partner: str, number: int, *more: Any) -> object:
        found = after(store, partner, number, *more)
        if number == 0 and found is not None and found.number == 1:
            withdraw(sender(tmp_path / "north", **ONLY), packages=[1], records=[], reason="error")
        return found

    monkeypatch.setattr(SentStore, "after", withdrawn_meanwhile)
    with client(tmp_path / "north") as http:
        answers = [http.get(PATH, params={"after": 0}, headers=headers("0")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 200]  # then the notice


def test_a_record_that_is_withdrawn_before_its_package_was_fetched_does_not_leave(tmp_path: Path) -> None:
    """Its package is served no more; the notice and what was made after it are."""
    package(tmp_path / "north")
    notice, _ = withdraw(sender(tmp_path / "north", **ONLY), packages=[], records=["CANARY-incident-0"], reason="wrong")
    last = package(tmp_path / "north", incidents((-84.15, 36.65)))
    with client(tmp_path / "north") as http:
        answers = [http.get(PATH, params={"after": after}, headers=headers(str(after))) for after in (0, 2)]
    assert [one.content for one in answers] == [notice.content, last.content]
    store = SentStore(tmp_path / "north")
    assert [one.partly_withdrawn for one in store.packages()] == [True, False, False]
    assert not store.path_of("south", 1).exists()
    store.close()


def test_after_an_older_copy_came_back_numbers_continue_above_those_that_the_partner_has(tmp_path: Path) -> None:
    """It would take no other, and ask for nothing below."""
    package(tmp_path / "north")
    seen: list[tuple[str, int]] = []
    outbox = Outbox(
        tmp_path / "north",
        lambda: agreements("north", agreement(**ONLY)),
        lambda: nanoseconds(NOW),
        lambda *one: seen.append(one),
    )
    with TestClient(outbox.app()) as http:
        for after in (1, 3, 3, 2):
            assert http.get(PATH, params={"after": after}, headers=headers(str(after))).status_code == 204
        assert seen == [("south", 3)]
        notice, _ = withdraw(sender(tmp_path / "north", **ONLY), packages=[1], records=[], reason="error")
        assert notice.manifest.number == 4
        assert http.get(PATH, params={"after": 3}, headers=headers("3")).content == notice.content
    assert package(tmp_path / "north", partner="east").manifest.number == 1
    assert package(tmp_path / "north").manifest.number == 5


def test_nothing_but_notices_leaves_under_an_agreement_that_is_not_in_force(tmp_path: Path) -> None:
    """One that ended, that sends no more, or that is not in the file; a second one with the partner is served."""
    package(tmp_path / "north", keep_days=90)
    notice, _ = withdraw(sender(tmp_path / "north", **ONLY), packages=[], records=["CANARY-incident-0"], reason="wrong")
    package(tmp_path / "north", incidents((-84.15, 36.65)), keep_days=90)
    other = package(tmp_path / "north", incidents((-84.15, 36.65)), id="second", keep_days=90)
    later, second = NOW + timedelta(days=31), agreement(id="second", until=NOW + timedelta(days=60), **ONLY)
    for found, now in (((agreement(**ONLY), second), later), ((agreement(direction="receive", **ONLY), second), NOW),
                       ((second,), NOW)):  # fmt: skip
        with client(tmp_path / "north", now, *found) as http:
            answers = [
                http.get(PATH, params={"after": after}, headers=headers(str(after), now=now)).content
                for after in (0, 2)
            ]
        assert answers == [notice.content, other.content]


def test_an_agreement_that_is_taken_out_of_the_file_ends_at_once_and_a_broken_file_serves_nothing(
    tmp_path: Path,
) -> None:
    package(tmp_path / "north")
    file, shown = tmp_path / "north.toml", list[str]()
    text = agreements_text(key=public("south"), now=NOW, area=AREA, layers=ONLY["layers"])
    outbox = Outbox(tmp_path / "north", AgreementsNow(file, shown.append), lambda: nanoseconds(NOW))
    with TestClient(outbox.app()) as http:
        for changed, status in ((text, 200), (text[: text.index("[[agreement]]")], 204), ("own =", 503), ("own =", 503),
                                (text, 200)):  # fmt: skip
            file.write_text(changed)
            assert http.get(PATH, params={"after": 0}, headers=headers("0")).status_code == status
    (reason,) = shown
    assert "is not TOML" in reason


def test_what_was_withdrawn_or_has_expired_is_served_no_more_but_the_notice_is(tmp_path: Path) -> None:
    package(tmp_path / "north", keep_days=1)
    package(tmp_path / "north")
    withdraw(sender(tmp_path / "north", **ONLY), packages=[2], records=[], reason="error")
    store = SentStore(tmp_path / "north")
    assert [one.withdrawn_by for one in store.packages()] == [None, 3, None]
    later = nanoseconds(NOW + timedelta(days=1))
    assert [getattr(store.after("south", 0, at, ["buffer"]), "number", None) for at in (later - 1, later)] == [1, 3]
    assert not store.path_of("south", 2).exists()
    for at, left in ((later - 1, True), (later, False)):
        store.forget_expired(at)
        assert store.path_of("south", 1).exists() == left
    store.close()


@pytest.mark.parametrize(
    ("query", "more"),
    [
        ("0", {"key": "east"}),
        ("0", {"partner": "east"}),
        ("0", {"partner": "nobody", "key": "south"}),
        ("0", {"origin": "east"}),
        ("0", {"now": NOW - timedelta(seconds=301)}),
        ("0", {"now": NOW + timedelta(seconds=301)}),
        ("1", {}),
        ("-1", {}),
        ("x" * 500, {}),
        ("", {}),
    ],
)
def test_a_request_that_no_partner_signed_just_now_gets_nothing(
    tmp_path: Path, query: str, more: dict[str, Any]
) -> None:
    package(tmp_path / "north")
    with client(tmp_path / "north") as http:
        answer = http.get(PATH, params={"after": query}, headers=headers("0", **more))
        assert (answer.status_code, answer.content) == (401, b"")
        for name in headers("0"):
            bad = headers("0") | {name: "x"}
            assert http.get(PATH, params={"after": "0"}, headers=bad).status_code == 401


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET"])
def test_a_connection_that_sends_no_whole_request_is_ended(tmp_path: Path, sent: bytes) -> None:
    """uvicorn alone would wait for it without end, also after an answer."""

    class Quick(TimedConnection):
        request_within_s = 0.05

    async def ended() -> bytes:
        config = uvicorn.Config(
            Outbox(tmp_path, lambda: agreements("north"), lambda: 0).app(), access_log=False, timeout_keep_alive=3600
        )
        config.load()
        state = uvicorn.server.ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Quick(config, state, {}), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(sent)
            try:
                return await reader.read()
            except ConnectionResetError:
                return b""
            finally:
                writer.close()

    assert asyncio.run(ended())[:12] in (b"", b"HTTP/1.1 404")


def test_while_no_package_comes_what_has_expired_is_erased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    south = receiver(tmp_path / "south", **ONLY)
    south.receive(package(tmp_path / "north", keep_days=2).content, NOW)
    monkeypatch.setattr(httpx.Client, "stream", lambda *_, **__: nullcontext(httpx.Response(204)))
    assert pull(south, "north", "https://north.example", KEYS["south"], None) == (0, 0)
    store = ReceivedStore(south.data)
    assert [one.state for one in store.packages()] == ["expired"]
    assert list(store.records("north", 1, "incidents")) == []
    store.close()


def test_a_package_of_a_partner_who_was_not_asked_is_not_imported(tmp_path: Path) -> None:
    """The one who was asked would choose which packages of the other arrive, and leave out a withdrawal."""
    south = receiver(tmp_path / "south", **ONLY)
    made = package(tmp_path / "north")
    with pytest.raises(PackageRefused, match="'east', who was asked"):
        south.receive(made.content, NOW, origin="east")
    assert imported(south.data) == []
    assert south.receive(made.content, NOW, origin="north")[1].stored == 2


def agreements_file(path: Path, own: str, partner: str) -> Path:
    layers = {"incidents": LAYERS["incidents"]}
    path.write_text(agreements_text(own, partner, key=public(partner), days=(-40, 40), area=AREA, layers=layers))
    return path


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "ops.cli", "share", *map(str, words)]


class Serving(NamedTuple):
    """The process of a server, and its address."""

    process: subprocess.Popen[str]
    address: str


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[Serving]:
    """The server as a process of its own, which ends when it is asked to, unless it was killed before."""
    cert, key = folder / "server.pem", folder / "server.key"
    words = command(
        "serve", "--agreements", folder / "north.toml", "--data", folder / "north", "--certificate", cert, "--key", key,
        "--port", port,
    )  # fmt: skip
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        address = None
        while address is None:
            line = process.stderr.readline()
            assert line, "the server ended"
            address = re.search(r"https://\S+", line)
        yield Serving(process, address[0])
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def pulling(folder: Path, address: str, *more: object) -> list[str]:
    return command(
        "pull", address, "north", "--agreements", folder / "south.toml", "--identity", folder / "key",
        "--data", folder / "south", "--ca", folder / "server.pem", *more,
    )  # fmt: skip


def rows_in(folder: Path) -> list[tuple[int, str, int]]:
    """Number, hash and records of each package that the south holds, whatever another process does meanwhile."""
    store = ReceivedStore(folder)
    try:
        return [
            (one.number, one.sha256, len(list(store.records("north", one.number, "incidents"))))
            for one in store.packages("north")
        ]
    finally:
        store.close()


def imported(folder: Path) -> list[int]:
    store = ReceivedStore(folder)
    try:
        return [one.number for one in store.packages("north")]
    finally:
        store.close()


def write_sides(folder: Path) -> None:
    """The agreements, the certificate of the north, and the key of the south."""
    certificate(folder)
    agreements_file(folder / "north.toml", "north", "south")
    agreements_file(folder / "south.toml", "south", "north")
    (folder / "south").mkdir()
    (folder / "key").mkdir()
    pem = KEYS["south"].private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key" / "signing.key").write_bytes(pem)


def test_a_puller_asks_again_after_an_outage_of_the_partner(tmp_path: Path) -> None:
    write_sides(tmp_path)
    package(tmp_path / "north", incidents((-84.21, 36.61)), now=datetime.now(UTC))
    port = ReservedPort()
    words = pulling(tmp_path, f"https://127.0.0.1:{port.number}", "--every", 1)
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "no answer" in process.stderr.readline()
        with serving(tmp_path, port.number):
            while not imported(tmp_path / "south"):
                assert process.poll() is None
                time.sleep(0.02)
    finally:
        process.kill()
        process.communicate()
        port.release()
    assert imported(tmp_path / "south") == [1]


def test_a_puller_and_a_server_that_are_killed_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """The puller is killed with SIGKILL in the middle, the server is replaced; then everything is there, once."""
    write_sides(tmp_path)
    now = datetime.now(UTC)
    made = [package(tmp_path / "north", incidents((-84.21, 36.61)), now=now) for _ in range(COUNT)]
    with serving(tmp_path) as (_, address):
        first = subprocess.Popen(pulling(tmp_path, address, "--every", 3600), stderr=subprocess.DEVNULL)
        try:
            while not imported(tmp_path / "south"):
                assert first.poll() is None
                time.sleep(0.02)
        finally:
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        done = imported(tmp_path / "south")
        assert done == list(range(1, len(done) + 1))
    with serving(tmp_path) as (_, address):
        again = subprocess.run(pulling(tmp_path, address, "--json"), capture_output=True, text=True, check=True)
        assert f'"packages":{COUNT - len(done)}' in again.stdout
        assert imported(tmp_path / "south") == list(range(1, COUNT + 1))
    store = ReceivedStore(tmp_path / "south")
    for one, received in zip(made, store.packages("north"), strict=True):
        assert received.sha256 == one.sha256
        assert len(list(store.records("north", received.number, "incidents"))) == received.records == 1
        assert opened(one.content).manifest == received.manifest
    store.close()


KILLS = 5
RECORDS = 1_500
"""Of each package: much more than the bytes of a handshake, so that half a package more is within the next answer."""


@contextmanager
def gate(server: Serving, passes: int) -> Iterator[str]:
    """An address that leads to the server until ``passes`` bytes of it have arrived; then the server is killed.

    What has passed is delivered, and the connection then ends. It does not depend on the speed of either side.
    """
    port = int(server.address.rstrip("/").rpartition(":")[2])
    listening = socket.create_server(("127.0.0.1", 0))

    def upstream(client: socket.socket, behind: socket.socket) -> None:
        with suppress(OSError):  # either side is gone
            while sent := client.recv(65_536):
                behind.sendall(sent)

    def downstream() -> None:
        try:
            client, _ = listening.accept()
        except OSError:  # no one came, and the gate is closed
            return
        with client, socket.create_connection(("127.0.0.1", port)) as behind:
            asking = threading.Thread(target=upstream, args=(client, behind))
            asking.start()
            left = passes
            while left and (got := behind.recv(min(left, 65_536))):
                client.sendall(got)
                left -= len(got)
            server.process.kill()
            client.shutdown(socket.SHUT_WR)
            asking.join()  # the client ends the connection

    answering = threading.Thread(target=downstream)
    answering.start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # ends a wait for a connection
        listening.close()
        answering.join()


def test_a_server_that_is_killed_in_the_middle_of_pulls_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """SIGKILL five times, each in the middle of an answer after a whole one; the next server is another process."""
    write_sides(tmp_path)
    now = datetime.now(UTC)
    south = receiver(tmp_path / "south", now=now, **ONLY)
    many = incidents(*[(-84.21, 36.61)] * RECORDS)
    made = [package(tmp_path / "north", many, now=now) for _ in range(KILLS + 1)]
    half = len(made[0].content) // 2
    wanted = [(number, one.sha256, RECORDS) for number, one in enumerate(made, start=1)]
    for kill in range(KILLS):
        with serving(tmp_path) as server, gate(server, 3 * half) as address:
            with pytest.raises(WatchlineError, match="no answer"):
                pull(south, "north", address, KEYS["south"], tmp_path / "server.pem")
            assert server.process.wait() == -signal.SIGKILL
        assert rows_in(south.data) == wanted[: kill + 1], "the whole one, and nothing of the interrupted one"
    with serving(tmp_path) as server:
        done = pull(south, "north", server.address, KEYS["south"], tmp_path / "server.pem")
    assert done == (1, RECORDS)
    assert rows_in(south.data) == wanted
