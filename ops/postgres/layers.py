"""Layers for maps: where tracks and alerts were, as PostGIS points in WGS 84, and views that a GIS program opens.

The points are not encrypted, whatever else is: a map program has no keys. They are kept only for rooms started with
the option for them (``watchline run --map-layers``), and erased with the records to which they belong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.engine import engine_of, store_error
from ops.postgres.migration import check_store

SRID: Final = 4326
_ONE_AT_A_TIME: Final = 0x574C5331
"""Key of the advisory lock that changes of the tables hold."""
_SCHEMA: Final = (
    "SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
    " WHERE extname = 'postgis'"
)
_VIEWS: Final = {
    "track_points": (
        "SELECT h.sector * 1000000000000 + h.id AS fid, s.name AS sector, h.track, h.status,"
        " to_timestamp(h.time_ns / 1e9) AS seen_at, h.geom"
        " FROM watchline.history h JOIN watchline.sectors s USING (sector) WHERE h.geom IS NOT NULL"
    ),
    "track_lines": (
        "SELECT min(h.sector * 1000000000000 + h.id) AS fid, s.name AS sector, h.track,"
        " to_timestamp(min(h.time_ns) / 1e9) AS first_at, to_timestamp(max(h.time_ns) / 1e9) AS last_at,"
        " {postgis}.ST_SetSRID({postgis}.ST_MakeLine(h.geom ORDER BY h.time_ns, h.id), {srid})"
        "::{postgis}.geometry(LineString, {srid}) AS geom"
        " FROM watchline.history h JOIN watchline.sectors s USING (sector) WHERE h.geom IS NOT NULL"
        " GROUP BY s.name, h.sector, h.track HAVING count(*) > 1"
    ),
    "alert_points": (
        "SELECT s.name || ':' || a.id AS fid, s.name AS sector, a.status, a.priority #>> '{{}}' AS priority,"
        " to_timestamp(a.raised_ns / 1e9) AS raised_at, a.geom, a.id AS alert"
        " FROM watchline.alerts a JOIN watchline.sectors s USING (sector) WHERE a.geom IS NOT NULL"
    ),
}
VIEWS: Final = tuple(_VIEWS)
_NEWEST: Final = (
    "SELECT count(*) FROM pg_attribute WHERE attrelid = 'watchline.alert_points'::regclass AND attname = 'alert'"
)
"""Earlier views had the alert's id as ``fid``, which is that of alerts of other sectors too."""
_THERE: Final = (
    "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE nspname = 'watchline' AND relkind = 'v' AND relname = ANY(%s)"
)


def make_layers(address: StoreAddress) -> None:
    """Prepare a store for layers, in one transaction; a store that has them is unchanged.

    Raises PostgresError without the extension PostGIS, and for a store that cannot be used.
    """
    engine = engine_of(address)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT pg_catalog.pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
            check_store(connection, address)
            postgis = connection.exec_driver_sql(_SCHEMA).scalar()
            if postgis is None:
                raise PostgresError(
                    "has no PostGIS, which the layers need",
                    where=address.shown,
                    expected="`CREATE EXTENSION postgis` by an administrator of the database",
                )
            known = views_in(connection)
            if set(known) == set(VIEWS) and connection.exec_driver_sql(_NEWEST).scalar():
                return
            for table in () if known else ("history", "alerts"):
                connection.exec_driver_sql(
                    f"ALTER TABLE watchline.{table} ADD COLUMN IF NOT EXISTS geom {postgis}.geometry(Point, {SRID})"
                )
                connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {table}_geom ON {table} USING gist (geom)")
            for name, query in _VIEWS.items():
                selected = query.format(postgis=postgis, srid=SRID)
                connection.exec_driver_sql(
                    f"CREATE OR REPLACE VIEW watchline.{name} WITH (security_invoker = true) AS {selected}"
                )
    except DBAPIError as error:
        raise store_error(error, address) from error
    finally:
        engine.dispose()


def views_in(connection: Connection) -> list[str]:
    """Return the names of the layers that a store has."""
    found: Iterable[Any] = connection.exec_driver_sql(_THERE, (list(VIEWS),)).scalars()
    return sorted(map(str, found))
