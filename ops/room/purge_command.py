"""``watchline store purge``: carries out the retention on a stopped room."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput
from ops.room.retention import Purge, purge
from ops.room.room import locked
from ops.runtime.output import show
from ops.sector.settings import load_settings


def purge_folder(folder: Path, settings: Path | None, *, dry_run: bool, screen: Console) -> dict[str, Any]:
    """Erase and overwrite what is due today; print it by kind. Raises RoomError while the room runs."""
    chosen, today = load_settings(settings), datetime.now(UTC).date()
    if not (folder / "journal.db").exists() and not (folder / "store.db").exists():
        raise BadInput("has neither journal nor store", where=str(folder), expected="the data folder of `run`")
    if dry_run:
        done = purge(folder, chosen, today=today, dry_run=True)
    else:
        with locked(folder):
            done = purge(folder, chosen, today=today, overwrite=True)
    show_purge(done, screen, dry_run=dry_run)
    return {"dry_run": dry_run, **done.as_dict()}


def show_purge(done: Purge, screen: Console, *, dry_run: bool = False) -> None:
    """Print what was erased, or would be, and the records held beyond their retention."""
    mode = "planned" if dry_run else "done"
    for kind, days in done.days.items():
        first, last = days[0].isoformat(), days[-1].isoformat()
        show(screen, "retention-days", mode=mode, kind=kind, days=len(days), first=first, last=last)
    if done.exports:
        show(screen, "retention-exports", mode=mode, files=len(done.exports))
    if done.audit_entries:
        show(screen, "retention-audit", mode=mode, entries=done.audit_entries)
    if done.records:
        show(screen, "retention-records", mode=mode, records=done.records)
    for kept in done.kept:
        show(screen, "retention-kept", kind=kept.kind, day=kept.day.isoformat(), reason=kept.reason)
    if not (done.days or done.exports or done.audit_entries or done.records):
        show(screen, "retention-nothing")
