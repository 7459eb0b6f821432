"""Patrols and drones beside fixed items in a plan: enumeration, what they cost, and how the catalogue makes them."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from sensors.detection_model.weather import Conditions
from sensors.equipment.catalogue import shipped
from sensors.equipment.life_cycle_cost import item_cost
from sensors.errors import PlanError
from sensors.layout import Layout, place
from sensors.patrols import Game, Listed, Shift, solve_game
from sensors.planning.choice.benefits import OptionBenefits, option_benefits
from sensors.planning.choice.dominance import undominated
from sensors.planning.choice.mobile_options import (
    MobileRules,
    carried_sensor,
    flying_share,
    mobile_options,
    movement_of,
    roster_options,
)
from sensors.planning.choice.options import Money, Option, beside, limits_of, options_of
from sensors.planning.choice.plan import Demand, figures_of, pareto, plan_of_benefits
from sensors.planning.mobile.line_times import LineTimes, flown, line_times
from sensors.planning.mobile.schedule import Schedule
from sensors.search_theory.timetable import Timetable
from tests.sensors.planning.choice.test_plan import BORDER, CANDIDATES, CASE, EXACT, FRAME, ground, response

EYES = place(FRAME, 0.0, 0.0, id="patrol", kind="human", max_range_m=400.0, detection_probability=0.8)
WATCH = place(FRAME, 0.0, 0.0, id="van", kind="radar", max_range_m=500.0, period_s=5.0, detection_probability=0.2)
BASES = np.array([[1500.0, 700.0]])


def mobile(name: str, carried: object, west: float, east: float, cost: float, rest_s: float = 0.0) -> Option:
    table = Timetable.along([(west, 1000.0), (east, 1000.0)], 2.0, rest_s=rest_s)
    at_base = place(FRAME, *BASES[0], id=name, kind="human", max_range_m=400.0, cost=cost)
    return Option(at_base, cost, 2.0, f"mobile {name}", Schedule.of(carried, table))  # type: ignore[arg-type]


MOVING = (
    mobile("whole", EYES, 200.0, 2800.0, 2.0),
    mobile("west", WATCH, 200.0, 1400.0, 2.0, rest_s=600.0),
    mobile("east", WATCH, 1600.0, 2800.0, 1.0, rest_s=1200.0),
)


@pytest.fixture(scope="module")
def scene() -> OptionBenefits:
    fixed = [option for option in options_of(CANDIDATES) if option.id in ("r1", "r2", "p2", "g1")]
    return option_benefits((*fixed, *MOVING), ground(), BORDER, case=CASE)


def allowed(scene: OptionBenefits, budget: float) -> list[tuple[int, ...]]:
    limits, every = limits_of(scene.options, budget), range(len(scene.options))
    return [s for k in range(8) for s in itertools.combinations(every, k) if limits.kept_by(s)]


@pytest.mark.parametrize("budget", [2.0, 6.0])
@pytest.mark.parametrize("objective", ["mean_probability", "worst_segment"])
def test_a_mixed_plan_equals_enumeration(scene: OptionBenefits, objective: str, budget: float) -> None:
    plan = plan_of_benefits(scene, Demand(budget=budget, objective=objective, effort=EXACT))
    best = max(figures_of(scene, chosen)[objective] for chosen in allowed(scene, budget))
    assert plan.value == pytest.approx(best, abs=1e-6)
    assert plan.bound >= best - 1e-9
    assert plan.gap <= 1e-5
    assert {option.id for option in plan.mobile} == {"whole", "west", "east"} & {o.id for o in plan.bought}
    assert not {"whole", "west", "east"} & set(plan.layout.ids)  # a layout stands


def test_a_plan_against_the_best_path_is_bounded_by_every_path(scene: OptionBenefits) -> None:
    plan = plan_of_benefits(scene, Demand(budget=5.0, objective="least_detection", effort=EXACT))
    best = max(figures_of(scene, chosen)["least_detection"] for chosen in allowed(scene, 5.0))
    assert plan.bound >= best - 1e-9
    assert plan.value == pytest.approx(best, abs=0.02)
    assert plan.value > plan.without == 0.0


def test_both_kinds_are_bought_where_both_are_worth_it(scene: OptionBenefits) -> None:
    """At a budget for everything all that helps is bought, and more money never makes it worse."""
    everything = plan_of_benefits(scene, Demand(budget=math.inf, effort=EXACT))
    assert everything.mobile
    assert len(everything.mobile) < len(everything.bought)
    assert everything.crew == 2.0 * len(everything.mobile)
    front = pareto(scene, Demand(budget=8.0, objective="worst_segment", effort=EXACT), steps=4)
    values = [plan.value for plan in front]
    assert values == sorted(values)


def test_a_patrol_never_lowers_what_fixed_sensors_find(scene: OptionBenefits) -> None:
    fixed = [n for n, option in enumerate(scene.options) if option.schedule is None]
    before = figures_of(scene, fixed)
    for n in range(len(fixed), len(scene.options)):
        after = figures_of(scene, [*fixed, n])
        for name in ("mean_probability", "worst_segment", "least_detection"):
            assert after[name] >= before[name] - 1e-9


def test_interruption_counts_what_moves_as_if_it_stood_where_it_stays() -> None:
    """A radar that is carried but stays all the time interrupts as the same one on a post."""
    here = (1500.0, 1000.0)
    stays = Timetable(np.array([0.0, 600.0]), np.array([here, here]), 600.0, np.array([True]))
    stands = replace(WATCH, easting=here[0], northing=here[1], id="stands", max_range_m=4000.0, cost=1.0)
    moves = Option(replace(stands, id="stays"), 1.0, 0.0, "mobile", Schedule.of(stands, stays))  # type: ignore[arg-type]
    scene = option_benefits((*options_of(Layout("c", FRAME, (stands,))), moves), ground(), BORDER, case=CASE)
    at_post, carried = (figures_of(scene, [n], response(300.0)) for n in (0, 1))
    assert 0.0 < at_post["least_interruption"] < at_post["least_detection"]
    assert carried["least_interruption"] == pytest.approx(at_post["least_interruption"], abs=1e-6)
    assert carried["least_detection"] == pytest.approx(at_post["least_detection"], abs=1e-6)


def test_mobile_options_are_neither_dominated_nor_in_the_way(scene: OptionBenefits) -> None:
    """Of two at one site the mean rates decide nothing; a base where something stands is not taken."""
    twin = replace(MOVING[0], sensor=replace(MOVING[0].sensor, id="twin"), site=MOVING[0].site, cost=9.0)
    both = option_benefits((*MOVING, twin), ground(), BORDER, case=CASE)
    assert undominated(both, limits_of(both.options, 99.0)).tolist() == [0, 1, 2, 3]
    stands = replace(CANDIDATES, sensors=(replace(CANDIDATES.sensors[0], easting=BASES[0, 0], northing=BASES[0, 1]),))
    assert beside(MOVING, stands) == MOVING


MONEY = Money(catalogue=shipped())
FOOT, DRIVEN, DRONE = (shipped()[name] for name in ("foot_patrol", "vehicle_patrol", "small_drone"))
DAY, FOG = (Conditions.named(name) for name in ("day", "day,fog"))


@pytest.fixture(scope="module")
def times() -> dict[str, LineTimes]:
    segments = np.arange(BORDER.segments)
    walked, driven = (line_times(BORDER, ground(), BASES, segments, driven=way) for way in (False, True))
    return {"foot": walked, "vehicle": driven, "air": flown(BORDER, segments, BASES)}


def test_a_vehicle_is_never_slower_than_walking(times: dict[str, LineTimes]) -> None:
    for name in ("forth_s", "back_s", "out_s", "home_s"):
        walked, driven = (getattr(times[way], name) for way in ("foot", "vehicle"))
        assert np.isfinite(walked).all()
        assert (driven <= walked + 1e-9).all()


def test_each_tour_is_offered_with_each_thing_to_carry(times: dict[str, LineTimes]) -> None:
    options = mobile_options([FOOT, DRIVEN, DRONE], FRAME, times, MONEY, DAY)
    assert len({option.id for option in options}) == len({option.site for option in options}) == len(options)
    by_item = {
        name: [o for o in options if o.sensor.catalogue == name] for name in (FOOT.name, DRIVEN.name, DRONE.name)
    }
    assert all(by_item.values())
    alone = item_cost(FOOT, shipped().staff, years=10.0, discount_rate=0.03)
    imager = shipped()["handheld_thermal"]
    for option in by_item[FOOT.name]:
        assert option.crew == 2.0
        assert option.cost > alone
        assert option.schedule is not None
        assert option.schedule.period_s <= MobileRules().shift_s
        assert option.schedule.plans[0][0].on_duty <= FOOT.figures["duty_share"].central
    for option in by_item[DRONE.name]:
        assert option.schedule is not None
        assert option.schedule.sensor.catalogue == imager.name
        assert option.schedule.sensor.mast_height_m == DRONE.mast_height_m.central
        assert option.cost == pytest.approx(item_cost(DRONE, shipped().staff, years=10.0, discount_rate=0.03))


def test_what_it_carries_takes_longer_to_search_all_round() -> None:
    """120° in 180 s are 360° in 540 s; height and availability are those of the patrol."""
    carried = carried_sensor(FOOT, shipped()["binoculars"], FRAME, "p")
    assert carried.field_of_view_deg == 360.0
    assert carried.search_s == pytest.approx(540.0)  # type: ignore[union-attr]
    assert carried.mast_height_m == 1.7
    assert carried.availability == FOOT.availability.central


def test_fog_and_wind_keep_drones_on_the_ground(times: dict[str, LineTimes]) -> None:
    assert flying_share(DRONE, DAY) == 1.0
    assert flying_share(DRONE, FOG) == DRONE.weather["fog"].central
    assert flying_share(FOOT, FOG) == 1.0
    assert mobile_options([DRONE], FRAME, times, MONEY, DAY, rules=MobileRules(wind_mps=13.0)) == ()
    in_fog = mobile_options([DRONE], FRAME, times, MONEY, FOG)
    assert all(option.schedule is not None and option.schedule.on_duty < 1.0 for option in in_fog)


def test_the_roster_of_the_game_is_one_option(times: dict[str, LineTimes]) -> None:
    """Three rounds of two patrols, drawn as the game says; at most one roster is bought."""
    game = Game([0.2, 0.4, 0.5, 0.3], [0.8, 0.7, 0.9, 0.8])
    solution = solve_game(game, Listed((((0,), (1,)), ((2,), (3,)), ((0, 1), (3,)))))
    options = roster_options(DRIVEN, times["vehicle"], solution, Shift(patrols=2, stay_s=1800.0), FRAME, MONEY)
    assert {option.site for option in options} == {"mobile roster"}
    assert len(options) == 2
    schedule = options[0].schedule
    assert schedule is not None
    assert schedule.units == 2
    assert schedule.probability.sum() == pytest.approx(1.0)
    assert options[0].crew == 2 * DRIVEN.crew.central
    benefits = option_benefits(options, ground(), BORDER, case=CASE)
    assert figures_of(benefits, [1])["worst_segment"] > 0.0


def test_movements_follow_from_kind_and_speed() -> None:
    assert [movement_of(item) for item in (FOOT, DRIVEN, DRONE)] == ["foot", "vehicle", "air"]


def test_a_base_too_far_from_the_border_is_said(times: dict[str, LineTimes]) -> None:
    far = {"foot": replace(times["foot"], out_s=np.full_like(times["foot"].out_s, 1e6))}
    with pytest.raises(PlanError, match="'foot_patrol' has no tour from a base"):
        mobile_options([FOOT], FRAME, far, MONEY, DAY)
    with pytest.raises(PlanError, match="nothing to carry"):
        MobileRules(carries=())
    with pytest.raises(PlanError, match=r"shift_s"):
        MobileRules(shift_s=math.nan)
