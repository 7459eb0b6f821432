"""SQLite files that several processes change: a process waits for the other one, on a busy machine too."""

from __future__ import annotations

import ast
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import ops
from ops.runtime.files.transaction import BUSY_S, change_unless_busy, transaction, use_write_ahead_log

OPS = Path(ops.__file__).parent
OF_ONE_PROCESS = {
    "admin/doctor.py", "analysis/indicators/index_file.py", "audit/old_access.py", "exchange/format/geopackage.py",
    "journal/stores/file_tables.py",
}  # fmt: skip
"""Files that open a database which no other process changes at that time."""
ASKED_AGAIN = {"services/feeds/ledger.py", "cluster/machines/carried.py"}
"""Fusion asks the ledger of the feeds again a moment later, and a holder the files that go along: neither may wait."""


def waits() -> Iterator[tuple[str, float | None]]:
    """Each call of ``sqlite3.connect`` in ``ops``: its file and how long it waits; None where it does not say."""
    for path in sorted(OPS.rglob("*.py")):
        if "node_modules" in path.parts or "sqlite3.connect" not in (text := path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "sqlite3.connect":
                given = [word.value for word in node.keywords if word.arg == "timeout"]
                name = path.relative_to(OPS)
                found = [one.value if isinstance(one, ast.Constant) else constant_of(name, one) for one in given]
                yield name.as_posix(), float(found[0]) if found else None


def constant_of(name: Path, written: ast.expr) -> Any:
    """The value of a constant as a file of ``ops`` knows it."""
    return getattr(import_module(".".join(("ops", *name.with_suffix("").parts))), ast.unparse(written))


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


def test_what_is_written_again_soon_is_left_out_while_another_changes_the_file(tmp_path: Path) -> None:
    path, change = tmp_path / "a.db", "INSERT INTO a VALUES (?)"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as one,
        closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)) as two,
    ):
        one.execute("CREATE TABLE a (n INTEGER)")
        with transaction(one):
            assert not change_unless_busy(two, change, (1,))
        assert change_unless_busy(two, change, (2,))
        assert one.execute("SELECT n FROM a").fetchall() == [(2,)]
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            change_unless_busy(two, "INSERT INTO b VALUES (?)", (3,))
        assert two.execute("PRAGMA busy_timeout").fetchone() == (BUSY_S * 1000,), "other changes wait as before"


def test_who_opens_a_new_file_waits_for_another_that_opens_it_too(tmp_path: Path) -> None:
    """SQLite refuses the change to a write-ahead log at once while the other is in the middle of it."""
    path = tmp_path / "a.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as one,
        closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)) as two,
    ):
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            two.execute("PRAGMA journal_mode = WAL")
        other = threading.Timer(0.05, one.execute, ["COMMIT"])
        other.start()
        use_write_ahead_log(two)
        other.join()
        assert two.execute("PRAGMA journal_mode").fetchone() == ("wal",)
