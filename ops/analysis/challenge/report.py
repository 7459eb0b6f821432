"""The report of a challenge: one HTML file that opens without a network, for decision makers and auditors.

Nothing is fetched, and the content security policy forbids it. Text from a layout or sector is escaped, or stored as
JSON and shown as text nodes, see ``ops.drawing.web_map``.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.terrain import cell_size
from ops.analysis.challenge.files import interruption_of
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.findings import sentence as bounds_sentence
from ops.analysis.challenge.pictures import SCORE_TITLES
from ops.analysis.challenge.provenance import DEPTH_RULE, deep, depth_caution, spaced
from ops.analysis.challenge.tables import (
    Table,
    gap_table,
    hardest_table,
    minutes,
    number,
    percent,
    record_table,
    sensor_table,
    trade_table,
    way_table,
)
from ops.analysis.challenge.work import STATES
from ops.drawing.html_page import render_page
from ops.drawing.symbols import legend_of
from ops.drawing.web_map import (
    CLASS_STYLE,
    HIDDEN_STYLE,
    NOT_KNOWN_COLOUR,
    OUTER_EDGE,
    MapInput,
    Marker,
    Trail,
    draw_map,
)
from ops.runtime.output import atomic_write
from ops.sector.off_terrain import OffTerrain
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases
from sensors.crossing.segments import CROSSED
from sensors.statistics.statistic import Statistic

TEMPLATE = Path(__file__).with_name("report.html.j2")

AS_CLASS: Final = {"least detected": "person", "fastest": "vehicle", "most vulnerable": "group"}
"""Line styles of the three paths on the map."""
LARGEST_PIXELS: Final = 1600
LIMITS: Final = (
    "A percentile ranks the segments of this border; it says nothing across borders. Against the reference table "
    "it says how a segment stands among those of the table, made with the same yardstick on cells of the same "
    "size.",
    "Three scores, never one number: rugged ground slows crossers, hides them, and slows responders. A composite "
    "is worth no more than its weights, which are the reader's.",
    "Detection means at least one detection with every sensor working, misses taken as independent: shared "
    "masking, weather and vegetation make real misses go together, so it flatters. A confirmed track is less "
    "likely.",
    "Ways run between centres of cells and are up to 2.75 % too long, and what is detected on them with it. One "
    "path is not the worst: interruption is the least of three ways.",
    "Where the ground or a sensor's sight is unknown the answer is unknown, never 0. A segment that nobody can "
    "cross has no detection and is no gap.",
    "Errors of the elevation are drawn as correlated over 300 m, a guess; the bands do not hold the errors of "
    "sensors, weather, walking speeds or response times.",
    "Movers are unknown people until a person decides otherwise; the figures are of ground and equipment, not of "
    "people.",
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of the page: texts, pictures (data URI and text alternative), tables."""

    title: str
    words: Sequence[str]
    pictures: Sequence[dict[str, str]]
    tables: Sequence[Table]


def write_page(path: Path, findings: Findings, records: Sequence[Statistic], pictures: Sequence[Path]) -> None:
    """Write the report atomically; the same input gives the same bytes."""
    drawn = draw_map(_map(findings))
    page = _page(findings, records, {picture.stem: picture for picture in pictures})
    text = render_page(TEMPLATE, scripts=drawn.scripts, page=page, map=drawn)
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _map(findings: Findings) -> MapInput:
    ground = findings.question.ground
    thin = max(1, -(-max(ground.terrain["elevation"].shape) // LARGEST_PIXELS))
    every = {"northing": slice(None, None, thin), "easting": slice(None, None, thin)}
    return MapInput(
        terrain=ground.terrain[["elevation"]].isel(every).compute(),
        border=ground.crossed,
        segment_rows=[_segment_rows(findings, segment) for segment in range(ground.crossed.segments)],
        hidden=1.0 - findings.segments["detection_probability"].to_numpy(),
        sensors=[
            Marker(s.kind, s.lon, s.lat, s.id, [("kind", s.kind.replace("_", " ")), ("range", f"{s.max_range_m:g} m")])
            for s in ground.layout
        ],
        bases=[Marker("base", lon, lat, name) for name, (lon, lat) in read_bases(ground.sector.bases).items()],
        tracks=[_trail(findings, kind, crossing) for kind, crossing in findings.crossings.items()],
        tracks_name="Crossings",
    )


def _trail(findings: Findings, kind: str, crossing: Any) -> Trail:
    east, north = findings.question.ground.frame.to_local(np.array(crossing["lon"]), np.array(crossing["lat"]))
    return Trail(
        np.column_stack([east, north]), AS_CLASS[kind], f"{kind.capitalize()} crossing", _path_rows(findings, crossing)
    )


def _path_rows(findings: Findings, crossing: Any) -> list[tuple[str, str]]:
    return [
        ("through", f"segment {crossing['segment']}"),
        ("time", f"{crossing['seconds'] / 60.0:.0f} min for {crossing['metres'] / 1000.0:.2f} km"),
        ("detected", f"{number(crossing['p_detect_low'])} to {number(crossing['p_detect'])}"),
        ("with outages", number(crossing["p_expected"])),
        ("interrupted", number(interruption_of(findings, crossing))),
    ]


def _segment_rows(findings: Findings, segment: int) -> list[tuple[str, str]]:
    one = findings.segments.isel(segment=segment)
    state = STATES[int(one["state"])]
    rows = [
        ("along the border", f"{float(one['start_m']) / 1000:.2f} to {float(one['end_m']) / 1000:.2f} km"),
        *((title, number(float(one[name]))) for name, title in SCORE_TITLES.items()),
        ("fastest crossing", minutes(float(one["crossing_time"]))),
        ("least detected", number(float(one["detection_probability"])) if state == CROSSED else state),
        ("least interruption", number(float(one["least_interruption"].sel(slower=1.0)))),
        ("sensors deep, by footprints", "unknown" if int(one["depth"]) < 0 else f"{int(one['depth'])}"),
    ]
    if "response_time" in one:
        rows.append(("response", minutes(float(one["response_time"].sel(belt="both")))))
    return rows


def _off_terrain(ground: OpenSector) -> list[str]:
    return [f"{sentence}." for sentence in OffTerrain.of(ground).sentences]


def _belt(ground: OpenSector, belt_m: float) -> str:
    if ground.zone is None:
        return f"Belt: {belt_m:g} m either side."
    return (
        f"The border is a zone with two edges and a belt of {belt_m:g} m beyond either: a crossing passes all three, "
        "and segments and kilometres are those of the inner edge."
    )


def _page(findings: Findings, records: Sequence[Statistic], pictures: dict[str, Path]) -> dict[str, Any]:
    question, attrs = findings.question, findings.segments.attrs
    ground = question.ground
    kinds = {sensor.kind for sensor in ground.layout} | ({"base"} if read_bases(ground.sector.bases) else set())
    return {
        "title": f"Geography challenge: {ground.sector.title or ground.sector.name}",
        "about": f"Layout {ground.layout.name}, {question.links.sensors} sensors. "
        f"Target: {question.target}, {question.direction}. "
        f"Conditions: {question.conditions.replace(',', ' + ')}. {_belt(ground, question.belt_m)} "
        f"Required probability: {findings.required:g}. "
        f"{ground.crossed.segments} segments over {ground.crossed.ground_length_m / 1000.0:.1f} km.",
        "tiles": _tiles(findings, records),
        "shades": _shades(),
        "lines": [
            *(([(OUTER_EDGE["color"], "", "outer edge of the zone")]) if ground.zone is not None else []),
            *((*CLASS_STYLE[AS_CLASS[kind]], f"{kind} crossing") for kind in findings.crossings),
        ],
        "symbols": legend_of(kinds),
        "sheets": [_ground_sheet(findings, pictures), _layout_sheet(findings, pictures), _records_sheet(records)],
        "limits": [
            *LIMITS,
            f"Movement and response: {question.ways.words}.",
            f"{question.links.words}.",
            f"Not in the data: {spaced(attrs['missing']) or 'nothing'}.",
            *_off_terrain(ground),
            *(f"{sentence}." for sentence in ground.frame_sentences),
        ],
        "colophon": f"Datum of the heights: {attrs.get('datum', 'unknown')}; cells of "
        f"{cell_size(ground.terrain):.0f} m. "
        f"{records[0].code_version}. Data: {records[0].data_version}. Times are durations; there is no clock in this "
        "report. Map: Leaflet (BSD 2-Clause), drawn by folium; figures: matplotlib.",
    }


def _shades() -> list[tuple[str, str]]:
    shades, low = [], 0.0
    for high, colour in HIDDEN_STYLE:
        shades.append((colour, f"undetected with {low:.2f} to {min(high, 1.0):.2f} on the least detected way"))
        low = high
    return [*shades, (NOT_KNOWN_COLOUR, "unknown, or nobody can cross")]


def _tiles(findings: Findings, records: Sequence[Statistic]) -> list[dict[str, str]]:
    by_name = {record.name: record for record in records}
    below = by_name[f"segments below {findings.required:g}"]
    chosen = [
        ("Dead ground for any layout", by_name["dead ground for any layout, targets of 1.7 m"]),
        ("Dead ground of this layout", by_name["dead ground of the layout"]),
        (f"Segments below {findings.required:g}", below),
        ("Least detection of a crossing", by_name["least detection of a crossing"]),
        ("Least interruption", by_name["least probability of interruption"]),
        ("Sensors deep", by_name["sensors deep (k)"]),
    ]
    return [{"label": label, "value": _headline(record), "why": _reason(record)} for label, record in chosen]


def _headline(record: Statistic) -> str:
    if math.isnan(record.value):
        return "unknown"
    if record.denominator is not None:
        return f"{record.value:.0%}"
    return f"{record.value:.0f}" if record.name.startswith("sensors deep") else f"{record.value:.2f}"


def _reason(record: Statistic) -> str:
    parts = []
    if record.numerator is not None and record.denominator is not None:
        parts.append(f"{record.numerator:,.0f} of {record.denominator:,.0f}")
    parts += [record.of] if record.of else []
    parts += [record.limits] if record.limits else []
    return "; ".join(parts)


def _ground_sheet(findings: Findings, pictures: dict[str, Path]) -> Sheet:
    segments, attrs = findings.segments, findings.segments.attrs
    tables = [hardest_table(findings, name) for name in SCORE_TITLES if segments[name].notnull().any()]
    words = [
        "How hard each segment would be for any layout: to cross, to watch and to reach. Crossing ease by the fastest "
        "crossing, surveillance difficulty by the belt that the best few sites leave hidden, response difficulty by "
        "the time until somebody from a base is there.",
        f"Reference: {attrs.get('reference', 'none')}."
        + (f" It does not fit here: {attrs['reference_misfit']}." if attrs.get("reference_misfit") else ""),
    ]
    if "response_time" not in segments:
        words.append("Response difficulty is unknown: the sector names no bases.")
    if findings.composite is not None:
        composite = findings.composite
        weights = ", ".join(f"{SCORE_TITLES[name].lower()} {value:g}" for name, value in composite.weights.items())
        words.append(
            f"Composite with the weights {weights}: when each is changed by ± {composite.change:.0%}, the ranking "
            f"keeps a rank correlation of at least {number(composite.rank_correlation)}, "
            f"and {percent(composite.stable_top)} of the top tenth stay."
        )
    shown = [_picture(pictures["scores"], "Three maps of the border, coloured by score")]
    shown += [_picture(pictures["ground"], "Maps of ruggedness, openness, dead ground, crossing and response times")]
    return Sheet("The ground, for any layout", words, shown, tables)


def _layout_sheet(findings: Findings, pictures: dict[str, Path]) -> Sheet:
    held = findings.barrier
    if "unknown" in held:
        depth = f"How deep the border is held is unknown: {held['unknown']}"
    else:
        bound = "at most " if held["bound"] else ""
        cut = f"; losing {', '.join(held['cut'])} opens it" if held["cut"] else ": somebody gets through untouched"
        caution = depth_caution(held["k"], findings.least_detection, findings.required)
        depth = f"The border is held {bound}{deep(held['k'])}{cut}{f'; {caution}' if caution else ''}."
        depth += f" For the depth {DEPTH_RULE}."
        if held["losses"]:
            depth += f" Each of {', '.join(held['losses'])} lowers that when lost alone."
    words = [
        "How badly this layout does, which is another question than how hard the ground is.",
        "" if findings.crossings else "Nobody can cross, as far as is known: there are no ways to show.",
        depth,
        _gap_words(findings),
        bounds_sentence(findings),
    ]
    shown = [
        _picture(pictures["layout"], "Maps of this layout: detection, dead ground, least detection through each place"),
        _picture(pictures["crossings"], "Map of the least detected, the fastest and the most vulnerable crossing"),
        _picture(pictures["profiles"], "Scores, detection, interruption and depth along the border"),
    ]
    tables = [way_table(findings), gap_table(findings), sensor_table(findings), trade_table(findings)]
    return Sheet("This layout", [w for w in words if w], shown, [table for table in tables if table.rows])


def _gap_words(findings: Findings) -> str:
    known = [gap for gap in findings.gaps if gap.known]
    unknown = [gap for gap in findings.gaps if not gap.known]
    length = sum(gap.length_m for gap in known) / 1000.0
    gaps = "1 gap of {:.1f} km lies" if len(known) == 1 else f"{len(known)} gaps of {{:.1f}} km together lie"
    text = f"{gaps.format(length)} below the requirement." if known else "No known gap."
    lost = "1 stretch is" if len(unknown) == 1 else f"{len(unknown)} stretches are"
    return text + (f" {lost} unknown." if unknown else "")


def _records_sheet(records: Sequence[Statistic]) -> Sheet:
    words = [
        "Every number with what it is made of. Assumptions, sources and versions stand beside each in records.json; "
        "those of every segment are in records_by_segment.parquet.",
        "Assumptions of the ground: " + "; ".join(records[0].assumptions) + ".",
    ]
    interruption = next(record for record in records if record.name == "least probability of interruption")
    words.append("Assumptions of response and interruption: " + "; ".join(interruption.assumptions) + ".")
    return Sheet(
        "Statistics", words, [], [record_table(records, of_sensors=False), record_table(records, of_sensors=True)]
    )


def _picture(path: Path, alt: str) -> dict[str, str]:
    return {"data": "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode(), "alt": alt}
