"""Retention of ``nation.db``: identities go with the tracks of their day, and those of incidents with the alerts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from ops.audit.command import record_command
from ops.cluster.identity.nation_store import FILE, MARK, TABLES, WAIT_S, NationError, is_written
from ops.governance.approvals import FILE as APPROVALS
from ops.room.purge_command import check_approval, check_words, settings_checksum, show_approval, show_purge
from ops.room.retention import PURPOSE, Purge, Retention
from ops.runtime.files.transaction import transaction
from ops.sector.settings import Settings, load_settings
from sensors.timestamps import SECOND_NS

_DUE = """
SELECT sector, track FROM identities
WHERE due('tracks', at_ns) AND (due('alerts', at_ns) OR national NOT IN (SELECT national FROM continued)
    AND NOT EXISTS (SELECT 1 FROM changes
        WHERE changes.sector = identities.sector AND changes.track = identities.track
        AND changes.national IN (SELECT national FROM continued)))
"""


def purge_nation(
    folder: Path, settings: Settings, *, today: date, dry_run: bool = False, by: tuple[str, str] | None = None
) -> Purge:
    """Erase from ``nation.db`` in ``folder`` what is due on ``today``; with ``dry_run`` only count it.

    The audit log names ``by``, person and role; by default the account that runs the command.

    The identity of a track goes with the tracks of the day on which it was decided. That of an incident which
    continues another also waits until the alerts of that day are due, and then no longer states what it continues, nor
    who separated them.
    The newest figures of a sector without newer pictures go with tracks and alerts of that day. A process that writes
    the file may continue meanwhile: it keeps what it has in memory. The audit log of the folder, if there is one,
    records it before it is done.

    Returns
    -------
    Purge
        Its ``records`` is the number of rows.

    Raises
    ------
    NationError
        If the file cannot be read or written.
    """
    done, path = Purge(), folder / FILE
    if not path.is_file():
        return done
    is_due = Retention(folder, settings, today).is_due
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=WAIT_S)) as db:
            if not is_written(path, db):
                return done
            db.create_function("due", 2, lambda kind, at_ns: is_due(kind, _day(at_ns)), deterministic=True)
            db.execute("PRAGMA secure_delete = ON")
            with transaction(db):
                db.execute("SAVEPOINT whole")
                done.records = _erased(db)
                if dry_run:
                    db.execute("ROLLBACK TO whole")
                elif done.records:
                    db.execute(MARK)
                    subject = f"{done.records} records of identities across sectors"
                    record_command(folder, "retention", subject, purpose=PURPOSE, operation="erasure", by=by)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise NationError(f"{path}: cannot be used ({error}).") from error
    return done


def _erased(db: sqlite3.Connection) -> int:
    """Delete what is due; return the number of rows."""
    for statement in TABLES.split(";"):
        db.execute(statement)  # a file of an earlier version may lack a table
    statements = (
        f"DELETE FROM identities WHERE (sector, track) IN ({_DUE})",  # noqa: S608 - our own text
        "DELETE FROM changes WHERE NOT EXISTS"
        " (SELECT 1 FROM identities WHERE identities.sector = changes.sector AND identities.track = changes.track)",
        "DELETE FROM met WHERE NOT EXISTS"
        " (SELECT 1 FROM identities WHERE identities.sector = met.sector AND identities.track = met.track)",
        "DELETE FROM continued WHERE national NOT IN"  # a track may have founded an identity by a change
        " (SELECT national FROM identities UNION ALL SELECT national FROM changes)",
        "DELETE FROM opened_apart WHERE NOT EXISTS (SELECT 1 FROM continued"
        " WHERE continued.sector = opened_apart.sector AND continued.incident = opened_apart.incident)",
        "DELETE FROM separated WHERE NOT EXISTS (SELECT 1 FROM continued"
        " WHERE continued.sector = separated.sector AND continued.incident = separated.incident)",
        "DELETE FROM summaries WHERE sector IN"
        " (SELECT sector FROM progress WHERE due('tracks', stamp_ns) AND due('alerts', stamp_ns))",
    )
    return sum(db.execute(statement).rowcount for statement in statements)


def _day(at_ns: int) -> date:
    return datetime.fromtimestamp(at_ns // SECOND_NS, UTC).date()


def purge_nation_folder(
    folder: Path,
    settings: Path | None,
    *,
    dry_run: bool,
    screen: Console,
    approval: str | None = None,
    emergency: str | None = None,
) -> dict[str, Any]:
    """Erase what is due today from the data folder of a cluster; print it. NationError if that is not possible.

    Where there are accounts, it needs an ``approval``, asked for and confirmed in any sector of the cluster, or the
    reason of an ``emergency``. BadInput without either.
    """
    check_words(approval, emergency)
    chosen = load_settings(settings)
    if not dry_run:
        sectors = [file.parent for file in sorted(folder.glob(f"*/{APPROVALS}"))]
        check_approval(folder, settings, approval, emergency, requests=sectors)
    done = purge_nation(folder, chosen, today=datetime.now(UTC).date(), dry_run=dry_run)
    show_purge(done, screen, dry_run=dry_run)
    if dry_run:
        show_approval(folder, settings, screen)
    return {"dry_run": dry_run, "settings": settings_checksum(settings), **done.as_dict()}
