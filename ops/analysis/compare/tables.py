"""Tables of a comparison for the report, and its Monte Carlo samples and segments as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from ops.analysis.compare.comparison import DRAWS, SEGMENTS, Comparison
from ops.runtime.output import atomic_write

LABELS: Final = (
    ("mean_detection", "mean detection", "share"),
    ("least_detection", "least detected crossing", "share"),
    ("mean_interruption", "mean interruption", "share"),
    ("least_interruption", "least interrupted crossing", "share"),
    ("guarded_km", "guarded", "km"),
    ("attended", "alerts that somebody looks at", "share"),
    ("alerts_per_day", "alerts a day", "number"),
    ("life_cycle_cost", "life-cycle cost", "money"),
    ("first_cost", "first cost", "money"),
    ("crew", "people on duty at any time", "number"),
    ("teams", "teams on top", "number"),
    ("bought_share", "sensors that the money reaches", "share"),
    ("cost_per_guarded_km", "cost per guarded kilometre", "money"),
)


def outcome_table(comparison: Comparison) -> dict[str, Any]:
    """Return every measure of each layout: the median, and 5 to 95 % of the samples."""
    verdict, rows = comparison.verdict, []
    for name, label, form in LABELS:
        cells = [label]
        for layout in comparison.study.names:
            one = verdict.sel(layout=layout)
            values = one[name].to_numpy()
            text = shown(float(one[f"{name}_central"]), form)
            if not np.isnan(values).any():
                low, high = np.quantile(values, verdict.attrs["interval"])
                text += f" ({shown(low, form)} to {shown(high, form)})"
            elif not np.isnan(values).all():
                text += f" (none in {np.isnan(values).mean():.0%} of draws)"
            cells.append(text)
        rows.append(cells)
    plain = (
        ("covered", "covered_km", "km"),
        ("cost per covered kilometre", "cost_per_covered_km", "money"),
        ("geography challenge left over", "challenge_left", "share"),
        ("sensors deep (k), by footprints", "k", "number"),
        ("gain over the first, on its old route", "gain_before", "number"),
        ("the same after displacement", "gain_after", "number"),
    )
    for label, name, form in plain:
        rows.append([label, *(shown(float(verdict[name].sel(layout=one)), form) for one in comparison.study.names)])
    for label, name in (("single points of failure", "single_losses"), ("no radio link to a base", "unlinked")):
        rows.append([label, *(_short(str(verdict[name].sel(layout=one).item())) for one in comparison.study.names)])
    return {"title": "Outcomes: median (5 to 95 % of draws)", "columns": ["", *comparison.study.names], "rows": rows}


def duel_table(comparison: Comparison) -> dict[str, Any]:
    """Return P(A beats B) by every objective, for the first layout against each other one."""
    verdict, first = comparison.verdict, comparison.study.names[0]
    rows = []
    for other in comparison.study.names[1:]:
        for objective in verdict["objective"].to_numpy():
            one = verdict.sel(objective=objective, layout=first, other=other)
            rows.append(
                [
                    f"{first} against {other}, {str(objective).replace('_', ' ')}",
                    shown(float(one["beats"]), "share"),
                    shown(float(one["ties"]), "share"),
                    f"{shown(float(one['difference']), 'gap')} ({shown(float(one['difference_low']), 'gap')} to "
                    f"{shown(float(one['difference_high']), 'gap')})",
                ]
            )
    columns = ["", "beats (ties count half)", "ties", "difference, 5 to 95 % of draws"]
    return {"title": "Duels", "columns": columns, "rows": rows}


def break_even_table(comparison: Comparison) -> dict[str, Any]:
    """Return the break-even values at which the verdict would change."""
    verdict, rows = comparison.verdict, []
    first = comparison.study.names[0]
    for other in comparison.study.names[1:]:
        one = verdict.sel(other=other)
        for side, name in (("first", first), ("other", other)):
            rows.append(
                [
                    f"{name}, against {other if side == 'first' else first}",
                    shown(float(one["break_even_availability"].sel(side=side)), "times"),
                    shown(float(one["break_even_price"].sel(side=side)), "times"),
                ]
            )
    columns = ["layout", "availability of all its sensors", "all its prices"]
    return {"title": "Break-even", "columns": columns, "rows": rows}


def assumption_table(comparison: Comparison) -> dict[str, Any]:
    """Return every input with its range, grade and source."""
    rows = [
        [name, _plain(low), _plain(middle), _plain(high), grade, source]
        for name, low, middle, high, grade, source in json.loads(comparison.verdict.attrs["inputs"])
    ]
    return {
        "title": "Assumptions and sources",
        "columns": ["input", "low", "central", "high", "grade", "source"],
        "rows": rows,
    }


def coverage_assumption_table(comparison: Comparison) -> dict[str, Any]:
    """Return the named assumptions of the detection model, which are not sampled."""
    rows = [
        [one.name, _plain(one.value), one.unit, one.confidence, one.source]
        for one in comparison.study.ground.assumptions
    ]
    return {
        "title": "Assumptions of the detection model",
        "columns": ["assumption", "value", "unit", "grade", "source"],
        "rows": rows,
    }


def threshold_tables(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the requirements, how often they are met now and as first set, and every change."""
    tables = []
    for one in comparison.thresholds:
        achieved = comparison.verdict[one.measure]
        rows = []
        for name in comparison.study.names:
            values = achieved.sel(layout=name).to_numpy()
            rows.append(
                [
                    name,
                    shown(float(np.mean(one.met_by(values))), "share"),
                    shown(float(np.mean(one.met_by(values, value=one.first))), "share"),
                ]
            )
        log = [
            f"{one.name}: acceptance at {change.value:g}, "
            f"{'set' if number == 0 else 'changed'} on {change.on.isoformat()} by {change.by}: {change.why}"
            for number, change in enumerate(one.log)
        ]
        tables.append(
            {
                "title": f"{one.name} ({one.measure.replace('_', ' ')})",
                "columns": ["layout", f"meets {one.value:g} in draws", f"as first set, {one.first:g}"],
                "rows": rows,
                "log": log,
                "weakened": one.weakened,
            }
        )
    return tables


def write_tables(out: Path, comparison: Comparison) -> None:
    """Write samples and segments as CSV."""
    verdict, names = comparison.verdict, comparison.study.names
    frames = []
    for name in names:
        one = verdict.sel(layout=name)
        data = {label: one[label].to_numpy() for label, _, _ in LABELS}
        frames.append(pd.DataFrame({"layout": name, "draw": np.arange(verdict.sizes["draw"]), **data}))
    _write(out / DRAWS, pd.concat(frames))
    frames = []
    columns = ("segment_detection", "segment_detection_low", "segment_detection_high", "segment_interruption")
    for name in names:
        one = verdict.sel(layout=name)
        data = {label: one[label].to_numpy() for label in (*columns, "covered_share", "hidden_share")}
        shared = {label: verdict[label].to_numpy() for label in ("segment", "start_m", "end_m", "difficulty")}
        frames.append(pd.DataFrame({"layout": name, **shared, **data}))
    _write(out / SEGMENTS, pd.concat(frames))


def _write(path: Path, table: pd.DataFrame) -> None:
    with atomic_write(path) as partial:
        table.to_csv(partial, index=False, float_format="%.8g")


def shown(value: float, form: str) -> str:
    """Format a number; a dash where there is none."""
    if not np.isfinite(value):
        return "–"
    if form == "share":
        return f"{value:.1%}"
    if form == "gap":
        return f"{value:+.3f}"
    if form == "times":
        return f"× {value:.2f}"
    if form == "km":
        return f"{value:.1f} km"
    if form == "money":
        return f"{value / 1e6:,.2f} M" if abs(value) >= 1e5 else f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def _short(names: str) -> str:
    parts = [part for part in names.split(", ") if part]
    return "none" if not parts else ", ".join(parts[:6]) + (f" and {len(parts) - 6} more" if len(parts) > 6 else "")
