"""Two Mosquittos with a bridge, as ``broker exchange`` writes them: packages cross it once, in order, despite kills."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.errors import BrokerError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import Connection, ConnectionSettings
from ingest.security.key_bundle import open_bundle
from ingest.security.key_register import TlsFiles
from ops.broker.probe import REFUSED, Probe
from ops.exchange.agreements import Agreements
from ops.exchange.bridge.broker_files import EXCHANGE, ExchangeBrokerOptions, write_exchange_broker
from ops.exchange.bridge.live import ExchangeEvents, LiveExchange
from ops.exchange.bridge.publisher import MEDIA_TYPE
from ops.exchange.bridge.topics import package_topic
from ops.exchange.received import ReceivedStore
from ops.exchange.take import PackageReceiver
from ops.releasability.settings import ReleasabilitySettings
from ops.runtime.processes.reserved_port import ReservedPort
from tests.ops.exchange.partners import KEYS, LAYERS, agreement, agreements, package
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
ONLY = {"layers": {"incidents": LAYERS["incidents"]}}


@pytest.fixture(autouse=True)
def patient_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker on a busy machine has as long for its answers as a test waits for anything."""
    monkeypatch.setattr("ops.broker.probe.ANSWER_WITHIN_S", PATIENT_S)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Side:
    """An installation: its data folder, its broker, and its exchange in a thread."""

    def __init__(self, folder: Path, own: str, partner: str, stack: ExitStack, address: str = "") -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            if os.geteuid() == 0:  # `make test` was allowed to install it
                pytest.fail("Mosquitto is not installed")
            pytest.skip("Mosquitto is not installed")
        self.program, self.own, self.folder, self.data = program, own, folder / own, folder / f"data-{own}"
        self.data.mkdir()
        read = agreements(own, agreement(partner, datetime.now(UTC), **ONLY))
        self.agreements = Agreements(
            own,
            tuple(replace(one, broker=address) if one.name == partner else one for one in read.partners),
            read.agreements,
            read.path,
        )
        reserved = ReservedPort()
        stack.callback(reserved.release)
        self.port = reserved.number
        user = "root" if os.geteuid() == 0 else None
        self.options = ExchangeBrokerOptions(("127.0.0.1",), "127.0.0.1", self.port, user=user)
        self.write()
        self.process: subprocess.Popen[bytes] | None = None
        self.refused: list[str] = []
        self._exchange: LiveExchange | None = None
        stack.callback(self.kill)

    def write(self) -> None:
        write_exchange_broker(self.folder, self.agreements, self.options)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-c", "mosquitto.conf"], cwd=self.folder / "broker", stdout=log, stderr=log
            )
        until(lambda: self.answers() or self.process is None or self.process.poll() is not None)
        assert self.process.poll() is None, (self.folder / "log").read_text()

    def answers(self) -> bool:
        """Whether the broker lets a partner in."""
        try:
            Probe("127.0.0.1", self.port, "x", tls=self.tls("partner-east")).connect().close()
        except BrokerError:
            return False
        return True

    def tls(self, name: str) -> TlsFiles | None:
        return open_bundle(self.folder / "identities" / name).tls

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def exchange(self, stack: ExitStack) -> None:
        """Run the exchange in a thread until the stack ends."""
        events = ExchangeEvents(
            published=lambda *_: None,
            imported=lambda *_: None,
            refused=lambda partner, refusal: self.refused.append(f"{partner}: {refusal}"),
            unsigned=lambda partner: self.refused.append(f"{partner}: unsigned"),
            problem=lambda _: None,
        )
        receiver = PackageReceiver(self.data, self.agreements, ReleasabilitySettings())
        url = BrokerUrl("127.0.0.1", self.port, tls=True)
        live = LiveExchange(
            receiver, KEYS[self.own], url, self.tls(EXCHANGE), events, state_every_ns=10**9, again_ns=2 * 10**9
        )
        thread = threading.Thread(target=live.run, name=f"exchange of {self.own}")
        thread.start()
        stack.callback(thread.join)
        stack.callback(live.stop)

    def received(self, origin: str) -> list[tuple[int, str, int]]:
        """Number, hash and records of the packages of an origin, in the order of their import."""
        store = ReceivedStore(self.data)
        try:
            found = sorted(store.packages(origin), key=lambda one: one.received_ns)
            return [
                (one.number, one.sha256, len(list(store.records(origin, one.number, "incidents")))) for one in found
            ]
        finally:
            store.close()


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[tuple[Side, Side, ExitStack]]:
    """The north, to whose broker that of the south opens a bridge."""
    with ExitStack() as stack:
        north = Side(tmp_path, "north", "south", stack)
        south = Side(tmp_path, "south", "north", stack, address=f"127.0.0.1:{north.port}")
        shutil.copytree(north.folder / "identities" / "partner-south", south.folder / "bridges" / "north")
        south.write()
        north.start()
        south.start()
        yield north, south, stack


def test_packages_cross_the_bridge_once_in_order_while_brokers_are_killed(sides: tuple[Side, Side, ExitStack]) -> None:
    north, south, stack = sides
    now = datetime.now(UTC)
    north.exchange(stack)
    south.exchange(stack)
    made: list[tuple[int, str, int]] = []

    def make(count: int) -> None:
        for _ in range(count):
            one = package(north.data, now=now)
            made.append((one.manifest.number, one.sha256, 2))

    make(3)
    until(lambda: south.received("north") == made)
    for side in (north, south):  # all that the broker held in memory is lost
        side.kill()
        make(2)
        side.start()
        until(lambda: south.received("north") == made)
    make(3)
    south.kill()  # at once, whatever has passed by now
    south.start()
    back = package(south.data, own="south", partner="north", now=now)
    until(lambda: south.received("north") == made and len(north.received("south")) == 1)
    assert north.received("south") == [(1, back.sha256, 2)]
    assert south.refused == north.refused == []


def test_a_partner_can_neither_publish_nor_read_what_is_not_its_own(sides: tuple[Side, Side, ExitStack]) -> None:
    north, _, _ = sides
    names = ("north", "south", "east")
    topics = [f"exchange/1/{one}/{two}/{what}" for one in names for two in names for what in ("package", "newest")]
    topics += ["watchline/1/x/sensor/r1/detections", "$SYS/broker/version", "exchange/1/north"]
    may_write = {"exchange/1/east/north/package", "exchange/1/north/east/newest"}
    may_read = {"exchange/1/north/east/package", "exchange/1/east/north/newest"}
    wrote = set()
    for topic in topics:  # Mosquitto 2.0 closes the connection on a forbidden publication
        east = Probe("127.0.0.1", north.port, "partner-east", tls=north.tls("partner-east")).connect()
        if east.publish(topic, b"x") < REFUSED:
            wrote.add(topic)
        east.close()
    assert wrote == may_write
    east = Probe("127.0.0.1", north.port, "partner-east", tls=north.tls("partner-east")).connect()
    for pattern in ("#", "exchange/#", "exchange/1/+/+/package", "$share/g/exchange/#", *topics):
        east.subscribe(pattern)
    own = Probe("127.0.0.1", north.port, EXCHANGE, tls=north.tls(EXCHANGE)).connect()
    for topic in ("exchange/1/north/south/package", "exchange/1/south/north/newest", *sorted(may_read)):
        assert own.publish(topic, b"y") < REFUSED
    east.unsubscribe("#")  # its answer comes after all messages sent before it
    assert {topic for topic, payload, _ in east.received if payload == b"y"} == may_read
    assert {topic for topic, _, _ in east.received} <= may_read
    own.close()
    east.close()


def test_a_refused_package_stops_its_origin_and_no_other(sides: tuple[Side, Side, ExitStack]) -> None:
    north, south, stack = sides
    north.exchange(stack)
    south.exchange(stack)
    made = [package(south.data, own="south", partner="north", now=datetime.now(UTC))]
    until(lambda: len(north.received("south")) == 1)  # a message before the subscription would be lost
    settings = ConnectionSettings(tls=north.tls("partner-east"))
    url = BrokerUrl("127.0.0.1", north.port, tls=True)
    east = Connection(url, "partner-east", now_ns=time.time_ns, settings=settings)
    east.start()
    stack.callback(east.stop)
    east.wait_until_ready(PATIENT_S)
    topic, body = package_topic("east", "north"), b"no package"
    signed = KEYS["east"].sign(topic, MEDIA_TYPE, [("seq", "1"), ("low", "0"), ("sent", "1")], body)
    for properties in (signed[:-1], signed, signed):
        assert east.publish(topic, body, content_type=MEDIA_TYPE, user_properties=properties)
    until(lambda: len(set(north.refused)) == 2)  # a message may arrive twice
    made.append(package(south.data, own="south", partner="north", now=datetime.now(UTC)))
    until(lambda: north.received("south") == [(number, one.sha256, 2) for number, one in enumerate(made, 1)])
    unsigned, refused = dict.fromkeys(north.refused)
    assert unsigned == "east: unsigned"
    assert refused.startswith("east: package: is not an exchange package")
    assert north.received("east") == []
