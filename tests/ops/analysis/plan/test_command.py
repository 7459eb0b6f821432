"""``watchline plan``: a sample sector, its files, and the sentences for what cannot be."""

from __future__ import annotations

import json
import re
import shutil
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.cli.app import app
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from sensors.layout import Layout
from sensors.planning.solver.solve import SolverBudget
from tests.ops.words.pseudo_texts import plain_lines, plain_texts

SMALL = ["--spacing", "5000", "--item", "portable_radar", "--item", "seismic_line", "--seconds", "2"]


@pytest.fixture(scope="module", autouse=True)
def seconds_of_the_processor() -> Iterator[None]:
    """The search has its two seconds however busy the machine is: plans are compared with one another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sensors.planning.solver.solve.SolverBudget", partial(SolverBudget, clock=time.thread_time))
        yield


def run(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["plan", "cumberland", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], Path]:
    out = tmp_path_factory.mktemp("plan") / "out"
    return run("--budget", "900000", "--pareto", "--patrols", "1", "--shifts", "9", "--out", str(out), *SMALL), out


def test_the_plan_keeps_its_budget_and_says_how_good_it_is(planned: tuple[dict[str, object], Path]) -> None:
    told, out = planned
    assert 0.0 < told["value"] <= told["bound"] <= 1.0  # type: ignore[operator]
    assert told["optimality_gap"] == pytest.approx((told["bound"] - told["value"]) / told["bound"], abs=1e-6)  # type: ignore[operator]
    assert told["cost"] <= 900000.0  # type: ignore[operator]
    assert told["cost"] == pytest.approx(sum(one["cost"] for one in told["bought"]), abs=0.05)  # type: ignore[attr-defined]
    assert json.loads((out / "summary.json").read_text())["bought"] == told["bought"]


def test_the_layout_can_be_used_as_one(planned: tuple[dict[str, object], Path]) -> None:
    told, out = planned
    layout = Layout.from_file(out / "layout.geojson", open_sector(load_sector("cumberland")).frame)
    names = {*layout.ids, *(relay.id for relay in layout.relays)}
    assert names == {one["id"] for one in told["bought"]}  # type: ignore[attr-defined]


def test_what_is_bought_reaches_a_base_and_relays_are_bought_for_that(planned: tuple[dict[str, object], Path]) -> None:
    told, _ = planned
    assert told["unlinked"] == []
    with_relays = run("--budget", "900000", "--item", "radio_relay", *SMALL)
    assert with_relays["unlinked"] == []
    assert with_relays["value"] >= told["value"] - 0.01 * told["value"]  # type: ignore[operator]
    free = run("--budget", "900000", "--links", "none", *SMALL)
    assert free["bound"] >= told["value"]  # type: ignore[operator]
    assert set(free["unlinked"]) <= {one["id"] for one in free["bought"]}  # type: ignore[call-overload, attr-defined]


def test_the_front_rises(planned: tuple[dict[str, object], Path]) -> None:
    front = planned[0]["pareto_front"]
    assert [one["cost"] for one in front] == sorted(one["cost"] for one in front)  # type: ignore[attr-defined]
    assert [one["value"] for one in front] == sorted(one["value"] for one in front)  # type: ignore[attr-defined]
    assert all(one["objective"] == "worst_segment" for one in front)  # type: ignore[attr-defined]


def test_the_game_is_bracketed_and_its_roster_and_seed_are_private(planned: tuple[dict[str, object], Path]) -> None:
    told, out = planned
    game = told["patrols"]
    least, value, most = (float(game[key]) for key in ("attacker_best", "value", "defender_best"))  # type: ignore[index]
    assert least - 1e-5 <= value <= most + 1e-5
    assert most - least == pytest.approx(game["gap"], abs=1e-5)  # type: ignore[index]  # 0 once the search has ended
    for name in ("roster.json", "roster.seed.json"):
        assert stat.S_IMODE((out / name).stat().st_mode) == 0o600
    seed = json.loads((out / "roster.seed.json").read_text())["seed"]
    assert seed not in json.dumps(told)
    assert seed not in (out / "summary.json").read_text()
    shifts = json.loads((out / "roster.json").read_text())["shifts"]
    assert len(shifts) == 9
    assert {s for shift in shifts for patrol in shift for s in patrol} <= set(game["segments"])  # type: ignore[index]


def rows_of(page: str, caption: str) -> list[list[str]]:
    """Cells of the body of the table with this caption."""
    table = page[page.index(f"<caption>{caption}</caption>") :]
    body = table[table.index("<tbody>") : table.index("</tbody>")]
    rows = re.findall(r"<tr>(.*?)</tr>", body)
    return [re.findall(r"<bdi>(.*?)</bdi>", row) for row in rows]


def test_the_report_shows_the_figures_of_the_summary(planned: tuple[dict[str, Any], Path]) -> None:
    out = planned[1]
    page, summary = (out / "report.html").read_text(encoding="utf-8"), json.loads((out / "summary.json").read_text())
    answer = re.findall(r'<p class="answer"><bdi>(.*?)</bdi></p>', page)
    assert answer[: 1 + len(summary["details"])] == [f"{summary['headline']}.", *summary["details"]]
    tiles = re.findall(r'<span class="value">(.*?)</span>', page)
    change = f"{summary['value_before']:.3f} → {summary['value']:.3f}"
    assert tiles == [f"{summary['cost']:,.0f}", change, f"{summary['optimality_gap']:.2%}"]
    items = rows_of(page, "Items bought, most expensive first")
    assert sum(int(row[1]) for row in items) == len(summary["bought"])
    counts = Counter(one["item"].replace("_", " ") for one in summary["bought"])
    assert {row[0]: int(row[1]) for row in items} == counts
    sites = rows_of(page, "Sites, in order along the border; numbers as on the map")
    assert sorted(row[-1] for row in sites) == sorted(f"{one['cost']:,.0f}" for one in summary["bought"])
    worst = summary["worst_segments"]
    rows = rows_of(page, f"The {len(worst)} segments with the lowest mean detection probability after the purchase")
    assert [row[0].split(" (")[0] for row in rows] == [f"segment {one['segment']}" for one in worst]
    assert [row[1:] for row in rows] == [[f"{one['before']:.3f}", f"{one['after']:.3f}"] for one in worst]
    assert worst[0]["after"] == pytest.approx(summary["figures"]["worst_segment"], abs=1e-6)
    front = rows_of(page, "Each row: the best plan found for its cost")
    assert [row[:3] for row in front] == [
        [f"{one['cost']:,.0f}", f"{one['value']:.3f}", f"{one['bound']:.3f}"] for one in summary["pareto_front"]
    ]
    lone = len(front) == 1
    assert ("The Pareto front has one plan" in page) == lone, "a curve of one point shows nothing"
    assert ('alt="Pareto front of' in page) == (not lone)
    caption = (
        "Every objective and the probability of interruption with this plan; cells and segments that are unknown are "
        "not included"
    )
    objectives = dict(rows_of(page, caption))
    assert list(objectives.values()) == [f"{value:.3f}" for value in summary["figures"].values()]
    game = dict(rows_of(page, "The schedule in figures"))
    for row, key in (("with", "value"), ("without", "without_patrols")):
        shown = float(game[f"Minimum probability of interruption {row} patrols"])
        assert shown == pytest.approx(summary["patrols"][key], abs=0.000501), "the summary has more digits"
    assert page.count('<img class="picture" src="data:image/png;base64,') == 3 - lone
    assert not [name for name in counts if "_" in name]
    assert not re.search(r"portable_radar|seismic_line|site-\d", page.split("<body>")[1])
    assert "script" not in page.split("<body>")[1]


def test_the_report_names_no_route_of_the_roster_and_fetches_nothing(planned: tuple[dict[str, Any], Path]) -> None:
    page = (planned[1] / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    seed = json.loads((planned[1] / "roster.seed.json").read_text())["seed"]
    assert seed not in page
    assert "The routes are in the roster and not in this report." in page


def test_files_of_an_earlier_plan_do_not_stay(planned: tuple[dict[str, object], Path], tmp_path: Path) -> None:
    out = tmp_path / "again"
    shutil.copytree(planned[1], out)
    told = run("--budget", "300000", "--out", str(out), *SMALL)
    assert sorted(str(out / name.name) for name in out.iterdir()) == sorted(told["files"])  # type: ignore[call-overload]


def test_a_present_layout_is_kept_and_paid_no_more() -> None:
    told = run("--budget", "300000", "--start", "basic", *SMALL)
    assert told["value"] >= told["value_before"] > 0.0  # type: ignore[operator]
    assert told["cost"] <= 300000.0  # type: ignore[operator]


def test_every_printed_text_is_in_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "ar-XB")
    out = tmp_path / "out"
    arguments = ["--budget", "900000", "--patrols", "1", "--shifts", "9", "--out", str(out), *SMALL]
    done = CliRunner().invoke(app, ["plan", "cumberland", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert plain_lines(done.output, [str(tmp_path)]) == []
    page = (out / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ar-XB" dir="rtl">' in page
    assert plain_texts(page, []) == []


@pytest.fixture
def refused(watchline: Callable[..., Any]) -> Callable[..., str]:
    def sentence(*arguments: str, code: int) -> str:
        ended = watchline("plan", "cumberland", *arguments)
        assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1), ended.err
        assert ended.err.startswith("watchline: ")
        return str(ended.err).removeprefix("watchline: ").rstrip("\n")

    return sentence


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--budget", "-1"), "--budget: '-1'; expected a number from 0."),
        (("--budget", "nan"), "--budget: 'nan'; expected a number from 0."),
        (
            ("--budget", "1e6", "--objective", "beauty"),
            "--objective: 'beauty'; expected mean_probability, worst_segment, least_detection or timely_detection.",
        ),
        (("--budget", "1e6", "--direction", "sideways"), "--direction: 'sideways'; expected inward or outward."),
        (
            ("--budget", "1e6", "--item", "fence_and_light"),
            "--item: 'fence_and_light' is a barrier, which has no place in a layout and does not move; expected an "
            "item of kind radar, camera, ground_sensor, radio, human, relay, patrol, drone.",
        ),
        (("--budget", "1e6", "--seconds", "0"), "--seconds: '0'; expected a number above 0."),
        (
            ("--budget", "1e6", "--optimality-gap", "2"),
            "--optimality-gap: 2; expected a fraction from 0 to below 1.",
        ),
        (("--budget", "1e6", "--seen-speed", "0"), "--seen-speed: '0'; expected a number above 0."),
        (
            ("--budget", "1e6", "--seen-speed", "2"),
            "--seen-speed: 2 has no effect; expected --patrols, or --objective timely_detection: other plans "
            "compute no interruption.",
        ),
        (("--budget", "1e6", "--spacing", "-5"), "--spacing: '-5'; expected a number above 0."),
        (("--budget", "1e6", "--years", "0"), "--years: '0'; expected a number above 0."),
        (("--budget", "1e6", "--target", "ghost"), "--target: 'ghost'; expected person, group or vehicle."),
    ],
)
def test_a_value_that_no_plan_can_use_is_one_sentence(
    refused: Callable[..., str], arguments: tuple[str, ...], said: str
) -> None:
    assert refused(*arguments, code=2) == said


def test_a_name_that_is_not_known_is_answered_with_those_that_are(refused: Callable[..., str]) -> None:
    said = refused("--budget", "1e6", "--item", "laser", code=2)
    assert said.startswith("--item: no item 'laser'; expected one of ift_radar, ift_camera, ")
    said = refused("--budget", "1e6", "--start", "nowhere", code=2)
    assert said.startswith("--start: ")
    assert said.endswith("sector.toml has no layout 'nowhere'; expected one of hightech, basic, mobile, or a file.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--budget", "1"),
            "plan (budget): the budget of 1 buys nothing: the cheapest option, trail_camera.site-0001, costs 3,766; "
            "expected at least 3,766.",
        ),
        (
            ("--budget", "1e6", "--max-power", "100"),
            "candidate sites: no power known; expected power, or no maximum distance from them.",
        ),
        (
            ("--budget", "1e6", "--max-road", "100"),
            "candidate sites: no roads known; expected roads, or no maximum distance from them.",
        ),
        (
            ("--budget", "1e8", "--item", "observation_post", "--crew", "1"),
            "plan (crew): the crew of 1 can work nothing: observation_post.site-0001 takes 2; expected at least 2.",
        ),
    ],
)
def test_what_cannot_be_planned_is_one_sentence(
    refused: Callable[..., str], arguments: tuple[str, ...], said: str
) -> None:
    assert refused(*arguments, code=1) == said


def test_candidates_of_a_file_need_costs(refused: Callable[..., str], tmp_path: Path) -> None:
    document = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-84.3, 36.58]},
                "properties": {"id": "one", "kind": "radar", "max_range_m": 3000, "period_s": 3},
            }
        ],
    }
    file = tmp_path / "candidates.geojson"
    file.write_text(json.dumps(document))
    assert refused("--budget", "10", "--candidates", str(file), code=1) == (
        "candidate 'one': has no cost; expected a life-cycle cost in the planner's currency."
    )
    document["features"][0]["properties"]["cost"] = -4  # type: ignore[index]
    file.write_text(json.dumps(document))
    assert refused("--budget", "10", "--candidates", str(file), code=1) == (
        "candidates.geojson, sensor 'one': cost is -4; expected a number from 0 to 1e+12."
    )
    document["features"] = []
    file.write_text(json.dumps(document))
    assert refused("--budget", "10", "--candidates", str(file), code=1) == (
        "layout 'candidates': there are no candidates; expected at least one sensor."
    )


def test_sites_are_on_the_own_side_unless_both_are_wanted(planned: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    def offsets(out: Path) -> list[float]:
        features = json.loads((out / "candidates.geojson").read_text())["features"]
        return [float(feature["properties"]["offset_m"]) for feature in features]

    own = offsets(planned[1])
    run("--budget", "900000", "--both-sides", "--out", str(tmp_path / "both"), *SMALL)
    both = offsets(tmp_path / "both")
    assert min(own) >= 0.0 > min(both)
    for folder, sentence in ((planned[1], "own side of the border only"), (tmp_path / "both", "on both sides")):
        assert sentence in (folder / "report.html").read_text(encoding="utf-8")
