"""Targets side by side keep their distance; the pairing is settled, existence is not touched."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.association.coalescence import apart
from fusion.association.marginals import marginals
from fusion.models.settings import TrackerSettings
from fusion.scoring import gospa
from fusion.tracker import track
from geo.arrays import Floats
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario
from tests.drills.sizes import sized

FRAME = LocalFrame.around(10.0, 45.0)
START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)


def complete(weight: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Pairs of a gate that leaves every track every plot."""
    tracks, plots = weight.shape
    return np.arange(tracks + 1) * plots, np.tile(np.arange(plots), tracks), weight.ravel().copy()


def states(tracks: int, spacing_m: float) -> tuple[Floats, Floats]:
    """Tracks ``spacing_m`` apart with a deviation of 1 m and 1 m/s."""
    centre, spread = np.zeros((tracks, 4)), np.zeros((tracks, 10))
    centre[:, 1] = spacing_m * np.arange(tracks)
    spread[:, [0, 4, 7, 9]] = 1.0
    return centre, spread


ALIKE, APART = 0.1, 1e4


def shared(weight: Floats, spacing_m: float, exact_pairs: int = 12) -> tuple[Floats, Floats, Floats]:
    start, plot, flat = complete(weight)
    hit, miss, alone = marginals(
        start, plot, flat, np.ones(len(weight)), weight.shape[1], exact_pairs, states(len(weight), spacing_m), 4.0
    )
    return hit.reshape(weight.shape), miss, alone


def test_the_likelier_pairing_of_two_alike_tracks_takes_the_mass_of_both() -> None:
    # misses weigh 1. Joint events: none 1; one seen 3, 1, 1, 2; both seen straight 6, crossed 1: total 15.
    # Both seen: mass 7, all of it straight. Track 1 took plot 1, or track 2 did: different tracks seen, so both stay.
    hit, miss, alone = shared(np.array([[3.0, 1.0], [1.0, 2.0]]), ALIKE)
    assert hit == pytest.approx(np.array([[10.0, 1.0], [1.0, 9.0]]) / 15.0)
    assert miss == pytest.approx([4.0 / 15.0, 5.0 / 15.0])
    assert alone == pytest.approx([4.0 / 15.0, 5.0 / 15.0])


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**31))
@settings(max_examples=sized(25, 60), deadline=None)
def test_settling_changes_no_tracks_and_no_plots_chance(tracks: int, plots: int, seed: int) -> None:
    weight = np.exp(np.random.default_rng(seed).normal(0.0, 2.0, (tracks, plots)))
    hit, miss, alone = shared(weight, ALIKE)
    exact_hit, exact_miss, exact_alone = shared(weight, APART)
    assert miss == pytest.approx(exact_miss, abs=1e-12)
    assert alone == pytest.approx(exact_alone, abs=1e-12)
    assert hit.sum(axis=1) == pytest.approx(exact_hit.sum(axis=1), abs=1e-12)
    assert (hit >= 0.0).all()


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 2**31))
@settings(max_examples=sized(20, 40), deadline=None)
def test_exchanges_in_large_clusters_change_no_tracks_and_no_plots_chance(tracks: int, plots: int, seed: int) -> None:
    weight = np.exp(np.random.default_rng(seed).normal(0.0, 2.0, (tracks, plots)))
    hit, miss, alone = shared(weight, ALIKE, 0)
    loose_hit, loose_miss, loose_alone = shared(weight, APART, 0)
    assert np.array_equal(miss, loose_miss)
    assert np.array_equal(alone, loose_alone)
    assert hit.sum(axis=1) == pytest.approx(loose_hit.sum(axis=1), abs=1e-12)
    assert hit.sum(axis=0) == pytest.approx(loose_hit.sum(axis=0), abs=1e-12)
    assert (hit >= -1e-15).all()


def test_tracks_that_differ_keep_their_marginals_to_the_bit() -> None:
    weight = np.array([[3.0, 1.0], [1.0, 2.0]])
    start, plot, flat = complete(weight)
    for ours, plain in zip(shared(weight, APART), marginals(start, plot, flat, np.ones(2), 2), strict=True):
        assert np.array_equal(ours.ravel(), plain)


def test_the_distance_of_two_states_is_mahalanobis() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(0.0, 5.0, (2, 4))
    p, q = (a @ a.T + np.eye(4) for a in rng.normal(0.0, 2.0, (2, 4, 4)))
    upper = np.triu_indices(4)
    expected = (x - y) @ np.linalg.solve(p + q, x - y)
    assert apart(x, p[upper], y, q[upper]) == pytest.approx(expected, rel=1e-9)


def side_by_side(count: int, seed: int, alike: float) -> tuple[float, float]:
    """Mean GOSPA [m], and the span [m] from the first to the last of ``count`` walkers in a row, 5 m apart."""
    radar = place(
        FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=5000.0, period_s=3.0, range_sd_m=4.0, azimuth_sd_deg=0.4,
        detection_probability=0.9, false_alarms_per_scan=5.0, mast_height_m=0.0,
    )  # fmt: skip
    layout = Layout("row", FRAME, (radar,))
    seconds = np.arange(202.0)
    walkers = (
        Mover(f"M{i}", "person", seconds, -140.0 + 1.4 * seconds, np.full(202, 600.0 + 5.0 * i)) for i in range(count)
    )
    detections, truth = simulate(layout, Scenario(tuple(walkers), START, 200.0), None, seed=seed)
    history = track(detections, layout, settings=TrackerSettings(alike_distance=alike))
    shown = history.isel(estimate=np.flatnonzero(np.isin(history.status.values, ["confirmed", "coasting"])))
    late = [
        float(np.ptp(shown.northing.values[shown.time.values == moment]))
        for moment in np.unique(shown.time.values)[30:]
    ]
    return gospa(truth, history).attrs["gospa_mean_m"], float(np.mean(late))


@pytest.mark.parametrize("count", [2, 4])
def test_walkers_five_metres_apart_do_not_merge_to_the_middle(count: int) -> None:
    row = 5.0 * (count - 1)
    kept = np.array([side_by_side(count, seed, 4.0) for seed in (1, 2, 3)])
    mixed = np.array([side_by_side(count, seed, 0.0) for seed in (1, 2, 3)])
    assert kept[:, 1].mean() == pytest.approx(row, rel=0.3)
    assert mixed[:, 1].mean() < 0.5 * row  # what marginals alone make of them
    assert kept[:, 0].mean() < mixed[:, 0].mean() + 0.1
