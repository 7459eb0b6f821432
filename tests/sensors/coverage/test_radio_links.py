"""Radio links as part of a layout: chains of relays, what falls with them, and relays bought for what they open."""

from __future__ import annotations

import itertools
import math
import re
import subprocess
import sys
from dataclasses import replace
from time import thread_time
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.coverage.radio_links import LinkSettings, Network, network_of, radio_gained, reporting, unlinked
from sensors.equipment.quantity import Quantity
from sensors.errors import LayoutError, PlanError
from sensors.layout import Layout, place, place_relay
from sensors.planning import CompareSettings, plan_layout, study
from sensors.planning.choice.benefits import Case
from sensors.planning.choice.options import options_of
from sensors.planning.choice.plan import Demand
from sensors.planning.comparison.draws import central
from sensors.planning.comparison.outages import MOST_EXACT, outages_of
from sensors.planning.comparison.settings import ASSUMED
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.coverage_objective import Cover
from sensors.planning.solver.relay_chains import RelayNetwork, seeded_linked
from sensors.planning.solver.solve import SolverBudget, best_cover, best_least
from sensors.sensor import DEFAULT_REPORT_DELAY_S
from tests.patience import PATIENT_S

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 50.0
BASE = [[100.0, 200.0]]
BORDER = Border(FRAME, LineString([(100.0, 1000.0), (2900.0, 1000.0)]), segment_length_m=700.0)
IDLE = {
    name: Quantity(value, value, value, "nobody is busy", "L")
    for name, value in (("service_s", 1e-3), ("genuine_alerts_per_day", 1e-3), ("communication", 1.0))
}


def ground(ridge_m: float = 0.0) -> xr.Dataset:
    """Flat, or with a ridge across the border at easting 1500."""
    east, north = CELL_M * np.arange(61), CELL_M * np.arange(41)[::-1]
    heights = np.where(np.abs(east - 1500.0) < 60.0, ridge_m, 0.0) + 0.0 * north[:, None]
    return xr.Dataset(
        {"elevation": (("northing", "easting"), heights, {"units": "m"})},
        coords={"northing": north, "easting": east},
        attrs={"crs": FRAME.wkt, "datum": "test"},
    )


def radar(name: str, east: float, **values: Any) -> Any:
    told = {"max_range_m": 900.0, "period_s": 60.0, "detection_probability": 0.3, "mast_height_m": 5.0, "cost": 3.0}
    return place(FRAME, east, 900.0, id=name, kind="radar", **{**told, **values})


def relay(name: str, east: float, **values: Any) -> Any:
    return place_relay(FRAME, east, 500.0, id=name, **{"max_range_m": 15_000.0, "cost": 1.0, **values})


def test_a_report_needs_every_hop_of_its_chain() -> None:
    """Links of 900 m: base, one, two, three, sensor, each 800 m from the next."""
    parts = [relay(f"r{n}", 100.0 + 700.0 * n, max_range_m=900.0) for n in (1, 2, 3)]
    far = radar("far", 2900.0, mast_height_m=2.0)
    net = network_of([*parts, far], ground(), BASE, LinkSettings(longest_m=900.0))
    assert net.linked([True] * 4).tolist() == [True] * 4
    for gone in range(3):
        there = np.arange(4) != gone
        assert net.linked(there)[3] == np.False_
        assert net.linked(there)[:gone].all()


def test_a_ridge_is_crossed_by_a_relay_on_it_and_by_a_tall_mast() -> None:
    terrain, behind = ground(ridge_m=60.0), radar("behind", 2400.0)
    assert unlinked(Layout("l", FRAME, (behind,)), terrain, BASE) == {"behind"}
    with_relay = Layout("l", FRAME, (behind,), (relay("top", 1500.0),))
    assert unlinked(with_relay, terrain, BASE) == set()
    mast = radar("mast", 1500.0, mast_height_m=LinkSettings().relaying_mast_m)
    assert unlinked(Layout("l", FRAME, (behind, mast)), terrain, BASE) == set()
    low = radar("low", 1500.0, mast_height_m=LinkSettings().relaying_mast_m - 0.1)
    assert unlinked(Layout("l", FRAME, (behind, low)), terrain, BASE) == {"behind"}
    satellite = Layout("l", FRAME, (behind,), (relay("dish", 2500.0, gateway=True),))
    assert unlinked(satellite, terrain, BASE) == set()


def test_a_gateway_is_a_base_and_without_either_nobody_is_asked() -> None:
    dish = relay("dish", 2500.0, gateway=True)
    assert network_of([dish, radar("r", 2400.0)], ground(), np.zeros((0, 2))).linked([True, True]).all()
    with pytest.raises(BadInput, match="no base"):
        network_of([radar("r", 2400.0)], ground(), np.zeros((0, 2)))


def random_net(seed: int, relays: int, sensors: int) -> Network:
    dice = np.random.default_rng(seed)
    nodes = relays + sensors
    hears = np.triu(dice.random((nodes, nodes)) < 0.35, 1)
    hears[relays:, relays:] = False
    carries = np.arange(nodes) < relays
    return Network(carries, dice.random(nodes) < 0.3, hears | hears.T)


@given(seed=st.integers(0, 10**6), relays=st.integers(0, 4), sensors=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_groups_of_relays_give_what_all_states_give(seed: int, relays: int, sensors: int) -> None:
    """P(nobody who is linked detects) over groups equals the sum over all states of all relays."""
    net, dice = random_net(seed, relays, sensors), np.random.default_rng(seed)
    up, miss = dice.random(relays + sensors), dice.random(sensors)
    exact, share = 0.0, np.zeros(sensors)
    for state in itertools.product((True, False), repeat=relays):
        chance = math.prod(a if s else 1.0 - a for a, s in zip(up, state, strict=False))
        linked = net.linked(np.array([*state, *[True] * sensors]))[relays:]
        exact += chance * float(np.prod(np.where(linked, miss, 1.0)))
        share += chance * linked
    found = outages_of(net, relays, np.ones(relays + sensors, bool))
    whole = np.concatenate([np.ones(relays), miss])
    told = float(np.prod(whole[found.always]))
    for group in found.groups:
        rows = np.where(group.linked, whole[group.sensors], 1.0).prod(axis=1)
        told *= float(group.chances(up[None])[0] @ rows)
    assert told == pytest.approx(exact, abs=1e-12)
    assert found.linked_share(up[None])[0, relays:] == pytest.approx(share, abs=1e-12)


def test_many_relays_are_bounded_from_below() -> None:
    """Beyond MOST_EXACT relays in one group, states with many down count as all down: never better than the truth."""
    count = MOST_EXACT + 2
    hears = np.zeros((count + 1, count + 1), bool)
    hears[:count, count] = hears[count, :count] = True
    net = Network(np.arange(count + 1) < count, np.arange(count + 1) < count, hears)
    found = outages_of(net, count, np.ones(count + 1, bool))
    share = found.linked_share(np.full((1, count + 1), 0.9))[0, count]
    assert share <= 1.0 - 0.1**count
    assert share == pytest.approx(1.0, abs=0.02)


def crossed(layout: Layout, terrain: xr.Dataset, *, bases: Any = BASE) -> Any:
    """A comparison of one layout with idle operators, by day, all inputs central: its outcome."""
    case = CompareSettings(
        belt_m=600.0, samples=2, residual_item=None, weather={"day": 1.0}, assumed={**ASSUMED, **IDLE}
    )
    made = study([layout], terrain, BORDER, bases=bases, settings=case)
    return made.outcomes(central(made.inputs))[0], made


def test_who_reaches_no_base_does_not_alert() -> None:
    terrain, behind = ground(ridge_m=60.0), radar("behind", 2400.0)
    nobody, made = crossed(Layout("l", FRAME, (behind,)), terrain)
    assert made.designs[0].unlinked == {"behind"}
    assert nobody.mean_detection[0] == 0.0
    linked, _ = crossed(Layout("l", FRAME, (behind,), (relay("top", 1500.0),)), terrain)
    free, _ = crossed(Layout("l", FRAME, (behind,)), terrain, bases=None)
    assert linked.mean_detection[0] == pytest.approx(free.mean_detection[0], abs=1e-12)
    assert linked.mean_detection[0] > 0.1


def test_a_part_whose_ground_is_not_known_has_no_link_and_does_not_keep_others_from_theirs() -> None:
    terrain = ground()
    terrain["elevation"].loc[{"easting": 800.0, "northing": 900.0}] = np.nan
    on_void = {"kind": "ground_sensor", "max_range_m": 40.0}
    there = place(FRAME, 800.0, 900.0, id="void", **on_void)
    edge = place(FRAME, -10.0, 900.0, id="edge", **on_void)  # in the outer half of the outermost cell
    own = place(FRAME, 800.0, 900.0, id="own", **on_void, reports_by="satellite")
    layout = Layout("l", FRAME, (there, edge, own, radar("near", 600.0, mast_height_m=12.0)))
    assert reporting(layout, terrain, BASE).unlinked == {"void", "edge"}
    relayed = Layout("l", FRAME, (radar("near", 600.0),), (relay("on it", 800.0), relay("too", 800.0)))
    terrain["elevation"].loc[{"easting": 800.0, "northing": 500.0}] = np.nan
    assert reporting(relayed, terrain, BASE).unlinked == {"on it", "too"}


@pytest.mark.parametrize("way", ["cellular", "satellite", "cable"])
def test_a_connection_of_its_own_needs_no_relay(way: str) -> None:
    terrain = ground(ridge_m=60.0)
    own, _ = crossed(Layout("l", FRAME, (radar("behind", 2400.0, reports_by=way),)), terrain)
    free, _ = crossed(Layout("l", FRAME, (radar("behind", 2400.0),)), terrain, bases=None)
    assert own.mean_detection[0] == pytest.approx(free.mean_detection[0], abs=1e-12)
    # it carries only its own reports, from however high a mast
    tall = radar("tall", 2300.0, reports_by=way, mast_height_m=50.0)
    assert unlinked(Layout("l", FRAME, (tall, radar("near it", 2400.0))), terrain, BASE) == {"near it"}


def test_what_is_reported_by_hand_is_detected_all_the_same_and_interrupted_less() -> None:
    terrain = ground(ridge_m=60.0)
    found = {}
    for name, values in {
        "cable": {"reports_by": "cable"},
        "at once": {"reports_by": "hand", "report_delay_s": 0.0},
        "soon": {"reports_by": "hand", "report_delay_s": 60.0},
        "later": {"reports_by": "hand"},
        "never": {"reports_by": "hand", "report_delay_s": 86_400.0},
    }.items():
        found[name], made = crossed(Layout("l", FRAME, (radar("behind", 2400.0, **values),)), terrain)
        assert made.designs[0].unlinked == frozenset()
        assert found[name].mean_detection[0] == pytest.approx(found["cable"].mean_detection[0], abs=1e-12)
    stopped = [found[name].mean_interruption[0] for name in ("cable", "at once", "soon", "later", "never")]
    assert stopped[0] == pytest.approx(stopped[1], abs=1e-12)
    assert stopped[1] > stopped[2] > stopped[3] >= stopped[4]
    assert stopped[4] == pytest.approx(0.0, abs=1e-3)


def test_people_report_by_radio_where_they_can_and_by_hand_elsewhere() -> None:
    terrain = ground(ridge_m=60.0)
    people = tuple(
        place(FRAME, east, 900.0, id=name, kind="human", max_range_m=900.0)
        for name, east in (("here", 800.0), ("there", 2400.0))
    )
    found = reporting(Layout("l", FRAME, people), terrain, BASE)
    assert (found.unlinked, found.by_hand) == (frozenset(), {"there"})
    assert [sensor.delay_s for sensor in found.layout] == [0.0, DEFAULT_REPORT_DELAY_S]
    with_relay = reporting(Layout("l", FRAME, people, (relay("top", 1500.0),)), terrain, BASE)
    assert (with_relay.unlinked, with_relay.by_hand) == (frozenset(), frozenset())
    relayed = Layout("l", FRAME, people, (relay("top", 1500.0),))
    assert radio_gained(relayed, terrain, BASE, added={"top"}) == ["there"]
    assert radio_gained(relayed, terrain, BASE, added={"here"}) == []
    radios = tuple(replace(sensor, reports_by="radio") for sensor in people)
    assert reporting(Layout("l", FRAME, radios), terrain, BASE).unlinked == {"there"}
    assert reporting(Layout("l", FRAME, radios), terrain, np.zeros((0, 2))).unlinked == frozenset()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reports_by": "pigeon"}, "reports_by is 'pigeon'; expected one of radio, cable, cellular, satellite, hand"),
        ({"reports_by": 3}, "reports_by is 3; expected"),
        ({"report_delay_s": 60.0}, "report_delay_s beside reports_by 'radio'; expected no delay"),
        ({"reports_by": "hand", "report_delay_s": -1.0}, "report_delay_s is -1; expected a number from 0"),
    ],
)
def test_ways_of_reporting_that_are_none_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(LayoutError, match=re.escape(said)):
        radar("r", 100.0, **values)


def test_a_relay_takes_what_hangs_on_it_down_as_one() -> None:
    """Half of the time down: half of the detection of both together, not of each."""
    terrain = ground(ridge_m=60.0)
    both = (radar("a", 2300.0), radar("b", 2350.0))
    sure, _ = crossed(Layout("l", FRAME, both, (relay("top", 1500.0),)), terrain)
    half, made = crossed(Layout("l", FRAME, both, (relay("top", 1500.0, availability=0.5),)), terrain)
    assert half.mean_detection[0] == pytest.approx(0.5 * sure.mean_detection[0], abs=1e-9)
    assert made.designs[0].outages().linked_share(np.array([[0.5, 1.0, 1.0]]))[0].tolist()[1:] == [0.5, 0.5]


def test_availability_is_of_a_whole_crossing_through_a_comparison() -> None:
    """Metrics.md §4: p = .3, 20 looks, availability .5 → .4996, be it the sensor's or that of its only relay."""
    everywhere = {"max_range_m": 9000.0, "mast_height_m": 900.0}
    plain, made = crossed(Layout("l", FRAME, (radar("r", 1500.0, **everywhere),)), ground())
    seconds = made.ways.seconds.sum(axis=1).min()
    period = seconds / 20.0
    own = radar("r", 1500.0, period_s=float(period), availability=0.5, **everywhere)
    found, _ = crossed(Layout("l", FRAME, (own,)), ground())
    assert found.least_detection[0] == pytest.approx(0.4996, abs=1e-4)
    low = radar("r", 2400.0, period_s=float(period), max_range_m=9000.0, mast_height_m=5.0)
    carried = Layout("l", FRAME, (low,), (relay("top", 1500.0, availability=0.5),))
    net = network_of([*carried.relays, low], ground(), BASE, LinkSettings(longest_m=1000.0))
    assert not net.linked([False, True])[1]
    assert plain.least_detection[0] > 0.0


def problem(seed: int, relays: int = 3, sensors: int = 5) -> tuple[Cover, Constraints, RelayNetwork]:
    dice = np.random.default_rng(seed)
    p = np.where(dice.random((relays + sensors, 25)) < 0.4, dice.choice([0.3, 0.6, 1.0], (relays + sensors, 25)), 0.0)
    p[:relays] = 0.0
    cover = Cover.of(p, group=dice.integers(0, 3, 25), weight=dice.random(25))
    limits = Constraints.of(dice.integers(1, 4, relays + sensors).astype(float), float(dice.integers(3, 12)))
    return cover, limits, RelayNetwork(random_net(seed, relays, sensors), np.arange(relays + sensors) < relays)


def linked_choices(limits: Constraints, links: RelayNetwork) -> list[np.ndarray]:
    every = range(len(limits))
    found = [np.array(s, int) for k in range(len(limits) + 1) for s in itertools.combinations(every, k)]
    return [s for s in found if limits.kept_by(s) and links.linked(s)[s].all()]


@pytest.mark.parametrize("worst", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_the_best_linked_choice_equals_that_of_enumeration(seed: int, worst: bool) -> None:
    cover, limits, links = problem(seed)
    value_of = cover.worst if worst else cover.covered
    best = max(value_of(s) for s in linked_choices(limits, links))
    found = best_cover(
        cover, limits, worst=worst, effort=SolverBudget(seconds=PATIENT_S, kicks=2, clock=thread_time), links=links
    )
    assert limits.kept_by(found.chosen)
    assert links.linked(found.chosen)[found.chosen].all()
    assert found.value == pytest.approx(best, abs=1e-7)
    assert found.limit >= best - 1e-9
    assert found.gap <= 1e-6


@pytest.mark.parametrize("seed", range(8))
def test_the_largest_least_sum_of_linked_options_equals_that_of_enumeration(seed: int) -> None:
    _, limits, links = problem(seed)
    dice = np.random.default_rng(seed)
    slopes = np.where(dice.random((20, 8)) < 0.5, dice.random((20, 8)), 0.0)
    slopes[:, :3] = 0.0
    constant = dice.random(20) * 0.2

    class Sums:
        def least(self, chosen: np.ndarray) -> tuple[float, list[tuple[float, np.ndarray]]]:
            sums = constant + slopes[:, chosen].sum(axis=1)
            lowest = int(np.argmin(sums))
            return float(sums[lowest]), [(float(constant[lowest]), slopes[lowest])]

        def value_at(self, theta: float) -> float:
            return 1.0 - math.exp(-theta)

    oracle = Sums()
    best = max(oracle.least(s)[0] for s in linked_choices(limits, links))
    found = best_least(oracle, limits, effort=SolverBudget(seconds=PATIENT_S, clock=thread_time), links=links)
    assert links.linked(found.chosen)[found.chosen].all()
    assert found.value == pytest.approx(oracle.value_at(best), abs=1e-6)
    assert found.limit >= oracle.value_at(best) - 1e-9


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_seeds_keep_the_limits_and_are_linked(seed: int) -> None:
    cover, limits, links = problem(seed, relays=4, sensors=8)
    found = seeded_linked(cover, limits, links, kicks=1)
    assert limits.kept_by(found)
    assert links.linked(found)[found].all()


def test_relays_are_bought_where_they_open_sites_and_not_where_they_do_not_pay() -> None:
    terrain = ground(ridge_m=60.0)
    sensors = tuple(radar(f"s{n}", east) for n, east in enumerate((500.0, 1100.0, 2250.0, 2700.0)))
    candidates = Layout("c", FRAME, sensors, (relay("top", 1500.0), relay("useless", 700.0)))
    case, effort = Case(belt_m=600.0), SolverBudget(seconds=PATIENT_S, kicks=2, clock=thread_time)

    def bought(budget: float, objective: str = "mean_probability", **more: Any) -> set[str]:
        demand = Demand(budget=budget, objective=objective, effort=effort)
        plan = plan_layout(candidates, terrain, BORDER, demand, case=case, bases=BASE, **more)
        assert unlinked(plan.layout, terrain, BASE) == set()
        assert plan.gap <= 1e-6
        return {option.id for option in plan.bought}

    assert "top" not in bought(6.5)
    assert bought(99.0) == {"s0", "s1", "s2", "s3", "top"}
    assert {"top", "s2"} <= bought(99.0, "worst_segment")
    assert "useless" not in bought(99.0, "least_detection")


def test_what_stands_there_unheard_is_linked_by_what_is_bought_next() -> None:
    terrain = ground(ridge_m=60.0)
    start = Layout("start", FRAME, (radar("deaf", 2400.0),))
    offered = Layout("c", FRAME, (radar("dear", 900.0, cost=50.0),), (relay("top", 1500.0),))
    demand = Demand(budget=2.0, effort=SolverBudget(seconds=PATIENT_S, clock=thread_time))
    plan = plan_layout(offered, terrain, BORDER, demand, case=Case(belt_m=600.0), start=start, bases=BASE)
    assert [option.id for option in plan.bought] == ["top"]
    assert plan.without == 0.0
    assert plan.value > 0.1
    assert plan.cost == 1.0
    assert [one.id for one in plan.layout.relays] == ["top"]


def test_candidates_that_nothing_links_are_refused_in_one_sentence() -> None:
    behind = Layout("c", FRAME, (radar("behind", 2400.0),))
    with pytest.raises(PlanError, match="no candidate can reach a base"):
        plan_layout(behind, ground(ridge_m=60.0), BORDER, Demand(budget=9.0), case=Case(belt_m=600.0), bases=BASE)


def test_a_relay_in_a_layout_file_and_what_it_cannot_be() -> None:
    def read(**properties: Any) -> Layout:
        point = {"type": "Point", "coordinates": [1.5, 42.5]}
        feature = {"type": "Feature", "geometry": point, "properties": {"id": "x", "kind": "relay", **properties}}
        return Layout.from_geojson({"type": "FeatureCollection", "features": [feature]}, FRAME, name="l")

    by_item = read(catalogue="radio_relay")
    assert len(by_item) == 0
    assert by_item.relays[0].availability == pytest.approx(0.955, abs=0.02)
    assert read(max_range_m=900.0, gateway=True).relays[0].gateway
    for wrong, said in (
        ({"max_range_m": 900.0, "gateway": "yes"}, "gateway is 'yes'"),
        ({"max_range_m": 900.0, "availability": 1.5}, "availability is 1.5"),
        ({"max_range_m": 900.0, "azimuth_deg": 10.0}, "'azimuth_deg' is not known for a relay"),
        ({}, "max_range_m is missing"),
    ):
        with pytest.raises(LayoutError, match=said):
            read(**wrong)
    assert options_of(Layout("l", FRAME, (radar("r", 500.0),), (relay("m", 500.0),)))[0].is_relay


def test_links_are_decided_without_the_libraries_of_the_optimisation() -> None:
    """Coverage, checks and previews of a sector decide links; HiGHS and sparse matrices would take 18 MB in each."""
    loaded = "import sys, sensors.coverage.radio_links; print({'highspy', 'scipy.sparse'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-P", "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(("east", "scale"), [(500_000.0, 0.9996), (780_000.0, 1.00056)])
def test_a_link_is_as_long_as_it_is_on_the_ground(east: float, scale: float) -> None:
    """In UTM a kilometre on the ground is 999.6 m of the map at the central meridian, more than 1,000 m far from it."""
    frame = LocalFrame.from_epsg(32631)
    side = 50.0 * np.arange(-2, 30)
    flat = xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((len(side), len(side))), {"units": "m"})},
        coords={"northing": 4_700_000.0 + side[::-1], "easting": east + side},
        attrs={"crs": frame.wkt, "datum": "test"},
    )
    assert frame.scale_factor(east, 4_700_000.0) == pytest.approx(scale, abs=1e-5)

    def linked(metres: float) -> bool:
        """Whether relays of 1,000 m at this distance on the ground have a link, and one of them one to the base."""
        pair = [
            place_relay(frame, east + shift, 4_700_000.0, id=f"{shift}", max_range_m=1_000.0)
            for shift in (0.0, metres * scale)
        ]
        base = [[east + metres * scale, 4_700_000.0]]
        net = network_of(pair[:1], flat, base, LinkSettings(longest_m=1_000.0))
        assert bool(net.home[0]) == bool(network_of(pair, flat, base).hears[0, 1])
        return bool(net.home[0])

    assert linked(999.9)
    assert not linked(1_000.1)
