"""Sweeps: a camera or radar that stands and turns its field of view from one azimuth to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from scipy import sparse

from geo.terrain import north_up
from sensors.coverage.accumulator import contribution
from sensors.coverage.model import task_of
from sensors.crossing.watched_belt import WatchedBelt, searches
from sensors.errors import TimetableError
from sensors.layout import AnySensor, Layout
from sensors.search_theory.moving_sensor import MovingSensor
from sensors.search_theory.timetable import Posts, Timetable


def sweeping_sensor(
    sensor: AnySensor,
    azimuths_deg: Sequence[float],
    stay_s: float,
    terrain: xr.Dataset,
    watched: WatchedBelt,
    *,
    turn_s: float = 0.0,
    phase_s: float = 0.0,
    **sight: Any,
) -> MovingSensor:
    """Compute the rates of a sensor that looks along one azimuth after the other, and begins again.

    Parameters
    ----------
    sensor : sensor
        The sensor at its position; its own azimuth does not count.
    azimuths_deg : sequence of float, degrees
        Centres of the field of view, clockwise from true north, in order.
    stay_s : float, s
        Time on each.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of the belt.
    watched : WatchedBelt
        The belt in which the rates count.
    turn_s : float, s
        Time to turn to the next azimuth, in which it sees nothing.
    phase_s : float, s
        Time of the sweep at time 0.
    **sight : Any
        ``target``, ``conditions``, ``assumptions`` and ``mode``, as for ``sensors.coverage.coverage``.

    Returns
    -------
    MovingSensor
        The sensor, with an azimuth for each post; searches in space and time use it as any other.

    Raises
    ------
    TimetableError
        Without an azimuth, and for times that are not above 0 (``stay_s``) or below 0 (``turn_s``).
    """
    if not len(azimuths_deg):
        raise TimetableError("no azimuth", where="sweep", expected="at least one azimuth in degrees")
    if not (math.isfinite(stay_s) and stay_s > 0.0 and math.isfinite(turn_s) and turn_s >= 0.0):
        raise TimetableError(
            f"stays of {stay_s:g} s and turns of {turn_s:g} s", where="sweep", expected="above 0 s, and 0 s or more"
        )
    belt, task, rows = watched.belt, task_of(**sight), []
    inside, terrain = belt.inside.ravel(), north_up(terrain)
    for azimuth in azimuths_deg:
        turned = replace(sensor, azimuth_deg=(float(azimuth) + 180.0) % 360.0 - 180.0)
        placed = Layout("sweep", belt.border.frame, (turned,)).placement(sensor.id)
        part = contribution(placed, terrain, task, (belt.rows, belt.columns))
        kept = inside[part.seen] & (part.rate > 0.0)
        rows.append((part.seen[kept], part.rate[kept], part.look[kept]))
    count, here = len(azimuths_deg), (sensor.easting, sensor.northing)
    start = np.arange(count, dtype=np.float64) * (stay_s + turn_s)
    period = count * (stay_s + turn_s)
    posts = Posts(np.array([here] * count), np.arange(count, dtype=np.int64), start, start + stay_s, period)
    offsets = np.concatenate([[0], np.cumsum([len(cells) for cells, _, _ in rows])])
    cells = np.concatenate([cells for cells, _, _ in rows])
    rates, looks = (
        sparse.csr_array((np.concatenate([row[n] for row in rows]), cells, offsets), shape=(count, inside.size))
        for n in (1, 2)
    )
    table = Timetable(np.array([0.0, period]), np.array([here, here]), period)
    return MovingSensor(sensor.id, table, posts, rates, looks, searches(sensor.kind), phase_s % period)
