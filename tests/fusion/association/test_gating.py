"""The gate's pairs against every plot tried with every track."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.association.gating import gate
from fusion.filter.kalman import BEARING, POSITION, Pairs, Plots
from fusion.models.motion import combine
from geo.arrays import Floats

GATE = 18.4
REACH_M = 5000.0


def plots_of(place: Floats, r: Floats, azimuth: Floats) -> Plots:
    """Positions (n, 2) with covariances (n, 3: ee, en, nn), then bearings."""
    n, m = len(place), len(azimuth)
    nothing = np.full(n + m, np.nan)
    e, n_ = np.concatenate([place, np.full((m, 2), np.inf)]).T.copy()
    r_ee, r_en, r_nn = np.concatenate([r, np.full((m, 3), np.nan)]).T.copy()
    kind = np.repeat([POSITION, BEARING], [n, m])
    az, az_sd = np.concatenate([np.full(n, np.nan), azimuth]), np.full(n + m, 0.01)
    some = np.ones(n + m)
    return Plots(
        kind, e, n_, r_ee, r_en, r_nn, az, az_sd, nothing, nothing, nothing, nothing, some, some, some,
        np.ones((n + m, 5)), np.arange(n + m),
    )  # fmt: skip


def by_hand(mean: Floats, cov: Floats, mode: Floats, place: Floats, r: Floats) -> dict[tuple[int, int], float]:
    """Density of each pair that at least one mode claims."""
    found: dict[tuple[int, int], float] = {}
    for t in range(len(mode)):
        for j in range(len(place)):
            for m in range(mode.shape[1]):
                s = cov[t, m][[0, 1, 4]] + r[j]
                S = np.array([[s[0], s[1]], [s[1], s[2]]])
                off = place[j] - mean[t, m, :2]
                squared = off @ np.linalg.solve(S, off)
                if squared <= GATE:
                    fit = np.exp(-0.5 * squared) / (2.0 * np.pi * np.sqrt(np.linalg.det(S)))
                    found[t, j] = found.get((t, j), 0.0) + mode[t, m] * fit
    return found


def pairs_by_number(pairs: Pairs) -> dict[tuple[int, int], float]:
    tracks = np.repeat(np.arange(len(pairs.start) - 1), np.diff(pairs.start))
    return dict(zip(zip(tracks.tolist(), pairs.plot.tolist(), strict=True), pairs.density.tolist(), strict=True))


@given(st.integers(0, 2**31), st.sampled_from([200.0, 3000.0, 20_000.0]))
@settings(max_examples=40, deadline=None)
def test_the_gate_finds_the_pairs_that_trying_all_finds_near_and_beyond_the_sensors_reach(
    seed: int, side: float
) -> None:
    rng = np.random.default_rng(seed)
    tracks, modes, n = 15, 3, 40
    mean = np.zeros((tracks, modes, 4))
    mean[:, :, :2] = rng.uniform(-side, side, (tracks, 1, 2)) + rng.normal(0.0, 20.0, (tracks, modes, 2))
    cov = np.zeros((tracks, modes, 10))
    cov[:, :, 0], cov[:, :, 4] = np.exp(rng.normal(5.0, 2.0, (2, tracks, modes)))
    cov[:, :, 7] = cov[:, :, 9] = 1.0
    mode = rng.dirichlet(np.ones(modes), tracks) * 0.99 + 0.01 / modes
    place = rng.uniform(-side, side, (n, 2))
    place[: n // 2] = mean[rng.integers(tracks, size=n // 2), 0, :2] + rng.normal(0.0, 15.0, (n // 2, 2))
    r = np.stack([rng.uniform(1.0, 400.0, n), np.zeros(n), rng.uniform(1.0, 400.0, n)], axis=1)
    overall, _ = combine(mean, cov, mode)
    pairs = gate(mean, cov, mode, overall, plots_of(place, r, np.zeros(0)), GATE, 0.0, 0.0, REACH_M)
    found, expected = pairs_by_number(pairs), by_hand(mean, cov, mode, place, r)
    assert found.keys() == expected.keys()
    assert [found[key] for key in expected] == pytest.approx(list(expected.values()), rel=1e-9)
    assert list(found) == sorted(found), "in order of track, then of plot"
    assert pairs.by_mode.sum(axis=1) == pytest.approx(1.0)


def test_bearings_come_after_positions_and_only_to_whom_they_point_at() -> None:
    mean = np.array([[[0.0, 1000.0, 0.0, 0.0]], [[1000.0, 0.0, 0.0, 0.0]]])
    cov = np.zeros((2, 1, 10))
    cov[:, :, 0] = cov[:, :, 4] = 100.0
    plots = plots_of(np.array([[1000.0, 5.0]]), np.array([[25.0, 0.0, 25.0]]), np.array([0.001, 0.5 * np.pi]))
    pairs = gate(mean, cov, np.ones((2, 1)), mean[:, 0], plots, GATE, 0.0, 0.0, REACH_M)
    assert pairs.start.tolist() == [0, 1, 3]
    assert pairs.plot.tolist() == [1, 0, 2]
