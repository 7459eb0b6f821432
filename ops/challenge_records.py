"""The published numbers of a challenge as records, of the whole border and of every segment."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from geo.challenge_measures import dead_name
from geo.challenge_scores import SCORES
from ops.challenge_findings import Findings
from ops.challenge_work import SLOWER, STATES
from sensors.interception import LEAST, ResponseSettings
from sensors.segment_detection import UNKNOWN, UNREACHABLE
from sensors.statistic import CENSUS, Statistic

BY_PHASE: Final = "random phase of the scans: lower and upper end"
BY_ERROR: Final = "5 to 95 % of drawn errors of the elevation"
NOT_DRAWN: Final = "none: no errors of the elevation were drawn"
GROUND: Final = ("crossing_time", "response_time", "ruggedness", "vector_ruggedness", "slope", "positive_openness",
                 "negative_openness", "known_share", "canopy_share")  # fmt: skip
NO_BASES: Final = "no bases: nobody knows how soon somebody comes"
CHECKED_CELLS: Final = 8_192
"""Cells along a side up to which every height is in the checksum; of larger terrains every n-th, as it says."""
GONE: Final = {
    UNREACHABLE: "nobody can cross the segment, so there is no crossing to detect",
    UNKNOWN: "the ground or the sensors' sight of every way is unknown",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where all numbers of one run come from."""

    ground: str
    layout: str
    data_version: str
    code_version: str
    of_ground: tuple[str, ...]
    of_layout: tuple[str, ...]

    @classmethod
    def of(cls, findings: Findings) -> Origin:
        job = findings.job
        ground, settings, response = job.ground, job.settings, ResponseSettings()
        line = hashlib.blake2b(ground.border.line.wkb, digest_size=8).hexdigest()
        attrs = ground.terrain.attrs
        every = max(1, max(ground.terrain["elevation"].shape) // CHECKED_CELLS)
        heights = np.ascontiguousarray(ground.terrain["elevation"][::every, ::every].to_numpy(), np.float32)
        terrain = hashlib.blake2b(heights.tobytes(), digest_size=8).hexdigest() + (f"/{every}" if every > 1 else "")
        sensors = hashlib.blake2b("\n".join(repr(s) for s in ground.layout).encode(), digest_size=8).hexdigest()
        missing = str(findings.segments.attrs.get("missing", ""))
        movement = f"movement by {settings.mover}" + (f", without {missing}" if missing else "")
        yard = ", ".join(f"{name} {value}" for name, value in settings.yardstick().items())
        error = str(findings.segments.attrs.get("dem_error", "not drawn"))
        return cls(
            ground=f"terrain above {attrs.get('datum', 'an unknown datum')}, cells of {attrs.get('cell_m', '?')} m",
            layout=f"layout {ground.layout.name}, {len(ground.layout)} sensors, on that terrain",
            data_version=f"terrain {terrain}, border {line}, layout {sensors}",
            code_version=f"watchline {version('watchline')}",
            of_ground=(movement, f"belt {job.belt_m:g} m", f"yardstick: {yard}", f"errors of the elevation: {error}"),
            of_layout=(
                f"target {job.target}, conditions {job.conditions}, {job.direction}",
                "misses of sensors and looks independent",
                movement,
                f"response times spread by {response.sd_share:g}, an alarm is passed on {response.communication:g}",
                "named settings of the sensors: summary.json",
            ),
        )

    def statistic(self, name: str, value: float, unit: str, *, layout: bool = False, **more: Any) -> Statistic:
        """A record of this origin, of the layout or of the ground."""
        told = {
            "interval": CENSUS,
            "source": self.layout if layout else self.ground,
            "assumptions": self.of_layout if layout else self.of_ground,
        }
        fixed = {"data_version": self.data_version, "code_version": self.code_version}
        return Statistic(name=name, value=float(value), unit=unit, **(told | fixed | more))


def records_of(findings: Findings) -> list[Statistic]:
    """The numbers of the whole border: of the ground first, then of the layout."""
    origin = Origin.of(findings)
    return [*_of_ground(findings, origin), *_of_layout(findings, origin), *_of_sensors(findings, origin)]


def _share(origin: Origin, name: str, part: float, whole: float, why: str, **more: Any) -> Statistic:
    value = part / whole if whole > 0 else math.nan
    limits = more.pop("limits", "") if whole > 0 else why
    return origin.statistic(name, value, "1", numerator=part, denominator=whole, n=int(whole), limits=limits, **more)


def _of_ground(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    segments = findings.segments
    cells = segments["cells"].sel(belt="both").to_numpy()
    known = np.rint(segments["known_share"].sel(belt="both").to_numpy() * cells)
    yield _share(origin, "known ground of the belt", known.sum(), cells.sum(), "the belt has no cell")
    for height in findings.job.settings.target_heights_m:
        dead = segments[dead_name(height)].sel(belt="both").to_numpy()
        hidden = np.nansum(np.where(np.isnan(dead), 0.0, dead) * known)
        counted = known[~np.isnan(dead)].sum()
        yield _share(
            origin, f"dead ground for any layout, targets of {height:g} m", float(np.rint(hidden)), counted,
            "all of the belt's ground is unknown", limits="best few sites of each segment; see the yardstick",
        )  # fmt: skip
    time = segments["crossing_time"].to_numpy()
    if np.isfinite(time).any():
        fastest = int(np.nanargmin(np.where(np.isfinite(time), time, np.nan)))
        yield origin.statistic(
            "least crossing time", time[fastest], "s", of=f"segment {fastest}", n=int((~np.isnan(time)).sum()),
            **_drawn(segments, "crossing_time", fastest),
        )  # fmt: skip
    yield _share(
        origin, "segments that nobody can cross", float(np.isinf(time).sum()), float((~np.isnan(time)).sum()),
        "the ground of every segment is unknown",
    )  # fmt: skip
    yield _median(findings, origin)
    for score, (measure, _) in SCORES.items():
        name = dead_name(findings.job.settings.target_heights_m[-1]) if measure == "dead_ground" else measure
        if f"{name}_outside" in segments and not segments.attrs.get("reference_misfit"):
            outside, value = segments[f"{name}_outside"], segments[name]
            outside, value = (a.sel(belt="both") if "belt" in a.dims else a for a in (outside, value))
            yield _share(
                origin, f"segments outside the reference, {score.replace('_', ' ')}", float(outside.sum()),
                float(value.notnull().sum()), "the measure is unknown", limits=str(segments.attrs["reference"]),
            )  # fmt: skip
    if findings.composite is not None:
        made = findings.composite
        weights = ", ".join(f"{name} {value:g}" for name, value in made.weights.items())
        for label, figure in (
            ("composite, least rank correlation", made.rank_correlation),
            ("composite, top tenth that stays", made.stable_top),
        ):
            limits = f"weights {weights}, each changed by ± {made.change:.0%}"
            yield origin.statistic(label, figure, "1", n=int(np.isfinite(made.value).sum()), limits=limits)


def _drawn(segments: Any, name: str, segment: int) -> dict[str, Any]:
    if f"{name}_low" not in segments:
        return {"interval": NOT_DRAWN}
    low, high = (float(segments[f"{name}_{end}"][segment]) for end in ("low", "high"))
    if not (math.isfinite(low) and math.isfinite(high)):
        return {"interval": "none: in some draws nobody can cross, or nobody knows"}
    return {"interval": BY_ERROR, "low": min(low, high), "high": max(low, high)}


def _median(findings: Findings, origin: Origin) -> Statistic:
    name = "median response time of the segments"
    if "response_time" not in findings.segments:
        return origin.statistic(name, math.nan, "s", n=0, limits=NO_BASES)
    time = findings.segments["response_time"].sel(belt="both").to_numpy()
    known = np.sort(time[~np.isnan(time)])
    value = known[len(known) // 2] if len(known) else math.nan
    return origin.statistic(name, value, "s", n=len(known), limits="" if len(known) else "unknown in every segment")


def _of_layout(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    segments, required = findings.segments, findings.required
    found = segments["detection_probability"].to_numpy()
    crossed = np.isfinite(found)
    state = segments["state"].to_numpy().astype(int)
    unknown = int((state == STATES.index(UNKNOWN)).sum())
    told = f"{unknown} more segments are unknown and in no count" if unknown else ""
    below = float((found[crossed] < required).sum())
    yield _share(
        origin, f"segments below {required:g}", below, float((state != STATES.index(UNKNOWN)).sum()),
        "every segment is unknown", layout=True, limits=told,
    )  # fmt: skip
    length = (segments["end_m"] - segments["start_m"]).to_numpy()
    yield _share(
        origin, f"metres of border below {required:g}", float(length[crossed][found[crossed] < required].sum()),
        float(length[state != STATES.index(UNKNOWN)].sum()), "every segment is unknown", layout=True, limits=told,
    )  # fmt: skip
    yield _share(origin, "segments that are unknown", float(unknown), float(len(found)), "no segment", layout=True)
    yield _least(findings, origin, found)
    yield _interruption(findings, origin)
    yield from _confirmed(findings, origin)
    yield from _rasters(findings, origin)
    held = findings.barrier
    if "k" in held:
        limits = "an upper bound: the border was worked in stretches" if held["bound"] else ""
        cut = ", ".join(held["cut"]) or "none: it is open already"
        yield origin.statistic(
            "sensors deep (k)",
            held["k"],
            "1",
            layout=True,
            of=f"cut: {cut}",
            limits=limits,
            n=len(findings.job.ground.layout),
        )
    else:
        yield origin.statistic("sensors deep (k)", math.nan, "1", layout=True, limits=str(held["unknown"]))


def _least(findings: Findings, origin: Origin, found: Any) -> Statistic:
    name = "least detection of a crossing"
    if not np.isfinite(found).any():
        return origin.statistic(
            name, math.nan, "1", layout=True, n=0, limits=f"{GONE[UNREACHABLE]}, or {GONE[UNKNOWN]}"
        )
    at = int(np.nanargmin(found))
    way = findings.crossings.get(LEAST)
    if way is not None and found[way["segment"]] == found[at]:
        at = int(way["segment"])  # of segments that are detected alike the one whose way is shown
    low = float(findings.segments["detection_probability_low"][at])
    unseen = float(findings.segments["unknown_m"][at])
    return origin.statistic(
        name, found[at], "1", layout=True, of=f"segment {at}", n=int(np.isfinite(found).sum()), interval=BY_PHASE,
        low=min(low, float(found[at])), high=float(found[at]),
        limits=f"a lower bound: over {unseen:.0f} m some sensor's sight is unknown" if unseen > 0 else
        "at least one detection; a confirmed track is less likely",
    )  # fmt: skip


def _interruption(findings: Findings, origin: Origin) -> Statistic:
    name, least = "least probability of interruption", findings.segments["least_interruption"].to_numpy()
    if not np.isfinite(least[:, 0]).any():
        why = NO_BASES if findings.job.response is None else "unknown in every segment"
        return origin.statistic(name, math.nan, "1", layout=True, n=0, limits=why)
    at = int(np.nanargmin(least[:, 0]))
    slow = ", ".join(
        f"{value:.2f} with a response {f:g} times as slow" for f, value in zip(SLOWER[1:], least[at, 1:], strict=True)
    )
    return origin.statistic(
        name, least[at, 0], "1", layout=True, of=f"segment {at}", n=int(np.isfinite(least[:, 0]).sum()),
        interval="none: see the sensitivity to the response",
        limits=f"the least of three ways is not the worst; {slow}",
    )  # fmt: skip


def _confirmed(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    """How likely each of the three ways becomes a confirmed track, by the simulator and the tracker."""
    for kind, way in findings.crossings.items():
        share, name, of = way["confirmed"], f"confirmed track, {kind} way", f"segment {way['segment']}"
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
    yield _share(origin, "dead ground of the layout", dead, cells, why, layout=True)
    yield _share(
        origin,
        f"belt covered to {findings.required:g} within {findings.job.dwell_s:g} s",
        covered,
        known,
        why,
        layout=True,
    )


def _of_sensors(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    n = int(np.isfinite(findings.segments["detection_probability"].to_numpy()).sum())
    for sensor in findings.sensors["sensor"].to_numpy():
        one = findings.sensors.sel(sensor=sensor)
        for name, what in (
            ("mean_worth", "mean loss of detection without it"),
            ("opened", "share of the segments opened by its loss"),
        ):
            limits = "" if n else "no segment can be crossed, as far as is known"
            value = float(one[name])
            whole: dict[str, Any] = {"numerator": value, "denominator": float(n)} if name == "opened" and n else {}
            yield origin.statistic(
                what, value / n if whole else value, "1", layout=True, of=str(sensor), n=n, limits=limits, **whole
            )


def records_by_segment(findings: Findings) -> list[Statistic]:
    """Every published number of every segment, both sides of the belt together."""
    origin, segments = Origin.of(findings), findings.segments
    dead = [dead_name(height) for height in findings.job.settings.target_heights_m]
    found = [record for name in (*GROUND, *dead) if name in segments for record in _by_segment(findings, origin, name)]
    scored = int(max(segments[name].notnull().sum() for name in SCORES))
    for name in SCORES:
        for segment, value in enumerate(segments[name].to_numpy()):
            limits = "within this border only" if np.isfinite(value) else "its headline measure is unknown"
            found.append(
                origin.statistic(
                    name,
                    value,
                    "1",
                    of=f"segment {segment}",
                    n=scored,
                    limits=limits,
                    **_drawn(segments, name, segment),
                )
            )
    return found + list(_detection_by_segment(findings, origin))


def _by_segment(findings: Findings, origin: Origin, name: str) -> Iterator[Statistic]:
    segments = findings.segments
    values = segments[name].sel(belt="both") if "belt" in segments[name].dims else segments[name]
    cells = segments["cells"].sel(belt="both").to_numpy()
    known = np.rint(segments["known_share"].sel(belt="both").to_numpy() * cells)
    flat = segments.sel(belt="both")
    unit = str(segments[name].attrs["units"])
    for segment, value in enumerate(values.to_numpy().astype(float)):
        whole = {"known_share": cells[segment]}.get(name, known[segment] if name.startswith("dead_ground") else None)
        share: dict[str, Any] = {}
        if whole is not None and np.isfinite(value):
            share = {"numerator": float(np.rint(value * whole)), "denominator": float(whole)}
        limits = "" if not math.isnan(value) else "its ground is unknown, or nothing leads there"
        yield origin.statistic(
            name, value, unit, of=f"segment {segment}", n=int(cells[segment]), limits=limits, **share,
            **(_drawn(flat, name, segment) if name not in ("known_share", "response_time", "canopy_share") else {}),
        )  # fmt: skip


def _detection_by_segment(findings: Findings, origin: Origin) -> Iterator[Statistic]:
    segments = findings.segments
    state = segments["state"].to_numpy().astype(int)
    low = segments["detection_probability_low"].to_numpy()
    for segment, value in enumerate(segments["detection_probability"].to_numpy()):
        gone = GONE.get(STATES[state[segment]], "")
        bracket: dict[str, Any] = {"interval": "none: " + gone} if gone else {
            "interval": BY_PHASE, "low": min(float(low[segment]), float(value)), "high": float(value)
        }  # fmt: skip
        unseen = float(segments["unknown_m"][segment])
        limits = gone or ("a lower bound: some sensor's sight is unknown on the way" if unseen > 0 else "")
        of = f"segment {segment}"
        yield origin.statistic("detection_probability", value, "1", layout=True, of=of, limits=limits, **bracket)
        least = float(segments["least_interruption"][segment, 0])
        why = "" if math.isfinite(least) else gone or (NO_BASES if findings.job.response is None else "nobody can tell")
        yield origin.statistic(
            "least_interruption", least, "1", layout=True, of=of, limits=why, interval="none: see the sensitivity"
        )
