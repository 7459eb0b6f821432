"""The published numbers of a layout on a border: gaps, paths, interruption, resilience, sensors' contributions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from geo.message import Message
from ops.analysis.challenge.files import interruption_of
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.provenance import BY_PHASE, GONE, NO_BASES, Origin, by_strips, needs_caution
from ops.analysis.challenge.report.words import limit, of_segment, path_name, snake
from ops.analysis.challenge.work import SLOWER, STATES
from sensors.crossing.segments import UNKNOWN, UNREACHABLE
from sensors.interdiction.interception import LEAST
from sensors.statistics.statistic import Statistic


def of_layout(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """Yield statistics of a layout on the whole border."""
    segments, required = findings.segments, findings.required
    detection = segments["detection_probability"].to_numpy()
    crossed, known = np.isfinite(detection) & ~findings.unknown, ~findings.unknown
    unknown = int(findings.unknown.sum())
    excluded = (limit("excluded", count=unknown),) if unknown else ()
    below = float((detection[crossed] < required).sum())
    yield origin.fraction(
        "gap-segments",
        below,
        float(known.sum()),
        limit("every-unknown"),
        says={"required": required},
        layout=True,
        limits=excluded,
    )
    length = (segments["end_m"] - segments["start_m"]).to_numpy()
    yield origin.fraction(
        "gap-length",
        float(length[crossed][detection[crossed] < required].sum()),
        float(length[known].sum()),
        limit("every-unknown"),
        says={"required": required},
        layout=True,
        limits=excluded,
        n=int(known.sum()),
    )
    yield origin.fraction("unknown-segments", float(unknown), float(len(detection)), limit("no-segment"), layout=True)
    yield _least_detected(findings, origin, detection)
    yield _interruption(findings, origin)
    yield from _paths(findings, origin)
    yield from _confirmed(findings, origin)
    yield from _rasters(findings, origin)
    yield _resilience(findings, origin)


def _resilience(findings: Findings, origin: Origin) -> Statistic:
    name, barrier = "resilience", findings.barrier
    if "k" not in barrier:
        return origin.statistic(name, math.nan, "1", layout=True, limits=(limit("resilience-unknown"),))
    limits = [limit("footprints")]
    least = findings.least_detection
    if needs_caution(barrier["k"], least, findings.required):
        limits.append(Message("challenge-barrier-caution", {"least": least}))
    if barrier["upper_bound"]:
        limits.append(limit("upper-bound"))
    about: dict[str, Any] = {"layout": True, "n": len(findings.question.ground.layout)}
    if barrier.get("lower_bound"):
        about |= {"low": float(barrier["k"]), "high": float(barrier["k_at_most"])}
        bounds = (limit("barrier-bounds", high=barrier["k_at_most"]), *limits)
        interval = Message("challenge-interval-sight")
        return origin.statistic(name, barrier["k"], "1", interval=interval, limits=bounds, **about)
    return origin.statistic(name, barrier["k"], "1", of=cut_message(barrier), limits=tuple(limits), **about)


def cut_message(barrier: Any) -> Message:
    """The minimum cut set of a barrier."""
    cut = tuple(barrier["minimum_cut_set"])
    return Message("challenge-cut-set", {"sensors": cut}) if cut else Message("challenge-cut-set-empty")


def _least_detected(findings: Findings, origin: Origin, detection: Any) -> Statistic:
    name = "least-detection"
    if not np.isfinite(detection).any():
        states = findings.segments["state"].to_numpy().astype(int)
        why = tuple(GONE[state] for state in (UNREACHABLE, UNKNOWN) if (states == STATES.index(state)).any())
        return origin.statistic(name, math.nan, "1", layout=True, n=0, limits=why)
    at = int(np.nanargmin(detection))
    path = findings.crossings.get(LEAST)
    if path is not None and detection[path["segment"]] == detection[at]:
        at = int(path["segment"])  # of segments with equal detection, the one whose path is shown
    low = float(findings.segments["detection_probability_low"][at])
    unknown_m = float(findings.segments["unknown_m"][at])
    limits = limit("lower-bound", length=unknown_m) if unknown_m > 0 else limit("one-detection")
    return origin.statistic(
        name, detection[at], "1", layout=True, of=of_segment(at), n=int(np.isfinite(detection).sum()),
        interval=BY_PHASE, low=min(low, float(detection[at])), high=float(detection[at]), limits=(limits,),
    )  # fmt: skip


def _interruption(findings: Findings, origin: Origin) -> Statistic:
    name, least = "least-interruption", findings.segments["least_interruption"].to_numpy()
    if not np.isfinite(least[:, 0]).any():
        why = NO_BASES if findings.question.response is None else limit("interruption-unknown")
        return origin.statistic(name, math.nan, "1", layout=True, n=0, limits=(why,))
    at = int(np.nanargmin(least[:, 0]))
    slower = zip(SLOWER[1:], least[at, 1:], strict=True)
    slow = [limit("slower", value=float(value), factor=factor) for factor, value in slower]
    excluded, unknown_m = left_out(findings), unknown_on_worst(findings, at)
    bound = [limit("lower-bound", length=unknown_m)] if unknown_m > 0.0 else []
    some = [limit("excluded", count=excluded)] if excluded else []
    return origin.statistic(
        name, least[at, 0], "1", layout=True, of=of_segment(at), n=int(np.isfinite(least[:, 0]).sum()),
        limits=(*bound, limit("three-paths"), *some, *slow),
        assumptions=origin.of_interruption(findings, at), **_sensitivity(findings, at),
    )  # fmt: skip


def left_out(findings: Findings) -> int:
    """Number of segments whose interruption is unknown, of those that can be crossed as far as is known."""
    segments = findings.segments
    unknown = np.isnan(segments["least_interruption"].sel(slower=1.0).to_numpy())
    return int((unknown & (segments["state"].to_numpy() != STATES.index(UNREACHABLE))).sum())


def unknown_on_worst(findings: Findings, segment: int) -> float:
    """Length [m] of a segment's path of least interruption over which the line of sight of some sensor is unknown.

    Above 0 its interruption is a lower bound. Of paths with equal interruption, the one with the least such length.
    """
    one = findings.segments.isel(segment=segment).sel(slower=1.0)
    worst = one["interruption_probability"].to_numpy() == float(one["least_interruption"])
    return float(one["path_unknown_m"].to_numpy()[worst].min()) if worst.any() else 0.0


def _sensitivity(findings: Findings, segment: int, kind: str | None = None) -> dict[str, Any]:
    """Return the interval of the interruption of a way through a segment, without ``kind`` of the least of all."""
    one = findings.segments.isel(segment=segment)
    tried = one["least_by_strips"] if kind is None else one["interruption_by_strips"].sel(way=kind)
    return by_strips(tried.to_numpy(), float(one["strips"]))


def _paths(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """Yield time, detection and interruption of each of the three paths."""
    for kind, path in findings.crossings.items():
        says, of = {"path": path_name(kind)}, of_segment(path["segment"])
        over = limit("overlength", overlength=path["overlength"])
        one_path = Message("challenge-interval-one-path")
        yield origin.statistic(
            "path-time",
            path["seconds"],
            "s",
            id=f"path-time-{snake(kind)}",
            layout=True,
            says=says,
            of=of,
            interval=one_path,
            limits=(over,),
        )
        seen: dict[str, Any] = {"limits": (limit("detection-unknown"),)}
        if not math.isnan(path["p_detect"]):
            bound = [limit("lower-bound", length=path["unknown_m"])] if path["unknown_m"] else []
            low = min(path["p_detect_low"], path["p_detect"])
            seen = {"interval": BY_PHASE, "low": low, "high": path["p_detect"], "limits": (*bound, over)}
        yield origin.statistic(
            "path-detection", path["p_detect"], "1", id=f"path-detection-{snake(kind)}", layout=True, says=says, of=of,
            **seen,
        )  # fmt: skip
        interruption = interruption_of(findings, path)
        why = [no_interruption(findings, path["segment"], kind)]
        if math.isfinite(interruption):
            why = [*([limit("lower-bound", length=path["unknown_m"])] if path["unknown_m"] else []), limit("tasks")]
        yield origin.statistic(
            "path-interruption", interruption, "1", id=f"path-interruption-{snake(kind)}", layout=True, says=says,
            of=of,
            limits=tuple(why),
            assumptions=origin.of_interruption(findings, path["segment"]),
            **_sensitivity(findings, path["segment"], kind),
        )  # fmt: skip


def no_interruption(findings: Findings, segment: int, *ways: str) -> Message:
    """Why the interruption of a crossing through a segment, by one of the ``ways``, is unknown."""
    one = findings.segments.isel(segment=segment)
    if int(one["state"]) == STATES.index(UNKNOWN):
        return limit("detection-unknown")
    if findings.question.response is None:
        return NO_BASES
    late = one["path_response"].sel(way=list(ways)).to_numpy()[one["path_seconds"].sel(way=list(ways)).notnull()]
    return limit("response-unknown" if np.isnan(late).any() else "no-response")


def _confirmed(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """Yield the probability that a crossing on each of the three paths becomes a confirmed track, by simulation."""
    for kind, path in findings.crossings.items():
        found, name = path["confirmed"], "path-confirmed"
        about: dict[str, Any] = {
            "layout": True, "says": {"path": path_name(kind)}, "of": of_segment(path["segment"]),
            "id": f"path-confirmed-{snake(kind)}",
        }  # fmt: skip
        if "unknown" in found:
            why = limit("simulation-unknown" if findings.question.runs else "not-simulated")
            yield origin.statistic(name, math.nan, "1", limits=(why,), **about)
        elif not found["runs"]:
            yield origin.statistic(name, found["value"], "1", limits=(limit("no-coverage-on-path"),), **about)
        else:
            yield origin.statistic(
                name, found["value"], "1", numerator=found["count"], denominator=found["runs"], n=found["runs"],
                low=found["low"], high=found["high"], interval=Message("challenge-interval-wilson"),
                limits=(*([limit("at-least")] if found["at_least"] else []), limit("simulated")), **about,
            )  # fmt: skip


def _rasters(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    dead = cells = covered = undecided = every = 0.0
    for part in findings.parts.values():
        layer = part.rasters["layout_dead_ground"].to_numpy()
        dead, cells = dead + float(np.nansum(layer)), cells + float(np.isfinite(layer).sum())
        unknown = part.rasters["sensors_unknown"].to_numpy()
        meets = part.rasters["expected_probability"].to_numpy() >= findings.required
        covered, undecided = covered + float(meets.sum()), undecided + float((~meets & (unknown > 0.0)).sum())
        every += float(np.isfinite(unknown).sum())
    why, question = limit("sight-unknown"), findings.question
    yield origin.fraction("dead-ground-layout", dead, cells, why, layout=True)
    says = {"required": findings.required, "exposure": question.dwell_s}
    limits: tuple[Message, ...] = ()
    if undecided:
        ends = {"low": covered / every, "high": (covered + undecided) / every}
        limits = (limit("undecided", unknown=undecided / every, **ends),)
    yield origin.fraction("covered", covered, every - undecided, why, layout=True, says=says, limits=limits)


def of_sensors(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """Yield the leave-one-out contribution of each sensor."""
    n = int(np.isfinite(findings.segments["detection_probability"].to_numpy()).sum())
    for sensor in findings.sensors["sensor"].to_numpy():
        one = findings.sensors.sel(sensor=sensor)
        for column, name in (("mean_contribution", "contribution"), ("coverage_gaps_opened", "opened")):
            value = float(one[column])
            whole: dict[str, Any] = {"numerator": value, "denominator": float(n)} if name == "opened" and n else {}
            yield origin.statistic(
                name,
                value / n if whole else value,
                "1",
                layout=True,
                of=str(sensor),
                n=n,
                limits=() if n else (limit("none-crossable"),),
                **whole,
            )
