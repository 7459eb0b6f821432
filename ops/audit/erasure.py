"""Erases entries of the audit log whose retention has ended; hashes and signed heads stay, so it still verifies."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final

from ops.audit.entry import AuditEntry, EntryLine, Head, read_line
from ops.audit.log import AuditLog
from ops.audit.stores.place import reading
from ops.audit.stores.protocol import LogDay

ERASED_ENTRIES: Final = re.compile(r"audit entries ([0-9]+-[0-9]+(?:, [0-9]+-[0-9]+)*)")
"""Subject of the entry that records the erasure of older entries."""


def erasable(folder: Path, is_due: Callable[[date], bool]) -> dict[LogDay, tuple[int, int]]:
    """Return the due days, except the newest, that have entries, and the first and last number of these."""
    found: dict[LogDay, tuple[int, int]] = {}
    with reading(folder) as log:
        for day in log.days()[:-1]:
            if is_due(date.fromisoformat(day.day)):
                numbers = [line.n for line in map(read_line, _erasable_lines(day)) if isinstance(line, EntryLine)]
                if numbers:
                    found[day] = numbers[0], numbers[-1]
    return found


def erase_entries(log: AuditLog, is_due: Callable[[date], bool], purpose: str) -> int:
    """Record the erasure and remove the entries of due days; return their number.

    The record states what was erased before, too: earlier records are entries that are erased themselves.
    """
    due = erasable(log.folder, is_due)
    if not due:
        return 0
    with reading(log.folder) as place:
        days = place.days()
        ranges = [_range_of(day) for day in days[:-1] if is_due(date.fromisoformat(day.day))]
        ranges += [one for day in days for one in _recorded(day)]
        subject = "audit entries " + ", ".join(f"{first}-{last}" for first, last in _merged(ranges))
        log.add(AuditEntry(time.time_ns(), "watchline", "system", "erasure", "retention", purpose, subject))
        for day in due:
            place.erase(day)
    return sum(last - first + 1 for first, last in due.values())


def erased_until(folder: Path) -> date | None:
    """Return the newest day of which entries are erased; None for a log that is whole."""
    with reading(folder) as log:
        for day in reversed(log.days()):
            if next(iter(day.lines()), b"").startswith(b'{"head":'):
                return date.fromisoformat(day.day)
    return None


def erased_ranges(line: EntryLine) -> list[tuple[int, int]]:
    """Return the first and last numbers of entries whose erasure this entry records."""
    stated = ERASED_ENTRIES.fullmatch(line.subject) if line.operation == "erasure" else None
    pairs = [] if stated is None else [one.split("-") for one in stated[1].split(", ")]
    return [(int(first), int(last)) for first, last in pairs]


def _recorded(day: LogDay) -> Iterator[tuple[int, int]]:
    for raw in day.lines():
        line = read_line(raw.removesuffix(b"\n")) if b'"audit entries ' in raw else None
        if isinstance(line, EntryLine):
            yield from erased_ranges(line)


def _range_of(day: LogDay) -> tuple[int, int]:
    """Return the numbers of the first and last entry that the heads of a day cover, also where these are erased."""
    heads = [read_line(raw.removesuffix(b"\n")) for raw in day.lines() if raw.startswith(b'{"head":')]
    found = [head for head in heads if isinstance(head, Head)]
    return (found[0].size - len(found[0].leaves), found[-1].size - 1) if found else (0, -1)


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges in order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(one for one in ranges if one[0] <= one[1]):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def _erasable_lines(day: LogDay) -> list[bytes]:
    """Return the entries that a head of the same day covers."""
    lines = [line.removesuffix(b"\n") for line in day.lines()]
    heads = [number for number, line in enumerate(lines) if line.startswith(b'{"head":')]
    covered = lines[: heads[-1]] if heads else []
    return [line for line in covered if not line.startswith(b'{"head":')]
