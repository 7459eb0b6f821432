"""Packages over MQTT arrive in the order of their numbers, each once, whatever is lost, repeated or overtaken."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.envelope import Delivery
from ops.exchange.bridge.publisher import MEDIA_TYPE, OutgoingPackage, PackagesTo, statement
from ops.exchange.bridge.taker import PackagesFrom
from ops.exchange.bridge.topics import newest_topic, package_topic
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.make import withdraw
from ops.exchange.received import ReceivedStore
from ops.exchange.sent import SentStore
from sensors.timestamps import nanoseconds
from tests.ops.exchange.partners import KEYS, LAYERS, NOW, agreements, incidents, package, receiver, sender

ONLY = {"layers": {"incidents": LAYERS["incidents"]}}
STEP = timedelta(seconds=7)
AGAIN_NS = 20 * 10**9


def to_south(data: Path, **more: Any) -> PackagesTo:
    (south,) = [one for one in agreements("north").partners if one.name == "south"]
    return PackagesTo("north", south, data, KEYS["north"], AGAIN_NS, **more)


def from_north(data: Path) -> PackagesFrom:
    south = receiver(data, **ONLY)
    (north,) = [one for one in south.agreements.partners if one.name == "north"]
    return PackagesFrom(north, south)


def stated(number: int, at: datetime, *, own: str = "south", key: str = "south", origin: str = "north") -> Delivery:
    topic, content, properties = statement(own, origin, number, nanoseconds(at), KEYS[key])
    return Delivery(topic, content, "", tuple(properties), nanoseconds(at))


def message_of(one: OutgoingPackage) -> Delivery:
    return Delivery(one.topic, one.content, MEDIA_TYPE, tuple(one.properties), 0)


def next_of(line: PackagesTo, at: datetime = NOW) -> OutgoingPackage | None:
    store = SentStore(line.data)
    try:
        return line.next_package(store, nanoseconds(at), ["buffer"])
    finally:
        store.close()


def rows(data: Path) -> list[tuple[int, str, str]]:
    """Number, hash and state of the packages of the north, in the order of their import."""
    store = ReceivedStore(data)
    try:
        found = sorted(store.packages("north"), key=lambda one: one.received_ns)
        return [(one.number, one.sha256, one.state) for one in found]
    finally:
        store.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outbox of the north: 1, 2 (withdrawn by 3), 3 the notice, 4."""
    data = tmp_path_factory.mktemp("made") / "north"
    for _ in range(2):
        package(data)
    withdraw(sender(data, **ONLY), packages=[2], records=[], reason="error")
    package(data)
    return data


@dataclass
class Network:
    """What is on its way to either side; the time passes with each step."""

    line: PackagesTo
    source: PackagesFrom
    to_south: list[Delivery] = field(default_factory=list)
    to_north: list[Delivery] = field(default_factory=list)
    now: datetime = NOW

    def state(self) -> None:
        self.to_north.append(stated(self.source.newest(self.now), self.now))

    def publish(self) -> None:
        if (package := next_of(self.line, self.now)) is not None:
            self.line.note_published(package, nanoseconds(self.now))
            self.to_south.append(message_of(package))

    def deliver(self, at: int = 0, *, keep: bool = False) -> None:
        """Deliver the message ``at`` of each queue; ``keep``: it is delivered again later."""
        for queue, into in ((self.to_south, self.take), (self.to_north, self.hear)):
            if queue:
                message = queue[at % len(queue)] if keep else queue.pop(at % len(queue))
                into(message)

    def take(self, message: Delivery) -> None:
        assert self.source.signed(message)
        self.source.take(message, self.now)

    def hear(self, message: Delivery) -> None:
        self.line.hear(message, nanoseconds(self.now))

    def do(self, step: str, at: int) -> None:
        self.now += STEP
        match step:
            case "state":
                self.state()
            case "publish":
                self.publish()
            case "lose":
                self.to_south.clear()
                self.to_north.clear()
            case _:
                self.deliver(at, keep=step == "again")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["state", "publish", "publish", "deliver", "deliver", "again", "lose"]), st.integers(0, 3)
    ),
    max_size=25,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_every_package_is_stored_once_in_order(made: Path, steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(made, folder / "north")
        network = Network(to_south(folder / "north"), from_north(folder / "south"))
        for step, at in steps:
            network.do(step, at)
            numbers = [number for number, _, _ in rows(folder / "south")]
            assert numbers == [1, 3, 4][: len(numbers)], "2 was withdrawn before it left"
        for _ in range(12):  # the network works now; a lost message is noticed after AGAIN_NS
            for step in ("state", "deliver", "publish", "deliver"):
                network.do(step, 0)
        assert [number for number, _, _ in rows(folder / "south")] == [1, 3, 4]


def test_nothing_leaves_before_the_partner_states_what_it_has(made: Path) -> None:
    line = to_south(made)
    assert next_of(line) is None
    assert line.hear(stated(0, NOW), nanoseconds(NOW))
    first = next_of(line)
    assert first is not None
    assert first.number == 1


@pytest.mark.parametrize(
    ("message", "at"),
    [
        (stated(0, NOW, key="east"), NOW),
        (stated(0, NOW, own="east"), NOW),
        (stated(0, NOW, origin="east"), NOW),
        (stated(0, NOW), NOW + timedelta(seconds=301)),
        (stated(0, NOW), NOW - timedelta(seconds=301)),
        (replace(stated(0, NOW), payload=b"1"), NOW),
        (replace(stated(0, NOW), payload=b"-1"), NOW),
        (replace(stated(0, NOW), payload="٣".encode()), NOW),
        (replace(stated(0, NOW), payload=b"9" * 400), NOW),
        (replace(stated(0, NOW), user_properties=()), NOW),
        (replace(stated(0, NOW), user_properties=(("sent", "x"), ("sig", "x"))), NOW),
    ],
)
def test_a_statement_that_the_partner_did_not_sign_just_now_moves_nothing(
    made: Path, message: Delivery, at: datetime
) -> None:
    line = to_south(made)
    assert not line.hear(message, nanoseconds(at))
    assert next_of(line) is None


def test_an_older_statement_does_not_come_after_a_newer(made: Path) -> None:
    line = to_south(made)
    late, new = stated(0, NOW), stated(3, NOW + STEP)
    assert line.hear(new, nanoseconds(NOW + STEP))
    assert not line.hear(late, nanoseconds(NOW + STEP))
    assert not line.hear(new, nanoseconds(NOW + STEP)), "nor the same one twice"
    following = next_of(line)
    assert following is not None
    assert following.number == 4


def test_what_is_on_its_way_is_limited_by_size(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = to_south(made)
    line.hear(stated(0, NOW), nanoseconds(NOW))
    first = next_of(line)
    assert first is not None
    monkeypatch.setattr("ops.exchange.bridge.publisher.MOST_PACKAGE_BYTES", len(first.content) + 10)
    line.note_published(first, nanoseconds(NOW))
    assert next_of(line) is None
    line.hear(stated(1, NOW + STEP), nanoseconds(NOW + STEP))
    assert next_of(line) is not None


def test_a_package_of_another_origin_is_not_taken_and_a_forged_message_is_noticed(made: Path, tmp_path: Path) -> None:
    source, line = from_north(tmp_path / "south"), to_south(made)
    line.hear(stated(0, NOW), nanoseconds(NOW))
    first = next_of(line)
    assert first is not None
    good = message_of(first)
    assert source.signed(good)
    topic = package_topic("north", "south")
    numbers = [("seq", "1"), ("low", "0"), ("sent", "1")]
    other = package(tmp_path / "other", incidents((-84.21, 36.61))).content
    for bad in (
        replace(good, payload=good.payload + b"x"),
        replace(
            good,
            user_properties=tuple(
                ("low", "3") if name == "low" else (name, value) for name, value in good.user_properties
            ),
        ),
        replace(good, user_properties=()),
        Delivery(topic, other, MEDIA_TYPE, tuple(KEYS["east"].sign(topic, MEDIA_TYPE, numbers, other)), 0),
    ):
        assert not source.signed(bad)
    signed = Delivery(
        topic, b"no package", MEDIA_TYPE, tuple(KEYS["north"].sign(topic, MEDIA_TYPE, numbers, b"no package")), 0
    )
    assert source.signed(signed)
    with pytest.raises(PackageRefused, match="not an exchange package"):
        source.take(signed, NOW)
    assert rows(tmp_path / "south") == []
    assert newest_topic("north", "south") != topic
