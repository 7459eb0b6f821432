"""Erases entries of the audit log whose retention has ended; hashes and signed heads stay, so it still verifies."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ops.audit.entry import AuditEntry, EntryLine, read_line
from ops.audit.log import AuditLog
from ops.audit.stores.place import reading
from ops.audit.stores.protocol import LogDay


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
    """Record the erasure and remove the entries of due days; return their number."""
    count = 0
    for day, (first, last) in erasable(log.folder, is_due).items():
        subject = f"audit entries {first}-{last}"
        log.add(AuditEntry(time.time_ns(), "watchline", "system", "erasure", "retention", purpose, subject))
        with reading(log.folder) as place:
            place.erase(day)
        count += last - first + 1
    return count


def _erasable_lines(day: LogDay) -> list[bytes]:
    """Return the entries that a head of the same day covers."""
    lines = [line.removesuffix(b"\n") for line in day.lines()]
    heads = [number for number, line in enumerate(lines) if line.startswith(b'{"head":')]
    covered = lines[: heads[-1]] if heads else []
    return [line for line in covered if not line.startswith(b'{"head":')]
