"""Looks from request to outcome: asked once, after kills too, each state in the journal, and the rule in its limits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pyproj import Geod

from ingest.standards.sapient.decode import SapientMessage
from ingest.unit_messages import Reply, encode_unit
from ingest.wire import WireMedia
from ops.incidents.actions import IncidentAction, Refused
from ops.incidents.incident import Incident, NamedTrack
from ops.incidents.life_cycle import act
from ops.incidents.looks import AUTOMATIC, CameraLook
from ops.sector.setting_tables.cue import CueSettings
from ops.sector.setting_tables.onvif import OnvifCamera
from ops.services.cue.desk import CueDesk, requested
from ops.services.cue.drivers import CameraDrivers, CannotLook, Direction, LookOutcome, SapientDriver
from ops.services.cue.options import steerable
from ops.services.cue.rules import may_turn
from ops.services.fusion.desks.incidents import _action_of
from ops.services.fusion.incident_view import incident_dict
from ops.services.sapient import sensor_names
from ops.services.sapient.database import KnownNode, SapientMemory
from ops.services.sapient.sensor_names import registered_nodes
from ops.store.incidents import IncidentRow
from ops.store.reader import Live
from sensors.cueing import Sight
from sensors.timestamps import utc_datetime
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import SECOND, START_NS, incident

LON, LAT = 12.0, 50.0
SETTINGS = CueSettings(cameras=("cam-1", "cam-2"), turn_dps=10.0)
NODE = "7d0f5bbd-2f84-4c2a-9f0e-0d6a3a1c5e21"


def feature(name: str, azimuth_deg: float, **more: Any) -> dict[str, Any]:
    about = {
        "id": name,
        "azimuth_deg": azimuth_deg,
        "field_of_view_deg": 360.0,
        "min_range_m": 0.0,
        "max_range_m": 5000.0,
    }
    return {"geometry": {"type": "Point", "coordinates": [LON, LAT]}, "properties": about | more}


LAYOUT = {"features": [feature("cam-1", 0.0), feature("cam-2", 80.0), feature("fixed", 90.0)]}


class Room:
    """Incidents to which actions are applied as in fusion; it is the reader and what takes actions."""

    def __init__(self) -> None:
        made = incident(id="I1", priority="high", tracks=(NamedTrack("T1", "Cedar 4"),))
        self.incidents: dict[str, Incident] = {"I1": made}
        self.replies: list[Reply] = []
        self.seen_by: list[str] | None = None
        self.observed_at = utc_datetime(START_NS)
        self.now_ns = START_NS + 60 * SECOND
        lon, lat, _ = Geod(ellps="WGS84").fwd(LON, LAT, 90.0, 1000.0)
        self.picture_age_s = 0
        self.sensors: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []
        self.track = {"track": "T1", "lon": lon, "lat": lat, "speed_mps": 0.0, "course_deg": None}

    def send_reply(self, reply: Reply) -> None:
        encode_unit(reply)  # the journal takes it
        self.replies.append(reply)
        one = self.incidents[reply.incident]
        changed = act(one, _action_of(reply), at=utc_datetime(self.now_ns), undo_s=10.0)
        self.incidents |= {after.id: after for after in changed}

    def last_event(self) -> int:
        return sum(one.revision for one in self.incidents.values())

    def incident(self, identity: str) -> IncidentRow:
        about = {"track": "T1", "observed_at": self.observed_at, "ground": {"seen_by": self.seen_by}}
        lead = None if self.seen_by is None else msgspec.json.encode(about)
        return IncidentRow(msgspec.json.encode(incident_dict(self.incidents[identity], FRAME)), lead)

    def incidents_(self, **_: Any) -> tuple[int, list[IncidentRow]]:
        return self.last_event(), [self.incident(name) for name in self.incidents]

    def live(self, part: str) -> Live:
        shown = [*self.others, self.track] if part == "tracks" else self.sensors
        return Live(1, self.now_ns - self.picture_age_s * SECOND, msgspec.json.encode(shown))

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(one.state, one.code) for one in self.incidents["I1"].looks]


class Reader:
    """The room, as the store's reader names its parts."""

    def __init__(self, room: Room) -> None:
        self.incidents, self.incident, self.live, self.last_event = (
            room.incidents_,
            room.incident,
            room.live,
            room.last_event,
        )


class Camera:
    """A driver whose answers the test sets."""

    def __init__(self) -> None:
        self.started: list[tuple[str, float]] = []
        self.started_at: list[Direction] = []
        self.withdrawn: list[str] = []
        self.answer: LookOutcome | None = None
        self.connected = {"cam-1", "cam-2"}

    def reaches(self, camera: str) -> bool:
        return camera in self.connected

    def start(self, look: str, camera: str, there: Direction, now_ns: int) -> None:
        if camera not in self.connected:
            raise CannotLook("not_registered")
        self.started.append((camera, there.azimuth_deg))
        self.started_at.append(there)

    def outcome(self, look: str) -> LookOutcome | None:
        return self.answer

    def withdraw(self, look: str) -> None:
        self.withdrawn.append(look)


def desk_of(room: Room, camera: Any, settings: CueSettings = SETTINGS) -> CueDesk:
    reader: Any = Reader(room)
    return CueDesk(settings, LAYOUT, reader, camera, room, now_ns=lambda: room.now_ns)


def ask(room: Room, desk: CueDesk) -> None:
    """A person asks for the first option."""
    first = desk.options(room.incident("I1"))[0]
    stated = requested(first, room.now_ns)
    room.send_reply(
        Reply(
            "ops-centre",
            1,
            1,
            utc_datetime(room.now_ns),
            "look",
            "A",
            "Ana",
            incident="I1",
            action_id="a-1",
            look=stated,
        )
    )


def test_options_are_ranked_by_the_time_to_turn_and_only_what_is_connected_counts() -> None:
    room, camera = Room(), Camera()
    desk = desk_of(room, camera)
    found = desk.options(room.incident("I1"))
    assert [(one.camera, round(one.slew_s, 1), round(one.azimuth_deg)) for one in found] == [
        ("cam-2", 2.0, 90),
        ("cam-1", 10.0, 90),
    ]
    camera.connected = {"cam-1"}
    assert [one.camera for one in desk.options(room.incident("I1"))] == ["cam-1"]
    camera.connected = {"cam-1", "cam-2"}
    room.seen_by = ["cam-1", "radar"]
    assert [(one.camera, one.in_view) for one in desk.options(room.incident("I1"))] == [("cam-1", True)]
    room.seen_by = ["radar"]
    assert [one.in_view for one in desk.options(room.incident("I1"))] == [None, None]


@pytest.mark.parametrize("state", ["offline", "maintenance"])
def test_a_camera_that_is_offline_or_in_maintenance_is_not_offered(state: str) -> None:
    room = Room()
    room.sensors = [{"sensor": "cam-2", "state": state}, {"sensor": "cam-1", "state": "ok"}]
    assert [one.camera for one in desk_of(room, Camera()).options(room.incident("I1"))] == ["cam-1"]
    onvif = replace(SETTINGS, onvif={"cam-2": OnvifCamera("https://10.20.0.7")})
    offered = [one.camera for one in desk_of(room, Camera(), onvif).options(room.incident("I1"))]
    assert offered == (["cam-2", "cam-1"] if state == "offline" else ["cam-1"]), "it need not send detections"


def test_a_camera_looks_at_the_track_of_the_lead_alert_of_several() -> None:
    room = Room()
    room.seen_by = ["cam-1"]
    other = room.track | {"track": "T0", "lon": LON, "lat": LAT + 0.01}
    room.others = [other]
    tracks = (NamedTrack("T0", "Cedar 3"), NamedTrack("T1", "Cedar 4"))
    room.incidents["I1"] = replace(room.incidents["I1"], tracks=tracks)
    (option,) = desk_of(room, Camera()).options(room.incident("I1"))
    assert (option.camera, round(option.azimuth_deg)) == ("cam-1", 90)
    room.track = other
    options = desk_of(room, Camera()).options(room.incident("I1"))
    assert {(one.camera, round(one.azimuth_deg)) for one in options} == {("cam-1", 0), ("cam-2", 0)}, (
        "what sees the target of the lead alert is not known to see this one"
    )


def test_the_rule_looks_at_no_incident_of_hours_ago_but_at_who_called_for_help() -> None:
    """As after a start: their targets are not where they were, and a new event gets its look at once."""
    room, camera = Room(), Camera()
    easting, northing = (float(one) for one in FRAME.to_local(room.track["lon"], room.track["lat"]))
    past = replace(room.incidents["I1"], tracks=(), easting=easting, northing=northing)
    room.incidents = {f"I{number}": replace(past, id=f"I{number}") for number in range(32)}
    room.seen_by = []
    desk = desk_of(room, camera, replace(SETTINGS, automatic=("distress", "high")))
    room.now_ns += 3600 * SECOND
    desk.look()
    assert room.replies == []
    room.observed_at = utc_datetime(room.now_ns - 359 * SECOND)
    desk_of(room, camera, replace(SETTINGS, automatic=("high",), cameras=("cam-1",))).look()
    assert [one.incident for one in room.replies] == ["I0"], "the lead alert has new evidence"
    room.observed_at = utc_datetime(START_NS)
    room.incidents["I40"] = replace(past, id="I40", tracks=(NamedTrack("T1", "Cedar 4"),))
    desk.look()
    room.incidents = {"I41": replace(past, id="I41", kind="distress", priority="distress")}
    room.now_ns += 61 * SECOND
    desk.look()
    assert [one.incident for one in room.replies] == ["I0", "I40", "I41"]


def test_a_mobile_camera_is_offered_from_its_pose_and_without_one_not_at_all() -> None:
    carried = {"features": [feature("cam-1", 0.0, mobile=True), feature("cam-2", 0.0, mobile=False)]}
    assert [one.id for one in steerable(carried, SETTINGS, {})] == ["cam-2"]
    here: dict[str, Any] = {"sensor": "cam-1", "lon": 12.5, "lat": 50.5, "pose": {"heading_deg": 77.0}}
    found = {one.id: one for one in steerable(carried, SETTINGS, {"cam-1": 5.0}, [here])}
    assert (found["cam-1"].lon, found["cam-1"].lat, found["cam-1"].azimuth_deg) == (12.5, 50.5, 77.0)
    assert found["cam-1"].regard_width_deg == 360.0
    here["pose"]["heading_deg"] = None  # it states where it is, and not where it looks: as it was turned last
    assert steerable(carried, SETTINGS, {"cam-1": 5.0}, [here])[0].azimuth_deg == 5.0


def test_the_tilt_of_the_layout_limits_what_is_offered_and_the_look_carries_its_elevation() -> None:
    room, camera = Room(), Camera()
    sights = {"cam-1": Sight(-3.456, True), "cam-2": Sight(-20.0, True)}
    limited = {"features": [feature(name, 0.0, elevation_min_deg=-10.0, elevation_max_deg=5.0) for name in sights]}
    reader: Any = Reader(room)
    desk = CueDesk(
        SETTINGS, limited, reader, camera, room, now_ns=lambda: room.now_ns, sight=lambda one, *_: sights[one.id]
    )
    assert [(one.camera, one.elevation_deg) for one in desk.options(room.incident("I1"))] == [("cam-1", -3.456)]
    ask(room, desk)
    desk.look()
    assert camera.started_at == [Direction(90.0, -3.46)]
    assert [look.elevation_deg for look in room.incidents["I1"].looks] == [-3.46]


def test_where_one_camera_is_known_to_see_the_target_no_other_is_offered() -> None:
    room = Room()
    sights = {"cam-1": Sight(0.0, True), "cam-2": Sight()}
    reader: Any = Reader(room)
    desk = CueDesk(
        SETTINGS, LAYOUT, reader, Camera(), room, now_ns=lambda: room.now_ns, sight=lambda one, *_: sights[one.id]
    )
    assert [one.camera for one in desk.options(room.incident("I1"))] == ["cam-1"]
    sights["cam-1"] = Sight(0.0, False)
    assert [(one.camera, one.in_view) for one in desk.options(room.incident("I1"))] == [("cam-2", None)]


@pytest.mark.parametrize("state", ["refused", "failed"])
def test_when_a_camera_fails_the_next_best_is_asked_once_by_the_rule(state: str) -> None:
    room, camera = Room(), Camera()
    desk = desk_of(room, camera)  # the rule turns nothing by itself here
    ask(room, desk)
    camera.answer = LookOutcome(state, "by_camera")
    desk.look()
    camera.answer = None
    for _ in range(3):
        desk.look()
        desk_of(room, camera).look()  # started again
    looks = [(one.camera, one.by, one.state) for one in room.incidents["I1"].looks]
    assert looks == [("cam-2", "Ana", state), ("cam-1", AUTOMATIC, "requested")]
    camera.answer = LookOutcome("failed", "unreachable")
    for _ in range(3):
        desk.look()
    assert len(room.incidents["I1"].looks) == 2, "both cameras have been tried"


def test_the_next_best_camera_is_left_alone_while_a_person_uses_it() -> None:
    room, camera = Room(), Camera()
    now = utc_datetime(room.now_ns)
    room.incidents["I2"] = replace(room.incidents["I1"], id="I2", looks=(
        CameraLook("L-9", "cam-1", 10.0, 1.0, "done", by="Ben", at=now, changed_at=now),
    ))  # fmt: skip
    desk = desk_of(room, camera)
    ask(room, desk)
    camera.answer = LookOutcome("failed", "credentials")
    for _ in range(3):
        desk.look()
    assert [one.camera for one in room.incidents["I1"].looks] == ["cam-2"]


def test_after_the_time_for_an_answer_no_other_camera_is_asked() -> None:
    room, camera = Room(), Camera()
    ask(room, desk_of(room, camera))
    camera.answer = LookOutcome("failed", "by_camera")
    desk_of(room, camera).look()
    failed = room.incidents["I1"].looks
    room.now_ns += 61 * SECOND
    desk_of(room, camera).look()
    assert room.incidents["I1"].looks == failed


def test_the_most_urgent_incident_gets_the_camera() -> None:
    room, camera = Room(), Camera()
    room.incidents["I2"] = replace(room.incidents["I1"], id="I2", priority="distress")
    desk = desk_of(room, camera, replace(SETTINGS, automatic=("distress", "high"), cameras=("cam-1",)))
    desk.look()
    assert [one.incident for one in room.replies] == ["I2"]


def test_the_rule_asks_again_when_a_camera_comes_into_view_without_any_event() -> None:
    room, camera = Room(), Camera()
    camera.connected = set()
    desk = desk_of(room, camera, replace(SETTINGS, automatic=("high",)))
    desk.look()
    camera.connected = {"cam-1"}
    desk.look()
    assert room.replies == []
    room.now_ns += 6 * SECOND
    desk.look()
    assert [reply.look.camera for reply in room.replies if reply.look] == ["cam-1"]


def test_the_still_of_a_driver_is_in_the_journal_with_the_end_of_the_look() -> None:
    room, camera = Room(), Camera()
    desk = desk_of(room, camera)
    ask(room, desk)
    still = WireMedia("drop:a.jpg", "image/jpeg", "ab" * 32, 9)
    camera.answer = LookOutcome("done", still=still)
    desk.look()
    assert [reply.look.still for reply in room.replies if reply.look] == [None, still]


def test_several_drivers_are_one(tmp_path: Path) -> None:
    first, second = Camera(), Camera()
    first.connected, second.connected = {"cam-1"}, {"cam-2"}
    both = CameraDrivers([first, second])
    assert [both.reaches(name) for name in ("cam-1", "cam-2", "cam-3")] == [True, True, False]
    both.start("L", "cam-2", Direction(9.0), START_NS)
    assert (first.started, second.started) == ([], [("cam-2", 9.0)])
    with pytest.raises(CannotLook):
        both.start("L", "cam-3", Direction(9.0), START_NS)
    second.answer = LookOutcome("done")
    assert both.outcome("L") == LookOutcome("done")
    both.withdraw("L")
    assert (first.withdrawn, second.withdrawn) == (["L"], ["L"])


def test_a_look_goes_from_request_to_outcome_and_each_state_is_in_the_journal_once() -> None:
    room, camera = Room(), Camera()
    desk = desk_of(room, camera)
    ask(room, desk)
    for answer in (None, LookOutcome("sent"), LookOutcome("accepted"), LookOutcome("accepted"), LookOutcome("done")):
        camera.answer = answer
        desk.look()
        desk.look()
    assert [reply.look.state for reply in room.replies if reply.look] == ["requested", "sent", "accepted", "done"]
    (look,) = room.incidents["I1"].looks
    assert (look.camera, look.state, look.by, round(look.azimuth_deg)) == ("cam-2", "done", "Ana", 90)
    assert [reply.by for reply in room.replies] == ["Ana", AUTOMATIC, AUTOMATIC, AUTOMATIC]


def test_a_camera_that_refuses_is_gone_or_silent_ends_the_look_with_the_reason() -> None:
    room, camera = Room(), Camera()
    ask(room, desk_of(room, camera))
    camera.answer = LookOutcome("refused", "by_camera")
    desk_of(room, camera).look()
    assert room.states == [("refused", "by_camera")]
    room, camera = Room(), Camera()
    ask(room, desk_of(room, camera))
    camera.connected = set()
    desk_of(room, camera).look()
    assert room.states == [("failed", "not_registered")]
    room, camera = Room(), Camera()
    ask(room, desk_of(room, camera))
    desk_of(room, camera).look()
    assert room.states == [("requested", "")]
    room.now_ns += 61 * SECOND
    desk_of(room, camera).look()
    assert room.states == [("failed", "no_answer")]


def test_a_look_whose_time_is_over_turns_no_camera_any_more() -> None:
    """The desk was not running, or the camera not connected: what it would look at is elsewhere by now."""
    room, camera = Room(), Camera()
    ask(room, desk_of(room, camera))
    (look,) = room.incidents["I1"].looks
    room.now_ns += 61 * SECOND
    desk_of(room, camera).look()
    assert camera.started == []
    assert camera.withdrawn == [look.id]
    assert room.states == [("failed", "no_answer")]


def test_a_task_that_was_not_sent_is_withdrawn_and_one_that_was_remains(tmp_path: Path) -> None:
    driver, names = SapientDriver(tmp_path), ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW")
    driver.withdraw(names[0])
    write_nodes(tmp_path, NODE)
    with SapientMemory(tmp_path) as memory:
        memory.node_registered(NODE, "cam-1", b"", START_NS)
        for name in names:
            driver.start(name, "cam-1", Direction(41.5), START_NS)
        memory.task_sent(names[1], START_NS)
        for name in names:
            driver.withdraw(name)
        assert [task.task_id for task in memory.tasks()] == [names[1]]


def write_nodes(folder: Path, *nodes: str) -> None:
    """As ``watchline sensor register`` does."""
    (folder / "adapters.json").write_text(json.dumps({"sapient": dict.fromkeys(nodes, "cam-1")}))


def test_a_look_is_for_the_node_that_has_replaced_another(tmp_path: Path) -> None:
    old, new, driver = f"0a{NODE[2:]}", f"f0{NODE[2:]}", SapientDriver(tmp_path)
    write_nodes(tmp_path, new)
    with SapientMemory(tmp_path) as memory:
        memory.node_registered(old, "cam-1", b"", START_NS)
        assert not driver.reaches("cam-1"), "it is registered no more"
        memory.node_registered(new, "cam-1", b"", START_NS)
        driver.start("01ARZ3NDEKTSV4RRFFQ69G5FAV", "cam-1", Direction(41.5), START_NS)
        assert [task.node_id for task in memory.tasks()] == [new]


def test_the_register_is_read_once_for_however_many_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[Path]()

    def registered(folder: Path) -> dict[str, str]:
        read.append(folder)
        return registered_nodes(folder)

    monkeypatch.setattr(sensor_names, "registered_nodes", registered)
    names = [f"{number:08x}{NODE[8:]}" for number in range(3)]
    write_nodes(tmp_path, names[1])
    nodes = [KnownNode(name, "", b"", None, START_NS, START_NS) for name in names]
    assert sensor_names.node_of("cam-1", nodes, tmp_path) == names[1]
    assert sensor_names.node_of(names[2], nodes, tmp_path) == names[2], "not registered"
    assert read == [tmp_path] * 2


def test_the_looks_of_a_merged_incident_end_in_the_other_one() -> None:
    room, camera = Room(), Camera()
    room.incidents["I2"] = replace(room.incidents["I1"], id="I2", tracks=(NamedTrack("T2", "Cedar 5"),))
    desk = desk_of(room, camera)
    ask(room, desk)
    desk.look()
    merge = IncidentAction("m-1", "merge", "Ana", by_centre=True, other="I2")
    merged = act(room.incidents["I1"], merge, at=utc_datetime(room.now_ns), undo_s=10.0, other=room.incidents["I2"])
    room.incidents |= {after.id: after for after in merged}
    camera.answer = LookOutcome("done")
    desk.look()
    assert [one.state for one in room.incidents["I2"].looks] == ["done"]
    before = len(room.replies)
    desk.look()
    assert len(room.replies) == before
    with pytest.raises(Refused):
        ask(room, desk)


def test_the_rule_turns_no_camera_while_fusion_computes_the_past_again() -> None:
    room, camera = Room(), Camera()
    room.picture_age_s = 31
    desk = desk_of(room, camera, replace(SETTINGS, automatic=("high",)))
    desk.look()
    assert room.replies == []
    room.picture_age_s = 0
    desk.look()
    assert [reply.look.state for reply in room.replies if reply.look] == ["requested"]


def test_a_rule_that_was_killed_before_the_store_had_its_request_asks_with_the_same_id() -> None:
    room, camera, sent = Room(), Camera(), list[Reply]()
    room.send_reply = sent.append  # type: ignore[method-assign, assignment]
    for _ in range(2):
        desk_of(room, camera, replace(SETTINGS, automatic=("high",))).look()
    assert len(sent) == 2
    assert len({one.action_id for one in sent}) == 1


def test_the_rule_counts_the_looks_that_the_store_does_not_have_yet() -> None:
    room, camera, sent = Room(), Camera(), list[Reply]()
    room.send_reply = sent.append  # type: ignore[method-assign, assignment]
    desk = desk_of(room, camera, replace(SETTINGS, automatic=("high",), cameras=("cam-1",)))
    desk.look()
    room.incidents["I2"] = replace(room.incidents["I1"], id="I2", revision=7)
    desk.look()
    assert [one.incident for one in sent] == ["I1"]


def test_after_the_turn_the_camera_is_taken_to_look_there() -> None:
    room, camera = Room(), Camera()
    desk = desk_of(room, camera)
    ask(room, desk)
    camera.answer = LookOutcome("done")
    desk.look()
    assert [round(one.slew_s, 1) for one in desk.options(room.incident("I1"))] == [1.0, 10.0]  # cam-2 is there already


def test_the_rule_asks_once_for_incidents_of_its_priorities() -> None:
    room, camera = Room(), Camera()
    desk = desk_of(room, camera, replace(SETTINGS, automatic=("high",)))
    for _ in range(3):
        desk.look()
        desk_of(room, camera, replace(SETTINGS, automatic=("high",))).look()  # started again
    assert [(reply.by, reply.look.state) for reply in room.replies if reply.look] == [(AUTOMATIC, "requested")]
    other = Room()
    desk_of(other, camera, replace(SETTINGS, automatic=("distress",))).look()
    desk_of(other, camera).look()
    assert other.replies == []


@pytest.mark.parametrize(
    ("looks", "may"),
    [
        ([], True),
        ([("cam-1", AUTOMATIC, 59)], False),
        ([("cam-1", AUTOMATIC, 61)], True),
        ([("cam-2", AUTOMATIC, 1)], True),
        ([("cam-1", "Ana", 299)], False),
        ([("cam-1", "Ana", 301)], True),
        ([("cam-2", AUTOMATIC, 100 + n) for n in range(30)], False),
        ([("cam-2", AUTOMATIC, 100 + n) for n in range(29)], True),
        ([("cam-2", AUTOMATIC, 3601 + n) for n in range(30)], True),
        ([("cam-2", "Ana", 100 + n) for n in range(90)], True),
    ],
)
def test_the_rule_keeps_quiet_hold_and_rate(looks: list[tuple[str, str, int]], may: bool) -> None:
    known = [{"camera": camera, "by": by, "at_ns": START_NS - age_s * SECOND} for camera, by, age_s in looks]
    assert may_turn("cam-1", known, START_NS, SETTINGS) is may


def test_a_sapient_look_is_queued_once_and_its_answers_are_read(tmp_path: Path) -> None:
    driver, look = SapientDriver(tmp_path), "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert not driver.reaches("cam-1")
    assert driver.outcome(look) is None
    with pytest.raises(CannotLook):
        driver.start(look, "cam-1", Direction(41.5), START_NS)
    write_nodes(tmp_path, NODE)
    with SapientMemory(tmp_path) as memory:
        memory.node_registered(NODE, "cam-1", b"", START_NS)
        assert driver.reaches("cam-1")
        assert not driver.reaches("cam-2")
        for _ in range(2):
            driver.start(look, "cam-1", Direction(41.5), START_NS)
        (task,) = memory.tasks(unsent=True)
        sent = SapientMessage.FromString(task.body)
        assert (sent.destination_id, sent.task.task_id) == (NODE, look)
        assert sent.task.command.look_at.range_bearing.azimuth == 41.5
        assert driver.outcome(look) is None
        memory.task_sent(look, START_NS)
        assert driver.outcome(look) == LookOutcome("sent")
        for answer, outcome in (
            ("accepted", ("accepted", "")),
            ("completed", ("done", "")),
            ("rejected", ("refused", "by_camera")),
        ):
            assert memory.task_answered(look, answer, "", node_id=NODE)
            assert driver.outcome(look) == LookOutcome(*outcome)
