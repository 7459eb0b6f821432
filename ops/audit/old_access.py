"""Reads the access log of earlier versions, a table in ``access.db``."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ops.audit.entry import AuditEntry, AuditError

OLD_ACCESS: Final = "access.db"


def entries_of(path: Path) -> list[AuditEntry]:
    """Return its entries, oldest first; AuditError for a file that cannot be read. Roles were not recorded then."""
    try:
        with closing(sqlite3.connect(path)) as database:
            rows = database.execute("SELECT at_ns, who, what, purpose FROM access ORDER BY n").fetchall()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise AuditError(f"{path}: the earlier audit log cannot be read ({error}); move it away.") from error
    return [
        AuditEntry(at_ns, who, "", "consultation" if what.startswith("GET") else "alteration", what, purpose, "")
        for at_ns, who, what, purpose in rows
    ]
