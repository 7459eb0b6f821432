"""Journeys by vehicle and on foot: directions, and where a vehicle is at hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.paths.response_times import journey_time, response_time, response_time_to, travel_time
from geo.paths.search import spread


def slope(gradient: float = 0.1) -> xr.Dataset:
    """Ground that rises towards the east, 20 m cells."""
    northing, easting = np.arange(30.0)[::-1] * 20.0, np.arange(60.0) * 20.0
    height = np.broadcast_to(easting * gradient, (30, 60)).copy()
    place = {"northing": northing, "easting": easting}
    return xr.Dataset(
        {"elevation": (("northing", "easting"), height, {"units": "m"})}, place, {"crs": "EPSG:32633", "datum": "test"}
    )


def surfaces(terrain: xr.Dataset) -> tuple[Mobility, Mobility]:
    return on_foot(terrain), by_vehicle(terrain)


def test_back_to_a_place_takes_what_the_journey_the_other_way_takes() -> None:
    walker, vehicle = surfaces(slope())
    base, far = (100.0, 300.0), (1000.0, 200.0)
    there = journey_time(walker, vehicle, base, mount_s=60.0).sel(easting=far[0], northing=far[1])
    back = journey_time(walker, vehicle, base, to_place=True, mount_s=60.0)
    again = journey_time(walker, vehicle, far, vehicle_near=True, mount_s=60.0).sel(easting=base[0], northing=base[1])
    assert float(back.sel(easting=far[0], northing=far[1])) == pytest.approx(float(again), rel=1e-9)
    assert float(there) > 0.0


def test_on_foot_up_a_slope_is_slower_than_down_by_toblers_ratio() -> None:
    """exp(−3.5 |g + .05|) on a gradient of ±0.1: the way up takes exp(3.5 · 0.1) = 1.419 times the way down."""
    walker, vehicle = surfaces(slope())
    no_vehicle = replace(vehicle, pace=np.full_like(vehicle.pace, np.inf))
    low = (100.0, 300.0)
    up = journey_time(walker, no_vehicle, low, mount_s=60.0).sel(easting=900.0, northing=300.0)
    down = journey_time(walker, no_vehicle, low, to_place=True, mount_s=60.0).sel(easting=900.0, northing=300.0)
    assert float(up) / float(down) == pytest.approx(np.exp(0.35), rel=1e-6)
    assert float(up) == float(travel_time(walker, low).sel(easting=900.0, northing=300.0))


def test_who_has_walked_to_a_place_without_a_track_mounts_again_nearby() -> None:
    """Ground where nothing drives, 400 m wide, then ground where all do: out of it on foot, 60 s, and by vehicle."""
    walker, vehicle = surfaces(slope(0.0))
    pace = vehicle.pace.copy()
    pace[:, :20] = np.inf
    vehicle = replace(vehicle, pace=pace)
    inside, far = (200.0, 300.0), {"easting": 1100.0, "northing": 300.0}
    alone = float(travel_time(walker, inside).sel(far))
    near = float(journey_time(walker, vehicle, inside, vehicle_near=True, mount_s=60.0).sel(far))
    border = {"easting": 400.0, "northing": 300.0}
    expected = (
        float(travel_time(walker, inside).sel(border)) + 60.0 + float(travel_time(vehicle, (400.0, 300.0)).sel(far))
    )
    assert near == pytest.approx(expected)
    assert near < alone
    without = float(journey_time(walker, vehicle, inside, mount_s=60.0).sel(far))
    assert without == alone, "at the place itself there is no vehicle"


@pytest.mark.parametrize("gradient", [0.0, 0.1, 0.5])
def test_to_a_place_takes_what_a_response_from_there_takes(gradient: float) -> None:
    """The forward search of every base, without its turnout, against one backward search from the place. On the slope
    of 0.5 no vehicle can be (0.45 is its limit), so all of it is on foot."""
    terrain = slope(gradient)
    walker, vehicle = surfaces(terrain)
    settings, place = MobilitySettings(), (1000.0, 200.0)
    back = response_time_to(walker, vehicle, place, dismount_s=settings.dismount_s)
    for base in ((100.0, 300.0), (0.0, 0.0), (1000.0, 200.0), (1180.0, 580.0)):
        there = response_time(terrain, base).sel(easting=place[0], northing=place[1])
        found = back["by_vehicle"].sel(easting=base[0], northing=base[1])
        assert float(found) == pytest.approx(float(there) - settings.turnout_s, abs=1e-6)
    walked = travel_time(walker, place, to_places=True)
    np.testing.assert_array_equal(back["on_foot"], walked)
    assert (back["by_vehicle"] <= back["on_foot"]).all()


def test_beyond_the_limit_there_is_no_response() -> None:
    walker, vehicle = surfaces(slope(0.0))
    back = response_time_to(walker, vehicle, (100.0, 300.0), dismount_s=60.0, limit_s=100.0)
    assert np.isinf(back["on_foot"].sel(easting=1000.0, northing=300.0))
    assert float(back["by_vehicle"].sel(easting=200.0, northing=300.0)) < 100.0


def parted(kind: str) -> xr.Dataset:
    """Level ground whose east is behind a strip of 60 m in the middle: a void, water, or none."""
    terrain = slope(0.0)
    strip = np.broadcast_to(np.isin(np.arange(60), [30, 31, 32]), (30, 60))
    if kind == "void":
        terrain["elevation"] = terrain["elevation"].where(~strip)
    cover = np.where(strip & (kind == "water"), 80, 30).astype(np.uint8)
    return terrain.assign(land_cover=(("northing", "easting"), cover, {"units": "1"}))


BASE = (100.0, 300.0)
TIMES = {
    "response_time": lambda terrain: response_time(terrain, BASE),
    "by_vehicle": lambda terrain: response_time_to(*surfaces(terrain), BASE, dismount_s=60.0)["by_vehicle"],
    "on_foot": lambda terrain: response_time_to(*surfaces(terrain), BASE, dismount_s=60.0)["on_foot"],
    "journey_time": lambda terrain: journey_time(*surfaces(terrain), BASE, vehicle_near=True, mount_s=60.0),
    "travel_time": lambda terrain: travel_time(on_foot(terrain), BASE),
}


@pytest.mark.parametrize("name", TIMES)
def test_behind_a_void_is_unknown_and_behind_water_unreachable(name: str) -> None:
    """A void may hide a way, water does not; the side of the base is the same to the bit in all three."""
    void, water, neither = (TIMES[name](parted(kind)) for kind in ("void", "water", "neither"))
    near, far = {"easting": slice(None, 580.0)}, {"easting": slice(660.0, None)}
    assert np.isnan(void.sel(far)).all()
    assert np.isposinf(water.sel(far)).all()
    assert np.isfinite(neither).all()
    np.testing.assert_array_equal(void.sel(near), water.sel(near))


def test_a_void_beside_the_water_opens_nothing() -> None:
    """A void that does not reach across the strip of water leaves the east unreachable."""
    terrain = parted("water")
    terrain["elevation"][5:8, 10:20] = np.nan
    assert np.isposinf(response_time(terrain, BASE).sel(easting=slice(600.0, None))).all()


def test_a_void_is_crossed_at_best_at_the_speed_of_the_easiest_gradient() -> None:
    """80 m straight across, all steps with an end in the void: within less than the time at the highest speed the far
    side is unreachable, within more unknown."""
    walker = on_foot(parted("void"))
    level, best = 1.0 / (walker.law.level_mps / walker.pace[0, 0]), walker.pace[0, 0] / walker.law.peak_mps
    place, far = (580.0, 300.0), {"easting": 660.0, "northing": 300.0}
    least_s = 80.0 * best
    assert least_s < 80.0 * level
    assert np.isposinf(travel_time(walker, place, limit_s=0.99 * least_s).sel(far))
    assert np.isnan(travel_time(walker, place, limit_s=1.01 * least_s).sel(far))


def test_a_terrain_without_voids_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []

    def counted(*arguments: object, **options: object) -> object:
        searched.append(options.get("through_voids"))
        return spread(*arguments, **options)

    monkeypatch.setattr("geo.paths.response_times.spread", counted)
    for kind, times in (("neither", 2), ("water", 2), ("void", 4)):
        searched.clear()
        response_time(parted(kind), BASE)
        assert len(searched) == times, kind
