"""``watchline record``: ingest alone, so that a night can be fused later, or again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import WatchlineError
from ingest.address import BrokerUrl
from ingest.topics import identifier
from ops.broker import URL_VARIABLE
from ops.journal_reader import JournalReader
from ops.processes import Child

START_S = 30.0


def record_journal(
    url: BrokerUrl, sector_id: str, journal: Path, *, duration_s: float | None, screen: Console
) -> dict[str, Any]:
    """Journal a sector's messages for ``duration_s`` seconds, or until Ctrl-C; returns the receipts."""
    identifier(sector_id, "--sector-id")
    journal.parent.mkdir(parents=True, exist_ok=True)
    ingest = Child(
        "ingest",
        "ops.ingesting",
        [f"--sector={sector_id}", f"--journal={journal}"],
        log=journal.with_suffix(".log"),
        secrets={URL_VARIABLE: url.text},
    )
    try:
        ingest.wait_for("ready", timeout_s=START_S)
        screen.print(f"Recording sector {sector_id} from {url.shown} into {journal} (Ctrl-C stops it)", markup=False)
        deadline = None if duration_s is None else time.monotonic() + duration_s
        try:
            while deadline is None or time.monotonic() < deadline:
                time.sleep(0.2)
                if not ingest.alive:
                    raise WatchlineError(ingest.obituary())
        except KeyboardInterrupt:
            pass
    finally:
        ingest.stop(timeout_s=10.0)
    reader = JournalReader(journal)
    try:
        counts = reader.counts(None)
        rows = reader.last_id()
    finally:
        reader.close()
    names = ("received", "journaled", "duplicate", "dead_lettered", "shed")
    return {"rows": rows, **{name: sum(getattr(count, name) for count in counts.values()) for name in names}}
