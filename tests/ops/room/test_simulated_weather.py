"""The scenario of a demonstration in the weather of its settings."""

from __future__ import annotations

from ops.room.simulate_night import simulate_night
from ops.sector.open_sector import OpenSector
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.scan import Scan


def test_in_fog_cameras_report_less_and_radars_the_same(hill_ground: OpenSector) -> None:
    found = {}
    for name, weather in (("clear", CLEAR_DAY), ("fog", Conditions.named("fog"))):
        scans, truth = simulate_night(hill_ground, seed=3, duration_s=900.0, conditions=weather)
        found[name] = scans, truth
    assert found["fog"][1].identical(found["clear"][1]), "the movers are the same"
    assert of_kind(found["fog"][0], "radar") == of_kind(found["clear"][0], "radar")
    plots = {name: sum(len(scan.plots) for scan in of_kind(scans, "camera")) for name, (scans, _) in found.items()}
    assert 0 < plots["fog"] < plots["clear"], "false alarms remain"


def of_kind(scans: list[Scan], kind: str) -> list[Scan]:
    return [scan for scan in scans if scan.kind == kind]
