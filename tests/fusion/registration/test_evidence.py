"""The information about biases is a matrix, of which only blocks of sensors with common tracks are held."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.models.bias import KEPT, PLOT_FIELDS, as_matrix, of_matrix
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import tracker_model
from fusion.registration.evidence import compare
from geo.arrays import Floats, Ints
from geo.frame import LocalFrame
from sensors.layout import Layout, place

FRAME = LocalFrame.around(10.0, 45.0)
PLACES = ((-800.0, 0.0), (800.0, 0.0), (0.0, 900.0))
RADARS = tuple(
    place(
        FRAME, east, north, id=f"R{i}", kind="radar", max_range_m=3000.0, period_s=1.0, range_sd_m=4.0,
        azimuth_sd_deg=0.4, mast_height_m=0.0,
    )
    for i, (east, north) in enumerate(PLACES)
)  # fmt: skip
MODEL = tracker_model(Layout("three", FRAME, RADARS), TrackerSettings(), None)


def learnt(numbers: list[int], sensors: int, looks: list[int]) -> tuple[Floats, Floats, Ints]:
    """(matrix, vector, pairs) after one radar after another, ``looks``, measured one target exactly; the three radars
    are those of ``numbers`` among so many ``sensors``."""
    information = of_matrix(np.eye(2 * sensors))
    vector, pairs, misfit = np.zeros(2 * sensors), np.zeros(sensors, np.int64), np.zeros((sensors, 2, 2))
    track, plots = np.zeros(0, np.int64), np.zeros((0, KEPT, PLOT_FIELDS))
    for second, radar in enumerate(looks):
        view = MODEL.sensors[f"R{radar}"].view
        d_e, d_n = 100.0 + 1.5 * second - view.east, 400.0 + 3.0 * (second % 2) - view.north
        measured = np.array([[np.arctan2(d_e, d_n)], [0.007], [np.hypot(d_e, d_n)], [4.0]])
        information, track, plots = compare(
            track, plots, np.array([77]), np.zeros(1, np.int32), measured, float(second), numbers[radar], view,
            MODEL.earth, information, vector, pairs, misfit,
        )  # fmt: skip
        assert (np.diff(information.pair) > 0).all()
    return as_matrix(information, sensors), vector, pairs


@given(
    st.lists(st.integers(0, 2), min_size=2, max_size=12),
    st.lists(st.integers(0, 20), min_size=3, max_size=3, unique=True),
)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_sensors_that_see_nothing_change_nothing(looks: list[int], numbers: list[int]) -> None:
    few, vector, pairs = learnt([0, 1, 2], 3, looks)
    many, long, counts = learnt(numbers, 21, looks)
    at = [2 * number + k for number in numbers for k in (0, 1)]
    np.testing.assert_array_equal(many[np.ix_(at, at)], few)
    np.testing.assert_array_equal(long[at], vector)
    np.testing.assert_array_equal(counts[numbers], pairs)
    others = np.setdiff1d(np.arange(42), at)
    np.testing.assert_array_equal(many[others], np.eye(42)[others])
    np.testing.assert_allclose(few, few.T, rtol=1e-9, atol=1e-12)


def test_two_radars_in_turn_are_compared() -> None:
    _, _, pairs = learnt([0, 1, 2], 3, [0, 1, 0, 1])
    assert pairs.tolist() == [2, 2, 0]  # the second and the third look of each frame one of the other


@given(st.lists(st.floats(-9.0, 9.0), min_size=36, max_size=36))
@settings(deadline=None)
def test_blocks_hold_the_whole_matrix(values: list[float]) -> None:
    root = np.where(np.abs(np.array(values)) < 4.0, 0.0, np.array(values)).reshape(6, 6)
    matrix = root + root.T
    np.testing.assert_array_equal(as_matrix(of_matrix(matrix), 3), matrix)
    assert of_matrix(np.zeros((6, 6))).pair.tolist() == [0, 4, 8]  # room for each sensor with itself
