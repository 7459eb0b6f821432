"""The sample sector is what its README says: checksums, places on the terrain, sides, and the equipment."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from geo.border import Border
from geo.terrain import bounds, frame_of, open_terrain, sample
from ops.room.night_file import TURNING_CAMERAS
from ops.sector.samples import JACKSBORO_FILE, jacksboro_cog, samples_folder
from ops.sector.sector_file import load_sector
from sensors.layout import Layout
from sensors.simulate.carriers import drive_of

LAYOUTS = ("hightech", "basic")


@pytest.fixture(scope="module")
def terrain(tmp_path_factory):
    return open_terrain(jacksboro_cog(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def sector():
    return load_sector("cumberland")


@pytest.fixture(scope="module")
def border(sector, terrain):
    return Border.from_file(
        sector.border, frame_of(terrain), segment_length_m=sector.segment_length_m, home_side=sector.home_side
    )


def layout_of(sector, terrain, name):
    return Layout.from_file(sector.layouts[name], frame_of(terrain))


def listed_checksums() -> dict[str, str]:
    text = (samples_folder() / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", text, flags=re.MULTILINE))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_readme_lists_the_checksum_of_every_file_of_the_sector():
    folder = samples_folder()
    found = {f"cumberland/{path.name}": sha256(path) for path in (folder / "cumberland").iterdir() if path.is_file()}
    assert {name: value for name, value in listed_checksums().items() if name.startswith("cumberland/")} == found


def test_the_terrain_is_the_file_whose_checksum_the_readme_lists():
    file = Path(mpl.get_data_path()) / "sample_data" / JACKSBORO_FILE
    assert sha256(file) == listed_checksums()[JACKSBORO_FILE]


def test_the_cog_keeps_every_height_and_the_latitudes_of_the_file(tmp_path):
    import rasterio

    source = np.load(Path(mpl.get_data_path()) / "sample_data" / JACKSBORO_FILE)
    with rasterio.open(jacksboro_cog(tmp_path)) as raster:
        assert np.array_equal(raster.read(1), source["elevation"])
        assert raster.bounds.top == pytest.approx(float(source["ymin"]), abs=1e-9)  # the file counts downwards
        assert raster.bounds.bottom == pytest.approx(float(source["ymax"]), abs=1e-9)
        assert raster.crs.to_epsg() == 4326


def test_the_heights_are_those_that_decision_0002_quotes(tmp_path):
    import rasterio

    text = (Path(__file__).parents[3] / "docs" / "decisions" / "0002-sample-terrain-latitudes.md").read_text("utf-8")
    rows = re.findall(r"\((\d+\.\d+), −(\d+\.\d+)\) \| \d+ m \| (\d+) m \| (\d+) m \|", text)
    assert len(rows) == 5
    with rasterio.open(jacksboro_cog(tmp_path)) as raster:
        heights, box = raster.read(1), raster.bounds
        for lat, lon, shifted, mirrored in rows:
            row = int((box.top - (float(lat) + box.top - box.bottom)) / raster.res[1])
            column = int((-float(lon) - box.left) / raster.res[0])
            assert heights[row, column] == int(shifted)
            assert heights[::-1][row, column] == int(mirrored)


def test_the_line_runs_from_west_to_east_across_the_tile_and_inside_it(sector, terrain, border):
    (feature,) = json.loads(sector.border.read_text(encoding="utf-8"))["features"]
    lon, lat = np.array(feature["geometry"]["coordinates"]).T
    assert 20 <= len(lon) <= 60
    assert np.all(np.diff(lon) > 0)
    assert np.all(np.abs(lat - 36.59) * 111_000 <= 151)
    west, south, east, north = border.line.bounds
    left, bottom, right, top = bounds(terrain)
    assert left < west < left + 1000
    assert right - 1000 < east < right
    assert bottom < south < north < top
    assert np.isfinite(sample(terrain, *np.array(border.line.coords).T[:2])).all()


def test_the_border_says_that_it_is_an_exercise_line(sector):
    (feature,) = json.loads(sector.border.read_text(encoding="utf-8"))["features"]
    assert set(feature["properties"]) == {"name", "accuracy", "note"}
    assert "xercise line" in feature["properties"]["name"] + feature["properties"]["note"]


def test_home_is_the_south(border):
    east, north = border.point_at(border.length_m / 2)
    _, _, offset = border.locate(np.array([east, east]), np.array([north - 500.0, north + 500.0]))
    assert offset[0] > 0 > offset[1]


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_sensor_stands_at_home_on_known_ground(sector, terrain, border, name):
    layout = layout_of(sector, terrain, name)
    east = np.array([sensor.easting for sensor in layout])
    north = np.array([sensor.northing for sensor in layout])
    segment, _, offset = border.locate(east, north)
    assert (segment >= 0).all()
    assert (offset > 0).all()
    assert np.isfinite(sample(terrain, east, north)).all()


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_sensor_has_the_error_model_of_its_kind(sector, terrain, name):
    for sensor in layout_of(sector, terrain, name):
        assert sensor.confusion is not None
        assert sensor.false_alarms_per_scan > 0
        assert 0.5 < sensor.availability < 1
        measures = {
            "radar": sensor.range_sd_m and sensor.azimuth_sd_deg and sensor.radial_velocity_sd_mps,
            "camera": sensor.azimuth_sd_deg and sensor.elevation_sd_deg and sensor.range_sd_m is None,
            "ground_sensor": sensor.range_sd_m is None and sensor.azimuth_sd_deg is None,
        }
        assert measures[sensor.kind], sensor.id
        assert (sensor.period_s is None) == (sensor.kind == "ground_sensor")


def test_the_kits_are_what_the_readme_says(sector, terrain):
    kinds = {name: [sensor.kind for sensor in layout_of(sector, terrain, name)] for name in LAYOUTS}
    assert {kind: kinds["hightech"].count(kind) for kind in set(kinds["hightech"])} == {"radar": 4, "camera": 4}
    basic = {kind: kinds["basic"].count(kind) for kind in set(kinds["basic"])}
    assert basic == {"radar": 1, "camera": 4, "ground_sensor": 12}


def test_the_dead_ground_fractions_are_those_of_the_readme(sector, terrain, border):
    from ops.analysis.night_report.dead_ground_fraction import dead_ground_fraction
    from sensors.coverage import look_probability

    text = (samples_folder() / "README.md").read_text(encoding="utf-8")
    stated = [
        int(share) for share in re.findall(r"^\| (?:high-tech|basic) \|.*\| (\d+)\s?% \|$", text, flags=re.MULTILINE)
    ]
    for name, percent in zip(LAYOUTS, stated, strict=True):
        visible = look_probability(layout_of(sector, terrain, name), terrain)["visible"]
        share = dead_ground_fraction(visible, border, belt_m=sector.belt_m).overall
        assert 100 * share == pytest.approx(percent, abs=0.5)


def test_the_turning_cameras_of_the_mobile_layout_stand_on_its_towers_and_stay_there(sector, terrain):
    mobile = layout_of(sector, terrain, "mobile")
    towers = {(one.lon, one.lat) for one in mobile.sensors if one.kind == "radar"}
    for name in TURNING_CAMERAS:
        one = mobile[name]
        assert (one.kind, one.mobile, one.route) == ("camera", True, None)
        assert (one.lon, one.lat) in towers
        assert one.carrier_speed_mps < 1.0


def test_bases_stand_at_home(sector, terrain, border):
    features = json.loads(sector.bases.read_text(encoding="utf-8"))["features"]
    assert len(features) == 2
    lon, lat = np.array([feature["geometry"]["coordinates"] for feature in features]).T
    east, north = frame_of(terrain).to_local(lon, lat)
    assert (border.locate(east, north)[2] > 0).all()
    assert len({feature["properties"]["id"] for feature in features}) == 2


def test_the_mobile_layout_is_the_high_tech_one_with_sensors_that_move_at_home(sector, terrain, border):
    mobile, fixed = layout_of(sector, terrain, "mobile"), layout_of(sector, terrain, "hightech")
    assert mobile.sensors[: len(fixed)] == fixed.sensors
    *moving, aerostat = (one for one in mobile.sensors[len(fixed) :] if one.id not in TURNING_CAMERAS)
    assert [(one.kind, one.mobile, one.endurance_s is None) for one in (*moving, aerostat)] == [
        ("radar", True, True), ("camera", True, True), ("camera", True, True), ("camera", True, False),
        ("camera", False, True),
    ]  # fmt: skip
    assert aerostat.is_grounded(14.5)
    assert border.locate(aerostat.easting, aerostat.northing)[2] > 0
    for sensor in moving:
        drive = drive_of(sensor, mobile, 3_600.0)
        assert drive is not None
        places = drive.at(np.arange(0.0, 3_600.0, 10.0))
        segment, _, offset = border.locate(places[:, 0], places[:, 1])
        assert (segment >= 0).all()
        assert (offset > 0).all()
        assert np.isfinite(sample(terrain, places[:, 0], places[:, 1])).all()
        assert drive.at(0.0) == pytest.approx([sensor.easting, sensor.northing], abs=0.5)
