"""Comparing layouts: laws that any ground must keep, and what is wrong told in one sentence."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma
from shapely.geometry import LineString

from geo.border import Border, Zone
from geo.frame import LocalFrame
from geo.paths.response_times import response_time
from sensors.coverage import coverage, coverage_rasters
from sensors.coverage.segments import over_segments as coverage_by_segment
from sensors.crossing.segments import least_ways, over_segments
from sensors.equipment.catalogue import Catalogue, shipped
from sensors.equipment.quantity import Quantity
from sensors.gaps import watch_belt
from sensors.gaps.footprint_barrier import Barrier, BarrierFootprints
from sensors.interdiction.interception import interruptions
from sensors.layout import Layout, place
from sensors.planning import OBJECTIVES, CompareError, CompareSettings, Study, compare, study, verdict
from sensors.planning.comparison import draws
from sensors.planning.comparison.dataset import MEASURES
from sensors.planning.comparison.draws import SCALE_AVAILABILITY, SCALE_PRICE, central, draw
from sensors.planning.comparison.outcome import _missed_by_a_team, outcome
from sensors.planning.comparison.purchase import budgets, control_room_cost
from sensors.planning.comparison.sensor_rates import scaled
from sensors.planning.comparison.settings import ASSUMED
from sensors.planning.comparison.study import ground_figures
from sensors.planning.comparison.verdict import crossing_point, duel

FRAME = LocalFrame.around(-84.2, 36.6)
CELL_M = 50.0
CHEAP = {"samples": 40, "belt_m": 600.0, "weather": {"day": 0.5, "night": 0.3, "night,fog": 0.2}}


def behind_a_void() -> tuple[xr.Dataset, Border, Layout]:
    """Level ground, and a radar that sees all of it but for a strip of voids between it and the border."""
    flat = ground()
    heights = np.full(flat["elevation"].shape, 200.0)
    heights[:, np.abs(flat["easting"].to_numpy() + 800.0) < 60.0] = np.nan
    line = Border(FRAME, LineString([(-600.0, 0.0), (1400.0, 0.0)]), segment_length_m=400.0, home_side="right")
    radar = layout_of("radar", ("portable_radar", -1200.0, -300.0), max_range_m=4000.0, mast_height_m=12.0)
    return flat.assign(elevation=(("northing", "easting"), heights, {"units": "m"})), line, radar


class HalfScale(LocalFrame):
    """The same places, as if one metre of the frame were two on the ground."""

    def scale_factor(self, easting: Any, northing: Any) -> Any:
        return np.full(np.shape(easting), 0.5)


def ground() -> xr.Dataset:
    """A belt of 3 km by 2 km with a ridge along it and a valley across."""
    east, north = np.arange(-1500.0, 1501.0, CELL_M), np.arange(1000.0, -1001.0, -CELL_M)
    x, y = np.meshgrid(east, north)
    heights = 200.0 + 40.0 * np.cos(y / 500.0) - 30.0 * np.exp(-((x - 300.0) ** 2) / 2e5)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), heights, {"units": "m"})},
        coords={"easting": east, "northing": north},
        attrs={"crs": FRAME.crs.to_wkt(), "datum": "test"},
    )


def border() -> Border:
    return Border(FRAME, LineString([(-1400.0, 0.0), (1400.0, 0.0)]), segment_length_m=400.0, home_side="right")


def layout_of(name: str, *items: tuple[str, float, float], **values: Any) -> Layout:
    sensors = []
    for number, (item, easting, northing) in enumerate(items):
        figures = {k: v for k, v in shipped()[item].layout_values().items() if k not in ("id",)}
        sensors.append(place(FRAME, easting, northing, id=f"s{number}", catalogue=item, **(figures | values)))
    return Layout(name, FRAME, tuple(sensors))


POSTS = layout_of(
    "posts",
    ("handheld_thermal", -700.0, 100.0),
    ("handheld_thermal", 600.0, -100.0),
    field_of_view_deg=360.0,
    mast_height_m=12.0,
)
RADAR = layout_of("radar", ("portable_radar", 0.0, -200.0))
EAST = layout_of(
    "east", ("handheld_thermal", 900.0, -100.0), max_range_m=450.0, mast_height_m=12.0, field_of_view_deg=360.0
)
LINES = layout_of("lines", *[("seismic_line", float(x), -50.0) for x in range(-1300, 1301, 325)])


@pytest.fixture(scope="module")
def terrain() -> xr.Dataset:
    return ground()


def studied(layouts: list[Layout], terrain: xr.Dataset, **asked: Any) -> Study:
    return study(layouts, terrain, border(), bases=np.array([[0.0, -900.0]]), **CHEAP, **asked)


def mean_detections(made: Study) -> dict[str, np.ndarray]:
    """The mean detection (draw,) of each layout, as a comparison draws it."""
    outcomes = made.outcomes(draw(made.inputs, made.settings))
    return {name: one.mean_detection for name, one in zip(made.names, outcomes, strict=True)}


@pytest.fixture(scope="module")
def made(terrain: xr.Dataset) -> Study:
    return studied([POSTS, RADAR, LINES], terrain)


@pytest.fixture(scope="module")
def found(made: Study) -> xr.Dataset:
    return verdict(made)


def test_what_is_drawn_is_what_a_comparison_tells(made: Study, found: xr.Dataset) -> None:
    for name, values in mean_detections(made).items():
        assert np.array_equal(found["mean_detection"].sel(layout=name), values)


def test_the_sensitivity_to_the_number_of_strips_is_that_of_a_study_with_as_many(
    terrain: xr.Dataset, made: Study, found: xr.Dataset
) -> None:
    finer = verdict(studied([POSTS, RADAR, LINES], terrain, strips=2 * made.settings.strips))
    for name in ("mean_interruption", "least_interruption"):
        tried, central_inputs = found[f"{name}_by_strips"], f"{name}_at_central_inputs"
        assert tried["strips_tried"].to_numpy().tolist() == [0.5, 1.0, 2.0]
        assert np.array_equal(tried.sel(strips_tried=1.0), found[central_inputs])
        np.testing.assert_allclose(tried.sel(strips_tried=2.0), finer[central_inputs], rtol=1e-9)
    assert (
        np.ptp(found["mean_interruption_by_strips"].to_numpy(), axis=1).max() > 0.0
    )  # the response is neither early nor hopeless


def test_without_bases_there_is_no_sensitivity_to_the_number_of_strips(terrain: xr.Dataset) -> None:
    tried = compare([POSTS, LINES], terrain, border(), **CHEAP)["mean_interruption_by_strips"]
    assert tried["strips_tried"].to_numpy().tolist() == [1.0]
    assert np.isnan(tried).all()


def test_equal_layouts_tie_at_one_half(terrain: xr.Dataset) -> None:
    twin = dataclasses.replace(POSTS, name="twin")
    both = compare([POSTS, twin], terrain, border(), bases=[[0.0, -900.0]], **CHEAP)
    assert (both["beats"].to_numpy() == 0.5).all()
    assert (both["ties"].to_numpy() == 1.0).all()
    assert (both["mean_detection"][0].to_numpy() == both["mean_detection"][1].to_numpy()).all()


def test_wins_and_losses_of_a_pair_sum_to_one(found: xr.Dataset) -> None:
    beats = found["beats"].to_numpy()
    assert np.allclose(beats + beats.transpose(0, 2, 1), 1.0)
    assert (found["ties"].to_numpy() <= 1.0).all()


def test_the_same_seed_gives_the_same_and_another_does_not(terrain: xr.Dataset, found: xr.Dataset) -> None:
    again = compare([POSTS, RADAR, LINES], terrain, border(), bases=[[0.0, -900.0]], **CHEAP)
    xr.testing.assert_identical(found, again)
    other = mean_detections(studied([POSTS, RADAR, LINES], terrain, seed=2))
    assert not np.array_equal(list(other.values()), found["mean_detection"])


def test_an_input_is_drawn_alike_whoever_else_is_compared(terrain: xr.Dataset) -> None:
    """Common random numbers: at a fixed budget a layout's draws do not hang on the others."""
    alone, turned = (mean_detections(studied(pair, terrain, budget=2e7)) for pair in ([POSTS, RADAR], [RADAR, POSTS]))
    for name in ("posts", "radar"):
        assert np.allclose(alone[name], turned[name])


def test_probabilities_are_probabilities_and_the_least_is_least(found: xr.Dataset) -> None:
    for name in ("mean_detection", "least_detection", "mean_interruption", "least_interruption", "assessed_fraction"):
        values = found[name].to_numpy()
        assert ((values >= -1e-12) & (values <= 1.0 + 1e-12)).all(), name
    assert (found["least_detection"] <= found["mean_detection"] + 1e-12).all()
    assert (found["mean_interruption"] <= found["mean_detection"] + 1e-12).all()
    worst = found["segment_detection"].min("segment")
    assert (found["least_detection_central"] <= worst + 1e-12).all()


def test_every_central_figure_is_within_its_own_interval(terrain: xr.Dataset) -> None:
    """A radar that most likely works 95 % of the time, and may work 10 %: the most likely value is nearly the highest,
    so the outcome at central inputs is above the interval of the draws."""
    skewed = Quantity(0.1, 0.951, 0.95, "test", "L")
    items = dict(shipped().items)
    items["portable_radar"] = dataclasses.replace(items["portable_radar"], availability=skewed)
    catalogue = Catalogue("skewed", "USD", shipped().staff, items)
    found = compare([RADAR, POSTS], terrain, border(), catalogue=catalogue, **(CHEAP | {"residual_item": None}))
    for name in MEASURES:
        low, high = (found[name].quantile(share, "sample", skipna=False) for share in (0.05, 0.95))
        middle = found[f"{name}_central"]
        assert ((middle >= low) & (middle <= high)).where(low.notnull(), True).all(), name
    for name in ("segment_detection", "segment_interruption"):
        middle = found[name]
        within = (middle >= found[f"{name}_low"]) & (middle <= found[f"{name}_high"])
        assert within.where(middle.notnull(), True).all(), name
    alone = float(found["mean_detection_at_central_inputs"].sel(layout="radar"))
    assert alone > float(found["mean_detection"].sel(layout="radar").quantile(0.95))


def test_displacement_never_increases_the_gain(found: xr.Dataset) -> None:
    assert (found["gain_after"] <= found["gain_before"] + 1e-12).all()
    assert float(found["gain_before"][0]) == float(found["gain_after"][0]) == 0.0


def test_everybody_has_the_same_money_and_nobody_more(found: xr.Dataset) -> None:
    cost = found["life_cycle_cost"].to_numpy()
    assert np.allclose(cost, cost.max(axis=0), rtol=1e-9)


@pytest.mark.parametrize("layout", [POSTS, RADAR, LINES], ids=lambda one: one.name)
def test_more_budget_never_worsens(terrain: xr.Dataset, layout: Layout) -> None:
    made = study([layout], terrain, border(), bases=np.array([[0.0, -900.0]]), settings=CompareSettings(**CHEAP))
    draws = draw(made.inputs, made.settings)
    room = control_room_cost(draws, made.settings)
    before = None
    for money in np.geomspace(2e6, 1e8, 9):
        one = made.outcomes(draws, np.full(draws.count, money))[0]
        assert (one.bought.life_cycle_cost <= np.maximum(money, room) + 1e-6).all()
        if before is not None:
            assert (one.bought.parts >= before.bought.parts).all()
            assert (one.bought.teams >= before.bought.teams - 1e-12).all()
            for measure in OBJECTIVES:
                assert (one.measure(measure) >= before.measure(measure) - 1e-12).all()
        before = one


def test_intervals_cover(terrain: xr.Dataset) -> None:
    """Of fresh, independent draws 90 % lie within the 5 to 95 % interval, give or take four standard errors."""
    made = study([POSTS, LINES], terrain, border(), settings=CompareSettings(**(CHEAP | {"samples": 400})))
    ours = [one.mean_detection for one in made.outcomes(draw(made.inputs, made.settings))]
    fresh = dataclasses.replace(made.settings, seed=99)
    theirs = [one.mean_detection for one in made.outcomes(draw(made.inputs, fresh))]
    for drawn, other in zip(ours, theirs, strict=True):
        low, high = np.quantile(drawn, [0.05, 0.95])
        inside = ((other >= low) & (other <= high)).mean()
        assert abs(inside - 0.9) < 4.0 * np.sqrt(0.9 * 0.1 / 400) * np.sqrt(2.0)


def test_one_sensor_by_hand(terrain: xr.Dataset) -> None:
    """One sure sensor over the whole ground: detection = availability × fraction assessed, alike in all weathers."""
    sure = layout_of(
        "sure", ("seismic_line", 0.0, 0.0), max_range_m=5000.0, detection_probability=1.0, availability=0.8
    )
    plain = CompareSettings(**(CHEAP | {"residual_item": None, "operators": 2}))
    made = study([sure], terrain, border(), settings=plain)
    one = made.outcomes(central(made.inputs))[0]
    a_pass = 1.0 - np.exp(np.log(1e-12) * 1200.0 / (np.pi * 5000.0 / 2.0))  # of 1.2 km, the chord of a sure one 7.9 km
    assert 0.8 * a_pass * one.assessed_fraction <= one.mean_detection + 1e-9
    assert one.mean_detection <= 0.8 * one.assessed_fraction
    assert (one.least_detection <= one.mean_detection).all()


def test_without_bases_nobody_knows_who_comes(terrain: xr.Dataset) -> None:
    some = compare([POSTS, RADAR], terrain, border(), **CHEAP)
    assert np.isnan(some["mean_interruption"]).all()
    assert np.isnan(some["beats"].sel(objective="mean_interruption")).all()
    assert (some["unlinked"] == "").all()


def test_an_empty_layout_detects_nothing_and_the_money_buys_patrols(terrain: xr.Dataset) -> None:
    nothing = Layout("nothing", FRAME, ())
    both = compare([nothing, POSTS], terrain, border(), **CHEAP)
    assert (both["teams_central"].sel(layout="nothing") > 0.0).all()
    bare = compare([nothing, POSTS], terrain, border(), **CHEAP, residual_item=None)
    assert (bare["mean_detection"].sel(layout="nothing") == 0.0).all()
    assert float(bare["beats"].sel(objective="mean_detection", layout="posts", other="nothing")) > 0.99


def test_teams_search_the_ground_and_not_its_map(terrain: xr.Dataset) -> None:
    """A frame whose metres are half of those on the ground: four times the area, a quarter of the hazard in a time."""
    made = studied([POSTS], terrain)
    middle, item = central(made.inputs), made.catalogue[made.settings.residual_item]
    halved = dataclasses.replace(made.ground.belt.border, frame=HalfScale(FRAME.wkt))
    ground = dataclasses.replace(made.ground, belt=dataclasses.replace(made.ground.belt, border=halved))
    team = dataclasses.replace(made.designs[0], ground=ground)
    up = middle.of(item, "availability")[0]
    hazard, larger = (
        -np.log1p(np.expm1(_missed_by_a_team(design, item, made.ways, middle, "day")) / up)
        for design in (made.designs[0], team)
    )
    assert hazard.max() > 0.0
    assert larger == pytest.approx(hazard / 4.0)


def test_a_room_without_operators_sees_nothing(terrain: xr.Dataset) -> None:
    blind = compare([POSTS, LINES], terrain, border(), **CHEAP, operators=0)
    assert (blind["mean_detection"] == 0.0).all()
    assert (blind["beats"] == 0.5).sel(objective="mean_detection").all()


def test_the_verdict_carries_the_weakest_grade_of_what_decides(found: xr.Dataset) -> None:
    assert set(found["confidence"].to_numpy()[1:]) <= {"H", "M", "L"}
    assert found["decided_by"].to_numpy()[1]
    certain = Catalogue("sure", "USD", shipped().staff, dict(shipped().items))
    assert certain["portable_radar"].range_factor.confidence == "M"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"budget": -1.0}, "budget: -1"),
    ({"budget": float("nan")}, "budget: nan"),
    ({"budget": 1000.0}, "buys no sensor of layout 'posts'"),
    ({"years": 0}, "years: 0"),
    ({"samples": 1}, "samples: 1"),
    ({"seed": -1}, "seed: -1"),
    ({"operators": 1.5}, "operators: 1.5"),
    ({"required_probability": 0.0}, "required_probability"),
    ({"weather": {"day": 0.5}}, "the fractions sum to 0.5"),
    ({"weather": {"snow": 1.0}}, "'snow' is not known"),
    ({"weather": {}}, "no weather state"),
    ({"residual_item": "laser"}, "no item 'laser'"),
    ({"residual_item": "ift_radar"}, "is a radar; expected a patrol or drone"),
    ({"objective": "glory"}, "'glory' is unknown"),
    ({"target": "tank"}, "'tank' is unknown"),
    ({"discount_rate": 2.0}, "discount_rate"),
    ({"colour": 1}, "unknown setting 'colour'"),
    ({"budget": 10**400}, "budget: 1000"),
    ({"bases": [0.0, 1.0, 2.0]}, r"bases: shape \(3,\)"),
    ({"bases": "here"}, "bases: not all are numbers"),
]


@pytest.mark.parametrize(("asked", "sentence"), BAD)
def test_one_sentence_says_what_cannot_be(terrain: xr.Dataset, asked: dict[str, Any], sentence: str) -> None:
    from geo.errors import BadInput

    with pytest.raises(BadInput, match=sentence) as caught:
        compare([POSTS, RADAR], terrain, border(), **(CHEAP | asked))
    assert "\n" not in str(caught.value)


def test_layouts_that_cannot_be_compared(terrain: xr.Dataset) -> None:
    with pytest.raises(CompareError, match="1 layouts"):
        compare([POSTS], terrain, border(), **CHEAP)
    with pytest.raises(CompareError, match="two layouts are called 'posts'"):
        compare([POSTS, POSTS], terrain, border(), **CHEAP)
    unpriced = Layout("odd", FRAME, (place(FRAME, 0.0, 0.0, id="x", kind="radar", max_range_m=500.0),))
    with pytest.raises(CompareError, match="'x' has neither a catalogue item nor a cost"):
        compare([POSTS, unpriced], terrain, border(), **CHEAP)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.lists(st.floats(-1, 1), min_size=30, max_size=30))
def test_a_duel_counts_each_draw_once(ours: list[float], theirs: list[float]) -> None:
    a, b = np.array(ours), np.array(theirs[: len(ours)])
    one, other = duel(a, b), duel(b, a)
    assert one.wins + one.ties + one.losses == pytest.approx(1.0)
    assert one.beats + other.beats == pytest.approx(1.0)
    assert one.low <= one.high


@settings(max_examples=30)
@given(st.floats(0.1, 9.9))
def test_a_break_even_point_is_where_the_sign_changes(root: float) -> None:
    x = np.linspace(0.0, 10.0, 41)
    assert crossing_point(x, x - root) == pytest.approx(root, abs=1e-6)
    assert np.isnan(crossing_point(x, x + 1.0))


def test_the_default_budget_is_the_dearest_layouts_cost(terrain: xr.Dataset) -> None:
    made = study([POSTS, RADAR], terrain, border(), settings=CompareSettings(**CHEAP))
    draws = central(made.inputs)
    money = budgets(made.designs, draws)
    spent = [one.bought.life_cycle_cost for one in made.outcomes(draws)]
    assert np.allclose(spent, money)
    assert all(one.bought.parts.all() for one in made.outcomes(draws))


@pytest.mark.parametrize("direction", ["inward", "outward"])
def test_ways_and_interruption_are_those_of_the_gap_analysis(terrain: xr.Dataset, direction: str) -> None:
    """One weather, no patrols, operators at leisure: the rooms of gaps and interdiction give the same numbers."""
    idle = {name: Quantity(1e-3, 1e-3, 1e-3, "s", "L") for name in ("service_s", "genuine_alerts_per_day")}
    fixed = {"repair_factor": Quantity(1.0, 1.0, 1.0, "s", "L"), "response_factor": Quantity(1.0, 1.0, 1.0, "s", "L")}
    case = CompareSettings(
        belt_m=600.0,
        weather={"night": 1.0},
        residual_item=None,
        direction=direction,
        assumed=dict(ASSUMED) | idle | fixed,
    )
    bases = np.array([[0.0, -900.0]])
    made = study([POSTS], terrain, border(), bases=bases, settings=case)
    assert not made.designs[0].unlinked
    one = made.outcomes(central(made.inputs))[0]
    seen = watch_belt(coverage(POSTS, terrain, None, conditions="night"), terrain, border(), belt_m=600.0)
    least = over_segments(seen, least_ways(seen, direction=direction))["expected_probability"].to_numpy()
    assert (one.detection[0] <= least + 1e-6).all()
    assert one.detection[0] == pytest.approx(least, abs=0.03)
    up = np.ones((1, len(POSTS)))
    always = outcome(made.designs[0], made.ways, central(made.inputs), np.array([1e12]), up=up)
    there = interruptions(seen, response_time(terrain, bases), direction=direction)["least_interruption"]
    theirs = there.sel(slower=1.0).to_numpy()
    assert (always.interruption[0] <= theirs + 1e-6).all()
    assert always.interruption[0] == pytest.approx(theirs, abs=0.05)


def test_a_zone_with_two_edges_is_compared_too(terrain: xr.Dataset) -> None:
    edges = [
        Border(FRAME, LineString([(-1400.0, y), (1400.0, y)]), segment_length_m=400.0, home_side="right")
        for y in (-150.0, 150.0)
    ]
    zone = Zone(inner=edges[0], outer=edges[1])
    both = compare([POSTS, LINES], terrain, zone, **(CHEAP | {"belt_m": 400.0}))
    assert float(both["mean_detection"].min()) >= 0.0
    assert bool(both["crossed"].all())


def test_the_strips_of_a_zone_reach_over_all_of_it(terrain: xr.Dataset) -> None:
    """A zone 800 m wide in belts of 200 m: 1,200 m in four strips of 300 m each, not a strip of the zone and its far
    belt, and three of half a belt."""
    edges = [
        Border(FRAME, LineString([(-1400.0, y), (1400.0, y)]), segment_length_m=400.0, home_side="right")
        for y in (-400.0, 400.0)
    ]
    zone = Zone(inner=edges[0], outer=edges[1])
    made = study([POSTS], terrain, zone, settings=CompareSettings(**(CHEAP | {"belt_m": 200.0})))
    assert made.settings.strips == 4
    shares = made.ways.seconds[made.ways.fastest] / made.ways.seconds[made.ways.fastest].sum(axis=1, keepdims=True)
    assert shares == pytest.approx(0.25, abs=0.12)


def test_a_comparison_says_what_its_interruption_assumes(terrain: xr.Dataset) -> None:
    made = study([POSTS, LINES], terrain, border(), bases=np.array([[0.0, -900.0]]), settings=CompareSettings(**CHEAP))
    said = verdict(made).attrs["response_assumptions"]
    for part in ("by vehicle as far as that saves time", "9 m/s", "4 strips of 300 m", "0.5 of a strip's time"):
        assert part in said
    assert compare([POSTS, LINES], terrain, border(), **CHEAP).attrs["response_assumptions"] == "", "nobody responds"


def test_figures_that_are_not_known_are_missing_and_not_zero(terrain: xr.Dataset) -> None:
    own = Layout("own", FRAME, (place(FRAME, 0.0, 0.0, id="x", kind="radar", max_range_m=900.0, cost=5e5),))
    both = compare([own, POSTS], terrain, border(), **CHEAP, residual_item=None)
    assert np.isnan(both["first_cost"].sel(layout="own")).all()
    assert np.isnan(both["crew"].sel(layout="own")).all()
    assert (both["life_cycle_cost"].sel(layout="own") > 5e5).all()
    assert (both["first_cost"].sel(layout="posts") > 0.0).all()


def test_ground_in_view_is_not_dead_where_the_weather_lets_nothing_be_detected(terrain: xr.Dataset) -> None:
    """Day cameras in a year of nights detect nothing; dead ground is that without a line of sight, as in coverage."""
    by_day = Layout("by day", FRAME, tuple(dataclasses.replace(sensor, night=False) for sensor in POSTS))  # type: ignore[call-arg]
    asked = {**CHEAP, "weather": {"night": 1.0}, "samples": 2, "residual_item": None}
    made = study([by_day], terrain, border(), **asked)
    assert made.designs[0].exposure.cell_probability.max() == 0.0
    rasters = coverage_rasters(by_day, terrain, border(), conditions="night")
    expected = coverage_by_segment(rasters, border(), belt_m=600.0)
    found = ground_figures(made)["dead_ground_fraction"][0]
    assert found == pytest.approx(expected["dead_ground_fraction"].sel(belt="both").to_numpy(), abs=1e-12)
    assert 0.0 < found.max() < 0.5


def test_weather_shares_are_gamma_quantiles_to_the_bit() -> None:
    """Gamma quantiles over their sum: a sample of the Dirichlet distribution."""
    case = CompareSettings(weather={"day": 0.6, "night": 0.4})
    inputs = [one for one in draws.inputs_of([], shipped(), case) if one.weather]
    places = {one.name: np.linspace(0.001, 0.999, 97)[:: 1 - 2 * number] for number, one in enumerate(inputs)}
    drawn = draws.at(places, inputs, case).shares
    raw = np.stack([gamma.ppf(places[one.name], 30.0 * one.quantity.central) / 30.0 for one in inputs], axis=1)
    assert case.weather_years == 30.0
    np.testing.assert_array_equal(drawn, raw / raw.sum(axis=1, keepdims=True))


def test_a_derate_counts_in_every_weather_that_is_as_bad(terrain: xr.Dataset) -> None:
    """A patrol's fog share counts in fog, in thicker fog by its number, and not in haze."""
    seen = {}
    for name in ("day", "fog", "visibility_m=150", "visibility_m=5000"):
        case = CompareSettings(belt_m=600.0, weather={name: 1.0}, budget=2e7)
        made = study([Layout("nothing", FRAME, ())], terrain, border(), settings=case)
        seen[name] = float(made.outcomes(central(made.inputs), np.array([2e7]))[0].mean_detection[0])
    assert seen["fog"] == pytest.approx(seen["visibility_m=150"])
    assert seen["visibility_m=5000"] == pytest.approx(seen["day"])
    assert seen["fog"] < 0.6 * seen["day"]


@pytest.mark.parametrize("layout", [POSTS, LINES], ids=lambda one: one.name)
@pytest.mark.parametrize("end", ["low", "high"])
def test_ways_at_the_ends_of_the_ranges_are_those_of_a_new_search(
    terrain: xr.Dataset, layout: Layout, end: str
) -> None:
    """Gaps between sensors side by side open only at their least range: crossers find them there."""
    case = CompareSettings(belt_m=600.0, weather={"night": 1.0}, residual_item=None)
    made = study([layout], terrain, border(), settings=case)
    spread = made.designs[0].items[0].range_factor
    middle = central(made.inputs)
    moved = middle.replaced(**{f"{layout.sensors[0].catalogue}: range_factor": np.array([getattr(spread, end)])})
    drawn = made.outcomes(moved, np.array([1e9]))[0]
    far = Layout("far", FRAME, tuple(scaled(one, getattr(spread, end) / spread.central) for one in layout))
    anew = study([far], terrain, border(), settings=case).outcomes(middle, np.array([1e9]))[0]
    assert drawn.mean_detection == pytest.approx(anew.mean_detection, abs=0.01)
    assert drawn.least_detection == pytest.approx(anew.least_detection, abs=0.01)


@pytest.mark.parametrize("budget", [None, 9e6])
def test_at_its_break_even_points_a_layout_does_as_the_other(terrain: xr.Dataset, budget: float | None) -> None:
    """Put into a new comparison, they leave no difference, or mark where a whole sensor turns it."""
    case = CompareSettings(**(CHEAP | {"budget": budget, "operators": 1}))
    made = study([POSTS, LINES], terrain, border(), settings=case)
    asked = verdict(made)
    tried = 0
    for row, side in enumerate(("first", "other")):
        for figure, scale in (("availability", SCALE_AVAILABILITY), ("price", SCALE_PRICE)):
            factor = float(asked[f"break_even_{figure}"].sel(side=side, other="lines"))
            if np.isnan(factor):
                continue
            ours, theirs, near = made.designs[row], made.designs[1 - row], factor * np.array([0.995, 1.0, 1.005])
            plain = central(made.inputs, 3)
            changed = plain.replaced(**{scale: near})
            money = np.maximum(budgets([ours], changed), budgets([theirs], plain))
            gap = (
                outcome(ours, made.ways, changed, money).mean_detection
                - outcome(theirs, made.ways, plain, money).mean_detection
            )
            assert abs(gap[1]) < 2e-3 or gap[0] * gap[2] < 0.0, (side, figure, factor, gap)
            tried += 1
    assert tried >= 1


def test_intervals_cover_over_many_seeds(terrain: xr.Dataset) -> None:
    """The 5 to 95 % interval of each of 20 seeds holds about 90 % of the draws of one long run."""
    made = study([POSTS], terrain, border(), settings=CompareSettings(**(CHEAP | {"samples": 200})))
    long = dataclasses.replace(made.settings, seed=1234, samples=1000)
    truth = made.outcomes(draw(made.inputs, long))[0].mean_detection
    held = []
    for seed in range(20):
        drawn = made.outcomes(draw(made.inputs, dataclasses.replace(made.settings, seed=seed)))[0].mean_detection
        low, high = np.quantile(drawn, (0.05, 0.95))
        held.append(((truth >= low) & (truth <= high)).mean())
    assert np.mean(held) == pytest.approx(0.9, abs=0.02)
    assert min(held) > 0.82


def test_money_that_comes_later_counts_less(terrain: xr.Dataset) -> None:
    """Without discount ten years of running cost ten times a year's; with it less, and a shorter life costs more."""
    plain, discounted = (
        study([RADAR], terrain, border(), settings=CompareSettings(**(CHEAP | {"discount_rate": rate})))
        for rate in (0.0, 0.05)
    )
    one, other = (made.outcomes(central(made.inputs))[0].bought.life_cycle_cost[0] for made in (plain, discounted))
    assert other < one
    item, staff = shipped()["portable_radar"], shipped().staff
    years = 10.0
    by_hand = years * (
        item.capex.central / item.service_life_years.central
        + item.opex_per_year.central
        + (item.crew.central + plain.settings.operators * (1.0))
        * staff.cost_per_person_year.central
        * staff.people_per_post.central
    )
    assert one == pytest.approx(by_hand, rel=1e-9)


def test_with_unknown_sight_on_every_path_a_comparison_names_it_as_the_cause() -> None:
    """People cross that border over level ground; what is unknown is whether the radar detects them."""
    level, line, radar = behind_a_void()
    case = {**CHEAP, "belt_m": 400.0}
    with pytest.raises(CompareError, match=r"detection is unknown on every path across it.*lines of sight"):
        study([radar, dataclasses.replace(radar, name="other")], level, line, **case)
    found = ground_figures(study([radar, dataclasses.replace(radar, name="other")], level, border(), **case))
    assert (found["k"].tolist(), found["k_at_most"].tolist()) == ([0.0, 0.0], [1.0, 1.0])
    assert found["cut"].tolist() == found["single_points_of_failure"].tolist() == ["", ""]
    filled = level.assign(elevation=level["elevation"].fillna(200.0))
    found = ground_figures(study([radar, dataclasses.replace(radar, name="other")], filled, line, **case))
    assert found["k"].tolist() == found["k_at_most"].tolist() == [1.0, 1.0]


def test_an_upper_bound_of_k_is_no_lower_one_where_sight_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many pieces of footprints no minimum set is sought, and k itself is an upper bound."""
    level, _, radar = behind_a_void()
    made = study([radar, dataclasses.replace(radar, name="other")], level, border(), **{**CHEAP, "belt_m": 400.0})
    bound = Barrier(2, frozenset({"a", "b"}), exact=False, undecided=1)
    monkeypatch.setattr(BarrierFootprints, "barrier", lambda *_: bound)
    found = ground_figures(made)
    assert (found["k"].tolist(), found["k_at_most"].tolist()) == ([0.0, 0.0], [3.0, 3.0])


def test_segments_to_which_the_response_is_unknown_are_not_in_its_figures(terrain: xr.Dataset) -> None:
    """East of a column without data no way of the responders is known: where a post detects there, interruption is
    unknown, and mean and minimum are those of the other segments."""
    parted = terrain.assign(elevation=terrain["elevation"].where(terrain["easting"] != 400.0))
    made = studied([EAST], parted)
    known = made.ways.answered & (made.ways.length_m > 0.0)
    assert 0 < known.sum() < (made.ways.length_m > 0.0).sum()
    one = made.outcomes(central(made.inputs))[0]
    detected = one.detection[0] > 0.0
    assert (detected & ~known).any()
    assert np.isnan(one.interruption[0, detected & ~known]).all()
    assert (one.interruption[0, ~detected] == 0.0).all()
    length_m = made.ways.length_m[known]
    assert one.mean_interruption[0] == pytest.approx(one.interruption[0, known] @ length_m / length_m.sum())
    assert 0.0 <= one.least_interruption[0] <= one.interruption[0, known].min()
    left_out = verdict(made).attrs["segments_without_response"]
    assert left_out == int((made.ways.length_m > 0.0).sum() - known.sum())


def test_where_a_layout_detects_nothing_none_is_interrupted_whatever_the_response(terrain: xr.Dataset) -> None:
    """East of a column without data the response is unknown. Lines in the west interrupt none there, so alone their
    figures are those of the whole border, and the minimum is 0; with a post in the east beside them, the mean of both
    is over the segments that it does not watch, and the minimum of the western lines is still 0."""
    parted = terrain.assign(elevation=terrain["elevation"].where(terrain["easting"] != 400.0))
    few = layout_of("few", *[("seismic_line", float(x), -50.0) for x in range(-1300, -600, 325)])
    alone = studied([few], parted, residual_item=None)
    crossed = alone.ways.length_m > 0.0
    assert alone.ways.answered[crossed].all()
    assert verdict(alone).attrs["segments_without_response"] == 0
    one = alone.outcomes(central(alone.inputs))[0]
    assert (one.interruption[0, crossed][-2:] == 0.0).all()
    weight = alone.ways.length_m[crossed] / alone.ways.length_m.sum()
    assert one.mean_interruption[0] == pytest.approx(one.interruption[0, crossed] @ weight)
    assert one.least_interruption[0] == 0.0
    both = studied([few, EAST], parted, residual_item=None)
    beyond = crossed & ~both.ways.answered
    assert 0 < beyond.sum() < crossed.sum()
    west, east = both.outcomes(central(both.inputs))
    assert (west.interruption[0, beyond] == 0.0).all()
    assert west.least_interruption[0] == 0.0
    assert np.isnan(east.interruption[0, beyond & (east.detection[0] > 0.0)]).all()
