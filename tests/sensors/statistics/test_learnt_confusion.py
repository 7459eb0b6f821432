"""The matrix of a camera from assessed pictures: the layout's as a prior, a posterior mean, no class ruled out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.scan import CLASSES
from sensors.statistics.learnt_confusion import LEAST, LEAST_LOOKS, learnt_confusion, with_learnt_confusion

STATED = (
    (0.8, 0.1, 0.01, 0.08, 0.01),
    (0.15, 0.78, 0.02, 0.04, 0.01),
    (0.01, 0.02, 0.94, 0.01, 0.02),
    (0.1, 0.03, 0.01, 0.83, 0.03),
    (0.1, 0.05, 0.15, 0.2, 0.5),
)
counts = st.dictionaries(
    st.sampled_from(["person", "vehicle", "animal", "nothing"]),
    st.dictionaries(st.sampled_from([*CLASSES, ""]), st.integers(0, 10**6)),
)


def test_too_few_pictures_leave_the_matrix_of_the_layout() -> None:
    few = {"animal": {"person": LEAST_LOOKS - 1}, "nothing": {"person": 500}}
    assert learnt_confusion(STATED, few) is STATED
    assert learnt_confusion(None, few) is None


def test_the_posterior_mean_worked_by_hand() -> None:
    """Animals: prior of 20 looks 0.13 people, 0.01 vehicle, 0.83 animal, 0.03 other, and 20 looks with 15 people and
    5 animals: (2.6 + 15)/40 people, 0.2/40, (16.6 + 5)/40, 0.6/40; people split 10 to 3; 0.005 is raised to 0.01."""
    found = learnt_confusion(STATED, {"animal": {"person": 9, "group": 6, "animal": 5}})
    assert found is not None
    row = np.array([0.44 * 10 / 13, 0.44 * 3 / 13, LEAST, 0.54, 0.015])
    np.testing.assert_allclose(found[3], row / row.sum(), rtol=1e-12)
    assert found[:3] == STATED[:3]
    assert found[4] == STATED[4]


def test_people_are_learned_for_persons_and_groups_alike() -> None:
    """20 pictures of people, all reported as animals: half prior, half (0, 0, 1, 0)."""
    found = learnt_confusion(STATED, {"person": {"animal": 20}})
    assert found is not None
    assert found[0][3] == pytest.approx((0.08 + 1.0) / 2.0 / (1.0 + 0.01), rel=0.01)
    assert found[1][3] == pytest.approx((0.04 + 1.0) / 2.0, rel=0.01)
    assert found[2:] == STATED[2:]


def test_a_camera_without_a_matrix_gets_one_once_there_are_enough_pictures() -> None:
    found = learnt_confusion(None, {"vehicle": {"vehicle": 10**6}})
    assert found is not None
    assert found[2][2] == pytest.approx(1.0 / (1.0 + 4.0 * LEAST), rel=1e-3)
    assert found[0] == pytest.approx((0.7, 0.075, 0.075, 0.075, 0.075))


@given(st.sampled_from([None, STATED]), counts)
def test_every_row_sums_to_one_and_no_learned_one_rules_a_class_out(stated, seen) -> None:
    found = learnt_confusion(stated, seen)
    if found is None:
        return
    matrix = np.array(found)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, rtol=1e-9)
    assert (matrix >= LEAST / (1.0 + 5.0 * LEAST)).all()


@given(st.integers(LEAST_LOOKS, 5_000))
def test_more_pictures_bring_the_row_closer_to_what_was_seen(looks: int) -> None:
    def apart(count: int) -> float:
        found = learnt_confusion(STATED, {"animal": {"vehicle": count}})
        assert found is not None
        return 1.0 - found[3][2]

    assert apart(2 * looks) < apart(looks)


def test_a_layout_takes_over_what_was_learned_of_its_sensors_only() -> None:
    frame = LocalFrame.around(8.0, 47.0)
    sensors = tuple(
        place(frame, 0.0, 0.0, id=name, kind="camera", max_range_m=900.0, confusion=STATED) for name in ("a", "b")
    )
    layout = Layout("l", frame, sensors)
    assert with_learnt_confusion(layout, {}) is layout
    assert with_learnt_confusion(layout, {"gone": {"animal": {"person": 50}}}) is layout
    learnt = with_learnt_confusion(layout, {"b": {"animal": {"person": 50}}})
    assert learnt["a"] == layout["a"]
    assert learnt["b"].confusion != STATED
    assert learnt.ids == layout.ids
