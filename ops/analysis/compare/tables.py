"""Tables of a comparison for the report, and its Monte Carlo samples and segments as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from geo.message import cut_list
from ops.analysis.compare.comparison import SAMPLES, SEGMENTS, Comparison
from ops.analysis.compare.wording import (
    assumption_source,
    input_name,
    input_source,
    k_known,
    names_in,
    shown,
    strips_at,
)
from ops.analysis.messages import plain
from ops.runtime.output import atomic_write, say
from ops.runtime.safe_text import safe_table

MEASURES: Final = (
    ("mean_detection", "percent"),
    ("least_detection", "percent"),
    ("mean_interruption", "percent"),
    ("least_interruption", "percent"),
    ("meets_requirement_km", "km"),
    ("assessed_fraction", "percent"),
    ("alerts_per_day", "number"),
    ("life_cycle_cost", "money"),
    ("first_cost", "money"),
    ("crew", "number"),
    ("teams", "number"),
    ("bought_fraction", "percent"),
    ("cost_per_km_meeting_requirement", "money"),
)
"""Sampled measures of a layout, and how a value is written."""
SINGLE: Final = (
    ("covered_km", "km"),
    ("cost_per_covered_km", "money"),
    ("challenge_left", "percent"),
    ("k", "number"),
    ("gain_before", "difference"),
    ("gain_after", "difference"),
)
"""Measures with one value for each layout."""
LISTED: Final = 6


def outcome_table(comparison: Comparison) -> dict[str, Any]:
    """Return every measure of each layout: the median, and the interval of the samples."""
    verdict, names = comparison.verdict, comparison.study.names
    rows = [
        [_measure(comparison, name), *(_sampled(verdict, layout, name, form) for layout in names)]
        for name, form in MEASURES
    ]
    for name, form in SINGLE:
        cells = (_single(verdict.sel(layout=layout), name, form) for layout in names)
        rows.append([_measure(comparison, name), *cells])
    known = {one: k_known(verdict.sel(layout=one)) for one in names}
    for name in ("single_points_of_failure", "unlinked"):
        listed = [_short(names_in(verdict[name].sel(layout=one))) for one in names]
        if name == "single_points_of_failure":  # unknown with k
            listed = [cell if known[one] else shown(np.nan, "number") for one, cell in zip(names, listed, strict=True)]
        rows.append([_measure(comparison, name), *listed])
    return {"title": say("compare-table-outcomes"), "columns": ["", *names], "rows": rows}


def _measure(comparison: Comparison, name: str) -> str:
    return say("compare-measure", measure=name, currency=comparison.verdict.attrs["currency"])


def _single(figures: xr.Dataset, name: str, form: str) -> str:
    """Write a measure with one value; the barrier resilience by its bounds where they differ."""
    value = shown(float(figures[name]), form)
    if name == "k" and float(figures["k_at_most"]) > float(figures["k"]):
        return say("compare-interval", low=value, high=shown(float(figures["k_at_most"]), form))
    return value


def _sampled(verdict: xr.Dataset, layout: str, name: str, form: str) -> str:
    """Write the median of a measure with its interval, or the fraction of the samples in which it has no value."""
    values, central = verdict[name].sel(layout=layout).to_numpy(), float(verdict[f"{name}_central"].sel(layout=layout))
    unknown = np.isnan(values)
    if not unknown.any():
        low, high = np.quantile(values, verdict.attrs["interval"])
        ends = {"low": shown(low, form), "high": shown(high, form)}
        return say("compare-range", middle=shown(central, form), **ends)
    if unknown.all():
        return shown(central, form)
    return say("compare-partly", middle=shown(central, form), fraction=float(unknown.mean()))


def pair_table(comparison: Comparison) -> dict[str, Any]:
    """Return P(A is better than B) by every objective, for the first layout against each other one."""
    verdict, first = comparison.verdict, comparison.study.names[0]
    rows = []
    for other in comparison.study.names[1:]:
        for objective in verdict["objective"].to_numpy():
            one = verdict.sel(objective=objective, layout=first, other=other)
            name = say("compare-objective", objective=str(objective))
            ends = {end: shown(float(one[f"difference_{end}"]), "difference") for end in ("low", "high")}
            rows.append(
                [
                    say("compare-pair", first=first, other=other, objective=name),
                    shown(float(one["beats"]), "percent"),
                    shown(float(one["ties"]), "percent"),
                    say("compare-range", middle=shown(float(one["difference"]), "difference"), **ends),
                ]
            )
    columns = ["", *(say(f"compare-column-{name}") for name in ("better", "ties", "difference"))]
    return {"title": say("compare-table-pairs"), "columns": columns, "rows": rows}


def break_even_table(comparison: Comparison) -> dict[str, Any]:
    """Return the break-even factors at which the verdict would change."""
    verdict, rows = comparison.verdict, []
    first = comparison.study.names[0]
    for other in comparison.study.names[1:]:
        one = verdict.sel(other=other)
        for side, name, rival in (("first", first, other), ("other", other, first)):
            rows.append(
                [
                    say("compare-break-even-row", layout=name, other=rival),
                    shown(float(one["break_even_availability"].sel(side=side)), "factor"),
                    shown(float(one["break_even_price"].sel(side=side)), "factor"),
                ]
            )
    columns = [say(f"compare-column-{name}") for name in ("layout", "availability", "price")]
    return {"title": say("compare-table-break-even"), "columns": columns, "rows": rows}


def strips_table(comparison: Comparison) -> dict[str, Any]:
    """Return interruption with half, as many and twice as many strips, all inputs central."""
    verdict = comparison.verdict
    rows = [
        [
            say("compare-strips-row", layout=layout, measure=_measure(comparison, name)),
            *(shown(float(value), "percent") for value in verdict[f"{name}_by_strips"].sel(layout=layout)),
        ]
        for layout in comparison.study.names
        for name in ("mean_interruption", "least_interruption")
    ]
    tried = [strips_at(verdict, float(factor)) for factor in verdict["strips_tried"]]
    columns = ["", *(say("compare-column-strips", strips=strips) for strips in tried)]
    return {"title": say("compare-table-strips"), "columns": columns, "rows": rows}


def assumption_table(comparison: Comparison) -> dict[str, Any]:
    """Return every input with its range, grade and source."""
    rows = [
        [input_name(name), plain(low), plain(middle), plain(high), grade, say(input_source(name, source))]
        for name, low, middle, high, grade, source in json.loads(comparison.verdict.attrs["inputs"])
    ]
    return {
        "title": say("compare-table-inputs"),
        "columns": [say(f"compare-column-{name}") for name in ("input", "low", "central", "high", "grade", "source")],
        "rows": rows,
        "quoted": True,
    }


def coverage_assumption_table(comparison: Comparison) -> dict[str, Any]:
    """Return the named assumptions of the detection model, which are not sampled."""
    rows = [
        [
            say("compare-assumption", name=one.name, text=one.name),
            plain(one.value),
            say("compare-assumption-unit", name=one.name, text=one.unit),
            one.confidence,
            say(assumption_source(one.name, one.source)),
        ]
        for one in comparison.study.ground.assumptions
    ]
    return {
        "title": say("compare-table-model"),
        "columns": [say(f"compare-column-{name}") for name in ("assumption", "value", "unit", "grade", "source")],
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
            met = (np.mean(one.met_by(values)), np.mean(one.met_by(values, value=one.first)))
            rows.append([name, *(shown(float(fraction), "percent") for fraction in met)])
        log = [
            say(
                "compare-requirement-changed" if number else "compare-requirement-set",
                name=one.name,
                value=plain(change.value),
                date=change.on.isoformat(),
                person=change.by,
                reason=change.why,
            )
            for number, change in enumerate(one.log)
        ]
        columns = [
            say("compare-column-layout"),
            say("compare-column-meets", value=plain(one.value)),
            say("compare-column-meets-first", value=plain(one.first)),
        ]
        title = say("compare-requirement-title", name=one.name, measure=_measure(comparison, one.measure))
        tables.append({"title": title, "columns": columns, "rows": rows, "log": log, "weakened": one.weakened})
    return tables


def write_tables(out: Path, comparison: Comparison) -> None:
    """Write samples and segments as CSV."""
    verdict, names = comparison.verdict, comparison.study.names
    frames = []
    for name in names:
        one = verdict.sel(layout=name)
        data = {label: one[label].to_numpy() for label, _ in MEASURES}
        frames.append(pd.DataFrame({"layout": name, "sample": np.arange(verdict.sizes["sample"]), **data}))
    _write(out / SAMPLES, pd.concat(frames))
    frames = []
    columns = ("segment_detection", "segment_detection_low", "segment_detection_high", "segment_interruption")
    for name in names:
        one = verdict.sel(layout=name)
        data = {label: one[label].to_numpy() for label in (*columns, "covered_fraction", "dead_ground_fraction")}
        shared = {label: verdict[label].to_numpy() for label in ("segment", "start_m", "end_m", "difficulty")}
        frames.append(pd.DataFrame({"layout": name, **shared, **data}))
    _write(out / SEGMENTS, pd.concat(frames))


def _write(path: Path, table: pd.DataFrame) -> None:
    with atomic_write(path) as partial:
        safe_table(table).to_csv(partial, index=False, float_format="%.8g")


def _short(names: list[str]) -> str:
    """Write a list of names, of which the first LISTED are named."""
    return say("list", names=cut_list(names, LISTED)) if names else say("compare-none")
