"""What SAPIENT nodes say of themselves and of their files: poses for mobile sensors, pictures of reports and tasks."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.decode import envelope_of, read_wire_scan
from ingest.standards.sapient.files import media_of
from ingest.standards.sapient.outgoing import ulid
from ingest.wire import WireMedia, WirePose, WireScan
from ops.services.cue.drivers import LookOutcome, SapientDriver
from ops.services.sapient.database import NodeTask, SapientMemory
from ops.services.sapient.gateway import Gateway
from ops.services.sapient.node_link import LinkContext, PendingScan
from sensors.layout import Layout, place
from tests.ops.services.sapient.test_node_link import FRAME, NOW, Ear, Make, links  # noqa: F401 - fixture links

NODE = "4b0d7c36-6f5e-4f39-8d6f-3f6f2b1d9c22"
CAMERA: dict[str, Any] = {
    "kind": "camera", "max_range_m": 5000.0, "azimuth_sd_deg": 0.1, "azimuth_deg": 20.0, "field_of_view_deg": 10.0,
}  # fmt: skip
TURNS = place(FRAME, 0.0, 0.0, id="cam-1", mobile=True, max_speed_mps=0.1, **CAMERA)
FIXED = place(FRAME, 0.0, 0.0, id="cam-1", **CAMERA)
VIEW = {
    "coordinate_system": "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M", "datum": "RANGE_BEARING_DATUM_TRUE",
    "azimuth": 95.5, "elevation": -3.25, "horizontal_extent": 10.0, "vertical_extent": 7.5, "azimuth_error": 0.125,
}  # fmt: skip


class Room:
    """A gateway with one registered camera; what it leaves to the disk is done at once, but for the connection."""

    def __init__(self, links: LinkContext, sapient_node: Make, sensor: Any = TURNS) -> None:  # noqa: F811
        (links.folder / "adapters.json").write_text(json.dumps({"sapient": {NODE: "cam-1"}}))
        self.links, self.ear = links, Ear()
        self.gateway = Gateway(Layout("one", FRAME, (sensor,)), links, "own")
        self.later: list[str] = []
        self.gateway._later = lambda work, *_: self.later.append(work.__name__)  # type: ignore[assignment,misc]
        self.gateway.peers.add(self.ear)  # type: ignore[arg-type]
        self.node = sapient_node(node_id=NODE, name="anything", kind="NODE_TYPE_CAMERA")
        self.tell(self.node.registration(NOW))

    def tell(self, message: Any) -> None:
        self.gateway.handle(self.ear, message.SerializeToString())  # type: ignore[arg-type]

    @property
    def link(self) -> Any:
        return self.gateway.node_links[NODE]

    def scan(self) -> WireScan:
        """The scan that waits, as it goes into the spool."""
        look: PendingScan = self.link.due(float("inf"))
        payload = self.link._builder(look, 1)(5, 1)
        found: WireScan = read_wire_scan(payload, envelope_of(NOW, None, "application/json", None))
        return found


@pytest.fixture
def room(links: LinkContext, sapient_node: Make) -> Room:  # noqa: F811
    return Room(links, sapient_node)


def test_the_status_of_a_mobile_sensor_is_its_pose(room: Room) -> None:
    room.tell(room.node.status(NOW, {"x": -84.2, "y": 36.58}, field_of_view={"range_bearing": VIEW}))
    assert room.link.pose == WirePose(
        lon=-84.2, lat=36.58, heading_deg=95.5, heading_sd_deg=0.125, tilt_deg=-3.25, observed_at=NOW
    )
    assert "state" in room.later


def test_a_pose_is_not_later_than_its_receipt(room: Room) -> None:
    """Clocks may differ by half a second; a pose from the future would be refused by the journal's gate."""
    ahead = NOW + timedelta(milliseconds=400)
    room.tell(room.node.status(ahead, {"x": -84.2, "y": 36.58}, field_of_view={"range_bearing": VIEW}))
    assert room.link.pose.observed_at == NOW


def test_the_heartbeats_of_a_node_state_its_power_and_that_it_does_not_detect(room: Room) -> None:
    told: list[tuple[Any, ...]] = []

    class Sender:
        def set_state(self, state: str, note: str, *, power: float | None, obscured: bool) -> None:
            told.append((state, note, power, obscured))

    def tell(**report: Any) -> list[str]:
        room.later.clear()
        room.tell(room.node.status(NOW, **report))
        return room.later

    room.link._sender = Sender()
    low = {"level": 3, "source": "POWERSOURCE_INTERNAL_BATTERY", "status": "POWERSTATUS_OK"}
    covered = {
        "status_level": "STATUS_LEVEL_ERROR_STATUS",
        "status_type": "STATUS_TYPE_NOT_DETECTING",
        "status_value": "lens covered",
    }
    for report in ({}, {"power": low}, {"power": low, "status": [covered]}):
        later = tell(**report)
        assert ("tell" in later) == bool(report)
        room.link.tell()
    assert told == [
        ("ok", "", None, False),
        ("ok", "", 0.03, False),
        ("ok", "not_detecting: lens covered", 0.03, True),
    ]


def test_what_a_node_stated_is_known_after_a_restart_of_the_gateway(room: Room) -> None:
    """Most reports state that nothing has changed, and leave out what they would repeat."""
    covered = {"status_level": "STATUS_LEVEL_ERROR_STATUS", "status_type": "STATUS_TYPE_NOT_DETECTING"}
    room.tell(room.node.status(NOW, info="INFO_UNCHANGED"))
    (only,) = room.links.memory.nodes()
    assert only.status is not None, "better than none"
    for lon, report in ((-84.2, {"info": "INFO_NEW", "status": [covered]}), (-84.1, {"info": "INFO_UNCHANGED"})):
        room.tell(room.node.status(NOW, {"x": lon, "y": 36.58}, **report))
        assert (room.link.node.obscured, room.link.node.note) == (True, "not_detecting")
    again = Gateway(Layout("one", FRAME, (TURNS,)), room.links, "own").node_links[NODE].node
    assert (again.obscured, again.note) == (True, "not_detecting")
    assert again.stand.place is not None
    assert again.stand.place.lon == -84.1, "what it does not leave out is that of the newest"
    room.tell(room.node.status(NOW, info="INFO_NEW"))
    again = Gateway(Layout("one", FRAME, (TURNS,)), room.links, "own").node_links[NODE].node
    assert (again.obscured, again.note) == (False, "")


def test_without_a_position_or_for_a_fixed_sensor_there_is_no_pose(
    room: Room,
    links: LinkContext,  # noqa: F811
    sapient_node: Make,
) -> None:
    room.tell(room.node.status(NOW, field_of_view={"range_bearing": VIEW}))
    assert room.link.pose is None
    fixed = Room(links, sapient_node, FIXED)
    fixed.tell(fixed.node.status(NOW, {"x": -84.2, "y": 36.58}, field_of_view={"range_bearing": VIEW}))
    assert fixed.link.pose is None
    assert "state" not in fixed.later


def test_the_files_of_a_detection_are_pictures_of_its_plot(room: Room) -> None:
    files = [
        {"type": "image/jpeg", "url": "https://cam-1.example/a"},
        {"type": "MP4", "url": "http://cam-1.example/b?x=1"},
        {"type": "still image", "url": "drop:c.PNG"},
        {"type": "application/pdf", "url": "https://cam-1.example/report.pdf"},
        {"type": "image/jpeg", "url": "file:///etc/passwd"},
    ]
    room.tell(room.node.detection(NOW, polar={"azimuth": 12.0, "azimuth_error": 0.1}))
    room.tell(room.node.detection(NOW, polar={"azimuth": 14.0, "azimuth_error": 0.1}, target=2, associated_file=files))
    scan = room.scan()
    assert len(scan.plots) == 2
    assert scan.media == (
        WireMedia("https://cam-1.example/a", "image/jpeg", plot=1),
        WireMedia("http://cam-1.example/b?x=1", "video/mp4", plot=1),
        WireMedia("drop:c.PNG", "image/png", plot=1),
    )


def test_more_files_than_a_scan_may_have_are_left_out_and_the_detections_stay(room: Room) -> None:
    for target in range(4):
        files = [{"type": "image/jpeg", "url": f"https://cam-1.example/{target}-{n}"} for n in range(6)]
        polar = {"azimuth": 12.0 + target, "azimuth_error": 0.1}
        room.tell(room.node.detection(NOW, polar=polar, target=10 + target, associated_file=files))
    scan = room.scan()
    assert (len(scan.plots), len(scan.media)) == (4, 16)


def test_the_file_of_a_finished_task_is_the_still_of_its_look_and_no_scan(room: Room) -> None:
    """A scan without plots would tell fusion that the camera saw nothing in all of its field of view."""
    driver = SapientDriver(room.links.folder)
    name = ulid(1, b"x")
    room.links.memory.add_task(NodeTask(name, NODE, b"", 5, 6, "", ""))
    still = {"type": "image/jpeg", "url": "drop:a.jpg"}
    room.tell(room.node.message(NOW, task_ack={"task_id": name, "task_status": "TASK_STATUS_ACCEPTED"}))
    assert driver.outcome(name) == LookOutcome("accepted")
    done = {"task_id": name, "task_status": "TASK_STATUS_COMPLETED", "associated_file": still}
    room.tell(room.node.message(NOW, task_ack=done))
    still_of = WireMedia("drop:a.jpg", "image/jpeg", observed_at=NOW)
    assert driver.outcome(name) == LookOutcome("done", still=still_of)
    assert room.link.due(float("inf")) is None
    room.tell(room.node.message(NOW, task_ack=done | {"associated_file": {"type": "text", "url": "drop:a.txt"}}))
    assert driver.outcome(name) == LookOutcome("done")


@pytest.mark.parametrize("url", ["", "x", "https://", "drop:", "ftp://a/b.jpg", "drop:a b.jpg"])
def test_an_address_that_no_picture_may_have_is_left_out(url: str) -> None:
    class File:
        type = "image/jpeg"

    one = File()
    one.url = url  # type: ignore[attr-defined]
    assert media_of([one], None) == []


def test_a_file_of_an_earlier_version_is_opened_and_keeps_its_tasks(tmp_path: Path) -> None:
    with SapientMemory(tmp_path) as memory:
        memory.add_task(NodeTask("t", "n", b"body", 5, None, "", ""))
    with closing(sqlite3.connect(tmp_path / "sapient.db")) as db:
        db.execute("ALTER TABLE tasks DROP COLUMN file")
        db.commit()
    for _ in range(2):
        with SapientMemory(tmp_path) as memory:
            assert [(one.task_id, one.file) for one in memory.tasks()] == [("t", "")]


def test_the_number_of_scans_of_a_sensor(tmp_path: Path, links: LinkContext) -> None:  # noqa: F811
    for number in range(3):
        links.memory.remember("cam-1", 1, number, b"", [])
    assert (links.memory.count_of("cam-1"), links.memory.count_of("cam-2")) == (3, 0)
