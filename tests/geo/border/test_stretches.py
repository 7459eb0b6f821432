from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString

from geo.border import Border
from geo.border.belt import belt_of
from geo.border.stretches import by_stretches, joined, stretches
from geo.challenge import ChallengeSettings, challenge, challenge_by_stretches
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.mobility.speed_surface import on_foot
from geo.paths.crossings import crossings, crossings_of_the_whole
from geo.terrain import frame_of, open_terrain
from tests.drills.sizes import sized

FRAME = LocalFrame.around(1.5, 42.5)
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "terrain"
PYRENEES = SHARED / "srtm3_n42e001_pyrenees_ES-AD-FR.tif"
HAIRPIN = Border(FRAME, LineString([(0, 0), (10_000, 0), (10_000, 900), (0, 900)]), segment_length_m=300.0)
PARTS = Border(
    FRAME, MultiLineString([[(0, 0), (4_100, 0)], [(5_000, 0), (9_000, 700)], [(9_000, 700), (9_000, 3_000)]])
)


@pytest.mark.parametrize("border", [HAIRPIN, PARTS], ids=["hairpin", "parts"])
@pytest.mark.parametrize("length_m", [900.0, 2_500.0, 1e6])
def test_stretches_take_every_segment_once_and_know_what_is_near(border: Border, length_m: float) -> None:
    made = stretches(border, belt_m=400.0, length_m=length_m, margin_m=1_000.0)
    owned = np.concatenate([stretch.numbers[stretch.own_segments] for stretch in made])
    assert owned.tolist() == list(range(border.segments))
    for stretch in made:
        assert stretch.border.segments == len(stretch.numbers)
        for own, number in enumerate(stretch.numbers):
            here, there = stretch.border.segment_geometry(own), border.segment_geometry(int(number))
            assert shapely.hausdorff_distance(here, there) < 1e-6
        core = shapely.union_all([border.segment_geometry(n) for n in range(stretch.first, stretch.last + 1)])
        far = [n for n in range(border.segments) if n not in stretch.numbers]
        assert all(border.segment_geometry(n).distance(core) > 1_000.0 - 1e-6 for n in far)


def test_what_is_near_a_stretch_of_2000_km_is_found_without_a_walk_over_its_segments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Segment by segment it took 13 s, for each of 84 stretches."""
    east = np.arange(0.0, 2_000_000.0, 200.0)
    border = Border(FRAME, LineString(np.column_stack([east, 3_000.0 * np.sin(east / 9_000.0)])))
    stretch = stretches(border, belt_m=2_000.0)[40]
    walked: list[int] = []
    monkeypatch.setattr(Border, "segment_geometry", lambda _, number: walked.append(number))
    first = next(stretch.widening(xr.Dataset(coords={"easting": [0.0, 30.0], "northing": [30.0, 0.0]}), belt_m=2_000.0))
    assert walked == []
    assert first.border.segments < 70  # 25 km of its own and half a belt on either side


def test_beside_its_own_segments_a_stretch_locates_as_the_whole_does() -> None:
    rng = np.random.default_rng(0)
    for stretch in stretches(HAIRPIN, belt_m=400.0, length_m=2_000.0):
        own = [HAIRPIN.segment_geometry(n) for n in range(stretch.first, stretch.last + 1)]
        lines = shapely.union_all(own)
        west, south, east, north = lines.bounds
        easting, northing = rng.uniform(west - 400, east + 400, 400), rng.uniform(south - 400, north + 400, 400)
        whole = HAIRPIN.between_edges(easting, northing)
        part = stretch.border.between_edges(easting, northing)
        mine = (whole[0] >= stretch.first) & (whole[0] <= stretch.last)
        assert np.array_equal(stretch.numbers[part[0][mine]], whole[0][mine])
        assert np.allclose(part[2][mine], whole[2][mine], atol=1e-6)


@settings(max_examples=sized(12, 25), deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["inward", "outward"]), st.sampled_from([60.0, 150.0, 300.0]))
def test_what_is_told_of_the_whole_is_so(seed: int, direction: str, margin_m: float) -> None:
    """However narrow the margin: where a piece says that the whole has no cheaper way, it has none."""
    rng = np.random.default_rng(seed)
    cell_m, shape = 20.0, (40, 120)
    east, north = cell_m * np.arange(shape[1]), cell_m * np.arange(shape[0])[::-1]
    ground = xr.Dataset(
        {"elevation": (("northing", "easting"), rng.normal(0.0, 8.0, shape).cumsum(axis=1), {"units": "m"})},
        coords={"northing": north, "easting": east},
        attrs={"crs": FRAME.wkt},
    )
    x = np.linspace(60.0, 2_300.0, 12)
    border = Border(
        FRAME, LineString(np.column_stack([x, 390.0 + rng.uniform(-60.0, 60.0, 12)])), segment_length_m=90.0
    )
    walker, weight = on_foot(ground), rng.uniform(0.0, 1.0, shape) ** 6
    belt = belt_of(border, ground, belt_m=200.0)
    whole = crossings(belt, walker, weight=weight[belt.rows, belt.columns], direction=direction)
    for stretch in stretches(border, belt_m=200.0, length_m=500.0, margin_m=margin_m):
        piece = belt_of(stretch.border, ground, belt_m=200.0)
        ways, sure = crossings_of_the_whole(
            piece, walker, stretch.own_segments, least_per_s=0.0, slack=1e-9, weight=weight[piece.rows, piece.columns],
            direction=direction,
        )  # fmt: skip
        expected = whole.cost[stretch.numbers[stretch.own_segments]]
        found = ways.cost[stretch.own_segments]
        assert np.allclose(found[sure], expected[sure], rtol=1e-9, atol=2e-9)
        assert (found >= expected - 1e-9).all()


def test_the_least_way_to_an_edge_is_no_more_than_it_takes() -> None:
    """On level ground the fastest ways go straight, so that a margin of half a belt tells them of the whole."""
    place = 20.0 * np.arange(400)
    ground = xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((100, 400)), {"units": "m"})},
        coords={"northing": place[:100][::-1], "easting": place},
        attrs={"crs": FRAME.wkt},
    )
    border = Border(FRAME, LineString([(100.0, 1_000.0), (7_800.0, 990.0)]), segment_length_m=200.0)
    for stretch in stretches(border, belt_m=800.0, length_m=2_000.0, margin_m=400.0):
        piece = belt_of(stretch.border, ground, belt_m=800.0)
        assert piece.onward.any()
        _, sure = crossings_of_the_whole(piece, on_foot(ground), stretch.own_segments, least_per_s=1.0, slack=1e-6)
        assert sure.all()


def test_broken_off_work_goes_on_from_what_was_kept() -> None:
    todo = stretches(HAIRPIN, belt_m=400.0, length_m=3_000.0)
    worked: list[int] = []

    def work(stretch) -> xr.Dataset:
        worked.append(stretch.number)
        numbers = np.arange(stretch.border.segments)
        answer = xr.Dataset({"n": ("segment", stretch.numbers)}, {"segment": numbers})
        return stretch.own_part(answer)

    counted: list[tuple[int, int]] = []
    kept = dict(by_stretches(todo[:2], work))
    rest = dict(by_stretches(todo, work, done=kept, progress=lambda done, total: counted.append((done, total))))
    assert worked == [stretch.number for stretch in todo]
    assert counted[-1] == (len(todo), len(todo))
    whole = joined(rest)
    assert whole["segment"].to_numpy().tolist() == list(range(HAIRPIN.segments))
    assert whole["n"].to_numpy().tolist() == list(range(HAIRPIN.segments))


@pytest.mark.parametrize(("keywords", "words"), [({"length_m": 0.0}, "length_m"), ({"margin_m": 0.0}, "margin_m")])
def test_stretches_that_make_no_sense_are_refused(keywords: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        stretches(HAIRPIN, **({"belt_m": 400.0} | keywords))
    with pytest.raises(BadInput, match="no sub-section"):
        joined([])


@pytest.mark.skipif(not PYRENEES.exists(), reason="the shared Pyrenees tile is not here")
def test_a_real_border_by_stretches_is_as_the_whole() -> None:
    """Means over cells to rounding; crossing times the same, all of them surely."""
    ground = open_terrain(PYRENEES)
    spain_france = {"adm0_left": ["Spain", "France"], "adm0_right": ["Spain", "France"]}
    line = Border.from_file(
        SHARED / "ne_10m_admin_0_boundary_lines_land.shp",
        frame_of(ground),
        where=spain_france,
        clip=ground,
        segment_length_m=1_000.0,
    )
    yard = ChallengeSettings(sight_m=2_000.0, sites=2)
    whole = challenge(ground, line, belt_m=1_500.0, settings=yard)
    kept: dict[int, xr.Dataset] = {}
    case = {"belt_m": 1_500.0, "length_m": 20_000.0, "settings": yard}
    parts = challenge_by_stretches(ground, line, **case, keep=kept.__setitem__)
    again = challenge_by_stretches(ground, line, **case, done=kept)
    xr.testing.assert_identical(parts, again)
    assert len(kept) >= 4
    for name in ("ruggedness", "vector_ruggedness", "positive_openness", "slope", "known_fraction", "dead_ground_1.7m"):
        assert np.allclose(parts[name], whole[name], rtol=1e-9, atol=1e-9, equal_nan=True), name
    assert np.array_equal(parts["crossing_time"].isnull(), whole["crossing_time"].isnull())
    ratio = (parts["crossing_time"] / whole["crossing_time"]).dropna("segment").to_numpy()
    assert len(ratio) > 0.95 * line.segments
    assert np.allclose(ratio, 1.0, rtol=0.0, atol=1e-6)
    assert parts["crossing_of_the_whole"].all()
    assert np.allclose(parts["crossing_ease"], whole["crossing_ease"], equal_nan=True)
