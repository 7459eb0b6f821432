"""Commands on files, without a broker or a clock: simulate a scenario, replay a journal to tracks and alerts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from rich.console import Console

from geo.errors import BadInput
from ops.analysis.night_report.workload import workload_figures
from ops.incidents.outcomes import incident_figures, plain_figures
from ops.journal.stores.place import read_journal
from ops.journal.stores.protocol import FollowedJournal
from ops.releasability.decision import UNMARKED
from ops.room.reports.handover_command import checked_limit
from ops.room.workload import incidents_of, workload_of
from ops.runtime.clock import ScenarioClock
from ops.runtime.output import atomic_write, progress_bar, say, show
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.sector.settings import load_settings
from ops.services.fusion.process import Fusion
from ops.store.markings import received_records
from ops.store.reader import Reader
from ops.store.track_history import write_history
from ops.store.writer import Store

ROWS_A_STEP: Final = 2000


def simulate_to_files(
    sector: str, layout: str | None, out: Path, *, duration_s: float, seed: int, screen: Console
) -> dict[str, Any]:
    """Write ``messages.jsonl`` (one wire message per line, in order of sending) and ``truth.parquet`` into ``out``."""
    from ingest.decode import encode
    from ops.room.simulate_night import simulate_night

    with screen.status(say("console-simulating")):
        ground = open_sector(load_sector(sector), layout)
        scans, truth = simulate_night(ground, seed=seed, duration_s=duration_s)
    out.mkdir(parents=True, exist_ok=True)
    with (
        progress_bar(screen) as progress,
        atomic_write(out / "messages.jsonl") as partial,
        partial.open("wb") as file,
    ):
        for scan in progress.track(scans, description=say("console-progress", step="messages")):
            file.write(encode(scan) + b"\n")
    write_history(truth, out / "truth.parquet", ground.frame)
    targets = np.unique(truth["target"].values)
    made = {"messages": len(scans), "sensors": len(ground.layout), "targets": len(targets)}
    show(screen, "console-simulated", folder=str(out), **made)
    return {
        "messages": len(scans),
        "plots": sum(len(scan.plots) for scan in scans),
        "targets": len(targets),
        "seed": seed,
        "files": [str(out / "messages.jsonl"), str(out / "truth.parquet")],
    }


def replay_journal(
    journal: Path,
    sector: str,
    layout: str | None,
    out: Path,
    *,
    settings: Path | None,
    screen: Console,
    releasability: str = UNMARKED,
) -> dict[str, Any]:
    """Fuse ``journal`` from its first row; ``tracks_sha256`` and ``alerts_sha256`` are the same every time.

    Writes ``tracks.parquet`` (GeoParquet) and ``alerts.geojson`` into ``out``, and the store they came from.
    ``incidents``: figures of the incidents; ``incidents_sha256`` of all their revisions is the same every time too.
    The two files hold the records that a receiver with the limit ``releasability`` may have; the store has all.
    ``alert_workload``: that of one operator, by the time of receipt; None where all rows came at one moment.
    """
    chosen = load_settings(settings)
    checked_limit(releasability, chosen.releasability)
    ground = open_sector(load_sector(sector), layout)
    made, files = out / "replay.db", [out / "tracks.parquet", out / "alerts.geojson"]
    if journal.resolve() == made.resolve():
        raise BadInput("is where the store of the replay is written", where=str(journal), expected="another name")
    foreign = [] if made.exists() else [file.name for file in files if file.exists()]
    if foreign:
        what = f"holds a file {foreign[0]!r} that this command did not write"
        raise BadInput(what, where=str(out), expected="another folder")
    source = read_journal(journal)
    out.mkdir(parents=True, exist_ok=True)
    for ending in ("", "-wal", "-shm"):
        made.with_name(f"{made.name}{ending}").unlink(missing_ok=True)
    store = Store(made)
    try:
        rows = source.last_id()
        fusion = Fusion(source, store, ground, chosen, ScenarioClock.live())
        with progress_bar(screen) as progress:
            bar = progress.add_task(say("console-progress", step="rows"), total=rows)
            while fusion.cursor < rows and fusion.step(ROWS_A_STEP):
                progress.update(bar, completed=fusion.cursor)
        fusion.finish()
        history = store.history_dataset()
        shows = received_records(store.path, chosen.releasability, releasability).shows
        store.export_tracks_geoparquet(files[0], ground.frame, shows=shows)
        alerts = store.export_alerts_geojson(files[1], shows=shows)
        begins_ns, ends_ns = _ends_ns(source)
        workload = workload_of(store, begins_ns=begins_ns, ends_ns=ends_ns)
        incidents = incident_figures(incidents_of(store))
        revisions = incident_log_hash(store)
    finally:
        store.close()
        source.close()
    if not rows:
        raise BadInput("no rows", where=str(journal), expected="a journal with messages in it")
    confirmed = len(np.unique(history["track"].values[history["status"].values == "confirmed"]))
    hashes = {"tracks": track_log_hash(history), "alerts": hashlib.sha256(files[1].read_bytes()).hexdigest()}
    show(screen, "console-replayed", rows=rows, tracks=confirmed, alerts=alerts)
    show(screen, "console-replayed-hashes", **hashes)
    show(screen, "console-files", files=[str(file) for file in files])
    return {
        "rows": rows,
        "estimates": int(history.sizes["estimate"]),
        "tracks_confirmed": confirmed,
        "alerts": alerts,
        "alert_workload": workload_figures(workload),
        "incidents": plain_figures(incidents),
        "unusable": dict(fusion.pipeline.tally),
        "tracks_sha256": hashes["tracks"],
        "alerts_sha256": hashes["alerts"],
        "incidents_sha256": revisions,
        "files": [str(file) for file in files],
    }


def incident_log_hash(store: Reader) -> str:
    """Return the SHA-256 of all revisions of incidents, in order of publication."""
    digest, last = hashlib.sha256(), 0
    while rows := store.outbox_after(last, limit=ROWS_A_STEP, kind="incident"):
        for row in rows:
            digest.update(row.body + b"\n")
        last = rows[-1].n
    return digest.hexdigest()


def _ends_ns(journal: FollowedJournal) -> tuple[int, int]:
    """Return the times of receipt of the first row and of the last; (0, 0) for an empty journal."""
    ends = [*journal.read(0, 1), *journal.read(journal.last_id() - 1, 1)]
    return (ends[0].received_ns, ends[-1].received_ns) if ends else (0, 0)


def track_log_hash(history: xr.Dataset) -> str:
    """Return the SHA-256 of the canonical track log: every column's bytes, little-endian, rows in order."""
    digest = hashlib.sha256()
    for name in sorted(map(str, history.data_vars)):
        values = history[name].values
        digest.update(f"{name}|{values.shape}|".encode())
        if values.dtype.kind in "OU":
            digest.update("\n".join(map(str, values.tolist())).encode())
        elif values.dtype.kind == "M":
            digest.update(values.astype("datetime64[ns]").astype("<i8").tobytes())
        else:
            digest.update(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
