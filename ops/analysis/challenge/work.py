"""The work behind ``watchline challenge``, stretch by stretch: the ground for any layout, then this layout on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fusion.scoring.confirmed_crossing import ConfirmationSettings, confirmed_crossing
from geo.border.stretches import Stretch, with_margin
from geo.challenge import challenge, challenge_rasters
from geo.challenge.assessment import crossing_times_of_the_whole
from geo.errors import BadInput
from ops.analysis.challenge.question import ChallengeQuestion, StretchCase, scene_of, sure_of, told_sure
from sensors.crossing.detection import Crossing, crossing_along
from sensors.crossing.segments import CROSSED, UNKNOWN, UNREACHABLE, least_ways, least_ways_of_the_whole, over_segments
from sensors.crossing.watched_belt import WatchedBelt
from sensors.detection_model.hazard import probability_of
from sensors.gaps import GapError, barrier, depth_of_segments, single_losses, trade_offs
from sensors.interdiction.interception import LEAST, WAYS, head_start, interruptions
from sensors.interdiction.of_the_whole import SAME_WAY
from sensors.layout import Layout

SLOWER: Final = (1.0, 1.5, 2.0)
"""The response as it is, and slower: how much the answer hangs on it."""
STATES: Final = (CROSSED, UNREACHABLE, UNKNOWN)
STEPS: Final = 3
TRADES: Final = 8
WITHIN: Final = "; of a border in stretches, ways through a cell are those within its stretch's margin"
SEED: Final = 1
"""Of the simulated crossings, so that the same run gives the same bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class StretchAnswer:
    """The answers of one stretch: measures of its own segments, rasters of its own cells, crossings and the barrier.

    ``crossings`` and ``trades`` are plain records (see ``crossing_record``); ``barrier`` holds k, cut and losses.
    """

    segments: xr.Dataset
    rasters: xr.Dataset
    crossings: list[dict[str, Any]]
    trades: list[dict[str, Any]]
    barrier: dict[str, Any]


def work_on(job: ChallengeQuestion, stretch: Stretch, step: Callable[[], None]) -> StretchAnswer:
    """Everything about one stretch; ``step`` is called STEPS times as it gets on."""
    segments, rasters = _any_layout(job, stretch)
    step()
    scene = scene_of(job, stretch)
    stretch, layout, near, cover, seen = scene.stretch, scene.layout, scene.near, scene.cover, scene.seen
    ways = {kind: proved.ways for kind, proved in scene.proved.items()}
    found = over_segments(seen, ways[LEAST])
    depth = depth_of_segments(layout, cover, stretch.border, belt_m=job.belt_m)
    step()
    this = xr.merge(
        [
            _detected(found),
            depth,
            _interrupted(scene, job.direction),
            _without(scene, found, job.ground.layout.ids, job.direction),
            sure_of(scene),
        ],
        combine_attrs="drop",
        compat="no_conflicts",
    )
    layers = _layers(job, scene)
    rasters = rasters.reindex(northing=layers["northing"], easting=layers["easting"])
    rasters = rasters.merge(layers, combine_attrs="override", compat="no_conflicts").astype(np.float32)
    chosen = _crossings(scene, found)
    numbers = stretch.numbers
    part = StretchAnswer(
        segments=xr.merge([segments, _own(this, stretch)], combine_attrs="override", compat="no_conflicts"),
        rasters=rasters,
        crossings=[
            crossing_record(crossing, numbers)
            | {"rank": rank, "confirmed": _confirmed(job, crossing, layout, cover, near)}
            for crossing, rank in chosen
        ],
        trades=_trades(seen, found, stretch, job.direction),
        barrier=_barrier(layout, cover, stretch, job.belt_m),
    )
    step()
    return part


def _any_layout(job: ChallengeQuestion, stretch: Stretch) -> tuple[xr.Dataset, xr.Dataset]:
    """How hard the ground is, whatever stands there: measures by segment, and as rasters of the stretch's own cells.

    The margin is that within which no way of the whole border is faster, and from which a segment may be watched.
    """
    settings, belt_m = job.settings, job.belt_m
    terrain, whole = job.ground.terrain, job.ground.crossed
    moving: dict[str, Any] = {"settings": settings, "mobility": None, "ways": job.ways}
    wider, times, sure = crossing_times_of_the_whole(terrain, whole, stretch, belt_m=belt_m, **moving)
    stretch = with_margin(stretch, whole, max(wider.margin_m, settings.sight_m))
    near = stretch.around(job.ground.terrain, belt_m + settings.openness_radius_m).compute()
    response = None if job.response is None else job.response.reindex_like(near["elevation"])
    case: dict[str, Any] = {"belt_m": belt_m, "ways": job.ways, "settings": settings, "response": response}
    given = stretch.over_own(times) if job.dem_error is None else None  # draws and value of the same ways
    found = challenge(
        near, stretch.border, reference=job.reference, dem_error=job.dem_error, crossing_time_s=given, **case
    )
    cells = challenge_rasters(near, stretch.border, **case)
    own = np.isin(stretch.numbers, stretch.numbers[stretch.own])
    mine = (cells["segment"] >= 0) & xr.DataArray(
        np.append(own, False)[cells["segment"].to_numpy()], dims=cells["segment"].dims
    )
    told = told_sure("faster")
    measures = _own(found, stretch).assign(crossing_time_of_the_whole=("segment", sure, told))
    return measures, cells.where(mine).drop_vars("segment")


def _own(found: xr.Dataset, stretch: Stretch) -> xr.Dataset:
    own = stretch.own
    return (
        found.isel(segment=own)
        .assign_coords(segment=stretch.numbers[own])
        .drop_vars(("start_m", "end_m"), errors="ignore")
    )


def _detected(found: xr.Dataset) -> xr.Dataset:
    state = np.array([STATES.index(str(name)) for name in found["state"].to_numpy()])
    plain = found.drop_vars("state").rename(seconds="least_seconds", metres="least_metres", hazard="least_hazard")
    told = {"units": "1", "long_name": f"{', '.join(f'{i} {name}' for i, name in enumerate(STATES))}"}
    return plain.assign(state=("segment", state, told))


def _interrupted(scene: StretchCase, direction: str) -> xr.Dataset:
    """Interruption on the three ways; without a response all of it is unknown."""
    segments = scene.seen.belt.border.segments
    if scene.response is None:
        blank = np.full((segments, len(WAYS)), np.nan)
        nobody = np.full((segments, len(WAYS), len(SLOWER)), np.nan)
        names = ("way_detection", "way_seconds", "way_response", "margin", "critical_easting", "critical_northing")
        data: dict[str, Any] = dict.fromkeys(names, (("segment", "way"), blank))
        coords = {"segment": np.arange(segments), "way": list(WAYS), "slower": list(SLOWER)}
        return xr.Dataset(
            {
                "interruption_probability": (("segment", "way", "slower"), nobody),
                "least_interruption": (("segment", "slower"), nobody[:, 0]),
                **data,
            },
            coords,
        )
    ways = {kind: proved.ways for kind, proved in scene.proved.items()}
    found = interruptions(scene.seen, scene.response, direction=direction, slower=SLOWER, ways=ways)
    return found.rename(
        detection_probability="way_detection", seconds="way_seconds", response_s="way_response", margin_s="margin"
    )


def _without(scene: StretchCase, found: xr.Dataset, names: tuple[str, ...], direction: str) -> xr.Dataset:
    """Least P_detect of each segment without one sensor, (segment, sensor); as with all where it is not near.

    Within the margin that the ways with all sensors take: ``without_of_the_whole`` says where that is the whole's.
    """
    seen, own = scene.seen, scene.stretch.own
    base = found["detection_probability"].to_numpy()
    without = np.repeat(base[:, None], len(names), axis=1)
    sure = np.zeros(without.shape, bool)
    sure[own] = scene.proved[LEAST].sure[:, None]
    near = [sensor.name for sensor in seen.sensors if len(sensor.cells)]
    for name in near:
        fewer = seen.only({sensor.name for sensor in seen.sensors} - {name})
        ways, sure[own, names.index(name)] = least_ways_of_the_whole(fewer, own, slack=SAME_WAY, direction=direction)
        again = over_segments(fewer, ways)
        without[:, names.index(name)] = again["detection_probability"].to_numpy()
    told = {"units": "1", "long_name": "least P_detect without that sensor"}
    dims = ("segment", "sensor")
    data = {"without": (dims, without, told), "without_of_the_whole": (dims, sure, told_sure("detected less"))}
    return xr.Dataset(data, {"segment": np.arange(len(base)), "sensor": list(names)})


def _layers(job: ChallengeQuestion, scene: StretchCase) -> xr.Dataset:
    """This layout as rasters of the stretch's own cells, in the window that holds these."""
    seen, stretch, cover, belt = scene.seen, scene.stretch, scene.cover, scene.seen.belt
    ways = scene.proved[LEAST].ways if not belt.onward.any() else least_ways(seen, direction=job.direction)
    own = np.isin(stretch.numbers, stretch.numbers[stretch.own])
    mine = belt.inside & np.append(own, False)[belt.segment]
    dead = belt.of(cover["dead_ground"])
    cost = ways.before.cost + ways.after.cost
    with np.errstate(invalid="ignore"):
        through = np.where(np.isfinite(cost), probability_of(np.where(np.isfinite(cost), cost, 0.0)), np.nan)
    layers = {
        "expected_probability": (
            belt.of(cover["expected_probability"]),
            "1",
            "probability of a detection within the dwell",
        ),
        "best_probability": (belt.of(cover["best_probability"]), "1", "the same by the best single sensor"),
        "layout_dead_ground": (np.where(dead == 255, np.nan, dead), "1", "1 no sensor has a line of sight, 0 one has"),
        "through_probability": (
            through,
            "1",
            "least P_detect of a crossing through the cell, searches taken as endless",
        ),
    }
    if scene.response is not None:
        spare = head_start(seen, scene.response, direction=job.direction).to_numpy()
        layers["head_start"] = (spare, "s", "above 0: who leaves now is there before a crosser seen here")
    dims = ("northing", "easting")
    limits = cover.attrs["limits"] + (WITHIN if belt.onward.any() else "")
    whole = xr.Dataset(
        {
            n: (dims, np.where(mine, values, np.nan), {"units": u, "long_name": told})
            for n, (values, u, told) in layers.items()
        },
        {"northing": belt.northing, "easting": belt.easting},
        {"limits": limits, "watchline_version": cover.attrs["watchline_version"]},
    )
    rows, columns = (np.flatnonzero(mine.any(axis=axis)) for axis in (1, 0))
    return whole.isel(northing=slice(rows[0], rows[-1] + 1), easting=slice(columns[0], columns[-1] + 1))


def _crossings(scene: StretchCase, found: xr.Dataset) -> list[tuple[Crossing, list[float]]]:
    """The least detected, the fastest and the most vulnerable way through the stretch's own segments, if any; each
    with what it is chosen by, which is the less the better.

    The least detected by P_detect, where a camera's search ends, as ``found`` tells it; of equals the cheapest.
    """
    seen, own = scene.seen, scene.stretch.own
    chosen = []
    chance = found["detection_probability"].to_numpy()[own]
    for kind, proved in scene.proved.items():
        way = proved.ways
        cost = np.where(np.isfinite(way.cost), way.cost, np.inf)[own]
        if kind == LEAST:
            cost = np.where(np.isfinite(chance), cost, np.inf)  # where the sight is unknown nobody can tell
        if np.isfinite(cost).any():
            first = np.where(np.isfinite(cost), chance, np.inf) if kind == LEAST else cost
            best = np.lexsort((cost, first))[0]
            segment = int(own[best])
            line = crossing_along(seen, kind, way.direction, segment, way.cells(segment), way.before.neighbours)
            chosen.append((line, [float(first[best]), float(cost[best])]))
    return chosen


def _trades(seen: WatchedBelt, found: xr.Dataset, stretch: Stretch, direction: str) -> list[dict[str, Any]]:
    """Time against detection, for the ways through the stretch, none better than another in both."""
    if not (found["state"].to_numpy()[stretch.own] == CROSSED).any():
        return []
    return [
        {"segment": int(stretch.numbers[c.segment]), "seconds": c.time_s, "probability": c.p_detect, "hazard": c.hazard}
        for c in trade_offs(seen, direction=direction, most=TRADES)
        if c.segment in stretch.own
    ]


def _barrier(layout: Layout, cover: xr.Dataset, stretch: Stretch, belt_m: float) -> dict[str, Any]:
    """How deep the stretch is held; ``unknown`` says why nobody can tell."""
    try:
        k, cut = barrier(layout, cover, stretch.border, belt_m=belt_m)
        losses = single_losses(layout, cover, stretch.border, belt_m=belt_m)
    except GapError as error:
        return {"unknown": str(error)}
    return {"k": k, "cut": sorted(cut), "losses": sorted(losses)}


def _confirmed(
    job: ChallengeQuestion, crossing: Crossing, layout: Layout, cover: xr.Dataset, terrain: xr.Dataset
) -> dict[str, Any]:
    """The share of simulated crossings on this way that became a confirmed track, or why it is unknown."""
    if job.runs == 0:
        return {"unknown": "not simulated"}
    settings = ConfirmationSettings(runs=job.runs)
    try:
        found = confirmed_crossing(crossing, layout, cover, terrain, seed=SEED, settings=settings)
    except BadInput as error:
        return {"unknown": str(error)}
    share = found.confirmed
    if np.isnan(share.value):
        return {"unknown": "nobody knows which sensors see the way"}
    told = {name: getattr(share, name) for name in ("value", "count", "runs", "low", "high")}
    return told | {"at_least": found.at_least, "limits": found.limits}


def crossing_record(crossing: Crossing, numbers: Any) -> dict[str, Any]:
    """A crossing as plain values, its segment numbered as in the whole border, its places in degrees."""
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
        "decided": [
            {
                "start_s": d.start_s,
                "end_s": d.end_s,
                "share": d.share,
                "sensors": list(d.sensors),
                "lonlat": [float(x) for x in crossing.frame.to_lonlat(d.easting, d.northing)],
            }
            for d in crossing.decided
        ],
        "lon": np.round(lon, 7).tolist(),
        "lat": np.round(lat, 7).tolist(),
        "times_s": np.round(crossing.times_s, 1).tolist(),
    }


def least_of(parts: Mapping[int, StretchAnswer]) -> dict[str, dict[str, Any]]:
    """Of each kind of way the best over all stretches, by what each stretch chose its own."""
    best: dict[str, dict[str, Any]] = {}
    for way in (way for part in parts.values() for way in part.crossings):
        kind = way["kind"]
        if kind not in best or way["rank"] < best[kind]["rank"]:
            best[kind] = way
    return {kind: best[kind] for kind in WAYS if kind in best}
