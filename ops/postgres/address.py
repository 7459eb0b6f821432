"""Where a store in PostgreSQL is: the address that people type, and connections that keep what they commit.

Every connection states what Watchline relies on, whatever the server, database or role has as its default: commits that
are on disk, UTC, and a limit for transactions whose client no longer answers. Passwords are read from the address, or
by the client library from PGPASSWORD or the password file; no error shows them.
"""

from __future__ import annotations

from typing import Final

from geo.errors import BadInput

SCHEMES: Final = ("postgresql://", "postgres://")
FORM: Final = "postgresql://user@host:port/database"
CONNECT_S: Final = 10
STORE_VARIABLE: Final = "WATCHLINE_STORE"
"""Environment variable that passes an address, which may contain a password, to a child process."""
_SESSION: Final = {
    "timezone": "UTC",
    "synchronous_commit": "on",
    "client_min_messages": "warning",
    "search_path": "watchline",
    "standard_conforming_strings": "on",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


class PostgresError(BadInput):
    """A store in PostgreSQL that cannot be opened, read, written or upgraded."""


def is_postgres(text: str) -> bool:
    """Return whether ``text`` is the address of a store in PostgreSQL; otherwise it is the path of a file."""
    return text.startswith(SCHEMES)


class StoreAddress:
    """A parsed address. PostgresError for one that is none, or without the packages that PostgreSQL needs."""

    def __init__(self, text: str, *, where: str = "--store") -> None:
        try:
            from sqlalchemy import make_url
            from sqlalchemy.exc import ArgumentError
        except ImportError:
            raise missing_packages() from None
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise PostgresError("not an address", where=where, expected=FORM) from None
        if not is_postgres(text) or not url.database:
            raise PostgresError(
                "names no database" if is_postgres(text) else "not an address", where=where, expected=FORM
            )
        self.text = text
        self._url = url.set(drivername="postgresql+psycopg")
        user, port = f"{url.username}@" if url.username else "", f":{url.port}" if url.port else ""
        self.shown = f"postgresql://{user}{url.host or ''}{port}/{url.database}"
        """The address without its password and options."""

    def __repr__(self) -> str:
        return f"StoreAddress({self.shown!r})"

    @property
    def url(self) -> object:
        """The address for SQLAlchemy, with its password."""
        return self._url

    def options(self) -> dict[str, str | int]:
        """Return the arguments of a connection."""
        settings = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
        return {
            "connect_timeout": CONNECT_S,
            "client_encoding": "utf8",
            "application_name": "watchline",
            "options": settings,
        }


def missing_packages() -> PostgresError:
    """Return the error for an installation without the extra ``postgres``."""
    return PostgresError(
        "needs packages that are not installed", where="PostgreSQL", expected="pip install 'watchline[postgres]'"
    )
