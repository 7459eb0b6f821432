"""A clock that was ahead and is corrected: fusion follows it at once, also where sensors were ahead with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fusion.alerts import Alert, AlertState, DistressCall
from fusion.situation.context import AlertContext
from geo.message import Message
from ingest.decode import encode, encode_status
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver
from ingest.topics import sensor_topic
from ingest.unit_messages import Position
from ingest.wire import Status
from ops.incidents.incident import Incident, Undoable
from ops.journal.events import Mute
from ops.journal.reader import JournalRow
from ops.journal.writer import Journal
from ops.room.night_file import SCENARIO_START, read_night
from ops.runtime.clock import ScenarioClock
from ops.sector.open_sector import OpenSector
from ops.sector.settings import Settings
from ops.services.fusion.checkpoint import Memory, read_checkpoint
from ops.services.fusion.memory.mutes import MuteRecord
from ops.services.fusion.memory.quarantine import CutOffRecord
from ops.services.fusion.memory.set_back import limit_times
from ops.services.fusion.pipeline import Pipeline
from ops.services.fusion.process import Fusion
from ops.store.writer import Store
from sensors.scan import Plot, Scan
from sensors.timestamps import nanoseconds

START_NS = nanoseconds(SCENARIO_START)
SECOND = 1_000_000_000
RADAR = "radar-mid"
AHEAD_S = 7200.0


class Sector:
    """Journal rows of a sector: statuses and ticks, and a walker towards the border in sight of the radar."""

    def __init__(self, ground: OpenSector) -> None:
        assert ground.border is not None
        self.ground, self.seq = ground, 0
        self.radar = ground.layout[RADAR]
        chainage = float(ground.border.locate(self.radar.easting + 600.0, self.radar.northing)[1])
        self.easting, northing = (float(part) for part in ground.border.point_at(chainage))
        away = 1.0 if float(ground.border.locate(self.easting, northing + 5.0)[2]) < 0.0 else -1.0
        self.northing = lambda at_s: northing + away * (250.0 - 1.5 * at_s)

    def rows(self, seconds: int, *, ahead_s: float = 0.0, scans: bool = True) -> Iterator[JournalRow]:
        for second in range(seconds):
            at_s = second + ahead_s
            yield self.row("tick", "", at_s, b"")
            if second % 5 == 0:
                for sensor in self.ground.layout.ids:
                    status = Status(
                        sensor=sensor, boot=1, seq=self.number(), observed_at=moment(at_s + 0.01), state="ok"
                    )
                    yield self.row("status", sensor, at_s + 0.01, encode_status(status))
            if scans:
                yield self.row("detections", RADAR, at_s + 0.2, encode(self.scan(second, at_s + 0.1)))

    def scan(self, second: int, at_s: float) -> Scan:
        east, north = self.easting - self.radar.easting, self.northing(second + 0.1) - self.radar.northing
        azimuth = math.atan2(east, north) + self.ground.layout.placement(RADAR).turn_rad
        plot = Plot(range_m=math.hypot(east, north), azimuth_deg=math.degrees(azimuth) % 360.0)
        return Scan(RADAR, 1, self.number(), self.seq, moment(at_s), moment(at_s), "radar", (plot,))

    def number(self) -> int:
        self.seq += 1
        return self.seq

    def row(self, kind: str, sensor: str, at_s: float, body: bytes) -> JournalRow:
        at_ns, numbers = START_NS + round(at_s * SECOND), (1, self.seq) if sensor else (None, None)
        return JournalRow(self.seq, kind, sensor, *numbers, at_ns, at_ns, None, "application/json", body, True)


def moment(at_s: float) -> datetime:
    return datetime.fromtimestamp((START_NS + round(at_s * SECOND)) / 1e9, UTC)


def stories(alerts: list[Alert]) -> list[tuple[str, str]]:
    """Rule and status of the alerts, each once in a row."""
    found = [(one.rule, one.status) for one in alerts]
    return [one for number, one in enumerate(found) if found[:number][-1:] != [one]]


@pytest.mark.parametrize("scans", [False, True], ids=["the room", "the room and the radar"])
def test_fusion_follows_a_clock_that_is_set_back(hill_ground: OpenSector, scans: bool) -> None:
    """By two hours: as by a wrong time server, for the room alone or for the sensors too."""
    sector = Sector(hill_ground)
    pipeline = Pipeline(hill_ground, context=AlertContext())
    ahead = [alert for row in sector.rows(30, ahead_s=AHEAD_S, scans=scans) for alert in pipeline.take(row)]
    assert [one for one in stories(ahead) if one == ("approaching", "active")] == [("approaching", "active")] * scans
    before, rows = pipeline.save(), list(sector.rows(120))
    alerts = [alert for row in rows for alert in pipeline.take(row)]
    assert {sensor: one.state for sensor, one in pipeline.health.items()} == dict.fromkeys(hill_ground.layout.ids, "ok")
    assert pipeline.now_ns == START_NS + round(119.2 * SECOND)
    cleared = [("approaching", "cleared")] if scans else []
    assert stories([one for one in alerts if one.rule == "approaching"]) == [*cleared, ("approaching", "active")]
    assert "late" not in pipeline.tally
    assert not {one.rule for one in alerts} & {"sensor_offline", "coverage_lost"}
    again = Pipeline(hill_ground, context=AlertContext(), checkpoint=before)
    assert [alert for row in rows for alert in again.take(row)] == alerts
    assert again.save() == pipeline.save()
    history = pipeline.take_history(final=True)
    last = history["time"].values.astype("int64") > START_NS + round(AHEAD_S / 2 * SECOND)
    assert bool(last.any()) == scans
    assert (history["status"].values[last] == "closed").any() == scans, "tracks of the wrong time are terminated"


def test_a_call_for_help_is_revised_after_the_clock_was_set_back(hill_ground: OpenSector) -> None:
    """Before, its alert counted as just revised for as long as the clock had been ahead, and no incident escalated."""
    sector, pipeline = Sector(hill_ground), Pipeline(hill_ground, context=AlertContext())

    def call(at_s: float, note: str) -> JournalRow:
        lon, lat = hill_ground.frame.to_lonlat(0.0, 0.0)
        position = Position("alpha", 1, sector.number(), moment(at_s), float(lon), float(lat), distress=True, note=note)
        return sector.row("position", "alpha", at_s, msgspec.json.encode(position))

    pipeline.take(call(AHEAD_S, "fall"))
    for row in sector.rows(2, scans=False):
        pipeline.take(row)
    incident = next(one for one in pipeline.incidents.values() if one.calling_unit)
    assert incident.opened_at == incident.attention_since == moment(0.0)
    later = [alert for at_s in (30.0, 60.0) for alert in pipeline.take(call(at_s, f"broken leg at {at_s:.0f} s"))]
    assert [one.revision for one in later if one.rule == "distress"] == [1, 2]
    assert all(one.raised_at <= one.updated_at for one in later)


def test_units_are_followed_after_the_clock_was_set_back(hill_ground: OpenSector) -> None:
    """Before, their positions were older than what was known, and dropped, for as long as the clock had been ahead."""
    sector, pipeline = Sector(hill_ground), Pipeline(hill_ground, context=AlertContext())

    def unit(at_s: float, lon: float, *, distress: bool = False) -> dict[str, Any]:
        position = Position("alpha", 1, sector.number(), moment(at_s), lon, 36.6, distress=distress)
        pipeline.take(sector.row("position", "alpha", at_s, msgspec.json.encode(position)))
        (found,) = pipeline.forces()["units"]
        return found

    unit(AHEAD_S, -84.2, distress=True)
    for row in sector.rows(1, scans=False):
        pipeline.take(row)
    known = pipeline.save()
    assert unit(30.0, -84.21)["lon"] == -84.21
    assert unit(60.0, -84.22, distress=True)["distress_ns"] == START_NS + 60 * SECOND
    book = read_checkpoint(known).memory.forces.units["alpha"]
    assert {book.observed_ns, book.reported_ns, book.received_ns, book.distress_ns} == {START_NS}


def test_what_lasts_a_while_ends_in_time_after_the_clock_was_set_back() -> None:
    """Mutes that ended, quarantines and the time to undo an action; a mute that lasts keeps its end."""
    ahead_ns, minute = START_NS + round(AHEAD_S * SECOND), 60 * SECOND
    memory = Memory(now_ns=ahead_ns, revoked={RADAR: ahead_ns})
    memory.mutes = {
        "over": MuteRecord(START_NS - minute, Mute(ahead_ns - minute)),
        "lasts": MuteRecord(ahead_ns - minute, Mute(ahead_ns + minute)),
    }
    memory.held = {"over": CutOffRecord(until_ns=ahead_ns - minute), "lasts": CutOffRecord(until_ns=ahead_ns + minute)}
    undoable = Undoable("a", "Officer", ahead_ns + minute, "open", "", "", False, "", "", "")
    memory.incidents.incidents["I"] = Incident(
        "I", "1", "approach", "acknowledged", "high", 1, 1, Message("incident-approach"), moment(0.0), moment(0.0), "A",
        ("A",), undoable=undoable,
    )  # fmt: skip
    held = DistressCall("patrol-1", START_NS + 7_200 * 10**9, None, None, "", "held")
    state = limit_times(memory, AlertState(held_calls={"A": held}), START_NS)
    assert state.held_calls == {"A": replace(held, observed_ns=START_NS)}
    over, lasts = memory.mutes["over"], memory.mutes["lasts"]
    assert (over.since_ns, over.over_ns(START_NS)) == (START_NS - minute, START_NS)
    assert (lasts.since_ns, lasts.until_ns, lasts.over_ns(START_NS)) == (START_NS, ahead_ns + minute, None)
    assert {name: one.until_ns for name, one in memory.held.items()} == {"over": START_NS, "lasts": START_NS + minute}
    assert memory.revoked == {RADAR: START_NS}
    last = memory.incidents.incidents["I"].undoable
    assert last is not None
    assert last.until_ns == START_NS + minute


def test_history_and_checkpoints_are_written_after_the_clock_was_set_back(
    hill_night: Path, hill_ground: OpenSector, tmp_path: Path
) -> None:
    journal, tick_ns = Journal(tmp_path / "j.db"), START_NS
    journal.tick(START_NS + round(AHEAD_S * SECOND))
    receiver = Receiver("hills", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall)
    for scan in read_night(hill_night / "night.jsonl"):
        at_ns = nanoseconds(scan.received_at)
        while tick_ns <= at_ns:
            journal.tick(tick_ns)
            tick_ns += SECOND
        receiver.handle([Delivery(sensor_topic("hills", scan.sensor, "detections"), encode(scan), None, (), at_ns)])
    store, settings = Store(tmp_path / "s.db"), Settings(checkpoint_s=1.0, tracker={"horizon_s": 5.0})
    fusion = Fusion(journal, store, hill_ground, settings, ScenarioClock.live())
    while fusion.step(10):
        pass
    assert store.history_dataset().sizes["estimate"] > 0
    assert store.progress().checkpoint_cursor > 10
    store.close()
    journal.close()
