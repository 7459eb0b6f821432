"""The trend of risk: days of past months, changes by hand, and the exact share of each factor in a change."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.arrays import Floats
from geo.errors import BadInput
from ops.analysis.risk.factors import factors_of
from ops.analysis.risk.trend import MOST_MONTHS, RiskTrend, comparable, months_before, trend_of
from tests.ops.analysis.risk.test_assess import incident, record, segments

DAYS = (date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 15))


def trend(*tables: list[list[float]], weights: tuple[float, ...] = (1.0, 1.0, 1.0)) -> RiskTrend:
    by_day = dict(zip(DAYS[-len(tables) :], (np.array(table) for table in tables), strict=True))
    return trend_of(tuple(by_day), lambda day: by_day[day], weights)


def test_days_are_the_ends_of_the_months_before() -> None:
    assert months_before(date(2026, 3, 31), 2) == (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31))
    assert months_before(date(2024, 3, 1), 1) == (date(2024, 2, 29), date(2024, 3, 1))


@pytest.mark.parametrize("months", [0, -1, MOST_MONTHS + 1])
def test_other_numbers_of_months_are_refused(months: int) -> None:
    with pytest.raises(BadInput, match=r"--trend: .* expected 1 to 60 months"):
        months_before(date(2026, 1, 15), months)


def test_months_before_the_calendar_are_refused() -> None:
    with pytest.raises(BadInput, match="--trend"):
        months_before(date(1, 2, 3), 5)


def test_changes_by_hand() -> None:
    """(0.1 · 0.5 · 0.2)^(1/3) = 0.2154, (0.8 · 0.5 · 0.2)^(1/3) = 0.4309: eight times the threat."""
    found = trend(
        [[0.1, 0.5, 0.2], [0.5, 0.5, 0.5], [math.nan, 0.55, 0.55]],
        [[0.8, 0.5, 0.2], [0.5, 0.5, 0.5], [0.55, 0.55, 0.55]],
    )
    assert found.change[0] == pytest.approx(0.8 ** (1 / 3) * 0.1 ** (1 / 3) * (1 - 0.5), rel=1e-6)
    assert found.change[1] == 0.0
    assert math.isnan(found.change[2]), "it was known on one day only"
    assert [found.reason(segment) for segment in range(3)] == ["threat", None, None]
    assert found.sparkline(2) == " ▅"


def test_a_fall_of_impact_outweighs_a_smaller_rise_of_threat() -> None:
    found = trend([[0.5, 0.5, 0.8]], [[0.6, 0.5, 0.2]])
    assert found.change[0] < 0.0
    assert found.reason(0) == "impact"


def test_the_reason_of_a_rise_is_a_factor_that_rose() -> None:
    """Three times the threat and vulnerability, and a sixth of the impact: 1.5 times the product."""
    found = trend([[0.2, 0.3, 0.9], [0.2, 0.3, 0.9]], [[0.6, 0.9, 0.15], [0.4, 0.3, 0.45]])
    assert found.change[0] > 0.0
    assert found.reason(0) in ("threat", "vulnerability")
    assert found.change[1] == pytest.approx(0.0, abs=1e-12)
    assert found.reason(1) is None, "a rise and a fall that cancel"


def test_a_factor_without_weight_may_be_unknown_and_is_no_reason() -> None:
    found = trend([[0.5, 0.5, math.nan]], [[0.5, 0.6, math.nan]], weights=(1.0, 1.0, 0.0))
    assert found.reason(0) == "vulnerability"


def test_a_part_of_the_threat_that_was_left_out_then_moves_no_segment() -> None:
    """In February no segment has a crossing, so that incidents order nothing; in March segment 3 has one."""
    challenge = segments([0.1, 0.3, 0.6, 0.9], [0.5] * 4)
    february, march, april = (
        factors_of(challenge, [None] * 4, [record("crossing_impact", f"segment {n}", 0.5) for n in range(4)], seen)
        for seen in ([incident(None, kind="equipment")], [incident(3)], [incident(3), incident(2)])
    )
    assert np.isnan(comparable(february, march)[:, 0]).all()
    assert comparable(february, march)[:, 1:].tolist() == february.table[:, 1:].tolist()
    assert comparable(march, april).tolist() == march.table.tolist()
    assert comparable(february, february).tolist() == february.table.tolist()


def test_a_part_that_was_unknown_in_a_segment_then_leaves_this_segment_out() -> None:
    challenge = segments([0.1, 0.3, 0.6, 0.9], [0.5] * 4)
    cases = [record("smuggling_cases", f"segment {n}", float(n)) for n in range(4)]
    then, now = (factors_of(challenge, [None] * 4, known, None) for known in (cases[1:], cases))
    assert np.isnan(comparable(then, now)[:, 0]).tolist() == [True, False, False, False]


TABLES = st.lists(
    st.lists(st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3), min_size=2, max_size=2), min_size=2, max_size=3
)


@given(TABLES, st.tuples(*[st.floats(0.1, 9.0)] * 3))
def test_the_factors_explain_the_whole_change(tables: list[list[list[float]]], weights: tuple[float, ...]) -> None:
    found = trend(*tables, weights=weights)
    logs: Floats = np.log(found.risk)
    assert found.contribution.sum(axis=1) == pytest.approx(logs[-1] - logs[0], abs=1e-9)
    assert found.change == pytest.approx(found.risk[-1] - found.risk[0])
    assert all(len(found.sparkline(segment)) == len(tables) for segment in range(2))


def test_the_json_has_null_for_what_is_unknown() -> None:
    found = trend([[math.nan, 0.5, 0.5]], [[0.5, 0.5, 0.5]]).as_dict()
    assert found["days"] == ["2025-12-31", "2026-01-15"]
    assert found["segments"] == [{"segment": 0, "risk": [None, pytest.approx(0.5)], "change": None, "reason": None}]
