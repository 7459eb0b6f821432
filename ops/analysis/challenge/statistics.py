"""The published numbers of a challenge as records, for the whole border and for every segment."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from geo.challenge.measures import dead_name
from geo.challenge.scores import SCORES
from geo.message import Message
from ops.analysis.challenge.findings import LIMITS, Findings, proved
from ops.analysis.challenge.layout_statistics import no_interruption, of_layout, of_sensors, unknown_on_worst
from ops.analysis.challenge.provenance import (
    BY_ERROR,
    BY_PHASE,
    BY_SEGMENT,
    GONE,
    NO_BASES,
    NOT_DRAWN,
    OFF_ERROR,
    Origin,
    by_strips,
)
from ops.analysis.challenge.report.words import limit, of_segment, score_name
from ops.analysis.challenge.work import STATES
from sensors.interdiction.interception import WAYS
from sensors.statistics.statistic import Statistic

GROUND: Final = ("crossing_time", "response_time", "ruggedness", "vector_ruggedness", "slope", "positive_openness",
                 "negative_openness", "known_fraction", "canopy_fraction")  # fmt: skip

NEVER_DRAWN: Final = ("known_fraction", "response_time", "canopy_fraction")
"""Measures that do not depend on errors of the elevation."""

WHY_UNKNOWN: Final = {"response_time": limit("response-unknown")}
"""Why a measure is unknown, of those that have a reason of their own."""


def records_of(findings: Findings) -> list[Statistic]:
    """Return the numbers of the whole border: first those of the terrain, then those of the layout."""
    origin = Origin.of(findings)
    return [*_of_ground(findings, origin), *of_layout(findings, origin), *of_sensors(findings, origin)]


def _of_ground(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    segments = findings.segments
    cells = segments["cells"].sel(belt="both").to_numpy()
    known = np.rint(segments["known_fraction"].sel(belt="both").to_numpy() * cells)
    yield origin.fraction("known-terrain", known.sum(), cells.sum(), limit("no-cell"))
    for height in findings.question.settings.target_heights_m:
        dead = segments[dead_name(height)].sel(belt="both").to_numpy()
        hidden = np.nansum(np.where(np.isnan(dead), 0.0, dead) * known)
        counted = known[~np.isnan(dead)].sum()
        yield origin.fraction(
            "dead-ground-any-layout",
            float(np.rint(hidden)),
            counted,
            limit("all-terrain-unknown"),
            says={"height": height},
            id=f"dead-ground-any-layout-{height:g}m",
            limits=(limit("best-sites"),),
            interval=BY_SEGMENT if f"{dead_name(height)}_low" in segments else NOT_DRAWN,
        )
    time = segments["crossing_time"].to_numpy()
    if np.isfinite(time).any():
        fastest = int(np.nanargmin(np.where(np.isfinite(time), time, np.nan)))
        yield origin.statistic(
            "least-crossing-time", time[fastest], "s", of=of_segment(fastest), n=int((~np.isnan(time)).sum()),
            **_drawn(segments, "crossing_time", fastest),
        )  # fmt: skip
    yield origin.fraction(
        "uncrossable", float(np.isinf(time).sum()), float((~np.isnan(time)).sum()), limit("every-unknown")
    )
    yield _median(findings, origin)
    for score, (measure, _) in SCORES.items():
        name = dead_name(findings.question.settings.target_heights_m[-1]) if measure == "dead_ground" else measure
        if f"{name}_outside" in segments and not segments.attrs.get("reference_misfit"):
            outside, value = segments[f"{name}_outside"], segments[name]
            outside, value = (a.sel(belt="both") if "belt" in a.dims else a for a in (outside, value))
            yield origin.fraction(
                "outside-reference",
                float(outside.sum()),
                float(value.notnull().sum()),
                limit("measure-unknown"),
                says={"score": score_name(score)},
                id=f"outside-reference-{score}",
                limits=(limit("reference", **reference_of(findings)),),
            )
    if findings.composite is not None:
        made = findings.composite
        weights = tuple(
            Message("challenge-weight", _any(score=score_name(name), value=value))
            for name, value in made.weights.items()
        )
        for label, figure in (
            ("composite-correlation", made.rank_correlation),
            ("composite-stable", made.stable_top),
        ):
            n = int(np.isfinite(made.value).sum())
            limits = (limit("weights", weights=weights, change=made.change),)
            yield origin.statistic(label, figure, "1", n=n, limits=limits)


def reference_of(findings: Findings) -> dict[str, str]:
    """The name and version of the reference table, as parameters of a message."""
    table = findings.question.reference
    return {"table": "–", "version": ""} if table is None else {"table": table.name, "version": str(table.version)}


def _any(**parameters: Any) -> dict[str, Any]:
    return parameters


def _drawn(segments: Any, name: str, segment: int) -> dict[str, Any]:
    if f"{name}_low" not in segments:
        return {"interval": NOT_DRAWN}
    low, high = (float(segments[f"{name}_{end}"][segment]) for end in ("low", "high"))
    if not (math.isfinite(low) and math.isfinite(high)):
        return {"interval": Message("challenge-interval-uncrossable")}
    outside = not min(low, high) <= float(segments[name][segment]) <= max(low, high)
    return {"interval": OFF_ERROR if outside else BY_ERROR, "low": min(low, high), "high": max(low, high)}


def _median(findings: Findings, origin: Origin) -> Statistic:
    name = "median-response"
    if "response_time" not in findings.segments:
        return origin.statistic(name, math.nan, "s", n=0, limits=(NO_BASES,))
    time = findings.segments["response_time"].sel(belt="both").to_numpy()
    known = time[~np.isnan(time)]
    value, unknown = float(np.median(known)) if len(known) else math.nan, len(time) - len(known)
    excluded = (limit("excluded", count=unknown),) if unknown else ()
    return origin.statistic(
        name, value, "s", n=len(known), limits=excluded if len(known) else (limit("every-unknown"),),
        assumptions=origin.of_response,
    )  # fmt: skip


def records_by_segment(findings: Findings) -> list[Statistic]:
    """Return every published number of every segment, both sides of the belt together."""
    origin, segments = Origin.of(findings), findings.segments
    dead = [dead_name(height) for height in findings.question.settings.target_heights_m]
    names = [name for name in (*GROUND, *dead) if name in segments]
    records = [record for name in names for record in _by_segment(findings, origin, name)]
    scored = int(max(segments[name].notnull().sum() for name in SCORES))
    for name in SCORES:
        for segment, value in enumerate(segments[name].to_numpy()):
            limits = limit("within-border" if np.isfinite(value) else "headline-unknown")
            records.append(
                origin.statistic(
                    name,
                    value,
                    "1",
                    of=of_segment(segment),
                    n=scored,
                    limits=(limits,),
                    name=name,
                    **_whose(origin, name),
                    **_drawn(segments, name, segment),
                )
            )
    return records + list(_detection_by_segment(findings, origin))


def _whose(origin: Origin, name: str) -> dict[str, Any]:
    """Return the assumptions of a measure whose mover is who responds, not who crosses."""
    return {"assumptions": origin.of_response} if name in ("response_time", "response_difficulty") else {}


def _by_segment(findings: Findings, origin: Origin, name: str) -> Iterator[Statistic]:
    segments = findings.segments
    values = segments[name].sel(belt="both") if "belt" in segments[name].dims else segments[name]
    cells = segments["cells"].sel(belt="both").to_numpy()
    known = np.rint(segments["known_fraction"].sel(belt="both").to_numpy() * cells)
    flat = segments.sel(belt="both")
    unit = str(segments[name].attrs["units"])
    sure = proved(findings, name) if name in LIMITS else np.ones(len(cells), bool)
    for segment, value in enumerate(values.to_numpy().astype(float)):
        whole = {"known_fraction": cells[segment]}.get(name, known[segment] if name.startswith("dead_ground") else None)
        parts: dict[str, Any] = {}
        if whole is not None and np.isfinite(value):
            parts = {"numerator": float(np.rint(value * whole)), "denominator": float(whole)}
        limits = () if not math.isnan(value) else (WHY_UNKNOWN.get(name, limit("terrain-or-access")),)
        if name in LIMITS and not sure[segment]:
            limits = (LIMITS[name],)
        yield origin.statistic(
            name, value, unit, name=name, of=of_segment(segment), n=int(cells[segment]), limits=limits, **parts,
            **_whose(origin, name),
            **({} if name in NEVER_DRAWN else _drawn(flat, name, segment)),
        )  # fmt: skip


def _detection_by_segment(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    segments = findings.segments
    state = segments["state"].to_numpy().astype(int)
    low = segments["detection_probability_low"].to_numpy()
    sure = {name: proved(findings, name) for name in ("detection_probability", "least_interruption")}
    for segment, value in enumerate(segments["detection_probability"].to_numpy()):
        gone = GONE.get(STATES[state[segment]])
        bracket: dict[str, Any] = {"interval": Message("challenge-interval-none", _any(reason=gone))} if gone else {
            "interval": BY_PHASE, "low": min(float(low[segment]), float(value)), "high": float(value)
        }  # fmt: skip
        limits = [gone] if gone else []
        if not gone and float(segments["unknown_m"][segment]) > 0.0:
            limits.append(limit("lower-bound-path"))
        if not gone and not sure["detection_probability"][segment]:
            limits.append(LIMITS["detection_probability"])
        of, name = of_segment(segment), "detection_probability"
        yield origin.statistic(name, value, "1", layout=True, name=name, of=of, limits=tuple(limits), **bracket)
        least = float(segments["least_interruption"][segment, 0])
        why = [] if math.isfinite(least) else [gone or no_interruption(findings, segment, *WAYS)]
        if not why and unknown_on_worst(findings, segment) > 0.0:
            why.append(limit("lower-bound-path"))
        if math.isfinite(least) and not sure["least_interruption"][segment]:
            why.append(LIMITS["least_interruption"])
        one = segments.isel(segment=segment)
        yield origin.statistic(
            "least_interruption", least, "1", layout=True, name="least_interruption", of=of, limits=tuple(why),
            assumptions=origin.of_interruption(findings, segment),
            **by_strips(one["least_by_strips"].to_numpy(), float(one["strips"])),
        )  # fmt: skip
