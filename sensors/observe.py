"""What one simulated sensor reports: detections, misses and false alarms at its looks, and triggers in between."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.terrain import sample
from sensors.camera import CLUTTER_ELEVATION_DEG, Camera
from sensors.columns import ARRAYS, CLASS_INDEX
from sensors.coverage import CURVATURE_K, EARTH_RADIUS_M
from sensors.detections import TAILS, dataset_name
from sensors.ground_sensor import HOLD_OFF_S, GroundSensor
from sensors.layout import Placement, elevations_rad
from sensors.mover import Scenario
from sensors.radar import CLUTTER_SPEED_MPS, Radar
from sensors.scan import CLASSES
from sensors.sensor import LayoutError, Sensor

Floats = npt.NDArray[np.float64]
EVENT_LOOK_S = 1.0
"""A radar or camera that sends events only looks this often (assumption)."""
TRIGGER_STEP_S = 0.25
"""Ground sensors are simulated in steps of this; a runner moves about 1 m in it."""
FALSE_ALARM_CLASS = CLASS_INDEX["other"]


@dataclass(frozen=True, slots=True)
class Observations:
    """The looks of one sensor: ``times_us`` (look,) since the scenario's start [µs], ``look`` (plot,) of each plot,
    and the measured columns by their dataset name, each with ``plot`` first."""

    times_us: npt.NDArray[np.int64]
    look: npt.NDArray[np.int64]
    measured: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Streams:
    """Independent chance for each purpose, from the seed and the sensor's id alone: neither another sensor nor a
    different false-alarm rate changes what this one detects."""

    phase: np.random.Generator
    detection: np.random.Generator
    noise: np.random.Generator
    clutter: np.random.Generator
    label: np.random.Generator
    link: np.random.Generator

    @classmethod
    def of(cls, seed: int, sensor_id: str) -> Streams:
        key = int.from_bytes(hashlib.blake2b(sensor_id.encode(), digest_size=8).digest(), "big")
        return cls(*(np.random.default_rng(child) for child in np.random.SeedSequence(seed, spawn_key=(key,)).spawn(6)))


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the movers are as seen from the sensor, each (look, mover): metres and radians of the frame.

    ``distance`` is horizontal, ``slant`` the range that a radar measures, ``radial_velocity`` positive receding;
    NaN where the mover is not there or its ground height is unknown.
    """

    position: Floats
    distance: Floats
    slant: Floats
    azimuth: Floats
    elevation: Floats
    radial_velocity: Floats


def observe(
    place: Placement, scenario: Scenario, terrain: xr.Dataset | None, visible: xr.DataArray | None, seed: int
) -> Observations:
    """Everything that the sensor reports during the scenario; ``visible`` (northing, easting) is its viewshed or None.

    Raises LayoutError for a radar without range_sd_m or a radar or camera without azimuth_sd_deg.
    """
    streams = Streams.of(seed, place.sensor.id)
    if isinstance(place.sensor, GroundSensor):
        return _triggers(place.sensor, place.scale, scenario, streams)
    return _looks(place, scenario, terrain, visible, streams)


def _looks(
    place: Placement, scenario: Scenario, terrain: xr.Dataset | None, visible: xr.DataArray | None, streams: Streams
) -> Observations:
    sensor = place.sensor
    _refuse_without_error_model(sensor)
    times_us = _look_times(sensor.period_s or EVENT_LOOK_S, scenario.duration_s, streams.phase)
    geometry = geometry_of(place, scenario, times_us.astype(np.float64) * 1e-6, terrain)
    detected = streams.detection.random(geometry.distance.shape) < _probability(place, scenario, geometry, visible)
    look, mover = np.nonzero(detected)
    noise = streams.noise.standard_normal((len(look), len(_MEASURED)))
    real = _measure(place, {name: getattr(geometry, name)[detected] for name in _MEASURED}, noise)
    false = _clutter(place, len(times_us), streams.clutter)
    classes = np.array([CLASS_INDEX[m.target] for m in scenario.movers], dtype=np.int64)
    true_class = np.concatenate([classes[mover], np.full(len(false["look"]), FALSE_ALARM_CLASS)])
    all_looks = np.concatenate([look, false.pop("look").astype(np.int64)])
    measured = {name: np.concatenate([real[name], false[name]]) for name in real}
    measured["class_probability"] = _labels(sensor, true_class, streams.label)
    order = np.lexsort((measured["azimuth"], all_looks))  # as the beam turns: order tells nothing about truth
    ordered = {name: values[order] for name, values in measured.items()}
    observations = Observations(times_us, all_looks[order], _filled(ordered, len(order)))
    return observations if sensor.period_s is not None else _without_empty(observations)


def geometry_of(place: Placement, scenario: Scenario, times_s: Floats, terrain: xr.Dataset | None) -> Geometry:
    """Range, angles and radial velocity of every mover at ``times_s``; without terrain on a plane at the sensor's foot.

    The slant range joins the horizontal distance in the frame and the height difference scaled like it; the elevation
    angle includes the drop of the curved Earth. The radial velocity leaves out climbing.
    """
    sensor = place.sensor
    position, velocity = scenario.states(times_s)
    offset = position - np.array([sensor.easting, sensor.northing])
    distance = np.hypot(offset[..., 0], offset[..., 1])
    rise = np.full(distance.shape, -sensor.mast_height_m)
    if terrain is not None:
        eye_m = float(sample(terrain, sensor.easting, sensor.northing)) + sensor.mast_height_m
        drop = (distance / place.scale) ** 2 / (2.0 * CURVATURE_K[sensor.kind] * EARTH_RADIUS_M)
        rise = sample(terrain, position[..., 0], position[..., 1]) - eye_m - drop
    slant = np.hypot(distance, rise * place.scale)
    with np.errstate(invalid="ignore", divide="ignore"):
        radial_velocity = (offset * velocity).sum(axis=-1) / slant
    return Geometry(
        position,
        distance,
        slant,
        np.arctan2(offset[..., 0], offset[..., 1]),
        np.arctan2(rise * place.scale, distance),
        np.where(slant > 0, radial_velocity, 0.0),
    )


def _probability(place: Placement, scenario: Scenario, geometry: Geometry, visible: xr.DataArray | None) -> Floats:
    """(look, mover) probability of detection in each look; 0 where hidden, unknown, out of range or view, or absent."""
    sensor = place.sensor
    in_view = np.isfinite(geometry.slant) & _within(geometry.azimuth, place.azimuths_rad)
    elevations = elevations_rad(sensor)
    if visible is not None:  # the viewshed heeds the elevation limits, for the target's top
        in_view &= _seen(visible, geometry.position)
    elif elevations is not None:
        in_view &= (geometry.elevation >= elevations[0]) & (geometry.elevation <= elevations[1])
    range_m = geometry.distance / place.scale
    columns = [sensor.look_probability(range_m[:, i], target=m.target) for i, m in enumerate(scenario.movers)]
    return np.where(in_view, np.stack(columns, axis=1) if columns else np.zeros_like(range_m), 0.0)


def _within(azimuth: Floats, view: tuple[float, float] | None) -> npt.NDArray[np.bool_]:
    if view is None:
        return np.ones(azimuth.shape, dtype=np.bool_)
    return np.asarray(np.mod(azimuth - view[0], math.tau) <= (view[1] - view[0]) % math.tau)


def _seen(visible: xr.DataArray, position: Floats) -> npt.NDArray[np.bool_]:
    """Whether the cell nearest to each position is visible; False off the map and where unknown."""
    eastings, northings = visible["easting"].to_numpy(), visible["northing"].to_numpy()
    cell = eastings[1] - eastings[0]
    absent = np.isnan(position[..., 0])
    column = np.rint((np.where(absent, -np.inf, position[..., 0]) - eastings[0]) / cell)
    row = np.rint((northings[0] - np.where(absent, -np.inf, position[..., 1])) / cell)
    inside = (column >= 0) & (column < len(eastings)) & (row >= 0) & (row < len(northings))
    seen = np.zeros(inside.shape, dtype=np.bool_)
    seen[inside] = visible.to_numpy()[row[inside].astype(np.intp), column[inside].astype(np.intp)] == 1
    return seen


_MEASURED = ("slant", "azimuth", "elevation", "radial_velocity")


def _measure(place: Placement, true: Mapping[str, Floats], noise: Floats) -> dict[str, Floats]:
    """What the sensor says of true values: ``noise`` (plot, 4) [deviations] added, NaN for what it does not measure."""
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


def _clutter(place: Placement, looks: int, chance: np.random.Generator) -> dict[str, Floats]:
    """False alarms of all looks: Poisson in number, uniform per area for radars and per angle for cameras."""
    sensor = place.sensor
    look = np.repeat(np.arange(looks), chance.poisson(sensor.false_alarms_per_scan, looks))
    u = chance.random((len(look), 4))
    start, width = _view(place)
    nearest, farthest = sensor.min_range_m, sensor.max_range_m
    elevations = elevations_rad(sensor) or tuple(math.radians(limit) for limit in CLUTTER_ELEVATION_DEG)
    true = {
        "slant": np.sqrt(nearest**2 + u[:, 0] * (farthest**2 - nearest**2)) * place.scale,
        "azimuth": start + u[:, 1] * width,
        "elevation": elevations[0] + u[:, 2] * (elevations[1] - elevations[0]),
        "radial_velocity": (2.0 * u[:, 3] - 1.0) * CLUTTER_SPEED_MPS,
    }
    return {"look": look.astype(np.float64), **_measure(place, true, np.zeros((len(look), len(_MEASURED))))}


def _view(place: Placement) -> tuple[float, float]:
    """Left edge and width of the view [rad]."""
    if place.azimuths_rad is None:
        return 0.0, math.tau
    return place.azimuths_rad[0], math.radians(place.sensor.field_of_view_deg)


def _labels(sensor: Sensor, true_class: npt.NDArray[np.int64], chance: np.random.Generator) -> Floats:
    """(plot, class) likelihood of the class that the sensor reports, drawn by its confusion matrix; NaN without one."""
    if sensor.confusion is None:
        return np.full((len(true_class), len(CLASSES)), np.nan)
    confusion = np.array(sensor.confusion)
    reported = (chance.random(len(true_class))[:, None] > np.cumsum(confusion, axis=1)[true_class]).sum(axis=1)
    likelihood = confusion.T[np.minimum(reported, len(CLASSES) - 1)]
    return np.asarray(likelihood / likelihood.sum(axis=1, keepdims=True))


def _triggers(sensor: GroundSensor, scale: float, scenario: Scenario, streams: Streams) -> Observations:
    """Triggers of movers that walk within reach, and false ones; each is a scan, or waits for the next poll."""
    steps = np.arange(0.0, scenario.duration_s, TRIGGER_STEP_S) + TRIGGER_STEP_S / 2.0
    position, velocity = scenario.states(steps)
    distance = np.hypot(position[..., 0] - sensor.easting, position[..., 1] - sensor.northing) / scale
    speed = np.hypot(velocity[..., 0], velocity[..., 1]) / scale
    present = np.isfinite(distance)
    rate = np.where(present, sensor.trigger_rate_per_m(np.where(present, distance, np.inf)), 0.0)
    hazard = (rate * np.where(present, speed, 0.0)).sum(axis=1) * TRIGGER_STEP_S
    struck = streams.detection.random(len(steps)) < -np.expm1(-hazard)
    within = streams.detection.random(int(struck.sum())) - 0.5
    interval_s = sensor.period_s or sensor.status_interval_s  # an event-only sensor's heartbeat stands for its scan
    count = streams.clutter.poisson(sensor.false_alarms_per_scan * scenario.duration_s / interval_s)
    false = streams.clutter.random(count) * scenario.duration_s
    times_s = np.concatenate([steps[struck] + within * TRIGGER_STEP_S, false])
    true_class = np.concatenate([_nearest_class(scenario, distance[struck]), np.full(count, FALSE_ALARM_CLASS)])
    order = np.argsort(times_s, kind="stable")
    order = order[_apart(times_s[order], HOLD_OFF_S)]
    times_us = np.floor(times_s[order] * 1e6).astype(np.int64)
    labels = _labels(sensor, true_class[order].astype(np.int64), streams.label)
    look = np.arange(len(order))
    if sensor.period_s is not None:
        polls = _look_times(sensor.period_s, scenario.duration_s, streams.phase)
        look, first = np.unique(np.searchsorted(polls, times_us), return_index=True)
        first, look, times_us = first[look < len(polls)], look[look < len(polls)], polls
        labels = labels[first]
    return Observations(times_us, look, _filled({"class_probability": labels}, len(look)))


def _nearest_class(scenario: Scenario, distance: Floats) -> npt.NDArray[np.int64]:
    """Class of the nearest mover for each row of ``distance`` (trigger, mover)."""
    classes = np.array([CLASS_INDEX[m.target] for m in scenario.movers], dtype=np.int64)
    if not len(distance):
        return np.empty(0, dtype=np.int64)
    nearest = np.argmin(np.where(np.isnan(distance), np.inf, distance), axis=1)
    return np.asarray(classes[nearest])


def _apart(times_s: Floats, hold_off_s: float) -> npt.NDArray[np.int64]:
    """Indices of the sorted times that a sensor reports when it rests ``hold_off_s`` after each report."""
    kept: list[int] = []
    for i, moment in enumerate(times_s.tolist()):
        if not kept or moment >= times_s[kept[-1]] + hold_off_s:
            kept.append(i)
    return np.array(kept, dtype=np.int64)


def _look_times(period_s: float, duration_s: float, chance: np.random.Generator) -> npt.NDArray[np.int64]:
    """Times of the looks since the start [µs]: every period, from a phase by chance."""
    phase_s = chance.random() * period_s
    count = max(0, math.ceil((duration_s - phase_s) / period_s))
    times_us: npt.NDArray[np.int64] = np.floor((phase_s + np.arange(count) * period_s) * 1e6).astype(np.int64)
    return times_us


def _without_empty(observations: Observations) -> Observations:
    kept, look = np.unique(observations.look, return_inverse=True)
    return Observations(observations.times_us[kept], look.astype(np.int64), observations.measured)


def _filled(measured: Mapping[str, Floats], n: int) -> dict[str, Floats]:
    """All measured columns of the schema, NaN where the sensor has none."""
    names = [dataset_name(name) for name in ARRAYS]
    return {name: measured.get(name, np.full((n, *TAILS.get(name, ())), np.nan)) for name in names}


def _refuse_without_error_model(sensor: Radar | Camera | GroundSensor) -> None:
    needed = ("range_sd_m", "azimuth_sd_deg") if isinstance(sensor, Radar) else ("azimuth_sd_deg",)
    for key in needed:
        if getattr(sensor, key) is None:
            raise LayoutError(
                f"{key} is missing, so its reports cannot be simulated", where=f"sensor {sensor.id!r}", expected=key
            )
