"""The optimiser against enumeration, and the laws that a best choice obeys."""

from __future__ import annotations

import itertools
from time import thread_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadInput
from geo.visibility import covering_sites
from geo.visibility.many_sites.footprints import Footprints
from sensors.errors import PlanError
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.coverage_objective import Cover
from sensors.planning.solver.lagrangian_bound import bound_of
from sensors.planning.solver.local_search import _exchanges, greedy, seeded
from sensors.planning.solver.mixed_integer import Mixed, merged_cells
from sensors.planning.solver.solve import SolverBudget, best_cover, best_least, gap_of
from tests.patience import PATIENT_S

EXACT = SolverBudget(seconds=PATIENT_S, gap=0.0, kicks=2, clock=thread_time)


def problem(seed: int, *, options: int = 7, cells: int = 30, groups: int = 1) -> tuple[Cover, Constraints]:
    random = np.random.default_rng(seed)
    p = np.where(random.random((options, cells)) < 0.4, random.choice([0.2, 0.5, 0.9, 1.0], (options, cells)), 0.0)
    cover = Cover.of(
        p,
        group=random.integers(0, groups, cells),
        weight=random.random(cells),
        present=random.choice([0.0, 0.3], cells),
    )
    limits = Constraints.of(
        random.integers(1, 6, options).astype(float),
        float(random.integers(3, 14)),
        site=random.integers(0, options - 1, options),
        crew=random.integers(0, 3, options).astype(float),
        crew_limit=4.0 if seed % 3 else np.inf,
    )
    return cover, limits


def choices(limits: Constraints) -> list[tuple[int, ...]]:
    every = range(len(limits))
    return [s for k in range(len(limits) + 1) for s in itertools.combinations(every, k) if limits.kept_by(s)]


@pytest.mark.parametrize("worst", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_the_choice_equals_that_of_enumeration(seed: int, worst: bool) -> None:
    cover, limits = problem(seed, groups=4 if worst else 1)
    value_of = cover.worst if worst else cover.covered
    best = max(value_of(s) for s in choices(limits))
    found = best_cover(cover, limits, worst=worst, effort=EXACT)
    assert limits.kept_by(found.chosen)
    assert found.value == pytest.approx(value_of(found.chosen), abs=1e-12)
    assert found.value == pytest.approx(best, abs=1e-7)
    assert found.limit >= best - 1e-9
    assert found.gap <= 1e-6


@given(seed=st.integers(0, 10**6), worst=st.booleans(), steps=st.integers(1, 200))
@settings(max_examples=30, deadline=None)
def test_no_choice_passes_the_bound_and_forced_bounds_hold(seed: int, worst: bool, steps: int) -> None:
    cover, limits = problem(seed, options=6, cells=15, groups=3)
    value_of = cover.worst if worst else cover.covered
    values = {s: value_of(s) for s in choices(limits)}
    if any(np.isnan(v) for v in values.values()):
        return
    bound = bound_of(cover, limits, values[()], worst=worst, steps=steps)
    assert bound.limit >= max(values.values()) - 1e-9
    for option in range(len(cover)):
        inside = [v for s, v in values.items() if option in s]
        assert bound.with_it[option] >= max(inside, default=-1.0) - 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_more_budget_never_worsens_the_best(seed: int) -> None:
    cover, limits = problem(seed)
    values = []
    for budget in (0.0, 2.0, 4.0, 6.0, 9.0, 30.0):
        more = Constraints.of(limits.cost, budget, site=limits.site, crew=limits.crew, crew_limit=limits.crew_limit)
        values.append(best_cover(cover, more, effort=EXACT).value)
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(values))


def test_a_start_within_the_limits_is_never_worsened() -> None:
    cover, limits = problem(5)
    start = np.array(max(choices(limits), key=cover.covered))
    found = best_cover(cover, limits, effort=SolverBudget(seconds=0.0), start=start)
    assert found.value >= cover.covered(start) - 1e-12


def test_greedy_over_sure_cells_is_that_of_covering_sites() -> None:
    random = np.random.default_rng(7)
    sets = random.random((40, 300)) < 0.1
    cover, limits = Cover.of(Footprints.of(sets)), Constraints.of(np.ones(40), 6.0)
    assert greedy(cover, limits, per_cost=False).tolist() == covering_sites(sets, 6).sites.tolist()
    assert cover.covered(seeded(cover, limits)) * 300 >= covering_sites(sets, 6).covered


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_exchanges_are_scored_as_if_each_were_made(seed: int) -> None:
    cover, _ = problem(seed, options=6, cells=20)
    chosen = np.random.default_rng(seed).permutation(6)[:3].tolist()
    scores = _exchanges(cover, chosen)
    for place, option in itertools.product(range(3), set(range(6)) - set(chosen)):
        others = [one for one in chosen if one != chosen[place]]
        made = cover.score(cover.missed([*others, option]), 0.0)
        assert scores[place, option] == pytest.approx(made, abs=1e-12)


def test_merged_cells_keep_every_choice_s_value() -> None:
    random = np.random.default_rng(3)
    patterns = random.random((6, 5)) < 0.5
    cover = Cover.of(patterns[:, random.integers(0, 5, 400)].astype(float), weight=random.random(400))
    cells = merged_cells(cover)
    assert len(cells.weight) <= 5
    for size in range(7):
        for chosen in itertools.combinations(range(6), size):
            hit = [np.isin(cells.option[a:b], chosen).any() for a, b in itertools.pairwise(cells.start)]
            merged = cells.weight[np.array(hit, bool)].sum() / cover.weight.sum()
            assert merged == pytest.approx(cover.covered(chosen), abs=1e-12)


class Sums:
    """An oracle over given sums, which tells only the one that is least."""

    def __init__(self, constant: np.ndarray, slopes: np.ndarray) -> None:
        self.constant, self.slopes = constant, slopes

    def least(self, chosen: np.ndarray) -> tuple[float, list[tuple[float, np.ndarray]]]:
        sums = self.constant + self.slopes[:, chosen].sum(axis=1)
        lowest = int(np.argmin(sums))
        return float(sums[lowest]), [(float(self.constant[lowest]), self.slopes[lowest])]

    def value_at(self, theta: float) -> float:
        return 1.0 - float(np.exp(-theta))


@pytest.mark.parametrize("seed", range(6))
def test_the_largest_least_sum_equals_that_of_enumeration(seed: int) -> None:
    random = np.random.default_rng(seed)
    slopes = np.where(random.random((25, 8)) < 0.4, random.random((25, 8)), 0.0)
    oracle = Sums(random.random(25) * 0.2, slopes)
    limits = Constraints.of(random.integers(1, 5, 8).astype(float), 9.0)
    best = max(oracle.least(np.array(s, int))[0] for s in choices(limits))
    found = best_least(oracle, limits, effort=EXACT)
    assert found.value == pytest.approx(oracle.value_at(best), abs=1e-6)
    assert found.limit >= oracle.value_at(best) - 1e-9
    assert found.gap <= 1e-5
    assert limits.kept_by(found.chosen)


def test_the_model_keeps_sites_apart_and_within_the_crew() -> None:
    limits = Constraints.of([1.0, 1.0, 1.0], 3.0, site=[0, 0, 1], crew=[0.0, 0.0, 5.0], crew_limit=4.0)
    model = Mixed(limits, ceiling=10.0)
    model.cut(0.0, np.array([1.0, 2.0, 4.0]))
    assert model.solve(seconds=PATIENT_S).chosen.tolist() == [1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Constraints.of([], 1.0), "no candidates"),
        (lambda: Constraints.of([1.0, -2.0], 1.0), "the cost of option 1 is -2"),
        (lambda: Constraints.of([1.0, np.nan], 1.0), "nan"),
        (lambda: Constraints.of([1.0], -1.0), "budget of -1"),
        (lambda: Constraints.of([1.0], float("nan")), "budget of nan"),
        (lambda: Constraints.of([1.0], 1.0, crew=[-1.0]), "the crew of option 0 is -1"),
        (lambda: Constraints.of([5.0, 4.0], 3.0).refuse_if_nothing_fits(["a", "b"]), "cheapest option, b, costs 4"),
        (
            lambda: Constraints.of([5.0], 9.0, crew=[3.0], crew_limit=2.0).refuse_if_nothing_fits(["a"]),
            "crew of 2 can work",
        ),
        (
            lambda: Constraints.of([5.0, 9.0], 6.0, crew=[3.0, 1.0], crew_limit=2.0).refuse_if_nothing_fits(["a", "b"]),
            "budget and crew together",
        ),
        (lambda: Cover.of([[0.5, 1.5]]), "probability outside"),
        (lambda: Cover.of([[0.5, 0.5]], weight=[1.0, -1.0]), "below zero"),
        (lambda: Cover.of([0.5]), "an array of shape"),
    ],
)
def test_bad_input_is_one_sentence(call: object, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, (PlanError, BadInput))


def test_the_gap_is_a_share_of_the_limit() -> None:
    assert gap_of(0.9, 1.0) == pytest.approx(0.1)
    assert gap_of(1.0, 1.0) == 0.0
    assert np.isnan(gap_of(float("nan"), 1.0))


@pytest.mark.parametrize("worst", [False, True])
def test_options_that_add_nothing_are_not_bought(worst: bool) -> None:
    cover = Cover.of(np.zeros((3, 4)), present=[0.2, 0.4, 0.0, 1.0])
    found = best_cover(cover, Constraints.of([0.0, 1.0, 2.0], 9.0), worst=worst, effort=EXACT)
    assert found.chosen.tolist() == []
    assert found.value == found.limit == pytest.approx(0.4)
    assert found.gap == 0.0


@pytest.mark.parametrize("budget", [5.0, 13.0, 20.0, 100.0])
def test_what_the_worst_group_does_without_is_not_bought(budget: float) -> None:
    """By hand: option 0 holds the first group at 0.5, and option 2 at 2 is the cheapest that lifts the other to it."""
    cover = Cover.of(np.array([[0.5, 0.0], [0.0, 0.9], [0.0, 0.6], [0.0, 0.3]]), group=[0, 1])
    found = best_cover(cover, Constraints.of([1.0, 10.0, 2.0, 5.0], budget), worst=True, effort=EXACT)
    assert found.chosen.tolist() == [0, 2]
    assert found.value == found.limit == 0.5


class Sought(Sums):
    """An oracle whose search for the least sum misses some, as that of a crosser's path past cameras does: it looks at
    a third of the sums, different ones for each choice, and knows what it found before."""

    def __init__(self, constant: np.ndarray, slopes: np.ndarray) -> None:
        super().__init__(constant, slopes)
        self.known = np.zeros(len(constant), np.bool_)

    def least(self, chosen: np.ndarray) -> tuple[float, list[tuple[float, np.ndarray]]]:
        sums = self.constant + self.slopes[:, chosen].sum(axis=1)
        seen = np.random.default_rng([len(chosen), *chosen.tolist()]).random(len(sums)) < 1 / 3
        new = int(np.argmin(np.where(seen, sums, np.inf)))
        fresh = not self.known[new]
        self.known[new] = True
        lowest = int(np.argmin(np.where(self.known, sums, np.inf)))
        told = {*([new] if fresh else []), lowest}
        return float(sums[lowest]), [(float(self.constant[n]), self.slopes[n]) for n in told]


@pytest.mark.parametrize("seed", range(12))
def test_the_least_sum_is_that_over_everything_found(seed: int) -> None:
    """Sums found late count for choices evaluated before: no choice has more over all sums that the oracle knows."""
    random = np.random.default_rng(seed)
    slopes = np.where(random.random((25, 8)) < 0.4, random.random((25, 8)), 0.0)
    oracle = Sought(random.random(25) * 0.2, slopes)
    limits = Constraints.of(random.integers(1, 5, 8).astype(float), 9.0)
    found = best_least(oracle, limits, effort=EXACT)

    def over_known(chosen: tuple[int, ...] | np.ndarray) -> float:
        sums = oracle.constant + slopes[:, list(chosen)].sum(axis=1)
        return oracle.value_at(float(sums[oracle.known].min()))

    assert found.value == pytest.approx(over_known(found.chosen), abs=1e-9)
    assert found.limit >= max(over_known(s) for s in choices(limits)) - 1e-6


def test_what_the_least_sum_does_without_is_not_bought() -> None:
    """Any of the first two reaches all that can be reached; money for both, and for an idle third, is no reason."""
    slopes = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    oracle = Sums(np.array([0.0, 0.5]), slopes)
    found = best_least(oracle, Constraints.of([1.0, 2.0, 0.5], 9.0), effort=EXACT)
    assert found.chosen.tolist() in ([0], [1])
    assert found.value == pytest.approx(oracle.value_at(0.5))
