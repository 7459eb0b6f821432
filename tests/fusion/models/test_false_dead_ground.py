"""Plots outweigh the map's dead ground: where looks detect targets that it hides, and where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from benchmarks.outside_scenarios import World, scene
from fusion.models.contradictions import Mixture
from fusion.models.false_dead_ground import (
    FADES_S,
    MOST_CELLS,
    FalseDeadGround,
    LookedAt,
    learn_dead_ground,
    no_false_dead_ground,
    seen_despite_map,
)
from fusion.models.sensor_views import SensorModel, probability
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import tracker_model
from fusion.tracker import Tracker
from geo.arrays import Floats
from sensors.coverage import look_probability
from sensors.detections import split

BRIDGES = World(per_km2=0.6, vehicles=1.0, along_road=True, ditch_m=40.0, mast_m=60.0, manoeuvres=0.3, duration_s=90.0)
"""Vehicles on a road over ditches of 40 m every 200 m, whose bottoms no radar sees."""
HIDDEN_EAST_M = 500.0


@pytest.fixture(scope="module")
def sensors() -> list[SensorModel]:
    """Two radars that see the ground west of 500 m, and none east of it."""
    one = scene(BRIDGES, 1)
    radar = next(iter(tracker_model(one.layout, TrackerSettings(), None).sensors.values()))
    grid = np.full((100, 100), 0.9, np.float32)
    east = -2500.0 + 50.0 * np.arange(100)
    grid[:, east > HIDDEN_EAST_M] = 0.0
    return [
        replace(
            radar,
            index=index,
            view=radar.view._replace(grid=grid, grid_east=-2500.0, grid_north=2500.0, grid_cell=50.0),
        )
        for index in range(2)
    ]


def look(
    ground: FalseDeadGround, sensor: SensorModel, places: Floats, detected: float, *, sd_m: float = 5.0, at_s: int = 0
) -> FalseDeadGround:
    """After a look that detects a target at each of the ``places`` (track, 2) with probability ``detected``."""
    count = len(places)
    centre, spread = np.zeros((count, 4)), np.zeros((count, 10))
    centre[:, :2] = places
    spread[:, [0, 4]] = sd_m**2
    one = np.ones(count)
    tracks = LookedAt(centre, spread, one, detected * one, 0.0 * one)
    after = Mixture(centre[:, None], spread[:, None], np.ones((count, 1)), np.zeros(1, np.int64), np.zeros(1, np.bool_))
    return learn_dead_ground(ground, sensor, tracks, after, 0.0 * one, at_s * 10**9)


def test_detections_where_the_map_hides_raise_the_probability_there_and_misses_lower_it(
    sensors: list[SensorModel],
) -> None:
    radar, other = sensors
    here, ground = np.array([[1000.0, 300.0]]), no_false_dead_ground()
    clear = probability(radar.view._replace(grid=radar.view.grid[:0, :0]), 1000.0, 300.0)
    assert probability(radar.view, 1000.0, 300.0) == 0.0
    expected = []
    for _ in range(5):
        ground = look(ground, radar, here, 1.0)
        expected.append(probability(seen_despite_map(ground, radar), 1000.0, 300.0))
    assert (np.diff(expected) > 0.0).all()
    assert 0.7 * clear < expected[-1] < clear
    view = seen_despite_map(ground, radar)
    assert probability(view, 1100.0, 300.0) > 0.5 * clear  # beside it
    assert probability(view, 1300.0, 300.0) == 0.0
    assert probability(view, 400.0, 300.0) == probability(radar.view, 400.0, 300.0) > 0.0
    assert seen_despite_map(ground, other) is other.view
    for _ in range(60):
        ground = look(ground, radar, here, 0.0)
    assert probability(seen_despite_map(ground, radar), 1000.0, 300.0) < 0.1 * clear


@pytest.mark.parametrize(
    ("east", "sd_m", "detected"), [(400.0, 5.0, 1.0), (520.0, 40.0, 1.0), (1000.0, 5.0, 0.0), (9000.0, 5.0, 1.0)]
)
def test_what_the_map_can_explain_is_no_contradiction(
    sensors: list[SensorModel], east: float, sd_m: float, detected: float
) -> None:
    """A target in sight, one near the edge, one that is not detected, and one outside the field of view."""
    found = look(no_false_dead_ground(), sensors[0], np.array([[east, 0.0]]), detected, sd_m=sd_m)
    assert len(found.place) == 0


def test_the_contradicted_cells_are_bounded_and_do_not_depend_on_the_order_of_tracks(
    sensors: list[SensorModel],
) -> None:
    rng = np.random.default_rng(1)
    places = np.column_stack([rng.uniform(700.0, 2400.0, 900), rng.uniform(-1500.0, 1500.0, 900)])
    ground = no_false_dead_ground()
    for _ in range(30):
        for sensor in sensors * 2:
            moved = replace(sensor, index=sensor.index + 2 * int(rng.integers(0, 4)))
            ground = look(ground, moved, places, 0.8)
    assert len(ground.place) == MOST_CELLS
    assert (np.diff(ground.place) > 0).all()
    assert (ground.detected <= ground.looks).all()
    straight = look(no_false_dead_ground(), sensors[0], places, 0.8)
    turned = look(no_false_dead_ground(), sensors[0], places[rng.permutation(900)], 0.8)
    np.testing.assert_array_equal(straight.place, turned.place)
    np.testing.assert_allclose(straight.detected, turned.detected, atol=1e-9)


def test_contradictions_fade_and_are_forgotten_where_nothing_comes(sensors: list[SensorModel]) -> None:
    ground = look(no_false_dead_ground(), sensors[0], np.array([[1000.0, 300.0]]), 1.0)
    away = np.array([[1000.0, -1500.0]])
    day = round(FADES_S)
    later = look(ground, sensors[0], away, 0.0, at_s=day)
    assert later.detected.max() == pytest.approx(ground.detected.max() / np.e)
    assert len(look(later, sensors[0], away, 0.0, at_s=10 * day).place) == 0


def test_a_restored_tracker_and_one_with_late_scans_learn_the_same() -> None:
    one = scene(BRIDGES, 2)
    scans = split(one.detections, one.layout)
    assert one.terrain is not None
    known = look_probability(one.layout, one.terrain)
    known["probability"] = known["probability"].where(known["easting"] < 0.0, 0.0)
    tracker = Tracker(one.layout, terrain=one.terrain, coverage=known)
    for scan in scans[:30]:
        tracker.take_in(scan)
    assert len(tracker.timeline.bank.exposed.place)
    again = Tracker.restore(one.layout, None, tracker.snapshot(), terrain=one.terrain, coverage=known)
    late = Tracker(one.layout, terrain=one.terrain, coverage=known)
    order = sorted(range(30), key=lambda i: i + (5 if i % 4 == 1 else 0))
    for number in order:
        late.take_in(scans[number])
    for scan in scans[30:]:
        for each in (tracker, again, late):
            each.take_in(scan)
    whole = tracker.take_history(final=True)
    xr.testing.assert_identical(again.take_history(final=True), whole)
    xr.testing.assert_identical(late.take_history(final=True), whole)
