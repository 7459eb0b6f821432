"""The scorecard as a page that opens without a network and prints on paper; it fetches nothing and runs no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from ops.analysis.score.indicators import FAMILIES
from ops.analysis.score.scorecard import Scorecard, ScorecardLine
from ops.drawing.html_page import render_page
from ops.runtime.output import atomic_write

TEMPLATE = Path(__file__).with_name("page.html.j2")

LIMITS: Final = (
    "Families 1 to 3 are what their sources report; Watchline checks that they do not contradict each other and "
    "nothing more. Only tactical tools are measured or counted here.",
    "Operational effectiveness leaves out who was never detected; statutory effectiveness holds them, modelled, so it "
    "has no sampling interval. The two stand side by side because either alone misleads.",
    "Events are counted, not people or alerts: groups and alerts cluster.",
    "A trend is the median slope between all pairs of dated values, for a year; with few values it says little.",
    "A family without records says nothing. That is not the same as nothing happening.",
)


def write_scorecard(path: Path, card: Scorecard, *, title: str) -> None:
    """Write the page atomically; the same scorecard gives the same bytes."""
    page = {
        "title": title,
        "about": f"All four families of success as known on {card.day.isoformat()} (UTC).",
        "families": [
            {
                "title": title_of_family,
                "rows": [row_of(line) for line in card.lines[family]],
                "missing": card.missing[family],
            }
            for family, title_of_family in FAMILIES.items()
        ],
        "limits": LIMITS,
        "colophon": f"Made by watchline {version('watchline')} from the files that the sources name.",
    }
    with atomic_write(path) as partial:
        partial.write_text(render_page(TEMPLATE, page=page), encoding="utf-8")


def row_of(line: ScorecardLine) -> dict[str, Any]:
    """Format one line for a table."""
    spark, last = sparkline(line.history)
    rate = (
        ""
        if math.isnan(line.trend) or line.by_chance
        else f", {line.trend:+.3g} {line.unit} a year".replace(" 1 ", " ")
    )
    return {
        "name": line.name,
        "place": line.place,
        "value": figure(line.value, line.unit),
        "interval": line.interval if math.isnan(line.low) else f"{line.low:.3g} to {line.high:.3g}; {line.interval}",
        "fraction": "–"
        if math.isnan(line.denominator) or math.isnan(line.numerator)
        else f"{line.numerator:,.6g} of {line.denominator:,.6g}",
        "note": line.note,
        "spark": spark,
        "last": last,
        "trend": line.direction + rate,
        "target": figure(line.target, line.unit) if not math.isnan(line.target) else "none",
        "distance": "–" if math.isnan(line.distance) else f"{line.distance:+.3g}",
        "verdict": line.verdict,
        "source": line.source,
        "date": line.day.isoformat(),
        "confidence": f", confidence {line.confidence}" if line.confidence else "",
    }


def figure(value: float, unit: str) -> str:
    """Format a number with its unit."""
    return "unknown" if math.isnan(value) else f"{value:,.4g}" + ("" if unit == "1" else f" {unit}")


def sparkline(history: Sequence[tuple[Any, float]]) -> tuple[str, tuple[str, str]]:
    """Return the points of a small line over time, and the last of them; empty with fewer than two values."""
    if len(history) < 2:
        return "", ("", "")
    days = [day.toordinal() for day, _ in history]
    values = [value for _, value in history]
    low, high = min(values), max(values)
    points = [
        (
            f"{2.0 + 94.0 * (day - days[0]) / max(days[-1] - days[0], 1):.1f}",
            f"{21.0 - 18.0 * ((value - low) / (high - low) if high > low else 0.5):.1f}",
        )
        for day, value in zip(days, values, strict=True)
    ]
    return " ".join(",".join(point) for point in points), points[-1]
