"""What a million detections take: journal in a file and in PostgreSQL, fusion store, archive and tracks; CPU time of
the last two.

Ten radars of a made-up sector report people who cross its border (`field.py`). The journal is encrypted, as `run`
writes it, and so is the fusion store. Sizes are those of the files, of all relations of the database less those of an
empty store, and of the files of the archive.

A table to stderr, one JSON line to stdout: ``python benchmarks/growth.py [--duration S]``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

from field import Field, scans_of, write_sector  # noqa: E402 - this folder has a file named ingest
from machine import report, table  # noqa: E402

from ingest.decode import encode  # noqa: E402
from ingest.receiving.batch import Batch, Row  # noqa: E402
from ops.audit.day_keys import DayKeys  # noqa: E402
from ops.journal.archive import archive_journal, track_archive  # noqa: E402
from ops.journal.reader import JournalReader  # noqa: E402
from ops.journal.stores.open_store import open_store  # noqa: E402
from ops.journal.writer import Journal  # noqa: E402
from ops.runtime.clock import ScenarioClock  # noqa: E402
from ops.sector.open_sector import OpenSector, open_sector  # noqa: E402
from ops.sector.sector_file import load_sector  # noqa: E402
from ops.sector.settings import Settings  # noqa: E402
from ops.services.fusion.process import Fusion  # noqa: E402
from ops.store.writer import Store  # noqa: E402
from sensors.timestamps import nanoseconds  # noqa: E402

BATCH = 50


def main() -> None:
    """Measure, and print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", type=float, default=120.0, help="seconds of the sector (default 120)")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="watchline-growth-"))
    try:
        figures = measure(root, options.duration)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    table(["of a million detections", "value"], [(name, figures[name]) for name in figures if "million" in name])
    report("growth", figures)


def measure(root: Path, duration_s: float) -> dict[str, Any]:
    """Journal, archive and track the same scans; return the figures."""
    sector = write_sector(Field(duration_s=duration_s), root / "sector")
    scans = scans_of(Field(duration_s=duration_s), sector)
    rows = [
        Row(
            "detections", scan.sensor, scan.boot, scan.sequence, nanoseconds(scan.observed_at),
            nanoseconds(scan.received_at), nanoseconds(scan.received_at), "application/json", encode(scan), "topic",
        )
        for scan in scans
    ]  # fmt: skip
    count = sum(len(scan.plots) for scan in scans)
    millions = count / 1e6
    figures: dict[str, Any] = {"detections": count, "plots_per_scan": round(count / len(scans), 1)}
    journal = root / "data" / "journal.db"
    journal.parent.mkdir()
    with Journal(journal, encrypted=True) as opened:
        _commit(opened, rows)
    figures["journal_file_mb_per_million"] = journal.stat().st_size / 1e6 / millions
    figures["journal_postgresql_mb_per_million"] = _in_postgresql(root, rows) / 1e6 / millions
    ground = open_sector(load_sector(sector))
    figures["fusion_store_file_mb_per_million"] = _fused(journal, ground) / 1e6 / millions
    archive, tracks = root / "archive", root / "tracks"
    figures["archive_cpu_s_per_million"] = _cpu_s(lambda: archive_journal(journal, ground, archive)) / millions
    figures["archive_mb_per_million"] = _size(archive) / 1e6 / millions
    figures["tracks_cpu_s_per_million"] = _cpu_s(lambda: track_archive(archive, [str(sector)], tracks)) / millions
    figures["tracks_mb_per_million"] = _size(tracks) / 1e6 / millions
    return figures


def _commit(journal: Any, rows: list[Row]) -> None:
    for begin in range(0, len(rows), BATCH):
        journal.commit(Batch(tuple(rows[begin : begin + BATCH])))


def _fused(journal: Path, ground: OpenSector) -> int:
    """Fuse a journal with a commit and a picture per second of it; return the size of the store [bytes].

    A live sector makes up to five pictures per second while detections arrive, so its store is larger.
    """
    path = journal.with_name("store.db")
    with closing(JournalReader(journal)) as reader, closing(Store(path, encrypted=True, frame=ground.frame)) as store:
        fusion = Fusion(reader, store, ground, Settings(), ScenarioClock.live())
        while fusion.step(Field().radars):  # one scan of each radar
            fusion._picture_s = 0.0  # by which the next step makes a picture, however soon it comes
        fusion.finish()
    return path.stat().st_size


def _in_postgresql(root: Path, rows: list[Row]) -> int:
    """Return the size of the rows in a store [bytes]."""
    from ops.postgres.address import StoreAddress
    from ops.postgres.migration import migrate
    from tests.ops.postgres_server import PostgresServer

    size = "SELECT pg_database_size(current_database())"
    server = PostgresServer()
    try:
        migrate(StoreAddress(server.address()))
        ((before,),) = server.execute(size)
        with open_store(server.address(), "bench", keys=DayKeys(root / "store-keys")) as journal:
            _commit(journal, rows)
        ((after,),) = server.execute(size)
        return int(str(after)) - int(str(before))
    finally:
        server.remove()


def _cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of some work, of its child processes too."""
    before = os.times()
    work()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


if __name__ == "__main__":
    main()
