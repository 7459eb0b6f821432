"""Alert load of one operator during a simulated night of the sample sector, rated by EEMUA 191.

The night has legitimate traffic alone, or crossings too; simulated scans go through the pipeline as rows of a journal,
ticks included.
A table to stderr, one JSON line to stdout: ``python benchmarks/alert_workload.py [--hours H] [--crossings PER_HOUR]``
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

from machine import report, table

from fusion.alerts import Workload, alert_workload
from ingest.decode import encode, encode_status
from ingest.wire import Status
from ops.journal.reader import JournalRow
from ops.room.night_file import SCENARIO_START
from ops.room.simulate_night import simulate_night
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.services.fusion.pipeline import Pipeline
from sensors.scan import Scan
from sensors.simulate.scenarios import NightSettings
from sensors.timestamps import nanoseconds

SECOND = 1_000_000_000
START_NS = nanoseconds(SCENARIO_START)


def night(ground: OpenSector, *, hours: float, crossings_per_hour: float, seed: int) -> list[Scan]:
    """Return the scans of a night in order of receipt; without crossings, no mover turns back at the line either."""
    settings = NightSettings(
        crossing_times_s=(), crossings_per_hour=crossings_per_hour, turn_backs=4 if crossings_per_hour else 0
    )

    return simulate_night(ground, seed=seed, duration_s=3600.0 * hours, traffic=settings)[0]


def rows(ground: OpenSector, scans: list[Scan], seconds: int) -> Iterator[JournalRow]:
    """Yield the journal's rows: each second the heartbeats due, the scans received in it, and a tick."""
    at = 0
    for second in range(seconds):
        end = SCENARIO_START + timedelta(seconds=second + 1)
        end_ns = START_NS + (second + 1) * SECOND
        for sensor in ground.layout.sensors:
            if second % max(int(sensor.status_interval_s), 1) == 0:
                body = encode_status(Status(sensor=sensor.id, boot=1, seq=second, observed_at=end, state="ok"))
                yield _row("status", sensor.id, second, end_ns, end_ns, body)
        while at < len(scans) and scans[at].received_at <= end:
            scan = scans[at]
            at += 1
            yield _row(
                "detections", scan.sensor, scan.sequence, nanoseconds(scan.received_at), nanoseconds(scan.observed_at),
                encode(scan), boot=scan.boot,
            )  # fmt: skip
        yield JournalRow(0, "tick", "", None, None, end_ns, end_ns, None, "", b"", True)


def _row(kind: str, sensor: str, seq: int, received: int, observed: int, body: bytes, boot: int = 1) -> JournalRow:
    return JournalRow(0, kind, sensor, boot, seq, observed, received, received, "application/json", body, False)


def measure(layout: str, *, hours: float, crossings_per_hour: float, seed: int) -> tuple[Workload, float]:
    """Return the workload, and CPU seconds of the pipeline per simulated hour."""
    ground = open_sector(load_sector("cumberland"), layout)
    scans = night(ground, hours=hours, crossings_per_hour=crossings_per_hour, seed=seed)
    pipeline = Pipeline(ground)
    start = time.process_time()
    news = [alert for row in rows(ground, scans, round(3600 * hours)) for alert in pipeline.take(row)]
    end = SCENARIO_START + timedelta(hours=hours)
    return alert_workload(news, hours=hours, end=end), (time.process_time() - start) / hours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--crossings", type=float, default=0.0, help="crossings in an hour; 0: innocent traffic alone")
    parser.add_argument("--layout", default="hightech")
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    workload, cpu = measure(
        arguments.layout, hours=arguments.hours, crossings_per_hour=arguments.crossings, seed=arguments.seed
    )
    lines = [[name, str(value)] for name, value in asdict(workload).items()] + [["verdict", workload.verdict]]
    table(["figure", "value"], lines)
    report(
        "alert_workload",
        {**asdict(workload), "verdict": workload.verdict, "cpu_s_per_hour": round(cpu, 1), "layout": arguments.layout},
    )


if __name__ == "__main__":
    main()
