"""``watchline patrols``: patrols along the border, against crossers who know their timetable or only their route."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console

from geo.arrays import Floats
from geo.errors import BadInput
from geo.message import Message
from ops.analysis.inputs import assumption_records
from ops.analysis.option_types import named
from ops.analysis.patrols.findings import PatrolFindings
from ops.analysis.patrols.options import PatrolOptions
from ops.runtime.output import SUMMARY, atomic_write, prepare_folder, progress_bar, say, say_in_english, write_summary
from ops.sector.layouts.links import heard, links_of, unlinked_messages
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.sector.ways import ways_of

if TYPE_CHECKING:
    from sensors.layout import AnySensor

KIND: Final = "watchline patrols"
FIGURE, CROSSINGS, SEGMENTS = "patrols.png", "crossings.geojson", "segments.csv"
POST_M: Final = 100.0
"""Distance between the posts at which a patrol's viewshed is computed [m] (assumption)."""
MOST_NODES: Final = 400_000_000
"""Cells times time steps of one search; each takes a byte."""
EYES_M, BINOCULARS_M, MAGNIFICATION = 1_000.0, 3_000.0, 7.0
ATTENTIVE: Final = 0.9
"""Highest probability with which an attentive observer detects in one search (assumption)."""


def walk(options: PatrolOptions, screen: Console) -> dict[str, Any]:
    """Compute and write everything into ``options.out``; return the figures for the last line of ``--json``.

    The same sector, layout and options give the same bytes in every file. Raises BadInput for a folder whose files of
    these names were not written by this command, and where a search would need too much memory.
    """
    options.check()
    ground = open_sector(load_sector(options.sector), options.layout)
    from ops.analysis.patrols.picture import write_figure

    names = [FIGURE, CROSSINGS, SEGMENTS, SUMMARY]
    prepare_folder(options.out, names, made_by=KIND)
    links = links_of(ground)
    findings = found(options, heard(ground, links), screen)
    write_figure(options.out / FIGURE, findings)
    _write_crossings(options.out / CROSSINGS, findings)
    _write_segments(options.out / SEGMENTS, findings)
    messages = findings.messages
    figures = {
        "made_by": KIND,
        "sector": ground.sector.name,
        "layout": ground.layout.name,
        "target": options.target,
        "conditions": options.conditions,
        "direction": options.direction,
        "time_step_s": options.step_s,
        "post_spacing_m": POST_M,
        **findings.figures,
        "unlinked": list(links.unlinked),
        "messages": [message.as_dict() for message in messages],
        "sentences": [say_in_english(message) for message in messages],
    }
    write_summary(options.out / SUMMARY, {**figures, "assumptions": assumption_records(), "files": names})
    for line in (
        *messages,
        *unlinked_messages(links.unlinked),
        Message("console-output", {"folder": str(options.out)}),
    ):
        screen.print(say(line), markup=False, highlight=False, soft_wrap=True)
    return {**figures, "files": [str(options.out / name) for name in names]}


def found(options: PatrolOptions, ground: OpenSector, screen: Console) -> PatrolFindings:
    """Compute the patrols' viewsheds and the crossings of those who know the timetable and of those who do not."""
    from sensors.crossing.watched_belt import watched_by
    from sensors.search_theory.by_segment import segments_in_time
    from sensors.search_theory.moving_sensor import moving_sensor
    from sensors.search_theory.time_expanded import MovesInTime
    from sensors.search_theory.timetable import Timetable
    from sensors.search_theory.unpredictability import unpredictability

    sight: dict[str, Any] = {"target": options.target, "conditions": options.conditions}
    watched = watched_by(
        ground.layout, ground.terrain, ground.crossed, belt_m=ground.sector.belt_m, ways=ways_of(ground).ways, **sight
    )
    table = Timetable.along(_route(options, ground), options.speed_mps, rest_s=options.rest_s)
    steps = math.ceil(table.period_s / options.step_s) + math.ceil(options.longest_h * 3600.0 / options.step_s)
    nodes = steps * watched.belt.inside.size
    if nodes > MOST_NODES:
        raise BadInput(
            f"the search has {nodes / 1e6:,.0f} million cells and time steps",
            where="--time-step",
            expected=f"at most {MOST_NODES / 1e6:,.0f} million: a longer step, faster patrols, or coarser terrain",
        )
    with progress_bar(screen) as progress:
        bar = progress.add_task(say("patrols-progress-posts"), total=None)
        one = moving_sensor(
            _observer(options, ground),
            table,
            ground.terrain,
            watched,
            step_m=POST_M,
            report=lambda done, total: progress.update(bar, completed=done, total=total),
            **sight,
        )
        sensors = [one.at_phase(k * table.period_s / options.patrols) for k in range(options.patrols)]
        progress.update(bar, description=say("patrols-progress-search"), completed=0, total=None)
        moves = MovesInTime.over(watched, step_s=options.step_s, direction=options.direction)
        best = unpredictability(moves, sensors, longest_s=options.longest_h * 3600.0)
        segments = segments_in_time(watched, moves, sensors, direction=options.direction)
    return PatrolFindings(options, ground, watched, table, tuple(sensors), best, segments)


def _route(options: PatrolOptions, ground: OpenSector) -> Floats:
    """Places along the line of the patrols; without one along the border, as far as the terrain reaches.

    Raises BadInput for a file of several lines, and for a border in parts.
    """
    if options.route is not None:
        from geo.border.line_files import read_lines

        with named("--route"):
            lines = read_lines(options.route, ground.frame, where=None, clip=None)
            if len(lines) != 1:
                raise BadInput(
                    f"{options.route} has {len(lines)} lines", where="--route", expected="one connected line"
                )
        return np.asarray(lines[0].coords)[:, :2]
    border = ground.border
    if border.line.geom_type == "MultiLineString":
        parts = len(border.line.geoms)
        raise BadInput(f"the border has {parts} parts", where="patrols", expected="one line of the patrols as --route")
    length = float(border.segment_spans_m[-1, 1])
    east, north = border.point_at(np.linspace(0.0, length, max(math.ceil(length / POST_M), 1) + 1))
    terrain = ground.terrain
    inside = np.ones(len(east), bool)
    for values, axis in ((east, "easting"), (north, "northing")):
        inside &= (values >= float(terrain[axis].min())) & (values <= float(terrain[axis].max()))
    if inside.sum() < 2 or (np.diff(np.flatnonzero(inside)) > 1).any():
        raise BadInput("the border is not in one piece on the terrain", where="patrols", expected="terrain along it")
    return np.column_stack([east, north])[inside]


def _observer(options: PatrolOptions, ground: OpenSector) -> AnySensor:
    """Return the sensor of one patrol, which looks all round; its position is that of its post.

    An imager takes as long to search all round as in ``watchline plan``.
    """
    from sensors.equipment.catalogue import shipped
    from sensors.layout import place
    from sensors.planning.choice.mobile_options import all_round

    kept: dict[str, Any] = {"id": "patrol", "field_of_view_deg": 360.0, "mast_height_m": options.height_m}
    if options.carries == "thermal":
        item = {**all_round(shipped()["handheld_thermal"]), **kept}
        return place(ground.frame, 0.0, 0.0, **item)
    sees = (BINOCULARS_M, MAGNIFICATION) if options.carries == "binoculars" else (EYES_M, 1.0)
    return place(
        ground.frame,
        0.0,
        0.0,
        kind="human",
        max_range_m=sees[0],
        magnification=sees[1],
        detection_probability=ATTENTIVE,
        **kept,
    )


def _write_crossings(path: Path, findings: PatrolFindings) -> None:
    """Write the two crossings as lines in longitude and latitude, with the seconds of each vertex."""
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [[round(float(x), 7), round(float(y), 7)] for x, y in line],
            },
            "properties": {"name": name, "seconds": [round(float(s), 1) for s in seconds], **values},
        }
        for name, line, seconds, values in findings.crossings
    ]
    with atomic_write(path) as partial:
        partial.write_text(json.dumps({"type": "FeatureCollection", "features": features}) + "\n", encoding="utf-8")


def _write_segments(path: Path, findings: PatrolFindings) -> None:
    """Write one row for each segment: its middle, and its probabilities; empty where no crossing is known."""
    import csv

    rows, spans = findings.by_segment, findings.ground.crossed.segment_spans_m
    columns = (rows.fixed, rows.unknown_phase, rows.best_departure)
    with atomic_write(path) as partial, partial.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["segment", "middle_m", "pd_without_patrols", "pd_unknown_phase", "pd_best_departure"])
        for segment, span in enumerate(spans):
            values = ["" if np.isnan(column[segment]) else f"{column[segment]:.6f}" for column in columns]
            table.writerow([segment, f"{span.mean():.1f}", *values])
