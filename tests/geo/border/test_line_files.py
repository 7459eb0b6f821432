from __future__ import annotations

import json
import os
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
import xarray as xr
from shapely.geometry import LineString, Point, box

from geo.border import Border
from geo.border.line_files import in_order, joined, length_off, one_way
from geo.errors import BorderError
from geo.frame import LocalFrame

FRAME = LocalFrame.around(1.5, 42.5)
LEGS = {"a": [(1.40, 42.5), (1.45, 42.5)], "b": [(1.45, 42.5), (1.50, 42.52)], "c": [(1.55, 42.52), (1.60, 42.5)]}


def written(path: Path, legs: dict[str, list[tuple[float, float]]], kind: str = "LineString") -> Path:
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": kind, "coordinates": leg}}
        for name, leg in legs.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def corners(border: Border) -> list[tuple[float, float]]:
    """Longitude and latitude of where the parts begin and end, to 1e-6 degrees."""
    ends = [place for part in shapely.get_parts(border.line) for place in (part.coords[0], part.coords[-1])]
    return [tuple(np.round(FRAME.to_lonlat(*place), 6)) for place in ends]


@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
def test_legs_follow_each_other_whatever_their_order_in_the_file(tmp_path: Path, order: str) -> None:
    border = Border.from_file(written(tmp_path / "line.geojson", {leg: LEGS[leg] for leg in order}), FRAME)
    assert corners(border) == [(1.40, 42.5), (1.50, 42.52), (1.55, 42.52), (1.60, 42.5)]


@pytest.mark.parametrize("suffix", ["shp", "gpkg", "geojson"])
def test_every_format_gives_the_same_border(tmp_path: Path, suffix: str) -> None:
    source = geopandas.read_file(written(tmp_path / "source.json", LEGS))
    path = tmp_path / f"line.{suffix}"
    source.to_file(path)
    assert Border.from_file(path, FRAME).line.equals_exact(Border.from_file(tmp_path / "source.json", FRAME).line, 1e-6)


@pytest.mark.parametrize("where", ["name = 'c'", {"name": "c"}, {"name": ["c", "nobody"]}])
def test_where_chooses_features(tmp_path: Path, where: object) -> None:
    border = Border.from_file(written(tmp_path / "line.geojson", LEGS), FRAME, where=where)
    assert corners(border) == [(1.55, 42.52), (1.60, 42.5)]


def test_a_clip_in_degrees_or_by_area_or_by_terrain_cuts_the_line(tmp_path: Path) -> None:
    path = written(tmp_path / "line.geojson", LEGS)
    by_bounds = Border.from_file(path, FRAME, clip=(1.42, 42.4, 1.48, 42.6))
    by_area = Border.from_file(path, FRAME, clip=box(1.42, 42.4, 1.48, 42.6))
    assert corners(by_bounds) == corners(by_area) == [(1.42, 42.5), (1.48, 42.512)]
    easting, northing = np.arange(-4000.0, 4001.0, 100.0), np.arange(5000.0, -5001.0, -100.0)
    terrain = xr.Dataset(coords={"northing": northing, "easting": easting}, attrs={"crs": FRAME.wkt})
    by_terrain = Border.from_file(path, FRAME, clip=terrain)
    west, _, east, _ = by_terrain.line.bounds
    assert west == pytest.approx(-4000.0, abs=1.0)
    assert east <= 4000.0 + 1.0


def test_a_long_edge_keeps_to_its_parallel(tmp_path: Path) -> None:
    """An edge of 2° along 49° N runs up to 280 m north of the straight line in the frame: it must not be cut short."""
    frame = LocalFrame.around(0.0, 49.0)
    border = Border.from_file(written(tmp_path / "line.geojson", {"a": [(-1.0, 49.0), (1.0, 49.0)]}), frame)
    for lon in (-0.7, -0.31, 0.0, 0.503):
        assert abs(border.locate(*frame.to_local(lon, 49.0))[2]) < 0.15


def test_lines_that_meet_head_to_head_are_turned_to_follow_the_longer() -> None:
    long, short = LineString([(0, 0), (1000, 0)]), LineString([(1300, 0), (1000, 0)])
    assert [list(line.coords) for line in joined([short, long])] == [[(0, 0), (1000, 0), (1300, 0)]]


@pytest.mark.parametrize(
    ("part", "turned"),
    [
        ([(1200, 9), (1500, 9)], False),  # past the end, onward
        ([(1500, 9), (1200, 9)], True),
        ([(-500, 9), (-200, 9)], False),  # before the start, towards it
        ([(-200, 9), (-500, 9)], True),
        ([(200, 300), (600, 300)], False),  # beside it
        ([(600, 300), (200, 300)], True),
        ([(200, 300), (600, 300), (600, 200), (200, 300)], False),  # a ring
        ([(200, 300), (600, 200), (600, 300), (200, 300)], False),
    ],
)
def test_parts_run_the_way_of_the_longest(part: list[tuple[float, float]], turned: bool) -> None:
    longest, line = LineString([(0, 0), (1000, 0)]), LineString(part)
    assert one_way([longest, line]) == [longest, line.reverse() if turned else line]


def test_a_ring_longer_than_every_open_part_does_not_keep_them_from_running_one_way() -> None:
    ring = LineString([(0, 500), (9000, 500), (9000, 9000), (0, 9000), (0, 500)])
    longest, behind = LineString([(0, 0), (1000, 0)]), LineString([(1500, 9), (1200, 9)])
    assert one_way([ring, longest, behind]) == [ring, longest, behind.reverse()]
    assert one_way([ring, ring.reverse()]) == [ring, ring.reverse()]


@pytest.mark.parametrize("gap_deg", [0.0, 1e-9, 1e-7, 5e-6])
def test_parts_whose_ends_miss_each_other_by_the_rounding_of_the_file_leave_no_gap(
    tmp_path: Path, gap_deg: float
) -> None:
    """At a bend, a gap opens to a wedge of ground that belongs to no segment."""
    legs = {"a": [(1.40, 42.5), (1.45, 42.5)], "b": [(1.45 + gap_deg, 42.5), (1.45, 42.55)]}
    border = Border.from_file(written(tmp_path / "line.geojson", legs), FRAME)
    easting, northing = FRAME.to_local(1.45, 42.5)
    assert border.plain
    assert border.locate(easting + 500.0, northing - 500.0)[0] >= 0


def test_ends_more_than_a_metre_apart_stay_a_gap_and_exact_ones_are_preferred() -> None:
    west, east = LineString([(0, 0), (1000, 0)]), LineString([(1001.1, 0), (2000, 0)])
    assert joined([west, east]) == [west, east]
    beside = LineString([(1000, 0.4), (1000, 300)])  # the end of the western line is taken
    assert joined([west, LineString([(1000, 0), (1500, 0)]), beside])[1:] == [LineString([(1000, 0), (1000, 300)])]
    short = LineString([(1000.3, 0), (1000.8, 0)])  # not made a point
    assert [line.length for line in joined([west, short, east])] == [2000.0]


def test_a_line_with_a_gap_of_centimetres_closes_to_a_ring_but_two_lines_beside_each_other_do_not() -> None:
    corners = [(900, 0), (900, 900), (0, 900)]
    assert joined([LineString([(0, 0), *corners, (0, 0.02)])]) == [LineString([(0, 0.02), *corners, (0, 0.02)])]
    twice = [LineString([(0, 0), (900, 0)]), LineString([(0, 0.1), (900, 0.1)])]
    assert joined(twice) == twice


def test_parts_are_ordered_by_the_gaps_between_them() -> None:
    parts = [LineString([(x, 0), (x + 80, 0)]) for x in (200, 0, 100)]
    assert [line.coords[0][0] for line in in_order(parts)] == [0, 100, 200]


def test_a_metric_file_in_the_frame_keeps_its_coordinates_to_the_bit(tmp_path: Path) -> None:
    frame = LocalFrame.from_epsg(25831)
    line = LineString([(380_000.1, 4_700_000.3), (390_000.7, 4_701_000.9)])
    geopandas.GeoDataFrame(geometry=[line], crs=25831).to_file(tmp_path / "line.gpkg")
    assert Border.from_file(tmp_path / "line.gpkg", frame).line == line


def test_a_file_of_a_system_with_its_own_transformation_is_where_that_puts_it(tmp_path: Path) -> None:
    ed50 = "+proj=utm +zone=31 +ellps=intl +towgs84=-87,-98,-121,0,0,0,0 +units=m +no_defs +type=crs"
    table = geopandas.GeoDataFrame(geometry=[LineString([(380_000, 4_700_000), (390_000, 4_701_000)])], crs=ed50)
    table.to_file(tmp_path / "line.gpkg")
    start = Border.from_file(tmp_path / "line.gpkg", FRAME).point_at(0.0)
    (lon, lat), _ = table.to_crs(4326).geometry[0].coords
    assert np.hypot(*np.subtract(FRAME.to_local(lon, lat), start)) < 0.1


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"where": "name = 'z'"}, "no feature matches"),
        ({"where": {"name": "z"}}, "no feature matches"),
        ({"where": "nonsense ="}, "filter 'nonsense =' cannot be applied; expected .* on the columns name"),
        ({"where": "nam = 'z'"}, "cannot be applied; expected a condition as in SQL on the columns name"),
        ({"where": {"colour": "red"}}, "no column 'colour'"),
        ({"clip": (10.0, 50.0, 11.0, 51.0)}, "outside the terrain or clip; expected a line that crosses it"),
        ({"clip": (1.0, 42.0, 1.0, 43.0)}, "not an area"),
        ({"home_side": "up"}, "home_side"),
    ],
)
def test_a_choice_that_leaves_nothing_is_refused(tmp_path: Path, keywords: dict, words: str) -> None:
    with pytest.raises(BorderError, match=words):
        Border.from_file(written(tmp_path / "line.geojson", LEGS), FRAME, **keywords)


def test_shapes_that_are_no_lines_are_refused(tmp_path: Path) -> None:
    ring = [[(1.4, 42.5), (1.5, 42.5), (1.5, 42.6), (1.4, 42.5)]]
    with pytest.raises(BorderError, match="a feature is Polygon; expected lines only, or a border zone for an area"):
        Border.from_file(written(tmp_path / "a.geojson", {"a": ring}, "Polygon"), FRAME)
    with pytest.raises(BorderError, match="Point"):
        Border.from_file(written(tmp_path / "p.geojson", {"a": (1.4, 42.5)}, "Point"), FRAME)
    with pytest.raises(BorderError, match="no length"):
        Border.from_file(written(tmp_path / "z.geojson", {"a": [(1.4, 42.5), (1.4, 42.5)]}), FRAME)


def test_files_that_say_too_little_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BorderError, match="cannot be read"):
        Border.from_file(tmp_path / "missing.shp", FRAME)
    (tmp_path / "broken.geojson").write_text("{")
    with pytest.raises(BorderError, match="cannot be read"):
        Border.from_file(tmp_path / "broken.geojson", FRAME)
    geopandas.GeoDataFrame(geometry=[LineString([(0, 0), (1, 1)])]).to_file(tmp_path / "unplaced.shp")
    with pytest.raises(BorderError, match="no coordinate system"):
        Border.from_file(tmp_path / "unplaced.shp", FRAME)


def test_a_file_of_several_layers_or_without_shapes_is_refused(tmp_path: Path) -> None:
    table = geopandas.GeoDataFrame(geometry=[LineString([(0, 0), (1, 1)])], crs=4326)
    table.to_file(tmp_path / "two.gpkg", layer="one")
    table.to_file(tmp_path / "two.gpkg", layer="two")
    with pytest.raises(BorderError, match="several layers: one, two"):
        Border.from_file(tmp_path / "two.gpkg", FRAME)
    geopandas.GeoDataFrame(geometry=[Point(0, 0)], crs=4326).iloc[:0].to_file(tmp_path / "none.gpkg")
    with pytest.raises(BorderError, match="no feature"):
        Border.from_file(tmp_path / "none.gpkg", FRAME)


def test_a_plain_geojson_reads_the_same_without_gdal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "line.geojson", {"a": [(0.1 + 0.2, 42.1234567890123), (1.45, 42.5)], **LEGS})
    without = Border.from_file(path, FRAME, where={"name": ["a", "b"]}).line
    monkeypatch.setattr("geo.border.line_files._read_plain", lambda _path: None)
    assert Border.from_file(path, FRAME, where={"name": ["a", "b"]}).line.equals_exact(without, 0.0)


def test_a_geojson_that_names_its_system_is_read_in_it(tmp_path: Path) -> None:
    east, north = FRAME.to_local(1.4, 42.5)
    document = json.loads(written(tmp_path / "line.json", {"a": [(east, north), (east + 900.0, north)]}).read_text())
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}}
    (tmp_path / "line.json").write_text(json.dumps(document))
    border = Border.from_file(tmp_path / "line.json", LocalFrame.from_epsg(32631))
    assert border.length_m == pytest.approx(900.0)


def test_pieces_of_a_jagged_border_in_any_order_and_direction_make_the_whole_with_its_enclave(tmp_path: Path) -> None:
    """As OpenStreetMap has it: ways of a relation, some reversed, some given for both countries, a ring apart."""
    rng = np.random.default_rng(0)
    lon = np.linspace(1.3, 1.8, 200)
    line = np.column_stack([lon, 42.45 + 0.02 * np.sin(40.0 * lon) + rng.normal(0.0, 5e-4, len(lon))])
    ways = [line[start : start + 21] for start in range(0, len(line) - 1, 20)]
    ways = [way[::-1] if i % 3 == 1 else way for i, way in enumerate(ways)]
    turn = np.linspace(0.0, 2.0 * np.pi, 60)
    ring = np.column_stack([1.5 + 0.02 * np.cos(turn), 42.55 + 0.02 * np.sin(turn)])
    ring[-1] = ring[0]
    drawn = [ways[i] for i in rng.permutation(len(ways))] + [ring, ways[3][::-1], ways[5], ring[::-1]]
    path = written(tmp_path / "relation.geojson", {f"way/{i}": way.tolist() for i, way in enumerate(drawn)})
    border = Border.from_file(path, FRAME)
    whole = Border.from_file(written(tmp_path / "whole.geojson", {"all": line.tolist()}), FRAME)
    apart, long = sorted(shapely.get_parts(border.line), key=lambda part: part.length)
    assert long.equals_exact(whole.line, 1e-6) or long.reverse().equals_exact(whole.line, 1e-6)
    assert apart.is_ring
    east, north = rng.uniform(*np.array(border.line.bounds)[[0, 2]], 500), rng.normal(0.0, 8_000.0, 500)
    segment, chainage, offset = border.locate(east, north)
    beside = segment >= 0
    assert beside.sum() > 400
    assert np.allclose(np.abs(offset), shapely.distance(border.line, shapely.points(east, north)), atol=1e-6)
    there = np.hypot(
        border.point_at(chainage[beside])[0] - east[beside], border.point_at(chainage[beside])[1] - north[beside]
    )
    assert np.allclose(there, np.abs(offset[beside]), atol=1e-6)


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("start", [0, 1, 7, 30])
def test_an_island_given_once_per_country_counts_once(tmp_path: Path, start: int, way: int) -> None:
    """Each country's map begins the ring at a vertex of its own, one of them with a vertex twice."""
    turn = np.linspace(0.0, 2.0 * np.pi, 40, endpoint=False)
    ring = np.column_stack([1.5 + 0.01 * np.cos(turn), 42.5 + 0.01 * np.sin(turn)]).tolist()
    other = (ring[start:] + ring[:start])[::way]
    once = Border.from_file(written(tmp_path / "once.geojson", {"a": [*ring, ring[0]]}), FRAME)
    both = {"a": [*ring, ring[0]], "b": [*other, other[0]], "c": [other[0], *other, other[0]]}
    twice = Border.from_file(written(tmp_path / "twice.geojson", both), FRAME)
    assert twice.line.equals(once.line)
    assert (twice.segments, twice.length_m) == (once.segments, once.length_m)


def test_a_file_without_features_says_so(tmp_path: Path) -> None:
    with pytest.raises(BorderError, match="the file has no feature"):
        Border.from_file(written(tmp_path / "none.geojson", {}), FRAME)


WHOLE = [[179.85, -17.0], [179.9, -16.98], [180.0, -17.01], [180.1, -17.0], [180.15, -17.02]]
ACROSS_180 = {
    "runs on": [WHOLE],
    "jumps": [[[lon if lon <= 180.0 else lon - 360.0, lat] for lon, lat in WHOLE]],
    "is cut (RFC 7946)": [WHOLE[:3], [[-180.0, -17.01], [-179.9, -17.0], [-179.85, -17.02]]],
    "runs on in the west": [[[lon - 360.0, lat] for lon, lat in WHOLE]],
}


@pytest.mark.parametrize("parts", ACROSS_180.values(), ids=ACROSS_180.keys())
@pytest.mark.parametrize("clip", ["none", "terrain", "box"])
def test_lines_across_the_180th_meridian(tmp_path: Path, parts: list[list[list[float]]], clip: str) -> None:
    """Oracle: the same line 179° further west, where nothing jumps."""
    frame, usual = LocalFrame.around(180.0, -17.0), LocalFrame.around(1.0, -17.0)
    half = 12_000.0  # of 15.9 km to either side
    terrain = xr.Dataset(coords={"easting": [-half, half], "northing": [half, -half]}, attrs={"crs": frame.wkt})
    clips = {"none": (None, None), "terrain": (terrain, terrain.assign_attrs(crs=usual.wkt))}
    clips["box"] = ((179.9, -18.0, -179.9, -16.0), (0.9, -18.0, 1.1, -16.0))
    there, here = clips[clip]
    for name, lines in (("there", parts), ("here", [[[lon - 179.0, lat] for lon, lat in WHOLE]])):
        geometry = {"type": "MultiLineString", "coordinates": lines}
        feature = {"type": "Feature", "geometry": geometry, "properties": {}}
        (tmp_path / f"{name}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    found = Border.from_file(tmp_path / "there.geojson", frame, clip=there)
    expected = Border.from_file(tmp_path / "here.geojson", usual, clip=here)
    assert found.line.geom_type == "LineString"
    assert found.line.hausdorff_distance(expected.line) < 0.01
    assert found.ground_length_m == pytest.approx(expected.ground_length_m, abs=0.01)
    if clip != "none":
        off = length_off(tmp_path / "there.geojson", where=None, clip=there)
        assert off == pytest.approx(length_off(tmp_path / "here.geojson", where=None, clip=here), abs=0.01)


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        ('{"type": "LineString", "coordinates": [[NaN, 42.5], [1.5, 42.5]]}', "coordinates that are not finite"),
        ('{"type": "LineString", "coordinates": [[1.4, 42.5], [1.5, Infinity]]}', "coordinates that are not finite"),
        ("null", "a feature is no shape; expected lines only"),
        ('{"type": "LineString", "coordinates": [[1.4, 42.5]]}', "a feature is no shape; expected lines only"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_coordinates_that_are_no_numbers_are_refused_without_a_warning_of_a_library(
    tmp_path: Path, geometry: str, said: str
) -> None:
    feature = f'{{"type": "Feature", "properties": {{}}, "geometry": {geometry}}}'
    (tmp_path / "line.geojson").write_text(f'{{"type": "FeatureCollection", "features": [{feature}]}}')
    with pytest.raises(BorderError, match=said):
        Border.from_file(tmp_path / "line.geojson", FRAME)


def test_one_layer_of_a_file_is_named(tmp_path: Path) -> None:
    line = geopandas.GeoDataFrame(geometry=[LineString([(1.4, 42.5), (1.6, 42.5)])], crs=4326)
    for layer in ("new", "old"):
        line.to_file(tmp_path / "map.gpkg", layer=layer)
    with pytest.raises(BorderError, match=r"several layers: new, old; expected map\.gpkg\|layername=new, or another"):
        Border.from_file(tmp_path / "map.gpkg", FRAME)
    with pytest.raises(BorderError, match="has no layer 'older'; expected one of new, old"):
        Border.from_file(f"{tmp_path / 'map.gpkg'}|layername=older", FRAME)
    assert Border.from_file(f"{tmp_path / 'map.gpkg'}|layername=old", FRAME).length_m > 16_000.0


@pytest.mark.parametrize("name", ["line.geojson", "line.json", "line.shp"])
def test_a_border_that_is_a_pipe_is_refused_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(BorderError, match="neither a file nor a folder"):
        Border.from_file(tmp_path / name, FRAME)
