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
from ingest.receiving.receiver import Receiver
from ingest.standards.ais import read_device_call
from ops.journal.reader import JournalRow
from ops.journal.writer import Journal
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.services.fusion.desks.distress import DEVICE_SILENT_NS, MOST_DEVICES
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


class Room:
    """Ingest, journal and fusion of one sector, without a broker."""

    def __init__(self, folder: Path, ground: OpenSector) -> None:
        self.journal, self._at, self._read = Journal(folder / "journal.db"), NOW, 0
        self._receiver = Receiver(
            "s", commit=self.journal.commit, acknowledge=lambda _: None, recall=self.journal.recall
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
        reply = {"unit": "ops-centre", "boot": 1, "seq": 1, "observed_at": "2026-03-14T21:00:00Z", "action": "clear",
                 "alert": alert, "by": "Ana", "reason": "picked up"}  # fmt: skip
        self.journal.append("action", "ops-centre", nanoseconds(self._at), json.dumps(reply).encode())
        return self.follow()

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


@pytest.mark.parametrize(("text", "calls"), [("MOB ACTIVE", 1), ("MOB TEST", 0)])
def test_the_text_of_a_device_calls_unless_it_is_a_test(room: Room, text: str, calls: int) -> None:
    from pyais import encode_dict

    sentences = encode_dict({"type": 14, "mmsi": "972123456", "text": text}, talker_id="AI")
    assert len(room.send("\n".join(sentences).encode())) == calls


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
    """A transmitter sends for four days (IEC 61097-14): whoever found the people must be able to end its alarm."""
    (alert,) = room.send(report("970123456"))
    assert [one.status for one in room.close(alert.id)] == ["cleared"]
    assert [room.send(report("970123456", lon=-84.2 + n * 1e-4), after_s=60.0) for n in range(40)] == [[]] * 40
    assert room.open_calls() == []
    (again,) = room.send(report("970123456"), after_s=DEVICE_SILENT_NS / 1e9)
    assert again.id != alert.id
    assert room.open_calls() == ["AIS-SART 970123456"]


def test_the_call_outlives_a_restart_from_the_checkpoint(room: Room, ground: OpenSector) -> None:
    (alert,) = room.send(report("972123456"))
    room.close(alert.id)
    room.pipeline = Pipeline(ground, context=AlertContext(), checkpoint=room.pipeline.save())
    assert room.send(report("972123456", lon=-84.2)) == []


def test_invented_devices_are_limited_and_counted(room: Room) -> None:
    for number in range(MOST_DEVICES + 5):
        room.send(report(f"972{number:06d}"), after_s=0.01)
    assert len(room.open_calls()) == MOST_DEVICES
    assert room.pipeline.tally["detections: BadInput"] == 5


def test_overload_skips_ships_but_no_call(room: Room) -> None:
    for number in range(40):
        room.send(report("366053209", status=0, lon=-84.3 + number * 1e-3))
        room.send(report("972123456", lon=-84.3 + number * 1e-3))
    scans = [row for row in room.rows() if row.kind == "detections"]
    skipped = passed_over(scans, 1 / 16)
    left = [row for row in scans if row.id not in skipped]
    assert (len(skipped), len(left)) == (40, 40)  # the newest scan is a call
    assert sum(read_device_call(row.body, NOW) is not None for row in left) == 40
