"""The tables of a challenge's report: paths, gaps, sensors, the hardest segments, and the published numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.pictures import SCORE_TITLES
from ops.analysis.challenge.work import SLOWER
from sensors.statistics.statistic import Statistic

HARDEST: Final = 15
OF_SENSORS: Final = ("mean loss of detection without it", "share of the segments opened by its loss")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page; ``numbers`` right-aligns all but the first column, ``folded`` collapses it initially."""

    title: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: bool = True
    folded: bool = False


def hardest_table(findings: Findings, score: str) -> Table:
    """Return the segments that a score ranks highest, with its components."""
    shown = (score, "start_m", "crossing_time", "dead_ground_1.7m", "response_time", "ruggedness")
    endings = ("", "_low", "_high", "_reference", "_outside")
    names = {f"{name}{ending}" for name in shown for ending in endings}
    segments = findings.segments[[name for name in findings.segments.variables if name in names]]
    values = segments[score].to_numpy()
    order = [int(i) for i in np.argsort(-np.where(np.isnan(values), -1.0, values), kind="stable")[:HARDEST]]
    rows = []
    for i in order:
        one = segments.isel(segment=i)
        both = one.sel(belt="both")
        rows.append(
            [
                f"{i} ({float(one['start_m']) / 1000:.1f} km)",
                _with_band(one, score),
                minutes(float(one["crossing_time"])),
                number(float(both["dead_ground_1.7m"])),
                minutes(float(both["response_time"])) if "response_time" in both else "unknown",
                "unknown" if math.isnan(float(both["ruggedness"])) else f"{float(both['ruggedness']):.0f} m",
                _reference(one, "crossing_time"),
                _reference(both, "dead_ground_1.7m"),
            ]
        )
    columns = ("segment", "percentile", "fastest crossing", "dead ground", "response", "ruggedness",
               "crossing time in reference", "dead ground in reference")  # fmt: skip
    title = f"{SCORE_TITLES[score]}: the {len(rows)} highest"
    return Table(
        title, f"{title}; all are in segments.csv. * outside the reference's range.", columns, rows, folded=True
    )


def _with_band(one: Any, score: str) -> str:
    value = number(float(one[score]))
    if f"{score}_low" not in one:
        return value
    return f"{value} ({number(float(one[f'{score}_low']))}–{number(float(one[f'{score}_high']))})"


def _reference(one: Any, name: str) -> str:
    if f"{name}_reference" not in one or math.isnan(float(one[f"{name}_reference"])):
        return "–"
    return f"{float(one[f'{name}_reference']):.2f}" + ("*" if bool(one[f"{name}_outside"]) else "")


def way_table(findings: Findings) -> Table:
    """Return the three paths with their detection and interruption."""
    rows = []
    for kind, path in findings.crossings.items():
        least = findings.segments["interruption_probability"].sel(segment=path["segment"], way=kind)
        margin = float(findings.segments["margin"].sel(segment=path["segment"], way=kind))
        where = "; ".join(
            f"{d['start_s'] / 60:.0f}–{d['end_s'] / 60:.0f} min {', '.join(d['sensors'][:2])}"
            for d in path["decided"][:3]
        )
        kinds = ", ".join(f"{name.replace('_', ' ')} {number(p)}" for name, p in path["p_by_kind"].items())
        rows.append(
            [
                kind.capitalize(),
                f"{path['segment']}",
                minutes(path["seconds"]),
                f"{path['metres'] / 1000:.2f} km",
                f"{number(path['p_detect_low'])}–{number(path['p_detect'])}",
                number(path["p_expected"]),
                confirmed_words(path["confirmed"]),
                kinds or "–",
                " / ".join(number(float(least.sel(slower=factor))) for factor in SLOWER),
                "unknown" if math.isnan(margin) else f"{margin / 60:.0f} min",
                where or "nowhere",
            ]
        )
    slower = " / ".join(f"{factor:g}×" for factor in SLOWER)
    columns = ("crossing", "segment", "time", "length", "detected", "with outages", "confirmed track", "by kind alone",
               f"interrupted, response {slower}", "margin", "half is decided at")  # fmt: skip
    caption = "The three ways. Margin: to spare if detected at the edge of the belt; lines are in crossings.parquet."
    return Table("Crossings", caption, columns, rows, numbers=False)


def confirmed_words(share: Mapping[str, Any]) -> str:
    """State the fraction of simulated crossings that became a confirmed track, with its interval."""
    if "unknown" in share:
        return "unknown"
    if not share["runs"]:
        return f"{share['value']:.2f}: nobody watches"
    return f"{share['count']} of {share['runs']} ({share['low']:.2f}–{share['high']:.2f})"


def gap_table(findings: Findings) -> Table:
    """Return the coverage gaps, in order of chainage."""
    rows = [
        [
            f"{gap.first}–{gap.last}",
            f"{gap.start_m / 1000:.2f}–{gap.end_m / 1000:.2f} km",
            "unknown" if not gap.known else number(gap.least_probability),
            f"{gap.least_segment}" if gap.known else "–",
        ]
        for gap in findings.gaps
    ]
    columns = ("segments", "along the border", "least detection", "in segment")
    return Table("Gaps", f"Runs of segments below {findings.required:g}.", columns, rows)


def sensor_table(findings: Findings) -> Table:
    """Return the contribution of each sensor."""
    known = int(np.isfinite(findings.segments["detection_probability"].to_numpy()).sum())
    rows = []
    for name in findings.sensors["sensor"].to_numpy():
        one = findings.sensors.sel(sensor=name)
        cells = [float(one[column]) for column in ("mean_worth", "segments_weaker", "opened")]
        rows.append(
            [
                str(name),
                *(
                    "unknown" if math.isnan(c) else f"{c:.4f}" if i == 0 else f"{c:.0f} of {known}"
                    for i, c in enumerate(cells)
                ),
            ]
        )
    columns = ("sensor", "mean loss of detection without it", "segments less watched", "segments that fall below")
    return Table("Sensors", "What each sensor is worth: each left out in turn, the crosser answering.", columns, rows)


def trade_table(findings: Findings) -> Table:
    """Return the trade-off of crossing time against detection."""
    rows = [
        [minutes(t["seconds"]), f"{t['segment']}", number(t["probability"]), f"{t['hazard']:.3g}"]
        for t in findings.trades
    ]
    columns = ("time", "segment", "detected", "expected detections")
    return Table(
        "Time against detection", "No way is better in both; corners of the curve.", columns, rows, folded=True
    )


def record_table(records: Sequence[Statistic], *, of_sensors: bool) -> Table:
    """Return published numbers with their provenance: those of single sensors, or all others."""
    rows = [
        [
            record.name + (f", {record.of}" if record.of else ""),
            _value(record),
            "–" if record.numerator is None else f"{record.numerator:,.6g} / {record.denominator:,.0f}",
            "–" if record.n is None else f"{record.n:,}",
            record.interval
            if record.low is None
            else f"{_figure(record.low)} to {_figure(record.high or 0.0)}; {record.interval}",
            record.limits or "–",
        ]
        for record in records
        if (record.name in OF_SENSORS) == of_sensors
    ]
    columns = ("number", "value", "numerator / denominator", "n", "interval", "limits")
    title = "Numbers of each sensor" if of_sensors else "Numbers of the whole border"
    return Table(title, f"{title}.", columns, rows, numbers=False, folded=of_sensors)


def _value(record: Statistic) -> str:
    if math.isnan(record.value):
        return "unknown"
    unit = "" if record.unit == "1" else f" {record.unit}"
    return _figure(record.value) + unit


def _figure(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:,.4g}"


def minutes(seconds: float) -> str:
    """Format a duration."""
    return "unknown" if math.isnan(seconds) else "never" if math.isinf(seconds) else f"{seconds / 60.0:.0f} min"


def number(value: float) -> str:
    """Format a fraction or probability."""
    return "unknown" if math.isnan(value) else f"{value:.2f}"


def percent(value: float) -> str:
    """Format a fraction as a percentage."""
    return "an unknown share" if math.isnan(value) else f"{value:.0%}"
