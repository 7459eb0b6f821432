"""Devices of field units on disk: one-time codes, devices, and what the devices answered, in the file ``field.db``.

The API process and ``watchline unit`` write it in short transactions of SQLite (WAL, IMMEDIATE), so one at a time; what
a command changes holds from the next request on. Codes and device cookies are stored as SHA-256 only, so that neither
can be taken from the file. Codes are random, 60 bits, valid once and for ten minutes; wrong ones count under the
network address and over all addresses, with delays that grow.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from geo.errors import BadInput, WatchlineError
from ingest.topics import identifier
from ops.accounts.limits import FORGOTTEN_S, DelayRule, digest, network_of
from ops.runtime.account import give_to_owner
from ops.runtime.files.transaction import BUSY_S, change_unless_busy, transaction, use_write_ahead_log

FILE: Final = "field.db"
SCHEMA: Final = 1
APPLICATION_ID: Final = 0x574C4644  # "WLFD"
CODE_S: Final = 600.0
DEVICE_S: Final = 365 * 86_400.0
"""Time after its enrolment for which a device may be used."""
ANSWERS_KEPT_S: Final = 7 * 86_400.0
SEEN_EVERY_S: Final = 60.0
MOST_DEVICES: Final = 20
"""Devices of one unit that are not revoked."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for another or for a digit."""
_CODE_LENGTH: Final = 12
_MISREAD: Final = str.maketrans("OIL", "011", "- ")
ADDRESS: Final = DelayRule(5, 1.0, 300.0)
EVERYWHERE: Final = DelayRule(100, 1.0, 60.0)
"""Over all addresses: guessing from many of them is slow, and the delay ends, so that enrolment is not blocked."""
_TABLES: Final = """
CREATE TABLE codes (
    key TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    ends_s REAL NOT NULL,
    used_s REAL
) WITHOUT ROWID;
CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    unit TEXT NOT NULL,
    name TEXT NOT NULL,
    enrolled_s REAL NOT NULL,
    seen_s REAL NOT NULL,
    revoked_s REAL
) WITHOUT ROWID;
CREATE INDEX devices_of ON devices (unit);
CREATE TABLE answers (
    action_id TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    device TEXT NOT NULL,
    incident TEXT NOT NULL,
    action TEXT NOT NULL,
    received_s REAL NOT NULL,
    late_s REAL NOT NULL,
    ahead_s REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX answers_of ON answers (unit, received_s);
CREATE TABLE attempts (
    key TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    next_s REAL NOT NULL,
    last_s REAL NOT NULL
) WITHOUT ROWID
"""
_DEVICE: Final = "id, unit, name, enrolled_s, seen_s, revoked_s"


class DeviceStoreError(WatchlineError):
    """The devices cannot be read or written; no device is admitted meanwhile."""


class EnrolmentRefused(WatchlineError):
    """A code that is wrong, used or expired, or a further attempt that comes too soon."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a unit. Times are UTC seconds since 1970; ``revoked_s`` None: it may be used."""

    id: str
    unit: str
    name: str
    enrolled_s: float
    seen_s: float
    revoked_s: float | None = None


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """A code that enrols one device of a unit, until ``ends_s``."""

    code: str = field(repr=False)
    unit: str
    ends_s: float


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """An answer of a unit that was taken: the action, its incident and device.

    ``late_s``: time between giving and receiving it. ``ahead_s``: how far the device's clock is ahead of the server's.
    """

    action_id: str
    incident: str
    action: str
    device: str
    late_s: float = 0.0
    ahead_s: float = 0.0


class DeviceStore:
    """The devices of one data folder. Thread-safe; ``now_s`` is the wall clock. DeviceStoreError if it is unusable.

    Reading and changing each have a connection, so that no reader waits for a change: requests are read in the event
    loop of the API.
    """

    def __init__(self, path: Path, *, now_s: Callable[[], float] = time.time) -> None:
        self.path, self.now_s = path, now_s
        self._reading, self._writing = threading.Lock(), threading.Lock()
        with self._checked():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            give_to_owner(path)
            os.chmod(path, 0o600)
            self._writer = self._connect()
            self._prepare()
            self._reader = self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        use_write_ahead_log(connection)
        for pragma in ("synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _prepare(self) -> None:
        with self._change() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            (kind,) = db.execute("PRAGMA application_id").fetchone()
            if version == 0 and kind == 0 and not db.execute("SELECT 1 FROM sqlite_schema").fetchone():
                for statement in _TABLES.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA}")
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            elif kind != APPLICATION_ID or version != SCHEMA:
                raise DeviceStoreError(f"{self.path}: version {version}; expected devices of version {SCHEMA}.")

    def close(self) -> None:
        """Close the file."""
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()

    # --- enrolment

    def new_code(self, unit: str) -> OneTimeCode:
        """A new code for a device of the unit; earlier codes of the unit are no longer valid. BadInput for no name."""
        unit = identifier(unit, "unit")
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
        ends_s = self.now_s() + CODE_S
        with self._change() as db:
            db.execute("DELETE FROM codes WHERE ends_s < ? OR unit = ?", (self.now_s(), unit))
            db.execute("INSERT INTO codes VALUES (?, ?, ?, NULL)", (_code_key(code), unit, ends_s))
        shown = "-".join(code[start : start + 4] for start in range(0, _CODE_LENGTH, 4))
        return OneTimeCode(shown, unit, ends_s)

    def enrol(self, code: str, name: str, address: str = "") -> tuple[Device, str]:
        """Use up a code; return the device and its cookie, which is stored nowhere. Raises EnrolmentRefused.

        A wrong, a used and an expired code get the same answer, so that an attempt does not show which codes exist.
        """
        wrong = EnrolmentRefused("The code is wrong, has been used, or has expired; ask for a new one.")
        now_s, cookie = self.now_s(), secrets.token_urlsafe(32)
        limits = ((digest("enrol", network_of(address)), ADDRESS), (digest("enrol"), EVERYWHERE))
        wait_s = self._take_attempt(limits, now_s)
        if wait_s > 0.0:
            raise EnrolmentRefused(f"Too many wrong codes; try again in {max(1, round(wait_s))} s.")
        with self._change() as db:
            row = db.execute(
                "UPDATE codes SET used_s = ?1 WHERE key = ?2 AND used_s IS NULL AND ends_s >= ?1 RETURNING unit",
                (now_s, _code_key(code)),
            ).fetchone()
            if row is None:
                raise wrong
            (many,) = db.execute(
                "SELECT count(*) FROM devices WHERE unit = ? AND revoked_s IS NULL", (row[0],)
            ).fetchone()
            if many >= MOST_DEVICES:
                raise EnrolmentRefused(f"The unit has {many} devices, the maximum; one must be revoked first.")
            device = Device(secrets.token_hex(6), row[0], name, now_s, now_s)
            db.execute(
                "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (device.id, digest("device", cookie), device.unit, name, now_s, now_s),
            )
            for key, _ in limits:
                db.execute("UPDATE attempts SET failures = max(failures - 1, 0), next_s = 0 WHERE key = ?", (key,))
        return device, cookie

    def _take_attempt(self, limits: tuple[tuple[str, DelayRule], ...], now_s: float) -> float:
        """Count an attempt as failed, before it is checked; or return the seconds to wait, uncounted."""
        with self._change() as db:
            db.execute("DELETE FROM attempts WHERE last_s < ?", (now_s - FORGOTTEN_S,))
            counts = []
            for key, rule in limits:
                row = db.execute("SELECT failures, next_s FROM attempts WHERE key = ?", (key,)).fetchone()
                failures, next_s = row or (0, 0.0)
                wait_s = min(next_s - now_s, rule.longest_s)  # a clock may have been set back
                if wait_s > 0.0:
                    return float(wait_s)
                counts.append((key, failures + 1, now_s + rule.wait_s(failures + 1), now_s))
            db.executemany("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)", counts)
        return 0.0

    # --- devices

    def device_of(self, cookie: str) -> Device | None:
        """The device of a cookie that may be used, else None."""
        rows = self._rows(
            f"SELECT {_DEVICE} FROM devices WHERE key = ? AND revoked_s IS NULL AND enrolled_s > ?",  # noqa: S608
            digest("device", cookie),
            self.now_s() - DEVICE_S,
        )
        return Device(*rows[0]) if rows else None

    def admit(self, device: str, unit: str, name: str) -> Device | None:
        """Return a device that logs in without a cookie, recorded at its first login; None if it was revoked."""
        rows = self._rows(f"SELECT {_DEVICE} FROM devices WHERE id = ?", device)  # noqa: S608
        if not rows:
            now_s = self.now_s()
            with self._change() as db:
                db.execute(
                    "INSERT OR IGNORE INTO devices VALUES (?, ?, ?, ?, ?, ?, NULL)",
                    (device, digest("device id", device), unit, name, now_s, now_s),
                )
            rows = self._rows(f"SELECT {_DEVICE} FROM devices WHERE id = ?", device)  # noqa: S608
        found = Device(*rows[0])
        return found if found.unit == unit and found.revoked_s is None else None

    def still_in(self, device: str) -> bool:
        """Whether a device may still be used."""
        return bool(
            self._rows(
                "SELECT 1 FROM devices WHERE id = ? AND revoked_s IS NULL AND enrolled_s > ?",
                device,
                self.now_s() - DEVICE_S,
            )
        )

    def seen(self, device: Device) -> None:
        """Record that a device is in use, once a minute; later where the file is being changed: no request waits."""
        now_s = self.now_s()
        if abs(now_s - device.seen_s) >= SEEN_EVERY_S and self._writing.acquire(blocking=False):
            try:
                with self._checked():
                    change_unless_busy(self._writer, "UPDATE devices SET seen_s = ? WHERE id = ?", (now_s, device.id))
            finally:
                self._writing.release()

    def devices(self, unit: str) -> list[Device]:
        """The devices of a unit, the newest first; also those that are revoked."""
        rows = self._rows(
            f"SELECT {_DEVICE} FROM devices WHERE unit = ? ORDER BY enrolled_s DESC, id",  # noqa: S608
            unit,
        )
        return [Device(*row) for row in rows]

    def revoke(self, unit: str, device: str) -> Device:
        """Revoke a device of a unit from now on, with the unit's codes. BadInput if the unit has no such device."""
        with self._change() as db:
            db.execute("DELETE FROM codes WHERE unit = ?", (unit,))
            row = db.execute(
                f"UPDATE devices SET revoked_s = coalesce(revoked_s, ?) WHERE id = ? AND unit = ? RETURNING {_DEVICE}",  # noqa: S608
                (self.now_s(), device, unit),
            ).fetchone()
        if row is None:
            expected = "one of `watchline unit devices`"
            raise BadInput(f"unit {unit[:64]!r} has no device {device[:64]!r}", where="DEVICE", expected=expected)
        return Device(*row)

    # --- answers

    def take_answer(self, answer: UnitAnswer, unit: str) -> bool | None:
        """Record an answer of a unit: True if it is new, False if the unit sent it before, None for another's id."""
        now_s = self.now_s()
        with self._change() as db:
            db.execute("DELETE FROM answers WHERE received_s < ?", (now_s - ANSWERS_KEPT_S,))
            row = db.execute(
                "SELECT unit, incident, action FROM answers WHERE action_id = ?", (answer.action_id,)
            ).fetchone()
            if row is not None:
                return False if row == (unit, answer.incident, answer.action) else None
            db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    answer.action_id,
                    unit,
                    answer.device,
                    answer.incident,
                    answer.action,
                    now_s,
                    answer.late_s,
                    answer.ahead_s,
                ),
            )
        return True

    def has_answer(self, action_id: str, unit: str) -> bool:
        """Whether the unit sent this answer before."""
        return bool(self._rows("SELECT 1 FROM answers WHERE action_id = ? AND unit = ?", action_id, unit))

    def drop_answer(self, action_id: str) -> None:
        """Forget an answer that could not be stored for sending, so that it can be sent again."""
        with self._change() as db:
            db.execute("DELETE FROM answers WHERE action_id = ?", (action_id,))

    def answers(self, unit: str, *, limit: int = 100) -> list[UnitAnswer]:
        """The newest answers of a unit, the newest first."""
        rows = self._rows(
            "SELECT action_id, incident, action, device, late_s, ahead_s FROM answers WHERE unit = ?"
            " ORDER BY received_s DESC, action_id LIMIT ?",
            unit,
            limit,
        )
        return [UnitAnswer(*row) for row in rows]

    # --- transactions

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._reading, self._checked():
            return self._reader.execute(sql, values).fetchall()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._writing, self._checked(), transaction(self._writer):
            yield self._writer

    @contextmanager
    def _checked(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise DeviceStoreError(f"{self.path}: the devices of units cannot be used ({error}).") from error


def _code_key(code: str) -> str:
    """SHA-256 of a code as typed: in any case, with or without hyphens, with letters for the digits they resemble."""
    return digest("code", code.upper().translate(_MISREAD))
