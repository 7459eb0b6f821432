"""Where a store in PostgreSQL is: the address that people type, and connections that keep what they commit.

Every connection states what Watchline relies on, whatever the server, database or role has as its default: commits that
are on disk, UTC, and a limit for transactions whose client no longer answers. Passwords are read from the address, or
by the client library from PGPASSWORD or the password file; no error shows them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from geo.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy import URL

SCHEMES: Final = ("postgresql://", "postgres://")
FORM: Final = "postgresql://user@host:port/database"
CONNECT_S: Final = 10
TLS: Final = "verify-full"
"""Mode of connections to another machine: encrypted, to a server with a certificate for its name."""
STORE_VARIABLE: Final = "WATCHLINE_STORE"
"""Environment variable that passes an address, which may contain a password, to a child process."""
SESSION: Final = {
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
"""Settings that each connection asks for."""
PORT: Final = 5432
_PLACES: Final = frozenset(("host", "hostaddr", "port", "user", "dbname", "service"))
"""Options of an address that name a server, account or database."""
_SECRETS: Final = ("password", "sslpassword")
"""Options of an address that are secret; the second opens the key of a client certificate."""
_NETWORK: Final[dict[str, str | int]] = {
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""After a cut cable, a statement fails within these milliseconds or seconds instead of many minutes."""


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
        if text.count("@") > 1:
            raise PostgresError("contains more than one @", where=where, expected="%40 for each @ in user and password")
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise PostgresError("not an address", where=where, expected=FORM) from None
        if not is_postgres(text) or not url.database:
            raise PostgresError(
                "names no database" if is_postgres(text) else "not an address", where=where, expected=FORM
            )
        self._tls = not _is_local(url)
        if self._tls and url.query.get("sslmode", TLS) != TLS:
            raise PostgresError(
                "does not authenticate the server", where=where, expected=f"sslmode={TLS} for another machine"
            )
        self.text = text
        self._url = url.set(drivername="postgresql+psycopg")
        self.without_password = _without_password(url)
        """The address with its options, to be written down."""
        user, port = f"{url.username}@" if url.username else "", f":{url.port}" if url.port else ""
        self.shown = f"postgresql://{user}{url.host or ''}{port}/{url.database}"
        """The address without its password and options."""
        names = ((name, url.query[name]) for name in sorted(_PLACES.intersection(url.query)))
        self.place = (url.username, url.host or "", url.port or PORT, url.database, *names)
        """What two addresses of the same store have in common; others of their options may differ, as a certificate."""

    def __repr__(self) -> str:
        return f"StoreAddress({self.shown!r})"

    @property
    def url(self) -> object:
        """The address for SQLAlchemy, with its password."""
        return self._url

    def arguments(self) -> dict[str, Any]:
        """Return all arguments of a connection by the client library alone."""
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

        dialect: Any = PGDialect_psycopg
        _, named = dialect().create_connect_args(self._url)  # which splits several hosts and their ports
        return {**named, **self.options()}

    def options(self) -> dict[str, str | int]:
        """Return the arguments of a connection."""
        settings = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
        stated: dict[str, str | int] = {
            "connect_timeout": CONNECT_S,
            "client_encoding": "utf8",
            "application_name": "watchline",
            "options": settings,
            **_NETWORK,
        }
        return stated | {"sslmode": TLS} if self._tls else stated


def _without_password(url: URL) -> str:
    query = {name: value for name, value in url.query.items() if name not in _SECRETS}
    plain = type(url).create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database, query=query
    )
    return plain.render_as_string(hide_password=False)


def _is_local(url: URL) -> bool:
    """Return whether all servers that an address names are on this machine; a service file may name any."""
    names = [url.host or "", *(url.query.get(name, "") for name in ("host", "hostaddr"))]
    if not any(names):
        names.append(os.environ.get("PGHOST", ""))
    names.append(os.environ.get("PGHOSTADDR", ""))
    hosts = [host for name in names for one in ((name,) if isinstance(name, str) else name) for host in one.split(",")]
    return not ("service" in url.query or "PGSERVICE" in os.environ) and all(map(_is_this_machine, hosts))


def _is_this_machine(host: str) -> bool:
    host = host.rpartition(":")[0] if host.count(":") == 1 else host
    if host in ("", "localhost") or host.startswith("/"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@contextmanager
def postgres_packages() -> Iterator[None]:
    """Turn the error of an import in the block into that for an installation without the extra ``postgres``."""
    try:
        yield
    except ImportError:
        raise missing_packages() from None


def missing_packages() -> PostgresError:
    """Return the error for an installation without the extra ``postgres``."""
    return PostgresError(
        "needs packages that are not installed", where="PostgreSQL", expected="pip install '.[postgres]'"
    )


def shown_place(text: str) -> str:
    """Return an address of a store without its password, or the path of a file as it is."""
    return StoreAddress(text).shown if is_postgres(text) else text
