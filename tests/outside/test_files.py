"""A sector of one's own as other programs write it: border, layout, sector file, recordings, indicators; hostile ones.

Sources: docs/files.md ("Layout file", "Sector file", "Indicator and outcome files"), design §4a (layout), docs/
adapters.md ("Import recordings"), docs/commands.md ("an error is one sentence and a non-zero exit code"), RFC 7946,
RFC 4180, TOML 1.0; lengths and areas by Karney's geodesics, circles and strips in closed form.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyproj
import pytest
import rasterio
from shapely.geometry import LineString, MultiLineString, Point, Polygon

from geo.border import Border
from geo.errors import BorderError, WatchlineError
from geo.frame import LocalFrame
from ingest.recordings import RecordingError, rows_of_csv, scans_of
from sensors.layout import Layout

GEOD = pyproj.Geod(ellps="WGS84")
Command = Callable[..., tuple[int, str, str]]
STEP, CELLS = 1 / 1200, 160
CENTRE = (-70.0 + CELLS / 2 * STEP, -32.8 - CELLS / 2 * STEP)  # high in the Andes
FRAME = LocalFrame.around(*CENTRE)
RADAR = {
    "id": "r1",
    "kind": "radar",
    "max_range_m": 1500,
    "period_s": 5,
    "detection_probability": 0.9,
    "mast_height_m": 20,
    "range_sd_m": 5,
    "azimuth_sd_deg": 0.3,
    "false_alarms_per_scan": 0.1,
}


def point(properties: dict[str, Any], at: Any = CENTRE) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": list(at)}}


def collection(*features: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)} | more


BORDER = LineString([(CENTRE[0], CENTRE[1] + 0.03), (CENTRE[0], CENTRE[1] - 0.03)])  # from north to south
SECTOR = """
name = "andes"
terrain = "dem.tif"
border = "border.geojson"
home_side = "right"   # as seen from north to south: the west
belt_m = 1000
[layouts]
mine = "layout.geojson"
"""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A level plateau at 2000 m, in degrees."""
    path = tmp_path_factory.mktemp("ground") / "dem.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=CELLS, width=CELLS, count=1, dtype="float32", crs="EPSG:4326",
        transform=rasterio.Affine(STEP, 0.0, -70.0, 0.0, -STEP, -32.8),
    ) as file:  # fmt: skip
        file.write(np.full((CELLS, CELLS), 2000.0, np.float32), 1)
    return path


@pytest.fixture
def sector(tmp_path: Path, ground: Path) -> Path:
    """The files of a sector, of which a test may spoil one."""
    (tmp_path / "dem.tif").symlink_to(ground)
    geopandas.GeoSeries([BORDER], crs=4326).to_file(tmp_path / "border.geojson")
    (tmp_path / "layout.geojson").write_text(json.dumps(collection(point(RADAR), name="mine")))
    (tmp_path / "sector.toml").write_text(SECTOR)
    return tmp_path / "sector.toml"


def refused(answer: tuple[int, str, str], *words: str) -> None:
    """docs/commands.md: one sentence on stderr, nothing on stdout, an exit status that is not 0, no traceback."""
    code, out, err = answer
    assert code not in (0, None)
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1, err
    for word in words:
        assert word in err, err


# A foreign sector, end to end


def test_coverage_of_a_radar_on_level_ground_is_a_circle_in_a_strip(sector: Path, tmp_path: Path, watchline: Command):
    """A circle of 1500 m in a strip of 1000 m to either side: 2 (b √(r²−b²) + r² asin(b/r)) of its area."""
    code, out, err = watchline("coverage", sector, "--out", tmp_path / "out", "--json")
    assert code == 0, err
    assert len(out.splitlines()) == 1
    answer = json.loads(out)
    length = GEOD.line_length([CENTRE[0]] * 2, [CENTRE[1] - 0.03, CENTRE[1] + 0.03])
    r, b = 1500.0, 1000.0
    circle = 2 * (b * math.sqrt(r * r - b * b) + r * r * math.asin(b / r))
    belt = answer["belt"]
    assert belt["both"]["area_m2"] == pytest.approx(2 * b * length, rel=0.03)
    assert belt["both"]["covered_fraction"] == pytest.approx(circle / (2 * b * length), abs=0.02)
    assert belt["both"]["dead_ground_fraction"] == pytest.approx(1 - belt["both"]["covered_fraction"], abs=1e-9)
    assert belt["home"]["covered_fraction"] == pytest.approx(belt["away"]["covered_fraction"], abs=0.01)
    assert answer["segments"] == math.ceil(length / 500.0)
    with rasterio.open(tmp_path / "out" / "p_coverage.tif") as raster:
        seen = raster.read(1, masked=True).filled(0.0)
        assert seen.max() == pytest.approx(1.0, abs=1e-6)
        assert (seen > 0.5).sum() * raster.res[0] * raster.res[1] == pytest.approx(math.pi * r * r, rel=0.02)


def walker_csv(file: Path, *, columns: str = "sensor,observed_at,range_m,azimuth_deg") -> Path:
    """A walker from 700 m east of the line to 800 m west of it, 200 m north of the radar, 1.5 m/s; a look each 5 s."""
    random, rows = np.random.default_rng(5), [columns]
    for k in range(200):
        second, east = 5 * k, 700.0 - 7.5 * k
        lon, lat, _ = GEOD.fwd(*CENTRE, math.degrees(math.atan2(east, 200.0)), math.hypot(east, 200.0))
        azimuth, _, distance = GEOD.inv(*CENTRE, lon, lat)
        if random.random() < 0.9:
            clock = f"2026-03-14T21:{second // 60:02d}:{second % 60:02d}Z"
            reach, angle = math.hypot(distance, 20) + random.normal(0, 5), (azimuth + random.normal(0, 0.3)) % 360
            rows.append(f"r1,{clock},{reach:.2f},{angle:.4f}")
    file.write_text("\r\n".join(rows) + "\r\n")  # RFC 4180: lines end in CRLF
    return file


def test_a_recording_of_a_crossing_replays_as_one_track_and_one_crossing(
    sector: Path, tmp_path: Path, watchline: Command
):
    """From the east, away, to the west, home: inbound, when two looks in a row are beyond the band of uncertainty.

    On the line at 700 / 1.5 = 466.7 s, 21:07:46.7. σ ≤ 5 m: a band of 3 √(25 + 9) = 17.5 m or less, left 11.7 s later;
    the second look beyond it within 10 s, and one may be missed: by 21:08:15.
    """
    file = walker_csv(tmp_path / "night.csv")
    journal = tmp_path / "journal.db"
    code, out, err = watchline("journal", "import", "andes", file, "--out", journal, "--kind", "radar", "--json")
    assert code == 0, err
    rows = len(file.read_text().splitlines()) - 1
    assert json.loads(out)["detections"] == rows
    code, out, err = watchline("replay", sector, journal, "--out", tmp_path / "again", "--json")
    assert code == 0, err
    assert json.loads(out)["tracks_confirmed"] == 1
    tracks = geopandas.read_parquet(tmp_path / "again" / "tracks.parquet")
    alerts = json.loads((tmp_path / "again" / "alerts.geojson").read_text())["features"]
    crossings = [alert for alert in alerts if alert["properties"]["rule"] == "crossing"]
    assert len(crossings) == 1
    crossing = crossings[0]["properties"]
    assert crossing["direction"] == 1
    assert "2026-03-14T21:07:46" <= crossing["raised_at"] <= "2026-03-14T21:08:20"
    assert not any(alert["properties"]["rule"] == "track_initiated_inside" for alert in alerts)
    places = tracks.to_crs(4326).geometry
    assert places.x.between(CENTRE[0] - 0.01, CENTRE[0] + 0.01).all()
    assert np.abs(places.y - CENTRE[1] - 200.0 / 110_900.0).median() < 3e-4


# Borders as other programs write them


@pytest.mark.parametrize("kind", ["border.shp", "border.gpkg", "border.geojson", "utm.gpkg"])
def test_a_border_is_the_same_from_every_file(tmp_path: Path, kind: str):
    """A zigzag in three parts that share their ends, out of order and one against the others; also in UTM 19 south."""
    lon, lat = CENTRE
    corners = [(lon + 0.004 * (n % 2), lat + 0.03 - 0.01 * n) for n in range(7)]
    parts = [LineString(corners[2:5]), LineString(corners[:3]), LineString(corners[:3:-1])]
    lines = geopandas.GeoDataFrame({"name": ["Süd", "Ñuñoa", "c"]}, geometry=parts, crs=4326)
    if kind == "utm.gpkg":
        lines = lines.to_crs(32719)
    lines.to_file(tmp_path / kind)
    border = Border.from_file(tmp_path / kind, FRAME)
    assert border.length_m == pytest.approx(GEOD.line_length(*zip(*corners, strict=True)), rel=1e-5)
    assert border.plain
    segment, _, offset = border.locate(*FRAME.to_local(np.array([lon + 0.02, lon - 0.02]), np.array([lat, lat])))
    assert (segment >= 0).all()
    assert offset[0] * offset[1] < 0


def test_features_are_chosen_by_what_they_are(tmp_path: Path):
    lines = geopandas.GeoDataFrame(
        {"left": ["Chile", "Peru"], "level": [1, 2]},
        geometry=[BORDER, LineString([(-69.99, -32.81), (-69.95, -32.81)])],
        crs=4326,
    )
    lines.to_file(tmp_path / "lines.gpkg")
    whole = GEOD.geometry_length(BORDER)
    for where in ("\"left\" = 'Chile'", {"left": "Chile"}, {"level": [1]}):
        assert Border.from_file(tmp_path / "lines.gpkg", FRAME, where=where).length_m == pytest.approx(whole, rel=1e-5)
    for where in (
        "\"left\" = 'Bolivia'",
        {"left": "Bolivia"},
        {"right": "Chile"},
        "no sql at all",
    ):
        with pytest.raises(BorderError):
            Border.from_file(tmp_path / "lines.gpkg", FRAME, where=where)
    middle = (CENTRE[0] - 0.01, CENTRE[1] - 0.01, CENTRE[0] + 0.01, CENTRE[1] + 0.01)
    clipped = Border.from_file(tmp_path / "lines.gpkg", FRAME, where={"left": "Chile"}, clip=middle)
    assert clipped.length_m == pytest.approx(whole / 3, rel=1e-4)
    with pytest.raises(BorderError):
        Border.from_file(tmp_path / "lines.gpkg", FRAME, clip=(0.0, 0.0, 1.0, 1.0))


def hostile_border(folder: Path, kind: str) -> Path:
    path = folder / "border.geojson"
    square = Polygon([(-70, -33), (-69.9, -33), (-69.9, -32.9)])
    shapes = {
        "points": [Point(-70, -33), Point(-69.9, -33)],
        "areas": [square],
        "crossing": [LineString([(-70, -33), (-69.9, -32.9)]), LineString([(-70, -32.9), (-69.9, -33)])],
        "no length": [LineString([(-70, -33), (-70, -33)])],
        "one of each": [BORDER, Point(-70, -33)],
        "parallel parts that cross": [
            MultiLineString([[(-70, -33), (-69.9, -33)], [(-69.95, -33.01), (-69.95, -32.9)]])
        ],
    }
    if kind in shapes:
        geopandas.GeoSeries(shapes[kind], crs=4326).to_file(path)
    elif kind == "no system":
        path = folder / "border.shp"
        geopandas.GeoSeries([BORDER]).to_file(path)
    elif kind == "two layers":
        path = folder / "border.gpkg"
        for layer in ("a", "b"):
            geopandas.GeoSeries([BORDER], crs=4326).to_file(path, layer=layer)
    elif kind == "off the earth":
        path.write_text(json.dumps(collection({"type": "Feature", "properties": {}, "geometry": {
            "type": "LineString", "coordinates": [[-70, -33], [-70, -99]]}})))  # fmt: skip
    elif kind == "a place without a number":
        path.write_text('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": '
                        '{"type": "LineString", "coordinates": [[-70, NaN], [-70, -33]]}}]}')  # fmt: skip
    elif kind == "missing":
        pass
    else:
        nothing = json.dumps(collection()).encode()
        unplaced = json.dumps(collection(point({}) | {"geometry": None})).encode()
        contents = {"empty": b"", "no features": nothing, "null geometry": unplaced}
        path.write_bytes((contents | {"binary": bytes(range(256)) * 9, "deep": b"[" * 100_000})[kind])
    return path


HOSTILE_BORDERS = [
    "points", "areas", "crossing", "no length", "one of each", "parallel parts that cross", "no system", "two layers",
    "off the earth", "a place without a number", "missing", "empty", "no features",
    "binary", "null geometry", "deep",
]  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE_BORDERS)
def test_a_file_that_holds_no_border_is_refused_by_its_name(tmp_path: Path, kind: str):
    path = hostile_border(tmp_path, kind)
    with pytest.raises(BorderError) as error:
        Border.from_file(path, FRAME)
    sentence = str(error.value)
    assert path.name in sentence
    assert "\n" not in sentence
    assert len(sentence) < 600


# Layouts


def test_a_layout_takes_the_documented_defaults(tmp_path: Path):
    """docs/files.md, "Layout file": mast 2 m, from 0 m on, all round, always working, heartbeats each 10 s, Pd .9."""
    path = tmp_path / "mine.geojson"
    path.write_text(json.dumps(collection(point({"id": "Radar Süd 1", "kind": "radar", "max_range_m": 4000}))))
    layout = Layout.from_file(path, FRAME)
    assert layout.name == "mine"
    (sensor,) = layout.sensors
    assert (sensor.id, sensor.max_range_m, sensor.mast_height_m, sensor.min_range_m) == ("Radar Süd 1", 4000, 2, 0)
    assert (sensor.availability, sensor.status_interval_s, sensor.detection_probability) == (1, 10, 0.9)
    assert sensor.period_s is None
    assert np.hypot(sensor.easting, sensor.northing) < 1e-6


SPOILED: list[tuple[dict[str, Any], str]] = [
    ({"id": None}, "id"),
    ({"id": ""}, "id"),
    ({"id": "a/b"}, "id"),
    ({"id": "a#"}, "id"),
    ({"id": "x" * 65}, "id"),
    ({"kind": None}, "kind"),
    ({"kind": "sonar"}, "kind"),
    ({"kind": ["radar"]}, "kind"),
    ({"max_range_m": None}, "max_range_m"),
    ({"max_range_m": 0}, "max_range_m"),
    ({"max_range_m": -5}, "max_range_m"),
    ({"max_range_m": "4 km"}, "max_range_m"),
    ({"max_range_m": True}, "max_range_m"),
    ({"max_range_m": math.nan}, "max_range_m"),
    ({"max_range_m": math.inf}, "max_range_m"),
    ({"min_range_m": 5000}, "min_range_m"),
    ({"mast_height_m": -1}, "mast_height_m"),
    ({"period_s": 0}, "period_s"),
    ({"availability": 1.2}, "availability"),
    ({"detection_probability": -0.1}, "detection_probability"),
    ({"false_alarms_per_scan": -1}, "false_alarms_per_scan"),
    ({"false_alarm_probability": 0}, "false_alarm_probability"),
    ({"range_sd_m": 0}, "range_sd_m"),
    ({"azimuth_sd_deg": -0.1}, "azimuth_sd_deg"),
    ({"azimuth_deg": 720}, "azimuth_deg"),
    ({"field_of_view_deg": 0}, "field_of_view_deg"),
    ({"field_of_view_deg": 361}, "field_of_view_deg"),
    ({"elevation_min_deg": -5}, "elevation"),
    ({"elevation_min_deg": 5, "elevation_max_deg": -5}, "elevation"),
    ({"pitch_m": 1e-5}, "pitch_m"),
    ({"confusion": [[0.5, 0.5, 0, 0, 0]] * 4}, "confusion"),
    ({"confusion": [[0.5, 0.2, 0, 0, 0]] * 5}, "confusion"),
    ({"colour": "green"}, "colour"),
    ({"Max_Range_m": 3}, "Max_Range_m"),
    ({"catalogue": "death star"}, "death star"),
    ({"surveyed_on": "yesterday"}, "surveyed_on"),
]


@pytest.mark.parametrize(("change", "name"), SPOILED, ids=str)
def test_a_sensor_that_cannot_be_is_refused_by_its_key(change: dict[str, Any], name: str):
    keys = {key: value for key, value in (RADAR | change).items() if value is not None}
    with pytest.raises(WatchlineError) as error:
        Layout.from_geojson(collection(point(keys)), FRAME, name="mine")
    assert name in str(error.value)


@pytest.mark.parametrize(
    "document",
    [
        collection(point(RADAR), point(RADAR)),
        collection(point(RADAR, (-70.0, -99.0))),
        collection(point(RADAR, (600_000.0, 6_360_000.0))),
        collection(point(RADAR, (-70.0,))),
        collection(point(RADAR, ("-70", "-33"))),
        collection(point(RADAR) | {"geometry": None}),
        collection(point(RADAR) | {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}),
        collection(point(RADAR) | {"properties": None}),
        collection(point(RADAR) | {"properties": []}),
        {"type": "FeatureCollection"},
        {"type": "FeatureCollection", "features": {}},
        {"type": "FeatureCollection", "features": [None]},
        point(RADAR),
        [],
        None,
        "layout",
        {"type": "Topology"},
    ],
    ids=range(17),
)
def test_a_document_that_is_no_layout_is_refused(document: Any):
    with pytest.raises(WatchlineError):
        Layout.from_geojson(document, FRAME, name="mine")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"type": "FeatureCollection", "features": [], }', b"\x00" * 50],
    ids=["empty", "cut", "utf-16", "deep", "comma", "zeros"],
)
def test_a_layout_file_that_is_no_json_is_refused_by_its_name(tmp_path: Path, content: bytes):
    path = tmp_path / "layout.geojson"
    path.write_bytes(content)
    with pytest.raises(WatchlineError) as error:
        Layout.from_file(path, FRAME)
    assert "layout.geojson" in str(error.value)
    assert len(str(error.value)) < 1000


# Sector files


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ('name = "andes"', "", "name"),
        ('name = "andes"', 'name = "an/des"', "name"),
        ('name = "andes"', 'name = "andes"\nname = "again"', "sector.toml"),
        ('terrain = "dem.tif"', "", "terrain"),
        ('terrain = "dem.tif"', 'terrain = "nowhere.tif"', "nowhere.tif"),
        ('terrain = "dem.tif"', "terrain = 5", "terrain"),
        ('border = "border.geojson"', 'border = "nowhere.geojson"', "nowhere.geojson"),
        ('border = "border.geojson"', 'border = "layout.geojson"', "layout.geojson"),
        ('home_side = "right"', 'home_side = "west"', "home_side"),
        ("belt_m = 1000", "belt_m = 0", "belt_m"),
        ("belt_m = 1000", "belt_m = nan", "belt_m"),
        ("belt_m = 1000", 'belt_m = "1 km"', "belt_m"),
        ("belt_m = 1000", "belt_m = 1000\nsegment_length_m = -1", "segment_length_m"),
        ("belt_m = 1000", "belt_m = 1000\nframe = 4326", "4326"),
        ("belt_m = 1000", "belt_m = 1000\nframe = 99999", "99999"),
        ("belt_m = 1000", 'belt_m = 1000\nframe = "utm"', "frame"),
        ("belt_m = 1000", 'belt_m = 1000\ntime_zone = "Mars/Olympus"', "time_zone"),
        ("belt_m = 1000", 'belt_m = 1000\nsignatures = "maybe"', "signatures"),
        ("belt_m = 1000", "belt_m = 1000\nbelt_km = 1", "belt_km"),
        ("belt_m = 1000", 'belt_m = 1000\nbases = "nowhere.geojson"', "nowhere.geojson"),
        ("[layouts]", "[layout]", "layout"),
        ('mine = "layout.geojson"', "", "layouts"),
        ('mine = "layout.geojson"', 'mine = "nowhere.geojson"', "nowhere.geojson"),
        ('mine = "layout.geojson"', 'mine = "border.geojson"', "border.geojson"),
        ("[layouts]", "[layouts", "sector.toml"),
    ],
)
def test_a_sector_file_with_a_fault_is_refused_by_its_key(
    sector: Path, tmp_path: Path, watchline: Command, before: str, after: str, word: str
):
    assert before in SECTOR
    sector.write_text(SECTOR.replace(before, after))
    refused(watchline("coverage", sector, "--out", tmp_path / "out", "--json"), word)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\x00", b"a = " + b"[" * 5_000, b"= 5"])
def test_bytes_that_are_no_sector_are_refused(sector: Path, tmp_path: Path, watchline: Command, content: bytes):
    sector.write_bytes(content)
    refused(watchline("coverage", sector, "--out", tmp_path / "out", "--json"), "sector.toml")


def test_a_place_that_is_no_file_is_refused(tmp_path: Path, watchline: Command):
    refused(watchline("coverage", tmp_path / "nothing.toml", "--out", tmp_path / "out", "--json"), "nothing.toml")
    refused(watchline("coverage", tmp_path, "--out", tmp_path / "out", "--json"))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--required", "1.5"], "required"),
        (["--required", "nan"], "required"),
        (["--exposure", "0"], "exposure"),
        (["--exposure", "inf"], "exposure"),
        (["--target", "submarine"], "submarine"),
        (["--conditions", "sunny"], "sunny"),
        (["--layout", "yours"], "yours"),
    ],
)
def test_options_without_sense_are_refused(
    sector: Path, tmp_path: Path, watchline: Command, options: list[str], word: str
):
    refused(watchline("coverage", sector, "--out", tmp_path / "out", *options, "--json"), word)


def test_a_border_beside_its_terrain_is_refused(sector: Path, tmp_path: Path, watchline: Command):
    geopandas.GeoSeries([LineString([(-60.0, -30.0), (-60.1, -30.0)])], crs=4326).to_file(tmp_path / "border.geojson")
    refused(watchline("coverage", sector, "--out", tmp_path / "out", "--json"), "border")


def test_a_sensor_off_the_terrain_is_refused(sector: Path, tmp_path: Path, watchline: Command):
    (tmp_path / "layout.geojson").write_text(json.dumps(collection(point(RADAR, (-60.0, -30.0)))))
    refused(watchline("coverage", sector, "--out", tmp_path / "out", "--json"), "r1")


# Equipment, thresholds, bases, sections


ITEM = """
currency = "USD"
[staff]
cost_per_person_year = 40000
people_per_post = 5
source = "made up"
confidence = "L"
[item.tower]
title = "Tower"
kind = "radar"
source = "made up"
confidence = "L"
price_date = 2026-01-01
capex = { low = 1000, mode = 2000, high = 4000 }
opex_per_year = 100
service_life_years = 10
availability = 0.9
crew = 0
false_alarms_per_day = 2
mast_height_m = 20
set_up_h = 5
[item.tower.detection]
max_range_m = 4000
"""


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("capex = { low = 1000, mode = 2000, high = 4000 }", "capex = -1", "capex"),
        (
            "capex = { low = 1000, mode = 2000, high = 4000 }",
            "capex = { low = 5000, mode = 2000, high = 4000 }",
            "capex",
        ),
        ("capex = { low = 1000, mode = 2000, high = 4000 }", "capex = { low = 1000 }", "capex"),
        ("capex = { low = 1000, mode = 2000, high = 4000 }", "capex = nan", "capex"),
        ("service_life_years = 10", "service_life_years = 0", "service_life_years"),
        ("availability = 0.9", "availability = 1.1", "availability"),
        ('kind = "radar"', 'kind = "oracle"', "kind"),
        ('confidence = "L"\nprice_date', 'confidence = "sure"\nprice_date', "confidence"),
        ("price_date = 2026-01-01", 'price_date = "2026-01-01"', "without quotes"),
        ("price_date = 2026-01-01", "", "price_date"),
        ('currency = "USD"', 'currency = "EUR"', "currency"),
        ("crew = 0", "crew = 0\ncolour = 3", "colour"),
        ("max_range_m = 4000", "max_range_m = 4000\nreach = 3", "reach"),
        ("[item.tower]", "[items.tower]", "items"),
        ("[staff]", "[staff", "TOML"),
    ],
)
def test_a_catalogue_with_a_fault_is_refused_by_its_key(
    sector: Path, tmp_path: Path, watchline: Command, before: str, after: str, word: str
):
    """docs/files.md, "Catalogue file"; the shipped catalogue lies under it."""
    assert before in ITEM
    (tmp_path / "mine.toml").write_text(ITEM.replace(before, after, 1))
    files = [tmp_path / "layout.geojson", tmp_path / "other.geojson"]
    files[1].write_text(files[0].read_text().replace('"mine"', '"other"'))
    refused(
        watchline("compare", sector, *files, "--catalogue", tmp_path / "mine.toml", "--samples", 5, "--json"),
        word,
    )


CHANGED_BEFORE = '[[threshold.change]]\nvalue = 0.5\non = 2025-01-01\nby = "x"\nwhy = "y"'
THRESHOLD = """
[[threshold]]
name = "detect"
measure = "mean_detection"
value = 0.7
set_on = 2026-01-10
set_by = "planning board"
why = "requirement 4.2"
"""


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ('measure = "mean_detection"', 'measure = "happiness"', "measure"),
        ("value = 0.7", "", "value"),
        ("value = 0.7", 'value = "high"', "value"),
        ("value = 0.7", "value = nan", "value"),
        ("set_on = 2026-01-10", 'set_on = "soon"', "set_on"),
        ('why = "requirement 4.2"', "", "why"),
        ('why = "requirement 4.2"', 'why = ""', "why"),
        ("[[threshold]]", "[[thresholds]]", "threshold"),
        ('why = "requirement 4.2"', f'why = "a"\n{CHANGED_BEFORE}', "change"),
    ],
)  # fmt: skip
def test_thresholds_with_a_fault_are_refused_by_their_key(
    sector: Path, tmp_path: Path, watchline: Command, before: str, after: str, word: str
):
    """docs/files.md, "Thresholds file": every change has value, day, person and reason, in the order of the days."""
    assert before in THRESHOLD
    (tmp_path / "limits.toml").write_text(THRESHOLD.replace(before, after, 1))
    files = [tmp_path / "layout.geojson", tmp_path / "other.geojson"]
    files[1].write_text(files[0].read_text().replace('"mine"', '"other"'))
    refused(
        watchline("compare", sector, *files, "--thresholds", tmp_path / "limits.toml", "--samples", 5, "--json"),
        word,
    )


# Recordings


def scans(text: str, kind: str | None = "radar") -> Any:
    return scans_of(rows_of_csv(text, where="night.csv"), kind=kind, where="night.csv")


def test_rows_of_one_sensor_and_time_are_one_scan():
    """Sequence counts each sensor's scans in order of time; an empty cell is not reported; UTC without an offset."""
    text = (
        "observed_at,sensor,azimuth_deg,range_m,class,source_id,confidence\n"
        "2026-03-14T21:00:02Z,a,10.5,,vehicle,T7,\n"
        "2026-03-14T21:00:00,a,11.5,900,,,0.5\n"
        "2026-03-14T22:00:02+01:00,a,20,,,,\n"
        '2026-03-14T21:00:01Z,"b",30,,person,"x, ""y""",\n'
        "\n"
    )
    found = {(scan.sensor, scan.sequence): scan for scan in scans(text)}
    assert set(found) == {("a", 1), ("a", 2), ("b", 1)}
    assert [plot.azimuth_deg for plot in found["a", 2].plots] == [10.5, 20.0]
    assert found["a", 1].plots[0].range_m == 900.0
    assert found["a", 1].plots[0].confidence == 0.5
    assert found["a", 2].plots[0].range_m is None
    assert found["b", 1].plots[0].source_id == 'x, "y"'
    assert max(found["b", 1].plots[0].classes, key=found["b", 1].plots[0].classes.__getitem__) == "person"
    assert all(scan.kind == "radar" and scan.boot == 1 for scan in found.values())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("sensor,observed_at,colour\na,2026-03-14T21:00:00Z,red\n", "colour"),
        ("sensor,range_m\na,5\n", "observed_at"),
        ("sensor,sensor,observed_at\na,a,2026-03-14T21:00:00Z\n", "sensor"),
        ("sensor,observed_at,azimuth_deg\na,yesterday,5\n", "observed_at"),
        ("sensor,observed_at,azimuth_deg\na,,5\n", "observed_at"),
        ("sensor,observed_at,azimuth_deg\n,2026-03-14T21:00:00Z,5\n", "sensor"),
        ("sensor,observed_at,azimuth_deg\na,2026-03-14T21:00:00Z,east\n", "azimuth_deg"),
        ("sensor,observed_at,azimuth_deg\na,2026-03-14T21:00:00Z,nan\n", "azimuth_deg"),
        ("sensor,observed_at,azimuth_deg\na,2026-03-14T21:00:00Z,361\n", "azimuth_deg"),
        ("sensor,observed_at,range_m\na,2026-03-14T21:00:00Z,361\n", "azimuth_deg"),
        ("sensor,observed_at,lon\na,2026-03-14T21:00:00Z,8\n", "lat"),
        ("sensor,observed_at,class,azimuth_deg\na,2026-03-14T21:00:00Z,ghost,5\n", "class"),
        ("sensor,observed_at,azimuth_deg\na/b,2026-03-14T21:00:00Z,5\n", "sensor"),
        ("sensor,observed_at,azimuth_deg\na,2026-03-14T21:00:00Z,5,6\n", "night.csv"),
        ('sensor,observed_at,azimuth_deg\n"a,2026-03-14T21:00:00Z,5\n', "night.csv"),
        ("", "night.csv"),
        ("\x00\x00", "night.csv"),
    ],
    ids=range(17),
)
def test_a_row_that_ingest_would_refuse_is_named(text: str, word: str):
    with pytest.raises(RecordingError) as error:
        scans(text)
    assert word in str(error.value)
    assert "night.csv" in str(error.value)


def test_a_row_with_empty_true_is_a_scan_without_detections():
    """docs/adapters.md; design §4a: a miss is information, so that an import without these rows is blind to misses."""
    head = "sensor,observed_at,azimuth_deg,empty\n"
    found = scans(head + "a,2026-03-14T21:00:00Z,5,\na,2026-03-14T21:00:02Z,,true\na,2026-03-14T21:00:04Z,6,false\n")
    assert [(scan.sequence, scan.observed_at.second, len(scan.plots)) for scan in found] == [
        (1, 0, 1),
        (2, 2, 0),
        (3, 4, 1),
    ]
    for row in ("7,true", ",true\na,2026-03-14T21:00:00Z,7,"):  # empty, and with a detection
        with pytest.raises(RecordingError, match="empty"):
            scans(f"{head}a,2026-03-14T21:00:00Z,{row}\n")


def test_rows_without_a_kind_need_one():
    with pytest.raises(RecordingError):
        scans("sensor,observed_at,azimuth_deg\na,2026-03-14T21:00:00Z,5\n", kind=None)


@pytest.mark.parametrize(
    "content", [b"sensor,observed_at\n\xff\xfe,\n", b"PAR1" + b"\x00" * 40, b"", b"\x1f\x8b" + b"\x00" * 9]
)
def test_a_recording_of_other_bytes_is_refused(tmp_path: Path, watchline: Command, content: bytes):
    for name in ("night.csv", "night.parquet"):
        (tmp_path / name).write_bytes(content)
        refused(watchline("journal", "import", "andes", tmp_path / name, "--out", tmp_path / "j.db", "--json"), name)
        assert not (tmp_path / "j.db").exists()


# Indicators


INDICATOR = "country,family,name,value,unit,date,source,target,better,confidence"


@pytest.mark.parametrize(
    "row",
    [
        "CL,crime_and_governance,homicides,nan,per 100000,2025-01-01,UNODC,,lower,high",
        "CL,crime,homicides,4.5,per 100000,2025-01-01,UNODC,,lower,high",
        "CL,crime_and_governance,homicides,4.5,per 100000,2027-01-01,UNODC,,lower,high",
        "CL,crime_and_governance,homicides,4.5,per 100000,2025-01-01,,,lower,high",
        "CL,crime_and_governance,homicides,4.5,,2025-01-01,UNODC,,lower,high",
        "CL,crime_and_governance,homicides,4.5,per 100000,2025-01-01,UNODC,,smaller,high",
        "CL,crime_and_governance,homicides,4.5,per 100000,2025-01-01,UNODC,,lower,certain",
        "CL,crime_and_governance,homicides,4.5,per 100000,01.01.2025,UNODC,,lower,high",
        ",crime_and_governance,homicides,4.5,per 100000,2025-01-01,UNODC,,lower,high",
        "CL,crime_and_governance,a,1,1,2025-01-01,x,,lower,high\nCL,crime_and_governance,a,2,1,2025-01-01,x,,lower,high",
    ],
    ids=range(10),
)
def test_indicators_that_contradict_the_documents_are_refused(tmp_path: Path, watchline: Command, row: str):
    (tmp_path / "i.csv").write_text(f"{INDICATOR}\n{row}\n")
    refused(watchline("score", "cumberland", tmp_path / "i.csv", "--on", "2026-03-01", "--json"), "i.csv")


def test_trend_and_distance_to_a_target_by_hand(tmp_path: Path, watchline: Command):
    """Pairs of 4, 6, 5 a year apart: slopes +2, −1, +½; the median is ½ a year; 5 is 3 above a target of 2.

    docs/nomenclature.md: the distance is the target minus the value, so −3; an unknown value is due, never zero.
    """
    rows = [
        f"CL,crime_and_governance,homicides,{value},per 100000,{year}-01-01,UNODC,2,lower,high"
        for year, value in [(2023, 4), (2024, 6), (2025, 5)]
    ]
    rows.append("CL,national_action_plan,posts built,,1,2025-06-01,ministry,12,higher,medium")
    (tmp_path / "i.csv").write_text("\n".join([INDICATOR, *rows, ""]))
    code, out, err = watchline("score", "cumberland", tmp_path / "i.csv", "--on", "2026-03-01", "--json")
    assert code == 0, err
    families = json.loads(out)["families"]
    (line,) = families["crime_and_governance"]["lines"]
    assert (line["value"], line["target"]) == (5, 2)
    assert line["distance"] == pytest.approx(-3.0)
    assert line["trend"] == pytest.approx(0.5, rel=0.01)
    (built,) = families["national_action_plan"]["lines"]
    assert (built["value"], built["target"], built["distance"]) == (None, 12, None)
    assert any("posts built" in sentence for sentence in families["national_action_plan"]["missing"])
    assert families["international_agreements"]["missing"]
