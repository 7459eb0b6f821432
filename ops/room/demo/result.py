"""The result of a demonstration: its tracks scored against the simulator's truth, its counts, and its output files."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from fusion import scoring
from fusion.alerts import Workload
from geo.message import Message
from ops.analysis.night_report.dead_ground_fraction import dead_ground_fraction
from ops.analysis.night_report.report import SAMPLE_NOTICE, LiveMap, ReportInput, write_report
from ops.analysis.night_report.workload import workload_figures
from ops.incidents.outcomes import incident_figures, plain_figures
from ops.journal.reader import Counts, JournalReader
from ops.room.console import COUNTED, totals
from ops.room.demo.demo import Demo
from ops.room.workload import incidents_of, workload_of
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import read_bases
from ops.services.api.serving.local_port import DEFAULT_PORT
from ops.store.track_history import load_history
from sensors.coverage import look_probability
from sensors.timestamps import utc_datetime


@dataclass(frozen=True, slots=True)
class Quality:
    """Histories and scores of one run. ``gospa`` is over all movers, detected or not; ``workload`` of one operator."""

    tracks: xr.Dataset
    truth: xr.Dataset
    gospa: xr.Dataset
    coverage: xr.Dataset
    workload: Workload | None
    figures: dict[str, Any]


def quality(demo: Demo, ground: OpenSector) -> Quality:
    """Score the finished history against the truth, over the time in which messages were published.

    ``gospa_mean_m`` counts every mover of the sector, also in dead ground. ``gospa_covered_mean_m`` counts only movers
    and tracks in line of sight of some sensor of the layout, so it measures the tracker.
    """
    tracks = demo.room.reader.history_dataset()
    truth = load_history(demo.options.folder / "truth.npz")
    times = truth["time"].values.astype("datetime64[ns]") + np.timedelta64(demo.simulator.last("moved_ns"), "ns")
    published = (times.astype(np.int64) >= demo.started_ns) & (times.astype(np.int64) <= demo.ended_ns)
    truth = truth.assign(time=("estimate", times)).isel(estimate=np.flatnonzero(published))
    coverage = look_probability(ground.layout, ground.terrain)
    visible = (coverage["visible"] == 1).any("sensor")
    covered_truth, covered_tracks = _visible_rows(visible, truth), _visible_rows(visible, tracks)
    gospa = scoring.gospa(truth, tracks)
    covered = scoring.gospa(covered_truth, covered_tracks)
    switches = scoring.identity_switches(truth, tracks)
    workload = workload_of(demo.room.reader, begins_ns=demo.started_ns, ends_ns=demo.ended_ns)
    confirmed = np.unique(tracks["track"].values[tracks["status"].values == "confirmed"])
    figures = {
        "tracks_confirmed": len(confirmed),
        "targets": len(np.unique(truth["target"].values)),
        "targets_covered": len(np.unique(covered_truth["target"].values)),
        "gospa_mean_m": _mean(gospa["gospa"]),
        "gospa_localisation_m": _mean(gospa["localisation"]),
        "gospa_missed_m": _mean(gospa["missed"]),
        "gospa_false_m": _mean(gospa["false"]),
        "gospa_covered_mean_m": _mean(covered["gospa"]),
        "identity_switches": int(switches.sum()),
        "alert_workload": workload_figures(workload),
        "incidents": plain_figures(incident_figures(incidents_of(demo.room.reader))),
    }
    return Quality(tracks, truth, gospa, coverage, workload, figures)


def _visible_rows(visible: xr.DataArray, history: xr.Dataset) -> xr.Dataset:
    """Select the rows of a history whose nearest terrain cell is visible."""
    position = {axis: xr.DataArray(history[axis].values, dims="estimate") for axis in ("northing", "easting")}
    return history.isel(estimate=np.flatnonzero(visible.sel(position, method="nearest").values))


def _mean(values: xr.DataArray) -> float | None:
    return round(float(values.mean()), 2) if values.size else None


def write_files(
    demo: Demo, ground: OpenSector, scores: Quality, per_sensor: Mapping[str, Mapping[str, int]], latencies: np.ndarray
) -> dict[str, Path]:
    """Write tracks as GeoParquet, alerts as GeoJSON, and the report; return their paths by name."""
    folder, reader = demo.options.folder, demo.room.reader
    incidents = incidents_of(reader)
    files = {"tracks": folder / "tracks.parquet", "alerts": folder / "alerts.geojson", "report": folder / "report.html"}
    reader.export_tracks_geoparquet(files["tracks"], ground.frame)
    reader.export_alerts_geojson(files["alerts"])
    report = ReportInput(
        title=Message("shift-title-demo", {"sector": demo.sector.title or demo.sector.name}),
        started=utc_datetime(demo.started_ns),
        ended=utc_datetime(demo.ended_ns),
        terrain=ground.terrain,
        border=ground.border,
        layout=ground.layout,
        tracks=scores.tracks,
        truth=scores.truth,
        gospa=scores.gospa,
        alerts=[json.loads(body) for body in reader.alerts(limit=5000)[2]],
        counts=per_sensor,
        latencies_ms=latencies,
        latency_meaning=Message("shift-latency-picture"),
        hidden=dead_ground_fraction(scores.coverage["visible"], ground.border, belt_m=demo.sector.belt_m),
        bases=read_bases(demo.sector.bases),
        time_zone=demo.sector.time_zone,
        demo=True,
        notices=(SAMPLE_NOTICE,) if demo.sector.terrain.startswith("sample:") else (),
        workload=scores.workload,
        incidents=incident_figures(incidents),
        track_names={one["track"]: one["name"] for incident in incidents for one in incident["tracks"]},
        live=LiveMap(_serve_command(demo), f"http://127.0.0.1:{DEFAULT_PORT}/"),
    )
    write_report(files["report"], report)
    return files


def _serve_command(demo: Demo) -> str:
    """Return the command that shows this store on the live map, run in the report's folder."""
    options = demo.options
    words = ["watchline", "serve", options.sector, demo.room.store_path.name]
    return shlex.join([*words, *([] if options.layout is None else [f"--layout={options.layout}"])])


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of a demonstration; ``figures`` is the object that ``--json`` prints."""

    figures: dict[str, Any]
    per_sensor: dict[str, dict[str, int]]
    balanced: bool
    files: dict[str, Path]


def summarise(demo: Demo, published: Mapping[str, int]) -> Summary:
    """Summarise a drained demonstration (counts, tracking quality, latency, memory) and write its files."""
    ground = open_sector(demo.sector, demo.room.options.layout)
    counts, recount = _counts(demo.room.journal_path)
    per_sensor = {
        sensor: {
            "published": published.get(sensor, 0),
            **{name: getattr(count, name) for name in COUNTED},
            "dead_lettered_unique": recount.get(sensor, 0),
            "shed_unique": count.shed,
        }
        for sensor, count in counts.items()
    }
    for sensor, number in published.items():
        nothing = dict.fromkeys((*COUNTED, "dead_lettered_unique", "shed_unique"), 0)
        per_sensor.setdefault(sensor, {"published": number, **nothing})
    balanced = all(
        row["received"] == row["journaled"] + row["duplicate"] + row["dead_lettered"] + row["shed"]
        and row["published"] == row["journaled"] + row["dead_lettered_unique"] + row["shed_unique"]
        for row in per_sensor.values()
    )
    latencies = _latencies(demo.room.store_path.with_suffix(".latency.npy"))
    scores = quality(demo, ground)
    progress = demo.room.reader.progress()
    figures: dict[str, Any] = {
        "published": sum(published.values()),
        **totals(per_sensor),
        "balanced": balanced,
        **scores.figures,
        "alerts": sum(demo.room.reader.alert_counts().values()),
        "alert_revisions": demo.room.reader.revisions()["alert"],
        "alerts_undelivered": progress.outbox_waiting,
        "latency_p50_ms": _percentile(latencies, 50),
        "latency_p99_ms": _percentile(latencies, 99),
        "peak_rss_mb": round(demo.memory.peak_mb, 1),
        "first_track_s": demo.first_track_s,
        "first_alert_s": demo.first_alert_s,
        "seed": demo.options.seed,
        "speed": demo.options.speed,
        "sector": demo.sector.name,
        "layout": ground.layout.name,
    }
    files = write_files(demo, ground, scores, per_sensor, latencies)
    return Summary(figures, per_sensor, balanced, files)


def _counts(path: Path) -> tuple[dict[str, Counts], dict[str, int]]:
    """Return the receipts of detections per sensor, and the number of distinct messages that are dead letters."""
    journal = JournalReader(path)
    try:
        recount = {sensor: row.dead_keys for (sensor, kind), row in journal.recount().items() if kind == "detections"}
        return journal.counts("detections"), recount
    finally:
        journal.close()


def _latencies(path: Path) -> np.ndarray:
    """Return what fusion measured, milliseconds; empty when it was killed before it wrote them."""
    return np.load(path) if path.exists() else np.empty(0)


def _percentile(values: np.ndarray, percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 1) if len(values) else None
