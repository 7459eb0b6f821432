"""Times of wire standards that report the time of day only: their date, and the spread of times within a look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from ingest.errors import MalformedMessage

SPREAD_S: Final = 1.0
"""Largest difference [s] between the times of one payload; more is not one look."""


def nearest_to_receipt(time_of_day: timedelta, received_at: datetime, day_shifts: Iterable[int]) -> datetime:
    """The time nearest to the receipt with this time of day, on the day of receipt or a day shifted from it."""
    midnight = received_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight + timedelta(days=shift) + time_of_day for shift in day_shifts)
    return min(days, key=lambda at: abs(at - received_at))


def newest_of_one_look(times: Sequence[datetime], field: str, unit: str) -> datetime:
    """The newest of the times; MalformedMessage naming ``field`` when they are more than SPREAD_S apart."""
    spread_s = (max(times) - min(times)).total_seconds()
    if spread_s > SPREAD_S:
        raise MalformedMessage("out_of_range", field, f"{spread_s:.1f} s apart", f"{unit} within {SPREAD_S} s")
    return max(times)
