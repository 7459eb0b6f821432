"""Roles of the database that read some sectors: an inspector, a map, another centre's copy.

An administrator of PostgreSQL creates the role. Row security shows it the rows of its sectors only (version 2 of the
tables). What is encrypted stays so: the keys are in the data folder of the room.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.engine import engine_of, store_error
from ops.postgres.layers import views_in
from ops.postgres.migration import SCHEMA, check_store

READ_TABLES: Final = (
    *("sectors", "parts", "bodies", "journal", "dead_letters", "counts", "marks", "boots", "flagged", "timings"),
    *("replays", "readers", "alembic_version"),
)
FUSION_TABLES: Final = (
    *("fusion_stores", "alerts", "outbox", "incidents", "outcomes", "history", "live", "moments", "markings"),
)
_ROLE: Final = (
    "SELECT bool_or(one.rolsuper OR one.rolbypassrls OR one.oid = relowner OR one.rolname = ANY(%s))"
    " FROM pg_class, pg_roles AS own JOIN pg_roles AS one ON pg_has_role(own.oid, one.oid, 'MEMBER')"
    " WHERE own.rolname = %s AND pg_class.oid = 'watchline.journal'::regclass"
)
"""Whether row security does not bind a role, or one that it can become by ``SET ROLE``; NULL without the role."""
_READ_PAST: Final = ("pg_read_all_data", "pg_read_server_files", "pg_execute_server_program")
"""Roles of PostgreSQL whose members read partitions by themselves, which have no row security, or their files."""
AUDIT_TABLES: Final = ("audit_logs", "audit_days", "audit_heads", "audit_entries")
"""Tables that name people; they are read by roles for whom that was decided."""
_ADD: Final = (
    "INSERT INTO readers (role, sector, audit) SELECT %s, sector, {audit} FROM sectors WHERE name = %s"
    " ON CONFLICT (role, sector) DO UPDATE SET audit = readers.audit OR excluded.audit"
)
_REMOVE: Final = "DELETE FROM readers USING sectors WHERE sectors.sector = readers.sector AND role = %s AND name = %s"
_AUDITS: Final = "SELECT count(*) FROM readers WHERE role = %s AND audit"
_SECTORS: Final = "SELECT name FROM sectors JOIN readers USING (sector) WHERE role = %s ORDER BY name"


def grant(address: StoreAddress, role: str, sector: str, *, audit: bool = False) -> list[str]:
    """Let a role read a sector; return all sectors that it reads. Raises PostgresError; then nothing is changed.

    ``audit``: also the sector's audit log, until it may no longer read the sector.
    """
    return _change(address, role, sector, _ADD.format(audit=str(audit).lower()), granted=True)


def revoke(address: StoreAddress, role: str, sector: str) -> list[str]:
    """Let a role read a sector no longer; return the sectors that it still reads. Raises PostgresError."""
    return _change(address, role, sector, _REMOVE, granted=False)


def _change(address: StoreAddress, role: str, sector: str, statement: str, *, granted: bool) -> list[str]:
    engine = engine_of(address)
    try:
        with engine.begin() as connection:
            check_store(connection, address)
            _check(connection, address, role, sector, granted=granted)
            connection.exec_driver_sql(statement, (role, sector))
            sectors = [str(name) for name in connection.exec_driver_sql(_SECTORS, (role,)).scalars()]
            audits = connection.exec_driver_sql(_AUDITS, (role,)).scalar_one()
            _allow(connection, role, f"USAGE ON SCHEMA {SCHEMA}", wanted=bool(sectors))
            _allow(
                connection, role, _reading(*READ_TABLES, *FUSION_TABLES, *views_in(connection)), wanted=bool(sectors)
            )
            _allow(connection, role, _reading(*AUDIT_TABLES), wanted=bool(audits))
            return sectors
    except DBAPIError as error:
        raise store_error(error, address) from error
    finally:
        engine.dispose()


def _check(connection: Connection, address: StoreAddress, role: str, sector: str, *, granted: bool) -> None:
    """Refuse a sector or role that does not exist, and to grant one to a role that row security does not bind."""
    if not connection.exec_driver_sql("SELECT count(*) FROM sectors WHERE name = %s", (sector,)).scalar():
        raise PostgresError(f"has no sector {sector}", where=address.shown, expected="a sector that was recorded")
    reads_all = connection.exec_driver_sql(_ROLE, (list(_READ_PAST), role)).scalar_one()
    if reads_all is None:
        raise PostgresError(f"has no role {role}", where=address.shown, expected="one made with `createuser`")
    if reads_all and granted:
        raise PostgresError(
            f"the role {role} reads all sectors already",
            where=address.shown,
            expected="a role that neither owns the tables nor passes over row security, by itself or as a member",
        )


def _reading(*names: str) -> str:
    return "SELECT ON " + ", ".join(f"{SCHEMA}.{name}" for name in names)


def _allow(connection: Connection, role: str, right: str, *, wanted: bool) -> None:
    """Give a right, or take it; row security selects the rows."""
    quoted = connection.exec_driver_sql("SELECT quote_ident(%s)", (role,)).scalar_one()
    verb, to = ("GRANT", "TO") if wanted else ("REVOKE", "FROM")
    connection.exec_driver_sql(f"{verb} {right} {to} {quoted}".replace("%", "%%"))
