"""Erases entries of the audit log whose retention has ended; hashes and signed heads stay, so it still verifies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ops.audit.entry import AuditEntry, EntryLine, read_line
from ops.audit.files import day_files, day_of, lock_log
from ops.audit.log import AuditLog
from ops.runtime.output import atomic_write


def erasable(folder: Path, is_due: Callable[[date], bool]) -> dict[Path, tuple[int, int]]:
    """Return the files, except the newest, with entries of a due day, and the first and last number of these."""
    found = {}
    for path in day_files(folder)[:-1]:
        if is_due(date.fromisoformat(day_of(path))):
            numbers = [line.n for line in map(read_line, _erasable_lines(path)) if isinstance(line, EntryLine)]
            if numbers:
                found[path] = numbers[0], numbers[-1]
    return found


def erase_entries(log: AuditLog, is_due: Callable[[date], bool], purpose: str) -> int:
    """Record the erasure and remove the entries of due days; return their number."""
    count = 0
    for path, (first, last) in erasable(log.folder, is_due).items():
        subject = f"audit entries {first}-{last}"
        log.add(AuditEntry(time.time_ns(), "watchline", "system", "erasure", "retention", purpose, subject))
        gone = set(_erasable_lines(path))
        lock = lock_log(log.folder)
        try:
            kept = [line for line in path.read_bytes().splitlines(keepends=True) if line.rstrip(b"\n") not in gone]
            with atomic_write(path, private=True) as partial, partial.open("wb") as file:
                file.writelines(kept)
                file.flush()
                os.fsync(file.fileno())
        finally:
            os.close(lock)
        count += last - first + 1
    return count


def _erasable_lines(path: Path) -> list[bytes]:
    """Return the entries that a head in the same file covers."""
    lines = path.read_bytes().splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith(b'{"head":')]
    covered = lines[: heads[-1]] if heads else []
    return [line for line in covered if not line.startswith(b'{"head":')]
