"""The sender's spool: every message is on disk before it is sent, and is kept until ingest has journaled it.

SQLite, WAL, synchronous=FULL. Keys are (boot, seq): boot is raised and stored at every opening, seq counts 1, 2, 3, …
within a boot without gaps. One process at a time. A process may be killed at any moment: a put is then either complete,
and its key is never reused, or has no effect.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from ingest.errors import SpoolError, SpoolFull
from ingest.wire import MAX_COUNTER, MAX_PAYLOAD_BYTES, DroppedRange

SCHEMA_VERSION: Final = 2  # 1: "base" is 0
APPLICATION_ID: Final = 0x574C5331  # "WLS1"
READERS_S: Final = 10.0
"""Longest wait for a process that reads the file."""
_SEQ_BITS: Final = 40  # rowid = (boot - base) << 40 | seq: one integer that sorts like (boot, seq)
_SEQ_MASK: Final = (1 << _SEQ_BITS) - 1
_MOST_BOOTS: Final = (1 << 23) - 1
"""Largest boot of a file above its base, which is the boot with which it began or was last empty."""
_LARGEST_FIRST_BOOT: Final = MAX_COUNTER // 2
_BOOTS_COUNT_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE messages (id INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE gaps (boot INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (boot, first));
"""

MessageKey = tuple[int, int]
Build = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """A message waiting in the spool."""

    boot: int
    seq: int
    payload: bytes

    @property
    def key(self) -> MessageKey:
        """(boot, seq)."""
        return self.boot, self.seq


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Capacity of a spool; above it the oldest messages are dropped, and reported in the status messages.

    Parameters
    ----------
    messages : int
        Largest number of messages.
    bytes : int
        Largest size of all payloads.
    """

    messages: int = 200_000
    bytes: int = 512 * 1024 * 1024


class Spool:
    """The spool of one sensor in one SQLite file; thread-safe.

    Parameters
    ----------
    path : str or Path
        The file, which is created when it does not exist.
    limits : SpoolLimits, optional
        Capacity.
    first_boot : int, optional
        Lowest boot; a file in which messages of a much lower one wait continues with its next. Without one a new file
        begins at 1, and its sender raises the boot of each opening without waiting messages to the time of its clock
        (``first_boot_at``): a file that replaces a lost one then reuses none of its keys, and a clock that was wrong at
        one start has no effect on the next.
    readable : bool
        Whether other processes may read the file meanwhile, such as to copy it; a file beside it then keeps a second
        spool out.

    Attributes
    ----------
    boot : int
        Boot of the messages that are put.
    by_boot : int
        Boot with which the sender signs: ``boot``, or a higher one that does not fit the file while messages of a much
        lower boot wait.

    Raises
    ------
    SpoolError
        When the file is in use, belongs to another program or a newer version, or cannot be written.

    Examples
    --------
    >>> from ingest.sending import Spool
    >>> with Spool(":memory:", first_boot=1) as spool:
    ...     key = spool.put(lambda boot, seq: b"payload")
    ...     entries = spool.pending()
    >>> key, entries[0].payload
    ((1, 1), b'payload')
    """

    def __init__(
        self,
        path: str | Path,
        *,
        limits: SpoolLimits | None = None,
        first_boot: int | None = None,
        readable: bool = False,
    ) -> None:
        self._path = Path(path)
        self._held: int | None = None
        self._limits = limits or SpoolLimits()
        self._lock = threading.Lock()
        self._broken: SpoolError | None = None
        try:
            _make_private(self._path)
            if readable:
                self._hold()
            wait_s = READERS_S if readable else 0.0
            self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=wait_s)
        except sqlite3.Error as error:
            self._release()
            raise self._error(error) from error
        except BlockingIOError as error:
            self._release()
            raise self._in_use() from error
        except OSError as error:
            self._release()
            reason = error.strerror or str(error)
            raise SpoolError(reason, where=self._path.name, expected="a file that can be created here") from error
        try:
            self._prepare(first_boot)
        except sqlite3.Error as error:
            self._db.close()
            self._release()
            raise self._error(error) from error
        except SpoolError:
            self._db.close()
            self._release()
            raise

    def _hold(self) -> None:
        """Keep a second process out that opens the file to write; BlockingIOError where there is one."""
        import fcntl

        path = self._path.with_name(f"{self._path.name}.lock")
        self._held = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _prepare(self, first_boot: int | None) -> None:
        db = self._db
        if self._held is None:
            db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._check_schema()  # before the first write: another program's file stays unchanged
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA journal_size_limit=16777216")
        db.execute("BEGIN IMMEDIATE")
        if self._check_schema() == 0:
            for statement in _TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._next_seq = 1
        self._put_total = self._meta("put")
        self._dropped_total = self._meta("dropped")
        self._count: int
        self._bytes: int
        self._count, self._bytes = db.execute("SELECT count(*), total(length(payload)) FROM messages").fetchone()
        self._may_raise_boot = first_boot is None
        self._base = self._meta("base")
        self.boot = self._meta("boot") + 1
        self.by_boot = max(self.boot, self._meta("by_boot") + 1, min(first_boot or 0, MAX_COUNTER))
        if not self._count:
            self.boot = max(self.by_boot, first_boot or 0)
        elif first_boot is not None and first_boot <= self._base + _MOST_BOOTS:
            self.boot = max(self.boot, first_boot)
        self._begin_at(self.boot)
        self._set_meta("by_boot", self.by_boot)
        db.execute("COMMIT")

    def _begin_at(self, boot: int) -> None:
        """Store the boot and, where no message waits, count rowids from it."""
        if not self._count:
            self._base = boot
            self._set_meta("base", boot)
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        most = min(self._base + _MOST_BOOTS, MAX_COUNTER)
        if boot > most:
            raise SpoolError(f"boot {boot} is too large", where=self._path.name, expected=f"at most {most}")
        self._set_meta("boot", boot)

    def _check_schema(self) -> int:
        """Read the file's schema version, 0 for a new file; SpoolError on a newer one and on another program's file."""
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        application = int(self._db.execute("PRAGMA application_id").fetchone()[0])
        tables = int(self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
        if application != APPLICATION_ID and (version or tables):
            raise SpoolError("another program's file", where=self._path.name, expected="a spool")
        if version > SCHEMA_VERSION:
            raise SpoolError(
                f"written by a newer program (schema {version})",
                where=self._path.name,
                expected=f"a schema of at most {SCHEMA_VERSION}",
            )
        return version

    def raise_first_boot(self, boot: int) -> None:
        """Raise ``by_boot`` to ``boot``, and where no message waits, ``boot`` of this opening too.

        Only without a ``first_boot``, and before the first message of this opening; else it does nothing. It lowers
        neither.

        Parameters
        ----------
        boot : int
            Such as that of ``first_boot_at``.

        Raises
        ------
        SpoolError
            On a disk error.
        """
        with self._lock:
            if not self._may_raise_boot or self._next_seq > 1 or boot <= self.by_boot:
                return
            self._after = (self._count, self._bytes, self._put_total, self._dropped_total)
            self._transact(lambda: self._raise_to(boot))
            self.by_boot = boot
            if not self._count:
                self.boot = boot

    def _raise_to(self, boot: int) -> None:
        if not self._count:
            self._begin_at(boot)
        self._set_meta("by_boot", boot)

    def put(self, build: Build) -> MessageKey:
        """Store one message under the next (boot, seq); it is on disk when this returns.

        Parameters
        ----------
        build : callable
            Makes the payload from (boot, seq).

        Returns
        -------
        tuple of int
            (boot, seq).

        Raises
        ------
        SpoolError
            As for ``put_many``.
        """
        return self.put_many([build])[0]

    def put_many(self, builds: Sequence[Build]) -> list[MessageKey]:
        """Store several messages in one transaction: all or none of them.

        Parameters
        ----------
        builds : sequence of callable
            Each makes a payload from its (boot, seq). Its exceptions propagate, and no number is used.

        Returns
        -------
        list of tuple of int
            (boot, seq) of each message.

        Raises
        ------
        SpoolError
            On a payload above MAX_PAYLOAD_BYTES, for which a broker would close the connection at every attempt, and on
            a disk error.
        """
        with self._lock:
            keys = [(self.boot, self._next_seq + i) for i in range(len(builds))]
            rows = [(self._id(*key), build(*key)) for key, build in zip(keys, builds, strict=True)]
            for _, payload in rows:
                if len(payload) > MAX_PAYLOAD_BYTES:
                    raise SpoolError(
                        f"a message of {len(payload)} bytes",
                        where=self._path.name,
                        expected=f"at most {MAX_PAYLOAD_BYTES}",
                    )
            size = sum(len(payload) for _, payload in rows)
            self._transact(lambda: self._insert(rows, size))
            self._next_seq += len(rows)
            return keys

    def _insert(self, rows: list[tuple[int, bytes]], size: int) -> None:
        self._db.executemany("INSERT INTO messages VALUES (?, ?)", rows)
        count, total, dropped = self._count + len(rows), self._bytes + size, 0
        while count > self._limits.messages or (total > self._limits.bytes and count > 1):
            oldest, length = self._db.execute("SELECT id, length(payload) FROM messages ORDER BY id LIMIT 1").fetchone()
            self._db.execute("DELETE FROM messages WHERE id = ?", (oldest,))
            self._record_gap(*self._key(oldest))
            count, total, dropped = count - 1, total - length, dropped + 1
        self._set_meta("put", self._put_total + len(rows))
        if dropped:
            self._set_meta("dropped", self._dropped_total + dropped)
        self._after = (count, total, self._put_total + len(rows), self._dropped_total + dropped)

    def pending(self, after: MessageKey | None = None, limit: int = 1000) -> list[SpoolEntry]:
        """Return up to ``limit`` waiting messages past the key ``after``, oldest boot first, then by seq."""
        with self._lock:
            rows = self._query(
                "SELECT id, payload FROM messages WHERE id > ? ORDER BY id LIMIT ?",
                (-1 if after is None else self._id(*after), max(limit, 0)),
            )
        return [SpoolEntry(*self._key(rowid), payload) for rowid, payload in rows]

    def get(self, boot: int, seq: int) -> bytes | None:
        """Return the payload of one waiting message; None if it is settled, was dropped or was never put."""
        if not (0 <= boot - self._base <= _MOST_BOOTS and 0 <= seq <= _SEQ_MASK):
            return None
        with self._lock:
            rows = self._query("SELECT payload FROM messages WHERE id = ?", (self._id(boot, seq),))
        return bytes(rows[0][0]) if rows else None

    def settle(self, boot: int, seq: int, *, first: int = 0) -> int:
        """Delete the messages of this boot from ``first`` to seq, which ingest has journaled; return their number."""
        if not 0 <= boot - self._base <= _MOST_BOOTS or seq < 0:
            return 0
        with self._lock:
            where = (self._id(boot, max(first, 0)), self._id(boot, min(seq, _SEQ_MASK)))
            count, size = self._query(
                "SELECT count(*), total(length(payload)) FROM messages WHERE id BETWEEN ? AND ?", where
            )[0]
            if count:
                self._after = (self._count - count, self._bytes - size, self._put_total, self._dropped_total)
                self._transact(lambda: self._db.execute("DELETE FROM messages WHERE id BETWEEN ? AND ?", where))
        return int(count)

    def low(self, boot: int) -> int | None:
        """Return the lowest waiting seq of this boot; None when there is none."""
        with self._lock:
            rows = self._query(
                "SELECT min(id) FROM messages WHERE id BETWEEN ? AND ?", (self._id(boot, 0), self._id(boot, -1))
            )
        return None if rows[0][0] is None else self._key(int(rows[0][0]))[1]

    def waiting_up_to(self, key: MessageKey) -> int:
        """Return the number of waiting messages with a key up to and including this one."""
        with self._lock:
            return int(self._query("SELECT count(*) FROM messages WHERE id <= ?", (self._id(*key),))[0][0])

    def gaps(self) -> list[DroppedRange]:
        """Return the ranges that a full spool dropped, oldest first; some of them may have been sent or journaled."""
        with self._lock:
            return [
                DroppedRange(*row) for row in self._query("SELECT boot, first, last FROM gaps ORDER BY boot, first", ())
            ]

    @property
    def waiting(self) -> int:
        """Number of waiting messages."""
        return self._count

    @property
    def put_total(self) -> int:
        """Number of messages ever put: "published" in the count of messages."""
        return self._put_total

    @property
    def dropped_total(self) -> int:
        """Number of messages ever dropped because the spool was full."""
        return self._dropped_total

    def close(self) -> None:
        """Close the file, so that another process may open it."""
        with self._lock:
            self._db.close()
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _transact(self, change: Callable[[], object]) -> None:
        if self._broken is not None:
            raise self._broken
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                change()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            failed = self._error(error)
            if getattr(error, "sqlite_errorname", "").startswith("SQLITE_IOERR"):
                self._broken = failed  # after a failed fsync the content of the disk is unknown: do not continue
            raise failed from error
        self._count, self._bytes, self._put_total, self._dropped_total = self._after

    def _query(self, sql: str, arguments: tuple[int, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, arguments).fetchall()
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _id(self, boot: int, seq: int) -> int:
        """Return a message's rowid; below or above all messages for a boot that this file cannot hold."""
        return min(max(boot - self._base, -1), _MOST_BOOTS) << _SEQ_BITS | (seq & _SEQ_MASK)

    def _key(self, rowid: int) -> MessageKey:
        return self._base + (rowid >> _SEQ_BITS), rowid & _SEQ_MASK

    def _record_gap(self, boot: int, seq: int) -> None:
        grown = self._db.execute("UPDATE gaps SET last = ? WHERE boot = ? AND last = ?", (seq, boot, seq - 1))
        if not grown.rowcount:
            self._db.execute("INSERT INTO gaps VALUES (?, ?, ?)", (boot, seq, seq))

    def _meta(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def _set_meta(self, name: str, value: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _in_use(self) -> SpoolError:
        return SpoolError("in use by another process", where=self._path.name, expected="one sender per spool")

    def _error(self, error: sqlite3.Error) -> SpoolError:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_BUSY"):
            return self._in_use()
        if name.startswith("SQLITE_FULL"):
            return SpoolFull("the disk is full", where=self._path.name, expected="free space for the spool")
        return SpoolError(str(error), where=self._path.name, expected="a spool file on a working disk")


def _make_private(path: Path) -> None:
    """Create the file for its owner alone, and take away what others could read of one that is there: a spool holds
    what the sensor saw. SQLite gives its other files the same mode."""
    if str(path) == ":memory:":
        return
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.is_file() and path.stat().st_uid == os.geteuid():
            for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                if file.exists():
                    file.chmod(0o600)


def first_boot_at(now_ns: int) -> int:
    """Return the boot with which a new spool begins: the number of milliseconds since 2020.

    It is above every boot of a lost spool, as far as both clocks are right. Clocks before 2020 give 1.

    Parameters
    ----------
    now_ns : int, ns since 1970
        The time.

    Returns
    -------
    int
        The boot.

    Examples
    --------
    >>> from ingest.sending.spool import first_boot_at
    >>> first_boot_at(1_577_836_800_000_000_000 + 90 * 1_000_000_000)
    90000
    """
    milliseconds = (now_ns - round(_BOOTS_COUNT_FROM.timestamp()) * 1_000_000_000) // 1_000_000
    return min(max(milliseconds, 1), _LARGEST_FIRST_BOOT)
