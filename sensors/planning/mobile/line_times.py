"""Travel times of patrols along a border's line and from their bases, over the mobility surface."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats, Ints
from geo.border.belt import BorderLine
from geo.errors import BadInput
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.paths.response_times import journey_time, travel_time

DETOUR_M: Final = 1500.0
"""Maximum deviation of paths from one segment to the next [m] (assumption)."""


@dataclass(frozen=True, slots=True, eq=False)
class LineTimes:
    """Times [s] between midpoints of segments, ``places`` (segment, 2) [m], each in its own direction.

    ``forth_s`` and ``back_s`` (segment − 1,) from each midpoint to the next and from the next to it; ``out_s`` and
    ``home_s`` (base, segment) from and to the ``bases`` (base, 2) [m]. Infinite where there is no path over known
    ground: a patrol is not planned over voids.
    """

    places: Floats
    bases: Floats
    forth_s: Floats
    back_s: Floats
    out_s: Floats
    home_s: Floats


def line_times(
    border: BorderLine,
    terrain: xr.Dataset,
    bases: Floats,
    segments: Ints,
    *,
    ways: Ways | None = None,
    driven: bool = True,
) -> LineTimes:
    """Compute the times of patrols, by vehicle where drivable and otherwise on foot, or on foot only.

    Parameters
    ----------
    border : BorderLine
        The border.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain``.
    bases : ndarray, shape (base, 2), m
        The bases.
    segments : ndarray of int, shape (segment,)
        Segments of the border, in order.
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    driven : bool
        Whether the patrol has a vehicle; its driver stays with it.

    Returns
    -------
    LineTimes
        The times; between neighbouring midpoints on paths that deviate by at most DETOUR_M.

    Raises
    ------
    TerrainError
        For a base off the ground.
    """
    midpoints = _midpoints(border, segments)
    settings, places = MobilitySettings(), np.atleast_2d(bases)
    surfaces = [on_foot(terrain, ways=ways, settings=settings)]
    if driven:
        surfaces.append(by_vehicle(terrain, ways=ways, settings=settings))

    def seconds(movers: list[Mobility], place: Floats, goals: Floats, *, homeward: bool, near: bool) -> Floats:
        if len(movers) == 1:
            return _seconds_at(travel_time(movers[0], place, to_places=homeward), goals)
        time = journey_time(
            movers[0], movers[1], place, to_place=homeward, vehicle_near=near, mount_s=settings.dismount_s
        )
        return _seconds_at(time, goals)

    out, home = (
        np.array([seconds(surfaces, base, midpoints, homeward=homeward, near=False) for base in places])
        for homeward in (False, True)
    )
    forth, back = np.empty(len(midpoints) - 1), np.empty(len(midpoints) - 1)
    for n, (start, goal) in enumerate(pairwise(midpoints)):
        near = [_around(mover, start, goal) for mover in surfaces]
        for homeward, into in ((False, forth), (True, back)):
            try:
                into[n] = seconds(near, start, goal[None, :], homeward=homeward, near=True)[0]
            except BadInput:  # the midpoint is on ground that is closed
                into[n] = np.inf
    return LineTimes(midpoints, places, forth, back, out, home)


def flown(border: BorderLine, segments: Ints, sites: Floats) -> LineTimes:
    """Return the places of flights from launch ``sites`` (site, 2) [m]: no path over the ground."""
    places, bases = _midpoints(border, segments), np.atleast_2d(sites)
    hop, out = np.full(len(places) - 1, np.inf), np.full((len(bases), len(places)), np.inf)
    return LineTimes(places, bases, hop, hop, out, out)


def _midpoints(border: BorderLine, segments: Ints) -> Floats:
    east, north = border.point_at(border.segment_spans_m.mean(axis=1)[segments])
    return np.column_stack([np.atleast_1d(east), np.atleast_1d(north)])


def _seconds_at(time: xr.DataArray, places: Floats) -> Floats:
    """Return the seconds (place,) at places (place, 2) [m]; infinite where there is no path over known ground."""
    values = [float(time.sel(easting=e, northing=n, method="nearest")) for e, n in places]
    return np.where(np.isnan(values), np.inf, values)


def _around(mover: Mobility, start: Floats, goal: Floats) -> Mobility:
    """Return the ground within DETOUR_M of the box around two positions."""
    low, high = np.minimum(start, goal) - DETOUR_M, np.maximum(start, goal) + DETOUR_M
    columns = _span((mover.easting >= low[0]) & (mover.easting <= high[0]))
    rows = _span((mover.northing >= low[1]) & (mover.northing <= high[1]))
    return mover.within(rows, columns, np.ones((rows.stop - rows.start, columns.stop - columns.start), bool))


def _span(inside: Bools) -> slice:
    indices = np.flatnonzero(inside)
    return slice(int(indices[0]), int(indices[-1]) + 1)
