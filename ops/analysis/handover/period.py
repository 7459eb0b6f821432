"""Shifts and other periods of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from geo.errors import BadInput
from sensors.timestamps import nanoseconds

LONGEST: Final = timedelta(days=31, hours=2)
"""Longest period of a report: 31 local days, also where clocks are put back meanwhile."""


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """From ``start`` until before ``end``, aware UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if not self.start < self.end:
            what = "The period is empty or ends before it begins"
            raise BadInput(what, where="from, until", expected="a start before the end")
        if self.end - self.start > LONGEST:
            raise BadInput("The period is too long", where="from, until", expected=f"at most {LONGEST.days} days")

    @property
    def start_ns(self) -> int:
        """Start, UTC nanoseconds since 1970."""
        return nanoseconds(self.start)

    @property
    def end_ns(self) -> int:
        """End, UTC nanoseconds since 1970."""
        return nanoseconds(self.end)


def shift_at(moment: datetime, starts: Sequence[time], zone: ZoneInfo) -> ReportPeriod:
    """Return the shift that contains a moment.

    Parameters
    ----------
    moment : datetime
        Aware.
    starts : sequence of time
        Local times of day at which shifts begin, in any order, at least one.
    zone : ZoneInfo
        Local time zone. A start that a change of the clocks skips counts at the offset before the change.

    Returns
    -------
    ReportPeriod
        From one start to the next.
    """
    day = moment.astimezone(zone).date()
    days = (day + timedelta(days=offset) for offset in (-2, -1, 0, 1, 2))
    begins = sorted({datetime.combine(one, start, zone).astimezone(UTC) for one in days for start in starts})
    start = max(begin for begin in begins if begin <= moment)
    return ReportPeriod(start, min(begin for begin in begins if begin > start))


def shift_before(shift: ReportPeriod, starts: Sequence[time], zone: ZoneInfo) -> ReportPeriod:
    """Return the shift that ends where this one begins."""
    return shift_at(shift.start - timedelta(microseconds=1), starts, zone)


def moment_of(at: datetime | str) -> datetime:
    """Return a time of a record in UTC."""
    return (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(UTC)
