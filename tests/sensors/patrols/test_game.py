"""The patrol game: the oracle of one patrol and three segments, both best responses, rounds against enumeration."""

from __future__ import annotations

import itertools
import math
from time import thread_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sensors.errors import GameError
from sensors.patrols.border_sweeps import Sweeps
from sensors.patrols.game import Game, Listed, Shift, commitment, roster, solve_game
from sensors.patrols.rounds_from_bases import FromBases
from tests.patience import PATIENT_S

UNCOVERED, COVERED = np.array([0.2, 0.4, 0.5]), np.array([0.8, 0.7, 0.9])
ONE_SEGMENT_EACH = Listed((((0,),), ((1,),), ((2,),)))
"""The rounds of one patrol that visits one of the three segments."""


def test_the_oracle_of_one_patrol_and_three_segments() -> None:
    """By hand: where all three are picked, x_i = (v − u_i)/(c_i − u_i) and Σ x_i = 1 give v = 0.47/0.9 = 0.52222."""
    found = solve_game(Game(UNCOVERED, COVERED), ONE_SEGMENT_EACH)
    assert found.value == pytest.approx(0.52222, abs=5e-6)
    assert found.coverage == pytest.approx([0.5370, 0.4074, 0.0556], abs=5e-5)
    assert found.attacker == pytest.approx([0.2222, 0.4444, 0.3333], abs=5e-5)
    assert found.attacker_best == pytest.approx(found.value, abs=1e-9)
    assert found.defender_best == pytest.approx(found.value, abs=1e-9)


def line(segments: int, *, apart_s: float = 600.0, shift: Shift | None = None) -> FromBases:
    """Segments along a road, the base at its first."""
    place = apart_s * np.arange(segments)
    return FromBases(
        np.abs(place[:, None] - place), place, place, shift or Shift(patrols=1, shift_s=7200.0, stay_s=1800.0)
    )


def all_rounds(rounds: FromBases, segments: int) -> list[tuple[tuple[int, ...], ...]]:
    """Every round by looking at every order of every set, for one or two patrols."""
    tours = [()] + [
        tour
        for size in range(1, segments + 1)
        for tour in itertools.permutations(range(segments), size)
        if rounds.feasible(tour)
    ]
    sets = {frozenset(tour): tour for tour in tours}
    return [tuple(one) for one in itertools.combinations_with_replacement(sets.values(), rounds.shift.patrols)]


@given(seed=st.integers(0, 10**6), patrols=st.integers(1, 2))
@settings(max_examples=15, deadline=None)
def test_the_best_round_is_that_of_enumeration(seed: int, patrols: int) -> None:
    random = np.random.default_rng(seed)
    place = random.uniform(0.0, 3600.0, (5, 2))
    travel = np.hypot(*(place[:, None] - place).transpose(2, 0, 1))
    out = np.hypot(*(place - 1800.0).T)
    rounds = FromBases(travel, out, out, Shift(patrols=patrols, shift_s=7200.0, stay_s=900.0))
    prizes = random.random(5)
    best = max(prizes[sorted({s for tour in one for s in tour})].sum() for one in all_rounds(rounds, 5))
    found, limit = rounds.best(prizes)
    visited = [s for tour in found for s in tour]
    assert prizes[visited].sum() == pytest.approx(best, abs=1e-6)
    assert limit >= best - 1e-9
    assert len(found) <= patrols
    assert all(rounds.feasible(tour) for tour in found)
    assert len(visited) == len(set(visited))


@given(seed=st.integers(0, 10**6), patrols=st.integers(1, 2), stay_s=st.sampled_from([0.0, 900.0, 1800.0]))
@settings(max_examples=15, deadline=None)
def test_the_best_sweep_is_that_of_enumeration_along_a_road(seed: int, patrols: int, stay_s: float) -> None:
    random = np.random.default_rng(seed)
    place = np.cumsum(random.uniform(100.0, 1500.0, 5))
    base = np.abs(place - random.uniform(place[0], place[-1])) + random.uniform(0.0, 900.0)
    shift = Shift(patrols=patrols, shift_s=7200.0, stay_s=stay_s)
    sweeps = Sweeps(np.diff(place), base, base, shift)
    free = FromBases(np.abs(place[:, None] - place), base, base, shift)
    prizes = random.random(5)
    best = max(prizes[sorted({s for tour in one for s in tour})].sum() for one in all_rounds(free, 5))
    found, limit = sweeps.best(prizes)
    visited = sorted({s for tour in found for s in tour})
    assert prizes[visited].sum() == pytest.approx(best, abs=1e-9)
    assert limit == pytest.approx(best, abs=1e-9)
    assert len(found) <= patrols
    assert all(free.feasible(tour) for tour in found)


@given(seed=st.integers(0, 10**6), stay_s=st.sampled_from([0.0, 900.0, 2400.0]))
@settings(max_examples=25, deadline=None)
def test_ranges_are_those_that_no_range_around_them_matches_in_stays(seed: int, stay_s: float) -> None:
    random = np.random.default_rng(seed)
    hops = np.where(random.random(7) < 0.1, np.inf, random.uniform(100.0, 1500.0, 7))
    base = random.uniform(0.0, 3000.0, (2, 8))
    sweeps = Sweeps(hops, base, base, Shift(patrols=1, shift_s=7200.0, stay_s=stay_s))
    useful = random.random(8) < 0.7
    fit = {}
    for first, last in itertools.combinations_with_replacement(np.flatnonzero(useful).tolist(), 2):
        spare = 7200.0 - sweeps.driving_s(first, last)[0]
        room = 0 if spare < 0.0 else 8 if stay_s == 0.0 else math.floor(spare / stay_s)
        fit[first, last] = min(room, int(useful[first : last + 1].sum()))
    expected = [
        (a, b, k)
        for (a, b), k in fit.items()
        if k >= 1 and not any(c <= a and d >= b and m >= k and (c, d) != (a, b) for (c, d), m in fit.items())
    ]
    assert sweeps.stretches(useful) == expected
    assert sweeps.stretches(np.zeros(8, np.bool_)) == []


@pytest.mark.parametrize("patrols", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_no_round_leaves_time_for_a_further_segment(seed: int, patrols: int) -> None:
    """One segment limits the value, so the program alone visits only it; no feasible round holds more than a used one,
    and the value is that of all rounds."""
    random = np.random.default_rng(seed)
    uncovered = np.append(0.1, random.uniform(0.4, 0.6, 4))
    game = Game(uncovered, np.append(0.3, uncovered[1:] + 0.3))
    rounds = line(5, shift=Shift(patrols=patrols, shift_s=7200.0, stay_s=1800.0))
    every = all_rounds(rounds, 5)
    found = solve_game(game, rounds, seconds=PATIENT_S, clock=thread_time)
    sets = [frozenset(s for tour in one for s in tour) for one in every]
    for used in found.rounds:
        own = frozenset(s for tour in used for s in tour)
        assert own in sets
        assert not any(more > own for more in sets)
    assert found.value == pytest.approx(solve_game(game, Listed(tuple(every))).value, abs=1e-9)
    assert found.attacker_best == pytest.approx(found.value, abs=1e-9)
    assert found.probability.sum() == pytest.approx(1.0)
    assert found.coverage[1:].sum() > 0.5


@pytest.mark.parametrize("patrols", [1, 2])
def test_column_generation_gives_the_value_over_all_rounds(patrols: int) -> None:
    """Against one linear program over every feasible round, by scipy."""
    random = np.random.default_rng(patrols)
    uncovered = random.uniform(0.0, 0.5, 5)
    game = Game(uncovered, uncovered + random.uniform(0.1, 0.5, 5))
    rounds = line(5, shift=Shift(patrols=patrols, shift_s=7200.0, stay_s=1800.0))
    columns = all_rounds(rounds, 5)
    visits = np.array([[any(s in tour for tour in one) for s in range(5)] for one in columns])
    payoff = np.where(visits, game.covered, game.uncovered)
    told = linprog(
        np.append(np.zeros(len(columns)), -1.0),
        A_ub=np.column_stack([-payoff.T, np.ones(5)]),
        b_ub=np.zeros(5),
        A_eq=[np.append(np.ones(len(columns)), 0.0)],
        b_eq=[1.0],
        bounds=[(0.0, None)] * len(columns) + [(None, None)],
    )
    found = solve_game(game, rounds)
    assert found.value == pytest.approx(-told.fun, abs=1e-7)
    against = payoff @ found.attacker
    assert against.max() == pytest.approx(found.value, abs=1e-7), "no round wins more against the crosser's lottery"
    reached = game.uncovered + (game.covered - game.uncovered) * found.coverage
    assert reached.min() == pytest.approx(found.value, abs=1e-7), "no segment is better for the crosser"
    assert found.gap <= 1e-7
    assert found.probability.sum() == pytest.approx(1.0)


def listed_rounds(hops: tuple[np.ndarray, np.ndarray], out: np.ndarray, back: np.ndarray, shift: Shift) -> Listed:
    """Every round: any order of any set of stays, each patrol of one base, by the least times between base and segments
    (Floyd and Warshall over the border's hops and the journeys of that base)."""
    sets: set[frozenset[int]] = {frozenset()}
    for leave, home in zip(np.atleast_2d(out), np.atleast_2d(back), strict=True):
        count = len(leave)
        times = np.full((count + 1, count + 1), np.inf)
        np.fill_diagonal(times, 0.0)
        for n in range(count - 1):
            times[n + 1, n + 2], times[n + 2, n + 1] = hops[0][n], hops[1][n]
        times[0, 1:], times[1:, 0] = leave, home
        for k in range(count + 1):
            times = np.minimum(times, times[:, k, None] + times[None, k, :])
        for size in range(1, count + 1):
            for tour in itertools.permutations(range(1, count + 1), size):
                driven = sum(times[a, b] for a, b in itertools.pairwise((0, *tour, 0)))
                if driven + size * shift.stay_s <= shift.shift_s * (1.0 + 1e-12):
                    sets.add(frozenset(n - 1 for n in tour))
    together = {frozenset().union(*some) for some in itertools.combinations_with_replacement(sets, shift.patrols)}
    return Listed(tuple((tuple(sorted(one)),) for one in sorted(together, key=sorted)))


def value_of_the_listed_program(game: Game, rounds: Listed) -> float:
    """One linear program over all rounds, by scipy."""
    visits = np.array([[any(s in tour for tour in one) for s in range(len(game))] for one in rounds.rounds])
    payoff = np.where(visits, game.covered, game.uncovered)
    told = linprog(
        np.append(np.zeros(len(payoff)), -1.0),
        A_ub=np.column_stack([-payoff.T, np.ones(len(game))]),
        b_ub=np.zeros(len(game)),
        A_eq=[np.append(np.ones(len(payoff)), 0.0)],
        b_eq=[1.0],
        bounds=[(0.0, None)] * len(payoff) + [(None, None)],
    )
    return float(-told.fun)


@given(
    seed=st.integers(0, 10**6),
    patrols=st.integers(1, 2),
    bases=st.integers(1, 2),
    stay_s=st.sampled_from([0.0, 900.0, 1800.0]),
)
@settings(max_examples=40, deadline=None)
def test_sweeps_give_the_value_over_all_rounds_whatever_the_times(
    seed: int, patrols: int, bases: int, stay_s: float
) -> None:
    """Times that break the triangle inequality in every way: some hops closed, uphill slower, the base a short cut."""
    draw = np.random.default_rng(seed)
    hops = draw.exponential(900.0, (2, 4))
    hops[draw.random((2, 4)) < 0.15] = np.inf
    out, back = draw.exponential(1500.0, (2, bases, 5))
    shift = Shift(patrols=patrols, shift_s=7200.0, stay_s=stay_s)
    uncovered = draw.uniform(0.0, 0.5, 5)
    game = Game(uncovered, uncovered + draw.uniform(0.1, 0.5, 5))
    most = value_of_the_listed_program(game, listed_rounds((hops[0], hops[1]), out, back, shift))
    found = solve_game(game, Sweeps(hops[0], out, back, shift, hops[1]))
    assert found.value == pytest.approx(most, abs=1e-7)
    assert found.gap <= 1e-6


def test_a_segment_beside_a_cliff_is_reached_over_its_neighbour_and_two_of_them_by_the_base() -> None:
    """By hand. The base is 100 s from the first segment, 200 s from the second, past the first and not otherwise: there
    and back 400 s. The third, beyond a cliff, is 300 s from the base: 600 s. With a stay of 100 s each the three take
    400 + 600 + 300 = 1,300 s by the base, any two at most 1,200 s, and the third alone 700 s."""
    out = np.array([100.0, np.inf, 300.0])
    game = Game(np.zeros(3), np.ones(3))
    for shift_s, value in ((699.0, 0.0), (700.0, 1.0 / 2.0), (1200.0, 2.0 / 3.0), (1299.0, 2.0 / 3.0), (1300.0, 1.0)):
        rounds = Sweeps(np.array([100.0, np.inf]), out, out, Shift(patrols=1, shift_s=shift_s, stay_s=100.0))
        assert solve_game(game, rounds).value == pytest.approx(value, abs=1e-7)


def test_a_search_without_time_says_how_far_it_may_be_from_the_best() -> None:
    """The gap holds without a proof: the value over all rounds is within it."""
    draw = np.random.default_rng(4)
    hops, out = draw.exponential(2000.0, 5), draw.exponential(900.0, 6)
    uncovered = draw.uniform(0.0, 0.5, 6)
    game = Game(uncovered, uncovered + 0.4)
    hurried = Shift(patrols=2, shift_s=7200.0, stay_s=900.0, seconds=0.0)
    most = value_of_the_listed_program(game, listed_rounds((hops, hops), out, out, hurried))
    found = solve_game(game, Sweeps(hops, out, out, hurried))
    assert found.attacker_best <= most + 1e-7
    assert most <= found.attacker_best + found.gap + 1e-7


@pytest.mark.parametrize("seconds", [0.0, 10.0, 30.0, 70.0, 150.0])
def test_a_game_takes_at_most_two_searches_longer_than_its_time_limit(seconds: float) -> None:
    inner, search_s, now = line(5), 20.0, [0.0]

    class Slow:
        def best(self, prizes: np.ndarray) -> tuple[tuple[tuple[int, ...], ...], float]:
            now[0] += search_s
            return inner.best(prizes)

        def quick(self, prizes: np.ndarray) -> tuple[tuple[int, ...], ...]:
            return inner.quick(prizes)

    uncovered = np.random.default_rng(1).uniform(0.0, 0.5, 5)
    solve_game(Game(uncovered, uncovered + 0.4), Slow(), seconds=seconds, clock=lambda: now[0])
    assert now[0] <= seconds + 2.0 * search_s


def test_more_patrols_and_longer_shifts_never_lower_the_value() -> None:
    uncovered = np.linspace(0.1, 0.4, 6)
    game = Game(uncovered, uncovered + 0.4)
    values = [
        solve_game(game, line(6, shift=Shift(patrols=n, shift_s=hours * 3600.0, stay_s=1800.0))).value
        for n, hours in ((0, 2.0), (1, 2.0), (1, 3.0), (2, 3.0), (3, 3.0))
    ]
    assert values[0] == pytest.approx(0.1), "nobody there: the crosser takes the best segment"
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(values))
    assert all(b <= 0.5 + 1e-9 for b in values)


def test_the_roster_follows_the_lottery_and_its_seed() -> None:
    found = solve_game(Game(UNCOVERED, COVERED), ONE_SEGMENT_EACH)
    drawn = roster(found, 4000, seed=17)
    assert drawn == roster(found, 4000, seed=17)
    assert drawn != roster(found, 4000, seed=18)
    share = np.bincount([one[0][0] for one in drawn], minlength=3) / 4000
    assert share == pytest.approx(found.coverage, abs=4 * 0.5 / np.sqrt(4000))
    with pytest.raises(GameError, match="0 shifts"):
        roster(found, 0, seed=1)
    with pytest.raises(GameError, match="seed -1"):
        roster(found, 1, seed=-1)


def test_the_general_game_is_the_zero_sum_one_where_interests_are_opposite() -> None:
    payoff = np.where(np.eye(3, dtype=bool), COVERED[:, None], UNCOVERED[:, None])
    found = commitment(payoff, -payoff)
    assert found.value == pytest.approx(0.47 / 0.9)
    assert found.attacker_value == pytest.approx(-0.47 / 0.9)


def test_a_general_game_by_hand() -> None:
    """Two segments, one patrol. The crosser gains 1 and 2 where nobody is, 0 else; the defender loses 3 and 1. He
    is indifferent at coverage x of the first with 1 − x = 2x, x = ⅓; more of the first makes the second better for the
    crosser, where the defender loses 1 − (1 − x) = x: least at x = ⅓ again, −⅓ (the first would cost 3 · ⅔ = 2)."""
    attacker = np.array([[0.0, 1.0], [2.0, 0.0]])
    defender = np.array([[0.0, -3.0], [-1.0, 0.0]])
    found = commitment(defender, attacker)
    assert found.attacked == 1
    assert found.probability == pytest.approx([1.0 / 3.0, 2.0 / 3.0])
    assert found.value == pytest.approx(-1.0 / 3.0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_rounds_are_proved_best_where_ways_by_other_segments_are_quicker(seed: int) -> None:
    """Any times, none from the base to some segments: the round equals enumeration, or the limit leaves room for it."""
    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, 5))
    times = draw.exponential(40.0, (count + 1, count + 1))
    times[draw.random(times.shape) < 0.2] = np.inf
    shift = Shift(patrols=int(draw.integers(1, 3)), shift_s=float(draw.uniform(40.0, 300.0)), stay_s=10.0)
    rounds = FromBases(times[1:, 1:], times[0, 1:], times[1:, 0], shift)
    prizes = draw.random(count) * (draw.random(count) > 0.3)
    tours = [t for k in range(count + 1) for t in itertools.permutations(range(count), k) if rounds.feasible(t)]
    both = itertools.product({frozenset(t) for t in tours}, repeat=shift.patrols)
    most = max(float(prizes[sorted(frozenset().union(*one))].sum()) for one in both)
    found, limit = rounds.best(prizes)
    collected = float(prizes[sorted({s for tour in found for s in tour})].sum())
    assert all(rounds.feasible(tour) for tour in found)
    assert len(found) <= shift.patrols
    assert collected <= most + 1e-9 <= limit + 1e-6
    if shift.patrols == 1:
        assert collected == pytest.approx(most, abs=1e-7)
        assert limit == pytest.approx(most, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Game(np.array([0.5]), np.array([1.2])), "covered is not of probabilities"),
        (lambda: Game(np.array([np.nan]), np.array([1.0])), "uncovered is not of probabilities"),
        (lambda: Game(np.array([]), np.array([])), "uncovered is not of probabilities"),
        (lambda: Game(np.array([0.5]), np.array([0.4])), "makes segment 0 worse"),
        (lambda: Game(np.array([0.5]), np.array([0.6, 0.7])), "2 covered, 1 uncovered"),
        (lambda: Shift(patrols=-1), "-1 patrols"),
        (lambda: Shift(shift_s=float("inf")), "shift_s is inf"),
        (lambda: FromBases(np.zeros((2, 3)), np.zeros(2), np.zeros(2), Shift()), "travel_s has shape"),
        (lambda: Sweeps(np.zeros(2), np.zeros(2), np.zeros(2), Shift()), "hop_s has shape"),
        (lambda: Sweeps(np.zeros(1), np.array([-1.0, 0.0]), np.zeros(2), Shift()), "a time below 0"),
        (lambda: commitment(np.zeros((2, 2)), np.zeros((3, 2))), "payoffs of shapes"),
        (lambda: commitment("two", "three"), "defender is not of numbers"),
        (lambda: Game(np.array(["high"]), np.array([1.0])), "uncovered is not of numbers"),
        (lambda: Shift(patrols=float("nan")), "nan patrols"),
        (lambda: Shift(stay_s="an hour"), "stay_s is 'an hour'"),  # type: ignore[arg-type]
        (lambda: Listed(()), "no routes"),
        (lambda: solve_game(Game(UNCOVERED, COVERED), Listed((((3,),),))), "visits segment 3"),
        (lambda: solve_game(Game(UNCOVERED, COVERED), Listed((((-1,),),))), "visits segment -1"),
    ],
)
def test_games_that_cannot_be_played_are_one_sentence(call: object, said: str) -> None:
    with pytest.raises(GameError, match=said) as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)


def test_patrols_that_help_nowhere_or_reach_nothing_leave_the_least_segment() -> None:
    level = np.array([0.3, 0.2, 0.6])
    nothing = solve_game(Game(level, level), ONE_SEGMENT_EACH)
    far = Sweeps(np.full(2, np.inf), np.full(3, np.inf), np.full(3, np.inf), Shift(patrols=2))
    unreached = solve_game(Game(level, level + 0.3), far)
    alone = solve_game(Game(level[:1], level[:1] + 0.3), Sweeps(np.zeros(0), np.zeros(1), np.zeros(1), Shift()))
    assert nothing.value == unreached.value == pytest.approx(0.2)
    assert alone.value == pytest.approx(0.6)
    assert max(nothing.gap, unreached.gap, alone.gap) <= 1e-9
    assert roster(unreached, 2, seed=1) == [(), ()]
