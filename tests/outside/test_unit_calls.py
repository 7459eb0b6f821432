"""Calls for help that break the rules of docs/units.md: they are dead letters, and the operations room hears of each.

From docs/units.md: `(unit, boot, seq)` is unique, `boot` rises, only the fields of the schema; a call has arrived when
an alert of the rule `distress` with `unit` exists; the compact form. From docs/security.md: whose messages are not
authentic. Calls of distress devices on AIS: docs/architecture.md ("People"), decision 0120, ITU-R M.585 and M.1371.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusion.alerts import Alert
from fusion.situation.context import AlertContext
from ingest import compact
from ingest.envelope import Delivery
from ingest.receiving.receiver import Guards, Receiver
from ingest.security import Register
from ingest.security.authentication import Authenticator
from ingest.security.key_register import KeyRecord
from ops.journal.writer import Journal
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.services.fusion.pipeline import Pipeline
from ops.words import MessageCatalogue

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 14, 21, 0, 1, tzinfo=UTC)
HERE = {"lon": -84.21, "lat": 36.58}


@pytest.fixture(scope="module")
def ground() -> OpenSector:
    return open_sector(load_sector(ROOT / "data" / "samples" / "cumberland" / "sector.toml"))


def body(**changed: Any) -> dict[str, Any]:
    stated = {"unit": "patrol-1", "boot": 5, "seq": 1, "observed_at": stamp(0.0), **HERE, **changed}
    return {name: value for name, value in stated.items() if value is not ...}


def stamp(ahead_s: float) -> str:
    return (NOW + timedelta(seconds=ahead_s)).isoformat().replace("+00:00", "Z")


class Room:
    """Ingest, journal and fusion of one sector, without a broker."""

    def __init__(self, folder: Path, ground: OpenSector, register: Register | None = None) -> None:
        self.journal, self.ground, self._at = Journal(folder / "journal.db"), ground, NOW
        trust = None
        if register is not None:
            trust = Authenticator(register, required=True, recall_boot=self.journal.recall_boot)
        self._receiver = Receiver(
            "s",
            commit=self.journal.commit,
            acknowledge=lambda _: None,
            recall=self.journal.recall,
            guards=Guards(trust),
        )
        self.pipeline = Pipeline(ground, context=AlertContext())
        self._read = 0

    def send(self, message: dict[str, Any] | bytes, *properties: tuple[str, str]) -> list[Alert]:
        """Receive a message of patrol-1, a second after the one before; return the alerts that it raises."""
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self._receive("watchline/1/s/unit/patrol-1/position", payload, "application/json", properties)

    def hear(self, sentence: bytes) -> list[Alert]:
        """Receive an AIS sentence of the first radar, a second after the message before."""
        radar = next(sensor.id for sensor in self.ground.layout.sensors if sensor.kind == "radar")
        return self._receive(f"watchline/1/s/sensor/{radar}/detections", sentence, "text/vnd.nmea.ais", ())

    def _receive(
        self, topic: str, payload: bytes, content_type: str, properties: tuple[tuple[str, str], ...]
    ) -> list[Alert]:
        now_ns = int(self._at.timestamp() * 1e9)
        self._at += timedelta(seconds=1)
        self._receiver.handle([Delivery(topic, payload, content_type, properties, now_ns)])
        self.journal.tick(now_ns)
        return self.follow()

    def follow(self) -> list[Alert]:
        rows = self.journal.read(self._read)
        self._read = rows[-1].id if rows else self._read
        return [alert for row in rows for alert in self.pipeline.take(row) if alert.rule == "distress"]

    def answer(self, action: str, alert: str, unit: str = "ops-centre", **more: Any) -> list[Alert]:
        """A person's action, by a message of this unit; return the distress alerts that it changes."""
        reply = {
            "unit": unit,
            "boot": 1,
            "seq": 1,
            "observed_at": stamp(0),
            "action": action,
            "alert": alert,
            "by": "Ana",
        }
        body = json.dumps(reply | more).encode()
        self.journal.append("action", unit, int(self._at.timestamp() * 1e9), body)
        return self.follow()

    def codes(self) -> list[str]:
        return [dead.code for _, dead in self.journal.dead_letters()]


@pytest.fixture
def room(tmp_path: Path, ground: OpenSector) -> Room:
    return Room(tmp_path, ground)


def ids(alert: Alert) -> list[str]:
    return [message.id for message in alert.details]


def test_a_call_with_used_numbers_is_a_dead_letter_and_an_alarm(room: Room):
    """A device that starts twice within a second numbers two messages alike; the second one calls for help."""
    assert room.send(body()) == []
    (alert,) = room.send(body(distress=True, note="two injured", lat=36.59))
    assert (alert.rule, alert.unit, alert.status, alert.priority) == ("distress", "patrol-1", "active", "distress")
    assert room.codes() == ["conflict"]
    shown = {message.id: message.parameters for message in alert.details}
    assert shown["alert-detail-note"] == {"note": "two injured"}
    assert shown["alert-detail-coordinates"] == {"position": "36.59000, -84.21000"}
    assert shown["alert-detail-refused-call"] == {"code": "conflict"}
    (unit,) = room.pipeline.forces()["units"]
    assert (unit["lat"], unit["distress_ns"] is not None) == (36.59, True)


def test_counts_stay_exact_and_the_same_bytes_again_change_nothing(room: Room):
    room.send(body())
    call = body(distress=True)
    (alert,) = room.send(call)
    assert [room.send(call) for _ in range(3)] == [[], [], []]
    counts = room.journal.counts("position")["patrol-1"]
    assert (counts.received, counts.journaled, counts.duplicate, counts.dead_lettered) == (5, 1, 3, 1)
    assert room.journal.recount()["patrol-1", "position"].journaled == 1
    assert [one.id for one in room.pipeline.alerts.values() if one.rule == "distress"] == [alert.id]


def test_a_second_call_with_the_numbers_of_the_first_is_stated_as_any_later_call(room: Room):
    """docs/security.md: "at most one revision in 10 s with its newest position"; the calls come at 0, 1, … 12 s."""
    (first,) = room.send(body(distress=True, note="one"))
    later = [
        (n, alert)
        for n in range(12)
        for alert in room.send(body(distress=True, note=f"two {n}", lat=36.58 + 0.001 * n))
    ]
    assert [(n, alert.id, alert.revision) for n, alert in later] == [(9, first.id, first.revision + 1)]
    shown = {message.id: message.parameters for message in later[0][1].details}
    assert shown["alert-detail-note"] == {"note": "two 9"}
    assert shown["alert-detail-coordinates"] == {"position": "36.58900, -84.21000"}


@pytest.mark.parametrize("ahead_s", [0.6, 5.0, 3600.0, 4e6])
def test_a_call_of_a_device_whose_clock_is_fast_is_heard(room: Room, ahead_s: float):
    (alert,) = room.send(body(distress=True, observed_at=stamp(ahead_s)))
    assert alert.observed_at <= NOW  # at most the time of receipt
    assert room.codes() == ["future"]
    assert "alert-detail-refused-call" in ids(alert)


@pytest.mark.parametrize(
    "changed",
    [
        {"note": "n" * 501},
        {"note": "line\nbreak"},
        {"note": 7},
        {"battery": 0.3},
        {"unit": "patrol-9"},
        {"seq": ...},
        {"boot": -1},
        {"observed_at": "now"},
        {"observed_at": ...},
        {"distress": 1},
        {"distress": "yes"},
        {"duty": "hurt"},
    ],
)
def test_a_call_with_a_bad_field_is_heard_at_its_position(room: Room, changed: dict[str, Any]):
    (alert,) = room.send(body(**{"distress": True} | changed))
    assert (alert.unit, alert.segment is None) == ("patrol-1", False)
    assert len(room.codes()) == 1
    assert "alert-detail-coordinates" in ids(alert)


@pytest.mark.parametrize("changed", [{"photo": "p" * 100_000}, {"note": "n" * 66_000}, {"photo": "p" * 261_900}])
def test_a_call_that_is_larger_than_what_is_kept_of_it_is_heard(room: Room, changed: dict[str, Any]):
    """docs/commands.md: of a dead letter, 64 kB are stored; docs/units.md: up to 256 KiB a call is heard."""
    (alert,) = room.send(body(distress=True, **changed))
    assert "alert-detail-coordinates" in ids(alert)
    ((_, dead),) = room.journal.dead_letters()
    assert len(dead.body) == 65_536 < dead.size <= 262_144


def test_a_call_whose_note_is_not_utf_8_is_heard(room: Room):
    (alert,) = room.send(json.dumps(body(distress=True, note="Südhang"), ensure_ascii=False).encode("latin-1"))
    assert {message.id: message.parameters for message in alert.details}["alert-detail-note"] == {
        "note": "S\ufffddhang"
    }
    assert (room.codes(), "alert-detail-coordinates" in ids(alert)) == (["not_json"], True)


@pytest.mark.parametrize(
    ("lon", "lat"), [(None, None), (..., ...), (-84.21, ...), (-84.21, 97.0), ("-84.21", "36.58"), (float("nan"),) * 2]
)
def test_a_call_without_a_usable_position_is_heard_at_the_last_known_one(room: Room, lon: Any, lat: Any):
    call = body(distress=True, lon=lon, lat=lat, seq=2)
    room.send(body())
    (alert,) = room.send(call)
    assert {message.id: message.parameters for message in alert.details}["alert-detail-last-coordinates"] == {
        "position": "36.58000, -84.21000"
    }
    (unit,) = room.pipeline.forces()["units"]
    assert unit["distress_ns"] is not None
    assert (unit["lon"], unit["lat"]) == (-84.21, 36.58)


def test_a_call_without_a_position_makes_the_last_known_one_no_newer_and_is_not_called_a_breach(room: Room):
    """The page of a field unit sends it where the phone does not know its position."""
    room.send(body())
    (before,) = room.pipeline.forces()["units"]
    (alert,) = room.send(body(distress=True, lon=..., lat=..., seq=2, observed_at=stamp(1)))
    for language, advice in (("en", "not complete: confirm the call by radio"), ("fr", "confirmer l’appel par radio")):
        said = " ".join(MessageCatalogue.of(language).say(message) for message in alert.details)
        assert advice in said
        assert "rules for units" not in said
        assert "règles des unités" not in said
    (unit,) = room.pipeline.forces()["units"]
    assert (unit["observed_ns"], unit["distress_ns"] is not None) == (before["observed_ns"], True)


def test_a_call_of_an_unknown_unit_without_a_position_is_heard(room: Room):
    (alert,) = room.send(body(distress=True, lon=None, lat=None))
    assert (alert.unit, alert.easting, "alert-detail-no-position" in ids(alert)) == ("patrol-1", None, True)
    assert [one.kind for one in room.pipeline.incidents.values()] == ["distress"]


@pytest.mark.parametrize("distress", [False, None, 0, "", "false", ...])
def test_a_refused_position_without_distress_is_no_alarm(room: Room, distress: Any):
    room.send(body())
    assert room.send(body(distress=distress, lat=36.6)) == []
    assert len(room.codes()) == 1


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"[" * 60_000, b"\xff", b'{"distress": true' + b" " * 70_000])
def test_bytes_that_say_nothing_are_dead_letters_only(room: Room, payload: bytes):
    assert room.send(payload) == []
    assert len(room.codes()) == 1


def test_after_the_alert_is_closed_a_refused_call_opens_another(room: Room):
    room.send(body())
    (first,) = room.send(body(distress=True))
    assert [alert.status for alert in room.answer("reject", first.id, reason="test")] == ["rejected"]
    (second,) = room.send(body(distress=True, note="again"))
    assert second.id != first.id
    assert second.status == "active"


def test_the_same_journal_gives_the_same_alarm_again(room: Room, ground: OpenSector):
    room.send(body())
    room.send(body(distress=True, note="two injured"))
    again = Pipeline(ground, context=AlertContext())
    for row in room.journal.read():
        again.take(row)
    assert again.alerts == room.pipeline.alerts


# Who ends a call: docs/units.md, "Only the operations centre rejects or clears a distress alert …"


@pytest.mark.parametrize("unit", ["patrol-1", "patrol-2"])
@pytest.mark.parametrize("action", ["reject", "clear"])
def test_a_unit_ends_no_distress_call_not_even_its_own(room: Room, unit: str, action: str):
    (alert,) = room.send(body(distress=True))
    assert room.answer(action, alert.id, unit, reason="mistake") == []
    assert room.pipeline.alerts[alert.id].status == "active"
    assert [one.status for one in room.answer("acknowledge", alert.id, unit)] == ["acknowledged"]
    assert [one.is_open for one in room.answer(action, alert.id, reason="mistake")] == [False]


def test_the_incident_of_a_call_is_closed_by_the_centre_or_the_unit_that_was_sent(room: Room):
    (alert,) = room.send(body(distress=True))
    (incident,) = room.pipeline.incidents

    def state() -> str:
        return room.pipeline.incidents[incident].state

    about = {"incident": incident, "disposition": "rescue"}
    for unit in ("patrol-1", "patrol-2"):
        room.answer("close", alert.id, unit, **about, action_id=unit)
        assert state() == "open"
    (_, outcomes) = room.pipeline.take_incident_news()
    assert [(one.id, one.message.id) for one in outcomes] == [
        (unit, "incident-refused-distress") for unit in ("patrol-1", "patrol-2")
    ]
    room.answer("acknowledge", alert.id)
    room.answer("assign", alert.id, incident=incident, assigned_unit="patrol-2")
    room.answer("close", alert.id, "patrol-1", **about)
    assert state() == "assigned"
    room.answer("close", alert.id, "patrol-2", **about)
    assert state() == "closed"


# Signatures: only what the unit itself signed is believed (the form is that of docs/security.md, built by hand)

TOPIC = "watchline/1/s/unit/patrol-1/position"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = base64.urlsafe_b64encode(hashlib.sha256(KEY.public_key().public_bytes_raw()).digest()[:12]).decode()
LAST_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def properties(message: dict[str, Any], by_boot: int, key: Ed25519PrivateKey = KEY) -> list[tuple[str, str]]:
    numbers = {"boot": message["boot"], "seq": message["seq"], "by_boot": by_boot, "sent": int(NOW.timestamp() * 1e9)}
    texts = ["watchline/1/signature", TOPIC, "application/json", NAME, *map(str, numbers.values()), ""]
    parts = [*(text.encode() for text in texts), json.dumps(message).encode()]
    signature = key.sign(b"".join(len(part).to_bytes(4, "big") + part for part in parts))
    signed = {**numbers, "key": NAME, "sig": base64.urlsafe_b64encode(signature).decode().rstrip("=")}
    return [(name, str(value)) for name, value in signed.items()]


def register(**changed: Any) -> Register:
    public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    return Register([KeyRecord("unit", "patrol-1", public, LAST_YEAR, **changed)])


def test_a_signed_call_of_a_device_whose_boot_fell_is_heard(tmp_path: Path, ground: OpenSector):
    """A device that lost its clock numbers its starts from 1970 or 2020 again: `rollback`."""
    room = Room(tmp_path, ground, register())
    assert room.send(body(boot=50), *properties(body(boot=50), 50)) == []
    call = body(boot=1, distress=True, note="two injured")
    (alert,) = room.send(call, *properties(call, 1))
    assert room.codes() == ["rollback"]
    assert alert.details[-1].parameters == {"code": "rollback"}
    assert room.send(call, *properties(call, 1)) == []  # again: a duplicate


def test_an_old_call_that_the_journal_has_is_no_alarm_when_it_is_replayed(tmp_path: Path, ground: OpenSector):
    room, call, later = Room(tmp_path, ground, register()), body(distress=True), body(boot=9)
    (alert,) = room.send(call, *properties(call, 5))
    room.send(later, *properties(later, 9))
    assert room.send(call, *properties(call, 5)) == []
    assert [one.revision for one in room.pipeline.alerts.values() if one.rule == "distress"] == [alert.revision]


def test_what_the_unit_did_not_sign_is_no_call(tmp_path: Path, ground: OpenSector):
    room, good = Room(tmp_path, ground, register()), body()
    room.send(good, *properties(good, 5))
    call = body(distress=True)
    assert room.send(body(distress=True, note="a")) == []
    assert room.send(call, *properties(call, 5, Ed25519PrivateKey.generate())) == []
    other = body(distress=True, note="b")
    assert room.send(other, *properties(good, 5)) == []
    padded = json.dumps(call).encode() + b" " * 300_000
    assert room.send(padded, *properties(call, 5)) == []
    assert room.codes() == ["unsigned", "bad_signature", "bad_signature", "bad_signature"]


def test_a_stolen_radio_cannot_call(tmp_path: Path, ground: OpenSector):
    room, call = Room(tmp_path, ground, register(revoked_at=LAST_YEAR)), body(distress=True)
    assert room.send(call, *properties(call, 5)) == []
    assert room.codes() == ["key_revoked"]


# Distress devices on AIS (docs/adapters.md: "active distress devices call; others are `no_target`")


def ais(mmsi: int, status: int, lon: float = 181.0, lat: float = 91.0, second: int = 60) -> bytes:
    """ITU-R M.1371-5, table 48 (message 1): 168 bits, armoured six at a time; 181°, 91° and 60 are "not available"."""
    fields = [(1, 6), (0, 2), (mmsi, 30), (status, 4), (-128, 8), (1023, 10), (0, 1), (round(lon * 600_000), 28)]
    fields += [(round(lat * 600_000), 27), (3600, 12), (511, 9), (second, 6), (0, 2), (0, 3), (0, 1), (0, 19)]
    bits = "".join(f"{value & (1 << size) - 1:0{size}b}" for value, size in fields)
    assert len(bits) == 168
    sixes = [int(bits[n : n + 6], 2) for n in range(0, 168, 6)]
    text = f"AIVDM,1,1,,A,{''.join(chr(six + (48 if six < 40 else 56)) for six in sixes)},0"
    return f"!{text}*{reduce(xor, text.encode()):02X}".encode()


RESCUE = 970_010_119  # ITU-R M.585: 970 is a search and rescue transmitter
FIX = {"lon": -84.2, "lat": 36.58, "second": 0}


def test_the_sentence_of_a_device_without_a_fix():
    """By hand: 1 is the type, >M4f1 and two bits of v repeat 0 and the identity, the other four of v (62) 14."""
    assert ais(RESCUE, 14) == b"!AIVDM,1,1,,A,1>M4f1vP?w<tSF0l4Q@>4?wp0000,0*7F"


@pytest.mark.parametrize("mmsi", [RESCUE, 972_010_119, 974_010_119])
def test_a_distress_device_calls_before_it_has_a_fix(room: Room, mmsi: int):
    (first,) = room.hear(ais(mmsi, 14))
    assert (first.rule, first.priority, first.status, first.revision) == ("distress", "distress", "active", 0)
    assert str(mmsi) in str(first.unit)
    assert first.easting is None
    assert room.codes() == ["no_target"]
    (fixed,) = room.hear(ais(mmsi, 14, **FIX))  # its first position is stated at once
    assert (fixed.id, fixed.revision) == (first.id, 1)
    east, north = room.ground.frame.to_local(-84.2, 36.58)
    assert (fixed.easting, fixed.northing) == (
        pytest.approx(float(east), abs=1.0),
        pytest.approx(float(north), abs=1.0),
    )


@pytest.mark.parametrize("fix", [{}, FIX])
@pytest.mark.parametrize(
    ("mmsi", "status"), [(RESCUE, 15), (477_553_000, 14), (477_553_000, 0)], ids=["test", "ship-14", "ship"]
)
def test_tests_of_devices_and_ships_call_nobody(room: Room, mmsi: int, status: int, fix: dict[str, Any]):
    """Decision 0120: status 15 is a test; a ship that states 14 under its own identity is a ship."""
    assert room.hear(ais(mmsi, status, **fix)) == []
    assert [one for one in room.pipeline.alerts.values() if one.rule == "distress"] == []


# The compact form, whose reader is somebody else's program: RFC 8949 and the table of docs/units.md, by hand

CALL = {
    "number": 5,
    "id": "A91f0c2d3e4b5a687",
    "revision": 2,
    "status": "acknowledged",
    "priority": "high",
    "rule": "crossing",
    "lon": -84.21,
    "lat": 36.58,
    "direction": -1,
    "updated_at": "2026-03-14T21:00:00Z",  # 2264 days and 21 h after 2020-01-01: 195,685,200 s, 0x0ba9eb50
}
BYTES = bytes.fromhex(
    "aa"  # a map of ten
    "0105"  # 1: 5
    "0249 4191f0c2d3e4b5a687"  # 2: nine bytes, the letter A first
    "0302"  # 3: 2
    "0401"  # 4: the second of the list
    "0501"
    "0601"
    "0a 1a0ba9eb50"  # 10
    "07 3a00807e87"  # 7: -1 - 8,420,999
    "08 1a0037d110"  # 8: 3,658,000
    "0d20"  # 13: -1
)


def test_an_alert_in_the_compact_form_by_hand():
    assert cbor2.loads(compact.encode("alert", CALL)) == cbor2.loads(BYTES)
    assert len(compact.encode("alert", CALL)) == len(BYTES)
    assert compact.decode(BYTES) == ("alert", CALL)


LISTS = {  # key: field and choices, in the order of the table
    4: ("status", "active, acknowledged, cleared, rejected"),
    5: ("priority", "distress, high, medium, low"),
    6: (
        "rule",
        "distress, crossing, approaching, track_initiated_inside, entering_dead_ground, loitering, group_formed, "
        "coverage_lost, activity_below_baseline, sensor_offline, sensor_fault",
    ),
    12: ("class_label", "person, group, vehicle, animal, other"),
    24: ("state", "open, acknowledged, assigned, en_route, on_scene, closed"),
    25: ("about", "distress, movement, activity, equipment"),
    26: (
        "disposition",
        "apprehended, turn_back, got_away, no_threat, rescue, lost, nuisance, restored, unresolved, merged",
    ),
}


@pytest.mark.parametrize("key", LISTS)
def test_choices_are_sent_as_their_place_in_the_published_list(key: int):
    """A choice that changes its place turns, say, distress into high on radios in the field."""
    name, listed = LISTS[key]
    assert f"| {key} | {name} | {listed} |" in (ROOT / "docs" / "units.md").read_text()
    kind = "alert" if key in (4, 5, 6, 12) else "incident"
    for place, choice in enumerate(listed.split(", ")):
        body = compact.encode(kind, CALL | {"state": "open", name: choice})
        assert cbor2.loads(body)[key] == place
        assert compact.decode(body)[1][name] == choice


@pytest.mark.parametrize(
    ("kind", "number", "more"),
    [
        ("incident", 1, {"state": "open"}),
        ("digest", 2, {"at": "2026-03-14T21:00:00Z", "first": 1, "last": 2, "counts": {"low": 2}}),
        ("gap_filled", 3, {"after": 1, "last": 3, "sent": 2}),
        ("refused", 4, {"at": "2026-03-14T21:00:00Z", "count": 1}),
    ],
)
def test_the_kind_of_a_compact_message(kind: Any, number: int, more: dict[str, Any]):
    """docs/units.md: key 0, absent for an alert."""
    assert 0 not in cbor2.loads(BYTES)
    assert cbor2.loads(compact.encode(kind, CALL | more))[0] == number
