"""How much of a sensor's view a block of the terrain needs, so that neighbouring blocks do not each sweep it whole."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from geo.terrain import cell_size
from geo.visibility.view import Angles
from sensors.layout import Placement

Block = tuple[slice, slice]
SLACK_RAD = 1e-3  # beyond the block's corners: what is swept too much is not used


def view_into(place: Placement, terrain: xr.Dataset, block: Block) -> tuple[float, Angles] | None:
    """Range [m] and azimuths within the sensor's own that hold all it can see in a block; None where that is nothing.

    The sensor's own azimuths where two parts of them point into the block.
    """
    sensor = place.sensor
    east, north = terrain["easting"].to_numpy()[block[1]], terrain["northing"].to_numpy()[block[0]]
    right, left = float(east[-1]) - sensor.easting, float(east[0]) - sensor.easting
    up, down = float(north[0]) - sensor.northing, float(north[-1]) - sensor.northing
    farthest = math.hypot(max(abs(left), abs(right)), max(abs(up), abs(down))) + cell_size(terrain)
    reach = min(sensor.max_range_m, farthest)
    if reach <= sensor.min_range_m:
        return None
    if left <= 0.0 <= right and down <= 0.0 <= up:
        return reach, place.azimuths_rad
    middle = math.atan2((left + right) / 2.0, (up + down) / 2.0)
    corners = np.arctan2([left, left, right, right], [up, down, up, down])
    turns = (corners - middle + math.pi) % math.tau - math.pi
    start, width = middle + turns.min() - SLACK_RAD, float(np.ptp(turns)) + 2.0 * SLACK_RAD
    if place.azimuths_rad is None:
        return reach, (float(start), float(start) + width)
    azimuths = _common(place.azimuths_rad, float(start), width)
    return None if azimuths == () else (reach, azimuths or place.azimuths_rad)


def _common(own: tuple[float, float], start: float, width: float) -> tuple[float, float] | tuple[()] | None:
    """The part of the azimuths ``own`` within a sector; () where there is none, None where there are two."""
    first, last = own
    own_width = (last - first) % math.tau
    ahead = (start - first) % math.tau
    parts = []
    for begin in (ahead - math.tau, ahead):
        low, high = max(begin, 0.0), min(begin + width, own_width)
        if high - low > 1e-9:  # the block's corners are SLACK_RAD within
            parts.append((first + low, last if high == own_width else first + high))
    if not parts:
        return ()
    return parts[0] if len(parts) == 1 else None
