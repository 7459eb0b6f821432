"""The challenge of a whole border: by hand on simple ground, laws on rough ground, and two real borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from shapely import affinity
from shapely.geometry import LineString

from geo.border import Border
from geo.challenge import ChallengeSettings, DemError, ReferenceTable, challenge
from geo.challenge.assessment import _interval
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.mobility import tobler_speed
from geo.terrain import frame_of, open_terrain

FRAME = LocalFrame.around(1.5, 42.5)
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "terrain"
WORLD_BORDERS = SHARED / "ne_10m_admin_0_boundary_lines_land.shp"
CELL_M = 30.0
SIZE = 61
YARD = ChallengeSettings(openness_radius_m=120.0, sites=2, sight_m=1_500.0, mast_m=5.0)
LINE = LineString([(-300.0, 941.3), (640.0, 870.7), (1_100.0, 1_013.9), (2_200.0, 906.1)])
SCORES = ["crossing_ease", "surveillance_difficulty", "response_difficulty"]


def terrain(elevation: np.ndarray, west_m: float = 0.0, south_m: float = 0.0) -> xr.Dataset:
    rows, columns = elevation.shape
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation, {"units": "m"})},
        coords={
            "northing": south_m + 15.0 + CELL_M * np.arange(rows)[::-1],
            "easting": west_m + 15.0 + CELL_M * np.arange(columns),
        },
        attrs={"crs": FRAME.wkt},
    )


def border(line: LineString = LINE, segment_length_m: float = 250.0) -> Border:
    return Border(FRAME, line, segment_length_m=segment_length_m)


def hills(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 2.0, (SIZE, SIZE)).cumsum(axis=0).cumsum(axis=1) / 8.0


STRAIGHT = border(LineString([(0.0, 930.0), (1_830.0, 930.0)]), 305.0)
BASES = [(915.0, 1_500.0)]


def test_level_ground_by_hand() -> None:
    """Straight across 600 m: 570 m between the outermost centres, all of it seen, nothing rugged, wide open."""
    found = challenge(terrain(np.zeros((SIZE, SIZE))), STRAIGHT, belt_m=300.0, settings=YARD)
    assert found["crossing_time"].to_numpy() == pytest.approx(570.0 / tobler_speed(0.0, off_path=True))
    both = found.sel(belt="both")
    assert (both["ruggedness"] == 0.0).all()
    assert float(both["vector_ruggedness"].max()) < 1e-12
    assert both["positive_openness"].to_numpy() == pytest.approx(np.pi / 2.0)
    assert (both["dead_ground_1.7m"] == 0.0).all()
    assert (both["known_fraction"] == 1.0).all()
    assert found["crossing_ease"].to_numpy() == pytest.approx(0.5), "all alike"
    assert found["surveillance_difficulty"].to_numpy() == pytest.approx(0.5)
    assert found["response_difficulty"].isnull().all(), "without bases nobody knows"
    assert found.attrs["missing"].endswith("bases")
    assert found["cut"].to_numpy().tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]


def test_a_ridge_hides_the_other_side() -> None:
    """A wall along the line, 60 m high, and posts only at home: away is dead ground but for the wall's flank."""
    wall = np.zeros((SIZE, SIZE))
    wall[32] = 60.0  # away from home, 30 m south of the line
    found = challenge(terrain(wall), STRAIGHT, belt_m=300.0, settings=YARD)
    assert (found["dead_ground_1.7m"].sel(belt="home") == 0.0).all()
    away = found["dead_ground_1.7m"].sel(belt="away")
    assert (away > 0.5).all()
    assert (found["dead_ground_0.5m"] >= found["dead_ground_1.7m"]).all()
    both = found["dead_ground_1.7m"].sel(belt="both")
    assert both.to_numpy() == pytest.approx(away.to_numpy() / 2.0)


def test_a_climb_takes_time_and_only_where_it_is() -> None:
    """The eastern half rises 1 in 2 towards home."""
    slope = np.zeros((SIZE, SIZE))
    slope[:, 31:] = 15.0 * np.arange(SIZE)[::-1, None]
    found = challenge(terrain(slope), STRAIGHT, belt_m=300.0, settings=YARD)
    level = 570.0 / tobler_speed(0.0, off_path=True)
    assert found["crossing_time"][:3].to_numpy() == pytest.approx(level)
    assert (found["crossing_time"][4:] > level).all()
    assert (found["crossing_ease"][:3] > 0.5).all()
    assert (found["crossing_ease"][4:] < 0.5).all()
    assert float(found["slope"].sel(belt="both")[5]) == pytest.approx(0.5)


def test_response_grows_with_the_distance_from_the_base() -> None:
    found = challenge(terrain(np.zeros((SIZE, SIZE))), STRAIGHT, belt_m=300.0, settings=YARD, bases=[(15.0, 1_500.0)])
    time = found["response_time"].sel(belt="both").to_numpy()
    assert (np.diff(time) > 0.0).all()
    assert (np.diff(found["response_difficulty"]) > 0.0).all()
    assert (found["response_time"].sel(belt="home") < found["response_time"].sel(belt="away")).all()


def compared(a: xr.Dataset, b: xr.Dataset) -> None:
    for name in a.data_vars:
        assert np.allclose(a[name].to_numpy(), b[name].to_numpy(), rtol=1e-9, atol=1e-9, equal_nan=True), name


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_change_no_score(turns: int) -> None:
    z = hills()
    side = SIZE * CELL_M / 2.0
    plain = challenge(terrain(z), border(), belt_m=240.0, settings=YARD, bases=BASES)
    base = affinity.rotate(LineString([BASES[0], (0.0, 0.0)]), 90.0 * turns, origin=(side, side)).coords[0]
    turned = challenge(
        terrain(np.rot90(z, turns)),
        border(affinity.rotate(LINE, 90.0 * turns, origin=(side, side))),
        belt_m=240.0,
        settings=YARD,
        bases=[base],
    )
    compared(plain, turned)


def test_shifts_by_whole_cells_change_no_score() -> None:
    z = hills(2)
    east, north = 40 * CELL_M, -25 * CELL_M
    plain = challenge(terrain(z), border(), belt_m=240.0, settings=YARD, bases=BASES)
    moved = challenge(
        terrain(z, east, north),
        border(affinity.translate(LINE, east, north)),
        belt_m=240.0,
        settings=YARD,
        bases=[(BASES[0][0] + east, BASES[0][1] + north)],
    )
    compared(plain, moved)


def test_dask_equals_numpy() -> None:
    ground = terrain(hills(3))
    plain = challenge(ground, border(), belt_m=240.0, settings=YARD, bases=BASES, dem_error=DemError(draws=2))
    lazy = challenge(
        ground.chunk({"northing": 17, "easting": 23}),
        border(),
        belt_m=240.0,
        settings=YARD,
        bases=BASES,
        dem_error=DemError(draws=2),
    )
    xr.testing.assert_identical(plain, lazy)


def test_scores_are_percentiles_of_their_headline_measures() -> None:
    found = challenge(terrain(hills(4)), border(), belt_m=240.0, settings=YARD, bases=BASES)
    found = found.dropna("segment", subset=["crossing_time"])
    order = np.argsort(found["crossing_time"].to_numpy())
    assert (np.diff(found["crossing_ease"].to_numpy()[order]) <= 0.0).all()
    for score, measure in (("surveillance_difficulty", "dead_ground_1.7m"), ("response_difficulty", "response_time")):
        order = np.argsort(found[measure].sel(belt="both").to_numpy())
        assert (np.diff(found[score].to_numpy()[order]) >= 0.0).all()
    for score in SCORES:
        assert float(found[score].mean()) == pytest.approx(0.5)


def test_more_sites_never_leave_more_dead_ground_and_higher_masts_less_in_sum() -> None:
    ground, few = terrain(hills(5)), YARD
    many = ChallengeSettings(openness_radius_m=120.0, sites=4, sight_m=1_500.0, mast_m=5.0)
    a, b = (challenge(ground, border(), belt_m=240.0, settings=yard) for yard in (few, many))
    name = "dead_ground_1.7m"
    few_sites, many_sites = (found[name].sel(belt="both").dropna("segment") for found in (a, b))
    assert (many_sites <= few_sites + 1e-12).all()
    assert len(many_sites) >= 8


def test_unknown_ground_is_unknown_and_never_zero() -> None:
    z = hills(6)
    z[:, 33:] = np.nan
    found = challenge(terrain(z), border(), belt_m=240.0, settings=YARD, bases=[(300.0, 1_500.0)])
    last = found.isel(segment=6)
    assert float(last["known_fraction"].sel(belt="both")) == 0.0
    for name in ("ruggedness", "vector_ruggedness", "positive_openness", "dead_ground_1.7m", "slope", "response_time"):
        assert np.isnan(last[name].sel(belt="both")), name
    assert np.isnan(last["crossing_time"])
    for score in SCORES:
        assert np.isnan(last[score]), score
        assert found[score].notnull().any()


@pytest.mark.parametrize("draws", [2, 3, 8])
def test_drawn_errors_give_intervals_around_what_was_measured_and_a_bias_beside_it(draws: int) -> None:
    counted: list[tuple[int, int]] = []
    found = challenge(
        terrain(hills(7)),
        border(),
        belt_m=240.0,
        settings=YARD,
        bases=BASES,
        dem_error=DemError(sd_m=1.0, correlation_m=90.0, draws=draws, seed=3),
        progress=lambda done, total: counted.append((done, total)),
    )
    assert counted == [(n, draws) for n in range(1, draws + 1)]
    for name in ("ruggedness", "vector_ruggedness", "slope"):
        bias = found[f"{name}_bias"].sel(belt="both").dropna("segment")
        assert (bias > 0.0).mean() > 0.8, "error makes ground rougher"
    known = found.sel(belt="both").dropna("segment", subset=["crossing_time"])
    for name in ("ruggedness", "crossing_time", "dead_ground_1.7m", "positive_openness"):
        assert (known[f"{name}_low"] <= known[name]).all(), name
        assert (known[name] <= known[f"{name}_high"]).all(), name
        assert (known[f"{name}_sd"] >= 0.0).all()
    for name in ("vector_ruggedness", "dead_ground_1.7m", "dead_ground_0.5m"):
        assert (found[f"{name}_low"].fillna(0.0) >= 0.0).all(), name
        assert (found[f"{name}_high"].fillna(1.0) <= 1.0).all(), name
    for score in SCORES:
        assert (known[f"{score}_low"] <= known[score]).all(), score
        assert (known[score] <= known[f"{score}_high"]).all(), score
        assert ((known[f"{score}_low"] >= 0.0) & (known[f"{score}_high"] <= 1.0)).all(), score
    assert "response_time_sd" not in found, "heights of the ground do not enter the response that was given"
    assert found.attrs["dem_error_draws"] == draws


def test_intervals_stay_in_the_range_of_their_measure() -> None:
    """Samples .02 to .08 of a fraction that is 0: from 0 to their 95% quantile, .076, not from -.026 to .026."""
    drawn = np.array([0.02, 0.05, 0.08, 0.06, 0.04])
    value = np.array([0.0, 1.0, 0.03, 0.5])
    found = _interval(value, np.column_stack([drawn, 1.0 - drawn, drawn, 0.45 + drawn]), 1.0)
    assert found["low"] == pytest.approx([0.0, 0.924, 0.004, 0.474])
    assert found["high"] == pytest.approx([0.076, 1.0, 0.056, 0.526])
    steep = _interval(np.array([0.01, 1.0]), np.column_stack([drawn, 1.0 + drawn]), np.inf)
    assert steep["low"] == pytest.approx([0.0, 0.974]), "a slope is at least 0, and may be above 1"
    assert steep["high"] == pytest.approx([0.036, 1.026])


def test_a_reference_stands_beside_the_measures_or_says_why_not() -> None:
    ground = terrain(hills(8))
    made = challenge(ground, border(), belt_m=240.0, settings=YARD)
    values = np.sort(made["ruggedness"].sel(belt="both").dropna("segment"))
    table = ReferenceTable(
        name="itself",
        version="1",
        cell_m=CELL_M,
        source="this test",
        yardstick={"window": 3, "belt_m": 240.0},
        quantiles=np.linspace(0.0, 1.0, len(values)),
        measures={"ruggedness": values},
    )
    found = challenge(ground, border(), belt_m=240.0, settings=YARD, reference=table)
    rank = found["ruggedness_reference"].sel(belt="both").dropna("segment").to_numpy()
    assert np.sort(rank) == pytest.approx(np.linspace(0.0, 1.0, len(values)))
    assert not found["ruggedness_outside"].sel(belt="both").any()
    other = challenge(ground, border(), belt_m=300.0, settings=YARD, reference=table)
    assert other["ruggedness_reference"].isnull().all()
    assert other.attrs["reference_misfit"].startswith("another belt, ")
    assert other.attrs["reference_misfit"].count(" m") == 2


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"belt_m": 0.0}, "belt_m"),
        ({"belt_m": 5_000.0}, "is nowhere on the terrain"),
        ({"bases": [(9_000.0, 9_000.0)]}, "a walker cannot be at"),
        ({"bases": np.zeros((0, 2))}, "no position given"),
    ],
)
def test_a_challenge_that_cannot_be_is_refused(keywords: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        challenge(terrain(hills()), border(), **({"belt_m": 240.0, "settings": YARD} | keywords))


def test_a_border_off_the_terrain_is_refused() -> None:
    with pytest.raises(BadInput, match="outside the terrain"):
        challenge(terrain(hills()), border(affinity.translate(LINE, 0.0, 90_000.0)), settings=YARD)


REAL = {
    "srtm3_n42e001_pyrenees_ES-AD-FR.tif": ["Spain", "Andorra", "France"],
    "srtm3_n43e007_maritime_alps_FR-IT.tif": ["France", "Italy"],
}


@pytest.fixture(scope="module")
def real() -> list[xr.Dataset]:
    """Both borders by the default yardstick, segments of 500 m and belts of 2 km."""
    found = []
    for tile, countries in REAL.items():
        ground = open_terrain(SHARED / tile)
        both = {"adm0_left": countries, "adm0_right": countries}
        line = Border.from_file(WORLD_BORDERS, frame_of(ground), where=both, clip=ground)
        found.append(challenge(ground, line, belt_m=2_000.0))
    return found


@pytest.mark.skipif(not WORLD_BORDERS.exists(), reason="the shared terrain tiles are not here")
def test_real_borders_are_plausible(real: list[xr.Dataset]) -> None:
    """Nobody crosses 4 km faster than a walker on the easiest slope; crawlers are hidden more; slopes are rugged."""
    for found in real:
        time = found["crossing_time"].to_numpy()
        assert np.isfinite(time).all()
        assert (time > (4_000.0 - 4.0 * found.attrs["cell_m"]) / tobler_speed(-0.05, off_path=True)).all()
        both = found.sel(belt="both")
        assert ((both["dead_ground_1.7m"] >= 0.0) & (both["dead_ground_1.7m"] < 0.9)).mean() > 0.9
        assert float((both["dead_ground_0.5m"] - both["dead_ground_1.7m"]).mean()) > 0.0
        assert float(np.corrcoef(both["slope"], both["ruggedness"])[0, 1]) > 0.9
        assert (found["known_fraction"] > 0.9).mean() > 0.9, "steep ground has voids"


@pytest.mark.skipif(not WORLD_BORDERS.exists(), reason="the shared terrain tiles are not here")
def test_the_table_that_comes_along_is_of_these_borders(real: list[xr.Dataset]) -> None:
    table = ReferenceTable.named("pyrenees-maritime-alps-srtm3")
    made = ReferenceTable.over(real, name=table.name, version=table.version, source=table.source)
    assert made.misfit(table.cell_m, table.yardstick) == ""
    assert table.misfit(made.cell_m, made.yardstick) == ""
    for name, values in table.measures.items():
        assert np.allclose(made.measures[name], values, rtol=1e-4, atol=1e-9), name
    rank, outside = table.percentiles("crossing_time", real[1]["crossing_time"])
    assert not outside.any()
    assert np.nanmean(rank) == pytest.approx(0.5, abs=0.2)


def test_tables_of_different_yardsticks_are_not_mixed() -> None:
    one = challenge(terrain(hills(9)), border(), belt_m=240.0, settings=YARD)
    other = challenge(terrain(hills(9)), border(), belt_m=300.0, settings=YARD)
    with pytest.raises(BadInput, match="belt_m differs"):
        ReferenceTable.over([one, other], name="mixed", version="1", source="-")
    with pytest.raises(BadInput, match="not known"):
        ReferenceTable.named("moon")


def test_a_response_over_a_void_only_is_unknown_and_over_water_never_comes() -> None:
    """A column of 30 m parts the last two of six segments from the base. As a void it leaves their time unknown, as
    water without end; a segment that it parts has the time of the median cell if that is known."""
    parted = np.zeros((SIZE, SIZE))
    parted[:, 46] = np.nan  # at 1,395 m: the fifth segment, of 1,220 to 1,525 m, is for more than a half before it
    case = {"belt_m": 300.0, "settings": YARD, "bases": BASES}
    void = challenge(terrain(parted), STRAIGHT, **case)["response_time"].sel(belt="both")
    wet = terrain(np.zeros((SIZE, SIZE)))
    wet["land_cover"] = (("northing", "easting"), np.where(np.isnan(parted), 80, 30).astype(np.uint8))
    water = challenge(wet, STRAIGHT, **case)["response_time"].sel(belt="both")
    assert np.isfinite(void[:5]).all()
    assert np.isnan(void[5])
    assert np.isposinf(water[5])
    np.testing.assert_array_equal(void[:4], water[:4])
