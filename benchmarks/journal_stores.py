"""Durable commits to a journal per second: SQLite beside PostgreSQL, alone and with several sectors at once.

A writer commits batches of detections one after the other, each durable before the next begins (SQLite: WAL,
synchronous=FULL; PostgreSQL: a private server with fsync, reached by its socket). Each sector is a process with a
journal of its own, which begins when all are ready. All kinds are measured in turn, and the median is shown. Beside
them: how often so many processes append 8 kB to files of their own and wait for the disk, with nothing else to do.
``--of fusion`` measures commits of fusion stores instead, ``--of audit`` those of audit logs, ``--of accounts`` changes
of accounts, such as the time at which a person was last seen, and ``--of requests`` what each request reads of them.

A table to stderr, one JSON line to stdout: ``python benchmarks/journal_stores.py [--seconds S] [--repeats N]
[--of KIND]``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

from ingest.receiving.batch import Batch, Row  # noqa: E402 - this folder has a file named ingest
from ingest.receiving.high_water_marks import HighWaterMark  # noqa: E402
from ops.audit.day_keys import DayKeys  # noqa: E402
from ops.journal.writer import Journal  # noqa: E402

BODY = json.dumps({"plots": [{"range_m": 900.5, "azimuth_deg": 10.25}] * 4}).encode()
NUMBERS = count(1)
CASES = {
    "journal": ((1, 1), (1, 50), (2, 1), (4, 1), (4, 50)),
    "fusion": ((1, 20), (1, 200), (2, 20), (4, 20)),
    "audit": ((1, 1), (1, 20), (2, 1), (4, 1), (4, 20)),
    "accounts": ((1, 1), (2, 1), (4, 1)),
    "requests": ((1, 1), (2, 1), (4, 1)),
}
"""Numbers of sectors, and of what is in one commit."""
COUNTED = {
    "journal": "messages", "fusion": "tracks", "audit": "entries", "accounts": "changes", "requests": "sessions read"
}  # fmt: skip
CPU = ("CPU files [ms]", "CPU client [ms]", "CPU server [ms]")
ALERT_AT = "2026-03-14T21:00:00Z"


class Rate(NamedTuple):
    """Commits per second, and the CPU time of the writer for each."""

    per_second: float
    cpu_ms: float


def row(seq: int) -> Row:
    """Return one message of a radar."""
    now_ns = time.time_ns()
    return Row("detections", "radar-1", 1, seq, now_ns, now_ns, now_ns, "application/json", BODY, "topic")


def repeated(step: Callable[[], object], seconds: float) -> Rate:
    """Repeat a step for some seconds from a word on stdin."""
    print("ready", flush=True)
    sys.stdin.readline()
    began_s, cpu_s, done = time.monotonic(), time.process_time(), 0
    while time.monotonic() - began_s < seconds:
        step()
        done += 1
    return Rate(done / (time.monotonic() - began_s), 1000 * (time.process_time() - cpu_s) / done)


def write(kind: str, place: str, sector: str, folder: Path, size: int, seconds: float) -> Rate:
    """Commit ``size`` records at a time, of a kind in ``CASES``."""
    if place == "disk":
        return write_plain(folder / sector, seconds)
    own = folder / sector
    own.mkdir()
    writers = {"journal": write_journal, "fusion": write_fusion, "audit": write_audit, "accounts": write_accounts}
    return writers.get(kind, read_accounts)(place, sector, own, size, seconds)


def write_journal(place: str, sector: str, folder: Path, size: int, seconds: float) -> Rate:
    """Commit batches of ``size`` messages."""
    from ops.journal.stores.open_store import open_store

    journal: Any
    if place == "sqlite":
        journal = Journal(folder / f"{sector}.db", encrypted=True)
    else:
        journal = open_store(place, sector, keys=DayKeys(folder / "keys"))
    with journal:
        seq = 0

        def step() -> None:
            nonlocal seq
            journal.commit(Batch(tuple(row(seq + n) for n in range(size)), (HighWaterMark("radar-1", 1, seq),)))
            seq += size

        for _ in range(8):  # the server prepares its statements, and the day's key and partition are made
            step()
        return repeated(step, seconds)


def write_plain(path: Path, seconds: float) -> Rate:
    """Append pages to a file, each on disk before the next, as a database does."""
    file, page = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), os.urandom(8192)
    try:
        return repeated(lambda: (os.write(file, page), os.fdatasync(file)), seconds)
    finally:
        os.close(file)


def write_fusion(place: str, sector: str, folder: Path, size: int, seconds: float) -> Rate:
    """Commit steps of fusion with ``size`` tracks in the picture and their estimates."""
    from ops.postgres.address import StoreAddress
    from ops.postgres.note import StoreNote, note_path, remember
    from ops.store.rows import HISTORY_NUMBERS
    from ops.store.writer import Store

    path = folder / "store.db"
    if place != "sqlite":
        address = StoreAddress(place)
        remember(address)
        note_path(path).write_bytes(msgspec.json.encode(StoreNote(address.without_password, sector, "fusion")))
    store, start_ns = Store(path, encrypted=True), 1_773_522_000 * 10**9
    estimate = {
        "track": np.array([f"T{n:06d}" for n in range(size)]), "status": np.array(["confirmed"] * size),
        **{name: np.ones(size) for name in (*HISTORY_NUMBERS, "existence", "offset_m")},
        "cov": np.ones((size, 4, 4)), "segment": np.zeros(size, np.int32),
    }  # fmt: skip

    def step() -> None:
        number = store.cursor + 1
        at_ns = start_ns + number * 250_000_000
        picture = [{"track": f"T{n:06d}", "lon": -84.2, "lat": 36.6 + number / 1e6} for n in range(size)]
        alerts = [{"id": f"A{number}", "revision": 0, "status": "active", "priority": 1, "raised_at": ALERT_AT}]
        time_of = np.full(size, np.datetime64(at_ns, "ns"))
        store.commit(number, stamp_ns=at_ns, tracks_live=picture, alerts=alerts if number % 20 == 0 else [],
                     history=estimate | {"time": time_of})  # fmt: skip

    for _ in range(8):
        step()
    rate = repeated(step, seconds)
    store.close()
    return rate


def write_audit(place: str, sector: str, folder: Path, size: int, seconds: float) -> Rate:
    """Add ``size`` entries at a time to an audit log."""
    from ops.audit.entry import AuditEntry
    from ops.audit.log import AuditLog
    from ops.audit.stores.place import keep_audit_in_store

    if place != "sqlite":
        keep_audit_in_store(folder, place, sector)
    log, entry = AuditLog(folder / "audit"), partial(AuditEntry, person="m.keller", role="operator")

    def step() -> None:
        now_ns = time.time_ns()
        log.add(
            *(
                entry(now_ns + n, operation="consultation", what="GET /api/tracks", purpose="watch", subject="tracks")
                for n in range(size)
            )
        )

    for _ in range(8):
        step()
    rate = repeated(step, seconds)
    log.close()
    return rate


def write_accounts(place: str, sector: str, folder: Path, _: int, seconds: float) -> Rate:
    """Note that a person was seen, which is a change of the accounts."""
    store, now_s = accounts_with_session(place, sector, folder), count(1.0)
    rate = repeated(lambda: store.touch("key", next(now_s)), seconds)
    store.close()
    return rate


def read_accounts(place: str, sector: str, folder: Path, _: int, seconds: float) -> Rate:
    """Read a session with its person, as each request does."""
    store = accounts_with_session(place, sector, folder)
    assert store.session("key") is not None
    rate = repeated(lambda: store.session("key"), seconds)
    store.close()
    return rate


def accounts_with_session(place: str, sector: str, folder: Path) -> Any:
    """Return accounts with one person, who has one session."""
    from ops.accounts.accounts import Accounts
    from ops.accounts.person import Session
    from ops.accounts.store import AccountStore
    from ops.accounts.stores.place import keep_accounts_in_store

    path = folder / "accounts.db"
    if place != "sqlite":
        keep_accounts_in_store(folder, place, sector)
    store = AccountStore(path)
    Accounts(store).add("keller", "M. Keller", {"*": "operator"})
    [person] = store.accounts()
    store.add_session(Session("key", "browser", 0.0, 1e12), person.id)
    return store


def together(kind: str, place: str, folder: Path, sectors: int, size: int, seconds: float) -> Rate:
    """Return the commits per second of so many writers together, and the CPU time of one commit at the writer."""
    own = folder / f"run{next(NUMBERS)}"
    own.mkdir()
    writers = []
    for _ in range(sectors):
        words = ["--write", kind, place, f"sector{next(NUMBERS)}", str(own), str(size), str(seconds)]
        command = [sys.executable, __file__, *words]
        writers.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("begin\n")
        writer.stdin.flush()
    found = [Rate(*map(float, writer.communicate()[0].split())) for writer in writers]
    return Rate(sum(one.per_second for one in found), statistics.mean(one.cpu_ms for one in found))


def server_cpu_s(server: Any) -> float:
    """Return the CPU time of a server, of connections that have ended too."""
    process = psutil.Process(server._process.pid)
    own, living = process.cpu_times(), [child.cpu_times() for child in process.children()]
    ended = own.children_user + own.children_system
    return float(own.user + own.system + ended + sum(one.user + one.system for one in living))


def measure(kind: str, seconds: float, repeats: int) -> dict[str, Any]:
    """Return the median rates of each kind by number of sectors and messages per commit, and CPU times per commit."""
    from ops.postgres.address import StoreAddress
    from ops.postgres.migration import migrate
    from tests.ops.postgres_server import PostgresServer

    server = PostgresServer()
    try:
        migrate(StoreAddress(server.address()))
        rates: dict[str, list[float]] = {}
        with tempfile.TemporaryDirectory(prefix="watchline-journals-") as name:
            for _ in range(repeats):
                for sectors, size in CASES[kind]:
                    places = {"disk": "disk", "sqlite": "sqlite", "postgresql": server.address()}
                    for where, place in places.items():
                        began_s = server_cpu_s(server)
                        found = together(kind, place, Path(name), sectors, size, seconds)
                        of_server_ms = 1000 * (server_cpu_s(server) - began_s) / (found.per_second * seconds)
                        case = f"{where} {sectors} {size}"
                        rates.setdefault(case, []).append(found.per_second)
                        rates.setdefault(f"cpu_ms {case}", []).append(found.cpu_ms)
                        if where == "postgresql":
                            rates.setdefault(f"server_cpu_ms {case}", []).append(of_server_ms)
        return {name: round(statistics.median(values), 2) for name, values in rates.items()}
    finally:
        server.remove()


def main() -> None:
    """Measure, and print a table and one JSON line."""
    from machine import report, table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement (default 3)")
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many (default 3)")
    parser.add_argument("--of", choices=list(CASES), default="journal", help="what is measured (default journal)")
    parser.add_argument("--write", nargs=6, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        kind, place, sector, folder, size, seconds = options.write
        print(*write(kind, place, sector, Path(folder), int(size), float(seconds)))
        return
    rates = measure(options.of, options.seconds, options.repeats)
    rows = []
    for name in [name.removeprefix("sqlite ") for name in rates if name.startswith("sqlite")]:
        sectors, size = map(int, name.split())
        file, store = rates[f"sqlite {name}"] * size, rates[f"postgresql {name}"] * size
        cpu = [rates[f"{kind} {name}"] for kind in ("cpu_ms sqlite", "cpu_ms postgresql", "server_cpu_ms postgresql")]
        disk = round(rates[f"disk {name}"])
        rows.append((sectors, size, disk, round(file), round(store), f"{store / file:.2f}", *cpu))
    head = ["sectors", f"{COUNTED[options.of]} at once", "disk [1/s]", "files [1/s]", "PostgreSQL [1/s]", "ratio", *CPU]
    table(head, rows)
    report("fusion_stores" if options.of == "fusion" else f"{options.of}_stores", rates)


if __name__ == "__main__":
    main()
