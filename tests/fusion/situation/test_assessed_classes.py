"""What a person saw on a picture is evidence on the class: Bayes' rule with an error rate, in any order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.situation.assessed_classes import SHARED_ERROR, WRONG, SeenOnPicture, evidence_of, likelihood, weighed
from sensors.scan import CLASSES

ANIMAL, PERSON, GROUP = (CLASSES.index(name) for name in ("animal", "person", "group"))
statements = st.lists(
    st.builds(
        SeenOnPicture,
        st.sampled_from(["cam-1", "cam-2", "cam-3"]),
        st.sampled_from(["person", "vehicle", "animal", "nothing", "unclear"]),
    ),
    max_size=12,
)
labels = st.lists(st.floats(1e-6, 1.0), min_size=5, max_size=5).map(lambda row: np.array([row]) / sum(row))


def test_the_statements_of_each_class_are_all_that_can_be_said_of_it() -> None:
    """P(person) + P(vehicle) + P(animal) = 1 for every class, by the definition of a likelihood."""
    total = likelihood("person") + likelihood("vehicle") + likelihood("animal")
    np.testing.assert_allclose(total, np.ones(5), rtol=1e-15)


def test_bayes_rule_worked_by_hand() -> None:
    """(0.95 p + 0.01) times 0.025, 0.025, 0.025, 0.95, 1/3 for p = 0.4, 0.1, 0.1, 0.3, 0.1, scaled to sum 1."""
    given = np.array([[0.4, 0.1, 0.1, 0.3, 0.1]])
    parts = np.array([0.39 * 0.025, 0.105 * 0.025, 0.105 * 0.025, 0.295 * 0.95, 0.105 / 3.0])
    found = weighed(given, ["T1"], {"T1": [SeenOnPicture("cam-1", "animal")]})
    assert (WRONG, SHARED_ERROR) == (0.05, 0.05)
    np.testing.assert_allclose(found[0], parts / parts.sum(), rtol=1e-12)
    assert found[0, ANIMAL] == pytest.approx(0.8486, abs=1e-4)


def test_a_person_on_the_picture_may_be_one_of_a_group() -> None:
    given = np.array([[0.3, 0.3, 0.1, 0.2, 0.1]])
    found = weighed(given, ["T1"], {"T1": [SeenOnPicture("cam-1", "person")]})[0]
    assert found[PERSON] == found[GROUP] > 0.4


def test_nothing_and_unclear_and_other_tracks_leave_the_classes_as_they_are() -> None:
    given = np.full((1, 5), 0.2)
    for shown in ("nothing", "unclear"):
        assert weighed(given, ["T1"], {"T1": [SeenOnPicture("cam-1", shown)]}) is given
    assert weighed(given, ["T1"], {"T2": [SeenOnPicture("cam-1", "animal")]}) is given
    both = weighed(np.vstack([given, given]), ["T1", "T2"], {"T2": [SeenOnPicture("cam-1", "animal")]})
    assert (both[0] == given[0]).all()
    assert both[1, ANIMAL] > 0.6


def test_many_pictures_of_one_camera_count_as_one_and_a_second_camera_counts_in_full() -> None:
    one = evidence_of([SeenOnPicture("cam-1", "animal")])
    np.testing.assert_allclose(evidence_of([SeenOnPicture("cam-1", "animal")] * 9), one, rtol=1e-12)
    both = evidence_of([SeenOnPicture("cam-1", "animal"), SeenOnPicture("cam-2", "animal")])
    np.testing.assert_allclose(both, one**2, rtol=1e-12)


def test_two_statements_of_one_camera_that_contradict_each_other_say_nothing_of_the_two() -> None:
    found = evidence_of([SeenOnPicture("cam-1", "animal"), SeenOnPicture("cam-1", "person")])
    assert found[ANIMAL] == pytest.approx(found[PERSON])


@given(statements, labels, st.randoms())
def test_the_order_does_not_matter_to_the_bit_and_nothing_is_ever_certain(seen, given_labels, chance) -> None:
    mixed = list(seen)
    chance.shuffle(mixed)
    found = weighed(given_labels, ["T1"], {"T1": seen})
    assert (found == weighed(given_labels, ["T1"], {"T1": mixed})).all()
    assert found.sum() == pytest.approx(1.0)
    assert (found > 0.0).all()
