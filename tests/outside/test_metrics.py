"""The published figures, worked by hand, by enumeration, by quadrature or by another solver.

Sources: metrics.md §1, §3 to §7 and §9 with their oracles, docs/nomenclature.md ("Visibility and coverage", "Crossing",
"Success"), the public docstrings. Radar: the equation of Friis out and back, SNR ~ R^-4. Search: Koopman (1956).
Queues: the balance equations of a birth-death chain. Games: scipy's linear programs over all rounds. k-barrier: every
subset.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import xarray as xr
from scipy.optimize import linprog
from shapely.geometry import LineString

from fusion.scoring import (
    continuity,
    false_confirmed_tracks,
    gospa,
    identity_switches,
    ospa,
    time_to_confirm,
)
from geo.border import Border
from geo.challenge import challenge, percentiles, terrain_ruggedness_index, vector_ruggedness
from geo.frame import LocalFrame
from geo.mobility import tobler_speed
from sensors import camera, radar
from sensors.coverage import coverage, look_probability
from sensors.detection_model.hazard import (
    mean_relative_speed,
    over_states,
    patrol_rate,
    probability_of,
    scan_bracket,
    scan_rate,
    with_outages,
)
from sensors.equipment.life_cycle_cost import Prices, life_cycle_cost
from sensors.equipment.operator_queue import erlang_b, erlang_c, fraction_assessed, mean_wait_s
from sensors.gaps import (
    barrier,
    fastest_crossing,
    gaps,
    k_barrier,
    least_detected_crossing,
    segment_detection,
    single_losses,
    time_average_gap,
    time_gaps,
    watch_belt,
    weakest_links,
)
from sensors.ground_sensor import elfes_probability, rate_per_metre
from sensors.interdiction import ResponseSettings, interruptions, probability_of_interruption
from sensors.layout import Layout, place
from sensors.patrols import FromBases, Game, Listed, Shift, Sweeps, commitment, roster, solve_game
from sensors.planning import choose_sites

FRAME = LocalFrame.around(10.0, 47.0)

# Probability of interruption (metrics.md §3)


@pytest.mark.parametrize(("response", "sd", "wanted"), [(600, 180, 0.849), (1500, 450, 0.697), (3000, 900, 0.271)])
def test_interruption_of_three_tasks(response: float, sd: float, wanted: float):
    found = probability_of_interruption(
        [0.5, 0.7, 0.6], [1192.0] * 3, [358.0] * 3, response_s=response, response_sd_s=sd, communication=0.95
    )
    assert found == pytest.approx(wanted, abs=5e-4)


def test_interruption_of_six_tasks_detected_at_their_beginning():
    delay = np.array([10, 12, 90, 10, 90, 120.0])
    found = probability_of_interruption(
        [0, 0, 0.9, 0, 0.9, 0], delay, 0.3 * delay, response_s=300, response_sd_s=90, communication=0.95, position=1.0
    )
    assert found == pytest.approx(0.4760, abs=5e-5)


@pytest.mark.parametrize("position", [0.0, 0.5, 1.0])
def test_interruption_is_what_many_drawn_crossings_show(position: float):
    """Draw delays, detections and responses: the first alarm that is passed on starts a race."""
    random = np.random.default_rng(7)
    n = 200_000
    p, delay, sd = np.array([0.3, 0.2, 0.6, 0.5]), np.array([200.0, 350, 120, 400]), np.array([40.0, 90, 30, 100])
    passed_on, response, response_sd = 0.9, 480.0, 130.0
    took = random.normal(delay, sd, (n, 4))
    seen = random.random((n, 4)) < p
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), -1)
    left = np.zeros(n)
    for task in range(4):
        at = first == task
        left[at] = position * took[at, task] + took[at, task + 1 :].sum(axis=1)
    caught = (first >= 0) & (random.random(n) < passed_on) & (left > random.normal(response, response_sd, n))
    found = probability_of_interruption(
        p, delay, sd, response_s=response, response_sd_s=response_sd, communication=passed_on, position=position
    )
    assert abs(found - caught.mean()) < 4 * math.sqrt(0.25 / n)


def test_interruption_at_its_limits():
    sure = {"response_sd_s": 0.0, "position": 1.0}
    assert probability_of_interruption([1.0], [100.0], [0.0], response_s=100.0, **sure) == 0.5  # equality is a half
    assert probability_of_interruption([1.0], [100.0], [0.0], response_s=99.9, **sure) == 1.0
    assert probability_of_interruption([1.0], [100.0], [0.0], response_s=100.1, **sure) == 0.0
    assert probability_of_interruption([1.0], [100.0], [10.0], response_s=math.inf, **sure) == 0.0
    assert probability_of_interruption([], [], [], response_s=10.0, response_sd_s=1.0) == 0.0
    slower = [
        probability_of_interruption([0.4, 0.6], [300, 500], [90, 150], response_s=r, response_sd_s=100.0)
        for r in np.linspace(0, 2000, 41)
    ]
    assert (np.diff(slower) <= 0).all()  # a public implementation has the sign reversed


# Sensing (metrics.md §4)


def test_a_radar_loses_twelve_decibels_at_twice_the_range():
    """Friis out and back: SNR falls with R^4, 40 log10 2 = 12.04 dB; Swerling 1: Pd = Pfa^(1/(1 + SNR))."""
    pfa = 1e-6
    snr_db = 10 * math.log10(math.log(pfa) / math.log(0.9) - 1)  # 21.1 dB for 0.9
    for ratio, rounded in [(0.5, 0.993), (1.0, 0.9), (1.25, 0.775), (1.5, 0.596), (2.0, 0.220)]:
        snr = 10 ** ((snr_db - 40 * math.log10(ratio)) / 10)
        found = radar.detection_probability(ratio * 7000.0, reference_range_m=7000.0)
        assert found == pytest.approx(pfa ** (1 / (1 + snr)), rel=1e-9)
        assert found == pytest.approx(rounded, abs=6e-4)
    assert radar.detection_probability(math.inf, reference_range_m=7000.0) == pytest.approx(pfa)
    assert radar.detection_probability(0.0, reference_range_m=7000.0) == 1.0


def test_cameras_of_17_micrometres_and_75_millimetres():
    for height, wanted in [(0.75, (2206, 551, 276)), (2.3, (6765, 1691, 846))]:
        found = camera.range_for_pixels(height, np.array([1.5, 6, 12]), pitch_m=17e-6, focal_length_m=0.075)
        assert np.round(found).astype(int).tolist() == list(wanted)
    share = camera.detection_probability(np.array([0, 0.5, 1, 1.5, 2]) * 6.0, n50=6.0)
    assert share.round(3).tolist() == [0.0, 0.108, 0.5, 0.821, 0.945]


def test_the_mean_chord_of_a_ground_sensor():
    """Straight ways across the circle, evenly spread: their mean length is π r/2, so a mean way triggers with p."""
    r, p = 30.0, 0.9
    assert rate_per_metre(p, r) == pytest.approx(0.04886, abs=5e-6)
    offset = (np.arange(200_000) + 0.5) / 200_000 * r
    mean_chord = (2 * np.sqrt(r * r - offset * offset)).mean()
    assert 1 - math.exp(-rate_per_metre(p, r) * mean_chord) == pytest.approx(p, abs=1e-6)
    ring = elfes_probability([9.9, 10.0, 14.0, 19.0], sure_radius_m=10.0, elfes_lambda=0.25, elfes_beta=0.5)
    assert np.allclose(ring, [1.0, 1.0, math.exp(-0.5), math.exp(-0.75)])


@pytest.mark.parametrize(("first", "second"), [(1.0, 1.0), (1.4, 8.0), (5.0, 0.0), (0.0, 0.0), (2.0, 1.999)])
def test_mean_relative_speed_is_the_mean_over_all_courses(first: float, second: float):
    angle = (np.arange(100_000) + 0.5) / 100_000 * math.pi
    mean = np.sqrt(np.maximum(first**2 + second**2 - 2 * first * second * np.cos(angle), 0.0)).mean()
    assert float(mean_relative_speed(first, second)) == pytest.approx(mean, abs=1e-6)


def test_random_search_of_koopman():
    """An area of 4 km², 2.5 m/s, a sweep of 80 m, two hours: coverage factor 0.36."""
    found = float(probability_of(patrol_rate(2.5, 80.0, 4e6) * 7200.0))
    assert found == pytest.approx(1 - math.exp(-0.36), rel=1e-12)
    # eight searches of an eighth of the time, one after the other, are the same search
    eighth = float(probability_of(patrol_rate(2.5, 80.0, 4e6) * 900.0))
    assert 1 - (1 - eighth) ** 8 == pytest.approx(found, rel=1e-12)


def test_outages_last_for_a_whole_crossing():
    """p = .3, 20 looks, availability .5: .4996; an outage drawn at every look would give .9612."""
    hazard = 20 * -math.log(0.7)
    assert float(with_outages([hazard], [0.5])) == pytest.approx(0.4996, abs=5e-5)
    assert pytest.approx(0.9612, abs=5e-5) == 1 - (1 - 0.15) ** 20
    hazards, up = np.array([0.2, 1.0, 0.0, 3.0, math.inf]), np.array([0.9, 0.5, 0.7, 0.0, 0.25])
    total = 0.0
    for state in itertools.product([0, 1], repeat=5):
        works = np.array(state, bool)
        total += float(np.prod(np.where(works, up, 1 - up)) * (1 - math.exp(-hazards[works].sum())))
    assert float(with_outages(hazards, up)) == pytest.approx(total, rel=1e-12)
    assert float(over_states([0.2, 0.9], [0.75, 0.25])) == pytest.approx(0.375)


def test_the_bracket_of_a_scan_of_unknown_phase():
    """p = .3, T = 3 s, 24 s in view (30 m at 1.25 m/s): .9424 and .9093; the exact mean over phases lies between."""
    low, high = scan_bracket(0.3, 24.0, 3.0)
    assert float(low) == pytest.approx(0.9093, abs=5e-5)
    assert float(high) == pytest.approx(0.9424, abs=5e-5)
    assert float(scan_rate(0.3, 3.0)) == pytest.approx(0.11889, abs=5e-6)
    for seconds in (1.0, 4.5, 7.4):
        low, high = scan_bracket(0.3, seconds, 3.0)
        looks = math.floor(seconds / 3.0)
        more = seconds / 3.0 - looks  # the share of phases with one look more
        exact = 1 - (1 - more) * 0.7**looks - more * 0.7 ** (looks + 1)
        assert float(low) - 1e-12 <= exact <= float(high) + 1e-12


# Gaps in time (metrics.md §5)


def test_time_average_gap():
    assert time_average_gap([5.0, 10.0, 15.0], 100.0) == pytest.approx(3.5)


@pytest.mark.parametrize("assets", [1, 2, 3])
def test_gaps_in_time_second_by_second(assets: int):
    """Passes with whole seconds: a second is covered by as many as pass in it; runs below the number are the gaps."""
    passes = [(-50, 30), (20, 45), (40, 41), (60, 80), (60, 70), (65, 90), (95, 200)]
    seconds = np.zeros(100, int)
    for start, end in passes:
        seconds[max(start, 0) : min(end, 100)] += 1
    below = np.concatenate([[0], (seconds < assets).astype(int), [0]])
    starts, ends = np.flatnonzero(np.diff(below) == 1), np.flatnonzero(np.diff(below) == -1)
    found = time_gaps([(float(a), float(b)) for a, b in passes], start_s=0.0, end_s=100.0, assets=assets)
    assert found.gaps.tolist() == np.column_stack([starts, ends]).tolist()
    assert found.cut.tolist() == [bool(a == 0 or b == 100) for a, b in zip(starts, ends, strict=True)]
    lengths = (ends - starts).astype(float)
    assert found.covered_fraction == pytest.approx(1 - lengths.sum() / 100)
    assert found.longest_s == lengths.max()
    assert found.revisit_s == pytest.approx(lengths.mean())
    assert found.average_gap_s == pytest.approx((lengths**2).sum() / 100)
    # from a random moment to the next cover: half a gap, if the moment falls into it
    assert found.response_s == pytest.approx((lengths**2).sum() / 200)


# Barriers (metrics.md §5)


@pytest.mark.parametrize(
    ("edges", "left", "right", "k", "cut"),
    [
        ([(0, 1), (1, 2), (3, 4), (4, 5), (1, 4)], [0, 3], [2, 5], 2, None),
        ([(0, 2), (1, 2), (2, 3), (2, 4)], [0, 1], [3, 4], 1, {2}),
        ([(0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (6, 7), (0, 6), (6, 3)], [0, 4], [3, 7], 2, None),
        ([], [8], [8], 1, {8}),
        ([(0, 1)], [0], [2], 0, set()),
    ],
)
def test_barriers_of_the_oracles(edges: Any, left: Any, right: Any, k: int, cut: set[int] | None):
    found, members = k_barrier(edges, left, right)
    assert found == k == len(members)
    if cut is not None:
        assert members == cut


def test_of_several_cuts_the_one_nearest_the_left_is_returned():
    """metrics.md §5. In a chain of three each sensor alone is a cut, from either side."""
    assert k_barrier([(0, 1), (1, 2)], [0], [2]) == (1, {0})
    assert k_barrier([(0, 1), (1, 2)], [2], [0]) == (1, {2})


def open_without(lost: frozenset[int], edges: Any, left: Any, right: Any) -> bool:
    """Whether no chain from left to right is left when these sensors are gone."""
    seen, waiting = set(), [node for node in left if node not in lost]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        waiting += [b if a == node else a for a, b in edges if node in (a, b) and {a, b}.isdisjoint(lost)]
    return not (seen & set(right))


@pytest.mark.parametrize("seed", range(12))
def test_barriers_of_random_graphs_by_every_subset(seed: int):
    random = np.random.default_rng(seed)
    n = 8
    edges = [(a, b) for a in range(n) for b in range(a) if random.random() < 0.3]
    left = [int(node) for node in np.flatnonzero(random.random(n) < 0.35)]
    right = [int(node) for node in np.flatnonzero(random.random(n) < 0.35)]
    cuts = next(
        found
        for size in range(n + 1)
        if (
            found := [
                frozenset(lost)
                for lost in itertools.combinations(range(n), size)
                if open_without(frozenset(lost), edges, left, right)
            ]
        )
    )
    k, cut = k_barrier(edges, left, right)
    assert k == len(cuts[0])
    assert cut in cuts
    assert weakest_links(edges, left, right) == frozenset().union(*cuts)


# Ground (metrics.md §6)


def test_ruggedness_of_planes_and_a_roof():
    rows, columns = np.mgrid[0:9, 0:9].astype(float)
    for plane, wanted in [(0 * rows, 0.0), (3 * columns, math.sqrt(54)), (2 * columns + 3 * rows, math.sqrt(78))]:
        assert np.allclose(terrain_ruggedness_index(plane)[1:-1, 1:-1], wanted)
        assert np.nanmax(np.abs(vector_ruggedness(plane, 10.0))) < 1e-12
    roof = -3 * np.abs(columns - 4)
    assert terrain_ruggedness_index(roof)[4, 4] == pytest.approx(7.3485, abs=5e-5)
    assert vector_ruggedness(roof, 10.0)[4, 4] == pytest.approx(0.028116, abs=5e-7)
    assert np.isnan(terrain_ruggedness_index(roof)[0]).all()


def test_walking_speeds_of_tobler():
    assert tobler_speed(0.0) * 3.6 == pytest.approx(5.037, abs=5e-4)
    assert tobler_speed(-0.05) * 3.6 == pytest.approx(6.0)
    assert tobler_speed(math.tan(math.radians(20)), off_path=True) * 3.6 == pytest.approx(0.845, abs=5e-4)
    assert tobler_speed(0.2) < tobler_speed(-0.2)


def test_percentiles_by_mid_ranks():
    values = [5.0, 1.0, math.nan, 5.0, 9.0, math.inf]
    assert np.allclose(percentiles(values), [0.4, 0.1, math.nan, 0.4, 0.7, 0.9], equal_nan=True)


# Queues of alerts


def test_erlang_of_textbooks():
    assert float(erlang_b(1.0, 2)) == pytest.approx(1 / 5)
    assert float(erlang_c(1.0, 2)) == pytest.approx(1 / 3)
    assert float(erlang_b(2.0, 3)) == pytest.approx(4 / 19)
    assert float(erlang_c(2.0, 3)) == pytest.approx(4 / 9)
    assert float(erlang_c(3.0, 3)) == 1.0
    assert float(mean_wait_s(1 / 100, 80.0, 1)) == pytest.approx(0.8 / (1 / 80 - 1 / 100))
    assert math.isinf(float(mean_wait_s(1 / 50, 80.0, 1)))


@pytest.mark.parametrize(("per_s", "operators"), [(1 / 600, 1), (1 / 60, 1), (1 / 20, 3), (1 / 5, 2), (1e-9, 1)])
def test_attended_alerts_by_the_balance_of_a_chain(per_s: float, operators: int):
    """States: alerts in the room. Up with λ, down with μ for each busy operator and θ for each that waits."""
    service, patience = 90.0, 240.0
    weight, weights = 1.0, [1.0]
    for n in range(1, 400):
        weight *= per_s / (min(n, operators) / service + max(n - operators, 0) / patience)
        weights.append(weight)
    chance = np.array(weights) / sum(weights)
    lost = (chance * np.maximum(np.arange(400) - operators, 0) / patience).sum() / per_s
    assert float(fraction_assessed(per_s, service, patience, operators)) == pytest.approx(1 - lost, abs=1e-9)


# Games (metrics.md §9)


def value_of(game: Game, rounds: Any) -> float:
    """The linear program over all rounds: the most that the least-gaining segment can be given."""
    segments = len(np.asarray(game.uncovered))
    visited = np.array(
        [[segment in {s for tour in one for s in tour} for segment in range(segments)] for one in rounds]
    )
    gain = np.where(visited, game.covered, game.uncovered)
    n = len(visited)
    answer = linprog(
        np.r_[np.zeros(n), -1.0],
        A_ub=np.c_[-gain.T, np.ones(segments)],
        b_ub=np.zeros(segments),
        A_eq=np.r_[np.ones(n), 0.0][None],
        b_eq=[1.0],
        bounds=[(0, None)] * n + [(None, None)],
    )
    return float(-answer.fun)


def test_the_game_of_the_oracle():
    solution = solve_game(Game([0.2, 0.4, 0.5], [0.8, 0.7, 0.9]), Listed((((0,),), ((1,),), ((2,),))))
    assert solution.value == pytest.approx(0.52222, abs=5e-6)
    assert solution.coverage.round(4).tolist() == [0.5370, 0.4074, 0.0556]
    assert solution.attacker.round(4).tolist() == [0.2222, 0.4444, 0.3333]
    assert solution.gap < 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_games_over_listed_rounds_have_the_value_of_the_linear_program(seed: int):
    random = np.random.default_rng(seed)
    segments, patrols = 6, 2
    uncovered = random.uniform(0, 0.6, segments)
    game = Game(uncovered, uncovered + random.uniform(0, 1, segments) * (1 - uncovered))
    rounds = tuple(
        tuple(
            tuple(sorted(random.choice(segments, random.integers(1, 4), replace=False).tolist()))
            for _ in range(patrols)
        )
        for _ in range(9)
    )
    solution = solve_game(game, Listed(rounds))
    assert solution.value == pytest.approx(value_of(game, rounds), abs=1e-7)
    assert solution.probability.sum() == pytest.approx(1.0)
    # both best responses, from the strategies alone
    against = game.uncovered + solution.coverage * (np.asarray(game.covered) - game.uncovered)
    assert against.min() == pytest.approx(solution.value, abs=1e-7)
    visited = np.array([[s in set().union(*map(set, one)) for s in range(segments)] for one in rounds])
    assert (np.where(visited, game.covered, game.uncovered) @ solution.attacker).max() == pytest.approx(
        solution.value, abs=1e-7
    )
    names = set(solution.rounds)
    drawn = roster(solution, 300, seed=11)
    assert set(drawn) <= names
    assert drawn == roster(solution, 300, seed=11)


@pytest.mark.parametrize("patrols", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_sweeps_along_a_straight_road(seed: int, patrols: int):
    """Segments and base on one road: a tour past a set of segments takes twice the stretch, and a stay in each."""
    random = np.random.default_rng(seed)
    n, base, speed, stay, shift = 6, random.uniform(0, 5), 1 / 600.0, 1500.0, 9000.0
    at = np.sort(random.uniform(0, 6, n))
    sets = [
        chosen
        for size in range(n + 1)
        for chosen in itertools.combinations(range(n), size)
        if not chosen
        or 2 * (max(*at[list(chosen)], base) - min(*at[list(chosen)], base)) / speed + stay * size <= shift
    ]
    rounds = [(frozenset(a) | frozenset(b),) for a in sets for b in (sets if patrols == 2 else [()])]
    rounds = sorted(set(rounds), key=lambda one: sorted(one[0]))
    uncovered = random.uniform(0, 0.5, n)
    game = Game(uncovered, uncovered + 0.4)
    away = np.abs(at - base) / speed
    limits = Shift(patrols=patrols, shift_s=shift, stay_s=stay)
    wanted = value_of(game, rounds)
    for kind in (
        Sweeps(np.diff(at) / speed, away, away, limits),
        FromBases(np.abs(at[:, None] - at) / speed, away, away, limits),
    ):
        solution = solve_game(game, kind)
        assert solution.value == pytest.approx(wanted, abs=1e-6)
        for one in solution.rounds:
            assert len(one) <= patrols
            assert all(tuple(sorted(set(tour))) in sets for tour in one)


@pytest.mark.parametrize("seed", range(4))
def test_patrols_where_detours_are_faster(seed: int):
    """Times that break the triangle inequality: every tour is driven by the fastest ways, also by those over the base.

    All orders of all segments are listed with the times of Floyd and Warshall; the value is that of the linear program.
    """
    random = np.random.default_rng(40 + seed)
    n, stay, shift = 5, 1200.0, 7200.0
    hop, out, back = (random.uniform(200, 3000, size) for size in (n - 1, n, n))
    times = np.full((n + 1, n + 1), np.inf)  # the base is the last
    times[np.arange(n + 1), np.arange(n + 1)] = 0.0
    times[n, :n], times[:n, n] = out, back
    for k in range(n - 1):
        times[k, k + 1] = times[k + 1, k] = hop[k]
    for via in range(n + 1):
        times = np.minimum(times, times[:, via, None] + times[via])
    feasible = {()}
    for size in range(1, n + 1):
        for tour in itertools.permutations(range(n), size):
            way = [n, *tour, n]
            if sum(times[a, b] for a, b in itertools.pairwise(way)) + stay * size <= shift:
                feasible.add(tuple(sorted(tour)))
    assert any(len(tour) > 1 for tour in feasible)
    uncovered = random.uniform(0, 0.5, n)
    game = Game(uncovered, uncovered + random.uniform(0.1, 0.5, n))
    wanted = value_of(game, [(tour,) for tour in sorted(feasible)])
    limits = Shift(patrols=1, shift_s=shift, stay_s=stay)
    travel = np.full((n, n), np.inf)
    travel[np.arange(n), np.arange(n)] = 0.0
    for k in range(n - 1):
        travel[k, k + 1] = travel[k + 1, k] = hop[k]
    for kind in (Sweeps(hop, out, back, limits), FromBases(travel, out, back, limits)):
        solution = solve_game(game, kind)
        assert solution.value <= wanted + 1e-6
        assert solution.value + solution.gap >= wanted - 1e-6  # a gap of 0 is a proof


@pytest.mark.parametrize("seed", range(4))
def test_patrols_of_two_bases_on_one_way_roads(seed: int):
    """Times differ by direction, one road may be closed, and two patrols start from either base.

    Every order of every set of segments is listed from each base, with the times of Floyd and Warshall over the
    segments and that base; the value is that of the linear program over all pairs of tours.
    """
    random = np.random.default_rng(900 + seed)
    n, bases, stay, shift = 4, 2, float(random.choice([0.0, 900.0])), random.uniform(3000, 9000)
    hop, hop_back = random.uniform(200, 4000, (2, n - 1))
    if seed % 2:
        hop[1] = math.inf
    out, back = random.uniform(200, 3000, (2, bases, n))
    tours: set[frozenset[int]] = {frozenset()}
    for base in range(bases):
        times = np.full((n + 1, n + 1), math.inf)  # the base is the last
        np.fill_diagonal(times, 0.0)
        times[n, :n], times[:n, n] = out[base], back[base]
        for k in range(n - 1):
            times[k, k + 1], times[k + 1, k] = hop[k], hop_back[k]
        for via in range(n + 1):
            times = np.minimum(times, times[:, via, None] + times[via])
        for size in range(1, n + 1):
            for tour in itertools.permutations(range(n), size):
                if sum(times[a, b] for a, b in itertools.pairwise([n, *tour, n])) + stay * size <= shift:
                    tours.add(frozenset(tour))
    uncovered = random.uniform(0, 0.5, n)
    game = Game(uncovered, uncovered + random.uniform(0.1, 0.5, n))
    pairs = {a | b for a, b in itertools.combinations_with_replacement(tours, 2)}
    wanted = value_of(game, [(tuple(sorted(pair)),) for pair in sorted(pairs, key=sorted)])
    limits = Shift(patrols=2, shift_s=shift, stay_s=stay)
    solution = solve_game(game, Sweeps(hop, out, back, limits, hop_back_s=hop_back))
    assert solution.value <= wanted + 1e-6
    assert solution.value + solution.gap >= wanted - 1e-6  # a gap of 0 is a proof


def test_without_patrols_the_worst_segment_is_the_value():
    solution = solve_game(Game([0.3, 0.1], [0.9, 0.9]), Sweeps([60.0], [60.0, 60.0], [60.0, 60.0], Shift(patrols=0)))
    assert solution.value == pytest.approx(0.1)


def test_a_commitment_against_the_opposite_interest_is_the_zero_sum_game():
    random = np.random.default_rng(3)
    payoff = random.uniform(0, 1, (4, 5))
    answer = linprog(
        np.r_[np.zeros(5), -1.0],
        A_ub=np.c_[-payoff, np.ones(4)],
        b_ub=np.zeros(4),
        A_eq=[[1, 1, 1, 1, 1, 0]],
        b_eq=[1],
        bounds=[(0, None)] * 5 + [(None, None)],
    )
    assert commitment(payoff, -payoff).value == pytest.approx(-answer.fun, abs=1e-8)
    # the inspection game of textbooks: who is watched commits, and gains by it
    inspect = commitment([[2.0, 1.0], [4.0, 3.0]], [[1.0, 0.0], [0.0, 2.0]])
    assert inspect.value == pytest.approx(11 / 3, abs=1e-6)


# Coverage and crossings on level ground, where a way across is a straight line (metrics.md §4 and §5)


def plain(
    rows: int, columns: int, cell: float = 50.0, *, frame: LocalFrame = FRAME, origin: tuple[float, float] = (0.0, 0.0)
) -> xr.Dataset:
    """Level ground; ``origin`` is the west end of its middle row."""
    metres = {"units": "m"}
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((rows, columns), np.float32), metres)},
        {
            "northing": ("northing", origin[1] + (np.arange(rows)[::-1] - rows // 2) * cell, metres),
            "easting": ("easting", origin[0] + np.arange(columns) * cell, metres),
        },
        {"crs": frame.crs.to_wkt(), "datum": "made up", "cell_m": cell},
    )


GROUND = plain(41, 61)  # 3 km along, 1 km to either side
LINE = Border(FRAME, LineString([(0, 0), (3000, 0)]), 500.0, "left")
ACROSS_S = 1600.0 / (0.6 * 6.0 * math.exp(-3.5 * 0.05) / 3.6)
"""Time of the straight way over a belt of 800 m to either side: Tobler, level, off path; 1,906 s."""


def watching(*keys: dict[str, Any], frame: LocalFrame = FRAME) -> Layout:
    base = {"kind": "radar", "max_range_m": 50_000.0, "period_s": 10.0, "mast_height_m": 10.0}
    return Layout(
        "made up",
        frame,
        tuple(place(frame, *key.pop("at"), **(base | {"id": f"r{n}"} | key)) for n, key in enumerate(keys)),
    )


def test_constant_looks_all_over_the_belt_give_one_probability_by_time():
    """p a look everywhere: P = 1 − (1 − p)^(t/T) for the fastest way, its lower end 1 − exp(−p t/T)."""
    layout = watching({"at": (1500.0, -900.0), "detection_probability": 0.004, "availability": 0.6})
    seen = coverage(layout, GROUND, LINE)
    found = segment_detection(seen, GROUND, LINE, belt_m=800.0)
    fastest = fastest_crossing(seen, GROUND, LINE, belt_m=800.0)
    seconds = found.seconds.values
    assert np.allclose(seconds, ACROSS_S, rtol=0.05)  # to a cell
    assert np.allclose(seconds, fastest.time_s, rtol=1e-3)
    assert fastest.length_m == pytest.approx(1600.0, abs=100.0)  # to a cell: edge to edge of the belt
    wanted = 1 - 0.996 ** (seconds / 10.0)
    assert np.allclose(found.detection_probability.values, 0.5341, atol=0.02)  # 1 - .996^190.6
    assert np.allclose(found.detection_probability.values, wanted, rtol=1e-4)
    assert np.allclose(found.expected_probability.values, 0.6 * wanted, rtol=1e-4)
    assert np.allclose(found.detection_probability_low.values, 1 - np.exp(-0.004 * seconds / 10.0), rtol=1e-4)
    assert [gap.segments for gap in gaps(seen, LINE, required_probability=0.99, terrain=GROUND, belt_m=800.0)] == [
        range(6)
    ]
    assert gaps(seen, LINE, required_probability=0.01, terrain=GROUND, belt_m=800.0) == []


def test_two_sensors_add_their_hazards_and_fail_apart():
    single = {"at": (1500.0, -900.0), "detection_probability": 0.004, "availability": 0.6}
    layout = watching(dict(single), {**single, "at": (700.0, -900.0), "availability": 0.5})
    found = segment_detection(coverage(layout, GROUND, LINE), GROUND, LINE, belt_m=800.0)
    miss = 0.996 ** (found.seconds.values / 10.0)
    assert np.allclose(found.detection_probability.values, 1 - miss**2, rtol=1e-4)
    assert np.allclose(found.expected_probability.values, 0.3 * (1 - miss**2) + 0.5 * (1 - miss), rtol=1e-4)


def test_a_crosser_walks_around_what_sees_him():
    """A ground radar of 600 m on the line at its middle: who crosses by the ends is not seen, by the middle he is.

    It sees from 900 to 2,100 m. A segment's probability is the least of all ways across it (metrics.md §5): segment 1
    is crossed unseen at 600 m, segment 4 at 2,400 m, although cells of both are seen.
    """
    layout = watching({"at": (1500.0, 0.0), "detection_probability": 0.5, "max_range_m": 600.0})
    seen = coverage(layout, GROUND, LINE)
    least = least_detected_crossing(seen, GROUND, LINE, belt_m=800.0)
    assert least.p_detect == 0.0
    found = segment_detection(seen, GROUND, LINE, belt_m=800.0)
    assert found.detection_probability.values[[0, 1, 4, 5]].tolist() == [0.0] * 4
    assert found.detection_probability.values[[2, 3]].min() > 0.999
    middle = least_detected_crossing(seen, GROUND, LINE, belt_m=800.0, segment=2)
    assert middle.p_detect == pytest.approx(float(found.detection_probability[2]), rel=1e-6)
    holes = gaps(seen, LINE, required_probability=0.9, terrain=GROUND, belt_m=800.0)
    assert [(hole.first, hole.last) for hole in holes] == [(0, 1), (4, 5)]


def test_a_camera_never_compounds_along_a_way():
    """metrics.md §4: the total along a way is at most the highest P∞, here .5, in 1,906 s as in one search.

    At a rate of −ln(1 − P∞)/τ without that limit, τ 60 s, it would be 1 − exp(−22).
    """
    layout = watching({"at": (1500.0, -900.0), "kind": "camera", "detection_probability": 0.5, "period_s": 1.0})
    found = segment_detection(coverage(layout, GROUND, LINE), GROUND, LINE, belt_m=800.0)
    assert np.allclose(found.detection_probability.values, 0.5, atol=1e-6)


@pytest.mark.parametrize(("strips", "in_time", "wanted"), [(4, 1, 0.17385), (16, 6, 0.24909)])
def test_interruption_over_a_belt_with_looks_alike_everywhere(strips: int, in_time: int, wanted: float):
    """p .004 in 10 s all over the belt, responders everywhere after 1,200 s for certain, every alarm passed on.

    Of n strips of T/n, T = 1,906 s, the i-th leaves (n − i + ½) T/n, detected in its middle: with four 1,668 s in the
    first and 1,191 s in the second; with sixteen 1,251 s in the sixth and 1,132 s in the seventh.
    """
    lengths = (strips - np.arange(1, strips + 1) + 0.5) * ACROSS_S / strips
    assert int((lengths >= 1200.0).sum()) == in_time
    assert wanted == pytest.approx(1 - 0.996 ** (in_time * ACROSS_S / strips / 10.0), abs=5e-6)
    layout = watching({"at": (1500.0, -900.0), "detection_probability": 0.004})
    watched = watch_belt(coverage(layout, GROUND, LINE), GROUND, LINE, belt_m=800.0)
    response = xr.full_like(GROUND.elevation, 1200.0)
    response.attrs["units"] = "s"
    settings = ResponseSettings(sd_share=0.0, communication=1.0, strips=strips)
    found = interruptions(watched, response, settings=settings).least_interruption.values
    assert np.allclose(found, wanted, atol=1e-4)


def test_a_view_is_centred_on_true_north():
    """``azimuth_deg`` of a layout counts from true north; 2.9° off the central meridian at 60.4° N grid north is
    2.9 sin 60.4° = 2.52° from it, and a view of 2° about true north leaves out the cell in grid north."""
    frame = LocalFrame.from_epsg(32631)
    east, north = frame.to_local(5.9, 60.4)
    ground = plain(121, 61, frame=frame, origin=(round(east / 50) * 50 - 1500.0, round(north / 50) * 50.0))
    keys = {"at": (east, north), "azimuth_deg": 0.0, "field_of_view_deg": 2.0, "detection_probability": 0.5}
    seen = look_probability(watching(keys, frame=frame), ground).probability.isel(sensor=0)
    there = frame.to_local(*pyproj.Geod(ellps="WGS84").fwd(5.9, 60.4, 0.0, 2800.0)[:2])
    assert math.degrees(math.atan2(there[0] - east, there[1] - north)) == pytest.approx(-2.52, abs=0.02)
    assert float(seen.sel(easting=there[0], northing=there[1], method="nearest")) == 0.5
    assert float(seen.sel(easting=east, northing=north + 2800.0, method="nearest")) == 0.0


def test_ranges_of_a_radar_are_slant_ranges():
    """Nomenclature: from the antenna. From a mast of 300 m, 400 m on the ground are 500 m (3-4-5), the reference range;
    500 m on the ground are 583 m, where .9 has fallen to .8240 with R^-4 and Swerling 1."""
    keys = {"reference_range_m": 500.0, "detection_probability": 0.9, "mast_height_m": 300.0}
    found = look_probability(watching({"at": (0.0, -1000.0)} | keys), GROUND).probability[0]
    snr = (math.log(1e-6) / math.log(0.9) - 1) * (500.0**2 / (500.0**2 + 300.0**2)) ** 2
    assert 1e-6 ** (1 / (1 + snr)) == pytest.approx(0.8240, abs=5e-5)
    assert float(found.sel(easting=400.0, northing=-1000.0)) == pytest.approx(0.9, abs=1e-4)
    assert float(found.sel(easting=500.0, northing=-1000.0)) == pytest.approx(0.8240, abs=1e-4)


def test_cells_of_a_radar_and_of_a_camera():
    """Radar: Friis from the antenna; over a dwell 1 − (1 − p)^(τ/T). Camera: never above P∞, however long."""
    layout = watching(
        {
            "at": (0.0, -1000.0),
            "reference_range_m": 1500.0,
            "detection_probability": 0.9,
            "field_of_view_deg": 90.0,
            "azimuth_deg": 45.0,
        },
        {
            "at": (0.0, 1000.0),
            "kind": "camera",
            "pitch_m": 17e-6,
            "focal_length_m": 0.05,
            "period_s": 1.0,
            "detection_probability": 1.0,
        },
    )
    looks = look_probability(layout, GROUND)
    east, north = np.meshgrid(GROUND.easting.values, GROUND.northing.values)
    apart = np.hypot(np.hypot(east, north + 1000.0), 10.0)
    wanted = radar.detection_probability(apart, reference_range_m=1500.0)
    azimuth = np.degrees(np.arctan2(east, north + 1000.0))
    inside = (azimuth > 0.5) & (azimuth < 89.5) & (apart > 100)
    assert np.allclose(looks.probability.values[0][inside], wanted[inside], rtol=2e-4)
    pixels = 0.75 / (np.hypot(np.hypot(east, north - 1000.0), 10.0) * 17e-6 / 0.05)
    ceiling = camera.detection_probability(pixels, n50=1.5)
    seen = {dwell: coverage(layout, GROUND, LINE, dwell_s=dwell) for dwell in (30.0, 600.0)}
    for dwell, answer in seen.items():
        cells = answer.coverage_probability.values
        assert np.allclose(cells[0][inside], 1 - (1 - wanted[inside]) ** (dwell / 10.0), rtol=2e-4)
        assert (cells[1] <= ceiling + 2e-3).all()
    far = np.hypot(east, north - 1000.0) > 500.0
    assert np.allclose(seen[600.0].coverage_probability.values[1][far], ceiling[far], rtol=0.01)
    # half of the search time: λ = −ln(1 − P∞)/τ, τ = 60 s
    half = 1 - (1 - ceiling) ** 0.5
    assert np.allclose(seen[30.0].coverage_probability.values[1][far], half[far], rtol=0.02)


def test_a_sensor_beside_a_void_watches_what_it_can_see():
    """It stands a third of a cell towards a void; ground on the other side is watched, the void is not known."""
    ground = plain(41, 61)
    ground.elevation.values[20, 31] = np.nan
    layout = watching({"at": (1516.0, 0.0), "detection_probability": 0.5, "max_range_m": 600.0})
    seen = coverage(layout, ground, LINE).combined_probability
    assert float(seen.sel(easting=1300.0, northing=0.0)) > 0.99
    assert math.isnan(float(seen.sel(easting=1550.0, northing=0.0)))


@pytest.mark.parametrize(("double", "hole", "k"), [(False, False, 1), (True, False, 2), (False, True, 0)])
def test_a_chain_of_footprints_is_a_barrier(double: bool, hole: bool, k: int):
    """Circles of 450 m every 600 m along the line hold it once; a second row twice; without one circle it is open."""
    places = [x for x in np.arange(0.0, 3001.0, 600.0) if not (hole and x == 1200.0)]
    keys = [
        {"at": (x, y), "max_range_m": 450.0, "id": f"r{x:.0f}-{y}"}
        for x in places
        for y in ([0, 300] if double else [0])
    ]
    layout = watching(*keys)
    seen = coverage(layout, GROUND, LINE)
    found, cut = barrier(layout, seen, LINE, belt_m=800.0)
    assert found == k == len(cut)
    lost = single_losses(layout, seen, LINE, belt_m=800.0)
    assert bool(lost) == (k > 0)
    assert set(cut) <= set(lost)


def test_the_challenge_of_level_ground():
    """metrics.md §6: no ruggedness, no slope, nothing hidden; crossing in the time of the straight way; 90° openness.

    All segments are alike, so their percentile is the mid-rank's (n + 1)/2: (3.5 - .5)/6 = .5.
    """
    found = challenge(GROUND, LINE, belt_m=800.0, bases=[[1500.0, -700.0]])
    for name in ("ruggedness", "vector_ruggedness", "slope", "dead_ground_1.7m", "dead_ground_0.5m"):
        assert np.nanmax(np.abs(found[name].values)) < 1e-9, name
    assert np.allclose(found.crossing_time.values, ACROSS_S, rtol=0.07)  # edge to edge of the belt, to a cell
    assert np.allclose(found.crossing_ease.values, 0.5)
    open_ground = found.positive_openness.sel(belt="home").values
    assert np.allclose(open_ground[2:4], math.pi / 2, atol=1e-6)
    assert np.isnan(open_ground[[0, 5]]).all()  # within 1 km of them the terrain ends: unknown, never a guess
    response = found.response_time.sel(belt="both").values
    assert response.argmin() in (2, 3)
    assert response[0] == pytest.approx(response[5], rel=0.02)
    assert (np.diff(found.response_difficulty.values[:3]) < 0).all()


# Plans (equipment.md: equal life-cycle cost)


def test_the_life_cycle_cost_of_a_unit():
    """2,000 for ten years of life and 100 a year, at 3 %: annuities of 8.5302 and 14.8775 for ten and twenty years.

    Ten years cost 2000 + 100·8.5302; twenty (2000/8.5302 + 100)·14.8775.
    """
    prices = Prices(capex=2000.0, opex_per_year=100.0, service_life_years=10.0, crew=0.0, post_per_year=0.0)
    for years, wanted in ((10.0, 2853.02), (20.0, 4975.94)):
        assert float(life_cycle_cost(prices, years=years, discount_rate=0.03)) == pytest.approx(wanted, abs=0.01)


def test_the_best_pair_of_three_sites_is_bought():
    """Circles apart from each other, p .3 a look, 20 looks in 600 s, budget for two. A sensor is worth r² A (1 − .7^20)
    where it works in a share A of whole crossings: 300² · .5, 270² · .7 and 250² are 45, 51 and 62 thousand, so the
    last two are bought. Outages drawn at every look would make it 87, 72 and 62, and the first two the best."""
    keys = {"kind": "radar", "period_s": 30.0, "detection_probability": 0.3, "mast_height_m": 10.0, "cost": 3.0}
    sites = [("a", 500.0, 300.0, 0.5), ("b", 1500.0, 270.0, 0.7), ("c", 2500.0, 250.0, 1.0)]
    sensors = tuple(
        place(FRAME, east, 0.0, id=name, max_range_m=reach, availability=share, **keys)
        for name, east, reach, share in sites
    )
    chosen = choose_sites(Layout("sites", FRAME, sensors), GROUND, LINE, budget=6.0)
    assert {sensor.id for sensor in chosen.sensors} == {"b", "c"}
    worth = {name: reach**2 * share * (1 - 0.7**20) for name, _, reach, share in sites}
    per_look = {name: reach**2 * (1 - (1 - 0.3 * share) ** 20) for name, _, reach, share in sites}
    assert sorted(worth, key=worth.__getitem__) == ["a", "b", "c"]
    assert sorted(per_look, key=per_look.__getitem__) == ["c", "b", "a"]


# Scores of tracks (metrics.md §7)


def history(rows: list[tuple[str, int, float, float, str]], name: str = "track") -> xr.Dataset:
    """Rows of (track, second, easting, northing, status) as a track history or, under ``target``, as truth."""
    n = len(rows)
    at = np.array([np.datetime64("2026-03-14T21:00:00", "ns") + np.timedelta64(row[1], "s") for row in rows])
    metres = {"units": "m"}
    return xr.Dataset(
        {
            name: ("estimate", np.array([row[0] for row in rows])),
            "time": ("estimate", at.astype("datetime64[ns]")),
            "easting": ("estimate", np.array([row[2] for row in rows]), metres),
            "northing": ("estimate", np.array([row[3] for row in rows]), metres),
            "easting_rate": ("estimate", np.zeros(n), {"units": "m/s"}),
            "northing_rate": ("estimate", np.zeros(n), {"units": "m/s"}),
            "cov": (("estimate", "state", "state_"), np.tile(np.eye(4), (n, 1, 1))),
            "existence": ("estimate", np.ones(n), {"units": "1"}),
            "status": ("estimate", np.array([row[4] for row in rows])),
            "segment": ("estimate", np.full(n, -1, np.int32)),
            "offset_m": ("estimate", np.full(n, np.nan), metres),
        }
    )


def test_gospa_and_ospa_of_two_targets_and_two_tracks():
    """One pair 5 m apart, one target missed, one track false, c = 50: 25 + 1250 + 1250; OSPA: (25 + 2500)/2."""
    truth = history([("a", 0, 0, 0, "confirmed"), ("b", 0, 100, 0, "confirmed")], "target")
    tracks = history([("1", 0, 3, 4, "confirmed"), ("2", 0, 300, 0, "confirmed")])
    found = gospa(truth, tracks)
    assert float(found.gospa[0]) == pytest.approx(math.sqrt(2525))
    assert float(found.localisation[0]) == pytest.approx(5.0)
    assert float(found.missed[0]) == pytest.approx(math.sqrt(1250))
    assert float(found.false[0]) == pytest.approx(math.sqrt(1250))
    assert [int(found[name][0]) for name in ("n_truth", "n_tracks", "n_assigned", "n_missed", "n_false")] == [
        2,
        2,
        1,
        1,
        1,
    ]
    assert float(ospa(truth, tracks).ospa[0]) == pytest.approx(math.sqrt((25 + 2500) / 2))
    first = gospa(truth, tracks, order=1.0)
    assert float(first.gospa[0]) == pytest.approx(5 + 25 + 25)


def test_the_assignment_is_the_best_of_all():
    """Greedy would take the pair 1 m apart and leave 60 m; the best is 31 + 30 (order 1)."""
    truth = history([("a", 0, 0, 0, "confirmed"), ("b", 0, 31, 0, "confirmed")], "target")
    tracks = history([("1", 0, 30, 0, "confirmed"), ("2", 0, 61, 0, "confirmed")])
    assert float(gospa(truth, tracks, order=1.0, cutoff_m=100.0).gospa[0]) == pytest.approx(60.0)
    assert float(gospa(truth, tracks, order=1.0).gospa[0]) == pytest.approx(1 + 50)


@pytest.mark.parametrize("seed", range(6))
def test_gospa_and_ospa_over_every_assignment(seed: int):
    """Up to four targets and four tracks at random: the least over all ways to pair them, by enumeration."""
    random = np.random.default_rng(seed)
    a, b = random.uniform(0, 90, (random.integers(0, 5), 2)), random.uniform(0, 90, (random.integers(1, 5), 2))
    c, p = 50.0, [1.0, 2.0, 3.0][seed % 3]
    pairs, most = itertools.product(range(len(a)), range(len(b))), min(len(a), len(b))
    apart = {(i, j): float(np.hypot(*(a[i] - b[j]))) for i, j in pairs}
    ways = [
        list(zip(left, right, strict=True))
        for size in range(most + 1)
        for left in itertools.combinations(range(len(a)), size)
        for right in itertools.permutations(range(len(b)), size)
    ]
    gospa_wanted = min(
        sum(apart[pair] ** p for pair in way) + c**p / 2 * (len(a) + len(b) - 2 * len(way))
        for way in ways
        if all(apart[pair] <= c for pair in way)
    )
    full = [sum(min(apart[pair], c) ** p for pair in way) for way in ways if len(way) == most]
    ospa_wanted = (min(full) + c**p * abs(len(a) - len(b))) / max(len(a), len(b))
    base = history([("t", 0, 0.0, 0.0, "confirmed")], "target")
    truth = (
        history([(f"t{i}", 0, *place, "confirmed") for i, place in enumerate(a)], "target")
        if len(a)
        else base.isel(estimate=slice(0, 0))
    )
    tracks = history([(f"k{j}", 0, *place, "confirmed") for j, place in enumerate(b)])
    times = base.time.values
    assert float(gospa(truth, tracks, cutoff_m=c, order=p, times=times).gospa[0]) == pytest.approx(
        gospa_wanted ** (1 / p)
    )
    assert float(ospa(truth, tracks, cutoff_m=c, order=p, times=times).ospa[0]) == pytest.approx(ospa_wanted ** (1 / p))


def test_switches_continuity_and_time_to_confirm_by_hand():
    """One target for 10 s: none at 0 and 1, track 1 tentative at 2, confirmed 3 to 5, none at 6, track 2 from 7 on."""
    truth = history([("a", s, 10.0 * s, 0, "confirmed") for s in range(10)], "target")
    rows = [("1", 2, 20, 1, "tentative"), *[("1", s, 10.0 * s, 1, "confirmed") for s in (3, 4, 5)]]
    rows += [("1", 6, 60, 900, "closed"), *[("2", s, 10.0 * s, -2, "confirmed") for s in (7, 8, 9)]]
    rows += [("9", s, 4000, 4000, "confirmed") for s in range(10)]
    tracks = history(rows)
    assert identity_switches(truth, tracks).values.tolist() == [1]
    assert float(time_to_confirm(truth, tracks)[0]) == 3.0
    # what a user sees: each track for 3 of 10 s, the tentative second not
    assert float(continuity(truth, tracks)[0]) == pytest.approx(0.3)
    false = false_confirmed_tracks(truth, tracks)
    assert int(false.false_confirmed_tracks) == 1
    assert int(false.confirmed_tracks) == 3


def test_two_targets_that_exchange_their_tracks():
    """Both tracks change over at second 5: two switches, and each half is unbroken."""
    truth = history([(n, s, 0.0, 200.0 * k, "confirmed") for s in range(10) for k, n in enumerate("ab")], "target")
    rows = [(n, s, 0.0, 200.0 * (k if s < 5 else 1 - k), "confirmed") for s in range(10) for k, n in enumerate("12")]
    assert identity_switches(truth, history(rows)).values.tolist() == [1, 1]
    assert np.allclose(continuity(truth, history(rows)).values, 0.5)


# Outcomes (metrics.md §1), through the command


OUTCOMES = "place,start,end,source,apprehended,turned_back,got_away,undetected,repeated,deterred_low,deterred_high"


def rates_of(watchline: Callable[..., tuple[int, str, str]], file: Path, row: str) -> dict[str, dict[str, Any]]:
    file.write_text(f"{OUTCOMES}\n{row}\n")
    code, out, err = watchline("score", "cumberland", "--outcomes", file, "--on", "2026-03-01", "--json")
    assert code == 0, err
    assert len(out.splitlines()) == 1  # one object on one line (design §4)
    return {line["name"]: line for line in json.loads(out)["families"]["tactical_tools"]["lines"]}


def test_rates_of_outcomes_by_hand(tmp_path: Path, watchline: Callable[..., tuple[int, str, str]]):
    """81 of 100 stopped: .81, Wilson .7222 to .8749; 25 undetected, modelled, so no Wilson interval there."""
    rates = rates_of(watchline, tmp_path / "o.csv", "north,2026-01-01,2026-02-01,made up,60,21,19,25,18,0.1,0.4")
    operational = rates["interdiction effectiveness rate"]
    assert (operational["numerator"], operational["denominator"], operational["value"]) == (81, 100, 0.81)
    assert operational["low"] == pytest.approx(0.7222, abs=5e-5)
    assert operational["high"] == pytest.approx(0.8749, abs=5e-5)
    for name, value in [
        ("unlawful border crossing effectiveness rate", 81 / 125),
        ("interdiction rate", 60 / 125),
        ("fraction of crossings detected", 100 / 125),
    ]:
        assert rates[name]["value"] == pytest.approx(value)
        assert rates[name]["low"] is None
    # R/A = .3, Wilson .1990 to .4251; divided by 1 - d, d from .1 to .4: a range, so no value
    trials = rates["probability of apprehension, repeated trials"]
    assert trials["value"] is None
    assert trials["low"] == pytest.approx(0.1990 / 0.9, abs=1e-4)
    assert trials["high"] == pytest.approx(0.4251 / 0.6, abs=1e-4)


def test_nothing_of_ten_is_not_never(tmp_path: Path, watchline: Callable[..., tuple[int, str, str]]):
    """0/10: Wilson 0 to .2775; no rate of all crossings without a model of the undetected; 9 repeats of 10: p > 1."""
    rates = rates_of(watchline, tmp_path / "o.csv", "north,2026-01-01,2026-02-01,made up,0,0,10,,,,")
    assert rates["interdiction effectiveness rate"]["value"] == 0.0
    assert rates["interdiction effectiveness rate"]["low"] == 0.0
    assert rates["interdiction effectiveness rate"]["high"] == pytest.approx(0.2775, abs=5e-5)
    assert rates.get("unlawful border crossing effectiveness rate", {}).get("value") is None
    rates = rates_of(watchline, tmp_path / "p.csv", "north,2026-01-01,2026-02-01,made up,10,0,0,,9,0.5,0.6")
    assert (
        rates["probability of apprehension, repeated trials"]["high"] > 1.0
    )  # never clipped: it says that d is too large


@pytest.mark.parametrize(
    "row",
    [
        "north,2026-01-01,2026-02-01,made up,-1,0,0,,,,",
        "north,2026-02-01,2026-01-01,made up,1,0,0,,,,",
        "north,2026-01-01,2026-02-01,,1,0,0,,,,",
        "north,2026-01-01,2026-02-01,made up,1,0,0,,5,0.1,0.2",
        "north,2026-01-01,2026-02-01,made up,1,0,0,,1,0.4,0.2",
        "north,2026-01-01,2026-02-01,made up,nan,0,0,,,,",
        "north,2026-01-01,2026-02-01,made up,1.5,0,0,,,,",
        "north,2026-01-01,2026-02-01,made up,1,0",
        "north,01/02/2026,2026-02-01,made up,1,0,0,,,,",
        "north,2026-01-01,2026-02-01,made up,1,0,0,,,,\nnorth,2026-01-15,2026-03-01,made up,1,0,0,,,,",
    ],
)
def test_outcomes_that_contradict_themselves_are_refused(
    tmp_path: Path, watchline: Callable[..., tuple[int, str, str]], row: str
):
    file = tmp_path / "o.csv"
    file.write_text(f"{OUTCOMES}\n{row}\n")
    code, out, err = watchline("score", "cumberland", "--outcomes", file, "--on", "2026-03-01", "--json")
    assert code != 0
    assert out == ""
    assert "o.csv" in err
    assert "Traceback" not in err
