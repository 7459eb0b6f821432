"""The multilayered view as a page that opens without a network and prints on paper."""

from __future__ import annotations

import base64
import io
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import xarray as xr

from ops.analysis.threats.layer_report import COLUMNS, LayerReport
from ops.drawing.pages.html_page import render_page
from ops.drawing.png import write_png
from ops.drawing.printed_map import DPI
from ops.drawing.sector_map import sector_map
from ops.runtime.output import atomic_write, say

TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
MEANS_COLUMNS: Final = ("means", "place", "since", "until", "source")
LIMITS: Final = ("existence", "table", "detection", "patrols", "crossing_points", "catalogue")


def write_layers_page(path: Path, report: LayerReport) -> None:
    """Write the page atomically, in the language of this process; the same report gives the same bytes."""
    sector = report.ground.sector
    page: dict[str, Any] = {
        "title": say("layers-title", sector=sector.title or sector.name),
        "answer": report.answer(),
        "about": say("layers-about", date=report.day.isoformat()),
        "notices": [say("score-illustrative")] if report.illustrative else [],
        "columns": [say("layers-column", name=name) for name in COLUMNS],
        "rows": report.rows(),
        "map": {"data": _map(report), "alt": say("layers-map"), "caption": say("layers-map")},
        "means_columns": [say("layers-column", name=name) for name in MEANS_COLUMNS],
        "means": [
            [
                say("threat-means", means=one.means), one.place, one.start.isoformat(),
                say("score-none") if one.end is None else one.end.isoformat(), one.source,
            ]
            for one in report.means
        ],
        "limits": [say(f"layers-limit-{name}") for name in LIMITS],
        "colophon": say("score-colophon", version=version("watchline")),
    }  # fmt: skip
    with atomic_write(path) as partial:
        partial.write_text(render_page(TEMPLATE, page=page), encoding="utf-8")


def _map(report: LayerReport) -> str:
    """The border coloured by the fraction of threats that a layer covers, as a data URI."""
    by_segment = xr.DataArray(report.view.covered_fraction, dims="segment")
    figure = sector_map(report.ground, by_segment, label=say("layers-map-label"))
    out = io.BytesIO()
    write_png(figure, out, DPI)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
