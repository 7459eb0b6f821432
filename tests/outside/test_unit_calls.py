"""Calls for help that break the rules of docs/units.md: they are dead letters, and the operations room hears of each.

From docs/units.md: `(unit, boot, seq)` is unique, `boot` rises, only the fields of the schema; a call has arrived when
an alert of the rule `distress` with `unit` exists. From docs/security.md: whose messages are not authentic.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusion.alerts import Alert
from fusion.situation.context import AlertContext
from ingest.envelope import Delivery
from ingest.receiving.batch import KEPT_BYTES
from ingest.receiving.receiver import Guards, Receiver
from ingest.security import Register
from ingest.security.authentication import Authenticator
from ingest.security.key_register import KeyRecord
from ingest.wire import MAX_PAYLOAD_BYTES
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
        self.journal, self._ground, self._at = Journal(folder / "journal.db"), ground, NOW
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
        now_ns = int(self._at.timestamp() * 1e9)
        self._at += timedelta(seconds=1)
        topic = "watchline/1/s/unit/patrol-1/position"
        self._receiver.handle([Delivery(topic, payload, "application/json", properties, now_ns)])
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
    (first,) = room.send(body(distress=True, note="one"))
    later = [alert for n in range(12) for alert in room.send(body(distress=True, note=f"two {n}"))]
    assert [alert.id for alert in later] == [first.id]  # at most one revision in 10 s (docs/security.md)
    assert later[0].revision == first.revision + 1


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
    (alert,) = room.send(body(distress=True, **changed))
    assert "alert-detail-coordinates" in ids(alert)
    ((_, dead),) = room.journal.dead_letters()
    assert len(dead.body) == KEPT_BYTES < dead.size <= MAX_PAYLOAD_BYTES


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
