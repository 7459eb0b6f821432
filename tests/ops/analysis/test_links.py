"""Links: every command counts the same sensors, says which it does not count, and points to what helps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from rich.console import Console

from geo.errors import BadInput
from geo.message import Message
from ops.analysis.challenge.command import assess
from ops.analysis.challenge.options import ChallengeOptions
from ops.analysis.compare.command import compare_layouts
from ops.analysis.compare.options import CompareOptions
from ops.analysis.coverage.command import cover
from ops.analysis.coverage.options import CoverageOptions
from ops.analysis.plan.command import plan_sector
from ops.analysis.plan.options import PlanOptions
from ops.analysis.plan.patrols import game_of
from ops.analysis.sector.preview import _handles, _page, _window, preview_of
from ops.exchange.joint_coverage import coverage_of
from ops.runtime.output import say_in_english
from ops.sector.geojson import layout_view
from ops.sector.layouts.links import NO_BASES, OFF_TERRAIN, links_of
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.services.map.layers.response_times import response_layer
from ops.services.planner.worker import Planner
from ops.words import MessageCatalogue
from tests.ops.conftest import blank_pictures, collection, feature, hills, lonlat
from tests.ops.exchange.partners import PLACE, agreement
from tests.patience import PATIENT_S

COUNTED = ("camera-west", "post")
UNLINKED = ["ground-1", "radar-mid"]
HINT = "`watchline plan SECTOR --start LAYOUT --item radio_relay`"


@pytest.fixture(scope="module")
def walled(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The hills with a base behind a wall of 300 m. No radio gets over it: the camera reports by satellite, people on a
    post report by hand, radar and ground sensor reach nobody."""
    files = make_sector(tmp_path_factory.mktemp("walled") / "sector")
    elevation = hills()
    elevation[120:123] += 300.0
    files.write_dem(elevation)
    parts = json.loads(files.layout.read_text())["features"]
    parts.append(feature("Point", lonlat(5500, 3200), id="post", kind="human", max_range_m=1500))
    for part in parts:
        part["properties"] |= {"cost": 1e5, "false_alarms_per_scan": 1e-6}
    parts[1]["properties"]["reports_by"] = "satellite"
    files.layout.write_text(collection(*parts))
    (files.folder / "counted.geojson").write_text(
        collection(*(part for part in parts if part["properties"]["id"] in COUNTED))
    )
    gateway = feature(
        "Point", lonlat(4200, 3300), id="dish", kind="relay", max_range_m=15000, mast_height_m=40, gateway=True
    )
    gateway["properties"]["cost"] = 1.0
    (files.folder / "relayed.geojson").write_text(collection(*parts, gateway))
    base = feature("Point", lonlat(4000, 5500), name="post")
    (files.folder / "bases.geojson").write_text(collection(base))
    files.edit(files.sector, "belt_m = 1500", 'belt_m = 500\nbases = "bases.geojson"')
    files.edit(files.sector, "[layouts]", '[layouts]\ncounted = "counted.geojson"\nrelayed = "relayed.geojson"')
    return files


@pytest.fixture
def screen() -> Console:
    return Console(record=True, width=10_000, file=open("/dev/null", "w"))


def test_a_preview_shows_and_explains_relays(walled: Any) -> None:
    ground = open_sector(load_sector(str(walled.sector)), "relayed")
    seen, words = preview_of(ground), MessageCatalogue.of("en")
    assert "relay" in [handle.get_label() for handle in _handles(seen, words, 1)]
    (relay,) = ground.layout.relays
    west, east, south, north = _window(seen, np.empty((0, 2)), (-np.inf, np.inf, -np.inf, np.inf))
    assert west < relay.easting < east
    assert south < relay.northing < north
    legend = _page(seen, str(walled.sector), words).partition('<div class="map-key">')[2].partition("</section>")[0]
    assert "radio relay" in legend


def test_a_preview_counts_only_what_is_heard_and_draws_the_others(walled: Any) -> None:
    seen = {name: preview_of(open_sector(load_sector(walled.sector), name)) for name in ("three", "counted", "relayed")}
    assert seen["three"].dead_fraction == seen["counted"].dead_fraction > seen["relayed"].dead_fraction
    assert (seen["three"].dead == seen["counted"].dead).all()
    assert seen["three"].unlinked == tuple(UNLINKED)
    assert set(UNLINKED) < set(seen["three"].ground.layout.ids)


def test_a_preview_of_a_part_of_the_terrain_knows_the_bases_of_the_whole(walled: Any) -> None:
    whole = open_sector(load_sector(walled.sector), "three")
    ((_, north),) = whole.bases_on_terrain().values()
    part = replace(whole, terrain=whole.terrain.sel(northing=slice(None, north + 300.0)))
    assert not part.bases_on_terrain()
    assert preview_of(part, whole).unlinked == tuple(UNLINKED)


def test_coverage_for_a_partner_counts_only_what_is_heard(walled: Any) -> None:
    agreed = agreement(layers={"coverage": ("probability",)}, area=PLACE)
    shared = {
        name: coverage_of(open_sector(load_sector(walled.sector), name), agreed)["probability"].to_numpy()
        for name in ("three", "counted", "relayed")
    }
    assert np.array_equal(shared["three"], shared["counted"])
    assert shared["relayed"].sum() > shared["three"].sum()


def test_coverage_counts_only_what_is_heard(walled: Any, tmp_path: Path, screen: Console) -> None:
    told = {}
    for layout in ("three", "counted", "relayed"):
        told[layout] = cover(CoverageOptions(str(walled.sector), tmp_path / layout, layout=layout), screen)
    assert told["three"]["unlinked"] == UNLINKED
    assert told["three"]["links"]["by_hand"] == ["post"]
    assert told["three"]["sensors"] == 4
    assert told["three"]["belt"] == told["counted"]["belt"]
    assert told["relayed"]["unlinked"] == told["counted"]["unlinked"] == []
    assert told["relayed"]["links"]["by_hand"] == []
    assert told["relayed"]["belt"]["both"]["covered_fraction"] > told["three"]["belt"]["both"]["covered_fraction"]
    lines = screen.export_text().splitlines()
    assert sum(line == say_in_english("coverage-links-remedy") for line in lines) == 1
    assert sum("no link to a base" in line and "radar-mid" in line for line in lines) == 1


def test_challenge_counts_the_same(walled: Any, tmp_path: Path, screen: Console) -> None:
    told = {}
    with blank_pictures():
        for layout in ("three", "counted"):
            options = ChallengeOptions(str(walled.sector), tmp_path / layout, layout=layout, samples=0, runs=0)
            told[layout] = assess(options, screen)
    assert (told["three"]["unlinked"], told["counted"]["unlinked"]) == (UNLINKED, [])
    assert told["three"]["links"]["by_hand"] == ["post"]
    for name in (
        "detection_probability",
        "least_interruption_slower_1",
        "interruption_probability_minimum_detection_slower_1",
    ):
        both = [geopandas.read_parquet(tmp_path / layout / "segments.parquet")[name] for layout in told]
        assert np.array_equal(*both, equal_nan=True), name
    assert screen.export_text().count(say_in_english("coverage-links-remedy")) == 1
    page = (tmp_path / "three" / "report.html").read_text().replace("&#39;", "'")
    assert all(sentence in page for sentence in told["three"]["links"]["description"].split(". "))


def test_compare_and_the_planners_page_count_the_same(walled: Any, screen: Console) -> None:
    options = CompareOptions(layouts=("three", "counted"), sector=str(walled.sector), samples=5, residual_item="none")
    compared = compare_layouts(options, screen)
    layouts = compared["layouts"]
    assert layouts["layout"]["unlinked"] == UNLINKED
    assert layouts["counted"]["unlinked"] == []
    assert layouts["layout"]["least_detection"]["central"] == layouts["counted"]["least_detection"]["central"]
    assert any(one["id"] == "compare-detail-unlinked" for one in compared["messages"])
    assert "watchline plan SECTOR --start LAYOUT --item radio_relay" in " ".join(compared["details"])
    page = Planner(load_sector(walled.sector)).coverage({"layout": "three"}, lambda *_: None)
    assert page["unlinked"] == UNLINKED


def test_a_plan_that_buys_no_relay_says_what_is_not_heard(walled: Any, screen: Console) -> None:
    document = json.loads((walled.folder / "counted.geojson").read_text())
    for part in document["features"]:
        part["properties"]["id"] += "-new"
        part["geometry"]["coordinates"][0] += 0.001
    (walled.folder / "more.geojson").write_text(json.dumps(document))
    more = walled.folder / "more.geojson"
    told = plan_sector(
        PlanOptions(budget=1e5, sector=str(walled.sector), start="three", candidates=more, seconds=PATIENT_S), screen
    )
    assert told["unlinked"] == UNLINKED
    assert HINT in screen.export_text()


def test_patrols_guard_the_gaps_of_the_sensors_that_are_heard(
    walled: Any, screen: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rosters among the options fill the gaps of what is heard today, the roster of the plan those that are left with
    the relay that it buys on the wall. Patrols start on this side of the wall, reports are heard on the other."""
    relay = feature(
        "Point", lonlat(4000, 4860), id="relay", kind="relay", max_range_m=15000, mast_height_m=60, cost=1.0
    )
    dear = feature("Point", lonlat(700, 3200), id="dear", kind="camera", max_range_m=900, cost=9e6)
    (walled.folder / "relay.geojson").write_text(collection(relay, dear))
    (walled.folder / "front.geojson").write_text(collection(feature("Point", lonlat(4000, 3800), name="front")))
    sector = walled.folder / "front.toml"
    sector.write_text(walled.sector.read_text().replace("bases.geojson", "front.geojson"))
    played: list[set[str]] = []

    def noted(watched: Any, *arguments: Any, **options: Any) -> Any:
        played.append({sensor.name for sensor in watched.sensors})
        return game_of(watched, *arguments, **options)

    monkeypatch.setattr("ops.analysis.plan.patrols.game_of", noted)
    told = plan_sector(
        PlanOptions(
            budget=10.0,
            sector=str(sector),
            start="three",
            links=str(walled.folder / "bases.geojson"),
            candidates=walled.folder / "relay.geojson",
            items=("vehicle_patrol",),
            patrols=1,
            seconds=PATIENT_S,
        ),
        screen,
    )
    assert [one["id"] for one in told["bought"]] == ["relay"]
    assert told["unlinked"] == []
    assert played == [set(COUNTED), {*COUNTED, *UNLINKED, "relay"}]


def test_the_map_says_how_each_sensor_reports_and_whether_a_link_is_known(walled: Any) -> None:
    """On the live map a sensor counts while its reports arrive, which shows that there is a link."""
    ground = open_sector(load_sector(walled.sector), "three")
    points = [
        f["properties"]
        for f in layout_view(ground, {}, links_of(ground))["features"]
        if f["properties"]["part"] == "place"
    ]
    assert {one["id"]: (one["reports_by"], one["linked"]) for one in points} == {
        "radar-mid": ("radio", False),
        "camera-west": ("satellite", True),
        "ground-1": ("radio", False),
        "post": ("hand", True),
    }


def test_without_bases_links_are_not_checked_and_that_is_said(walled: Any, hill_ground: Any) -> None:
    links = links_of(hill_ground)
    assert not links.record["checked"]
    assert links.layout is hill_ground.layout
    assert links.messages == [Message("coverage-links-unchecked", {"reason": NO_BASES})]
    (walled.folder / "far.geojson").write_text(collection(feature("Point", [10.0, 10.0], name="far")))
    moved = walled.folder / "moved.toml"
    moved.write_text(walled.sector.read_text().replace("bases.geojson", "far.geojson"))
    far = links_of(open_sector(load_sector(moved), "three"))
    assert not far.record["checked"]
    assert far.messages == [Message("coverage-links-unchecked", {"reason": OFF_TERRAIN})]


@pytest.fixture(scope="module")
def beyond(walled: Any) -> dict[str, Path]:
    """The same sector with its only base 3.5 km beyond the terrain, and with both bases."""
    town, post = (feature("Point", lonlat(4000, north), name=name) for name, north in (("town", 9500), ("post", 5500)))
    found = {}
    for name, bases in (("beyond", [town]), ("both", [post, town])):
        (walled.folder / f"{name}.geojson").write_text(collection(*bases))
        found[name] = walled.folder / f"{name}.toml"
        found[name].write_text(walled.sector.read_text().replace("bases.geojson", f"{name}.geojson"))
    return found


def test_a_base_beyond_the_terrain_is_no_base_in_any_command(
    beyond: dict[str, Path], tmp_path: Path, screen: Console
) -> None:
    sector = beyond["beyond"]
    unchecked = Message("coverage-links-unchecked", {"reason": OFF_TERRAIN})
    assert links_of(open_sector(load_sector(sector), "three")).messages == [unchecked]
    told = planned(sector, "three", screen)
    assert told["unlinked"] is None
    assert unchecked.as_dict() in told["messages"]
    options = CompareOptions(layouts=("three", "counted"), sector=str(sector), samples=5, residual_item="none")
    assert compare_layouts(options, screen)["layouts"]["layout"]["unlinked"] == []
    with blank_pictures():
        told = assess(ChallengeOptions(str(sector), tmp_path / "out", layout="three", samples=0, runs=0), screen)
    assert (told["unlinked"], told["links"]["messages"]) == ([], [unchecked.as_dict()])
    assert not any("response" in Path(file).name for file in told["files"])
    assert Planner(load_sector(sector)).coverage({"layout": "three"}, lambda *_: None)["unlinked"] == []
    with pytest.raises(BadInput, match="the sector has no bases on the terrain"):
        planned(sector, "three", screen, objective="timely_detection")


def test_beside_a_base_on_the_terrain_one_beyond_it_changes_nothing_and_is_named(
    beyond: dict[str, Path], walled: Any, screen: Console, caplog: pytest.LogCaptureFixture
) -> None:
    both, one = (open_sector(load_sector(sector), "three") for sector in (beyond["both"], walled.sector))
    assert [record.getMessage() for record in caplog.records if "terrain" in record.getMessage()] == [
        "both.toml: 1 base is outside the terrain and is excluded from every analysis: town."
    ]
    assert both.bases_on_terrain() == one.bases_on_terrain()
    assert links_of(both) == links_of(one)
    assert response_layer(both).revision == response_layer(one).revision
    options = CompareOptions(layouts=("three", "counted"), sector=str(beyond["both"]), samples=5, residual_item="none")
    assert compare_layouts(options, screen)["layouts"]["layout"]["unlinked"] == UNLINKED


@pytest.fixture(scope="module")
def gateway_only(walled: Any) -> Path:
    """The same sector without a base, and the layout with a gateway that only hears what is beside it."""
    parts = json.loads(walled.layout.read_text())["features"]
    gateway = feature("Point", lonlat(700, 5800), id="dish", kind="relay", max_range_m=50, gateway=True, cost=1.0)
    (walled.folder / "gateway.geojson").write_text(collection(*parts, gateway))
    sector: Path = walled.folder / "no-bases.toml"
    text = walled.sector.read_text().replace('\nbases = "bases.geojson"', "")
    sector.write_text(text.replace("[layouts]", '[layouts]\ngateway = "gateway.geojson"'))
    return sector


def test_without_bases_a_gateway_decides_in_every_command(gateway_only: Path, screen: Console) -> None:
    assert links_of(open_sector(load_sector(gateway_only), "gateway")).unlinked == tuple(UNLINKED)
    options = CompareOptions(layouts=("gateway", "counted"), sector=str(gateway_only), samples=5, residual_item="none")
    layouts = compare_layouts(options, screen)["layouts"]
    assert (layouts["gateway"]["unlinked"], layouts["counted"]["unlinked"]) == (UNLINKED, [])
    assert layouts["gateway"]["least_detection"]["central"] == layouts["counted"]["least_detection"]["central"]
    told = planned(gateway_only, "gateway", screen)
    assert told["unlinked"] == UNLINKED
    assert "coverage-links-unchecked" not in [message["id"] for message in told["messages"]]


def test_a_plan_says_that_links_were_not_required_and_why(gateway_only: Path, screen: Console, tmp_path: Path) -> None:
    told = planned(gateway_only, "counted", screen, out=tmp_path / "out")
    assert told["unlinked"] is None
    unchecked = Message("coverage-links-unchecked", {"reason": NO_BASES})
    assert unchecked.as_dict() in told["messages"]
    assert say_in_english(unchecked) in screen.export_text()
    assert (tmp_path / "out" / "report.html").read_text().count(say_in_english(unchecked)) >= 2, "answer and limits"
    chosen = planned(gateway_only, "counted", screen, links="none")
    assert Message("plan-limit-links").as_dict() in chosen["messages"]


def planned(sector: Path, start: str, screen: Console, **options: Any) -> dict[str, Any]:
    """What a plan says that may buy one camera, in addition to a layout of the sector."""
    (camera,) = (
        part
        for part in json.loads((sector.parent / "counted.geojson").read_text())["features"]
        if part["properties"]["id"] == "camera-west"
    )
    camera["properties"]["id"] = "camera-new"
    camera["geometry"]["coordinates"][0] += 0.001
    (sector.parent / "camera.geojson").write_text(collection(camera))
    asked = {"budget": 1e5, "candidates": sector.parent / "camera.geojson", "seconds": PATIENT_S, **options}
    with blank_pictures():
        return plan_sector(PlanOptions(sector=str(sector), start=start, **asked), screen)
