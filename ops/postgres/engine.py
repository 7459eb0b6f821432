"""Connections to a store in PostgreSQL, and what its errors mean as one sentence."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from ops.postgres.address import PostgresError, StoreAddress

_MEANINGS: Final[dict[str, tuple[str, str]]] = {
    "28P01": ("the password or user is wrong", "a user who may log in; see PGPASSWORD"),
    "28000": ("the server refuses this user", "a user who may log in"),
    "3D000": ("no such database", "a database that exists"),
    "53100": ("the server's disk is full", "free space on the server; senders keep unacknowledged messages"),
    "53200": ("the server has no memory left, perhaps for locks", "a higher max_locks_per_transaction, or more memory"),
    "42501": ("this user may not do that", "a user with the rights of the store"),
    "25006": ("the server is read-only", "the primary server, which accepts writes"),
    "55P03": ("another transaction holds a lock", "short transactions beside ingest"),
    "53300": ("the server has no connection left", "a higher max_connections"),
    "57P01": ("the server was stopped", "a server that is running; then restart"),
    "57P03": ("the server is starting or stopping", "a server that is running"),
    "42P01": ("a table is missing", "a store that `watchline store migrate` has prepared"),
    "42703": ("a column is missing", "a store that `watchline store migrate` has prepared"),
    "3F000": ("has no Watchline tables", "`watchline store migrate` first"),
}
_NO_STATE: Final = {"28P01": r"password authentication failed", "3D000": r'database ".*" does not exist'}
"""Parts of errors of the connection, for which the client library gives no SQLSTATE."""
_NO_AUTHORITY: Final = re.compile(r'root certificate file "(.*?)" does not exist')
DISK_FULL: Final = "53100"
LOCK_TIMEOUT: Final = "55P03"
LOCK_WAIT_S: Final = 10.0
"""How long to wait for another writer; a server needs a moment to notice that one was killed."""


def engine_of(address: StoreAddress, *, autocommit: bool = False) -> Engine:
    """Return an engine for an address; nothing is connected yet."""
    assert isinstance(address.url, URL)
    return create_engine(
        address.url,
        connect_args=address.options(),
        pool_size=2,
        max_overflow=4,
        pool_pre_ping=autocommit,  # a reader's connection may be from before a restart of the server
        isolation_level="AUTOCOMMIT" if autocommit else "READ COMMITTED",
    )


def state_of(error: DBAPIError) -> str:
    """Return the SQLSTATE of an error; empty when the server gave none, as when it cannot be reached."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def meaning_of(error: DBAPIError) -> tuple[str, str]:
    """Return what is wrong and what was expected."""
    state, text = state_of(error), " ".join(str(error.orig).split())
    if not state:
        state = next((state for state, part in _NO_STATE.items() if re.search(part, text)), "")
    if state in _MEANINGS:
        return _MEANINGS[state]
    if not state and (file := _NO_AUTHORITY.search(text)):
        return f"{file[1]} does not exist", "sslrootcert=FILE: the authority that signed the server's certificate"
    if not state:
        short = text.rpartition("FATAL: ")[2].rpartition("failed: ")[2].strip()[:200].rstrip(".")
        return f"no connection ({short})", "a server that is running and can be reached"
    return f"{text.partition(' DETAIL:')[0][:200]} (SQLSTATE {state})", "a store that can be read and written"


def store_error(error: DBAPIError, address: StoreAddress) -> PostgresError:
    """Return an error of the database as one sentence."""
    what, expected = meaning_of(error)
    return PostgresError(what, where=address.shown, expected=expected)
