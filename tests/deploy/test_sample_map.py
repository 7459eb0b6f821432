"""The base map of the sample sector: laws of drainage and of roads, and what the shipped files hold."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pmtiles.reader import MmapSource, all_tiles

from deploy.draw_sample_map import ARCHIVE, CREDIT, FOLDER, ROADS, SETTLEMENTS, Ground, course, steps
from deploy.draw_streams import LEAST_KM2, catchments, courses, drainage
from geo.tile_archive import TileArchive
from ops.sector.samples import jacksboro_cog

GROUND = st.tuples(st.integers(3, 9), st.integers(3, 9)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 20).map(float))
)


@settings(max_examples=60)
@given(GROUND)
def test_every_cell_drains_to_the_edge_without_a_climb_above_what_holds_the_water_back(heights: np.ndarray) -> None:
    found = drainage(heights)
    flat, level = heights.ravel(), np.empty(heights.size)  # and the surface of the water
    for cell in found.order:  # from the outlets up
        down = found.downstream[cell]
        level[cell] = flat[cell] if down < 0 else max(flat[cell], level[down])
        assert down < 0 or level[down] <= level[cell]
    assert sorted(found.order) == list(range(heights.size))
    edge = np.ones(heights.shape, bool)
    edge[1:-1, 1:-1] = False
    assert np.array_equal(found.downstream < 0, edge.ravel())


@settings(max_examples=60)
@given(GROUND)
def test_all_ground_drains_through_the_outlets_once(heights: np.ndarray) -> None:
    found = drainage(heights)
    assert catchments(found)[found.downstream < 0].sum() == heights.size


def test_a_valley_has_one_stream_along_its_floor() -> None:
    rows, columns = np.mgrid[0:9, 0:7]
    heights = 10.0 * np.abs(columns - 3) + rows  # falls to the north, where row 0 is
    found = drainage(heights)
    [(course, _)] = courses(found, catchments(found), least=9.0)
    assert [cell % 7 for cell in course] == [3] * len(course)
    assert [cell // 7 for cell in course] == sorted((cell // 7 for cell in course), reverse=True)
    assert course[-1] == 3


def test_the_shipped_streams_are_on_the_terrain_in_its_valleys_and_state_their_source(tmp_path: Path) -> None:
    archive = TileArchive.open(ARCHIVE)
    assert (archive.layers, archive.attribution) == (("waterways", "roads", "places"), CREDIT)
    lon, lat, catchment = shipped(archive.max_zoom)
    assert catchment.min() >= LEAST_KM2
    with rasterio.open(jacksboro_cog(tmp_path)) as raster:
        west, south, east, north = raster.bounds
        slack = 0.01  # lines of a tile reach a little beyond it, and are cut there
        assert west - slack < lon.min() < lon.max() < east + slack
        assert south - slack < lat.min() < lat.max() < north + slack
        inner = (abs(lon - (west + east) / 2) < 0.14) & (abs(lat - (south + north) / 2) < 0.12)
        heights = raster.read(1)

        def ground(east_deg: float, north_deg: float) -> Any:
            columns = (lon[inner] + east_deg - west) / raster.res[1]
            rows = (north - lat[inner] - north_deg) / raster.res[0]
            return heights[rows.astype(int), columns.astype(int)].astype(float)

        beside = [ground(*step) for step in ((0.006, 0.0), (-0.006, 0.0), (0.0, 0.005), (0.0, -0.005))]
        higher = np.mean(beside, axis=0) - ground(0.0, 0.0)
    assert np.mean(higher > 0) > 0.9, "half a kilometre beside a stream the ground is higher"


def shipped(zoom: int) -> tuple[Any, Any, Any]:
    """Longitude and latitude of each vertex of the file's streams at a zoom, and the catchments of its streams."""
    placed, catchments_km2 = [], []
    with ARCHIVE.open("rb") as file:
        for (z, x, y), body in all_tiles(MmapSource(file)):
            if z != zoom:
                continue
            tile = mapbox_vector_tile.decode(gzip.decompress(body), default_options={"y_coord_down": True})
            for feature in tile.get("waterways", {"features": []})["features"]:
                shape = feature["geometry"]
                parts = [shape["coordinates"]] if shape["type"] == "LineString" else shape["coordinates"]
                placed += [degrees(z, x + px / 4096, y + py / 4096) for part in parts for px, py in part]
                catchments_km2.append(feature["properties"]["catchment_km2"])
    lon, lat = np.array(placed).T
    return lon, lat, np.array(catchments_km2)


def degrees(zoom: int, x: float, y: float) -> tuple[float, float]:
    side = 2.0**zoom
    return x / side * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / side))))


def ramp(rise_m: float) -> Ground:
    """Ground of 21 by 41 cells of 100 m, level but for a ridge across it that has a gap at its northern end."""
    heights = np.zeros((21, 41))
    heights[4:, 18:23] = rise_m
    return Ground(heights, rasterio.Affine(0.001, 0.0, 0.0, 0.0, -0.001, 0.0), 100.0, 100.0)


def test_a_road_goes_straight_over_level_ground_and_round_a_ridge() -> None:
    level, ridge = ramp(0.0), ramp(60.0)
    ends = [(0.0025, -0.0155), (0.0385, -0.0155)]
    straight = course(level, steps(level), ends)
    assert np.ptp(straight[:, 1]) < 1e-9
    around = course(ridge, steps(ridge), ends)
    assert tuple(around[0]) == ends[0]
    assert tuple(around[-1]) == ends[1]
    over = around[(around[:, 0] > 0.018) & (around[:, 0] < 0.023)]
    assert (over[:, 1] > -0.005).all(), "through the gap, where it is level"


def shipped_features(name: str) -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / name).read_text(encoding="utf-8"))["features"])


def test_the_shipped_roads_and_settlements_are_those_of_the_script_and_lie_on_ground_that_would_bear_them(
    tmp_path: Path,
) -> None:
    named = {one["properties"]["name"]: one for one in shipped_features("settlements.geojson")}
    assert {name: one["properties"]["place"] for name, one in named.items()} == {one[0]: one[1] for one in SETTLEMENTS}
    lines = {one["properties"]["name"]: one for one in shipped_features("roads.geojson")}
    assert {name: one["properties"]["highway"] for name, one in lines.items()} == {one[0]: one[1] for one in ROADS}
    ground = Ground.sample()
    slopes = ground.slopes()
    for one in named.values():
        assert slopes[ground.cell(*one["geometry"]["coordinates"])] < np.median(slopes)
    for name, _, stops in ROADS:
        places = np.array(lines[name]["geometry"]["coordinates"])
        for stop in stops:
            at = named[stop]["geometry"]["coordinates"] if isinstance(stop, str) else stop
            assert np.hypot(*(places - at).T).min() < 1e-5, f"{name} passes {stop}"
    along = [slopes[ground.cell(*place)] for one in lines.values() for place in one["geometry"]["coordinates"]]
    assert np.median(along) < np.median(slopes), "roads keep to easier ground"


def test_the_shipped_archive_draws_each_road_and_each_settlement() -> None:
    found: dict[str, set[str]] = {"roads": set(), "places": set()}
    with ARCHIVE.open("rb") as file:
        for _, body in all_tiles(MmapSource(file)):
            tile = mapbox_vector_tile.decode(gzip.decompress(body))
            for layer, names in found.items():
                names |= {one["properties"]["name"] for one in tile.get(layer, {"features": []})["features"]}
    assert found == {"roads": {one[0] for one in ROADS}, "places": {one[0] for one in SETTLEMENTS}}
