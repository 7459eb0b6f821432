"""A sector across the 180th meridian: tiles on either side, a line that jumps from 180 to −180, a map that runs on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pyproj
import pytest
import rasterio
import shapely
from rasterio.transform import from_bounds
from rich.console import Console

from geo.frame import LocalFrame
from ops.analysis.challenge.command import assess
from ops.analysis.challenge.options import ChallengeOptions
from ops.analysis.coverage.command import cover
from ops.analysis.coverage.options import CoverageOptions
from ops.sector.geojson import _sensor_view, border_view, lonlat_bounds
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from sensors.layout import Layout, place

RADAR = {"kind": "radar", "max_range_m": 5_000.0, "mast_height_m": 20.0}


def write_sector(folder: Path, lat: float, line: list[list[float]], sensors: list[Any], **keys: str) -> Path:
    """A sector of level ground of 0.1° on either side of the meridian; returns its file."""
    (folder / "dem").mkdir()
    for name, west in (("a.tif", 179.9), ("b.tif", -180.0)):
        with rasterio.open(
            folder / "dem" / name, "w", driver="GTiff", width=60, height=60, count=1, dtype="float32",
            crs="EPSG:4326", transform=from_bounds(west, lat - 0.05, west + 0.1, lat + 0.05, 60, 60),
        ) as raster:  # fmt: skip
            raster.write(np.full((60, 60), 50.0, np.float32), 1)
    base = [("Point", [-179.97, lat], {"name": "post"})]
    for name, shapes in (("border", [("LineString", line, {})]), ("layout", sensors), ("bases", base)):
        features = [
            {"type": "Feature", "geometry": {"type": shape, "coordinates": places}, "properties": properties}
            for shape, places, properties in shapes
        ]
        (folder / f"{name}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    given = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    (folder / "sector.toml").write_text(
        f'name = "s"\nterrain = "dem"\nborder = "border.geojson"\nbelt_m = 1000\n{given}'
        '[layouts]\nall = "layout.geojson"\n'
    )
    return folder / "sector.toml"


def test_coverage_of_a_border_across_the_180th_meridian(tmp_path: Path) -> None:
    line = [[179.93, -17.0], [-179.93, -17.0]]
    sensors = [("Point", [179.98, -17.0], RADAR | {"id": "w"}), ("Point", [-179.98, -17.0], RADAR | {"id": "e"})]
    write_sector(tmp_path, -17.0, line, sensors)
    ground = open_sector(load_sector(tmp_path / "sector.toml"))
    metres = pyproj.Geod(ellps="WGS84").inv(*line[0], *line[1])[2]
    assert ground.border.ground_length_m == pytest.approx(metres, rel=1e-6)
    west, _, east, _ = lonlat_bounds(ground)
    assert (west, east) == (pytest.approx(179.9, abs=0.01), pytest.approx(180.1, abs=0.01))
    segments = [np.array(one["geometry"]["coordinates"]) for one in border_view(ground)["features"]]
    assert max(np.abs(np.diff(places[:, 0])).max() for places in segments) < 0.1, "no segment goes round the world"
    answer = cover(CoverageOptions(str(tmp_path / "sector.toml"), tmp_path / "out"), Console(quiet=True))
    assert answer["off_terrain"]["sentences"] == []
    assert answer["belt"]["both"]["dead_ground_fraction"] < 0.05, (
        "level ground within both radars' range, but for the ends"
    )
    page = (tmp_path / "out" / "map.html").read_text()
    shown = [float(lon) for lon in re.findall(r'"coordinates": \[+(-?\d+\.\d+), -1[67]', page)]
    assert len(shown) > 30
    assert 179.9 < min(shown) <= 180.0 < max(shown) < 180.1


def test_a_challenge_whose_paths_cross_it_is_reported(tmp_path: Path) -> None:
    """At 65° N, where rings in degrees do not close by chance; the border runs along the meridian."""
    line = [[179.99999, 64.97], [179.99999, 65.03]]
    sector = write_sector(tmp_path, 65.0, line, [("Point", [179.98, 65.0], RADAR | {"id": "w"})], bases="bases.geojson")
    out = tmp_path / "out"
    assess(ChallengeOptions(str(sector), out, samples=0, runs=0), Console(quiet=True))
    crossings = pandas.read_parquet(out / "crossings.parquet")
    assert len(crossings) > 0
    assert (out / "crossings.png").stat().st_size > 10_000
    areas = geopandas.read_file(out / "response_isochrones.geojson").geometry.bounds
    assert (areas.maxx - areas.minx).between(0.001, 0.3).all()
    assert (out / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("east_m", range(-625, 626, 50))
def test_the_hole_of_a_view_lies_within_it(east_m: int) -> None:
    """In UTM zone 1 grid north is not true north there: the first places of rim and hole are on different sides."""
    frame = LocalFrame.from_epsg(32601)
    lon = 180.0 + east_m / 47_000.0
    sensor = {"id": "r", "kind": "radar", "max_range_m": 10_000.0, "min_range_m": 500.0, "mast_height_m": 20.0}
    layout = Layout("one", frame, (place(frame, *frame.to_local(lon - 360.0 * (lon > 180.0), 65.0), **sensor),))
    rim, hole = _sensor_view(layout["r"], layout)["geometry"]["coordinates"]
    area = shapely.Polygon(rim, [hole])
    assert area.is_valid
    assert area.bounds[2] - area.bounds[0] == pytest.approx(20_000.0 / 47_200.0, rel=0.01)
