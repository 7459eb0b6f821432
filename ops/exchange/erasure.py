"""Erasure of packages from partners and for them: after the retention of this installation, and at the agreed end."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from ops.exchange.received import FILE, ReceivedPackage, ReceivedStore
from ops.exchange.sent import FILE as SENT
from ops.exchange.sent import FOLDER, SentPackage, SentStore
from sensors.timestamps import nanoseconds, utc_datetime


def days_of_packages(data: Path) -> list[date]:
    """Return the days (UTC) on which packages arrived whose records are still here, or were made that are still in the
    outbox, sorted."""
    return sorted({_day(one.received_ns) for one in _held(data)} | {_day(one.made_ns) for one in _in_outbox(data)})


def count_packages(data: Path, days: Collection[date]) -> int:
    """Return the number of records of packages that arrived, or were made, on some days."""
    received = sum(one.records for one in _held(data) if _day(one.received_ns) in days)
    return received + sum(one.records for one in _in_outbox(data) if _day(one.made_ns) in days)


def erase_packages(data: Path, days: Collection[date]) -> int:
    """Erase and overwrite the records of packages that arrived on some days, and delete the files of those that were
    made then; return the number of records."""
    erased = 0
    if own := [one for one in _in_outbox(data) if _day(one.made_ns) in days]:
        with _sent(data) as sent:
            sent.delete_files(own)
        erased += sum(one.records for one in own)
    due = [(one.origin, one.number) for one in _held(data) if _day(one.received_ns) in days]
    if due:
        store = ReceivedStore(data)
        try:
            erased += store.erase_before_end(due)
        finally:
            store.close()
    return erased


def forget_expired(data: Path, today: date) -> int:
    """Erase what was to be erased before a day by agreement, also own packages in the outbox; return the number of
    records."""
    before_ns = nanoseconds(datetime(today.year, today.month, today.day, tzinfo=UTC))
    if (data / FOLDER / SENT).exists():
        with _sent(data) as sent:
            sent.forget_expired(before_ns)
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


def _in_outbox(data: Path) -> list[SentPackage]:
    if not (data / FOLDER / SENT).exists():
        return []
    with _sent(data) as sent:
        return sent.products_in_outbox()


@contextmanager
def _sent(data: Path) -> Iterator[SentStore]:
    sent = SentStore(data)
    try:
        yield sent
    finally:
        sent.close()


def _day(at_ns: int) -> date:
    return utc_datetime(at_ns).date()
