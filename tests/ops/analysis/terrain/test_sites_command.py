"""``watchline sites``: candidates in, rasters and the chosen few out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import xarray as xr
from distributed import LocalCluster
from distributed.security import Security
from typer.testing import CliRunner

from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.visibility import open_viewsheds, sites_seeing
from ops.analysis.terrain.sites_command import belt_mask, read_candidates
from ops.cli.app import app
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from tests.dask_workers import WITHOUT_PAGES
from tests.ops.conftest import CELL_M, Files, hills

GEOD = pyproj.Geod(ellps="WGS84")


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
    assert said["visible_percent"] == pytest.approx(100.0 * (seen["visible"].values[belt] == 1).mean(), abs=1e-3)
    chosen = json.loads((out / "chosen.geojson").read_text())["features"]
    assert [feature["properties"]["id"] for feature in chosen] == said["chosen"]
    assert len(chosen) == 3
    shares = [feature["properties"]["covered_fraction"] for feature in chosen]
    assert shares == sorted(shares)
    assert said["covered_percent"] == pytest.approx(100.0 * shares[-1], abs=1e-2)
    assert said["covered_percent"] <= said["visible_percent"]
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
    ("text", "said"),
    [
        ("{}", "cannot be read (no feature collection); expected GeoJSON points."),
        ('{"features": []}', "no candidates; expected at least one point."),
        (
            '{"features": [{"geometry": {"type": "LineString", "coordinates": []}}]}',
            "feature 0 is not a candidate site; expected a point in degrees.",
        ),
        (
            '{"features": [{"geometry": {"type": "Point", "coordinates": ["x", 1]}}]}',
            "feature 0 is not a candidate site; expected a point in degrees.",
        ),
        (
            '{"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4267"}}, "features": []}',
            "has the coordinate system 'urn:ogc:def:crs:EPSG::4267'; expected longitude and latitude in WGS 84, "
            "without the member crs or with CRS84 or EPSG:4326.",
        ),
        (
            '{"features": [{"geometry": {"type": "Point", "coordinates": [-84, 36]}, "properties": {"mast_m": 40}}]}',
            "candidate '0' has the unknown key 'mast_m'; expected mast_height_m.",
        ),
        (
            '{"features": [{"geometry": {"type": "Point", "coordinates": [-84.3, 36.5]}, "properties": {"id": "A"}}, '
            '{"geometry": {"type": "Point", "coordinates": [-84.2, 36.5]}, "properties": {"id": "A"}}]}',
            "two candidates are called 'A'; expected unique ids.",
        ),
        (
            '{"features": [{"geometry": {"type": "Point", "coordinates": [8.0, 47.0]}}]}',
            "candidate '0' is off the terrain; expected points on the terrain.",
        ),
    ],
)
def test_candidates_that_are_none_are_one_sentence(
    watchline: Callable[..., Any], tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "candidates.geojson"
    line = ("sites", "cumberland", path, "--out", tmp_path / "out")
    missing = f"CANDIDATES: '{path}' does not exist; expected an existing file."
    assert_refused(watchline(*line), code=2, said=missing)
    path.write_text(text)
    assert_refused(watchline(*line), code=1, said=f"{path}: {said}")


def test_candidates_whose_ground_is_not_known_are_other_sectors_or_named(tmp_path: Path) -> None:
    """A tile in degrees is a trapezium in the frame, with wedges of void inside its bounds."""
    frame = LocalFrame.around(1.5, 42.5)
    axis = 50.0 * np.arange(-20, 21)
    heights = np.where(axis > 700.0, np.nan, 0.0 * axis[:, None])
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), heights, {"units": "m"})},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": frame.wkt, "datum": "test"},
    )
    places = {"ours": (690.0, 100.0), "wedge": (760.0, 100.0), "rim": (0.0, 1010.0), "away": (9000.0, 0.0)}
    features = [
        {"id": name, "geometry": {"type": "Point", "coordinates": frame.to_lonlat(*place)}}
        for name, place in places.items()
    ]

    def read(names: list[str], **keywords: Any) -> tuple[str, ...]:
        path = tmp_path / "candidates.geojson"
        chosen = [feature for feature in features if feature["id"] in names]
        path.write_text(json.dumps({"features": chosen}), encoding="utf-8-sig")  # a byte order mark is no content
        return read_candidates(path, frame, terrain.chunk({"easting": 9}), 10.0, **keywords).ids

    assert read(list(places), left_out=True) == ("ours",)
    for name, place in (("wedge", "on a void of the terrain"), ("rim", "off the terrain"), ("away", "off the terrain")):
        with pytest.raises(BadInput, match=f"candidate '{name}' is {place}; expected points on the terrain"):
            read(["ours", name])


def test_areas_and_the_range_are_those_on_the_ground_and_what_is_unknown_is_stated(
    own_sector: Files, watchline: Callable[..., Any], tmp_path: Path
) -> None:
    """The frame is UTM, in which a kilometre on the ground is 1,000.13 m here. Oracle: geodesics on the ellipsoid."""
    heights = hills()
    heights[:60, 140:150] = -9999.0
    own_sector.write_dem(heights)
    ground = open_sector(load_sector(own_sector.sector))
    east, north = (ground.terrain[axis].to_numpy() for axis in ("easting", "northing"))
    site = ground.frame.to_lonlat(east[180], north[80])

    def metres_to(e: Any, n: Any) -> Any:
        lon, lat = ground.frame.to_lonlat(e, n)
        return GEOD.inv(np.full(np.shape(lon), site[0]), np.full(np.shape(lon), site[1]), lon, lat)[2]

    range_m = float(metres_to(east[110], north[80])) + 0.1
    path = tmp_path / "candidates.geojson"
    path.write_text(json.dumps({"features": [{"geometry": {"type": "Point", "coordinates": site}}]}))
    options = ["--out", tmp_path, "--range", f"{range_m:.4f}", "--mast", "3000", "--choose", "1"]
    ended = watchline("sites", own_sector.sector, path, *options, "--json")
    found, belt = json.loads(ended.out.splitlines()[-1]), belt_mask(ground)
    middle = ground.frame.to_lonlat(east[[98, 102]], north[[75, 75]])
    scale = 4.0 * CELL_M / float(GEOD.line_length(*middle))
    assert found["belt_km2"] == pytest.approx(belt.sum() * (CELL_M / scale) ** 2 / 1e6, rel=5e-5)
    with rasterio.open(tmp_path / "sites_seeing.tif") as raster:
        seen = raster.read(1) == 1
        rows, columns = np.nonzero(seen)
        reached = metres_to(*raster.xy(rows, columns))
    assert seen[80, 110]
    assert reached.max() <= range_m
    chosen = json.loads((tmp_path / "chosen.geojson").read_text())["features"][0]["properties"]
    assert chosen["adds_km2"] == pytest.approx(found["belt_km2"] * found["covered_percent"] / 100.0, rel=1e-3)
    assert found["unknown_percent"] > 1.0
    assert f"For {found['unknown_percent']:.1f}% of this area, the line of sight is unknown" in ended.err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--tls-ca", "/etc/hostname"], 2, "--scheduler: threads; expected tls://host:port beside --tls-ca."),
        (
            ["--scheduler", "tls://127.0.0.1:1", "--tls-key", "/etc/hostname"],
            2,
            "--tls-ca: missing; expected a PEM file.",
        ),
        (
            ["--scheduler", "grid"],
            2,
            "--scheduler: 'grid'; expected 'threads', 'synchronous', 'processes', an address such as tls://host:8786, "
            "or a Client.",
        ),
        (["--choose", "-1"], 2, "--choose: '-1'; expected a whole number from 0."),
        (["--canopy", "2"], 2, "--canopy: '2'; expected a number from 0 to 1."),
        (["--canopy", "1"], 1, "terrain: no variable 'canopy_height'; expected one, or canopy='ignored'."),
        (["--range", "0"], 2, "--range: '0'; expected a number above 0."),
    ],
)
def test_what_cannot_be_looked_for_is_one_sentence(
    watchline: Callable[..., Any], tmp_path: Path, ground: OpenSector, options: list[str], code: int, said: str
) -> None:
    candidates = points(tmp_path / "candidates.geojson", ground, count=2)
    ended = watchline("sites", "cumberland", candidates, "--out", tmp_path / "out", *options)
    assert_refused(ended, code=code, said=said)


def assert_refused(ended: Any, *, code: int, said: str) -> None:
    """One sentence alone; an empty line before it ends a bar of progress."""
    assert (ended.code, ended.out, ended.err.strip()) == (code, "", f"watchline: {said}")


def test_anothers_cluster_is_entered_by_certificate_alone(tmp_path: Path, ground: OpenSector) -> None:
    candidates = points(tmp_path / "candidates.geojson", ground, count=2)
    ours, others = Security.temporary(), Security.temporary()
    for name, text in (("ca", ours.tls_ca_file), ("certificate", ours.tls_client_cert), ("key", ours.tls_client_key)):
        (tmp_path / f"{name}.pem").write_text(text)
        (tmp_path / f"other-{name}.pem").write_text(
            {"ca": others.tls_ca_file, "certificate": others.tls_client_cert, "key": others.tls_client_key}[name]
        )
    with LocalCluster(n_workers=1, processes=False, host="127.0.0.1", security=ours, **WITHOUT_PAGES) as cluster:
        command = ["sites", "cumberland", str(candidates), "--range", "500", "--scheduler", cluster.scheduler_address]

        def files(prefix: str) -> list[str]:
            parts = ("ca", "certificate", "key")
            return [text for part in parts for text in (f"--tls-{part}", str(tmp_path / f"{prefix}{part}.pem"))]

        for options in ([], files("other-")):
            done = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "no"), *options])
            assert isinstance(done.exception, BadInput), done.output
            assert "no dask scheduler" in str(done.exception)
        out = tmp_path / "yes"
        CliRunner().invoke(app, [*command, "--out", str(out), *files("")], catch_exceptions=False)
    assert (out / "sites_seeing.tif").is_file()
