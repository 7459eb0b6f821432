"""Koopman's random search, and what lies above and below it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.errors import TimetableError
from sensors.search_theory.random_search import lateral_range_curve, random_search, sweep_width

AREA_M = 10_000.0
RADIUS_M, LEG_M, LEGS = 150.0, 1_000.0, 150
TARGETS = 20_000


def test_random_legs_meet_koopmans_formula() -> None:
    """Straight legs of random place and direction on a torus, targets that stand still, detection within a radius.

    The exact probability for n legs, each of which sweeps a strip with round ends, is 1 − (1 − a/A)^n; Koopman's is
    its limit for many short overlaps, here with the ends as a part of what is swept.
    """
    chance = np.random.default_rng(1946)
    targets = chance.uniform(0.0, AREA_M, (TARGETS, 2))
    found = np.zeros(TARGETS, bool)
    for _ in range(LEGS):
        start, angle = chance.uniform(0.0, AREA_M, 2), chance.uniform(0.0, math.tau)
        ahead = np.array([math.cos(angle), math.sin(angle)])
        apart = (targets - (start + ahead * LEG_M / 2.0) + AREA_M / 2.0) % AREA_M - AREA_M / 2.0
        beyond = np.maximum(np.abs(apart @ ahead) - LEG_M / 2.0, 0.0)
        found |= np.hypot(beyond, apart @ np.array([-ahead[1], ahead[0]])) <= RADIUS_M
    swept = 2.0 * RADIUS_M * LEG_M + math.pi * RADIUS_M**2
    exact = 1.0 - (1.0 - swept / AREA_M**2) ** LEGS
    koopman = float(
        random_search(
            LEGS * swept / (2.0 * RADIUS_M * 5.0),
            speed_mps=5.0,
            target_mps=0.0,
            sweep_width_m=2.0 * RADIUS_M,
            area_m2=AREA_M**2,
        )
    )
    # legs overlap in the targets as a whole: the spread is that of the legs, at most that of LEGS independent strips
    spread = math.sqrt(exact * (1.0 - exact) / TARGETS) + (1.0 - exact) * math.sqrt(LEGS) * swept / AREA_M**2
    assert koopman == pytest.approx(exact, abs=0.002)
    assert found.mean() == pytest.approx(koopman, abs=4.0 * spread)


def test_exhaustive_search_finds_more_than_random_search() -> None:
    """Strips side by side find the fraction that they cover: 1 − exp(−x) < x."""
    half = 0.5 * 1e6 / (30.0 * 10.0)
    assert float(random_search(half, speed_mps=10.0, target_mps=0.0, sweep_width_m=30.0, area_m2=1e6)) < 0.5


@given(seconds=st.floats(0.0, 1e5), more=st.floats(0.0, 1e4), duty=st.floats(0.0, 1.0))
def test_more_time_and_duty_never_find_less(seconds: float, more: float, duty: float) -> None:
    case = {"speed_mps": 1.2, "target_mps": 1.0, "sweep_width_m": 80.0, "area_m2": 4e6}
    assert random_search(seconds, duty=duty, **case) <= random_search(seconds + more, **case) + 1e-12


def test_a_definite_range_sweeps_twice_its_range() -> None:
    """A rate so high that every pass within it detects: W = 2 R (Koopman's definite range law)."""
    r = np.linspace(0.0, 200.0, 401)
    rate = np.where(r <= 100.0, 50.0, 0.0)
    assert sweep_width(r, lateral_range_curve(r, rate, 1.0)) == pytest.approx(200.0, rel=0.01)


def test_inverse_cube_law_has_koopmans_sweep_width() -> None:
    """Rate k h/r³ gives p(x) = 1 − exp(−2 k h/(v x²)) and W = 2 √(2 π k h/v) (Koopman 1956)."""
    strength, speed = 400.0, 2.0
    r = np.append(0.0, np.geomspace(0.5, 4000.0, 1500))
    rate = strength / np.maximum(r, 0.25) ** 3
    found = sweep_width(r, lateral_range_curve(r, rate, speed))
    assert found == pytest.approx(2.0 * math.sqrt(2.0 * math.pi * strength / speed), rel=0.02)


def test_a_limited_search_never_detects_with_more_than_its_most() -> None:
    r = np.linspace(0.0, 200.0, 101)
    curve = lateral_range_curve(r, np.full(101, 9.0), 1.0, most_hazard=-math.log(0.4))
    assert curve.max() == pytest.approx(0.6)


@pytest.mark.parametrize(("r", "speed"), [([1.0, 2.0], 1.0), ([0.0, 0.0], 1.0), ([0.0, 1.0], 0.0)])
def test_impossible_passes_are_refused(r: list[float], speed: float) -> None:
    with pytest.raises(TimetableError):
        lateral_range_curve(r, [1.0, 1.0], speed)
