"""Write the files of a small room with the code of an older commit; the archives beside this file were made so.

    git worktree add ../older COMMIT
    PYTHONPATH=../older python tests/upgrade/make_state.py OUT     # compiles the kernels of that commit: minutes
    tar -cJf tests/upgrade/NAME.tar.xz -C OUT .

It uses names that all archived commits have. ``manifest.json`` states what the older
code itself read from its files.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver
from ingest.sending.spool import Spool
from ingest.topics import sensor_topic
from ops.journal.reader import JournalReader
from ops.journal.writer import Journal
from ops.room.night_file import SCENARIO_START, read_night
from ops.room.simulate_night import write_simulated_night
from ops.runtime.clock import ScenarioClock
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion
from ops.store.writer import Store
from sensors.timestamps import nanoseconds
from tests.ops.conftest import write_sector

SPOOLED, SETTLED = 9, 4


def main(out: Path) -> None:
    """Write sector, journal, store in the middle of its journal, a sender's spool, wire messages and the manifest."""
    out.mkdir(parents=True)
    files = write_sector(out / "sector")
    ground = open_sector(load_sector(files.sector))
    night = out / "night"
    write_simulated_night(ground, night, seed=7, duration_s=40.0)
    scans = list(read_night(night / "night.jsonl"))
    write_journal(out / "journal.db", scans)
    write_spool(out / "spool.db", scans)
    (out / "wire.jsonl").write_bytes(b"".join(encode(scan) + b"\n" for scan in scans[:15]))
    with JournalReader(out / "journal.db") as journal:
        store = Store(out / "store.db")
        fusion = Fusion(journal, store, ground, Settings(checkpoint_s=5.0), ScenarioClock.live())
        while fusion.cursor < 0.7 * journal.last_id() and fusion.step(10):
            pass
        rows = store.outbox_after(0, limit=100_000)
        progress = store.progress()
        manifest: dict[str, Any] = {
            "journal_rows": digest((row.id, row.kind, row.sensor, row.boot, row.seq, row.body.hex())
                                   for row in journal.read(0, 1_000_000)),
            "counts": {name: count.received for name, count in sorted(journal.counts().items())},
            "marks": sorted([*key, seq] for key, seq in journal.marks().items()),
            "dead_letters": [letter.code for _, letter in journal.dead_letters()],
            "outbox": digest((row.n, row.alert, row.revision, row.body.decode()) for row in rows),
            "published": len(rows),
            "checkpoint": progress.checkpoint_cursor,
            "waiting": SPOOLED - SETTLED,
            "plots": [len(scan.plots) for scan in scans[:15]],
        }  # fmt: skip
        store.close()
    assert manifest["published"] > 0, "an archive without alerts shows little"
    assert manifest["checkpoint"] > 0, "a store without a checkpoint shows little"
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    for path in night.iterdir():
        path.unlink()
    night.rmdir()


def digest(rows: Any) -> str:
    """Return the SHA-256 of rows of plain values."""
    return sha256("\n".join(json.dumps(row) for row in map(list, rows)).encode()).hexdigest()


def write_journal(path: Path, scans: list[Any]) -> None:
    """Journal the scans with ticks, every tenth twice, and one message that cannot be used."""
    journal = Journal(path)
    receiver = Receiver("hills", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall)
    tick_ns = nanoseconds(SCENARIO_START)
    for number, scan in enumerate(scans):
        received_ns = nanoseconds(scan.received_at)
        while tick_ns <= received_ns:
            journal.tick(tick_ns)
            tick_ns += 1_000_000_000
        topic = sensor_topic("hills", scan.sensor, "detections")
        delivery = Delivery(topic, encode(scan), None, (("sent", str(received_ns)),), received_ns)
        receiver.handle([delivery] * (2 if number % 10 == 0 else 1))
        if number == 20:
            receiver.handle([replace(delivery, payload=b"{")])
    journal.close()


def write_spool(path: Path, scans: list[Any]) -> None:
    """Spool some scans, of which ingest has some."""
    with Spool(path) as spool:
        for scan in scans[:SPOOLED]:
            boot, _ = spool.put(lambda boot, seq, scan=scan: encode(replace(scan, boot=boot, sequence=seq)))
        spool.settle(boot, SETTLED)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
