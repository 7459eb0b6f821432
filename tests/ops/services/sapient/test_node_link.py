"""The SAPIENT gateway's parts: stamps, addresses, memory, and what becomes of a report at its post."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.frame import LocalFrame
from ingest.errors import SpoolError, SpoolFull
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity
from ingest.sending import sender as sending
from ingest.standards.gateway_refusal import unwrapped
from ingest.standards.sapient.decode import read, status
from ingest.standards.sapient.node import Node
from ingest.standards.sapient.outgoing import ulid, ulid_of
from ingest.standards.sapient.validation import is_ulid
from ingest.wire import MAX_MEDIA, MAX_PAYLOAD_BYTES, WireMedia, WirePlot
from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.sapient import disk_thread as sapient_disk
from ops.services.sapient import gateway as sapient_gateway
from ops.services.sapient.connection import (
    CALL_S,
    LEAST_GAP_NS,
    LONGEST_DELAY_S,
    Address,
    AddressFault,
    ClockWentBack,
    Stamps,
    dial,
)
from ops.services.sapient.database import KEPT_SCANS, DetectionReport, MemoryFault, NodeTask, SapientMemory
from ops.services.sapient.fault_limit import ANSWERED_A_S, CUT_OFF_AFTER, MUTED_S, FaultLimit
from ops.services.sapient.gateway import MOST_STRANGERS, Gateway
from ops.services.sapient.node_link import MOST_IN_A_LOOK, LinkContext, NodeLink, PendingScan
from ops.services.sapient.sensor_names import registered_nodes
from sensors.layout import Layout, place
from tests.ingest.sending.links import Link, until
from tests.patience import PATIENT_S

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
FRAME = LocalFrame.around(-84.2, 36.58)
RADAR = place(
    FRAME,
    0.0,
    0.0,
    id="radar-1",
    kind="radar",
    max_range_m=5000.0,
    range_sd_m=6.0,
    azimuth_sd_deg=0.4,
    azimuth_deg=30.0,
)
BARE = place(FRAME, 500.0, 0.0, id="radar-2", kind="radar", max_range_m=5000.0)
LAYOUT = Layout("two", FRAME, (RADAR, BARE))
NOBODY = BrokerUrl("127.0.0.1", 9)
Make = Callable[..., Any]
EXAMPLES = 2_000 if os.environ.get("WATCHLINE_DRILL") else 60


@pytest.fixture
def links(tmp_path: Path) -> Any:
    with SapientMemory(tmp_path) as memory:
        yield LinkContext(
            "hills", NOBODY, tmp_path, lambda: int(NOW.timestamp() * 1e9), memory, lambda _: (Identity(), 0.0)
        )


def packet_of(message: Any) -> Any:
    packet = read(message.SerializeToString())
    assert packet.faults == ()
    return packet


@given(st.lists(st.integers(0, 300_000_000), min_size=1, max_size=40))
def test_detections_are_stamped_now_apart_or_together_and_never_backwards(steps_ns: list[int]) -> None:
    stamps, now_ns, given_ns = Stamps(), 10**18, []
    for step in steps_ns:
        now_ns += step
        assert stamps.next(now_ns) == now_ns
        at_ns = stamps.detections(now_ns)
        if at_ns is not None:
            assert at_ns == now_ns
            given_ns.append(at_ns)
    gaps = [later - sooner for sooner, later in pairwise(given_ns)]
    assert all(gap == 0 or gap >= LEAST_GAP_NS for gap in gaps)
    assert given_ns


def test_a_clock_that_jitters_back_repeats_its_stamp_and_one_that_was_set_back_ends_the_connection() -> None:
    stamps = Stamps()
    assert stamps.next(10**18) == 10**18
    assert stamps.next(10**18 - 40_000_000) == 10**18
    with pytest.raises(ClockWentBack):
        stamps.next(10**18 - 60_000_000)


def test_calls_to_a_middleware_end_whenever_they_are_cancelled() -> None:
    """After each number of steps: also in that in which an attempt fails, or the process would never end."""
    port = ReservedPort()

    async def every_number() -> None:
        for steps in range(60):
            calling = asyncio.create_task(
                dial(Address("127.0.0.1", port.number), no_one, now_ns=time.time_ns)  # nobody listens
            )
            for _ in range(steps):
                await asyncio.sleep(0)
            calling.cancel()
            await asyncio.wait({calling}, timeout=PATIENT_S)
            assert calling.cancelled(), steps

    async def no_one(_: object) -> None:
        raise AssertionError("connected")

    asyncio.run(every_number())
    port.release()


def test_a_middleware_is_called_again_soon_enough() -> None:
    assert LONGEST_DELAY_S + CALL_S < 2.0  # the promise: back within two seconds of a restart


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:5001", "127.0.0.1", 5001), ("[::1]:7", "::1", 7), ("box:65535", "box", 65535)],
)
def test_addresses(text: str, host: str, port: int) -> None:
    address = Address.parse(text, where="--sapient")
    assert (address.host, address.port, str(address)) == (host, port, text)


@pytest.mark.parametrize("text", ["", "5001", ":5001", "box:", "box:0", "box:65536", "box:-1", "box:x", "box:٣"])
def test_an_address_that_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(AddressFault) as caught:
        Address.parse(text, where="--sapient")
    assert str(caught.value).startswith("--sapient: ")


def test_ulids_sort_by_time_and_the_same_name_has_the_same_one() -> None:
    ids = [ulid(ms, b"\xff" * 10) for ms in (0, 1, 1_774_000_000_000, 2**48 - 1)]
    assert all(is_ulid(each) for each in ids)
    assert ids == sorted(ids)
    assert ulid(1_469_918_176_385, bytes(10)).startswith("01ARYZ6S41")  # the example of the ULID specification
    assert ulid_of(5, "alert A") == ulid_of(5, "alert A") != ulid_of(5, "alert B")


def test_memory_keeps_what_was_first(tmp_path: Path) -> None:
    with SapientMemory(tmp_path) as memory:
        assert memory.own_id("a") == "a"
        assert memory.object_id("T1", "X") == "X"
        memory.add_task(NodeTask("t", "n", b"body", 5, None, "", ""))
    with SapientMemory(tmp_path) as memory:
        assert memory.own_id("b") == "a"
        assert memory.object_id("T1", "Y") == "X"
        assert [task.task_id for task in memory.tasks(unsent=True)] == ["t"]
        memory.task_sent("t", 7)
        assert memory.tasks(unsent=True) == []
        assert memory.task_answered("t", "rejected", "busy", node_id="n")
        assert not memory.task_answered("other", "rejected", "busy", node_id="n")
        assert not memory.task_answered("t", "completed", "", node_id="another")
        assert (memory.tasks()[0].answer, memory.tasks()[0].reasons) == ("rejected", "busy")


def test_memory_forgets_the_oldest_scans_and_no_others(tmp_path: Path) -> None:
    with SapientMemory(tmp_path) as memory:
        memory._db.execute("PRAGMA synchronous=OFF")
        for seq in range(1, KEPT_SCANS + 1_001):
            memory.remember("r", 1, seq, b"", [DetectionReport(seq.to_bytes(16, "big"), "n", "o")])
        known = memory._db.execute("SELECT count(*) FROM scans").fetchone()[0]
        assert KEPT_SCANS <= known <= KEPT_SCANS + 500
        assert memory.sent("r", (1).to_bytes(16, "big")) is None
        newest = memory.sent("r", (KEPT_SCANS + 1_000).to_bytes(16, "big"))
        assert newest is not None
        assert newest.seq == KEPT_SCANS + 1_000


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "sapient.db") as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(MemoryFault):
        SapientMemory(tmp_path)


def test_reports_of_one_time_are_one_look(links: LinkContext, sapient_node: Make) -> None:
    node, post = sapient_node(), NodeLink(Node("n"), "radar-1", LAYOUT, links)
    polar = {"azimuth": 10.0, "range": 1000.0}
    for target in (1, 2, 3):
        assert post.take(packet_of(node.detection(NOW, polar=polar, target=target))) == (None, [])
    done, _ = post.take(packet_of(node.detection(NOW + timedelta(seconds=1), polar=polar)))
    assert done is not None
    assert (done.at, len(done.plots), len(done.reports)) == (NOW, 3, 3)
    assert post.due(0.0) is None
    later = post.due(float("inf"))
    assert later is not None
    assert later.at == NOW + timedelta(seconds=1)
    assert post.due(float("inf")) is None


def test_the_layout_gives_the_deviations_that_a_report_lacks(links: LinkContext, sapient_node: Make) -> None:
    node, post = sapient_node(), NodeLink(Node("n"), "radar-1", LAYOUT, links)
    post.take(packet_of(node.detection(NOW, polar={"azimuth": 10.0, "range": 1000.0})))
    look = post.due(float("inf"))
    assert look is not None
    (plot,) = look.plots
    assert (plot.range_m, plot.azimuth_deg, plot.range_sd_m) == (1000.0, 10.0, None)
    assert plot.position_sd_m == pytest.approx(1000.0 * 0.4 * 3.14159265 / 180.0, rel=1e-3)
    bare = NodeLink(Node("n"), "radar-2", LAYOUT, links)
    _, faults = bare.take(packet_of(node.detection(NOW, polar={"azimuth": 10.0, "range": 1000.0})))
    assert [fault.field for fault in faults] == [
        "detection_report.range_bearing.azimuth_error",
        "detection_report.range_bearing.range_error",
    ]


def test_platform_north_is_the_layouts_azimuth_until_the_node_says_its_own(
    links: LinkContext, sapient_node: Make
) -> None:
    node, post = sapient_node(), NodeLink(Node("n"), "radar-1", LAYOUT, links)
    polar = {"azimuth": 10.0, "range": 1000.0, "datum": "RANGE_BEARING_DATUM_PLATFORM"}
    post.take(packet_of(node.detection(NOW, polar=polar)))
    look = post.due(float("inf"))
    assert look is not None
    assert look.plots[0].azimuth_deg == pytest.approx(40.0)


def test_a_node_that_stands_elsewhere_than_its_sensor_reports_places(links: LinkContext, sapient_node: Make) -> None:
    node, post = sapient_node(), NodeLink(Node("n"), "radar-1", LAYOUT, links)
    far_lon, far_lat = FRAME.to_lonlat(800.0, 0.0)
    post.node, _ = status(packet_of(node.status(NOW, {"x": far_lon, "y": far_lat})), post.node)
    post.take(packet_of(node.detection(NOW, polar={"azimuth": 0.0, "range": 1000.0})))
    look = post.due(float("inf"))
    assert look is not None
    (plot,) = look.plots
    assert (plot.range_m, plot.azimuth_deg) == (None, None)
    assert FRAME.to_local(plot.lon, plot.lat) == (pytest.approx(800.0, abs=0.5), pytest.approx(1000.0, abs=0.5))


class Ear:
    """Stands for a connection; keeps what it is told."""

    name = "ear"

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.nodes: set[str] = set()
        self.patience = FaultLimit()

    def send(self, message: Any) -> bool:
        self.told.append(message)
        return True


REGISTERED, TRUE, LIAR = (f"4b0d7c36-6f5e-4f39-8d6f-3f6f2b1d9c0{n}" for n in (2, 3, 4))


def test_a_node_is_the_sensor_that_a_person_says_and_no_name_makes_it_one(
    links: LinkContext, sapient_node: Make
) -> None:
    """An attacker who reaches the port calls itself radar-1 before the true node does; neither name is believed."""
    register(links.folder, {REGISTERED: "radar-2"})
    assert registered_nodes(links.folder) == {REGISTERED: "radar-2"}
    gateway, ear = Gateway(LAYOUT, links, "own"), Ear()
    gateway.peers.add(ear)  # type: ignore[arg-type]
    gateway._later = lambda *_: None  # type: ignore[assignment,misc]

    def answer(node_id: str, name: str) -> Any:
        message = sapient_node(node_id=node_id, name=name).registration(NOW)
        gateway.handle(ear, message.SerializeToString())  # type: ignore[arg-type]
        return ear.told[-1].registration_ack

    for name in ("radar-1", "radar-2"):  # one that is free and one that is taken
        refused = answer(LIAR, name)
        assert not refused.acceptance
        assert f"`watchline sensor register SECTOR {name} --sapient-node {LIAR}`" in refused.ack_response_reason[0]
    assert LIAR not in gateway.node_links
    assert links.memory.nodes() == [], "nothing is remembered that would keep the true node out"
    assert answer(REGISTERED, "radar-1").acceptance, "whatever it calls itself"
    assert gateway.node_links[REGISTERED].sensor == "radar-2"
    assert not answer(TRUE, "radar-1").acceptance
    register(links.folder, {REGISTERED: "radar-2", TRUE: "radar-1"})
    assert answer(TRUE, "radar-1").acceptance
    assert gateway.node_links[TRUE].sensor == "radar-1"
    assert answer(LIAR, "nobody's").acceptance, "journaled under its own id and not fused"
    assert gateway.node_links[LIAR].placed is None


def test_a_name_that_an_earlier_version_believed_is_not_restored(links: LinkContext, sapient_node: Make) -> None:
    packet = sapient_node(node_id=LIAR, name="radar-1").registration(NOW).SerializeToString()
    links.memory.node_registered(LIAR, "radar-1", packet, 1)
    assert Gateway(LAYOUT, links, "own").node_links == {}
    register(links.folder, {LIAR: "radar-1"})
    assert Gateway(LAYOUT, links, "own").node_links[LIAR].sensor == "radar-1"


def register(folder: Path, nodes: dict[str, str]) -> None:
    """As `watchline sensor register` notes it."""
    (folder / "adapters.json").write_text(json.dumps({"sapient": nodes}))


def test_what_is_dated_ahead_and_whom_nobody_knows_is_refused(links: LinkContext, sapient_node: Make) -> None:
    gateway, ear, node = Gateway(LAYOUT, links, "own"), Ear(), sapient_node()
    refused: list[Any] = []
    gateway._later = lambda work, *arguments: refused.append(arguments)  # type: ignore[assignment]
    for message, word in (
        (node.registration(NOW + timedelta(seconds=2)), "after receipt"),
        (node.detection(NOW, polar={"azimuth": 1.0, "range": 2.0}), "not registered"),
        (node.detection(NOW - timedelta(days=2), polar={"azimuth": 1.0, "range": 2.0}), "before receipt"),
    ):
        ear.told.clear()
        gateway.handle(ear, message.SerializeToString())  # type: ignore[arg-type]
        assert word in ear.told[0].error.error_message[0]
    assert len(refused) == 3
    assert ear.patience.faults == 3


def test_an_error_is_never_answered_and_a_task_for_us_is_refused(links: LinkContext, sapient_node: Make) -> None:
    gateway, ear, node = Gateway(LAYOUT, links, "own"), Ear(), sapient_node()
    gateway.handle(ear, node.message(NOW, error={"packet": "eA==", "error_message": ["x"]}).SerializeToString())  # type: ignore[arg-type]
    assert ear.told == []
    task = {"task_id": ulid(1, b"x"), "control": "CONTROL_START"}
    gateway.handle(ear, node.message(NOW, task=task).SerializeToString())  # type: ignore[arg-type]
    assert ear.told[0].task_ack.task_status == 2  # rejected
    gateway.handle(ear, node.message(NOW, alert={"alert_id": ulid(1, b"x")}).SerializeToString())  # type: ignore[arg-type]
    assert ear.told[1].alert_ack.alert_ack_status == 1  # accepted


def test_strangers_are_few(links: LinkContext, sapient_node: Make) -> None:
    gateway, ear = Gateway(LAYOUT, links, "own"), Ear()
    gateway._later = lambda *_: None  # type: ignore[assignment,misc]
    for number in range(MOST_STRANGERS + 1):
        node = sapient_node(node_id=f"4b0d7c36-6f5e-4f39-8d6f-{number:012x}", name="nobody's")
        gateway.handle(ear, node.registration(NOW).SerializeToString())  # type: ignore[arg-type]
    answers = [message.registration_ack.acceptance for message in ear.told]
    assert answers == [True] * MOST_STRANGERS + [False]
    ours = sapient_node(node_id="0e9c8a6b-5a0e-4b61-8f57-6f1f2f7f0a01", name="radar-1")
    register(links.folder, {"0e9c8a6b-5a0e-4b61-8f57-6f1f2f7f0a01": "radar-1"})
    gateway.handle(ear, ours.registration(NOW).SerializeToString())  # type: ignore[arg-type]
    assert ear.told[-1].registration_ack.acceptance


def test_only_the_node_that_has_a_task_answers_it(links: LinkContext, tmp_path: Path, sapient_node: Make) -> None:
    """Ids of tasks are published with the looks of an incident: another node that knows one cannot report it done."""
    asked, other = (sapient_node(node_id=str(uuid.UUID(int=4 << 76 | 8 << 60 | n)), name=f"radar-{n}") for n in (1, 2))
    register(tmp_path, {asked.node_id: "radar-1", other.node_id: "radar-2"})
    gateway, name = Gateway(LAYOUT, links, "own"), ulid(1, b"x")
    gateway._later = lambda *_: None  # type: ignore[assignment,misc]
    ears = {}
    for node in (asked, other):
        gateway.peers.add(ear := Ear())  # type: ignore[arg-type]
        gateway.handle(ear, node.registration(NOW).SerializeToString())  # type: ignore[arg-type]
        ears[node.node_id] = ear
    links.memory.add_task(NodeTask(name, asked.node_id, b"", 5, 6, "", ""))
    done = {"task_id": name, "task_status": "TASK_STATUS_COMPLETED"}
    for ear, said in ((ears[other.node_id], other), (ears[other.node_id], asked)):
        gateway.handle(ear, said.message(NOW, task_ack=done).SerializeToString())  # type: ignore[arg-type]
        assert links.memory.tasks()[0].answer == ""
    assert "another connection" in ears[other.node_id].told[-1].error.error_message[0]
    gateway.handle(ears[asked.node_id], asked.message(NOW, task_ack=done).SerializeToString())  # type: ignore[arg-type]
    assert links.memory.tasks()[0].answer == "completed"


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_whatever_a_connection_sends_it_goes_on(sapient_node: Make, data: st.DataObject) -> None:
    """Registered or not, good packets and bent ones in any order: never an exception, and each fault is answered."""
    with tempfile.TemporaryDirectory() as folder, SapientMemory(Path(folder)) as memory:
        memory._db.execute("PRAGMA synchronous=OFF")
        now_ns = int(NOW.timestamp() * 1e9)
        links = LinkContext("hills", NOBODY, Path(folder), lambda: now_ns, memory, lambda _: (Identity(), float("inf")))
        gateway, ear, node = Gateway(LAYOUT, links, "own"), Ear(), sapient_node(name="radar-1")
        register(Path(folder), {node.node_id: "radar-1"})
        gateway.peers.add(ear)  # type: ignore[arg-type]
        at_once(gateway)
        errors = st.sampled_from([0.0, 1e-320, 0.5, 180.0, 181.0, 1e6, 2e6, 1e300])
        good = [
            node.registration(NOW),
            node.status(NOW, {"x": -84.2, "y": 36.58}),
            node.detection(NOW, polar={"azimuth": 1.0, "range": 2.0}),
            node.detection(NOW, location={"x": -84.2, "y": 36.58}),
            node.detection(
                NOW,
                polar={"azimuth": 1.0, "range": 1e6, "elevation": -2.0}
                | {f"{name}_error": data.draw(errors) for name in ("azimuth", "range", "elevation")},
            ),
            node.detection(
                NOW,
                location={"x": -84.2, "y": data.draw(st.sampled_from([36.58, 90.0]))}
                | {f"{axis}_error": data.draw(errors) for axis in "xyz"},
            ),
            node.message(NOW, alert={"alert_id": ulid(1, b"x")}),
            node.message(NOW, task_ack={"task_id": ulid(1, b"x"), "task_status": "TASK_STATUS_ACCEPTED"}),
            node.message(NOW, error={"packet": "eA==", "error_message": ["x"]}),
        ]
        for _ in range(data.draw(st.integers(1, 8))):
            packet = bytearray(data.draw(st.sampled_from(good)).SerializeToString())
            if data.draw(st.booleans()):
                at = data.draw(st.integers(0, len(packet) - 1))
                packet[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
            faults, told = ear.patience.faults, len(ear.told)
            gateway.handle(ear, bytes(packet))  # type: ignore[arg-type]
            gateway.tick_looks(float("inf"))
            assert ear.patience.faults == faults or len(ear.told) > told
            assert not any(link.queued for link in gateway.node_links.values())
        for link in gateway.node_links.values():
            codes = [unwrapped(entry.payload) for entry in link._spool.pending()] if link._spool else []
            assert sum(code is not None for code in codes) <= ear.patience.faults
            link.close()


def at_once(gateway: Gateway) -> None:
    """Do the gateway's disk work in the caller, which gets its errors."""
    gateway._later = lambda work, *arguments: work(*arguments)  # type: ignore[assignment,misc]


TOO_LARGE = {
    "azimuth_error": {"polar": {"azimuth": 1.0, "range": 900.0, "azimuth_error": 200.0}},
    "elevation_error": {"polar": {"azimuth": 1.0, "range": 900.0, "elevation": 1.0, "elevation_error": 400.0}},
    "range_error": {"polar": {"azimuth": 1.0, "range": 900.0, "range_error": 2e6}},
    "x_error": {"location": {"x": -84.2, "y": 36.58, "x_error": 20.0}},
    "y_error": {"location": {"x": -84.2, "y": 36.58, "y_error": 20.0}},
}


@pytest.mark.parametrize("field", TOO_LARGE)
def test_too_large_an_error_is_refused_and_what_follows_is_sent(
    links: LinkContext, sapient_node: Make, field: str
) -> None:
    gateway, ear, node = Gateway(LAYOUT, waiting(links), "own"), Ear(), sapient_node(name="radar-1")
    register(links.folder, {node.node_id: "radar-1"})
    gateway.peers.add(ear)  # type: ignore[arg-type]
    at_once(gateway)
    good = [
        node.detection(NOW - timedelta(seconds=n), polar={"azimuth": 1.0, "range": 900.0}) for n in reversed(range(5))
    ]
    for message in (node.registration(NOW), node.detection(NOW - timedelta(seconds=9), **TOO_LARGE[field]), *good):
        gateway.handle(ear, message.SerializeToString())  # type: ignore[arg-type]
        gateway.tick_looks(float("inf"))
    _, refused = ear.told
    assert f".{field}: " in refused.error.error_message[0]
    link = gateway.node_links[node.node_id]
    assert link._spool is not None
    dead_letter, *scans = [unwrapped(entry.payload) for entry in link._spool.pending()]
    assert dead_letter is not None
    assert dead_letter.field.endswith(f".{field}")
    assert (scans, link.queued) == ([None] * len(good), 0)
    link.close()


def waiting(links: LinkContext) -> LinkContext:
    """Links that do not start to send."""
    return replace(links, identity_of=lambda _: (Identity(), float("inf")))


def test_a_look_that_cannot_be_encoded_keeps_no_other_waiting(links: LinkContext) -> None:
    link = NodeLink(Node("n"), "radar-1", LAYOUT, waiting(links))
    for number, sd_deg in enumerate((0.5, 200.0, 0.5)):
        report = DetectionReport(bytes([number] * 16), "n", "")
        plot = WirePlot(azimuth_deg=1.0, azimuth_sd_deg=sd_deg)
        link.queue(PendingScan(NOW + timedelta(seconds=number), 0.0, [plot], [report]))
    link.put()
    assert link._spool is not None
    first, refused, last = [unwrapped(entry.payload) for entry in link._spool.pending()]
    assert (first, last, link.queued) == (None, None, 0)
    assert refused is not None
    assert (refused.refused, refused.content_type) == ("out_of_range", "application/json")
    sent = [links.memory.sent("radar-1", bytes([number] * 16)) for number in range(3)]
    assert [each.seq if each else None for each in sent] == [1, None, 3]
    link.close()


def test_the_largest_look_fits_a_message(links: LinkContext) -> None:
    link = NodeLink(Node("n"), "radar-1", LAYOUT, waiting(links))
    long, sd = -1.2345678901234567e-05, 1.2345678901234567e-05
    numbers = {name: -long if name in ("range_m", "azimuth_deg") else long for name in WirePlot.__struct_fields__[:11]}
    numbers |= {name: sd for name in numbers if "_sd_" in name}
    named = dict.fromkeys(("person", "group", "vehicle", "animal", "other"), 0.19999999999999998)
    plot = WirePlot(**numbers, classes=named, confidence=0.19999999999999998, source_id=ulid(1, b"x"))  # type: ignore[arg-type]
    file = WireMedia(f"http://{'x' * 493}", "image/jpeg", sha256="0" * 64, size=2**31, observed_at=NOW, plot=0)
    link.queue(PendingScan(NOW, 0.0, [plot] * MOST_IN_A_LOOK, [], [file] * MAX_MEDIA))
    link.put()
    assert link._spool is not None
    (entry,) = link._spool.pending()
    assert unwrapped(entry.payload) is None
    assert 0.8 * MAX_PAYLOAD_BYTES < len(entry.payload) <= MAX_PAYLOAD_BYTES
    link.close()


def test_a_node_that_sends_nothing_but_faults_is_cut_off_for_a_while_and_no_other_is() -> None:
    patience = FaultLimit()
    answered = sum(patience.fault("bad", 100.0) for _ in range(CUT_OFF_AFTER - 1))
    assert (answered, patience.tried) == (ANSWERED_A_S, False)
    patience.fault("bad", 100.5)
    assert patience.muted("bad", 100.6)
    assert not patience.muted("good", 100.6)
    assert not patience.muted("bad", 100.5 + MUTED_S)
    slow = FaultLimit()
    for number in range(1_000):  # ten a second, for ever: answered each time
        assert slow.fault("odd", number / 10.0)
    assert not slow.muted("odd", 100.0)


def test_a_flood_of_bad_packets_costs_no_answer_and_a_good_node_is_heard(
    links: LinkContext, sapient_node: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sapient_gateway, "time", SimpleNamespace(monotonic=lambda: 100.0))  # all within a moment
    gateway, ear, node = Gateway(LAYOUT, links, "own"), Ear(), sapient_node(name="radar-1")
    register(links.folder, {node.node_id: "radar-1"})
    gateway._later = lambda *_: None  # type: ignore[assignment,misc]
    bad = sapient_node(node_id="0e9c8a6b-5a0e-4b61-8f57-6f1f2f7f0a01").detection(NOW, location={"x": 1.0, "y": 95.0})
    for _ in range(CUT_OFF_AFTER + 500):
        gateway.handle(ear, bad.SerializeToString())  # type: ignore[arg-type]
    assert len(ear.told) == ANSWERED_A_S
    assert ear.patience.unheard == 500
    gateway.handle(ear, node.registration(NOW).SerializeToString())  # type: ignore[arg-type]
    assert ear.told[-1].registration_ack.acceptance


def test_what_waits_goes_to_the_disk_in_one_write_and_a_full_disk_loses_nothing(
    links: LinkContext, sapient_node: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, post = sapient_node(), NodeLink(Node("n"), "radar-1", LAYOUT, links)
    for second in range(5):
        report = node.detection(NOW + timedelta(seconds=second), polar={"azimuth": 10.0, "range": 1000.0})
        post.take(packet_of(report))
        look = post.due(float("inf"))
        assert look is not None
        assert post.queue(look) == (second == 0)
    assert post.holds(packet_of(report))
    post.open()
    spool = post._spool
    assert spool is not None
    with monkeypatch.context() as broken:
        broken.setattr(spool, "_transact", full_disk)
        with pytest.raises(SpoolError):
            post.put()
    assert (post.queued, spool.put_total) == (5, 0)
    post.put()
    assert (post.queued, spool.put_total) == (0, 5)
    assert not post.holds(packet_of(report))
    sent = links.memory.sent("radar-1", post.key_of(packet_of(report)))
    assert sent is not None
    assert sent.seq == 5
    assert post.queue(look)
    post.close()


def full_disk(_: object) -> None:
    raise SpoolFull("the disk is full", where="spool", expected="room")


def test_a_link_sends_again_when_the_disk_under_its_spool_has_room(
    links: LinkContext, sapient_node: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Link()
    monkeypatch.setattr(sending, "Connection", lambda *_, **__: link)
    monkeypatch.setattr(sending, "FULL_DISK_S", 0.01)
    node, post = sapient_node(), NodeLink(Node("n"), "radar-1", LAYOUT, links)
    post.open()
    try:
        sender, spool = post._sender, post._spool
        assert sender is not None
        assert spool is not None
        with monkeypatch.context() as full:
            full.setattr(spool, "settle", lambda *_: full_disk(None))
            sender._acks[spool.boot] = 1
            assert until(lambda: "the disk is full" in (post.problem or ""))
        assert until(lambda: post.problem is None)
        sent = len(link.published)
        post.take(packet_of(node.detection(NOW, polar={"azimuth": 10.0, "range": 1000.0})))
        look = post.due(float("inf"))
        assert look is not None
        post.queue(look)
        post.put()
        assert until(lambda: len(link.published) > sent)
    finally:
        post.close()


def test_a_full_disk_is_tried_again_and_a_failing_one_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sapient_disk, "FULL_DISK_S", 0.001)
    disk, tried = sapient_disk.Disk(), []

    def full_twice() -> None:
        tried.append(1)
        if len(tried) < 3:
            full_disk(None)

    disk.later(full_twice)
    disk.later(tried.append, 9)
    deadline = time.monotonic() + PATIENT_S
    while disk.waiting and time.monotonic() < deadline:
        disk.reap()
    assert (tried, disk.fatal) == ([1, 1, 1, 9], None)

    def failing() -> None:
        raise SpoolError("disk I/O error", where="spool", expected="a disk that works")

    disk.later(failing)
    disk.close()
    assert disk.fatal is not None


def test_the_gateway_starts_without_what_it_does_not_need() -> None:
    code = "import sys, ops.services.sapient.process; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"xarray", "pandas", "numba", "scipy", "geopandas", "matplotlib", "dask", "rasterio", "pyarrow", "fastapi"}
    assert not heavy & set(done.stdout.split())


def test_statements_of_a_connection_that_never_registered_do_not_fill_the_log(
    links: LinkContext, sapient_node: Make, caplog: pytest.LogCaptureFixture
) -> None:
    gateway, ear = Gateway(LAYOUT, links, "own"), Ear()
    message = sapient_node(node_id=LIAR, name="x").registration(NOW)
    message.error.error_message.append("noise")
    packet = message.SerializeToString()
    with caplog.at_level("INFO", logger="ops.services.sapient"):
        for _ in range(5_000):
            gateway.handle(ear, packet)  # type: ignore[arg-type]
    assert 20 < len(caplog.records) < 40
