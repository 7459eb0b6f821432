"""``watchline sites``: candidates in, rasters and the chosen few out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from distributed import LocalCluster
from distributed.security import Security
from typer.testing import CliRunner

from geo.errors import BadInput
from geo.visibility import open_viewsheds, sites_seeing
from ops.analysis.terrain.sites_command import belt_mask
from ops.cli.app import app
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector


@pytest.fixture(scope="module")
def ground() -> OpenSector:
    return open_sector(load_sector("cumberland"))


def points(path: Path, ground: OpenSector, count: int = 12, **properties: Any) -> Path:
    """Points along the border, 600 m at home and away by turns."""
    chainage = np.linspace(0.1, 0.9, count) * ground.border.length_m
    easting, northing = ground.border.point_at(chainage)
    northing = np.asarray(northing) + 600.0 * (-1.0) ** np.arange(count)
    features = [
        {
            "type": "Feature",
            "properties": {"id": f"S{n}", **properties},
            "geometry": {"type": "Point", "coordinates": ground.frame.to_lonlat(float(e), float(m))},
        }
        for n, (e, m) in enumerate(zip(easting, northing, strict=True))
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_the_rasters_are_what_the_sites_see_and_the_chosen_cover_what_is_said(
    tmp_path: Path, ground: OpenSector
) -> None:
    candidates = points(tmp_path / "candidates.geojson", ground, mast_height_m=15.0)
    out = tmp_path / "out"
    options = ["--range", "4000", "--choose", "3", "--curvature-k", "1.15", "--workers", "2", "--json"]
    done = CliRunner().invoke(
        app, ["sites", "cumberland", str(candidates), "--out", str(out), *options], catch_exceptions=False
    )
    said = json.loads(done.stdout.splitlines()[-1])
    collection = json.loads(candidates.read_text())["features"]
    easting, northing = ground.frame.to_local(*np.array([f["geometry"]["coordinates"] for f in collection]).T)
    seen = sites_seeing(
        ground.terrain, (easting, northing), observer_height_m=15.0, max_range_m=4000.0, curvature_k=1.15
    )
    for name in ("sites_seeing", "first_site", "visible"):
        with rasterio.open(out / f"{name}.tif") as raster:
            assert np.array_equal(raster.read(1), seen[name])
            assert raster.transform.c == pytest.approx(float(seen["easting"][0]) - ground.terrain.attrs["cell_m"] / 2)
    belt = belt_mask(ground)
    assert said["belt_seen_percent"] == pytest.approx(100.0 * (seen["visible"].values[belt] == 1).mean(), abs=1e-3)
    chosen = json.loads((out / "chosen.geojson").read_text())["features"]
    assert [feature["properties"]["id"] for feature in chosen] == said["chosen"]
    assert len(chosen) == 3
    shares = [feature["properties"]["covered_share"] for feature in chosen]
    assert shares == sorted(shares)
    assert said["covered_percent"] == pytest.approx(100.0 * shares[-1], abs=1e-2)
    assert said["covered_percent"] <= said["belt_seen_percent"]
    numbers = [int(name[1:]) for name in said["chosen"]]
    few = sites_seeing(
        ground.terrain,
        (easting[numbers], northing[numbers]),
        observer_height_m=15.0,
        max_range_m=4000.0,
        curvature_k=1.15,
    )
    assert said["covered_percent"] == pytest.approx(100.0 * (few["visible"].values[belt] == 1).mean(), abs=1e-3)


def test_each_sites_viewshed_is_written_and_a_folder_of_other_sites_is_left_alone(
    tmp_path: Path, ground: OpenSector
) -> None:
    stack = tmp_path / "viewsheds.zarr"

    def run(count: int) -> Any:
        candidates = points(tmp_path / f"{count}.geojson", ground, count)
        options = ["--out", str(tmp_path / "out"), "--range", "2000", "--viewsheds", str(stack), "--json"]
        return CliRunner().invoke(app, ["sites", "cumberland", str(candidates), *options])

    done = run(3)
    assert json.loads(done.stdout.splitlines()[-1])["viewsheds"] == str(stack)
    seen = open_viewsheds(stack)
    with rasterio.open(tmp_path / "out" / "sites_seeing.tif") as raster:
        assert np.array_equal(raster.read(1), (seen == 1).sum("site"))
    refused = run(4)
    assert isinstance(refused.exception, BadInput)
    assert "other sites" in str(refused.exception)
    assert open_viewsheds(stack).identical(seen)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("{}", "no feature collection"),
        ('{"features": []}', "no candidates"),
        ('{"features": [{"geometry": {"type": "LineString", "coordinates": []}}]}', "feature 0 is no candidate"),
        ('{"features": [{"geometry": {"type": "Point", "coordinates": ["x", 1]}}]}', "feature 0 is no candidate"),
        ('{"features": [{"geometry": {"type": "Point", "coordinates": [8.0, 47.0]}}]}', "candidate '0' is off"),
    ],
)
def test_candidates_that_are_none_are_one_sentence(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "candidates.geojson"
    if text is not None:
        path.write_text(text)
    done = CliRunner().invoke(app, ["sites", "cumberland", str(path), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, BadInput)
    assert words in str(done.exception)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tls-ca", "ca.pem"], "--scheduler: threads; expected tls://"),
        (["--scheduler", "tls://127.0.0.1:1", "--tls-key", "k.pem"], "--tls-ca: missing"),
        (["--scheduler", "grid"], "scheduler: 'grid'"),
        (["--choose", "-1"], "--choose: -1"),
        (["--canopy", "2"], "canopy: 2.0"),
        (["--canopy", "1"], "no variable 'canopy_height'"),
        (["--range", "0"], "max_range_m"),
    ],
)
def test_what_cannot_be_looked_for_is_one_sentence(
    tmp_path: Path, ground: OpenSector, options: list[str], words: str
) -> None:
    candidates = points(tmp_path / "candidates.geojson", ground, count=2)
    done = CliRunner().invoke(app, ["sites", "cumberland", str(candidates), "--out", str(tmp_path / "out"), *options])
    assert isinstance(done.exception, BadInput)
    assert words in str(done.exception)


def test_anothers_cluster_is_entered_by_certificate_alone(tmp_path: Path, ground: OpenSector) -> None:
    candidates = points(tmp_path / "candidates.geojson", ground, count=2)
    ours, others = Security.temporary(), Security.temporary()
    for name, text in (("ca", ours.tls_ca_file), ("certificate", ours.tls_client_cert), ("key", ours.tls_client_key)):
        (tmp_path / f"{name}.pem").write_text(text)
        (tmp_path / f"other-{name}.pem").write_text(
            {"ca": others.tls_ca_file, "certificate": others.tls_client_cert, "key": others.tls_client_key}[name]
        )
    with LocalCluster(
        n_workers=1, processes=False, host="127.0.0.1", dashboard_address="127.0.0.1:0", security=ours
    ) as cluster:
        command = ["sites", "cumberland", str(candidates), "--range", "500", "--scheduler", cluster.scheduler_address]

        def files(prefix: str) -> list[str]:
            parts = ("ca", "certificate", "key")
            return [text for part in parts for text in (f"--tls-{part}", str(tmp_path / f"{prefix}{part}.pem"))]

        for options in ([], files("other-")):
            done = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "no"), *options])
            assert isinstance(done.exception, BadInput), done.output
            assert "no dask scheduler answers" in str(done.exception)
        out = tmp_path / "yes"
        CliRunner().invoke(app, [*command, "--out", str(out), *files("")], catch_exceptions=False)
    assert (out / "sites_seeing.tif").is_file()
