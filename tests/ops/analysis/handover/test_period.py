"""Shifts: they divide time without gap or overlap, in local time, also where the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.analysis.handover.period import LONGEST, ReportPeriod, shift_at, shift_before
from ops.sector.setting_tables.reports import ReportSettings

PARIS = ZoneInfo("Europe/Paris")
STARTS = ReportSettings().times


def test_the_shift_of_an_evening_in_local_time() -> None:
    shift = shift_at(datetime(2026, 11, 27, 22, 30, tzinfo=UTC), STARTS, PARIS)  # 23:30 CET
    assert shift.start == datetime(2026, 11, 27, 21, tzinfo=UTC)
    assert shift.end == datetime(2026, 11, 28, 5, tzinfo=UTC)
    assert shift_before(shift, STARTS, PARIS) == ReportPeriod(datetime(2026, 11, 27, 13, tzinfo=UTC), shift.start)


def test_the_night_of_the_change_to_winter_time_has_nine_hours() -> None:
    shift = shift_at(datetime(2026, 10, 25, 2, tzinfo=UTC), STARTS, PARIS)
    assert shift.end - shift.start == timedelta(hours=9)


moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - of the strategy
start_times = st.sets(st.times(), min_size=1, max_size=5).map(sorted)


@given(moments, start_times, st.sampled_from(["UTC", "Europe/Paris", "America/Chicago", "Australia/Lord_Howe"]))
def test_shifts_divide_time(moment: datetime, starts: list[time], zone: str) -> None:
    local = ZoneInfo(zone)
    shift = shift_at(moment, starts, local)
    assert shift.start <= moment < shift.end
    assert shift_at(shift.end, starts, local).start == shift.end
    assert shift_before(shift, starts, local).end == shift.start
    assert shift_at(shift.start, starts, local) == shift


@pytest.mark.parametrize("hours", [0, -1, LONGEST.total_seconds() / 3600 + 1])
def test_a_period_must_have_a_length_and_a_limit(hours: float) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(BadInput, match="period"):
        ReportPeriod(start, start + timedelta(hours=hours))


@pytest.mark.parametrize("month", range(1, 13))
def test_each_calendar_month_can_be_reported(month: int) -> None:
    """October has 31 days and 1 hour where clocks are put back in it."""
    start = datetime(2025, month, 1, tzinfo=ZoneInfo("Europe/Warsaw"))
    period = ReportPeriod(start.astimezone(UTC), (start + timedelta(days=32)).replace(day=1).astimezone(UTC))
    assert period.start < period.end


@pytest.mark.parametrize("starts", [(), ("06:00", "06:00"), ("14:00", "06:00"), ("25:00",), ("06:00:30",), ("x",)])
def test_shift_starts_are_times_of_day_in_rising_order(starts: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="shift_starts"):
        ReportSettings(shift_starts=starts)


def test_a_marking_is_printable_and_short() -> None:
    assert ReportSettings(marking="DIFFUSION RESTREINTE").marking
    for marking in ("x" * 101, "A\nB", "\u202eTERCES"):
        with pytest.raises(BadInput, match="marking"):
            ReportSettings(marking=marking)
