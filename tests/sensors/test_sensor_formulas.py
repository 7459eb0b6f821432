"""Detection curves against the oracles of the metrics notes (section 4) and their laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors import camera, ground_sensor, radar
from sensors.errors import LayoutError

PFA = 1e-6


@pytest.mark.parametrize(("ratio", "expected"), [(0.5, 0.993), (1.0, 0.9), (1.25, 0.775), (1.5, 0.596), (2.0, 0.220)])
def test_swerling_1_oracles(ratio: float, expected: float) -> None:
    p = radar.detection_probability(ratio * 4_000.0, reference_range_m=4_000.0)
    assert float(p) == pytest.approx(expected, abs=5e-4)


def test_formulas_answer_in_kind_and_broadcast_over_every_argument() -> None:
    assert isinstance(radar.detection_probability(1_000.0, reference_range_m=4_000.0), float)
    assert isinstance(camera.range_for_pixels(0.75, 1.5, pitch_m=17e-6, focal_length_m=0.075), float)
    assert isinstance(camera.detection_probability(3.0, n50=1.5), float)
    two = radar.detection_probability(
        1_000.0, reference_range_m=[1_000.0, 1_000.0], reference_probability=[0.9, 0.8], false_alarm_probability=PFA
    )
    assert two == pytest.approx([0.9, 0.8])
    assert camera.detection_probability(6.0, n50=[6.0, 12.0]) == pytest.approx([0.5, 0.108], abs=5e-4)
    assert camera.range_for_pixels(0.75, 1.5, pitch_m=17e-6, focal_length_m=[0.075, 0.15]) == pytest.approx(
        [2205.88, 4411.76], abs=0.01
    )


def test_a_radar_sees_noise_infinitely_far_and_everything_at_its_antenna() -> None:
    far, near = radar.detection_probability([math.inf, 0.0], reference_range_m=4_000.0)
    assert far == pytest.approx(PFA)
    assert near == 1.0


@given(st.floats(0.0, 1e5), st.floats(0.0, 1e5), st.floats(0.3, 0.99))
def test_a_farther_target_is_never_easier_for_a_radar(a: float, b: float, reference: float) -> None:
    near, far = sorted((a, b))
    p = radar.detection_probability([near, far], reference_range_m=3_000.0, reference_probability=reference)
    assert PFA * (1 - 1e-9) <= p[1] <= p[0] <= 1.0


@pytest.mark.parametrize(
    "values", [{"reference_probability": 1.0}, {"false_alarm_probability": 0.95}, {"false_alarm_probability": 0.0}]
)
def test_radar_probabilities_that_fit_no_radar_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(LayoutError, match="0 < Pfa < Pd < 1"):
        radar.detection_probability(1_000.0, reference_range_m=1_000.0, **values)


@pytest.mark.parametrize(("x", "expected"), [(0.5, 0.108), (1.0, 0.5), (1.5, 0.821), (2.0, 0.945)])
def test_johnson_oracles(x: float, expected: float) -> None:
    assert float(camera.detection_probability(1.5 * x, n50=1.5)) == pytest.approx(expected, abs=5e-4)


def test_johnson_ends() -> None:
    assert camera.detection_probability([0.0, math.inf, 1e6], n50=1.5).tolist() == [0.0, 1.0, 1.0]
    assert np.isnan(camera.detection_probability(math.nan, n50=1.5))


@pytest.mark.parametrize(
    ("size_m", "pixels", "expected_m"),
    [(0.75, 1.5, 2206), (0.75, 6, 551), (0.75, 12, 276), (2.3, 1.5, 6765), (2.3, 6, 1691), (2.3, 12, 846)],
)
def test_range_for_pixels_oracles(size_m: float, pixels: float, expected_m: float) -> None:
    """17 µm pitch and 75 mm lens."""
    assert float(camera.range_for_pixels(size_m, pixels, pitch_m=17e-6, focal_length_m=0.075)) == pytest.approx(
        expected_m, abs=0.5
    )


def test_the_640_pixel_thermal_camera_of_the_equipment_table() -> None:
    """12 µm pitch, 35 mm lens: person detected at 1458 m, recognised at 365 m; vehicle detected at 4472 m."""
    optics = {"pitch_m": 12e-6, "focal_length_m": 0.035}
    ranges = camera.range_for_pixels([0.75, 0.75, 2.3], [1.5, 6.0, 1.5], **optics)
    assert ranges == pytest.approx([1458, 365, 4472], abs=0.6)


@pytest.mark.parametrize("bad", [{"target_m": 0.0}, {"pixels": -1.0}, {"pitch_m": 0.0}])
def test_range_for_pixels_refuses_what_is_not_positive(bad: dict[str, float]) -> None:
    values = {"target_m": 0.75, "pixels": 1.5, "pitch_m": 17e-6, "focal_length_m": 0.075} | bad
    with pytest.raises(LayoutError, match="not positive"):
        camera.range_for_pixels(**values)


def test_ground_sensor_rate_oracle() -> None:
    """r = 30 m, p = .9 → .04886 per metre."""
    assert ground_sensor.rate_per_metre(0.9, 30.0) == pytest.approx(0.04886, abs=5e-6)


@given(st.floats(0.0, 0.999), st.floats(1.0, 200.0))
def test_a_pass_along_the_mean_chord_has_the_probability_it_was_rated_for(p: float, radius_m: float) -> None:
    rate = ground_sensor.rate_per_metre(p, radius_m)
    assert 1.0 - math.exp(-rate * math.pi * radius_m / 2.0) == pytest.approx(p, abs=1e-9)


def test_the_elfes_ring_is_sure_inside_and_fades_outside() -> None:
    p = ground_sensor.elfes_probability([0.0, 10.0, 11.0, 14.0], sure_radius_m=10.0, elfes_lambda=0.5, elfes_beta=2.0)
    assert p == pytest.approx([1.0, 1.0, math.exp(-0.5), math.exp(-8.0)])
