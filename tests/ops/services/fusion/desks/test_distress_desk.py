"""AIS distress devices (ITU-R M.1371, M.585) call for help: an alert of the first rank, also from a bad message."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fusion.alerts import Alert
from fusion.situation.context import AlertContext
from ingest.envelope import Delivery
from ingest.receiving.quarantine import Quarantine
from ingest.receiving.receiver import Guards, Receiver
from ingest.standards.ais import read_device_call
from ops.journal.reader import JournalRow
from ops.journal.writer import Journal
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.sector.settings import Settings
from ops.services.fusion.desks.distress import AGAIN_NS, ENDED, FURTHER, MOST_OPEN, SILENT_NS
from ops.services.fusion.overload import passed_over
from ops.services.fusion.pipeline import Pipeline
from ops.words import MessageCatalogue
from sensors.timestamps import nanoseconds

ROOT = Path(__file__).resolve().parents[5]
NOW = datetime(2026, 3, 14, 21, 0, 1, tzinfo=UTC)
AIS = "text/vnd.nmea.ais"
RECEIVER = "radar-crest"
BY_THE_RADAR = {"lon": -84.21, "lat": 36.58}


@pytest.fixture(scope="module")
def ground() -> OpenSector:
    return open_sector(load_sector(ROOT / "data" / "samples" / "cumberland" / "sector.toml"))


def report(mmsi: str, **fields: Any) -> bytes:
    from pyais import encode_dict

    stated = {"type": 1, "mmsi": mmsi, "status": 14, "second": 60, **BY_THE_RADAR} | fields
    return "\n".join(encode_dict(stated, talker_id="AI")).encode()


def text(sentence: str, mmsi: str = "972123456") -> bytes:
    from pyais import encode_dict

    return "\n".join(encode_dict({"type": 14, "mmsi": mmsi, "text": sentence}, talker_id="AI")).encode()


class Room:
    """Ingest, journal and fusion of one sector, without a broker."""

    def __init__(self, folder: Path, ground: OpenSector) -> None:
        self.journal, self._at, self._read = Journal(folder / "journal.db"), NOW, 0
        self.quarantine = Quarantine()
        self._receiver = Receiver(
            "s",
            commit=self.journal.commit,
            acknowledge=lambda _: None,
            recall=self.journal.recall,
            guards=Guards(quarantine=self.quarantine),
        )
        self.pipeline = Pipeline(ground, context=AlertContext())

    def send(self, payload: bytes, sensor: str = RECEIVER, after_s: float = 1.0) -> list[Alert]:
        """Receive an AIS message ``after_s`` after the one before; return the distress alerts that it changes."""
        self._at += timedelta(seconds=after_s)
        now_ns = nanoseconds(self._at)
        self._receiver.handle([Delivery(f"watchline/1/s/sensor/{sensor}/detections", payload, AIS, (), now_ns)])
        self.journal.tick(now_ns)
        return self.follow()

    def rows(self) -> list[JournalRow]:
        return self.journal.read(0)

    def follow(self) -> list[Alert]:
        rows = self.journal.read(self._read)
        self._read = rows[-1].id if rows else self._read
        return [alert for row in rows for alert in self.pipeline.take(row) if alert.rule == "distress"]

    def close(self, alert: str) -> list[Alert]:
        return self.act("clear", alert=alert, reason="picked up")

    def act(self, action: str, **more: str) -> list[Alert]:
        reply = {"unit": "ops-centre", "boot": 1, "seq": 1, "observed_at": "2026-03-14T21:00:00Z", "by": "Ana",
                 "alert": "", "action": action, **more}  # fmt: skip
        self.journal.append("action", "ops-centre", nanoseconds(self._at), json.dumps(reply).encode())
        return self.follow()

    def pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self._at += timedelta(minutes=1)
            self.journal.tick(nanoseconds(self._at))
            self.follow()

    def open_calls(self) -> list[str | None]:
        return [one.unit for one in self.pipeline.alerts.values() if one.rule == "distress" and one.is_open]


@pytest.fixture
def room(tmp_path: Path, ground: OpenSector) -> Room:
    return Room(tmp_path, ground)


@pytest.mark.parametrize(
    ("mmsi", "name", "headline"),
    [
        ("970123456", "AIS-SART 970123456", "Distress: search and rescue transmitter 970123456 is active at segment"),
        ("972123456", "MOB 972123456", "Distress: man-overboard device 972123456 is active at segment"),
        ("974123456", "EPIRB-AIS 974123456", "Distress: distress radio beacon 974123456 is active at segment"),
    ],
)
def test_an_active_device_is_a_distress_alert_at_its_position(room: Room, mmsi: str, name: str, headline: str) -> None:
    (alert,) = room.send(report(mmsi))
    assert (alert.rule, alert.priority, alert.status, alert.unit) == ("distress", "distress", "active", name)
    shown = {message.id: message.parameters for message in alert.details}
    assert shown["alert-detail-coordinates"] == {"position": "36.58000, -84.21000"}
    said = MessageCatalogue("en", "metric").say(alert.message)
    assert said == f"{headline} {alert.segment}"
    (incident,) = room.pipeline.incidents.values()
    assert (incident.kind, incident.priority, incident.calling_unit) == ("distress", "distress", name)
    assert room.pipeline.forces()["units"] == []


def test_a_device_without_a_fix_calls_without_a_position(room: Room) -> None:
    (alert,) = room.send(report("972123456", lon=181.0, lat=91.0))
    assert (alert.unit, alert.easting) == ("MOB 972123456", None)
    assert "alert-detail-no-position" in [message.id for message in alert.details]
    (placed,) = room.send(report("972123456"), after_s=20.0)
    assert (placed.id, placed.easting is not None) == (alert.id, True)


def test_the_first_fix_is_stated_at_once_and_outlives_messages_without_one(room: Room) -> None:
    (alert,) = room.send(report("972123456", lon=181.0, lat=91.0))
    (placed,) = room.send(report("972123456"))
    assert (alert.easting, placed.revision, placed.easting is not None) == (None, 1, True)
    (later,) = room.send(text("MOB ACTIVE"), after_s=20.0)
    assert (later.easting, later.segment) == (placed.easting, placed.segment)
    assert "alert-detail-last-coordinates" in [message.id for message in later.details]


def test_the_position_of_a_burst_is_older_than_the_text_beside_it(room: Room) -> None:
    """A transmitter takes its position once a minute, and sends it in several messages with texts between them."""
    (alert,) = room.send(text("MOB ACTIVE"))
    (placed,) = room.send(report("972123456", second=(NOW.second + 40) % 60), after_s=2.0)  # 20 s before the text
    assert (placed.id, placed.observed_at < alert.observed_at, placed.easting is not None) == (alert.id, True, True)


def test_a_device_that_sends_the_same_bytes_after_weeks_calls_again(room: Room) -> None:
    """A text and a report without a fix have no time in them; the first one is a dead letter already."""
    (alert,) = room.send(text("MOB ACTIVE"))
    room.close(alert.id)
    (again,) = room.send(text("MOB ACTIVE"), after_s=14 * 86_400.0)
    assert again.id != alert.id


def test_a_report_that_was_delayed_neither_moves_a_call_back_nor_begins_one_that_is_over(room: Room) -> None:
    (alert,) = room.send(report("972123456"), after_s=600.0)
    assert room.send(b"\\c:1773522100*5F\\" + report("972123456", lon=-84.3), after_s=60.0) == []
    room.close(alert.id)
    later = room.send(b"\\c:1773522100*5F\\" + report("972123456", lon=-84.31), after_s=2.0 * 3600.0)
    assert later == []


def test_a_reopened_incident_has_the_call_again(room: Room) -> None:
    (alert,) = room.send(report("972123456"))
    (incident,) = room.pipeline.incidents
    room.act("close", alert=alert.id, incident=incident, disposition="rescue", reason="picked up")
    room.send(report("972123456", lon=-84.2), after_s=60.0)
    assert room.open_calls() == []
    room.act("reopen", alert=alert.id, incident=incident, reason="another person")
    (again,) = room.send(report("972123456", lon=-84.19), after_s=60.0)
    assert again.is_open
    assert room.send(report("972123456", lon=-84.18)) == []
    assert room.open_calls() == ["MOB 972123456"]


def test_an_incident_is_reopened_for_a_device_long_after_the_alert_was_closed(room: Room) -> None:
    """Closed alerts are kept for an hour; the device sends for days."""
    (alert,) = room.send(report("972123456"))
    (incident,) = room.pipeline.incidents
    room.act("close", alert=alert.id, incident=incident, disposition="rescue", reason="picked up")
    for number in range(80):
        room.send(report("972123456", lon=-84.2 + number * 1e-4), after_s=60.0)
    assert alert.id not in room.pipeline.alerts
    room.act("reopen", alert=alert.id, incident=incident, reason="another person")
    (again,) = room.send(report("972123456", lon=-84.19), after_s=60.0)
    assert again.is_open
    (later,) = [one for one in room.pipeline.incidents.values() if again.id in one.alerts]
    assert (later.links, room.pipeline.incidents[incident].links) == ((incident,), (later.id,))
    assert (later.state, later.owner, later.attention) == ("open", "", True), "another unit may be needed"


def test_a_report_that_was_delayed_begins_no_call_an_hour_after_the_end(room: Room) -> None:
    (alert,) = room.send(report("972123456"), after_s=600.0)
    room.close(alert.id)
    room.pass_minutes(90)
    assert alert.id not in room.pipeline.alerts
    assert room.send(b"\\c:1773522100*5F\\" + report("972123456", lon=-84.31)) == []
    assert room.open_calls() == []


def test_an_open_call_keeps_its_position_and_its_end_holds_after_a_silence(room: Room) -> None:
    """A device loses its fix below deck, or its receiver fails for an hour; people still search where it was."""
    (alert,) = room.send(report("972123456"))
    (later,) = room.send(text("MOB ACTIVE"), after_s=SILENT_NS / 1e9 + 60.0)
    assert (later.easting, later.id) == (alert.easting, alert.id)
    shown = {message.id: message.parameters for message in later.details}
    assert shown["alert-detail-last-coordinates"] == {"position": "36.58000, -84.21000"}
    assert shown["alert-detail-placed-at"] == {"at": "2026-03-14T21:00:02+00:00"}
    (incident,) = room.pipeline.incidents.values()
    assert incident.easting == alert.easting
    room.close(alert.id)
    assert room.send(report("972123456", lon=-84.2), after_s=60.0) == []


def test_a_call_that_is_ended_after_seven_hours_does_not_return_a_minute_later(room: Room) -> None:
    (alert,) = room.send(report("970123456"))
    for number in range(1, 22):
        room.send(report("970123456", lon=-84.2 + number * 1e-4), after_s=1200.0)
    room.close(alert.id)
    assert room.send(report("970123456", lon=-84.19), after_s=60.0) == []


def test_the_incident_moves_with_a_device_that_drifts_beside_no_segment(room: Room) -> None:
    """Units are sent to the position of the incident, and TAK shows it; the alert alone is not enough."""
    room.send(report("972123456", lat=20.0, lon=181.0))
    (incident,) = room.pipeline.incidents.values()
    assert incident.easting is None
    (placed,) = room.send(report("972123456", lat=20.0), after_s=20.0)
    (incident,) = room.pipeline.incidents.values()
    assert (incident.easting, incident.northing) == (placed.easting, placed.northing)
    (moved,) = room.send(report("972123456", lat=20.01), after_s=40.0)
    (incident,) = room.pipeline.incidents.values()
    assert (incident.easting, incident.northing) == (moved.easting, moved.northing)
    room.send(report("972123456", lat=20.0101), after_s=40.0)
    (incident,) = room.pipeline.incidents.values()
    assert incident.northing == moved.northing, "11 m of drift are no revision that goes to every unit"


@pytest.mark.parametrize("second", [61, 62, 63])
def test_a_position_without_a_fix_of_now_is_said_to_be_an_earlier_one(room: Room, second: int) -> None:
    """ITU-R M.1371: the seconds 61 to 63 are a position by hand, by dead reckoning, and an inoperative positioning."""
    (alert,) = room.send(report("972123456", second=second))
    assert {"alert-detail-last-coordinates", "alert-detail-without-fix"} <= {one.id for one in alert.details}
    assert alert.easting is not None


def test_a_device_that_loses_its_fix_is_where_it_was_and_since_when_is_known(room: Room) -> None:
    room.send(report("972123456", second=1))
    (later,) = room.send(report("972123456", second=63), after_s=20.0)
    shown = {message.id: message.parameters for message in later.details}
    assert shown["alert-detail-placed-at"] == {"at": "2026-03-14T21:00:01+00:00"}


def test_fixes_of_a_receiver_whose_clock_is_hours_slow_are_stated(room: Room) -> None:
    """A receiver that states its local time as UTC; the text of the device has no time of its own."""
    (alert,) = room.send(report("972123456"))
    room.close(alert.id)
    (again,) = room.send(text("MOB ACTIVE"), after_s=45.0 * 60.0)
    assert again.easting is None
    (placed,) = room.send(b"\\c:1773522100*5F\\" + report("972123456"), after_s=20.0)
    assert (placed.id, placed.easting is not None) == (again.id, True)


def test_0_0_is_no_position_and_does_not_replace_one(room: Room) -> None:
    (alert,) = room.send(report("972123456"))
    (later,) = room.send(report("972123456", lon=0.0, lat=0.0), after_s=20.0)
    assert (later.easting, later.northing) == (alert.easting, alert.northing)
    assert "alert-detail-last-coordinates" in [message.id for message in later.details]


def test_the_alert_names_the_receiver_which_bounds_the_search_without_a_fix(room: Room) -> None:
    (alert,) = room.send(report("972123456", lon=181.0, lat=91.0))
    shown = {message.id: message.parameters for message in alert.details}
    assert shown["alert-detail-heard-by"] == {"sensor": RECEIVER}
    assert MessageCatalogue("en", "metric").say(alert.details[1]) == f"Received by {RECEIVER}"


def test_a_receiver_with_a_marking_is_not_named(room: Room, ground: OpenSector) -> None:
    """The alert goes to all who may help; which sensor heard the device does not."""
    markings = ReleasabilitySettings(levels=("OPEN", "NATIONAL"), sensors={RECEIVER: "NATIONAL"})
    room.pipeline = Pipeline(ground, Settings(releasability=markings), context=AlertContext())
    (alert,) = room.send(report("972123456"))
    assert RECEIVER not in json.dumps(alert.to_dict(), default=str)


def test_a_receiver_with_a_wrong_clock_calls_again_after_a_silence(room: Room) -> None:
    in_2000 = b"\\c:946684800*56\\"
    (alert,) = room.send(in_2000 + report("972123456"))
    room.close(alert.id)
    assert room.send(in_2000 + report("972123456", lon=-84.2), after_s=60.0) == []
    (again,) = room.send(in_2000 + report("972123456", lon=-84.19), after_s=45.0 * 60.0)
    assert (again.is_open, again.id != alert.id) == (True, True)


def test_messages_of_ais_that_report_no_target_do_not_speak_against_their_receiver(room: Room) -> None:
    """Base stations, texts and tests of devices; in quarantine, the receiver would hear no ships."""
    for number in range(12):
        room.send(report("970123456", status=15, lon=-84.2 + number * 1e-4))
        room.send(text("GALE WARNING", mmsi="003669999"))
        room.send(report("366053209", status=0, lon=181.0, lat=91.0))
    assert room.quarantine.held == frozenset()
    assert room.open_calls() == []


def test_a_device_without_a_fix_does_not_speak_against_its_receiver(room: Room) -> None:
    """In quarantine, the receiver would hear neither ships nor a second person in the water."""
    for number in range(12):
        room.send(report("972123456", lon=181.0, lat=91.0), after_s=2.0)
        room.send(report(f"97212{number:04d}"), after_s=0.1)
    assert len(room.open_calls()) == 13
    assert room.quarantine.held == frozenset()


def test_in_quarantine_each_device_is_heard_and_in_a_mute_none(room: Room) -> None:
    for _ in range(8):
        room.send(b"no sentence")
    assert room.quarantine.held == {RECEIVER}
    assert [one.unit for one in room.send(report("972123456"), after_s=0.1)] == ["MOB 972123456"]
    assert [one.unit for one in room.send(report("970123456"), after_s=0.1)] == ["AIS-SART 970123456"]
    room.quarantine.muted = frozenset({RECEIVER})
    assert room.send(report("974123456"), after_s=5.0) == []


def test_a_call_far_from_the_border_is_at_no_segment(room: Room) -> None:
    (alert,) = room.send(report("972123456", lat=20.0))
    assert alert.segment is None
    assert MessageCatalogue("en", "metric").say(alert.message) == "Distress: man-overboard device 972123456 is active"


@pytest.mark.parametrize(
    ("sentence", "calls"), [("MOB ACTIVE", 1), ("MOB ACTIVE LATEST POS", 1), ("MOB TEST", 0), ("SART TEST", 0)]
)
def test_the_text_of_a_device_calls_unless_it_is_a_test(room: Room, sentence: str, calls: int) -> None:
    assert len(room.send(text(sentence))) == calls


def test_of_two_messages_in_one_payload_the_call_is_heard(room: Room) -> None:
    payload = report("366053209", status=0) + b"\n" + report("972123456")
    assert [one.unit for one in room.send(payload)] == ["MOB 972123456"]


@pytest.mark.parametrize("fields", [{"mmsi": "972123456", "status": 15}, {"mmsi": "366053209", "status": 14}])
def test_a_test_and_a_ship_do_not_call(room: Room, fields: dict[str, Any]) -> None:
    assert room.send(report(**fields)) == []


def test_a_receiver_that_is_not_in_the_layout_raises_no_call(room: Room) -> None:
    assert room.send(report("972123456"), sensor="stranger") == []
    assert room.send(report("972123456", lon=181.0, lat=91.0), sensor="stranger") == []


def test_a_device_that_repeats_itself_revises_one_alert_at_most_every_ten_seconds(room: Room) -> None:
    (first,) = room.send(report("972123456"))
    revised = [one for n in range(1, 25) for one in room.send(report("972123456", lon=-84.21 + n * 1e-4))]
    assert {one.id for one in revised} == {first.id}
    assert [one.revision for one in revised] == [1, 2]


def test_after_a_person_ended_the_call_the_device_is_quiet_until_it_was_silent(room: Room) -> None:
    """A transmitter sends for four days (IEC 61097-14): those who found the people must be able to end its alarm."""
    (alert,) = room.send(report("970123456"))
    assert [one.status for one in room.close(alert.id)] == ["cleared"]
    assert [room.send(report("970123456", lon=-84.2 + n * 1e-4), after_s=60.0) for n in range(40)] == [[]] * 40
    assert (room.open_calls(), room.pipeline.tally[ENDED]) == ([], 40)
    (again,) = room.send(report("970123456"), after_s=SILENT_NS / 1e9)
    assert again.id != alert.id
    assert room.open_calls() == ["AIS-SART 970123456"]


def test_a_device_that_never_falls_silent_calls_again_after_some_hours(room: Room) -> None:
    """Otherwise anyone who sends its identity every few minutes could silence it for good."""
    (alert,) = room.send(report("970123456"))
    room.close(alert.id)
    steps = int(AGAIN_NS / 1e9 // 1200.0) + 1
    raised = [room.send(report("970123456", lon=-84.2 + n * 1e-4), after_s=1200.0) for n in range(steps)]
    assert [len(one) for one in raised[-3:]] == [0, 1, 1]
    assert sum(map(len, raised[:-2])) == 0


def test_the_end_of_a_call_outlives_a_restart_from_the_checkpoint(room: Room, ground: OpenSector) -> None:
    (alert,) = room.send(report("972123456"))
    room.close(alert.id)
    room.pipeline = Pipeline(ground, context=AlertContext(), checkpoint=room.pipeline.save())
    assert room.send(report("972123456", lon=-84.2)) == []


def test_many_invented_devices_are_one_alert_and_hide_no_further_one(room: Room) -> None:
    for number in range(MOST_OPEN + 5):
        room.send(report(f"972{number:06d}"), after_s=0.01)
    assert len(room.open_calls()) == MOST_OPEN + 1
    (further,) = room.send(report("970123456"), after_s=11.0)
    assert further.unit == FURTHER
    (named,) = [one.parameters for one in further.details if one.id == "alert-detail-devices"]
    assert named["devices"][0] == "AIS-SART 970123456"
    assert "alert-detail-note" not in [message.id for message in further.details], "it is no text of a unit"
    room.close(next(alert.id for alert in room.pipeline.alerts.values() if alert.unit == "MOB 972000001"))
    room.close(next(alert.id for alert in room.pipeline.alerts.values() if alert.unit == "MOB 972000002"))
    (real,) = room.send(report("970123456", lon=-84.2))
    assert real.unit == "AIS-SART 970123456"


def flood(room: Room) -> None:
    """As many invented devices as are stated one by one."""
    for number in range(MOST_OPEN):
        room.send(report(f"972{number:06d}"), after_s=0.01)


def test_the_shared_alert_names_every_device_also_those_heard_within_ten_seconds(room: Room) -> None:
    flood(room)
    (shared,) = room.send(report("970111111"))
    assert room.send(report("970888888")) == []
    (later,) = room.send(report("974222222"), after_s=11.0)
    (named,) = [one.parameters for one in later.details if one.id == "alert-detail-devices"]
    last_first = ("EPIRB-AIS 974222222", "AIS-SART 970888888", "AIS-SART 970111111")
    assert named == {"count": 3, "others": 0, "devices": last_first}
    assert later.id == shared.id


def test_the_end_of_the_shared_alert_is_that_of_the_devices_it_named(room: Room) -> None:
    flood(room)
    (shared,) = room.send(report("970111111"))
    room.close(shared.id)
    assert room.send(report("970111111", lon=-84.2), after_s=20.0) == []
    (again,) = room.send(report("970777777"), after_s=20.0)
    assert (again.unit, again.id != shared.id) == (FURTHER, True)
    assert again.details[-2 if again.segment is not None else -1].parameters["count"] == 1


def test_the_end_of_the_shared_alert_is_not_that_of_a_device_it_did_not_name_yet(room: Room) -> None:
    flood(room)
    (shared,) = room.send(report("970111111"))
    assert room.send(report("970888888")) == []
    room.close(shared.id)
    (again,) = room.send(report("970888888", lon=-84.2), after_s=20.0)
    assert (again.unit, again.id != shared.id) == (FURTHER, True)


def test_many_further_devices_are_in_the_checkpoint(room: Room, ground: OpenSector) -> None:
    flood(room)
    for number in range(12):
        room.send(report(f"970{number:06d}"))
    (shared,) = [one for one in room.pipeline.alerts.values() if one.unit == FURTHER]
    room.pipeline = Pipeline(ground, context=AlertContext(), checkpoint=room.pipeline.save())
    assert room.pipeline.alerts[shared.id] == shared
    (named,) = [one for one in shared.details if one.id == "alert-detail-devices"]
    said = MessageCatalogue("en", "metric").say(named)
    assert (named.parameters["count"], said.startswith("11 devices, the last first: "), said[-8:]) == (
        11,
        True,
        "(1 more)",
    )


def test_a_closing_that_can_be_undone_hides_no_new_device(room: Room) -> None:
    """The alert is cleared when the closing can no longer be undone; a new device is another call."""
    flood(room)
    (shared,) = room.send(report("970111111"))
    (incident,) = [one.id for one in room.pipeline.incidents.values() if shared.id in one.alerts]
    room.act("close", alert=shared.id, incident=incident, disposition="nuisance", reason="invented")
    assert room.pipeline.alerts[shared.id].is_open
    changed = room.send(report("970777777"))
    assert [(one.id == shared.id, one.is_open) for one in changed] == [(True, False), (False, True)]


def test_a_device_that_a_person_ended_is_not_among_further_ones(room: Room) -> None:
    (alert,) = room.send(report("970123456"))
    room.close(alert.id)
    flood(room)
    assert room.send(report("970123456", lon=-84.2)) == []


def test_in_quarantine_a_device_is_heard_beside_many_others(room: Room) -> None:
    for _ in range(8):
        room.send(b"no sentence")
    for number in range(60):
        room.send(report(f"972{number:06d}"), after_s=0.01)
    assert [one.unit for one in room.send(report("970123456"), after_s=0.01)] == ["AIS-SART 970123456"]


def test_overload_skips_ships_but_no_call(room: Room) -> None:
    for number in range(40):
        room.send(report("366053209", status=0, lon=-84.3 + number * 1e-3))
        room.send(report("972123456", lon=-84.3 + number * 1e-3))
    scans = [row for row in room.rows() if row.kind == "detections"]
    skipped = passed_over(scans, 1 / 16)
    left = [row for row in scans if row.id not in skipped]
    assert (len(skipped), len(left)) == (40, 40)  # the newest scan is a call
    assert sum(read_device_call(row.body, NOW) is not None for row in left) == 40
