"""``watchline store copy --audit`` and ``verify --audit``: an audit log, copied whole or not at all, and compared.

A copy has the same lines, so that its entries, hashes and signed heads are the same. The signing key stays where it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ingest.security.key_bundle import SIGNING_KEY
from ops.audit.entry import AuditError
from ops.audit.files import day_files, has_writer, lock_log, log_folder, sync_folder
from ops.audit.stores.place import reading
from ops.audit.stores.protocol import LogReading
from ops.postgres.address import is_postgres, postgres_packages, shown_place
from ops.postgres.keeping import stated_note
from ops.postgres.note import StoreNote
from ops.runtime.output import show

_LINES: Final = 2_000
_PARTIAL: Final = ".copying"
_BEFORE: Final = ".before"
"""Suffix of a folder, with its key, that a copy is replacing; a copy that was interrupted then is taken back."""


def copy_audit(source: str, target: str, sector: str | None, screen: Console) -> dict[str, Any]:
    """Copy an audit log; return its lines by day. Raises BadInput or AuditError, and the target is then as it was."""
    with _opened(source, sector) as log:
        if not log.days():
            raise BadInput("has no audit log", where=shown_place(source), expected="a log with entries")
        if is_postgres(target):
            days = _into_store(log, stated_note(target, sector, "audit"))
        else:
            days = _into_folder(log, log_folder(Path(target)))
    count = sum(days.values())
    show(screen, "console-store-audit-copied", lines=count, days=len(days), target=shown_place(target))
    return {"target": shown_place(target), "days": days}


def verify_audit(first: str, second: str, sector: str | None, screen: Console) -> dict[str, Any]:
    """Compare two logs line by line; return lines and SHA-256. BadInput names the first difference."""
    digest, count = hashlib.sha256(), 0
    with _opened(first, sector) as one, _opened(second, sector) as other:
        for here, there in zip_longest(_named_lines(one), _named_lines(other)):
            if here != there:
                raise BadInput(
                    f"differs from {shown_place(first)} in {(here or there)[0]}, line {count + 1} of the log",
                    where=shown_place(second),
                    expected="the same content",
                )
            count += 1
            digest.update(here[1] + b"\n")
    show(screen, "console-store-audit-equal", lines=count)
    return {"equal": True, "lines": count, "sha256": digest.hexdigest()}


def _named_lines(log: LogReading) -> Iterator[tuple[str, bytes]]:
    """Yield the complete lines of a log as it is at one moment, each with the name of its day."""
    for day, size in log.sizes():
        for line in day.lines(size):
            if line.endswith(b"\n"):
                yield day.name, line[:-1]


def _into_store(log: LogReading, note: StoreNote) -> dict[str, int]:
    """Write a log in one transaction into a sector that has none."""
    with postgres_packages():
        from ops.audit.stores.loading import LoadedLog
    days: dict[str, int] = {}
    with LoadedLog(note) as loaded:
        for day, size in log.sizes():
            loaded.begin(day.day, day.name)
            days[day.name] = 0
            lines = (line[:-1] for line in day.lines(size) if line.endswith(b"\n"))
            while some := list(islice(lines, _LINES)):
                loaded.add(some)
                days[day.name] += len(some)
    return days


def _into_folder(log: LogReading, folder: Path) -> dict[str, int]:
    """Write a log into a folder beside it, which becomes the folder of the log when it is complete."""
    days: dict[str, int] = {}
    partial, before = (folder.with_name(folder.name + suffix) for suffix in (_PARTIAL, _BEFORE))
    try:
        if before.exists() and not folder.exists():
            before.rename(folder)
        shutil.rmtree(before, ignore_errors=True)
        lock = lock_log(folder)
        try:
            if day_files(folder):
                raise BadInput("has an audit log", where=str(folder), expected="a folder without one")
            if has_writer(folder):
                raise BadInput("is in use", where=str(folder), expected="a folder whose room has ended")
            shutil.rmtree(partial, ignore_errors=True)  # of a copy that was interrupted
            partial.mkdir(mode=0o700)
            for day, size in log.sizes():
                days[day.name] = 0
                with (partial / day.name).open("wb") as file:
                    os.chmod(file.fileno(), 0o600)
                    for line in day.lines(size):
                        if line.endswith(b"\n"):
                            file.write(line)
                            days[day.name] += 1
                    file.flush()
                    os.fsync(file.fileno())
            if (folder / SIGNING_KEY).exists():
                shutil.copy2(folder / SIGNING_KEY, partial / SIGNING_KEY)
            sync_folder(partial)
            folder.rename(before)  # which holds its lock and key only
            partial.rename(folder)
            sync_folder(folder.parent)
            shutil.rmtree(before)
        finally:
            os.close(lock)
    except OSError as error:
        raise AuditError(f"{folder}: the audit log cannot be copied ({error.strerror or error}).") from error
    return days


@contextmanager
def _opened(text: str, sector: str | None) -> Iterator[LogReading]:
    if not is_postgres(text):
        with reading(log_folder(Path(text))) as log:
            yield log
        return
    with postgres_packages():
        from ops.audit.stores.postgres import StoreReading
    with closing(StoreReading(stated_note(text, sector, "audit"))) as log:
        yield log
