"""The published numbers of a layout on a border: gaps, paths, interruption, resilience, sensors' contributions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ops.analysis.challenge.files import interruption_of
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.provenance import BY_PHASE, DEPTH_RULE, GONE, NO_BASES, Origin, by_strips, depth_caution
from ops.analysis.challenge.work import SLOWER, STATES
from sensors.crossing.segments import UNKNOWN, UNREACHABLE
from sensors.interdiction.interception import LEAST
from sensors.statistics.statistic import Statistic


def of_layout(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """Yield statistics of a layout on the whole border."""
    segments, required = findings.segments, findings.required
    detection = segments["detection_probability"].to_numpy()
    crossed = np.isfinite(detection)
    state = segments["state"].to_numpy().astype(int)
    unknown = int((state == STATES.index(UNKNOWN)).sum())
    excluded = f"{unknown} more segments are unknown and in no count" if unknown else ""
    below = float((detection[crossed] < required).sum())
    yield origin.share(
        f"segments below {required:g}",
        below,
        float((state != STATES.index(UNKNOWN)).sum()),
        "every segment is unknown",
        layout=True,
        limits=excluded,
    )
    length = (segments["end_m"] - segments["start_m"]).to_numpy()
    yield origin.share(
        f"metres of border below {required:g}",
        float(length[crossed][detection[crossed] < required].sum()),
        float(length[state != STATES.index(UNKNOWN)].sum()),
        "every segment is unknown",
        layout=True,
        limits=excluded,
        n=int((state != STATES.index(UNKNOWN)).sum()),
    )
    yield origin.share("segments that are unknown", float(unknown), float(len(detection)), "no segment", layout=True)
    yield _least_detected(findings, origin, detection)
    yield _interruption(findings, origin)
    yield from _paths(findings, origin)
    yield from _confirmed(findings, origin)
    yield from _rasters(findings, origin)
    held = findings.barrier
    if "k" in held:
        bound = "an upper bound: the border was worked in stretches" if held["bound"] else ""
        caution = depth_caution(held["k"], findings.least_detection, required)
        limits = "; ".join(filter(None, (DEPTH_RULE, caution, bound)))
        cut = f"cut: {', '.join(held['cut'])}" if held["cut"] else "open already"
        yield origin.statistic(
            "sensors deep (k)",
            held["k"],
            "1",
            layout=True,
            of=cut,
            limits=limits,
            n=len(findings.question.ground.layout),
        )
    else:
        yield origin.statistic("sensors deep (k)", math.nan, "1", layout=True, limits=str(held["unknown"]))


def _least_detected(findings: Findings, origin: Origin, detection: Any) -> Statistic:
    name = "least detection of a crossing"
    if not np.isfinite(detection).any():
        return origin.statistic(
            name, math.nan, "1", layout=True, n=0, limits=f"{GONE[UNREACHABLE]}, or {GONE[UNKNOWN]}"
        )
    at = int(np.nanargmin(detection))
    path = findings.crossings.get(LEAST)
    if path is not None and detection[path["segment"]] == detection[at]:
        at = int(path["segment"])  # of segments with equal detection, the one whose path is shown
    low = float(findings.segments["detection_probability_low"][at])
    unknown_m = float(findings.segments["unknown_m"][at])
    return origin.statistic(
        name, detection[at], "1", layout=True, of=f"segment {at}", n=int(np.isfinite(detection).sum()),
        interval=BY_PHASE, low=min(low, float(detection[at])), high=float(detection[at]),
        limits=f"a lower bound: over {unknown_m:.0f} m some sensor's sight is unknown" if unknown_m > 0 else
        "at least one detection; a confirmed track is less likely",
    )  # fmt: skip


def _interruption(findings: Findings, origin: Origin) -> Statistic:
    name, least = "least probability of interruption", findings.segments["least_interruption"].to_numpy()
    if not np.isfinite(least[:, 0]).any():
        why = NO_BASES if findings.question.response is None else "unknown in every segment"
        return origin.statistic(name, math.nan, "1", layout=True, n=0, limits=why)
    at = int(np.nanargmin(least[:, 0]))
    slow = ", ".join(
        f"{value:.2f} with a response {f:g} times as slow" for f, value in zip(SLOWER[1:], least[at, 1:], strict=True)
    )
    return origin.statistic(
        name, least[at, 0], "1", layout=True, of=f"segment {at}", n=int(np.isfinite(least[:, 0]).sum()),
        limits=f"the least of three ways is not the worst; {slow}",
        assumptions=origin.of_interruption(findings, at), **_sensitivity(findings, at),
    )  # fmt: skip


def _sensitivity(findings: Findings, segment: int, kind: str | None = None) -> dict[str, Any]:
    """Return the interval of the interruption of a way through a segment, without ``kind`` of the least of all."""
    one = findings.segments.isel(segment=segment)
    tried = one["least_by_strips"] if kind is None else one["interruption_by_strips"].sel(way=kind)
    return by_strips(tried.to_numpy(), float(one["strips"]))


def _paths(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """Yield time, detection and interruption of each of the three paths."""
    for kind, path in findings.crossings.items():
        of, over = f"segment {path['segment']}", f"the way is up to {path['overlength']:.2%} too long"
        yield origin.statistic(
            f"time, {kind} way", path["seconds"], "s", layout=True, of=of, interval="none: one way", limits=over
        )
        unknown = (
            f"a lower bound: some sensor's sight is unknown over {path['unknown_m']:.0f} m; "
            if path["unknown_m"]
            else ""
        )
        yield origin.statistic(
            f"detection, {kind} way", path["p_detect"], "1", layout=True, of=of, interval=BY_PHASE,
            low=min(path["p_detect_low"], path["p_detect"]), high=path["p_detect"], limits=unknown + over,
        )  # fmt: skip
        interruption = interruption_of(findings, path)
        yield origin.statistic(
            f"interruption, {kind} way", interruption, "1", layout=True, of=of,
            limits="task times independent and normal" if math.isfinite(interruption) else _no_response(findings),
            assumptions=origin.of_interruption(findings, path["segment"]),
            **_sensitivity(findings, path["segment"], kind),
        )  # fmt: skip


def _no_response(findings: Findings) -> str:
    return NO_BASES if findings.question.response is None else "nobody can tell how long the response or the way takes"


def _confirmed(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """Yield the probability that a crossing on each of the three paths becomes a confirmed track, by simulation."""
    for kind, path in findings.crossings.items():
        share, name, of = path["confirmed"], f"confirmed track, {kind} way", f"segment {path['segment']}"
        if "unknown" in share:
            yield origin.statistic(name, math.nan, "1", layout=True, of=of, limits=str(share["unknown"]))
        elif not share["runs"]:
            yield origin.statistic(name, share["value"], "1", layout=True, of=of, limits="nobody watches the way")
        else:
            yield origin.statistic(
                name, share["value"], "1", layout=True, of=of, numerator=share["count"], denominator=share["runs"],
                n=share["runs"], low=share["low"], high=share["high"], interval="Wilson, 95 %, of simulated crossings",
                limits=("a lower bound; " if share["at_least"] else "") + share["limits"],
            )  # fmt: skip


def _rasters(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    dead = cells = covered = known = 0.0
    for part in findings.parts.values():
        layer = part.rasters["layout_dead_ground"].to_numpy()
        dead, cells = dead + float(np.nansum(layer)), cells + float(np.isfinite(layer).sum())
        chance = part.rasters["expected_probability"].to_numpy()
        covered += float((chance >= findings.required).sum())
        known += float(np.isfinite(chance).sum())
    why = "the sight of every cell is unknown"
    yield origin.share("dead ground of the layout", dead, cells, why, layout=True)
    yield origin.share(
        f"belt covered to {findings.required:g} within {findings.question.dwell_s:g} s",
        covered,
        known,
        why,
        layout=True,
    )


def of_sensors(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """Yield the leave-one-out contribution of each sensor."""
    n = int(np.isfinite(findings.segments["detection_probability"].to_numpy()).sum())
    for sensor in findings.sensors["sensor"].to_numpy():
        one = findings.sensors.sel(sensor=sensor)
        for name, title in (
            ("mean_worth", "mean loss of detection without it"),
            ("opened", "share of the segments opened by its loss"),
        ):
            limits = "" if n else "no segment can be crossed, as far as is known"
            value = float(one[name])
            whole: dict[str, Any] = {"numerator": value, "denominator": float(n)} if name == "opened" and n else {}
            yield origin.statistic(
                title, value / n if whole else value, "1", layout=True, of=str(sensor), n=n, limits=limits, **whole
            )
