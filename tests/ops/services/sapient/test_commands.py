"""``watchline run --sapient … --sapient-listen …`` as a person starts it, with a TCP peer on either side of it."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ingest.standards.sapient.decode import SapientMessage, read
from ingest.standards.sapient.framing import Frames, frame
from ingest.standards.sapient.validation import is_ulid, is_uuid4
from ops.journal.reader import Counts, JournalReader
from ops.runtime.processes.reserved_port import ReservedPort
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.chain, pytest.mark.broker]
LATEST_S, GAP_NS = 0.1, 80_000_000
"""The Apex middleware takes no stamp later than that by its own clock, and detections so far apart or of one time."""
NODE = "7d0f5bbd-2f84-4c2a-9f0e-0d6a3a1c5e21"
CAMERA = "4b0d7c36-6f5e-4f39-8d6f-3f6f2b1d9c22"


class Peer:
    """One end of a connection; keeps every message with the time at which it came."""

    def __init__(self, link: socket.socket) -> None:
        self.link, self.found, self.ended = link, list[tuple[float, SapientMessage]](), threading.Event()
        self.faults: list[Exception] = []
        link.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        frames = Frames()
        try:
            while piece := self.link.recv(65_536):
                for packet in frames.feed(piece):
                    found = read(packet)
                    self.faults += found.faults
                    self.found.append((time.time(), found.message))
        except OSError:
            pass
        self.ended.set()

    def send(self, message: SapientMessage | bytes) -> None:
        self.link.sendall(frame(message if isinstance(message, bytes) else message.SerializeToString()))

    def of(self, content: str) -> list[SapientMessage]:
        return [message for _, message in list(self.found) if message.WhichOneof("content") == content]

    def wait_for(self, content: str, count: int = 1, timeout_s: float = PATIENT_S) -> list[SapientMessage]:
        until(lambda: len(self.of(content)) >= count, timeout_s)
        return self.of(content)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)  # alone, close waits for the reading thread
        self.link.close()


def accepted(door: socket.socket) -> Peer:
    """The connection that the room keeps: one that is accepted late it may have given up, and dial again."""
    deadline = time.monotonic() + PATIENT_S
    while True:
        assert time.monotonic() < deadline, "every connection was given up"
        link, _ = door.accept()
        peer = Peer(link)
        until(lambda peer=peer: peer.of("registration") or peer.ended.is_set())
        if peer.of("registration"):
            return peer
        peer.close()


def until(condition: Callable[[], Any], timeout_s: float = PATIENT_S) -> float:
    """Seconds until the condition holds."""
    began_s = time.monotonic()
    while not condition():
        assert time.monotonic() - began_s < timeout_s
        time.sleep(0.02)
    return time.monotonic() - began_s


@dataclass
class Command:
    """The process, where it dials and listens, its folder, and where the node stands."""

    process: subprocess.Popen[bytes]
    door: socket.socket
    dialled: Peer
    port: int
    data: Path
    place: tuple[float, float]
    sector: str

    def connect(self) -> Peer:
        return Peer(socket.create_connection(("127.0.0.1", self.port), timeout=PATIENT_S))

    def journaled(self, sensor: str) -> int:
        """Reports of a sensor that have arrived; commands are asked once they are there: each is a new process."""
        with JournalReader(self.data / "journal.db") as journal:
            return journal.counts("detections").get(sensor, Counts()).journaled

    def dead_letters(self) -> int:
        with JournalReader(self.data / "journal.db") as journal:
            return len(journal.dead_letters())

    def say(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run([sys.executable, "-m", "ops.cli", *arguments, "--json"], capture_output=True, text=True,
                              timeout=PATIENT_S)  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found


@pytest.fixture(scope="module")
def running(hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    data = tmp_path_factory.mktemp("run")
    dials, listens, shows = ReservedPort(), ReservedPort(), ReservedPort()
    door, port = socket.create_server(("127.0.0.1", dials.number)), listens.number
    layout = next(iter(json.loads(path.read_text()) for path in Path(hill_sector.sector).parent.glob("*.geojson")
                       if "radar-mid" in path.read_text()))  # fmt: skip
    place = next(tuple(each["geometry"]["coordinates"]) for each in layout["features"]
                 if each["properties"]["id"] == "radar-mid")  # fmt: skip
    for sensor, node in (("radar-mid", NODE), ("camera-west", CAMERA)):
        registered = subprocess.run(
            [sys.executable, "-m", "ops.cli", "sensor", "register", str(hill_sector.sector), sensor,
             "--data", str(data), "--sapient-node", node], capture_output=True, timeout=PATIENT_S)  # fmt: skip
        assert registered.returncode == 0, registered.stderr
    log = (data / "out.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "run", str(hill_sector.sector), "--data", str(data),
         "--port", str(shows.number), "--sapient", f"127.0.0.1:{door.getsockname()[1]}",
         "--sapient-listen", f"127.0.0.1:{port}"],
        stdout=log, stderr=log, env={**os.environ, "WATCHLINE_BROWSER": "no"},
    )  # fmt: skip
    log.close()
    door.settimeout(2 * PATIENT_S)
    try:
        yield Command(process, door, accepted(door), port, data, place, str(hill_sector.sector))
    finally:
        process.send_signal(signal.SIGINT)
        ended = process.wait(PATIENT_S)
        for reserved in (dials, listens, shows):
            reserved.release()
        print((data / "out.log").read_text()[-2000:])
    assert ended == 0, "Ctrl-C ends it in order"


def test_it_registers_and_reports_itself_as_a_fusion_node(running: Command) -> None:
    (registration,) = running.dialled.wait_for("registration")
    running.dialled.wait_for("status_report")
    assert is_uuid4(registration.node_id)
    assert registration.registration.node_definition[0].node_type == 20  # NODE_TYPE_FUSION_NODE
    assert running.dialled.faults == []


SYSTEMS = [
    *[
        (f"polar {name}", {"coordinate_system": f"RANGE_BEARING_COORDINATE_SYSTEM_{name}", "azimuth": 90.0 * angle,
                           "range": 800.0 * metres, "azimuth_error": 0.5 * angle, "range_error": 5.0 * metres}, None)
        for name, angle, metres in (("DEGREES_M", 1.0, 1.0), ("RADIANS_M", math.pi / 180, 1.0),
                                    ("DEGREES_KM", 1.0, 1e-3), ("RADIANS_KM", math.pi / 180, 1e-3))
    ],
    *[
        (f"north {datum}", {"azimuth": 90.0, "range": 800.0, "azimuth_error": 0.5, "range_error": 5.0,
                            "datum": f"RANGE_BEARING_DATUM_{datum}"}, None)
        for datum in ("TRUE", "MAGNETIC", "GRID", "PLATFORM")
    ],
    ("degrees", None, {"x_error": 1e-5}),
    ("radians", None, {"coordinate_system": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M"}),
    ("UTM", None, {"coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M", "utm_zone": "16N"}),
]  # fmt: skip


def test_detections_in_every_unit_and_datum_are_placed_where_they_are(running: Command, sapient_node: Any) -> None:
    """A target 800 m east of the radar, told in eleven ways: each within what its north may turn it.

    The magnetic declination there is about −6°, grid convergence of zone 16 about +1.6°, the platform looks 10° east of
    north; so 800 m east is turned by up to 10°: 140 m.
    """
    from pyproj import Geod, Transformer

    lon, lat = running.place
    there_lon, there_lat, _ = Geod(ellps="WGS84").fwd(lon, lat, 90.0, 800.0)
    node, peer = sapient_node(node_id=NODE, name="anything"), running.connect()
    peer.send(node.registration())
    assert peer.wait_for("registration_ack")[0].registration_ack.acceptance
    heading = {"status": [{"status_level": "STATUS_LEVEL_INFORMATION_STATUS", "status_type": "STATUS_TYPE_PLATFORM",
                           "status_value": "10"}]}  # fmt: skip
    peer.send(node.status(None, {"x": lon, "y": lat}, **heading))
    told = {}
    for name, polar, location in SYSTEMS:
        x, y = there_lon, there_lat
        if location and "RAD" in location.get("coordinate_system", ""):
            x, y = math.radians(x), math.radians(y)
        if location and "UTM" in location.get("coordinate_system", ""):
            x, y = Transformer.from_crs(4326, 32616, always_xy=True).transform(x, y)
        message = node.detection(polar=polar, location=None if location is None else {"x": x, "y": y, **location},
                                 target=100 + len(told))  # fmt: skip
        told[message.detection_report.object_id] = name
        peer.send(message)
        time.sleep(0.1)
    until(lambda: running.journaled("radar-mid") >= len(told))
    listed = running.say("journal", "detections", str(running.data), "--sensor", "radar-mid", "--sector",
                         running.sector)  # fmt: skip
    found = listed["sensors"]["radar-mid"]["sources"]
    assert set(told) <= set(found)
    assert peer.of("error") == []
    geod = Geod(ellps="WGS84")
    turned = {"MAGNETIC": -6.0, "GRID": 1.6, "PLATFORM": 10.0}
    for source, name in told.items():
        (position,) = found[source]["positions"]
        azimuth, _, away_m = geod.inv(lon, lat, position["lon"], position["lat"])
        expected = 90.0 + turned.get(name.removeprefix("north "), 0.0)
        assert away_m == pytest.approx(800.0, abs=3.0), name
        assert azimuth == pytest.approx(expected, abs=0.5), name
    peer.close()


def test_an_invalid_packet_is_answered_with_every_reason_and_kept(running: Command, sapient_node: Any) -> None:
    node, peer = sapient_node(node_id=CAMERA, name="camera-west", kind="NODE_TYPE_CAMERA"), running.connect()
    peer.send(node.registration())
    peer.wait_for("registration_ack")
    bad = [
        node.detection(location={"x": "NaN", "y": 95.0}, report_id="x"),
        node.detection(polar={"azimuth": 1.0, "range": -5.0}),
        node.detection(location={"x": 1.0, "y": 1.0, "utm_zone": "99Q",
                                 "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"}),
        b"\xff\xfe\xfd",
    ]  # fmt: skip
    for packet in bad:
        peer.send(packet)
    answers = peer.wait_for("error", len(bad))
    reasons = [list(answer.error.error_message) for answer in answers]
    assert len(reasons[0]) == 2
    assert any("report_id" in reason for reason in reasons[0])
    assert any("location.x" in reason for reason in reasons[0])
    assert "range" in reasons[1][0]
    assert "utm_zone" in reasons[2][0]
    for packet, answer in zip(bad, answers, strict=True):
        raw = packet if isinstance(packet, bytes) else packet.SerializeToString()
        assert answer.error.packet == raw
    until(lambda: running.dead_letters() >= len(bad))
    listed = running.say("dead-letters", "list", str(running.data))
    assert listed["count"] >= len(bad)
    letters = listed["letters"]
    assert {"not_protobuf", "out_of_range"} <= {letter["code"] for letter in letters}
    shown = running.say("dead-letters", "show", str(running.data), str(letters[0]["id"]))
    assert shown["field"]
    assert shown["packet_content_type"] == "application/vnd.sapient+protobuf"
    assert base64.b64decode(shown["packet_base64"]) in [
        packet if isinstance(packet, bytes) else packet.SerializeToString() for packet in bad
    ]
    peer.close()


def test_what_is_sent_is_stamped_now_in_order_and_apart(running: Command) -> None:
    assert running.dialled.faults == []
    apart_s = [message.timestamp.ToNanoseconds() / 1e9 - came_s for came_s, message in list(running.dialled.found)]
    assert max(apart_s) < LATEST_S  # how late is stated in test_node_link.py, by a clock of its own
    stamps = [message.timestamp.ToNanoseconds() for message in running.dialled.of("detection_report")]
    assert all(b == a or b - a >= GAP_NS for a, b in pairwise(stamps))
    for message in running.dialled.of("alert"):
        assert is_ulid(message.alert.alert_id)


def test_a_peer_that_restarts_is_called_again_and_knows_us_again(running: Command) -> None:
    before = running.dialled.of("registration")[0].node_id
    for _ in range(2):
        port = running.door.getsockname()[1]
        running.door.close()
        running.dialled.close()
        time.sleep(0.7)
        running.door = socket.create_server(("127.0.0.1", port))
        running.door.settimeout(PATIENT_S)
        running.dialled = accepted(running.door)
        assert running.dialled.wait_for("registration")[0].node_id == before
        running.dialled.wait_for("status_report")
