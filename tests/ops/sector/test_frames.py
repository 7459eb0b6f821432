"""Frames that are not true to scale or angle: replaced by ``auto``, refused or stated; lengths and ranges are those
on the ground. Oracle: geodesics on the WGS 84 ellipsoid (GeographicLib, through pyproj.Geod)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.transform import from_origin

from geo.errors import FrameError
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from sensors.coverage import coverage
from sensors.detections import to_dataset
from sensors.scan import Plot, Scan
from sensors.simulate.looks import geometry_of
from sensors.timestamps import utc_datetime

GEOD = pyproj.Geod(ellps="WGS84")
RANGE_M = 5_000.0
Made = Callable[..., OpenSector]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A sector on level ground of 60 × 60 km on the ground, with a border of 12 km and one radar in its middle."""

    def open_one(lon: float, lat: float, terrain_epsg: int, frame: int | str = "auto") -> OpenSector:
        to_terrain = pyproj.Transformer.from_crs(4326, terrain_epsg, always_xy=True)
        lons, lats, _ = GEOD.fwd([lon] * 4, [lat] * 4, [0.0, 90.0, 180.0, 270.0], [30_000.0] * 4)
        x, y = to_terrain.transform(lons, lats)
        cell = (max(x) - min(x)) / 500.0
        rows = round((max(y) - min(y)) / cell)
        with rasterio.open(
            tmp_path / "dem.tif", "w", driver="GTiff", width=500, height=rows, count=1, dtype="float32",
            crs=f"EPSG:{terrain_epsg}", transform=from_origin(min(x), max(y), cell, cell),
        ) as raster:  # fmt: skip
            raster.write(np.full((rows, 500), 100.0, np.float32), 1)
        ends = [GEOD.fwd(lon, lat, azimuth, 6_000.0)[:2] for azimuth in (250.0, 70.0)]
        write(tmp_path / "border.geojson", "LineString", ends, {})
        radar = {"id": "r", "kind": "radar", "max_range_m": RANGE_M, "mast_height_m": 30.0, "range_sd_m": 5.0,
                 "azimuth_sd_deg": 0.5, "period_s": 3.0}  # fmt: skip
        write(tmp_path / "layout.geojson", "Point", [lon, lat], radar)
        (tmp_path / "sector.toml").write_text(
            f'name = "s"\nterrain = "dem.tif"\nborder = "border.geojson"\nframe = {json.dumps(frame)}\n'
            '[layouts]\nall = "layout.geojson"\n'
        )
        return open_sector(load_sector(tmp_path / "sector.toml"))

    return open_one


def write(path: Path, shape: str, coordinates: object, properties: dict[str, object]) -> None:
    feature = {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": properties}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))


@pytest.mark.parametrize(
    ("lon", "lat", "terrain_epsg", "frame"),
    [
        (25.0, 69.5, 3857, "auto"),
        (25.0, 69.5, 3035, "auto"),
        (1.5, 42.5, 3857, "auto"),
        (1.5, 42.5, 2154, "auto"),
        (1.5, 42.5, 2154, 2154),
        (1.5, 42.5, 25831, "auto"),
        (-70.0, -54.0, 32719, "auto"),
    ],
)
def test_lengths_ranges_and_plots_are_those_on_the_ground(
    made: Made, lon: float, lat: float, terrain_epsg: int, frame: int | str
) -> None:
    ground = made(lon, lat, terrain_epsg, frame)
    assert ground.border.ground_length_m == pytest.approx(12_000.0, abs=0.1)
    assert ground.border.length_m == pytest.approx(12_000.0, rel=5e-3)
    assert ground.border.segments in (24, 25)
    table = ground.border.to_geodataframe()
    assert table["length_m"].sum() == pytest.approx(12_000.0, abs=0.1)
    cover = coverage(ground.layout, ground.terrain, None)
    seen = cover["visible"].isel(sensor=0).to_numpy() == 1
    east, north = np.meshgrid(ground.terrain["easting"], ground.terrain["northing"])
    lons, lats = ground.frame.to_lonlat(east[seen], north[seen])
    _, _, metres = GEOD.inv(np.full(lons.shape, lon), np.full(lats.shape, lat), lons, lats)
    cell = float(ground.terrain["easting"][1] - ground.terrain["easting"][0])
    assert metres.max() <= RANGE_M * (1.0 + 1e-5)
    assert metres.max() >= RANGE_M - cell
    assert len(lons) * cell**2 == pytest.approx(np.pi * RANGE_M**2, rel=0.02)
    for azimuth in (0.0, 45.0, 160.0, 301.0):  # a plot is where its range and azimuth say
        far_lon, far_lat, _ = GEOD.fwd(lon, lat, azimuth, 4_900.0)
        e, n = ground.frame.to_local(far_lon, far_lat)
        place = ground.layout.placement("r")
        now = utc_datetime(0)
        scan = Scan("r", 1, 1, 1, now, now, "radar", (Plot(range_m=4_900.0, azimuth_deg=azimuth),))
        plot = to_dataset([scan], ground.layout)
        reported = float(plot["range"][0]), float(plot["azimuth"][0])
        at = (
            place.sensor.easting + reported[0] * np.sin(reported[1]),
            place.sensor.northing + reported[0] * np.cos(reported[1]),
        )
        assert np.hypot(at[0] - e, at[1] - n) < 0.5, azimuth
        simulated = geometry_of(place, np.array([[[e, n]]]), np.zeros((1, 1, 2)), None)
        assert float(simulated.distance[0, 0]) == pytest.approx(reported[0], abs=0.2)


@pytest.mark.parametrize("epsg", [3857, 3035])
def test_a_frame_that_is_not_true_is_refused_with_figures(made: Made, epsg: int) -> None:
    with pytest.raises(FrameError, match=r"deviate by up to .*% from those on the ground, and angles by up to .*°"):
        made(25.0, 69.5, 4326, epsg)


def test_a_frame_with_some_distortion_is_stated(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        ground = made(1.5, 42.5, 2154, 2154)
    assert "distances along the border deviate from ground distances by up to 0.1" in caplog.text
    assert ground.frame_figures["greatest_scale"] == pytest.approx(1.00145, abs=2e-4)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert made(1.5, 42.5, 25831).frame_sentences == []
    assert "deviate" not in caplog.text


def test_a_border_of_1000_km_from_east_to_west(tmp_path: Path) -> None:
    """Along the parallel of 49° north, from 10° to 23.6° east, on cells of about 1 km: its length is R' Δλ."""
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", width=1_400, height=60, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_origin(9.8, 49.3, 0.01, 0.01),
    ) as raster:  # fmt: skip
        raster.write(np.full((60, 1_400), 100.0, np.float32), 1)
    write(tmp_path / "border.geojson", "LineString", [[10.0, 49.0], [23.6, 49.0]], {})
    radar = {"id": "r", "kind": "radar", "max_range_m": 20_000.0, "mast_height_m": 60.0}
    write(tmp_path / "layout.geojson", "Point", [23.4, 49.05], radar)
    (tmp_path / "sector.toml").write_text(
        'name = "s"\nterrain = "dem.tif"\nborder = "border.geojson"\nbelt_m = 5000\n[layouts]\nall = "layout.geojson"\n'
    )
    ground = open_sector(load_sector(tmp_path / "sector.toml"))
    sine = np.sin(np.radians(49.0))
    parallel_m = 6_378_137.0 / np.sqrt(1.0 - 0.00669437999014 * sine**2) * np.cos(np.radians(49.0)) * np.radians(13.6)
    assert ground.distortion.scale_error < 50e-6
    assert ground.frame_sentences == []
    assert ground.border.ground_length_m == pytest.approx(parallel_m, abs=1.0)
    assert ground.border.length_m == pytest.approx(parallel_m, rel=50e-6)
    assert ground.border.segments == np.ceil(ground.border.length_m / 500.0)
    east, north = np.array([20_000.0, 0.0, -20_000.0, 0.0]), np.array([0.0, 20_000.0, 0.0, -20_000.0])
    sensor = ground.layout["r"]
    lon, lat = ground.frame.to_lonlat(sensor.easting + east, sensor.northing + north)
    _, _, metres = GEOD.inv(np.full(4, sensor.lon), np.full(4, sensor.lat), lon, lat)
    assert metres == pytest.approx(20_000.0, rel=5e-5), "also at its end"
    across = overlap_m2(ground)
    assert across == pytest.approx(parallel_m * 2.0 * 5_000.0, rel=2e-3)


def overlap_m2(ground: OpenSector) -> float:
    """Area of the belt [m²] on the ellipsoid, of its outline in the frame."""
    import shapely

    from geo.border.zone import belt_outline

    outline = shapely.segmentize(belt_outline(ground.border, 5_000.0, round_ends=False), 5_000.0)
    lonlat = shapely.transform(outline, lambda places: np.column_stack(ground.frame.to_lonlat(*places.T)))
    return abs(GEOD.geometry_area_perimeter(lonlat)[0])
