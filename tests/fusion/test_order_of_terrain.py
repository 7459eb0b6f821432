"""Whatever takes a terrain or a raster gives the same for any order of its rows, columns and dims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
import xarray as xr

from fusion.situation.carried_rates import CarriedRates
from fusion.situation.responders import interception_of
from fusion.situation.sector_rasters import SectorRasters
from fusion.situation.surroundings import ground_around
from geo.border import Border
from geo.border.belt import belt_of
from geo.challenge.rasters import challenge_rasters
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.paths.response_times import isochrones, response_time
from geo.terrain import sample, slope
from geo.visibility import footprints
from sensors.coverage.live import LiveCoverage
from sensors.crossing.watched_belt import watched_by
from sensors.interdiction import at_crosser
from sensors.layout import Layout, place
from sensors.mobile.viewpoint import Viewpoint
from sensors.planning.choice.benefits import Case, option_benefits
from sensors.planning.choice.candidate_sites import SiteRules, candidate_sites
from sensors.planning.choice.options import options_of
from sensors.search_theory.moving_sensor import moving_sensor
from sensors.search_theory.sweep import sweeping_sensor
from sensors.search_theory.timetable import Timetable

FRAME = LocalFrame.around(8.0, 47.0)
CELL_M, SIDE = 20.0, 60
EAST = (np.arange(SIDE) + 0.5) * CELL_M - 600.0
NORTH = EAST[::-1]
HEIGHTS = (0.1 * EAST[None, :] + 30.0 * np.sin(NORTH[:, None] / 150.0)).astype(np.float32)
TERRAIN = xr.Dataset(
    {"elevation": (("northing", "easting"), HEIGHTS, {"units": "m"})},
    coords={"northing": NORTH, "easting": EAST},
    attrs={"crs": FRAME.wkt, "datum": "none"},
)
BORDER = Border(FRAME, shapely.LineString([(-500, 0), (500, 0)]), segment_length_m=250.0, home_side="left")
RADAR: Any = place(
    FRAME, -300.0, 300.0, id="R", kind="radar", max_range_m=700.0, period_s=3.0, reference_range_m=500.0,
    mast_height_m=20.0, azimuth_deg=150.0, field_of_view_deg=120.0, cost=1.0,
)  # fmt: skip
LAYOUT = Layout("radar", FRAME, (RADAR,))
MAST = [(-300.0, 300.0)]
MASK = TERRAIN["elevation"] > 0.0
ORDERS: dict[str, Callable[[Any], Any]] = {
    "columns first": lambda raster: raster.transpose(..., "easting", "northing"),
    "rows from the south": lambda raster: raster.isel(northing=slice(None, None, -1)),
    "columns from the east": lambda raster: raster.isel(easting=slice(None, None, -1)),
}


def of_cells(found: xr.Dataset) -> list[np.ndarray]:
    return [np.asarray(found[name].sel(northing=NORTH[25:35], easting=EAST[20:40])) for name in sorted(found.data_vars)]


def of_moving(terrain: xr.Dataset, sweep: bool) -> list[np.ndarray]:
    watched = watched_by(LAYOUT, TERRAIN, BORDER, belt_m=200.0)
    if sweep:
        found = sweeping_sensor(RADAR, (150.0, 200.0), 10.0, terrain, watched)
    else:
        route = Timetable.along(np.array([[-300.0, 300.0], [0.0, 320.0]]), 2.0, rest_s=0.0)
        found = moving_sensor(RADAR, route, terrain, watched)
    return [found.rates.toarray()]


def carried_rates(terrain: xr.Dataset) -> list[np.ndarray]:
    rates = CarriedRates(LAYOUT, terrain, belt_of(BORDER, TERRAIN, belt_m=200.0))
    rate = rates("R", Viewpoint(-300.0, 300.0, 20.0, 150.0))
    return [rate.cells, rate.rate]


def surfaces(terrain: xr.Dataset) -> list[np.ndarray]:
    found = interception_of(terrain, BORDER, {"post": (100.0, 300.0)}, belt_m=200.0)
    return [one.to_go for one in found.surfaces.values()]


def seen_sets(terrain: xr.Dataset) -> list[np.ndarray]:
    """With a mask of its own order, one of that of the terrain, and an array of the terrain's rows and columns."""
    own = terrain["elevation"] > 0.0
    masks = (ORDERS["rows from the south"](MASK), own, own.transpose("northing", "easting").to_numpy())
    return [footprints(terrain, MAST, cells=mask, observer_height_m=5.0, max_range_m=500.0).words for mask in masks]


def benefits(terrain: xr.Dataset) -> list[np.ndarray]:
    found = option_benefits(options_of(LAYOUT), terrain, BORDER, case=Case(belt_m=200.0))
    return [found.rates[0].cells, found.rates[0].rate]


def sites(terrain: xr.Dataset) -> list[np.ndarray]:
    found = candidate_sites(terrain, BORDER, belt_m=200.0, rules=SiteRules(spacing_m=100.0))
    return [found[name].to_numpy() for name in ("easting", "northing", "elevation", "slope")]


ENTRIES: dict[str, Callable[[xr.Dataset], list[np.ndarray]]] = {
    "sample": lambda terrain: [np.array([sample(terrain, 123.0, -245.0), sample(terrain, -410.0, 333.0)])],
    "slope": lambda terrain: [slope(terrain).to_numpy()],
    "challenge_rasters": lambda terrain: of_cells(challenge_rasters(terrain, BORDER, belt_m=200.0)),
    "footprints": seen_sets,
    "LiveCoverage": lambda terrain: [
        LiveCoverage.begin(LAYOUT, terrain, {"R"}).raster().sel(northing=NORTH, easting=EAST).to_numpy()
    ],
    "option_benefits": benefits,
    "candidate_sites": sites,
    "moving_sensor": lambda terrain: of_moving(terrain, sweep=False),
    "sweeping_sensor": lambda terrain: of_moving(terrain, sweep=True),
    "SectorRasters": lambda terrain: [SectorRasters.of(terrain).raster],
    "ground_around": lambda terrain: [ground_around(terrain).rasters.raster],
    "CarriedRates": carried_rates,
    "interception_of": surfaces,
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_terrain(entry: str) -> None:
    expected = ENTRIES[entry](TERRAIN)
    assert any(np.nan_to_num(np.asarray(one, np.float64)).any() for one in expected)
    for order, moved in ORDERS.items():
        for one, other in zip(ENTRIES[entry](moved(TERRAIN)), expected, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=order)


def test_response_times() -> None:
    """A raster of its own, beside the terrain."""
    seconds = response_time(TERRAIN, (100.0, 300.0))
    (whole,) = isochrones(seconds, TERRAIN, [3.0]).geometry
    assert not whole.is_empty
    for order, moved in ORDERS.items():
        (area,) = isochrones(moved(seconds), TERRAIN, [3.0]).geometry
        assert area.symmetric_difference(whole).area == pytest.approx(0.0, abs=1e-12), order


def test_time_margin_of_a_crosser_beyond_the_belt() -> None:
    """The nearest cell with a value: that at 10 east, 190 south has 3 s."""
    margin = xr.DataArray(
        [[1.0, 2.0], [3.0, 4.0]], {"northing": [210.0, -190.0], "easting": [10.0, 400.0]}, ("northing", "easting")
    )
    for moved in (lambda raster: raster, *ORDERS.values()):
        assert at_crosser(moved(margin), BORDER, 150.0, (10.0, -900.0)) == 3.0


def test_a_mask_of_other_cells_is_refused() -> None:
    with pytest.raises(BadInput, match="a mask of other cells"):
        footprints(TERRAIN, MAST, cells=MASK[1:], observer_height_m=5.0, max_range_m=500.0)
