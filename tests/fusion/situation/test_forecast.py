"""Where and when a track may cross: closed forms without noise, an independent simulation with it, and laws."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from fusion.models.motion import FOOT, PEOPLE_AND_VEHICLES, VEHICLE, Mode, motion_model
from fusion.situation.forecast import Forecaster, ForecastError, ForecastSettings
from geo.border import Border
from geo.frame import LocalFrame

FRAME = LocalFrame.around(10.0, 45.0)
STRAIGHT = Border(FRAME, LineString([(-20_000.0, 0.0), (20_000.0, 0.0)]), 500.0, "left")  # home is in the north
COAST_ON = (Mode("go", FOOT, 1, 1.0, 1e12, 1.0, 1e15), Mode("drive", VEHICLE, 1, 1.0, 1e12, 1.0, 1e15))
"""Velocities that last for ever: every particle goes straight on."""
ALL_GO_ON = {"turning_on_foot": 0.0, "turning_vehicles": 0.0}


def normal(x: float) -> float:
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))


@pytest.mark.parametrize(
    ("offset", "rate", "horizon"), [(200.0, -1.0, 150.0), (200.0, -1.0, 250.0), (300.0, -0.5, 600.0)]
)
def test_without_noise_the_probability_is_that_of_a_gaussian_beyond_the_line(offset, rate, horizon) -> None:
    """y0 + v h is Gaussian, and who goes straight on has crossed when it is on the other side."""
    cov = np.diag([400.0, 400.0, 0.04, 0.04])
    cov[1, 3] = cov[3, 1] = 1.0
    forecaster = Forecaster(STRAIGHT, ForecastSettings(horizon_s=horizon, modes=COAST_ON, particles=4096, **ALL_GO_ON))
    found = forecaster.of([0.0, offset, 0.0, rate], cov, vehicle=0.0)
    spread = sqrt(cov[1, 1] + 2.0 * horizon * cov[1, 3] + horizon**2 * cov[3, 3])
    assert found is not None
    assert found.crossing_probability == pytest.approx(normal(-(offset + rate * horizon) / spread), abs=0.02)
    assert found.direction == -1  # from home in the north to the south


def test_without_noise_time_and_place_have_the_quantiles_of_the_covariance() -> None:
    """Only the place is unsure: t = (y0 + e)/v and the chainage is x0 + u t + f, both Gaussian."""
    forecaster = Forecaster(STRAIGHT, ForecastSettings(modes=COAST_ON, particles=4096, steps=200, **ALL_GO_ON))
    found = forecaster.of([0.0, -300.0, 0.0, 1.5], np.diag([100.0, 900.0, 0.0, 0.0]), vehicle=0.0)
    assert found is not None
    assert found.crossing_probability == 1.0
    assert found.direction == 1
    z = 1.2815515655446004
    assert found.time_s == pytest.approx([(300.0 - z * 30.0) / 1.5, 200.0, (300.0 + z * 30.0) / 1.5], abs=2.0)
    assert found.chainage_m == pytest.approx([20_000.0 - z * 10.0, 20_000.0, 20_000.0 + z * 10.0], abs=1.0)


def reference(offset: float, rate: float, sd: float, rate_sd: float, resume: float, horizon: float) -> tuple:
    """The same story told anew: one particle after another in plain steps of a second, on foot, a straight line."""
    chance = np.random.default_rng(5)
    model = motion_model(PEOPLE_AND_VEHICLES, 0.5)
    foot = np.flatnonzero(model.kind == FOOT)
    n = 6000
    y, v = offset + sd * chance.standard_normal(n), rate + rate_sd * chance.standard_normal(n)
    u = rate_sd * chance.standard_normal(n)
    fit = np.array(
        [model.prior[j] * np.exp(-0.5 * (u**2 + v**2) / model.speed_sd[j] ** 2) / model.speed_sd[j] ** 2 for j in foot]
    )
    heap = np.cumsum(fit / fit.sum(axis=0), axis=0)
    mode = foot[np.minimum((chance.random(n) > heap).sum(axis=0), len(foot) - 1)]
    steady = model.correlation >= 100.0
    course, known = v.copy(), steady[mode]
    when = np.full(n, np.inf)
    for t in range(1, int(horizon) + 1):
        leave = model.rate[mode].sum(axis=1)
        goes = chance.random(n) < 1.0 - np.exp(-leave)
        pick = chance.random(n)
        after = mode.copy()
        for i in np.flatnonzero(goes):
            share = np.cumsum(model.rate[mode[i]]) / leave[i]
            after[i] = min(int((pick[i] > share).sum()), model.modes - 1)
        resumes = steady[after] & ~steady[mode] & known & (chance.random(n) < resume)
        fresh = (model.gait[after] != model.gait[mode]) & ~resumes
        v = np.where(resumes, course, np.where(fresh, model.speed_sd[after] * chance.standard_normal(n), v))
        a = np.exp(-1.0 / model.correlation[after])
        before = y
        y = y + v
        v = a * v + model.speed_sd[after] * np.sqrt(1.0 - a * a) * chance.standard_normal(n)
        course = np.where(steady[after], v, course)
        mode, known = after, known | steady[after]
        met = (np.sign(before) != np.sign(y)) & np.isinf(when)
        when[met] = t
    crossed = np.isfinite(when)
    return crossed.mean(), np.quantile(when[crossed], [0.1, 0.5, 0.9])


@pytest.mark.parametrize(("offset", "rate"), [(-200.0, 1.2), (-120.0, 0.9)])
def test_it_agrees_with_a_simulation_written_anew(offset: float, rate: float) -> None:
    cov = np.diag([64.0, 64.0, 0.01, 0.01])
    chosen = ForecastSettings(particles=4096, modes=PEOPLE_AND_VEHICLES, resume_share=0.8, **ALL_GO_ON)
    found = Forecaster(STRAIGHT, chosen).of([0.0, offset, 0.0, rate], cov, vehicle=0.0)
    probability, quantiles = reference(offset, rate, 8.0, 0.1, 0.8, 600.0)
    assert found is not None
    assert found.crossing_probability == pytest.approx(probability, abs=0.05)
    assert found.time_s == pytest.approx(quantiles, rel=0.12)


def test_the_line_is_cut_as_it_lies_and_not_as_it_lies_ahead() -> None:
    """Near a corner a track may meet either arm; one straight line ahead meets only one."""
    corner = Border(FRAME, LineString([(-5000.0, 0.0), (0.0, 0.0), (0.0, 5000.0)]), 500.0, "left")
    found = Forecaster(corner).of([-150.0, 150.0, 0.9, -0.9], np.diag([100.0, 100.0, 0.2, 0.2]), vehicle=0.0)
    assert found is not None
    low, _, high = found.chainage_m
    assert low < 5000.0 < high
    assert {segment for segment, _ in found.segments} >= {9, 10}


def test_a_vehicle_is_there_sooner_and_who_stands_is_not() -> None:
    forecaster, cov = Forecaster(STRAIGHT, ForecastSettings(**ALL_GO_ON)), np.diag([25.0, 25.0, 0.04, 0.04])
    walks = forecaster.of([0.0, -400.0, 0.0, 1.2], cov, vehicle=0.0)
    drives = forecaster.of([0.0, -400.0, 0.0, 8.0], cov, vehicle=1.0)
    stands = forecaster.of([0.0, -400.0, 0.0, 0.0], np.diag([25.0, 25.0, 0.001, 0.001]), vehicle=0.0)
    assert walks is not None
    assert drives is not None
    assert stands is not None
    assert drives.time_s[1] < 0.5 * walks.time_s[1]
    assert stands.crossing_probability < walks.crossing_probability < drives.crossing_probability


def test_who_lives_there_may_turn_before_the_line_which_changes_how_likely_and_not_when() -> None:
    """Straight to the line, 300 m off: half live there, and each turns within the next metre with a chance of 1/100."""
    cov = np.diag([1.0, 1.0, 1e-4, 1e-4])
    all_go_on = Forecaster(STRAIGHT, ForecastSettings(modes=COAST_ON, **ALL_GO_ON))
    some_turn = Forecaster(STRAIGHT, ForecastSettings(modes=COAST_ON, turning_vehicles=0.5, turning_m=100.0))
    state = [0.0, -300.0, 0.0, 8.0]
    free, lives_here = all_go_on.of(state, cov, vehicle=1.0), some_turn.of(state, cov, vehicle=1.0)
    assert free is not None
    assert lives_here is not None
    assert free.crossing_probability == 1.0
    assert lives_here.crossing_probability == pytest.approx(0.5 + 0.5 * np.exp(-3.0))
    assert (lives_here.time_s, lives_here.chainage_m) == (free.time_s, free.chainage_m)
    near = [some_turn.of([0.0, -d, 0.0, 8.0], cov, vehicle=1.0).crossing_probability for d in (300.0, 100.0, 10.0)]
    assert near == sorted(near)


def test_it_is_the_same_to_the_bit_each_time_and_in_each_forecaster() -> None:
    cov = np.diag([25.0, 25.0, 0.04, 0.04])
    first = Forecaster(STRAIGHT).of([0.0, -200.0, 0.3, 1.0], cov, vehicle=0.1)
    forecaster = Forecaster(STRAIGHT)
    forecaster.of([500.0, -100.0, 0.3, 1.0], cov, vehicle=0.1)
    assert forecaster.of([0.0, -200.0, 0.3, 1.0], cov, vehicle=0.1) == first


def test_beyond_the_ends_there_is_no_forecast_and_nonsense_is_refused() -> None:
    forecaster = Forecaster(STRAIGHT)
    assert forecaster.of([30_000.0, 100.0, 0.0, -1.0], np.eye(4), vehicle=0.0) is None
    with pytest.raises(ForecastError, match="state"):
        forecaster.of([np.nan, 0.0, 0.0, 0.0], np.eye(4), vehicle=0.0)
    with pytest.raises(ForecastError, match="state"):
        forecaster.of([0.0, 0.0, 0.0], np.eye(3), vehicle=0.0)
    with pytest.raises(ForecastError, match="horizon_s"):
        ForecastSettings(horizon_s=0.0)
    with pytest.raises(ForecastError, match="modes"):
        ForecastSettings(modes=COAST_ON[:1])


@settings(max_examples=25, deadline=None)
@given(
    offset=st.floats(-2000, 2000), rate=st.floats(-12, 12), sd=st.floats(0, 200), vehicle=st.floats(0, 1),
    crooked=st.floats(-1e4, 1e4),
)  # fmt: skip
def test_whatever_the_state_the_answer_is_a_distribution(offset, rate, sd, vehicle, crooked) -> None:
    cov = np.diag([sd * sd, sd * sd, 0.25, 0.25])
    cov[0, 2] = cov[2, 0] = crooked  # often no covariance at all
    found = Forecaster(STRAIGHT, ForecastSettings(particles=64)).of([0.0, offset, 0.0, rate], cov, vehicle=vehicle)
    assert found is not None
    assert 0.0 <= found.crossing_probability <= 1.0
    assert list(found.time_s) == sorted(found.time_s)
    assert all(0.0 <= at <= found.horizon_s for at in found.time_s)
    assert sum(share for _, share in found.segments) <= found.crossing_probability + 1e-3
