"""Prediction: the Ornstein-Uhlenbeck process, mode changes, and positive definite covariances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.models.motion import (
    PEOPLE_AND_VEHICLES,
    Mode,
    combine,
    motion_model,
    ornstein_uhlenbeck,
    predict,
    transition,
    unpack,
)

WALK = Mode("walk", 0, 1, 1.2, 60.0, 1.0, 60.0)


def run(modes, mean, cov, mode, dt):
    model = motion_model(modes, 0.3)
    return predict(mean, cov, mode, np.full(len(mode), dt), model.speed_sd, model.correlation, model.rate, model.gait)


def start_of(modes, speed=1.0):
    count = len(modes)
    mean, cov = np.zeros((1, count, 4)), np.zeros((1, count, 10))
    mean[..., 2] = speed
    cov[..., [0, 4, 7, 9]] = [4.0, 9.0, 0.5, 0.7]
    return mean, cov, motion_model(modes, 0.3).prior[None].copy()


@pytest.mark.parametrize("dt", [0.1, 3.0, 300.0])
def test_one_step_matches_the_integrals_of_the_process(dt: float) -> None:
    a, b, q_pp, q_pv, q_vv = ornstein_uhlenbeck(dt, 60.0, 1.2)
    s = np.linspace(0.0, dt, 20001)
    decay, moved = np.exp(-s / 60.0), 60.0 * (1.0 - np.exp(-s / 60.0))
    power = 2.0 * 1.2**2 / 60.0  # white noise that keeps the stationary variance
    assert (a, b) == pytest.approx((np.exp(-dt / 60.0), 60.0 * (1.0 - np.exp(-dt / 60.0))))
    expected = [power * np.trapezoid(f, s) for f in (moved**2, moved * decay, decay**2)]
    assert [q_pp, q_pv, q_vv] == pytest.approx(expected, rel=1e-6)


def test_the_short_step_series_joins_the_closed_form() -> None:
    below, above = ornstein_uhlenbeck(0.0599999, 60.0, 1.2)[2], ornstein_uhlenbeck(0.0600001, 60.0, 1.2)[2]
    assert below == pytest.approx(above, rel=2e-5)


def test_two_steps_equal_one_long_step_in_a_single_mode() -> None:
    mean, cov, mode = start_of((WALK,))
    once = run((WALK,), mean, cov, mode, 10.0)
    twice = run((WALK,), *run((WALK,), mean, cov, mode, 4.0), 6.0)
    for a, b in zip(once, twice, strict=True):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-12)


def test_no_time_changes_nothing() -> None:
    mean, cov, mode = start_of(PEOPLE_AND_VEHICLES)
    for before, after in zip((mean, cov, mode), run(PEOPLE_AND_VEHICLES, mean, cov, mode, 0.0), strict=True):
        assert np.array_equal(before, after)


@given(st.lists(st.floats(0.01, 600.0), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_covariance_stays_positive_definite_and_speed_plausible(steps: list[float]) -> None:
    mean, cov, mode = start_of(PEOPLE_AND_VEHICLES, speed=8.0)
    for dt in steps:
        mean, cov, mode = run(PEOPLE_AND_VEHICLES, mean, cov, mode, dt)
    centre, spread = combine(mean, cov, mode)
    for packed in (*cov[0], spread[0]):
        assert np.linalg.eigvalsh(unpack(packed)).min() > 0.0
    assert mode.sum() == pytest.approx(1.0)
    assert np.hypot(*centre[0, 2:]) <= 8.0 + 1e-9
    assert spread[0, 7] < 8.0**2 + 7.5**2


def test_an_unseen_track_spreads_like_a_diffusion() -> None:
    mean, cov, mode = start_of((WALK,))
    spreads = [run((WALK,), mean, cov, mode, dt)[1][0, 0, 0] for dt in (2000.0, 4000.0)]
    assert spreads[1] / spreads[0] == pytest.approx(2.0, rel=0.05)  # variance grows with time, not its cube


@given(st.floats(0.0, 1e5))
def test_transition_probabilities_sum_to_one_and_keep_the_kind(dt: float) -> None:
    model = motion_model(PEOPLE_AND_VEHICLES, 0.3)
    change = np.zeros((model.modes, model.modes))
    transition(dt, model.rate, change)
    assert change.sum(axis=1) == pytest.approx(np.ones(model.modes))
    assert change.min() >= 0.0
    assert np.all(change[model.kind[:, None] != model.kind[None, :]] == 0.0)


def test_a_stop_lies_between_standing_still_and_going_on() -> None:
    modes = (replace(WALK, name="stand", gait=0, speed_sd_mps=0.05, share=0.5), replace(WALK, share=0.5))
    mean, cov, _ = start_of(modes, speed=10.0)
    walking = np.array([[0.0, 1.0]])
    new_mean, new_cov, new_mode = run(modes, mean, cov, walking, 4.0)
    assert new_mode[0, 0] > 0.0
    assert new_mean[0, 0, 0] == pytest.approx(20.0)  # stopped at an unknown moment: half the way on average
    assert new_cov[0, 0, 0] > 10.0**2 * 4.0**2 / 12.0  # and that moment is uncertain
