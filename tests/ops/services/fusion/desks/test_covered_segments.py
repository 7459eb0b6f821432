"""The count of segments that meet the requirement, by hand, and its laws."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.situation.coverage_gaps import DetectionLookup
from ops.services.fusion.desks.coverage import covered_segments

TEN = -math.log(0.1)
"""Expected detections that give a probability of 0.9: 1 − exp(−TEN)."""


def lookup(hazard: list[list[list[float]]]) -> DetectionLookup:
    found = np.array(hazard)
    return DetectionLookup(tuple("abc"[: found.shape[2]]), found, np.zeros(found.shape, np.bool_))


def test_three_segments_by_hand():
    # one path; segment 0: each sensor alone suffices; 1: both together; 2: no crossing is possible
    one = lookup([[[1.1 * TEN, 1.1 * TEN], [0.6 * TEN, 0.6 * TEN], [np.nan, np.nan]]])
    nothing = {"segments": 2, "unknown": 1, "required": 0.9}
    assert covered_segments(one, (), 0.9) == nothing | {"planned": 2, "now": 2}
    assert covered_segments(one, ("a",), 0.9) == nothing | {"planned": 2, "now": 1}
    assert covered_segments(one, ("a", "b"), 0.9) == nothing | {"planned": 2, "now": 0}
    assert covered_segments(None, ("a",), 0.9) is None


def test_a_crosser_takes_the_path_that_is_detected_least():
    two = lookup([[[2 * TEN, 0.0]], [[0.0, 0.5 * TEN]]])
    found = covered_segments(two, (), 0.9)
    assert found is not None
    assert (found["segments"], found["now"]) == (1, 0)


@given(
    st.lists(st.lists(st.floats(0.0, 5.0), min_size=3, max_size=3), min_size=1, max_size=6),
    st.sets(st.sampled_from("abc")),
    st.sampled_from("abc"),
    st.floats(0.05, 0.99),
)
def test_a_lost_sensor_never_raises_the_count_and_never_changes_the_plan(hazard, gone, lost, required):
    one = lookup([hazard])
    before, after = covered_segments(one, gone, required), covered_segments(one, gone | {lost}, required)
    assert before is not None
    assert after is not None
    assert after["now"] <= before["now"] <= before["planned"] == after["planned"]
    assert before["segments"] + before["unknown"] == len(hazard)
