"""The accounts: people, roles, sessions, failed logins and known browsers, in ``accounts.db`` or in PostgreSQL.

The API process and ``watchline user`` write them in short transactions, one at a time. At every request the API asks
whether they have changed, and reads session and person again if they have, so that what a command changes holds from
the next request on. Session ids, one-time secrets and device cookies are stored as SHA-256 only, secrets of second
factors encrypted (``sealed``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from geo.errors import WatchlineError
from ops.accounts.limits import FORGOTTEN_S, Counted
from ops.accounts.person import Role, Session
from ops.accounts.stores.database import COLUMNS, FILE, AccountStoreError, Statements, Taken
from ops.accounts.stores.place import open_database

__all__ = ["FILE", "Account", "AccountStore", "AccountStoreError", "NameTaken"]
MOST_ATTEMPT_KEYS: Final = 20_000
MOST_KNOWN: Final = 1_024
"""Sessions kept in memory."""
_PERSON: Final = COLUMNS["people"]
_SESSION: Final = "key, kind, began_s, ends_s, address, label, seen_s, purpose"
_SESSION_COLUMNS: Final = len(_SESSION.split(", "))
_CHANGEABLE: Final = frozenset(
    ("name", "name_key", "password", "secret", "secret_ends_s", "must_set_password", "totp", "totp_step", "locked",
     "releasability")
)  # fmt: skip


class NameTaken(WatchlineError):
    """Another account has this name."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person as stored. ``password``: argon2id hash, None without one. ``secret``: SHA-256 of a one-time secret."""

    id: str
    login: str
    name: str
    name_key: str
    password: str | None = None
    secret: str | None = None
    secret_ends_s: float | None = None
    must_set_password: bool = False
    totp: str | None = None
    totp_step: int = 0
    issuer: str | None = None
    subject: str | None = None
    locked: bool = False
    created_s: float = 0.0
    releasability: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)


class AccountStore:
    """All reading and writing of the accounts. Thread-safe. Raises AccountStoreError where they are unusable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, tuple[Session, Account]] = {}
        self._version: int | None = None
        self._database = open_database(path)
        self._key = self._database.key
        self._change, self._read = self._database.change, self._database.read

    def close(self) -> None:
        """Close file or connections."""
        self._database.close()

    # --- people

    def accounts(self) -> list[Account]:
        """Every account, by login."""
        return self._accounts("ORDER BY login")

    def account(self, login: str) -> Account | None:
        """The account of a login, or None."""
        return next(iter(self._accounts("WHERE login = ?", login)), None)

    def account_of_subject(self, issuer: str, subject: str) -> Account | None:
        """The account of a person at an identity provider, or None."""
        return next(iter(self._accounts("WHERE issuer = ? AND subject = ?", issuer, subject)), None)

    def account_of_id(self, identity: str) -> Account | None:
        """The account with an id, or None."""
        return next(iter(self._accounts("WHERE id = ?", identity)), None)

    def _accounts(self, where: str, *values: str) -> list[Account]:
        with self._read() as db:
            rows = db.execute(f"SELECT {_PERSON} FROM people {where}", values).fetchall()  # noqa: S608 - our own text
            return [self._account(row, db.execute(_ROLES, (row[0],)).fetchall()) for row in rows]

    def _account(self, row: Sequence[Any], roles: Sequence[tuple[str, Role]]) -> Account:
        columns = dict(zip((name.strip() for name in _PERSON.split(",")), row, strict=True))
        columns |= {name: bool(columns[name]) for name in ("must_set_password", "locked")}
        if columns["totp"] is not None:
            columns["totp"] = self._key.open(columns["totp"], columns["id"])
        return Account(**columns, roles=dict(roles))

    def add(self, account: Account) -> None:
        """Add an account. Raises NameTaken if its login or its name is in use."""
        if account.totp is not None:
            account = replace(account, totp=self._key.seal(account.totp, account.id))
        values = [getattr(account, column.strip()) for column in _PERSON.split(",")]
        marks = ", ".join("?" * len(values))
        with self._change() as db:
            taken = db.execute(
                "SELECT login, login = ? FROM people WHERE login = ? OR name_key = ?",
                (account.login, account.login, account.name_key),
            ).fetchone()
            if taken is not None:
                what = f"The account {account.login!r}" if taken[1] else f"A person with the name {account.name!r}"
                raise NameTaken(f"{what} exists already; expected another name.")
            db.execute(f"INSERT INTO people ({_PERSON}) VALUES ({marks})", values)  # noqa: S608 - our own columns
            _write_roles(db, account.id, account.roles)

    def change(self, identity: str, *, only_if_secret: str | None = None, **values: Any) -> bool:
        """Set columns of an account; False if there is none, or if its secret is not ``only_if_secret``."""
        if not values.keys() <= _CHANGEABLE:
            raise ValueError(f"not changeable: {sorted(values.keys() - _CHANGEABLE)}")
        if values.get("totp") is not None:
            values["totp"] = self._key.seal(values["totp"], identity)
        sets = ", ".join(f"{column} = ?" for column in values)
        condition = "" if only_if_secret is None else " AND secret = ?"
        more = () if only_if_secret is None else (only_if_secret,)
        with self._change() as db:
            try:
                found = db.execute(
                    f"UPDATE people SET {sets} WHERE id = ?{condition}",  # noqa: S608 - columns from the list above
                    (*values.values(), identity, *more),
                )
            except Taken:
                raise NameTaken("Another person has this name; expected another name.") from None
            return bool(found.rowcount == 1)

    def use_code(self, identity: str, step: int) -> bool:
        """Record the time step of a code of the second factor; False if it or a later one has been used."""
        with self._change() as db:
            found = db.execute("UPDATE people SET totp_step = ? WHERE id = ? AND totp_step < ?", (step, identity, step))
            return bool(found.rowcount == 1)

    def set_roles(self, identity: str, roles: Mapping[str, Role]) -> None:
        """Replace a person's roles."""
        with self._change() as db:
            db.execute("DELETE FROM roles WHERE person = ?", (identity,))
            _write_roles(db, identity, roles)

    def remove(self, identity: str) -> None:
        """Remove an account with its roles, sessions and known browsers."""
        with self._change() as db:
            db.execute("DELETE FROM people WHERE id = ?", (identity,))
        self.overwrite()

    def overwrite(self) -> None:
        """Overwrite what was removed, also in a file that a server has open."""
        self._database.overwrite()

    # --- sessions

    def add_session(self, session: Session, identity: str) -> None:
        """Add a session, and remove those that have ended."""
        with self._change() as db:
            db.execute("DELETE FROM sessions WHERE ends_s < ?", (session.began_s,))
            db.execute(
                f"INSERT INTO sessions ({_SESSION}, person) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (*(getattr(session, column) for column in _SESSION.split(", ")), identity),
            )

    def session(self, key: str) -> tuple[Session, Account] | None:
        """A session and its person, or None.

        The result is kept until a process has changed the accounts.
        """
        with self._read() as db:
            version = self._database.version(db)
            if version != self._version or len(self._known) >= MOST_KNOWN:
                self._version = version
                self._known.clear()
            if key not in self._known:
                row = db.execute(_SESSION_AND_PERSON, (key,)).fetchone()
                if row is None:
                    return None
                of_person = row[_SESSION_COLUMNS:]
                roles = db.execute(_ROLES, (of_person[0],)).fetchall()
                self._known[key] = Session(*row[:_SESSION_COLUMNS]), self._account(of_person, roles)
            return self._known[key]

    def sessions_of(self, identity: str) -> list[Session]:
        """The sessions of a person, the newest first."""
        with self._read() as db:
            found = db.execute(
                f"SELECT {_SESSION} FROM sessions WHERE person = ? ORDER BY began_s DESC",  # noqa: S608
                (identity,),
            )
            return [Session(*row) for row in found.fetchall()]

    def touch(self, key: str, now_s: float) -> None:
        """Record that a session is in use; later where the file is being changed, for which no request waits."""
        self._database.change_if_free("UPDATE sessions SET seen_s = ? WHERE key = ?", (now_s, key))

    def set_purpose(self, key: str, purpose: str) -> None:
        """Set the purpose of what a session reads; empty for the default of the role."""
        with self._change() as db:
            db.execute("UPDATE sessions SET purpose = ? WHERE key = ?", (purpose, key))

    def end_session(self, key: str, identity: str | None = None) -> bool:
        """End a session, of this person if one is given; False if there is none."""
        with self._change() as db:
            found = db.execute(
                "DELETE FROM sessions WHERE key = ? AND (CAST(? AS TEXT) IS NULL OR person = ?)",
                (key, identity, identity),
            )
            return bool(found.rowcount == 1)

    def end_sessions(self, identity: str, *, keep: str = "") -> int:
        """End the sessions of a person but one, and forget the known browsers; return the number of those ended."""
        with self._change() as db:
            db.execute("DELETE FROM devices WHERE person = ?", (identity,))
            return int(db.execute("DELETE FROM sessions WHERE person = ? AND key != ?", (identity, keep)).rowcount)

    # --- failed logins and known browsers

    def take_attempt(self, counted: Sequence[Counted], now_s: float) -> float:
        """Count an attempt as failed under each key, before it is checked; or return the seconds to wait, uncounted."""
        with self._change() as db:
            rows = {}
            for one in counted:
                row = db.execute("SELECT failures, next_s, last_s FROM attempts WHERE key = ?", (one.key,)).fetchone()
                failures, next_s, last_s = row or (0, 0.0, now_s)
                rows[one] = 0 if now_s - last_s > FORGOTTEN_S else failures
                wait_s = min(next_s - now_s, one.limit.longest_s)  # a clock may have been set back
                if wait_s > 0.0:
                    return float(wait_s)
            for one, failures in rows.items():
                next_s = now_s + one.limit.wait_s(failures + 1)
                entry = (one.key, one.account, failures + 1, next_s, now_s)
                db.execute(_COUNT_ATTEMPT, entry)
            (many,) = db.execute("SELECT count(*) FROM attempts").fetchone()
            if many > MOST_ATTEMPT_KEYS:
                oldest = "SELECT key FROM attempts ORDER BY last_s LIMIT ?"
                db.execute(f"DELETE FROM attempts WHERE key IN ({oldest})", (MOST_ATTEMPT_KEYS // 10,))  # noqa: S608
        return 0.0

    def forgive(self, counted: Sequence[Counted], *, wholly: bool = True) -> None:
        """The attempt was right: uncount it under the wide keys; ``wholly``: forget the failures of the first key."""
        with self._change() as db:
            if wholly:
                db.execute("DELETE FROM attempts WHERE key = ?", (counted[0].key,))
            for one in counted[1:]:
                db.execute("UPDATE attempts SET failures = failures - 1, next_s = 0 WHERE key = ?", (one.key,))

    def forget_attempts(self, account: str) -> None:
        """Forget every failed attempt under an account (``limits.digest``)."""
        with self._change() as db:
            db.execute("DELETE FROM attempts WHERE account = ?", (account,))

    def know_device(self, key: str, identity: str, ends_s: float, now_s: float) -> None:
        """Remember a browser with which a person has logged in."""
        with self._change() as db:
            db.execute("DELETE FROM devices WHERE ends_s < ?", (now_s,))
            db.execute(_KNOW_DEVICE, (key, identity, ends_s))

    def knows_device(self, key: str, login: str, now_s: float) -> bool:
        """Whether a person has logged in with this browser before."""
        with self._read() as db:
            found = db.execute(
                "SELECT 1 FROM devices JOIN people ON people.id = person WHERE key = ? AND login = ? AND ends_s > ?",
                (key, login, now_s),
            )
            return found.fetchone() is not None


_COUNT_ATTEMPT: Final = (
    "INSERT INTO attempts (key, account, failures, next_s, last_s) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE"
    " SET account = excluded.account, failures = excluded.failures, next_s = excluded.next_s, last_s = excluded.last_s"
)
_KNOW_DEVICE: Final = (
    "INSERT INTO devices (key, person, ends_s) VALUES (?, ?, ?)"
    " ON CONFLICT (key, person) DO UPDATE SET ends_s = excluded.ends_s"
)
_ROLES: Final = "SELECT sector, role FROM roles WHERE person = ?"
_SESSION_AND_PERSON: Final = (
    f"SELECT {', '.join('s.' + name for name in _SESSION.split(', '))},"  # noqa: S608 - our own columns
    f" {', '.join('p.' + name.strip() for name in _PERSON.split(','))}"
    " FROM sessions s JOIN people p ON p.id = s.person WHERE s.key = ?"
)


def _write_roles(db: Statements, identity: str, roles: Mapping[str, Role]) -> None:
    rows = [(identity, sector, role) for sector, role in roles.items()]
    db.executemany("INSERT INTO roles VALUES (?, ?, ?)", rows)
