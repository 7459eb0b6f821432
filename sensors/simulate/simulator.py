"""The simulator: detections of a scenario by a layout, and the ground truth. Deterministic by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC
from functools import partial

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats, Ints
from geo.errors import BadInput
from geo.schema import by_label
from geo.terrain import north_up
from sensors.coverage.model import look_probability
from sensors.detections import TAILS, dataset_name, from_arrays
from sensors.ground_sensor import GroundSensor
from sensors.layout import Layout
from sensors.scan_columns import ARRAYS
from sensors.sensor import Sensor
from sensors.simulate.carriers import drive_of, posts_along, states_of
from sensors.simulate.flights import works_at
from sensors.simulate.looks import looks
from sensors.simulate.movers import Scenario
from sensors.simulate.observations import Observations, Streams
from sensors.simulate.triggers import triggers

BOOT = 1
DUPLICATE_DELAY_S = 1.0
"""Mean time after which a duplicate follows its first copy (assumption)."""
STATE = ("easting", "northing", "easting_rate", "northing_rate")


def simulate(
    layout: Layout,
    scenario: Scenario,
    terrain: xr.Dataset | None,
    *,
    seed: int,
    coverage: xr.Dataset | None = None,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Simulate the reports of a layout's sensors in a scenario, and the ground truth.

    Parameters
    ----------
    layout : Layout
        The sensors. They work all the time, because availability applies to whole nights, not to looks; drones only in
        the air and while they have a link, and what the wind keeps on the ground not at all.
    scenario : Scenario
        Movers, start, duration, light and weather, and the faults of links.
    terrain : xarray.Dataset or None
        Terrain of ``geo.terrain.open_terrain``; None: a plane at each sensor's foot with everything in view.
    seed : int
        Seed of the random numbers.
    coverage : xarray.Dataset, optional
        ``sensors.coverage.look_probability(layout, terrain)``, if already computed.

    Returns
    -------
    detections : xarray.Dataset, dims (scan, detection)
        Schema ``sensors.detections.DETECTIONS``, scans in order of arrival, empty scans and duplicates included.
    truth : xarray.Dataset, dims (estimate,)
        One row per mover and second: target, time, position and rates in the frame, cov 0, existence 1, status
        confirmed, segment and offset_m (−1 and NaN without a border), class.

    Raises
    ------
    LayoutError
        For a sensor without an error model or off the terrain.
    BadInput
        For a seed that is not a whole number from 0.

    Notes
    -----
    A target is detected at random where its cell is visible, and never where it is hidden or unknown. The same seed
    gives the same datasets; adding a sensor leaves the reports of the others as they were.
    """
    terrain = None if terrain is None else north_up(terrain)
    coverage = None if coverage is None else north_up(coverage, where="coverage")
    if terrain is not None and coverage is None and len(layout):
        coverage = look_probability(layout, terrain)
    visible = None if coverage is None else by_label(coverage["visible"], "sensor", layout.ids, where="coverage")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise BadInput(f"the seed is {seed!r}", where="simulate", expected="a whole number from 0")
    reports = [_reported(sensor, layout, scenario, terrain, visible, seed) for sensor in layout]
    return _detections(layout.sensors, reports, scenario), truth(scenario)


def truth(scenario: Scenario) -> xr.Dataset:
    """Build the ground truth of a scenario: the position of every mover in each second.

    Parameters
    ----------
    scenario : Scenario
        Movers, start and duration.

    Returns
    -------
    xarray.Dataset, dims (estimate,)
        The columns of the track history with ``target`` for ``track``, and ``class``.
    """
    second, mover, states = _each_second(scenario)
    n = len(second)
    easting, northing, easting_rate, northing_rate = states.T
    segment, offset = np.full(n, -1, dtype=np.int32), np.full(n, np.nan)
    if scenario.border is not None:
        segment, _, offset = scenario.border.locate(easting, northing)
    rows = {
        "target": np.array([m.id for m in scenario.movers], dtype=np.str_)[mover],
        "time": _clock(scenario, second * 1_000_000),
        "easting": easting,
        "northing": northing,
        "easting_rate": easting_rate,
        "northing_rate": northing_rate,
        "existence": np.ones(n),
        "status": np.full(n, "confirmed"),
        "segment": segment,
        "offset_m": offset,
        "class": np.array([m.target for m in scenario.movers], dtype=np.str_)[mover],
    }
    units = dict(zip(STATE, ("m", "m", "m/s", "m/s"), strict=True)) | {"offset_m": "m", "existence": "1"}
    dataset = xr.Dataset(
        {name: ("estimate", v, {"units": units[name]} if name in units else {}) for name, v in rows.items()}
    )
    dataset["cov"] = (("estimate", "state", "state_"), np.zeros((n, 4, 4)))
    return dataset.assign_coords(state=list(STATE))


def _each_second(scenario: Scenario) -> tuple[Ints, Ints, Floats]:
    """Second since the start and mover of each row, in that order, and position and velocity (row, 4)."""
    seconds, movers, states = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)], [np.empty((0, 4))]
    for i, mover in enumerate(scenario.movers):
        first, last = max(0.0, mover.times_s[0]), min(scenario.duration_s, mover.times_s[-1])
        alive = np.arange(math.ceil(first), math.floor(last) + 1)
        seconds.append(alive)
        movers.append(np.full(len(alive), i))
        states.append(np.concatenate(mover.at(alive), axis=1))
    second, mover_index = np.concatenate(seconds), np.concatenate(movers)
    order = np.lexsort((mover_index, second))
    return second[order], mover_index[order], np.concatenate(states)[order]


def _reported(
    sensor: Sensor,
    layout: Layout,
    scenario: Scenario,
    terrain: xr.Dataset | None,
    visible: xr.DataArray | None,
    seed: int,
) -> tuple[Observations, Ints, Ints]:
    """A sensor's observations, and its messages: the look and the time of arrival [µs since the start] of each."""
    seen = None if visible is None else visible.sel(sensor=sensor.id)
    streams, place = Streams.of(seed, sensor.id), layout.placement(sensor.id)
    if isinstance(sensor, GroundSensor):
        observations = triggers(place, scenario, streams)
    else:
        drive = drive_of(sensor, layout, scenario.duration_s)
        posts = None if drive is None else partial(posts_along, sensor, layout, drive, terrain)
        observations = looks(place, scenario, terrain, seen, streams, posts)
    states = states_of(sensor, layout, scenario)
    if len(states) > 1 or states[0].state != "ok":
        observations = observations.of(works_at(states, observations.times_us.astype(np.float64) * 1e-6))
    chance, count = streams.link, len(observations.times_us)
    late = chance.random(count) < scenario.late_fraction
    delay_s = sensor.latency_s + np.where(late, chance.exponential(1.0, count) * scenario.late_mean_s, 0.0)
    arrival = observations.times_us + np.rint(delay_s * 1e6).astype(np.int64)
    twice = np.flatnonzero(chance.random(count) < scenario.duplicate_fraction)
    again = arrival[twice] + 1 + np.rint(chance.exponential(DUPLICATE_DELAY_S, len(twice)) * 1e6).astype(np.int64)
    return observations, np.concatenate([np.arange(count), twice]), np.concatenate([arrival, again])


def _detections(
    sensors: Sequence[Sensor],
    reports: Sequence[tuple[Observations, Ints, Ints]],
    scenario: Scenario,
) -> xr.Dataset:
    """All messages of all sensors in order of arrival, as one detections dataset."""
    counts = [len(message) for _, message, _ in reports]
    sensor = np.repeat(np.arange(len(sensors)), counts)
    message = _joined([m for _, m, _ in reports], np.int64)
    arrival = _joined([a for _, _, a in reports], np.int64)
    observed = _joined([o.times_us[m] for o, m, _ in reports], np.int64)
    order = np.lexsort((message, sensor, arrival))
    ids, kinds = (np.array([getattr(s, name) for s in sensors], dtype=np.str_) for name in ("id", "kind"))
    per_scan = {
        "scan_sensor": ids[sensor[order]] if len(sensors) else ids,
        "scan_kind": kinds[sensor[order]] if len(sensors) else kinds,
        "scan_time": _clock(scenario, observed[order]),
        "scan_received_at": _clock(scenario, arrival[order]),
        "scan_boot": np.full(len(order), BOOT, dtype=np.int64),
        "scan_sequence": message[order] + 1,
    }
    plots, scans = _plots_of_messages(reports, np.argsort(order, kind="stable"))
    by_scan = np.argsort(scans, kind="stable")
    measured = {}
    for name in (dataset_name(name) for name in ARRAYS):
        columns = [o.measured[name][p] for (o, _, _), p in zip(reports, plots, strict=True)]
        measured[name] = np.concatenate(columns)[by_scan] if columns else np.empty((0, *TAILS.get(name, ())))
    return from_arrays(per_scan, scans[by_scan], measured)


def _plots_of_messages(reports: Sequence[tuple[Observations, Ints, Ints]], place: Ints) -> tuple[list[Ints], Ints]:
    """For each sensor, the plots of its messages, repeated for duplicates; and the position of each along ``scan``."""
    plots, scans, before = [], [], 0
    for observations, message, _ in reports:
        first = np.searchsorted(observations.look, np.arange(len(observations.times_us) + 1))
        count = np.diff(first)[message]
        inside = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        plots.append(np.repeat(first[message], count) + inside)
        scans.append(np.repeat(place[before : before + len(message)], count))
        before += len(message)
    return plots, _joined(scans, np.int64)


def _joined(parts: Sequence[Ints], dtype: type[np.int64]) -> Ints:
    return np.concatenate([np.empty(0, dtype=dtype), *parts])


def _clock(scenario: Scenario, microseconds: Ints) -> npt.NDArray[np.datetime64]:
    """UTC of times since the scenario's start, as naive datetime64[ns]."""
    start = np.datetime64(scenario.start.astimezone(UTC).replace(tzinfo=None), "us")
    return (start + microseconds.astype("timedelta64[us]")).astype("datetime64[ns]")
