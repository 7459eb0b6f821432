"""``watchline store purge``: carries out the retention on a stopped room."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
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
from ops.governance.two_person import Approval
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

    Where there are accounts, it needs an ``approval`` by a second person for these settings, or the reason of an
    ``emergency``, which the audit log flags. BadInput without either.
    """
    check_words(approval, emergency)
    chosen, today = load_settings(settings), datetime.now(UTC).date()
    if not (folder / "journal.db").exists() and not store_exists(folder / "store.db") and not notes_in(folder):
        raise BadInput("has neither journal nor store", where=str(folder), expected="the data folder of `run`")
    if dry_run:
        done = purge(folder, chosen, today=today, dry_run=True)
    else:
        with locked(folder):
            check_approval(folder, settings, approval, emergency, requests=[folder])
            done = purge(folder, chosen, today=today, overwrite=True)
    show_purge(done, screen, dry_run=dry_run)
    if dry_run:
        show_approval(folder, settings, screen)
    return {"dry_run": dry_run, "settings": settings_checksum(settings), **done.as_dict()}


def show_approval(folder: Path, settings: Path | None, screen: Console) -> None:
    """Print how a second person confirms an erasure by these settings, where there are accounts."""
    if _has_accounts(folder):
        show(screen, "retention-approval", checksum=settings_checksum(settings))


def settings_checksum(settings: Path | None) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a settings file; of nothing without one."""
    return sha256(b"" if settings is None else settings.read_bytes()).hexdigest()[:16]


def check_words(approval: str | None, emergency: str | None) -> None:
    """Raise BadInput for an id that no request can have, and for a reason that cannot be recorded."""
    if approval is not None and not _APPROVAL.fullmatch(approval):
        raise BadInput(
            f"{approval[:40]!a}", where="--approval", expected="the 12 digits of a request, such as 3f2a9c01b7de"
        )
    reason = " ".join((emergency or "").split())
    if emergency is not None and not (LEAST_REASON <= len(reason) <= MOST_REASON and reason.isprintable()):
        expected = f"{LEAST_REASON} to {MOST_REASON} characters on one line"
        raise BadInput(f"{len(reason)} characters", where="--emergency", expected=expected)


def check_approval(
    folder: Path, settings: Path | None, approval: str | None, emergency: str | None, *, requests: Iterable[Path]
) -> None:
    """Raise BadInput unless two persons approved an erasure by these settings, or an emergency is stated.

    ``requests``: the folders whose requests count for this erasure. Which it was is recorded in the log of ``folder``.
    """
    if not _has_accounts(folder):
        return
    checksum = settings_checksum(settings)
    if emergency is not None:
        reason = " ".join(emergency.split())
        subject = f"EMERGENCY OVERRIDE: erasure by the settings {checksum}, because: {reason}"
        record_command(folder, "store purge --emergency", subject, operation="erasure", begin=True)
        return
    found = None if approval is None else _used(approval, checksum, requests)
    if found is None or found.decided_by is None:
        what = "needs a second person" if approval is None else "is not in force for these settings"
        expected = f"a confirmed request for the settings {checksum} of the last day, which is used once"
        raise BadInput(what, where="--approval", expected=expected)
    persons = f"asked by {found.asked_by.name}, {found.state} by {found.decided_by.name}"
    record_command(folder, "store purge", f"erasure by the settings {checksum}: request {found.id}, {persons}",
                   operation="erasure", begin=True)  # fmt: skip


def _used(approval: str, checksum: str, requests: Iterable[Path]) -> Approval | None:
    """Take a request that is in force for these settings, from the first of these folders that has it; else None."""
    for folder in requests:
        found = Approvals(folder, sector="", now_s=time.time).use(approval, "erase", {"settings": checksum})
        if found is not None:
            return found
    return None


def _has_accounts(folder: Path) -> bool:
    """Whether people log in to this folder: by accounts of its own, or by those of the cluster that it is a sector of.

    The folder of a sector may be a link to another disk; its cluster is that of either place.
    """
    return any(accounts_exist(one / ACCOUNTS) for one in (folder, folder.absolute().parent, folder.resolve().parent))


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
