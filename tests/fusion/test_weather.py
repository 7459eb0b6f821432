"""The tracker in bad light and weather: sensors detect what the detection model says, also when moving."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fusion.models.sensor_views import LEAST_LEFT, TABLE_STEPS, SensorView, probability
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import tracker_model
from fusion.tracker import Tracker, track
from geo.errors import SchemaError
from geo.frame import LocalFrame
from sensors.coverage import coverage, look_probability
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.weather import Conditions
from sensors.layout import AnySensor, Layout, place
from sensors.mobile import Pose, columns_of_pose
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(8.0, 47.0)
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
CELL_M = 50.0
FOG = Conditions.named("fog")
MIST = Conditions(visibility_m=1_200.0)
STORM = Conditions.named("night,rain,wind")
KINDS: dict[str, dict[str, Any]] = {
    "radar": {"max_range_m": 1_400.0, "reference_range_m": 1_200.0, "mast_height_m": 6.0, "period_s": 3.0},
    "camera": {"max_range_m": 1_400.0, "mast_height_m": 6.0, "period_s": 2.0, "azimuth_deg": 20.0,
               "field_of_view_deg": 120.0},
    "human": {"max_range_m": 1_000.0},
    "ground_sensor": {"max_range_m": 400.0},
    "radio": {"max_range_m": 1_400.0, "period_s": 5.0},
}  # fmt: skip


def sensor_of(kind: str, **more: Any) -> AnySensor:
    return place(FRAME, 0.0, 0.0, **{"id": kind, "kind": kind, **KINDS[kind], **more})


def layout_of(*sensors: AnySensor) -> Layout:
    return Layout("weather", FRAME, sensors)


@pytest.fixture(scope="module")
def hills() -> xr.Dataset:
    """3 km square with slopes that hide ground, and a void."""
    chance = np.random.default_rng(8)
    axis = CELL_M * (np.arange(61) - 30.0)
    high = np.cumsum(chance.normal(0.0, 6.0, (61, 61)), axis=1).astype(np.float32)
    high[20:24, 40:43] = np.nan
    return xr.Dataset(
        {"elevation": (("northing", "easting"), high, {"units": "m"})},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": FRAME.wkt, "datum": "none", "cell_m": CELL_M},
    )


def view_of(sensor: AnySensor, weather: Conditions, terrain: xr.Dataset | None = None) -> SensorView:
    layout = layout_of(sensor)
    return tracker_model(layout, TrackerSettings(), terrain, None, weather).sensors[sensor.id].view


@pytest.mark.parametrize("weather", [FOG, MIST, STORM])
@pytest.mark.parametrize("kind", KINDS)
def test_the_probability_in_the_open_is_that_of_the_detection_model(kind: str, weather: Conditions) -> None:
    """At every range, but never below LEAST_LEFT of that of a clear day."""
    sensor = sensor_of(kind)
    clear, now = view_of(sensor, Conditions()), view_of(sensor, weather)
    ranges = np.linspace(0.0, sensor.max_range_m, TABLE_STEPS + 1)
    slant = ranges if kind == "ground_sensor" else np.hypot(ranges, sensor.mast_height_m)
    model, calm = (sensor.look_and_rate(slant, Situation("person", state))[0] for state in (weather, Conditions()))
    expected = np.maximum(model * clear.table / calm, LEAST_LEFT * clear.table)
    np.testing.assert_allclose(now.table, expected, rtol=1e-9)


def test_a_day_camera_at_night_keeps_the_least_fraction() -> None:
    """So that its plots count if the stated light is out of date."""
    camera = sensor_of("camera", night=False)
    np.testing.assert_allclose(
        view_of(camera, Conditions.named("night")).table, LEAST_LEFT * view_of(camera, Conditions()).table
    )


@pytest.mark.parametrize("kind", ["radar", "camera", "human"])
def test_on_the_ground_each_cell_has_the_fraction_of_its_range(kind: str, hills: xr.Dataset) -> None:
    sensor = sensor_of(kind)
    weather = STORM if kind == "radar" else MIST
    clear, now = view_of(sensor, Conditions(), hills), view_of(sensor, weather, hills)
    east, north = np.meshgrid(hills["easting"].to_numpy(), hills["northing"].to_numpy())
    distance = np.hypot(east, north)
    model, calm = (
        sensor.look_and_rate(np.hypot(distance, sensor.mast_height_m), Situation("person", state))[0]
        for state in (weather, Conditions())
    )
    seen = clear.grid > 0.0
    assert seen.any()
    assert (clear.grid == 0.0).any()
    fraction = np.maximum(model / calm, LEAST_LEFT)
    np.testing.assert_allclose(now.grid[seen], (clear.grid * fraction)[seen], rtol=2e-3, atol=2e-4)
    np.testing.assert_array_equal(now.grid[~seen], clear.grid[~seen])
    assert (now.grid[seen] < clear.grid[seen]).any()


def test_a_mobile_camera_has_the_weather_wherever_it_stands(hills: xr.Dataset) -> None:
    camera = sensor_of("camera", mobile=True)
    layout = layout_of(camera)
    lon, lat = FRAME.to_lonlat(400.0, -300.0)
    pose = columns_of_pose(
        Pose(sensor="camera", boot=1, sequence=1, observed_at=START, received_at=START, lon=float(lon), lat=float(lat),
             position_sd_m=2.0),
        layout,
    )  # fmt: skip
    views = []
    for weather in (Conditions(), FOG):
        tracker = Tracker(layout, terrain=hills, conditions=weather)
        tracker.advance(pose)
        views.append(tracker.seen_from(pose.observed_ns)["camera"].model.view)
    clear, fog = views
    assert (clear.east, clear.north) == pytest.approx((400.0, -300.0), abs=CELL_M)
    near = [(clear.east + step, clear.north + step) for step in (100.0, 200.0, 300.0, 600.0)]
    before, after = (np.array([probability(view, *point) for point in near]) for view in views)
    seen = before > 0.0
    assert seen.any()
    model, calm = (
        camera.look_and_rate(
            np.array([step * 2**0.5 for step in (100.0, 200.0, 300.0, 600.0)]), Situation("person", one)
        )[0]
        for one in (FOG, Conditions())
    )
    np.testing.assert_allclose(after[seen], (before * np.maximum(model / calm, LEAST_LEFT))[seen], rtol=0.1)
    assert fog.table.max() < clear.table.max()


WALKER = Mover.straight("w", (-900.0, 700.0), (1.3, 0.1), 300.0)


def test_weather_that_a_sensor_does_not_feel_changes_nothing() -> None:
    """Fog is nothing to a radar: the same detections and the same history, to the bit."""
    layout = layout_of(sensor_of("radar", range_sd_m=5.0, azimuth_sd_deg=0.3))
    scenario = Scenario((WALKER,), START, 300.0)
    clear, _ = simulate(layout, scenario, None, seed=3)
    fog, _ = simulate(layout, replace(scenario, conditions=FOG), None, seed=3)
    xr.testing.assert_identical(fog, clear)
    xr.testing.assert_identical(track(fog, layout, conditions=FOG), track(clear, layout))


def seconds_held(layout: Layout, weather: Conditions, stated: str, seed: int) -> int:
    """Seconds with a row of a confirmed track, of the walker's 300 s in ``weather``, by a tracker told ``stated``."""
    detections, _ = simulate(layout, Scenario((WALKER,), START, 300.0, conditions=weather), None, seed=seed)
    history = track(detections, layout, conditions=stated)
    alive = (history["existence"] > 0.5) & (history["status"] == "confirmed")
    return len(np.unique(history["time"].to_numpy()[alive.to_numpy()].astype("datetime64[s]")))


def test_a_camera_that_is_blind_in_fog_does_not_end_the_track_of_a_radar() -> None:
    """The radar finds the walker in one of five looks, every 5 s; the camera looks every second, and sees nothing.

    On a clear day a tracker that is told fog holds him as well as one that is not: what the camera reports counts.
    """
    layout = layout_of(
        sensor_of("radar", range_sd_m=5.0, azimuth_sd_deg=0.3, period_s=5.0, reference_range_m=None,
                  detection_probability=0.2, false_alarms_per_scan=0.05),
        sensor_of("camera", azimuth_sd_deg=0.1, elevation_sd_deg=0.1, period_s=1.0, detection_probability=0.95,
                  azimuth_deg=0.0, field_of_view_deg=180.0),
    )  # fmt: skip
    in_fog, on_a_clear_day = (
        {stated: [seconds_held(layout, weather, stated, seed) for seed in range(3)] for stated in ("day", "fog")}
        for weather in (FOG, Conditions())
    )
    assert min(in_fog["fog"]) > max(in_fog["day"]) + 20, in_fog
    assert np.mean(on_a_clear_day["fog"]) > 0.9 * np.mean(on_a_clear_day["day"]) > 200, on_a_clear_day


def test_a_coverage_of_bad_weather_and_conditions_are_not_both_given(hills: xr.Dataset) -> None:
    layout = layout_of(sensor_of("camera"))
    foggy = coverage(layout, hills, None, conditions="fog")
    with pytest.raises(SchemaError, match="'fog', and conditions are given as well"):
        Tracker(layout, terrain=hills, coverage=foggy, conditions="night,fog")
    told = Tracker(layout, terrain=hills, coverage=look_probability(layout, hills), conditions="fog")
    np.testing.assert_array_equal(
        told.model.sensors["camera"].view.grid,
        Tracker(layout, terrain=hills, conditions="fog").model.sensors["camera"].view.grid,
    )
