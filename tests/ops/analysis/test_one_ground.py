"""One ground for all commands: a sector's roads, rivers and fords count in challenge, compare, plan and live alerts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from fusion.situation.current_coverage import CurrentCoverage
from geo.errors import BadInput
from geo.mobility.settings import MobilitySettings
from ops.analysis.challenge.command import assess
from ops.analysis.challenge.options import ChallengeOptions
from ops.analysis.compare.command import compare_layouts
from ops.analysis.compare.options import CompareOptions
from ops.analysis.plan.command import plan_sector
from ops.analysis.plan.options import PlanOptions
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.sector.ways import ways_of
from ops.services.fusion.alert_context import alert_context_of
from ops.services.planner.worker import Planner
from tests.ops.conftest import blank_pictures, collection, feature, lonlat
from tests.patience import PATIENT_S

QUIET = Console(stderr=True, quiet=True)
WADE_S = MobilitySettings().river_wade_s


@pytest.fixture(scope="module")
def dry(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The made-up hills with a base, without ways."""
    return _sector(make_sector(tmp_path_factory.mktemp("dry") / "sector"), wet=False)


@pytest.fixture(scope="module")
def wet(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same with a river along the line on the far side, a road behind it, and no ford."""
    return _sector(make_sector(tmp_path_factory.mktemp("wet") / "sector"), wet=True)


def _sector(files: Any, *, wet: bool) -> Any:
    for sensor in (document := json.loads(files.layout.read_text()))["features"]:
        sensor["properties"] |= {"cost": 100_000.0, "mast_height_m": 60, "false_alarms_per_scan": 1e-6}
    files.layout.write_text(json.dumps(document))
    (files.folder / "fewer.geojson").write_text(collection(*document["features"][1:]))
    point = feature("Point", lonlat(7800, 5800), name="post")
    (files.folder / "bases.geojson").write_text(collection(point))
    files.edit(files.sector, "belt_m = 1500", 'belt_m = 300\nbases = "bases.geojson"')
    files.edit(files.sector, "[layouts]", '[layouts]\nfewer = "fewer.geojson"')
    river = feature("LineString", [lonlat(0, 2850), lonlat(8000, 2850)], waterway="river")
    road = feature("LineString", [lonlat(7800, 5800), lonlat(7800, 5000), lonlat(5000, 5000)], highway="tertiary")
    (files.folder / "rivers.geojson").write_text(collection(river))
    elsewhere = feature("LineString", [lonlat(0, 5900), lonlat(8000, 5900)])
    (files.folder / "elsewhere.geojson").write_text(collection(elsewhere))
    (files.folder / "roads.geojson").write_text(collection(road))
    if wet:
        files.edit(files.sector, "[layouts]", 'rivers = "rivers.geojson"\nroads = "roads.geojson"\n[layouts]')
    return files


def challenged(files: Any, out: Path, **more: Any) -> dict[str, Any]:
    with blank_pictures():
        return assess(ChallengeOptions(str(files.sector), out, layout="three", samples=0, runs=0, **more), QUIET)


@pytest.fixture(scope="module")
def answers(dry: Any, wet: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    room = tmp_path_factory.mktemp("answers")
    given = {"roads": wet.folder / "roads.geojson", "rivers": wet.folder / "rivers.geojson"}
    return {
        "dry": (room / "dry", challenged(dry, room / "dry")),
        "wet": (room / "wet", challenged(wet, room / "wet")),
        "options": (room / "options", challenged(dry, room / "options", **given)),
        "moved": (room / "moved", challenged(wet, room / "moved", rivers=wet.folder / "elsewhere.geojson")),
    }


def test_the_sectors_river_is_waded_by_who_crosses(answers: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    """A river costs ``river_wade_s`` a cell as on level ground, where Tobler's speed is exp(−3.5·0.05) of its peak."""
    fastest = {name: told["this_layout"]["crossings"]["minimum_time"]["seconds"] for name, (_, told) in answers.items()}
    assert math.exp(-3.5 * 0.05) * WADE_S <= fastest["wet"] - fastest["moved"] <= 1.2 * WADE_S
    assert fastest["moved"] == fastest["dry"]  # the road is beyond the belt


def test_the_responders_take_the_sectors_road(answers: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    reached = {
        name: json.loads((out / "response_isochrones.geojson").read_text()) for name, (out, _) in answers.items()
    }
    soonest = {name: found["features"][0]["properties"]["minutes"] for name, found in reached.items()}
    assert set(soonest.values()) == {5}
    area = {name: _area(found["features"][0]["geometry"]) for name, found in reached.items()}
    assert area["wet"] != area["dry"]
    assert reached["wet"]["ground"] != reached["dry"]["ground"]


def _area(geometry: dict[str, Any]) -> float:
    from shapely.geometry import shape

    return float(shape(geometry).area)


def test_keys_of_the_sector_and_options_say_the_same(answers: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    for name in ("segments.csv", "gaps.csv", "records.json", "response_isochrones.geojson"):
        assert (answers["wet"][0] / name).read_bytes() == (answers["options"][0] / name).read_bytes(), name
    assert answers["wet"][1]["ground"] == answers["options"][1]["ground"]


def test_an_option_goes_before_the_sector(answers: dict[str, Any]) -> None:
    """The river given as ``--rivers`` stands in place of the sector's; its roads stay."""
    assert answers["moved"][1]["ground"]["used"] == [
        "roads (roads.geojson, 1 feature)",
        "rivers (elsewhere.geojson, 1 feature)",
    ]


def test_what_was_used_and_what_not_is_said_alike_by_all(
    wet: Any, answers: dict[str, tuple[Path, dict[str, Any]]], tmp_path: Path
) -> None:
    compared = compare_layouts(
        CompareOptions(
            layouts=("three", "fewer"), sector=str(wet.sector), samples=5, residual_item="none", out=tmp_path / "c"
        ),
        QUIET,
    )
    planned = plan_sector(
        PlanOptions(
            budget=2e5, sector=str(wet.sector), candidates=wet.layout, objective="timely_detection", links="none",
            seconds=PATIENT_S, out=tmp_path / "p",
        ),
        QUIET,
    )  # fmt: skip
    ground = open_sector(load_sector(wet.sector))
    expected = {"used": ["roads (roads.geojson, 1 feature)", "rivers (rivers.geojson, 1 feature)"]}
    expected["missing"] = ["fords", "land_cover", "canopy_height"]
    for told in (answers["wet"][1], compared, planned, ways_of(ground).record):
        told = told.get("ground", told)
        assert {name: told[name] for name in expected} == expected
    movements = {
        text
        for record in json.loads((answers["wet"][0] / "records.json").read_text())
        for text in record["assumptions"]
        if text.startswith("movement")
    }
    assert movements == {
        "movement on foot over elevation, roads (roads.geojson, 1 feature) and rivers (rivers.geojson, 1 feature); "
        "not available: fords, land cover and canopy height"
    }
    assert "roads.geojson" in (tmp_path / "c" / "report.html").read_text()
    assert "Not in the terrain or the sector: roads" not in (tmp_path / "c" / "report.html").read_text()
    alerts = alert_context_of(ground, CurrentCoverage({}, {}))
    assert alerts.interception is not None
    assert set(alerts.interception.missing.split(", ")) == set(expected["missing"])


def test_comparisons_cross_the_sectors_river(dry: Any, wet: Any) -> None:
    """Who wades for 600 s after the first look leaves the responders more time than on dry ground."""
    found = {}
    for name, files in (("dry", dry), ("wet", wet)):
        options = CompareOptions(layouts=("three", "fewer"), sector=str(files.sector), samples=5, residual_item="none")
        found[name] = compare_layouts(options, QUIET)["layouts"]["layout"]["mean_interruption"]["central"]
    assert found["wet"] > found["dry"] + 0.01


def test_plans_know_the_sectors_ways(dry: Any, wet: Any) -> None:
    found = {}
    for name, files in (("dry", dry), ("wet", wet)):
        options = PlanOptions(
            budget=2e5, sector=str(files.sector), candidates=files.layout, objective="timely_detection", links="none",
            seconds=PATIENT_S,
        )  # fmt: skip
        found[name] = plan_sector(options, QUIET)["figures"]["least_interruption"]
    assert found["wet"] > found["dry"] + 0.01


def test_the_planners_page_uses_the_same_ground(wet: Any) -> None:
    planner = Planner(load_sector(wet.sector))
    order = {"layouts": [{"layout": "three"}, {"layout": "fewer"}], "draws": 5}
    told = planner.compare(order, lambda *_: None)
    assert told["ground"] == ways_of(planner.ground).record


def test_the_ground_that_candidate_sites_keep_to_is_the_sectors(wet: Any) -> None:
    """``--max-road`` needs no ``--roads`` where the sector has them."""
    near = feature("LineString", [lonlat(1000, 3200), lonlat(3000, 3200)], highway="track")
    (wet.folder / "near.geojson").write_text(collection(near))
    sector = wet.folder / "near.toml"
    sector.write_text(wet.sector.read_text().replace("roads.geojson", "near.geojson"))
    options = PlanOptions(
        budget=1e6,
        sector=str(sector),
        items=("trail_camera",),
        road_m=300.0,
        spacing_m=1000.0,
        links="none",
        seconds=PATIENT_S,
    )
    assert 0 < plan_sector(options, QUIET)["sites"]["count"] < 8  # of the 8 km of border, 2 have a road


def test_ways_that_cannot_be_read_are_refused_by_every_command(wet: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.geojson"
    bad.write_text("no map")
    sector = wet.sector.read_text().replace("roads.geojson", str(bad))
    broken = wet.folder / "broken.toml"
    broken.write_text(sector)
    for work in (
        lambda: challenged(_at(wet, broken), tmp_path / "a"),
        lambda: compare_layouts(CompareOptions(layouts=("three", "fewer"), sector=str(broken), samples=5), QUIET),
        lambda: plan_sector(PlanOptions(budget=1e6, sector=str(broken)), QUIET),
    ):
        with pytest.raises(BadInput, match=r"bad\.geojson"):
            work()


def _at(files: Any, sector: Path) -> Any:
    class At:
        pass

    at = At()
    at.sector = sector  # type: ignore[attr-defined]
    return at


def test_a_layer_of_a_map_file_is_named_as_in_qgis(wet: Any, tmp_path: Path) -> None:
    """One GeoPackage with two layers serves two keys; without a layer its layers are named in the refusal."""
    import geopandas

    file = wet.folder / "map.gpkg"
    for name in ("roads", "rivers"):
        geopandas.read_file(wet.folder / f"{name}.geojson").to_file(file, layer=f"my {name}", driver="GPKG")
    text = wet.sector.read_text()
    for name in ("roads", "rivers"):
        text = text.replace(f'"{name}.geojson"', f'"map.gpkg|layername=my {name}"')
    layered = wet.folder / "layered.toml"
    layered.write_text(text)
    ground = open_sector(load_sector(layered))
    ways = ways_of(ground)
    assert ways.record["used"] == ["roads (map.gpkg:my roads, 1 feature)", "rivers (map.gpkg:my rivers, 1 feature)"]
    assert np.array_equal(
        ways.ways.roads.geometry.to_wkb(), ways_of(open_sector(load_sector(wet.sector))).ways.roads.geometry.to_wkb()
    )  # type: ignore[union-attr]
    layered.write_text(text.replace("|layername=my roads", ""))
    with pytest.raises(BadInput, match=r"several layers: my roads, my rivers; expected \S*\|layername=") as caught:
        ways_of(open_sector(load_sector(layered)))
    assert "\n" not in str(caught.value)
    layered.write_text(text.replace("layername=my roads", "layername=nothing"))
    with pytest.raises(BadInput, match=r"no layer 'nothing'"):
        ways_of(open_sector(load_sector(layered)))
