"""A Cursor-on-Target feed over a store of plain values, and events as devices of TAK send them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ingest.unit_messages import Position, Reply, encode_unit
from ops.field.refusals import RefusedMessage
from ops.releasability.decision import UNMARKED
from ops.runtime.clock import ScenarioClock
from ops.sector.setting_tables.cot import CotServer, CotSettings
from ops.services.feeds.cot.event import CotEvent
from ops.services.feeds.cot.feed import CotFeed
from ops.services.feeds.cot.memory import CotMemory
from ops.services.feeds.cot.sources import CotSources
from ops.services.feeds.feed import OutboxDelivery
from ops.store.incidents import IncidentRow
from ops.store.reader import Live, OutboxRow
from tests.patience import PATIENT_S

BORDER = {
    "features": [
        {"geometry": {"coordinates": [[-84.2, 36.5], [-84.19, 36.5]]}, "properties": {"segment": 0}},
        {"geometry": {"coordinates": [[-84.19, 36.5], [-84.18, 36.51]]}, "properties": {"segment": 1}},
    ]
}


def incident(number: int = 17, *, revision: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"I{number:016x}", "name": f"Bravo {number}", "kind": "movement", "state": "open", "priority": "high",
        "revision": revision, "class_label": "person", "calling_unit": "", "lon": -84.21, "lat": 36.58, "unit": "",
        "sentence": "Probable person on foot crossed the border.", "disposition": "", "lead": f"A{number:016x}",
        "alerts": [f"A{number:016x}"], "tracks": [{"track": "T5a2", "name": "Oak"}], **changes,
    }  # fmt: skip


def track(at_ns: int, **changes: Any) -> dict[str, Any]:
    return {
        "track": "T5a2", "name": "Oak", "status": "confirmed", "lon": -84.21, "lat": 36.58, "speed_mps": 1.4,
        "course_deg": 200.0, "ellipse_m": [12.0, 5.0], "label": "person", "label_probability": 0.9, "offset_m": 30.0,
        "updated_ns": at_ns, **changes,
    }  # fmt: skip


class PlainStore:
    """Incidents, live picture and outcomes of a store, and its markings, as plain values."""

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, Any]] = {}
        self.parts: dict[str, Any] = {}
        self.leads: dict[str, float] = {}
        self.callers: dict[str, str] = {}
        self.outcomes: dict[str, bytes] = {}
        self.cursor = 0
        self.marked: set[str] = set()
        self.may: set[str] = set()

    def incidents(self, *, closed: bool | None = None) -> tuple[int, list[IncidentRow]]:
        shown = [body for body in self.bodies.values() if (body["state"] == "closed") == closed]
        return 1, [IncidentRow(json.dumps(body).encode(), None) for body in shown]

    def alert(self, identity: str) -> tuple[str, int, bytes] | None:
        sd_m, unit = self.leads.get(identity), self.callers.get(identity)
        if sd_m is None and unit is None:
            return None
        rule = "crossing" if unit is None else "distress"
        body = {"id": identity, "position_sd_m": sd_m, "rule": rule, "unit": unit}
        return "active", 0, json.dumps(body).encode()

    def show_call(self, unit: str = "patrol-1", **changes: Any) -> None:
        """Have an open incident of a unit's distress call."""
        body = incident(**{"kind": "distress", "priority": "distress", "calling_unit": unit, **changes})
        self.bodies[body["id"]] = body
        self.callers[body["lead"]] = unit

    def live(self, part: str) -> Live | None:
        return Live(1, 1, json.dumps(self.parts[part]).encode()) if part in self.parts else None

    def progress(self) -> SimpleNamespace:
        return SimpleNamespace(cursor=self.cursor)

    def outcome(self, action: str) -> bytes | None:
        return self.outcomes.get(action)

    def incident_for(self, unit: str, identity: str) -> bool:
        return identity not in self.marked or unit in self.may

    def tracks_for(self, unit: str, tracks: list[Any]) -> list[Any]:
        return [one for one in tracks if one.get("marking", UNMARKED) == UNMARKED or unit in self.may]


class Units:
    """Keeps what units send, as ``UnitSpool`` would publish it; ``journaled``: the last row of a journal that has all$
    of it, None while it has nothing."""

    journaled: int | None = None

    def __init__(self) -> None:
        self.sent: list[Position | Reply] = []
        self.calls: list[tuple[str, str]] = []
        self.call_times: list[datetime] = []
        self._arrived = threading.Condition()

    def send(self, message: Position | Reply) -> tuple[int, int]:
        encode_unit(message)
        with self._arrived:
            self.sent.append(message)
            self._arrived.notify_all()
        return 1, len(self.sent)

    def call(self, unit: str, observed_at: datetime, note: str) -> tuple[int, int]:
        with self._arrived:
            self.calls.append((unit, note))
            self.call_times.append(observed_at)
            self._arrived.notify_all()
        return 1, 1

    def call_settled(self, unit: str, key: tuple[int, int]) -> int | None:
        return self.journaled

    def close(self) -> None: ...

    def wait_for(self, wanted: Callable[[Units], Any], what: str) -> Any:
        deadline = time.monotonic() + PATIENT_S
        with self._arrived:
            while not (found := wanted(self)):
                assert time.monotonic() < deadline, f"no {what}; got {self.sent}, {self.calls}"
                self._arrived.wait(0.5)
        return found


class Rig:
    """A feed to the servers, whose deliveries a test makes itself.

    What is open is sent again at the start (``looked_after``), and then only where a test asks for it.
    """

    def __init__(self, folder: Path, *servers: CotServer, **settings: Any) -> None:
        self.store, self.units = PlainStore(), Units()
        self.areas: dict[str, Any] | None = settings.pop("areas", None)
        self.memory = CotMemory(folder)
        self.refused: list[RefusedMessage] = []
        self.feed = CotFeed(
            "cumberland",
            CotSettings(servers=servers, **{"tracks_every_s": 1.0, "refresh_s": 3600.0, **settings}),
            CotSources(self.store, self.store, lambda: BORDER, lambda: self.areas),  # type: ignore[arg-type]
            self.memory,
            self.units,
            clock=ScenarioClock.live(),
            refused=self.refused.append,
        )
        self._number = 0

    def deliver(self, body: dict[str, Any], server: str = "tak") -> None:
        """Deliver an incident as the dispatcher does: again until the server has it."""
        self._number += 1
        deadline = time.monotonic() + PATIENT_S
        while True:
            error = self.attempt(body, server, number=self._number).exception(PATIENT_S)
            if error is None:
                return
            assert time.monotonic() < deadline, error
            time.sleep(0.05)

    def attempt(self, body: dict[str, Any], server: str = "tak", *, number: int = 1) -> Future[None]:
        """Make one attempt to deliver an incident, which is the newest revision in the store unless that has a later
        one."""
        stored = self.store.bodies.get(body["id"], body)
        if stored["revision"] <= body["revision"]:
            self.store.bodies[body["id"]] = body
        row = OutboxRow(
            number, body["id"], body["revision"], body["priority"], json.dumps(body).encode(), "incident"
        )  # fmt: skip
        return self.feed.send(OutboxDelivery(server, number, row))

    def looked_after(self, server: str = "tak") -> None:
        """Wait until what is open has been sent again at the start: an incident that came before comes twice."""
        self.wait_until(lambda: self.feed._servers[server].drawn, "what comes at the start, of which shapes are last")

    def wait_until(self, wanted: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENT_S
        while not wanted():
            assert time.monotonic() < deadline, f"not within {PATIENT_S} s: {what}"
            time.sleep(0.05)


def device(uid: str = "ANDROID-1", *, at: datetime | None = None, lon: float = -84.2, **changes: Any) -> CotEvent:
    """The position of a device, as ATAK sends it."""
    at = at or datetime.now(UTC)
    detail = Element("detail")
    SubElement(detail, "takv", device="PIXEL", platform="ATAK-CIV", os="34", version="5.2")
    SubElement(detail, "contact", callsign="Sgt. Meyer", endpoint="*:-1:stcp")
    SubElement(detail, "__group", name="Cyan", role="Team Member")
    stale = changes.pop("stale", at + timedelta(minutes=5))
    return CotEvent(
        uid, "a-f-G-U-C", "m-g", at, stale, 36.57, lon, **{"ce": 8.0, "detail": detail, **changes}
    )  # fmt: skip


def chat(text: str, uid: str = "ANDROID-1", *, number: int = 1, at: datetime | None = None, **links: str) -> CotEvent:
    """A line that a person types, as ATAK sends it."""
    at = at or datetime.now(UTC)
    detail = Element("detail")
    room = dict.fromkeys(("chatroom", "id"), "All Chat Rooms")
    room |= {"parent": "RootContactGroup", "groupOwner": "false", "messageId": f"m{number}"}
    room["senderCallsign"] = "Sgt. Meyer"
    element = SubElement(detail, "__chat", room)
    SubElement(element, "chatgrp", uid0=links.get("uid0", uid), uid1="All Chat Rooms", id="All Chat Rooms")
    SubElement(detail, "link", uid=links.get("link", uid), type="a-f-G-U-C", relation="p-p")
    remarks = SubElement(
        detail, "remarks", source=f"BAO.F.ATAK.{uid}", to="All Chat Rooms", time=device(at=at).time_text
    )
    remarks.text = text
    return CotEvent(
        f"GeoChat.{uid}.All Chat Rooms.m{number}", "b-t-f", "h-g-i-g-o", at, at + timedelta(days=1), 0.0, 0.0,
        detail=detail,
    )  # fmt: skip


def spot(name: str, remarks: str = "", uid: str = "ANDROID-1", *, number: int = 1, **place: float) -> CotEvent:
    """A marker that a person sets, as ATAK sends it."""
    at = datetime.now(UTC)
    detail = Element("detail")
    SubElement(detail, "contact", callsign=name)
    SubElement(detail, "link", uid=uid, type="a-f-G-U-C", parent_callsign="Sgt. Meyer", relation="p-p")
    SubElement(detail, "remarks").text = remarks
    SubElement(detail, "usericon", iconsetpath="COT_MAPPING_SPOTMAP/b-m-p-s-m/-1")
    where = {"lat": 36.57, "lon": -84.2, **place}
    uid = f"0b8c7a52-5d0e-4c5f-9c8e-{number:012x}"
    return CotEvent(uid, "b-m-p-s-m", "h-g-i-g-o", at, at + timedelta(days=1), detail=detail, **where)


def emergency(
    uid: str = "ANDROID-1", *, kind: str = "b-a-o-tbl", at: datetime | None = None, **place: float
) -> CotEvent:
    """A distress call, as ATAK sends it."""
    at = at or datetime.now(UTC)
    detail = Element("detail")
    SubElement(detail, "link", uid=uid, type="a-f-G-U-C", relation="p-p")
    SubElement(detail, "contact", callsign="Sgt. Meyer-Alert")
    SubElement(detail, "emergency", type="911 Alert").text = "Sgt. Meyer"
    where = {"lat": 36.57, "lon": -84.2, "ce": 8.0, **place}
    return CotEvent(f"{uid}-9-1-1", kind, "h-e", at, at + timedelta(minutes=10), detail=detail, **where)
