"""What a layout can see of the ground: visibility, and the probability that one look detects a target there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.terrain import bounds
from geo.visibility import EARTH_RADIUS_M, HIDDEN, UNKNOWN, VISIBLE, viewshed
from sensors import camera, ground_sensor, radar
from sensors.layout import AnySensor, Layout, LayoutError, Placement, elevations_rad

__all__ = ["CURVATURE_K", "EARTH_RADIUS_M", "HIDDEN", "TARGET_HEIGHT_M", "UNKNOWN", "VISIBLE", "look_probability"]

CURVATURE_K: Final[Mapping[str, float]] = {
    radar.KIND: 4.0 / 3.0,  # radio waves bend with the air
    camera.KIND: 1.0 / (1.0 - 0.13),  # light bends less (metrics.md §4)
    ground_sensor.KIND: math.inf,
}
TARGET_HEIGHT_M: Final[Mapping[str, float]] = {
    "person": 1.7,
    "group": 1.7,
    "vehicle": 2.3,
    "animal": 1.0,
    "other": 1.0,
}
"""Height of what is looked for; person and vehicle from metrics.md, the others assumed."""


def look_probability(layout: Layout, terrain: xr.Dataset, *, target: str = "person") -> xr.Dataset:
    """How likely one look of each sensor detects a ``target`` in each cell, given that the sensor works.

    Dataset with ``probability`` (sensor, northing, easting) float32, per look for sensors that look and per pass for
    ground sensors: 0 where hidden or outside range and view, NaN where visibility is unknown; and ``visible`` uint8
    of the same shape, 0 hidden or outside, 1 visible, 255 unknown. Ground sensors feel through the ground: all
    within their range is visible, and at least the cell they stand in, however small their circle. It says nothing
    of availability, weather or repeated looks. Raises LayoutError for a sensor off the terrain or a target class
    that has no height.
    """
    if target not in TARGET_HEIGHT_M:
        raise LayoutError(f"target {target!r}", where="look_probability", expected=", ".join(TARGET_HEIGHT_M))
    eastings, northings = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    shape = (len(layout), len(northings), len(eastings))
    probability, visible = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.uint8)
    for i, sensor in enumerate(layout):
        _refuse_off_the_map(sensor, terrain)
        place = layout.placement(sensor.id)
        window, seen = _visible(place, terrain, target)
        distance = np.hypot(eastings[window[1]] - sensor.easting, northings[window[0]][:, None] - sensor.northing)
        inside = np.clip(distance, sensor.min_range_m, sensor.max_range_m)  # visible is in range already
        p = sensor.look_probability(inside, target=target)
        visible[i][window] = seen
        probability[i][window] = np.select([seen == VISIBLE, seen == UNKNOWN], [p, np.nan], 0.0)
    dims = ("sensor", "northing", "easting")
    return xr.Dataset(
        {"probability": (dims, probability, {"units": "1"}), "visible": (dims, visible, {"units": ""})},
        coords={"sensor": list(layout.ids), "northing": terrain["northing"], "easting": terrain["easting"]},
        attrs={
            "target": target,
            "target_height_m": TARGET_HEIGHT_M[target],
            "meaning": "probability per look (per pass for ground sensors), given that the sensor works",
        },
    )


def _visible(place: Placement, terrain: xr.Dataset, target: str) -> tuple[tuple[slice, slice], npt.NDArray[np.uint8]]:
    """The window of the terrain around the sensor, and the visibility of its cells."""
    sensor = place.sensor
    if sensor.kind == ground_sensor.KIND:
        return _felt(place, terrain)
    seen = viewshed(
        terrain,
        sensor.easting,
        sensor.northing,
        observer_height_m=sensor.mast_height_m,
        target_height_m=TARGET_HEIGHT_M[target],
        max_range_m=sensor.max_range_m,
        min_range_m=sensor.min_range_m,
        azimuths_rad=place.azimuths_rad,
        elevations_rad=elevations_rad(sensor),
        curvature_k=CURVATURE_K[sensor.kind],
        mode="exact",
    )
    row = int(np.argmin(np.abs(terrain["northing"].to_numpy() - seen["northing"].to_numpy()[0])))
    column = int(np.argmin(np.abs(terrain["easting"].to_numpy() - seen["easting"].to_numpy()[0])))
    rows, columns = seen.shape
    return (slice(row, row + rows), slice(column, column + columns)), seen.to_numpy()


def _felt(place: Placement, terrain: xr.Dataset) -> tuple[tuple[slice, slice], npt.NDArray[np.uint8]]:
    """A ground sensor's cells: all whose centre is within range, and the one it stands in."""
    sensor = place.sensor
    eastings, northings = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    distance = np.hypot(eastings - sensor.easting, northings[:, None] - sensor.northing)
    felt = (distance <= sensor.max_range_m) & (distance >= sensor.min_range_m)
    felt.flat[np.argmin(distance)] = True
    return (slice(0, len(northings)), slice(0, len(eastings))), felt.astype(np.uint8)


def _refuse_off_the_map(sensor: AnySensor, terrain: xr.Dataset) -> None:
    west, south, east, north = bounds(terrain)
    if not (west <= sensor.easting <= east and south <= sensor.northing <= north):
        raise LayoutError(
            f"easting {sensor.easting:.0f}, northing {sensor.northing:.0f} is off the terrain",
            where=f"sensor {sensor.id!r}",
            expected=f"{west:.0f} to {east:.0f} east and {south:.0f} to {north:.0f} north",
        )
