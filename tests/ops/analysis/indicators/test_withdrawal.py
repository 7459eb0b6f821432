"""A wrong value is withdrawn by a new row: unknown from that day on, still known as of earlier days, never deleted."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.analysis.indicators.history import as_known, read_history
from ops.analysis.indicators.records import DisjointPeriods, read_indicators
from ops.analysis.indicators.tables import IndicatorError
from tests.ops.analysis.indicators.test_history import ROW, do_import, known

GONE = {"value": None, "withdrawn": "yes", "reason": "another district"}
DAYS = st.dates(date(2024, 1, 1), date(2024, 3, 1))


def test_a_withdrawn_value_is_unknown_from_its_day_and_the_history_keeps_it(tmp_path: Path) -> None:
    do_import(tmp_path, {}, {"date": "2025-12-31"}, on="2026-01-15")
    before = (tmp_path / "h.jsonl").read_bytes()
    made = do_import(tmp_path, GONE, on="2026-02-01")
    assert (made["new"], made["corrected"], made["withdrawn"]) == (0, 0, 1)
    (change,) = made["changes"]
    assert (change["change"], change["value_before"], change["value"]) == ("withdrawn", 9, None)
    assert change["reason"] == "another district"
    assert (tmp_path / "h.jsonl").read_bytes().startswith(before)
    both = {("cases", "2025-06-30"): 9.0, ("cases", "2025-12-31"): 9.0}
    assert known(tmp_path, "2026-01-31") == both
    assert known(tmp_path, "2026-02-01") == {("cases", "2025-12-31"): 9.0}


def test_a_withdrawn_value_can_be_stated_again(tmp_path: Path) -> None:
    do_import(tmp_path, {}, on="2026-01-15")
    do_import(tmp_path, GONE, on="2026-02-01")
    made = do_import(tmp_path, {"value": 8}, on="2026-03-01")
    assert made["new"] == 1
    assert known(tmp_path, "2026-03-01") == {("cases", "2025-06-30"): 8.0}
    (one,) = as_known(read_history(tmp_path / "h.jsonl"), date.max)
    assert len(one.sha256) == 64


def test_a_table_with_a_withdrawal_can_be_imported_again(tmp_path: Path) -> None:
    do_import(tmp_path, {}, {"date": "2025-12-31"}, on="2026-01-15")
    do_import(tmp_path, GONE, {"date": "2025-12-31", "value": 7}, on="2026-02-01")
    before = (tmp_path / "h.jsonl").read_bytes()
    made = do_import(tmp_path, GONE, {"date": "2025-12-31", "value": 7}, on="2026-03-01")
    assert (made["new"], made["corrected"], made["withdrawn"], made["unchanged"]) == (0, 0, 0, 2)
    assert (tmp_path / "h.jsonl").read_bytes() == before
    grown = do_import(tmp_path, GONE, {"date": "2025-12-31", "value": 7}, {"date": "2025-11-30"}, on="2026-03-01")
    assert (grown["new"], grown["withdrawn"], grown["unchanged"]) == (1, 0, 2)
    with pytest.raises(IndicatorError, match="1 row refused"):
        do_import(tmp_path, GONE | {"reason": "another reason"}, on="2026-03-02")
    with pytest.raises(IndicatorError, match="1 row refused"):
        do_import(tmp_path, GONE, {"value": 8}, on="2026-03-02")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([GONE | {"date": "2025-07-01"}], "withdraws a value that the history does not have"),
        ([GONE | {"source": "t"}], "withdraws a value that the history does not have"),
        ([GONE, {"value": 8}], "withdraws a value that the history does not have"),
        ([GONE | {"reason": ""}], "withdrawn 'yes'"),
        ([GONE | {"value": 9}], "withdrawn 'yes'"),
        ([{"reason": "why"}], "withdrawn None"),
    ],
)
def test_a_withdrawal_that_takes_nothing_back_is_refused(
    rows: list[dict[str, Any]], reason: str, tmp_path: Path
) -> None:
    do_import(tmp_path, {}, on="2026-01-15")
    before = (tmp_path / "h.jsonl").read_bytes()
    with pytest.raises(IndicatorError, match="1 row refused, so nothing was imported"):
        do_import(tmp_path, *rows, on="2026-02-01")
    assert (tmp_path / "h.jsonl").read_bytes() == before


def test_a_table_without_a_history_withdraws_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps([ROW, ROW | GONE]))
    with pytest.raises(IndicatorError, match=r"row 2: withdraws a value; expected a history"):
        read_indicators(tmp_path / "t.json", until=date(2026, 1, 15))


def overlaps(one: tuple[date, date], other: tuple[date, date]) -> bool:
    return one != other and one[0] <= other[1] and other[0] <= one[1]


@settings(deadline=None)
@given(st.lists(st.tuples(DAYS, st.integers(0, 9)), max_size=30))
def test_periods_are_judged_as_by_comparison_of_all_pairs(drawn: list[tuple[date, int]]) -> None:
    kept, periods = list[tuple[date, date]](), DisjointPeriods()
    for start, length in drawn:
        one = (start, start + timedelta(days=length))
        found = periods.overlapping(*one)
        assert (found is not None) == any(overlaps(one, other) for other in kept)
        assert found is None or (found in kept and overlaps(one, found))
        if found is None:
            periods.add(*one)
            kept.append(one)
    assert not any(overlaps(*pair) for pair in combinations(kept, 2))
