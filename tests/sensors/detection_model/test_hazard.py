"""The formulas of coverage against the worked examples of the literature, and their laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.visibility import EARTH_RADIUS_M
from sensors.coverage import CURVATURE_K
from sensors.detection_model import hazard
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.weather import Conditions
from sensors.layout import place

FRAME = LocalFrame.around(-84.2, 36.6)
PERSON = Situation("person")
chances = st.floats(0.0, 1.0)
times = st.floats(0.0, 1e5)


def sensor(kind: str, **keys):
    return place(FRAME, 0.0, 0.0, id="s", kind=kind, **({"max_range_m": 20_000.0} | keys))


def test_radar_swerling_falls_as_in_the_worked_example():
    # Pfa 1e-6, Pd 0.9 at R0: R/R0 of .5, 1.25, 1.5, 2 give .993, .775, .596, .220
    radar = sensor("radar", reference_range_m=8_000.0, period_s=3.0)
    look, rate = radar.look_and_rate(8_000.0 * np.array([0.5, 1.0, 1.25, 1.5, 2.0]), PERSON)
    np.testing.assert_allclose(look, [0.993, 0.9, 0.775, 0.596, 0.220], atol=5e-4)
    np.testing.assert_allclose(rate, -np.log(1.0 - look) / 3.0, rtol=1e-12)


def test_radar_rate_and_crossing_as_in_the_worked_example():
    # p .3, T 3 s, v 1.25 m/s: .11889/s, .09511/m; over 30 m .9424, lower end .9093
    _, rate = sensor("radar", detection_probability=0.3, period_s=3.0).look_and_rate(500.0, PERSON)
    assert float(rate) == pytest.approx(0.11889, abs=5e-6)
    assert float(rate) / 1.25 == pytest.approx(0.09511, abs=5e-6)
    lower, upper = hazard.scan_bracket(0.3, 30.0 / 1.25, 3.0)
    assert float(upper) == pytest.approx(0.9424, abs=5e-5)
    assert float(lower) == pytest.approx(0.9093, abs=5e-5)
    assert float(hazard.probability_of(rate * 24.0)) == pytest.approx(float(upper), rel=1e-12)


@given(chances, st.integers(1, 40), st.integers(0, 10))
def test_the_random_phase_of_a_scan_lies_within_its_bracket(p, whole, tenths):
    # exact: floor(t/T) looks for sure, one more with the fraction's probability
    share = tenths / 10.0
    exact = 1.0 - (1.0 - p) ** whole * (1.0 - share * p)
    lower, upper = hazard.scan_bracket(p, (whole + share) * 3.0, 3.0)
    assert float(lower) <= exact + 1e-9
    assert exact <= float(upper) + 1e-9


def test_camera_ranges_as_in_the_worked_example():
    # 17 µm, 75 mm: half of the people are detected at 2206 m, half of the vehicles at 6765 m
    camera = sensor("camera", pitch_m=17e-6, focal_length_m=0.075, detection_probability=1.0)
    assert float(camera.look_and_rate(0.75 * 0.075 / (1.5 * 17e-6), PERSON)[0]) == pytest.approx(0.5, abs=1e-9)
    person, _ = camera.look_and_rate(2206.0, PERSON)
    vehicle, _ = camera.look_and_rate(6765.0, Situation("vehicle"))
    assert float(person) == pytest.approx(0.5, abs=1e-3)
    assert float(vehicle) == pytest.approx(0.5, abs=1e-3)
    curve, _ = camera.look_and_rate(2205.88 / np.array([0.5, 1.0, 1.5, 2.0]), PERSON)
    np.testing.assert_allclose(curve, [0.108, 0.5, 0.821, 0.945], atol=5e-4)


@given(chances, st.floats(0.1, 1e4), st.floats(0.1, 1e5))
def test_a_camera_never_compounds(p, search_s, dwell_s):
    camera = sensor("camera", detection_probability=p, search_s=search_s)
    look, rate = camera.look_and_rate(1_000.0, PERSON)
    found = hazard.probability_of(rate * camera.exposure_s(dwell_s, PERSON))
    assert float(found) <= p + 1e-12
    if dwell_s >= search_s:
        assert float(found) == pytest.approx(min(p, hazard.SUREST), abs=1e-9)
    assert float(look) == p


def test_ground_sensor_per_metre_as_in_the_worked_example():
    # r 30 m, p .9: .04886/m, times the walker's speed
    seismic = sensor("ground_sensor", max_range_m=30.0, detection_probability=0.9)
    _, rate = seismic.look_and_rate(np.array([0.0, 29.0]), PERSON)
    np.testing.assert_allclose(rate / 1.25, 0.04886, atol=5e-6)
    # a pass along the mean chord π r/2 triggers with probability p
    assert float(hazard.probability_of(rate[0] / 1.25 * np.pi * 30.0 / 2.0)) == pytest.approx(0.9, rel=1e-12)


def test_the_effect_of_a_ground_sensor_fades_as_elfes_says():
    # exp(−λ a^β), a the distance beyond the sure radius: 20 m beyond, λ .05, β 1 → e^−1
    fading = {"sure_radius_m": 10.0, "elfes_lambda": 0.05, "elfes_beta": 1.0}
    seismic = sensor("ground_sensor", max_range_m=60.0, **fading)
    look, rate = seismic.look_and_rate(np.array([0.0, 10.0, 30.0]), PERSON)
    np.testing.assert_allclose(look / look[0], [1.0, 1.0, np.exp(-1.0)], rtol=1e-12)
    np.testing.assert_allclose(rate / rate[0], [1.0, 1.0, np.exp(-1.0)], rtol=1e-12)


def test_patrol_as_koopman_says():
    assert float(hazard.mean_relative_speed(1.0, 1.0)) == pytest.approx(1.273, abs=5e-4)  # 4/π
    assert float(hazard.mean_relative_speed(3.0, 0.0)) == pytest.approx(3.0, rel=1e-12)
    assert float(hazard.mean_relative_speed(0.0, 0.0)) == 0.0
    # v W t/A = .3 → .2592
    rate = hazard.patrol_rate(10.0, 30.0, 1e6)
    assert float(hazard.probability_of(rate * 1_000.0)) == pytest.approx(0.2592, abs=5e-5)


def test_the_mean_relative_speed_is_the_mean_over_all_directions():
    turn = (np.arange(200_000) + 0.5) / 200_000 * 2.0 * np.pi
    seen = np.hypot(1.4 - 4.0 * np.cos(turn), 4.0 * np.sin(turn)).mean()
    assert float(hazard.mean_relative_speed(1.4, 4.0)) == pytest.approx(seen, rel=1e-9)


def test_availability_enters_once_a_crossing_not_once_a_look():
    # p .3, 20 looks, availability .5 → .4996; per look it would be .9612
    twenty = 20.0 * hazard.hazard_of(0.3)
    assert float(hazard.with_outages([twenty], [0.5])) == pytest.approx(0.4996, abs=5e-5)


@given(st.lists(st.tuples(st.floats(0.0, 30.0), chances), min_size=1, max_size=6))
def test_outages_by_product_equal_the_sum_over_all_states(sensors):
    hazards, availabilities = (np.array(column) for column in zip(*sensors, strict=True))
    summed = 0.0
    for up in itertools.product((0.0, 1.0), repeat=len(sensors)):
        state = np.prod(np.where(np.array(up) > 0.0, availabilities, 1.0 - availabilities))
        summed += state * (1.0 - np.exp(-np.dot(up, hazards)))
    assert float(hazard.with_outages(hazards, availabilities)) == pytest.approx(summed, abs=1e-9)


def test_states_of_the_weather_are_mixed_by_their_shares():
    clear, fog = np.array([0.9, 0.5]), np.array([0.1, 0.5])
    np.testing.assert_allclose(hazard.over_states([clear, fog], [0.75, 0.25]), [0.7, 0.5])
    assert np.isnan(hazard.over_states([[np.nan], [0.5]], [0.5, 0.5]))[0]


def test_the_horizon_is_where_the_worked_example_has_it():
    # drop d²/(2 k R): a mast of 20 m sees 1.7 m at 23,807 m by radio, at 22,105 m by light
    for kind, metres in (("radar", 23_807.0), ("camera", 22_105.0)):
        two = 2.0 * CURVATURE_K[kind] * EARTH_RADIUS_M
        assert np.sqrt(two * 20.0) + np.sqrt(two * 1.7) == pytest.approx(metres, abs=1.0)


@given(chances, chances)
def test_hazard_and_probability_undo_each_other_and_add_up(p, q):
    both = hazard.probability_of(hazard.hazard_of(p) + hazard.hazard_of(q))
    assert float(both) == pytest.approx(1.0 - (1.0 - p) * (1.0 - q), abs=1e-9)
    assert float(both) >= max(p, q) - 1e-9


def test_missing_stays_missing():
    assert np.isnan(hazard.hazard_of(np.nan))
    assert np.isnan(hazard.probability_of(np.nan))
    assert np.isnan(hazard.with_outages([[np.nan]], [0.5]))


@pytest.mark.parametrize(
    "call",
    [
        lambda: hazard.hazard_of(1.1),
        lambda: hazard.hazard_of(-0.1),
        lambda: hazard.probability_of(-1e-9),
        lambda: hazard.scan_rate(0.5, 0.0),
        lambda: hazard.search_rate(0.5, -1.0),
        lambda: hazard.search_rate(0.5, np.nan),
        lambda: hazard.patrol_rate(-1.0, 1.0, 1.0),
        lambda: hazard.patrol_rate(1.0, -1.0, 1.0),
        lambda: hazard.patrol_rate(1.0, 1.0, 0.0),
        lambda: hazard.mean_relative_speed(-1.0, 1.0),
        lambda: hazard.with_outages([1.0], [1.1]),
        lambda: hazard.over_states([[0.5], [0.5]], [0.5, 0.4]),
        lambda: hazard.over_states([[0.5], [0.5]], [1.0]),
        lambda: hazard.scan_bracket(0.5, -1.0, 3.0),
        lambda: Situation("ghost"),
        lambda: Assumptions(camera_search_s=0.0),
        lambda: Assumptions(person_speed_mps=float("nan")),
        lambda: Assumptions(camera_canopy_fraction=1.5),
        lambda: Assumptions(day_contrast=0.01),
        lambda: Assumptions(radar_period_s="3"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_one_sentence(call):
    with pytest.raises(BadInput, match=r"expected .+\.$"):
        call()


def test_every_assumption_says_where_it_comes_from_and_how_sure_it_is():
    for told in Assumptions():
        assert told.source, told.name
        assert told.unit, told.name
        assert told.confidence in {"H", "M", "L"}, told.name


def test_a_surest_look_is_a_finite_rate():
    _, rate = sensor("radar", detection_probability=1.0, period_s=3.0).look_and_rate(100.0, PERSON)
    assert np.isfinite(rate)
    assert float(hazard.probability_of(rate * 3.0)) == pytest.approx(1.0, abs=1e-11)


@pytest.mark.parametrize("kind", ["radar", "camera", "ground_sensor"])
def test_on_a_clear_calm_day_the_look_is_that_of_the_tracker(kind):
    keys = {
        "radar": {"reference_range_m": 5_000.0},
        "camera": {"pitch_m": 12e-6, "focal_length_m": 0.1, "detection_probability": 0.95},
        "ground_sensor": {"max_range_m": 40.0, "elfes_lambda": 0.02},
    }[kind]
    one = sensor(kind, **keys)
    ranges = np.linspace(1.0, one.max_range_m, 50)
    look, _ = one.look_and_rate(ranges, Situation("person", Conditions()))
    np.testing.assert_array_equal(look, one.look_probability(ranges, target="person"))
