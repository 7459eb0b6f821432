"""A still in one direction: what stands there in line of sight, where it is on the picture, and nothing otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr

from sensors.detection_model.weather import Conditions
from sensors.layout import place
from sensors.simulate.stills import HEIGHT, PIXELS_PER_DEG, WIDTH, TakenStill, still_extinction_per_m, take_still
from tests.sensors.simulate.test_scenarios import FRAME

CELL_M = 20.0
EAST = np.arange(-2000.0, 2000.1, CELL_M)
CAMERA = place(
    FRAME, 0.0, 0.0, id="ptz-1", kind="camera", max_range_m=3000.0, mast_height_m=12.0, azimuth_sd_deg=0.2,
    field_of_view_deg=10.0,
)  # fmt: skip


def plain(ridge_m: float = 0.0) -> xr.Dataset:
    """A plain at 100 m, with a ridge from west to east 400 m north of the camera."""
    height = np.where(np.abs(EAST[::-1] - 400.0) < 30.0, 100.0 + ridge_m, 100.0)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.repeat(height[:, None], len(EAST), axis=1), {"units": "m"})},
        coords={"northing": EAST[::-1], "easting": EAST},
        attrs={"crs": FRAME.wkt},
    )


def take(
    azimuth_deg: float, *movers: tuple[float, float, str], ridge_m: float = 0.0, weather: str = "day"
) -> TakenStill:
    """``movers``: azimuth [degrees], range [m] and class."""
    there = [
        (range_m * math.sin(math.radians(azimuth)), range_m * math.cos(math.radians(azimuth)), target)
        for azimuth, range_m, target in movers
    ]
    air = still_extinction_per_m(Conditions.named(weather))
    return take_still(CAMERA, azimuth_deg, there, plain(ridge_m), np.random.default_rng(3), extinction_per_m=air)


def test_what_stands_in_the_direction_is_shown_where_it_is() -> None:
    """12 m above a plain, a foot at 600 m is at atan(−12.03 / 600) = −1.149°; 0.8° right of the middle is 85 pixels."""
    found = take(10.0, (10.8, 600.0, "person"), (40.0, 300.0, "vehicle"))
    assert found.target == "person"
    assert found.azimuth_deg == pytest.approx(10.8, abs=1e-6)
    assert found.elevation_deg == pytest.approx(-1.149, abs=0.01)
    row, column = np.unravel_index(np.argmax(found.grey), (HEIGHT, WIDTH))
    assert column == pytest.approx(WIDTH / 2 + 0.8 * PIXELS_PER_DEG, abs=4)
    left, top, width, height = found.box
    assert left * WIDTH <= column <= (left + width) * WIDTH
    assert top * HEIGHT - 1 <= row <= (top + height) * HEIGHT + 1


def test_directions_are_from_true_north_where_grid_north_is_another() -> None:
    """Grid north is 1.2° right of true north: what is at 30° of the grid is at 31.2°, in the middle of a look there."""
    there = [(600.0 * math.sin(math.radians(30.0)), 600.0 * math.cos(math.radians(30.0)), "person")]
    found = take_still(CAMERA, 31.2, there, plain(), np.random.default_rng(3), convergence_deg=1.2)
    assert found.azimuth_deg == pytest.approx(31.2, abs=1e-6)
    column = np.unravel_index(np.argmax(found.grey), (HEIGHT, WIDTH))[1]
    assert column == pytest.approx(WIDTH / 2, abs=4)


def test_fog_hides_what_is_far_and_haze_takes_some_of_its_brightness() -> None:
    """exp(−3.912 · 600 / 200) is 8e-6 in fog, whose extinction is the same at every wavelength."""
    (day, haze, fog) = (
        take(10.0, (10.0, 600.0, "person"), weather=weather) for weather in ("day", "haze", "night,fog")
    )
    assert (day.target, haze.target, fog.target) == ("person", "person", None)
    assert day.grey.max() > haze.grey.max() > fog.grey.max()
    assert take(10.0, (10.0, 100.0, "person"), weather="night,fog").target == "person"


def test_the_nearest_to_the_middle_is_the_target() -> None:
    assert take(10.0, (11.0, 600.0, "person"), (9.6, 900.0, "animal")).target == "animal"


def test_behind_a_ridge_or_outside_the_picture_nothing_is_seen() -> None:
    assert take(0.0, (0.0, 900.0, "person"), ridge_m=0.0).target == "person"
    hidden = take(0.0, (0.0, 900.0, "person"), ridge_m=30.0)
    assert hidden.target is None
    assert take(0.0, (0.0, 300.0, "person"), ridge_m=30.0).target == "person"  # on this side of it
    assert take(0.0, (2.0, 600.0, "person")).target is None
    assert take(0.0).target is None
    assert int(hidden.grey.max()) < 200
