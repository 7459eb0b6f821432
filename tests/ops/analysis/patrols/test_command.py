"""``watchline patrols`` on the hills: what it writes, and how its figures relate to each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from geo.errors import BadInput
from ops.analysis.patrols import picture
from ops.analysis.patrols.command import MOST_NODES, _observer, found, walk
from ops.analysis.patrols.findings import PatrolFindings
from ops.analysis.patrols.options import PatrolOptions
from ops.drawing.figures import PRINTED_STYLE
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime.output import speaking
from ops.sector.open_sector import open_sector
from ops.words import LANGUAGES, MessageCatalogue
from sensors.equipment.catalogue import shipped
from sensors.planning.choice.mobile_options import carried_sensor
from sensors.search_theory.by_segment import SegmentsInTime
from tests.ops.conftest import collection, feature, lonlat
from tests.sensors.planning.comparison.test_compare import HalfScale

QUIET = Console(quiet=True)
FAST: dict[str, Any] = {"speed_mps": 8.0, "step_s": 60.0, "longest_h": 2.0, "carries": "eyes"}


@pytest.fixture(scope="module")
def two(hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("patrols")
    post = feature("Point", lonlat(1000, 3000), id="post", kind="radar", max_range_m=1500, period_s=2,
                   detection_probability=0.4, range_sd_m=9, azimuth_sd_deg=1)  # fmt: skip
    (folder / "post.geojson").write_text(collection(post))
    layout, out = str(folder / "post.geojson"), folder / "out"
    return walk(PatrolOptions(str(hill_sector.sector), out, layout, patrols=2, **FAST), QUIET), out


def test_its_probabilities_are_in_the_order_of_what_the_crosser_knows(two: tuple[dict[str, Any], Path]) -> None:
    """Without patrols ≤ timetable known ≤ phase unknown (bounds) ≤ the same looks spread evenly (Jensen)."""
    figures = two[0]
    phase = figures["least_pd_unknown_phase"]
    assert (
        figures["least_pd_without_patrols"]
        <= figures["least_pd_known_timetable"] + 1e-6
        <= phase["lower_bound"] + 2e-6
        <= phase["found"] + 3e-6
        <= figures["looks_spread_evenly"] + 4e-6
    )
    assert phase["found_with_limited_passes"] <= phase["found"]
    assert phase["found"] > figures["least_pd_without_patrols"]
    low, high = figures["value_of_unpredictability"]
    assert 0.0 <= low <= high <= 1.0


def test_the_route_is_the_border_there_and_back(two: tuple[dict[str, Any], Path]) -> None:
    figures = two[0]
    assert figures["period_s"] == pytest.approx(figures["route_m"] / 8.0, abs=0.01)
    assert figures["on_duty_fraction"] == 1.0
    gaps = figures["gap_on_the_border_s"]
    assert figures["random_search"]["sweep_width_m"] <= 2.0 * 1_500.0
    assert 0.0 < gaps["time_average"] <= gaps["longest"] < figures["period_s"]


def test_both_means_are_over_the_same_segments() -> None:
    """A segment that is known without patrols only has no part in either mean: patrols never seem to lower it."""
    found = SegmentsInTime(np.array([0.9, 0.2, np.nan]), np.array([np.nan, 0.3, np.nan]), np.zeros(3))
    findings = PatrolFindings.__new__(PatrolFindings)
    object.__setattr__(findings, "by_segment", found)
    assert findings.segment_means == (0.2, 0.3)


def test_its_files(two: tuple[dict[str, Any], Path]) -> None:
    figures, out = two
    assert {Path(name).name for name in figures["files"]} == {file.name for file in out.iterdir()}
    assert (out / "patrols.png").read_bytes()[:4] == b"\x89PNG"
    known, unknown = json.loads((out / "crossings.geojson").read_text())["features"]
    assert known["properties"]["pd"] == figures["least_pd_known_timetable"]
    assert unknown["properties"]["pd"] == figures["least_pd_unknown_phase"]["found"]
    for crossing in (known, unknown):
        seconds = crossing["properties"]["seconds"]
        assert len(seconds) == len(crossing["geometry"]["coordinates"])
        assert (np.diff(seconds) > 0.0).all()
    assert known["properties"]["seconds"][0] == figures["best_departure_s"]
    rows = (out / "segments.csv").read_text().splitlines()
    assert len(rows) > 10
    values = np.array([row.split(",")[2:] for row in rows[1:]], float)
    assert (values[:, 0] <= values[:, 1] + 1e-6).all()
    assert (values[:, 2] <= values[:, 1] + 1e-6).all()
    assert values.mean(axis=0)[:2] == pytest.approx(list(figures["mean_over_segments"].values()), abs=1e-5)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["sentences"] == figures["sentences"]
    assert len(summary["sentences"]) == 5


def test_a_figure_that_fails_leaves_that_of_an_earlier_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(picture, "patrols_figure", interrupted)
    path = tmp_path / "patrols.png"
    path.write_bytes(b"of an earlier run")
    with pytest.raises(KeyboardInterrupt):
        picture.write_figure(path, None)  # type: ignore[arg-type]
    assert path.read_bytes() == b"of an earlier run"


def test_nothing_that_its_observers_see_is_nothing_gained(hill_sector: Any, tmp_path: Path) -> None:
    """At night eyes see nothing: every probability is that without patrols (three sensors, which see everyone)."""
    options = PatrolOptions(str(hill_sector.sector), tmp_path / "out", conditions="night", patrols=1, **FAST)
    figures = walk(options, QUIET)
    least = pytest.approx(figures["least_pd_without_patrols"], abs=1e-6)
    assert figures["least_pd_known_timetable"] == least
    assert figures["least_pd_unknown_phase"] == dict.fromkeys(
        ("lower_bound", "found", "found_with_limited_passes"), least
    )
    assert figures["value_of_unpredictability"] == [0.0, 0.0]
    assert figures["gap_on_the_border_s"] == {"longest": None, "time_average": None}
    assert figures["random_search"]["sweep_width_m"] == 0.0


def line(*places: tuple[float, float]) -> dict[str, Any]:
    return feature("LineString", [lonlat(*place) for place in places])


def test_patrols_on_a_line_of_their_own(hill_sector: Any, tmp_path: Path) -> None:
    """3 km beside the border: there and back at 8 m/s takes 750 s."""
    route = tmp_path / "route.geojson"
    route.write_text(collection(line((2000, 3400), (5000, 3400))))
    options = PatrolOptions(str(hill_sector.sector), tmp_path / "out", route=route, **FAST)
    figures = walk(options, QUIET)
    assert figures["period_s"] == pytest.approx(750.0, rel=0.001)
    walk(replace(options, out=tmp_path / "again"), QUIET)
    for name in map(Path, figures["files"]):
        assert (tmp_path / "again" / name.name).read_bytes() == name.read_bytes(), "the same options, the same bytes"
    route.write_text(collection(line((2000, 3400), (3000, 3400)), line((4000, 3400), (5000, 3400))))
    with pytest.raises(BadInput, match="has 2 lines"):
        walk(options, QUIET)
    route.write_text(collection(line((2000, 3400), (9000, 3400))))
    with pytest.raises(BadInput, match="leaves the terrain at easting"):
        walk(options, QUIET)


def test_a_search_too_large_for_memory_is_refused_before_it_begins(hill_sector: Any, tmp_path: Path) -> None:
    options = PatrolOptions(str(hill_sector.sector), tmp_path / "out", speed_mps=0.1, step_s=1.0)
    with pytest.raises(BadInput, match="million cells and time steps") as refused:
        walk(options, QUIET)
    assert f"{MOST_NODES / 1e6:,.0f} million" in refused.value.expected


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("patrols", 0, "--patrols"),
        ("patrols", 21, "--patrols"),
        ("speed_mps", 0.01, "--speed"),
        ("speed_mps", float("nan"), "--speed"),
        ("height_m", 0.1, "--height"),
        ("rest_s", 1e6, "--rest"),
        ("step_s", 0.5, "--time-step"),
        ("longest_h", 100.0, "--longest"),
        ("conditions", "dusk", "--conditions"),
    ],
)
def test_wrong_options_name_the_option(name: str, value: Any, option: str) -> None:
    with pytest.raises(BadInput) as refused:
        PatrolOptions("hills", Path("out"), **{name: value}).check()
    assert refused.value.where == option


def test_legends_leave_its_panels_their_room_in_each_language(hill_sector: Any, tmp_path: Path) -> None:
    """The wide panels keep 60% of the figure's width, whatever the length of the texts."""
    from ops.analysis.patrols.picture import patrols_figure

    options = PatrolOptions(str(hill_sector.sector), tmp_path / "out", **FAST)
    findings = found(options, open_sector(hill_sector.sector), QUIET)
    for language in LANGUAGES:
        with speaking(MessageCatalogue.of(language)), drawing_style(PRINTED_STYLE):
            figure = patrols_figure(findings)
            figure.draw_without_rendering()
        over_time, _colours, by_segment, by_departure = (axes.get_position() for axes in figure.axes)
        assert min(over_time.width, by_departure.width) >= 0.6, (language, over_time, by_departure)
        assert by_segment.width >= 0.13, (language, by_segment)
        assert min(over_time.height, by_departure.height) >= 0.2, (language, over_time, by_departure)
        drawn = figure.axes[0]
        ends = [float(np.asarray(line.get_xdata())[-1]) for line in drawn.lines[:4]] + [drawn.images[0].get_extent()[1]]
        assert min(ends) == pytest.approx(drawn.get_xlim()[1]), "patrols go on until the crossing ends"


def test_random_search_is_of_the_ground_and_not_of_its_map(
    hill_sector: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a metre of the frame two on the ground, ranges and the sweep width are doubled, the area is four times."""
    searches: list[dict[str, Any]] = []

    def noted(_: float, **search: Any) -> float:
        searches.append(search)
        return 0.5

    options = PatrolOptions(str(hill_sector.sector), tmp_path / "out", patrols=1, **FAST)
    findings = found(options, open_sector(hill_sector.sector), QUIET)
    belt, (sensor,) = findings.watched.belt, findings.sensors
    sure = replace(sensor, rates=sensor.rates * 1e9, searches=False)  # detects all that it sees
    findings = replace(findings, sensors=(sure,))
    halved = replace(belt, border=replace(belt.border, frame=HalfScale(belt.border.frame.wkt)))
    monkeypatch.setattr("sensors.search_theory.random_search.random_search", noted)
    widths = [
        one.random_search[0] for one in (findings, replace(findings, watched=replace(findings.watched, belt=halved)))
    ]
    assert widths[1] == pytest.approx(2.0 * widths[0], rel=1e-3)
    assert [search["sweep_width_m"] for search in searches] == widths
    assert searches[1]["area_m2"] == pytest.approx(4.0 * searches[0]["area_m2"], rel=1e-3)


def test_an_imager_searches_all_round_as_slowly_as_in_a_plan(hill_sector: Any, tmp_path: Path) -> None:
    """120° in 60 s are 360° in 180 s, for the same equipment in both commands."""
    ground, items = open_sector(hill_sector.sector), shipped()
    imager = _observer(PatrolOptions(str(hill_sector.sector), tmp_path, carries="thermal"), ground)
    planned = carried_sensor(items["foot_patrol"], items["handheld_thermal"], ground.frame, "patrol")
    assert imager.field_of_view_deg == planned.field_of_view_deg == 360.0
    assert imager.search_s == planned.search_s == 180.0
