"""The assessment of risk as a page that opens without a network and prints on paper."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from ops.analysis.risk.assessment import RiskAssessment
from ops.analysis.risk.rows import (
    COLUMNS,
    SECTION_COLUMNS,
    TREND_COLUMNS,
    answer_of,
    section_row,
    segment_row,
    trend_order,
    trend_row,
)
from ops.drawing.pages.html_page import render_page
from ops.drawing.pages.map_input import MapInput
from ops.drawing.pages.sector_input import sector_input, shades_of, symbols_of
from ops.drawing.pages.web_map import draw_map
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
        "shades": shades_of("risk"),
        "symbols": symbols_of(found.ground),
        "section_columns": [say("risk-column", name=name) for name in SECTION_COLUMNS],
        "sections": [section_row(one) for one in found.sections],
        "trend": _trend(found),
        "columns": [say("risk-column", name=name) for name in COLUMNS],
        "segments": [segment_row(found, segment) for segment in found.order()],
        "limits": [say(f"risk-limit-{name}") for name in (*LIMITS, *([] if found.trend is None else ["trend"]))],
        "colophon": say("score-colophon", version=version("watchline")),
    }
    drawn = draw_map(_map(found))
    with atomic_write(path) as partial:
        partial.write_text(render_page(TEMPLATE, scripts=drawn.scripts, page=page, map=drawn), encoding="utf-8")


def _trend(found: RiskAssessment) -> dict[str, Any] | None:
    """The table of the trend; None without one."""
    trend = found.trend
    if trend is None:
        return None
    first, last = trend.days[0].isoformat(), trend.days[-1].isoformat()
    return {
        "about": say("risk-trend-about", first=first, last=last),
        "columns": [say("risk-column", name=name) for name in TREND_COLUMNS],
        "rows": [trend_row(found, trend, segment) for segment in trend_order(trend)],
    }


def _map(found: RiskAssessment) -> MapInput:
    """The border coloured by risk, each segment explained by the row that the table has of it."""
    names, known = [say("risk-column", name=name) for name in COLUMNS], set(found.order())
    rows = [
        list(zip(names, segment_row(found, segment), strict=True)) if segment in known else []
        for segment in range(len(found.risk))
    ]
    return sector_input(found.ground, rows, found.risk)
