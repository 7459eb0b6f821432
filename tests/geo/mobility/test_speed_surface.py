from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from geo.errors import BadInput, TerrainError
from geo.frame import LocalFrame
from geo.mobility import tobler_speed
from geo.mobility.roads_and_rivers import Ways, WaysError, read_map_file
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import by_vehicle, on_foot
from geo.paths.response_times import isochrones, response_time, travel_time

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 20.0
FLAT_MPS = tobler_speed(0.0, off_path=True)


def terrain(elevation: np.ndarray | None = None, **layers: np.ndarray) -> xr.Dataset:
    """Cells of 20 m whose lower left centre is at (10, 10)."""
    z = np.zeros((30, 40)) if elevation is None else elevation
    rows, columns = z.shape
    data = {"elevation": z, **layers}
    return xr.Dataset(
        {name: (("northing", "easting"), values) for name, values in data.items()},
        coords={"northing": 10.0 + CELL_M * np.arange(rows)[::-1], "easting": 10.0 + CELL_M * np.arange(columns)},
        attrs={"crs": FRAME.wkt},
    )


def table(*shapes: tuple[shapely.Geometry, dict]) -> geopandas.GeoDataFrame:
    columns = [dict(properties) for _, properties in shapes]
    return geopandas.GeoDataFrame(columns, geometry=[shape for shape, _ in shapes], crs=FRAME.crs)


ACROSS = LineString([(-50.0, 310.0), (850.0, 310.0)])
ROAD = LineString([(410.0, -50.0), (410.0, 650.0)])
FORD = (110.0, 310.0)


def seconds(time: xr.DataArray, easting: float, northing: float) -> float:
    return float(time.sel(easting=easting, northing=northing))


def test_off_paths_is_slower_than_on_them() -> None:
    """Along a path Tobler's 5.037 km/h, beside it 0.6 of that."""
    path = Ways(roads=table((ROAD, {"highway": "path"})))
    time = travel_time(on_foot(terrain(), ways=path), (410.0, 10.0))
    assert seconds(time, 410.0, 410.0) == pytest.approx(400.0 / tobler_speed(0.0))
    beside = travel_time(on_foot(terrain()), (410.0, 10.0))
    assert seconds(beside, 410.0, 410.0) == pytest.approx(400.0 / FLAT_MPS)
    assert time.attrs["missing"] == "rivers, fords, land_cover, canopy_height"
    assert beside.attrs["missing"] == "roads, rivers, fords, land_cover, canopy_height"


def test_travel_to_a_place_is_not_travel_from_it() -> None:
    slope = terrain(np.repeat(4.0 * np.arange(30.0)[::-1, None], 40, axis=1))
    walker = on_foot(slope)
    up = seconds(travel_time(walker, (410.0, 10.0)), 410.0, 410.0)
    down = seconds(travel_time(walker, (410.0, 10.0), to_places=True), 410.0, 410.0)
    assert up == pytest.approx(400.0 / tobler_speed(0.2, off_path=True))
    assert down == pytest.approx(400.0 / tobler_speed(-0.2, off_path=True))


def test_a_river_is_waded_a_ford_is_quicker_and_a_bridge_is_free() -> None:
    """Straight over the line of river cells: its seconds once, since it is one cell wide."""
    named = MobilitySettings(river_wade_s=500.0, ford_wade_s=50.0)
    waters = Ways(rivers=table((ACROSS, {})), fords=table((Point(FORD), {})))
    time = travel_time(on_foot(terrain(), ways=waters, settings=named), [(110.0, 10.0), (700.0, 10.0)])
    dry = 590.0 - 10.0
    assert seconds(time, 110.0, 590.0) == pytest.approx(dry / FLAT_MPS + 50.0)
    alone = Ways(rivers=waters.rivers)
    waded = travel_time(on_foot(terrain(), ways=alone, settings=named), (110.0, 10.0))
    assert seconds(waded, 110.0, 590.0) == pytest.approx(dry / FLAT_MPS + 500.0)
    bridged = Ways(rivers=waters.rivers, roads=table((ROAD, {"highway": "track"})))
    crossed = travel_time(on_foot(terrain(), ways=bridged, settings=named), (410.0, 10.0))
    assert seconds(crossed, 410.0, 590.0) == pytest.approx(dry / tobler_speed(0.0))


def test_a_river_in_any_direction_is_waded_once_at_least() -> None:
    """Cells that it touches at all are river, so no diagonal step slips through."""
    slanted = Ways(rivers=table((LineString([(-50.0, 100.0), (850.0, 520.0)]), {})))
    time = travel_time(on_foot(terrain(), ways=slanted, settings=MobilitySettings(river_wade_s=900.0)), (10.0, 590.0))
    south = time.where((time["northing"] < 90.0) & (time["easting"] > 100.0))
    assert float(south.min()) > 900.0


def test_vehicles_keep_to_roads_slopes_they_can_climb_bridges_and_fords() -> None:
    steep = np.zeros((30, 40))
    steep[:10] = 12.0 * np.arange(10.0)[::-1, None] + 12.0  # 0.6 rise over run north of 400 m
    ground = terrain(steep)
    nowhere = travel_time(by_vehicle(ground), (210.0, 10.0))
    assert np.isinf(nowhere.sel(northing=slice(None, 420.0))).all()
    assert seconds(nowhere, 210.0, 210.0) == pytest.approx(200.0 / 9.0)
    road = Ways(roads=table((ROAD, {"highway": "primary"})), rivers=table((ACROSS, {})))
    driven = travel_time(by_vehicle(ground, ways=road), (410.0, 10.0))
    up = 200.0 / 19.4 * math.exp(4.0 * 0.12)  # the road is built no steeper than 0.12
    assert seconds(driven, 410.0, 590.0) == pytest.approx(380.0 / 19.4 + up, rel=1e-6)
    waters = Ways(rivers=table((ACROSS, {})))
    assert np.isinf(
        travel_time(by_vehicle(terrain(), ways=waters), (210.0, 10.0)).sel(northing=slice(None, 320.0))
    ).all()
    ford = Ways(rivers=waters.rivers, fords=table((Point(FORD), {})))
    forded = travel_time(by_vehicle(terrain(), ways=ford), (110.0, 10.0))
    assert seconds(forded, 110.0, 590.0) == pytest.approx(580.0 / 9.0 + 60.0)


def test_a_footbridge_carries_walkers_and_no_vehicle() -> None:
    """The vehicle stops at the river, whatever path leads over it, and the crew walks from there."""
    rivers = table((ACROSS, {}))
    ways = {kind: Ways(roads=table((ROAD, {"highway": kind})), rivers=rivers) for kind in ("footway", "steps", "track")}
    river = int(np.argmin(np.abs(terrain()["northing"].to_numpy() - 310.0)))
    closed = {kind: bool(by_vehicle(terrain(), ways=each).closed[river, 20]) for kind, each in ways.items()}
    assert closed == {"footway": True, "steps": True, "track": False}
    for kind in ("footway", "steps"):
        assert np.isinf(travel_time(by_vehicle(terrain(), ways=ways[kind]), (410.0, 590.0)).sel(northing=10.0)).all()
        time = response_time(terrain(), (410.0, 590.0), ways=ways[kind], settings=MobilitySettings(dismount_s=30.0))
        drive, walk = 260.0 / 9.0, 320.0 / tobler_speed(0.0)  # from 590 m to 330 m, the last cell north of the river
        assert seconds(time, 410.0, 10.0) == pytest.approx(drive + 30.0 + walk)
    forded = Ways(roads=ways["footway"].roads, rivers=rivers, fords=table((Point(410.0, 310.0), {})))
    assert seconds(travel_time(by_vehicle(terrain(), ways=forded), (410.0, 10.0)), 410.0, 590.0) == pytest.approx(
        580.0 / 9.0 + 60.0
    )


def test_cover_slows_and_water_closes() -> None:
    cover = np.full((30, 40), 30, np.uint8)
    cover[:, 20:] = 10
    cover[15] = 80
    ground = terrain(land_cover=cover)
    walker = travel_time(on_foot(ground), [(210.0, 10.0), (610.0, 10.0)])
    assert seconds(walker, 210.0, 210.0) == pytest.approx(200.0 / FLAT_MPS)
    assert seconds(walker, 610.0, 210.0) == pytest.approx(200.0 / FLAT_MPS / 0.8)
    assert np.isinf(walker.sel(northing=slice(None, 300.0))).all()
    vehicle = travel_time(by_vehicle(ground), (210.0, 10.0))
    assert np.isinf(vehicle.sel(easting=slice(420.0, None))).all()
    assert "land_cover" not in walker.attrs["missing"]


def test_the_legend_of_the_terrain_goes_before_that_of_world_cover() -> None:
    ground = terrain(land_cover=np.full((30, 40), 80, np.uint8))
    ground["land_cover"].attrs |= {"flag_values": [10, 80], "flag_meanings": "permanent_water tree_cover"}
    time = travel_time(on_foot(ground), (210.0, 10.0))
    assert seconds(time, 210.0, 210.0) == pytest.approx(200.0 / FLAT_MPS / 0.8)


def test_trees_slow_where_no_land_cover_says() -> None:
    canopy = np.zeros((30, 40))
    canopy[:, 20:] = 12.0
    time = travel_time(on_foot(terrain(canopy_height=canopy)), [(210.0, 10.0), (610.0, 10.0)])
    assert seconds(time, 610.0, 210.0) == pytest.approx(seconds(time, 210.0, 210.0) / 0.8)


def test_voids_and_what_only_they_lead_to_are_unknown() -> None:
    z = np.zeros((30, 40))
    z[15] = np.nan
    time = travel_time(on_foot(terrain(z)), (210.0, 10.0))
    assert np.isnan(time[:16]).all()
    assert np.isfinite(time[16:]).all()


def test_what_lies_behind_a_lake_is_unreachable_with_a_void_before_it() -> None:
    z, cover = np.zeros((30, 40)), np.full((30, 40), 30, np.uint8)
    cover[15] = 80
    z[20, 5] = np.nan
    time = travel_time(on_foot(terrain(z, land_cover=cover)), (210.0, 10.0))
    assert np.isinf(time[:16]).all()
    assert np.argwhere(np.isnan(time.to_numpy())).tolist() == [[20, 5]]
    assert np.isfinite(time[16:]).sum() == 14 * 40 - 1


def test_responders_drive_and_then_walk() -> None:
    """By road to the foot of ground too steep to drive, then on foot; each leg by hand."""
    steep = np.zeros((30, 40))
    steep[:10] = 12.0 * np.arange(10.0)[::-1, None] + 12.0
    named = MobilitySettings(turnout_s=120.0, dismount_s=30.0)
    time = response_time(terrain(steep), (410.0, 10.0), settings=named)
    assert seconds(time, 410.0, 310.0) == pytest.approx(120.0 + 300.0 / 9.0)
    askew = 20.0 * math.sqrt(5.0)  # a knight's move: 2 cells along, 1 across
    legs = ((380.0, 20.0), (340.0 + askew, 20.0 * math.sqrt(2.0)), (300.0 + 2.0 * askew, askew))  # 12 m up in each
    expected = min(drive / 9.0 + climb / tobler_speed(12.0 / climb, off_path=True) for drive, climb in legs)
    assert seconds(time, 410.0, 410.0) == pytest.approx(120.0 + 30.0 + expected)
    assert time.attrs["bases"] == 1
    assert time.attrs["bases_on_foot"] == 0


def test_a_base_without_a_way_for_vehicles_sends_walkers() -> None:
    cover = np.full((30, 40), 10, np.uint8)
    time = response_time(terrain(land_cover=cover), [(410.0, 10.0)])
    assert seconds(time, 410.0, 210.0) == pytest.approx(200.0 / FLAT_MPS / 0.8)
    assert time.attrs["bases_on_foot"] == 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_another_base_never_slows_the_response_and_the_nearest_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ground = terrain(rng.normal(0.0, 2.0, (30, 40)).cumsum(axis=0))
    bases = 10.0 + CELL_M * rng.integers(0, 30, (2, 2))
    one, other, both = (response_time(ground, places) for places in (bases[:1], bases[1:], bases))
    assert np.allclose(both, np.minimum(one, other), rtol=1e-12)


def test_isochrones_hold_what_is_reached_in_time() -> None:
    """On level ground within 2 min at 0.84 m/s: an octagon-like disc of 100.7 m; larger with more time."""
    ground = terrain()
    time = travel_time(on_foot(ground), (410.0, 310.0))
    areas = isochrones(time, ground, [2.0, 5.0, 0.0])
    assert areas["minutes"].tolist() == [2.0, 5.0, 0.0]
    assert areas.crs.to_epsg() == 4326
    metric = areas.to_crs(FRAME.crs)
    cells = float((time <= 120.0).sum()) * CELL_M**2
    assert metric.geometry[0].area == pytest.approx(cells, rel=1e-6)
    assert metric.geometry[0].within(metric.geometry[1].buffer(1e-3))
    assert metric.geometry[2].area == pytest.approx(CELL_M**2, rel=1e-6)


def test_isochrones_of_long_edges_are_nested_in_wgs_84() -> None:
    """Two boxes with a common northern edge in the frame, of 45 and 60 km: what is straight there is not in WGS 84."""
    easting, northing = np.arange(-30_000.0, 30_001.0, 500.0), np.arange(40_000.0, 9_999.0, -500.0)
    ground = xr.Dataset(coords={"northing": northing, "easting": easting}, attrs={"crs": FRAME.wkt})
    inner = (np.abs(easting) <= 22_500.0)[None, :] & (northing >= 20_000.0)[:, None]
    time = xr.DataArray(np.where(inner, 60.0, 120.0), ground.coords, ("northing", "easting"))
    fewer, more = isochrones(time, ground, [1.0, 2.0]).geometry
    metric = LocalFrame.around(1.5, 42.6)
    beyond = shapely.transform(fewer.difference(more), metric.to_local, interleaved=False).area
    assert beyond < 0.01 * fewer.length * 111_000.0, "less than a centimetre along the edge"
    whole = [shapely.transform(area, FRAME.to_local, interleaved=False).area for area in (fewer, more)]
    cells = [inner.sum() * 500.0**2, inner.size * 500.0**2]
    assert whole == pytest.approx(cells, rel=1e-7)


def test_ways_are_read_from_files_in_any_system(tmp_path: Path) -> None:
    lon, lat = FRAME.to_lonlat(np.array([410.0, 410.0]), np.array([10.0, 590.0]))
    roads = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"highway": "tertiary_link"},
                "geometry": {"type": "LineString", "coordinates": np.column_stack([lon, lat]).tolist()},
            }
        ],
    }
    (tmp_path / "roads.geojson").write_text(json.dumps(roads))
    table((ACROSS, {})).to_crs(3857).to_file(tmp_path / "rivers.gpkg")
    ground = terrain()
    ways = Ways.from_files(FRAME, roads=tmp_path / "roads.geojson", rivers=tmp_path / "rivers.gpkg", clip=ground)
    assert ways.missing == ("fords",)
    time = travel_time(by_vehicle(ground, ways=ways), (410.0, 30.0))
    assert seconds(time, 410.0, 590.0) == pytest.approx(560.0 / 13.9, rel=1e-6)
    with pytest.raises(WaysError, match="cannot be read"):
        Ways.from_files(FRAME, roads=tmp_path / "none.gpkg", clip=ground)


def test_a_speed_column_goes_before_the_class() -> None:
    roads = table((ROAD, {"highway": "primary", "speed_kmh": 36.0}))
    time = travel_time(by_vehicle(terrain(), ways=Ways(roads=roads)), (410.0, 10.0))
    assert seconds(time, 410.0, 590.0) == pytest.approx(58.0)


@pytest.mark.parametrize(
    ("roads", "words"),
    [
        (table((ROAD, {"surface": "mud"})), "no class or speed among the columns surface"),
        (table((ROAD, {"highway": "proposed"})), "no road of a known class"),
        (table((ROAD, {"highway": "track"})).set_crs(None, allow_override=True), "no coordinate system"),
        (table((ROAD, {"speed_kmh": "fast"})), "no road of a known class"),
        (table((ROAD, {"speed_kmh": math.inf})), "no road of a known class"),
    ],
)
def test_roads_that_say_too_little_are_refused(roads: geopandas.GeoDataFrame, words: str) -> None:
    with pytest.raises(WaysError, match=words):
        by_vehicle(terrain(), ways=Ways(roads=roads))


def test_what_is_no_table_and_a_file_of_several_layers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WaysError, match="roads: are a str"):
        Ways(roads="roads.gpkg")  # type: ignore[arg-type]
    for layer in ("major", "minor"):
        table((ROAD, {"highway": "track"})).to_file(tmp_path / "roads.gpkg", layer=layer)
    with pytest.raises(WaysError, match="several layers: major, minor"):
        Ways.from_files(FRAME, roads=tmp_path / "roads.gpkg", clip=terrain())


WRONG_SHAPES = {
    "roads": [Point(410, 300), ACROSS.buffer(20.0)],
    "rivers": [Point(410, 300)],
    "fords": [],
}


@pytest.mark.parametrize("kind", WRONG_SHAPES)
@pytest.mark.parametrize("shape", [Point(410, 300), ACROSS, ACROSS.buffer(20.0)], ids=["point", "line", "area"])
def test_a_map_file_holds_the_shapes_of_its_kind(tmp_path: Path, kind: str, shape: Any) -> None:
    """Points as rivers would silently be no river at all."""
    rows = table((ROAD, {"highway": "track"})) if kind != "rivers" else table((ACROSS, {}))
    pandas.concat([rows, table((shape, {}))]).to_file(tmp_path / "map.gpkg")
    if shape in WRONG_SHAPES[kind]:
        with pytest.raises(WaysError, match=rf"map\.gpkg: {kind}: (points|areas) in 1 of 2 features; expected lines"):
            Ways.from_files(FRAME, **{kind: tmp_path / "map.gpkg"})
    else:
        assert len(getattr(Ways.from_files(FRAME, **{kind: tmp_path / "map.gpkg"}), kind)) == 2


def test_settlements_are_points_or_areas(tmp_path: Path) -> None:
    table((Point(410, 300), {}), (ACROSS.buffer(20.0), {})).to_file(tmp_path / "places.gpkg")
    assert len(read_map_file("settlements", tmp_path / "places.gpkg", FRAME)) == 2
    table((ACROSS, {})).to_file(tmp_path / "lines.gpkg")
    with pytest.raises(WaysError, match="settlements: lines in 1 of 1 features; expected points or areas"):
        read_map_file("settlements", tmp_path / "lines.gpkg", FRAME)


def test_a_line_of_one_point_is_refused_and_no_error_of_a_library(tmp_path: Path) -> None:
    line = '{"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": [[1.5, 42.5]]}}'
    (tmp_path / "rivers.geojson").write_text(f'{{"type": "FeatureCollection", "features": [{line}]}}')
    with pytest.raises(WaysError, match=r"rivers\.geojson: a shape has too few points; expected valid shapes"):
        Ways.from_files(FRAME, rivers=tmp_path / "rivers.geojson")


def test_lines_without_a_shape_are_left_out() -> None:
    holed = table((ROAD, {"highway": "primary"}), (LineString(), {"highway": "track"}), (None, {"highway": "track"}))
    whole = table((ROAD, {"highway": "primary"}))
    a, b = (travel_time(by_vehicle(terrain(), ways=Ways(roads=roads)), (410.0, 10.0)) for roads in (holed, whole))
    assert np.array_equal(a, b)


@pytest.mark.parametrize("seed", range(3))
def test_a_road_more_never_slows_the_response(seed: int) -> None:
    """A track is slower than open ground here, but nobody has to keep to it."""
    rng = np.random.default_rng(seed)
    hills = terrain(rng.uniform(0.0, 15.0, (30, 40)))
    lines = [LineString(rng.uniform(0.0, 600.0, (3, 2))) for _ in range(2)]
    kinds = [(line, {"highway": kind}) for line, kind in zip(lines, ("track", "primary"), strict=True)]
    times = [
        response_time(hills, (310.0, 310.0), ways=None if n == 0 else Ways(roads=table(*kinds[:n]))).to_numpy()
        for n in range(3)
    ]
    assert (times[1] <= times[0] + 1e-9).all()
    assert (times[2] <= times[1] + 1e-9).all()


@pytest.mark.parametrize("place", [(-500.0, 10.0), (10.0, 5_000.0), (float("nan"), 10.0), (310.0, 310.0)])
def test_places_off_the_ground_are_refused(place: tuple[float, float]) -> None:
    z = np.zeros((30, 40))
    z[14, 15] = np.nan
    with pytest.raises(TerrainError, match="a walker cannot be at"):
        travel_time(on_foot(terrain(z)), place)


def test_no_place_is_refused() -> None:
    with pytest.raises(TerrainError, match="no position given"):
        response_time(terrain(), np.zeros((0, 2)))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"river_wade_s": -1.0}, "river_wade_s"),
        ({"off_path_factor": 0.0}, "off_path_factor"),
        ({"foot_canopy_factor": 1.5}, "foot_canopy_factor"),
        ({"foot_cover": {"grassland": 2.0}}, "foot_cover"),
        ({"vehicle_mps": float("nan")}, "vehicle_mps"),
        ({"turnout_s": True}, "turnout_s"),
    ],
)
def test_settings_that_cannot_be_are_refused(values: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        MobilitySettings(**values)


def test_every_number_has_a_source_and_a_confidence() -> None:
    told = list(MobilitySettings())
    assert len(told) > 40
    assert all(one.source and one.confidence in "HML" and one.unit for one in told)
