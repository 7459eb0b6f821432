"""Innocent traffic of the small sector through the pipeline: few alerts, none of them a crossing, no defects."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fusion.alerts import alert_workload
from ingest.decode import encode, encode_status
from ingest.wire import Status
from ops.journal.reader import JournalRow
from ops.room.night_file import SCENARIO_START
from ops.room.simulate_night import simulate_night
from ops.services.fusion.pipeline import Pipeline
from sensors.simulate.scenarios import NightSettings
from sensors.timestamps import nanoseconds

MINUTES = 15
INNOCENT = NightSettings(crossing_times_s=(), crossings_per_hour=0.0, turn_backs=0, local_movers=6)


@pytest.fixture(scope="module")
def revisions(hill_ground):
    """Alerts of a quarter of an hour in which nobody means to cross; every second a tick and what was received."""
    scans, _ = simulate_night(hill_ground, seed=3, duration_s=60.0 * MINUTES, traffic=INNOCENT)
    pipeline, told, at = Pipeline(hill_ground), [], 0
    for second in range(60 * MINUTES):
        end = SCENARIO_START + timedelta(seconds=second + 1)
        end_ns = nanoseconds(end)
        rows = [
            JournalRow(
                0, "status", sensor.id, 1, second, end_ns, end_ns, end_ns, "application/json",
                encode_status(Status(sensor=sensor.id, boot=1, seq=second, observed_at=end, state="ok")), False,
            )
            for sensor in hill_ground.layout
            if second % 5 == 0
        ]  # fmt: skip
        while at < len(scans) and scans[at].received_at <= end:
            scan = scans[at]
            at += 1
            received, observed = nanoseconds(scan.received_at), nanoseconds(scan.observed_at)
            rows.append(
                JournalRow(
                    0, "detections", scan.sensor, scan.boot, scan.sequence, observed, received, received,
                    "application/json", encode(scan), False,
                )
            )  # fmt: skip
        rows.append(JournalRow(0, "tick", "", None, None, end_ns, end_ns, None, "", b"", True))
        told += [alert for row in rows for alert in pipeline.take(row)]
    assert len(pipeline.tracks["track"]) > 0
    return told


def test_innocent_traffic_is_bearable_and_nobody_is_said_to_have_crossed(revisions) -> None:
    found = alert_workload(revisions, hours=MINUTES / 60.0)
    assert found.in_ten_minutes <= 2.0
    assert found.shares["high"] == 0.0
    assert "crossing" not in found.by_rule
    assert not {"sensor_offline", "sensor_fault", "coverage_lost"} & found.by_rule.keys()


def test_no_source_chatters_and_no_event_is_told_twice(revisions) -> None:
    found = alert_workload(revisions, hours=MINUTES / 60.0)
    assert (found.chattering, found.stale, found.duplicates) == (0, 0, 0)
