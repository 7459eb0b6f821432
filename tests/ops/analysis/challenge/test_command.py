"""``watchline challenge``: files and figures agree, pieces equal the whole, bad input is one sentence or unknown."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import itertools
import json
import math
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from pyproj import CRS
from rasterio.features import geometry_mask
from rasterio.warp import transform
from rich.console import Console

from geo.errors import BadInput
from geo.message import Message
from geo.mobility.roads_and_rivers import Ways
from geo.terrain import cell_size
from ops.analysis.challenge.command import PARTS, PICTURES, assess
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.options import ChallengeOptions, weights_of
from ops.analysis.challenge.provenance import BY_ERROR, OFF_ERROR, Origin, needs_caution
from ops.analysis.challenge.report import pictures as challenge_pictures
from ops.analysis.challenge.report import profiles as challenge_profiles
from ops.analysis.challenge.statistics import _drawn, _median
from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.score.command import ScoreOptions, score
from ops.analysis.score.of_challenge import OF_CHALLENGE
from ops.runtime.output import say_in_english
from ops.sector.open_sector import OpenSector
from ops.words import MessageCatalogue
from tests.ops.analysis.plain_english import english_in
from tests.ops.conftest import blank_pictures, lonlat
from tests.ops.words.pseudo_texts import is_plain, plain_texts

QUIET = Console(stderr=True, quiet=True)
BELT_M = 1_500 if os.environ.get("WATCHLINE_DRILL") == "long" else 700
"""Belt of the sectors that a test spoils: what is told of spoilt ground does not depend on it, but the time does."""
BASES = '{"type": "FeatureCollection", "features": [%s]}'


@pytest.fixture(scope="module", autouse=True)
def coarse_pictures() -> Iterator[None]:
    """What is on the pictures is looked at elsewhere; here they need not be fine."""
    with pytest.MonkeyPatch.context() as patch:
        for room in (challenge_pictures, challenge_profiles):
            patch.setattr(room, "DPI", 40)
        yield


def base(lonlat: list[float]) -> str:
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": lonlat}, "properties": {"name": "post"}}
    return BASES % json.dumps(point)


def heights(files: Any) -> np.ndarray:
    """The small sector's elevation [m], to be spoilt."""
    with rasterio.open(files.dem) as raster:
        found: np.ndarray = raster.read(1)
    return found


def with_base(files: Any, ground: OpenSector) -> None:
    """A patrol base 1 km behind the middle of the line."""
    lon, lat = ground.frame.to_lonlat(704_000.0, 4_045_800.0)
    (files.folder / "bases.geojson").write_text(base([float(lon), float(lat)]))
    files.edit(files.sector, "[layouts]", 'bases = "bases.geojson"\n[layouts]')


@pytest.fixture
def narrow_sector(own_sector: Any) -> Any:
    """A small sector of one's own with narrow belts, to be spoilt and then computed."""
    own_sector.edit(own_sector.sector, "belt_m = 1500", f"belt_m = {BELT_M}")
    return own_sector


@pytest.fixture
def watchline(watchline: Callable[..., tuple[int, str, str]]) -> Callable[..., tuple[int, str, str]]:
    """Runs ``watchline challenge`` in this process: exit code, stdout, stderr."""
    return partial(watchline, "challenge")


@pytest.fixture(scope="module")
def based(make_sector: Callable[[Path], Any], hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small sector with a base."""
    files = make_sector(tmp_path_factory.mktemp("based") / "sector")
    with_base(files, hill_ground)
    return files


@pytest.fixture(scope="module")
def answered() -> Callable[[Any, Any, Any], Any]:
    """``answer_stretch`` for the sector with a base in stretches of 4 km, each stretch computed once.

    That the same stretch gives the same answer is what the test of the same bytes says.
    """
    import ops.analysis.challenge.work as work

    honest, known = work.answer_stretch, dict[int, Any]()

    def answer(question: Any, stretch: Any, step: Any) -> Any:
        if stretch.number not in known:
            known[stretch.number] = honest(question, stretch, step)
        return known[stretch.number]

    return answer


@pytest.fixture(scope="module")
def written(based: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("challenge") / "out"
    weights = "crossing_ease=1,surveillance_difficulty=1,response_difficulty=2"
    return out, assess(ChallengeOptions(str(based.sector), out, samples=2, runs=3, weights=weights), QUIET)


@pytest.fixture(scope="module")
def with_breach(based: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("breach") / "out"
    with blank_pictures():
        return out, assess(ChallengeOptions(str(based.sector), out, samples=0, runs=0, breach=True), QUIET)


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_the_files_are_those_that_are_named_and_agree(written: tuple[Path, dict[str, Any]]) -> None:
    out, answer = written
    assert {Path(file).name for file in answer["files"]} == {file.name for file in out.iterdir()}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert {key: summary[key] for key in answer if key != "files"} == {k: v for k, v in answer.items() if k != "files"}
    segments = gpd.read_parquet(out / "segments.parquet")
    with (out / "segments.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(segments) == answer["segments"]
    for name in ("crossing_time", "detection_probability", "least_interruption_slower_1", "composite"):
        found = [float(row[name]) if row[name] else math.nan for row in rows]
        assert np.allclose(found, segments[name], rtol=1e-9, equal_nan=True), name
    below = int((segments["detection_probability"] < 0.9).sum())
    assert sum(gap["last"] - gap["first"] + 1 for gap in answer["this_layout"]["gaps"] if gap["known"]) == below


def answer_on(page: Path) -> list[str]:
    return re.findall(r'<p class="answer"><bdi>(.*?)</bdi></p>', page.read_text(encoding="utf-8"))


def test_the_page_begins_with_its_answer(written: tuple[Path, dict[str, Any]]) -> None:
    out, answer = written
    by_id = {record["id"]: record for record in answer["records"]}
    weakest, interrupted, gap, unknown = answer_on(out / "report.html")
    for sentence, record in ((weakest, by_id["least-detection"]), (interrupted, by_id["least-interruption"])):
        assert f" {record['of']} (km " in sentence, sentence
        assert f"probability {MessageCatalogue.of('en').formats.probability(record['value'])}." in sentence
    assert not answer["this_layout"]["gaps"]
    assert gap == "There is no coverage gap: crossing Pd is at least 0.9 on every known segment."
    assert by_id["unknown-segments"]["numerator"] == 0
    assert unknown.startswith("Crossing Pd is known on every segment; ")


def test_rasters_say_what_the_segments_say(written: tuple[Path, dict[str, Any]], hill_ground: OpenSector) -> None:
    """The fastest crossing of all cells is that of all segments; dead ground is 0 or 1; they lie in the frame."""
    out, _ = written
    segments = gpd.read_parquet(out / "segments.parquet")
    with rasterio.open(out / "ground_crossing_time.tif") as raster:
        time = raster.read(1)
        assert raster.crs.to_epsg() == CRS.from_user_input(hill_ground.terrain.attrs["crs"]).to_epsg()
        assert raster.tags()["units"] == "s"
    assert float(np.nanmin(time)) == pytest.approx(segments["crossing_time"].min(), rel=1e-6)
    with rasterio.open(out / "layout_dead_ground.tif") as raster:
        dead = raster.read(1)
    assert set(np.unique(dead[np.isfinite(dead)])) == {0.0, 1.0}
    with rasterio.open(out / "layout_lowest_pd.tif") as raster:
        through = raster.read(1)
    assert np.nanmin(through) >= segments["detection_probability"].min() - 1e-6, "a camera's search ends on a way"


def test_isochrones_hold_the_cells_that_responders_reach_in_time(written: tuple[Path, dict[str, Any]]) -> None:
    out, answer = written
    assert str(out / "response_isochrones.geojson") in answer["files"]
    areas = gpd.read_file(out / "response_isochrones.geojson")
    with rasterio.open(out / "ground_response_time.tif") as raster:
        seconds, grid, crs = raster.read(1), raster.transform, raster.crs
    assert areas.crs.to_epsg() == 4326
    assert areas["minutes"].is_monotonic_increasing
    metric = areas.to_crs(crs)
    for minutes, area in zip(areas["minutes"], metric.geometry, strict=True):
        known = np.isfinite(seconds) & (np.abs(seconds - 60.0 * minutes) > 0.01)  # the raster is of float32
        inside = geometry_mask([area], seconds.shape, grid, invert=True)
        assert (inside == (seconds <= 60.0 * minutes))[known].all(), minutes
    assert all(shorter.within(longer.buffer(0.1)) for shorter, longer in itertools.pairwise(metric.geometry))


def test_isochrones_of_large_ground_are_of_a_subsample(
    based: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ops.analysis.challenge.command as command
    import ops.analysis.challenge.files as files

    ground = command.open_sector(command.load_sector(based.sector))
    response = command._response(ground, Ways())
    assert response is not None
    areas = []
    for side in (2_000, 100):  # the ground has 200 cells a side
        monkeypatch.setattr(files, "ISOCHRONES_SIDE", side)
        files.write_isochrones(tmp_path / f"{side}.geojson", response, ground.terrain, "bare ground")
        areas.append(gpd.read_file(tmp_path / f"{side}.geojson").to_crs(ground.terrain.attrs["crs"]))
    whole, thin = (table.set_index("minutes").area for table in areas)
    assert whole.index.tolist() == thin.index.tolist()
    assert (thin / whole).to_numpy() == pytest.approx(1.0, abs=0.1)
    assert (tmp_path / "100.geojson").stat().st_size < (tmp_path / "2000.geojson").stat().st_size


def test_the_three_ways_are_walked_in_the_simulator_too(written: tuple[Path, dict[str, Any]]) -> None:
    """A confirmed track is no likelier than a detection, within what three runs can tell."""
    out, answer = written
    crossings = gpd.read_parquet(out / "crossings.parquet")
    assert list(crossings["kind"]) == ["minimum detection", "minimum time", "most vulnerable"]
    for way, told in answer["this_layout"]["crossings"].items():
        share = told["confirmed_track"]
        assert share["runs"] == 3, way
        assert share["count"] / 3 == share["value"]
        assert share["low"] <= told["p_detect"] + 1e-9, way
    segments = gpd.read_parquet(out / "segments.parquet")
    least = answer["this_layout"]["crossings"]["minimum_detection"]["p_detect"]
    assert least == pytest.approx(segments["detection_probability"].min(), abs=1e-6)


def test_the_same_input_gives_the_same_bytes(written: tuple[Path, dict[str, Any]], based: Any, tmp_path: Path) -> None:
    out, _ = written
    weights = "crossing_ease=1,surveillance_difficulty=1,response_difficulty=2"
    assess(ChallengeOptions(str(based.sector), tmp_path / "again", samples=2, runs=3, weights=weights), QUIET)
    first, again = hashes(out), hashes(tmp_path / "again")
    assert {name for name in first if first[name] != again[name]} == set()


def test_stretches_say_the_same_and_a_broken_run_goes_on(
    written: tuple[Path, dict[str, Any]],
    based: Any,
    answered: Callable[[Any, Any, Any], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two stretches; killed in the second, the first is not worked again; the figures are those of the whole, and every
    file is the same to the byte as of a run that was not killed. Of the pictures the files say what is drawn."""
    import ops.analysis.challenge.work as work

    out, options = tmp_path / "out", {"samples": 0, "runs": 0, "stretch_km": 4.0}
    worked: list[int] = []

    def killed(job: Any, stretch: Any, step: Any) -> Any:
        worked.append(stretch.number)
        if len(worked) == 2:
            raise KeyboardInterrupt
        return answered(job, stretch, step)

    monkeypatch.setattr(work, "answer_stretch", killed)
    with pytest.raises(KeyboardInterrupt):
        assess(ChallengeOptions(str(based.sector), out, **options), QUIET)
    assert [file.name for file in (out / PARTS).glob("*/*.part")] == ["00000.part"]
    with blank_pictures():
        answer = assess(ChallengeOptions(str(based.sector), out, **options), QUIET)
        assert worked == [0, 1, 1]
        assert not (out / PARTS).exists()
        assess(ChallengeOptions(str(based.sector), tmp_path / "at once", **options), QUIET)
    resumed, at_once = hashes(out), hashes(tmp_path / "at once")
    assert {name for name in at_once if at_once[name] != resumed.get(name)} == set()
    pieces, whole = gpd.read_parquet(out / "segments.parquet"), gpd.read_parquet(written[0] / "segments.parquet")
    for name in ("crossing_time", "detection_probability", "crossing_ease", "dead_ground_1.7m", "response_time",
                 "least_interruption_slower_1", "footprint_depth"):  # fmt: skip
        assert np.allclose(pieces[name], whole[name], rtol=1e-9, equal_nan=True), name
    for way, told in written[1]["this_layout"]["crossings"].items():
        assert answer["this_layout"]["crossings"][way]["seconds"] == pytest.approx(told["seconds"]), way


def test_parts_of_another_question_are_not_used(
    based: Any, answered: Callable[[Any, Any, Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a part that cannot be read: it is worked again and replaced. What is in a part does not matter here."""
    import ops.analysis.challenge.work as work

    out, options = tmp_path / "out", {"samples": 0, "runs": 0, "stretch_km": 4.0}
    worked: list[int] = []

    def killed(*question: Any) -> Any:
        worked.append(question[1].number)
        if worked[-1] == 1:
            raise KeyboardInterrupt
        return answered(*question)

    monkeypatch.setattr(work, "answer_stretch", killed)
    for dwell_s in (600.0, 300.0):
        with pytest.raises(KeyboardInterrupt):
            assess(ChallengeOptions(str(based.sector), out, dwell_s=dwell_s, **options), QUIET)
    assert worked == [0, 1, 0, 1]
    for part in (out / PARTS).glob("*/00000.part"):
        (part / "zarr.json").write_bytes(b"not a part")
    with pytest.raises(KeyboardInterrupt):
        assess(ChallengeOptions(str(based.sector), out, **options), QUIET)
    assert worked == [0, 1, 0, 1, 0, 1]


def test_the_maximal_breach_is_given_when_it_is_asked_for(
    with_breach: tuple[Path, dict[str, Any]], written: tuple[Path, dict[str, Any]], hill_ground: OpenSector
) -> None:
    """It keeps its distance from every sensor; its support has a sensor within its distance all the way. A move goes
    past a cell, so that the centres on a path may miss the distance of the cell that decides by a cell at most."""
    out, answer = with_breach
    assert {Path(file).name for file in answer["files"]} == {file.name for file in out.iterdir()}
    assert not (written[0] / "breach.geojson").exists()
    breach, support = gpd.read_file(out / "breach.geojson").to_crs(hill_ground.terrain.attrs["crs"]).itertuples()
    sensors = np.array([(sensor.easting, sensor.northing) for sensor in hill_ground.layout])
    cell_m = cell_size(hill_ground.terrain)
    for path, of_path, sign in ((breach, np.min, 1.0), (support, np.max, -1.0)):
        places = np.array(path.geometry.coords)
        nearest = np.hypot(*(places[:, None] - sensors[None]).transpose(2, 0, 1)).min(axis=1)
        assert -0.1 <= sign * (of_path(nearest) - path.distance_m) <= cell_m, path.kind
    assert (breach.kind, support.kind) == ("maximal breach", "maximal support")


def test_the_last_line_is_one_object(
    watchline: Callable[..., tuple[int, str, str]], hill_sector: Any, tmp_path: Path
) -> None:
    """Without bases response and interruption are unknown, and say why; a vehicle is another question."""
    arguments = ("--out", tmp_path / "o", "--target", "vehicle", "--samples", "0", "--runs", "0", "--json")
    with blank_pictures():
        code, stdout, stderr = watchline(hill_sector.sector, *arguments)
    assert code == 0, stderr
    assert stdout.count("\n") == 1
    told = json.loads(stdout)
    by_name = {record["id"]: record for record in told["records"]}
    assert by_name["least-interruption"]["value"] is None
    assert "no bases" in by_name["least-interruption"]["limits"]
    assert "bases" in told["missing"]
    assert set(told["this_layout"]["crossings"]) == {"minimum_detection", "minimum_time"}
    assert told["any_layout"]["response_difficulty"]["hardest_segments"] == []
    assert "another mover" in told["reference_misfit"] or "cells" in told["reference_misfit"]
    assert "crossing Pd is at least 0.9 on every known segment" in stderr


def test_a_file_without_a_base_is_no_base(narrow_sector: Any, tmp_path: Path) -> None:
    """The files that are listed are those that are there, and none of them is of a response."""
    (narrow_sector.folder / "bases.geojson").write_text(BASES % "")
    narrow_sector.edit(narrow_sector.sector, "[layouts]", 'bases = "bases.geojson"\n[layouts]')
    out = tmp_path / "out"
    with blank_pictures():
        told = assess(ChallengeOptions(str(narrow_sector.sector), out, samples=0, runs=0), QUIET)
    assert sorted(told["files"]) == sorted(str(file) for file in out.iterdir())
    assert "bases" in told["missing"]
    assert not any("response" in Path(file).name for file in told["files"])


def test_what_a_layout_sets_is_text(narrow_sector: Any, tmp_path: Path) -> None:
    evil = "<script>alert(1)<b>{{ 7*7 }}$x$"
    narrow_sector.edit(narrow_sector.layout, "radar-mid", evil)
    narrow_sector.edit(narrow_sector.sector, "Hills (made up for tests)", evil)
    assess(ChallengeOptions(str(narrow_sector.sector), tmp_path / "out", samples=0, runs=0), QUIET)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;b&gt;{{ 7*7 }}$x$" in page


def test_ground_that_is_all_void_is_unknown_and_never_zero(narrow_sector: Any, tmp_path: Path) -> None:
    """The eastern half is void: no score, no detection, no figure there, and the words say so."""
    elevation = heights(narrow_sector)
    elevation[:, 130:] = -9999.0
    narrow_sector.write_dem(elevation)
    answer = assess(ChallengeOptions(str(narrow_sector.sector), tmp_path / "out", samples=0, runs=0), QUIET)
    segments = gpd.read_parquet(tmp_path / "out" / "segments.parquet")
    last = segments.iloc[-2]
    assert last["state"] == "unknown"
    for name in ("detection_probability", "crossing_ease", "surveillance_difficulty", "crossing_time", "ruggedness"):
        assert math.isnan(last[name]), name
    assert any(not gap["known"] for gap in answer["this_layout"]["gaps"])
    assert answer["this_layout"]["gaps"][-1]["least_probability"] is None
    count = int((segments["state"] == "unknown").sum())
    sentences = answer_on(tmp_path / "out" / "report.html")
    assert (
        sentences[1]
        == "The probability of interruption is unknown. The sector has no bases on the terrain, so response times are "
        "unknown."
    )
    assert sentences[-1].startswith(f"Crossing Pd is unknown on {count} segments; ")


def beside_voids(files: Any, void: np.ndarray, out: Path) -> tuple[str, dict[str, Any]]:
    """Printed lines and figures of one radar on level ground with voids, which sees all of it where they are filled."""
    files.write_dem(np.where(void, -9999.0, 300.0))
    files.edit(files.sector, "belt_m = 1500", "belt_m = 700")
    document = json.loads(files.layout.read_text(encoding="utf-8"))
    document["features"] = [one for one in document["features"] if one["properties"]["kind"] == "radar"]
    files.layout.write_text(json.dumps(document), encoding="utf-8")
    screen = Console(record=True, width=10_000, file=io.StringIO())
    with blank_pictures():
        answer = assess(ChallengeOptions(str(files.sector), out, samples=0, runs=0), screen)
    return screen.export_text(), answer


@pytest.fixture(scope="module")
def beside_a_strip(
    make_sector: Callable[[Path], Any], hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, dict[str, Any]]:
    """A strip of voids across the border, near its km 6; a base before it."""
    folder = tmp_path_factory.mktemp("strip")
    void = np.zeros((150, 200), bool)
    void[:, 150:156] = True
    files = make_sector(folder / "sector")
    with_base(files, hill_ground)
    return folder / "out", *beside_voids(files, void, folder / "out")


def test_behind_a_void_barrier_resilience_has_two_bounds(beside_a_strip: tuple[Path, str, dict[str, Any]]) -> None:
    """With the void filled, k is 1. No path is known to be undetected, so none is stated."""
    out, lines, answer = beside_a_strip
    barrier = answer["this_layout"]["barrier"]
    assert (barrier["k"], barrier["k_at_most"], barrier["lower_bound"], barrier["upper_bound"]) == (0, 1, True, False)
    assert barrier["minimum_cut_set"] is barrier["single_points_of_failure"] is None
    (record,) = (one for one in answer["records"] if one["id"] == "resilience")
    assert (record["value"], record["low"], record["high"], record["of"]) == (0.0, 0.0, 1.0, "")
    assert record["limits"].startswith("Lower bound: k is at most 1, and the line of sight of a sensor is unknown.")
    page = (out / "report.html").read_text(encoding="utf-8")
    for text in (lines, page):
        assert "Barrier resilience k is at least 0, at most 1" in text
        assert "undetected path" not in text
    segments = pd.read_csv(out / "segments.csv")
    bounds = segments[["footprint_depth", "footprint_depth_at_most"]].to_numpy()
    assert bounds[0].tolist() == [1, 1]
    assert bounds[-1].tolist() == [0, 1]


def test_a_lower_bound_below_the_requirement_is_not_published_as_a_gap(
    beside_a_strip: tuple[Path, str, dict[str, Any]],
) -> None:
    """The segment beside the void has Pd 0 over ground of unknown sight and 1 over known ground: undecided, as those
    behind the void are. With the void filled, Pd is 1 everywhere."""
    out, lines, answer = beside_a_strip
    segments = pd.read_csv(out / "segments.csv")
    lower = segments[(segments["state"] == "crossed") & (segments["detection_probability"] < 0.9)]
    assert len(lower) > 0
    assert (lower["unknown_m"] > 0.0).all()
    assert (lower["certain_probability"] > 0.9).all()
    first, last = int(lower["segment"].min()), len(segments) - 1
    (gap,) = answer["this_layout"]["gaps"]
    assert (gap["first"], gap["last"], gap["known"], gap["least_probability"]) == (first, last, False, None)
    assert f"Crossing Pd is unknown on {last - first + 1} segments." in lines
    by_id = {record["id"]: record for record in answer["records"]}
    assert (by_id["gap-segments"]["numerator"], by_id["gap-segments"]["denominator"]) == (0.0, first)
    assert by_id["gap-length"]["numerator"] == 0.0
    assert by_id["unknown-segments"]["numerator"] == last - first + 1
    weakest, _, none, unknown = answer_on(out / "report.html")
    assert weakest.startswith(f"The border may be weakest at segment {first} ")
    assert "with probability at least 0%; the line of sight of a sensor is unknown over" in weakest
    assert none == "There is no coverage gap: crossing Pd is at least 0.9 on every known segment."
    assert unknown.startswith(f"Crossing Pd is unknown on {last - first + 1} segments; ")


def test_the_interruption_of_an_undecided_detection_is_a_lower_bound(
    beside_a_strip: tuple[Path, str, dict[str, Any]],
) -> None:
    """Beside the void the path of least detection leads over ground of unknown sight: of its interruption only the
    lower bound 0 is known. The segments behind the void are left out, and counted."""
    out, _, answer = beside_a_strip
    segments = pd.read_csv(out / "segments.csv")
    unknown = segments["least_interruption_slower_1"].isna()
    assert (segments["state"][unknown] == "unknown").all()
    by_id = {record["id"]: record for record in answer["records"]}
    bound = "Lower bound: the line of sight of a sensor is unknown over "
    lowest, path = by_id["least-interruption"], by_id["path-interruption-minimum_detection"]
    assert lowest["value"] == path["value"] == 0.0
    assert lowest["of"] == path["of"] == f"segment {int(segments['least_interruption_slower_1'].idxmin())}"
    assert lowest["limits"].startswith(bound)
    assert path["limits"].startswith(bound)
    assert lowest["n"] == (~unknown).sum()
    assert f"{unknown.sum()} unknown segment{'s are' if unknown.sum() > 1 else ' is'} excluded." in lowest["limits"]
    assert not by_id["path-interruption-minimum_time"]["limits"].startswith(bound)
    each = pd.read_parquet(out / "records_by_segment.parquet")
    each = each[each["id"] == "least_interruption"].set_index("of")["limits"]
    bounded = each.index[each.str.startswith("Lower bound: ")].tolist()
    assert path["of"] in bounded
    assert len(bounded) < (~unknown).sum()
    interrupted = answer_on(out / "report.html")[1]
    start = (
        f"Of the segments where it is known, the response may be least likely to interrupt a crossing at {path['of']} "
    )
    assert interrupted.startswith(start)
    assert "probability at least 0%; the line of sight of a sensor is unknown over" in interrupted


def test_with_no_known_segment_gaps_are_unknown(own_sector: Any, tmp_path: Path) -> None:
    """Voids all around the radar, so that its line of sight is unknown everywhere on the border."""
    row, column = np.mgrid[0:150, 0:200]
    ring = np.maximum(np.abs(row - 77), np.abs(column - 100))
    lines, answer = beside_voids(own_sector, (ring >= 2) & (ring <= 4), tmp_path / "out")
    assert not any(gap["known"] for gap in answer["this_layout"]["gaps"])
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert lines.strip().startswith(
        "Coverage gaps are unknown: crossing Pd is unknown on every segment that can be crossed."
    )
    assert page.count("Coverage gaps are unknown: crossing Pd is unknown on every segment that can be crossed.") == 2
    for text in (lines, page):
        assert "No coverage gap" not in text
        assert "no coverage gap" not in text
    (least,) = (record for record in answer["records"] if record["id"] == "least-detection")
    assert least["value"] is None
    assert least["limits"] == "The terrain, or the sensors' line of sight, is unknown on every path.", (
        "it can be crossed"
    )


def test_an_island_that_nobody_reaches_is_unreachable_and_no_gap(narrow_sector: Any, tmp_path: Path) -> None:
    """A wall of 4 km beside the line that no vehicle climbs: driving, every segment is unreachable."""
    elevation = heights(narrow_sector)
    elevation[70, :] += 4_000.0
    narrow_sector.write_dem(elevation)
    answer = assess(
        ChallengeOptions(str(narrow_sector.sector), tmp_path / "o", target="vehicle", samples=0, runs=0), QUIET
    )
    segments = gpd.read_parquet(tmp_path / "o" / "segments.parquet")
    assert (segments["state"] == "unreachable").sum() > 10
    inner = segments[segments["state"] == "unreachable"]
    assert np.isinf(inner["crossing_time"]).all()
    assert inner["detection_probability"].isna().all()
    assert answer["this_layout"]["crossings"] == {}
    assert not any(gap["known"] for gap in answer["this_layout"]["gaps"])
    by_name = {record["id"]: record for record in answer["records"]}
    assert by_name["least-detection"]["value"] is None
    assert by_name["uncrossable"]["numerator"] == len(inner)


def line_of(*places: tuple[float, float]) -> Callable[[Any], None]:
    def spoil(files: Any) -> None:
        east, north = np.array(places).T
        with rasterio.open(files.dem) as raster:
            lon, lat = transform(raster.crs, "EPSG:4326", raster.bounds.left + east, raster.bounds.top - north)
        shape = {"type": "LineString", "coordinates": [list(place) for place in zip(lon, lat, strict=True)]}
        one = {"type": "Feature", "geometry": shape, "properties": {}}
        files.border.write_text(json.dumps({"type": "FeatureCollection", "features": [one]}))

    return spoil


def base_on_a_void(files: Any) -> None:
    elevation = heights(files)
    elevation[130:145, 90:110] = -9999.0
    files.write_dem(elevation)
    (files.folder / "bases.geojson").write_text(base(lonlat(4000, 5500)))
    files.edit(files.sector, "[layouts]", 'bases = "bases.geojson"\n[layouts]')


def sensor_off_the_map(files: Any) -> None:
    layout = json.loads(files.layout.read_text())
    layout["features"][0]["geometry"]["coordinates"] = [-80.0, 36.0]
    files.layout.write_text(json.dumps(layout))


@pytest.mark.parametrize(
    ("spoil", "options", "words"),
    [
        (line_of((1000, 2000), (5000, 4000), (5000, 2000), (1000, 4000)), (), "crosses itself"),
        (line_of((1000, 2000), (1000, 2000)), (), "length"),
        (line_of((90_000, 2000), (95_000, 2000)), (), "border"),
        (base_on_a_void, (), "expected a position on the terrain"),
        (lambda files: files.layout.unlink(), (), "no file 'layout.geojson'"),
        (None, ("--layout", "gold"), "no layout 'gold'"),
        (None, ("--target", "ghost"), "ghost"),
        (None, ("--conditions", "sunny"), "sunny"),
        (None, ("--direction", "up"), "inward or outward"),
        (None, ("--required", "0"), "--required"),
        (None, ("--exposure", "nan"), "--exposure"),
        (None, ("--samples", "1"), "--samples"),
        (None, ("--sub-section", "0"), "--sub-section"),
        (None, ("--runs", "-1"), "--runs"),
        (None, ("--seen-speed", "0"), "--seen-speed"),
        (None, ("--seen-speed", "inf"), "--seen-speed"),
        (sensor_off_the_map, (), "radar-mid"),
        (None, ("--weights", "beauty=1"), "--weights"),
        (None, ("--weights", "crossing_ease=0"), "a weight above 0"),
        (lambda files: files.edit(files.sector, "belt_m = 1500", "belt_m = 9000"), (), "belt"),
        (lambda files: files.write_dem(np.full((150, 200), -9999.0)), (), "void"),
    ],
)
def test_bad_input_is_one_sentence(
    watchline: Callable[..., tuple[int, str, str]],
    own_sector: Any,
    tmp_path: Path,
    spoil: Callable[[Any], None] | None,
    options: tuple[str, ...],
    words: str,
) -> None:
    if spoil is not None:
        spoil(own_sector)
    code, stdout, stderr = watchline(own_sector.sector, "--out", tmp_path / "out", "--json", *options)
    assert (code, stdout) == (2 if options else 1, ""), "a wrong option, or a file of wrong content"
    assert words in stderr.replace("\n", " ")
    assert "Traceback" not in stderr


def test_response_over_too_many_cells_is_refused_and_over_a_large_terrain_sought_around_the_border(
    based: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ops.analysis.challenge.command as command

    ground = command.open_sector(command.load_sector(based.sector))
    whole = command._response(ground, Ways())
    monkeypatch.setattr(command, "MOST_RESPONSE_CELLS", 25_000)
    monkeypatch.setattr(command, "RESPONSE_MARGIN_M", -2_000.0)  # 1 km beyond the line on either side
    near = command._response(ground, Ways())
    assert whole is not None
    assert near is not None
    assert near.sizes["northing"] < whole.sizes["northing"]
    assert float(abs(near.reindex_like(whole) - whole).median()) < 5.0, "who is near comes as soon"
    monkeypatch.setattr(command, "MOST_RESPONSE_CELLS", 10)
    with pytest.raises(BadInput, match="around border and bases"):
        command._response(ground, Ways())


def test_a_folder_of_somebody_else_is_left_alone(
    watchline: Callable[..., tuple[int, str, str]], own_sector: Any, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("mine")
    code, _, stderr = watchline(own_sector.sector, "--out", tmp_path / "out")
    assert code == 1
    assert "did not write" in stderr
    assert (tmp_path / "out" / "report.html").read_text() == "mine"


def test_a_layout_without_sensors_sees_nothing_and_breaks_nothing(narrow_sector: Any, tmp_path: Path) -> None:
    narrow_sector.layout.write_text('{"type": "FeatureCollection", "name": "none", "features": []}')
    answer = assess(ChallengeOptions(str(narrow_sector.sector), tmp_path / "out", samples=0, runs=2), QUIET)
    by_name = {record["id"]: record for record in answer["records"]}
    assert by_name["dead-ground-layout"]["value"] == 1.0
    assert by_name["resilience"]["value"] == 0
    assert answer["this_layout"]["crossings"]["minimum_detection"]["p_detect"] == 0.0
    (gap,) = answer["this_layout"]["gaps"]
    assert gap["last"] == answer["segments"] - 1
    start, end = gap["start_m"] / 1000.0, gap["end_m"] / 1000.0
    length = f"The one coverage gap is {end - start:.1f} km long (km {start:.1f} to {end:.1f})"
    assert answer_on(tmp_path / "out" / "report.html")[2] == f"{length}: crossing Pd is below 0.9 there."


@pytest.mark.parametrize(
    ("minutes", "median"),
    [
        ([10.0, 30.0], 20.0), ([30.0, math.nan, 10.0], 20.0), ([10.0, 12.0, 30.0], 12.0), ([10.0, math.inf], math.inf),
        ([10.0, 12.0, math.inf, math.inf], math.inf), ([math.inf, math.inf], math.inf), ([math.nan], math.nan),
    ],
)  # fmt: skip
def test_of_an_even_number_of_segments_the_median_is_between_the_middle_two(
    minutes: list[float], median: float
) -> None:
    """Unknown segments are not counted; those that no one reaches are."""
    seconds = np.column_stack([[60.0 * one for one in minutes], np.zeros(len(minutes))])
    segments = xr.Dataset({"response_time": (("segment", "belt"), seconds)}, {"belt": ["both", "home"]})
    origin = Origin(Message("x"), Message("x"), "data", "code", (), (), (Message("x"),))
    record = _median(cast(Findings, SimpleNamespace(segments=segments)), origin)
    assert record.value == pytest.approx(60.0 * median, nan_ok=True)
    assert record.n == sum(not math.isnan(one) for one in minutes)


def test_every_interruption_names_who_responds_and_how_the_strips_move_it(
    written: tuple[Path, dict[str, Any]],
) -> None:
    out, answer = written
    who = ("by vehicle as far as that saves time", "9.0 m/s on level open ground", "turnout 0 s")
    meeting = ("4 strips of", "a fraction 0.5 of the strip's time", "times: 30% of the mean", "passed on: 95%")
    named = [record for record in answer["records"] if "interruption" in record["id"]]
    assert len(named) == 4
    for record in named:
        said = "; ".join(record["assumptions"])
        assert all(part in said for part in (*who, *meeting)), record["id"]
        assert record["low"] <= record["value"] <= record["high"]
        assert "half and twice as many" in record["interval"]
    (median,) = (one for one in answer["records"] if one["id"] == "median-response")
    assert all(part in "; ".join(median["assumptions"]) for part in who)
    assert "walker" not in "; ".join(median["assumptions"])
    for kind, way in answer["this_layout"]["crossings"].items():
        assert list(way["p_interruption_by_strips"]) == ["2", "4", "8"], kind
        assert way["p_interruption_by_strips"]["4"] == way["p_interruption"]
    with rasterio.open(out / "ground_response_time.tif") as raster:
        assert raster.tags()["mover"] == "vehicle, then walker"
        assert who[0] in raster.tags()["assumptions"]
    with rasterio.open(out / "ground_crossing_time.tif") as raster:
        assert raster.tags()["mover"] == "walker"
    with rasterio.open(out / "layout_time_margin.tif") as raster:
        assert raster.tags()["mover"] == "vehicle, then walker (response), walker (crosser)"
    areas = json.loads((out / "response_isochrones.geojson").read_text(encoding="utf-8"))
    assert who[0] in areas["assumptions"][0]


def test_interruption_takes_the_speed_at_which_crossers_were_seen(
    based: Any, written: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """Of 30 m/s, on foot, no response is in time, and each interruption names that speed. What any layout meets on this
    ground, and where crossers are detected least, is not changed by it."""
    _, on_the_ground = written
    with blank_pictures():
        seen = assess(ChallengeOptions(str(based.sector), tmp_path / "out", samples=0, runs=0, seen_mps=30.0), QUIET)
    (way, before) = (one["this_layout"]["crossings"]["minimum_time"] for one in (seen, on_the_ground))
    assert way["seconds"] == before["seconds"], "the fastest crossing over this ground"
    assert way["p_interruption"] < 0.05 < before["p_interruption"]
    for record in (one for one in seen["records"] if "interruption" in one["id"]):
        assert any("seen at 30" in text or "seen at 108" in text for text in record["assumptions"]), record["id"]
    assert not any("were seen at" in text for one in on_the_ground["records"] for text in one["assumptions"])


def test_depth_beside_a_low_detection_says_that_it_counts_footprints(narrow_sector: Any, tmp_path: Path) -> None:
    """One radar sees all of the belt and detects next to nothing there: one sensor deep, and yet no obstacle."""
    document = json.loads(narrow_sector.layout.read_text(encoding="utf-8"))
    (radar,) = (one for one in document["features"] if one["properties"]["kind"] == "radar")
    radar["properties"] |= {"mast_height_m": 600.0, "max_range_m": 20_000.0, "detection_probability": 1e-6}
    document["features"] = [radar]
    narrow_sector.layout.write_text(json.dumps(document), encoding="utf-8")
    out = tmp_path / "out"
    screen = Console(record=True, width=10_000, file=io.StringIO())
    with blank_pictures():
        answer = assess(ChallengeOptions(str(narrow_sector.sector), out, samples=0, runs=0), screen)
    barrier, words = answer["this_layout"]["barrier"], "k counts sensor footprints, not detections"
    assert barrier["k"] == 1
    assert answer["this_layout"]["crossings"]["minimum_detection"]["p_detect"] < 0.01
    assert words in barrier["caution"]
    by_name = {record["id"]: record for record in answer["records"]}
    assert words in by_name["resilience"]["limits"]
    assert words in screen.export_text()
    assert words in (out / "report.html").read_text(encoding="utf-8")


def test_the_report_in_french_has_the_same_figures_and_no_english(
    written: tuple[Path, dict[str, Any]], based: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, answer = written
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    weights = "crossing_ease=1,surveillance_difficulty=1,response_difficulty=2"
    screen = Console(record=True, width=10_000, file=io.StringIO())
    french = assess(ChallengeOptions(str(based.sector), tmp_path / "fr", samples=2, runs=3, weights=weights), screen)
    assert french["records"] == answer["records"], "JSON does not depend on the language"
    differing = {name for name, digest in hashes(out).items() if digest != hashes(tmp_path / "fr")[name]}
    assert differing == {"report.html", *PICTURES}
    page = (tmp_path / "fr" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="fr" dir="ltr">' in page
    english = english_in((out / "report.html").read_text(encoding="utf-8"), ["challenge", "coverage", "map"])
    assert len(english) > 50
    assert english_in(page, ["challenge", "coverage", "map"]) == []
    assert "lacune de couverture" in screen.export_text().lower()


def test_every_record_says_what_its_messages_say(written: tuple[Path, dict[str, Any]]) -> None:
    """Each English text is the sentence of the message beside it, so that a reader may form it in another language."""
    out, answer = written
    records = json.loads((out / "records.json").read_text(encoding="utf-8"))
    assert records == answer["records"]
    table = pd.read_parquet(out / "records_by_segment.parquet").to_dict("records")
    by_segment = [row | {"messages": json.loads(row["messages"])} for row in table]
    for record in [*records, *by_segment]:
        texts = record["messages"]
        for name in {"name", "interval", "source", "of"} & texts.keys():  # names of segments' figures are identifiers
            assert say_in_english(Message.from_dict(texts[name])) == record[name]
        for name, between in (("limits", " "), ("assumptions", "; ")):
            given = record[name] if isinstance(record[name], str) else between.join(record[name])
            assert between.join(say_in_english(Message.from_dict(text)) for text in texts[name]) == given
        assert {"interval", "source"} <= texts.keys()
    assert sum("name" in record["messages"] for record in records) == len(records)
    assert sum("of" in record["messages"] for record in records) > 5
    links = answer["links"]["messages"]
    assert " ".join(say_in_english(Message.from_dict(text)) for text in links) == f"{answer['links']['description']}."


def test_the_scorecard_of_a_challenge_is_french_down_to_intervals_and_limits(
    written: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, answer = tmp_path / "challenge", written[1]
    out.mkdir()
    (out / "summary.json").write_text(json.dumps(answer | {"sector": "cumberland"}))
    pages = {}
    for language in ("en", "fr"):
        monkeypatch.setenv("WATCHLINE_LANGUAGE", language)
        folder = tmp_path / language
        card = score(ScoreOptions("cumberland", None, None, out, None, "2026-01-15", folder), QUIET)
        pages[language] = html.unescape((folder / "scorecard.html").read_text(encoding="utf-8"))
    told = [
        Message.from_dict(text)
        for texts in (record["messages"] for record in answer["records"] if record["id"] in OF_CHALLENGE)
        for text in (texts["interval"], *texts["limits"], *([texts["of"]] if "of" in texts else []))
    ]
    english, french = ({MessageCatalogue.of(language).say(one) for one in told} for language in ("en", "fr"))
    assert len(english) >= 6
    assert {text for text in english if text in pages["en"]} == english
    assert {text for text in french if text in pages["fr"]} == french
    assert [text for text in english - french if text in pages["fr"]] == []
    every = [line for family in card["families"].values() for line in family["lines"]]
    lines = [line for line in every if line["id"] in OF_CHALLENGE]  # the others are of the sample's own files
    assert {line["id"] for line in lines} == set(OF_CHALLENGE) & {record["id"] for record in answer["records"]}
    for line in lines:
        assert [say_in_english(Message.from_dict(note)) for note in line["messages"]["notes"]] == line["notes"]
    assert "person on foot" not in pages["fr"], "words of a closed list are translated too"


def test_a_challenge_of_an_earlier_version_is_refused_with_the_remedy(
    written: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    summary = json.loads((written[0] / "summary.json").read_text(encoding="utf-8"))
    for record in summary["records"]:
        del record["messages"]
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(IndicatorError, match="earlier version; expected one of this version: run it again"):
        score(ScoreOptions("cumberland", None, None, tmp_path, None, "2026-01-15", None), QUIET)


@pytest.mark.parametrize(
    ("k", "least", "cautioned"),
    [(0, 0.0, False), (None, 0.0, False), (2, 0.0, True), (2, 0.9, False), (2, math.nan, False)],
)
def test_depth_is_cautioned_only_where_it_contradicts_the_detection(k: int, least: float, cautioned: bool) -> None:
    assert needs_caution(k, least, 0.9) is cautioned


def test_a_value_outside_its_interval_says_why() -> None:
    """Errors of the elevation only add to ruggedness: the heights as given are below all that are drawn."""
    segments = xr.Dataset(
        {name: ("segment", [value]) for name, value in (("slope", 1.0), ("slope_low", 1.2), ("slope_high", 1.4))}
    )
    told = _drawn(segments, "slope", 0)
    assert (told["low"], told["high"]) == (1.2, 1.4)
    assert told["interval"] == OFF_ERROR
    assert _drawn(segments.assign(slope=("segment", [1.3])), "slope", 0)["interval"] == BY_ERROR


def test_weights_are_read() -> None:
    assert weights_of("crossing_ease=1, surveillance_difficulty=0.5") == {
        "crossing_ease": 1.0,
        "surveillance_difficulty": 0.5,
    }
    assert weights_of("") == {}


def test_every_text_of_the_report_is_in_the_catalogue(
    based: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "en-XA")
    screen = Console(record=True, width=10_000, file=io.StringIO())
    with blank_pictures():
        assess(ChallengeOptions(str(based.sector), tmp_path / "out", samples=0, runs=0), screen)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en-XA" dir="ltr">' in page
    sensors = [sensor["properties"]["id"] for sensor in json.loads(based.layout.read_text())["features"]]
    assert plain_texts(page, [*sensors, "post"]) == []
    assert [line for line in screen.export_text().splitlines() if is_plain(line, [str(tmp_path)])] == []
