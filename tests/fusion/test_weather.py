"""The tracker in bad light and weather: sensors detect what the detection model says, also when moving."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fusion.batch import track_in_pieces, track_piece
from fusion.models.sensor_views import LEAST_LEFT, TABLE_STEPS, SensorView, probability
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import tracker_model
from fusion.scoring.calibration import calibrate
from fusion.situation.current_coverage import current_coverage_of
from fusion.tracker import Tracker, track
from geo.errors import SchemaError
from geo.frame import LocalFrame
from sensors.coverage import coverage, look_probability
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.weather import Conditions
from sensors.detections import split
from sensors.errors import ConditionsError
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


@pytest.mark.parametrize("weather", ["fog", "visibility_m=1200", "night,rain,wind"])
@pytest.mark.parametrize("kind", ["radar", "camera", "human"])
def test_on_the_ground_each_cell_is_as_coverage_has_it(kind: str, weather: str, hills: xr.Dataset) -> None:
    """By slant range, to the precision of the rasters; never below LEAST_LEFT of a clear day."""
    sensor = sensor_of(kind)
    clear, now = view_of(sensor, Conditions(), hills), view_of(sensor, Conditions.named(weather), hills)
    covered = coverage(layout_of(sensor), hills, None, conditions=weather)["look_probability"].isel(sensor=0)
    seen = clear.grid > 0.0
    assert seen.any()
    assert (clear.grid == 0.0).any()
    expected = np.maximum(covered.to_numpy(), LEAST_LEFT * clear.grid)
    np.testing.assert_allclose(now.grid[seen], expected[seen], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(now.grid[~seen], clear.grid[~seen])
    assert (now.grid[seen] < clear.grid[seen]).any() or (kind, weather[:3]) in {("radar", "fog"), ("radar", "vis")}


@pytest.mark.parametrize("height_m", [6.0, 120.0])
def test_a_mobile_camera_has_the_weather_wherever_it_stands(hills: xr.Dataset, height_m: float) -> None:
    """As a fixed one there at that height: a drone's slant range is not its distance on the map."""
    camera = sensor_of("camera", mobile=True, azimuth_deg=0.0, field_of_view_deg=360.0)
    layout, east, north = layout_of(camera), 400.0, -300.0
    ground_m = float(hills["elevation"].sel(easting=east, northing=north))
    lon, lat = FRAME.to_lonlat(east, north)
    pose = columns_of_pose(
        Pose(sensor="camera", boot=1, sequence=1, observed_at=START, received_at=START, lon=float(lon), lat=float(lat),
             position_sd_m=0.1, height_m=ground_m + height_m),
        layout,
    )  # fmt: skip
    tracker = Tracker(layout, terrain=hills, conditions=FOG)
    tracker.advance(pose)
    there = tracker.seen_from(pose.observed_ns)["camera"].model
    turned = KINDS["camera"] | {"azimuth_deg": 0.0, "field_of_view_deg": 360.0, "mast_height_m": height_m}
    fixed = layout_of(place(FRAME, east, north, id="camera", kind="camera", **turned))
    expected = Tracker(fixed, terrain=hills, conditions=FOG).model.sensors["camera"]
    points = [(east + x, north + y) for x in range(-400, 401, 50) for y in range(-400, 401, 50)]
    found, wanted = (np.array([probability(one.view, *point) for point in points]) for one in (there, expected))
    clear, clear_there = (
        np.array([probability(one.in_sight, *point) for point in points]) for one in (expected, there)
    )
    assert (np.abs(found - wanted) < 0.02).mean() > 0.97, "but for cells at the edge of dead ground"
    assert (np.abs(clear_there - clear) < 0.02).mean() > 0.97
    assert (found < 0.5 * clear_there)[clear_there > 0.0].mean() > 0.5


def test_dead_ground_is_that_of_a_clear_day(hills: xr.Dataset) -> None:
    """A blind camera still has line of sight: what is hidden is the ground, not the fog."""
    layout = layout_of(sensor_of("camera"))
    clear, fog = (
        current_coverage_of(Tracker(layout, terrain=hills, conditions=one).model, None) for one in ("day", "fog")
    )
    east, north = (
        axis.ravel() for axis in np.meshgrid(np.arange(-900.0, 901.0, 150.0), np.arange(-900.0, 901.0, 150.0))
    )
    np.testing.assert_array_equal(fog.seeing(east, north), clear.seeing(east, north))
    assert (clear.seeing(east, north) > 0.5).any()


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
    """Of the walker's 300 s in ``weather``, those at whose end a tracker with ``stated`` has a track of him."""
    detections, _ = simulate(layout, Scenario((WALKER,), START, 300.0, conditions=weather), None, seed=seed)
    tracker, held, now_ns = Tracker(layout, conditions=stated), 0, 0
    for scan in split(detections, layout):
        if now_ns and scan.observed_ns // 10**9 > now_ns // 10**9:
            tracks = tracker.tracks()
            existing = (tracks["existence"] > 0.5) & tracks["status"].isin(["confirmed", "coasting"])
            held += (scan.observed_ns // 10**9 - now_ns // 10**9) * bool(existing.any())
        tracker.advance(scan)
        now_ns = scan.observed_ns
    return held


RADAR = sensor_of("radar", range_sd_m=5.0, azimuth_sd_deg=0.3, period_s=5.0, reference_range_m=None,
                  detection_probability=0.2, false_alarms_per_scan=0.05)  # fmt: skip
CAMERA = sensor_of("camera", azimuth_sd_deg=0.1, elevation_sd_deg=0.1, period_s=1.0, detection_probability=0.95,
                   azimuth_deg=0.0, field_of_view_deg=180.0)  # fmt: skip


def test_a_camera_that_is_blind_in_fog_does_not_end_the_track_of_a_radar() -> None:
    """The radar finds the walker in one of five looks, every 5 s; the camera looks every second, and sees nothing.

    With fog stated he is held as long as by the radar alone. On a clear day a tracker for which fog is stated holds him
    as well as any: what the camera reports counts.
    """
    both, alone = layout_of(RADAR, CAMERA), layout_of(RADAR)
    foggy, unstated, by_radar = (
        [seconds_held(layout, FOG, stated, seed) for seed in range(3)]
        for layout, stated in ((both, "fog"), (both, "day"), (alone, "fog"))
    )
    assert np.sum(foggy) >= 0.95 * np.sum(by_radar) > 450, (foggy, by_radar)
    assert np.sum(unstated) < 0.2 * np.sum(by_radar), (unstated, by_radar)
    clear = [np.sum([seconds_held(both, Conditions(), stated, seed) for seed in range(2)]) for stated in ("day", "fog")]
    assert clear[1] >= 0.95 * clear[0] > 450, clear


def test_a_tracker_goes_on_in_other_weather() -> None:
    """A snapshot of a clear day continues in fog, with the tracks that it has."""
    layout = layout_of(RADAR, CAMERA)
    detections, _ = simulate(layout, Scenario((WALKER,), START, 120.0), None, seed=1)
    before = Tracker(layout)
    for scan in split(detections, layout):
        before.advance(scan)
    after = Tracker.restore(layout, None, before.snapshot(), conditions="fog")
    xr.testing.assert_identical(after.tracks(), before.tracks())
    assert after.model.sensors["camera"].view.table.max() < before.model.sensors["camera"].view.table.max()
    again = Tracker.restore(layout, None, after.snapshot(), conditions="fog")
    assert again.snapshot() == after.snapshot()


@pytest.mark.parametrize("weather", ["day", "fog"])
def test_pieces_of_an_archive_have_the_weather_too(weather: str) -> None:
    layout = layout_of(RADAR, CAMERA)
    detections, _ = simulate(layout, Scenario((WALKER,), START, 120.0, conditions=MIST), None, seed=1)
    (piece,) = track_in_pieces([detections], layout, conditions=weather)
    _, alone = track_piece(detections, layout, conditions=weather, last=True)
    whole = track(detections, layout, conditions=weather)
    xr.testing.assert_identical(alone, whole)
    xr.testing.assert_identical(piece.compute(scheduler="synchronous"), whole)
    other = track(detections, layout, conditions="fog" if weather == "day" else "day")
    assert not whole.equals(other)
    with pytest.raises(ConditionsError, match="frog"):
        track_in_pieces([detections], layout, conditions="frog")


def test_a_calibration_predicts_for_the_weather_of_the_scans() -> None:
    layout = layout_of(replace(RADAR, detection_probability=0.9), CAMERA)
    detections, _ = simulate(layout, Scenario((WALKER,), START, 200.0), None, seed=1)
    found = {}
    for weather in ("day", "fog"):
        cells = calibrate(split(detections, layout), layout, conditions=weather)
        of_camera = cells.isel(cell=np.flatnonzero(cells["sensor"].to_numpy() == "camera"))
        found[weather] = float(of_camera["predicted"].max())
    assert found["fog"] < 0.01 < 0.9 < found["day"]


def test_a_coverage_of_bad_weather_and_conditions_are_not_both_given(hills: xr.Dataset) -> None:
    layout = layout_of(sensor_of("camera"))
    foggy = coverage(layout, hills, None, conditions="fog")
    with pytest.raises(SchemaError, match="computed for 'fog', but conditions are given as well"):
        Tracker(layout, terrain=hills, coverage=foggy, conditions="night,fog")
    stated = Tracker(layout, terrain=hills, coverage=look_probability(layout, hills), conditions="fog")
    np.testing.assert_array_equal(
        stated.model.sensors["camera"].view.grid,
        Tracker(layout, terrain=hills, conditions="fog").model.sensors["camera"].view.grid,
    )
