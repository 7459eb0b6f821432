"""Patrols, drones and rosters in ``watchline plan``, and their schedules in ``watchline compare``."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from geo.errors import BadInput
from geo.frame import LocalFrame
from ops.analysis.mobile.schedule_file import read_schedules, write_schedules
from ops.cli.app import app
from ops.sector.open_sector import open_sector
from sensors.equipment.catalogue import shipped
from sensors.layout import Layout
from sensors.planning.choice.mobile_options import carried_sensor
from sensors.planning.mobile.schedule import Schedule
from sensors.search_theory.timetable import Timetable
from tests.ops.conftest import collection, feature, lonlat, write_sector

QUICK = ("--spacing", "2500", "--seconds", "2", "--links", "none")


def run(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def hills(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hills with a base behind the middle of their border."""
    files = write_sector(tmp_path_factory.mktemp("hills"))
    (files.folder / "bases.geojson").write_text(collection(feature("Point", lonlat(4000, 3600), name="post")))
    files.edit(files.sector, 'time_zone = "UTC"', 'time_zone = "UTC"\nbases = "bases.geojson"')
    return str(files.sector)


@pytest.fixture(scope="module")
def planned(hills: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Tours and rosters of vehicle patrols beside radars at a few sites, with money for some of them."""
    out = tmp_path_factory.mktemp("mobile") / "out"
    items = ("--item", "portable_radar", "--item", "vehicle_patrol", "--carries", "handheld_thermal")
    game = ("--patrols", "1", "--shifts", "2", "--stay", "30")
    return run("plan", hills, "--budget", "20000000", *items, *game, *QUICK, "--out", str(out)), out


@pytest.mark.parametrize("items", [(), ("--item", "vehicle_patrol")], ids=["alone", "beside a patrol"])
def test_costs_of_candidates_are_those_of_their_file(hills: str, tmp_path: Path, items: tuple[str, ...]) -> None:
    """No year counts in them; those of a patrol beside them are of the catalogue, over the years."""
    sensor = feature("Point", lonlat(4000, 3600), id="one", kind="radar", max_range_m=3000, period_s=3, cost=1000)
    file, out = tmp_path / "candidates.geojson", tmp_path / "out"
    file.write_text(collection(sensor))
    over = ("--budget", "20000000", "--years", "1", "--discount", "0.2")
    told = run("plan", hills, "--candidates", str(file), *items, *over, *QUICK, "--out", str(out))
    assert 1000.0 in [one["cost"] for one in told["bought"]]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Costs of candidates are as their file states them" in page
    assert "sum over the items of purchase" not in page
    for sentence in ("life-cycle costs over 1 year, discounted at 20.00% a year", "of items that move = sum of"):
        assert (sentence in page) == bool(items)
    assert ("over 1 year" in page) == bool(items)


def test_mobile_items_compete_and_are_told(hills: str, planned: tuple[dict[str, Any], Path]) -> None:
    told, out = planned
    moving = [one for one in told["bought"] if "units" in one]
    assert 0 < len(moving) < len(told["bought"])
    assert 0.0 < told["value"] <= told["bound"]
    assert told["cost"] <= 20_000_000
    for one in moving:
        assert one["item"] == "vehicle_patrol"
        assert one["carries"] == "handheld_thermal"
        assert 0.0 < one["watching_fraction"] < 1.0
    assert any(line.startswith(f"{len(moving)} purchase") for line in told["details"])
    layout = Layout.from_file(out / "layout.geojson", open_sector(hills).frame)
    assert not {one["id"] for one in moving} & set(layout.ids)
    assert told["crew"] == pytest.approx(sum(one.get("crew", 0.0) for one in moving), abs=1e-3)


def test_schedules_across_the_180th_meridian_are_read_back(tmp_path: Path) -> None:
    """Their longitudes run on in the file, 180.01° after 179.99°; twice round the world is no longitude."""
    frame = LocalFrame.around(180.0, 65.0)
    places = np.column_stack(frame.to_local(np.array([179.99, -179.99]), np.array([65.0, 65.0])))
    table = Timetable(np.array([0.0, 600.0]), places, 600.0, np.array([True]))
    item, carried = shipped()["vehicle_patrol"], shipped()["handheld_thermal"]
    camera = carried_sensor(item, carried, frame, item.name)
    schedule = Schedule(camera, ((table,),), np.array([1.0]))
    option = SimpleNamespace(id="p", sensor=SimpleNamespace(catalogue=item.name), schedule=schedule)
    path = tmp_path / "schedules.geojson"
    write_schedules(path, [option], frame)  # type: ignore[list-item]
    assert "180.01" in path.read_text()
    (part,) = read_schedules(path, frame, shipped())
    assert part.schedule.plans[0][0].places == pytest.approx(places, abs=0.01)
    path.write_text(path.read_text().replace("180.01", "540.01"))
    with pytest.raises(BadInput, match="has a value of another type"):
        read_schedules(path, frame, shipped())


def test_schedules_are_private_and_read_back(hills: str, planned: tuple[dict[str, Any], Path]) -> None:
    told, out = planned
    path = out / "schedules.geojson"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    parts = read_schedules(path, open_sector(hills).frame, shipped())
    moving = {one["id"]: one for one in told["bought"] if "units" in one}
    assert {part.sensor.id for part in parts} == set(moving)
    for part in parts:
        one = moving[part.sensor.id]
        assert (part.units, part.camera.name, len(part.schedule.plans)) == (
            one["units"],
            one["carries"],
            one["plans_drawn_by_lot"],
        )
        assert part.schedule.period_s == pytest.approx(one["period_s"], abs=0.1)
        assert 0.0 < part.schedule.probability.sum() <= 1.0 + 1e-6
    assert "coordinates" not in json.dumps(told)


def test_schedules_are_compared(hills: str, planned: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    """A layout with them beside itself without: more detection, cost and crew, and the parts are named."""
    fixed, mixed = tmp_path / "fixed.geojson", tmp_path / "mixed.geojson"
    for path in (fixed, mixed):
        radar = feature("Point", lonlat(3000, 3200), id="radar", kind="radar", catalogue="portable_radar")
        path.write_text(collection(radar))
    case = ("--weather", "day=1", "--samples", "20", "--residual-item", "none")
    schedules = ("--schedules", f"{mixed}={planned[1] / 'schedules.geojson'}")
    told = run("compare", hills, str(mixed), str(fixed), *schedules, *case)["layouts"]
    with_them, without = told.values()
    assert with_them["mobile"]
    assert {one["item"] for one in with_them["mobile"]} == {"vehicle_patrol"}
    assert without["mobile"] == []
    for measure in ("crew", "life_cycle_cost"):
        assert with_them[measure]["low"] > without[measure]["high"]
    assert with_them["mean_detection"]["central"] > without["mean_detection"]["central"]


def changed(document: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> str:
    again: dict[str, Any] = json.loads(json.dumps(document))
    change(again)
    return json.dumps(again)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.clear(), "is not a file of schedules"),
        (lambda d: d.update(features=[]), "has no lines"),
        (lambda d: d["features"][0]["properties"].pop("seconds"), "line 1 has other properties"),
        (lambda d: d["features"][0]["properties"].update(seconds="x"), "has a value of another type"),
        (lambda d: d["features"][0]["properties"].update(period_s=1.0), "a period of 1 s"),
        (lambda d: d["features"][0]["geometry"].update(type="Point"), "has a value of another type"),
        (lambda d: d["features"][0]["properties"].update(item="ast_tower"), "is a radar"),
    ],
)
def test_a_damaged_file_is_one_sentence(
    hills: str,
    planned: tuple[dict[str, Any], Path],
    tmp_path: Path,
    change: Callable[[dict[str, Any]], None],
    told: str,
) -> None:
    document = json.loads((planned[1] / "schedules.geojson").read_text())
    path = tmp_path / "damaged.geojson"
    path.write_text(changed({**document, "features": document["features"][:1]}, change))
    layout = str(planned[1] / "layout.geojson")
    arguments = ["compare", hills, layout, layout, "--schedules", f"{layout}={path}"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code != 0
    assert told in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "cumberland", "--budget", "1", "--item", "fence_and_light"], "has no place in a layout and does not"),
        (["plan", "cumberland", "--budget", "1", "--carries", "seismic"], "--carries: 'seismic' is a ground_sensor"),
        (["plan", "cumberland", "--budget", "1", "--wind", "99"], "--wind: 99; expected 0 to 60"),
        (["compare", "cumberland", "basic", "hightech", "--schedules", "x"], "--schedules: 'x'"),
        (["compare", "cumberland", "basic", "hightech", "--schedules", "basic=nowhere"], "there is no file 'nowhere'"),
    ],
)
def test_impossible_options_are_one_sentence(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code != 0
    assert told in str(done.exception)
