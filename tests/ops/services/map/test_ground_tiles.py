"""Vector tiles of the ground: contour lines lie at their heights and join, map features are cut, named and ranked."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import geopandas
import mapbox_vector_tile
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from rasterio.enums import Resampling

from geo.terrain import bounds, cell_size
from ops.drawing.tile_styles import Elevation, Hillshade
from ops.runtime.files.cache import FileCache
from ops.sector.open_sector import OpenSector
from ops.services.map import tiles as tiles_module
from ops.services.map.ground_tiles import (
    CLOSEST_IN,
    EXTENT,
    FARTHEST_OUT,
    INTERVALS_M,
    MOST_NAME,
    GroundTiles,
    MapFeatures,
    upper_slope,
)
from ops.services.map.place_names import place_names
from ops.services.map.tiles import Layer, NoTile, Raster, Tiles, raster_of

ZOOM = 13


@pytest.fixture(scope="module")
def raster(hill_ground: OpenSector) -> Raster:
    elevation = hill_ground.terrain["elevation"]
    return raster_of(elevation, hill_ground.terrain.attrs["crs"], nodata=math.nan, resampling=Resampling.average)


@pytest.fixture(scope="module")
def slope(hill_ground: OpenSector) -> float:
    return upper_slope(hill_ground.terrain["elevation"], cell_size(hill_ground.terrain))


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Tile x, y of a position, from the definition of the tiles."""
    x = (lon + 180) / 360 * 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom
    return int(x), int(y)


def lonlat_in(zoom: int, x: int, y: int, places: Any) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of positions in a tile, y down, from the definition of the tiles."""
    places = np.asarray(places, float)
    across, down = (x + places[:, 0] / EXTENT) / 2**zoom, (y + places[:, 1] / EXTENT) / 2**zoom
    return across * 360 - 180, np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * down))))


def read(body: bytes) -> dict[str, Any]:
    return mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})


def middle(ground: OpenSector) -> tuple[float, float]:
    west, south, east, north = bounds(ground.terrain)
    lon, lat = ground.frame.to_lonlat((west + east) / 2, (south + north) / 2)
    return float(lon), float(lat)


def lines_of(feature: dict[str, Any]) -> list[Any]:
    geometry = feature["geometry"]
    return [geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"]


def test_a_contour_line_runs_where_the_terrain_has_its_height(hill_ground: OpenSector, raster: Raster, slope: float):
    x, y = tile_of(*middle(hill_ground), ZOOM)
    contours = read(GroundTiles(raster, slope, ()).tile(ZOOM, x, y))["contours"]["features"]
    elevation = hill_ground.terrain["elevation"]
    off = []
    for feature in contours:
        for line in lines_of(feature):
            easting, northing = hill_ground.frame.to_local(*lonlat_in(ZOOM, x, y, line))
            axes = {"easting": xr.DataArray(easting, dims="p"), "northing": xr.DataArray(northing, dims="p")}
            off.append(elevation.interp(axes).to_numpy() - feature["properties"]["height_m"])
    error = np.abs(np.concatenate(off))
    interval = GroundTiles(raster, slope, ()).interval_m(ZOOM, middle(hill_ground)[1])
    assert len(contours) > 3
    assert np.nanmedian(error) < 0.05 * interval
    assert np.nanquantile(error, 0.99) < 0.35 * interval


def test_a_kept_tile_of_the_ground_is_the_one_that_was_drawn(
    hill_ground: OpenSector, raster: Raster, slope: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    x, y = tile_of(*middle(hill_ground), ZOOM)
    files = FileCache(tmp_path, 10**6, least_free_bytes=0)
    first = GroundTiles(raster, slope, (), kept=files, revision="1").tile(ZOOM, x, y)
    assert first == GroundTiles(raster, slope, ()).tile(ZOOM, x, y)
    monkeypatch.setattr(GroundTiles, "_draw", lambda *_: b"drawn again")
    assert GroundTiles(raster, slope, (), kept=files, revision="1").tile(ZOOM, x, y) == first
    assert GroundTiles(raster, slope, (), kept=files, revision="2").tile(ZOOM, x, y) == b"drawn again"


def test_every_fifth_line_is_an_index_line(hill_ground: OpenSector, raster: Raster, slope: float):
    tiles = GroundTiles(raster, slope, ())
    x, y = tile_of(*middle(hill_ground), ZOOM)
    interval = tiles.interval_m(ZOOM, middle(hill_ground)[1])
    for feature in read(tiles.tile(ZOOM, x, y))["contours"]["features"]:
        told = feature["properties"]
        assert told["height_m"] % interval == 0
        assert told["index"] == (told["height_m"] % (5 * interval) == 0)


def test_lines_of_neighbouring_tiles_meet_at_their_edge(hill_ground: OpenSector, raster: Raster, slope: float):
    tiles = GroundTiles(raster, slope, ())
    x, y = tile_of(*middle(hill_ground), ZOOM)

    def at_edge(column: int, edge: int) -> list[tuple[int, float]]:
        found = []
        for feature in read(tiles.tile(ZOOM, column, y))["contours"]["features"]:
            for line in lines_of(feature):
                cut = shapely.intersection(shapely.LineString(line), shapely.LineString([(edge, 0), (edge, EXTENT)]))
                found += [(feature["properties"]["height_m"], place[1]) for place in shapely.get_coordinates(cut)]
        return sorted(found)

    left, right = at_edge(x, EXTENT), at_edge(x + 1, 0)
    assert len(left) == len(right) > 0
    for (height, here), (other, there) in zip(left, right, strict=True):
        assert height == other
        assert abs(here - there) < EXTENT / 64  # 8 pixels on the screen would be seen


@given(st.floats(0.0, 5.0), st.floats(-85.0, 85.0))
def test_contours_thin_out_with_zoom(raster: Raster, steepness: float, latitude: float):
    tiles = GroundTiles(raster, steepness, ())
    intervals = [tiles.interval_m(zoom, latitude) for zoom in range(FARTHEST_OUT, CLOSEST_IN + 1)]
    assert intervals == sorted(intervals, reverse=True)
    assert set(intervals) <= set(INTERVALS_M)


def test_the_slope_of_a_plane_is_its_rise_over_run():
    plane = xr.DataArray(np.add.outer(np.zeros(64), 3.0 * np.arange(64)).astype(np.float32))
    assert upper_slope(plane, 30.0) == pytest.approx(0.1)
    assert upper_slope(plane * math.nan, 30.0) == 0.0


@pytest.fixture
def ways(hill_ground: OpenSector) -> dict[str, Any]:
    lon, lat = middle(hill_ground)
    across = shapely.LineString([(lon - 1.0, lat), (lon + 1.0, lat)])
    short = shapely.LineString([(lon, lat), (lon + 0.001, lat + 0.001)])
    return {
        "roads": geopandas.GeoDataFrame(
            {"highway": ["primary", "trunk_link", "path", None], "name": ["Pass road", None, "شارع", math.nan]},
            geometry=[across, short, short, None],
            crs=4326,
        ),
        "rivers": geopandas.GeoDataFrame({"name": ["Sòl"]}, geometry=[across], crs=4326),
        "settlements": geopandas.GeoDataFrame(
            {"place": ["town", "hamlet"], "name": ["A", "B"]}, geometry=[shapely.Point(lon, lat)] * 2, crs=4326
        ),
    }


def tiles_with(raster: Raster, slope: float, ways: dict[str, Any]) -> GroundTiles:
    return GroundTiles(raster, slope, [MapFeatures.of(name, table) for name, table in ways.items()])


def test_map_features_are_cut_to_the_tile_and_keep_name_and_class(
    hill_ground: OpenSector, raster: Raster, slope: float, ways: dict[str, Any]
):
    x, y = tile_of(*middle(hill_ground), ZOOM)
    layers = read(tiles_with(raster, slope, ways).tile(ZOOM, x, y))
    told = {name: [feature["properties"] for feature in layers[name]["features"]] for name in ways}
    assert told["roads"] == [
        {"class": "main", "name": "Pass road"},
        {"class": "main"},
        {"class": "path", "name": "شارع"},
    ]
    assert told["rivers"] == [{"name": "Sòl"}]
    assert told["settlements"] == [{"rank": 2, "name": "A"}, {"rank": 5, "name": "B"}]
    places = np.concatenate([np.asarray(line) for line in lines_of(layers["rivers"]["features"][0])])
    assert places.min() >= -EXTENT / 16
    assert places.max() <= EXTENT * 17 / 16


def test_paths_are_left_out_where_they_would_only_clutter(
    hill_ground: OpenSector, raster: Raster, slope: float, ways: dict[str, Any]
):
    tiles = tiles_with(raster, slope, ways)
    for zoom, path in ((10, False), (13, True)):
        roads = read(tiles.tile(zoom, *tile_of(*middle(hill_ground), zoom)))["roads"]["features"]
        assert ("path" in {feature["properties"]["class"] for feature in roads}) is path


def test_where_there_is_nothing_the_tile_is_empty(raster: Raster, slope: float):
    assert read(GroundTiles(raster, slope, ()).tile(10, 0, 0)) == {}


@pytest.mark.parametrize(
    ("z", "x", "y", "sentence"),
    [
        (6, 0, 0, "There are no tiles of the ground at zoom 6; they go from 7 to 15."),
        (16, 0, 0, "There are no tiles of the ground at zoom 16; they go from 7 to 15."),
        (7, 128, 0, "There is no tile 128, 0 at zoom 7; both count from 0 to 127."),
        (7, 0, -1, "There is no tile 0, -1 at zoom 7; both count from 0 to 127."),
    ],
)
def test_a_tile_that_does_not_exist_is_one_sentence(
    raster: Raster, slope: float, z: int, x: int, y: int, sentence: str
):
    with pytest.raises(NoTile) as told:
        GroundTiles(raster, slope, ()).tile(z, x, y)
    assert told.value.args == (sentence,)


def rivers(shapes: list[Any], **columns: Any) -> MapFeatures:
    return MapFeatures.of("rivers", geopandas.GeoDataFrame(columns, geometry=shapes, crs=4326))


@pytest.mark.parametrize("unknown", [math.nan, math.inf])
def test_a_shape_with_an_unknown_place_is_left_out_and_the_others_are_drawn(
    hill_ground: OpenSector, raster: Raster, slope: float, unknown: float
):
    lon, lat = middle(hill_ground)
    broken = shapely.linestrings([(lon, lat), (lon, unknown), (lon + 1, lat + 1)])
    found = rivers([broken, shapely.LineString(), shapely.LineString([(lon - 1, lat), (lon + 1, lat)])])
    tile = read(GroundTiles(raster, slope, [found]).tile(ZOOM, *tile_of(lon, lat, ZOOM)))
    assert len(tile["rivers"]["features"]) == 1


def test_a_name_has_no_signs_that_cannot_be_seen_and_an_end(hill_ground: OpenSector):
    lon, lat = middle(hill_ground)
    line = shapely.LineString([(lon, lat), (lon + 1, lat)])
    found = rivers([line] * 3, name=["\x00Sòl\u202e\n 1", "\x1b", "x" * 1_000_000])
    assert found.properties == [{"name": "Sòl 1"}, {}, {"name": "x" * MOST_NAME}]


@pytest.mark.parametrize("kind", ["line", "area"])
def test_a_shape_of_very_many_points_becomes_a_small_tile(
    hill_ground: OpenSector, raster: Raster, slope: float, kind: str
):
    """At a zoom where the whole shape is less than the tolerance, and at one where it fills the tile."""
    lon, lat = middle(hill_ground)
    turn = np.linspace(0, 2 * np.pi, 100_000)
    ring = np.column_stack([lon + 0.01 * np.cos(turn), lat + 0.01 * np.sin(turn)])
    tiles = GroundTiles(raster, slope, [rivers([(shapely.Polygon if kind == "area" else shapely.LineString)(ring)])])
    for zoom in (FARTHEST_OUT, 12):
        drawn = read(tiles.tile(zoom, *tile_of(lon, lat, zoom)))["rivers"]["features"]
        assert len(drawn) == 1
        assert shapely.get_num_coordinates(shapely.geometry.shape(drawn[0]["geometry"])) < 100


def test_each_name_is_found_once_with_a_place_on_its_longest_shape(hill_ground: OpenSector):
    lon, lat = middle(hill_ground)
    short = shapely.LineString([(lon, lat), (lon + 0.01, lat)])
    long = shapely.LineString([(lon + 1, lat), (lon + 1.2, lat)])
    streams = rivers([short, long, short], name=["Sòl", "Sòl", None])
    towns = geopandas.GeoDataFrame(
        {"name": ["Hamlet", "City"], "place": ["hamlet", "city"]},
        geometry=[shapely.Point(lon, lat), shapely.Point(lon + 0.1, lat)],
        crs=4326,
    )
    found = place_names([streams, MapFeatures.of("settlements", towns)])
    assert [(one["kind"], one["name"]) for one in found] == [
        ("settlement", "City"), ("settlement", "Hamlet"), ("river", "Sòl")
    ]  # fmt: skip
    assert found[2]["lon"] == pytest.approx(lon + 1.1, abs=1e-6)
    assert found[2]["lat"] == pytest.approx(lat, abs=1e-6)


def test_relief_elevation_and_contour_lines_of_a_tile_read_its_heights_once(
    hill_ground: OpenSector, slope: float, monkeypatch: pytest.MonkeyPatch
):
    asked: list[tuple[int, ...]] = []
    read_tile = tiles_module._interpolated

    def counted(name: str, *place: int) -> Any:
        asked.append(place)
        return read_tile(name, *place)

    monkeypatch.setattr(tiles_module, "_interpolated", counted)
    elevation = hill_ground.terrain["elevation"]
    raster = raster_of(elevation, hill_ground.terrain.attrs["crs"], nodata=math.nan, resampling=Resampling.average)
    tiles, ground = Tiles(), GroundTiles(raster, slope, ())
    tiles.put(Layer("hillshade", "", raster, Hillshade(), "1"))
    tiles.put(Layer("elevation", "", raster, Elevation(0, 1000), "1"))
    x, y = tile_of(*middle(hill_ground), ZOOM)
    pictures = {tiles.tile(name, ZOOM, x, y)[0].body for name in ("hillshade", "elevation")}
    assert len(pictures) == 2
    assert read(ground.tile(ZOOM, x, y))["contours"]["features"]
    assert asked == [(ZOOM, x, y)]
