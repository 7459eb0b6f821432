"""The report of a challenge: one HTML file that opens without a network, for decision makers and auditors.

Nothing is fetched, and the content security policy forbids it. Text from a layout or sector is escaped, or stored as
JSON and shown as text nodes, see ``ops.drawing.pages.web_map``.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.antimeridian import on_globe
from geo.challenge import DemError
from geo.challenge.scores import SAME_CELL, SCORES
from geo.message import Message
from geo.terrain import cell_size
from ops.analysis.challenge.answer import answer_of
from ops.analysis.challenge.files import interruption_of
from ops.analysis.challenge.findings import Findings, bounds_message
from ops.analysis.challenge.layout_statistics import cut_message
from ops.analysis.challenge.provenance import barrier_messages
from ops.analysis.challenge.report.tables import (
    Table,
    gap_table,
    hardest_table,
    path_table,
    record_table,
    sensor_table,
    trade_table,
)
from ops.analysis.challenge.report.words import (
    chainage,
    footprints,
    kilometres,
    limit,
    minutes,
    number,
    path_detection,
    path_name,
    said,
    score_name,
    snake,
)
from ops.analysis.challenge.statistics import reference_of
from ops.analysis.challenge.work import STATES
from ops.drawing.pages.html_page import render_page
from ops.drawing.pages.map_input import CLASS_STYLE, OUTER_EDGE, MapInput, Trail
from ops.drawing.pages.sector_input import sector_input, shades_of, symbols_of
from ops.drawing.pages.web_map import draw_map
from ops.drawing.scene import conditions_words, datum_words
from ops.runtime.output import atomic_write, catalogue, say
from ops.sector.off_terrain import OffTerrain
from sensors.crossing.segments import CROSSED
from sensors.statistics.statistic import Statistic

TEMPLATE = Path(__file__).with_name("report.html.j2")

AS_CLASS: Final = {"minimum detection": "person", "minimum time": "vehicle", "most vulnerable": "group"}
"""Line styles of the three paths on the map."""
TILES: Final = (
    "dead-ground-any-layout",
    "dead-ground-layout",
    "gap-segments",
    "least-detection",
    "least-interruption",
    "resilience",
)
"""Identifiers of the numbers at the head of the page; of several of one kind the last."""
MOST_OVERLENGTH: Final = 0.0275
"""Greatest relative error of the length of a path over 16 neighbours of a cell."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of the page: texts, lists (heading and items), pictures (data URI and text alternative), tables."""

    title: str
    words: Sequence[str]
    pictures: Sequence[dict[str, str]]
    tables: Sequence[Table]
    lists: Sequence[tuple[str, Sequence[str]]] = ()


def write_page(path: Path, findings: Findings, records: Sequence[Statistic], pictures: Sequence[Path]) -> None:
    """Write the report atomically; the same input gives the same bytes."""
    drawn = draw_map(_map(findings))
    spoken = said(list(records), catalogue().say)
    page = _page(findings, spoken, {picture.stem: picture for picture in pictures})
    page["answer"] = list(map(say, answer_of(findings, records)))
    text = render_page(TEMPLATE, scripts=drawn.scripts, page=page, map=drawn)
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _map(findings: Findings) -> MapInput:
    ground = findings.question.ground
    rows = [_segment_rows(findings, segment) for segment in range(ground.crossed.segments)]
    return replace(
        sector_input(ground, rows, 1.0 - findings.known_detection),
        tracks=[_trail(findings, kind, crossing) for kind, crossing in findings.crossings.items()],
        tracks_name=say("challenge-layer-paths"),
    )


def _trail(findings: Findings, kind: str, crossing: Any) -> Trail:
    east, north = findings.question.ground.frame.to_local(on_globe(crossing["lon"]), np.array(crossing["lat"]))
    title = say("challenge-path-title", kind=snake(kind))
    return Trail(np.column_stack([east, north]), AS_CLASS[kind], title, _path_rows(findings, crossing))


def _row(name: str, value: str) -> tuple[str, str]:
    return say(f"challenge-row-{name}"), value


def _path_rows(findings: Findings, crossing: Any) -> list[tuple[str, str]]:
    return [
        _row("through", say("challenge-of-segment", number=str(crossing["segment"]))),
        _row("time", minutes(crossing["seconds"])),
        _row("length", kilometres(crossing["metres"])),
        _row("detection", path_detection(crossing["p_detect"], crossing["p_detect_low"], crossing["unknown_m"])),
        _row("outages", number(crossing["p_expected"])),
        _row("interruption", number(interruption_of(findings, crossing))),
    ]


def _segment_rows(findings: Findings, segment: int) -> list[tuple[str, str]]:
    one = findings.segments.isel(segment=segment)
    state, depth = STATES[int(one["state"])], int(one["footprint_depth"])
    at_most = int(one.get("footprint_depth_at_most", depth))
    detection = path_detection(float(one["detection_probability"]), unknown_m=float(one["unknown_m"]))
    rows = [
        _row("chainage", chainage(float(one["start_m"]), float(one["end_m"]))),
        *((say(score_name(name)), number(float(one[name]))) for name in SCORES),
        _row("least-time", minutes(float(one["crossing_time"]))),
        _row("least-detection", detection if state == CROSSED else say("challenge-state", state=state)),
        _row("least-interruption", number(float(one["least_interruption"].sel(slower=1.0)))),
        _row("resilience", say("challenge-unknown") if depth < 0 else footprints(depth, at_most)),
    ]
    if "response_time" in one:
        rows.append(_row("response", minutes(float(one["response_time"].sel(belt="both")))))
    return rows


def _page(findings: Findings, records: Sequence[Statistic], pictures: dict[str, Path]) -> dict[str, Any]:
    question, attrs = findings.question, findings.segments.attrs
    ground = question.ground
    scene: dict[str, Any] = {
        "layout": ground.layout.name,
        "sensors": question.links.sensors,
        "target": Message("target-class", {"class": question.target}),
        "direction": Message("challenge-direction", {"direction": question.direction}),
        "conditions": conditions_words(question.conditions),
        "required": findings.required,
        "segments": ground.crossed.segments,
        "km": ground.crossed.ground_length_m / 1000.0,
        "zone": ground.zone is not None,
        "belt": question.belt_m,
    }
    return {
        "title": say("challenge-page-title", sector=ground.sector.title or ground.sector.name),
        "about": say("challenge-page-about", **scene),
        "tiles": _tiles(records),
        "shades": shades_of("challenge"),
        "lines": [
            *(([(OUTER_EDGE["color"], "", say("map-outer-edge"))]) if ground.zone is not None else []),
            *((*CLASS_STYLE[AS_CLASS[kind]], say(path_name(kind))) for kind in findings.crossings),
        ],
        "symbols": symbols_of(ground),
        "sheets": [_terrain_sheet(findings, pictures), _layout_sheet(findings, pictures), _records_sheet(records)],
        "limits": _limits(findings),
        "colophon": say(
            "challenge-page-colophon",
            datum=datum_words(attrs.get("datum")),
            cell=cell_size(ground.terrain),
            code=records[0].code_version.capitalize(),
            data=records[0].data_version,
        ),
    }


def _limits(findings: Findings) -> list[str]:
    question = findings.question
    error = question.dem_error or DemError()
    return [
        say("challenge-limits-percentile"),
        say("challenge-limits-scores"),
        say("challenge-limits-detection"),
        say("challenge-limits-paths", overlength=MOST_OVERLENGTH),
        say("challenge-limits-unknown"),
        say("challenge-limits-errors", correlation=error.correlation_m),
        say("challenge-limits-people"),
        say("challenge-limits-movement", ground=question.ways.message),
        *map(say, question.links.messages),
        *map(say, OffTerrain.of(question.ground).messages),
        *map(say, question.ground.frame_messages),
    ]


def _tiles(records: Sequence[Statistic]) -> list[dict[str, str]]:
    by_id = {
        name: record for record in records for name in TILES if record.id == name or record.id.startswith(f"{name}-")
    }
    return [
        {"label": say(f"challenge-tile-{name}"), "value": _headline(by_id[name]), "why": _reason(by_id[name])}
        for name in TILES
    ]


def _headline(record: Statistic) -> str:
    if math.isnan(record.value):
        return say("challenge-unknown")
    if record.denominator is not None:
        return say("challenge-value-percent", value=record.value)
    if record.id == "resilience":
        return footprints(record.value, record.value if record.high is None else record.high)
    return number(record.value)


def _reason(record: Statistic) -> str:
    parts = []
    if record.numerator is not None and record.denominator is not None:
        whole = {
            name: say("challenge-value-count", value=getattr(record, name)) for name in ("numerator", "denominator")
        }
        parts.append(say("challenge-value-ratio", part=whole["numerator"], whole=whole["denominator"]))
    parts += [str(record.of)] if record.of else []
    head = ", ".join(parts)
    return ". ".join(filter(None, [head[:1].upper() + head[1:], " ".join(map(str, record.limits))]))


def _terrain_sheet(findings: Findings, pictures: dict[str, Path]) -> Sheet:
    segments = findings.segments
    tables = [hardest_table(findings, name) for name in SCORES if segments[name].notnull().any()]
    words = [say("challenge-terrain-intro"), *_reference_words(findings)]
    if "response_time" not in segments:
        words.append(say("challenge-terrain-no-bases"))
    if findings.composite is not None:
        made = findings.composite
        weights = [Message("challenge-weight", _any(score=score_name(n), value=v)) for n, v in made.weights.items()]
        figures = {"change": made.change, "correlation": made.rank_correlation, "stable": made.stable_top}
        words.append(say("challenge-terrain-composite", weights=weights, **figures))
    shown = [_picture(pictures["scores"], say("challenge-alt-scores"))]
    shown += [_picture(pictures["ground"], say("challenge-alt-terrain"))]
    return Sheet(say("challenge-sheet-terrain"), words, shown, tables)


def _any(**parameters: Any) -> dict[str, Any]:
    return parameters


def _reference_words(findings: Findings) -> list[str]:
    table, attrs = findings.question.reference, findings.segments.attrs
    if table is None:
        return [say("challenge-terrain-no-reference")]
    words = [say("challenge-terrain-reference", **reference_of(findings))]
    if attrs.get("reference_misfit"):
        cell_m = float(attrs["cell_m"])
        other = abs(cell_m / table.cell_m - 1.0) > SAME_CELL
        reason = "cells" if other else "settings"
        words.append(say(f"challenge-terrain-reference-{reason}", expected=table.cell_m, cell=cell_m))
    return words


def _layout_sheet(findings: Findings, pictures: dict[str, Path]) -> Sheet:
    bounds = bounds_message(findings)
    words = [
        say("challenge-layout-intro"),
        *([] if findings.crossings else [say("challenge-layout-no-paths")]),
        *_gap_words(findings),
        *_barrier_words(findings),
        *([say(bounds)] if bounds else []),
    ]
    shown = [
        _picture(pictures["layout"], say("challenge-alt-layout")),
        _picture(pictures["crossings"], say("challenge-alt-crossings")),
        _picture(pictures["profiles"], say("challenge-alt-profiles")),
    ]
    tables = [path_table(findings), gap_table(findings), sensor_table(findings), trade_table(findings)]
    return Sheet(say("challenge-sheet-layout"), words, shown, [table for table in tables if table.rows])


def _barrier_words(findings: Findings) -> list[str]:
    barrier = findings.barrier
    if "k" not in barrier:
        return [say(limit("resilience-unknown"))]
    found, *caution = barrier_messages(barrier, findings.least_detection, findings.required)
    single = tuple(barrier["single_points_of_failure"] or ())
    if not barrier.get("lower_bound"):
        figures = {"k": barrier["k"], "bound": barrier["upper_bound"], "cut": cut_message(barrier)}
        found = Message("challenge-layout-resilience", figures)
    words = [
        say(found),
        *([say("challenge-layout-single-points", sensors=single)] if single else []),
        *map(say, caution),
        say(limit("footprints")),
    ]
    return [" ".join(words)]


def _gap_words(findings: Findings) -> list[str]:
    if findings.nothing_known:
        return [say("challenge-headline-all-unknown")]
    known = [gap for gap in findings.gaps if gap.known]
    unknown = len(findings.gaps) - len(known)
    km = sum(gap.length_m for gap in known) / 1000.0
    words = [say("challenge-layout-gaps", count=len(known), km=km) if known else say("challenge-layout-no-gaps")]
    if unknown:
        words.append(say("challenge-layout-unknown", count=unknown))
    return [" ".join(words)]


def _records_sheet(records: Sequence[Statistic]) -> Sheet:
    interruption = next(record for record in records if record.id == "least-interruption")
    lists = [
        (say("challenge-statistics-terrain"), list(map(str, records[0].assumptions))),
        (say("challenge-statistics-response"), list(map(str, interruption.assumptions))),
    ]
    tables = [record_table(records, of_sensors=False), record_table(records, of_sensors=True)]
    return Sheet(say("challenge-sheet-statistics"), [say("challenge-statistics-intro")], [], tables, lists)


def _picture(path: Path, alt: str) -> dict[str, str]:
    return {"data": "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode(), "alt": alt}
