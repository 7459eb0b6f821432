"""What a layout sees: zero behind a ridge, unknown over voids, and never less with one more sensor."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr

from fusion.models.sensor_views import sensor_models
from geo.frame import LocalFrame
from geo.visibility import UNKNOWN, VISIBLE
from sensors.coverage import coverage, look_probability
from sensors.errors import LayoutError
from sensors.layout import Layout, place

FRAME = LocalFrame.around(-84.2, 36.6)
CELL = 50.0


def ground(elevation: np.ndarray) -> xr.Dataset:
    rows, columns = elevation.shape
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation.astype(np.float32), {"units": "m"})},
        coords={
            "northing": ("northing", CELL * ((rows - 1) / 2 - np.arange(rows)), {"units": "m"}),
            "easting": ("easting", CELL * (np.arange(columns) - (columns - 1) / 2), {"units": "m"}),
        },
        attrs={"crs": FRAME.wkt, "datum": "test", "cell_m": CELL},
    )


def flat(rows: int = 61, columns: int = 61) -> xr.Dataset:
    return ground(np.full((rows, columns), 100.0))


def layout(*sensors: dict) -> Layout:
    placed = tuple(
        place(FRAME, s.pop("easting", 0.0), s.pop("northing", 0.0), **({"kind": "radar", "max_range_m": 1_000.0} | s))
        for s in map(dict, sensors)
    )
    return Layout("test", FRAME, placed)


def test_flat_ground_is_seen_within_range_and_nowhere_else() -> None:
    found = look_probability(layout({"id": "r", "min_range_m": 120.0}), flat())
    distance = np.hypot(found["easting"], found["northing"])
    inside = ((distance <= 1_000.0) & (distance >= 120.0)).transpose("northing", "easting")
    assert ((found["visible"].sel(sensor="r") == VISIBLE) == inside).all()
    np.testing.assert_allclose(found["probability"].sel(sensor="r"), np.where(inside, 0.9, 0.0), rtol=1e-6)
    assert found["probability"].dtype == np.float32


def test_a_ridge_hides_what_lies_behind_it() -> None:
    elevation = np.full((61, 61), 100.0)
    elevation[:, 40] = 200.0  # 500 m east of the middle
    found = look_probability(layout({"id": "r"}), ground(elevation)).sel(sensor="r")
    behind = found["probability"].sel(easting=slice(600.0, None))
    assert float(behind.max()) == 0.0
    assert float(found["probability"].sel(easting=-700.0, northing=0.0)) == pytest.approx(0.9)


def test_beyond_a_void_nothing_is_known() -> None:
    elevation = np.full((61, 61), 100.0)
    elevation[:, 40] = np.nan
    found = look_probability(layout({"id": "r"}), ground(elevation)).sel(sensor="r", northing=0.0)
    assert int(found["visible"].sel(easting=700.0)) == UNKNOWN
    assert math.isnan(float(found["probability"].sel(easting=700.0)))


def test_a_view_of_ninety_degrees_is_a_quarter() -> None:
    found = look_probability(layout({"id": "r", "azimuth_deg": 45, "field_of_view_deg": 90}), flat()).sel(sensor="r")
    assert float(found["probability"].sel(easting=400.0, northing=200.0)) == pytest.approx(0.9)
    for easting, northing in ((-400.0, 200.0), (400.0, -200.0), (-400.0, -200.0)):
        assert float(found["probability"].sel(easting=easting, northing=northing)) == 0.0


def test_swerling_falls_with_range() -> None:
    found = look_probability(layout({"id": "r", "max_range_m": 1_400.0, "reference_range_m": 700.0}), flat()).sel(
        sensor="r", northing=0.0
    )["probability"]
    assert float(found.sel(easting=700.0)) == pytest.approx(0.9, abs=1e-4)
    assert float(found.sel(easting=1_400.0)) == pytest.approx(0.220, abs=1e-3)  # oracle at twice the reference range


def test_adding_a_sensor_never_lowers_what_the_layout_sees() -> None:
    chance = np.random.default_rng(5)
    terrain = ground(100.0 + 30.0 * chance.random((61, 61)))
    first = {"id": "a", "easting": -300.0}
    alone = look_probability(layout(first), terrain)
    both = look_probability(layout(first, {"id": "b", "kind": "camera", "easting": 400.0}), terrain)
    xr.testing.assert_equal(both.sel(sensor=["a"]), alone)
    assert (both["probability"].max("sensor") >= alone["probability"].max("sensor")).all()


def test_a_vehicle_is_seen_no_worse_than_a_person() -> None:
    chance = np.random.default_rng(6)
    terrain = ground(100.0 + 20.0 * chance.random((61, 61)))
    optics = {"id": "c", "kind": "camera", "pitch_m": 17e-6, "focal_length_m": 0.035}
    person = look_probability(layout(optics), terrain, target="person")["probability"]
    vehicle = look_probability(layout(optics), terrain, target="vehicle")["probability"]
    assert (vehicle >= person).all()
    assert (vehicle > person).any()


def test_a_ground_sensor_feels_behind_ridges_and_at_least_its_own_cell() -> None:
    elevation = np.full((61, 61), 100.0)
    elevation[:, 31] = 200.0
    found = look_probability(layout({"id": "g", "kind": "ground_sensor", "max_range_m": 120.0}), ground(elevation))
    assert float(found["probability"].sel(sensor="g", easting=100.0, northing=0.0)) == pytest.approx(0.9)
    small = look_probability(layout({"id": "g", "kind": "ground_sensor", "max_range_m": 10.0, "easting": 20.0}), flat())
    assert int((small["visible"] == VISIBLE).sum()) == 1
    assert float(small["probability"].max()) == pytest.approx(0.9)


def test_a_sensor_off_the_map_is_named() -> None:
    with pytest.raises(LayoutError, match=r"'far'.*off the terrain"):
        look_probability(layout({"id": "far", "easting": 90_000.0}), flat())


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(LayoutError, match="target 'ghost'"):
        look_probability(layout({"id": "r"}), flat(), target="ghost")


def test_a_layout_without_sensors_sees_nothing() -> None:
    assert look_probability(layout(), flat())["probability"].shape == (0, 61, 61)


def test_probabilities_go_by_the_slant_range_to_the_ground() -> None:
    """A radar 1,200 m above the plain: 2,700 m of slant range are 2,418.7 m of the map. By hand: R0 2,400 m, Pd0 0.9,
    Pfa 1e-6; SNR0 = ln(1e-6)/ln(0.9) − 1 = 130.13; p(2,700 m) = 1e-6^(1/(1 + 130.13 (2,400/2,700)^4)) = 0.8454."""
    elevation = np.zeros((121, 121))
    elevation[60, 60] = 1_190.0
    sensor = {"id": "r", "max_range_m": 2_900.0, "reference_range_m": 2_400.0, "mast_height_m": 10.0}
    terrain = ground(elevation)
    place_of = layout(sensor)
    slant = np.sqrt(np.hypot(terrain["easting"], terrain["northing"]) ** 2 + 1_200.0**2)
    snr = (np.log(1e-6) / np.log(0.9) - 1.0) * (2_400.0 / slant) ** 4
    by_hand = (1e-6 ** (1.0 / (1.0 + snr))).transpose("northing", "easting")
    assert float(by_hand.interp(easting=np.sqrt(2_700.0**2 - 1_200.0**2), northing=0.0)) == pytest.approx(
        0.8454, abs=1e-3
    )
    look = look_probability(place_of, terrain)
    cover = coverage(place_of, terrain, None)
    seen = (look["visible"].sel(sensor="r") == VISIBLE).to_numpy()
    seen[60, 60] = False  # its own cell
    assert seen.sum() > 5_000
    for found in (look["probability"].sel(sensor="r"), cover["look_probability"].sel(sensor="r")):
        np.testing.assert_allclose(found.to_numpy()[seen], by_hand.to_numpy()[seen], atol=5e-4)


def test_a_sensor_beside_a_void_stands_on_its_own_cell() -> None:
    """Its point is 20 m from the centre of a known cell and 30 m from that of a void; on the void it is refused."""
    elevation = np.full((61, 61), 100.0)
    elevation[:, 31] = np.nan  # 50 m east
    beside = layout({"id": "r", "easting": 20.0, "northing": 10.0})
    for found in (look_probability(beside, ground(elevation)), coverage(beside, ground(elevation), None)):
        visible = found["visible"].sel(sensor="r", northing=0.0)
        assert int(visible.sel(easting=-700.0)) == VISIBLE
        assert int(visible.sel(easting=700.0)) == UNKNOWN
    blocks = coverage(beside, ground(elevation), None, block_cells=7)
    assert (blocks["visible"].to_numpy() == coverage(beside, ground(elevation), None)["visible"].to_numpy()).all()
    model = sensor_models(beside, ground(elevation), None, 0.0)["r"]
    assert model.view.foot == 100.0, "not 0 m"
    with pytest.raises(LayoutError, match="no known ground height"):
        coverage(layout({"id": "r", "easting": 30.0}), ground(elevation), None)
