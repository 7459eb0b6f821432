"""The work behind ``watchline challenge``, stretch by stretch: the ground for any layout, then this layout on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fusion.confirmed_crossing import ConfirmationSettings, confirmed_crossing
from geo.challenge import ChallengeSettings, DemError, ReferenceTable, challenge, challenge_rasters
from geo.challenge_settings import VEHICLE, WALKER
from geo.errors import BadInput
from geo.mobility_ways import Ways
from geo.paths_crossing import Crossings, crossings
from geo.stretches import Stretch
from ops.config import Ground
from sensors.barrier import GapError
from sensors.coverage import coverage
from sensors.crossing import Crossing, crossing_along
from sensors.gaps import barrier, depth_of_segments, single_losses, watched
from sensors.hazard import probability_of
from sensors.interception import FASTEST, LEAST, WAYS, head_start, interruptions, three_ways
from sensors.layout import Layout
from sensors.segment_detection import CROSSED, UNKNOWN, UNREACHABLE, least_ways, over_segments
from sensors.tradeoff import trade_offs
from sensors.watched import DRIVEN, Watched

SLOWER: Final = (1.0, 1.5, 2.0)
"""The response as it is, and slower: how much the answer hangs on it."""
STATES: Final = (CROSSED, UNREACHABLE, UNKNOWN)
STEPS: Final = 3
TRADES: Final = 8
SEED: Final = 1
"""Of the simulated crossings, so that the same run gives the same bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What is asked of every stretch; ``response`` [s] is on the terrain's cells, None without bases. ``runs``: how
    often the simulator walks each of the three ways, 0 for not at all."""

    ground: Ground
    target: str
    conditions: str
    direction: str
    dwell_s: float
    ways: Ways
    response: xr.DataArray | None
    reference: ReferenceTable | None
    dem_error: DemError | None
    runs: int = 0

    @property
    def belt_m(self) -> float:
        """Width of the belt on either side [m]."""
        return self.ground.sector.belt_m

    @property
    def settings(self) -> ChallengeSettings:
        """The yardstick: the default one, for who crosses and in which direction."""
        return ChallengeSettings(direction=self.direction, mover=VEHICLE if self.target in DRIVEN else WALKER)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The answers of one stretch: measures of its own segments, rasters of its own cells, crossings and the barrier.

    ``crossings`` and ``trades`` are plain records (see ``crossing_record``); ``barrier`` holds k, cut and losses.
    """

    segments: xr.Dataset
    rasters: xr.Dataset
    crossings: list[dict[str, Any]]
    trades: list[dict[str, Any]]
    barrier: dict[str, Any]


def work_on(job: Job, stretch: Stretch, step: Callable[[], None]) -> Part:
    """Everything about one stretch; ``step`` is called STEPS times as it gets on."""
    segments, rasters = _any_layout(job, stretch)
    step()
    ground, belt_m = job.ground, job.belt_m
    reach = max((sensor.max_range_m for sensor in ground.layout), default=0.0)
    wide = stretch.around(ground.terrain, belt_m + reach).compute()
    layout = _within(ground.layout, wide)
    case: dict[str, Any] = {"target": job.target, "conditions": job.conditions, "dwell_s": job.dwell_s}
    cover = stretch.around(coverage(layout, wide, None, **case), belt_m)
    near = stretch.around(wide, belt_m)
    seen = watched(cover, near, stretch.border, belt_m=belt_m, ways=job.ways)
    ways = least_ways(seen, direction=job.direction)
    found = over_segments(seen, ways)
    depth = depth_of_segments(layout, cover, stretch.border, belt_m=belt_m)
    step()
    response = None if job.response is None else job.response.reindex_like(near["elevation"])
    this = xr.merge(
        [
            _detected(found),
            depth,
            _interrupted(seen, response, job.direction),
            _without(seen, found, ground.layout.ids, job.direction),
        ],
        combine_attrs="drop",
        compat="no_conflicts",
    )
    numbers = stretch.numbers
    layers = _layers(job, stretch, seen, ways, cover, response)
    rasters = rasters.merge(layers, combine_attrs="override", compat="no_conflicts").astype(np.float32)
    chosen = _crossings(seen, ways, found, response, stretch)
    part = Part(
        segments=xr.merge([segments, _own(this, stretch)], combine_attrs="override", compat="no_conflicts"),
        rasters=rasters,
        crossings=[
            crossing_record(crossing, numbers) | {"confirmed": _confirmed(job, crossing, layout, cover, near)}
            for crossing in chosen
        ],
        trades=_trades(seen, found, stretch, job.direction),
        barrier=_barrier(layout, cover, stretch, belt_m),
    )
    step()
    return part


def _any_layout(job: Job, stretch: Stretch) -> tuple[xr.Dataset, xr.Dataset]:
    """How hard the ground is, whatever stands there: measures by segment, and as rasters of the stretch's own cells."""
    settings, belt_m = job.settings, job.belt_m
    near = stretch.around(job.ground.terrain, belt_m + settings.openness_radius_m).compute()
    response = None if job.response is None else job.response.reindex_like(near["elevation"])
    case: dict[str, Any] = {"belt_m": belt_m, "ways": job.ways, "settings": settings, "response": response}
    found = challenge(near, stretch.border, reference=job.reference, dem_error=job.dem_error, **case)
    cells = challenge_rasters(near, stretch.border, **case)
    own = np.isin(stretch.numbers, stretch.numbers[stretch.own])
    mine = (cells["segment"] >= 0) & xr.DataArray(
        np.append(own, False)[cells["segment"].to_numpy()], dims=cells["segment"].dims
    )
    return _own(found, stretch), cells.where(mine).drop_vars("segment")


def _own(found: xr.Dataset, stretch: Stretch) -> xr.Dataset:
    own = stretch.own
    return (
        found.isel(segment=own)
        .assign_coords(segment=stretch.numbers[own])
        .drop_vars(("start_m", "end_m"), errors="ignore")
    )


def _within(layout: Layout, terrain: xr.Dataset) -> Layout:
    """The sensors that stand on a window of the terrain."""
    east, north = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    inside = tuple(s for s in layout if east[0] <= s.easting <= east[-1] and north[-1] <= s.northing <= north[0])
    return Layout(layout.name, layout.frame, inside)


def _detected(found: xr.Dataset) -> xr.Dataset:
    state = np.array([STATES.index(str(name)) for name in found["state"].to_numpy()])
    plain = found.drop_vars("state").rename(seconds="least_seconds", metres="least_metres", hazard="least_hazard")
    told = {"units": "1", "long_name": f"{', '.join(f'{i} {name}' for i, name in enumerate(STATES))}"}
    return plain.assign(state=("segment", state, told))


def _interrupted(seen: Watched, response: xr.DataArray | None, direction: str) -> xr.Dataset:
    """Interruption on the three ways; without a response all of it is unknown."""
    segments = seen.belt.border.segments
    if response is None:
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
    found = interruptions(seen, response, direction=direction, slower=SLOWER)
    return found.rename(
        detection_probability="way_detection", seconds="way_seconds", response_s="way_response", margin_s="margin"
    )


def _without(seen: Watched, found: xr.Dataset, names: tuple[str, ...], direction: str) -> xr.Dataset:
    """Least P_detect of each segment without one sensor, (segment, sensor); as with all where it is not near."""
    base = found["detection_probability"].to_numpy()
    without = np.repeat(base[:, None], len(names), axis=1)
    near = [sensor.name for sensor in seen.sensors if len(sensor.cells)]
    for name in near:
        fewer = seen.only({sensor.name for sensor in seen.sensors} - {name})
        again = over_segments(fewer, least_ways(fewer, direction=direction))
        without[:, names.index(name)] = again["detection_probability"].to_numpy()
    told = {"units": "1", "long_name": "least P_detect without that sensor"}
    return xr.Dataset(
        {"without": (("segment", "sensor"), without, told)}, {"segment": np.arange(len(base)), "sensor": list(names)}
    )


def _layers(
    job: Job, stretch: Stretch, seen: Watched, ways: Crossings, cover: xr.Dataset, response: xr.DataArray | None
) -> xr.Dataset:
    """This layout as rasters of the stretch's own cells."""
    belt = seen.belt
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
    if response is not None:
        spare = head_start(seen, response, direction=job.direction).to_numpy()
        layers["head_start"] = (spare, "s", "above 0: who leaves now is there before a crosser seen here")
    dims = ("northing", "easting")
    return xr.Dataset(
        {
            n: (dims, np.where(mine, values, np.nan), {"units": u, "long_name": told})
            for n, (values, u, told) in layers.items()
        },
        {"northing": belt.northing, "easting": belt.easting},
        {"limits": cover.attrs["limits"], "watchline_version": cover.attrs["watchline_version"]},
    )


def _crossings(
    seen: Watched, least: Crossings, found: xr.Dataset, response: xr.DataArray | None, stretch: Stretch
) -> list[Crossing]:
    """The least detected, the fastest and the most vulnerable way through the stretch's own segments, if any.

    The least detected by P_detect, where a camera's search ends, as ``found`` tells it; of equals the cheapest.
    """
    direction = least.direction
    if response is None:
        ways = {LEAST: least, FASTEST: crossings(seen.belt, seen.mobility, direction=direction)}
    else:
        ways = three_ways(seen, response, direction=direction)
    own, chosen = stretch.own, []
    chance = found["detection_probability"].to_numpy()[own]
    for kind, way in ways.items():
        cost = np.where(np.isfinite(way.cost), way.cost, np.inf)[own]
        if kind == LEAST:
            cost = np.where(np.isfinite(chance), cost, np.inf)  # where the sight is unknown nobody can tell
        if np.isfinite(cost).any():
            first = np.where(np.isfinite(cost), chance, np.inf) if kind == LEAST else cost
            segment = int(own[np.lexsort((cost, first))[0]])
            chosen.append(crossing_along(seen, kind, direction, segment, way.cells(segment), way.before.neighbours))
    return chosen


def _trades(seen: Watched, found: xr.Dataset, stretch: Stretch, direction: str) -> list[dict[str, Any]]:
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


def _confirmed(job: Job, crossing: Crossing, layout: Layout, cover: xr.Dataset, terrain: xr.Dataset) -> dict[str, Any]:
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


def least_of(parts: Mapping[int, Part]) -> dict[str, dict[str, Any]]:
    """Of each kind of way the best over all stretches: the fastest by its time, the others by their hazard."""
    best: dict[str, dict[str, Any]] = {}
    for way in (way for part in parts.values() for way in part.crossings):
        kind = way["kind"]
        if kind not in best or _rank(way) < _rank(best[kind]):
            best[kind] = way
    return {kind: best[kind] for kind in WAYS if kind in best}


def _rank(way: Mapping[str, Any]) -> tuple[float, float]:
    seconds, hazard = float(way["seconds"]), float(way["hazard"])
    return (seconds, hazard) if way["kind"] == FASTEST else (hazard, seconds)
