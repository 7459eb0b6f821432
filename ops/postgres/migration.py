"""Versions of a store's tables in PostgreSQL: created and upgraded by Alembic, checked before each use.

All steps of an upgrade are one transaction, so that a store has one version or the next, never a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ops.postgres.address import SESSION, PostgresError, StoreAddress, postgres_packages
from ops.postgres.engine import engine_of, store_error

SCHEMA: Final = "watchline"
_FOLDER: Final = Path(__file__).with_name("migrations")
_ONE_AT_A_TIME: Final = 0x574C5331
"""Key of the advisory lock that an upgrade holds."""
_TABLES: Final = (
    "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'watchline' AND c.relkind IN ('r', 'p')"
)
_EXPECTED: Final = frozenset(
    {"sectors", "journal", "bodies", "parts", "dead_letters", "counts", "marks", "boots", "flagged", "timings"}
    | {"replays", "readers", "fusion_stores", "alerts", "outbox", "incidents", "outcomes", "history", "live", "moments"}
    | {"markings", "audit_logs", "audit_days", "audit_heads", "audit_entries"}
    | {"cluster_store", "leases", "day_keys", "carried_files"}
)
_RELIED_ON: Final = ("timezone", "synchronous_commit", "standard_conforming_strings")
"""Settings of a connection without which days are others, or what was acknowledged may be lost."""
SETTINGS: Final = "SELECT " + ", ".join(f"current_setting('{name}')" for name in _RELIED_ON)
"""Asks for what ``refuse_settings`` judges."""
_MISSING: Final = (
    "SELECT string_agg(name, ', ' ORDER BY name) FROM unnest(%s::text[]) AS name"
    " WHERE to_regclass('watchline.' || name) IS NULL"
)


def newest() -> str:
    """Return the version that this Watchline writes."""
    return str(max(_numbers()))


def _numbers() -> set[int]:
    """Return the numbers of all versions, which end the names of their files."""
    return {int(path.stem.rpartition("_")[2]) for path in (_FOLDER / "versions").glob("*_[0-9]*.py")}


def migrate(address: StoreAddress) -> tuple[str, str]:
    """Create the tables of a store or upgrade them; return the version before, empty for a new store, and after.

    Raises PostgresError for a store that is newer or foreign, and when the server refuses; nothing is changed then.
    """
    with postgres_packages():  # here, because a process that only reads or writes a store need not have it in memory
        from alembic import command
        from alembic.config import Config
    engine = engine_of(address)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT pg_catalog.pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
            _check_server(connection, address)
            before = _version(connection, address)
            config = Config()
            config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
            config.attributes["connection"] = connection
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            command.upgrade(config, "head")
            _check_complete(connection, address)
            return before, newest()
    except DBAPIError as error:
        raise store_error(error, address) from error
    finally:
        engine.dispose()


def check_store(connection: Connection, address: StoreAddress) -> None:
    """Check that a store has this Watchline's version and all tables. Raises PostgresError; changes nothing."""
    _check_server(connection, address)
    version = _version(connection, address)
    if not version:
        raise PostgresError("has no Watchline tables", where=address.shown, expected="`watchline store migrate` first")
    if version != newest():
        raise PostgresError(
            f"has the older version {version}", where=address.shown, expected="`watchline store migrate` first"
        )
    _check_complete(connection, address)


def _check_complete(connection: Connection, address: StoreAddress) -> None:
    missing = connection.exec_driver_sql(_MISSING, (sorted(_EXPECTED),)).scalar()
    if missing:
        raise PostgresError(
            f"is incomplete: without {missing}", where=address.shown, expected="a whole store, such as a backup"
        )


def _check_server(connection: Connection, address: StoreAddress) -> None:
    version, encoding, fsync = connection.exec_driver_sql(
        "SELECT current_setting('server_version_num')::int, getdatabaseencoding(), current_setting('fsync')"
    ).one()
    if version < 150000:
        raise PostgresError(f"PostgreSQL {version // 10000}", where=address.shown, expected="PostgreSQL 15 or newer")
    if encoding != "UTF8":
        raise PostgresError(f"has the encoding {encoding}", where=address.shown, expected="a database in UTF8")
    if fsync != "on":
        raise PostgresError("the server runs with fsync off", where=address.shown, expected="fsync = on")
    refuse_settings(connection.exec_driver_sql(SETTINGS).one(), address)


def refuse_settings(found: Sequence[str], address: StoreAddress) -> None:
    """Raise PostgresError for a session that does not have what it asked for; ``found`` is the answer to SETTINGS."""
    for name, value in zip(_RELIED_ON, found, strict=True):
        if value != SESSION[name]:
            raise PostgresError(
                f"{name} is {value} in its sessions",
                where=address.shown,
                expected=f"{SESSION[name]}, as Watchline asks; a connection pool or a login trigger changed it",
            )


def _version(connection: Connection, address: StoreAddress) -> str:
    """Return the store's version; empty for a database without Watchline's schema."""
    if connection.exec_driver_sql("SELECT to_regclass('watchline.alembic_version') IS NULL").scalar():
        if connection.exec_driver_sql(_TABLES).scalar():
            raise PostgresError(
                "has tables of an unknown origin in the schema watchline",
                where=address.shown,
                expected="a database without that schema, or a Watchline store",
            )
        return ""
    versions = connection.exec_driver_sql("SELECT version_num FROM watchline.alembic_version").scalars().all()
    if len(versions) != 1:
        raise PostgresError("is incomplete: without its version", where=address.shown, expected="a whole store")
    if versions[0] not in map(str, _numbers()):
        raise PostgresError(
            f"written by a newer Watchline (version {versions[0]})",
            where=address.shown,
            expected=f"version {newest()} at most",
        )
    return str(versions[0])
