"""Reports of a simulated ground sensor: triggers by movers within reach, and false ones."""

from __future__ import annotations

import numpy as np

from geo.arrays import Floats, Ints
from sensors.clear_view import left_in_weather
from sensors.detection_model.weather import CLEAR_DAY
from sensors.ground_sensor import HOLD_OFF_S, GroundSensor
from sensors.layout import Placement
from sensors.scan_columns import CLASS_INDEX
from sensors.simulate.movers import Mover, Scenario
from sensors.simulate.observations import (
    FALSE_ALARM_CLASS,
    Observations,
    Streams,
    all_columns,
    class_labels,
    look_times,
)

TRIGGER_STEP_S = 0.25
"""Time step of passes; a runner moves about 1 m in it."""


def triggers(place: Placement, scenario: Scenario, streams: Streams) -> Observations:
    """Triggers of movers that pass within range, and false triggers. Each is a separate scan or, for a sensor with a
    period, waits for the next poll, which reports only that something passed since the last one.

    A mover triggers at the sensor's rate per metre of its path; a stationary mover does not. After a report the sensor
    is inactive for HOLD_OFF_S. ``false_alarms_per_scan`` of an event-only sensor is per ``status_interval_s``, because
    a heartbeat takes the place of a scan.
    """
    sensor = place.sensor
    assert isinstance(sensor, GroundSensor)
    times_s, true_class = _passes(place, scenario, streams.detection)
    interval_s = sensor.period_s or sensor.status_interval_s
    count = streams.clutter.poisson(sensor.false_alarms_per_scan * scenario.duration_s / interval_s)
    times_s = np.concatenate([times_s, streams.clutter.random(count) * scenario.duration_s])
    true_class = np.concatenate([true_class, np.full(count, FALSE_ALARM_CLASS)])
    order = np.argsort(times_s, kind="stable")
    order = order[_apart(times_s[order], HOLD_OFF_S)]
    times_us = np.floor(times_s[order] * 1e6).astype(np.int64)
    labels = class_labels(sensor, true_class[order], streams.label)
    look = np.arange(len(order))
    if sensor.period_s is not None:
        polls = look_times(sensor.period_s, scenario.duration_s, streams.phase)
        look, first = np.unique(np.searchsorted(polls, times_us), return_index=True)
        reported = look < len(polls)
        look, labels, times_us = look[reported], labels[first[reported]], polls
    return Observations(times_us, look, all_columns({"class_probability": labels}, len(look)))


def _passes(place: Placement, scenario: Scenario, chance: np.random.Generator) -> tuple[Floats, Ints]:
    """Times [s] at which a mover triggers the sensor, unsorted, and the mover's class."""
    sensor, scale = place.sensor, place.scale
    assert isinstance(sensor, GroundSensor)
    times, classes = [np.empty(0)], [np.empty(0, dtype=np.int64)]
    for mover in scenario.movers:
        steps = _steps_within(mover, place, scenario.duration_s)
        position, velocity = mover.at(steps)
        distance = np.hypot(position[:, 0] - sensor.easting, position[:, 1] - sensor.northing) / scale
        metres = np.hypot(velocity[:, 0], velocity[:, 1]) * TRIGGER_STEP_S / scale
        per_metre = sensor.trigger_rate_per_m(distance)
        if scenario.conditions != CLEAR_DAY:
            per_metre = per_metre * left_in_weather(sensor, distance, scenario.conditions)[1]
        struck = chance.random(len(steps)) < -np.expm1(-per_metre * metres)
        times.append(steps[struck])
        classes.append(np.full(int(struck.sum()), CLASS_INDEX[mover.target], dtype=np.int64))
    return np.concatenate(times), np.concatenate(classes)


def _steps_within(mover: Mover, place: Placement, duration_s: float) -> Floats:
    """Time steps, TRIGGER_STEP_S apart, during the parts of the mover's path within the sensor's range."""
    sensor = place.sensor
    points = np.stack([mover.easting - sensor.easting, mover.northing - sensor.northing], axis=1)
    leg = np.diff(points, axis=0)
    share = np.clip(-(points[:-1] * leg).sum(axis=1) / np.maximum((leg**2).sum(axis=1), 1e-12), 0.0, 1.0)
    near = np.hypot(*(points[:-1] + share[:, None] * leg).T) <= place.farthest
    if not near.any():
        return np.empty(0)
    first, last = mover.times_s[:-1][near].min(), mover.times_s[1:][near].max()
    numbers = np.arange(np.ceil(max(first, 0.0) / TRIGGER_STEP_S), np.ceil(min(last, duration_s) / TRIGGER_STEP_S))
    return np.asarray(numbers * TRIGGER_STEP_S)


def _apart(times_s: Floats, hold_off_s: float) -> Ints:
    """Indices of the sorted times that a sensor reports if it is inactive for ``hold_off_s`` after each report."""
    kept: list[int] = []
    for i, moment in enumerate(times_s.tolist()):
        if not kept or moment >= times_s[kept[-1]] + hold_off_s:
            kept.append(i)
    return np.array(kept, dtype=np.int64)
