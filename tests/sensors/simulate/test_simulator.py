"""Laws of the simulator: what is hidden is never reported, what is certain always is, and chance keeps to itself."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyproj
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.coverage import look_probability
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.weather import Conditions
from sensors.detections import DETECTIONS, split, to_dataset, to_scans
from sensors.errors import LayoutError
from sensors.layout import Layout, place
from sensors.scan import CLASSES
from sensors.simulate import simulate
from sensors.simulate.looks import geometry_of
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(-84.2, 36.6)
START = datetime(2025, 6, 1, 2, 0, tzinfo=UTC)
EXACT = {"range_sd_m": 1e-9, "azimuth_sd_deg": 1e-12}
NOISY = {"range_sd_m": 5.0, "azimuth_sd_deg": 0.25}
RADAR = {"kind": "radar", "max_range_m": 8_000.0, "period_s": 3.0} | NOISY
CAMERA = {"kind": "camera", "max_range_m": 8_000.0, "period_s": 2.0, "azimuth_sd_deg": 0.05, "elevation_sd_deg": 0.05}
GROUND = {"kind": "ground_sensor", "max_range_m": 30.0}


def layout(**sensors: dict[str, Any]) -> Layout:
    placed = []
    for name, values in sensors.items():
        easting, northing = values.pop("at", (0.0, 0.0)) if "at" in (values := dict(values)) else (0.0, 0.0)
        placed.append(place(FRAME, easting, northing, id=name, **values))
    return Layout("test", FRAME, tuple(placed))


def scenario(*movers: Mover, duration_s: float = 120.0, **values: Any) -> Scenario:
    return Scenario(movers, START, duration_s, **values)


def reports(detections: xr.Dataset, sensor: str) -> xr.Dataset:
    """The rows of one sensor in canonical order, without what depends on the other sensors."""
    rows = detections.isel(detection=detections["sensor_id"].to_numpy() == sensor)
    return rows.drop_dims("scan").drop_vars("scan_index").sortby(["observed_at", "received_at", "azimuth"])


WALKER = Mover.straight("w", (-400.0, 900.0), (1.2, -0.5), 120.0)


@pytest.mark.parametrize("seed", [None, True, -1, 7.0, "7"])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    """Without one, each night would be another."""
    with pytest.raises(BadInput, match="a whole number from 0"):
        simulate(layout(r=RADAR), scenario(WALKER), None, seed=seed)


def test_certain_and_exact_sensors_give_exact_positions() -> None:
    radar = RADAR | EXACT | {"detection_probability": 1.0, "mast_height_m": 30.0, "radial_velocity_sd_mps": 1e-9}
    detections, _ = simulate(layout(r=radar), scenario(WALKER), None, seed=4)
    scans = split(detections)
    assert len(scans) == 40
    for scan in scans:
        moment = (scan.observed_ns - np.datetime64("2025-06-01T02:00", "ns").astype(np.int64)) * 1e-9
        (position,), (velocity,) = WALKER.at([moment])
        assert len(scan) == 1
        horizontal = math.sqrt(scan.range_[0] ** 2 - 30.0**2)
        where = horizontal * np.array([math.sin(scan.azimuth[0]), math.cos(scan.azimuth[0])])
        assert where == pytest.approx(position, abs=1e-6)
        assert scan.radial_velocity[0] == pytest.approx(position @ velocity / scan.range_[0], abs=1e-6)


def test_a_blind_sensor_still_sends_its_empty_scans() -> None:
    detections, _ = simulate(layout(r=RADAR | {"detection_probability": 0.0}), scenario(WALKER), None, seed=4)
    assert detections.sizes["scan"] == 40
    assert detections.sizes["detection"] == 0


def test_detections_are_as_frequent_as_the_layout_says() -> None:
    """600 looks at p = .7: within 4.5 binomial deviations."""
    mover = Mover.straight("w", (0.0, 1_000.0), (0.1, 0.0), 1_800.0)
    radar = layout(r=RADAR | {"detection_probability": 0.7})
    detections, _ = simulate(radar, scenario(mover, duration_s=1_800.0), None, seed=4)
    assert detections.sizes["scan"] == 600
    assert abs(detections.sizes["detection"] - 420) < 4.5 * math.sqrt(600 * 0.7 * 0.3)


def test_noise_has_the_deviation_of_the_error_model() -> None:
    mover = Mover.straight("w", (0.0, 1_000.0), (1e-6, 0.0), 6_000.0)
    radar = layout(r=RADAR | {"detection_probability": 1.0, "mast_height_m": 0.0})
    detections, _ = simulate(radar, scenario(mover, duration_s=6_000.0), None, seed=4)
    error = detections["range"].to_numpy() - 1_000.0
    turn = np.degrees(np.angle(np.exp(1j * detections["azimuth"].to_numpy())))
    assert error.std() == pytest.approx(5.0, rel=0.08)
    assert turn.std() == pytest.approx(0.25, rel=0.08)
    assert abs(error.mean()) < 4 * 5.0 / math.sqrt(len(error))


def test_false_alarms_are_poisson_in_number_and_uniform_per_area() -> None:
    radar = layout(r=RADAR | {"false_alarms_per_scan": 2.0, "min_range_m": 100.0})
    detections, _ = simulate(radar, scenario(duration_s=3_000.0), None, seed=4)
    expected = 2_000
    assert abs(detections.sizes["detection"] - expected) < 4.5 * math.sqrt(expected)
    area = (detections["range"].to_numpy() ** 2 - 100.0**2) / (8_000.0**2 - 100.0**2)
    assert np.histogram(area, 4, (0, 1))[0] == pytest.approx([expected / 4] * 4, abs=4.5 * math.sqrt(expected / 4))


def test_more_false_alarms_change_no_true_detection() -> None:
    """Chance for clutter is its own: with or without it, every true plot is there, to the bit."""
    quiet, _ = simulate(layout(r=RADAR), scenario(WALKER), None, seed=4)
    loud, _ = simulate(layout(r=RADAR | {"false_alarms_per_scan": 3.0}), scenario(WALKER), None, seed=4)
    assert loud.sizes["detection"] > quiet.sizes["detection"] + 60
    assert np.isin(quiet["range"], loud["range"]).all()


def test_camera_false_alarms_stay_in_view_and_have_no_range() -> None:
    camera = CAMERA | {"false_alarms_per_scan": 3.0, "azimuth_deg": 0.0, "field_of_view_deg": 40.0}
    detections, _ = simulate(layout(c=camera), scenario(duration_s=400.0), None, seed=4)
    turn = np.degrees(np.angle(np.exp(1j * detections["azimuth"].to_numpy())))
    assert len(turn) > 400
    assert np.abs(turn).max() <= 20.0 + 1e-6
    assert np.isnan(detections["range"]).all()
    assert np.isfinite(detections["elevation_angle"]).all()


def ridge() -> xr.Dataset:
    """Flat ground with a wall of 200 m along easting 500, cells of 50 m, 4 km square."""
    axis = np.arange(81) * 50.0 - 2_000.0
    elevation = np.full((81, 81), 100.0, dtype=np.float32)
    elevation[:, axis == 500.0] = 300.0
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation, {"units": "m"})},
        coords={"northing": ("northing", axis[::-1], {"units": "m"}), "easting": ("easting", axis, {"units": "m"})},
        attrs={"crs": FRAME.wkt, "datum": "test", "cell_m": 50.0},
    )


def test_the_hidden_are_never_detected() -> None:
    sensors = layout(r=RADAR | {"detection_probability": 1.0}, c=CAMERA | {"detection_probability": 1.0})
    behind = Mover.straight("b", (800.0, -600.0), (0.0, 8.0), 150.0)
    before = Mover.straight("a", (-800.0, -600.0), (0.0, 8.0), 150.0)
    detections, truth = simulate(sensors, scenario(behind, before), ridge(), seed=4)
    assert detections.sizes["detection"] == detections.sizes["scan"]  # the one in the open, each time
    assert (np.sin(detections["azimuth"]) < 0.0).all()
    assert set(truth["target"].to_numpy().tolist()) == {"a", "b"}


def test_where_visibility_is_unknown_nothing_is_reported() -> None:
    terrain = ridge()
    terrain["elevation"][:, 50] = np.nan
    mover = Mover.straight("b", (800.0, -600.0), (0.0, 8.0), 150.0)
    detections, _ = simulate(layout(r=RADAR | {"detection_probability": 1.0}), scenario(mover), terrain, seed=4)
    assert detections.sizes["detection"] == 0


def test_elevation_angles_point_at_the_feet() -> None:
    """30 m mast on flat ground, walker at 1 km: down by atan(30/1000), and by the Earth's drop of 0.068 m."""
    camera = CAMERA | {"elevation_sd_deg": 1e-12, "detection_probability": 1.0, "mast_height_m": 30.0}
    mover = Mover.straight("w", (-1_000.0, 0.0), (1e-9, 0.0), 120.0)
    detections, _ = simulate(layout(c=camera), scenario(mover), ridge(), seed=4)
    drop = 1_000.0**2 / (2 / (1 - 0.13) * 6_371_008.8)
    assert detections["elevation_angle"].to_numpy() == pytest.approx(-math.atan2(30.0 + drop, 1_000.0), abs=1e-8)


def test_a_precomputed_coverage_changes_nothing() -> None:
    sensors, what = layout(r=RADAR), scenario(WALKER)
    given_coverage, _ = simulate(sensors, what, ridge(), seed=4, coverage=look_probability(sensors, ridge()))
    xr.testing.assert_identical(given_coverage, simulate(sensors, what, ridge(), seed=4)[0])


def test_adding_a_sensor_leaves_the_others_reports_as_they_were() -> None:
    what = scenario(WALKER, late_fraction=0.3, duplicate_fraction=0.2)
    busy = RADAR | {"false_alarms_per_scan": 1.0}
    few, _ = simulate(layout(r=busy, g=GROUND | {"at": (-350.0, 880.0)}), what, None, seed=4)
    many, _ = simulate(layout(c=CAMERA, r=busy, x=busy, g=GROUND | {"at": (-350.0, 880.0)}), what, None, seed=4)
    for name in ("r", "g"):
        xr.testing.assert_identical(reports(few, name), reports(many, name))


def test_two_equal_sensors_do_not_share_their_luck() -> None:
    detections, _ = simulate(layout(a=RADAR, b=RADAR), scenario(WALKER), None, seed=4)
    a, b = (reports(detections, name)["range"].to_numpy()[:20] for name in ("a", "b"))
    assert not np.isin(a, b).any()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**63), st.integers(0, 6))
def test_the_same_seed_gives_the_same_night(seed: int, n: int) -> None:
    chance = np.random.default_rng(seed)
    movers = [
        Mover.straight(f"m{i}", tuple(chance.uniform(-2_000.0, 2_000.0, 2)), tuple(chance.uniform(-2.0, 2.0, 2)), 30.0)
        for i in range(n)
    ]
    what = scenario(*movers, duration_s=30.0)
    sensors = layout(r=RADAR | {"false_alarms_per_scan": 2.0}, c=CAMERA, g=GROUND | {"false_alarms_per_scan": 0.5})
    first, second = simulate(sensors, what, None, seed=seed), simulate(sensors, what, None, seed=seed)
    xr.testing.assert_identical(first[0], second[0])
    xr.testing.assert_identical(first[1], second[1])
    DETECTIONS.check(first[0], where="test")


def test_another_seed_gives_another_night() -> None:
    first, second = (simulate(layout(r=RADAR), scenario(WALKER), None, seed=seed)[0] for seed in (1, 2))
    assert not np.isin(first["range"], second["range"]).any()


def test_sequences_are_contiguous_and_arrivals_in_order() -> None:
    what = scenario(WALKER, duration_s=600.0, late_fraction=0.2, late_mean_s=8.0, duplicate_fraction=0.1)
    detections, _ = simulate(layout(r=RADAR | {"latency_s": 0.4}, c=CAMERA), what, None, seed=4)
    arrival = detections["scan_received_at"].to_numpy()
    assert (np.diff(arrival) >= np.timedelta64(0)).all()
    for name in ("r", "c"):
        own = detections.isel(scan=detections["scan_sensor"].to_numpy() == name)
        sequence, first = np.unique(own["scan_sequence"], return_index=True)
        assert sequence.tolist() == list(range(1, len(sequence) + 1))
        assert (np.diff(own["scan_time"].to_numpy()[first]) > np.timedelta64(0)).all()


def test_late_and_duplicate_shares_are_as_asked() -> None:
    what = scenario(duration_s=6_000.0, late_fraction=0.2, late_mean_s=8.0, duplicate_fraction=0.1)
    detections, _ = simulate(layout(r=RADAR | {"latency_s": 0.4}), what, None, seed=4)
    scans = split(detections)
    keys = [scan.key for scan in scans]
    assert len(keys) - len(set(keys)) == pytest.approx(200, abs=4.5 * math.sqrt(2_000 * 0.09))
    delay = {scan.key: (scan.received_ns - scan.observed_ns) * 1e-9 for scan in reversed(scans)}  # the first copy
    late = [seconds for seconds in delay.values() if seconds > 0.4 + 1e-6]
    assert len(late) == pytest.approx(400, abs=4.5 * math.sqrt(2_000 * 0.16))
    assert np.mean(late) - 0.4 == pytest.approx(8.0, rel=0.25)
    assert min(delay.values()) == pytest.approx(0.4, abs=1e-6)


def test_a_duplicate_says_the_same_twice() -> None:
    what = scenario(WALKER, duplicate_fraction=1.0)
    detections, _ = simulate(layout(r=RADAR | {"false_alarms_per_scan": 2.0}), what, None, seed=4)
    copies: dict[Any, list[Any]] = {}
    for scan in split(detections):
        copies.setdefault(scan.key, []).append(scan)
    for first, second in copies.values():
        assert second.received_ns > first.received_ns
        np.testing.assert_array_equal(first.range_, second.range_)
        np.testing.assert_array_equal(first.azimuth, second.azimuth)


def test_labels_follow_the_confusion_matrix() -> None:
    """A person is called a person in 80 % of 2,000 looks, and the likelihood is that column of the matrix."""
    matrix = [
        [0.8, 0.1, 0.0, 0.1, 0.0],
        [0.1, 0.8, 0.0, 0.1, 0.0],
        [0, 0, 1, 0, 0],
        [0.3, 0, 0, 0.7, 0],
        [0, 0, 0, 0, 1],
    ]
    mover = Mover.straight("w", (0.0, 1_000.0), (0.1, 0.0), 4_000.0)
    camera = CAMERA | {"confusion": matrix, "detection_probability": 1.0}
    detections, _ = simulate(layout(c=camera), scenario(mover, duration_s=4_000.0), None, seed=4)
    likelihood = detections["class_probability"].to_numpy()
    person = np.isclose(likelihood, np.array([0.8, 0.1, 0.0, 0.3, 0.0]) / 1.2).all(axis=1)
    assert person.sum() == pytest.approx(1_600, abs=4.5 * math.sqrt(2_000 * 0.16))
    np.testing.assert_allclose(likelihood.sum(axis=1), 1.0)
    assert detections["class"].to_numpy().tolist() == list(CLASSES)


def test_a_pass_along_the_mean_chord_triggers_as_often_as_rated() -> None:
    """400 passes at p = .9 past a sensor of 30 m, at the distance whose chord is the mean chord π r / 2."""
    aside = math.sqrt(30.0**2 - (math.pi * 30.0 / 4.0) ** 2)
    sensor = layout(g=GROUND | {"detection_probability": 0.9})
    passes = 0
    for seed in range(400):
        mover = Mover.straight("w", (-60.0, aside), (1.2, 0.0), 100.0)
        passes += simulate(sensor, scenario(mover), None, seed=seed)[0].sizes["scan"] > 0
    assert passes == pytest.approx(360, abs=4.5 * math.sqrt(400 * 0.09))


def test_a_trigger_is_a_scan_with_one_plot_without_measurement() -> None:
    sensor = layout(g=GROUND | {"detection_probability": 1.0, "at": (-350.0, 880.0)})
    detections, _ = simulate(sensor, scenario(WALKER), None, seed=4)
    assert detections.sizes["scan"] == detections.sizes["detection"] > 0
    assert np.isnan(detections["azimuth"]).all()
    assert np.isnan(detections["easting"]).all()
    gaps = np.diff(detections["scan_time"].to_numpy()) / np.timedelta64(1, "s")
    assert (gaps >= 5.0 - 1e-6).all()


def test_nobody_near_nobody_felt() -> None:
    still = Mover.straight("s", (5.0, 5.0), (0.0, 0.0), 120.0)
    detections, _ = simulate(layout(g=GROUND | {"detection_probability": 1.0}), scenario(WALKER, still), None, seed=4)
    assert detections.sizes["scan"] == 0


def test_false_triggers_come_as_often_as_rated() -> None:
    """0.02 per heartbeat of 10 s over 200,000 s: 400 expected."""
    sensor = layout(g=GROUND | {"false_alarms_per_scan": 0.02, "status_interval_s": 10.0})
    detections, _ = simulate(sensor, scenario(duration_s=200_000.0), None, seed=4)
    assert detections.sizes["scan"] == pytest.approx(400, abs=4.5 * 20)


def test_a_polled_ground_sensor_sends_empty_scans_between_triggers() -> None:
    sensor = layout(g=GROUND | {"detection_probability": 1.0, "period_s": 4.0, "at": (-350.0, 880.0)})
    detections, _ = simulate(sensor, scenario(WALKER), None, seed=4)
    assert detections.sizes["scan"] == 30
    assert 0 < detections.sizes["detection"] < 30
    assert max(len(scan) for scan in split(detections)) == 1


def test_an_event_only_radar_sends_no_empty_scans() -> None:
    radar = {key: value for key, value in RADAR.items() if key != "period_s"}
    detections, _ = simulate(layout(r=radar), scenario(WALKER), None, seed=4)
    assert min(len(scan) for scan in split(detections)) == 1


def test_truth_is_every_second_of_every_mover_and_lies_beside_the_border() -> None:
    line = Border(FRAME, LineString([(-5_000, 0), (5_000, 0)]), home_side="right")
    late = Mover("l", "vehicle", np.array([30.2, 60.0]), np.array([0.0, 100.0]), np.array([50.0, -50.0]))
    _, truth = simulate(layout(), scenario(WALKER, late, border=line), None, seed=4)
    assert truth.sizes["estimate"] == 121 + 30
    own = truth.isel(estimate=truth["target"].to_numpy() == "l")
    assert own["time"].to_numpy()[0] == np.datetime64("2025-06-01T02:00:31", "ns")
    np.testing.assert_allclose(own["offset_m"], -own["northing"], atol=1e-9)
    assert set(own["class"].to_numpy().tolist()) == {"vehicle"}
    assert (truth["segment"] >= 0).all()
    assert float(np.abs(truth["cov"]).max()) == 0.0


def test_without_a_border_truth_has_no_offset() -> None:
    _, truth = simulate(layout(r=RADAR), scenario(WALKER), None, seed=4)
    assert (truth["segment"] == -1).all()
    assert np.isnan(truth["offset_m"]).all()


def test_nothing_happens_where_nothing_is() -> None:
    detections, truth = simulate(layout(), scenario(), None, seed=4)
    assert (detections.sizes["scan"], detections.sizes["detection"], truth.sizes["estimate"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("sensor", "key"),
    [(RADAR | {"range_sd_m": None}, "range_sd_m"), (CAMERA | {"azimuth_sd_deg": None}, "azimuth_sd_deg")],
)
def test_a_sensor_without_error_model_cannot_be_simulated(sensor: dict[str, Any], key: str) -> None:
    with pytest.raises(LayoutError, match=f"'s': {key} is missing"):
        simulate(layout(s=sensor), scenario(WALKER), None, seed=4)


def test_what_the_simulator_says_survives_the_wire() -> None:
    """To records, as the sensors would send them, and back into the frame."""
    sensors = layout(
        r=RADAR | {"false_alarms_per_scan": 1.0},
        c=CAMERA | {"confusion": [[0.6, 0.1, 0.1, 0.1, 0.1]] + [[0.1, 0.5, 0.2, 0.1, 0.1]] * 4},
        g=GROUND | {"at": (-350.0, 880.0)},
    )
    detections, _ = simulate(sensors, scenario(WALKER), None, seed=4)
    back = to_dataset(to_scans(detections, sensors), sensors)
    for name in ("range", "elevation_angle", "class_probability"):
        np.testing.assert_allclose(back[name], detections[name], atol=1e-9)
    for name in ("scan_sensor", "scan_time", "scan_received_at", "scan_sequence", "scan_index", "kind"):
        np.testing.assert_array_equal(back[name], detections[name])


def test_ranges_and_detection_go_by_the_straight_distance_in_space() -> None:
    """On a plain at 1,900 m, and one of 700 m seen from 1,900 m: distances in geocentric coordinates (PROJ)."""
    to_space = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
    axis = np.linspace(-6_000.0, 6_000.0, 121)
    for plain_m in (1_900.0, 700.0):
        elevation = np.full((121, 121), plain_m, np.float32)
        elevation[60, 60] = 1_890.0
        terrain = xr.Dataset(
            {"elevation": (("northing", "easting"), elevation, {"units": "m"})},
            coords={"northing": axis[::-1], "easting": axis},
            attrs={"crs": FRAME.wkt},
        )
        radar = place(FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=6_000.0, mast_height_m=10.0)
        position = np.array([[[5_000.0, 0.0], [-300.0, 2_000.0], [1_000.0, -4_000.0]]])
        found = geometry_of(Layout("l", FRAME, (radar,)).placement("R"), position, np.zeros((1, 3, 2)), terrain)
        lon, lat = FRAME.to_lonlat(position[0, :, 0], position[0, :, 1])
        there = np.column_stack(to_space.transform(lon, lat, np.full(3, plain_m)))
        eye = to_space.transform(*FRAME.to_lonlat(0.0, 0.0), 1_900.0)
        assert found.slant[0] == pytest.approx(np.linalg.norm(there - eye, axis=1), abs=0.03)


@pytest.mark.parametrize(("kind", "weather"), [("camera", "visibility_m=1500"), ("radar", "night,rain,wind")])
def test_in_bad_weather_detections_are_as_frequent_as_the_detection_model_says(kind: str, weather: str) -> None:
    """3,000 looks at one place: within 4.5 binomial deviations, and fewer than on a clear day."""
    sensors = {
        "camera": CAMERA | {"detection_probability": 0.9},
        "radar": RADAR | {"detection_probability": 0.9, "reference_range_m": 900.0},
    }
    mover = Mover.straight("w", (0.0, 900.0), (1e-6, 0.0), 9_000.0)
    seen_by = layout(s=sensors[kind])
    state = Conditions.named(weather)
    detections, _ = simulate(seen_by, scenario(mover, duration_s=9_000.0, conditions=state), None, seed=4)
    sensor, looks = seen_by["s"], detections.sizes["scan"]
    slant = np.hypot(900.0, sensor.mast_height_m)
    expected = float(sensor.look_and_rate(slant, Situation("person", state))[0])
    assert 0.1 < expected < 0.85
    spread = 4.5 * math.sqrt(looks * expected * (1.0 - expected))
    assert abs(detections.sizes["detection"] - looks * expected) < spread


def test_a_day_camera_reports_nothing_true_at_night_and_keeps_its_false_alarms() -> None:
    camera = layout(c=CAMERA | {"night": False, "false_alarms_per_scan": 0.5})
    dark = Conditions.named("night")
    with_mover, _ = simulate(camera, scenario(WALKER, conditions=dark), None, seed=4)
    without, _ = simulate(camera, scenario(conditions=dark), None, seed=4)
    assert with_mover.sizes["detection"] > 0
    xr.testing.assert_identical(with_mover, without)


def test_in_wind_a_ground_sensor_is_triggered_as_often_as_its_rate_says() -> None:
    """400 passes, a minute apart, 20 m beside a sensor that reaches 30 m: within 4.5 binomial deviations."""
    wind = Conditions(wind_mps=15.0)
    chord_m = 2.0 * math.sqrt(30.0**2 - 20.0**2)
    passes = [
        Mover(f"w{n}", "person", np.array([60.0 * n, 60.0 * n + 50.0]), np.array([-50.0, 50.0]), np.full(2, 20.0))
        for n in range(400)
    ]
    ground = layout(g=GROUND | {"detection_probability": 0.9})
    detections, _ = simulate(ground, scenario(*passes, duration_s=24_000.0, conditions=wind), None, seed=4)
    times = detections["observed_at"].to_numpy().astype("datetime64[s]").astype(np.int64)
    caught = len(np.unique((times - int(START.timestamp())) // 60))
    sensor = ground["g"]
    per_metre = float(sensor.look_and_rate(20.0, Situation("person", wind))[1]) / Situation("person").speed_mps
    expected = 1.0 - math.exp(-per_metre * chord_m)
    calm = 1.0 - math.exp(-float(sensor.trigger_rate_per_m(20.0)) * chord_m)
    assert expected < 0.8 * calm
    assert abs(caught - 400 * expected) < 4.5 * math.sqrt(400 * expected * (1.0 - expected))
