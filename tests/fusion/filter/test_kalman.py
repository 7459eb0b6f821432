"""Single updates against the textbook formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.filter.kalman import bearing_innovation, position_fit, update_position, update_scalar
from fusion.models.motion import unpack

WORK = np.zeros((6, 4))


def random_state(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    root = rng.normal(0.0, 1.0, (4, 4)) * np.array([30.0, 30.0, 2.0, 2.0])[:, None]
    full = root @ root.T + np.diag([1.0, 1.0, 0.01, 0.01])
    return rng.normal(0.0, 100.0, 4), full[np.triu_indices(4)]


@given(st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_a_position_update_is_the_kalman_filter(seed: int) -> None:
    x, p = random_state(seed)
    H = np.eye(2, 4)
    R = np.array([[16.0, 5.0], [5.0, 100.0]])
    z = np.array([10.0, -20.0])
    P = unpack(p)
    S = H @ P @ H.T + R
    K = P @ H.T @ np.linalg.inv(S)
    nu = z - H @ x
    density = np.exp(-0.5 * nu @ np.linalg.solve(S, nu)) / (2.0 * np.pi * np.sqrt(np.linalg.det(S)))
    distance, fit = position_fit(z[0] - x[0], z[1] - x[1], p[0] + 16.0, p[1] + 5.0, p[4] + 100.0)
    assert distance == pytest.approx(nu @ np.linalg.solve(S, nu), rel=1e-9)
    assert fit == pytest.approx(density, rel=1e-9)
    expected_x, expected_p = x + K @ nu, P - K @ S @ K.T
    update_position(x, p, *z, 16.0, 5.0, 100.0, WORK)
    assert x == pytest.approx(expected_x, rel=1e-9, abs=1e-9)
    assert unpack(p) == pytest.approx(expected_p, rel=1e-6, abs=1e-6)


@given(st.integers(0, 2**31), st.sampled_from([0, 2]))
@settings(max_examples=50, deadline=None)
def test_a_scalar_update_is_the_kalman_filter(seed: int, at: int) -> None:
    x, p = random_state(seed)
    H = np.zeros((1, 4))
    H[0, at : at + 2] = 0.6, -0.8
    P = unpack(p)
    S = float((H @ P @ H.T)[0, 0]) + 0.3
    K = (P @ H.T / S)[:, 0]
    expected_x, expected_p = x + K * 1.7, P - np.outer(K, K) * S
    density = update_scalar(x, p, at, 0.6, -0.8, 1.7, 0.3, WORK)
    assert density == pytest.approx(np.exp(-0.5 * 1.7**2 / S) / np.sqrt(2.0 * np.pi * S))
    assert x == pytest.approx(expected_x, rel=1e-9, abs=1e-9)
    assert unpack(p) == pytest.approx(expected_p, rel=1e-6, abs=1e-6)


def test_a_perfect_report_of_a_vague_track_leaves_a_positive_definite_covariance() -> None:
    x, p = np.zeros(4), np.zeros(10)
    p[[0, 4, 7, 9]] = 1e12, 1e12, 1e4, 1e4
    for _ in range(1000):
        update_position(x, p, 1.0, 1.0, 0.01, 0.0, 0.01, WORK)
        assert np.linalg.eigvalsh(unpack(p)).min() > 0.0


def test_bearings_are_clockwise_from_north_and_wrap() -> None:
    east_of = np.array([100.0, 0.0, 0.0, 0.0])
    innovation, h_e, h_n, distance = bearing_innovation(east_of, np.pi / 2 + 0.01, 0.0, 0.0)
    assert (innovation, h_e, h_n, distance) == pytest.approx((0.01, 0.0, -0.01, 100.0))
    south = np.array([-1e-9, -100.0, 0.0, 0.0])  # azimuth just beyond π
    assert bearing_innovation(south, -np.pi + 0.02, 0.0, 0.0)[0] == pytest.approx(0.02, abs=1e-6)
