"""Coverage over ground: what it says where, its laws, and that lazy is the same as now, to the bit."""

from __future__ import annotations

import itertools
import json

import dask
import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.terrain import sample
from geo.visibility import viewshed
from geo.visibility.slant_range import slant_range
from sensors.coverage import coverage, coverage_rasters
from sensors.coverage.weather_mixture import over_weather
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.weather import Conditions
from sensors.errors import LayoutError
from sensors.layout import Layout, place

FRAME = LocalFrame.around(-84.2, 36.6)
CELL = 50.0
ROWS, COLUMNS = 61, 71
RASTERS = ("combined_probability", "expected_probability", "best_probability", "dead_ground")


def ground(elevation: np.ndarray, canopy: np.ndarray | None = None) -> xr.Dataset:
    rows, columns = elevation.shape
    data = {"elevation": (("northing", "easting"), elevation.astype(np.float32), {"units": "m"})}
    if canopy is not None:
        data["canopy_height"] = (("northing", "easting"), canopy.astype(np.float32), {"units": "m"})
    return xr.Dataset(
        data,
        coords={
            "northing": ("northing", CELL * ((rows - 1) / 2 - np.arange(rows)), {"units": "m"}),
            "easting": ("easting", CELL * (np.arange(columns) - (columns - 1) / 2), {"units": "m"}),
        },
        attrs={"crs": FRAME.wkt, "datum": "test", "cell_m": CELL},
    )


def flat() -> xr.Dataset:
    return ground(np.full((ROWS, COLUMNS), 100.0))


def hills(seed: int = 5, rows: int = ROWS, columns: int = COLUMNS) -> xr.Dataset:
    chance = np.random.default_rng(seed)
    north, east = np.mgrid[:rows, :columns]
    waves = sum(
        20.0 * np.sin(north * chance.uniform(0.1, 0.4) + east * chance.uniform(0.1, 0.4) + chance.uniform(0, 6))
        for _ in range(5)
    )
    return ground(200.0 + waves + 3.0 * chance.random((rows, columns)))


def with_voids(terrain: xr.Dataset) -> xr.Dataset:
    elevation = terrain["elevation"].to_numpy().copy()
    elevation[20:24, 40:44] = np.nan
    return ground(elevation)


def layout(*sensors: dict) -> Layout:
    placed = tuple(
        place(FRAME, s.pop("easting", 0.0), s.pop("northing", 0.0), **({"kind": "radar", "max_range_m": 1_000.0} | s))
        for s in map(dict, sensors)
    )
    return Layout("test", FRAME, placed)


RADAR = {"id": "radar", "easting": -500.0, "northing": 120.0, "max_range_m": 1_400.0, "reference_range_m": 900.0}
CAMERA = {"id": "camera", "kind": "camera", "easting": 600.0, "northing": -330.0, "max_range_m": 1_200.0}
SEISMIC = {"id": "seismic", "kind": "ground_sensor", "easting": 210.0, "northing": 260.0, "max_range_m": 120.0}
MIXED = (
    RADAR | {"period_s": 2.5, "availability": 0.9, "mast_height_m": 8.0},
    CAMERA
    | {"pitch_m": 12e-6, "focal_length_m": 0.05, "availability": 0.8, "azimuth_deg": 300, "field_of_view_deg": 120},
    SEISMIC | {"availability": 0.7},
    {"id": "far", "easting": 1_000.0, "northing": 900.0, "min_range_m": 200.0, "detection_probability": 0.4},
)


def at(raster: xr.DataArray, easting: float, northing: float) -> float:
    return float(raster.sel(easting=easting, northing=northing, method="nearest"))


# --- what it says


def test_on_flat_ground_it_is_the_formula():
    found = coverage(layout({"id": "r", "detection_probability": 0.3, "period_s": 3.0}), flat(), None, dwell_s=60.0)
    one = found.sel(sensor="r", easting=400.0, northing=-250.0).compute()
    assert float(one["visible"]) == 1
    assert float(one["look_probability"]) == pytest.approx(0.3)
    assert float(one["rate"]) == pytest.approx(0.11889, abs=5e-6)
    assert float(one["coverage_probability"]) == pytest.approx(1.0 - 0.7**20, abs=1e-9)
    outside = found.sel(sensor="r", easting=1_300.0, northing=0.0).compute()
    assert [float(outside[name]) for name in ("visible", "look_probability", "rate", "coverage_probability")] == [0] * 4


def test_outages_count_once_for_the_whole_dwell():
    # p .3, 20 looks, availability .5 → .4996
    half = {"id": "r", "detection_probability": 0.3, "period_s": 3.0, "availability": 0.5}
    found = coverage_rasters(layout(half), flat(), None, dwell_s=60.0)
    assert at(found["expected_probability"], 100.0, 0.0) == pytest.approx(0.4996, abs=5e-5)
    assert at(found["combined_probability"], 100.0, 0.0) == pytest.approx(0.9992, abs=5e-5)


def test_look_and_coverage_are_different_things():
    found = coverage(layout(RADAR), flat(), None, dwell_s=600.0).isel(sensor=0).compute()
    seen = found["visible"] == 1
    assert (found["coverage_probability"].where(seen) > found["look_probability"].where(seen)).where(seen, True).all()


def test_a_dwell_adds_looks_to_a_radar_but_only_one_search_to_a_camera():
    camera = CAMERA | {"detection_probability": 0.6}
    found = {s: coverage_rasters(layout(camera), flat(), None, dwell_s=s) for s in (6.0, 60.0, 6_000.0)}
    chances = [at(rasters["combined_probability"], 600.0, 0.0) for rasters in found.values()]
    assert chances[0] == pytest.approx(1.0 - 0.4**0.1, rel=1e-9)  # a tenth of the search
    assert chances[1:] == pytest.approx([0.6, 0.6], rel=1e-9)


def test_all_sensors_agree_with_the_sum_by_hand():
    terrain, sensors = hills(), layout(*MIXED)
    found = coverage(sensors, terrain, None, target="vehicle", conditions="night,haze", dwell_s=120.0).compute()
    situation = Situation("vehicle", Conditions(daylight=False, visibility_m=5_000.0))
    hazard, miss, best = np.zeros((3, ROWS, COLUMNS))
    miss[:] = 1.0
    for sensor in sensors:
        view = sensors.placement(sensor.id)
        distance = np.hypot(terrain["easting"] - sensor.easting, terrain["northing"] - sensor.northing)
        distance = distance.transpose("northing", "easting")
        if sensor.kind == "ground_sensor":
            seen = distance <= sensor.max_range_m
        else:
            window = viewshed(
                terrain,
                sensor.easting,
                sensor.northing,
                observer_height_m=sensor.mast_height_m,
                target_height_m=2.3,
                max_range_m=sensor.max_range_m,
                min_range_m=sensor.min_range_m,
                azimuths_rad=view.azimuths_rad,
                curvature_k=4.0 / 3.0 if sensor.kind == "radar" else 1.0 / 0.87,
            )
            seen = window.reindex_like(terrain["elevation"], fill_value=0) == 1
        eye_m = float(sample(terrain, sensor.easting, sensor.northing)) + sensor.mast_height_m
        slant = slant_range(distance, eye_m, terrain["elevation"])
        ranges = distance.to_numpy() if sensor.kind == "ground_sensor" else slant
        _, rate = sensor.look_and_rate(ranges, situation)
        h = np.where(seen, rate * sensor.exposure_s(120.0, situation), 0.0)
        hazard += h
        miss *= 1.0 - sensor.availability * (1.0 - np.exp(-h))
        best = np.maximum(best, h)
    np.testing.assert_allclose(found["combined_probability"], 1.0 - np.exp(-hazard), atol=1e-12)
    np.testing.assert_allclose(found["expected_probability"], 1.0 - miss, atol=1e-12)
    np.testing.assert_allclose(found["best_probability"], 1.0 - np.exp(-best), atol=1e-12)
    np.testing.assert_array_equal(found["sensors_detecting"], (found["rate"] > 0).sum("sensor"))
    np.testing.assert_array_equal(found["dead_ground"], (found["visible"] == 0).all("sensor"))
    named = found["best_sensor"].to_numpy()
    single = found["coverage_probability"].to_numpy()
    row, column = np.nonzero(named >= 0)
    np.testing.assert_allclose(single[named[row, column], row, column], single.max(axis=0)[row, column], atol=1e-12)
    assert (single[:, named < 0] == 0.0).all()


def test_a_circle_smaller_than_a_cell_fills_only_its_share_of_it():
    small = SEISMIC | {"max_range_m": 20.0, "easting": 0.0, "northing": 0.0}
    found = coverage(layout(small), flat(), None).sel(sensor="seismic").compute()
    full = layout(small)["seismic"].look_and_rate(0.0, Situation())[1]
    assert at(found["rate"], 0.0, 0.0) == pytest.approx(float(full) * np.pi * 20.0**2 / CELL**2, rel=1e-12)
    assert int((found["visible"] == 1).sum()) == 1


def test_behind_a_void_nothing_is_known_and_it_is_never_zero():
    elevation = np.full((ROWS, COLUMNS), 100.0)
    elevation[:, 45] = np.nan  # 500 m east of the middle
    found = coverage(layout({"id": "r"}), ground(elevation), None).compute()
    behind = found.sel(easting=slice(550.0, 900.0), northing=0.0)
    for name in ("look_probability", "rate", "coverage_probability"):
        assert behind[name].isnull().all()
    for name in ("combined_probability", "expected_probability", "best_probability"):
        assert behind[name].isnull().all()
    assert (behind["dead_ground"] == 255).all()
    assert (behind["sensors_unknown"] == 1).all()
    assert (found["dead_ground"].sel(easting=-1_500.0) == 1).all()


def test_a_known_sensor_beside_an_unknown_one_gives_a_lower_bound():
    elevation = np.full((ROWS, COLUMNS), 100.0)
    elevation[:, 45] = np.nan
    both = layout({"id": "west"}, {"id": "east", "easting": 800.0, "detection_probability": 0.2, "period_s": 60.0})
    found = coverage(both, ground(elevation), None, dwell_s=60.0).compute()
    assert at(found["combined_probability"], 700.0, 0.0) == pytest.approx(0.2, rel=1e-9)
    assert at(found["sensors_unknown"], 700.0, 0.0) == 1
    assert at(found["dead_ground"], 700.0, 0.0) == 0


def test_trees_hide_people_from_cameras_unless_the_setting_says_not():
    canopy = np.zeros((ROWS, COLUMNS))
    canopy[:, 45:50] = 15.0
    terrain = ground(np.full((ROWS, COLUMNS), 100.0), canopy)
    camera = layout({"id": "c", "kind": "camera", "mast_height_m": 5.0})
    through = Assumptions(camera_canopy_fraction=0.0)
    wooded, bare = (coverage_rasters(camera, terrain, None, assumptions=a) for a in (None, through))
    assert at(wooded["combined_probability"], 800.0, 0.0) == 0.0
    assert at(bare["combined_probability"], 800.0, 0.0) > 0.5


def test_the_fast_viewshed_errs_in_few_cells_and_says_so():
    sensors, terrain = layout(RADAR | {"mast_height_m": 20.0}, CAMERA | {"mast_height_m": 20.0}), hills()
    exact, fast = (coverage_rasters(sensors, terrain, None, mode=mode) for mode in ("exact", "fast"))
    assert float((exact["dead_ground"] != fast["dead_ground"]).mean()) < 0.02
    assert (exact.attrs["viewshed"], fast.attrs["viewshed"]) == ("exact", "fast")


def test_it_says_what_it_is_of():
    found = coverage(layout(*MIXED), hills(), None, target="group", conditions="night,fog", dwell_s=300.0)
    assert (found.attrs["target"], found.attrs["conditions"], found.attrs["dwell_s"]) == ("group", "night,fog", 300.0)
    assert json.loads(found.attrs["conditions_numbers"])["visibility_m"] == 200.0
    assert {name for name, *_ in json.loads(found.attrs["assumptions"])} == {a.name for a in Assumptions()}
    assert "independent" in found.attrs["independence"]
    assert found["rate"].attrs["units"] == "1/s"
    assert all(variable.attrs["long_name"] for variable in found.data_vars.values())
    other = coverage(layout(*MIXED[:3]), hills(seed=9), None)
    for key in ("layout_checksum", "terrain_checksum"):
        assert other.attrs[key] != found.attrs[key]


# --- laws


@pytest.mark.parametrize("conditions", ["day", "night,fog"])
def test_adding_a_sensor_never_lowers_coverage(conditions):
    terrain = hills()
    before = None
    for count in range(len(MIXED) + 1):
        now = coverage_rasters(layout(*MIXED[:count]), terrain, None, conditions=conditions)
        if before is not None:
            for name in ("combined_probability", "expected_probability", "best_probability", "sensors_detecting"):
                assert (now[name] >= before[name]).all(), name
            assert (now["dead_ground"] <= before["dead_ground"]).all()
        before = now


def test_a_higher_mast_or_target_never_lowers_coverage():
    terrain = hills()
    low, high = (layout(RADAR | {"mast_height_m": m}, CAMERA | {"mast_height_m": m}) for m in (3.0, 12.0))
    for less, more in (
        (coverage_rasters(low, terrain, None), coverage_rasters(high, terrain, None)),
        (coverage_rasters(low, terrain, None), coverage_rasters(low, terrain, None, target="vehicle")),
    ):
        assert (more["combined_probability"] >= less["combined_probability"]).all()
        assert float(more["combined_probability"].sum()) > float(less["combined_probability"].sum())
        assert (more["dead_ground"] <= less["dead_ground"]).all()


def test_a_longer_dwell_never_lowers_coverage():
    terrain, sensors = hills(), layout(*MIXED)
    found = [coverage_rasters(sensors, terrain, None, dwell_s=s) for s in (1.0, 10.0, 60.0, 600.0, 6e5)]
    for shorter, longer in itertools.pairwise(found):
        for name in RASTERS[:3]:
            assert (longer[name] >= shorter[name]).all(), name


def test_worse_weather_never_raises_coverage():
    terrain, sensors = hills(), layout(*MIXED)
    clear = coverage_rasters(sensors, terrain, None, dwell_s=20.0)
    for conditions in ("night", "haze", "fog", "rain", "humid", "wind", "night,fog,rain,wind"):
        worse = coverage_rasters(sensors, terrain, None, conditions=conditions, dwell_s=20.0)
        for name in RASTERS[:3]:
            assert (worse[name] <= clear[name] + 1e-12).all(), (conditions, name)
        xr.testing.assert_equal(worse["dead_ground"], clear["dead_ground"])


def test_the_best_single_sensor_and_outages_stay_below_the_combination():
    found = coverage_rasters(layout(*MIXED), hills(), None, dwell_s=20.0)
    assert (found["best_probability"] <= found["combined_probability"]).all()
    assert (found["expected_probability"] <= found["combined_probability"]).all()
    assert (found["sensors_confident"] <= found["sensors_detecting"]).all()
    assert (found["sensors_detecting"] <= found["sensors_seeing"]).all()


def test_quarter_turns_of_ground_and_sensors_turn_the_answer():
    terrain = hills(rows=61, columns=61)
    sensors = [dict(s) for s in MIXED]
    for s in sensors:
        s.pop("azimuth_deg", None), s.pop("field_of_view_deg", None)
    plain = coverage_rasters(layout(*sensors), terrain, None)
    for _ in range(3):
        terrain = ground(np.rot90(terrain["elevation"].to_numpy()))  # to the left: east becomes north
        for s in sensors:
            s["easting"], s["northing"] = -s["northing"], s["easting"]
        plain = plain.map(lambda raster: raster.copy(data=np.rot90(raster.to_numpy())))
        turned = coverage_rasters(layout(*sensors), terrain, None)
        for name in plain:
            np.testing.assert_allclose(turned[name], plain[name], rtol=1e-12, atol=1e-15)


# --- lazy is the same as now


@pytest.mark.parametrize("terrain", [hills(), with_voids(hills())], ids=["known", "voids"])
def test_dask_equals_numpy_to_the_bit(terrain):
    sensors, border = layout(*MIXED), Border(FRAME, LineString([(-1_700.0, 0.0), (1_700.0, 200.0)]))
    lazy = coverage(sensors, terrain, border)
    whole = lazy.compute()
    now = coverage_rasters(sensors, terrain, border)
    for name in now.data_vars:
        xr.testing.assert_identical(now[name], whole[name])
    for block_cells, chunks in (
        (17, None),
        (1_000, {"northing": 13, "easting": 29}),
        (25, {"northing": 20, "easting": 64}),
    ):
        ground_in = terrain if chunks is None else terrain.chunk(chunks)
        cut = coverage(sensors, ground_in, border, block_cells=block_cells)
        assert cut["combined_probability"].chunks is not None
        for name, variable in cut.compute().variables.items():
            np.testing.assert_array_equal(variable.to_numpy(), whole[name].to_numpy(), err_msg=str(name))


def test_blocks_that_sweep_a_part_of_a_view_lose_nothing_of_it():
    turned = [
        CAMERA | {"id": f"{azimuth}-{width}", "azimuth_deg": azimuth, "field_of_view_deg": width, "min_range_m": 90.0}
        for azimuth in (0.0, 90.0, 181.0, 315.0)
        for width in (7.0, 90.0, 200.0, 359.0)
    ]
    sensors, terrain = layout(*turned), with_voids(hills())
    whole = coverage(sensors, terrain, None)["visible"].compute()
    for block_cells in (9, 23):
        xr.testing.assert_equal(coverage(sensors, terrain, None, block_cells=block_cells)["visible"].compute(), whole)


def test_any_scheduler_gives_the_same_bits():
    lazy = coverage(layout(*MIXED), hills().chunk(northing=30), None, block_cells=40)
    answers = []
    for scheduler in ("synchronous", "threads"):
        with dask.config.set(scheduler=scheduler):
            answers.append(lazy.compute())
    xr.testing.assert_identical(*answers)


def test_nothing_is_computed_before_it_is_asked_for():
    class Untouchable:
        shape, dtype, ndim = (ROWS, COLUMNS), np.dtype(np.float32), 2

        def __getitem__(self, key):
            raise AssertionError("read too early")

    terrain = hills()
    terrain["elevation"] = (
        ("northing", "easting"),
        dask.array.from_array(Untouchable(), chunks=(30, 30), meta=np.empty((0, 0), np.float32), name="never"),
    )
    found = coverage(layout(*MIXED), terrain, None)
    assert found["rate"].shape == (4, ROWS, COLUMNS)
    with pytest.raises(AssertionError, match="read too early"):
        found["dead_ground"].compute()


def test_progress_is_told_once_a_sensor_and_block():
    told: list[tuple[int, int]] = []
    coverage_rasters(layout(*MIXED), hills(), None, report=lambda *numbers: told.append(numbers))
    assert told == [(i, 4) for i in (1, 2, 3, 4)]
    told.clear()
    coverage_rasters(layout(*MIXED), hills(), None, block_cells=40, report=lambda *numbers: told.append(numbers))
    assert told[-1][0] == told[-1][1] == len(told) > 4


def test_a_layout_without_sensors_covers_nothing():
    found = coverage(layout(), flat(), None).compute()
    assert found["rate"].shape == (0, ROWS, COLUMNS)
    assert (found["combined_probability"] == 0.0).all()
    assert (found["dead_ground"] == 1).all()
    assert (found["best_sensor"] == -1).all()


# --- weather as a mixture


def test_weather_is_mixed_over_whole_crossings():
    day_camera = CAMERA | {"night": False, "detection_probability": 0.6}
    sensors, terrain = layout(RADAR | {"availability": 0.9}, day_camera), hills()
    states = {"day": 0.6, "night": 0.4}
    rasters = {c: coverage_rasters(sensors, terrain, None, conditions=c, dwell_s=30.0) for c in states}
    mixed, day, night = over_weather(states, rasters), rasters["day"], rasters["night"]
    expected = 0.6 * day["expected_probability"] + 0.4 * night["expected_probability"]
    np.testing.assert_allclose(mixed["expected_probability"], expected, atol=1e-12)
    assert (mixed["expected_probability"] <= day["expected_probability"] + 1e-12).all()


@pytest.mark.parametrize("order", ["northing", "easting", "dims"])
def test_weather_is_mixed_cell_by_cell_whatever_the_order_of_a_raster(order: str):
    rasters = {c: coverage_rasters(layout(RADAR), hills(), None, conditions=c) for c in ("day", "rain")}
    states = {"day": 0.5, "rain": 0.5}
    rain = rasters["rain"].transpose() if order == "dims" else rasters["rain"].isel({order: slice(None, None, -1)})
    xr.testing.assert_equal(over_weather(states, rasters | {"rain": rain}), over_weather(states, rasters))


def test_states_that_do_not_fit_together_are_refused():
    terrain = flat()
    one = coverage_rasters(layout(RADAR), terrain, None)
    with pytest.raises(BadInput, match="layout_checksum differs"):
        over_weather({"a": 0.5, "b": 0.5}, {"a": one, "b": coverage_rasters(layout(CAMERA), terrain, None)})
    for part, axis in (
        (one.isel(northing=slice(1, None)), "northing"),
        (one.assign_coords(easting=one["easting"] + 1.0), "easting"),
    ):
        with pytest.raises(BadInput, match=f"{axis} differs"):
            over_weather({"a": 0.5, "b": 0.5}, {"a": one, "b": part})
    with pytest.raises(BadInput, match="sum 1"):
        over_weather({"a": 0.5}, {"a": one})
    with pytest.raises(BadInput, match="states"):
        over_weather({"a": 1.0}, {})


# --- bad input


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"target": "ghost"}, "'ghost'"),
        ({"target": "animal"}, "'animal'"),
        ({"conditions": "snow"}, "'snow'"),
        ({"conditions": ""}, "''"),
        ({"conditions": None}, "None"),
        ({"dwell_s": 0.0}, "dwell_s"),
        ({"dwell_s": -1.0}, "dwell_s"),
        ({"dwell_s": float("nan")}, "dwell_s"),
        ({"dwell_s": float("inf")}, "dwell_s"),
        ({"dwell_s": "600"}, "dwell_s"),
        ({"block_cells": 0}, "block_cells"),
        ({"block_cells": 1.5}, "block_cells"),
        ({"mode": "slow"}, "'slow'"),
    ],
)
def test_bad_arguments_are_one_sentence(keys, word):
    with pytest.raises(BadInput, match=r"expected .+\.$") as refused:
        coverage(layout(RADAR), flat(), None, **keys)
    assert word in str(refused.value)


@pytest.mark.parametrize("seconds", [np.int64(60), np.float32(60.0), 60])
def test_a_dwell_may_be_any_number(seconds):
    found = coverage(layout(RADAR), flat(), None, dwell_s=seconds)
    same = coverage(layout(RADAR), flat(), None, dwell_s=60.0)
    assert type(found.attrs["dwell_s"]) is float
    xr.testing.assert_equal(found["coverage_probability"].compute(), same["coverage_probability"].compute())


def test_a_sensor_without_ground_is_named():
    with pytest.raises(LayoutError, match=r"'radar'.*off the terrain"):
        coverage(layout(RADAR | {"easting": 90_000.0}), flat(), None)
    voids = with_voids(hills())
    on_void = {"easting": float(voids["easting"][41]), "northing": float(voids["northing"][21])}
    with pytest.raises(LayoutError, match=r"'radar'.*void"):
        coverage(layout(RADAR | on_void), voids, None)
    lazy = coverage(layout(RADAR | on_void), voids.chunk(northing=30), None)
    with pytest.raises(LayoutError, match=r"'radar'.*void"):
        lazy["dead_ground"].compute()


def test_terrain_that_is_none_is_refused():
    with pytest.raises(BadInput, match="elevation"):
        coverage(layout(RADAR), flat().drop_vars("elevation"), None)
