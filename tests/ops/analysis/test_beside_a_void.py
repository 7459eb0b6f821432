"""A sensor whose own ground is known counts, whatever is unknown around it; no command warns of NaN that is cast."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr

from geo.terrain import sample
from geo.terrain.derived import standing_points
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from tests.ops.conftest import blank_pictures

VOID = -9999.0


@pytest.fixture(scope="module")
def files(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small sector; the eight cells around that of its radar are void, which is not at the centre of its cell."""
    files = make_sector(tmp_path_factory.mktemp("void") / "sector")
    layout = json.loads(files.layout.read_text())
    radar = next(one for one in layout["features"] if one["properties"]["id"] == "radar-mid")
    radar["geometry"]["coordinates"][0] += 1e-4
    radar["geometry"]["coordinates"][1] += 1e-4
    files.layout.write_text(json.dumps(layout))
    ground = open_sector(load_sector(files.sector))
    with rasterio.open(files.folder / "dem.tif") as dem:
        elevation, sensor = dem.read(1).astype(float), ground.layout["radar-mid"]
        row, column = dem.index(sensor.easting, sensor.northing)
    own = elevation[row, column]
    elevation[row - 1 : row + 2, column - 1 : column + 2] = VOID
    elevation[row, column] = own
    files.write_dem(elevation)
    return files


@pytest.fixture(scope="module")
def ground(files: Any) -> OpenSector:
    return open_sector(load_sector(files.sector))


def test_it_stands_at_the_centre_of_its_own_cell(ground: OpenSector) -> None:
    terrain, sensor = ground.terrain, ground.layout["radar-mid"]
    assert np.isnan(sample(terrain, sensor.easting, sensor.northing))
    east, north = standing_points(terrain, sensor.easting, sensor.northing)
    nearest = terrain["elevation"].sel(easting=sensor.easting, northing=sensor.northing, method="nearest")
    assert (float(east), float(north)) == (float(nearest["easting"]), float(nearest["northing"]))
    assert float(sample(terrain, east, north)) == float(nearest)


def test_where_all_is_known_or_nothing_is_it_stays_where_it_is(ground: OpenSector) -> None:
    terrain = ground.terrain
    e, n = (float(terrain[axis][30]) + 7.0 for axis in ("easting", "northing"))
    assert [float(part) for part in standing_points(terrain, e, n)] == [e, n]
    voids = xr.full_like(terrain, np.nan)
    assert [float(part) for part in standing_points(voids, e, n)] == [e, n]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_coverage_counts_it_and_warns_of_nothing(files: Any, watchline: Callable[..., Any], tmp_path: Path) -> None:
    ended = watchline("coverage", files.sector, "--layout", files.layout, "--out", tmp_path / "out", "--json")
    assert ended.code == 0, ended.err
    assert "Warning" not in ended.err
    belt = json.loads(ended.out.splitlines()[-1])["belt"]["both"]
    assert belt["covered_fraction"] > 0.3, "with the radar on known ground 0.69, without it 0.08"
    assert belt["unknown_fraction"] > 0.0


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_challenge_counts_it_and_warns_of_nothing(files: Any, watchline: Callable[..., Any], tmp_path: Path) -> None:
    with blank_pictures():
        ended = watchline("challenge", files.sector, "--layout", files.layout, "--out", tmp_path / "out", "--json")
    assert ended.code == 0, ended.err
    assert "Warning" not in ended.err
