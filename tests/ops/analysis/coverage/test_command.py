"""``watchline coverage``: what it writes is right, the same every time, safe to open, and refused in one sentence."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from PIL import Image

from ops.analysis.coverage.files import write_raster
from ops.sector.open_sector import OpenSector
from ops.services.map.layers.coverage import coverage_overlay, revision
from sensors.coverage import coverage_rasters
from sensors.coverage.segments import over_segments
from tests.ops.analysis.plain_english import english_in
from tests.ops.words.pseudo_texts import plain_lines, plain_texts

FILES = {
    "p_coverage.tif", "p_all_working.tif", "p_best_sensor.tif", "k_count.tif", "dead_ground.tif", "segments.parquet",
    "p_coverage.png", "p_best_sensor.png", "k_count.png", "dead_ground.png", "map.html", "summary.json",
}  # fmt: skip


SENSORS = ("radar-mid", "camera-west", "ground-1")


@pytest.fixture
def watchline(watchline: Callable[..., tuple[int, str, str]]) -> Callable[..., tuple[int, str, str]]:
    """Runs ``watchline coverage`` in this process: exit code, stdout, stderr."""
    return partial(watchline, "coverage")


@pytest.fixture(scope="module")
def written(hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder that the command filled, and its answer."""
    from rich.console import Console

    from ops.analysis.coverage.command import cover
    from ops.analysis.coverage.options import CoverageOptions

    out = tmp_path_factory.mktemp("coverage") / "out"
    options = CoverageOptions(str(hill_sector.sector), out, conditions="night,fog", dwell_s=120.0, required=0.8)
    return out, cover(options, Console(stderr=True, quiet=True))


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_every_file_is_there_and_no_other(written):
    out, answer = written
    assert {file.name for file in out.iterdir()} == FILES
    assert {Path(file).name for file in answer["files"]} == FILES


def test_the_rasters_are_the_coverage_in_the_frame(written, hill_ground: OpenSector):
    out, _ = written
    found = coverage_rasters(hill_ground.layout, hill_ground.terrain, None, conditions="night,fog", dwell_s=120.0)
    for file, variable in (("p_coverage.tif", "expected_probability"), ("k_count.tif", "sensors_detecting")):
        with rasterio.open(out / file) as raster:
            assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert raster.crs.is_projected
            assert raster.descriptions == (variable,)
            assert raster.tags()["conditions"] == "night,fog"
            values = found[variable].to_numpy()
            np.testing.assert_array_equal(raster.read(1), values.astype(raster.dtypes[0]))
            sensor = hill_ground.layout["radar-mid"]
            row, column = raster.index(sensor.easting, sensor.northing)
            nearest = found.sel(easting=sensor.easting, northing=sensor.northing, method="nearest")
            assert float(nearest["easting"]) == found["easting"][column]
            assert float(nearest["northing"]) == found["northing"][row]


def test_a_cell_that_meets_a_requirement_meets_it_in_the_file(tmp_path: Path, hill_ground: OpenSector):
    found = coverage_rasters(hill_ground.layout, hill_ground.terrain, None)
    found["expected_probability"][:] = 0.9
    write_raster(tmp_path / "p.tif", found, "expected_probability")
    with rasterio.open(tmp_path / "p.tif") as raster:
        assert (raster.read(1).astype(np.float64) >= 0.9).all(), "0.9 in single precision is below 0.9"


def test_the_segments_are_rows_with_their_lines_and_their_story(written, hill_ground: OpenSector):
    out, _ = written
    table = gpd.read_parquet(out / "segments.parquet")
    rasters = coverage_rasters(
        hill_ground.layout, hill_ground.terrain, hill_ground.border, conditions="night,fog", dwell_s=120.0
    )
    found = over_segments(rasters, hill_ground.border, belt_m=1_500.0, required_probability=0.8)
    assert len(table) == hill_ground.border.segments
    assert table.crs == "EPSG:4326"
    for belt, prefix in (("both", ""), ("home", "home_"), ("away", "away_")):
        np.testing.assert_array_equal(table[f"{prefix}covered_fraction"], found["covered_fraction"].sel(belt=belt))
        np.testing.assert_array_equal(table[f"{prefix}cells"], found["cells_count"].sel(belt=belt))
    story = json.loads(pq.read_metadata(out / "segments.parquet").metadata[b"watchline"])
    assert (story["target"], story["dwell_s"], story["required_probability"]) == ("person", 120.0, 0.8)


def test_the_summary_holds_numbers_limits_and_assumptions(written):
    out, answer = written
    summary = json.loads((out / "summary.json").read_text())
    both = summary["belt"]["both"]
    assert 0.0 < both["covered_fraction"] < 1.0
    assert both["covered_fraction_low"] <= both["covered_fraction"] <= both["covered_fraction_high"]
    assert both["mean_best_probability"] <= both["mean_all_working_probability"] + 1e-6
    assert "independent" in summary["independence"]
    assert {"name", "value", "unit", "confidence", "source"} == set(summary["assumptions"][0])
    assert all(answer[key] == value for key, value in summary.items() if key not in ("files", "assumptions"))
    assert summary["version"]


def test_the_page_begins_with_its_answer_and_shows_how_it_comes_about(written):
    out, answer = written
    page = (out / "map.html").read_text()
    first, second = re.findall(r'<p class="answer"><bdi>(.*?)</bdi></p>', page)
    both, worst = answer["belt"]["both"], answer["worst_segments"][0]
    assert first.startswith(f"{both['covered_fraction']:.1%} of the area")
    assert f"Dead ground: {both['dead_ground_fraction']:.1%}." in first
    gap = f"{1.0 - worst['covered_fraction']:.1%}"
    assert second.startswith(f"The largest gap is at segment {worst['segment']} (km ")
    assert f"{gap} of its area" in second
    figures = page[page.index('<p class="formula">') :]
    for number in (f"{both['covered_fraction']:.1%}", f"{both['dead_ground_fraction']:.1%}", gap):
        assert f'<td class="number"><bdi>{number}</bdi></td>' in figures
    assert figures.count('<th scope="row"><bdi>segment ') == len(answer["worst_segments"])


def test_pictures_are_pictures(written):
    out, _ = written
    for file in out.glob("*.png"):
        with Image.open(file) as picture:
            assert picture.size == (1500, 1230)
            grey = np.asarray(picture.convert("L"))
            assert len(np.unique(grey)) > 100, "shaded relief has many greys"


def test_the_map_fetches_nothing_and_forbids_it(written):
    out, _ = written
    text = (out / "map.html").read_text()
    assert "default-src 'none'" in text
    outside = [url for url in re.findall(r"""(?:src|href)=["']([^"']+)""", text) if not url.startswith(("data:", "#"))]
    assert [url for url in outside if "leafletjs.com" not in url] == []  # Leaflet's own attribution, switched off
    assert "radar-mid" in text


def test_the_same_again_is_the_same_bytes_and_replaces_its_own_files(written, watchline, hill_sector):
    out, _ = written
    before = hashes(out)
    again = ["--conditions", "night,fog", "--exposure", "120", "--required", "0.8"]
    code, stdout, err = watchline(hill_sector.sector, "--out", out, *again, "--json")
    assert code == 0, err
    assert hashes(out) == before
    assert stdout.count("\n") == 1
    assert json.loads(stdout)["belt"] == json.loads((out / "summary.json").read_text())["belt"]
    assert re.search(r"of the area within 1,500 m of the border meets Pd ≥ 0\.8 \(person on foot, 2 min\)", err)


def test_the_output_in_french_has_the_same_figures_and_no_english(
    written, watchline, hill_sector, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = written
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    again = ["--conditions", "night,fog", "--exposure", "120", "--required", "0.8"]
    code, stdout, err = watchline(hill_sector.sector, "--out", tmp_path / "fr", *again, "--json")
    assert code == 0, err
    assert json.loads(stdout)["belt"] == json.loads((out / "summary.json").read_text())["belt"]
    summaries = [(folder / "summary.json").read_bytes() for folder in (out, tmp_path / "fr")]
    assert summaries[0] == summaries[1], "JSON does not depend on the language"
    assert "atteint Pd ≥ 0,8 (personne à pied, 2\N{NO-BREAK SPACE}min)" in err
    page = (tmp_path / "fr" / "map.html").read_text()
    assert '<html lang="fr" dir="ltr">' in page
    assert all(
        word in page for word in ("Angles morts du dispositif", "Conditions\N{NO-BREAK SPACE}: nuit et brouillard")
    )
    assert english_in((out / "map.html").read_text(), ["coverage", "map"])
    assert english_in(page, ["coverage", "map"]) == []


def test_every_text_of_the_output_is_in_the_catalogue(
    watchline, hill_sector, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "ar-XB")
    code, _, err = watchline(hill_sector.sector, "--out", tmp_path / "out", "--json")
    assert code == 0, err
    page = (tmp_path / "out" / "map.html").read_text()
    assert '<html lang="ar-XB" dir="rtl">' in page
    assert plain_texts(page, SENSORS) == []
    assert plain_lines(err, [str(tmp_path)]) == []


@pytest.fixture(scope="module")
def odd(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder filled from a sector with a strip of void, and with names that would like to be code."""
    from rich.console import Console

    from ops.analysis.coverage.command import cover
    from ops.analysis.coverage.options import CoverageOptions

    files = make_sector(tmp_path_factory.mktemp("odd") / "sector")
    elevation = 300.0 + np.zeros((150, 200))
    elevation[:, 120:124] = -9999.0  # east of the radar
    files.write_dem(elevation)
    files.edit(files.layout, '"radar-mid"', '"<img src=x onerror=alert(1)> {{7*7}}"')
    files.edit(files.layout, '"camera-west"', r'"$\\frac{1}{0}$"')
    files.edit(files.sector, "Hills (made up for tests)", "{{ 7*7 }}</script><script>alert(1)</script> $x_")
    out = files.folder / "out"
    options = CoverageOptions(str(files.sector), out, str(files.layout))
    cover(options, Console(stderr=True, quiet=True))
    return out


def test_hostile_names_stay_text(odd: Path):
    text = (odd / "map.html").read_text()
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert "49" not in re.search(r"<h1>.*?</h1>", text).group()
    told = json.loads(re.search(r'id="map-texts">(.*?)</script>', text).group(1))
    assert "<img src=x onerror=alert(1)> {{7*7}}" in [entry["title"] for entry in told]


def test_unknown_ground_is_unknown_in_every_file(odd: Path):
    with rasterio.open(odd / "p_coverage.tif") as raster:
        assert np.isnan(raster.read(1)).sum() > 1_000
    with rasterio.open(odd / "k_count.tif") as raster:
        assert (raster.read(1) == raster.nodata).sum() > 1_000
    with rasterio.open(odd / "dead_ground.tif") as raster:
        assert (raster.read(1) == raster.nodata).sum() > 1_000
    belt = json.loads((odd / "summary.json").read_text())["belt"]["both"]
    assert belt["unknown_fraction"] > 0.1
    assert belt["covered_fraction_low"] + belt["unknown_fraction"] == pytest.approx(
        belt["covered_fraction_high"], abs=1e-5
    )


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--target", "ghost"], "'ghost'"),
        (["--conditions", "snow"], "'snow'"),
        (["--conditions", "day,night"], "day and night"),
        (["--conditions", ""], "--conditions: is empty"),
        (["--exposure", "0"], "--exposure"),
        (["--exposure", "-3"], "--exposure"),
        (["--exposure", "nan"], "--exposure"),
        (["--exposure", "inf"], "--exposure"),
        (["--exposure", "soon"], "--exposure"),
        (["--required", "0"], "--required"),
        (["--required", "1.01"], "--required"),
        (["--required", "nan"], "--required"),
        (["--layout", "hightech"], "one of three"),
        (["--colour", "red"], "--colour"),
    ],
    ids=" ".join,
)
def test_bad_arguments_are_one_sentence_and_nothing_is_written(watchline, hill_sector, tmp_path, arguments, word):
    code, out, err = watchline(hill_sector.sector, "--out", tmp_path / "out", *arguments)
    refused(code, out, err, word)
    assert not (tmp_path / "out").exists()


def refused(code: int, out: str, err: str, word: str, *, ending: int = 2) -> None:
    lines = [line for line in err.splitlines() if line.strip()]
    assert (code, out) == (ending, "")
    assert len(lines) == 1, err
    assert lines[0].startswith("watchline: ")
    assert lines[0].endswith(".")
    assert word in lines[0]


def test_an_unknown_sector_is_one_sentence(watchline, tmp_path):
    refused(*watchline("atlantis", "--out", tmp_path / "out"), "atlantis")


def test_foreign_files_are_not_replaced(watchline, hill_sector, tmp_path):
    mine = tmp_path / "summary.json"
    mine.write_text('{"made_by": "me"}')
    refused(*watchline(hill_sector.sector, "--out", tmp_path), "'summary.json'", ending=1)
    assert mine.read_text() == '{"made_by": "me"}'
    mine.unlink()
    (tmp_path / "map.html").write_text("mine")
    refused(*watchline(hill_sector.sector, "--out", tmp_path), "'map.html'", ending=1)


def test_a_place_that_cannot_be_a_folder_is_one_sentence(watchline, hill_sector, tmp_path):
    file = tmp_path / "file"
    file.touch()
    refused(*watchline(hill_sector.sector, "--out", file), "is a file")
    refused(*watchline(hill_sector.sector, "--out", file / "below"), "is a file")


def test_the_overlay_of_the_live_map_follows_the_sensors_health(hill_ground: OpenSector):
    health = {sensor.id: "ok" for sensor in hill_ground.layout}
    live = coverage_overlay(hill_ground, health)
    assert {kind for kind in live.rasters if kind} == {"radar", "camera", "ground_sensor"}
    silent = coverage_overlay(hill_ground, health | {"radar-mid": "offline"}, live)
    assert revision(silent, None) != revision(live, None)
    assert revision(silent, "camera") == revision(live, "camera")
    assert not silent.rasters["radar"].any()
    back = coverage_overlay(hill_ground, health, silent)
    assert revision(back, None) == revision(live, None)
    assert not coverage_overlay(hill_ground, {}).rasters[None].any(), "a sensor of unknown health does not count"


def test_a_large_terrain_is_cut_to_the_belt_and_what_sensors_reach(
    own_sector: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every figure is that of the whole terrain, and every raster its window of the whole one. No picture."""
    from rich.console import Console

    from ops.analysis.coverage import html_map, window
    from ops.analysis.coverage.command import cover
    from ops.analysis.coverage.options import CoverageOptions
    from ops.drawing import printed_map

    layout = json.loads(own_sector.layout.read_text())
    for feature in layout["features"]:
        feature["properties"]["max_range_m"] = min(feature["properties"]["max_range_m"], 1_500.0)
    own_sector.layout.write_text(json.dumps(layout))
    own_sector.edit(own_sector.sector, "belt_m = 1500", "belt_m = 700")
    monkeypatch.setattr(printed_map, "draw", lambda *_: None)
    monkeypatch.setattr(html_map, "write_map", lambda *_: None)
    screen = Console(stderr=True, quiet=True)
    whole = cover(CoverageOptions(str(own_sector.sector), tmp_path / "whole"), screen)
    monkeypatch.setattr(window, "WHOLE_UP_TO_CELLS", 100)
    part = cover(CoverageOptions(str(own_sector.sector), tmp_path / "part"), screen)
    assert part["terrain_cells"] == whole["cells"] == whole["terrain_cells"]
    assert np.prod(part["cells"]) < 0.8 * np.prod(whole["cells"])
    changed = {"cells", "files", "terrain_checksum"}
    assert {k: v for k, v in part.items() if k not in changed} == {k: v for k, v in whole.items() if k not in changed}
    for name in ("p_coverage.tif", "k_count.tif", "dead_ground.tif"):
        with rasterio.open(tmp_path / "part" / name) as cut, rasterio.open(tmp_path / "whole" / name) as all_of_it:
            there = all_of_it.window(*cut.bounds)
            np.testing.assert_array_equal(cut.read(1), all_of_it.read(1, window=there.round_offsets().round_lengths()))


def test_a_terrain_beyond_the_memory_is_refused_beforehand(
    own_sector: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watchline
) -> None:
    from ops.analysis.coverage import window

    monkeypatch.setattr(window, "free_bytes", lambda: 1_000_000)
    code, _, told = watchline(str(own_sector.sector), "--out", str(tmp_path / "out"))
    assert code == 1
    assert re.search(r"150 × 200 cells .* need about 0\.4 GB of memory; expected at most the 0\.0 GB", told)
    assert not (tmp_path / "out").exists()
