"""Against a real TAK server with an independent client: incidents are shown, and answers come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from ingest.unit_messages import Position, Reply
from ops.sector.setting_tables.cot import CotServer
from tests.ops.services.feeds.cot.cot_schema import faults
from tests.ops.services.feeds.cot.rig import Rig, chat, device, emergency, incident, spot, track
from tests.ops.services.feeds.cot.taky_server import Observer, Taky
from tests.patience import PATIENT_S


@pytest.fixture
def taky(tmp_path: Path) -> Iterator[Taky]:
    server = Taky(tmp_path / "taky").start()
    yield server
    server.close()


@pytest.fixture
def rig(tmp_path: Path, taky: Taky) -> Iterator[Rig]:
    rig = Rig(tmp_path, CotServer("tak", f"tcp://127.0.0.1:{taky.port}", units={"ANDROID-1": "patrol-1"}))
    yield rig
    rig.feed.close()


@pytest.fixture
def observer(taky: Taky) -> Iterator[Observer]:
    observer = Observer(f"tcp://127.0.0.1:{taky.port}")
    observer.send(device("OBSERVER-1", lon=-84.3).xml())
    yield observer
    observer.close()


def is_uid(uid: str, kind: str | None = None):
    return lambda event: event.get("uid") == uid and (kind is None or event.get("type") == kind)


def says(text: str):
    return lambda event: event.get("type") == "b-t-f" and text in (event.findtext("detail/remarks") or "")


def attribute(event: Element, path: str, name: str) -> str:
    element = event.find(path)
    assert element is not None
    return element.get(name, "")


def test_an_incident_is_shown_moved_and_removed(rig: Rig, observer: Observer) -> None:
    uid = "watchline.cumberland.I0000000000000011"
    rig.store.leads[incident()["lead"]] = 12.0
    rig.deliver(incident())
    shown = observer.wait_for(is_uid(uid), "marker")
    assert shown.get("type") == "a-u-G-U"
    assert attribute(shown, "detail/contact", "callsign") == "Bravo 17"
    assert float(attribute(shown, "point", "ce")) == 12.0  # one standard deviation
    observer.wait_for(says("Bravo 17, High: Probable person on foot crossed the border."), "chat line")
    rig.deliver(incident(revision=1, lon=-84.2))
    observer.wait_for(
        lambda event: is_uid(uid)(event) and float(attribute(event, "point", "lon")) == -84.2, "moved marker"
    )
    rig.deliver(incident(revision=2, state="closed", disposition="apprehended"))
    removed = observer.wait_for(lambda event: event.get("type") == "t-x-d-d", "removal")
    assert attribute(removed, "detail/link", "uid") == uid
    observer.wait_for(says("Bravo 17 is closed: Apprehended."), "last line")
    assert [faults(event) for event in observer.events if event.get("uid", "").startswith("watchline")] != []
    assert all(faults(event) == [] for event in observer.events if event.get("uid", "").startswith("watchline"))
    assert len({event.get("uid") for event in observer.events if event.get("type") == "b-t-f"}) == 2


def test_tracks_have_a_trail_and_end_and_the_border_is_a_line(rig: Rig, observer: Observer) -> None:
    now_ns = int(datetime.now(UTC).timestamp() * 1e9)
    rig.looked_after()  # the shapes of the start, without sections, may have been drawn before the observer was there
    rig.store.parts["forces"] = {"sections": [{"section": "North", "segments": [[0, 1]]}]}
    rig.feed._servers["tak"].drawn = False
    rig.store.parts["tracks"] = [track(now_ns)]
    first = observer.wait_for(is_uid("watchline.cumberland.T5a2"), "track")
    assert (first.get("type"), first.get("how")) == ("a-u-G-U", "m-f")
    assert attribute(first, "detail/track", "course") == "200.0"
    stale_s = (at(first, "stale") - at(first, "time")).total_seconds()
    assert stale_s == pytest.approx(60.0)
    for name in ("border", "section.North"):
        line = observer.wait_for(is_uid(f"watchline.cumberland.{name}", "u-d-f"), name)
        assert [link.get("point") for link in line.iterfind("detail/link")] == [
            "36.500000,-84.200000", "36.500000,-84.190000", "36.510000,-84.180000",
        ]  # fmt: skip
    step = 0

    def has_trail(event: Element) -> bool:
        nonlocal step
        step += 1
        rig.store.parts["tracks"] = [track(now_ns + step * 11_000_000_000, lon=-84.21 + step / 10_000)]
        return is_uid("watchline.cumberland.T5a2.trail", "u-d-f")(event)

    trail = observer.wait_for(has_trail, "trail")
    assert len(trail.findall("detail/link")) >= 2
    rig.store.parts["tracks"] = []
    observer.wait_for(
        lambda event: (
            event.get("type") == "t-x-d-d" and attribute(event, "detail/link", "uid") == "watchline.cumberland.T5a2"
        ),
        "end of the track",
    )


def test_named_areas_are_closed_shapes_with_their_kind_across_the_180th_meridian_too(
    tmp_path: Path, taky: Taky, observer: Observer
) -> None:
    ring = [[-84.2, 36.5], [-84.1, 36.5], [-84.1, 36.6], [-84.15, 36.65], [-84.2, 36.5]]
    hole = [[-84.14, 36.52], [-84.13, 36.52], [-84.13, 36.53], [-84.14, 36.52]]
    far = [[179.9, 52.0], [180.1, 52.0], [180.0, 52.1], [179.9, 52.0]]
    areas = {
        "features": [
            {
                "properties": {"id": "q", "name": "Old quarry", "kind": "danger"},
                "geometry": {"type": "Polygon", "coordinates": [ring, hole]},
            },
            {
                "properties": {"id": "isle", "name": "Isle", "kind": "watch"},
                "geometry": {"type": "MultiPolygon", "coordinates": [[far], [ring]]},
            },
        ]
    }
    rig = Rig(tmp_path, CotServer("tak", f"tcp://127.0.0.1:{taky.port}"), areas=areas)
    shape = observer.wait_for(is_uid("watchline.cumberland.area.q", "u-d-f"), "the danger area")
    assert attribute(shape, "detail/contact", "callsign") == "Old quarry"
    assert shape.findtext("detail/remarks") == "Danger area"
    points = [link.get("point") for link in shape.iterfind("detail/link")]
    assert points == [f"{lat:.6f},{lon:.6f}" for lon, lat in ring], "closed; TAK shapes have no holes"
    isle = observer.wait_for(is_uid("watchline.cumberland.area.isle.1", "u-d-f"), "the first part of the other")
    assert [link.get("point") for link in isle.iterfind("detail/link")][1] == "52.000000,-179.900000"
    observer.wait_for(is_uid("watchline.cumberland.area.isle.2", "u-d-f"), "its second part")
    rig.feed.close()
    assert all(faults(event) == [] for event in observer.events if ".area." in event.get("uid", ""))


def at(event: Element, name: str) -> datetime:
    return datetime.fromisoformat(event.get(name, ""))


def test_a_unit_reports_its_position_and_answers_in_the_chat(rig: Rig, observer: Observer) -> None:
    rig.deliver(incident())
    observer.send(device().xml())
    position = rig.units.wait_for(lambda units: [one for one in units.sent if isinstance(one, Position)], "position")[0]
    assert (position.unit, position.lat, position.lon, position.position_sd_m) == ("patrol-1", 36.57, -84.2, 8.0)
    observer.send(chat("ACK Bravo 17").xml())
    reply = rig.units.wait_for(lambda units: [one for one in units.sent if isinstance(one, Reply)], "reply")[0]
    assert (reply.unit, reply.action, reply.incident, reply.by) == (
        "patrol-1", "acknowledge", "I0000000000000011", "Sgt. Meyer",
    )  # fmt: skip
    rig.store.outcomes[reply.action_id] = json.dumps(
        {"incident": reply.incident, "unit": reply.unit, "sentence": ""}
    ).encode()
    observer.send(device().xml())
    rig.wait_until(lambda: reply.action_id not in rig.feed.devices._outcomes._waiting, "the outcome is told")
    observer.send(chat("hello everyone", number=2).xml())
    observer.send(chat("arrested bravo17: two persons", number=3).xml())
    second = rig.units.wait_for(lambda units: [one for one in units.sent if isinstance(one, Reply)][1:], "second")[0]
    assert (second.action, second.disposition, second.reason) == ("close", "apprehended", "two persons")
    assert rig.memory.counts("tak") == {}


def test_a_unit_answers_with_a_marker_once_however_often_it_is_moved(rig: Rig, observer: Observer) -> None:
    rig.deliver(incident())
    observer.send(device().xml())
    for lon in (-84.2, -84.19, -84.18):
        observer.send(spot("On scene bravo17", number=1, lon=lon).xml())
    observer.send(spot("False alarm Bravo 17", "cow", number=1).xml())  # the same marker with another name
    observer.send(spot("Point 4", "note Bravo 17: fence cut", number=2).xml())
    observer.send(spot("Campsite", "for tomorrow", number=3).xml())
    observer.send(spot("ACK Bravo 17", number=4, uid="OBSERVER-1").xml())
    replies = rig.units.wait_for(
        lambda units: [one for one in units.sent if isinstance(one, Reply) and one.action == "note"], "the note"
    )
    assert (replies[0].note, replies[0].incident, replies[0].by) == ("fence cut", "I0000000000000011", "Sgt. Meyer")
    scene = [one for one in rig.units.sent if isinstance(one, Reply) and one.action == "on_scene"]
    assert {(one.unit, one.incident) for one in scene} == {("patrol-1", "I0000000000000011")}
    assert len({one.action_id for one in scene}) == 1, "one action, which is applied once"
    [closed] = [one for one in rig.units.sent if isinstance(one, Reply) and one.action == "close"]
    assert (closed.disposition, closed.reason) == ("nuisance", "cow")
    assert closed.action_id != scene[0].action_id
    observer.send(emergency().xml())
    rig.units.wait_for(lambda units: [one for one in units.sent if isinstance(one, Position) and one.distress], "call")
    assert {one.unit for one in rig.units.sent} == {"patrol-1"}, "a marker of a device that is no unit answers nothing"


def test_a_distress_call_is_passed_on_whatever_its_clock(rig: Rig, observer: Observer) -> None:
    rig.deliver(incident())  # the server has the connection, without which it keeps no call for it
    observer.send(emergency(at=datetime.now(UTC) + timedelta(hours=3)).xml())
    call = rig.units.wait_for(lambda units: units.sent, "distress call")[0]
    assert isinstance(call, Position)
    assert call.distress
    assert call.note == "911 Alert"
    assert call.observed_at <= datetime.now(UTC)


def test_after_an_outage_a_server_gets_what_it_missed_and_no_more(tmp_path: Path, taky: Taky, rig: Rig) -> None:
    rig.looked_after()
    rig.deliver(incident(17))
    rig.deliver(incident(18))
    rig.wait_until(lambda: rig.memory.shown("tak") == ["I0000000000000011", "I0000000000000012"], "both are shown")
    taky.stop()
    rig.wait_until(lambda: rig.feed.problem is not None, "the outage is reported")
    taky.start()
    observer = Observer(f"tcp://127.0.0.1:{taky.port}")
    rig.deliver(incident(18, revision=1, state="closed", disposition="lost"))
    rig.deliver(incident(19))
    observer.wait_for(is_uid("watchline.cumberland.I0000000000000013"), "the new one")
    observer.wait_for(lambda event: event.get("type") == "t-x-d-d", "the end of the closed one")
    assert rig.feed.problem is None
    assert observer.of_uid("watchline.cumberland.I0000000000000011") == []
    observer.close()


@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_revision_that_is_repeated_while_a_newer_one_is_on_its_way_is_not_sent_after_it(
    rig: Rig, observer: Observer, state: str
) -> None:
    """As over a slow link, where the answer to the older one is overdue: its event would be newer by time, and clients
    would show the old position, or a marker that was removed."""
    uid = "watchline.cumberland.I0000000000000011"
    rig.looked_after()  # or the first revision might be sent again at the start
    rig.deliver(incident())
    newer = incident(revision=2, lon=-84.2, state=state, disposition="lost" if state == "closed" else "")
    attempts = [rig.attempt(newer), rig.attempt(incident(revision=1, lon=-84.4)), rig.attempt(newer)]
    assert [one.exception(PATIENT_S) for one in attempts] == [None, None, None]
    rig.deliver(incident(18))  # the server passes events on in their order: nothing follows this one
    observer.wait_for(is_uid("watchline.cumberland.I0000000000000012"), "the incident after it")
    shown = [float(attribute(event, "point", "lon")) for event in observer.of_uid(uid)]
    assert shown[0] == -84.21
    assert set(shown[1:]) <= ({-84.2} if state == "open" else set())
    assert (state == "open") == (len(shown) > 1)
