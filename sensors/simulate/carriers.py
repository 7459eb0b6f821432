"""Simulated carriers of mobile sensors: where each is along its route, the poses that it states, and its viewsheds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats, Ints
from geo.terrain import cell_size
from sensors.coverage.sight import SightTask, sight
from sensors.layout import Layout, Placement
from sensors.mobile import Pose
from sensors.sensor import Sensor
from sensors.simulate.flights import StateChange, one_flight, repeated, states_of_flights, states_pose_at, usable_s
from sensors.simulate.movers import Scenario
from sensors.simulate.observations import carrier_stream

POSITION_SD_M: Final = 2.0
"""Error of a stated position per axis [m] (assumption: a satellite receiver under open sky)."""
HEADING_SD_DEG: Final = 0.3
"""Error of the north reference of a mobile sensor, drawn for each look [degrees] (assumption: two antennas)."""
STATED_EVERY_S: Final = 1.0
"""Interval of poses while the carrier moves [s]."""


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """A carrier's positions (time, 2) [m of the frame] at rising ``times_s`` (time,), straight in between; ``flight_s``
    [s] from leaving the launch site until landing there, None for what does not fly."""

    times_s: Floats
    places: Floats
    flight_s: float | None = None

    def at(self, times_s: npt.ArrayLike) -> Floats:
        """Positions (n, 2); before the first time the first one, after the last time the last one."""
        t = np.asarray(times_s, dtype=np.float64)
        return np.stack([np.interp(t, self.times_s, self.places[:, axis]) for axis in (0, 1)], axis=-1)


class Post(NamedTuple):
    """From where looks ``first`` to ``last`` (exclusive) are made, and what is ``visible`` there; None: everything."""

    place: Placement
    visible: xr.DataArray | None
    first: int
    last: int


def drive_of(sensor: Sensor, layout: Layout, duration_s: float) -> Drive | None:
    """Along the sensor's route and back, again and again; round a route that ends where it begins, and round the edge
    of its area. None without either.

    A drone goes back to the first position before its endurance ends, and leaves again (sensors.simulate.flights). A
    sensor stands where a lap takes less than the interval of its poses: all of the route is one place.
    """
    path = sensor.route if sensor.area is None else (*sensor.area, sensor.area[0])
    if not sensor.mobile or path is None:
        return None
    lon, lat = np.array(path).T
    there = np.column_stack(layout.frame.to_local(lon, lat))
    lap = there if path[0] == path[-1] else np.vstack([there, there[-2::-1]])
    scale = layout.placement(sensor.id).scale
    driven_s = np.hypot(*np.diff(lap, axis=0).T) / scale / sensor.planned_speed_mps
    stop_s = sensor.route_stop_s or 0.0
    times, places, now_s = [0.0], [lap[0]], 0.0
    if float(driven_s.sum()) < STATED_EVERY_S:
        return Drive(np.array(times), np.array(places))
    flight_s = None if sensor.endurance_s is None else usable_s(sensor)
    while now_s < (duration_s if flight_s is None else flight_s):
        for seconds, place in zip(driven_s.tolist(), lap[1:], strict=True):
            if stop_s > 0.0:
                now_s += stop_s
                times.append(now_s)
                places.append(places[-1])
            if seconds > 0.0:
                now_s += seconds
                times.append(now_s)
                places.append(place)
    if flight_s is None:
        return Drive(np.array(times), np.array(places))
    flown_s, flown = one_flight(np.array(times), np.array(places), sensor.planned_speed_mps * scale, flight_s)
    again = repeated(flown_s, flown, sensor.turnaround_s or 0.0, duration_s)
    return Drive(*again, flight_s=float(flown_s[-1]))


def states_of(sensor: Sensor, layout: Layout, scenario: Scenario) -> list[StateChange]:
    """When a sensor works, in order of time: always, except in flight and on the ground (sensors.simulate.flights)."""
    drive = drive_of(sensor, layout, scenario.duration_s)
    flight_s = None if drive is None else drive.flight_s
    return states_of_flights(sensor, flight_s, scenario.duration_s, scenario.conditions.wind_mps)


def stated_poses(layout: Layout, scenario: Scenario, *, seed: int) -> list[Pose]:
    """The poses that the carriers of a layout state, in order of time: once per second while they move, and with each
    status message while they stand; none while they have no link or the wind keeps them at their post."""
    found = []
    for sensor in layout:
        drive = drive_of(sensor, layout, scenario.duration_s)
        if drive is None:
            continue
        chance = carrier_stream(seed, sensor.id)
        times = _stated_times(drive, sensor.status_interval_s, scenario.duration_s)
        times = times[states_pose_at(states_of(sensor, layout, scenario), times)]
        places = drive.at(times) + chance.normal(0.0, POSITION_SD_M, (len(times), 2))
        lon, lat = layout.frame.to_lonlat(places[:, 0], places[:, 1])
        for number, time_s in enumerate(times.tolist()):
            at = scenario.start + timedelta(seconds=round(time_s, 3))
            found.append(
                Pose(
                    sensor=sensor.id,
                    boot=1,
                    sequence=number + 1,
                    observed_at=at,
                    received_at=at,
                    lon=round(float(lon[number]), 7),
                    lat=round(float(lat[number]), 7),
                    position_sd_m=POSITION_SD_M,
                    heading_deg=sensor.azimuth_deg % 360.0,
                    heading_sd_deg=HEADING_SD_DEG,
                )
            )
    return sorted(found, key=lambda pose: (pose.observed_at, pose.sensor))


def posts_along(
    sensor: Sensor, layout: Layout, drive: Drive, terrain: xr.Dataset | None, times_us: Ints
) -> Iterator[Post]:
    """From where each look is made, looks in one place together; viewsheds are those from the terrain's cells.

    Raises LayoutError for a carrier that leaves the terrain.
    """
    places = drive.at(times_us * 1e-6)
    known: dict[tuple[int, int], xr.DataArray] = {}
    bounds = [0, *(np.flatnonzero((np.diff(places, axis=0) != 0.0).any(axis=1)) + 1).tolist(), len(places)]
    for first, last in pairwise(bounds):
        if last == first:
            continue
        place = _carried(sensor, layout, *places[first].tolist())
        yield Post(place, None if terrain is None else _visible(place, layout, terrain, known), first, last)


def _stated_times(drive: Drive, status_s: float, duration_s: float) -> Floats:
    """Each second while it moves, and while it stands with each status."""
    seconds = np.arange(0.0, duration_s, STATED_EVERY_S)
    before, after = drive.at(np.maximum(seconds - STATED_EVERY_S, 0.0)), drive.at(seconds + STATED_EVERY_S)
    moves = ((before != drive.at(seconds)) | (drive.at(seconds) != after)).any(axis=1)
    every = max(round(status_s / STATED_EVERY_S), 1)
    stated: Floats = seconds[moves | (np.arange(len(seconds)) % every == 0)]
    return stated


def _carried(sensor: Sensor, layout: Layout, east: float, north: float) -> Placement:
    lon, lat = layout.frame.to_lonlat(east, north)
    there = replace(sensor, lon=float(lon), lat=float(lat), easting=east, northing=north)
    return Layout(layout.name, layout.frame, (there,)).placement(sensor.id)  # type: ignore[arg-type]  # of its kind


def _visible(
    place: Placement, layout: Layout, terrain: xr.Dataset, known: dict[tuple[int, int], xr.DataArray]
) -> xr.DataArray:
    """The viewshed from the centre of the cell in which the sensor stands."""
    cell = cell_size(terrain)
    east, north = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    sensor = place.sensor
    row, column = round((north[0] - sensor.northing) / cell), round((sensor.easting - east[0]) / cell)
    if (row, column) not in known:
        inside = 0 <= row < len(north) and 0 <= column < len(east)
        centre = (float(east[column]), float(north[row])) if inside else (sensor.easting, sensor.northing)
        seen = sight(_carried(sensor, layout, *centre), terrain, SightTask("person"))
        coords = [terrain["northing"][seen.rows], terrain["easting"][seen.columns]]
        known[row, column] = xr.DataArray(seen.states, coords=coords)
    return known[row, column]
