"""The same quantity has one value under one name: coverage, challenge, compare, plan and the planner's page."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from rich.console import Console

from geo.border.belt import belt_of
from ops.analysis.challenge.command import assess
from ops.analysis.challenge.options import ChallengeOptions
from ops.analysis.compare.command import compare_layouts
from ops.analysis.compare.options import CompareOptions
from ops.analysis.coverage.command import cover
from ops.analysis.coverage.options import CoverageOptions
from ops.analysis.plan.command import plan_sector
from ops.analysis.plan.options import PlanOptions
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.services.planner.worker import Planner
from sensors.coverage.segments import belt_means
from tests.ops.conftest import blank_pictures, collection, feature, hills, lonlat
from tests.patience import PATIENT_S

QUIET = Console(stderr=True, quiet=True)


@pytest.fixture(scope="module")
def holed(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The hills with voids: a small one beside the radar, whose shadow is unknown sight, and one across the belt at the
    eastern end, where ground and every way is unknown. Sensors are out for a part of the time."""
    files = make_sector(tmp_path_factory.mktemp("holed") / "sector")
    elevation = hills()
    elevation[70:72, 104:106] = -9999.0
    elevation[60:93, 185:190] = -9999.0
    files.write_dem(elevation)
    parts = json.loads(files.layout.read_text())["features"]
    for part, availability in zip(parts, (0.9, 0.8, 0.7), strict=True):
        part["properties"] |= {"cost": 1e5, "false_alarms_per_scan": 1e-6, "availability": availability}
    files.layout.write_text(collection(*parts))
    (files.folder / "radar.geojson").write_text(collection(parts[0]))
    others = [
        feature("Point", lonlat(1500 + 900 * n, 3200), id=f"new-{n}", kind="camera", max_range_m=900) for n in range(3)
    ]
    for other in others:
        other["properties"]["cost"] = 2e5
    (files.folder / "candidates.geojson").write_text(collection(*others))
    (files.folder / "bases.geojson").write_text(collection(feature("Point", lonlat(4000, 3500), name="post")))
    files.edit(files.sector, "belt_m = 1500", 'belt_m = 600\nbases = "bases.geojson"')
    files.edit(files.sector, "[layouts]", '[layouts]\nradar = "radar.geojson"')
    return files


@pytest.fixture(scope="module")
def covered(holed: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("coverage") / "out"
    return out, cover(CoverageOptions(str(holed.sector), out, layout="three"), QUIET)


@pytest.fixture(scope="module")
def challenged(holed: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("challenge") / "out"
    with blank_pictures():
        return out, assess(ChallengeOptions(str(holed.sector), out, layout="three", samples=0, runs=0), QUIET)


def test_mean_probability_is_one_number(holed: Any, covered: tuple[Path, dict[str, Any]]) -> None:
    """A plan that may buy nothing useful states its layout's own figures; the page those of the layout on screen."""
    told = covered[1]
    mean, worst = told["belt"]["both"]["mean_probability"], told["worst_segment"]
    assert told["belt"]["both"]["unknown_fraction"] > 0.0  # else the test shows less than it says
    options = PlanOptions(
        budget=1e5,
        sector=str(holed.sector),
        start="three",
        candidates=holed.folder / "candidates.geojson",
        seconds=PATIENT_S,
    )
    bought_nothing = plan_sector(PlanOptions(**{**_as_dict(options), "budget": 2.5e5}), QUIET)
    page = Planner(load_sector(holed.sector)).coverage({"layout": "three"}, lambda *_: None)
    assert page["figures"]["mean_probability"] == pytest.approx(mean, abs=2e-6)
    assert page["figures"]["worst_segment"] == pytest.approx(worst["mean_probability"], abs=2e-6)
    assert page["figures"]["worst_segment_number"] == worst["segment"]
    layout = holed.folder / "planned.geojson"
    layout.write_text(json.dumps(_with_bought(holed, bought_nothing)))
    again = cover(CoverageOptions(str(holed.sector), holed.folder / "again", layout=str(layout)), QUIET)
    figures = bought_nothing["figures"]
    assert figures["mean_probability"] == pytest.approx(again["belt"]["both"]["mean_probability"], abs=2e-6)
    assert figures["worst_segment"] == pytest.approx(again["worst_segment"]["mean_probability"], abs=2e-6)
    assert "covered" not in figures
    search = bought_nothing["value"]
    assert search < figures["mean_probability"] - 1e-3  # it counts ground in unknown sight as undetected, and says so
    said = next(one for one in bought_nothing["messages"] if one["id"] == "plan-detail-unknown-sight")
    assert said["parameters"]["value"] == pytest.approx(figures["mean_probability"], abs=1e-6)
    assert any(f"{figures['mean_probability']:.3f}" in line for line in bought_nothing["details"])
    assert bought_nothing["objective"] == "mean_probability"


def test_the_best_sensor_is_said_to_work(covered: tuple[Path, dict[str, Any]]) -> None:
    """The mean includes outages and that of the best single sensor does not, so it can be larger: the map says why."""
    both = covered[1]["belt"]["both"]
    assert both["mean_probability"] < both["mean_best_probability"] <= both["mean_all_working_probability"]
    assert "best single sensor while it works" in (covered[0] / "map.html").read_text()


def _as_dict(options: PlanOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options.__dataclass_fields__}


def _with_bought(files: Any, told: dict[str, Any]) -> dict[str, Any]:
    document = json.loads(files.layout.read_text())
    bought = {one["id"] for one in told["bought"]}
    more = json.loads((files.folder / "candidates.geojson").read_text())["features"]
    document["features"] += [part for part in more if part["properties"]["id"] in bought]
    return document


def test_the_covered_area_of_challenge_is_that_of_coverage(
    covered: tuple[Path, dict[str, Any]], challenged: tuple[Path, dict[str, Any]]
) -> None:
    """Cells that a sensor with an unknown line of sight may cover are neither covered nor not, and are stated."""
    both = covered[1]["belt"]["both"]
    (area,) = [one for one in challenged[1]["records"] if one["id"] == "covered"]
    assert both["covered_fraction_low"] < both["covered_fraction"] < both["covered_fraction_high"]
    assert area["value"] == pytest.approx(both["covered_fraction"], abs=2e-6)
    (stated,) = [one["parameters"] for one in area["messages"]["limits"] if one["id"] == "challenge-limit-undecided"]
    for name, right in (
        ("unknown", "unknown_fraction"),
        ("low", "covered_fraction_low"),
        ("high", "covered_fraction_high"),
    ):
        assert stated[name] == pytest.approx(both[right], abs=2e-6)


def test_covered_fraction_is_one_number(holed: Any, covered: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """In one state of weather and at one requirement, compare's covered share of each segment is coverage's."""
    options = CompareOptions(
        layouts=("three", "radar"), sector=str(holed.sector), samples=5, residual_item="none", weather=("day=1",),
        required=0.9, out=tmp_path / "out",
    )  # fmt: skip
    told = compare_layouts(options, QUIET)
    by_segment = geopandas.read_parquet(covered[0] / "segments.parquet")
    with (tmp_path / "out" / "segments.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["layout"] == "layout"]
    compared = np.array([float(row["covered_fraction"] or "nan") for row in rows])
    expected = by_segment["covered_fraction"].to_numpy()
    assert (by_segment["unknown_fraction"] > 0.0).any()
    assert compared == pytest.approx(expected, abs=1e-6, nan_ok=True)
    km = np.nansum(expected * (by_segment["end_m"] - by_segment["start_m"]).to_numpy()) / 1000.0
    assert told["layouts"]["layout"]["covered_km"] == pytest.approx(km, rel=1e-5)


def test_what_is_unknown_is_unknown_everywhere(
    holed: Any, challenged: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """A segment whose detection is unknown has no interruption, is in no mean of a comparison, and is no segment of the
    patrols' game."""
    table = geopandas.read_parquet(challenged[0] / "segments.parquet")
    unknown = (table["state"] == "unknown").to_numpy()
    assert unknown.any()
    assert not unknown.all()
    interruption = [name for name in table if "interruption" in name and "whole" not in name]
    assert interruption
    for name in interruption:
        assert table[name][unknown].isna().all(), name
        assert table[name][~unknown].notna().any(), name
    options = CompareOptions(
        layouts=("three", "radar"), sector=str(holed.sector), samples=5, residual_item="none", out=tmp_path / "out"
    )
    told = compare_layouts(options, QUIET)
    assert told["segments_left_out"] == int((table["state"] != "crossed").sum())
    with (tmp_path / "out" / "segments.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["layout"] == "layout"]
    assert [row["segment_detection"] in ("", "nan") for row in rows] == (table["state"] != "crossed").tolist()


def test_detection_and_interruption_on_a_path_are_one_number(holed: Any, tmp_path: Path) -> None:
    """Of the planned layout in challenge and in the figures of the plan, without segments whose detection is unknown;
    what the search maximises has another name."""
    radar = json.loads((holed.folder / "radar.geojson").read_text())["features"][0]
    radar["properties"] |= {"mast_height_m": 60.0, "max_range_m": 8000.0, "detection_probability": 0.05}
    (holed.folder / "tall.geojson").write_text(collection(radar))
    options = PlanOptions(
        budget=2.5e5, sector=str(holed.sector), start=str(holed.folder / "tall.geojson"),
        candidates=holed.folder / "candidates.geojson", objective="timely_detection", seconds=PATIENT_S,
        out=tmp_path / "plan",
    )  # fmt: skip
    planned = plan_sector(options, QUIET)
    figures = planned["figures"]
    layout = str(tmp_path / "plan" / "layout.geojson")
    with blank_pictures():
        asked = ChallengeOptions(str(holed.sector), tmp_path / "out", layout=layout, samples=0, runs=0)
        records = {one["id"]: one for one in assess(asked, QUIET)["records"]}
    assert figures["least_detection"] == pytest.approx(records["least-detection"]["value"], abs=2e-6)
    assert figures["least_interruption"] == pytest.approx(records["least-interruption"]["value"], abs=2e-6)
    assert 0.0 < figures["least_interruption"] < figures["least_detection"]
    assert planned["value"] == 0.0 < figures["timely_detection"], "the search counts what is unknown as not detected"
    (said,) = [one for one in planned["messages"] if one["id"] == "plan-detail-unknown-segments"]
    assert said["parameters"]["value"] == pytest.approx(figures["timely_detection"], abs=1e-6)
    (assumed,) = planned["timely_detection_assumptions"]
    assert "mean times without spread" in assumed
    assert "an alarm is passed on with 0.95" in planned["response_assumptions"]
    assert any("strips of 300 m" in text for text in planned["response_assumptions"])
    assert assumed[:60] in (tmp_path / "plan" / "report.html").read_text()


def test_means_by_hand() -> None:
    """Two segments: 0.5 and 1.0 in the first, 0.2 and unknown in the second."""
    means = belt_means(np.array([0.5, 1.0, 0.2, np.nan]), np.array([0, 0, 1, 1]))
    assert means.mean_probability == pytest.approx(1.7 / 3.0)
    assert (means.worst_segment, means.number, means.unknown_fraction) == (0.2, 1, 0.25)
    nothing = belt_means(np.full(2, np.nan), np.array([0, 0]))
    assert np.isnan(nothing.mean_probability)
    assert nothing.number == -1


def test_the_belts_are_the_same_cells(holed: Any, covered: tuple[Path, dict[str, Any]]) -> None:
    ground = open_sector(load_sector(holed.sector))
    belt = belt_of(ground.crossed, ground.terrain, belt_m=ground.sector.belt_m)
    assert int((belt.inside & (belt.segment >= 0)).sum()) == covered[1]["belt"]["both"]["cells"]
