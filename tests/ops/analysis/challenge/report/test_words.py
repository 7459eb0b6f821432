"""Probabilities of a challenge: none is written as certain, impossible or as meeting a requirement that it does not."""

from __future__ import annotations

import pytest

from ops.analysis.challenge.report.words import number, span
from ops.runtime.output import say


@pytest.mark.parametrize(
    ("value", "required", "written"),
    [
        (0.897, 0.9, "0.897"), (0.8999, 0.9, "0.8999"), (0.9, 0.9, "0.90"), (0.897, 1.0, "0.90"), (0.854, 0.9, "0.85"),
        (0.9962, 1.0, "0.996"), (0.0031, 1.0, "0.003"), (1.0, 1.0, "1.00"), (0.0, 1.0, "0.00"),
        (0.99997, 0.9, "0.99997"), (float("nan"), 0.9, "unknown"),
    ],
)  # fmt: skip
def test_a_probability_is_not_rounded_to_a_limit(value: float, required: float, written: str) -> None:
    assert number(value, required) == written


def test_a_range_and_the_answers_neither() -> None:
    assert span(0.002, 0.9962) == "0.002–0.996"
    for answer in ("detection", "interruption"):
        assert ">99%" in say(f"challenge-answer-{answer}", place="km 1", value=0.9962)
        assert "<1%" in say(f"challenge-answer-{answer}", place="km 1", value=0.0031)
