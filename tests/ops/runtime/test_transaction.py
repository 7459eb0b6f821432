"""SQLite files that several processes change: a process waits for the other one, on a busy machine too."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import ops
from ops.runtime.transaction import BUSY_S, transaction

OPS = Path(ops.__file__).parent
OF_ONE_PROCESS = {
    "admin/doctor.py", "analysis/indicators/index_file.py", "audit/old_access.py", "exchange/format/geopackage.py",
    "journal/stores/file_tables.py",
}  # fmt: skip
"""Files that open a database which no other process changes at that time."""
ASKED_AGAIN = {"services/feeds/ledger.py"}
"""Fusion asks the ledger of the feeds again a moment later, and may not wait for it."""


def waits() -> Iterator[tuple[str, float | None]]:
    """Each call of ``sqlite3.connect`` in ``ops``: its file and how long it waits; None where it does not say."""
    for path in sorted(OPS.rglob("*.py")):
        if "node_modules" in path.parts or "sqlite3.connect" not in (text := path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "sqlite3.connect":
                given = [word.value for word in node.keywords if word.arg == "timeout"]
                named = {"BUSY_S": BUSY_S, "WAIT_S": BUSY_S}  # that of the cluster's and of the index's own files
                found = [one.value if isinstance(one, ast.Constant) else named[ast.unparse(one)] for one in given]
                yield path.relative_to(OPS).as_posix(), float(found[0]) if found else None


def test_no_file_that_others_change_is_given_up_sooner_than_the_others() -> None:
    found = list(waits())
    assert len(found) > 25
    assert {name for name, wait_s in found if wait_s is None} <= OF_ONE_PROCESS
    assert {name for name, wait_s in found if wait_s is not None and wait_s < BUSY_S} == ASKED_AGAIN


def test_who_waits_in_vain_changes_nothing(tmp_path: Path) -> None:
    """The other is stuck: the error comes, and what was there stays."""
    path = tmp_path / "a.db"
    with (
        sqlite3.connect(path, isolation_level=None) as one,
        sqlite3.connect(path, isolation_level=None, timeout=0) as two,
    ):
        one.execute("CREATE TABLE a (n INTEGER)")
        with transaction(one) as held:
            held.execute("INSERT INTO a VALUES (1)")
            with pytest.raises(sqlite3.OperationalError, match="locked"), transaction(two) as other:
                other.execute("INSERT INTO a VALUES (2)")
        assert two.execute("SELECT n FROM a").fetchall() == [(1,)]
    one.close()
    two.close()
