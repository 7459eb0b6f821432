"""A nation's analyses: each sector as its own command gives it, on every scheduler, and resumed to the same bytes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas
import pytest
from rich.console import Console

from ops.analysis.challenge.options import ChallengeOptions
from ops.analysis.compare.options import CompareOptions
from ops.analysis.coverage.options import CoverageOptions
from ops.analysis.plan.options import PlanOptions
from ops.analysis.terrain.options import SitesOptions
from ops.cluster.batch.command import of_sector_or_nation
from ops.cluster.batch.commands import command_named
from sensors.planning.solver.solve import SolverBudget
from tests.dask_workers import dask_workers

QUIET = Console(quiet=True)
ITEMS = {"radar": "portable_radar", "camera": "handheld_thermal", "ground_sensor": "seismic"}


@pytest.fixture(scope="module")
def a_worker() -> Iterator[str]:
    """The address of a scheduler with a worker in this process: pictures are not drawn by two threads at once."""
    with dask_workers(1) as address:
        yield address


@pytest.fixture(autouse=True)
def seconds_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search for a plan has its seconds however busy the machine is: plans are compared to the byte."""
    monkeypatch.setattr("sensors.planning.solver.solve.SolverBudget", partial(SolverBudget, clock=time.thread_time))


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory, make_sector: Callable[[Path], Any]) -> Path:
    """Two sectors over the same ground, one with a weaker camera."""
    root = tmp_path_factory.mktemp("nation")
    for name, title in (("west", "West"), ("east", "East")):
        files = make_sector(root / name)
        files.edit(
            files.sector, 'name = "hills"\ntitle = "Hills (made up for tests)"', f'name = "{name}"\ntitle = "{title}"'
        )
        files.edit(files.sector, 'three = "layout.geojson"', 'three = "layout.geojson"\nother = "other.geojson"')
        for kind, item in ITEMS.items():
            files.edit(files.layout, f'"kind": "{kind}"', f'"kind": "{kind}", "catalogue": "{item}"')
        shutil.copy(files.layout, files.folder / "other.geojson")
    files.edit(files.layout, '"max_range_m": 5000', '"max_range_m": 1500')
    shutil.copy(files.layout, root / "points.geojson")
    (root / "nation.toml").write_text('name = "north"\ntitle = "North"\nsectors = ["west", "east"]\n')
    return root / "nation.toml"


def files_of(folder: Path) -> dict[str, bytes]:
    """The content of every file below a folder, but not of the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


@pytest.fixture(scope="module")
def covered(nation: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The coverage of the nation, computed in this process."""
    out = tmp_path_factory.mktemp("covered") / "out"
    figures = of_sector_or_nation("coverage", CoverageOptions(str(nation), out), QUIET)
    assert (figures["kept"], figures["computed_again"], figures["failed"]) == ([], [], [])
    return out


def test_each_sector_has_the_files_of_its_own_command(nation: Path, covered: Path, tmp_path: Path):
    alone = tmp_path / "east"
    command_named("coverage").work(CoverageOptions(str(nation.parent / "east"), alone), QUIET)
    assert files_of(covered / "sectors" / "east") == files_of(alone)


def test_workers_give_the_same_bytes_as_this_process(nation: Path, covered: Path, a_worker: str, tmp_path: Path):
    options = CoverageOptions(str(nation), tmp_path / "out", scheduler=a_worker)
    of_sector_or_nation("coverage", options, QUIET)
    assert files_of(tmp_path / "out") == files_of(covered)


def test_one_sector_on_a_worker_has_the_files_of_this_process(
    nation: Path, covered: Path, a_worker: str, tmp_path: Path
):
    options = CoverageOptions(str(nation.parent / "west"), tmp_path / "west", scheduler=a_worker)
    with Console(quiet=True).capture():
        figures = of_sector_or_nation("coverage", options, QUIET)
    assert figures["sector"] == "west"
    assert files_of(tmp_path / "west") == files_of(covered / "sectors" / "west")


def test_an_interrupted_run_is_resumed_to_the_same_bytes(nation: Path, covered: Path, tmp_path: Path):
    """As it is left when killed in the second sector: the first one marked, the second one begun, no summary."""
    out = tmp_path / "out"
    shutil.copytree(covered, out)
    kept = (out / "sectors" / "west" / "p_coverage.tif").stat().st_mtime_ns
    for left in ("summary.json", "nation.html", "worst_segments.geojson", "parts/east.json"):
        (out / left).unlink()
    (out / "parts" / "east.begun").touch()
    (out / "unfinished.json").write_text('{"made_by": "watchline coverage"}')
    (out / "sectors" / "east" / "p_coverage.tif").write_bytes(b"half")
    figures = of_sector_or_nation("coverage", CoverageOptions(str(nation), out), QUIET)
    assert (figures["kept"], figures["computed_again"]) == (["west"], [])
    assert (out / "sectors" / "west" / "p_coverage.tif").stat().st_mtime_ns == kept
    assert files_of(out) == files_of(covered)


@pytest.mark.parametrize("spoilt", ["summary.json", "dead_ground.tif"])
def test_a_damaged_result_is_computed_again_and_said(
    nation: Path, covered: Path, tmp_path: Path, spoilt: str, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    shutil.copytree(covered, out)
    file = out / "sectors" / "east" / spoilt
    file.write_bytes(file.read_bytes()[:-20])
    figures = of_sector_or_nation("coverage", CoverageOptions(str(nation), out), Console(width=200))
    assert (figures["kept"], figures["computed_again"]) == (["west"], ["east"])
    assert "changed or damaged: east" in capsys.readouterr().out
    assert files_of(out) == files_of(covered)


def test_another_option_or_input_is_computed(nation: Path, covered: Path, tmp_path: Path):
    out = tmp_path / "out"
    shutil.copytree(covered, out)
    figures = of_sector_or_nation("coverage", CoverageOptions(str(nation), out, conditions="night"), QUIET)
    assert (figures["kept"], figures["computed_again"]) == ([], [])


def test_the_lowest_interruption_of_a_sector_is_that_of_all_paths_and_segments():
    """The path of the lowest detection may be the one on which responders are the quickest."""
    paths = {"minimum_detection": {"p_detect": 0.2, "p_interruption": 0.6}}
    records = [{"id": "least-detection", "value": 0.2}, {"id": "least-interruption", "value": 0.1}]
    figures = {"sensors": 3, "segments": 9, "this_layout": {"gaps": [], "crossings": paths}, "records": records}
    found = command_named("challenge").figures(figures)
    assert (found["least_detection"], found["least_interruption"]) == (0.2, 0.1)


def test_the_summary_lists_the_worst_segments_of_all_sectors(covered: Path):
    summary = json.loads((covered / "summary.json").read_text())
    worst = [(one["value"], one["sector"], one["segment"]) for one in summary["worst_segments"]]
    expected = []
    for name in ("west", "east"):
        table = geopandas.read_parquet(covered / "sectors" / name / "segments.parquet")
        known = table[table["covered_fraction"].notna()]
        values = known["covered_fraction"].round(6)
        expected += [(value, name, int(segment)) for value, segment in zip(values, known["segment"], strict=True)]
    assert worst == sorted(expected)
    assert {one["name"]: one["figures"]["sensors"] for one in summary["sectors"]} == {"west": 3.0, "east": 3.0}
    assert summary["totals"] == {"sensors": 6.0}
    points = json.loads((covered / "worst_segments.geojson").read_text())["features"]
    assert [one["properties"]["order"] for one in points] == list(range(1, len(worst) + 1))
    page = (covered / "nation.html").read_text()
    assert all(f'href="sectors/{name}/map.html"' in page for name in ("west", "east"))
    assert "A sensor that the layouts of two sectors name is counted in both." in page


def test_a_sector_that_cannot_be_computed_is_named_and_the_others_are(
    watchline: Callable[..., Any], nation: Path, covered: Path, tmp_path: Path
):
    root = tmp_path / "nation"
    shutil.copytree(nation.parent, root)
    (root / "west" / "dem.tif").write_bytes(b"no raster")
    shutil.copytree(covered, tmp_path / "out")
    ending = watchline("coverage", root / "nation.toml", "--out", tmp_path / "out", "--json")
    assert ending.code == 1
    assert "not computed: west." in ending.err
    figures = json.loads(ending.out.splitlines()[-1])
    assert [one["name"] for one in figures["sectors"]] == ["east"]
    (failed,) = figures["failed"]
    assert failed["sector"] == "west"
    assert "dem.tif" in failed["why"]


@pytest.mark.parametrize(
    ("name", "options", "shown"),
    [
        ("challenge", lambda at, out: ChallengeOptions(at, out, samples=0, runs=0), "gap_segments"),
        ("plan", lambda at, out: PlanOptions(sector=at, out=out, budget=110_000.0, items=("seismic_line",)), "cost"),
        (
            "compare",
            lambda at, out: CompareOptions(
                sector=at, layouts=("three", "other"), out=out, samples=10, residual_item="none"
            ),
            "answer",
        ),
        (
            "sites",
            lambda at, out: SitesOptions(
                at, next(one for one in Path(at).parents if one.name.startswith("nation")) / "points.geojson",
                out, range_m=500.0, choose=1,
            ),
            "chosen_covered",
        ),
    ],
)  # fmt: skip
def test_every_analysis_of_a_nation_is_that_of_its_sectors(
    nation: Path, a_worker: str, tmp_path: Path, name: str, options: Callable[[str, Path], Any], shown: str
):
    chosen = replace(options(str(nation), tmp_path / "out"), scheduler=a_worker)
    figures = of_sector_or_nation(name, chosen, QUIET)
    assert figures["failed"] == []
    assert all(shown in one["figures"] for one in figures["sectors"])
    alone = tmp_path / "alone"
    command_named(name).work(options(str(nation.parent / "west" / "sector.toml"), alone), QUIET)
    assert files_of(tmp_path / "out" / "sectors" / "west") == files_of(alone)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["challenge", "NATION", "--out", "new", "--roads", "SECTOR"], "--roads: is for one sector, not for a nation"),
        (["plan", "NATION", "--budget", "1000"], "--out: is missing"),
        (["plan", "NATION", "--budget", "1000", "--out", "new", "--crew", "nan"], "--crew"),
        (["coverage", "NATION", "--out", "new", "--conditions", "storm"], "--conditions"),
        (["coverage", "NATION", "--out", "new", "--scheduler", "cloud"], "--scheduler: 'cloud'"),
    ],
)
def test_options_of_one_sector_are_refused_before_anything_is_written(
    watchline: Callable[..., Any],
    nation: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    said: str,
):
    monkeypatch.chdir(tmp_path)
    named = {"NATION": str(nation), "SECTOR": str(nation.parent / "west" / "border.geojson")}
    ending = watchline(*(named.get(word, word) for word in words))
    assert ending.code == 2
    assert said in ending.err
    assert not list(tmp_path.iterdir())
