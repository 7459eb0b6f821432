"""Journals of a generated nation: what its sensors report of people who cross, for each sector, as ``run`` keeps them.

Per sector 12 people walk through the line and back at made-up positions; every sensor scans with its own period, range
and false alarms, on level ground. The same arguments give the same detections.

A module for ``nation.py``; when run, it writes ``DIR/data/SECTOR/journal.db`` and prints the number of detections.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

import numpy as np  # noqa: E402 - this folder has a file named ingest
from machine import report  # noqa: E402

from ingest.decode import encode  # noqa: E402
from ingest.receiving.batch import Batch, Row  # noqa: E402
from ops.cluster.batch.work import sectors_of  # noqa: E402
from ops.journal.writer import Journal  # noqa: E402
from ops.sector.open_sector import OpenSector, open_sector  # noqa: E402
from sensors.detections import to_scans  # noqa: E402
from sensors.simulate import simulate  # noqa: E402
from sensors.simulate.movers import Mover, Scenario  # noqa: E402
from sensors.timestamps import nanoseconds  # noqa: E402

START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500
WALKERS = 12


def main() -> None:
    """Write the journals, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--duration", type=float, default=3_600.0, metavar="S")
    options = parser.parse_args()
    messages = detections = 0
    for number, one in enumerate(sectors_of(options.folder / "nation.toml")):
        assert not isinstance(one.sector, str), one.sector
        journal = options.folder / "data" / one.name / "journal.db"
        if journal.exists():
            continue
        rows, count = rows_of(open_sector(one.sector), number, options.duration)
        journal.parent.mkdir(parents=True, exist_ok=True)
        with Journal(journal, encrypted=True) as opened:
            for begin in range(0, len(rows), BATCH):
                opened.commit(Batch(tuple(rows[begin : begin + BATCH])))
        messages, detections = messages + len(rows), detections + count
    report("nation_journals", {"messages": messages, "detections": detections})


def walkers(ground: OpenSector, seed: int, duration_s: float) -> tuple[Mover, ...]:
    """Return people who walk straight to and fro across the line."""
    chance = np.random.default_rng(seed)
    movers = []
    for i in range(WALKERS):
        chainage = chance.uniform(2_000.0, ground.border.length_m - 2_000.0)
        (x, y), (x2, y2) = (ground.border.line.interpolate(at).coords[0] for at in (chainage - 100.0, chainage + 100.0))
        along = np.array([x2 - x, y2 - y]) / np.hypot(x2 - x, y2 - y)
        across = np.array([-along[1], along[0]])
        speed, reach = chance.uniform(0.9, 1.6), chance.uniform(150.0, 400.0)
        leg_s = 2 * reach / speed
        times = leg_s * (np.arange(int(duration_s / leg_s) + 3) - chance.uniform(0.0, 1.0))
        side = np.where(np.arange(len(times)) % 2 == 0, reach, -reach)
        middle = np.array([(x + x2) / 2, (y + y2) / 2])
        points = middle + side[:, None] * across
        movers.append(Mover(f"W{i:03d}", "person", times, points[:, 0], points[:, 1], "crossing"))
    return tuple(movers)


def rows_of(ground: OpenSector, seed: int, duration_s: float) -> tuple[list[Row], int]:
    """Return the rows of a sector's journal in order of receipt, and the number of detections in them."""
    scenario = Scenario(walkers(ground, seed, duration_s), START, duration_s, border=ground.border)
    detections, _ = simulate(ground.layout, scenario, None, seed=seed)
    scans = sorted(to_scans(detections, ground.layout), key=lambda scan: (scan.received_at, scan.key))
    rows = []
    for scan in scans:
        received = nanoseconds(scan.received_at)
        kept = (nanoseconds(scan.observed_at), received, received, "application/json", encode(scan), "topic")
        rows.append(Row("detections", scan.sensor, scan.boot, scan.sequence, *kept))
    return rows, sum(len(scan.plots) for scan in scans)


if __name__ == "__main__":
    main()
