"""Partitions: holes both ways and one way, resets, half-open sockets, slow readers. Nothing is lost, order is kept.

A proxy stands between a party and the broker: before the sender, before ingest, or before both.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from ops.journal.reader import JournalReader
from tests.drills.fault_proxy import BOTH, FaultProxy
from tests.drills.rig import Ingest, Link, check_laws, through, wait_until
from tests.drills.sizes import SIZES
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
Broker = EmbeddedBroker | MosquittoBroker


@pytest.fixture(params=[EmbeddedBroker, MosquittoBroker])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with request.param(folder=tmp_path / "broker") as started:
        yield started


def in_order(journal: Path) -> bool:
    """Whether each sensor's messages were journaled in the order of their numbers."""
    with JournalReader(journal) as reader:
        keys = [(row.sensor, row.boot, row.seq) for row in reader.read(limit=10**7) if row.kind == "detections"]
    return all([key for key in keys if key[0] == name] == sorted(key for key in keys if key[0] == name) for name in
               {key[0] for key in keys})  # fmt: skip


@pytest.mark.parametrize("before", ["sender", "ingest"])
def test_bad_links_lose_nothing(broker: Broker, tmp_path: Path, before: str) -> None:
    """Every fault after the other on one link, messages put all the while; at the end both laws are exact."""
    chance = random.Random(before)
    with FaultProxy(broker.url.host, broker.url.port) as proxy:
        door = through(broker.url, proxy.port)
        ingest = Ingest(tmp_path, door if before == "ingest" else broker.url).ready()
        links = [Link(tmp_path, name, door if before == "sender" else broker.url) for name in ("a", "b")]
        wait_until(lambda: proxy.connections >= (2 if before == "sender" else 1))
        faults = [
            lambda: proxy.set(delay_s=0.05),
            lambda: proxy.set(slice_bytes=3),
            proxy.reset,
            lambda: proxy.set(bytes_per_s=20_000.0),
            lambda: proxy.set(dropped=frozenset(("up",))),
            lambda: proxy.set(dropped=frozenset(("down",))),
            lambda: proxy.set(held=BOTH),
            proxy.half_open,
        ]
        for fault in faults:
            for link in links:
                link.put(chance.randrange(20, 60), plots=2)
            connections = proxy.connections
            fault()
            if fault == proxy.reset:
                wait_until(lambda: proxy.connections > connections)  # noqa: B023 - called within this round
            for link in links:
                link.put(chance.randrange(20, 60), plots=2)
            time.sleep(chance.uniform(0.2, 0.7))
            proxy.heal()
        for link in links:
            assert link.sender.drain(PATIENT_S), (link.sender.problem, ingest.messages)
            link.close()
        assert proxy.connections >= 3, "resets, holes and half-open sockets made somebody connect anew"
        ingest.stop(timeout_s=PATIENT_S)
    check_laws(ingest.journal, {link.sensor: link.spool.put_total for link in links})


def test_a_black_hole_before_everybody_only_delays(tmp_path: Path) -> None:
    """Nobody is told; both ends find out by themselves, say so, and go on when the hole closes."""
    with MosquittoBroker(folder=tmp_path / "b") as broker, FaultProxy(broker.url.host, broker.url.port) as proxy:
        door = through(broker.url, proxy.port)
        ingest = Ingest(tmp_path, door).ready()
        link = Link(tmp_path, "a", door)
        link.put(200)
        assert link.sender.drain(PATIENT_S)
        proxy.set(dropped=BOTH)
        began, told = time.monotonic(), False
        while time.monotonic() - began < SIZES.hole_s or not told:
            link.put(20)
            time.sleep(0.2)
            told = link.sender.problem is not None and ingest.last("problem") is not None
            assert time.monotonic() - began < SIZES.hole_s + PATIENT_S, (link.sender.problem, ingest.messages)
        assert link.spool.waiting > 0
        proxy.heal()
        assert link.sender.drain(PATIENT_S), (link.sender.problem, ingest.messages)
        link.close()
        ingest.stop(timeout_s=PATIENT_S)
    check_laws(ingest.journal, {"a": link.spool.put_total})
    assert in_order(ingest.journal)


def test_a_subscriber_that_reads_slowly_does_not_hold_up_ingest(tmp_path: Path) -> None:
    """Another client of the same broker reads 2 kB/s of everything; ingest and the sender do not feel it."""
    from ingest.mqtt.subscriber import Subscriber

    with MosquittoBroker(folder=tmp_path / "b") as broker, FaultProxy(broker.url.host, broker.url.port) as proxy:
        ingest = Ingest(tmp_path, broker.url).ready()
        slow = Subscriber(
            through(broker.url, proxy.port), client_id="slow", filters=["watchline/1/#"], now_ns=time.time_ns
        )
        slow.start(timeout_s=PATIENT_S)
        proxy.set(bytes_per_s=2000.0)
        link = Link(tmp_path, "a", broker.url)
        for _ in range(10):
            link.put(50, plots=50)
        assert link.sender.drain(PATIENT_S), link.sender.problem
        assert len(slow.collect(wait_s=0.0)) < 500
        proxy.heal()
        slow.stop()
        link.close()
        ingest.stop(timeout_s=PATIENT_S)
    check_laws(ingest.journal, {"a": link.spool.put_total})
