"""The assessment of risk as a page that opens without a network and prints on paper."""

from __future__ import annotations

import base64
import io
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from ops.analysis.risk.assessment import RiskAssessment
from ops.analysis.risk.rows import COLUMNS, SECTION_COLUMNS, answer_of, section_row, segment_row
from ops.drawing.pages.html_page import render_page
from ops.drawing.png import write_png
from ops.drawing.printed_map import DPI
from ops.drawing.sector_map import sector_map
from ops.runtime.output import atomic_write, say

TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
LIMITS: Final = ("formula", "matrix", "percentiles", "weights", "impact", "decision")


def write_risk_page(path: Path, found: RiskAssessment) -> None:
    """Write the page atomically, in the language of this process; the same assessment gives the same bytes."""
    sector, draws = found.ground.sector, found.stability.draws
    page: dict[str, Any] = {
        "title": say("risk-title", sector=sector.title or sector.name),
        "answer": answer_of(found),
        "about": say("risk-about", date=found.day.isoformat(), layout=found.challenge.layout, draws=draws),
        "notices": [say("score-illustrative")] if found.illustrative else [],
        "map": {"data": _map(found), "alt": say("risk-map"), "caption": say("risk-map")},
        "section_columns": [say("risk-column", name=name) for name in SECTION_COLUMNS],
        "sections": [section_row(one) for one in found.sections],
        "columns": [say("risk-column", name=name) for name in COLUMNS],
        "segments": [segment_row(found, segment) for segment in found.order()],
        "limits": [say(f"risk-limit-{name}") for name in LIMITS],
        "colophon": say("score-colophon", version=version("watchline")),
    }
    with atomic_write(path) as partial:
        partial.write_text(render_page(TEMPLATE, page=page), encoding="utf-8")


def _map(found: RiskAssessment) -> str:
    """The border coloured by risk, as a data URI."""
    by_segment = xr.DataArray(np.asarray(found.risk), dims="segment")
    figure = sector_map(found.ground, by_segment, label=say("risk-column", name="risk"))
    out = io.BytesIO()
    write_png(figure, out, DPI)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
