"""Erasure of what partners sent: after the retention of this installation, and at the end that was agreed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path

from ops.exchange.received import FILE, ReceivedPackage, ReceivedStore
from ops.exchange.sent import FILE as SENT
from ops.exchange.sent import FOLDER, SentStore
from sensors.timestamps import nanoseconds, utc_datetime


def days_of_received(data: Path) -> list[date]:
    """Return the days (UTC) on which packages arrived whose records are still here, sorted."""
    return sorted({_day(one) for one in _held(data)})


def count_received(data: Path, days: Collection[date]) -> int:
    """Return the number of records of packages that arrived on some days."""
    return sum(one.records for one in _held(data) if _day(one) in days)


def erase_received(data: Path, days: Collection[date]) -> int:
    """Erase and overwrite the records of packages that arrived on some days; return their number."""
    due = [(one.origin, one.number) for one in _held(data) if _day(one) in days]
    if not due:
        return 0
    store = ReceivedStore(data)
    try:
        return store.erase_before_end(due)
    finally:
        store.close()


def forget_expired(data: Path, today: date) -> int:
    """Erase what was to be erased before a day by agreement, also own packages in the outbox; return the number of
    records."""
    before_ns = nanoseconds(datetime(today.year, today.month, today.day, tzinfo=UTC))
    if (data / FOLDER / SENT).exists():
        sent = SentStore(data)
        try:
            sent.forget_expired(before_ns)
        finally:
            sent.close()
    if not (data / FOLDER / FILE).exists():
        return 0
    received = ReceivedStore(data)
    try:
        return received.forget_expired(before_ns)
    finally:
        received.close()


def _held(data: Path) -> list[ReceivedPackage]:
    if not (data / FOLDER / FILE).exists():
        return []
    store = ReceivedStore(data)
    try:
        return [one for one in store.packages() if one.state == "in_force" and one.records]
    finally:
        store.close()


def _day(package: ReceivedPackage) -> date:
    return utc_datetime(package.received_ns).date()
