"""A sector across the 180th meridian: tiles on either side, a line that jumps from 180 to −180, a map that runs on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.transform import from_bounds
from rich.console import Console

from ops.analysis.coverage.command import cover
from ops.analysis.coverage.options import CoverageOptions
from ops.sector.geojson import border_view, lonlat_bounds
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector


def test_coverage_of_a_border_across_the_180th_meridian(tmp_path: Path) -> None:
    (tmp_path / "dem").mkdir()
    for name, west in (("a.tif", 179.9), ("b.tif", -180.0)):
        with rasterio.open(
            tmp_path / "dem" / name, "w", driver="GTiff", width=60, height=60, count=1, dtype="float32",
            crs="EPSG:4326", transform=from_bounds(west, -17.05, west + 0.1, -16.95, 60, 60),
        ) as raster:  # fmt: skip
            raster.write(np.full((60, 60), 50.0, np.float32), 1)
    line = [[179.93, -17.0], [-179.93, -17.0]]
    radar = {"kind": "radar", "max_range_m": 5_000.0, "mast_height_m": 20.0}
    sensors = [("Point", [179.98, -17.0], radar | {"id": "w"}), ("Point", [-179.98, -17.0], radar | {"id": "e"})]
    for name, shapes in (("border", [("LineString", line, {})]), ("layout", sensors)):
        features = [
            {"type": "Feature", "geometry": {"type": shape, "coordinates": places}, "properties": properties}
            for shape, places, properties in shapes
        ]
        (tmp_path / f"{name}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (tmp_path / "sector.toml").write_text(
        'name = "s"\nterrain = "dem"\nborder = "border.geojson"\nbelt_m = 1000\n[layouts]\nall = "layout.geojson"\n'
    )
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
