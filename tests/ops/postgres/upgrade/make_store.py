r"""Write a store in PostgreSQL with the code of an older commit; ``stores.tar.xz`` beside this file was made so.

    git worktree add ../older COMMIT
    PYTHONPATH=../older python tests/ops/postgres/upgrade/make_store.py ADDRESS OUT/VERSION    # an empty database
    pg_dump --no-owner --inserts ADDRESS | grep -Ev '^(\\|--|$)' > OUT/VERSION/store.sql
    tar -cJf tests/ops/postgres/upgrade/stores.tar.xz -C OUT .

It uses names that all these commits have: 7c9c4375 for version 1, 750a43d2 for 2, 9353e517 for 3, which added fusion
stores, bbf9d718 for 4, and 51555310 for 5. ``manifest.json`` states what the older code itself read.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingest.receiving.batch import Batch, DeadLetter, Row, digest
from ingest.receiving.high_water_marks import HighWaterMark
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.postgres.address import StoreAddress
from ops.postgres.migration import migrate, newest

NOW = datetime(2026, 3, 14, 21, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
DAY_NS = 86_400 * 10**9


def row(seq: int, at_ns: int) -> Row:
    topic, body = "watchline/1/north/sensor/r1/detections", b'{"plots":[%d]}' % seq
    return Row("detections", "r1", 1, seq, at_ns, at_ns + seq, None, "application/json", body, topic)


def main(text: str, out: Path) -> None:
    """Write two days of a journal, a dead letter, and from version 3 on a fusion store; then the manifest."""
    out.mkdir(parents=True)
    address = StoreAddress(text)
    migrate(address)
    with PostgresJournal(address, "north") as journal:
        for day in range(2):
            rows = tuple(row(seq, NOW_NS + day * DAY_NS) for seq in range(1 + 20 * day, 21 + 20 * day))
            journal.commit(Batch(rows, (HighWaterMark("r1", 1, rows[-1].seq),)))
        bad = DeadLetter("not_json", "payload", "bad.", "detections", "r1", 1, 41, rows[0].topic, "application/json",
                         b"{", 1, digest(b"{"), NOW_NS)  # fmt: skip
        journal.commit(Batch((bad,), (HighWaterMark("r1", 1, 41),)))
        manifest: dict[str, Any] = {
            "version": newest(),
            "rows": [[one.id, one.seq, one.received_ns, one.body.decode()] for one in journal.read()],
            "marks": sorted([*key, seq] for key, seq in journal.marks().items()),
            "dead_letters": [letter.code for _, letter in journal.dead_letters()],
        }
    if int(newest()) >= 3:
        manifest |= fusion(address, out)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def fusion(address: StoreAddress, out: Path) -> dict[str, Any]:
    """Write alerts, estimates, pictures and a checkpoint of two days; return what is read again."""
    import numpy as np

    from ops.store.engines.place import keep_fusion_in_store
    from ops.store.rows import HISTORY_NUMBERS
    from ops.store.writer import Store

    path = out / "store.db"
    keep_fusion_in_store(path, address.text, "north")
    store = Store(path)
    for number in range(1, 5):
        at = NOW + timedelta(days=number // 3, seconds=number)
        alert = {"id": f"A{number}", "revision": 0, "status": "active", "priority": "high", "raised_at": at}
        estimate = {
            "track": np.array(["T1"]), "time": np.array([np.datetime64(at.replace(tzinfo=None), "ns")]),
            "status": np.array(["confirmed"]), "cov": np.ones((1, 4, 4)), "segment": np.zeros(1, np.int32),
            **{name: np.full(1, number) for name in (*HISTORY_NUMBERS, "existence", "offset_m")},
        }  # fmt: skip
        store.commit(
            number, stamp_ns=int(at.timestamp()) * 10**9, tracks_live=[{"track": "T1", "lon": 1.5, "lat": 46.5}],
            alerts=[alert], history=estimate, checkpoint=b"state %d" % number,
        )  # fmt: skip
    store.close()
    store = Store(path)
    rows = store.outbox_after(0, limit=100)
    found = {
        "outbox": [[one.n, one.alert, one.revision, one.body.decode()] for one in rows],
        "cursor": store.cursor,
        "checkpoint": store.checkpoint.decode(),
    }
    store.close()
    for rest in out.glob("store.*"):
        rest.unlink()
    return found


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
