"""An operations room for a shift: broker, ingest, fusion and API as processes, accounts, sensors and patrols."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from ingest.mqtt.publisher import Publisher
from ingest.topics import unit_topic
from ingest.unit_messages import Position, encode_unit
from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.store import AccountStore
from ops.room.night_file import PATROLS
from ops.room.room import Room, RoomOptions
from ops.room.simulate_night import write_simulated_night
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import Child
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.store.incidents import IncidentReader
from sensors.simulate.scenarios import NightSettings
from tests.ops.conftest import Files, collection, feature, lonlat, write_sector
from tests.patience import PATIENT_S
from tests.web.conftest import until

PASSWORD = "a quiet ridge at dawn"
NIGHT_S = 3600.0
CROSSINGS = 14
CALLING = "patrol-9"
"""A unit that only the tests report for."""
UNITS = (*PATROLS, CALLING)
SETTINGS = f"""units = ["ops-centre", {", ".join(f'"{name}"' for name in UNITS)}]

[incidents]
escalate_high_s = 20.0
escalate_medium_s = 20.0
undo_s = 7200.0
settled_s = 7200.0
"""
"""A person has minutes where it is seconds elsewhere, for a slow machine; what the system does by itself comes soon."""


def shift_sector(folder: Path) -> Files:
    """The small sector of hills, with two patrol bases and two border sections."""
    files = write_sector(folder)
    bases = [
        feature("Point", lonlat(2600, 3900), id="base-west", name="West base", vehicles=2, crew=6),
        feature("Point", lonlat(5400, 3900), id="base-east", name="East base", vehicles=2, crew=6),
    ]
    (folder / "bases.geojson").write_text(collection(*bases))
    line = [lonlat(east, 3000 + 60 * (-1) ** (east // 400)) for east in range(200, 7900, 400)]
    middle = len(line) // 2
    sections = [
        feature("LineString", line[: middle + 1], name="West", impact_level="low"),
        feature("LineString", line[middle:], name="East", impact_level="medium"),
    ]
    (folder / "sections.geojson").write_text(collection(*sections))
    files.edit(
        files.sector,
        'home_side = "right"',
        'home_side = "right"\nbases = "bases.geojson"\nsections = "sections.geojson"',
    )
    return files


def traffic() -> NightSettings:
    """People, vehicles and groups that come inwards one after the other, and nothing else."""
    times = tuple((("person", "vehicle", "group")[number % 3], 15.0 + 4.0 * number) for number in range(CROSSINGS))
    return NightSettings(
        times, crossings_per_hour=0.0, turn_backs=0, local_movers=0, outward_share=0.0,
        late_fraction=0.0, duplicate_fraction=0.0,
    )  # fmt: skip


@dataclass
class ShiftRoom:
    """A running room. Only ``look`` looks after its processes, so that an outage lasts as long as a test needs."""

    room: Room
    files: Files
    accounts: Accounts
    simulator: Child

    @property
    def address(self) -> str:
        assert self.room.address is not None
        return self.room.address

    def add(self, login: str, name: str, role: str) -> str:
        """A person of the shift; returns the one-time secret."""
        return self.accounts.add(login, name, {"*": role})

    def set_password(self, login: str, secret: str) -> None:
        """As the person does on the page."""
        entered = self.accounts.log_in(login, secret, LoginOrigin("test"))
        self.accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))

    def part(self, name: str) -> Child:
        """The process of a part: broker, ingest or fusion."""
        if name == "broker":
            assert self.room._broker is not None
            return self.room._broker.child
        child: Child = getattr(self.room, name)
        return child

    def look(self) -> None:
        """One round of the supervisor, which ``watchline run`` makes every second."""
        self.room.restart_ended()

    def recovered(self) -> bool:
        """After a round of the supervisor: whether every part works and the picture is current."""
        self.look()
        try:
            return httpx.get(f"{self.address}readyz", timeout=PATIENT_S).status_code == 200
        except httpx.HTTPError:
            return False

    def report(self, observed_at: datetime | None = None, **more: Any) -> None:
        """Send a position of the unit that the simulator does not report for, at the middle of the sector."""
        lon, lat = lonlat(4400, 3400)
        publisher = Publisher(
            self.room.url, client_id=f"watchline-hills-{CALLING}", now_ns=time.time_ns,
            identity=self.room.identity_of(CALLING), boot=time.time_ns() // 1_000_000,
        )  # fmt: skip
        publisher.start(timeout_s=PATIENT_S)
        key = time.time_ns() // 1_000_000, 1
        position = Position(CALLING, *key, observed_at=observed_at or datetime.now(UTC), lon=lon, lat=lat, **more)
        publisher(unit_topic("hills", CALLING, "position"), encode_unit(position), key=key).result(PATIENT_S)
        publisher.stop()

    def incidents(self) -> dict[str, dict[str, Any]]:
        """Every incident as the store has it, by radio name."""
        rows = IncidentReader(self.room.store_path).incidents()[1]
        found = [json.loads(row.body) for row in rows]
        return {one["name"]: one for one in found}

    def revisions(self) -> list[dict[str, Any]]:
        """Every revision of every incident, in the order in which fusion made them."""
        rows = IncidentReader(self.room.store_path).outbox_after(0, limit=100_000, kind="incident")
        return [json.loads(row.body) for row in rows]


@contextmanager
def shift_room(
    folder: Path,
    *,
    settings_text: str = SETTINGS,
    night: NightSettings | None = None,
    night_s: float = NIGHT_S,
    speed: float = 1.0,
) -> Iterator[ShiftRoom]:
    """Open the room as ``watchline run`` does, with simulated sensors and patrols in place of real ones.

    ``night``: its traffic, by default that of a shift; it lasts ``night_s`` of its own time, which passes ``speed``
    times as fast.
    """
    files = shift_sector(folder / "sector")
    settings, data = folder / "settings.toml", folder / "data"
    settings.write_text(settings_text)
    ground = open_sector(load_sector(str(files.sector)), str(files.layout))
    write_simulated_night(ground, data, seed=3, duration_s=night_s, traffic=night or traffic())
    now_ns = time.time_ns()
    options = RoomOptions(
        str(files.sector), "hills", str(files.layout), data, settings=settings, encrypted=True, simulated_units=UNITS,
        clock=ScenarioClock.live() if speed == 1.0 else ScenarioClock(now_ns, now_ns, speed),
    )  # fmt: skip
    with Room(options) as room:
        room.listen()
        room.serve()
        room.show_map(True)
        store = AccountStore(data / "accounts.db")
        arguments = ["--sector-id=hills", f"--folder={data}", f"--duration={night_s}", *options.clock.arguments()]
        simulator = room.start("simulator", "ops.room.simulator", *arguments, timeout_s=15.0)
        simulator.wait_for("started_ns", timeout_s=PATIENT_S)
        running = ShiftRoom(room, files, Accounts(store), simulator)
        try:
            assert until(running.recovered), httpx.get(f"{running.address}readyz", timeout=PATIENT_S).text
            yield running
        finally:
            store.close()
