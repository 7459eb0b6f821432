"""The tables of a challenge's report: paths, gaps, sensors, the hardest segments, and the published numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.report.words import (
    chainage,
    kilometres,
    metres,
    minutes,
    number,
    path_detection,
    score_name,
    snake,
)
from ops.analysis.challenge.work import SLOWER
from ops.drawing.symbols import symbol_name
from ops.runtime.output import catalogue, say
from sensors.statistics.statistic import Statistic

HARDEST: Final = 15
OF_SENSORS: Final = ("contribution", "opened")
"""Identifiers of the numbers of single sensors."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page; ``numbers`` right-aligns all but the first column, ``folded`` collapses it initially."""

    title: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: bool = True
    folded: bool = False


def _columns(*names: str) -> list[str]:
    return [say(f"challenge-column-{name}") for name in names]


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
                say("challenge-cell-segment", number=str(i), km=float(one["start_m"]) / 1000.0),
                _with_band(one, score),
                minutes(float(one["crossing_time"])),
                number(float(both["dead_ground_1.7m"])),
                minutes(float(both["response_time"]) if "response_time" in both else math.nan),
                metres(float(both["ruggedness"])),
                _reference(one, "crossing_time"),
                _reference(both, "dead_ground_1.7m"),
            ]
        )
    columns = _columns("segment", "percentile", "crossing-time", "dead-ground", "response", "ruggedness",
                       "time-reference", "dead-reference")  # fmt: skip
    about: dict[str, Any] = {"score": score_name(score), "count": len(rows)}
    caption = say("challenge-table-hardest-caption", **about)
    return Table(say("challenge-table-hardest", **about), caption, columns, rows, folded=True)


def _with_band(one: Any, score: str) -> str:
    value = float(one[score])
    if f"{score}_low" not in one or math.isnan(value):
        return number(value)
    return say("challenge-value-band", value=value, low=float(one[f"{score}_low"]), high=float(one[f"{score}_high"]))


def _reference(one: Any, name: str) -> str:
    if f"{name}_reference" not in one or math.isnan(float(one[f"{name}_reference"])):
        return "–"
    return number(float(one[f"{name}_reference"])) + ("*" if bool(one[f"{name}_outside"]) else "")


def path_table(findings: Findings) -> Table:
    """Return the three paths with their detection and interruption."""
    rows = []
    for kind, path in findings.crossings.items():
        least = findings.segments["interruption_probability"].sel(segment=path["segment"], way=kind)
        margin = float(findings.segments["time_margin"].sel(segment=path["segment"], way=kind))
        half = [
            say(
                "challenge-cell-half", start=d["start_s"] / 60, end=d["end_s"] / 60, sensors=", ".join(d["sensors"][:2])
            )
            for d in path["half_detection"][:3]
        ]
        kinds = [
            say("challenge-cell-kind", kind=symbol_name(name), value=number(p)) for name, p in path["p_by_kind"].items()
        ]
        rows.append(
            [
                say("challenge-path-title", kind=snake(kind)),
                f"{path['segment']}",
                minutes(path["seconds"]),
                kilometres(path["metres"]),
                path_detection(path["p_detect"], path["p_detect_low"], path["unknown_m"]),
                number(path["p_expected"]),
                confirmed_words(path["confirmed"]),
                ", ".join(kinds) or "–",
                " / ".join(number(float(least.sel(slower=factor))) for factor in SLOWER),
                minutes(margin),
                " · ".join(half) or say("challenge-cell-nowhere"),
            ]
        )
    factors = " / ".join(say("map-number", value=factor) + "×" for factor in SLOWER)
    columns = [
        *_columns("path", "segment", "time", "length", "pd", "outages", "confirmed", "by-kind"),
        say("challenge-column-interruption", factors=factors),
        *_columns("margin", "half"),
    ]
    return Table(say("challenge-table-paths"), say("challenge-table-paths-caption"), columns, rows, numbers=False)


def confirmed_words(found: Mapping[str, Any]) -> str:
    """State the fraction of simulated crossings that became a confirmed track, with its interval."""
    if "unknown" in found:
        return say("challenge-unknown")
    if not found["runs"]:
        return say("challenge-cell-no-coverage", value=found["value"])
    return say("challenge-cell-confirmed", **{name: found[name] for name in ("count", "runs", "low", "high")})


def gap_table(findings: Findings) -> Table:
    """Return the coverage gaps, in order of chainage."""
    rows = [
        [
            f"{gap.first}–{gap.last}",
            chainage(gap.start_m, gap.end_m),
            number(gap.least_probability if gap.known else math.nan, findings.required),
            f"{gap.least_segment}" if gap.known else "–",
        ]
        for gap in findings.gaps
    ]
    caption = say("challenge-table-gaps-caption", required=findings.required)
    return Table(say("challenge-table-gaps"), caption, _columns("segments", "chainage", "least", "in-segment"), rows)


def sensor_table(findings: Findings) -> Table:
    """Return the contribution of each sensor."""
    known = int(np.isfinite(findings.segments["detection_probability"].to_numpy()).sum())
    rows = []
    for name in findings.sensors["sensor"].to_numpy():
        one = findings.sensors.sel(sensor=name)
        mean, *counts = (
            float(one[column]) for column in ("mean_contribution", "segments_reduced", "coverage_gaps_opened")
        )
        loss = say("challenge-unknown") if math.isnan(mean) else _digits(mean, 4)
        rows.append([str(name), loss, *(_count_of(count, known) for count in counts)])
    columns = _columns("sensor", "contribution", "reduced", "opened")
    return Table(say("challenge-table-sensors"), say("challenge-table-sensors-caption"), columns, rows)


def _count_of(count: float, known: int) -> str:
    if math.isnan(count):
        return say("challenge-unknown")
    return say("challenge-value-ratio", part=_digits(count, 0), whole=_digits(known, 0))


def trade_table(findings: Findings) -> Table:
    """Return the trade-off of crossing time against detection."""
    rows = [
        [minutes(t["seconds"]), f"{t['segment']}", number(t["probability"]), _significant(t["hazard"], 3)]
        for t in findings.trades
    ]
    caption = say("challenge-table-trade-caption")
    return Table(
        say("challenge-table-trade"), caption, _columns("time", "segment", "pd", "expected"), rows, folded=True
    )


def record_table(records: Sequence[Statistic], *, of_sensors: bool) -> Table:
    """Return published numbers with their provenance: those of single sensors, or all others.

    The records are ``said`` in the language of the page.
    """
    rows = [
        [
            say("challenge-cell-named", name=record.name, of=record.of) if record.of else str(record.name),
            value_of(record),
            "–"
            if record.numerator is None or record.denominator is None
            else f"{_significant(record.numerator, 6)} / {_digits(record.denominator, 0)}",
            "–" if record.n is None else _digits(record.n, 0),
            _interval(record),
            " ".join(map(str, record.limits)) or "–",
        ]
        for record in records
        if (record.id in OF_SENSORS) == of_sensors
    ]
    columns = _columns("number", "value", "ratio", "n", "interval", "limits")
    title = say("challenge-table-records-sensors" if of_sensors else "challenge-table-records")
    return Table(title, title, columns, rows, numbers=False, folded=of_sensors)


def _interval(record: Statistic) -> str:
    if record.low is None or record.high is None:
        return str(record.interval)
    low, high = _figure(record.low), _figure(record.high)
    return say("challenge-cell-interval", low=low, high=high, interval=record.interval)


def value_of(record: Statistic) -> str:
    """Write the value of a record with its unit."""
    if math.isnan(record.value):
        return say("challenge-unknown")
    shown = _figure(record.value)
    return shown if record.unit == "1" else say("challenge-cell-unit", value=shown, unit=record.unit)


def _figure(value: float) -> str:
    return say("challenge-never") if math.isinf(value) else _significant(value, 4)


def _digits(value: float, digits: int) -> str:
    return catalogue().formats.number(value, digits)


def _significant(value: float, figures: int) -> str:
    """Write a number with so many significant figures, without trailing zeros."""
    if value == 0.0:
        return "0"
    digits = max(0, figures - 1 - math.floor(math.log10(abs(value))))
    shown = f"{value:.{figures}g}"
    decimals = len(shown.partition(".")[2].partition("e")[0]) if "e" not in shown else digits
    return _digits(float(shown), decimals)
