"""Probability of interruption against Sandia's worked cases (metrics notes, section 3), simulation, and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.interdiction import InterdictionError, probability_of_interruption

THREE = {"detection": [0.5, 0.7, 0.6], "delay_s": [1192.0] * 3, "delay_sd_s": [358.0] * 3}
DELAYS = np.array([10.0, 12.0, 90.0, 10.0, 90.0, 120.0])


@pytest.mark.parametrize(
    ("response_s", "sd_s", "expected"), [(600, 180, 0.849), (1500, 450, 0.697), (3000, 900, 0.271)]
)
def test_three_equal_tasks(response_s: float, sd_s: float, expected: float) -> None:
    found = probability_of_interruption(**THREE, response_s=response_s, response_sd_s=sd_s, communication=0.95)
    assert found == pytest.approx(expected, abs=5e-4)
    assert isinstance(found, float)


def test_six_tasks_detected_at_their_beginning() -> None:
    found = probability_of_interruption(
        [0, 0, 0.9, 0, 0.9, 0],
        DELAYS,
        0.3 * DELAYS,
        response_s=300,
        response_sd_s=90,
        communication=0.95,
        position=1.0,
    )
    assert found == pytest.approx(0.4760, abs=5e-5)


def test_several_responses_at_once_against_the_tasks_of_one_path() -> None:
    responses, deviations = np.array([600.0, 1500.0, 3000.0]), np.array([180.0, 450.0, 900.0])
    found = probability_of_interruption(
        **THREE, response_s=responses, response_sd_s=deviations, communication=[0.95, 0.95, 0.95]
    )
    np.testing.assert_allclose(found, [0.849, 0.697, 0.271], atol=5e-4)


def test_several_paths_each_with_its_own_response() -> None:
    detection = np.array([[0.5, 0.7], [0.2, 0.1]])
    both = probability_of_interruption(
        detection, [300.0, 200.0], 50.0, response_s=[250.0, 400.0], response_sd_s=60.0, position=[[1.0], [0.0]]
    )
    alone = [
        probability_of_interruption(
            row, [300.0, 200.0], [50.0, 50.0], response_s=response, response_sd_s=60.0, position=position
        )
        for row, response, position in zip(detection, (250.0, 400.0), (1.0, 0.0), strict=True)
    ]
    np.testing.assert_array_equal(both, alone)


@pytest.mark.parametrize(("response_s", "expected"), [(149.9, 0.8), (150.0, 0.4), (150.1, 0.0)])
def test_without_variance_a_step_with_one_half_at_equality(response_s: float, expected: float) -> None:
    """Detected in the middle of 100 s, with 100 s to follow: 150 s are left."""
    found = probability_of_interruption([0.8, 0.0], [100.0, 100.0], 0.0, response_s=response_s, response_sd_s=0.0)
    assert found == expected


def test_communication_of_each_task_counts_with_its_detection() -> None:
    """Response at once: detected in either task it is in time, so .9 · .5 + .8 · (1 − .5) · .4."""
    found = probability_of_interruption(
        [0.5, 0.4], [100.0, 100.0], 1.0, response_s=0.0, response_sd_s=0.0, communication=[0.9, 0.8]
    )
    assert found == pytest.approx(0.61, abs=1e-12)


def test_nobody_comes_from_infinitely_far_and_nobody_is_detected_without_tasks() -> None:
    assert probability_of_interruption(0.9, 100.0, 30.0, response_s=math.inf, response_sd_s=10.0) == 0.0
    assert probability_of_interruption([], [], [], response_s=10.0, response_sd_s=1.0) == 0.0


def test_missing_stays_missing() -> None:
    found = probability_of_interruption([0.9], [[100.0], [math.nan]], 30.0, response_s=50.0, response_sd_s=0.0)
    assert np.isnan(found).tolist() == [False, True]


def test_the_formula_is_what_a_simulated_crossing_gives() -> None:
    """Independent normal times drawn 200,000 times: standard error below .0012, so .005 is over four of them."""
    detection, delay, sd = np.array([0.3, 0.6, 0.5]), np.array([200.0, 300.0, 250.0]), np.array([60.0, 90.0, 70.0])
    position, n, chance = 0.5, 200_000, np.random.default_rng(7)
    first = np.argmax(np.column_stack([chance.random((n, 3)) < detection, np.ones(n, bool)]), axis=1)
    share = np.where(np.arange(3) == first[:, None], position, np.where(np.arange(3) > first[:, None], 1.0, 0.0))
    remaining = (share * chance.normal(delay, sd, (n, 3))).sum(axis=1)
    stopped = (first < 3) & (chance.random(n) < 0.9) & (remaining > chance.normal(400.0, 120.0, n))
    found = probability_of_interruption(
        detection, delay, sd, response_s=400.0, response_sd_s=120.0, communication=0.9, position=position
    )
    assert found == pytest.approx(stopped.mean(), abs=0.005)


shares = st.floats(0.0, 1.0)
seconds = st.floats(0.0, 5_000.0)
tasks = st.lists(st.tuples(shares, seconds, st.floats(0.0, 1_000.0), shares), min_size=1, max_size=6)


@settings(deadline=None)
@given(tasks, seconds, seconds, st.floats(0.0, 500.0))
def test_slower_response_never_raises_interruption(
    path: list[tuple[float, float, float, float]], a: float, b: float, sd: float
) -> None:
    detection, delay, delay_sd, position = np.array(path).T
    soon, late = probability_of_interruption(
        detection, delay, delay_sd, response_s=sorted((a, b)), response_sd_s=sd, position=position
    )
    assert 0.0 <= late <= soon <= 1.0 - np.prod(1.0 - detection) + 1e-12


@settings(deadline=None)
@given(tasks, seconds, st.floats(0.0, 500.0), shares)
def test_interruption_is_in_proportion_to_communication(
    path: list[tuple[float, float, float, float]], response: float, sd: float, communication: float
) -> None:
    detection, delay, delay_sd, position = np.array(path).T
    sure, unsure = (
        probability_of_interruption(
            detection, delay, delay_sd, response_s=response, response_sd_s=sd, position=position, communication=c
        )
        for c in (1.0, communication)
    )
    assert unsure == pytest.approx(communication * sure, abs=1e-12)


@settings(deadline=None)
@given(tasks, seconds, st.floats(0.0, 500.0))
def test_earlier_detection_within_a_task_never_lowers_interruption_when_times_are_certain(
    path: list[tuple[float, float, float, float]], response: float, sd: float
) -> None:
    detection, delay, _, _ = np.array(path).T
    end, middle, beginning = (
        probability_of_interruption(detection, delay, 0.0, response_s=response, response_sd_s=sd, position=w)
        for w in (0.0, 0.5, 1.0)
    )
    assert end <= middle + 1e-12
    assert middle <= beginning + 1e-12


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"detection": 1.1}, "detection"),
        ({"communication": -0.1}, "communication"),
        ({"position": 2.0}, "position"),
        ({"delay_s": -1.0}, "delay_s"),
        ({"delay_s": math.inf}, "delay_s"),
        ({"delay_sd_s": -1.0}, "delay_sd_s"),
        ({"response_s": -1.0}, "response_s"),
        ({"response_sd_s": math.inf}, "response_sd_s"),
        ({"delay_s": [1.0, 2.0, 3.0], "detection": [0.5, 0.5]}, "shapes"),
        ({"detection": ["likely"]}, r"\(detection\): not all are numbers"),
        ({"response_s": "soon"}, r"\(response_s\): not all are numbers"),
    ],
)
def test_impossible_times_and_probabilities_are_refused_by_name(values: dict[str, object], named: str) -> None:
    sound: dict[str, object] = {
        "detection": 0.9,
        "delay_s": 100.0,
        "delay_sd_s": 30.0,
        "response_s": 50.0,
        "response_sd_s": 10.0,
    }
    with pytest.raises(InterdictionError, match=named):
        probability_of_interruption(**{**sound, **values})
