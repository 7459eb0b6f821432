"""Real roads, rivers and forest (OpenStreetMap) on real ground: Andorra's border in the Pyrenees tile.

© OpenStreetMap contributors, Open Database Licence 1.0. The map is read where it is present and is no part of the
project.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize
from rich.console import Console

from ops.analysis.challenge.command import assess
from ops.analysis.challenge.options import ChallengeOptions
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from tests.ops.conftest import blank_pictures, collection, feature

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
TILE = SHARED / "terrain" / "srtm3_n42e001_pyrenees_ES-AD-FR.tif"
LINES = SHARED / "terrain" / "ne_10m_admin_0_boundary_lines_land.shp"
MAP = SHARED / "osm" / "andorra.gpkg"
QUIET = Console(stderr=True, quiet=True)
BASE = [1.5218, 42.5063]
"""Andorra la Vella."""
SOUTH_GATE = [1.4558, 42.4350]
"""Where the road to Spain, CG-1, leaves Andorra."""
KEYS = {
    "roads": f'roads = "{MAP}|layername=roads"\n',
    "rivers": f'rivers = "{MAP}|layername=waterways"\n',
    "forest": 'land_cover = "forest.tif"\n',
}

pytestmark = pytest.mark.skipif(not MAP.exists(), reason="the shared map is not here")


def forest(path: Path) -> None:
    """Wood and water of the map as WorldCover's codes on the tile's cells; 0, no class, elsewhere."""
    table = geopandas.read_file(MAP, layer="land_cover")
    wood = table[(table["natural"] == "wood") | (table["landuse"] == "forest")].geometry
    water = table[table["natural"] == "water"].geometry
    with rasterio.open(TILE) as tile:
        codes = [(shape, 10) for shape in wood] + [(shape, 80) for shape in water]
        cover = rasterize(codes, tile.shape, transform=tile.transform, dtype="uint8")
        profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "crs": tile.crs, "transform": tile.transform}
        with rasterio.open(path, "w", width=tile.width, height=tile.height, nodata=0, **profile) as raster:
            raster.write(cover, 1)


def sector(folder: Path, *given: str) -> Path:
    folder.mkdir(parents=True)
    tower = feature("Point", [1.45, 42.44], id="tower", kind="radar", max_range_m=9000, mast_height_m=25)
    tower["properties"] |= {"period_s": 3, "range_sd_m": 5, "azimuth_sd_deg": 0.3, "detection_probability": 0.9}
    (folder / "tower.geojson").write_text(collection(tower))
    (folder / "bases.geojson").write_text(collection(feature("Point", BASE, name="Andorra la Vella")))
    if "forest" in given:
        forest(folder / "forest.tif")
    where = "(adm0_left = 'Andorra' OR adm0_right = 'Andorra')"
    path = folder / "sector.toml"
    path.write_text(
        f'name = "andorra"\nterrain = "{TILE}"\nborder = "{LINES}"\nborder_where = "{where}"\nbelt_m = 1000\n'
        + "".join(KEYS[name] for name in given)
        + 'segment_length_m = 2000\nbases = "bases.geojson"\n[layouts]\ntower = "tower.geojson"\n'
    )
    return path


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    room = tmp_path_factory.mktemp("andorra")
    cases = {"bare": (), "roads": ("roads",), "hard": ("rivers", "forest"), "all": ("roads", "rivers", "forest")}
    told = {}
    with blank_pictures():
        for name, given in cases.items():
            out = room / name
            options = ChallengeOptions(
                str(sector(room / f"{name} sector", *given)), out, samples=0, runs=0, stretch_km=200.0
            )
            told[name] = out, assess(options, QUIET)
    return told


def raster(out: Path, name: str) -> np.ndarray:
    with rasterio.open(out / name) as band:
        values: np.ndarray = band.read(1)
    return values


def measure(out: Path, name: str) -> np.ndarray:
    return geopandas.read_parquet(out / "segments.parquet")[name].to_numpy()


def no_later(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether the first time is nowhere later than the second, within the precision of a float32, and somewhere is not
    equal to it."""
    both = ~(np.isnan(first) | np.isnan(second))
    return bool((first[both] <= second[both] * (1.0 + 1e-6)).all() and (first[both] < 0.9 * second[both]).any())


@pytest.mark.parametrize(("sooner", "later"), [("roads", "bare"), ("bare", "hard"), ("all", "hard"), ("roads", "all")])
def test_roads_only_speed_and_rivers_and_forest_only_slow(
    answers: dict[str, tuple[Path, dict[str, Any]]], sooner: str, later: str
) -> None:
    """Responders everywhere, crossers in every segment, and the areas that responders reach in any of the minutes."""
    first, second = answers[sooner][0], answers[later][0]
    assert no_later(raster(first, "ground_response_time.tif"), raster(second, "ground_response_time.tif"))
    assert no_later(measure(first, "crossing_time"), measure(second, "crossing_time"))
    areas = [geopandas.read_file(out / "response_isochrones.geojson").set_index("minutes") for out in (first, second)]
    assert (areas[0].to_crs(32631).area >= areas[1].to_crs(32631).area).all()
    assert answers[sooner][1]["ground"] != answers[later][1]["ground"]


def test_responders_take_the_main_road_to_spain(answers: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    """9.6 km as the crow flies, at most half as far again by road, no slower than a tertiary road at its steepest
    gradient (0.12, where speed is exp(−4·0.12) of that on the level) and no faster than a primary road."""
    out, _ = answers["all"]
    ground = open_sector(load_sector(out.parent / "all sector" / "sector.toml"))
    east, north = ground.frame.to_local(*SOUTH_GATE)
    base_east, base_north = ground.frame.to_local(*BASE)
    crow_m = float(np.hypot(east - base_east, north - base_north))
    with rasterio.open(out / "ground_response_time.tif") as band:
        near = {name: _least_near(answers[name][0], band.index(east, north)) for name in ("all", "bare", "hard")}
    assert crow_m / 19.4 < near["all"] < 1.5 * crow_m / (13.9 * math.exp(-4.0 * 0.12))
    assert near["all"] < near["bare"] < near["hard"]


def _least_near(out: Path, cell: tuple[int, int]) -> float:
    """The soonest response [s] within five cells, as border and road are of two maps."""
    row, column = cell
    return float(np.nanmin(raster(out, "ground_response_time.tif")[row - 5 : row + 6, column - 5 : column + 6]))


def test_every_output_says_what_was_used(answers: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    out, told = answers["all"]
    used = [
        "roads (andorra.gpkg:roads, 1,613 features)",
        "rivers (andorra.gpkg:waterways, 144 features)",
        "land cover (forest.tif)",
    ]
    assert told["ground"]["used"] == used
    assert told["ground"]["missing"] == ["fords", "canopy_height"]
    words = told["ground"]["description"]
    assert words in (out / "report.html").read_text()
    assert json.loads((out / "response_isochrones.geojson").read_text())["ground"] == words
    assert json.loads((out / "summary.json").read_text())["ground"] == told["ground"]
    movement = {f"movement on foot over {words}", f"response over {words}"}
    assert all(movement & set(record["assumptions"]) for record in json.loads((out / "records.json").read_text()))
