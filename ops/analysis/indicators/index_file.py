"""The file of an index of a long history: built, brought up to date, and opened only while it fits the history."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Final

import msgspec

from ops.analysis.indicators.catalogue import FAMILIES, definitions
from ops.analysis.indicators.history import HEADER, EditedLine, HistoryLine, HistoryRecord, lines_of
from ops.analysis.indicators.newest import NewestRecords
from ops.runtime.files.cache import LEAST_FREE_BYTES, is_own
from ops.runtime.files.lock import lock_file

log = logging.getLogger(__name__)

FORMAT: Final = 3
WAIT_S: Final = 60.0
"""Seconds for which a new import waits for those who read the index."""
ATTEMPTS: Final = 3
"""Times that an index is brought up to date while the history keeps changing."""
BLOCK_BYTES: Final = 1 << 20
_TABLES: Final = """
CREATE TABLE state (format INTEGER, codes TEXT, size INTEGER, changed_ns INTEGER, last_start INTEGER);
CREATE TABLE imports (number INTEGER PRIMARY KEY, known_on TEXT, file_hash TEXT, digest TEXT);
CREATE TABLE parts (place TEXT, number INTEGER, begins TEXT, oldest TEXT, newest TEXT, records INTEGER,
                    withdrawn INTEGER, illustrative INTEGER, body BLOB);
CREATE INDEX part_of ON parts (place, number, begins, oldest, newest, records, withdrawn, illustrative);
CREATE TABLE series (name TEXT, place TEXT, family TEXT, PRIMARY KEY (name, place, family)) WITHOUT ROWID;
CREATE TABLE newest (place TEXT PRIMARY KEY, body BLOB);
"""


@contextmanager
def current_index(path: Path, index: Path) -> Iterator[sqlite3.Connection | None]:
    """Open the index of a history in a transaction in which it fits the history; None if there can be none."""
    database = None
    try:
        for _ in range(ATTEMPTS):
            if database := _opened(path, index):
                break
            index.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not is_own(index.parent):
                log.warning(
                    "No index is kept in %s: it belongs to another user, or others may write in it", index.parent
                )
                break
            lock = lock_file(index.with_suffix(".lock"), wait=True)
            assert lock is not None
            try:
                if database := _opened(path, index):  # another process has just built it
                    break
                _bring_up_to_date(path, index)
            finally:
                os.close(lock)
        else:
            database = _opened(path, index)
    except (OSError, sqlite3.Error) as error:
        log.warning("No index of indicators is kept in %s: %s", index.parent, error)
    if database is None:
        yield None
        return
    with closing(database):
        yield database


def _opened(path: Path, index: Path) -> sqlite3.Connection | None:
    """Open an index to read it; None if there is none, it is of another version, or it does not fit the history."""
    if not index.exists() or not is_own(index.parent):
        return None
    database = sqlite3.connect(
        f"{index.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=WAIT_S, check_same_thread=False
    )
    try:
        database.execute("BEGIN")
        state = database.execute("SELECT * FROM state").fetchone()
        last = database.execute("SELECT digest FROM imports ORDER BY number DESC LIMIT 1").fetchone()
        fits = state is not None and state[:4] == (FORMAT, _codes(), *_stated(path))
        if fits and _digest_from(path, state[4]) == last[0]:
            return database
    except sqlite3.DatabaseError as error:
        log.warning("The index %s is built again: %s", index, error)
    database.close()
    return None


def _bring_up_to_date(path: Path, index: Path) -> None:
    """Add the new lines of a history to its index; where that is not possible, build it again beside it."""
    if shutil.disk_usage(index.parent).free < LEAST_FREE_BYTES:
        raise OSError("too little free space")
    if index.exists():
        with suppress(EditedLine, sqlite3.DatabaseError), closing(_writable(index)) as database:
            found = database.execute("SELECT number, known_on, digest FROM imports ORDER BY number").fetchall()
            state = database.execute("SELECT format, codes FROM state").fetchone()
            if found and state == (FORMAT, _codes()):
                hashes, known_on = [digest for _, _, digest in found], found[-1][1]
                _add(database, path, hashes, date.fromisoformat(known_on))
                return
    partial = index.with_suffix(".new")
    partial.unlink(missing_ok=True)  # of a process that was killed; the lock is ours
    try:
        with closing(_writable(partial)) as database:
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.executescript(_TABLES)
            head = date.min.isoformat(), sha256(HEADER).hexdigest()
            database.execute("INSERT INTO imports VALUES (1, ?, '', ?)", head)
            _add(database, path, [head[1]], date.min)
        os.replace(partial, index)
    finally:
        partial.unlink(missing_ok=True)


def _writable(index: Path) -> sqlite3.Connection:
    return sqlite3.connect(index, isolation_level=None, timeout=WAIT_S)


def _add(database: sqlite3.Connection, path: Path, hashes: list[str], known_on: date) -> None:
    """Add the lines after those with these hashes, whole or not at all."""
    size, changed_ns = _stated(path)
    start = database.execute("SELECT last_start FROM state").fetchone()
    last_start = 0 if start is None else int(start[0])
    database.execute("BEGIN IMMEDIATE")
    newest = NewestRecords(database)
    for line in lines_of(path, hashes, known_on):
        _add_line(database, line, newest)
        last_start = line.start
    newest.store()
    database.execute("DELETE FROM state")
    database.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?)", (FORMAT, _codes(), size, changed_ns, last_start))
    database.execute("COMMIT")


def _add_line(database: sqlite3.Connection, line: HistoryLine, newest: NewestRecords) -> None:
    read = line.read
    stated = line.number, read.known_on.isoformat(), read.sha256, line.digest
    database.execute("INSERT INTO imports VALUES (?, ?, ?, ?)", stated)
    by_place: defaultdict[str, list[HistoryRecord]] = defaultdict(list)
    for one in read.records:
        by_place[one.place].append(one)
    for place, records in by_place.items():
        days = [one.day for one in records]
        begins = min(one.start or one.day for one in records)
        span = begins.isoformat(), min(days).isoformat(), max(days).isoformat()
        withdrawn, illustrative = (sum(getattr(one, kind) for one in records) for kind in ("withdrawn", "illustrative"))
        body = zlib.compress(msgspec.msgpack.encode(records), 1)
        part = place, line.number, *span, len(records), withdrawn, illustrative, body
        database.execute("INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", part)
        newest.add(place, line.number, records)
    series = {(one.name, one.place, one.family) for one in read.records}
    database.executemany("INSERT OR IGNORE INTO series VALUES (?, ?, ?)", sorted(series))


def _stated(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _codes() -> str:
    """Hash of the codes that this version knows; other codes may make other lines invalid."""
    return blake2b("\n".join((*FAMILIES, "", *sorted(definitions()))).encode(), digest_size=8).hexdigest()


def _digest_from(path: Path, start: int) -> str:
    """The hash of a file from a byte to its end, without the end of its last line."""
    hashed, kept = sha256(), b""
    with path.open("rb") as file:
        file.seek(start)
        while block := kept + file.read(BLOCK_BYTES):
            if len(block) == len(kept):
                break
            hashed.update(block[:-2])
            kept = block[-2:]
    hashed.update(kept.rstrip(b"\r\n"))
    return hashed.hexdigest()
