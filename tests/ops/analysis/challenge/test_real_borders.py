"""``watchline challenge`` on two real borders: Spain, Andorra and France; France and Italy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from PIL import Image
from rich.console import Console

from ops.analysis.challenge.command import PICTURES, assess
from ops.analysis.challenge.options import ChallengeOptions
from ops.analysis.challenge.report import pictures as challenge_pictures
from ops.analysis.challenge.report import profiles as challenge_profiles

SHARED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "terrain"
LINES = SHARED / "ne_10m_admin_0_boundary_lines_land.shp"


@dataclass(frozen=True)
class Real:
    tile: str
    countries: tuple[str, ...]
    towers: tuple[tuple[float, float], ...]
    base: tuple[float, float]
    belt_m: int
    draws: int


BORDERS = {
    "pyrenees": Real(
        "srtm3_n42e001_pyrenees_ES-AD-FR.tif", ("Spain", "Andorra", "France"),
        ((1.45, 42.44), (1.73, 42.52), (1.95, 42.45)), (1.53, 42.51), 1000, 0,
    ),
    "alps": Real(
        "srtm3_n43e007_maritime_alps_FR-IT.tif", ("France", "Italy"),
        ((7.50, 43.80), (7.65, 43.95)), (7.61, 43.80), 2000, 2,
    ),
}  # fmt: skip

pytestmark = pytest.mark.skipif(not LINES.exists(), reason="the shared terrain tiles are not here")


def sector_file(folder: Path, name: str) -> Path:
    real = BORDERS[name]
    towers = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": list(place)},
            "properties": {
                "id": f"tower-{i}", "kind": "radar", "max_range_m": 9000, "mast_height_m": 25, "period_s": 3,
                "range_sd_m": 5, "azimuth_sd_deg": 0.3, "detection_probability": 0.9, "availability": 0.95,
            },
        }
        for i, place in enumerate(real.towers)
    ]  # fmt: skip
    base = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": list(real.base)},
        "properties": {"name": "B"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for file, features in (("towers.geojson", towers), ("bases.geojson", [base])):
        (folder / file).write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    where = " AND ".join(f"adm0_{side} IN {real.countries}" for side in ("left", "right"))
    path = folder / "sector.toml"
    path.write_text(
        f'name = "{name}"\ntitle = "{" and ".join(real.countries)}"\nterrain = "{SHARED / real.tile}"\n'
        f'border = "{LINES}"\nborder_where = "{where}"\nbelt_m = {real.belt_m}\nsegment_length_m = 2000\n'
        'bases = "bases.geojson"\n'
        '[layouts]\ntowers = "towers.geojson"\n'
    )
    return path


@pytest.fixture(scope="module", params=list(BORDERS))
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder that the command filled, in stretches of 60 km, and its answer."""
    folder = tmp_path_factory.mktemp(request.param)
    out = folder / "out"
    draws = BORDERS[request.param].draws
    options = ChallengeOptions(str(sector_file(folder, request.param)), out, samples=draws, runs=2, stretch_km=120.0)
    with pytest.MonkeyPatch.context() as patch:
        for room in (challenge_pictures, challenge_profiles):
            patch.setattr(room, "DPI", 60)
        return out, assess(options, Console(stderr=True, quiet=True))


def test_every_file_is_there_and_opens(written: tuple[Path, dict[str, Any]]) -> None:
    out, answer = written
    assert {Path(file).name for file in answer["files"]} == {file.name for file in out.iterdir()}
    segments, crossings = gpd.read_parquet(out / "segments.parquet"), gpd.read_parquet(out / "crossings.parquet")
    assert len(segments) == answer["segments"]
    assert segments.crs.to_epsg() == 4326
    assert list(crossings["kind"]) == ["minimum detection", "minimum time", "most vulnerable"]
    for tif in out.glob("*.tif"):
        with rasterio.open(tif) as raster:
            assert raster.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG", tif.name
            values = raster.read(1)
            assert np.isfinite(values).any() or "margin" in tif.name, tif.name
    for name in PICTURES:
        with Image.open(out / name) as picture:
            pixels = np.asarray(picture.convert("L"))
            assert pixels.std() > 10.0, f"{name} shows something"


def test_ways_cross_the_line_and_take_hours_in_the_mountains(written: tuple[Path, dict[str, Any]]) -> None:
    out, answer = written
    segments, crossings = gpd.read_parquet(out / "segments.parquet"), gpd.read_parquet(out / "crossings.parquet")
    for way in crossings.itertuples():
        line = segments.geometry.iloc[way.segment]
        assert way.geometry.distance(line) < 0.002, "within a cell or two of its segment [degrees]"
        assert way.metres > answer["belt_m"], "an enclave is narrower than its two belts"
        assert way.seconds > way.metres / 1.7, "nobody walks faster than Tobler's hiker"
        assert 0.0 <= way.p_detect_low <= way.p_detect + 1e-12
    by_kind = crossings.set_index("kind")
    assert by_kind["seconds"]["minimum time"] <= by_kind["seconds"].min() + 1e-6
    assert by_kind["p_detect"]["minimum detection"] <= by_kind["p_detect"].min() + 1e-9
    least = answer["this_layout"]["crossings"]["minimum_detection"]["p_detect"]
    assert least == pytest.approx(segments["detection_probability"].min(), abs=1e-6)


def test_any_layout_and_this_layout_are_kept_apart_and_every_number_is_a_record(
    written: tuple[Path, dict[str, Any]],
) -> None:
    out, answer = written
    assert set(answer["any_layout"]) == {"crossing_ease", "surveillance_difficulty", "response_difficulty"}
    assert set(answer["this_layout"]) == {"gaps", "crossings", "barrier"}
    for record in json.loads((out / "records.json").read_text(encoding="utf-8")):
        for field in ("source", "data_version", "code_version", "interval", "assumptions"):
            assert record[field], (record["name"], field)
        if record["value"] is None:
            assert record["limits"], record["name"]
        elif record["denominator"]:
            assert record["value"] == pytest.approx(record["numerator"] / record["denominator"])
    told = pq.read_table(out / "records_by_segment.parquet").to_pandas()
    known = told.dropna(subset=["value"])
    assert {"crossing_ease", "detection_probability", "dead_ground_1.7m"} <= set(told["name"])
    assert (known["low"].isna() | (known["low"] <= known["high"])).all()
    assert told[told["value"].isna()]["limits"].str.len().gt(0).all(), "what is unknown says why"


def test_the_report_fetches_nothing(written: tuple[Path, dict[str, Any]]) -> None:
    out, _ = written
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    for start in ('src="http', "url(http", "@import"):
        assert start not in page
    assert page.count("data:image/png;base64,") >= len(PICTURES)
    for words in ("for any layout", "This layout", "Limits", "unknown", "numerator"):
        assert words in page
