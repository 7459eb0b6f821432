"""The computation of ``watchline challenge`` by sub-section: the terrain for any layout, then this layout on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import xarray as xr

from fusion.scoring.confirmed_crossing import ConfirmationSettings, confirmed_crossing
from geo.antimeridian import run_on
from geo.border.stretches import Stretch, whole_border_attrs
from geo.challenge import challenge, challenge_rasters
from geo.challenge.assessment import crossing_times_of_the_whole
from geo.errors import BadInput
from ops.analysis.challenge.question import ChallengeQuestion, StretchAnswer, StretchCase, stretch_case
from sensors.crossing.detection import Crossing, crossing_along
from sensors.crossing.segments import CROSSED, UNKNOWN, UNREACHABLE, least_ways, least_ways_of_the_whole, over_segments
from sensors.detection_model.hazard import probability_of
from sensors.gaps import GapError, trade_offs
from sensors.gaps.footprint_barrier import BarrierFootprints
from sensors.interdiction.interception import LEAST, STRIPS_TRIED, WAYS, depth_of, head_start, interruptions
from sensors.interdiction.whole_border import SAME_WAY

SLOWER: Final = (1.0, 1.5, 2.0)
"""Factors on the response time: as computed, and slower."""
STATES: Final = (CROSSED, UNREACHABLE, UNKNOWN)
STEPS: Final = 3
TRADES: Final = 8
WITHIN: Final = "; of a border in sub-sections, paths through a cell are those within the overlap of its sub-section"
NOT_KNOWN: Final[dict[str, Any]] = {
    **dict.fromkeys(("p_detect", "p_detect_low", "p_expected", "hazard"), math.nan), "p_by_kind": {},
}  # fmt: skip
"""Detection on a path through a segment in which it is unknown."""
SEED: Final = 1
"""Random seed of the simulated crossings, so that the same run gives the same bytes."""


def answer_stretch(question: ChallengeQuestion, stretch: Stretch, step: Callable[[], None]) -> StretchAnswer:
    """Compute the answer of one sub-section; ``step`` is called STEPS times as the work proceeds."""
    ground_segments, ground_rasters = _any_layout(question, stretch)
    step()
    case = stretch_case(question, stretch)
    detection = over_segments(case.watched, case.proved[LEAST].ways)
    footprints = BarrierFootprints.of(case.layout, case.coverage, case.stretch.border, belt_m=question.belt_m)
    depth = footprints.depth_of_segments().rename(depth="footprint_depth", depth_at_most="footprint_depth_at_most")
    step()
    layout_segments = xr.merge(
        [
            _detection_columns(detection),
            depth,
            _interruption(case, question),
            _detection_without(case, detection, question.ground.layout.ids, question.direction),
            _proof(case),
        ],
        combine_attrs="drop",
        compat="no_conflicts",
    )
    layers = _layers(question, case)
    rasters = ground_rasters.reindex(northing=layers["northing"], easting=layers["easting"])
    answer = StretchAnswer(
        segments=xr.merge(
            [ground_segments, case.stretch.own_part(layout_segments)], combine_attrs="override", compat="no_conflicts"
        ),
        rasters=rasters.merge(layers, combine_attrs="override", compat="no_conflicts").astype(np.float32),
        crossings=[
            crossing_record(crossing, case.stretch.numbers)
            | {"rank": rank, "confirmed": _confirmed(question, case, crossing)}
            | (NOT_KNOWN if detection["state"][crossing.segment] == UNKNOWN else {})
            for crossing, rank in _crossings(case, detection)
        ],
        trades=_trades(case, detection, question.direction),
        barrier=_barrier(footprints),
    )
    step()
    return answer


def _proved_attrs(better: str) -> dict[str, str]:
    return {"units": ""} | whole_border_attrs(better, bound=True)


def _any_layout(question: ChallengeQuestion, stretch: Stretch) -> tuple[xr.Dataset, xr.Dataset]:
    """Measure the terrain for any layout: by segment, and as rasters of the sub-section's own cells.

    The overlap is large enough that no path of the whole border is faster, and covers the positions from which a
    segment may be watched.
    """
    settings, belt_m, terrain = question.settings, question.belt_m, question.ground.terrain
    wider, times, proved = crossing_times_of_the_whole(
        terrain, stretch, belt_m=belt_m, settings=settings, mobility=None, ways=question.ways.ways
    )
    stretch = wider.with_margin(max(wider.margin_m, settings.sight_m))
    window = stretch.around(terrain, belt_m + settings.openness_radius_m).compute()
    response = None if question.response is None else question.response.reindex_like(window["elevation"])
    case: dict[str, Any] = {"belt_m": belt_m, "ways": question.ways.ways, "settings": settings, "response": response}
    given = stretch.over_own(times) if question.dem_error is None else None  # samples and value need the same paths
    measures = challenge(
        window,
        stretch.border,
        reference=question.reference,
        dem_error=question.dem_error,
        crossing_time_s=given,
        **case,
    )
    cells = challenge_rasters(window, stretch.border, **case)
    own_cells = (cells["segment"] >= 0) & xr.DataArray(
        stretch.own_flags[cells["segment"].to_numpy()], dims=cells["segment"].dims
    )
    segments = stretch.own_part(measures)
    flagged = segments.assign(crossing_time_proven=("segment", proved, _proved_attrs("faster")))
    return flagged, cells.where(own_cells).drop_vars("segment")


def _proof(case: StretchCase) -> xr.Dataset:
    """Return whether the paths are the whole border's: (segment,) for detection, (segment, way) for interruption."""
    by_way = np.ones((len(case.stretch.numbers), len(WAYS)), bool)  # kinds not computed are unknown either way
    for kind, paths in case.proved.items():
        by_way[case.stretch.own_segments, WAYS.index(kind)] = paths.sure
    data = {
        "detection_proven": ("segment", by_way[:, WAYS.index(LEAST)], _proved_attrs("detected less")),
        "path_proven": (("segment", "way"), by_way, _proved_attrs("better")),
    }
    return xr.Dataset(data, {"segment": np.arange(len(by_way)), "way": list(WAYS)})


def _detection_columns(detection: xr.Dataset) -> xr.Dataset:
    """Rename detection by segment to the answer's names, with the state as its index in STATES."""
    state = np.array([STATES.index(str(name)) for name in detection["state"].to_numpy()])
    plain = detection.drop_vars("state").rename(seconds="least_seconds", metres="least_metres", hazard="least_hazard")
    attrs = {"units": "1", "long_name": f"{', '.join(f'{i} {name}' for i, name in enumerate(STATES))}"}
    return plain.assign(state=("segment", state, attrs))


def _interruption(case: StretchCase, question: ChallengeQuestion) -> xr.Dataset:
    """Return interruption on the three paths; all unknown without a response."""
    segments = case.watched.belt.border.segments
    if case.response is None:
        by_way = np.full((segments, len(WAYS)), np.nan)
        by_response = np.full((segments, len(WAYS), len(SLOWER)), np.nan)
        names = (
            "path_detection",
            "path_seconds",
            "path_response",
            "time_margin",
            "critical_easting",
            "critical_northing",
            "path_unknown_m",
        )
        data: dict[str, Any] = dict.fromkeys(names, (("segment", "way"), by_way))
        by_strips = np.full((segments, len(WAYS), len(STRIPS_TRIED)), np.nan)
        coords = {
            "segment": np.arange(segments),
            "way": list(WAYS),
            "slower": list(SLOWER),
            "strips_tried": list(STRIPS_TRIED),
        }
        return xr.Dataset(
            {
                "interruption_by_strips": (("segment", "way", "strips_tried"), by_strips),
                "least_by_strips": (("segment", "strips_tried"), by_strips[:, 0]),
                "strips": ("segment", np.full(segments, np.nan)),
                "strip_m": ("segment", np.full(segments, np.nan)),
                "interruption_probability": (("segment", "way", "slower"), by_response),
                "least_interruption": (("segment", "slower"), by_response[:, 0]),
                **data,
            },
            coords,
        )
    ways = {kind: paths.ways for kind, paths in case.proved.items()}
    figures = interruptions(
        case.watched,
        case.response,
        direction=question.direction,
        settings=question.response_settings,
        slower=SLOWER,
        ways=ways,
    )
    strips = float(figures.attrs["strips"])
    figures = figures.assign(
        strips=("segment", np.full(segments, strips), {"units": "1", "long_name": "strips of the interruption"}),
        strip_m=("segment", np.full(segments, depth_of(case.watched.belt) / strips), {"units": "m"}),
    )
    return figures.rename(
        detection_probability="path_detection",
        seconds="path_seconds",
        response_s="path_response",
        margin_s="time_margin",
        unknown_m="path_unknown_m",
    )


def _detection_without(case: StretchCase, detection: xr.Dataset, names: tuple[str, ...], direction: str) -> xr.Dataset:
    """Return each segment's least P_detect without one sensor, (segment, sensor); unchanged for distant sensors.

    The overlap is that of the proof with all sensors; ``without_proven`` states where the result is the whole
    border's. Where it is a lower bound because sight is unknown, ``without_at_most`` is an upper one.
    """
    watched, own_segments = case.watched, case.stretch.own_segments
    base = detection["detection_probability"].to_numpy()
    without = np.repeat(base[:, None], len(names), axis=1)
    at_most, proved = without.copy(), np.zeros(without.shape, bool)
    proved[own_segments] = case.proved[LEAST].sure[:, None]
    for name in [sensor.name for sensor in watched.sensors if len(sensor.cells)]:
        column = names.index(name)
        others = watched.only({sensor.name for sensor in watched.sensors} - {name})
        ways, proved[own_segments, column] = least_ways_of_the_whole(
            others, own_segments, slack=SAME_WAY, direction=direction
        )
        found = over_segments(others, ways)
        without[:, column] = found["detection_probability"].to_numpy()
        at_most[:, column] = np.where(found["unknown_m"] > 0.0, found["certain_probability"], without[:, column])
    attrs = {"units": "1", "long_name": "lowest Pd without that sensor"}
    dims = ("segment", "sensor")
    bound = {"units": "1", "long_name": "upper bound of the lowest Pd without that sensor"}
    data = {
        "without": (dims, without, attrs),
        "without_at_most": (dims, at_most, bound),
        "without_proven": (dims, proved, _proved_attrs("detected less")),
    }
    return xr.Dataset(data, {"segment": np.arange(len(base)), "sensor": list(names)})


def _layers(question: ChallengeQuestion, case: StretchCase) -> xr.Dataset:
    """Return this layout as rasters of the sub-section's own cells, in the window around them."""
    watched, cover, belt = case.watched, case.coverage, case.watched.belt
    partial = bool(belt.onward.any())
    ways = least_ways(watched, direction=question.direction) if partial else case.proved[LEAST].ways
    own_cells = belt.inside & case.stretch.own_flags[belt.segment]
    dead = belt.of(cover["dead_ground"])
    cost = ways.before.cost + ways.after.cost
    with np.errstate(invalid="ignore"):
        through = np.where(np.isfinite(cost), probability_of(np.where(np.isfinite(cost), cost, 0.0)), np.nan)
    layers = {
        "expected_probability": (
            belt.of(cover["expected_probability"]),
            "1",
            "cumulative probability of detection within the exposure time",
        ),
        "best_probability": (
            belt.of(cover["best_probability"]),
            "1",
            "cumulative probability of detection by the best single sensor",
        ),
        "layout_dead_ground": (
            np.where(dead == 255, np.nan, dead),
            "1",
            "1 dead ground (no line of sight), 0 line of sight",
        ),
        "sensors_unknown": (
            belt.of(cover["sensors_unknown"]),
            "1",
            "number of sensors whose line of sight is unknown",
        ),
        "through_probability": (
            through,
            "1",
            "lowest Pd of a crossing through the cell, searches taken as unlimited",
        ),
    }
    if case.response is not None:
        margin = head_start(watched, case.response, direction=question.direction, seen_mps=question.seen_mps)
        spare = margin.to_numpy()
        layers["time_margin"] = (spare, "s", "time margin of the response to a crosser detected here; above 0: in time")
    dims = ("northing", "easting")
    whole = xr.Dataset(
        {
            name: (dims, np.where(own_cells, values, np.nan), {"units": units, "long_name": long_name})
            for name, (values, units, long_name) in layers.items()
        },
        {"northing": belt.northing, "easting": belt.easting},
        {
            "limits": cover.attrs["limits"] + (WITHIN if partial else ""),
            "watchline_version": cover.attrs["watchline_version"],
        },
    )
    if case.response is not None:
        crosser = "crosser on the minimum-time path, " + watched.mobility.mover
        whole["time_margin"].attrs.update(
            mover=f"{case.response.attrs['mover']} (response), {watched.mobility.mover} (crosser)",
            assumptions=f"{case.response.attrs['assumptions']}; {crosser}",
        )
    rows, columns = (np.flatnonzero(own_cells.any(axis=axis)) for axis in (1, 0))
    return whole.isel(northing=slice(rows[0], rows[-1] + 1), easting=slice(columns[0], columns[-1] + 1))


def _crossings(case: StretchCase, detection: xr.Dataset) -> list[tuple[Crossing, list[float]]]:
    """Return the minimum-detection, the fastest and the most vulnerable path through the sub-section's own segments, if
    any.

    Each comes with the figures that selected it, of which the lowest is best. The minimum-detection path is selected by
    P_detect of ``detection``, which includes the end of a camera's search; among equals, by cost.
    """
    own_segments = case.stretch.own_segments
    chosen = []
    chance = detection["detection_probability"].to_numpy()[own_segments]
    for kind, paths in case.proved.items():
        way = paths.ways
        cost = np.where(np.isfinite(way.cost), way.cost, np.inf)[own_segments]
        if kind == LEAST:
            cost = np.where(np.isfinite(chance), cost, np.inf)  # unknown where visibility is unknown
        if np.isfinite(cost).any():
            first = np.where(np.isfinite(cost), chance, np.inf) if kind == LEAST else cost
            best = np.lexsort((cost, first))[0]
            segment = int(own_segments[best])
            crossing = crossing_along(
                case.watched, kind, way.direction, segment, way.cells(segment), way.before.neighbours
            )
            chosen.append((crossing, [float(first[best]), float(cost[best])]))
    return chosen


def _trades(case: StretchCase, detection: xr.Dataset, direction: str) -> list[dict[str, Any]]:
    """Return the non-dominated paths through the sub-section in time and detection."""
    own_segments, numbers = case.stretch.own_segments, case.stretch.numbers
    if not (detection["state"].to_numpy()[own_segments] == CROSSED).any():
        return []
    return [
        {"segment": int(numbers[c.segment]), "seconds": c.time_s, "probability": c.p_detect, "hazard": c.hazard}
        for c in trade_offs(case.watched, direction=direction, most=TRADES)
        if c.segment in own_segments
    ]


def _barrier(footprints: BarrierFootprints) -> dict[str, Any]:
    """Return the barrier resilience of the sub-section: k, or its bounds; ``unknown`` gives the reason where it is
    unknown."""
    try:
        found, losses = footprints.barrier(), footprints.single_losses()
    except GapError as error:
        return {"unknown": str(error)}
    bounds = {"k_at_most": found.k_at_most, "exact": found.exact} if found.undecided else {}
    named = {"minimum_cut_set": sorted(found.cut), "single_points_of_failure": sorted(losses)}
    return {"k": found.k, **bounds, **named}


def _confirmed(question: ChallengeQuestion, case: StretchCase, crossing: Crossing) -> dict[str, Any]:
    """Return the fraction of simulated crossings on this path that became a confirmed track, or why it is unknown."""
    if question.runs == 0:
        return {"unknown": "not simulated"}
    settings = ConfirmationSettings(runs=question.runs)
    try:
        simulated = confirmed_crossing(crossing, case.layout, case.coverage, case.terrain, seed=SEED, settings=settings)
    except BadInput as error:
        return {"unknown": str(error)}
    share = simulated.confirmed
    if np.isnan(share.value):
        return {"unknown": "the sensors' line of sight to the path is unknown"}
    figures = {name: getattr(share, name) for name in ("value", "count", "runs", "low", "high")}
    return figures | {"at_least": simulated.at_least, "limits": simulated.limits}


def crossing_record(crossing: Crossing, numbers: Any) -> dict[str, Any]:
    """Return a crossing as plain values, with its segment number on the whole border and its positions in degrees."""
    lon, lat = crossing.frame.to_lonlat(crossing.places[:, 0], crossing.places[:, 1])
    seconds = crossing.time_s
    return {
        "kind": crossing.kind,
        "direction": crossing.direction,
        "segment": int(numbers[crossing.segment]),
        "seconds": seconds,
        "metres": crossing.length_m,
        "overlength": crossing.overlength,
        "p_detect": crossing.p_detect,
        "p_detect_low": crossing.p_detect_low,
        "p_expected": crossing.p_expected,
        "p_by_kind": crossing.p_by_kind,
        "hazard": crossing.hazard,
        "hazard_by_sensor": {name: value for name, value in crossing.hazard_by_sensor.items() if value > 0.0},
        "unknown_m": crossing.unknown_m,
        "half_detection": [
            {
                "start_s": d.start_s,
                "end_s": d.end_s,
                "fraction": d.share,
                "sensors": list(d.sensors),
                "lonlat": [float(x) for x in crossing.frame.to_lonlat(d.easting, d.northing)],
            }
            for d in crossing.decided
        ],
        "lon": np.round(run_on(lon), 7).tolist(),
        "lat": np.round(lat, 7).tolist(),
        "times_s": np.round(crossing.times_s, 1).tolist(),
    }
