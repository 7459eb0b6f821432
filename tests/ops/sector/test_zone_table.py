"""A sector whose border is a zone with two edges, end to end: coverage, challenge, compare, the live pipeline."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rich.console import Console
from typer.testing import CliRunner

from geo.errors import BadInput
from ops.analysis.challenge.command import assess
from ops.analysis.challenge.options import ChallengeOptions
from ops.analysis.challenge.report import pictures as challenge_pictures
from ops.analysis.challenge.report import profiles as challenge_profiles
from ops.analysis.coverage.command import cover
from ops.analysis.coverage.options import CoverageOptions
from ops.cli.app import app
from ops.journal.reader import JournalReader
from ops.runtime.output import say_in_english
from ops.sector.geojson import sector_view
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.sector.zone_table import ZONE_NOTICE
from ops.services.fusion.pipeline import Pipeline
from tests.ops.conftest import blank_pictures

QUIET = Console(stderr=True, quiet=True)
WIDTH_M = 700.0
BELT_M = 1000.0 if os.environ.get("WATCHLINE_DRILL") == "long" else 600.0
LINES = """[zone]
inner = "edge = 'home'"
outer = "edge = 'far'"

[layouts]"""


@pytest.fixture(scope="module", autouse=True)
def coarse_pictures() -> Iterator[None]:
    """What is on the pictures is looked at elsewhere; here they need not be fine."""
    with pytest.MonkeyPatch.context() as patch:
        for room in (challenge_pictures, challenge_profiles):
            patch.setattr(room, "DPI", 40)
        yield


def lonlat(east_m: float, south_m: float) -> list[float]:
    """As the small sector's: so far east and south of its north-western corner."""
    place = Transformer.from_crs(32616, 4326, always_xy=True).transform(700_000.0 + east_m, 4_050_000.0 - south_m)
    return [round(value, 7) for value in place]


def edge(south_m: float) -> list[list[float]]:
    return [lonlat(east, south_m + 60 * (-1) ** (east // 400)) for east in range(200, 7900, 400)]


def feature(shape: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": properties}


def write_border(files: Any, *features: dict[str, Any]) -> None:
    files.border.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))


def of_two_lines(files: Any) -> Any:
    """Home is the south; the outer edge, drawn the other way round, 700 m north of the inner one."""
    write_border(
        files,
        feature("LineString", edge(3000.0), edge="home"),
        feature("LineString", edge(3000.0 - WIDTH_M)[::-1], edge="far"),
    )
    files.edit(files.sector, 'home_side = "right"\n', "")
    files.edit(files.sector, "[layouts]", LINES)
    return files


@pytest.fixture(scope="module")
def zoned(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    files = of_two_lines(make_sector(tmp_path_factory.mktemp("zone") / "sector"))
    point = feature("Point", lonlat(4000.0, 4200.0), name="post")
    (files.folder / "bases.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [point]}))
    files.edit(files.sector, "[zone]", 'bases = "bases.geojson"\n\n[zone]')
    files.edit(files.sector, "belt_m = 1500", f"belt_m = {BELT_M:g}")
    return files


@pytest.fixture(scope="module")
def challenged(zoned: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Both ways across; the way out without pictures, which are drawn alike."""
    found = {}
    for direction, drawing in (("inward", nullcontext()), ("outward", blank_pictures())):
        out = tmp_path_factory.mktemp("zone") / direction
        with drawing:
            options = ChallengeOptions(str(zoned.sector), out, samples=0, runs=2, direction=direction)
            found[direction] = (out, assess(options, QUIET))
    return found


def test_coverage_has_the_ground_between_the_edges(zoned: Any, tmp_path: Path) -> None:
    """The belt on the far side begins at the outer edge: home's, the zone's and the far one's cells are all counted."""
    options = CoverageOptions(str(zoned.sector), tmp_path / "out")
    answer = cover(options, QUIET)
    segments = gpd.read_parquet(tmp_path / "out" / "segments.parquet")
    assert len(segments) == answer["segments"] == open_sector(load_sector(zoned.sector)).border.segments
    area_m2 = segments["cells"].sum() * 40.0**2
    assert area_m2 == pytest.approx(segments["length_m"].sum() * 0.96 * (BELT_M + WIDTH_M + BELT_M), rel=0.05)
    assert (tmp_path / "out" / "map.html").read_text(encoding="utf-8").count("Outer edge") >= 1


def test_a_crossing_passes_belt_zone_and_belt_both_ways(
    challenged: dict[str, tuple[Path, dict[str, Any]]], zoned: Any
) -> None:
    for direction, (out, answer) in challenged.items():
        assert answer["direction"] == direction
        segments = gpd.read_parquet(out / "segments.parquet")
        assert (segments["state"] == "crossed").all()
        assert (segments["crossing_time"] >= (2 * BELT_M + WIDTH_M - 4 * 40.0) / 1.68).all()
        assert np.isfinite(segments["least_interruption_slower_1"]).all()
        ways = gpd.read_parquet(out / "crossings.parquet").to_crs(32616)
        edges = gpd.read_file(zoned.border).to_crs(32616).set_index("edge").geometry
        for way in ways.geometry:
            assert way.intersects(edges["home"])
            assert way.intersects(edges["far"])
            first, last = (way.interpolate(share, normalized=True).y for share in (0.0, 1.0))
            assert (first > last) == (direction == "inward")


def test_stretches_of_a_zone_say_the_same(
    challenged: dict[str, tuple[Path, dict[str, Any]]], zoned: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with blank_pictures():
        assess(ChallengeOptions(str(zoned.sector), out, samples=0, runs=0, stretch_km=4.0), QUIET)
    pieces, whole = (
        gpd.read_parquet(out / "segments.parquet"),
        gpd.read_parquet(challenged["inward"][0] / "segments.parquet"),
    )
    for name in ("crossing_time", "detection_probability", "dead_ground_1.7m", "footprint_depth", "crossing_ease"):
        assert np.allclose(pieces[name], whole[name], rtol=1e-9, equal_nan=True), name
    for raster in ("ground_crossing_time.tif", "layout_lowest_pd.tif"):
        with rasterio.open(out / raster) as a, rasterio.open(challenged["inward"][0] / raster) as b:
            assert np.array_equal(np.isnan(a.read(1)), np.isnan(b.read(1))), raster


def test_the_same_zone_as_one_polygon_gives_the_same(
    challenged: dict[str, tuple[Path, dict[str, Any]]], make_sector: Callable[[Path], Any], tmp_path: Path
) -> None:
    files = make_sector(tmp_path / "sector")
    write_border(files, feature("Polygon", [[*edge(3000.0), *edge(3000.0 - WIDTH_M)[::-1], edge(3000.0)[0]]]))
    files.edit(files.sector, 'home_side = "right"\n', "")
    ends = [edge(3000.0)[0], edge(3000.0)[-1]]
    files.edit(files.sector, "[layouts]", f"[zone]\nhome = {lonlat(4000.0, 5000.0)}\nends = {ends}\n\n[layouts]")
    zone = open_sector(load_sector(files.sector)).zone
    assert zone is not None
    assert zone.inner.home_side == "right"
    far = zone.locate(*(float(x) for x in zone.frame.to_local(*lonlat(4000.0, 1800.0))))
    assert far[2] == pytest.approx(-(1200.0 - WIDTH_M), abs=61.0)


def test_layouts_are_compared_on_a_zone(zoned: Any, tmp_path: Path) -> None:
    told = json.loads(zoned.layout.read_text())
    for name, sensors in (("all.geojson", told["features"]), ("one.geojson", told["features"][:1])):
        priced = [{**sensor, "properties": {**sensor["properties"], "cost": 2e5}} for sensor in sensors]
        (tmp_path / name).write_text(json.dumps({**told, "features": priced}))
    few = ["--samples", "20", "--weather", "day=0.6", "--weather", "night,fog=0.4", "--out", str(tmp_path / "out")]
    layouts = [str(tmp_path / name) for name in ("all.geojson", "one.geojson")]
    answer = CliRunner().invoke(app, ["compare", str(zoned.sector), *layouts, *few, "--json"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout.strip().splitlines()[-1])["headline"]
    assert (tmp_path / "out" / "report.html").exists()


def test_tracks_and_alerts_are_told_of_the_inner_edge(zoned: Any, hill_journal: Path) -> None:
    """The live room watches one line, which it says; nothing of the zone is lost or refused on the way."""
    ground = open_sector(load_sector(zoned.sector))
    assert ground.zone is not None
    assert ground.border is ground.zone.inner
    assert sector_view(ground)["border"] == {
        "length_m": ground.border.ground_length_m, "segments": ground.border.segments, "belt_m": BELT_M,
        "home_side": "right", "zone": True,
    }  # fmt: skip
    with JournalReader(hill_journal) as journal:
        rows = journal.read(0, 10_000)
    pipeline = Pipeline(ground)
    alerts = [alert for row in rows for alert in pipeline.take(row)]
    history = pipeline.take_history(final=True)
    assert len(alerts) > 0
    located = ground.border.locate(history["easting"].to_numpy(), history["northing"].to_numpy())
    assert np.array_equal(located[0], history["segment"].to_numpy())
    assert "inner edge" in say_in_english(ZONE_NOTICE)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("width = 5\n", "unknown key 'width'"),
        ("", "the keys none; expected inner and outer"),
        ("inner = \"edge = 'home'\"\n", "the keys inner; expected inner and outer"),
        ("ends = [[0.0, 0.0], [1.0, 1.0]]\n", "the keys ends"),
        ("inner = 5\nouter = 6\n", "inner = 5"),
        ("home = [181.0, 3.0]\n", "longitude before latitude"),
        ('home = "south"\n', "a position"),
        ("home = [1.0, 2.0]\nends = [[1.0, 2.0]]\n", "two positions"),
        ("inner = \"edge = 'home'\"\nouter = \"edge = 'nowhere'\"\n", "border.geojson"),
        ("inner = \"edge = 'home'\"\nouter = \"edge = 'home'\"\n", "border.geojson"),
        ("home = [-84.0, 36.0]\n", "border.geojson"),
    ],
)
def test_zones_that_are_none_are_refused_in_a_sentence(own_sector: Any, table: str, words: str) -> None:
    of_two_lines(own_sector)
    own_sector.edit(own_sector.sector, LINES, f"[zone]\n{table}\n[layouts]")
    with pytest.raises(BadInput, match=words):
        open_sector(load_sector(own_sector.sector))


@pytest.mark.parametrize("key", ['home_side = "left"', "border_where = \"edge = 'home'\""])
def test_a_side_beside_a_zone_is_refused(own_sector: Any, key: str) -> None:
    of_two_lines(own_sector)
    own_sector.edit(own_sector.sector, "belt_m = 1500", f"belt_m = 1500\n{key}")
    with pytest.raises(BadInput, match=rf"{key.split()[0]} beside \[zone\]"):
        load_sector(own_sector.sector)
