"""Connections: TLS with client certificates, protobuf by negotiation, multicast, servers that hang, refuse or lie."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from takproto import parse_proto

from ingest.errors import MalformedMessage
from ingest.unit_messages import Position, Reply
from ops.broker.certificates import Authority
from ops.runtime.processes.reserved_port import ReservedPort
from ops.sector.setting_tables.cot import CotServer
from ops.services.feeds.cot import encode, link
from ops.services.feeds.cot.encode import CotSender, EventTimes
from ops.services.feeds.cot.event import CotEvent, CotFrames, read_event
from ops.services.feeds.dispatch import Dispatcher, RetryPolicy, key_of
from ops.services.feeds.feed import OutboxDelivery
from ops.services.feeds.ledger import DeliveryLedger
from ops.store.reader import OutboxRow
from tests.drills.fault_proxy import BadRadio, FaultProxy
from tests.drills.sizes import sized
from tests.ops.services.feeds.cot.rig import Rig, chat, device, emergency, incident
from tests.ops.services.feeds.cot.taky_server import Observer, Taky
from tests.patience import PATIENT_S

UNITS = {"ANDROID-1": "patrol-1", "ANDROID-2": "patrol-2"}
MOST, KILLS = sized(1_000, 10_000), 20
SLOW_MOST = 24
NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)


class Server:
    """A TAK server of the test: keeps what it is sent, and answers as it is told."""

    def __init__(self, answer: Callable[[CotEvent], bytes | None] = lambda _: None, greeting: bytes = b"") -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self.answer, self.greeting = answer, greeting
        self._sending = threading.Lock()  # an answer amid a message of the test would spoil both
        self.raw: list[bytes] = []
        self.events: list[CotEvent] = []
        self.connections = 0
        self.peer: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._door.accept()
            except OSError:
                return
            self.peer = peer
            self.connections += 1
            frames = CotFrames()
            try:
                peer.sendall(self.greeting)
                while piece := peer.recv(65_536):
                    for message in frames.feed(piece):
                        assert isinstance(message, bytes)
                        self.raw.append(message)
                        event = read_event(message)
                        self.events.append(event)
                        reply = self.answer(event)
                        if reply is not None:
                            with self._sending:
                                peer.sendall(reply)
            except OSError:
                continue

    def send(self, message: bytes) -> None:
        assert self.peer is not None
        with self._sending:
            self.peer.sendall(message)

    def kill(self) -> None:
        """Cut the connection without a goodbye: what is under way is lost."""
        if self.peer is not None:
            with suppress(OSError):
                self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.peer.shutdown(socket.SHUT_RDWR)

    def types(self) -> list[str]:
        return [event.type for event in list(self.events)]

    def close(self) -> None:
        """End the thread too: one that still accepted could take the connections of a later test's server, because a
        call that a stop interrupts begins again with the number of a file, which may be another's by then."""
        for one in (self._door, *([] if self.peer is None else [self.peer])):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(PATIENT_S)


def pong(event: CotEvent) -> bytes | None:
    """The answer of a TAK server to a keep-alive."""
    if event.type != encode.PING:
        return None
    return CotEvent("takPong", encode.PONG, "h-g-i-g-o", NOW, NOW + timedelta(seconds=20), 0.0, 0.0).xml()


@pytest.fixture
def opened() -> Iterator[list[Rig | Server]]:
    parts: list[Rig | Server] = []
    yield parts
    for part in reversed(parts):
        part.feed.close() if isinstance(part, Rig) else part.close()


def rig_for(folder: Path, opened: list[Rig | Server], *servers: CotServer, **settings: float) -> Rig:
    rig = Rig(folder, *servers, **settings)
    opened.append(rig)
    return rig


def tcp(name: str, port: int, **more: object) -> CotServer:
    return CotServer(name, f"tcp://127.0.0.1:{port}", **{"units": UNITS, **more})  # type: ignore[arg-type]


def test_a_server_that_hangs_delays_no_other(tmp_path: Path, opened: list[Rig | Server]) -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # accepts, and never reads
    good = Server(pong)
    opened.append(good)
    rig = rig_for(tmp_path, opened, tcp("hung", silent.getsockname()[1]), tcp("tak", good.port))
    rig.wait_until(lambda: rig.feed._servers["hung"].link.connected, "the connection to the silent one")
    for number in range(200):
        body = incident(number, sentence="x" * 2_000)
        rig.feed.send(_delivery(body, "hung"))
        rig.deliver(body)
    assert len({event.uid for event in good.events if event.type == "a-u-G-U"}) == 200
    silent.close()


def _delivery(body: dict[str, Any], server: str, n: int = 1) -> OutboxDelivery:
    row = OutboxRow(n, body["id"], body["revision"], body["priority"], json.dumps(body).encode(), "incident")
    return OutboxDelivery(server, n, row)


def test_a_server_that_never_answers_gets_it_again_on_a_new_connection(
    tmp_path: Path, opened: list[Rig | Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "STALLED_S", 5.0)  # longer than a busy machine holds a thread up
    server = Server()
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))
    rig.wait_until(lambda: server.connections >= 1, "the first connection")
    rig.wait_until(lambda: rig.feed._servers["tak"].link.connected, "it is up")

    def received_and_given_up() -> bool:
        """A slow machine may give a connection up before anything was sent on it."""
        failed = rig.feed.send(_delivery(incident(), "tak")).exception(PATIENT_S)
        assert isinstance(failed, link.NotConnected)
        return "a-u-G-U" in server.types()

    rig.wait_until(received_and_given_up, "the incident, on a connection without an answer")
    times = server.types().count("a-u-G-U")
    server.answer = pong
    rig.deliver(incident())
    assert server.connections >= 2
    assert server.types().count("a-u-G-U") > times


def test_a_link_too_slow_for_a_full_batch_gets_less_at_once_and_loses_nothing(
    tmp_path: Path, opened: list[Rig | Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything at once would take several times as long as a hung server is waited for. Each incident that got
    through stays delivered, so that the rest comes to an end."""
    monkeypatch.setattr(link, "STALLED_S", 1.0)
    monkeypatch.setattr(link, "PROMPT_S", 0.25)
    monkeypatch.setattr(link, "FIRST_DELAY_S", 0.05)
    server = Server(pong)
    opened.append(server)
    with FaultProxy("127.0.0.1", server.port) as proxy:
        proxy.set(radio=BadRadio(bits_per_s=40_000.0, retransmit_s=0.05, longest_s=0.4))
        rig = rig_for(tmp_path, opened, tcp("tak", proxy.port, tracks=False, shapes=False))
        outbox = PlainOutbox(SLOW_MOST)
        outbox.published = SLOW_MOST
        ledger = DeliveryLedger(tmp_path / "feeds.db")
        dispatcher = Dispatcher(
            outbox, ledger, [rig.feed], now_ns=time.time_ns, monotonic_s=time.monotonic, release=Unmarked(),
            policy=RetryPolicy(acknowledged_within_s=600.0, retry_s=0.02, longest_retry_s=0.1),
        )  # fmt: skip
        dispatcher.pump()
        rig.wait_until(lambda: dispatcher.pump() == 0 and dispatcher.waiting == 0, "everything is delivered")
        carried = proxy.carried("up")
    uids = [event.uid for event in server.events if event.type == "a-u-G-U"]
    assert set(uids) == {f"watchline.cumberland.I{number:016x}" for number in range(1, SLOW_MOST + 1)}
    assert carried.lost > 0
    assert carried.air_bytes * 8 / 40_000.0 > 2 * link.STALLED_S, "the link was too slow for it"
    ledger.close()


def test_a_server_that_is_killed_again_and_again_loses_no_incident(
    tmp_path: Path, opened: list[Rig | Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every incident arrives, under one uid and with one chat line each, whatever was under way at a kill."""
    monkeypatch.setattr(link, "FIRST_DELAY_S", 0.05)
    monkeypatch.setattr(link, "LONGEST_DELAY_S", 0.05)
    server = Server(pong)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port, tracks=False, shapes=False))
    ledger = DeliveryLedger(tmp_path / "feeds.db")
    outbox = PlainOutbox(MOST)
    dispatcher = Dispatcher(
        outbox, ledger, [rig.feed], now_ns=time.time_ns, monotonic_s=time.monotonic, release=Unmarked(),
        policy=RetryPolicy(retry_s=0.02, longest_retry_s=0.1),
    )  # fmt: skip
    kills, deadline = 0, time.monotonic() + PATIENT_S
    while outbox.published < MOST or dispatcher.waiting:
        assert time.monotonic() < deadline, (outbox.published, dispatcher.waiting)
        most = (kills + 1) * MOST // (KILLS + 1)  # so that after each kill there is more to come, whoever is slow
        outbox.published = min(outbox.published + 5, most)
        dispatcher.pump()
        if kills < KILLS and len(server.events) > (kills + 1) * 20:
            kills += 1
            server.kill()
    assert kills == KILLS
    assert {event.uid for event in server.events if event.type == "a-u-G-U"} == {
        f"watchline.cumberland.I{number:016x}" for number in range(1, MOST + 1)
    }
    lines = {event.uid for event in server.events if event.type == "b-t-f"}
    assert len(lines) == MOST
    assert ledger.number_of(key_of("cot", "tak")) == MOST
    ledger.close()


class Unmarked:
    """No record has a marking."""

    def may_receive(self, unit: str, row: OutboxRow) -> bool:
        return True

    def as_received(self, unit: str, row: OutboxRow) -> OutboxRow:
        return row


class PlainOutbox:
    """An outbox of incidents, of which the first ``published`` are there."""

    def __init__(self, most: int) -> None:
        bodies = [incident(number) for number in range(1, most + 1)]
        self.rows = [_delivery(body, "tak", n).row for n, body in enumerate(bodies, start=1)]
        self.published = 0

    def outbox_after(self, n: int, *, limit: int, kind: str | None = "alert") -> list[OutboxRow]:
        return self.rows[n : min(n + limit, self.published)]

    def outbox_rows(self, numbers: Collection[int]) -> list[OutboxRow]:
        return [self.rows[n - 1] for n in sorted(numbers) if n <= self.published]

    def open_rows(self) -> list[OutboxRow]:
        return []

    def first_undelivered(self) -> int | None:
        return 1

    def last_event(self) -> int:
        return self.published

    def event(self, n: int) -> tuple[str, int] | None:
        return (self.rows[n - 1].alert, self.rows[n - 1].revision) if 0 < n <= self.published else None

    def is_computed_again(self) -> bool:
        return False


def test_a_link_ends_whenever_it_is_cancelled() -> None:
    """After each number of steps: also in that in which an attempt fails, or it would go on for good."""
    port = ReservedPort()

    async def ignored(_: bytes, __: object) -> None: ...

    async def every_number() -> None:
        for steps in range(60):
            one = link.CotLink(
                tcp("tak", port.number), CotSender("watchline.x", "W"), asyncio.get_running_loop(), received=ignored,
                connected=lambda: None, wall_now=lambda: NOW, random=Random(1),
            )  # fmt: skip
            running = asyncio.create_task(one.run())
            for _ in range(steps):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.wait({running}, timeout=PATIENT_S)
            assert running.cancelled(), steps

    asyncio.run(every_number())
    port.release()


def test_without_answers_to_pings_what_the_network_took_is_delivered(
    tmp_path: Path, opened: list[Rig | Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PING_EVERY_S", 3600.0)  # the pulse of a quiet connection, which asks for no answer
    server = Server()
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port, answers_pings=False))
    rig.deliver(incident())  # waits until the row counts as delivered
    rig.wait_until(lambda: "a-u-G-U" in server.types(), "the marker")
    assert "t-x-c-t" not in server.types(), "such a server is not asked"


def test_protobuf_is_spoken_once_a_server_offers_it(tmp_path: Path, opened: list[Rig | Server]) -> None:
    offer = encode.protocol_request("neg-1", EventTimes(NOW, NOW)).xml()
    offer = offer.replace(b"t-x-takp-q", b"t-x-takp-v").replace(b"TakRequest", b"TakProtocolSupport")
    accept = offer.replace(b"t-x-takp-v", b"t-x-takp-r").replace(
        b'<TakProtocolSupport version="1" />', b'<TakResponse status="true" />'
    )
    assert b"TakResponse" in accept

    def answer(event: CotEvent) -> bytes | None:
        return accept if event.type == "t-x-takp-q" else pong(event)

    server = Server(answer, greeting=offer)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))
    rig.wait_until(lambda: "t-x-takp-q" in server.types(), "the request")
    rig.deliver(incident())
    forms = {event.type: raw[:1] for raw, event in zip(server.raw, server.events, strict=False)}
    assert (forms["t-x-takp-q"], forms["a-u-G-U"]) == (b"<", b"\xbf")
    independent = parse_proto(bytearray(next(raw for raw in server.raw if b"Bravo 17" in raw and raw[:1] == b"\xbf")))
    assert independent.cotEvent.detail.contact.callsign == "Bravo 17"
    server.send(device().protobuf())
    server.send(chat("ack bravo 17").protobuf())
    assert rig.units.wait_for(lambda units: [one for one in units.sent if isinstance(one, Position)], "position")
    assert rig.units.wait_for(lambda units: [one for one in units.sent if isinstance(one, Reply)], "reply")


def test_protobuf_is_spoken_also_if_a_server_accepts_it_late(
    tmp_path: Path, opened: list[Rig | Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From then on it reads nothing else."""
    monkeypatch.setattr(link, "NEGOTIATED_S", 0.0)
    offer = encode.protocol_request("neg-1", EventTimes(NOW, NOW)).xml()
    accept = offer.replace(b"t-x-takp-q", b"t-x-takp-r").replace(
        b'<TakRequest version="1" />', b'<TakResponse status="true" />'
    )
    assert b"TakResponse" in accept
    offer = offer.replace(b"t-x-takp-q", b"t-x-takp-v").replace(b"TakRequest", b"TakProtocolSupport")
    server = Server(pong, greeting=offer)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))
    rig.wait_until(lambda: "t-x-takp-q" in server.types(), "the request")
    rig.deliver(incident(17))
    server.send(accept)
    server.send(device().xml())  # read after it
    rig.units.wait_for(lambda units: units.sent, "position")
    rig.deliver(incident(18))
    assert {raw[:1] for raw in server.raw if b"Bravo 17" in raw} == {b"<"}
    assert {raw[:1] for raw in server.raw if b"Bravo 18" in raw} == {b"\xbf"}


def test_a_server_that_was_restarted_gets_the_shapes_again(tmp_path: Path, opened: list[Rig | Server]) -> None:
    server = Server(pong)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))

    def borders() -> int:
        return [event.uid for event in list(server.events)].count("watchline.cumberland.border")

    rig.wait_until(borders, "the border")
    drawn = borders()
    server.kill()
    rig.wait_until(lambda: borders() > drawn, "the border on the new connection")
    assert server.connections >= 2


class Impatient:
    """A pace whose patience is at its end; it counts how often that is looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self.looked_twice = asyncio.Event()

    @property
    def patience_s(self) -> float:
        self.looks += 1
        if self.looks == 2:
            self.looked_twice.set()
        return -1.0

    def stalled(self) -> None: ...


def test_a_server_is_not_given_up_while_an_event_of_it_is_stored() -> None:
    """Meanwhile its answer cannot be read; what it sent besides would be lost."""

    async def steps() -> None:
        begun, stored = asyncio.Event(), asyncio.Event()

        async def received(_: bytes, __: object) -> None:
            begun.set()
            await stored.wait()

        one = link.CotLink(
            tcp("tak", 9), CotSender("watchline.x", "W"), asyncio.get_running_loop(), received=received,
            connected=lambda: None, wall_now=lambda: NOW, random=Random(1),
        )  # fmt: skip
        pace = Impatient()
        one._pace = pace  # type: ignore[assignment]
        one._pings.append((time.monotonic(), []))
        taking = asyncio.create_task(one._take(device().xml(), None))
        await begun.wait()
        pulse = asyncio.create_task(one._pulse(None))  # type: ignore[arg-type]
        looked = asyncio.create_task(pace.looked_twice.wait())
        await asyncio.wait({pulse, looked}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENT_S)
        assert looked.done()
        assert not pulse.done()
        stored.set()
        await taking
        with pytest.raises(link.NotConnected):
            await asyncio.wait_for(pulse, PATIENT_S)

    asyncio.run(steps())


@pytest.mark.parametrize("known", [True, False], ids=["client of the authority", "client of another"])
def test_tls_with_client_certificates(tmp_path: Path, opened: list[Rig | Server], known: bool) -> None:
    files = certificates(tmp_path / "ca")
    stranger = certificates(tmp_path / "other")
    taky = Taky(tmp_path / "taky", (files["authority"], files["server"], files["server-key"])).start()
    own = files if known else stranger
    server = CotServer(
        "tak", f"tls://127.0.0.1:{taky.port}", authority=str(files["authority"]),
        certificate=str(own["client"]), key=str(own["client-key"]), server_name="localhost", units=UNITS,
    )  # fmt: skip
    rig = rig_for(tmp_path, opened, server)
    if known:
        observer = Observer(
            f"tls://127.0.0.1:{taky.port}", PYTAK_TLS_CLIENT_CERT=str(files["client"]),
            PYTAK_TLS_CLIENT_KEY=str(files["client-key"]), PYTAK_TLS_CLIENT_CAFILE=str(files["authority"]),
            PYTAK_TLS_DONT_CHECK_HOSTNAME="1",
        )  # fmt: skip
        rig.deliver(incident())
        observer.wait_for(lambda event: event.get("type") == "a-u-G-U", "the marker over TLS")
        observer.close()
    else:
        rig.wait_until(lambda: "not connected yet" not in str(rig.feed.problem), "a refusal")
        assert isinstance(rig.feed.send(_delivery(incident(), "tak")).exception(PATIENT_S), link.NotConnected)
    taky.close()


def certificates(folder: Path) -> dict[str, Path]:
    """An authority, a server's and a client's certificate as PEM files."""
    authority = Authority(folder, name="tak")
    pairs = {"server": authority.server(["localhost", "127.0.0.1"], 30), "client": authority.client("watchline", 30)}
    content = {"authority": authority.certificate_pem}
    content |= {name: pair.certificate for name, pair in pairs.items()}
    content |= {f"{name}-key": pair.key for name, pair in pairs.items()}
    for name, pem in content.items():
        (folder / f"{name}.pem").write_bytes(pem)
    return {name: folder / f"{name}.pem" for name in content}


def test_a_multicast_group_gets_events_and_sends_them(tmp_path: Path, opened: list[Rig | Server]) -> None:
    port = ReservedPort()
    group = CotServer("mesh", f"udp://239.2.3.1:{port.number}", interface="127.0.0.1", units=UNITS)
    with link._multicast_socket(group, listening=True) as client, link._multicast_socket(group) as sender:
        client.setblocking(True)
        client.settimeout(PATIENT_S)
        rig = rig_for(tmp_path, opened, group)
        rig.wait_until(lambda: rig.feed.problem is None, "the group is joined")
        rig.deliver(incident(), server="mesh")
        while (datagram := client.recv(65_536)) and b"Bravo 17" not in datagram:
            pass
        assert datagram[:3] == b"\xbf\x01\xbf"
        event = parse_proto(bytearray(datagram)).cotEvent
        assert (event.type, event.detail.contact.callsign) in {("a-u-G-U", "Bravo 17"), ("b-t-f", "")}
        sender.send(device().protobuf(mesh=True))
        sender.send(device("ANDROID-2").xml())
        rig.units.wait_for(lambda units: {one.unit for one in units.sent} == {"patrol-1", "patrol-2"}, "positions")
    port.release()


def test_an_event_that_the_network_of_a_group_refuses_is_sent_again(
    tmp_path: Path, opened: list[Rig | Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As without a route to the group: who waits for the event hears that it has not gone."""
    port, refused = ReservedPort(), [OSError(101, "Network is unreachable")]
    group = CotServer("mesh", f"udp://239.2.3.2:{port.number}", interface="127.0.0.1", units=UNITS)
    rig = rig_for(tmp_path, opened, group)
    rig.wait_until(lambda: rig.feed.problem is None, "the group is joined")
    one = rig.feed._servers["mesh"].link
    send = one._loop.sock_sendall

    async def unreachable(end: Any, datagram: bytes) -> None:
        if b"once" in datagram and refused:
            raise refused.pop()
        await send(end, datagram)

    monkeypatch.setattr(one._loop, "sock_sendall", unreachable)
    with pytest.raises(link.NotConnected, match="the connection ended"):
        one.send([chat("once")]).result(PATIENT_S)
    rig.wait_until(lambda: one.connected, "the group is joined again")
    assert one.send([chat("once")]).result(PATIENT_S) is None
    port.release()


def test_what_is_hostile_is_refused_counted_and_ends_nothing(tmp_path: Path, opened: list[Rig | Server]) -> None:
    server = Server(pong)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))
    rig.deliver(incident(17, unit="patrol-2", state="assigned"))
    now = datetime.now(UTC)
    entity = device().xml().replace(b"<event", b"<!DOCTYPE event [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><event")
    deep = device().xml().replace(b"<detail>", b"<detail>" + b"<a>" * 40 + b"</a>" * 40)
    for message in (
        entity,
        deep,
        b"\xbf\x05hello",
        b"<?xml version='1.0'?><event>" + b"x" * 200_000 + b"</event>",
        device(at=now + timedelta(hours=1)).xml(),  # a skewed clock
        device(at=now - timedelta(hours=1), stale=now - timedelta(minutes=50)).xml(),  # long over
        chat("ACK Bravo 17", "STRANGER", number=1).xml(),
        chat("on scene Bravo 17", number=2).xml(),  # another unit's
        chat("ACK Bravo 99", number=3).xml(),
        chat("nuisance Bravo 17", number=4).xml(),
        chat("ACK Bravo 17", number=5, link="ANDROID-2").xml(),  # two senders in one line
        emergency("STRANGER").xml(),
    ):
        server.send(message)
    server.send(device("ANDROID-2", at=now).xml())
    rig.units.wait_for(lambda units: units.sent, "the good one after all of them")
    assert [(one.unit, type(one)) for one in rig.units.sent] == [("patrol-2", Position)]
    assert rig.memory.counts("tak") == {
        "not_xml": 1, "too_large": 2, "not_protobuf": 1, "future": 1, "expired": 1, "not_registered": 2,
        "unknown_value": 3, "unit_mismatch": 1,
    }  # fmt: skip
    assert len(rig.memory.refused()) == 12

    def told() -> set[str]:
        return {one.remarks() for one in list(server.events) if one.type == "b-t-f" and one.uid.count("ANDROID-1")}

    expected = {
        "Not recorded: Bravo 17 is assigned to patrol-2.",
        "Not recorded: there is no open incident Bravo 99.",
    }
    rig.wait_until(lambda: expected <= told(), "the unit is told")


def test_a_marking_holds_for_servers_and_for_units(tmp_path: Path, opened: list[Rig | Server]) -> None:
    server = Server(pong)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))
    rig.store.marked = {incident(18)["id"]}
    rig.deliver(incident(17))
    rig.store.bodies[incident(18)["id"]] = incident(18)
    server.send(chat("ack bravo 18", number=1).xml())
    server.send(chat("ack bravo 17", number=2).xml())
    reply = rig.units.wait_for(lambda units: units.sent, "the permitted answer")[0]
    assert reply.incident == incident(17)["id"]
    assert not any("Bravo 18" in event.find("contact", "callsign") for event in server.events)
    rig.store.may = {"tak"}  # the server may know it, the unit may not
    server.send(chat("ack bravo 18", number=3).xml())
    rig.wait_until(lambda: rig.memory.counts("tak")["unknown_value"] == 2, "refused twice")


def test_an_incident_that_is_marked_later_is_removed(tmp_path: Path, opened: list[Rig | Server]) -> None:
    server = Server(pong)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))
    rig.looked_after()
    rig.deliver(incident(17))
    rig.store.marked = {incident(17)["id"]}
    rig.feed._servers["tak"].refresh_s = 0.0
    rig.wait_until(lambda: encode.DELETED in server.types(), "the removal")
    rig.wait_until(lambda: rig.memory.shown("tak") == [], "it is forgotten")
    assert server.types().count(encode.DELETED) == 1


def test_the_same_row_twice_says_its_line_once(tmp_path: Path, opened: list[Rig | Server]) -> None:
    server = Server(pong)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))
    rig.looked_after()
    for revision in (0, 0, 1, 0):
        rig.deliver(incident(17, revision=revision))
    rig.wait_until(lambda: rig.memory.revision("tak", incident(17)["id"]) == 1, "the last revision")
    lines = [event for event in server.events if event.type == "b-t-f"]
    assert len(lines) == 1
    assert server.types().count("a-u-G-U") == 3  # the earlier revision after a later one is left out


def test_goods_that_are_released_after_the_closing_have_a_line_of_their_own_once(
    tmp_path: Path, opened: list[Rig | Server]
) -> None:
    server = Server(pong)
    opened.append(server)
    rig = rig_for(tmp_path, opened, tcp("tak", server.port))
    closed: dict[str, object] = {"state": "closed", "disposition": "apprehended"}
    rig.deliver(incident(17))
    rig.deliver(incident(17, revision=1, **closed))
    assert not [message for message in server.raw if b"Found:" in message]
    for revision in (2, 3):
        rig.deliver(incident(17, revision=revision, **closed, tracing={"goods": "arms", "released": True}))
    found = [message for message in list(server.raw) if b"Apprehended. Found: arms or ammunition." in message]
    assert len(found) == 1
    assert len([event for event in list(server.events) if event.type == "b-t-f"]) == 3, "opened, closed, found"


def test_an_unknown_authority_is_not_trusted(tmp_path: Path, opened: list[Rig | Server]) -> None:
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
    context = link._tls_context(CotServer("tak", "tls://127.0.0.1:1"))
    assert context is not None
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_a_frame_error_is_an_error_of_its_kind() -> None:
    sender = CotSender("watchline.x", "W")
    found = list(CotFrames().feed(b"x" + encode.ping(sender, EventTimes(NOW, NOW)).xml()))
    assert isinstance(found[0], MalformedMessage)
    assert isinstance(found[1], bytes)
