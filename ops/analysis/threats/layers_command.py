"""``watchline threats layers``: which layers stand in each segment and which threats each covers, gaps first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from ops.analysis.indicators.records import day_of
from ops.analysis.places import sections_by_segment
from ops.analysis.threats.catalogue import threats
from ops.analysis.threats.layer_report import COLUMNS, LayerReport
from ops.analysis.threats.layers import UNKNOWN, SegmentMeans, view_of
from ops.analysis.threats.means import read_means
from ops.analysis.threats.standing import (
    crossing_points_of,
    detection_by_target,
    patrols_of,
    places_of,
    standing_in,
)
from ops.drawing.pages.pdf import pdf_beside
from ops.runtime.output import SUMMARY, prepare_folder, say, show, write_summary
from ops.runtime.tables import show_table
from ops.sector.open_sector import OpenSector, open_sector

KIND: Final = "watchline threats layers"
PAGE, PDF = "layers.html", "layers.pdf"


@dataclass(frozen=True, slots=True)
class LayerOptions:
    """The options of the command. ``challenges``: one folder for each class of target; ``on``: a day, default today."""

    sector: str
    means: Path | None = None
    challenges: tuple[Path, ...] = ()
    patrols: Path | None = None
    on: str | None = None
    out: Path | None = None
    pdf: bool = False


def show_layers(options: LayerOptions, screen: Console, *, now: datetime | None = None) -> dict[str, Any]:
    """Read, show, and write the report where a folder is given; return the figures. Raises BadInput."""
    today = (now or datetime.now(UTC)).date()
    day = today if options.on is None else day_of(options.on, "--on")
    report = _report(options, open_sector(options.sector), day)
    if options.out is not None:
        prepare_folder(options.out, [PAGE, PDF, SUMMARY], made_by=KIND)
    if report.illustrative:
        show(screen, "score-illustrative")
    for sentence in report.answer():
        screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
    table = Table(title=say("layers-heading-threats"))
    for name in COLUMNS:
        table.add_column(say("layers-column", name=name))
    for row in report.rows():
        table.add_row(*row)
    show_table(screen, table)
    figures = {"made_by": KIND} | report.as_dict()
    if options.out is not None:
        from ops.analysis.threats.page import write_layers_page  # matplotlib is slow to import

        write_layers_page(options.out / PAGE, report)
        names = [PAGE, *pdf_beside(options.out / PAGE, wanted=options.pdf), SUMMARY]
        figures["files"] = [str(options.out / name) for name in names]
        write_summary(options.out / SUMMARY, json.loads(json.dumps(figures)))
        show(screen, "console-output", folder=str(options.out))
    return figures


def _report(options: LayerOptions, ground: OpenSector, day: date) -> LayerReport:
    sections, points = sections_by_segment(ground), crossing_points_of(ground)
    segments = ground.crossed.segments
    every = [] if options.means is None else read_means(options.means, places_of(ground, sections))
    standing = [one for one in every if one.stands_on(day)]
    detected = detection_by_target(options.challenges, ground.sector.name, segments)
    patrolled = np.full(segments, UNKNOWN)
    if options.patrols is not None:
        patrolled = patrols_of(options.patrols, [ground.sector.name, options.sector], segments)
    means = SegmentMeans(
        standing_in(standing, sections, points), points, options.means is not None, detected, patrolled
    )
    return LayerReport(
        ground, day, view_of(threats().values(), means), tuple(standing), options.means is not None, tuple(detected),
        options.patrols is not None, any(one.illustrative for one in every),
    )  # fmt: skip
