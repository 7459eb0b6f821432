"""A SAPIENT radar and a middleware against a running room: registered, answered, journaled, tracked, alerted, told."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pyproj import Geod
from rich.console import Console

from ingest.mqtt.connection import Connection
from ingest.standards.registry import SAPIENT
from ingest.standards.sapient.decode import SapientMessage, read
from ingest.standards.sapient.framing import Frames, frame
from ingest.standards.sapient.validation import is_ulid, is_uuid4
from ops.journal.command import DetectionFilter, detections
from ops.journal.reader import Counts, JournalReader
from ops.room.room import Room, RoomOptions, SapientEndpoints
from ops.runtime.processes.reserved_port import ReservedPort
from ops.sector.sector_file import layout_path, load_sector
from ops.words import MessageCatalogue
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.chain, pytest.mark.broker]

LATEST_S = 0.1  # the Apex middleware accepts no stamp that is later by its own clock
GAP_S = 0.08
RADAR = "3c1f5c3e-8f5a-4d0e-9c55-0a4f4a6f7b11"
SPEED_MPS = 20.0
GAP_OF_TRACKS_S = 3.0


class Link:
    """One end of a SAPIENT connection: keeps what comes, with the stamp's distance from the clock."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.found: list[SapientMessage] = []
        self.stamps_s: list[float] = []
        self.faults: list[Exception] = []
        self.ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        frames = Frames()
        try:
            while piece := self._link.recv(65_536):
                for packet in frames.feed(piece):
                    now_s, found = time.time(), read(packet)
                    self.faults += found.faults
                    self.stamps_s.append(found.sent_at.timestamp() - now_s)
                    self.found.append(found.message)
        except OSError:
            pass
        self.ended.set()

    def send(self, message: SapientMessage | bytes) -> None:
        packet = message if isinstance(message, bytes) else message.SerializeToString()
        self._link.sendall(frame(packet))

    def send_raw(self, piece: bytes) -> None:
        self._link.sendall(piece)

    def of(self, content: str) -> list[SapientMessage]:
        return [message for message in list(self.found) if message.WhichOneof("content") == content]

    def wait_for(self, content: str, count: int = 1, timeout_s: float = PATIENT_S) -> list[SapientMessage]:
        deadline = time.monotonic() + timeout_s
        while len(self.of(content)) < count:
            assert time.monotonic() < deadline, f"no {content} within {timeout_s} s; got {self.contents}"
            time.sleep(0.02)
        return self.of(content)

    @property
    def contents(self) -> list[str | None]:
        return [message.WhichOneof("content") for message in self.found]

    def close(self) -> None:
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)  # alone, close waits for the reading thread
        self._link.close()


class Middleware:
    """Listens where the room dials; may go away and come back."""

    def __init__(self) -> None:
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        self.come_back()

    def accept(self) -> Link:
        """The connection that the room keeps: one that is accepted late it may have given up, and dial again."""
        self._door.settimeout(PATIENT_S)
        deadline = time.monotonic() + PATIENT_S
        while True:
            assert time.monotonic() < deadline, "every connection was given up"
            end, _ = self._door.accept()
            end.settimeout(None)
            link = Link(end)
            until(lambda link=link: link.of("registration") or link.ended.is_set())
            if link.of("registration"):
                return link
            link.close()

    def go(self) -> None:
        self._door.close()

    def come_back(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self.port))

    def close(self) -> None:
        self.go()
        self._reserved.release()


@dataclass
class Running:
    """The room, its middleware, and the folder."""

    room: Room
    middleware: Middleware
    first: Link
    port: int
    folder: Path

    def connect(self) -> Link:
        return Link(socket.create_connection(("127.0.0.1", self.port), timeout=PATIENT_S))

    def counts(self, sensor: str) -> Counts:
        with JournalReader(self.folder / "journal.db") as journal:
            return journal.counts().get(sensor, Counts())


@pytest.fixture(scope="module")
def running(hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("sapient")
    sector = load_sector(hill_sector.sector)
    middleware, reserved = Middleware(), ReservedPort()
    port = reserved.number
    options = RoomOptions(
        sector=str(sector.path),
        sector_id=sector.name,
        layout=str(layout_path(sector, None)),
        folder=folder,
        sapient=SapientEndpoints(dial=f"127.0.0.1:{middleware.port}", listen=f"127.0.0.1:{port}"),
    )
    nodes = {
        RADAR: "radar-mid",
        "4b0d7c36-6f5e-4f39-8d6f-3f6f2b1d9c02": "camera-west",
        "0f2f7b0e-91f7-45a9-a2cb-5f4e8f0b7a03": "ground-1",
    }
    (folder / "adapters.json").write_text(json.dumps({"sapient": nodes}))
    with Room(options) as room:
        room.listen()
        yield Running(room, middleware, middleware.accept(), port, folder)
    middleware.close()
    reserved.release()


def until(condition: Callable[[], bool], timeout_s: float = PATIENT_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_radar_is_heard_tracked_and_told_of_what_it_saw(running: Running, sapient_node: Any) -> None:
    """The whole way: node → TCP → spool → broker → journal → track → alert → SAPIENT, on both kinds of connection."""
    node = sapient_node(node_id=RADAR, name="radar-mid")
    lon, lat = radar_place(running)
    link = running.connect()
    link.send(node.detection(polar={"azimuth": 1.0, "range": 10.0}))
    (early,) = link.wait_for("error")
    assert "not registered" in early.error.error_message[0]
    link.send(node.registration())
    assert link.wait_for("registration_ack")[0].registration_ack.acceptance
    link.send(node.status(location={"x": lon, "y": lat}))
    resent = drive_across(link, node, lon, lat)

    def crossings() -> list[Any]:
        alerts = [message.alert for message in link.of("alert") if "crossed" in message.alert.description]
        seen = resent.detection_report.object_id
        return [one for one in alerts if any(source.object_id == seen for source in one.associated_detection)]

    until(lambda: bool(crossings()))
    told = crossings()[0]
    assert is_ulid(told.alert_id)
    assert told.location.y == pytest.approx(lat, abs=0.01)
    sources = {(source.node_id, source.object_id) for source in told.associated_detection}
    assert (node.node_id, resent.detection_report.object_id) in sources
    named = {source.object_id for source in told.associated_detection}

    def shows_the_drive(report: Any) -> bool:
        return report.object_id in named and abs(report.enu_velocity.north_rate + SPEED_MPS) < 3.0

    until(lambda: any(shows_the_drive(one.detection_report) for one in link.of("detection_report")))
    fused = next(one for one in link.of("detection_report") if shows_the_drive(one.detection_report))
    assert is_uuid4(fused.node_id)
    assert {source.node_id for source in fused.detection_report.associated_detection} == {node.node_id}
    until(lambda: "alert" in running.first.contents and "detection_report" in running.first.contents)
    for connection in (link, running.first):
        assert connection.faults == []
        assert max(connection.stamps_s) < LATEST_S
        times = [message.timestamp.ToNanoseconds() for message in connection.of("detection_report")]
        assert all(later == sooner or later - sooner >= GAP_S * 1e9 for sooner, later in pairwise(times))
    until(lambda: running.counts("radar-mid").duplicate >= 1)
    counts = running.counts("radar-mid")
    assert counts.received == counts.journaled + counts.duplicate + counts.dead_lettered
    assert counts.dead_lettered == 0
    link.close()


def radar_place(running: Running) -> tuple[float, float]:
    import json

    features = json.loads(Path(running.room.options.layout).read_text())["features"]
    return tuple(features[0]["geometry"]["coordinates"])  # type: ignore[return-value]


def drive_across(link: Link, node: Any, lon: float, lat: float) -> SapientMessage:
    """A vehicle from 250 m north of the radar, which is beyond the line, to its south; one report is sent twice.

    Another one follows where this process stood still: over a gap of many seconds no track continues.
    """
    target = 7
    while (resent := _driven(link, node, (lon, lat), target)) is None:
        target += 1
    return resent


def _driven(link: Link, node: Any, radar: tuple[float, float], target: int) -> SapientMessage | None:
    """Drive across; return the report that was sent twice, None after a gap between two."""
    geod, began_s, count, resent = Geod(ellps="WGS84"), time.monotonic(), 0, None
    last_s = began_s
    while (north_m := 250.0 - SPEED_MPS * (last_s - began_s)) > -10.0 or count <= 8:
        here_lon, here_lat, _ = geod.fwd(*radar, 0.0, north_m)
        here_lon, here_lat, _ = geod.fwd(here_lon, here_lat, 90.0, 200.0)
        azimuth, _, reach = geod.inv(*radar, here_lon, here_lat)
        polar = {"azimuth": azimuth, "range": reach, "azimuth_error": 0.4, "range_error": 6.0}
        classes = [{"type": "Land Vehicle", "confidence": 0.8}]
        message = node.detection(polar=polar, target=target, classification=classes)
        link.send(message)
        if count == 4:
            resent = message
        if count == 8:
            link.send(resent)
        if count % 4 == 0:
            link.send(node.status(location={"x": radar[0], "y": radar[1]}))
        count += 1
        time.sleep(0.25)
        before_s, last_s = last_s, time.monotonic()
        if last_s - before_s > GAP_OF_TRACKS_S:
            return None
    return resent


def test_a_middleware_that_went_away_is_called_again_and_told_all_anew(running: Running) -> None:
    (registration,) = running.first.of("registration")
    assert registration.registration.node_definition[0].node_type == 20  # NODE_TYPE_FUSION_NODE
    running.middleware.go()
    running.first.close()
    time.sleep(1.0)
    running.middleware.come_back()
    again = running.middleware.accept()
    assert again.wait_for("registration")[0].node_id == registration.node_id
    again.wait_for("status_report")
    running.first = again


def test_every_reason_is_listed_and_the_packet_is_kept(running: Running, sapient_node: Any) -> None:
    node = sapient_node(node_id="4b0d7c36-6f5e-4f39-8d6f-3f6f2b1d9c02", name="camera-west", kind="NODE_TYPE_CAMERA")
    link = running.connect()
    link.send(node.registration())
    link.wait_for("registration_ack")
    bad = node.detection(location={"x": "NaN", "y": 95.0}, report_id="x")
    link.send(bad)
    link.send(b"\xff\xfe\xfd")
    link.send(node.detection(location={"x": 1.0, "y": 95.0}))
    several, unreadable, place = link.wait_for("error", 3)
    assert several.destination_id == node.node_id
    assert several.error.packet == bad.SerializeToString()
    assert len(several.error.error_message) == 2
    assert any(reason.startswith("detection_report.location.x: ") for reason in several.error.error_message)
    assert unreadable.error.packet == b"\xff\xfe\xfd"
    assert place.error.error_message == ["detection_report.location.y: latitude 95; expected -90 to 90 degrees."]
    until(lambda: running.counts("camera-west").dead_lettered == 2)

    def kept() -> set[tuple[str, str, str]]:
        with JournalReader(running.folder / "journal.db") as journal:
            return {(letter.sensor, letter.code, letter.field) for _, letter in journal.dead_letters()}

    assert ("camera-west", "out_of_range", "detection_report.location.y") in kept()
    until(lambda: any(code == "not_protobuf" for _, code, _ in kept()))  # it comes on the gateway's own connection
    link.close()


def test_a_packet_that_is_too_large_ends_the_connection_and_no_other(running: Running) -> None:
    huge, other = running.connect(), running.connect()
    huge.send_raw((1024 * 1024 + 1).to_bytes(4, "little") + b"x" * 100)
    assert huge.ended.wait(PATIENT_S)
    assert not other.ended.is_set()
    assert not running.first.ended.is_set()
    other.close()


def test_tasks_go_to_the_node_and_its_answer_is_kept(running: Running, sapient_node: Any) -> None:
    from ingest.standards.sapient.outgoing import Order, task, ulid
    from ops.services.sapient.database import NodeTask, SapientMemory

    node = sapient_node(node_id="0f2f7b0e-91f7-45a9-a2cb-5f4e8f0b7a03", name="ground-1", kind="NODE_TYPE_SEISMIC")
    link = running.connect()
    link.send(node.registration())
    link.wait_for("registration_ack")
    task_id = ulid(time.time_ns() // 1_000_000, b"0123456789")
    with SapientMemory(running.folder) as memory:
        body = task("", node.node_id, task_id, Order(mode="Night")).SerializeToString()
        memory.add_task(NodeTask(task_id, node.node_id, body, time.time_ns(), None, "", ""))
        (given,) = link.wait_for("task")
        assert (given.destination_id, given.task.command.mode_change) == (node.node_id, "Night")
        link.send(node.message(None, task_ack={"task_id": task_id, "task_status": "TASK_STATUS_ACCEPTED"}))
        until(lambda: memory.tasks()[0].answer == "accepted")
    link.close()


def test_packets_over_mqtt_are_journaled_and_understood(running: Running, sapient_node: Any) -> None:
    """Signed as every message of this broker must be; a magnetic azimuth by the place that the node told before."""
    node = sapient_node(node_id="9a3c1f52-7f0e-4a86-9d0b-51c7a0c4de04", name="camera-west", kind="NODE_TYPE_CAMERA")
    link = Connection(running.room.url, "test-sapient-mqtt", now_ns=time.time_ns)
    link.start()
    link.wait_until_ready(PATIENT_S)
    polar = {"azimuth": 10.0, "azimuth_error": 0.2, "datum": "RANGE_BEARING_DATUM_MAGNETIC"}
    lon, lat = radar_place(running)
    messages = [
        ("status", node.registration()),
        ("status", node.status(location={"x": lon, "y": lat})),
        ("detections", node.detection(polar=polar, target=31)),
    ]
    before = running.counts("camera-west").journaled
    for seq, (channel, message) in enumerate(messages, start=1):
        publish_signed(link, running.room, f"watchline/1/hills/sensor/camera-west/{channel}", message, seq)
    until(lambda: running.counts("camera-west").journaled == before + 1)
    link.stop()
    found = detections(running.folder, DetectionFilter(sensor="camera-west"), None, Console(quiet=True))
    ((source, seen),) = found["sensors"]["camera-west"]["sources"].items()
    assert (source, seen["count"]) == (messages[2][1].detection_report.object_id, 1)


def publish_signed(link: Connection, room: Room, topic: str, message: SapientMessage, seq: int) -> None:
    signer = room.identity_of("camera-west").signer
    assert signer is not None
    payload = message.SerializeToString()
    boot = str(time.time_ns() // 1_000_000)  # above every boot of the gateway's spool
    said = [("boot", boot), ("seq", str(seq)), ("by_boot", boot), ("sent", str(time.time_ns()))]
    said = signer.sign(topic, SAPIENT, said, payload)
    assert link.publish(topic, payload, content_type=SAPIENT, user_properties=said)


def test_the_adapter_template_delivers(running: Running) -> None:
    """The program of docs/templates against the room's broker, with the sensor's own key."""
    assert running.room.identity is not None
    root = Path(__file__).resolve().parents[4]
    address = running.folder / "template.url"
    address.write_text(running.room.url.text)
    command = [
        sys.executable, str(root / "docs/templates/adapter.py"), "hills", "ground-1", str(address),
        str(running.folder / "template.db"), str(running.room.identity / "identities" / "ground-1"),
    ]  # fmt: skip
    lines = "".join(f"T;{time.time():.3f};{number};100;0.5;5;{number}\nE;{time.time():.3f}\n" for number in range(3))

    def sent(lines: str) -> str:
        done = subprocess.run(command, input=lines, text=True, capture_output=True, timeout=PATIENT_S, cwd=root)
        assert done.returncode == 0, done.stderr
        return done.stderr

    told = sent(lines)
    assert "scans: 3 put, " in told
    if "no acknowledgement" in told:  # a slow machine outlasted its patience: the next run sends what the spool keeps
        until(lambda: "; clock offset to ingest " in sent(""))
    else:
        assert "; clock offset to ingest " in told
    until(lambda: running.counts("ground-1").journaled == 3)


def test_identifiers_outlive_the_process(running: Running) -> None:
    before = running.first.wait_for("status_report")[-1].node_id
    assert running.room.sapient is not None
    running.room.sapient.kill()
    assert running.first.ended.wait(PATIENT_S)
    assert any("sapient" in MessageCatalogue.of().say(message) for message in running.room.restart_ended())
    again = running.middleware.accept()
    assert again.wait_for("status_report")[0].node_id == before
    running.first = again
