"""Targets that looks miss in runs: the Markov chain of observable and unobservable, and what it means for tracks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from fusion.models.sensor_views import probability
from fusion.models.settings import SettingsError, TrackerSettings
from fusion.models.unobservable import predict_unobservable, unobservable_after
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns

FRAME = LocalFrame.around(10.0, 45.0)
START_NS = 1_790_000_000 * 10**9
PERIOD_S = 3.0
PROBABILITIES = st.floats(0.0, 1.0)
TIMES = st.floats(1.0, 5000.0)


def layout(stated: float) -> Layout:
    radar = place(
        FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=5000.0, period_s=PERIOD_S, range_sd_m=4.0,
        azimuth_sd_deg=0.4, detection_probability=stated, false_alarms_per_scan=2.0, mast_height_m=0.0,
    )  # fmt: skip
    return Layout("one radar", FRAME, (radar,))


def scan(number: int, plots: np.ndarray) -> ScanColumns:
    n = len(plots)
    arrays = {name: np.full((n, *{"cov": (2, 2), "class_probability": (5,)}.get(name, ())), np.nan) for name in ARRAYS}
    arrays |= {
        "azimuth": np.arctan2(plots[:, 0], plots[:, 1]) % (2.0 * np.pi), "azimuth_sd": np.full(n, np.radians(0.4)),
        "range_": np.hypot(*plots.T), "range_sd": np.full(n, 4.0),
    }  # fmt: skip
    when = START_NS + round(PERIOD_S * number * 1e9)
    return ScanColumns("R", "radar", 1, number, when, when, **arrays)


def walkers(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and velocities of people who walk apart from each other."""
    angle = 2.0 * np.pi * np.arange(count) / count
    return 1500.0 * np.stack([np.sin(angle), np.cos(angle)], 1), 1.4 * np.stack([np.cos(angle), -np.sin(angle)], 1)


def names(detected: np.ndarray, stated: float, seed: int) -> set[str]:
    """Names of the tracks that are ever confirmed, of walkers that the scans detect where ``detected`` (scan, walker),
    with two false plots a scan."""
    rng = np.random.default_rng(seed)
    at, velocity = walkers(detected.shape[1])
    tracker = Tracker(layout(stated))
    for number, hits in enumerate(detected):
        plots = (at + PERIOD_S * number * velocity + rng.normal(0.0, 4.0, at.shape))[hits]
        angle, away = rng.uniform(0.0, 2.0 * np.pi, 2), 5000.0 * np.sqrt(rng.random(2))
        tracker.advance(
            scan(number, np.concatenate([plots, np.stack([away * np.sin(angle), away * np.cos(angle)], 1)]))
        )
    past = tracker.take_history(final=True)
    return set(past["track"].values[np.isin(past["status"].values, ["confirmed", "coasting"])].tolist())


# --- the chain --------------------------------------------------------------------------------------------------------


@given(st.lists(PROBABILITIES, min_size=1, max_size=5), st.floats(0.0, 1e4), TIMES, TIMES)
@settings(max_examples=100, deadline=None)
def test_prediction_is_that_of_the_generator_matrix(before: list[float], dt: float, clear: float, hid: float) -> None:
    known = np.array(before)
    ahead = predict_unobservable(known, np.ones(len(known), np.bool_), np.full(len(known), dt), clear, hid)
    step = expm(dt * np.array([[-1.0 / clear, 1.0 / clear], [1.0 / hid, -1.0 / hid]]))
    np.testing.assert_allclose(ahead, (np.stack([1.0 - known, known], 1) @ step)[:, 1], rtol=1e-9, atol=1e-12)


@given(PROBABILITIES, st.floats(0.0, 1.0), PROBABILITIES)
@settings(max_examples=100, deadline=None)
def test_after_a_look_it_is_bayes_rule(before: float, detects: float, missed: float) -> None:
    seen = (1.0 - before) * detects
    after = unobservable_after(np.array([before]), np.array([seen]), np.array([missed]))[0]
    assert 0.0 <= after <= missed + 1e-12
    unseen = before + (1.0 - before) * (1.0 - detects)
    if unseen > 1e-9:
        assert after == pytest.approx(missed * before / unseen, rel=1e-6, abs=1e-12)


def test_only_confirmed_tracks_are_unobservable() -> None:
    ahead = predict_unobservable(np.array([0.0, 0.5]), np.array([False, False]), np.array([3.0, 3.0]), 600.0, 20.0)
    np.testing.assert_array_equal(ahead, 0.0)


# --- tracks -----------------------------------------------------------------------------------------------------------


def test_existence_during_misses_is_that_of_the_three_states() -> None:
    """The forward algorithm over observable, unobservable and gone, written out; the track ends below one half."""
    tracker, at = Tracker(layout(0.9)), np.array([[0.0, 1500.0]])
    for number in range(8):
        tracker.advance(scan(number, at))
    rules = tracker.settings
    leaves = 1.0 / rules.lifetime_s
    rates = np.array(
        [
            [-1.0 / rules.observable_s - leaves, 1.0 / rules.observable_s, leaves],
            [1.0 / rules.unobservable_s, -1.0 / rules.unobservable_s - leaves, leaves],
            [0.0, 0.0, 0.0],
        ]
    )
    step = expm(PERIOD_S * rates)
    pd = probability(tracker.model.sensor("R").view, 0.0, 1500.0)
    state = np.array([1.0, 0.0, 0.0])
    for number in range(8, 40):
        state = state @ step * [1.0 - pd, 1.0, 1.0]
        state /= state.sum()
        tracker.advance(scan(number, at[:0]))
        live = tracker.tracks()
        expected = 1.0 - state[2]
        if expected < 0.5:
            break
        assert live["existence"].values == pytest.approx([expected], rel=1e-4)
    assert expected < 0.5
    assert live.sizes["estimate"] == 0
    assert 4 <= number - 7 <= 12  # not at the third miss, and within 36 s


@pytest.mark.parametrize("seed", range(3))
def test_a_radar_that_detects_less_than_stated_keeps_every_name(seed: int) -> None:
    detected = np.random.default_rng([seed, 7]).random((60, 8)) < 0.65
    assert len(names(detected, 0.95, seed)) == 8


def test_targets_behind_an_unknown_screen_for_six_looks_keep_their_names() -> None:
    detected = np.random.default_rng(5).random((50, 8)) < 0.9
    for walker in range(8):
        detected[15 + walker : 21 + walker, walker] = False
    assert len(names(detected, 0.9, 5)) == 8


@pytest.mark.parametrize("name", ["observable_s", "unobservable_s"])
def test_times_of_the_chain_are_above_zero(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        TrackerSettings(**{name: 0.0})
