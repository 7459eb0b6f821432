"""The plausibility gate against honest simulated nights: it must leave them alone, and still be shown what it flags."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.plausibility import Plausibility
from ingest.receiving.receiver import Guards, Receiver
from ops.journal.reader import JournalReader
from ops.journal.writer import Journal
from ops.room.night_file import read_night
from ops.room.simulate_night import write_simulated_night
from ops.sector.open_sector import OpenSector
from ops.services.fusion.process import counts_of
from sensors.scan import Plot
from sensors.timestamps import nanoseconds

HONEST_S = 900.0


@pytest.fixture(scope="module")
def honest(hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of an hour, with late and doubled messages, false alarms and errors as the layout declares them."""
    folder = tmp_path_factory.mktemp("honest")
    write_simulated_night(hill_ground, folder, seed=11, duration_s=HONEST_S)
    return folder / "night.jsonl"


def test_an_honest_night_is_left_alone(honest: Path, hill_ground: OpenSector) -> None:
    """reliability D6: at most 0.1 % of honest data is flagged."""
    gate = Plausibility.of(hill_ground.layout.sensors)
    flags = [gate(scan) for scan in read_night(honest)]
    assert len(flags) > 1000
    assert sum(map(bool, flags)) <= len(flags) / 1000


def test_what_is_flagged_is_journaled_counted_and_shown(tmp_path: Path, honest: Path, hill_ground: OpenSector) -> None:
    """From the door to the figures of /metrics; a duplicate of a flagged scan is not counted again."""
    journal = Journal(tmp_path / "journal.db")
    guards = Guards(gate=Plausibility.of(hill_ground.layout.sensors))
    receiver = Receiver(
        "hills", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall, guards=guards
    )
    sent = 0
    for number, scan in enumerate(read_night(honest)):
        if scan.sensor != "radar-mid":
            continue
        sent += 1
        if sent % 10 == 0:
            scan = replace(scan, plots=(Plot(range_m=30_000.0, azimuth_deg=1.0, radial_velocity_mps=400.0),))
        scan = replace(scan, boot=1, sequence=sent)
        delivery = Delivery("watchline/1/hills/sensor/radar-mid/detections", encode(scan), None, (),
                            nanoseconds(scan.received_at))  # fmt: skip
        receiver.handle([delivery, delivery] if number % 2 else [delivery])
        if sent == 100:
            break
    journal.close()
    with JournalReader(tmp_path / "journal.db") as reader:
        rows = reader.read(limit=10**6)
        assert [row.seq for row in rows if row.flags] == list(range(10, 101, 10))
        assert {row.flags for row in rows} == {"", "range,speed"}
        assert reader.flagged() == {"radar-mid": {"any": 10, "range": 10, "speed": 10}}
        shown = counts_of(reader)["radar-mid"]
    assert shown["implausible"] == 10
    assert shown["journaled"] == 100
    assert json.dumps(shown)
