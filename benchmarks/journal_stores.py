"""Durable commits to a journal per second: SQLite beside PostgreSQL, alone and with several sectors at once.

A writer commits batches of detections one after the other, each durable before the next begins (SQLite: WAL,
synchronous=FULL; PostgreSQL: a private server with fsync, reached by its socket). Each sector is a process with a
journal of its own, which begins when all are ready. Both kinds are measured in turn, and the median is shown.

A table to stderr, one JSON line to stdout: ``python benchmarks/journal_stores.py [--seconds S] [--repeats N]``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

from ingest.receiving.batch import Batch, Row  # noqa: E402 - this folder has a file named ingest
from ingest.receiving.high_water_marks import HighWaterMark  # noqa: E402
from ops.audit.day_keys import DayKeys  # noqa: E402
from ops.journal.writer import Journal  # noqa: E402

BODY = json.dumps({"plots": [{"range_m": 900.5, "azimuth_deg": 10.25}] * 4}).encode()
NUMBERS = count(1)


def row(seq: int) -> Row:
    """Return one message of a radar."""
    now_ns = time.time_ns()
    return Row("detections", "radar-1", 1, seq, now_ns, now_ns, now_ns, "application/json", BODY, "topic")


def write(place: str, sector: str, folder: Path, size: int, seconds: float) -> float:
    """Commit batches of ``size`` messages for some seconds from a word on stdin; return the commits per second."""
    from ops.journal.stores.open_store import open_store

    journal: Any
    if place == "sqlite":
        journal = Journal(folder / f"{sector}.db", encrypted=True)
    else:
        journal = open_store(place, sector, keys=DayKeys(folder / "keys"))
    with journal:
        seq = 0
        for _ in range(8):  # the server prepares its statements, and the day's key and partition are made
            journal.commit(Batch(tuple(row(seq + n) for n in range(size)), (HighWaterMark("radar-1", 1, seq),)))
            seq += size
        print("ready", flush=True)
        sys.stdin.readline()
        began_s, done = time.monotonic(), 0
        while time.monotonic() - began_s < seconds:
            journal.commit(Batch(tuple(row(seq + n) for n in range(size)), (HighWaterMark("radar-1", 1, seq),)))
            seq, done = seq + size, done + 1
        return done / (time.monotonic() - began_s)


def together(place: str, folder: Path, sectors: int, size: int, seconds: float) -> float:
    """Return the commits per second of so many writers together."""
    own = folder / f"run{next(NUMBERS)}"
    own.mkdir()
    writers = []
    for _ in range(sectors):
        words = ["--write", place, f"sector{next(NUMBERS)}", str(own), str(size), str(seconds)]
        command = [sys.executable, __file__, *words]
        writers.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("begin\n")
        writer.stdin.flush()
    return sum(float(writer.communicate()[0]) for writer in writers)


def measure(seconds: float, repeats: int) -> dict[str, Any]:
    """Return the median rates of both kinds by number of sectors and messages per commit."""
    from ops.postgres.address import StoreAddress
    from ops.postgres.migration import migrate
    from tests.ops.postgres_server import PostgresServer

    server = PostgresServer()
    try:
        migrate(StoreAddress(server.address()))
        rates: dict[str, list[float]] = {}
        with tempfile.TemporaryDirectory(prefix="watchline-journals-") as name:
            for _ in range(repeats):
                for sectors, size in ((1, 1), (1, 50), (2, 1), (4, 1), (4, 50)):
                    for kind, place in (("sqlite", "sqlite"), ("postgresql", server.address())):
                        found = together(place, Path(name), sectors, size, seconds)
                        rates.setdefault(f"{kind} {sectors} {size}", []).append(found)
        return {name: round(statistics.median(values), 1) for name, values in rates.items()}
    finally:
        server.remove()


def main() -> None:
    """Measure, and print a table and one JSON line."""
    from machine import report, table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement (default 3)")
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many (default 3)")
    parser.add_argument("--write", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        place, sector, folder, size, seconds = options.write
        print(write(place, sector, Path(folder), int(size), float(seconds)))
        return
    rates = measure(options.seconds, options.repeats)
    rows = []
    for name in [name.removeprefix("sqlite ") for name in rates if name.startswith("sqlite")]:
        sectors, size = map(int, name.split())
        file, store = rates[f"sqlite {name}"] * size, rates[f"postgresql {name}"] * size
        rows.append((sectors, size, round(file), round(store), f"{store / file:.2f}"))
    table(["sectors", "messages per commit", "SQLite [1/s]", "PostgreSQL [1/s]", "ratio"], rows)
    report("journal_stores", rates)


if __name__ == "__main__":
    main()
