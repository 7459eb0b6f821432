"""The proxy does what it says: drills that stand on it would otherwise prove nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.drills.fault_proxy import BOTH, BadRadio, FaultProxy
from tests.drills.rig import wait_until
from tests.patience import PATIENT_S


@pytest.fixture
def echo() -> Iterator[FaultProxy]:
    """A proxy in front of a server that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(peer,), daemon=True).start()

    def answer(peer: socket.socket) -> None:
        with peer:
            while data := _read(peer):
                peer.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    with FaultProxy("127.0.0.1", server.getsockname()[1]) as proxy:
        yield proxy
    server.close()


def _read(peer: socket.socket) -> bytes:
    try:
        return peer.recv(65536)
    except OSError:
        return b""


def call(proxy: FaultProxy) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENT_S)
    client.sendall(b"here")
    assert client.recv(4) == b"here"
    return client


def test_bytes_pass_unchanged_and_in_order_also_in_slices(echo: FaultProxy) -> None:
    sent = bytes(range(256)) * 40
    with call(echo) as client:
        for piece in (0, 1, 7):
            echo.set(slice_bytes=piece)
            client.sendall(sent[:2000])
            got = b""
            while len(got) < 2000:
                got += client.recv(4096)
            assert got == sent[:2000]


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_held_way_keeps_its_bytes_and_a_dropped_one_ends_the_stream(echo: FaultProxy, way: str) -> None:
    with call(echo) as client:
        echo.set(held=frozenset((way,)))
        client.sendall(b"wait")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(4)
        echo.heal()
        client.settimeout(PATIENT_S)
        assert client.recv(4) == b"wait"
        echo.set(dropped=frozenset((way,)))
        client.sendall(b"lost")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(4)
        wait_until(lambda: echo.spoilt == 1)
        echo.heal()
        client.settimeout(PATIENT_S)
        with pytest.raises(ConnectionResetError):
            client.recv(4)


def test_a_reset_is_a_reset(echo: FaultProxy) -> None:
    with call(echo) as client:
        assert echo.reset() == 1
        with pytest.raises(ConnectionResetError):
            client.recv(4)


def test_of_a_half_open_socket_the_client_hears_nothing(echo: FaultProxy) -> None:
    with call(echo) as client:
        assert echo.half_open() == 1
        client.sendall(b"into the void")
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(4)


def test_delay_and_a_slow_reader_take_their_time(echo: FaultProxy) -> None:
    with call(echo) as client:
        echo.set(delay_s=0.2)
        began = time.monotonic()
        client.sendall(b"late")
        assert client.recv(4) == b"late"
        assert time.monotonic() - began >= 0.4  # both ways
        echo.set(delay_s=0.0, bytes_per_s=2000.0)
        began = time.monotonic()
        client.sendall(bytes(1000))
        left = 1000
        while left:
            left -= len(client.recv(left))
        assert time.monotonic() - began >= 0.4


def test_in_a_hole_nobody_answers_a_new_caller(echo: FaultProxy) -> None:
    echo.set(dropped=BOTH)
    with socket.create_connection(("127.0.0.1", echo.port), timeout=0.3) as client:
        client.sendall(b"hello?")
        with pytest.raises(TimeoutError):
            client.recv(6)


QUICK_RADIO = BadRadio(bits_per_s=400_000.0, loss=0.3, segment_bytes=100, retransmit_s=0.01, longest_s=0.04, seed=7)


def heard(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        piece = client.recv(4096)
        assert piece, "the stream ended"
        got += piece
    return got


def test_a_bad_radio_loses_segments_and_no_bytes(echo: FaultProxy) -> None:
    """Both ways carry each byte once, in order, in no less than the air time and the pauses that its losses take."""
    sent = bytes(range(256)) * 20
    with call(echo) as client:
        echo.set(radio=QUICK_RADIO)
        began = time.monotonic()
        client.sendall(sent)
        assert heard(client, len(sent)) == sent
        took_s = time.monotonic() - began
        for way in ("up", "down"):
            counts = echo.carried(way)
            assert counts.bytes == len(sent)
            assert counts.segments - counts.lost >= len(sent) / QUICK_RADIO.segment_bytes
            assert 0.1 < counts.lost / counts.segments < 0.5
            pauses_s = counts.lost * QUICK_RADIO.retransmit_s
            resent = counts.air_bytes - counts.segments * QUICK_RADIO.header_bytes - len(sent)
            assert 0 < resent <= counts.lost * QUICK_RADIO.segment_bytes
            assert took_s >= counts.air_bytes * 8 / QUICK_RADIO.bits_per_s + pauses_s


def test_the_losses_follow_from_the_seed(echo: FaultProxy) -> None:
    """Messages of one segment each, sent after one another: the same ones are lost whenever the seed is the same."""
    lost = []
    for seed in (1, 1, 2):
        with call(echo) as client:
            echo.set(radio=replace(QUICK_RADIO, seed=seed))
            numbers = []
            for _ in range(40):
                client.sendall(b"fifty bytes".ljust(50))
                heard(client, 50)
                numbers.append((echo.carried("up").lost, echo.carried("down").lost))
            lost.append(numbers)
            echo.heal()
    assert lost[0] == lost[1] != lost[2]
    assert lost[0][-1][0] > 0


def test_connections_share_the_air(echo: FaultProxy) -> None:
    """Two streams at once take at least the air time of both; one that waits for a lost segment lets the other by."""
    radio = replace(QUICK_RADIO, loss=0.0, bits_per_s=200_000.0)
    with call(echo) as one, call(echo) as other:
        echo.set(radio=radio)
        began = time.monotonic()
        for client in (one, other):
            client.sendall(bytes(4000))
        assert [len(heard(client, 4000)) for client in (one, other)] == [4000, 4000]
        assert time.monotonic() - began >= 8000 * 8 / radio.bits_per_s
        assert echo.carried("up").lost == 0


def test_a_channel_that_falls_silent_keeps_what_was_on_the_air(echo: FaultProxy) -> None:
    with call(echo) as client:
        echo.set(radio=QUICK_RADIO, held=BOTH)
        client.sendall(b"wait")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(4)
        echo.set(held=frozenset())
        client.settimeout(PATIENT_S)
        assert heard(client, 4) == b"wait"
