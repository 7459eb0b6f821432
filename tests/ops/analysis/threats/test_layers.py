"""The multilayered view: by hand, its invariants, the table of means, and refusals."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.threats.catalogue import LAYERS, layer_of_means, threats
from ops.analysis.threats.layers import COVERED, NOT_COVERED, UNKNOWN, LayerView, SegmentMeans, view_of
from ops.analysis.threats.layers_command import LayerOptions, show_layers
from ops.analysis.threats.means import read_means
from ops.analysis.threats.standing import detection_of, patrols_of, standing_in
from ops.runtime.output import speaking
from ops.sector.open_sector import open_sector
from ops.words import MessageCatalogue
from tests.ops.conftest import Files, lonlat

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLACES = ["everywhere", "section West", "crossing point bridge", "segment 0", "segment 1"]


def view(
    standing: dict[str, list[bool]],
    detected: dict[str, list[int]] | None = None,
    *,
    stated: bool = True,
    points: tuple[tuple[str, ...], ...] = (("bridge",), ()),
) -> LayerView:
    means = SegmentMeans(
        {name: np.array(values) for name, values in standing.items()},
        points,
        stated,
        {name: np.array(values) for name, values in (detected or {}).items()},
        np.full(len(points), NOT_COVERED),
    )
    return view_of(threats().values(), means)


def states(found: LayerView, threat: str) -> tuple[list[list[int]], list[int]]:
    at = [one.id for one in found.threats].index(threat)
    return found.by_layer[at].tolist(), found.overall[at].tolist()


def test_by_hand() -> None:
    """Two segments, the first with a crossing point that has radiation portals and searches vehicles."""
    found = view(
        {"radiation_portals": [True, True], "vehicle_search": [True, True], "end_use_checks": [False, True]},
        {"vehicle": [1, 0], "person": [1, 1], "group": [-1, 1]},
    )
    # portals count only where there is a crossing point; no patrols with detectors; nothing inland
    assert states(found, "nuclear_and_radioactive_material") == ([[0, 0], [1, 0], [0, 0], [0, 0]], [1, 0])
    assert states(found, "dual_use_goods") == ([[0, 0], [0, 0], [0, 0], [0, 1]], [0, 1])
    # firearms move as person, group or vehicle: unknown for groups in the first, a gap for vehicles in the second
    assert states(found, "firearms") == ([[0, 0], [1, 0], [-1, 0], [0, 0]], [1, 0])
    assert states(found, "stolen_vehicles") == ([[0, 0], [1, 0], [1, 0], [0, 0]], [1, 0])
    # no sensor of a layout has a class for drones
    assert states(found, "drones")[1] == [0, 0]
    worst = found.threats[found.order()[0]]
    assert len(found.gaps(found.order()[0])) == 2
    assert worst.id in ("human_trafficking", "drones", "livestock_and_animal_disease", "chemical_and_biological_agents")


def test_without_a_table_nothing_that_only_a_table_states_is_a_gap() -> None:
    found = view({}, {"person": [0, 0], "group": [0, 0], "vehicle": [0, 0], "animal": [0, 0]}, stated=False)
    assert (found.overall == UNKNOWN).all()
    at = LAYERS.index("crossing_point")
    assert (found.by_layer[:, at, 1] == NOT_COVERED).all()
    assert (found.by_layer[:, at, 0] != COVERED).all()


TABLE_MEANS = sorted(name for name in layer_of_means() if name not in ("sensor_detection", "patrols"))
STATE = st.sampled_from([COVERED, NOT_COVERED, UNKNOWN])


@given(
    st.sets(st.sampled_from(TABLE_MEANS)),
    st.sampled_from(TABLE_MEANS),
    st.lists(STATE, min_size=2, max_size=2),
)
def test_more_means_never_open_a_gap(before: set[str], added: str, person: list[int]) -> None:
    """A threat that a layer covers stays covered when means are added, and the overall state is the best of layers."""
    detected = {"person": person, "group": [1, 1], "vehicle": [1, 0], "animal": [-1, 0]}
    fewer = view({name: [True, True] for name in before}, detected)
    more = view({name: [True, True] for name in before | {added}}, detected)
    assert ((more.by_layer == COVERED) >= (fewer.by_layer == COVERED)).all()
    assert ((more.overall == NOT_COVERED) <= (fewer.overall == NOT_COVERED)).all()
    for found in (fewer, more):
        assert ((found.overall == COVERED) == (found.by_layer == COVERED).any(axis=1)).all()
        assert ((found.overall == NOT_COVERED) == (found.by_layer == NOT_COVERED).all(axis=1)).all()


def table(tmp_path: Path, *rows: str, header: str = "place,means,start,end,source,illustrative") -> Path:
    path = tmp_path / "means.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_period_ends_the_day_before_its_end(tmp_path: Path) -> None:
    path = table(
        tmp_path, "section West,cargo_scanners,2026-01-01,,s,",
        "segment 1,roadside_checks,2026-01-01,2026-03-01,order 7,",
    )  # fmt: skip
    scanners, checks = read_means(path, PLACES)
    assert scanners.stands_on(NOW.date())
    assert not checks.stands_on(NOW.date())
    assert checks.stands_on(NOW.date().replace(month=2, day=28))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("nowhere,roadside_checks,2026-01-01,,s,", "place 'nowhere'"),
        ("everywhere,roadside_check,2026-01-01,,s,", "roadside_checks"),
        ("everywhere,sensor_detection,2026-01-01,,s,", "--challenge"),
        ("everywhere,roadside_checks,2026-01-01,,,", "no source"),
        ("everywhere,roadside_checks,,,s,", "no start"),
        ("everywhere,roadside_checks,2026-13-01,,s,", "date '2026-13-01'"),
        ("everywhere,roadside_checks,2026-01-02,2026-01-02,s,", "an end after the start"),
        ("everywhere,roadside_checks,2026-01-02,,s,maybe", "illustrative 'maybe'"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_its_number(tmp_path: Path, row: str, message: str) -> None:
    path = table(tmp_path, "everywhere,watchlists,2026-01-01,,s,", row)
    with pytest.raises(IndicatorError, match="row 2") as caught:
        read_means(path, PLACES)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["everywhere,watchlists,2026-01-01,,s,", "everywhere,watchlists,2026-05-01,,s,"], "stated twice"),
        (["everywhere,watchlists,2026-01-01,,s,yes", "everywhere,intelligence_exchange,2026-05-01,,s,"], "mixed"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(IndicatorError, match=message):
        read_means(table(tmp_path, *rows), PLACES)


def test_means_stand_at_their_place_only(tmp_path: Path) -> None:
    """A segment without a section is not in a section that is called None."""
    path = table(
        tmp_path, "section None,detection_dogs,2026-01-01,,s,",
        "crossing point bridge,vehicle_search,2026-01-01,,s,", "segment 1,cargo_scanners,2026-01-01,,s,",
        "everywhere,watchlists,2026-01-01,,s,", "segment 0,cargo_scanners,2026-01-01,,s,",
    )  # fmt: skip
    means = read_means(path, [*PLACES, "section None"])
    found = standing_in(means, [None, "None", "West"], [("bridge",), (), ("bridge", "ferry")])
    assert {name: values.tolist() for name, values in found.items()} == {
        "detection_dogs": [False, True, False],
        "vehicle_search": [True, False, True],
        "cargo_scanners": [True, True, False],
        "watchlists": [True, True, True],
    }


def challenge(folder: Path, sector: str, rows: list[dict[str, Any]], target: str = "person") -> Path:
    folder.mkdir()
    about = {"made_by": "watchline challenge", "sector": sector, "target": target, "required_probability": 0.9}
    (folder / "summary.json").write_text(json.dumps(about), encoding="utf-8")
    with (folder / "segments.csv").open("w", encoding="utf-8", newline="") as file:
        columns = ["segment", "detection_probability", "certain_probability", "unknown_m", "state"]
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_detection_is_judged_by_the_requirement_of_the_challenge(tmp_path: Path) -> None:
    rows = [
        {"segment": 0, "detection_probability": 0.9, "state": "crossed"},
        {"segment": 1, "detection_probability": 0.899, "state": "crossed"},
        {"segment": 2, "detection_probability": "", "state": "unreachable"},
        {"segment": 3, "detection_probability": "", "state": "unknown"},
        {"segment": 4, "detection_probability": 0.1, "certain_probability": 0.9, "unknown_m": 9.0, "state": "crossed"},
        {"segment": 5, "detection_probability": 0.1, "certain_probability": 0.8, "unknown_m": 9.0, "state": "crossed"},
    ]
    folder = challenge(tmp_path / "c", "hills", rows)
    target, found = detection_of(folder, "hills", 6)
    assert (target, found.tolist()) == ("person", [COVERED, NOT_COVERED, COVERED, UNKNOWN, UNKNOWN, NOT_COVERED])
    for sector, segments in (("hills", 5), ("valley", 6)):
        with pytest.raises(IndicatorError, match="is not a challenge"):
            detection_of(folder, sector, segments)


def test_patrols_are_those_of_the_mixed_strategy(tmp_path: Path) -> None:
    patrols = {"segments": [0, 2], "coverage": [0.3, 0.0]}
    about = {"made_by": "watchline plan", "sector": "hills", "patrols": patrols}
    (tmp_path / "summary.json").write_text(json.dumps(about), encoding="utf-8")
    assert patrols_of(tmp_path, ["hills"], 3).tolist() == [COVERED, UNKNOWN, NOT_COVERED]
    with pytest.raises(IndicatorError, match="is not a plan of hills with patrols"):
        patrols_of(tmp_path, ["hills"], 2)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_report_names_gaps_first(hill_sector: Files, tmp_path: Path, language: str) -> None:
    files = Path(shutil.copytree(hill_sector.folder, tmp_path / "hills"))
    corners = [lonlat(*place) for place in ((3000, 2000), (3400, 2000), (3400, 4000), (3000, 4000), (3000, 2000))]
    shape = {"type": "Polygon", "coordinates": [corners]}
    about = {"id": "bridge", "name": "Bridge", "kind": "crossing_point"}
    area = {"type": "Feature", "geometry": shape, "properties": about}
    (files / "areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [area]}))
    text = hill_sector.sector.read_text(encoding="utf-8").replace("[layouts]", 'areas = "areas.geojson"\n[layouts]')
    sector = files / "with_areas.toml"
    sector.write_text(text, encoding="utf-8")
    segments = open_sector(sector).crossed.segments
    path = table(
        tmp_path, "crossing point bridge,radiation_portals,2026-01-01,,s,yes",
        "segment 0,source_register,2026-01-01,,s,yes",
    )  # fmt: skip
    options = LayerOptions(str(sector), path, out=tmp_path / "out")
    screen = io.StringIO()
    with speaking(MessageCatalogue.of(language)):
        figures = show_layers(options, Console(file=screen, width=300), now=NOW)
    at = [one["segment"] for one in figures["segments"] if one["crossing_points"] == ["bridge"]]
    assert 0 < len(at) < segments
    nuclear = next(one for one in figures["gaps"] if one["threat"] == "nuclear_and_radioactive_material")
    assert set(nuclear["segments"]) == set(range(segments)) - {0, *at}
    assert figures["illustrative"]
    page = (tmp_path / "out" / "layers.html").read_text(encoding="utf-8")
    first = {"en": "threat is not covered by any layer", "fr": "menace n’est couverte par aucun niveau"}[language]
    assert first in page.partition("<main>")[0]
    assert first in screen.getvalue().partition("\n")[2].partition("\n")[0]
    assert "data:image/png;base64," in page


@pytest.mark.parametrize(("language", "words"), [("en", "No gap is known"), ("fr", "Aucune lacune n’est connue")])
def test_what_is_unknown_is_not_called_covered(hill_sector: Files, language: str, words: str) -> None:
    """Without any file that states what is in place, no gap is known, and no threat is stated to be covered."""
    screen = io.StringIO()
    with speaking(MessageCatalogue.of(language)):
        figures = show_layers(LayerOptions(str(hill_sector.sector)), Console(file=screen, width=300), now=NOW)
    assert figures["gaps"] == []
    assert screen.getvalue().startswith(words)
