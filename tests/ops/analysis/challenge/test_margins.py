"""``watchline challenge`` in stretches: what it says of a segment is what it says of the whole border at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.warp import transform
from rich.console import Console

from ops.analysis.challenge.command import assess
from ops.analysis.challenge.findings import LIMITS
from ops.analysis.challenge.options import ChallengeOptions
from sensors.interdiction.interception import WAYS
from tests.ops.conftest import blank_pictures

QUIET = Console(stderr=True, quiet=True)
CLOSE = {"rtol": 1e-6, "atol": 2e-3, "equal_nan": True}
"""Two milliseconds, or 2 per thousand of a probability: what is proved is the same to a second where nothing sees."""


def hill_sector(files: Any, folder: Path) -> None:
    """Hills of 300 m between which valleys lead along the line and over it, narrow belts and a base."""
    with rasterio.open(files.dem) as raster:
        heights = raster.read(1)
        rows, columns = np.indices(heights.shape)
        hills = 300.0 * np.sin(columns / 11.0) * np.cos(rows / 6.0)
        files.write_dem((heights + hills).astype(heights.dtype))
        lon, lat = transform(raster.crs, "EPSG:4326", [raster.bounds.left + 4_000.0], [raster.bounds.top - 500.0])
    point = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon[0], lat[0]]},
        "properties": {"name": "post"},
    }
    (folder / "bases.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [point]}))
    files.edit(files.sector, "[layouts]", 'bases = "bases.geojson"\n[layouts]')
    files.edit(files.sector, "belt_m = 1500", "belt_m = 400")


@pytest.fixture(scope="module")
def both(make_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, Any], pd.DataFrame]]:
    """The whole at once, in stretches of 2 km, and these with margins that are far too narrow: figures and segments."""
    folder = tmp_path_factory.mktemp("margins")
    files = make_sector(folder / "sector")
    hill_sector(files, folder / "sector")
    found = {}
    for name, length_km, margins in (("whole", 100.0, None), ("stretches", 2.0, None), ("narrow", 2.0, (0.1,))):
        with pytest.MonkeyPatch.context() as patch, blank_pictures():
            if margins is not None:
                patch.setattr("geo.border.stretches.MARGINS_BELTS", margins)
            options = ChallengeOptions(str(files.sector), folder / name, samples=0, runs=0, stretch_km=length_km)
            figures = assess(options, QUIET)
        found[name] = (figures, gpd.read_parquet(folder / name / "segments.parquet"))
    return found


def test_stretches_say_what_the_whole_border_says(both: dict[str, tuple[dict[str, Any], pd.DataFrame]]) -> None:
    """Every column of every segment, scores, rasters' figures and the three ways; nothing is left a bound."""
    (whole, one), (pieces, many) = both["whole"], both["stretches"]
    assert whole["bounds"] == pieces["bounds"] == {name: [] for name in LIMITS}
    assert list(one.columns) == list(many.columns)
    for name in one.columns.drop("geometry"):
        if one[name].dtype.kind in "fiub":
            assert np.allclose(one[name].astype(float), many[name].astype(float), **CLOSE), name
        else:
            assert list(one[name]) == list(many[name]), name
    for way, told in whole["this_layout"]["crossings"].items():
        for name in ("segment", "seconds", "p_detect"):
            assert pieces["this_layout"]["crossings"][way][name] == pytest.approx(told[name], abs=2e-3), (way, name)


def test_what_is_not_proved_says_so_and_the_rest_is_the_whole_border_s(
    both: dict[str, tuple[dict[str, Any], pd.DataFrame]],
) -> None:
    """With margins far too narrow: figures that are told as bounds may be off, to one side only; no other is."""
    (_, one), (narrow, many) = both["whole"], both["narrow"]
    assert any(narrow["bounds"].values())
    for name, proof in (("crossing_time", "crossing_time_proven"), ("hazard_of", "detection_proven")):
        column = "least_hazard" if name == "hazard_of" else name
        more, sure = (many[column] - one[column]).to_numpy(), many[proof].to_numpy()
        assert (more[np.isfinite(more)] >= -1e-6).all(), column
        assert np.allclose(one[column][sure], many[column][sure], **CLOSE), column
    for way in (kind.replace(" ", "_") for kind in WAYS):
        sure = many[f"path_proven_{way}"].to_numpy()
        for name in ("path_seconds", "path_detection", "time_margin"):
            assert np.allclose(one[f"{name}_{way}"][sure], many[f"{name}_{way}"][sure], **CLOSE), (name, way)
    records = pd.read_parquet(Path(narrow["files"][0]).parent / "records_by_segment.parquet")
    told = records[(records["name"] == "crossing_time") & records["limits"].str.contains("Upper bound")]
    assert len(told) == len(narrow["bounds"]["crossing_time"])
