"""``watchline store purge``: carries out the retention on a stopped room."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ops.accounts.store import FILE as ACCOUNTS
from ops.accounts.stores.place import accounts_exist
from ops.audit.command import record_command
from ops.governance.approvals import Approvals
from ops.journal.stores.place import notes_in
from ops.room.retention import Purge, purge
from ops.room.room import locked
from ops.runtime.output import show
from ops.sector.settings import load_settings
from ops.store.connections import store_exists

LEAST_REASON: Final = 10
MOST_REASON: Final = 500
_APPROVAL: Final = re.compile("[0-9a-f]{12}")


def purge_folder(
    folder: Path,
    settings: Path | None,
    *,
    dry_run: bool,
    screen: Console,
    approval: str | None = None,
    emergency: str | None = None,
) -> dict[str, Any]:
    """Erase and overwrite what is due today; print it by kind. Raises RoomError while the room runs.

    A room with accounts needs an ``approval`` by a second person for these settings, or the reason of an
    ``emergency``, which the audit log flags. BadInput without either.
    """
    _check_words(approval, emergency)
    chosen, today = load_settings(settings), datetime.now(UTC).date()
    if not (folder / "journal.db").exists() and not store_exists(folder / "store.db") and not notes_in(folder):
        raise BadInput("has neither journal nor store", where=str(folder), expected="the data folder of `run`")
    if dry_run:
        done = purge(folder, chosen, today=today, dry_run=True)
    else:
        with locked(folder):
            _check_approval(folder, settings, approval, emergency)
            done = purge(folder, chosen, today=today, overwrite=True)
    show_purge(done, screen, dry_run=dry_run)
    checksum = settings_checksum(settings)
    if dry_run and accounts_exist(folder / ACCOUNTS):
        show(screen, "retention-approval", checksum=checksum)
    return {"dry_run": dry_run, "settings": checksum, **done.as_dict()}


def settings_checksum(settings: Path | None) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a settings file; of nothing without one."""
    return sha256(b"" if settings is None else settings.read_bytes()).hexdigest()[:16]


def _check_words(approval: str | None, emergency: str | None) -> None:
    """Raise BadInput for an id that no request can have, and for a reason that cannot be recorded."""
    if approval is not None and not _APPROVAL.fullmatch(approval):
        raise BadInput(
            f"{approval[:40]!a}", where="--approval", expected="the 12 digits of a request, such as 3f2a9c01b7de"
        )
    reason = " ".join((emergency or "").split())
    if emergency is not None and not (LEAST_REASON <= len(reason) <= MOST_REASON and reason.isprintable()):
        expected = f"{LEAST_REASON} to {MOST_REASON} characters on one line"
        raise BadInput(f"{len(reason)} characters", where="--emergency", expected=expected)


def _check_approval(folder: Path, settings: Path | None, approval: str | None, emergency: str | None) -> None:
    """Raise BadInput unless two persons approved an erasure by these settings, or an emergency is stated."""
    if not accounts_exist(folder / ACCOUNTS):
        return
    checksum = settings_checksum(settings)
    if emergency is not None:
        reason = " ".join(emergency.split())
        subject = f"EMERGENCY OVERRIDE: erasure by the settings {checksum}, because: {reason}"
        record_command(folder, "store purge --emergency", subject, operation="erasure")
        return
    found = None
    if approval is not None:
        store = Approvals(folder, sector="", now_s=time.time)
        found = store.use(approval, "erase", {"settings": checksum})
    if found is None or found.decided_by is None:
        what = "needs a second person" if approval is None else "is not in force for these settings"
        expected = f"a confirmed request for the settings {checksum} of the last day, which is used once"
        raise BadInput(what, where="--approval", expected=expected)
    persons = f"asked by {found.asked_by.name}, {found.state} by {found.decided_by.name}"
    record_command(folder, "store purge", f"erasure by the settings {checksum}: request {found.id}, {persons}",
                   operation="erasure")  # fmt: skip


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
