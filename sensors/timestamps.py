"""Conversion between aware UTC datetimes and integer nanoseconds since 1970-01-01 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from geo.errors import SchemaError

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 3_600 * SECOND_NS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def nanoseconds(time: datetime) -> int:
    """UTC nanoseconds since 1970 of an aware datetime, exact. Raises SchemaError for a datetime without a time zone."""
    if time.tzinfo is None:
        raise SchemaError(f"{time} has no time zone", where="time", expected="an aware UTC datetime")
    return (time - _EPOCH) // _MICROSECOND * 1_000


def utc_datetime(time_ns: int) -> datetime:
    """Aware UTC datetime of nanoseconds since 1970, rounded down to whole microseconds."""
    return _EPOCH + timedelta(microseconds=time_ns // 1_000)
