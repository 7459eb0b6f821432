"""A room with a TAK server: what it raises is seen by an independent client, whose answers reach the incident."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from ops.journal.reader import JournalReader
from ops.room.demo.demo import DemoOptions, open_room, start
from ops.room.room import Room, RoomOptions
from ops.services.feeds.cot.event import CotEvent
from ops.store.incidents import IncidentReader
from tests.drills.rig import wait_until
from tests.ops.services.feeds.cot.cot_schema import faults
from tests.ops.services.feeds.cot.rig import chat, device, emergency, spot
from tests.ops.services.feeds.cot.taky_server import Observer, Taky
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.chain, pytest.mark.broker]
AGAIN_S = 2.0
"""Interval at which a test sends its events again."""


@dataclass
class Running:
    room: Room
    observer: Observer

    def incidents(self) -> list[dict[str, Any]]:
        return [json.loads(row.body) for row in IncidentReader(self.room.store_path).incidents()[1]]

    def incident(self, identity: str) -> dict[str, Any]:
        return next(one for one in self.incidents() if one["id"] == identity)

    def markers(self, kind: str) -> list[Element]:
        return [
            event
            for event in list(self.observer.events)
            if event.get("type") == kind and event.get("uid", "").startswith("watchline.hills.I")
        ]

    def send_until(self, holds: Callable[[], Any], *events: CotEvent) -> None:
        """Send events as a person does, who sends them again where nothing happens.

        TAK repeats nothing that the feed did not get: while its process is down, or when a connection ends.
        """
        sent_s = float("-inf")

        def answered() -> bool:
            nonlocal sent_s
            self.room.restart_ended()
            if holds():
                return True
            if time.monotonic() - sent_s > AGAIN_S:
                sent_s = time.monotonic()
                for event in events:
                    self.observer.send(event.xml())
            return False

        wait_until(answered, timeout_s=PATIENT_S)


@pytest.fixture
def running(hill_sector: Any, tmp_path: Path) -> Iterator[Running]:
    taky = Taky(tmp_path / "taky").start()
    settings = tmp_path / "settings.toml"
    settings.write_text(
        "start_grace_s = 1.0\n"
        '[[feeds.cot.servers]]\nname = "tak"\n'
        f'address = "tcp://127.0.0.1:{taky.port}"\nunits = {{ ANDROID-1 = "patrol-1" }}\n'
    )
    options = RoomOptions(
        str(hill_sector.sector), "hills", str(hill_sector.layout), tmp_path / "room", settings=settings
    )
    observer = Observer(f"tcp://127.0.0.1:{taky.port}")  # before the room says a line, which the server does not keep
    with Room(options) as room:
        room.listen()
        observer.send(device().xml())
        yield Running(room, observer)
    observer.close()
    taky.close()


def test_incidents_reach_tak_and_its_answers_reach_the_incidents(running: Running) -> None:
    """A common outage is seen, claimed and closed from TAK; then the unit calls for help, and both feeds live on when
    their process is killed."""
    wait_until(lambda: any(one["kind"] == "equipment" for one in running.incidents()), timeout_s=PATIENT_S)
    outage = next(one for one in running.incidents() if one["kind"] == "equipment")

    def line(event: Element) -> bool:
        return event.get("type") == "b-t-f" and (event.findtext("detail/remarks") or "").startswith(outage["name"])

    running.observer.wait_for(line, "the line of the outage")
    claim = chat(f"ack {outage['name']}", number=1)
    running.send_until(lambda: running.incident(outage["id"])["owner"] == "Sgt. Meyer", claim)
    assert running.incident(outage["id"])["transitions"][-1]["sender"] == "patrol-1"

    def notes() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = running.incident(outage["id"])["notes"]
        return found

    # a marker that is moved is sent again, and is one answer
    running.send_until(notes, *(spot(f"note {outage['name']}", "cable cut", lon=lon) for lon in (-84.2, -84.21)))

    running.room.feeds.process.kill()
    wait_until(lambda: running.room.restart_ended() or running.room.feeds.alive, timeout_s=PATIENT_S)
    restored = chat(f"restored {outage['name'].lower()}", number=2)
    running.send_until(lambda: running.incident(outage["id"])["state"] == "closed", restored)
    closed = running.incident(outage["id"])
    assert (closed["state"], closed["disposition"], closed["closed_by"]) == ("closed", "restored", "person")
    assert [one["text"] for one in notes()] == ["cable cut"]

    running.send_until(lambda: running.markers("b-a-o-tbl"), emergency())
    marker = running.markers("b-a-o-tbl")[0]
    call = running.incident(marker.get("uid", "").removeprefix("watchline.hills."))
    assert (call["kind"], call["calling_unit"], call["priority"]) == ("distress", "patrol-1", "distress")
    reached = "Your distress call reached the operations centre."
    running.observer.wait_for(lambda event: event.findtext("detail/remarks") == reached, "the line that it arrived")
    with JournalReader(running.room.journal_path) as journal:
        assert sum(one.dead_lettered for one in journal.counts(None).values()) == 0


def test_a_night_of_the_demonstration_is_seen_and_answered_in_tak(hill_sector: Any, tmp_path: Path) -> None:
    """Eight times as fast as in reality: TAK gets times of its own clock."""
    taky = Taky(tmp_path / "taky").start()
    settings = tmp_path / "settings.toml"
    settings.write_text(
        'units = ["ops-centre", "patrol-9"]\n[feeds.cot]\ntracks_every_s = 1.0\n'
        "[incidents]\nsettled_s = 86400.0\n"  # a late answer still finds its incident open
        f'[[feeds.cot.servers]]\nname = "tak"\naddress = "tcp://127.0.0.1:{taky.port}"\n'
        'units = { ANDROID-9 = "patrol-9" }\n'
    )
    observer = Observer(f"tcp://127.0.0.1:{taky.port}")
    observer.send(device("ANDROID-9").xml())
    options = DemoOptions(
        str(hill_sector.sector), tmp_path / "demo", duration_s=300.0, speed=8.0, seed=3, settings=settings
    )
    room, sector = open_room(options)
    began_s = time.monotonic()
    with room:
        start(room, options, sector, began_s=began_s)
        running = Running(room, observer)

        def is_open(event: Element) -> bool:
            return event.get("type") == "b-t-f" and ", High: " in (event.findtext("detail/remarks") or "")

        name = (observer.wait_for(is_open, "an incident").findtext("detail/remarks") or "").partition(",")[0]

        def owner() -> str:
            return next(one["owner"] for one in running.incidents() if one["name"] == name)

        running.send_until(lambda: owner() == "Sgt. Meyer", chat(f"ACK {name}", "ANDROID-9"))
        told = f"{name}: recorded, claim."
        observer.wait_for(lambda event: event.findtext("detail/remarks") == told, "what became of the answer")
        track = observer.wait_for(
            lambda event: event.get("uid", "").startswith("watchline.") and event.find("detail/track") is not None,
            "a track in motion",
        )
        age_s = (datetime.now(UTC) - datetime.fromisoformat(track.get("time", ""))).total_seconds()
        assert -5.0 < age_s < time.monotonic() - began_s + 5.0
        assert {event.get("type", "")[:4] for event in observer.events if event.get("type", "")[:2] == "a-"} <= {
            "a-u-",
            "a-f-",
        }
        for event in observer.events:
            if event.get("uid", "").startswith("watchline."):
                assert faults(event) == []
    observer.close()
    taky.close()
