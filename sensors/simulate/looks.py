"""Reports of a simulated radar or camera: detections, misses and false alarms at each of its looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats, Ints
from geo.terrain import sample
from geo.terrain.derived import standing_points
from geo.visibility import EARTH_RADIUS_M, VISIBLE
from geo.visibility.slant_range import slant_range
from sensors.camera import CLUTTER_ELEVATION_DEG
from sensors.clear_view import left_in_weather, look_in_view
from sensors.coverage.sight import CURVATURE_K
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.errors import LayoutError
from sensors.layout import Placement, elevations_rad
from sensors.radar import CLUTTER_SPEED_MPS, Radar
from sensors.scan_columns import CLASS_INDEX
from sensors.sensor import Sensor
from sensors.simulate.carriers import HEADING_SD_DEG, Post
from sensors.simulate.movers import Mover, Scenario, states_of
from sensors.simulate.observations import (
    FALSE_ALARM_CLASS,
    Observations,
    Streams,
    all_columns,
    class_labels,
    look_times,
)

EVENT_LOOK_S = 1.0
"""Interval between looks of a radar or camera that sends only events (assumption)."""
LOOKS_AT_ONCE = 1_000
"""Number of looks whose geometry is in memory at once; it bounds memory and does not affect the result."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Geometry of the movers relative to the sensor, each (look, mover): metres and radians of the frame.

    ``distance`` is horizontal, ``slant`` the range that a radar measures, ``radial_velocity`` positive receding; NaN if
    the mover is not present or its ground height is unknown.
    """

    position: Floats
    distance: Floats
    slant: Floats
    azimuth: Floats
    elevation: Floats
    radial_velocity: Floats


def looks(
    place: Placement,
    scenario: Scenario,
    terrain: xr.Dataset | None,
    visible: xr.DataArray | None,
    streams: Streams,
    posts: PostsAt | None = None,
) -> Observations:
    """All looks of a radar or camera; ``visible`` (northing, easting) is its viewshed, None: everything is in view.

    Within a look, plots are in order of azimuth, as the beam rotates, so their order holds no information on the truth.
    ``posts`` gives, for the times of the looks, from where a mobile sensor makes them; azimuths and ranges are those
    that it reports, converted for its default ``place``. Raises LayoutError for a radar without range_sd_m, or a radar
    or camera without azimuth_sd_deg.
    """
    sensor = place.sensor
    _refuse_without_error_model(sensor)
    times_us = look_times(sensor.period_s or EVENT_LOOK_S, scenario.duration_s, streams.phase)
    stands = [Post(place, visible, 0, len(times_us))] if posts is None else posts(times_us)
    look, true_class, true = _detected(place, stands, scenario, terrain, times_us, streams.detection)
    real = _measure(place, true, streams.noise.standard_normal((len(look), len(_MEASURED))))
    if posts is not None:
        turned = math.radians(HEADING_SD_DEG) * streams.noise.standard_normal(len(times_us))
        real["azimuth"] = np.mod(real["azimuth"] + turned[look], math.tau)
    false_look, false = _clutter(place, len(times_us), streams.clutter)
    measured = {name: np.concatenate([real[name], false[name]]) for name in real}
    all_looks = np.concatenate([look, false_look])
    all_classes = np.concatenate([true_class, np.full(len(false_look), FALSE_ALARM_CLASS)])
    measured["class_probability"] = class_labels(sensor, all_classes, streams.label)
    order = np.lexsort((measured["azimuth"], all_looks))
    ordered = {name: values[order] for name, values in measured.items()}
    observations = Observations(times_us, all_looks[order], all_columns(ordered, len(order)))
    return observations if sensor.period_s is not None else _without_empty(observations)


def geometry_of(place: Placement, position: Floats, velocity: Floats, terrain: xr.Dataset | None) -> Geometry:
    """Range, angles and radial velocity of movers at ``position`` (look, mover, 2) moving with ``velocity``.

    Without terrain they are on a plane at the sensor's foot. The slant range (``geo.visibility.slant_range``) is to the
    target's ground contact, and is multiplied by the frame's scale; the elevation angle is that of the ground contact
    too and includes the drop of the curved Earth. The radial velocity does not include climbing.
    """
    sensor = place.sensor
    offset = position - np.array([sensor.easting, sensor.northing])
    distance = np.hypot(offset[..., 0], offset[..., 1])
    rise = np.where(np.isnan(distance), np.nan, -sensor.mast_height_m)
    slant = np.hypot(distance, rise * place.scale)
    if terrain is not None:
        stand = standing_points(terrain, sensor.easting, sensor.northing)
        eye_m = float(sample(terrain, *stand)) + sensor.mast_height_m
        drop = (distance / place.scale) ** 2 / (2.0 * CURVATURE_K[sensor.kind] * EARTH_RADIUS_M)
        foot_m = sample(terrain, position[..., 0], position[..., 1])
        rise = foot_m - eye_m - drop
        slant = slant_range(distance / place.scale, eye_m, foot_m) * place.scale
    return Geometry(
        position,
        distance,
        slant,
        np.arctan2(offset[..., 0], offset[..., 1]),
        np.arctan2(rise * place.scale, distance),
        (offset * velocity).sum(axis=-1) / np.maximum(slant, 1e-9),
    )


PostsAt = Callable[[Ints], Iterable[Post]]
"""From where looks are made, by their times since the start [µs]."""
_MEASURED = ("slant", "azimuth", "elevation", "radial_velocity")


def _detected(
    default: Placement,
    stands: Iterable[Post],
    scenario: Scenario,
    terrain: xr.Dataset | None,
    times_us: Ints,
    chance: np.random.Generator,
) -> tuple[Ints, Ints, dict[str, Floats]]:
    """Look and class of each true detection (plot,), and its true values by the names of _MEASURED, as from the
    ``default`` post of a sensor whose looks are made at ``stands``."""
    looks: list[Ints] = [np.empty(0, dtype=np.int64)]
    classes: list[Ints] = [np.empty(0, dtype=np.int64)]
    true: dict[str, list[Floats]] = {name: [np.empty(0)] for name in _MEASURED}
    for place, visible, begin, end in stands:
        turn, stretch = place.convergence_rad - default.convergence_rad, default.scale / place.scale
        for first in range(begin, end, LOOKS_AT_ONCE):
            times_s = times_us[first : min(first + LOOKS_AT_ONCE, end)].astype(np.float64) * 1e-6
            movers = scenario.present(float(times_s[0]), float(times_s[-1]))
            geometry = geometry_of(place, *states_of(movers, times_s), terrain)
            probability = _probability(place, movers, geometry, visible, scenario.conditions)
            detected = chance.random(geometry.distance.shape) < probability
            look, mover = np.nonzero(detected)
            looks.append(look + first)
            classes.append(np.array([CLASS_INDEX[m.target] for m in movers], dtype=np.int64)[mover])
            for name, values in true.items():
                values.append(getattr(geometry, name)[detected])
            if place is not default:
                true["azimuth"][-1] = true["azimuth"][-1] + turn
                true["slant"][-1] = true["slant"][-1] * stretch
    return np.concatenate(looks), np.concatenate(classes), {k: np.concatenate(v) for k, v in true.items()}


def _probability(
    place: Placement,
    movers: tuple[Mover, ...],
    geometry: Geometry,
    visible: xr.DataArray | None,
    conditions: Conditions,
) -> Floats:
    """(look, mover) probability of detection in each look; 0 where hidden, unknown, out of range or view, or absent."""
    sensor = place.sensor
    in_view = np.isfinite(geometry.slant) & _within(geometry.azimuth, place.azimuths_rad)
    in_view &= (geometry.distance >= place.nearest) & (geometry.distance <= place.farthest)
    elevations = elevations_rad(sensor)
    if visible is not None:  # the viewshed includes the elevation limits, for the target's top
        in_view &= _seen(visible, geometry.position)
    elif elevations is not None:
        in_view &= (geometry.elevation >= elevations[0]) & (geometry.elevation <= elevations[1])
    ranges = [geometry.slant[:, i] / place.scale for i in range(len(movers))]
    columns = [look_in_view(sensor, r, m.target) for r, m in zip(ranges, movers, strict=True)]
    if conditions != CLEAR_DAY:
        left = [left_in_weather(sensor, r, conditions, m.target)[0] for r, m in zip(ranges, movers, strict=True)]
        columns = [p * share for p, share in zip(columns, left, strict=True)]
    return np.where(in_view, np.stack(columns, axis=1) if columns else np.zeros(in_view.shape), 0.0)


def _within(azimuth: Floats, view: tuple[float, float] | None) -> Bools:
    if view is None:
        return np.ones(azimuth.shape, dtype=np.bool_)
    return np.asarray(np.mod(azimuth - view[0], math.tau) <= (view[1] - view[0]) % math.tau)


def _seen(visible: xr.DataArray, position: Floats) -> Bools:
    """Whether the cell nearest to each position is visible; False off the map, where unknown and without a mover."""
    eastings, northings = visible["easting"].to_numpy(), visible["northing"].to_numpy()
    cell = eastings[1] - eastings[0]
    column = np.rint((position[..., 0] - eastings[0]) / cell)
    row = np.rint((northings[0] - position[..., 1]) / cell)
    inside = (column >= 0) & (column < len(eastings)) & (row >= 0) & (row < len(northings))  # NaN is not inside
    visible_now = np.zeros(inside.shape, dtype=np.bool_)
    visible_now[inside] = visible.to_numpy()[row[inside].astype(np.intp), column[inside].astype(np.intp)] == VISIBLE
    return visible_now


def _measure(place: Placement, true: Mapping[str, Floats], noise: Floats) -> dict[str, Floats]:
    """Measured values: true values with ``noise`` (plot, 4) [deviations] added, NaN for those that the sensor does not
    measure."""
    sensor, scale = place.sensor, place.scale
    n = len(noise)
    sds = {
        "range": sensor.range_sd_m and sensor.range_sd_m * scale,
        "azimuth": sensor.azimuth_sd_deg and math.radians(sensor.azimuth_sd_deg),
        "elevation_angle": sensor.elevation_sd_deg and math.radians(sensor.elevation_sd_deg),
        "radial_velocity": sensor.radial_velocity_sd_mps and sensor.radial_velocity_sd_mps * scale,
    }
    measured: dict[str, Floats] = {}
    for i, (name, source) in enumerate(zip(sds, _MEASURED, strict=True)):
        sd = sds[name]
        measured[name] = np.full(n, np.nan) if sd is None else true[source] + sd * noise[:, i]
        measured[f"{name}_sd"] = np.full(n, np.nan if sd is None else sd)
    measured["azimuth"] = np.mod(measured["azimuth"], math.tau)
    measured["range"] = np.abs(measured["range"])  # a target at the antenna may be measured behind it
    return measured


def _clutter(place: Placement, count: int, chance: np.random.Generator) -> tuple[Ints, dict[str, Floats]]:
    """False alarms of ``count`` looks: the look of each (plot,), and the reported values.

    Poisson in number; uniform per area for radars and per angle for cameras, whatever the terrain.
    """
    sensor = place.sensor
    look = np.repeat(np.arange(count), chance.poisson(sensor.false_alarms_per_scan, count))
    u = chance.random((len(look), len(_MEASURED)))
    start, width = _view(place)
    nearest, farthest = place.nearest, place.farthest
    low, high = elevations_rad(sensor) or (
        math.radians(CLUTTER_ELEVATION_DEG[0]),
        math.radians(CLUTTER_ELEVATION_DEG[1]),
    )
    reported = {
        "slant": np.sqrt(nearest**2 + u[:, 0] * (farthest**2 - nearest**2)),
        "azimuth": start + u[:, 1] * width,
        "elevation": low + u[:, 2] * (high - low),
        "radial_velocity": (2.0 * u[:, 3] - 1.0) * CLUTTER_SPEED_MPS,
    }
    return look, _measure(place, reported, np.zeros_like(u))


def _view(place: Placement) -> tuple[float, float]:
    """Left edge and width of the field of view [rad]."""
    if place.azimuths_rad is None:
        return 0.0, math.tau
    return place.azimuths_rad[0], math.radians(place.sensor.field_of_view_deg)


def _without_empty(observations: Observations) -> Observations:
    kept, look = np.unique(observations.look, return_inverse=True)
    return Observations(observations.times_us[kept], look.astype(np.int64), observations.measured)


def _refuse_without_error_model(sensor: Sensor) -> None:
    needed = ("range_sd_m", "azimuth_sd_deg") if isinstance(sensor, Radar) else ("azimuth_sd_deg",)
    for key in needed:
        if getattr(sensor, key) is None:
            raise LayoutError(
                f"{key} is missing, so its reports cannot be simulated", where=f"sensor {sensor.id!r}", expected=key
            )
