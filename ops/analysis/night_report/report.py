"""The report of a period or a demonstration: one HTML file that opens without a network.

Nothing is fetched: scripts, styles, pictures and the map's relief are inside the file, and its content security policy
forbids anything else. Text from a sensor or unit is escaped, and map popups consist of text nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from fusion.alerts import RULES, Workload
from geo.arrays import Floats, Ints
from geo.border import Border
from geo.errors import BadInput
from geo.message import Message
from geo.terrain import cell_size
from ops.analysis.night_report import text as words
from ops.analysis.night_report.certainty import reading
from ops.analysis.night_report.dead_ground_fraction import LIMITS, DeadGroundFraction
from ops.analysis.night_report.incidents import incident_sentences
from ops.analysis.night_report.workload import workload_sentences
from ops.drawing.figures import SvgFigure, along_the_border, detections_per_sensor, gospa_over_time, latency_histogram
from ops.drawing.pages.html_page import render_page
from ops.drawing.pages.map_input import CLASS_STYLE, MapInput, Marker, Trail
from ops.drawing.pages.sector_input import shades_of
from ops.drawing.pages.web_map import MapParts, draw_map
from ops.drawing.scene import datum_words
from ops.drawing.symbols import legend_of
from ops.incidents.outcomes import IncidentFigures
from ops.runtime.output import atomic_write, catalogue, say
from ops.sector.geojson import PART_OF_CIRCLE_RAD
from sensors.layout import Layout, grid_azimuths_rad

TEMPLATE = Path(__file__).with_name("report.html.j2")

DEMO_NOTICE = Message("shift-notice-demo")
SAMPLE_NOTICE = Message("shift-notice-sample")
LATENCY_OF_ALERTS = Message("shift-latency-alert")


@dataclass(frozen=True, slots=True)
class LiveMap:
    """How to open the period on the live map: a command for the report's folder, and the page that it then serves."""

    command: str
    address: str


@dataclass(frozen=True, slots=True)
class ReportInput:
    """The content of a report; terrain, border and layout in one frame, datetimes aware.

    ``tracks`` and ``truth`` are histories as in docs/nomenclature.md. ``truth`` is None where it is unknown, and then
    ``gospa`` is None too; ``gospa_covered_mean_m`` is the mean over ground within sensor coverage. ``alerts`` are
    dicts, one per id, with id, raised_at (aware datetime or RFC 3339 text) and sentence, and where known message,
    priority, status, rule, segment, track, class_label, easting, northing. ``counts`` per sensor: received, journaled,
    duplicate, dead_lettered, shed, and where known published, dead_lettered_unique, shed_unique. ``latencies_ms`` may
    be empty; ``latency_meaning`` states how it is measured. ``track_classes`` gives the likely class of a track where
    neither the history nor an alert does, ``track_names`` its radio name; ``bases`` maps names to
    (lon, lat). ``notices`` are shown at the top of the page. ``live``: how to open the same period on the live map.
    ``workload``: alert workload of one operator. ``incidents``: the incidents of the period; None if unknown.
    """

    title: Message | str
    started: datetime
    ended: datetime
    terrain: xr.Dataset
    border: Border
    layout: Layout
    tracks: xr.Dataset
    alerts: Sequence[Mapping[str, Any]]
    counts: Mapping[str, Mapping[str, int]]
    truth: xr.Dataset | None = None
    gospa: xr.Dataset | None = None
    gospa_covered_mean_m: float | None = None
    latencies_ms: Floats = field(default_factory=lambda: np.empty(0))
    latency_meaning: Message | str = LATENCY_OF_ALERTS
    hidden: DeadGroundFraction | None = None
    track_classes: Mapping[str, str] = field(default_factory=dict)
    track_names: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    time_zone: str = "UTC"
    demo: bool = False
    notices: tuple[Message | str, ...] = ()
    live: LiveMap | None = None
    workload: Workload | None = None
    incidents: IncidentFigures | None = None


def write_report(path: Path, report: ReportInput) -> None:
    """Write ``report`` as one HTML file at ``path``, atomically; its folder must exist.

    The same input gives the same bytes. Raises BadInput, in one sentence, for an alert without id, time or sentence,
    counts that lack a figure, an unknown time zone, or times that are naive or decreasing.
    """
    _check(report)
    page = _page(report)
    drawn = draw_map(_map_input(report))
    text = _render(page, drawn)
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _check(report: ReportInput) -> None:
    for name in ("started", "ended"):
        words.moment_of(getattr(report, name), where=name)
    if report.ended < report.started:
        raise BadInput("the end is before the start", where="report", expected="started ≤ ended")
    ids = [alert.get("id") for alert in report.alerts]
    if len(set(ids)) < len(ids):
        raise BadInput("an id occurs twice", where="alerts", expected="the newest revision of each alert, once")
    if report.hidden is not None and len(report.hidden.per_segment) != report.border.segments:
        raise BadInput(
            f"{len(report.hidden.per_segment)} segments", where="dead ground", expected=f"{report.border.segments}"
        )


def _render(page: Mapping[str, Any], drawn: MapParts) -> str:
    return render_page(TEMPLATE, scripts=drawn.scripts, page=page, map=drawn)


def _page(report: ReportInput) -> dict[str, Any]:
    zone = words.zone_of(report.time_zone)
    alerts = words.alert_rows(report.alerts, zone, report.track_names)
    rows, totals = words.count_rows(report.counts)
    confirmed = _trails(report.tracks, "track", report)
    left_out = len(alerts) - words.ALERTS_SHOWN
    hidden = report.hidden
    return {
        "title": _said(report.title),
        "answer": words.answer_sentences(report.alerts, len(confirmed), report.counts, hidden),
        "period": words.period_words(report.started, report.ended, zone),
        "notices": [_said(notice) for notice in (*([DEMO_NOTICE] if report.demo else []), *report.notices)],
        "tiles": words.tiles(
            alerts=report.alerts,
            confirmed=len(confirmed),
            counts=report.counts,
            gospa=report.gospa,
            covered_mean_m=report.gospa_covered_mean_m,
            latencies_ms=report.latencies_ms,
            hidden=hidden,
        ),
        "alerts": alerts[: words.ALERTS_SHOWN],
        "certainty": reading() if any(row.certainty for row in alerts[: words.ALERTS_SHOWN]) else "",
        "alerts_left_out": say("shift-alerts-omitted", count=left_out) if left_out > 0 else "",
        "workload": workload_sentences(report.workload),
        "incidents": incident_sentences(report.incidents),
        "live": report.live,
        "legend": [
            (colour, dashes, say("target-class", **{"class": name}))
            for name, (colour, dashes) in CLASS_STYLE.items()
            if name in {trail.of_class for trail in confirmed}
        ],
        "symbols": legend_of({sensor.kind for sensor in report.layout} | {"base", "alert"}),
        "shades": shades_of("shift"),
        "hidden": hidden and {"sentences": words.dead_ground_sentences(hidden), "limits": LIMITS},
        "quality": words.quality_sentences(report.gospa, report.latency_meaning),
        "pictures": _pictures(report),
        "identities": words.identities(report.counts),
        "columns": ("published", *words.RECEIPTS),
        "rows": rows,
        "totals": totals,
        "colophon": say(
            "shift-colophon",
            datum=datum_words(report.terrain.attrs.get("datum")),
            cell=float(cell_size(report.terrain)),
            layout=words.clean(report.layout.name),
            sensors=len(report.layout),
            zone=report.time_zone,
        ),
    }


def _said(text: Message | str) -> str:
    return words.clean(text if isinstance(text, str) else say(text))


def _pictures(report: ReportInput) -> list[SvgFigure]:
    pictures = []
    if report.gospa is not None and report.gospa.sizes.get("time", 0) > 0:
        pictures.append(gospa_over_time(report.gospa))
    if np.isfinite(report.latencies_ms).any():
        pictures.append(latency_histogram(np.asarray(report.latencies_ms, dtype=np.float64)))
    shares = report.hidden.per_segment if report.hidden else None
    pictures.append(along_the_border(_alerts_by_segment(report), shares, report.border.segment_spans_m / 1000))
    if report.counts:
        pictures.append(
            detections_per_sensor({name: int(figures["journaled"]) for name, figures in report.counts.items()})
        )
    return pictures


def _alerts_by_segment(report: ReportInput) -> dict[str, Ints]:
    """Alerts of each segment by the name of their rule, the most urgent rules first."""
    counts: dict[str, Ints] = {}
    for alert in report.alerts:
        segment = alert.get("segment")
        if segment is not None and 0 <= int(segment) < report.border.segments:
            rule = words.clean(alert.get("rule") or "–")
            counts.setdefault(rule, np.zeros(report.border.segments, np.int64))[int(segment)] += 1
    ranks = {rule: rank for rank, rule in enumerate(RULES)}
    ranked = sorted(counts, key=lambda rule: ranks.get(rule, len(ranks)))
    return {say("alert-rule", rule=rule): counts[rule] for rule in ranked}


def _map_input(report: ReportInput) -> MapInput:
    return MapInput(
        terrain=report.terrain,
        border=report.border,
        segment_rows=_segment_rows(report),
        hidden=report.hidden.per_segment if report.hidden else None,
        hidden_cells=report.hidden.cells if report.hidden else None,
        sensors=[_sensor_mark(sensor) for sensor in report.layout],
        bases=[Marker("base", lon, lat, words.clean(name)) for name, (lon, lat) in report.bases.items()],
        alerts=_alert_marks(report),
        tracks=_trails(report.tracks, "track", report),
        truth=[] if report.truth is None else _trails(report.truth, "target", report),
        fields=[_field(sensor, report.layout) for sensor in report.layout],
    )


def _segment_rows(report: ReportInput) -> list[list[tuple[str, str]]]:
    totals = sum(_alerts_by_segment(report).values(), np.zeros(report.border.segments, np.int64))
    rows = []
    for segment, count in enumerate(totals):
        share = np.nan if report.hidden is None else report.hidden.per_segment[segment]
        hidden = say("shift-not-known") if np.isnan(share) else catalogue().formats.percent(float(share))
        start, end = report.border.segment_spans_m[segment] / 1000
        span = say("shift-row-chainage-value", start=float(start), end=float(end))
        values = {"chainage": span, "dead-ground": hidden, "alerts": catalogue().formats.number(int(count))}
        rows.append([(say(f"shift-row-{name}"), value) for name, value in values.items()])
    return rows


def _sensor_mark(sensor: Any) -> Marker:
    period = sensor.period_s
    values = {
        "kind": say("map-symbol", kind=sensor.kind),
        "range": catalogue().formats.distance(sensor.max_range_m),
        "height": catalogue().formats.distance(sensor.mast_height_m, 1),
        "reports": say("shift-row-reports-event") if period is None else say("shift-row-reports-every", period=period),
    }
    rows = [(say(f"shift-row-{name}"), value) for name, value in values.items()]
    return Marker(sensor.kind, sensor.lon, sensor.lat, words.clean(sensor.id), rows)


def _alert_marks(report: ReportInput) -> list[Marker]:
    zone, marks = words.zone_of(report.time_zone), []
    for alert in report.alerts:
        if alert.get("easting") is None or alert.get("northing") is None:
            continue
        lon, lat = report.border.frame.to_lonlat(float(alert["easting"]), float(alert["northing"]))
        (row,) = words.alert_rows([alert], zone, report.track_names)
        values = {
            "raised": f"{row.utc} ({row.local})" if row.local else row.utc,
            "priority": row.priority,
            "status": row.status or "–",
        }
        if row.certainty is not None:
            values["certainty"] = f"{row.certainty.bars} {row.certainty.line}"
        facts = [(say(f"shift-row-{name}"), value) for name, value in values.items()]
        marks.append(Marker("alert", lon, lat, row.sentence, facts))
    return marks


def _trails(history: xr.Dataset, name: str, report: ReportInput) -> list[Trail]:
    """Return one line per track or target that was ever confirmed, over its confirmed and coasting rows."""
    names = history[name].to_numpy().astype(str)
    if not names.size:
        return []
    status = history["status"].to_numpy().astype(str)
    time = history["time"].to_numpy()
    points = np.column_stack([history["easting"].to_numpy(), history["northing"].to_numpy()])
    shown = np.isin(status, ("confirmed", "coasting")) & np.isfinite(points).all(axis=1)
    order = np.lexsort((time, names))
    order = order[shown[order]]
    edges = np.flatnonzero(np.diff(np.unique(names[order], return_inverse=True)[1])) + 1
    classes = _classes(history, name, report)
    trails = []
    for rows in np.split(order, edges):
        if not (status[rows] == "confirmed").any():
            continue
        label = str(names[rows[0]])
        span = f"{_clock(time[rows[0]])}–{_clock(time[rows[-1]])} UTC"
        likely = classes.get(label, "unknown")
        values = {"class": words.clean(_class_name(likely)), "seen": span}
        facts = [(say(f"shift-row-{fact}"), value) for fact, value in values.items()]
        trails.append(Trail(points[rows], likely, words.clean(report.track_names.get(label, label)), facts))
    return trails


def _class_name(name: str) -> str:
    """The name of a target class; a class that is unknown to Watchline as it is."""
    return say("target-class", **{"class": name}) if name in CLASS_STYLE else name


def _classes(history: xr.Dataset, name: str, report: ReportInput) -> dict[str, str]:
    """Return the likely class by track: from the history, else from an alert, else from the caller."""
    from_alerts = {
        str(alert["track"]): str(alert["class_label"]) for alert in report.alerts if alert.get("class_label")
    }
    last = dict(report.track_classes) | from_alerts
    if "class_probability" in history:
        best = history["class"].to_numpy().astype(str)[history["class_probability"].to_numpy().argmax(axis=1)]
    elif "class" in history:
        best = history["class"].to_numpy().astype(str)
    else:
        return last
    order = np.argsort(history["time"].to_numpy(), kind="stable")
    return last | dict(zip(history[name].to_numpy().astype(str)[order], best[order], strict=True))


def _clock(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="s"))[11:]


def _field(sensor: Any, layout: Layout) -> Trail:
    """Return the outline of a sensor's range and field of view on the ground, in the frame."""
    view = grid_azimuths_rad(sensor, layout.frame)
    start, end = view if view is not None else (0.0, 2 * np.pi)
    width = (end - start) % (2 * np.pi) or 2 * np.pi
    azimuth = start + np.linspace(0.0, width, max(3, int(width / PART_OF_CIRCLE_RAD)))
    rim = np.column_stack([np.sin(azimuth), np.cos(azimuth)]) * layout.placement(sensor.id).farthest
    foot = np.array([[sensor.easting, sensor.northing]])
    outline = np.vstack([rim + foot, rim[:1] + foot] if view is None else [foot, rim + foot, foot])
    return Trail(outline, "unknown", words.clean(sensor.id))
