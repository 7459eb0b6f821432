"""What became of crossers, and what a recording that ends too soon unclear."""

from __future__ import annotations

import numpy as np
import pytest

from sensors.interdiction import InterdictionError, modelled_outcomes

NAN = float("nan")


@pytest.mark.parametrize(
    ("confirmed_s", "head_start_s", "to_go_s", "recorded_s", "outcome"),
    [
        (60.0, 120.0, 300.0, 900.0, "apprehended"),
        (60.0, -5.0, 300.0, 900.0, "got away"),
        (60.0, NAN, 300.0, 900.0, "got away"),
        (899.0, 120.0, 300.0, 900.0, "open"),  # confirmed a second before the end: the response has not met anybody
        (899.0, -5.0, 300.0, 900.0, "open"),
        (720.0, 120.0, 300.0, 900.0, "apprehended"),  # to the second: the response takes 300 − 120 s
        (721.0, 120.0, 300.0, 900.0, "open"),
        (600.0, -120.0, 300.0, 900.0, "got away"),  # to the second: the crosser takes 300 s, the response 420 s
        (601.0, -120.0, 300.0, 900.0, "open"),
        (850.0, NAN, NAN, 900.0, "got away"),  # confirmed beyond the belt
        (NAN, NAN, 300.0, 900.0, "open"),  # still in the belt at the end, and may yet be detected
        (NAN, NAN, NAN, 900.0, "undetected"),
        (NAN, NAN, 0.0, 900.0, "undetected"),
    ],
)
def test_by_hand(confirmed_s: float, head_start_s: float, to_go_s: float, recorded_s: float, outcome: str) -> None:
    assert modelled_outcomes([confirmed_s], [head_start_s], [to_go_s], [recorded_s]).tolist() == [outcome]


def test_a_longer_recording_decides_more_and_changes_nothing_that_was_decided() -> None:
    draw = np.random.default_rng(3)
    confirmed = np.where(draw.random(200) < 0.3, np.nan, draw.uniform(0.0, 900.0, 200))
    margin, to_go = draw.normal(0.0, 300.0, 200), draw.uniform(1.0, 900.0, 200)
    seen = np.isfinite(confirmed)
    short, long = (modelled_outcomes(confirmed, margin, to_go, np.full(200, end)) for end in (900.0, 1800.0))
    decided = short != "open"
    assert (long[decided] == short[decided]).all()
    assert (long[seen] != "open").all(), "everybody who was seen is over the edge by then"
    assert (short[seen] == "open").sum() > 0


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(InterdictionError, match="lengths differ"):
        modelled_outcomes([1.0, 2.0], [1.0], [1.0], [1.0])
