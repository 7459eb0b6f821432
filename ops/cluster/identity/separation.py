"""A person separates two incidents that were joined across sectors, or joins them again.

Both write ``nation.db`` beside the identity process, in a transaction of their own. The join that the process found
stays in the file, so the process does not find it again.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from ops.cluster.identity.decision import Key
from ops.cluster.identity.nation_store import FILE, MARK, TABLES, WAIT_S, NationError, is_written
from ops.runtime.files.transaction import transaction

_SEPARATE = """
INSERT INTO separated SELECT sector, incident, ?3, ?4 FROM continued WHERE sector = ?1 AND incident = ?2
ON CONFLICT DO NOTHING
"""
_REJOIN = "DELETE FROM separated WHERE sector = ? AND incident = ?"


def separate(folder: Path, incident: Key, person: str, at_ns: int) -> bool:
    """State that an incident and the one that it continues are two events; the first statement remains.

    Parameters
    ----------
    folder : path
        Data folder of the cluster.
    incident : (str, str)
        Sector and id of the incident that continues another.
    person : str
        Who states it.
    at_ns : int, UTC ns
        When.

    Returns
    -------
    bool
        Whether anything was written: not if they are separated already, or the incident continues none.

    Raises
    ------
    NationError
        If the file cannot be written.
    """
    return _changed(folder, _SEPARATE, *incident, person, at_ns)


def rejoin(folder: Path, incident: Key) -> bool:
    """Take back what ``separate`` stated of an incident; return whether it was. NationError as there."""
    return _changed(folder, _REJOIN, *incident)


def _changed(folder: Path, statement: str, *values: Any) -> bool:
    path = folder / FILE
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=WAIT_S)) as db:
            if not is_written(path, db):
                return False
            db.execute("PRAGMA synchronous = FULL")
            with transaction(db):
                for table in TABLES.split(";"):
                    db.execute(table)  # a file of an earlier version may lack one
                changed = db.execute(statement, values).rowcount > 0
                if changed:
                    db.execute(MARK)
            return changed
    except sqlite3.Error as error:
        raise NationError(f"{path}: cannot be used ({error}).") from error
