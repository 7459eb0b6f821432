"""The surveyed ground of a camera: its view is the exact line of sight from its post, its tilt that to the terrain."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from geo.terrain import sample
from geo.visibility import EARTH_RADIUS_M, line_of_sight
from ops.sector.open_sector import OpenSector
from ops.services.cue.ground import CameraGrounds
from ops.services.cue.survey import survey
from sensors.coverage.sight import CURVATURE_K, TARGET_HEIGHTS_M
from sensors.cueing import Sight, SteerableCamera
from sensors.cueing.sight import elevation_deg

NAME = "camera-west"


@pytest.fixture(scope="module")
def folder(hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("survey")
    assert survey(hill_ground, [NAME, "nobody"], made) == [NAME]
    return made


@pytest.fixture
def camera(hill_ground: OpenSector) -> SteerableCamera:
    sensor = hill_ground.layout[NAME]
    return SteerableCamera(NAME, sensor.lon, sensor.lat, 0.0, 10.0)


def test_view_and_tilt_are_those_of_the_terrain_all_round(
    hill_ground: OpenSector, folder: Path, camera: SteerableCamera
) -> None:
    sensor, terrain = hill_ground.layout[NAME], hill_ground.terrain
    around, seen = CameraGrounds(folder), set[bool]()
    easting, northing = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    eye_m = float(sample(terrain, sensor.easting, sensor.northing)) + sensor.mast_height_m
    chance = np.random.default_rng(4)
    checked = 0
    for _ in range(400):
        place = float(chance.choice(easting)), float(chance.choice(northing))  # centres of cells
        distance = float(np.hypot(place[0] - sensor.easting, place[1] - sensor.northing))
        if not 50.0 < distance < 0.98 * sensor.max_range_m:
            continue
        lon, lat = hill_ground.frame.to_lonlat(*place)
        found = around.sight(camera, float(lon), float(lat), distance)
        expected = line_of_sight(
            terrain, (sensor.easting, sensor.northing), place, observer_height_m=sensor.mast_height_m,
            target_height_m=TARGET_HEIGHTS_M["person"], curvature_k=CURVATURE_K["camera"],
        )  # fmt: skip
        assert found.in_view == {0: False, 1: True, 255: None}[int(expected)]
        ground_m = float(sample(terrain, *place))
        tilt = elevation_deg(eye_m, ground_m, distance, CURVATURE_K["camera"] * EARTH_RADIUS_M)
        assert found.elevation_deg == pytest.approx(tilt, abs=1e-3)
        seen.add(bool(found.in_view))
        checked += 1
    assert checked > 50
    assert seen == {True, False}


def test_at_the_end_of_its_range_a_camera_sees_what_is_in_line_of_sight(
    hill_ground: OpenSector, folder: Path, camera: SteerableCamera
) -> None:
    """The centre of the cell may be beyond the range; that hides nothing."""
    sensor, terrain = hill_ground.layout[NAME], hill_ground.terrain
    easting, northing = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    around, beyond = CameraGrounds(folder), 0
    for azimuth in np.radians(np.arange(0.0, 360.0, 1.5)):
        place = (
            sensor.easting + 0.9999 * sensor.max_range_m * np.sin(azimuth),
            sensor.northing + 0.9999 * sensor.max_range_m * np.cos(azimuth),
        )
        if not (easting[0] < place[0] < easting[-1] and northing[-1] < place[1] < northing[0]):
            continue
        centre = easting[np.abs(easting - place[0]).argmin()], northing[np.abs(northing - place[1]).argmin()]
        lon, lat = hill_ground.frame.to_lonlat(*place)
        expected = line_of_sight(
            terrain, (sensor.easting, sensor.northing), centre, observer_height_m=sensor.mast_height_m,
            target_height_m=TARGET_HEIGHTS_M["person"], curvature_k=CURVATURE_K["camera"],
        )  # fmt: skip
        found = around.sight(camera, float(lon), float(lat), 0.9999 * sensor.max_range_m)
        assert found.in_view == {0: False, 1: True, 255: None}[int(expected)]
        distance = float(np.hypot(centre[0] - sensor.easting, centre[1] - sensor.northing))
        beyond += distance > sensor.max_range_m and found.in_view is True
    assert beyond > 0


def test_nothing_is_known_off_the_survey_away_from_the_post_and_without_one(
    hill_ground: OpenSector, folder: Path, tmp_path: Path, camera: SteerableCamera
) -> None:
    there = camera.lon + 0.002, camera.lat
    assert CameraGrounds(folder).sight(camera, *there, 150.0) != Sight()
    assert CameraGrounds(folder).sight(camera, camera.lon + 2.0, camera.lat, 150_000.0) == Sight()
    moved = SteerableCamera(NAME, camera.lon + 0.001, camera.lat, 0.0, 10.0)
    assert CameraGrounds(folder).sight(moved, *there, 60.0) == Sight()
    assert CameraGrounds(tmp_path).sight(camera, *there, 150.0) == Sight()


@pytest.mark.parametrize("file", [f"{NAME}.json", f"{NAME}.heights.npy", f"{NAME}.states.npy"])
@pytest.mark.parametrize("content", [None, b"", b"{}"])
def test_a_survey_that_cannot_be_read_is_none(
    folder: Path, tmp_path: Path, camera: SteerableCamera, file: str, content: bytes | None
) -> None:
    """The desk turns its cameras as without a survey, and does not end."""
    shutil.copytree(folder, tmp_path / "data")
    damaged = tmp_path / "data" / "cue" / file
    damaged.unlink()
    if content is not None:
        damaged.write_bytes(content)
    assert CameraGrounds(tmp_path / "data").sight(camera, camera.lon + 0.002, camera.lat, 150.0) == Sight()
