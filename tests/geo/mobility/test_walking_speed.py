from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.mobility import tobler_speed


def test_published_speeds() -> None:
    """Tobler (1993): 5.037 km/h on the flat, 6 on the easiest slope; off path 0.6 of it, .845 at 20° uphill."""
    assert tobler_speed(0.0) * 3.6 == pytest.approx(5.037, abs=5e-4)
    assert tobler_speed(-0.05) * 3.6 == pytest.approx(6.0, abs=1e-12)
    assert tobler_speed(math.tan(math.radians(20.0)), off_path=True) * 3.6 == pytest.approx(0.845, abs=5e-4)


@settings(deadline=None)
@given(st.floats(-3.0, 3.0))
def test_nothing_is_faster_than_the_easiest_slope_and_nothing_stands_still(gradient: float) -> None:
    assert 0.0 < tobler_speed(gradient) <= tobler_speed(-0.05)
    assert tobler_speed(gradient, off_path=True) == pytest.approx(0.6 * tobler_speed(gradient))


@settings(deadline=None)
@given(st.floats(0.001, 3.0))
def test_up_is_slower_than_down(gradient: float) -> None:
    assert tobler_speed(gradient) < tobler_speed(-gradient)


def test_arrays_keep_their_shape_and_their_gaps() -> None:
    speeds = tobler_speed(np.array([[0.0, np.nan, 0.3]]))
    assert speeds.shape == (1, 3)
    assert np.isnan(speeds).tolist() == [[False, True, False]]
