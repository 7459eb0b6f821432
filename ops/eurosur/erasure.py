"""Erasure of reports after their retention: each event as a whole, by the day of its newest report."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date
from pathlib import Path

from ops.eurosur.store import FILE, ReportStore, StoredReport


def days_of_reports(data: Path) -> list[date]:
    """Return the days (UTC) to which the reports of a data folder count, sorted: those of the newest of each event."""
    return sorted({_day(chain) for chain in _chains(data)})


def days_of_open_events(data: Path) -> set[date]:
    """Return the days to which reports of events count that are not closed."""
    return {_day(chain) for chain in _chains(data) if _is_open(chain)}


def count_reports(data: Path, days: Collection[date]) -> int:
    """Return the number of reports that count to some days."""
    return sum(len(chain) for chain in _chains(data) if _day(chain) in days)


def erase_reports(data: Path, days: Collection[date]) -> int:
    """Erase and overwrite the reports that count to some days, unless their event is open; return their number.

    Their names stay taken, as hashes.
    """
    chains = [chain for chain in _chains(data) if _day(chain) in days and not _is_open(chain)]
    if not chains:
        return 0
    store = ReportStore(data)
    try:
        return store.erase([one.report.id for chain in chains for one in chain])
    finally:
        store.close()


def _chains(data: Path) -> list[list[StoredReport]]:
    """The reports by event, each in the order of its reports; none where there is no file."""
    if not (data / FILE).exists():
        return []
    store = ReportStore(data)
    try:
        return store.chains()
    finally:
        store.close()


def _day(chain: list[StoredReport]) -> date:
    return max(one.report.known_at.astimezone(UTC).date() for one in chain)


def _is_open(chain: list[StoredReport]) -> bool:
    """Whether an event is not closed. Reports of other subjects are not closed by anyone, and are never open."""
    return chain[-1].report.is_event and chain[-1].report.status == "open"
